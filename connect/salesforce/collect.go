package salesforce

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"throughline/connect"
	"throughline/won"
)

// Collect reads the opportunity with the id and all that belongs to it, saves it
// below dir as [Deal.Save] does, and tells what other systems need to know to find
// the rest of the deal. It errs where the opportunity itself can't be read or
// nothing can be saved; what is missing in part is told by the gaps.
func (o *Org) Collect(ctx context.Context, id, dir string) (*connect.Record, []connect.Gap, error) {
	d, err := o.Read(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	if err := d.Save(dir); err != nil {
		return nil, nil, err
	}
	return d.record(), plainGaps(d.Gaps), nil
}

// plainGaps are gaps as every connector tells them.
func plainGaps(gaps []Gap) []connect.Gap {
	var out []connect.Gap
	for _, g := range gaps {
		out = append(out, connect.Gap{System: vendor, What: g.plain(), Optional: g.Optional})
	}
	return out
}

// record is what the deal's records tell of it.
func (d *Deal) record() *connect.Record {
	opp := d.Opportunity
	r := &connect.Record{
		ID: d.ID, Name: opp.text("Name"), Account: opp.text("AccountId"), Customer: d.Account.text("Name"), CloseDate: opp.text("CloseDate"), Kickoff: d.Kickoff,
		AE: d.emailOf(d.AE), CSM: d.emailOf(d.CSM), Opened: d.opened(), Closed: d.closed(), Links: d.links(), Fields: map[string]string{},
	}
	if won, told := opp["IsWon"].(bool); told {
		r.NotWon = !won
	}
	for _, u := range d.Users {
		r.Sellers = connect.AddAddress(r.Sellers, u.text("Email"))
		if id := u.text("Id"); id == d.AE || id == d.CSM {
			r.Managers = connect.AddAddress(r.Managers, u.inner("Manager").text("Email"))
		}
	}
	for _, email := range d.customers() {
		if !slices.Contains(r.Sellers, strings.ToLower(email)) && !connect.OfCompany(email, d.seller.Domain) {
			r.Contacts = connect.AddAddress(r.Contacts, email)
		}
	}
	r.Domains = d.domains(r.Contacts)
	for name := range opp {
		if text := opp.text(name); text != "" && d.holdsText("Opportunity", name) {
			r.Fields[name] = text
		}
	}
	for _, desc := range d.descriptions {
		if page := desc.URLs["uiDetailTemplate"]; desc.Name == "Opportunity" && strings.HasPrefix(page, "http") {
			r.URL = strings.ReplaceAll(page, "{ID}", d.ID)
		}
	}
	return r
}

// emailOf is a user's address in lower case; empty where the user was not read.
func (d *Deal) emailOf(user string) string {
	for _, u := range d.Users {
		if user != "" && u.text("Id") == user {
			return strings.ToLower(u.text("Email"))
		}
	}
	return ""
}

// customers are the addresses of contacts, those with a role first, and of the
// account where it is a person.
func (d *Deal) customers() []string {
	var out []string
	withRole := func(c Record) bool {
		return slices.ContainsFunc(d.Roles, func(r Record) bool { return r.text("ContactId") == c.text("Id") })
	}
	for _, first := range []bool{true, false} {
		for _, c := range d.Contacts {
			if withRole(c) == first {
				out = append(out, c.text("Email"))
			}
		}
	}
	return append(out, d.Account.text("PersonEmail"))
}

// domains are the customer's: of its web site, and of its people's addresses.
func (d *Deal) domains(contacts []string) []string {
	return connect.CustomerDomains(append([]string{d.Account.text("Website")}, contacts...), d.seller.Domain)
}

// opened is when the deal's record was made; its history may go back further,
// where records were moved in from another system.
func (d *Deal) opened() time.Time {
	at := when(d.Opportunity.text("CreatedDate"))
	for _, h := range d.History {
		if t := when(h.text("CreatedDate")); !t.IsZero() && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	return at
}

// closed is when the deal was won as its history tells, else the day on which it
// was to close.
func (d *Deal) closed() time.Time {
	w := won.Win{ID: d.ID, CloseDate: d.Opportunity.text("CloseDate")}
	if isWon, _ := d.Opportunity["IsWon"].(bool); isWon {
		w.Date(moves(d.ID, d.Opportunity.text("StageName"), d.History, wonStages(d.stages)))
		return w.WonAt
	}
	at, err := time.Parse(time.DateOnly, w.CloseDate)
	if err != nil {
		return time.Time{}
	}
	return at
}

// textTypes are the types of fields in which people write.
var textTypes = []string{"string", "textarea", "url", "picklist", "multipicklist", "combobox", "email", "phone"}

// holdsText reports whether people write in a field. Of an object that describes
// nothing, every field may be one.
func (d *Deal) holdsText(object, field string) bool {
	for _, desc := range d.descriptions {
		if desc.Name != object {
			continue
		}
		return slices.ContainsFunc(desc.Fields, func(f fieldDescription) bool { return f.Name == field && slices.Contains(textTypes, f.Type) })
	}
	return field != "Id" && !strings.HasSuffix(field, "Id")
}

// links are the web addresses in the record, its account, notes and activities,
// each once.
func (d *Deal) links() []string {
	var out []string
	for _, one := range []struct {
		object string
		rec    Record
	}{{"Opportunity", d.Opportunity}, {"Account", d.Account}} {
		for _, name := range sortedNames(one.rec) {
			if d.holdsText(one.object, name) {
				out = connect.AddLinks(out, one.rec.text(name))
			}
		}
	}
	for _, rec := range slices.Concat(d.Notes, d.Tasks, d.Events) {
		for _, name := range []string{"Title", "Subject", "Body", "Description", "Location"} {
			out = connect.AddLinks(out, rec.text(name))
		}
	}
	for _, note := range d.LightningNotes {
		out = connect.AddLinks(out, noteText(note))
	}
	return out
}

// objectWords say in plain words what an object holds.
var objectWords = map[string]string{
	"Account": "the customer's record", "Contact": "contacts", "OpportunityContactRole": "contact roles", "OpportunityTeamMember": "the opportunity team",
	"User": "the seller's people", "OpportunityHistory": "the history of stages", "OpportunityFieldHistory": "the history of fields", "Task": "tasks", "Event": "events",
	"EmailMessage": "emails", "Note": "notes of the old kind", "ContentDocumentLink": "files and notes made in Lightning", "OpportunityStage": "which stages count as won",
}

// plain says what is missing, why, and what to do.
func (g Gap) plain() string {
	what := cmp.Or(objectWords[g.Object], g.Object)
	switch {
	case g.Name != "":
		what = fmt.Sprintf("the file or note %q could not be read", g.Name)
	case g.Field == labelsOf:
		what = "what the fields of " + g.Object + " are called could not be read"
	case g.Field != "":
		what = "the field " + g.Object + "." + g.Field + " could not be read"
	case g.Partly:
		what = "not all could be read of " + what
	default:
		what += " could not be read"
	}
	why := g.Err.Message
	if why == "" && g.Err.Err != nil {
		why = g.Err.Err.Error()
	}
	if why == "" && g.Err.Status != 0 {
		why = fmt.Sprintf("Salesforce answered with HTTP %d", g.Err.Status)
	}
	if why != "" {
		what += ": " + why
	}
	if g.Err.Advice != "" {
		what += "; " + g.Err.Advice
	}
	return what
}
