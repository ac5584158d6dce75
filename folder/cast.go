package folder

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"throughline"
)

// A cast makes people of mentions. Mentions with the same address are one
// person; then those with the same id in one system; then those with the same
// full name, unless their sides differ. A first name alone, also with an initial
// behind it, counts only where exactly one person of the source bears it. Names
// that merely sound alike stay apart, and so do two people of one name: who is
// meant by it alone is not guessed.
type cast struct {
	people  []*member
	byEmail map[string]*member
	byID    map[string]*member
	byName  map[string][]*member // by folded full name
	notes   []string
}

// A member is a person being put together.
type member struct {
	p       *throughline.Person
	stated  throughline.Side // by deal.json
	claimed throughline.Side // by the systems
	domains []string
	rank    int // of the system the name is from

	claimRank int // of the system the side is from
}

func newCast() *cast {
	return &cast{byEmail: map[string]*member{}, byID: map[string]*member{}, byName: map[string][]*member{}}
}

// systemRank orders systems by how well they know a person's name and title.
func systemRank(system string) int {
	return 1 + slices.Index([]string{"mail", "captions", "transcript", "document", "slack", "gong", "chorus", "hubspot", "salesforce", "deal.json"}, system)
}

// add makes or finds the person of a mention that names an address or a full
// name, and takes over what it tells.
func (c *cast) add(m mention) {
	m = tidy(m)
	if m.email == "" && (m.name == "" || nobody(m.name)) {
		return
	}
	if m.email == "" && !wholeName(m.name) {
		return
	}
	found, several := c.find(m)
	if several {
		return
	}
	if found == nil {
		found = &member{p: &throughline.Person{}}
		c.people = append(c.people, found)
	}
	c.take(found, m)
}

// find is the person of a mention; several says that its name alone is that of
// more than one. An address that nobody has yet makes a person of its own then.
func (c *cast) find(m mention) (found *member, several bool) {
	if p := c.byEmail[m.email]; p != nil && m.email != "" {
		return p, false
	}
	if p := c.byID[m.system+" "+m.id]; p != nil && m.id != "" && !otherHouse(m, p) {
		return p, false
	}
	if m.name == "" {
		return nil, false
	}
	for _, p := range c.byName[foldName(m.name)] {
		if conflict(p.side(), m.side) || otherHouse(m, p) {
			continue
		}
		if found != nil {
			return nil, m.email == ""
		}
		found = p
	}
	return found, false
}

// otherHouse reports whether a mention's address tells another person than p.
func otherHouse(m mention, p *member) bool {
	return m.email != "" && p.p.Email != "" && !sameHouse(m.email, p)
}

// sameHouse reports whether two addresses of the same name may be one person's:
// both of one company, or one of them a private address.
func sameHouse(email string, p *member) bool {
	d := domainOf(email)
	return throughline.FreeMail(d) || slices.ContainsFunc(p.domains, func(o string) bool { return throughline.FreeMail(o) || related(o, d) })
}

// related reports whether one domain is the other or lies under it.
func related(a, b string) bool {
	return a == b || strings.HasSuffix(a, "."+b) || strings.HasSuffix(b, "."+a)
}

func conflict(a, b throughline.Side) bool {
	return a != throughline.SideUnknown && b != throughline.SideUnknown && a != b
}

func (p *member) side() throughline.Side {
	if p.stated != "" {
		return p.stated
	}
	return p.claimed
}

func (c *cast) take(p *member, m mention) {
	rank := systemRank(m.system)
	if m.email != "" {
		if c.byEmail[m.email] == nil {
			c.byEmail[m.email] = p
			p.domains = append(p.domains, domainOf(m.email))
		}
		if p.p.Email == "" {
			p.p.Email = m.email
		}
	}
	if m.id != "" {
		c.byID[m.system+" "+m.id] = p
	}
	if m.name != "" && !nobody(m.name) {
		c.rename(p, m.name, rank)
	}
	if m.title != "" && (p.p.Title == "" || rank >= p.rank) {
		p.p.Title = m.title
	}
	p.rank = max(p.rank, rank)
	if m.crmRole != "" {
		p.p.CRMRole = m.crmRole
	}
	if m.role != "" {
		p.p.Role = m.role
	}
	if m.side != throughline.SideUnknown {
		if m.system == "deal.json" {
			p.stated = m.side
		} else if p.claimed == throughline.SideUnknown || rank > p.claimRank {
			p.claimed, p.claimRank = m.side, rank
		}
	}
}

