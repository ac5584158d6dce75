package folder

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"

	"throughline"
)

// salesforceReader reads Salesforce records as its REST API returns them, single
// or as answers of a query, in any number of files. The records of one deal make
// one source; each field with something said in it is a passage.
type salesforceReader struct {
	records map[string]map[string]any // by id
	order   []string
	files   map[string]string
	pages   []salesforcePage
	made    int                        // ids of our own
	fields  map[string]salesforceField // by object and name: "Opportunity.Loss_Risk__c"
	address string                     // the address of a record's page, with {ID} for its id
}

// A salesforcePage is one answer of a query: how many records the query found,
// and how many of them the answer holds.
type salesforcePage struct {
	file, kind  string
	total, here int
	done        bool
}

// A salesforceField is what describe tells of a field.
type salesforceField struct {
	Name  string `json:"name"`
	Label string `json:"label"`
	Type  string `json:"type"`
}

func newSalesforceReader() reader {
	return &salesforceReader{records: map[string]map[string]any{}, files: map[string]string{}, fields: map[string]salesforceField{}}
}

func (r *salesforceReader) take(f *file, c *collector) bool {
	if r.describes(f) {
		return true
	}
	if !looksJSON(f.data) || !bytes.Contains(f.data, []byte(`"attributes"`)) && !bytes.Contains(f.data, []byte(`"totalSize"`)) {
		return false
	}
	var doc any
	if err := decode(f, &doc); err != nil {
		return r.broken(f, c, err)
	}
	records := r.find(f, doc, "", nil)
	if len(records) == 0 {
		return emptyAnswer(doc)
	}
	for _, rec := range records {
		r.add(f, rec)
	}
	return true
}

// describes takes the answer of describe: what an object's fields are called, and
// where its records are shown.
func (r *salesforceReader) describes(f *file) bool {
	if !looksJSON(f.data) || !strings.Contains(string(f.data), `"uiDetailTemplate"`) {
		return false
	}
	var d struct {
		Name string `json:"name"`
		URLs struct {
			Page string `json:"uiDetailTemplate"`
		} `json:"urls"`
		Fields []salesforceField `json:"fields"`
	}
	if decode(f, &d) != nil || d.Name == "" || len(d.Fields) == 0 {
		return false
	}
	for _, field := range d.Fields {
		r.fields[d.Name+"."+field.Name] = field
	}
	if d.Name == "Opportunity" && strings.HasPrefix(d.URLs.Page, "https://") {
		r.address = d.URLs.Page
	}
	return true
}

// emptyAnswer reports whether a document is a query's answer without a record.
func emptyAnswer(doc any) bool {
	m, _ := doc.(map[string]any)
	list, ok := m["records"].([]any)
	_, counted := m["totalSize"]
	return ok && counted && len(list) == 0
}

// find finds the records in a document: itself, a list, or a query's answer, also
// the answers of related lists within records and the records that a lookup field
// shows ("Owner": {"Name": …}), which stands under key in its parent.
func (r *salesforceReader) find(f *file, v any, key string, parent map[string]any) []map[string]any {
	switch v := v.(type) {
	case []any:
		var out []map[string]any
		for _, e := range v {
			out = append(out, r.find(f, e, "", nil)...)
		}
		return out
	case map[string]any:
		if list, ok := v["records"].([]any); ok {
			found := r.find(f, list, "", nil)
			r.page(f, v, list)
			r.related(found, parent)
			return found
		}
		if salesforceType(v) == "" {
			return nil
		}
		r.lookup(f, v, key, parent)
		out := []map[string]any{v}
		for _, k := range sortedKeys(v) {
			if k != "attributes" {
				out = append(out, r.find(f, v[k], k, v)...)
			}
		}
		return out
	}
	return nil
}

// lookup gives a record that a lookup field shows its id, which stands beside the
// field rather than in the record; where it stands nowhere, one of our own.
func (r *salesforceReader) lookup(f *file, rec map[string]any, key string, parent map[string]any) {
	if parent == nil || field(rec, "Id") != "" {
		return
	}
	beside := key + "Id"
	if name, ok := strings.CutSuffix(key, "__r"); ok {
		beside = name + "__c"
	}
	id := field(parent, beside)
	if id == "" {
		if attrs, ok := rec["attributes"].(map[string]any); ok {
			id = path.Base(field(attrs, "url"))
		}
		if id == "" || id == "." {
			r.made++
			id = fmt.Sprintf("%s#%d", f.path, r.made)
		}
		parent[beside] = id
	}
	rec["Id"] = id
}

