package render

import (
	"fmt"
	"slices"
	"strings"

	"throughline"
)

// shownQuotes is how many quotes of an item stand open; the rest fold away.
const shownQuotes = 2

// A Page is a document before it is written as Markdown or HTML: what stands
// where, in what words, each text one plain line and not yet escaped. Its parts
// are for templates to walk; whoever writes them out escapes them.
type Page struct {
	L        *labels
	Audience throughline.Audience
	Title    string
	Lead     string
	Facts    []fact
	Review   string
	Reviewed bool
	Thin     []string
	Glance   []glance
	Opening  *opening
	Sections []section
	People   []peopleGroup

	// The rest is the team's.
	Remarks        []remark
	Contradictions []contradiction
	Questions      []question
	LeftOut        []leftOut
	Hedges         *hedges
	Sources        []source
	Problems       []string
	Notes          []string
	Engine         []string
	Usage          []fact
	Kept           []string

	team bool
}

// Team reports whether the page is the whole document.
func (p *Page) Team() bool { return p.team }

// With is what the template of an item needs.
func (p *Page) With(e entry) any {
	return struct {
		L     *labels
		Entry entry
	}{p.L, e}
}

// LeftOutSummary counts what was left out.
func (p *Page) LeftOutSummary() string { return fmt.Sprintf(p.L.LeftOutSummary, len(p.LeftOut)) }

// Contents lists the parts of a page that is long enough to need it.
func (p *Page) Contents() []Content {
	if p.Audience == throughline.AudienceCustomer {
		return nil
	}
	var c []Content
	for _, s := range p.Sections {
		c = append(c, Content{ID: s.ID, Title: s.Title, Count: s.Count})
	}
	if p.team {
		c = append(c,
			Content{ID: "contradictions", Title: p.L.Contradictions, Count: len(p.Contradictions)},
			Content{ID: "questions", Title: p.L.Questions, Count: len(p.Questions)},
			Content{ID: "left-out", Title: p.L.LeftOutShort, Count: len(p.LeftOut)})
	}
	people := 0
	for _, g := range p.People {
		people += len(g.People)
	}
	if people > 0 {
		c = append(c, Content{ID: "people", Title: p.L.WhoIsWho, Count: people})
	}
	return append(c, Content{ID: "sources", Title: p.L.Read, Count: len(p.Sources)})
}

// A Content is a part of a page, by its id on it, and how many things stand there.
type Content struct {
	ID, Title string
	Count     int
}

type fact struct {
	Label, Value string
	Note         string // set small beside the value
}

// A glance is one kind of item in brief, for the first screen.
type glance struct {
	Title string
	Items []glanceItem
	Empty string
	More  string // how many there are beside these
}

type glanceItem struct {
	ID                   string // of the item
	Who, Note, Text      string
	Stance, Shape, Class string
}

type peopleGroup struct {
	Title  string
	People []person
}

type person struct{ Name, Title, Role, Email string }

type section struct {
	ID     string
	Number int // 0 for a customer, who is not shown the sections
	Title  string
	Lead   string
	Groups []group
	Note   string
	Count  int
	Layout string // "shape", "columns" or "list": how the groups lie
}

type group struct {
	Title string
	Items []entry
	Empty string // said where there are no items
}

// An entry is one item. Where the item's text is only its first quote over
// again, Text is empty and the quote stands for it.
type entry struct {
	ID                   string
	Who, WhoNote         string // whom or what it is about
	Stance, Shape, Class string
	Text                 string
	Tag                  string
	Due                  string
	Parts                []part
	Quotes, More         []quote
	MoreLabel            string
	Earlier              []earlier
	Remarks              []remark
}

// A remark is what a person said of an item or of the whole.
type remark struct{ Label, Text, By string }

// A part is one of the things that an item says under a name of its own. Where
// its text is only the quote over again, Text is empty.
type part struct {
	Label, Text string
	Quote       *quote
}

type earlier struct {
	Text   string
	Quotes []quote
}

type quote struct {
	Text, Lang    string
	Speaker, Side string
	As            string
	Date, Clock   string
	Href          string // a link that may be clicked
	Address       string // one that may not
	Ref           string
	Internal      string // the word for it, where nobody of the customer's was party
	Lead          bool   // stands for the item's text
}

type contradiction struct {
	ID, Text string
	Sides    []contradictionSide
}