// rename keeps the name that the best-informed system gives, and the others as
// aliases.
func (c *cast) rename(p *member, name string, rank int) {
	old := p.p.Name
	switch {
	case foldName(old) == foldName(name):
		if rank > p.rank {
			p.p.Name = name
		}
		if old != "" {
			return
		}
	case old == "" || rank > p.rank && wholeName(name) || wholeName(name) && !wholeName(old):
		p.p.Name = name
		if old != "" && !slices.Contains(p.p.Aliases, old) {
			p.p.Aliases = append(p.p.Aliases, old)
		}
	case !slices.Contains(p.p.Aliases, name):
		p.p.Aliases = append(p.p.Aliases, name)
	}
	key := foldName(name)
	if !slices.Contains(c.byName[key], p) {
		c.byName[key] = append(c.byName[key], p)
	}
}

// resolve finds the person of a mention within a source, whose members settle
// who is meant by a first name. A person whom only this name tells of is added.
func (c *cast) resolve(m mention, members []*throughline.Person) *throughline.Person {
	m = tidy(m)
	if m.email == "" && (m.name == "" || nobody(m.name)) && m.id == "" {
		return nil
	}
	if m.system == "slack-bot" {
		return nil
	}
	if m.email == "" && c.byID[m.system+" "+m.id] == nil && m.name != "" && !nobody(m.name) {
		if p := c.among(members, m); p != nil {
			return p
		}
	}
	found, several := c.find(m)
	if found != nil {
		return found.p
	}
	if several || m.name == "" || nobody(m.name) {
		return nil
	}
	p := &member{p: &throughline.Person{}}
	c.people = append(c.people, p)
	c.take(p, m)
	return p.p
}

// among is the one person of a source's members whose name this is, whole, the
// first alone, or with an initial ("Ann L."); of everybody where the source names
// no members. It is nil when there are several or none.
func (c *cast) among(members []*throughline.Person, m mention) *throughline.Person {
	whole := wholeName(m.name)
	if whole && len(members) == 0 {
		return nil // find knows better
	}
	var found *throughline.Person
	for _, p := range c.people {
		if conflict(p.side(), m.side) || len(members) > 0 && !slices.Contains(members, p.p) || len(members) == 0 && !wholeName(p.p.Name) {
			continue
		}
		if whole && !slices.Contains(c.byName[foldName(m.name)], p) || !whole && !shortFor(m.name, p.p.Name) {
			continue
		}
		if found != nil {
			return nil
		}
		found = p.p
	}
	return found
}

// shortFor reports whether short is the first word of a name, alone or with the
// initial of the last.
func shortFor(short, name string) bool {
	s, n := strings.Fields(foldName(short)), strings.Fields(foldName(name))
	if len(s) == 0 || len(n) == 0 || s[0] != n[0] {
		return false
	}
	return len(s) == 1 || len(s) == 2 && len(n) > 1 && strings.HasPrefix(n[len(n)-1], s[1])
}

// tidy brings a mention's name and address into the form in which they are
// compared and shown.
func tidy(m mention) mention {
	m.email = strings.ToLower(strings.Trim(strings.TrimSpace(m.email), "<>"))
	if !strings.Contains(m.email, "@") {
		m.email = ""
	}
	name := strings.Join(strings.Fields(strings.Trim(m.name, `"' `)), " ")
	if i := strings.IndexAny(name, "([|"); i > 0 { // "Ann Lee (Acme)", "Ann Lee | Acme"
		name = strings.TrimSpace(name[:i])
	}
	if strings.Contains(name, "@") {
		if m.email == "" {
			m.email = strings.ToLower(name)
		}
		name = ""
	}
	if last, first, ok := strings.Cut(name, ", "); ok && !strings.Contains(first, ",") && len(strings.Fields(first)) <= 2 {
		name = first + " " + last // "Lee, Ann"
	}
	if name == "" && m.email != "" {
		name = nameOf(m.email)
	}
	m.name, m.title = name, strings.TrimSpace(m.title)
	return m
}

// nameOf reads a name off an address of the form first.last@; other addresses
// tell none.
func nameOf(email string) string {
	local, _, _ := strings.Cut(email, "@")
	parts := strings.FieldsFunc(local, func(r rune) bool { return r == '.' || r == '_' })
	if len(parts) != 2 {
		return ""
	}
	for i, p := range parts {
		for _, r := range p {
			if !unicode.IsLetter(r) && r != '-' {
				return ""
			}
		}
		r := []rune(p)
		if len(r) < 2 {
			return ""
		}
		parts[i] = string(unicode.ToUpper(r[0])) + string(r[1:])
	}
	return strings.Join(parts, " ")
}

