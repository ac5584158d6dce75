package salesforce

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"throughline"
	"throughline/connect"
)

// A Deal is what Salesforce holds of one deal, as it was read.
type Deal struct {
	ID       string // of the opportunity, as its record has it
	Instance string // the address of the org, "https://example.my.salesforce.com"

	Opportunity, Account Record
	Contacts             []Record // of the roles, of the activities, and of the account
	Roles                []Record // OpportunityContactRole
	Team                 []Record // OpportunityTeamMember
	Users                []Record // whoever owns or wrote something of the deal
	History              []Record // OpportunityHistory: stages and amounts
	Changes              []Record // OpportunityFieldHistory: the fields that the org tracks
	Tasks, Events        []Record
	Notes                []Record // of the old kind
	LightningNotes       []Record // ContentNote, with Content filled in
	Emails               []Record // EmailMessage
	Files                []File   // of the kinds that can be read

	// AE and CSM are users by id; empty where the record names none.
	AE, CSM string

	// Kickoff is a day, "2026-10-06", or a moment by RFC 3339; empty where the record
	// names none.
	Kickoff string

	Gaps []Gap

	descriptions []description
	stages       []Record            // OpportunityStage
	seller       throughline.Company // as configured
}

// A File is a file's newest version.
type File struct {
	Name string // with its extension, as people see it
	ID   string // of the document
	Data []byte
}

// A Gap is something of the deal that could not be read.
type Gap struct {
	Object   string // "EmailMessage"
	Field    string // where it is one field only
	Record   string // where it is one record only: its id
	Name     string // of a file, as people see it
	Partly   bool   // some of the object's records were read
	Optional bool   // many orgs have none of this
	Err      *connect.Error
}

// labelsOf stands for all fields of an object in a gap: their labels are missing.
const labelsOf = "(labels)"

func (g Gap) String() string {
	var b strings.Builder
	b.WriteString(g.Object)
	if g.Field != "" {
		b.WriteString("." + g.Field)
	}
	if g.Record != "" {
		b.WriteString(" " + g.Record)
	}
	if g.Name != "" {
		fmt.Fprintf(&b, " (%s)", g.Name)
	}
	if g.Partly {
		b.WriteString(": not all could be read")
	}
	return b.String() + ": " + g.Err.Error()
}

// The fields that are read, where not all are.
var (
	roleFields    = []string{"Id", "OpportunityId", "ContactId", "Role", "IsPrimary"}
	contactFields = []string{"Id", "AccountId", "Name", "FirstName", "LastName", "Title", "Email"}
	userFields    = []string{"Id", "Name", "FirstName", "LastName", "Title", "Email", managerField}
	teamFields    = []string{"Id", "OpportunityId", "UserId", "TeamMemberRole"}
	historyFields = []string{"Id", "OpportunityId", "StageName", "Amount", "Probability", "CloseDate", "ForecastCategory", "CreatedById", "CreatedDate"}
	changeFields  = []string{"Id", "OpportunityId", "Field", "OldValue", "NewValue", "CreatedById", "CreatedDate"}
	taskFields    = []string{"Id", "WhatId", "WhoId", "Subject", "Description", "Status", "ActivityDate", "OwnerId", "CreatedDate"}
	eventFields   = []string{"Id", "WhatId", "WhoId", "Subject", "Description", "Location", "ActivityDate", "OwnerId", "CreatedDate"}
	noteFields    = []string{"Id", "ParentId", "Title", "Body", "OwnerId", "CreatedDate"}
	emailFields   = []string{
		"Id", "RelatedToId", "ActivityId", "Subject", "TextBody", "HtmlBody", "FromName", "FromAddress", "ToAddress", "CcAddress", "Incoming", "MessageDate",
		"MessageIdentifier", "ReplyToEmailMessageId", "CreatedDate",
	}
	linkFields = []string{
		"Id", "LinkedEntityId", "ContentDocumentId", "ContentDocument.Title", "ContentDocument.FileType", "ContentDocument.FileExtension",
		"ContentDocument.ContentSize", "ContentDocument.LatestPublishedVersionId", "ContentDocument.OwnerId", "ContentDocument.CreatedDate",
	}
)