type contradictionSide struct {
	Text   string
	Quotes []quote
}

type question struct {
	ID, Text, Kind, Answer string
	ItemID, ItemText       string
	Refs                   []string
}

type leftOut struct{ Reason, Kind, Text, Quote, Ref string }

type hedges struct {
	Count, Summary string
	Dismissed      []dismissal
}

type dismissal struct {
	Number             int
	Ref, Quote, Reason string
}

type source struct {
	ID, Title, Kind, File, Date, Length, People, Note string
	Href, Address                                     string
	Internal                                          string
	Cited                                             int
}

// NewPage lays out what the audience may see of a handoff; nil for none.
func NewPage(whole *throughline.Handoff, a throughline.Audience) *Page {
	if whole == nil {
		return nil
	}
	h := For(whole, a)
	b := &pageBuilder{h: h, l: english, languages: map[string]string{}}
	for _, s := range h.Sources {
		b.languages[s.ID] = language(s.Language)
	}
	p := &Page{L: b.l, Audience: h.Audience, team: h.Audience == throughline.AudienceTeam}
	b.head(p)
	if h.Audience == throughline.AudienceCustomer {
		p.Sections = b.customerSections()
		p.Sources = b.sources()
		return p
	}
	p.Glance = b.glances()
	p.People = b.people()
	p.Sections = b.sections()
	p.Sources = b.sources()
	p.Engine = b.engine()
	if p.team {
		p.Opening = newOpening(h, b.l)
		b.teamOnly(p)
	}
	return p
}

type pageBuilder struct {
	h         *throughline.Handoff
	l         *labels
	languages map[string]string // by source
}

func (b *pageBuilder) head(p *Page) {
	h, d, l := b.h, b.h.Deal, b.l
	product := plain(productOf(d.Seller))
	name := first(plain(d.Customer.Name), plain(d.Name), plain(d.ID))
	if h.Audience == throughline.AudienceCustomer {
		p.Title = fmt.Sprintf(l.CustomerTitle, first(plain(d.Seller.Product), product))
		p.Lead = fmt.Sprintf(l.CustomerLead, first(product, l.NotKnown))
		p.Facts = []fact{{Label: l.Customer, Value: name}, {Label: l.Kickoff, Value: b.day(d.Kickoff, l.NotScheduled)}}
		p.Facts = append(p.Facts, b.contact(l.CSM, d.CSM, l.NotAssigned), b.contact(l.AE, d.AE, l.NotKnown))
		return
	}
	p.Title = name
	p.Lead = plain(d.Name)
	if letters(p.Lead) == letters(name) {
		p.Lead = ""
	}
	p.Facts = []fact{
		{Label: l.Customer, Value: name, Note: b.companyLine(d.Customer)},
		{Label: l.Product, Value: first(product, l.NotKnown), Note: b.companyLine(d.Seller)},
		{Label: l.Amount, Value: first(b.money(), l.NotKnown)},
		{
			Label: l.State,
			Value: fmt.Sprintf(l.Version, first(l.Statuses[h.Status], plain(string(h.Status))), h.Version),
			Note:  l.date(h.GeneratedAt),
		},
		b.contact(l.AE, d.AE, l.NotKnown),
		b.contact(l.CSM, d.CSM, l.NotAssigned),
		{Label: l.Closed, Value: b.day(d.Close, l.NotKnown)},
		{Label: l.Kickoff, Value: b.day(d.Kickoff, l.NotScheduled)},
	}
	p.Review, p.Reviewed = b.review()
	p.Thin = lines(h.Thin)
}

// productOf is the product with its maker's name, said once.
func productOf(seller throughline.Company) string {
	if strings.HasPrefix(letters(seller.Product), letters(seller.Name)) {
		return seller.Product
	}
	return joined(" ", seller.Name, seller.Product)
}

func (b *pageBuilder) companyLine(c throughline.Company) string {
	staff := ""
	if c.Employees > 0 {
		staff = fmt.Sprintf(b.l.Staff, b.l.number(c.Employees))
	}
	return joined(" · ", plain(c.Industry), staff, plain(c.Region), plain(c.Domain))
}

func (b *pageBuilder) money() string {
	if b.h.Deal.Amount == "" {
		return ""
	}
	return b.l.money(b.h.Deal.Amount, b.h.Deal.Currency)
}

