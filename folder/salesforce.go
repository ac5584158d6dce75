package folder

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"maps"
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
	fields  map[string]salesforceField // by object and name: "Opportunity.Loss_Risk__c"
	page    string                     // the address of a record's page, with {ID} for its id
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
	if !looksJSON(f.data) || !strings.Contains(string(f.data), `"attributes"`) && !strings.Contains(string(f.data), `"totalSize"`) {
		return false
	}
	var doc any
	if err := decode(f, &doc); err != nil {
		return r.broken(f, c, err)
	}
	records := salesforceRecords(doc)
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
		r.page = d.URLs.Page
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

// salesforceRecords finds the records in a document: itself, a list, or a
// query's answer, also the answers of related lists within records.
func salesforceRecords(v any) []map[string]any {
	switch v := v.(type) {
	case []any:
		var out []map[string]any
		for _, e := range v {
			out = append(out, salesforceRecords(e)...)
		}
		return out
	case map[string]any:
		if list, ok := v["records"].([]any); ok {
			return salesforceRecords(list)
		}
		if salesforceType(v) == "" {
			return nil
		}
		out := []map[string]any{v}
		for _, k := range sortedKeys(v) {
			if k != "attributes" {
				out = append(out, salesforceRecords(v[k])...)
			}
		}
		return out
	}
	return nil
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

// add keeps a record; of one seen twice the fuller one stays.
func (r *salesforceReader) add(f *file, rec map[string]any) {
	id := field(rec, "Id")
	if id == "" {
		id = fmt.Sprintf("%s#%d", f.path, len(r.order))
	}
	old, ok := r.records[id]
	if !ok {
		r.order = append(r.order, id)
	}
	if len(rec) >= len(old) {
		r.records[id], r.files[id] = rec, f.path
	}
}

func (r *salesforceReader) broken(f *file, c *collector, err error) bool {
	if json.Valid(f.data) || !strings.Contains(string(f.data), `"/services/data/`) {
		return false
	}
	c.problem(jsonProblem(f, "the file breaks off; the records before that are used", err))
	key := `"records"`
	if !strings.Contains(string(f.data), key) {
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
	for _, rec := range r.each("OpportunityContactRole") {
		if m, ok := contacts[field(rec, "ContactId")]; ok {
			m.crmRole = field(rec, "Role")
			contacts[m.id] = m
		}
	}
	for _, id := range r.order {
		for _, m := range []mention{users[id], contacts[id]} {
			if !m.none() {
				c.mentions = append(c.mentions, m)
			}
		}
	}
	r.facts(c, users)
	s := &rawSource{kind: throughline.SourceCRM, title: "Salesforce", sellerOnly: true}
	for _, rec := range r.each("Opportunity") {
		s.nativeID, s.at, s.file = firstOf(s.nativeID, field(rec, "Id")), anytime(field(rec, "CloseDate")), firstOf(s.file, r.files[field(rec, "Id")])
		if n := field(rec, "Name"); n != "" {
			s.title = "Salesforce: " + n
		}
		if r.page != "" {
			s.url = strings.ReplaceAll(r.page, "{ID}", field(rec, "Id"))
		}
		s.passages = append(s.passages, r.passages(rec, s.at)...)
	}
	for _, rec := range r.each("Account") {
		s.passages = append(s.passages, r.passages(rec, s.at)...)
	}
	r.written(s, users)
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

// facts are what the opportunity and its account say of the deal. Where the
// folder holds several opportunities, the one that was won last counts.
func (r *salesforceReader) facts(c *collector, users map[string]mention) {
	var opp map[string]any
	for _, rec := range r.each("Opportunity") {
		if opp == nil || field(rec, "IsWon") == "true" && (field(opp, "IsWon") != "true" || field(rec, "CloseDate") > field(opp, "CloseDate")) {
			opp = rec
		}
	}
	if opp == nil {
		return
	}
	fs := facts{
		id: field(opp, "Id"), name: field(opp, "Name"), amount: field(opp, "Amount"), currency: field(opp, "CurrencyIsoCode"),
		close: anytime(field(opp, "CloseDate")), ae: users[field(opp, "OwnerId")],
	}
	for _, acc := range r.each("Account") {
		if id := field(acc, "Id"); id == field(opp, "AccountId") || fs.customer.Name == "" {
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
	return strings.HasSuffix(k, "Id") || strings.HasSuffix(k, "_id") || strings.HasSuffix(k, "_ids") || strings.HasSuffix(k, "Date") && strings.HasPrefix(k, "Last") ||
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
func (r *salesforceReader) written(s *rawSource, users map[string]mention) {
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
			s.passages = append(s.passages, entry(kind.label, title, body, users[field(rec, kind.by)], anytime(field(rec, kind.at)))...)
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
