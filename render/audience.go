package render

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"throughline"
)

// twoHeard is how many of the customer's people must have seen or heard a
// passage before the customer as a whole may be shown it.
const twoHeard = 2

// For is what the audience may see of a handoff, as a handoff of its own that
// shares no memory with h. The table in the package comment says what that is.
//
// A view can't be widened: of a handoff that is itself a view for a narrower
// audience, For gives what that audience sees. An audience that is none of
// [throughline.Audiences] sees what the customer sees. For nil, For gives nil.
func For(h *throughline.Handoff, a throughline.Audience) *throughline.Handoff {
	if h == nil {
		return nil
	}
	switch narrower(h.Audience, a) {
	case throughline.AudienceTeam:
		return forTeam(h)
	case throughline.AudienceCompany:
		return forCompany(h)
	}
	return forCustomer(h)
}

// narrower is the one of two audiences that sees less. A handoff that says
// nothing of its audience is the whole one.
func narrower(of, to throughline.Audience) throughline.Audience {
	if of == "" {
		of = throughline.AudienceTeam
	}
	i, j := slices.Index(throughline.Audiences, of), slices.Index(throughline.Audiences, to)
	if i < 0 || j < 0 {
		return throughline.AudienceCustomer
	}
	return throughline.Audiences[max(i, j)]
}

// kindsFor are the kinds of item that an audience is shown at all.
func kindsFor(a throughline.Audience) []throughline.Kind {
	switch a {
	case throughline.AudienceTeam:
		return throughline.Kinds
	case throughline.AudienceCompany:
		return []throughline.Kind{
			throughline.KindChampion, throughline.KindCommittee, throughline.KindPain, throughline.KindUseCase,
			throughline.KindWorkaround, throughline.KindMilestone, throughline.KindRisk,
		}
	}
	return []throughline.Kind{
		throughline.KindPain, throughline.KindUseCase, throughline.KindWorkaround,
		throughline.KindMilestone, throughline.KindRisk,
	}
}

// frame is what every view starts from: values of fixed sets, and no text.
func frame(h *throughline.Handoff, a throughline.Audience) *throughline.Handoff {
	return &throughline.Handoff{
		Schema: throughline.Schema, Version: h.Version, Status: status(h.Status), Audience: a,
		Language: language(h.Language), GeneratedAt: h.GeneratedAt, Review: throughline.Review{State: reviewState(h.Review.State)},
		Items: []throughline.Item{}, Contradictions: []throughline.Contradiction{}, Questions: []throughline.Question{},
		LeftOut: []throughline.LeftOut{}, Sources: []throughline.SourceNote{},
	}
}

func forCompany(h *throughline.Handoff) *throughline.Handoff {
	v := frame(h, throughline.AudienceCompany)
	v.Deal = companyHeader(h.Deal)
	v.Engine = throughline.Engine{Name: h.Engine.Name, Model: h.Engine.Model, Limits: h.Engine.Limits}
	v.Review.By, v.Review.At = h.Review.By, clonePtr(h.Review.At)
	v.Thin = slices.Clone(h.Thin)
	ids := numbering{}
	for _, it := range h.Items {
		id := ids.of(it)
		if shown, ok := companyItem(it, h.Deal.People); ok {
			shown.ID = id
			v.Items = append(v.Items, shown)
		}
	}
	cited := citations(v.Items)
	for _, s := range h.Sources {
		v.Sources = append(v.Sources, companySource(s, cited))
	}
	return v
}

func companyHeader(d throughline.Header) throughline.Header {
	return throughline.Header{
		ID: d.ID, Name: d.Name, Seller: companyOf(d.Seller), Customer: companyOf(d.Customer),
		Amount: d.Amount, Currency: d.Currency, Close: date(d.Close), Kickoff: date(d.Kickoff),
		AE: companyPerson(d.AE), CSM: companyPerson(d.CSM), People: companyPeople(d.People),
	}
}

func companyOf(c throughline.Company) throughline.Company {
	return throughline.Company{
		Name: c.Name, Product: c.Product, Domain: c.Domain,
		Industry: c.Industry, Employees: c.Employees, Region: c.Region,
	}
}

func companyPerson(p *throughline.PersonNote) *throughline.PersonNote {
	if p == nil {
		return nil
	}
	return &throughline.PersonNote{Name: p.Name, Title: p.Title, Email: p.Email, Side: side(p.Side), Role: p.Role, CRMRole: p.CRMRole}
}