func (b *pageBuilder) day(date, unknown string) string {
	if date == "" {
		return unknown
	}
	return b.l.isoDate(date)
}

func (b *pageBuilder) contact(label string, p *throughline.PersonNote, unknown string) fact {
	if p == nil {
		return fact{Label: label, Value: unknown}
	}
	return fact{Label: label, Value: plain(p.Name), Note: plain(p.Email)}
}

func (b *pageBuilder) review() (line string, reviewed bool) {
	r := b.h.Review
	switch {
	case r.State != throughline.Reviewed:
		return b.l.NotReviewed, false
	case r.At == nil:
		return fmt.Sprintf(b.l.Reviewed, first(plain(r.By), b.l.AE)), true
	}
	return fmt.Sprintf(b.l.ReviewedOn, first(plain(r.By), b.l.AE), b.l.date(*r.At)), true
}

// What a first screen holds, beside the head.
const (
	glancePeople = 10
	glanceItems  = 4
	glanceRunes  = 105
)

// glances are the deal's shape in brief: who decided, what hurts, what it is for.
func (b *pageBuilder) glances() []glance {
	var out []glance
	for _, k := range []throughline.Kind{
		throughline.KindChampion, throughline.KindCommittee, throughline.KindPain, throughline.KindUseCase,
	} {
		g := glance{Title: b.l.kind(k, b.h.Audience)}
		most := glanceItems
		if k.AboutPerson() {
			most = glancePeople
		}
		items := b.items(k)
		for _, it := range items[:min(most, len(items))] {
			g.Items = append(g.Items, b.glance(it))
		}
		if more := len(items) - len(g.Items); more > 0 {
			g.More = fmt.Sprintf(b.l.GlanceMore, more)
		}
		if len(items) == 0 {
			g.Empty = b.l.None
		}
		out = append(out, g)
	}
	return out
}

func (b *pageBuilder) glance(it throughline.Item) glanceItem {
	if it.Kind.AboutPerson() {
		e := entry{}
		b.who(&e, it)
		return glanceItem{
			ID: it.ID, Who: e.Who, Note: e.WhoNote, Text: reason(it, glanceRunes),
			Stance: e.Stance, Shape: e.Shape, Class: e.Class,
		}
	}
	return glanceItem{ID: it.ID, Text: capital(brief(it, glanceRunes))}
}

// people are the deal's people by side, the customer's first.
func (b *pageBuilder) people() []peopleGroup {
	d := b.h.Deal
	var groups []peopleGroup
	for _, side := range []throughline.Side{throughline.SideCustomer, throughline.SideSeller, throughline.SideUnknown} {
		g := peopleGroup{Title: b.sideName(side)}
		for _, p := range d.People {
			if p.Side == side {
				g.People = append(g.People, person{
					Name: plain(p.Name), Title: plain(p.Title), Email: plain(p.Email),
					Role: plain(joined(", ", p.Role, p.CRMRole)),
				})
			}
		}
		if len(g.People) > 0 {
			groups = append(groups, g)
		}
	}
	return groups
}

// sideName is the company that speaks from a side, as far as it is named.
func (b *pageBuilder) sideName(s throughline.Side) string {
	switch s {
	case throughline.SideCustomer:
		return first(plain(b.h.Deal.Customer.Name), b.l.SideCustomer)
	case throughline.SideSeller:
		return first(plain(b.h.Deal.Seller.Name), b.l.SideSeller)
	}
	return b.l.NoSide
}

func (b *pageBuilder) sections() []section {
	kinds := kindsFor(b.h.Audience)
	var out []section
	for _, n := range throughline.Sections {
		s := section{ID: fmt.Sprintf("section-%d", n), Number: int(n), Title: n.Title(), Lead: b.l.Sections[n], Layout: "list"}
		for _, k := range kinds {
			if k.Section() == n {
				s.Count += len(b.items(k))
			}
		}
		switch n {
		case throughline.SectionMilestones:
			s.Groups, s.Layout = b.milestones(), "columns"
		case throughline.SectionRisks:
			s.Groups, s.Note = b.risks()
			s.Layout = "shape"
		default:
			for _, k := range kinds {
				if k.Section() == n {
					s.Groups = append(s.Groups, b.group(b.l.kind(k, b.h.Audience), b.items(k)))
				}
			}
			if n != throughline.SectionContext {
				s.Layout = "shape"
			}
		}
		if slices.ContainsFunc(kinds, func(k throughline.Kind) bool { return k.Section() == n }) {
			out = append(out, s)
		}
	}
	if n := len(out); n > 0 && b.h.Audience == throughline.AudienceTeam {
		return b.strays(out)
	}
	return out
}

