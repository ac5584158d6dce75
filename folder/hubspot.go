package folder

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"throughline"
)

// hubspotReader reads HubSpot records as its REST API returns them: one object,
// or a page of results. The records of one deal make one source.
type hubspotReader struct {
	records []hubspotRecord
	owners  []mention
	more    map[string]string // by kind, a page that says that another one follows
	last    map[string]bool   // by kind, whether a page is there that is the last
	called  hubspotLabels
}

// hubspotLabels are what an account calls what its records name by names of its own:
// package connect/hubspot saves them beside the records.
type hubspotLabels struct {
	Schema     string                       `json:"schema"`
	Properties map[string]string            `json:"properties"`
	Values     map[string]map[string]string `json:"values"` // by property
	Stages     map[string]string            `json:"stages"`
}

const hubspotLabelsSchema = "throughline.hubspot-labels/v1"

// label is what people see above a property.
func (l hubspotLabels) label(name string) string {
	return firstOf(l.Properties[name], fieldLabel(name))
}

func newHubSpotReader() reader {
	return &hubspotReader{more: map[string]string{}, last: map[string]bool{}}
}

type hubspotRecord struct {
	ID         text            `json:"id"`
	Properties map[string]text `json:"properties"`
	History    map[string][]struct {
		Value     text   `json:"value"`
		Timestamp string `json:"timestamp"`
	} `json:"propertiesWithHistory"`
	// Associations are the ids of other records by their kind.
	Associations map[string]struct {
		Results []struct {
			ID       text `json:"id"`
			ToObject text `json:"toObjectId"`
			Types    []struct {
				Label text `json:"label"`
			} `json:"associationTypes"`
		} `json:"results"`
	} `json:"associations"`
	// An owner is no object: it has these and no properties.
	Email     string `json:"email"`
	FirstName string `json:"firstName"`
	LastName  string `json:"lastName"`
	file      string
}

func (r *hubspotReader) take(f *file, c *collector) bool {
	if !looksJSON(f.data) {
		return false
	}
	var called hubspotLabels
	if decode(f, &called) == nil && called.Schema == hubspotLabelsSchema {
		r.called = called
		return true
	}
	raws, err := hubspotResults(f)
	took := err == nil && raws != nil && len(raws) == 0 // a page without a result
	kind := ""
	for i, raw := range raws {
		var rec hubspotRecord
		if e := json.Unmarshal(raw, &rec); e != nil {
			if took {
				c.problem(throughline.Problem{File: f.path, Record: fmt.Sprintf("results[%d]", i), What: "not a HubSpot record: " + e.Error()})
			}
			continue
		}
		rec.file = f.path
		switch {
		case rec.kind() != "":
			r.records = append(r.records, rec)
			kind, took = rec.kind(), true
		case rec.Properties == nil && rec.ID != "" && rec.Email != "":
			r.owners = append(r.owners, mention{
				system: "hubspot", id: string(rec.ID), name: strings.TrimSpace(rec.FirstName + " " + rec.LastName), email: rec.Email, side: throughline.SideSeller,
			})
			took = true
		case rec.Properties != nil && rec.ID != "":
			c.problem(throughline.Problem{File: f.path, Record: string(rec.ID), What: "a HubSpot record of a kind that is not read"})
			took = true
		}
	}
	if took && kind != "" {
		r.page(f, kind)
	}
	if took && err != nil {
		c.problem(jsonProblem(f, "the file breaks off; the records before that are used", err))
	}
	return took
}

// page notes whether a page says that another one follows it.
func (r *hubspotReader) page(f *file, kind string) {
	var page struct {
		Results []json.RawMessage `json:"results"`
		Paging  struct {
			Next struct {
				After text `json:"after"`
			} `json:"next"`
		} `json:"paging"`
	}
	switch err := decode(f, &page); {
	case err != nil || page.Results == nil:
	case page.Paging.Next.After == "":
		r.last[kind] = true
	case r.more[kind] == "":
		r.more[kind] = f.path
	}
}

// hubspotResults are a page's results, a list's elements, or the one object.
func hubspotResults(f *file) ([]json.RawMessage, error) {
	var page struct {
		Results []json.RawMessage `json:"results"`
	}
	err := decode(f, &page)
	if err == nil && page.Results != nil {
		return page.Results, nil
	}
	var list []json.RawMessage
	if decode(f, &list) == nil && len(list) > 0 {
		return list, nil
	}
	if err == nil {
		return []json.RawMessage{f.data}, nil
	}
	if bytes.Contains(f.data, []byte(`"results"`)) {
		return wholeRecords(f.data, `"results"`), err
	}
	return nil, err
}