// related gives the records of a related list the id of the record that they
// stand in, where they don't say it.
func (r *salesforceReader) related(found []map[string]any, parent map[string]any) {
	if parent == nil || salesforceType(parent) != "Opportunity" {
		return
	}
	for _, rec := range found {
		for _, k := range []string{"OpportunityId", "WhatId", "ParentId"} {
			if rec[k] != nil {
				return
			}
		}
		rec["OpportunityId"] = field(parent, "Id")
	}
}

// page notes what an answer says of how many records there are.
func (r *salesforceReader) page(f *file, answer map[string]any, list []any) {
	total, ok := answer["totalSize"].(float64)
	done, said := answer["done"].(bool)
	if !ok || !said || len(list) == 0 {
		return
	}
	first, _ := list[0].(map[string]any)
	r.pages = append(r.pages, salesforcePage{f.path, salesforceType(first), int(min(total, 1e9)), len(list), done})
}

// incomplete reports queries of whose answers some are not in the folder: the
// answers of one query tell the same total.
func (r *salesforceReader) incomplete(c *collector) {
	for i, p := range r.pages {
		here := 0
		first := true
		for j, q := range r.pages {
			if q.kind == p.kind && q.total == p.total {
				here += q.here
				first = first && (q.done || j >= i)
			}
		}
		if !p.done && first && here < p.total {
			c.problem(throughline.Problem{File: p.file, What: fmt.Sprintf("the query found %d records of %s, and the folder holds %d of them: the pages that follow (nextRecordsUrl) are missing", p.total, p.kind, here)})
		}
	}
}