// strays shows items of a kind that is none of ours, so that the team sees all.
func (b *pageBuilder) strays(out []section) []section {
	var stray []throughline.Item
	for _, it := range b.h.Items {
		if !it.Kind.Valid() {
			stray = append(stray, it)
		}
	}
	if len(stray) > 0 {
		out = append(out, section{
			ID: "section-other", Title: b.l.OtherItems, Layout: "list", Count: len(stray),
			Groups: []group{b.group("", stray)},
		})
	}
	return out
}

func (b *pageBuilder) group(title string, items []throughline.Item) group {
	g := group{Title: title, Empty: b.l.None}
	for _, it := range items {
		g.Items = append(g.Items, b.entry(it))
	}
	return g
}

func (b *pageBuilder) items(k throughline.Kind) []throughline.Item {
	var out []throughline.Item
	for _, it := range b.h.Items {
		if it.Kind == k {
			out = append(out, it)
		}
	}
	return out
}

// milestones are three columns, whether or not anything stands in them.
func (b *pageBuilder) milestones() []group {
	by := map[int][]throughline.Item{}
	for _, it := range b.items(throughline.KindMilestone) {
		by[day(it.Day)] = append(by[day(it.Day)], it)
	}
	var groups []group
	for _, d := range []int{30, 60, 90} {
		groups = append(groups, b.group(fmt.Sprintf(b.l.DayHead, d), by[d]))
	}
	if len(by[0]) > 0 {
		groups = append(groups, b.group(b.l.NoDayHead, by[0]))
	}
	return groups
}

// risks are grouped by area; the areas without any are named in one line.
func (b *pageBuilder) risks() (groups []group, none string) {
	by := map[throughline.Area][]throughline.Item{}
	for _, it := range b.items(throughline.KindRisk) {
		by[it.Area] = append(by[it.Area], it)
	}
	if len(by) == 0 {
		return nil, b.l.None
	}
	var without []string
	for _, a := range throughline.Areas {
		if len(by[a]) == 0 {
			without = append(without, strings.ToLower(b.l.area(a)))
			continue
		}
		groups = append(groups, b.group(b.l.area(a), by[a]))
		delete(by, a)
	}
	for _, it := range b.items(throughline.KindRisk) {
		if its := by[it.Area]; len(its) > 0 {
			groups = append(groups, b.group(first(b.l.area(it.Area), b.l.OtherItems), its))
			delete(by, it.Area)
		}
	}
	if len(without) > 0 {
		none = fmt.Sprintf(b.l.NoneFor, strings.Join(without, ", "))
	}
	return groups, none
}

// customerSections has a heading for each kind with something to show. To say
// that nothing was found would be untrue of what is kept from this view.
func (b *pageBuilder) customerSections() []section {
	var out []section
	for _, k := range kindsFor(throughline.AudienceCustomer) {
		if items := b.items(k); len(items) > 0 {
			out = append(out, section{
				ID: "kind-" + string(k), Title: b.l.kind(k, throughline.AudienceCustomer), Layout: "list", Count: len(items),
				Groups: []group{b.group("", items)},
			})
		}
	}
	if len(out) == 0 {
		out = append(out, section{ID: "nothing", Title: b.l.Contents, Layout: "list", Note: b.l.CustomerEmpty})
	}
	return out
}