func companyPeople(people []throughline.PersonNote) []throughline.PersonNote {
	var out []throughline.PersonNote
	for i := range people {
		out = append(out, *companyPerson(&people[i]))
	}
	return out
}

// companyItem is an item as the seller's company sees it.
func companyItem(it throughline.Item, people []throughline.PersonNote) (throughline.Item, bool) {
	if !slices.Contains(kindsFor(throughline.AudienceCompany), it.Kind) {
		return throughline.Item{}, false
	}
	if _, no := it.Remarked(throughline.RemarkNotCommitment); no {
		return throughline.Item{}, false // the AE's reason is the team's, and without it the item would mislead
	}
	if it.Kind.AboutPerson() {
		return companyRole(it, people)
	}
	corrected, isCorrected := it.Remarked(throughline.RemarkCorrected)
	if isCorrected {
		it.Text = corrected.Text
	}
	shown := throughline.Item{
		Section: it.Kind.Section(), Kind: it.Kind, Text: it.Text,
		Day: day(it.Day), Due: date(it.Due), From: anchor(it.From), Area: area(it.Area), Label: label(it.Label),
		Evidence: companyEvidence(it.Evidence),
	}
	if p := recorded(people, it.Person); p != nil {
		shown.Person, shown.Title = p.Name, p.Title
	}
	withheld := isCorrected || len(shown.Evidence) < len(it.Evidence)
	for _, e := range it.Superseded {
		ev := companyEvidence(e.Evidence)
		withheld = withheld || len(ev) < len(e.Evidence)
		if len(ev) > 0 {
			shown.Superseded = append(shown.Superseded, throughline.Earlier{Text: e.Text, Evidence: ev})
		}
	}
	if withheld {
		notForCustomer(shown.Evidence)
	}
	return shown, len(shown.Evidence) > 0
}

// notForCustomer keeps an item from a customer's view that is made of a
// company's: what the company is not shown of it, the customer may not have
// heard, and what is left must not pass for the whole.
func notForCustomer(evs []throughline.Evidence) {
	for i := range evs {
		evs[i].CustomersHeard = min(evs[i].CustomersHeard, twoHeard-1)
	}
}

// companyRole is a champion or a committee member as the deal's own record has
// them. What engines and people say of them would tell a stance or a reason.
func companyRole(it throughline.Item, people []throughline.PersonNote) (throughline.Item, bool) {
	p := recorded(people, it.Person)
	if p == nil {
		return throughline.Item{}, false
	}
	return throughline.Item{
		Section: it.Kind.Section(), Kind: it.Kind, Text: personLine(*p),
		Person: p.Name, Title: p.Title, Role: p.CRMRole, Evidence: []throughline.Evidence{},
	}, true
}

// companyEvidence leaves out doubts, which belong to section 2. A condition
// stays: a milestone shown without it would say more than was promised.
func companyEvidence(evs []throughline.Evidence) []throughline.Evidence {
	out := []throughline.Evidence{}
	for _, e := range evs {
		if !proven(e) || e.As == throughline.AsDoubt {
			continue
		}
		out = append(out, throughline.Evidence{
			Source: e.Source, Ref: e.Ref, Quote: e.Quote, Speaker: e.Speaker, Side: side(e.Side),
			At: clonePtr(e.At), OffsetMS: clonePtr(e.OffsetMS), URL: e.URL, Match: e.Match,
			Internal: e.Internal, CustomersHeard: e.CustomersHeard,
		})
	}
	return out
}

// companySource lists a source. Of an email, neither its subject nor who wrote
// to whom is for the whole company.
func companySource(s throughline.SourceNote, cited map[string]int) throughline.SourceNote {
	n := throughline.SourceNote{
		ID: s.ID, Kind: sourceKind(s.Kind), Title: s.Title, URL: s.URL, At: clonePtr(s.At), Language: language(s.Language), Minutes: s.Minutes,
		Passages: s.Passages, Words: s.Words, People: slices.Clone(s.People), Internal: s.Internal,
		Cited: cited[s.ID], NotEvidence: s.NotEvidence,
	}
	if s.Kind == throughline.SourceEmail {
		n.Title, n.URL, n.People = sourceTitle(s), "", nil
	}
	return n
}

func forCustomer(h *throughline.Handoff) *throughline.Handoff {
	v := frame(h, throughline.AudienceCustomer)
	shared := sharedSources(h.Sources)
	ids := numbering{}
	for _, it := range h.Items {
		id := ids.of(it)
		if shown, ok := customerItem(it, shared); ok {
			shown.ID = id
			v.Items = append(v.Items, shown)
		}
	}
	v.Deal = customerHeader(h.Deal, v.Items)
	cited := citations(v.Items)
	for _, s := range h.Sources {
		if cited[s.ID] > 0 {
			v.Sources = append(v.Sources, customerSource(s, v.Deal, cited))
		}
	}
	return v
}