// kind tells what a record is by its properties: the answers don't say.
func (rec *hubspotRecord) kind() string {
	for _, k := range []struct{ kind, property string }{
		{"deal", "dealname"},
		{"deal", "dealstage"},
		{"note", "hs_note_body"},
		{"task", "hs_task_subject"},
		{"task", "hs_task_body"},
		{"call", "hs_call_body"},
		{"call", "hs_call_title"},
		{"meeting", "hs_meeting_body"},
		{"meeting", "hs_meeting_title"},
		{"email", "hs_email_text"},
		{"email", "hs_email_subject"},
		{"contact", "firstname"},
		{"contact", "lastname"},
		{"contact", "jobtitle"},
		{"contact", "email"},
		{"company", "domain"},
		{"company", "name"},
	} {
		if _, ok := rec.Properties[k.property]; ok {
			return k.kind
		}
	}
	return ""
}

func (rec *hubspotRecord) get(name string) string {
	return strings.TrimSpace(string(rec.Properties[name]))
}

func (r *hubspotReader) done(c *collector) {
	if len(r.records)+len(r.owners) == 0 {
		return
	}
	owners := map[string]mention{}
	for _, m := range r.owners {
		owners[m.id] = m
		c.mentions = append(c.mentions, m)
	}
	for _, kind := range slices.Sorted(maps.Keys(r.more)) {
		if !r.last[kind] {
			c.problem(throughline.Problem{File: r.more[kind], What: "more pages of " + kind + " records follow this one (paging.next), and are not in the folder"})
		}
	}
	deal := r.won(c)
	s := &rawSource{kind: throughline.SourceCRM, title: "HubSpot", sellerOnly: true}
	seen := map[string]bool{}
	for _, kind := range []string{"deal", "company", "contact", "note", "task", "call", "meeting", "email"} {
		for _, rec := range r.records {
			key := kind + " " + string(rec.ID)
			if rec.kind() != kind || rec.ID != "" && seen[key] || !rec.of(deal) {
				continue
			}
			seen[key] = true
			s.file = firstOf(s.file, rec.file)
			r.record(c, s, kind, rec, owners)
		}
	}
	if len(s.passages) > 0 {
		c.sources = append(c.sources, s)
	}
}

// won is the deal that the folder is about: the one that deal.json names, else
// the one that was won last.
func (r *hubspotReader) won(c *collector) *hubspotRecord {
	var deal *hubspotRecord
	ids := map[text]bool{}
	for i := range r.records {
		rec := &r.records[i]
		if rec.kind() != "deal" {
			continue
		}
		ids[rec.ID] = true
		better := deal == nil || rec.isWon() && (!deal.isWon() || hubspotTime(rec.get("closedate")).After(hubspotTime(deal.get("closedate"))))
		if stated := c.stated.id; stated != "" && (string(rec.ID) == stated || deal != nil && string(deal.ID) == stated) {
			better = string(rec.ID) == stated
		}
		if better {
			deal = rec
		}
	}
	if len(ids) > 1 {
		c.notes = append(c.notes, fmt.Sprintf("The folder holds %d HubSpot deals: %s was taken for the deal, and what belongs to the others was left aside.", len(ids), firstOf(deal.get("dealname"), string(deal.ID))))
	}
	return deal
}

func (rec *hubspotRecord) isWon() bool {
	return rec.get("hs_is_closed_won") == "true" || rec.get("dealstage") == "closedwon"
}

// of reports whether a record belongs to the deal, or tells of none that it
// belongs to.
func (rec *hubspotRecord) of(deal *hubspotRecord) bool {
	switch {
	case deal == nil:
		return true
	case rec.kind() == "deal":
		return rec.ID == deal.ID
	}
	deals := rec.associated("deal")
	if len(deals) > 0 {
		return slices.Contains(deals, deal.ID)
	}
	companies := deal.associated("compan")
	return rec.kind() != "company" || len(companies) == 0 || slices.Contains(companies, rec.ID)
}

// associated are the ids of the associated records of a kind, which associations
// name in the plural, also with a prefix.
func (rec *hubspotRecord) associated(kind string) []text {
	var out []text
	for _, name := range slices.Sorted(maps.Keys(rec.Associations)) {
		if !strings.Contains(name, kind) {
			continue
		}
		for _, a := range rec.Associations[name].Results {
			out = append(out, text(firstOf(string(a.ID), string(a.ToObject))))
		}
	}
	return out
}