func (b *pageBuilder) entry(it throughline.Item) entry {
	l := b.l
	e := entry{ID: it.ID, Text: plain(it.Text), Due: b.due(it)}
	b.who(&e, it)
	switch it.Label {
	case throughline.LabelInferred:
		e.Tag = l.Inferred
	case throughline.LabelAskAE:
		e.Tag = l.AskAE
	case throughline.LabelStated:
	default:
		e.Tag = plain(string(it.Label))
	}
	parts, rest := b.parts(it, it.Evidence)
	e.Parts = parts
	quotes := b.quotes(rest)
	e.Quotes, e.More = quotes[:min(shownQuotes, len(quotes))], quotes[min(shownQuotes, len(quotes)):]
	switch len(e.More) {
	case 0:
	case 1:
		e.MoreLabel = l.MoreQuote
	default:
		e.MoreLabel = fmt.Sprintf(l.MoreQuotes, len(e.More))
	}
	if toldBy(it) && len(rest) == len(it.Evidence) {
		e.Text, e.Quotes[0].Lead = "", true
	}
	for _, was := range it.Superseded {
		e.Earlier = append(e.Earlier, earlier{Text: plain(was.Text), Quotes: b.quotes(was.Evidence)})
	}
	e.Remarks = b.remarks(it.Remarks)
	return e
}

func (b *pageBuilder) remarks(said []throughline.Remark) []remark {
	var out []remark
	for _, r := range said {
		out = append(out, remark{
			Label: first(b.l.RemarkKinds[r.Kind], plain(string(r.Kind))), Text: plain(r.Text),
			By: joined(", ", plain(r.By), plain(r.Role), b.l.date(r.At)),
		})
	}
	return out
}

// parts are what an item says under names of its own, and what is left of its
// quotes. The first quote of a promise, a doubt or a condition stands with it.
func (b *pageBuilder) parts(it throughline.Item, evs []throughline.Evidence) ([]part, []throughline.Evidence) {
	l := b.l
	var out []part
	var said []string
	for _, p := range []struct {
		label, text string
		as          throughline.QuoteRole
	}{
		{label: l.Why, text: reason(it, len(it.Why))},
		{l.Promise, it.Promise, throughline.AsPromise},
		{l.Doubt, it.Doubt, throughline.AsDoubt},
		{l.Condition, it.Condition, throughline.AsCondition},
		{label: l.Next, text: it.NextStep},
	} {
		shown := part{Label: p.label, Text: plain(p.text)}
		if i := quoteOf(it, evs, p.as, p.text); i >= 0 {
			q := b.quote(evs[i])
			q.As = ""
			shown.Quote = &q
			evs = slices.Delete(slices.Clone(evs), i, i+1)
			said = append(said, letters(q.Text))
			if slices.ContainsFunc(said, func(s string) bool { return strings.Contains(s, letters(p.text)) }) {
				shown.Text = "" // these words stand here already
			}
		}
		if shown.Text != "" || shown.Quote != nil {
			out = append(out, shown)
		}
	}
	return out, evs
}

// quoteOf is the place of the quote that stands with a part of a stretch: one
// that says its text, or else the first of its role; -1 when there is none.
func quoteOf(it throughline.Item, evs []throughline.Evidence, as throughline.QuoteRole, text string) int {
	if it.Kind != throughline.KindStretch || as == "" {
		return -1
	}
	i := slices.IndexFunc(evs, func(e throughline.Evidence) bool {
		return e.As == as && text != "" && strings.Contains(letters(e.Quote), letters(text))
	})
	if i < 0 {
		i = slices.IndexFunc(evs, func(e throughline.Evidence) bool { return e.As == as })
	}
	return i
}

// who names whom or what the item is about. Of other kinds, a person is named
// only where the first quote doesn't name them.
func (b *pageBuilder) who(e *entry, it throughline.Item) {
	switch {
	case it.Kind == throughline.KindAdjacentVendor:
		e.Who, e.WhoNote = plain(it.Vendor), plain(joined(" · ", it.Function, it.Person, it.Title))
	case it.Kind.AboutPerson():
		e.Who, e.WhoNote = plain(it.Person), plain(joined(" · ", it.Title, it.Role))
		if e.Text == plain(joined(", ", it.Person, it.Title)) {
			e.Text = ""
		}
	case it.Person != "" && (len(it.Evidence) == 0 || it.Evidence[0].Speaker != it.Person):
		e.WhoNote = plain(joined(", ", it.Person, it.Title))
	}
	if it.Stance != "" {
		e.Stance = first(b.l.Stances[it.Stance], plain(string(it.Stance)))
		e.Shape = b.l.Shapes[it.Stance]
	}
	if it.Stance.Valid() {
		e.Class = string(it.Stance)
	}
}

func (b *pageBuilder) due(it throughline.Item) string {
	by := ""
	if it.Due != "" {
		by = fmt.Sprintf(b.l.DueBy, b.l.isoDate(it.Due))
	}
	return joined(", ", by, first(b.l.Anchors[it.From], plain(string(it.From))))
}