// sharedSources are the sources known not to be internal. An id of another form
// than the program's own might say anything, and is none of them.
func sharedSources(sources []throughline.SourceNote) map[string]bool {
	shared := map[string]bool{}
	for _, s := range sources {
		shared[s.ID] = !s.Internal && s.NotEvidence == "" && passageRef(s.ID+".1") != ""
	}
	return shared
}

// customerItem is an item as the customer sees it; not at all, unless they
// heard every quote that it and what it replaced stand on. What was changed with
// one person in private, or corrected in review, is for the CSM to say, not for a
// document.
func customerItem(it throughline.Item, shared map[string]bool) (throughline.Item, bool) {
	if !slices.Contains(kindsFor(throughline.AudienceCustomer), it.Kind) {
		return throughline.Item{}, false
	}
	if len(it.Evidence) == 0 || !allHeard(it.Evidence, shared) || setAside(it) {
		return throughline.Item{}, false
	}
	for _, e := range it.Superseded {
		if !allHeard(e.Evidence, shared) {
			return throughline.Item{}, false
		}
	}
	return throughline.Item{
		Section: it.Kind.Section(), Kind: it.Kind, Text: customerWording(it),
		Day: day(it.Day), Due: date(it.Due), From: anchor(it.From), Area: area(it.Area),
		Evidence: customerEvidence(it.Evidence),
	}, true
}

// setAside reports whether a person said that the item does not stand as it was
// said.
func setAside(it throughline.Item) bool {
	_, corrected := it.Remarked(throughline.RemarkCorrected)
	_, none := it.Remarked(throughline.RemarkNotCommitment)
	return corrected || none
}

// customerWording words an item for the customer: in the words of its strongest
// quote, or in the words that the CSM approved last; never in an engine's.
func customerWording(it throughline.Item) string {
	for _, r := range slices.Backward(it.Remarks) {
		if r.Kind == throughline.RemarkWording && r.Role == roleCSM {
			return plain(r.Text)
		}
	}
	return plain(it.Evidence[0].Quote)
}

func allHeard(evs []throughline.Evidence, shared map[string]bool) bool {
	for _, e := range evs {
		if e.Internal || e.CustomersHeard < twoHeard || !proven(e) || e.As == throughline.AsDoubt || !shared[e.Source] {
			return false
		}
	}
	return true
}

// customerEvidence drops the addresses: they open the seller's own systems.
func customerEvidence(evs []throughline.Evidence) []throughline.Evidence {
	var out []throughline.Evidence
	for _, e := range evs {
		out = append(out, throughline.Evidence{
			Source: e.Source, Ref: passageRef(e.Ref), Quote: e.Quote, Speaker: e.Speaker, Side: side(e.Side),
			At: clonePtr(e.At), OffsetMS: clonePtr(e.OffsetMS), Match: e.Match, CustomersHeard: e.CustomersHeard,
		})
	}
	return out
}

// customerHeader names the two companies, the product, the dates, the AE, the
// CSM, and who speaks in the quotes shown. The deal's own name and id are the
// CRM's, and may say what the customer should not read.
func customerHeader(d throughline.Header, items []throughline.Item) throughline.Header {
	v := throughline.Header{
		Seller:   throughline.Company{Name: d.Seller.Name, Product: d.Seller.Product},
		Customer: throughline.Company{Name: d.Customer.Name},
		Close:    date(d.Close), Kickoff: date(d.Kickoff),
		AE: customerContact(d.AE, roleAE), CSM: customerContact(d.CSM, roleCSM),
	}
	v.Name = joined(" – ", d.Customer.Name, first(d.Seller.Product, d.Seller.Name))
	speaks := map[string]bool{}
	for _, it := range items {
		for _, e := range it.Evidence {
			speaks[e.Speaker] = true
		}
	}
	for _, p := range d.People {
		if speaks[p.Name] {
			v.People = append(v.People, throughline.PersonNote{Name: p.Name, Side: side(p.Side)})
		}
	}
	return v
}

// The roles that a customer sees somebody in.
const (
	roleAE  = "AE"
	roleCSM = "CSM"
)