// managerField is where a user's record names the manager. Orgs that keep no such order
// lose nothing that a handoff is made of.
const managerField = "Manager.Email"

// optionalFields are those of an object without which nothing of the deal is missing.
var optionalFields = map[string]bool{"User." + managerField: true, "Task." + completedField: true}

// mostContacts bounds how many contacts are read of an account that has many.
const mostContacts = 500

// Read reads the opportunity with the id and all that belongs to it. It errs
// where the opportunity itself can't be read; what else can't be is told by the
// deal's gaps.
func (o *Org) Read(ctx context.Context, id string) (*Deal, error) {
	if !recordID.MatchString(id) {
		return nil, &connect.Error{Vendor: vendor, Op: "read Opportunity", Message: "not a record id: one has 15 or 18 letters and digits", Advice: "take the id from the opportunity's address"}
	}
	d := &Deal{seller: o.cfg.Seller}
	for _, step := range []func(context.Context, *Deal, string) error{o.readOpportunity, o.readAround, o.readUsers, o.readFiles} {
		if err := step(ctx, d, id); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// readOpportunity makes the first call: the record, what its fields are called,
// and what hangs on its id.
func (o *Org) readOpportunity(ctx context.Context, d *Deal, id string) error {
	of := func(field string) string { return "WHERE " + field + " = " + quote(id) }
	wishes := []wish{
		{name: "opportunity", object: "Opportunity", path: "sobjects/Opportunity/" + id},
		{name: "opportunityFields", object: "Opportunity", path: "sobjects/Opportunity/describe"},
		{name: "accountFields", object: "Account", path: "sobjects/Account/describe"},
		{name: "roles", object: "OpportunityContactRole", fields: roleFields, rest: of("OpportunityId") + " ORDER BY CreatedDate, Id"},
		{name: "history", object: "OpportunityHistory", fields: historyFields, rest: of("OpportunityId") + " ORDER BY CreatedDate, Id"},
		{name: "changes", object: "OpportunityFieldHistory", fields: changeFields, rest: of("OpportunityId") + " ORDER BY CreatedDate, Id", optional: true},
		{name: "tasks", object: "Task", fields: taskFields, rest: of("WhatId") + " AND IsDeleted = false ORDER BY ActivityDate, Id", all: true},
		{name: "events", object: "Event", fields: eventFields, rest: of("WhatId") + " AND IsDeleted = false ORDER BY ActivityDate, Id", all: true},
	}
	got, refused, err := o.ask(ctx, "read the opportunity", wishes)
	if err != nil {
		return err
	}
	if e := refused["opportunity"]; e != nil {
		return e
	}
	if err := json.Unmarshal(got["opportunity"], &d.Opportunity); err != nil || d.Opportunity.text("Id") == "" {
		return &connect.Error{Vendor: vendor, Op: "read Opportunity", Message: "the answer is not a record"}
	}
	d.ID = d.Opportunity.text("Id")
	// Our own words must not come back as the deal's.
	maps.DeleteFunc(d.Opportunity, func(field string, _ any) bool { return o.cfg.Writing.owns(field) })
	for _, w := range wishes[1:3] {
		var desc description
		if e := refused[w.name]; e != nil {
			d.Gaps = append(d.Gaps, Gap{Object: w.object, Field: labelsOf, Err: e})
		} else if json.Unmarshal(got[w.name], &desc) == nil {
			d.descriptions = append(d.descriptions, desc)
		}
	}
	for i, to := range []*[]Record{&d.Roles, &d.History, &d.Changes, &d.Tasks, &d.Events} {
		o.keep(ctx, d, to, wishes[3+i], got, refused)
	}
	d.Changes = slices.DeleteFunc(d.Changes, func(c Record) bool { return o.cfg.Writing.owns(c.text("Field")) })
	d.Tasks = slices.DeleteFunc(d.Tasks, func(t Record) bool {
		_, ours := parseTaskMark(t.text("Description"))
		return ours
	})
	return ctx.Err()
}

// keep puts the records of a wish into the deal, and its gaps.
func (o *Org) keep(ctx context.Context, d *Deal, to *[]Record, w wish, got answers, refused map[string]*connect.Error) {
	var gaps []Gap
	*to, gaps = o.records(ctx, w, got, refused)
	d.Gaps = append(d.Gaps, gaps...)
}

// readAround makes the second call: the account, the people, what was written.
func (o *Org) readAround(ctx context.Context, d *Deal, _ string) error {
	account := d.Opportunity.text("AccountId")
	parents := []string{d.ID}
	var wishes []wish
	if account != "" {
		parents = append(parents, account)
		wishes = append(wishes, wish{name: "account", object: "Account", path: "sobjects/Account/" + account})
	}
	queries := []struct {
		to *[]Record
		w  wish
	}{
		{&d.Emails, wish{name: "emails", object: "EmailMessage", fields: emailFields, rest: "WHERE RelatedToId = " + quote(d.ID) + " ORDER BY MessageDate, Id"}},
		{&d.Notes, wish{name: "notes", object: "Note", fields: noteFields, rest: "WHERE ParentId IN " + quotes(parents) + " ORDER BY CreatedDate, Id"}},
		{&d.LightningNotes, wish{name: "links", object: "ContentDocumentLink", fields: linkFields, rest: "WHERE LinkedEntityId IN " + quotes(parents)}},
		{&d.Team, wish{name: "team", object: "OpportunityTeamMember", fields: teamFields, rest: "WHERE OpportunityId = " + quote(d.ID), optional: true}},
	}
	for _, q := range queries {
		wishes = append(wishes, q.w)
	}
	if who := d.contactFilter(account); who != "" {
		people := wish{name: "contacts", object: "Contact", fields: contactFields, rest: fmt.Sprintf("WHERE %s ORDER BY CreatedDate, Id LIMIT %d", who, mostContacts)}
		wishes = append(wishes, people)
		queries = append(queries, struct {
			to *[]Record
			w  wish
		}{&d.Contacts, people})
	}
	got, refused, err := o.ask(ctx, "read what belongs to the opportunity", wishes)
	if err != nil {
		return err
	}
	if e := refused["account"]; e != nil {
		d.Gaps = append(d.Gaps, Gap{Object: "Account", Record: account, Err: e})
	} else if account != "" && json.Unmarshal(got["account"], &d.Account) != nil {
		d.Account = nil
	}
	for _, q := range queries {
		o.keep(ctx, d, q.to, q.w, got, refused)
	}
	if len(d.Contacts) == mostContacts {
		d.Gaps = append(d.Gaps, Gap{Object: "Contact", Partly: true, Err: &connect.Error{Vendor: vendor, Op: "query Contact", Message: fmt.Sprintf("the account has more than %d contacts; those created first are read", mostContacts)}})
	}
	d.dropMailedTasks()
	return ctx.Err()
}

// contactFilter says which contacts belong to the deal: those with a role or in
// an activity, and the account's.
func (d *Deal) contactFilter(account string) string {
	var ids []string
	add := func(id string) {
		if strings.HasPrefix(id, "003") && recordID.MatchString(id) && !slices.Contains(ids, id) && len(ids) < mostContacts {
			ids = append(ids, id)
		}
	}
	for _, r := range d.Roles {
		add(r.text("ContactId"))
	}
	for _, r := range slices.Concat(d.Tasks, d.Events) {
		add(r.text("WhoId"))
	}
	switch {
	case account != "" && len(ids) > 0:
		return "AccountId = " + quote(account) + " OR Id IN " + quotes(ids)
	case account != "":
		return "AccountId = " + quote(account)
	case len(ids) > 0:
		return "Id IN " + quotes(ids)
	}
	return ""
}

// dropMailedTasks leaves out the tasks that Salesforce keeps beside its emails:
// they repeat what the email says.
func (d *Deal) dropMailedTasks() {
	mailed := map[string]bool{}
	for _, e := range d.Emails {
		mailed[e.text("ActivityId")] = true
	}
	d.Tasks = slices.DeleteFunc(d.Tasks, func(t Record) bool { return mailed[t.text("Id")] })
}

// One call asks for the stages and for up to four times 300 users.
const (
	userBatch   = 300
	userBatches = 4
)

// readUsers makes the third call: whoever the records name, and which stages
// count as won.
func (o *Org) readUsers(ctx context.Context, d *Deal, _ string) error {
	d.AE = o.lookup(d, o.cfg.AEField, d.Opportunity.text("OwnerId"))
	d.CSM = o.lookup(d, o.cfg.CSMField, "")
	d.Kickoff = o.kickoff(d)
	wishes := []wish{stagesWish}
	ask := func() error {
		got, refused, err := o.ask(ctx, "read the seller's people", wishes)
		if err != nil {
			return err
		}
		for _, w := range wishes {
			var found []Record
			o.keep(ctx, d, &found, w, got, refused)
			if w.object == stagesWish.object {
				d.stages = found
			} else {
				d.Users = append(d.Users, found...)
			}
		}
		wishes = nil
		return nil
	}
	for batch := range slices.Chunk(d.userIDs(), userBatch) {
		wishes = append(wishes, wish{name: fmt.Sprintf("users%d", len(wishes)), object: "User", fields: userFields, rest: "WHERE Id IN " + quotes(batch) + " ORDER BY Id"})
		if len(wishes) > userBatches {
			if err := ask(); err != nil {
				return err
			}
		}
	}
	if len(wishes) > 0 {
		return ask()
	}
	return nil
}

// lookup is the user id in a configured field. A field that is not there, or is
// hidden, is a gap.
func (o *Org) lookup(d *Deal, field, otherwise string) string {
	if field == "" {
		return otherwise
	}
	rec, object, name := d.Opportunity, "Opportunity", field
	if head, rest, ok := strings.Cut(field, "."); ok {
		object, name = head, rest
		rec = map[string]Record{"Opportunity": d.Opportunity, "Account": d.Account}[head]
	}
	if _, ok := rec[name]; !ok {
		d.Gaps = append(d.Gaps, Gap{Object: object, Field: name, Err: hidden(wish{object: object, path: "-"}, name, http.StatusOK)})
		return otherwise
	}
	if id := rec.text(name); strings.HasPrefix(id, "005") {
		return id
	}
	return otherwise
}

// kickoff is what the configured field holds, where that is a time.
func (o *Org) kickoff(d *Deal) string {
	field := o.cfg.KickoffField
	if field == "" {
		return ""
	}
	if _, ok := d.Opportunity[field]; !ok {
		d.Gaps = append(d.Gaps, Gap{Object: "Opportunity", Field: field, Err: hidden(wish{object: "Opportunity", path: "-"}, field, http.StatusOK)})
		return ""
	}
	text := d.Opportunity.text(field)
	if _, err := time.Parse(time.DateOnly, text); err == nil {
		return text
	}
	if at := when(text); !at.IsZero() {
		return at.Format(time.RFC3339)
	}
	return ""
}

// userIDs are the users whom the deal's records name.
func (d *Deal) userIDs() []string {
	var ids []string
	add := func(id string) {
		if strings.HasPrefix(id, "005") && recordID.MatchString(id) && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	for _, id := range []string{d.AE, d.CSM} {
		add(id)
	}
	for _, rec := range []Record{d.Opportunity, d.Account} {
		for _, desc := range d.descriptions {
			for _, f := range desc.Fields {
				if f.Type == "reference" && (f.Custom || f.Name == "OwnerId") {
					add(rec.text(f.Name))
				}
			}
		}
	}
	for _, list := range [][]Record{d.Team, d.History, d.Changes, d.Tasks, d.Events, d.Notes} {
		for _, rec := range list {
			for _, field := range []string{"UserId", "OwnerId", "CreatedById"} {
				add(rec.text(field))
			}
		}
	}
	for _, link := range d.LightningNotes {
		add(link.inner("ContentDocument").text("OwnerId"))
	}
	return ids
}