// wholeName reports whether a name has a first and a last one, and not only the
// last one's initial.
func wholeName(s string) bool {
	words := strings.Fields(foldName(s))
	return len(words) >= 2 && utf8.RuneCountInString(words[len(words)-1]) > 1
}

// foldName is a name without case, accents and punctuation, for comparing.
func foldName(s string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(s)) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), " "):
			b.WriteByte(' ')
		}
	}
	return strings.TrimSpace(b.String())
}

// nobody reports whether a name is what recorders call those they can't name.
func nobody(name string) bool {
	words := strings.Fields(foldName(name))
	if len(words) == 0 {
		return true
	}
	digits := strings.IndexFunc(strings.Join(words, ""), func(r rune) bool { return !unicode.IsDigit(r) }) < 0
	if digits { // a telephone number
		return true
	}
	switch words[0] {
	case "unknown", "unidentified", "speaker", "guest", "participant", "user", "attendee", "inconnu", "desconocido", "unbekannt", "unbekannter",
		"sprecher", "intervenant", "participante", "hablante", "locuteur", "teilnehmer", "gast", "invite", "invitado", "anonymous", "iphone", "ipad", "galaxy", "external", "caller":
		return len(words) == 1 || len(words) == 2 && (isNumber(words[1]) || len(words[1]) == 1 || slices.Contains([]string{"speaker", "user", "caller", "participant", "guest", "sprecher"}, words[1]))
	}
	return false
}

func isNumber(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return !unicode.IsDigit(r) }) < 0
}

func domainOf(email string) string {
	_, d, _ := strings.Cut(email, "@")
	return d
}

// deal puts the whole together: people, their sides, sources with ids and refs.
func (c *collector) deal() *throughline.Deal {
	ct := newCast()
	for _, m := range c.allMentions() {
		if m.email != "" {
			ct.add(m)
		}
	}
	for _, m := range c.allMentions() {
		if m.email == "" {
			ct.add(m)
		}
	}
	d := &throughline.Deal{Notes: c.notes}
	c.settleFacts(d)
	slices.SortStableFunc(c.sources, func(a, b *rawSource) int {
		return cmp.Or(a.at.Compare(b.at), strings.Compare(a.file, b.file), strings.Compare(a.nativeID, b.nativeID))
	})
	members := make([][]*throughline.Person, len(c.sources))
	for i, s := range c.sources {
		for _, m := range s.members {
			if p := ct.resolve(m, nil); p != nil && !slices.Contains(members[i], p) {
				members[i] = append(members[i], p)
			}
		}
	}
	speakers := make([][]*throughline.Person, len(c.sources))
	for i, s := range c.sources {
		speakers[i] = make([]*throughline.Person, len(s.passages))
		for j, p := range s.passages {
			speakers[i][j] = ct.resolve(p.by, members[i])
		}
	}
	ct.sides(d, c)
	count := map[throughline.SourceKind]int{}
	for i, s := range c.sources {
		count[s.kind]++
		src := s.make(fmt.Sprintf("%s%d", idPrefix[s.kind], count[s.kind]), members[i], speakers[i])
		d.Sources = append(d.Sources, src)
	}
	ct.number(d)
	c.roles(d, ct)
	d.Notes = append(d.Notes, ct.notes...)
	d.Problems = c.problems
	return d
}

// idPrefix is how the ids of a kind of source begin.
var idPrefix = map[throughline.SourceKind]string{
	throughline.SourceCall: "c", throughline.SourceEmail: "e", throughline.SourceChat: "s", throughline.SourceCRM: "r", throughline.SourceDocument: "d",
}

func (c *collector) allMentions() []mention {
	ms := slices.Clone(c.mentions)
	for _, m := range []mention{c.stated.ae, c.stated.csm, c.recorded.ae, c.recorded.csm} {
		if !m.none() {
			ms = append(ms, m)
		}
	}
	for _, s := range c.sources {
		ms = append(ms, s.members...)
		for _, p := range s.passages {
			if !p.by.none() {
				ms = append(ms, p.by)
			}
		}
	}
	return ms
}