func customerContact(p *throughline.PersonNote, role string) *throughline.PersonNote {
	if p == nil {
		return nil
	}
	return &throughline.PersonNote{Name: p.Name, Side: throughline.SideSeller, Role: role}
}

// customerSource lists a source by kind and date: its title is the seller's.
func customerSource(s throughline.SourceNote, d throughline.Header, cited map[string]int) throughline.SourceNote {
	n := throughline.SourceNote{
		ID: s.ID, Kind: sourceKind(s.Kind), Title: sourceTitle(s), At: clonePtr(s.At), Language: language(s.Language), Minutes: s.Minutes,
		Passages: s.Passages, Words: s.Words, Cited: cited[s.ID],
	}
	for _, name := range s.People {
		if recorded(d.People, name) != nil {
			n.People = append(n.People, name)
		}
	}
	return n
}

// sourceTitle names a source by what it is and when it was.
func sourceTitle(s throughline.SourceNote) string {
	title := english.sourceKind(sourceKind(s.Kind))
	if s.At == nil {
		return title
	}
	return fmt.Sprintf(english.SourceOf, title, english.date(*s.At))
}

// recorded is the person of that name among the deal's people; nil when there
// is none.
func recorded(people []throughline.PersonNote, name string) *throughline.PersonNote {
	if name == "" {
		return nil
	}
	for i := range people {
		if people[i].Name == name {
			return &people[i]
		}
	}
	return nil
}

// personLine is a person as the deal's record has them.
func personLine(p throughline.PersonNote) string {
	return joined(", ", p.Name, p.Title)
}

// citations counts the quotes shown, by source.
func citations(items []throughline.Item) map[string]int {
	n := map[string]int{}
	for _, it := range items {
		for _, e := range it.Evidence {
			n[e.Source]++
		}
		for _, earlier := range it.Superseded {
			for _, e := range earlier.Evidence {
				n[e.Source]++
			}
		}
	}
	return n
}

// numbering gives items the ids of the whole handoff, so that an item is called
// the same for every audience. An id of another form than the program's own
// might say anything; the item then goes by its place.
type numbering map[throughline.Kind]int

var itemNumber = regexp.MustCompile(`^[0-9]{1,6}$`)

func (n numbering) of(it throughline.Item) string {
	n[it.Kind]++
	if number, ok := strings.CutPrefix(it.ID, string(it.Kind)+"-"); ok && itemNumber.MatchString(number) {
		return it.ID
	}
	return fmt.Sprintf("%s-%d", it.Kind, n[it.Kind])
}

func proven(e throughline.Evidence) bool {
	return e.Match == throughline.MatchExact || e.Match == throughline.MatchNormalised
}

// The functions below let a value through only where it is one of its set, so
// that no field of a fixed set can carry a text.

func status(s throughline.Status) throughline.Status {
	switch s {
	case throughline.StatusInReview, throughline.StatusPublished:
		return s
	}
	return throughline.StatusDraft
}

func reviewState(s string) string {
	if s == throughline.Reviewed {
		return s
	}
	return throughline.NotReviewed
}

func side(s throughline.Side) throughline.Side {
	if s == throughline.SideSeller || s == throughline.SideCustomer {
		return s
	}
	return throughline.SideUnknown
}

func sourceKind(k throughline.SourceKind) throughline.SourceKind {
	switch k {
	case throughline.SourceCall, throughline.SourceEmail, throughline.SourceChat, throughline.SourceCRM:
		return k
	}
	return throughline.SourceDocument
}

// refForm is the form of a passage's ref, c3.142.
var refForm = regexp.MustCompile(`^[a-z][0-9]{1,6}\.[0-9]{1,9}$`)

func passageRef(ref string) string {
	if refForm.MatchString(ref) {
		return ref
	}
	return ""
}

func day(n int) int {
	if n == 30 || n == 60 || n == 90 {
		return n
	}
	return 0
}

func date(s string) string {
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return ""
	}
	return s
}

func anchor(a throughline.Anchor) throughline.Anchor {
	if a.Valid() {
		return a
	}
	return ""
}

func area(a throughline.Area) throughline.Area {
	if a.Valid() {
		return a
	}
	return ""
}

func label(l throughline.Label) throughline.Label {
	switch l {
	case throughline.LabelStated, throughline.LabelInferred, throughline.LabelAskAE:
		return l
	}
	return ""
}

// languageTag is the form of a language tag, short ones only (BCP 47).
var languageTag = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?$`)

func language(tag string) string {
	if languageTag.MatchString(tag) {
		return tag
	}
	return ""
}
