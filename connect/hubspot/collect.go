package hubspot

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"throughline/connect"
	"throughline/won"
)

// Collect reads the deal with the id and all that belongs to it, saves it below dir
// as [Deal.Save] does, and tells what other systems need to know to find the rest of
// the deal. It errs where the deal itself can't be read or nothing can be saved; what
// is missing in part is told by the gaps.
func (p *Portal) Collect(ctx context.Context, id, dir string) (*connect.Record, []connect.Gap, error) {
	d, err := p.Read(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	if err := d.Save(dir); err != nil {
		return nil, nil, err
	}
	return d.record(), d.Gaps, nil
}

// record is what the deal's records tell of it.
func (d *Deal) record() *connect.Record {
	r := &connect.Record{
		ID: d.ID, Name: d.Record.text("dealname"), CloseDate: day(d.Record.text("closedate")), AE: d.emailOf(d.AE), CSM: d.emailOf(d.CSM), Kickoff: d.Kickoff,
		Opened: d.opened(), Closed: d.closed(), Links: d.links(), Fields: map[string]string{}, URL: webPage(d.Record.URL),
	}
	if d.Company != nil {
		r.Account, r.Customer = d.Company.ID, d.Company.text("name")
	}
	if won := d.Record.text("hs_is_closed_won"); won != "" {
		r.NotWon = won != "true"
	}
	for _, o := range d.Owners {
		r.Sellers = connect.AddAddress(r.Sellers, o.Email)
	}
	for _, email := range d.customers() {
		if !slices.Contains(r.Sellers, strings.ToLower(email)) && !connect.OfCompany(email, d.seller.Domain) {
			r.Contacts = connect.AddAddress(r.Contacts, email)
		}
	}
	r.Domains = d.domains(r.Contacts)
	for name := range d.Record.Properties {
		if text := d.Record.text(name); text != "" && d.holdsText(name) {
			r.Fields[name] = text
		}
	}
	return r
}

// webPage is an address that a person may open; empty for another.
func webPage(address string) string {
	if strings.HasPrefix(address, "https://") {
		return address
	}
	return ""
}

// emailOf is the address of an owner in lower case; empty where they were not read.
func (d *Deal) emailOf(who string) string {
	if strings.Contains(who, "@") {
		return strings.ToLower(who)
	}
	o, _ := d.ownerOf(who)
	return strings.ToLower(o.Email)
}

// customers are the addresses of the contacts, those with a role first.
func (d *Deal) customers() []string {
	var out []string
	for _, first := range []bool{true, false} {
		for _, c := range d.Contacts {
			if (c.text("hs_buying_role") != "" || c.labelled()) == first {
				out = append(out, c.text("email"))
			}
		}
	}
	return out
}

// labelled reports whether a contact's tie to the deal says what they are to it.
func (r Record) labelled() bool {
	return slices.ContainsFunc(r.Associations["deals"].Results, func(a association) bool {
		return slices.ContainsFunc(a.Types, func(t associationType) bool { return t.Label != "" })
	})
}

// domains are the customer's: of its web site, and of its people's addresses.
func (d *Deal) domains(contacts []string) []string {
	addresses := contacts
	if d.Company != nil {
		addresses = append([]string{d.Company.text("domain"), d.Company.text("website")}, contacts...)
	}
	return connect.CustomerDomains(addresses, d.seller.Domain)
}

// opened is when the deal was made; its history may go back further, where records
// were moved in from another system.
func (d *Deal) opened() time.Time {
	at := when(d.Record.text("createdate"))
	for _, h := range d.Record.History["dealstage"] {
		if t := when(h.Timestamp); !t.IsZero() && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	return at
}

// closed is when the deal was won as its history tells, else the day on which it
// was to close.
func (d *Deal) closed() time.Time {
	if d.Record.text("hs_is_closed_won") == "true" {
		return winOf(d.Record, wonStages(d.pipelines)).WonAt
	}
	at, err := time.Parse(time.DateOnly, day(d.Record.text("closedate")))
	if err != nil {
		return time.Time{}
	}
	return at
}

// holdsText reports whether people write in a property of the deal, or choose a
// value.
func (d *Deal) holdsText(name string) bool {
	for _, p := range d.properties {
		if p.Name == name {
			return p.Type == "string" || p.Type == "enumeration" || p.Type == "phone_number"
		}
	}
	return !strings.HasPrefix(name, "hs_") && !strings.HasSuffix(name, "_id")
}

// links are the web addresses in the deal, its company, and its timeline but for
// emails, each once.
func (d *Deal) links() []string {
	var out []string
	records := []Record{d.Record}
	if d.Company != nil {
		records = append(records, *d.Company)
	}
	for _, rec := range slices.Concat(records, d.Notes, d.Tasks, d.Calls, d.Meetings) {
		for _, name := range slices.Sorted(maps.Keys(rec.Properties)) {
			out = connect.AddLinks(out, rec.text(name))
		}
	}
	return out
}

// winOf is a deal that stands as won, dated by the history of its stage. A stage
// that the account no longer has counts as won only where the deal is in it now.
func winOf(r Record, wonStage map[string]bool) won.Win {
	w := won.Win{
		ID: r.ID, Name: r.text("dealname"), Owner: r.text("hubspot_owner_id"), Stage: r.text("dealstage"), Type: r.text("dealtype"), Amount: amount(r.text("amount")),
		CloseDate: day(r.text("closedate")), Changed: when(r.text("hs_lastmodifieddate")),
	}
	var moves []won.Event
	for _, h := range r.History["dealstage"] {
		at := when(h.Timestamp)
		if at.IsZero() {
			continue
		}
		isWon, known := wonStage[h.Value]
		if !known {
			isWon = h.Value == w.Stage
		}
		moves = append(moves, won.Event{Deal: w.ID, At: at, Won: isWon})
	}
	w.Date(moves)
	return w
}
