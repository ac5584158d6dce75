package ground

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"throughline"
)

// Bounds of what a handoff may hold, whatever an engine returns. In runes, but
// for quotes.
const (
	maxText    = 400
	maxField   = 300
	maxName    = 120
	maxQuotes  = 8  // an item; a reader looks at four
	quoteWords = 60 // a longer quote is cut at a sentence
	maxItems   = 400
	maxShown   = 200 // of an unproven quote in the list of what was left out
)

// Refused is an item of a draft that did not stand, for an engine that can mend
// it.
type Refused struct {
	Item     throughline.DraftItem
	Reason   string
	Unproven []Unproven
}

// Unproven is a quote that stands nowhere.
type Unproven struct {
	Quote   throughline.DraftQuote
	Nearest *Hint
}

// Settle turns a draft into a handoff. Whatever the engine proposed, an item
// stands only with a kind and people that exist, on quotes proven in the deal,
// witnessed by the side that can witness it; its words are free of markup and of
// addresses that no source gives, and within bounds. What does not stand is
// refused with a reason and listed as left out.
func Settle(deal *throughline.Deal, ix *Index, draft *throughline.Draft, at time.Time) (*throughline.Handoff, []Refused) {
	s := &settler{deal: deal, ix: ix, cited: map[*throughline.Source]int{}, urls: sourceURLs(deal)}
	h := &throughline.Handoff{
		Schema: throughline.Schema, Version: 1, Status: throughline.StatusDraft, Audience: throughline.AudienceTeam,
		Language: language(deal), Deal: header(deal),
		Engine: throughline.Engine{
			Name:   s.clean(draft.Engine.Name, maxName),
			Model:  s.clean(draft.Engine.Model, maxName),
			Limits: s.clean(draft.Engine.Limits, maxField),
		},
		GeneratedAt: at.UTC(), Review: throughline.Review{State: throughline.NotReviewed},
		Thin:     thin(deal),
		Problems: deal.Problems, Notes: deal.Notes,
	}
	h.Items = s.items(draft.Items)
	h.Contradictions = s.contradictions(draft.Contradictions)
	h.Questions = s.questions(draft.Questions, h.Items)
	h.LeftOut = s.leftOutOf(draft.LeftOut)
	h.Usage = s.usage(draft.Usage, draft.Candidates)
	h.Sources = s.sources()
	return h, s.refused
}

type settler struct {
	deal    *throughline.Deal
	ix      *Index
	cited   map[*throughline.Source]int
	urls    map[string]bool
	refused []Refused
	leftOut []throughline.LeftOut
}

func (s *settler) items(drafts []throughline.DraftItem) []throughline.Item {
	items := []throughline.Item{}
	standing := map[claimed]int{} // to the item's position
	for _, d := range drafts {
		if len(items) == maxItems {
			s.refuse(d, fmt.Sprintf("more than %d items", maxItems), nil)
			continue
		}
		it, reason, unproven := s.item(d)
		if reason != "" {
			s.refuse(d, reason, unproven)
			continue
		}
		if at, ok := standing[claimOf(it)]; ok {
			if it.Stance != items[at].Stance {
				s.refuse(d, fmt.Sprintf("%s stands as %s already", it.Person, items[at].Stance), nil)
				continue
			}
			items[at].Evidence = merge(items[at].Evidence, it.Evidence)
			items[at].Superseded = append(items[at].Superseded, it.Superseded...)
			continue
		}
		standing[claimOf(it)] = len(items)
		items = append(items, it)
	}
	slices.SortStableFunc(items, func(a, b throughline.Item) int {
		return slices.Index(throughline.Kinds, a.Kind) - slices.Index(throughline.Kinds, b.Kind)
	})
	count := map[throughline.Kind]int{}
	for i := range items {
		count[items[i].Kind]++
		items[i].ID = fmt.Sprintf("%s-%d", items[i].Kind, count[items[i].Kind])
		for _, e := range items[i].Evidence {
			s.cite(e)
		}
		for _, earlier := range items[i].Superseded {
			for _, e := range earlier.Evidence {
				s.cite(e)
			}
		}
	}
	return items
}

// claimed is what makes two items of a draft one: they say the same of the same
// quote, in whatever words.
type claimed struct {
	kind           throughline.Kind
	person, vendor string
	day            int
	area           throughline.Area
	ref, quote     string
}