// settleFacts says what deal is meant: deal.json first, the CRM second.
func (c *collector) settleFacts(d *throughline.Deal) {
	st, rec := c.stated, c.recorded
	d.ID, d.Name = firstOf(st.id, rec.id), firstOf(st.name, rec.name)
	d.Amount, d.Currency = firstOf(st.amount, rec.amount), firstOf(st.currency, rec.currency)
	d.Close, d.Kickoff = firstTime(st.close, rec.close), firstTime(st.kickoff, rec.kickoff)
	d.Seller, d.Customer = company(st.seller, rec.seller), company(st.customer, rec.customer)
	if d.Name == "" {
		d.Name = d.Customer.Name
		if d.Seller.Product != "" && d.Name != "" {
			d.Name += " - " + d.Seller.Product
		}
	}
}

func firstTime(ts ...time.Time) time.Time {
	for _, t := range ts {
		if !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}

// company fills what the first leaves open from the second.
func company(a, b throughline.Company) throughline.Company {
	a.Domain, b.Domain = hostOf(a.Domain), hostOf(b.Domain)
	a.Name, a.Product, a.Domain = firstOf(a.Name, b.Name), firstOf(a.Product, b.Product), firstOf(a.Domain, b.Domain)
	a.Industry, a.Region = firstOf(a.Industry, b.Industry), firstOf(a.Region, b.Region)
	if a.Employees == 0 {
		a.Employees = b.Employees
	}
	return a
}

// sides gives every person a side: as deal.json says, by a domain that a record
// names, as a system says, or by the domain of those whose side is known. What
// was worked out is said.
func (c *cast) sides(d *throughline.Deal, col *collector) {
	domains := map[string]throughline.Side{}
	if d.Seller.Domain != "" {
		domains[d.Seller.Domain] = throughline.SideSeller
	}
	if d.Customer.Domain != "" {
		domains[d.Customer.Domain] = throughline.SideCustomer
	}
	said := len(domains) == 2
	c.learn(domains)
	if !said {
		c.guess(d, col, domains)
	}
	unknown := 0
	for _, p := range c.people {
		p.p.Side = p.stated
		for _, dom := range p.domains {
			if p.p.Side == throughline.SideUnknown {
				p.p.Side = sideOf(domains, dom)
			}
		}
		if p.p.Side == throughline.SideUnknown {
			p.p.Side = p.claimed
		}
		if p.p.Side == throughline.SideUnknown {
			unknown++
		}
	}
	if unknown > 0 {
		c.notes = append(c.notes, fmt.Sprintf("The side of %d of %d people is not known: what they say proves neither a pain nor a promise. A deal.json with the seller's and the customer's domain settles it.", unknown, len(c.people)))
	}
}

// sideOf is the side of the known domain that is nearest to one: itself, the
// longest that it lies under, the longest that lies under it. Where two that are
// as near differ, it is not known.
func sideOf(domains map[string]throughline.Side, dom string) throughline.Side {
	if side := domains[dom]; side != throughline.SideUnknown {
		return side
	}
	above, below := "", map[throughline.Side]bool{}
	for known, side := range domains {
		switch {
		case strings.HasSuffix(dom, "."+known):
			if len(known) > len(above) {
				above = known
			}
		case strings.HasSuffix(known, "."+dom):
			below[side] = true
		}
	}
	if above != "" {
		return domains[above]
	}
	if len(below) == 1 {
		for side := range below {
			return side
		}
	}
	return throughline.SideUnknown
}

// learn takes the domains of people whose side a record says, where all agree.
func (c *cast) learn(domains map[string]throughline.Side) {
	votes := map[string]map[throughline.Side]int{}
	for _, p := range c.people {
		for _, dom := range p.domains {
			if side := p.side(); side != throughline.SideUnknown && !throughline.FreeMail(dom) && sideOf(domains, dom) == throughline.SideUnknown {
				if votes[dom] == nil {
					votes[dom] = map[throughline.Side]int{}
				}
				votes[dom][side]++
			}
		}
	}
	for dom, v := range votes {
		if len(v) == 1 {
			for side := range v {
				domains[dom] = side
			}
		}
	}
}

// guess works the sides out where no record says them. A folder of exports is
// the seller's: a domain that talks among itself in mails or channels is the
// seller's, and of the others the one that most people are of is the customer's.
func (c *cast) guess(d *throughline.Deal, col *collector, domains map[string]throughline.Side) {
	people, alone := map[string]int{}, map[string]int{}
	for _, p := range c.people {
		for _, dom := range p.domains {
			if !throughline.FreeMail(dom) {
				people[dom]++
			}
		}
	}
	for _, s := range col.sources {
		if s.kind == throughline.SourceCRM {
			continue
		}
		among := map[string]bool{}
		for _, m := range s.members {
			if dom := domainOf(tidy(m).email); dom != "" {
				among[dom] = true
			}
		}
		if s.kind == throughline.SourceChat {
			for _, p := range s.passages {
				if found, _ := c.find(tidy(p.by)); found != nil {
					for _, dom := range found.domains {
						among[dom] = true
					}
				}
			}
		}
		if len(among) == 1 {
			for dom := range among {
				alone[dom]++
			}
		}
	}
	c.guessSide(domains, throughline.SideSeller, alone, &d.Seller, "it alone talks among itself")
	c.guessSide(domains, throughline.SideCustomer, people, &d.Customer, "most of the people outside the seller's company are of it")
}

// guessSide picks the domain with the most votes that has no side yet, unless
// the side has one.
func (c *cast) guessSide(domains map[string]throughline.Side, side throughline.Side, votes map[string]int, co *throughline.Company, why string) {
	known := slices.DeleteFunc(slices.Sorted(maps.Keys(domains)), func(dom string) bool { return domains[dom] != side })
	if len(known) > 0 {
		if co.Domain == "" {
			co.Domain = slices.MaxFunc(known, func(a, b string) int { return cmp.Or(votes[a]-votes[b], strings.Compare(b, a)) })
		}
		return
	}
	if side == throughline.SideCustomer && len(domains) == 0 {
		return // with nobody known to sell, nobody is known to buy
	}
	best, second := "", 0
	for _, dom := range slices.Sorted(maps.Keys(votes)) {
		if sideOf(domains, dom) != throughline.SideUnknown || throughline.FreeMail(dom) {
			continue
		}
		if best == "" || votes[dom] > votes[best] {
			if best != "" {
				second = votes[best]
			}
			best = dom
		} else {
			second = max(second, votes[dom])
		}
	}
	if best == "" || votes[best] == second {
		return
	}
	domains[best] = side
	if co.Domain == "" {
		co.Domain = best
	}
	c.notes = append(c.notes, fmt.Sprintf("No record says who %s: %s was taken for the %s, since %s.", map[throughline.Side]string{
		throughline.SideSeller: "sells", throughline.SideCustomer: "buys",
	}[side], best, side, why))
}

// number gives people their ids: the seller's first, then the customer's, in
// order of name, without those who take no part in anything and whom no record
// of the deal names.
func (c *cast) number(d *throughline.Deal) {
	for _, p := range c.people {
		if p.p.Name == "" {
			p.p.Name = p.p.Email
		}
		if p.p.Name != "" {
			d.People = append(d.People, p.p)
		}
	}
	order := map[throughline.Side]int{throughline.SideSeller: 0, throughline.SideCustomer: 1, throughline.SideUnknown: 2}
	slices.SortStableFunc(d.People, func(a, b *throughline.Person) int {
		return cmp.Or(order[a.Side]-order[b.Side], strings.Compare(a.Name, b.Name), strings.Compare(a.Email, b.Email))
	})
	for i, p := range d.People {
		p.ID = fmt.Sprintf("p%d", i+1)
	}
}

// roles names the AE, the CSM and the SEs.
func (c *collector) roles(d *throughline.Deal, ct *cast) {
	person := func(ms ...mention) *throughline.Person {
		for _, m := range ms {
			if found, _ := ct.find(tidy(m)); found != nil && !m.none() {
				return found.p
			}
		}
		return nil
	}
	d.AE, d.CSM = person(c.stated.ae, c.recorded.ae), person(c.stated.csm, c.recorded.csm)
	for _, p := range d.People {
		title := " " + foldName(p.Title) + " "
		switch {
		case p == d.AE:
			p.Role = "AE"
		case p == d.CSM:
			p.Role = "CSM"
		case p.Side != throughline.SideSeller || p.Role != "":
		case contains(title, "solutions engineer", "solution engineer", "sales engineer", "solutions consultant", "solution consultant", "presales", "pre sales",
			"solutions architect", "solution architect", "ingenieur avant vente", "avant vente", "preventa", "vertriebsingenieur"):
			p.Role = "SE"
		case contains(title, "customer success", "csm"):
			p.Role = "CSM"
		case contains(title, "account executive"):
			p.Role = "AE"
		}
	}
	if d.AE == nil {
		d.AE = only(d, "AE", "account executive")
	}
	if d.CSM == nil {
		d.CSM = only(d, "CSM", "customer success manager")
	}
}

func contains(s string, parts ...string) bool {
	return slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(s, p) })
}