// toldBy reports whether the item's text is its first quote over again, with or
// without the speaker's name before it, and nothing more.
func toldBy(it throughline.Item) bool {
	if len(it.Evidence) == 0 {
		return false
	}
	q := it.Evidence[0]
	text := letters(unattributed(it))
	return len(text) > 0 && strings.Contains(letters(q.Quote), text)
}

// unattributed is the item's text without "Name: " of its first quote's speaker.
func unattributed(it throughline.Item) string {
	if len(it.Evidence) > 0 && it.Evidence[0].Speaker != "" {
		return strings.TrimPrefix(it.Text, it.Evidence[0].Speaker+": ")
	}
	return it.Text
}

// reason is why a champion bought, within n runes. Where it is their own words
// under their name, the name goes, for it stands above, and the words get
// quotation marks.
func reason(it throughline.Item, n int) string {
	words, theirs := strings.CutPrefix(it.Why, it.Person+": ")
	if theirs && it.Person != "" {
		for _, e := range it.Evidence {
			if e.Speaker == it.Person && strings.Contains(letters(e.Quote), letters(words)) {
				return "“" + cut(plain(words), n) + "”"
			}
		}
	}
	return cut(plain(it.Why), n)
}

// brief is an item's text within n runes. Somebody's own words stay in quotation
// marks.
func brief(it throughline.Item, n int) string {
	text := cut(strings.TrimRight(plain(unattributed(it)), ".;, "), n)
	if toldBy(it) {
		return "“" + text + "”"
	}
	return text
}

func (b *pageBuilder) quotes(evs []throughline.Evidence) []quote {
	var out []quote
	for _, e := range evs {
		out = append(out, b.quote(e))
	}
	return out
}

func (b *pageBuilder) quote(e throughline.Evidence) quote {
	q := quote{
		Text: plain(e.Quote), Lang: first(b.languages[e.Source], language(b.h.Language)),
		Speaker: first(plain(e.Speaker), b.l.Unsaid), Side: b.sideName(e.Side),
		As: first(b.l.As[e.As], plain(string(e.As))), Ref: plain(e.Ref), Internal: b.internal(e.Internal),
	}
	if e.At != nil {
		q.Date = b.l.date(*e.At)
	}
	if e.OffsetMS != nil && *e.OffsetMS >= 0 {
		q.Clock = clock(*e.OffsetMS)
	}
	q.Href, q.Address = address(e.URL)
	if b.h.Audience == throughline.AudienceCustomer {
		q.Ref = "" // leads nowhere for a reader without the sources
	}
	return q
}

func (b *pageBuilder) internal(is bool) string {
	if is {
		return b.l.Internal
	}
	return ""
}

// address tells a link that may be clicked from one that is only shown.
func address(raw string) (href, text string) {
	if href, ok := Link(raw); ok {
		return href, ""
	}
	return "", plain(raw)
}

func (b *pageBuilder) teamOnly(p *Page) {
	p.Remarks = b.remarks(b.h.Remarks)
	for _, c := range b.h.Contradictions {
		shown := contradiction{ID: c.ID, Text: plain(c.Text)}
		for _, s := range c.Sides {
			shown.Sides = append(shown.Sides, contradictionSide{Text: plain(s.Text), Quotes: b.quotes(s.Evidence)})
		}
		p.Contradictions = append(p.Contradictions, shown)
	}
	p.Questions = b.questions()
	for _, o := range b.h.LeftOut {
		p.LeftOut = append(p.LeftOut, leftOut{
			Reason: plain(o.Reason), Kind: b.kindName(o.Kind), Text: plain(o.Text), Quote: plain(o.Quote), Ref: plain(o.Ref),
		})
	}
	for _, pr := range b.h.Problems {
		p.Problems = append(p.Problems, b.problem(pr))
	}
	p.Notes = lines(b.h.Notes)
	if u := b.h.Usage; u != nil {
		p.Hedges = b.hedges(u.Candidates)
		p.Usage = b.usage(u)
		p.Kept = lines(u.Kept)
	}
}

func (b *pageBuilder) kindName(k throughline.Kind) string {
	if k == "" {
		return ""
	}
	return first(b.l.KindNames[k], plain(string(k)))
}