func claimOf(it throughline.Item) claimed {
	if it.Kind == throughline.KindCommittee { // one a person, whatever it stands on
		return claimed{kind: it.Kind, person: it.Person}
	}
	return claimed{
		kind: it.Kind, person: it.Person, vendor: strings.ToLower(it.Vendor), day: it.Day, area: it.Area,
		ref: it.Evidence[0].Ref, quote: it.Evidence[0].Quote,
	}
}

// item settles one item; the reason is empty when it stands.
func (s *settler) item(d throughline.DraftItem) (it throughline.Item, reason string, unproven []Unproven) {
	it = throughline.Item{Kind: d.Kind, Section: d.Kind.Section()}
	if !d.Kind.Valid() {
		return it, fmt.Sprintf("%q is no kind of item", s.clean(string(d.Kind), 40)), nil
	}
	s.words(&it, d)
	if it.Text == "" {
		return it, "it says nothing", nil
	}
	if reason := s.person(&it, d); reason != "" {
		return it, reason, nil
	}
	if reason := s.typed(&it, d); reason != "" {
		return it, reason, nil
	}
	it.Evidence, unproven = s.prove(d.Quotes)
	if len(it.Evidence) == 0 {
		return it, "none of its quotes was found in what was read", unproven
	}
	if reason := s.witnessed(it); reason != "" {
		return it, reason, unproven
	}
	onlySellersPromise(it.Evidence)
	for _, u := range unproven {
		s.leftOut = append(s.leftOut, throughline.LeftOut{
			Kind: it.Kind, Text: it.Text, Quote: s.clean(u.Quote.Text, maxShown), Ref: s.ref(u.Quote.Ref),
			Reason: "this quote of the item was not found in what was read; the item stands on its other quotes",
		})
	}
	for _, e := range d.Earlier {
		if ev, _ := s.prove(e.Quotes); len(ev) > 0 {
			onlySellersPromise(ev)
			it.Superseded = append(it.Superseded, throughline.Earlier{Text: s.clean(e.Text, maxField), Evidence: ev})
		}
	}
	return it, "", unproven
}

// words takes over what the engine worded, cleaned and within bounds.
func (s *settler) words(it *throughline.Item, d throughline.DraftItem) {
	it.Text = s.clean(d.Text, maxText)
	switch d.Kind {
	case throughline.KindChampion:
		it.Why = s.clean(d.Why, maxField)
	case throughline.KindStretch:
		it.Promise = s.clean(d.Promise, maxField)
		it.Doubt = s.clean(d.Doubt, maxField)
		it.Condition = s.clean(d.Condition, maxField)
		it.NextStep = s.clean(d.NextStep, maxField)
	case throughline.KindAdjacentVendor:
		it.Vendor = s.clean(d.Vendor, maxName)
		it.Function = s.clean(d.Function, maxName)
	}
	it.Label = throughline.LabelInferred
	if d.Label == throughline.LabelStated || d.Label == throughline.LabelAskAE {
		it.Label = d.Label
	}
}

// person sets who the item is about from the deal's own record. Title and role
// are the record's, never the engine's.
func (s *settler) person(it *throughline.Item, d throughline.DraftItem) string {
	p := s.deal.Person(strings.TrimSpace(d.Person))
	if !d.Kind.AboutPerson() {
		if p != nil {
			it.Person, it.Title = p.Name, p.Title
		}
		return ""
	}
	if p == nil {
		return fmt.Sprintf("nobody of the deal is called %q", s.clean(d.Person, maxName))
	}
	if p.Side != throughline.SideCustomer {
		return p.Name + " is not of the customer's people"
	}
	it.Person, it.Title, it.Role = p.Name, p.Title, p.CRMRole
	return ""
}

// typed takes over stance, day and area where they are ones that exist.
func (s *settler) typed(it *throughline.Item, d throughline.DraftItem) string {
	switch d.Kind {
	case throughline.KindCommittee:
		if !d.Stance.Valid() {
			return fmt.Sprintf("%q is no stance", s.clean(string(d.Stance), 40))
		}
		it.Stance = d.Stance
	case throughline.KindMilestone:
		if d.Day != 30 && d.Day != 60 && d.Day != 90 {
			return fmt.Sprintf("day %d is none of 30, 60 and 90", d.Day)
		}
		it.Day = d.Day
		if d.From.Valid() {
			it.From = d.From
		}
		if t, err := time.Parse(time.DateOnly, d.Due); err == nil && t.Year() > 1990 && t.Year() < 2200 {
			it.Due = d.Due
		}
	case throughline.KindRisk:
		if !d.Area.Valid() {
			return fmt.Sprintf("%q is no area of risk", s.clean(string(d.Area), 40))
		}
		it.Area = d.Area
	}
	return ""
}