// only is the one person of the seller's with the role, by what the title says;
// nil, with nothing guessed, when there are several.
func only(d *throughline.Deal, role, what string) *throughline.Person {
	var found *throughline.Person
	for _, p := range d.People {
		if p.Side != throughline.SideSeller || p.Role != role {
			continue
		}
		if found != nil {
			return nil
		}
		found = p
	}
	if found != nil {
		d.Notes = append(d.Notes, fmt.Sprintf("No record names the %s: %s was taken, the only %s by title.", role, found.Name, what))
	}
	return found
}

// make turns a raw source into one of the deal's, its people known.
func (s *rawSource) make(id string, members, speakers []*throughline.Person) *throughline.Source {
	src := &throughline.Source{
		ID: id, Kind: s.kind, Title: s.title, NativeID: s.nativeID, File: s.file, URL: s.url, At: s.at, Duration: s.duration, Language: s.language,
		Shared: s.shared, Private: s.private, NotEvidence: s.notEvidence,
	}
	keep := func(p *throughline.Person) {
		if p != nil && !slices.Contains(src.People, p) {
			src.People = append(src.People, p)
		}
	}
	for _, p := range members {
		keep(p)
	}
	if s.kind != throughline.SourceEmail || len(members) == 0 { // whom a mail quotes or forwards is no party to it
		for _, p := range speakers {
			keep(p)
		}
	}
	src.Internal = s.internal(src.People)
	refs := map[string]string{}
	for i, raw := range s.passages {
		p := &throughline.Passage{
			Ref: fmt.Sprintf("%s.%d", id, i+1), Source: src, Index: i, Text: raw.text, Label: raw.label, Speaker: speakers[i], Name: raw.by.name,
			At: raw.at, Offset: raw.offset, Marks: raw.marks, URL: raw.url, History: raw.history,
		}
		if p.Speaker != nil {
			p.Name = p.Speaker.Name
		}
		if p.At.IsZero() {
			p.At = s.at
		}
		if raw.key != "" && refs[raw.key] == "" {
			refs[raw.key] = p.Ref
		}
		p.Thread = refs[raw.replyTo]
		src.Passages = append(src.Passages, p)
	}
	s.heard(src, members)
	if src.Language == "" {
		src.Language = languageOf(src)
	}
	return src
}

