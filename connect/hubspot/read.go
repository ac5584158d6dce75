package hubspot

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"throughline"
	"throughline/connect"
)

// A Deal is a deal with what belongs to it.
type Deal struct {
	ID       string
	Record   Record
	Company  *Record // nil where the deal has none
	Contacts []Record
	Notes    []Record
	Tasks    []Record
	Calls    []Record
	Meetings []Record
	Emails   []Record
	Owners   []owner // whom the records name
	Files    []File

	AE, CSM string // of an owner: the id, or an email address; empty where not known
	// Kickoff is a day, "2026-10-06", or a moment by RFC 3339; empty where the record
	// does not tell.
	Kickoff string
	Gaps    []connect.Gap

	properties []property // of deals
	pipelines  []pipeline
	seller     throughline.Company
	writing    *Writing
}

// What is read, by type of object.
var (
	dealProperties = strings.Fields("dealname dealstage pipeline amount deal_currency_code closedate createdate hubspot_owner_id dealtype description closed_won_reason " +
		"hs_next_step hs_is_closed hs_is_closed_won hs_lastmodifieddate hs_object_id")
	companyProperties = strings.Fields("name domain website industry numberofemployees country state city description about_us")
	contactProperties = strings.Fields("firstname lastname email jobtitle hs_buying_role")
	activities        = []activity{
		{"notes", "notes", strings.Fields("hs_note_body hs_timestamp hubspot_owner_id hs_attachment_ids")},
		{"tasks", "tasks", strings.Fields("hs_task_subject hs_task_body hs_task_status hs_timestamp hubspot_owner_id hs_attachment_ids")},
		{"calls", "logged calls", strings.Fields("hs_call_title hs_call_body hs_call_duration hs_timestamp hubspot_owner_id hs_attachment_ids")},
		{"meetings", "meetings", strings.Fields("hs_meeting_title hs_meeting_body hs_timestamp hubspot_owner_id hs_attachment_ids")},
		{"emails", "emails", strings.Fields("hs_email_subject hs_email_text hs_email_html hs_email_direction hs_email_headers hs_email_from_email hs_email_from_firstname " +
			"hs_email_from_lastname hs_email_to_email hs_email_cc_email hs_email_message_id hs_email_thread_id hs_timestamp hubspot_owner_id hs_attachment_ids")},
	}
)

// An activity is a type of object that stands on a deal's timeline.
type activity struct {
	kind, words string
	properties  []string
}

// list is where a deal keeps the records of a type.
func (d *Deal) list(kind string) *[]Record {
	return map[string]*[]Record{"notes": &d.Notes, "tasks": &d.Tasks, "calls": &d.Calls, "meetings": &d.Meetings, "emails": &d.Emails, "contacts": &d.Contacts}[kind]
}

// Limits on what is asked for at once, and what is read of a type.
const (
	perBatch    = 100   // of records by id
	withHistory = 50    // of those with a property's history
	mostOfType  = 1000  // records of a type that are read of a deal
	longestURL  = 4_000 // of the properties named in an address, in bytes
)