// onlySellersPromise takes the role of a promise from what others than the
// seller's people said.
func onlySellersPromise(evs []throughline.Evidence) {
	for i := range evs {
		if evs[i].As == throughline.AsPromise && evs[i].Side != throughline.SideSeller {
			evs[i].As = ""
		}
	}
}

// witnessed holds the item to the witness rules: the customer's people witness
// pains and workarounds, the seller's people promises. A stretch of which no quote
// is called its promise stands on the seller's own word that it is one.
func (s *settler) witnessed(it throughline.Item) string {
	switch it.Kind {
	case throughline.KindPain, throughline.KindWorkaround:
		if !saidBy(it.Evidence, throughline.SideCustomer) {
			return "no quote of the customer's own people tells it"
		}
	case throughline.KindMilestone:
		if !saidBy(it.Evidence, throughline.SideSeller) {
			return "no quote of the seller's people promises it"
		}
	case throughline.KindStretch:
		promises := slices.DeleteFunc(slices.Clone(it.Evidence), func(e throughline.Evidence) bool { return e.As != throughline.AsPromise })
		if !saidBy(it.Evidence, throughline.SideSeller) || len(promises) > 0 && !saidBy(promises, throughline.SideSeller) {
			return "no quote of the seller's people promises it"
		}
	case throughline.KindAdjacentVendor:
		if it.Vendor == "" {
			return "it names no vendor"
		}
		if !s.vendorNamed(it) {
			return "the vendor's name stands nowhere near its quotes"
		}
	}
	return ""
}

func saidBy(evs []throughline.Evidence, side throughline.Side) bool {
	return slices.ContainsFunc(evs, func(e throughline.Evidence) bool { return e.Side == side })
}

// vendorNamed reports whether the vendor's name stands in a passage that the
// item quotes, or within two of it.
func (s *settler) vendorNamed(it throughline.Item) bool {
	name := words(it.Vendor)
	if len(name) == 0 {
		return false
	}
	for _, e := range it.Evidence {
		p := s.deal.Passage(e.Ref)
		if p == nil {
			continue
		}
		ps := p.Source.Passages
		for i := max(0, p.Index-2); i <= min(len(ps)-1, p.Index+2); i++ {
			if ps[i].Evidence() && names(words(ps[i].Text), name) {
				return true
			}
		}
	}
	return false
}

// names reports whether the words of a name stand in a text one after the
// other, the last of them perhaps with an 's.
func names(text, name []word) bool {
	last := len(name) - 1
	for i := 0; i+last < len(text); i++ {
		n := 0
		for n <= last && (text[i+n].norm == name[n].norm || n == last && text[i+n].norm == name[n].norm+"'s") {
			n++
		}
		if n > last {
			return true
		}
	}
	return false
}

// prove proves quotes, each once.
func (s *settler) prove(quotes []throughline.DraftQuote) ([]throughline.Evidence, []Unproven) {
	var evs []throughline.Evidence
	var unproven []Unproven
	for _, q := range quotes {
		if len(evs) >= maxQuotes {
			break
		}
		p := s.ix.Prove(q.Text, q.Ref)
		if p.Match == throughline.MatchNone {
			unproven = append(unproven, Unproven{Quote: q, Nearest: p.Nearest})
			continue
		}
		evs = merge(evs, evidence(p, q.As))
	}
	return evs, unproven
}

// evidence is a proof as the document shows it. An elided quote whose whole is
// too long is shown as its parts.
func evidence(p Proof, as throughline.QuoteRole) []throughline.Evidence {
	spans := []Span{{p.Start, p.End}}
	if len(p.Parts) > 1 && len(words(p.Text())) > quoteWords {
		spans = p.Parts
	}
	var evs []throughline.Evidence
	for _, sp := range spans {
		evs = append(evs, one(p, sp, as))
	}
	return evs
}