func salesforceType(rec map[string]any) string {
	a, _ := rec["attributes"].(map[string]any)
	t, _ := a["type"].(string)
	return t
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// add keeps a record; of one seen twice the fuller one stays, and what it lacks
// is filled in from the other.
func (r *salesforceReader) add(f *file, rec map[string]any) {
	id := field(rec, "Id")
	if id == "" {
		r.made++
		id = fmt.Sprintf("%s#%d", f.path, r.made)
		rec["Id"] = id
	}
	old, ok := r.records[id]
	if !ok {
		r.order = append(r.order, id)
	}
	if len(rec) >= len(old) {
		r.records[id], r.files[id] = rec, f.path
		rec, old = old, rec
	}
	for k, v := range rec {
		if old[k] == nil {
			old[k] = v
		}
	}
}

func (r *salesforceReader) broken(f *file, c *collector, err error) bool {
	if json.Valid(f.data) || !bytes.Contains(f.data, []byte(`"/services/data/`)) {
		return false
	}
	c.problem(jsonProblem(f, "the file breaks off; the records before that are used", err))
	key := `"records"`
	if !bytes.Contains(f.data, []byte(key)) {
		return true
	}
	for _, raw := range wholeRecords(f.data, key) {
		var rec map[string]any
		if json.Unmarshal(raw, &rec) == nil && salesforceType(rec) != "" {
			r.add(f, rec)
		}
	}
	return true
}

// field is a record's field as text; empty when it is absent, null or no scalar.
func field(rec map[string]any, name string) string {
	switch v := rec[name].(type) {
	case string:
		return strings.TrimSpace(v)
	case float64:
		return strings.TrimSuffix(fmt.Sprintf("%.2f", v), ".00")
	case bool:
		return fmt.Sprint(v)
	}
	return ""
}

func (r *salesforceReader) done(c *collector) {
	if len(r.order) == 0 {
		return
	}
	r.incomplete(c)
	opp := r.won(c)
	users := map[string]mention{}
	contacts := map[string]mention{}
	for _, rec := range r.each("User") {
		m := mention{system: "salesforce", id: field(rec, "Id"), name: salesforceName(rec), email: field(rec, "Email"), title: field(rec, "Title"), side: throughline.SideSeller}
		users[m.id] = m
	}
	for _, rec := range r.each("Contact") {
		m := mention{system: "salesforce", id: field(rec, "Id"), name: salesforceName(rec), email: field(rec, "Email"), title: field(rec, "Title"), side: throughline.SideCustomer}
		contacts[m.id] = m
	}
	for _, rec := range r.each("Account") {
		if field(rec, "IsPersonAccount") == "true" || field(rec, "PersonEmail") != "" {
			id := field(rec, "Id")
			contacts[id] = mention{system: "salesforce", id: id, name: salesforceName(rec), email: field(rec, "PersonEmail"), title: field(rec, "PersonTitle"), side: throughline.SideCustomer}
		}
	}
	roles := map[string]bool{}
	for _, rec := range r.each("OpportunityContactRole") {
		if !r.of(rec, opp) {
			continue
		}
		if m, ok := contacts[field(rec, "ContactId")]; ok {
			roles[m.id] = true
			m.crmRole = firstOf(field(rec, "Role"), m.crmRole)
			contacts[m.id] = m
		}
	}
	for id := range contacts {
		// Another account's contact, who has no role in this deal, is none of its people.
		if acc := field(r.records[id], "AccountId"); !roles[id] && acc != "" && field(opp, "AccountId") != "" && !sameID(acc, field(opp, "AccountId")) {
			delete(contacts, id)
		}
	}
	for _, id := range r.order {
		for _, m := range []mention{users[id], contacts[id]} {
			if !m.none() {
				c.mentions = append(c.mentions, m)
			}
		}
	}
	r.facts(c, opp, users)
	s := &rawSource{kind: throughline.SourceCRM, title: "Salesforce", sellerOnly: true}
	if opp != nil {
		s.nativeID, s.at, s.file = field(opp, "Id"), anytime(field(opp, "CloseDate")), r.files[field(opp, "Id")]
		if n := field(opp, "Name"); n != "" {
			s.title = "Salesforce: " + n
		}
		if r.address != "" {
			s.url = strings.ReplaceAll(r.address, "{ID}", field(opp, "Id"))
		}
		s.passages = append(s.passages, r.passages(opp, s.at)...)
	}
	for _, rec := range r.each("Account") {
		if acc := field(opp, "AccountId"); acc == "" || sameID(acc, field(rec, "Id")) {
			s.passages = append(s.passages, r.passages(rec, s.at)...)
		}
	}
	r.written(s, opp, users)
	if s.file == "" {
		s.file = r.files[r.order[0]]
	}
	if len(s.passages) > 0 {
		c.sources = append(c.sources, s)
	}
}

func (r *salesforceReader) each(kind string) []map[string]any {
	var out []map[string]any
	for _, id := range r.order {
		if salesforceType(r.records[id]) == kind {
			out = append(out, r.records[id])
		}
	}
	return out
}

func salesforceName(rec map[string]any) string {
	return firstOf(field(rec, "Name"), field(rec, "FirstName")+" "+field(rec, "LastName"))
}

// won is the opportunity that the folder is about: the one that deal.json names,
// else the one that was won last.
func (r *salesforceReader) won(c *collector) map[string]any {
	var opp map[string]any
	all := r.each("Opportunity")
	for _, rec := range all {
		if id := c.stated.id; id != "" && sameID(id, field(rec, "Id")) {
			opp = rec
			break
		}
		if opp == nil || isWon(rec) && (!isWon(opp) || field(rec, "CloseDate") > field(opp, "CloseDate")) {
			opp = rec
		}
	}
	if len(all) > 1 {
		c.notes = append(c.notes, fmt.Sprintf("The folder holds %d opportunities: %s was taken for the deal, and what belongs to the others was left aside.", len(all), firstOf(field(opp, "Name"), field(opp, "Id"))))
	}
	return opp
}

func isWon(opp map[string]any) bool {
	return field(opp, "IsWon") == "true" || strings.EqualFold(field(opp, "StageName"), "Closed Won")
}

// sameID compares ids, which have 15 characters or, with a checksum behind them,
// 18.
func sameID(a, b string) bool {
	return a == b || len(a) >= 15 && len(b) >= 15 && a[:15] == b[:15]
}

// of reports whether a record belongs to the opportunity, or to none: to its
// account, to a contact, or to what is not known.
func (r *salesforceReader) of(rec, opp map[string]any) bool {
	const opportunityPrefix = "006" // how the ids of opportunities begin
	for _, k := range []string{"OpportunityId", "WhatId", "ParentId", "LinkedEntityId"} {
		id := field(rec, k)
		if id == "" || opp == nil || sameID(id, field(opp, "Id")) {
			continue
		}
		if strings.HasPrefix(id, opportunityPrefix) || salesforceType(r.records[id]) == "Opportunity" {
			return false
		}
	}
	return true
}

// elsewhere are the documents that links tie to other opportunities only.
func (r *salesforceReader) elsewhere(opp map[string]any) map[string]bool {
	out := map[string]bool{}
	links := r.each("ContentDocumentLink")
	for _, link := range links {
		if !r.of(link, opp) {
			out[field(link, "ContentDocumentId")] = true
		}
	}
	for _, link := range links {
		if r.of(link, opp) {
			delete(out, field(link, "ContentDocumentId"))
		}
	}
	return out
}

// facts are what the opportunity and its account say of the deal.
func (r *salesforceReader) facts(c *collector, opp map[string]any, users map[string]mention) {
	if opp == nil {
		return
	}
	fs := facts{
		id: field(opp, "Id"), name: field(opp, "Name"), amount: field(opp, "Amount"), currency: field(opp, "CurrencyIsoCode"),
		close: anytime(field(opp, "CloseDate")), ae: users[field(opp, "OwnerId")],
	}
	for _, acc := range r.each("Account") {
		if own := field(opp, "AccountId"); sameID(own, field(acc, "Id")) || own == "" && fs.customer.Name == "" {
			fs.customer = throughline.Company{
				Name: field(acc, "Name"), Domain: hostOf(field(acc, "Website")), Industry: field(acc, "Industry"),
				Region: firstOf(field(acc, "BillingCountry"), field(acc, "BillingCountryCode")),
			}
			if n, ok := acc["NumberOfEmployees"].(float64); ok && n > 0 && n < 1e8 {
				fs.customer.Employees = int(n)
			}
		}
	}
	c.recorded = fs
}

// hostOf is the domain that a web address belongs to, without "www.".
func hostOf(address string) string {
	s := strings.ToLower(strings.TrimSpace(address))
	if _, rest, ok := strings.Cut(s, "://"); ok {
		s = rest
	}
	s, _, _ = strings.Cut(s, "/")
	s, _, _ = strings.Cut(s, ":")
	return strings.TrimPrefix(s, "www.")
}

// passages are a record's, under the labels that its fields have in the org. Of a
// field that refers to a person, the name is what it says; other references and
// what holds no text say nothing.
func (r *salesforceReader) passages(rec map[string]any, at time.Time) []rawPassage {
	object, known := salesforceType(rec), maps.Clone(rec)
	for k := range known {
		switch r.fields[object+"."+k].Type {
		case "reference":
			to := r.records[field(rec, k)]
			known[k] = nil
			if t := salesforceType(to); t == "User" || t == "Contact" {
				known[k] = salesforceName(to)
			}
		case "id", "base64", "address", "location":
			known[k] = nil
		}
	}
	return recordPassages(known, at, func(k string) string { return r.label(object, k) })
}

// label is what the org calls a field, else its API name made readable.
func (r *salesforceReader) label(object, k string) string {
	return firstOf(strings.TrimSpace(r.fields[object+"."+k].Label), fieldLabel(k))
}

// recordPassages are the fields in which somebody wrote something of the deal,
// in the order of their names: what the system keeps for itself is left out.
func recordPassages(rec map[string]any, at time.Time, label func(string) string) []rawPassage {
	var out []rawPassage
	for _, k := range sortedKeys(rec) {
		if systemField(k) {
			continue
		}
		if s, ok := rec[k].(bool); ok && !s {
			continue
		}
		if v := plainText(field(rec, k)); v != "" {
			out = append(out, rawPassage{text: v, label: label(k), at: at, offset: -1})
		}
	}
	return out
}

// systemField reports whether a field holds what a system keeps for itself.
func systemField(k string) bool {
	switch k {
	case "attributes", "Id", "Name", "StageName", "Amount", "CurrencyIsoCode", "CloseDate", "IsClosed", "IsWon", "IsDeleted", "IsPrivate", "SystemModstamp",
		"ForecastCategory", "ForecastCategoryName", "Fiscal", "FiscalQuarter", "FiscalYear", "HasOpenActivity", "HasOverdueTask", "HasOpportunityLineItem",
		"Probability", "ExpectedRevenue", "TotalOpportunityQuantity", "PushCount", "Website", "NumberOfEmployees", "BillingCountry", "Industry", "PhotoUrl",
		"dealname", "dealstage", "pipeline", "amount", "deal_currency_code", "closedate", "createdate", "domain", "name", "industry", "numberofemployees",
		"hs_timestamp":
		return true
	}
	return strings.HasSuffix(k, "Id") || k == "IsPersonAccount" || strings.HasPrefix(k, "Person") && strings.HasSuffix(k, "Email") || strings.HasSuffix(k, "_id") || strings.HasSuffix(k, "_ids") || strings.HasSuffix(k, "Date") && strings.HasPrefix(k, "Last") ||
		strings.HasPrefix(k, "Created") || strings.HasPrefix(k, "LastModified") || strings.HasPrefix(k, "Billing") || strings.HasPrefix(k, "Shipping") ||
		strings.HasPrefix(k, "hs_")
}

// fieldLabel makes a field's API name readable: "Loss_Risk__c" is "Loss risk".
func fieldLabel(k string) string {
	k = strings.TrimSuffix(k, "__c")
	var b strings.Builder
	prev := ' '
	for _, r := range k {
		switch {
		case r == '_':
			r = ' '
		case unicode.IsUpper(r) && unicode.IsLower(prev):
			b.WriteByte(' ')
			r = unicode.ToLower(r)
		case unicode.IsUpper(r) && prev == ' ' && b.Len() > 0:
			r = unicode.ToLower(r)
		}
		if b.Len() == 0 {
			r = unicode.ToUpper(r)
		}
		b.WriteRune(r)
		prev = r
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// plainText is a rich-text field's text; a field without tags is left as it is.
func plainText(s string) string {
	if !strings.ContainsAny(s, "<&") {
		return strings.TrimSpace(s)
	}
	return strings.TrimSpace(stripTags(s))
}

// stripTags takes tags off a rich-text field: blocks end a line, entities become
// characters. A "<" that begins no tag stays.
func stripTags(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		end := -1
		if s[i] == '<' && i+1 < len(s) && (s[i+1] == '/' || s[i+1] == '!' || isLetter(s[i+1])) {
			end = strings.IndexByte(s[i:], '>')
		}
		if end < 0 {
			b.WriteByte(s[i])
			i++
			continue
		}
		name := strings.ToLower(strings.Trim(strings.FieldsFunc(s[i+1:i+end]+" ", unicode.IsSpace)[0], "/"))
		switch name {
		case "br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "ul", "ol":
			if t := b.String(); t != "" && !strings.HasSuffix(t, "\n") {
				b.WriteByte('\n')
			}
		}
		i += end + 1
	}
	return html.UnescapeString(b.String())
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// written adds what people wrote down: notes, tasks, events, the history of
// stages.
func (r *salesforceReader) written(s *rawSource, opp map[string]any, users map[string]mention) {
	elsewhere := r.elsewhere(opp)
	for _, kind := range []struct{ record, label, title, body, by, at string }{
		{"Note", "Note", "Title", "Body", "OwnerId", "CreatedDate"},
		{"ContentNote", "Note", "Title", "Content", "OwnerId", "CreatedDate"},
		{"Task", "Task", "Subject", "Description", "OwnerId", "ActivityDate"},
		{"Event", "Event", "Subject", "Description", "OwnerId", "ActivityDate"},
		{"FeedItem", "Chatter post", "Title", "Body", "CreatedById", "CreatedDate"},
		{"OpportunityHistory", "Stage", "", "StageName", "CreatedById", "CreatedDate"},
		{"OpportunityFieldHistory", "Change", "Field", "NewValue", "CreatedById", "CreatedDate"},
	} {
		for _, rec := range r.each(kind.record) {
			if !r.of(rec, opp) || elsewhere[field(rec, "Id")] {
				continue
			}
			body := field(rec, kind.body)
			if kind.record == "ContentNote" {
				if raw, err := base64.StdEncoding.DecodeString(body); err == nil {
					body = string(raw)
				}
			}
			title := field(rec, kind.title)
			if kind.record == "OpportunityFieldHistory" {
				title = r.label("Opportunity", title)
			}
			label := kind.label
			if status := field(rec, "Status"); kind.record == "Task" && status != "" {
				label += " (" + status + ")" // a promise that was kept reads otherwise than one that was not begun
			}
			s.passages = append(s.passages, entry(label, title, body, users[field(rec, kind.by)], anytime(field(rec, kind.at)))...)
		}
	}
}

// entry is a note's or task's text in passages: a paragraph each. A title that
// only repeats the text's beginning is none of its own.
func entry(label, title, body string, by mention, at time.Time) []rawPassage {
	var out []rawPassage
	body = plainText(body)
	title = plainText(title)
	full := label
	if title != "" && title != label && !strings.HasPrefix(body, title) {
		full = label + ": " + title
	}
	skip := notEvidence(title, head(body), "") != ""
	if body == "" {
		body, full = title, label
	}
	for _, para := range paragraphs(body) {
		out = append(out, rawPassage{text: para, label: full, by: by, at: at, offset: -1, history: skip})
	}
	return out
}

// head is the first lines of a text, by which other tools' summaries are known.
func head(s string) string {
	if len(s) > 600 {
		s = strings.ToValidUTF8(s[:600], "")
	}
	return s
}

// paragraphs splits at blank lines.
func paragraphs(s string) []string {
	var out []string
	for _, p := range strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n\n") {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return out
}