// Read reads the deal with the id and all that belongs to it. It errs where the deal
// itself can't be read; what is missing in part is told by the gaps.
func (p *Portal) Read(ctx context.Context, id string) (*Deal, error) {
	if !recordID.MatchString(id) {
		return nil, refused("read the deal", "the id is not that of a deal", "name the record id: the number at the end of the deal's address in HubSpot")
	}
	d := &Deal{seller: p.cfg.Seller, writing: p.cfg.Writing}
	for _, read := range []func(context.Context, *Deal) error{
		func(ctx context.Context, d *Deal) error { return p.readDeal(ctx, d, id) },
		p.readPipelines, p.readCompany, p.readContacts, p.readActivities, p.readFiles, p.readOwners,
	} {
		if err := read(ctx, d); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// gap notes that something could not be read, and lets the rest go on, unless the
// context has ended.
func (d *Deal) gap(ctx context.Context, what string, err error) error {
	if cut(ctx, err) {
		return err
	}
	e := asError(err)
	why := e.Message
	if why == "" && e.Err != nil {
		why = e.Err.Error()
	}
	if e.Advice != "" {
		why += "; " + e.Advice
	}
	d.Gaps = append(d.Gaps, connect.Gap{System: Vendor, What: what + " could not be read: " + why, Pending: e.Temporary})
	return nil
}

// note notes a gap in words.
func (d *Deal) note(format string, args ...any) {
	d.Gaps = append(d.Gaps, connect.Gap{System: Vendor, What: fmt.Sprintf(format, args...)})
}

// readDeal reads the deal with its associations and the history of its stage.
func (p *Portal) readDeal(ctx context.Context, d *Deal, id string) error {
	var err error
	if d.properties, err = p.propertiesOf(ctx, "deals"); err != nil {
		if err := d.gap(ctx, "what properties deals have", err); err != nil {
			return err
		}
	}
	names := p.wanted(dealProperties, d.properties, p.cfg.AEField, p.cfg.CSMField, p.cfg.KickoffField)
	q := url.Values{
		"propertiesWithHistory": {"dealstage"}, "archived": {"false"}, "associations": {"contacts,companies,notes,tasks,calls,meetings,emails"},
		"properties": {strings.Join(names, ",")},
	}
	long := len(q.Get("properties")) > longestURL
	if long {
		q.Set("properties", strings.Join(dealProperties, ","))
	}
	if _, err := p.client.Do(ctx, connect.Request{Op: "read the deal", Path: p.path("objects", "deals/"+id), Query: q}, &d.Record); err != nil {
		return err
	}
	d.ID = d.Record.ID
	if d.ID != id {
		d.note("the deal %s was merged into %s, which was read instead", id, d.ID)
	}
	if long {
		full, err := p.batch(ctx, "read the deal's properties", "deals", []string{d.ID}, names, nil)
		if err != nil {
			return d.gap(ctx, "the deal's own properties", err)
		}
		for _, r := range full {
			d.Record.Properties = r.Properties
		}
	}
	return nil
}

// wanted are the properties that are asked for: the fixed ones, and those that the
// account made itself, but for those that handoffs are shown in.
func (p *Portal) wanted(fixed []string, all []property, fields ...string) []string {
	names := slices.Clone(fixed)
	for _, one := range all {
		if !one.Defined && !p.cfg.Writing.owns(one.Name) {
			names = append(names, one.Name)
		}
	}
	for _, f := range fields {
		if f != "" && !strings.Contains(f, ".") {
			names = append(names, f)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// named is what a configured property holds: of the deal, or of its company. One that
// is not there is a gap.
func (d *Deal) named(field, otherwise string) string {
	rec, name := &d.Record, field
	if inner, ok := strings.CutPrefix(field, "company."); ok {
		rec, name = d.Company, inner
	}
	if field == "" || rec == nil {
		return otherwise
	}
	if _, there := rec.Properties[name]; !there { // one without a value is there as null
		d.note("the property %s, which the configuration names, is not there: put its internal name right, or make it", field)
	}
	return cmp.Or(rec.text(name), otherwise)
}

// kickoff is what the configured property holds, where that is a time.
func (d *Deal) kickoff(field string) string {
	text := d.named(field, "")
	if _, err := time.Parse(time.DateOnly, text); err == nil {
		return text
	}
	if at := when(text); !at.IsZero() {
		return at.Format(time.RFC3339)
	}
	return ""
}

func (p *Portal) readPipelines(ctx context.Context, d *Deal) error {
	var err error
	if d.pipelines, err = p.pipelines(ctx); err != nil {
		return d.gap(ctx, "which stages count as won", err)
	}
	return nil
}

// associated are the ids of a type that the deal is tied to, each once.
func (p *Portal) associated(ctx context.Context, d *Deal, kind string) ([]string, error) {
	all := d.Record.Associations[kind]
	var ids []string
	add := func(id string) {
		if recordID.MatchString(id) && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	for _, a := range all.Results {
		add(a.ID)
	}
	if all.Paging.Next.After == "" {
		return ids, nil
	}
	more, err := p.tied(ctx, d.ID, kind) // from the beginning: a cursor of the one list may be none of the other
	for _, a := range more {
		add(string(a.ToObject))
	}
	return ids, err
}

// tied are the deal's associations of a type.
func (p *Portal) tied(ctx context.Context, deal, kind string) ([]association, error) {
	var out []association
	for a, err := range connect.Pages(ctx, func(ctx context.Context, cursor string) ([]association, string, error) {
		var answer struct {
			Results []struct {
				To     []association `json:"to"`
				Paging paging        `json:"paging"`
			} `json:"results"`
		}
		in := map[string]string{"id": deal}
		if cursor != "" {
			in["after"] = cursor
		}
		req := connect.Request{
			Op: "list the deal's " + kind, Method: http.MethodPost, Path: p.path("associations", "deals/"+kind+"/batch/read"), Body: map[string]any{"inputs": []any{in}}, Repeatable: true,
		}
		if _, err := p.client.Do(ctx, req, &answer); err != nil || len(answer.Results) == 0 {
			return nil, "", err
		}
		return answer.Results[0].To, answer.Results[0].Paging.Next.After, nil
	}) {
		if err != nil {
			return out, err
		}
		out = append(out, a)
	}
	return out, nil
}

// batch reads records by id. Those that are gone are left out.
func (p *Portal) batch(ctx context.Context, op, kind string, ids, names, history []string) ([]Record, error) {
	size := perBatch
	if len(history) > 0 {
		size = withHistory
	}
	var out []Record
	for some := range slices.Chunk(ids, size) {
		inputs := make([]map[string]string, len(some))
		for i, id := range some {
			inputs[i] = map[string]string{"id": id}
		}
		body := map[string]any{"inputs": inputs, "properties": names, "propertiesWithHistory": append([]string{}, history...)}
		var answer struct {
			Results []Record `json:"results"`
		}
		req := connect.Request{Op: op, Method: http.MethodPost, Path: p.path("objects", kind+"/batch/read"), Body: body, Repeatable: true}
		if _, err := p.client.Do(ctx, req, &answer); err != nil {
			return out, err
		}
		out = append(out, answer.Results...)
	}
	return out, nil
}

// readOf reads the records of a type that the deal is tied to, in their order.
func (p *Portal) readOf(ctx context.Context, d *Deal, kind, words string, names []string) ([]Record, error) {
	ids, err := p.associated(ctx, d, kind)
	if err != nil {
		if err := d.gap(ctx, "all of the "+words, err); err != nil {
			return nil, err
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	if len(ids) > mostOfType {
		d.note("the deal has %d %s; the newest %d are read", len(ids), words, mostOfType)
		ids = ids[len(ids)-mostOfType:]
	}
	found, err := p.batch(ctx, "read "+words, kind, ids, names, nil)
	if err != nil {
		if err := d.gap(ctx, words, err); err != nil {
			return nil, err
		}
	} else if n := len(ids) - len(found); n > 0 {
		d.note("%d of the %s could not be read: they were deleted meanwhile, or the token may not see them", n, words)
	}
	slices.SortStableFunc(found, func(a, b Record) int {
		return cmp.Or(when(a.text("hs_timestamp")).Compare(when(b.text("hs_timestamp"))), cmp.Compare(slices.Index(ids, a.ID), slices.Index(ids, b.ID)))
	})
	return found, nil
}

// readCompany reads the deal's company: of several, the one that is marked as the
// primary one.
func (p *Portal) readCompany(ctx context.Context, d *Deal) error {
	ids, err := p.associated(ctx, d, "companies")
	if err != nil || len(ids) == 0 {
		if err != nil {
			return d.gap(ctx, "the customer's company", err)
		}
		return nil
	}
	primary := ids[0]
	for _, a := range d.Record.Associations["companies"].Results {
		if a.Type == "deal_to_company" { // beside it a row "…_unlabeled" for each company
			primary = a.ID
			break
		}
	}
	all, err := p.propertiesOf(ctx, "companies")
	if err != nil {
		if err := d.gap(ctx, "what properties companies have", err); err != nil {
			return err
		}
	}
	var fields []string
	for _, f := range []string{p.cfg.AEField, p.cfg.CSMField} {
		if name, ok := strings.CutPrefix(f, "company."); ok {
			fields = append(fields, name)
		}
	}
	found, err := p.batch(ctx, "read the company", "companies", []string{primary}, p.wanted(companyProperties, all, fields...), nil)
	if err != nil {
		return d.gap(ctx, "the customer's company", err)
	}
	if len(found) > 0 {
		d.Company = &found[0]
	}
	return nil
}

// readContacts reads the customer's people, with the labels that say what they are
// to the deal.
func (p *Portal) readContacts(ctx context.Context, d *Deal) error {
	var err error
	if d.Contacts, err = p.readOf(ctx, d, "contacts", "contacts", contactProperties); err != nil || len(d.Contacts) == 0 {
		return err
	}
	ties, err := p.tied(ctx, d.ID, "contacts")
	if err != nil {
		return d.gap(ctx, "what contacts are to the deal (association labels)", err)
	}
	for i := range d.Contacts {
		for _, tie := range ties {
			if string(tie.ToObject) == d.Contacts[i].ID {
				d.Contacts[i].Associations = map[string]associations{"deals": {Results: []association{{ToObject: number(d.ID), Types: tie.Types}}}}
			}
		}
	}
	return nil
}

// readActivities reads what stands on the deal's timeline, but for what we wrote.
func (p *Portal) readActivities(ctx context.Context, d *Deal) error {
	for _, a := range activities {
		found, err := p.readOf(ctx, d, a.kind, a.words, a.properties)
		if err != nil {
			return err
		}
		*d.list(a.kind) = slices.DeleteFunc(found, ours)
	}
	return nil
}

// ours reports whether a note or task is one that we wrote.
func ours(r Record) bool {
	for _, name := range []string{"hs_note_body", "hs_task_body"} {
		if _, ok := markerIn(r.text(name)); ok {
			return true
		}
	}
	return false
}

// fewOwners is up to how many users an account is so small that all of them count as
// the seller's people of a deal: texts name them by their first names alone.
const fewOwners = 25

// readOwners reads the seller's people: whom the records name, who took part in the
// emails, and whom a text names; of a small account all.
func (p *Portal) readOwners(ctx context.Context, d *Deal) error {
	d.AE, d.CSM = d.named(p.cfg.AEField, d.Record.text("hubspot_owner_id")), d.named(p.cfg.CSMField, "")
	d.Kickoff = d.kickoff(p.cfg.KickoffField)
	var ids, emails []string
	for _, id := range append(d.ownerIDs(), d.AE, d.CSM) {
		switch {
		case strings.Contains(id, "@"):
			emails = append(emails, id)
		case recordID.MatchString(id) && !slices.Contains(ids, id):
			ids = append(ids, id)
		}
	}
	for _, e := range d.Emails {
		for _, who := range headersOf(e).all() {
			emails = append(emails, who.Email)
		}
	}
	named, err := p.people(ctx, ids, emails)
	if err != nil {
		return d.gap(ctx, "the seller's people", err)
	}
	all, err := p.owners(ctx, false)
	if err != nil {
		return d.gap(ctx, "the seller's people", err)
	}
	texts := d.texts()
	for _, o := range all {
		if name := strings.ToLower(o.name()); len(all) <= fewOwners || strings.Contains(name, " ") && stands(texts, name) {
			named = append(named, o)
		}
	}
	d.Owners = inOrder(named)
	return nil
}

// stands reports whether a name stands in a text as whole words.
func stands(text, name string) bool {
	letter := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	for {
		before, after, found := strings.Cut(text, name)
		if !found {
			return false
		}
		last, _ := utf8.DecodeLastRuneInString(before)
		next, _ := utf8.DecodeRuneInString(after)
		if !letter(last) && !letter(next) { // of nothing, the rune is none of these
			return true
		}
		text = after
	}
}

// texts are all that the records and the text files say, in lower case.
func (d *Deal) texts() string {
	var b strings.Builder
	for _, r := range slices.Concat([]Record{d.Record}, d.Notes, d.Tasks, d.Calls, d.Meetings, d.Emails) {
		for name := range r.Properties {
			b.WriteString(strings.ToLower(r.text(name)) + "\n")
		}
	}
	for _, f := range d.Files {
		if utf8.Valid(f.Data) {
			b.WriteString(strings.ToLower(string(f.Data)) + "\n")
		}
	}
	return b.String()
}

// refersOwner is what a property refers to that holds an owner's id.
const refersOwner = "OWNER"

// ownerIDs are the owners whom the records name.
func (d *Deal) ownerIDs() []string {
	var out []string
	all := slices.Concat([]Record{d.Record}, d.Notes, d.Tasks, d.Calls, d.Meetings, d.Emails)
	if d.Company != nil {
		all = append(all, *d.Company)
	}
	for _, r := range all {
		out = append(out, r.text("hubspot_owner_id"))
	}
	for _, f := range d.properties {
		if f.Refers == refersOwner {
			out = append(out, d.Record.text(f.Name))
		}
	}
	return out
}

// ownerOf finds an owner by id or email address.
func (d *Deal) ownerOf(who string) (owner, bool) {
	for _, o := range d.Owners {
		if who != "" && (o.ID == who || strings.EqualFold(o.Email, who)) {
			return o, true
		}
	}
	return owner{}, false
}