// Evidence is the proof as a document shows it: the source's own words, and where
// they stand. It is false for a quote that is not proven.
func (p Proof) Evidence() (throughline.Evidence, bool) {
	if p.Passage == nil {
		return throughline.Evidence{}, false
	}
	return one(p, Span{p.Start, p.End}, ""), true
}

func one(p Proof, sp Span, as throughline.QuoteRole) throughline.Evidence {
	passage := p.Passage
	end := trimToWords(passage.Text, sp.Start, sp.End, quoteWords)
	e := throughline.Evidence{
		Source: passage.Source.ID, Ref: passage.Ref, Quote: passage.Text[sp.Start:end], As: roleOf(as),
		Speaker: passage.Name, Side: passage.Side(), Match: p.Match,
		Internal: passage.Source.Internal, CustomersHeard: passage.HeardBy(throughline.SideCustomer),
		URL: web(passage.URL),
	}
	if passage.Speaker != nil {
		e.Speaker = passage.Speaker.Name
	}
	at := passage.At
	if at.IsZero() {
		at = passage.Source.At
	}
	if !at.IsZero() {
		at = at.UTC()
		e.At = &at
	}
	if offset := passage.OffsetAt(sp.Start); offset >= 0 && passage.Source.Kind == throughline.SourceCall {
		ms := offset.Milliseconds()
		e.OffsetMS = &ms
	}
	return e
}

func roleOf(as throughline.QuoteRole) throughline.QuoteRole {
	switch as {
	case throughline.AsPromise, throughline.AsDoubt, throughline.AsCondition:
		return as
	}
	return ""
}

// merge appends evidence that is not there yet.
func merge(have, more []throughline.Evidence) []throughline.Evidence {
	for _, m := range more {
		if len(have) < maxQuotes && !slices.ContainsFunc(have, func(h throughline.Evidence) bool { return h.Ref == m.Ref && h.Quote == m.Quote }) {
			have = append(have, m)
		}
	}
	return have
}

func (s *settler) refuse(d throughline.DraftItem, reason string, unproven []Unproven) {
	s.refused = append(s.refused, Refused{Item: d, Reason: reason, Unproven: unproven})
	lo := throughline.LeftOut{Text: s.clean(d.Text, maxText), Reason: reason}
	if d.Kind.Valid() {
		lo.Kind = d.Kind
	}
	if len(d.Quotes) > 0 {
		lo.Quote, lo.Ref = s.clean(d.Quotes[0].Text, maxShown), s.ref(d.Quotes[0].Ref)
	}
	s.leftOut = append(s.leftOut, lo)
}

// ref lets through only a ref that exists.
func (s *settler) ref(ref string) string {
	if s.deal.Passage(ref) == nil {
		return ""
	}
	return ref
}

func (s *settler) cite(e throughline.Evidence) {
	if src := s.deal.Source(e.Source); src != nil {
		s.cited[src]++
	}
}

func (s *settler) contradictions(drafts []throughline.DraftContradiction) []throughline.Contradiction {
	out := []throughline.Contradiction{}
	for _, d := range drafts {
		c := throughline.Contradiction{Text: s.clean(d.Text, maxText)}
		for _, side := range d.Sides {
			if ev, _ := s.prove(side.Quotes); len(ev) > 0 {
				onlySellersPromise(ev)
				c.Sides = append(c.Sides, throughline.ContradictionSide{Text: s.clean(side.Text, maxField), Evidence: ev})
			}
		}
		if reason := unlike(c, len(out)); reason != "" {
			s.leftOut = append(s.leftOut, throughline.LeftOut{Text: c.Text, Reason: reason})
			continue
		}
		c.ID = fmt.Sprintf("contradiction-%d", len(out)+1)
		for _, side := range c.Sides {
			for _, e := range side.Evidence {
				s.cite(e)
			}
		}
		out = append(out, c)
	}
	return out
}

// unlike says why what is left of a contradiction, the one after n others, is
// none; nothing when it is one.
func unlike(c throughline.Contradiction, n int) string {
	switch {
	case n == maxItems:
		return fmt.Sprintf("more than %d contradictions", maxItems)
	case len(c.Sides) < 2:
		return "a contradiction of which not both sides could be proven"
	}
	for i, side := range c.Sides[1:] {
		if side.Evidence[0].Ref == c.Sides[i].Evidence[0].Ref && side.Evidence[0].Quote == c.Sides[i].Evidence[0].Quote {
			return "a contradiction whose sides are the same quote"
		}
	}
	return ""
}