func (r *hubspotReader) record(c *collector, s *rawSource, kind string, rec hubspotRecord, owners map[string]mention) {
	at := hubspotTime(rec.get("hs_timestamp"))
	by := owners[rec.get("hubspot_owner_id")]
	switch kind {
	case "deal":
		c.recorded.id, c.recorded.name = string(rec.ID), rec.get("dealname")
		c.recorded.amount, c.recorded.currency = rec.get("amount"), rec.get("deal_currency_code")
		c.recorded.close, c.recorded.ae = hubspotTime(rec.get("closedate")), by
		s.nativeID, s.at = string(rec.ID), c.recorded.close
		s.title = "HubSpot: " + firstOf(c.recorded.name, "deal "+s.nativeID)
		s.passages = append(s.passages, recordPassages(r.properties(rec), s.at, r.called.label)...)
		for _, h := range rec.History["dealstage"] {
			s.passages = append(s.passages, rawPassage{text: firstOf(r.called.Stages[string(h.Value)], string(h.Value)), label: "Stage", at: hubspotTime(h.Timestamp), offset: -1})
		}
	case "company":
		c.recorded.customer = throughline.Company{
			Name: rec.get("name"), Domain: hostOf(rec.get("domain")), Industry: rec.get("industry"), Region: firstOf(rec.get("country"), rec.get("state")),
		}
		if n, err := strconv.Atoi(rec.get("numberofemployees")); err == nil && n > 0 {
			c.recorded.customer.Employees = n
		}
		fields := r.properties(rec)
		delete(fields, "country") // the customer's region
		delete(fields, "state")
		s.passages = append(s.passages, recordPassages(fields, s.at, fieldLabel)...)
	case "contact":
		m := mention{
			system: "hubspot", id: "contact " + string(rec.ID), name: strings.TrimSpace(rec.get("firstname") + " " + rec.get("lastname")), email: rec.get("email"),
			title: rec.get("jobtitle"), side: throughline.SideCustomer, crmRole: firstOf(buyingRole(rec.get("hs_buying_role")), rec.roles()),
		}
		if !m.none() {
			c.mentions = append(c.mentions, m)
		}
	case "note":
		s.passages = append(s.passages, entry("Note", "", rec.get("hs_note_body"), by, at)...)
	case "task":
		s.passages = append(s.passages, entry("Task", rec.get("hs_task_subject"), rec.get("hs_task_body"), by, at)...)
	case "call":
		s.passages = append(s.passages, entry("Call logged", rec.get("hs_call_title"), rec.get("hs_call_body"), by, at)...)
	case "meeting":
		s.passages = append(s.passages, entry("Meeting", rec.get("hs_meeting_title"), rec.get("hs_meeting_body"), by, at)...)
	case "email":
		s.passages = append(s.passages, entry("Email logged", rec.get("hs_email_subject"), firstOf(rec.get("hs_email_text"), rec.get("hs_email_html")), mention{}, at)...)
	}
}

// properties are a record's, with the values that people see.
func (r *hubspotReader) properties(rec hubspotRecord) map[string]any {
	out := make(map[string]any, len(rec.Properties))
	for k, v := range rec.Properties {
		if k == "hs_next_step" { // of those that HubSpot keeps for itself, the one that people write in
			k = "next_step"
		}
		out[k] = firstOf(r.called.Values[k][string(v)], string(v))
	}
	return out
}

// roles are the labels of a contact's associations with deals, which say what they
// are to the deal.
func (rec *hubspotRecord) roles() string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(rec.Associations)) {
		if !strings.Contains(name, "deal") {
			continue
		}
		for _, a := range rec.Associations[name].Results {
			for _, t := range a.Types {
				if label := strings.TrimSpace(string(t.Label)); label != "" && !slices.Contains(out, label) {
					out = append(out, label)
				}
			}
		}
	}
	return strings.Join(out, ", ")
}

// buyingRole words HubSpot's internal values ("DECISION_MAKER;CHAMPION"); a
// role in words of the user's own stays.
func buyingRole(s string) string {
	roles := strings.Split(s, ";")
	for i, r := range roles {
		if r == strings.ToUpper(r) && strings.ContainsAny(r, "_") || r == strings.ToUpper(r) && len(r) > 4 {
			r = strings.ToLower(strings.ReplaceAll(r, "_", " "))
			r = strings.ToUpper(r[:1]) + r[1:]
		}
		roles[i] = strings.TrimSpace(r)
	}
	return strings.Join(roles, ", ")
}

// hubspotTime reads a time as HubSpot gives it: ISO 8601, or milliseconds since
// 1970.
func hubspotTime(s string) time.Time {
	if ms, err := strconv.ParseInt(s, 10, 64); err == nil && len(s) >= 12 {
		t := time.UnixMilli(ms).UTC()
		if t.Year() < 1 || t.Year() > 9999 { // which no system writes, nor JSON takes
			return time.Time{}
		}
		return t
	}
	return anytime(s)
}