// internal reports whether nobody of the customer's was party to a source. Where
// somebody's side is unknown, it is not internal: they may be the customer's.
func (s *rawSource) internal(people []*throughline.Person) bool {
	if s.sellerOnly {
		return true
	}
	if s.shared {
		return false
	}
	for _, p := range people {
		if p.Side != throughline.SideSeller {
			return false
		}
	}
	return len(people) > 0
}

// heard says of each passage who is known to have seen or heard it. Of a call a
// person counts from their first turn to their last; sender and recipients see a
// mail; a channel's members see its messages; of records and documents only who
// wrote them is known.
func (s *rawSource) heard(src *throughline.Source, members []*throughline.Person) {
	switch s.kind {
	case throughline.SourceCall:
		first, last := map[*throughline.Person]int{}, map[*throughline.Person]int{}
		for i, p := range src.Passages {
			if p.Speaker == nil {
				continue
			}
			if _, ok := first[p.Speaker]; !ok {
				first[p.Speaker] = i
			}
			last[p.Speaker] = i
		}
		for i, p := range src.Passages {
			for _, who := range src.People {
				if f, ok := first[who]; ok && f <= i && i <= last[who] {
					p.Heard = append(p.Heard, who)
				}
			}
		}
	case throughline.SourceEmail:
		for _, p := range src.Passages {
			p.Heard = slices.Clone(members)
			if p.Speaker != nil && !slices.Contains(p.Heard, p.Speaker) {
				p.Heard = append(p.Heard, p.Speaker)
			}
		}
	case throughline.SourceChat:
		for _, p := range src.Passages {
			p.Heard = src.People
		}
	default:
		for _, p := range src.Passages {
			if p.Speaker != nil {
				p.Heard = []*throughline.Person{p.Speaker}
			}
		}
	}
}