func (s *settler) questions(drafts []throughline.Question, items []throughline.Item) []throughline.Question {
	out := []throughline.Question{}
	for _, d := range drafts {
		q := throughline.Question{ID: fmt.Sprintf("question-%d", len(out)+1), Text: s.clean(d.Text, maxText)}
		if q.Text == "" || len(out) == maxItems {
			continue
		}
		if d.Kind.Valid() {
			q.Kind = d.Kind
		}
		if slices.ContainsFunc(items, func(it throughline.Item) bool { return it.ID == d.Item }) {
			q.Item = d.Item
		}
		for _, ref := range d.Refs {
			if s.ref(ref) != "" {
				q.Refs = append(q.Refs, ref)
			}
		}
		out = append(out, q)
	}
	return out
}

func (s *settler) leftOutOf(own []throughline.LeftOut) []throughline.LeftOut {
	out := []throughline.LeftOut{}
	for _, l := range own {
		kind := l.Kind
		if !kind.Valid() {
			kind = ""
		}
		out = append(out, throughline.LeftOut{
			Kind: kind, Text: s.clean(l.Text, maxText), Quote: s.clean(l.Quote, maxShown),
			Ref: s.ref(l.Ref), Reason: s.clean(l.Reason, maxField),
		})
	}
	return append(out, s.leftOut...)
}

func (s *settler) usage(u throughline.Usage, c throughline.Candidates) *throughline.Usage {
	u.Prices, u.Passes = s.clean(u.Prices, maxField), s.clean(u.Passes, maxField)
	u.Kept, u.Stats = slices.Clone(u.Kept), slices.Clone(u.Stats)
	for i := range u.Kept {
		u.Kept[i] = s.clean(u.Kept[i], maxField)
	}
	for i := range u.Stats {
		u.Stats[i].Name = s.clean(u.Stats[i].Name, maxName)
	}
	u.Candidates = s.candidates(c)
	return &u
}

func (s *settler) candidates(c throughline.Candidates) throughline.Candidates {
	out := throughline.Candidates{Found: c.Found, Taken: c.Taken}
	for _, d := range c.Dismissed {
		d.Reason = s.clean(d.Reason, maxField)
		d.Ref = s.ref(d.Ref)
		d.Quote = s.clean(d.Quote, maxText)
		out.Dismissed = append(out.Dismissed, d)
	}
	return out
}

func (s *settler) sources() []throughline.SourceNote {
	out := []throughline.SourceNote{}
	for _, src := range s.deal.Sources {
		n := throughline.SourceNote{
			ID: src.ID, Kind: src.Kind, Title: src.Title, File: src.File, URL: web(src.URL), Language: src.Language, Minutes: int(src.Duration.Minutes()),
			Passages: len(src.Passages), Words: src.Words(), Internal: src.Internal, NotEvidence: src.NotEvidence, Cited: s.cited[src],
		}
		if !src.At.IsZero() {
			at := src.At.UTC()
			n.At = &at
		}
		for _, p := range src.People {
			n.People = append(n.People, p.Name)
		}
		out = append(out, n)
	}
	return out
}

var (
	// tags are a markup language's, or a chat system's for a person or a channel.
	tags = regexp.MustCompile(`</?[\pL!?@#][^<>]*>`)
	// addresses are what some reader's program would make a link of.
	addresses = regexp.MustCompile(`(?i)\b(?:[a-z][a-z0-9+.-]*://|www\.)\S*|\b(?:javascript|vbscript|mailto):\S+|\bdata:[a-z]*[/;,]\S*|//[a-z0-9-]+\.\S+|\b(?:[a-z0-9-]+\.)+[a-z]{2,}/\S*`)
)

func (s *settler) clean(text string, n int) string { return clean(text, n, s.urls) }

// Plain makes words that nothing proves fit to be shown: one line, no markup, no
// control or direction characters, no address, at most n runes.
func Plain(text string, n int) string { return clean(text, n, nil) }