func (b *pageBuilder) questions() []question {
	var out []question
	for _, q := range b.h.Questions {
		shown := question{ID: q.ID, Text: plain(q.Text), Kind: b.kindName(q.Kind), Answer: plain(q.Answer), Refs: lines(q.Refs)}
		if i := slices.IndexFunc(b.h.Items, func(it throughline.Item) bool { return q.Item != "" && it.ID == q.Item }); i >= 0 {
			it := b.h.Items[i]
			shown.ItemID, shown.ItemText = it.ID, strings.TrimRight(cut(plain(first(it.Text, it.Person)), 80), ".")
		}
		out = append(out, shown)
	}
	return out
}

func (b *pageBuilder) problem(p throughline.Problem) string {
	var at []string
	if p.Line > 0 {
		at = append(at, fmt.Sprintf(b.l.Line, p.Line))
	}
	if p.Offset > 0 {
		at = append(at, fmt.Sprintf(b.l.ByteOffset, p.Offset))
	}
	if p.Record != "" {
		at = append(at, fmt.Sprintf(b.l.Record, plain(p.Record)))
	}
	return joined(": ", plain(joined(", ", append([]string{p.File}, at...)...)), plain(p.What))
}

func (b *pageBuilder) hedges(c throughline.Candidates) *hedges {
	h := &hedges{Count: b.l.HedgesNone}
	if c.Found > 0 {
		h.Count = fmt.Sprintf(b.l.HedgesCount, c.Found, c.Taken, len(c.Dismissed))
	}
	h.Summary = fmt.Sprintf(b.l.HedgesSummary, len(c.Dismissed))
	for _, d := range c.Dismissed {
		h.Dismissed = append(h.Dismissed, dismissal{Number: d.Candidate, Ref: plain(d.Ref), Quote: plain(d.Quote), Reason: plain(d.Reason)})
	}
	return h
}

func (b *pageBuilder) usage(u *throughline.Usage) []fact {
	l := b.l
	var out []fact
	count := func(label string, n int64) {
		if n != 0 {
			out = append(out, fact{Label: label, Value: l.number(int(n))})
		}
	}
	count(l.Requests, int64(u.Requests))
	count(l.TokensIn, u.InputTokens)
	count(l.TokensStored, u.CacheWriteTokens)
	count(l.TokensCached, u.CacheReadTokens)
	count(l.TokensOut, u.OutputTokens)
	if u.CostUSD != 0 {
		out = append(out, fact{Label: l.Cost, Value: fmt.Sprintf("USD %.2f", u.CostUSD)})
	}
	if u.Prices != "" {
		out = append(out, fact{Label: l.Prices, Value: plain(u.Prices)})
	}
	if u.Passes != "" {
		out = append(out, fact{Label: l.Passes, Value: plain(u.Passes)})
	}
	for _, s := range u.Stats {
		out = append(out, fact{Label: plain(s.Name), Value: l.number(s.Count)})
	}
	return out
}

func (b *pageBuilder) sources() []source {
	l := b.l
	var out []source
	for _, s := range b.h.Sources {
		n := source{
			ID: plain(s.ID), Title: first(plain(s.Title), l.sourceKind(s.Kind)), Kind: l.sourceKind(s.Kind), File: plain(s.File),
			Length: fmt.Sprintf(l.Words, l.number(s.Words)), Internal: b.internal(s.Internal), Cited: s.Cited,
			People: plain(strings.Join(s.People, ", ")),
		}
		if s.Minutes > 0 {
			n.Length = joined(", ", fmt.Sprintf(l.Minutes, s.Minutes), n.Length)
		}
		if s.At != nil {
			n.Date = l.date(*s.At)
		}
		if s.NotEvidence != "" {
			n.Note = fmt.Sprintf(l.NotEvidence, plain(s.NotEvidence))
		}
		n.Href, n.Address = address(s.URL)
		out = append(out, n)
	}
	return out
}

func (b *pageBuilder) engine() []string {
	e := b.h.Engine
	return lines([]string{plain(joined(", ", e.Name, e.Model)), first(plain(e.Limits), b.l.NoLimits)})
}

// lines makes plain lines of texts, and leaves out the empty.
func lines(texts []string) []string {
	var out []string
	for _, t := range texts {
		if t = plain(t); t != "" {
			out = append(out, t)
		}
	}
	return out
}