// clean makes words fit to be shown, as [Plain] does, but for the addresses that
// sources give.
func clean(text string, n int, urls map[string]bool) string {
	if len(text) > 16*n {
		text = text[:16*n]
		// Half an address might not be known for one.
		text = text[:strings.LastIndexAny(text, " \n\t")+1]
	}
	text = strings.ToValidUTF8(text, "")
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == '`' || unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, text)
	text = tags.ReplaceAllString(text, " ")
	text = links.ReplaceAllString(text, "$1 $2")
	text = addresses.ReplaceAllStringFunc(text, func(u string) string {
		if urls[strings.TrimRight(u, ".,;)")] {
			return u
		}
		return "(address left out)"
	})
	return short(strings.Join(strings.Fields(unbracket(text)), " "), n)
}

// links are Markdown's, of which the words and the address stay: the address is
// then judged like any other.
var links = regexp.MustCompile(`!?\[([^\]\n]*)\]\s?\(([^)\n]*)\)?`)

// unbracket drops the angle brackets that compare nothing: "< 200 ms" says
// something, "<b" does not.
func unbracket(text string) string {
	var b strings.Builder
	for i, r := range text {
		if (r == '<' || r == '>') && !numberFollows(text[i+1:], "=.$€£¥~+-−– ") {
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// short cuts a text to n runes, at a word where there is one.
func short(text string, n int) string {
	rs := []rune(text)
	if len(rs) <= n {
		return text
	}
	cut := string(rs[:n-1])
	if i := strings.LastIndexByte(cut, ' '); i > len(cut)/2 {
		cut = cut[:i]
	}
	return cut + "…"
}

func sourceURLs(deal *throughline.Deal) map[string]bool {
	urls := map[string]bool{}
	for _, src := range deal.Sources {
		if isWeb(src.URL) {
			urls[src.URL] = true
		}
	}
	for p := range deal.Passages {
		if isWeb(p.URL) {
			urls[p.URL] = true
		}
	}
	return urls
}

// web is the address where it is one that a browser opens from the web; else
// nothing, as an export may hold any.
func web(address string) string {
	if isWeb(address) {
		return address
	}
	return ""
}

func isWeb(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

func header(d *throughline.Deal) throughline.Header {
	h := throughline.Header{ID: d.ID, Name: d.Name, Seller: d.Seller, Customer: d.Customer, Amount: d.Amount, Currency: d.Currency}
	if !d.Close.IsZero() {
		h.Close = d.Close.Format(time.DateOnly)
	}
	if !d.Kickoff.IsZero() {
		h.Kickoff = d.Kickoff.Format(time.DateOnly)
	}
	if d.AE != nil {
		n := d.AE.Note()
		h.AE = &n
	}
	if d.CSM != nil {
		n := d.CSM.Note()
		h.CSM = &n
	}
	for _, p := range d.People {
		h.People = append(h.People, p.Note())
	}
	return h
}

// thin says why there is too little to go on; nothing where there is enough.
func thin(d *throughline.Deal) []string {
	calls, mails, words := 0, 0, 0
	for _, s := range d.Sources {
		if s.NotEvidence != "" {
			continue
		}
		switch s.Kind {
		case throughline.SourceCall:
			if len(s.Passages) > 0 {
				calls++
			}
		case throughline.SourceEmail:
			mails++
		}
	}
	for p := range d.Passages {
		if p.Evidence() && p.Side() == throughline.SideCustomer {
			words += len(strings.Fields(p.Text))
		}
	}
	var why []string
	if calls < 2 {
		why = append(why, fmt.Sprintf("%s with a transcript was read. A deal usually has four to eight.", count(calls, "call")))
	}
	if mails == 0 {
		why = append(why, "No email was read.")
	}
	if words < 300 {
		why = append(why, fmt.Sprintf("Of the customer's own words there are only %d.", words))
	}
	return why
}

func count(n int, what string) string {
	switch n {
	case 0:
		return "No " + what
	case 1:
		return "Only one " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// language is the one that most words of the deal are in.
func language(d *throughline.Deal) string {
	n := map[string]int{}
	best := ""
	for _, s := range d.Sources {
		if s.Language != "" {
			n[s.Language] += s.Words()
		}
	}
	for lang, words := range n {
		if best == "" || words > n[best] || words == n[best] && lang < best {
			best = lang
		}
	}
	if best == "" {
		return "en"
	}
	return best
}
