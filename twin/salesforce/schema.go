package salesforce

import (
	_ "embed"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
)

//go:embed objects.txt
var objectsText string

// A Field is a field of an object.
type Field struct {
	Name      string
	Type      string // as describe calls it: id, reference, string, textarea, picklist, currency, double, int, boolean, date, datetime, base64
	Label     string
	Reference string // the object that a reference points to

	Length     int  // in characters; 0 for what is usual for the type
	Calculated bool // by a formula: nobody sets it
}

// custom reports whether an admin of the org made the field.
func (f Field) custom() bool { return strings.HasSuffix(f.Name, "__c") }

// relation is the name under which the referred record's fields are queried.
func (f Field) relation() string {
	if name, ok := strings.CutSuffix(f.Name, "__c"); ok {
		return name + "__r"
	}
	return strings.TrimSuffix(f.Name, "Id")
}

// standardFields reads objects.txt: an object's name, then its fields, indented:
// name, type, and what a reference points to.
func standardFields() map[string][]Field {
	out := map[string][]Field{}
	object := ""
	for line := range strings.Lines(objectsText) {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || words[0] == "#":
		case line[0] != ' ':
			object = words[0]
		default:
			f := Field{Name: words[0], Type: words[1]}
			if len(words) > 2 {
				f.Reference = words[2]
			}
			out[object] = append(out[object], f)
		}
	}
	return out
}

// visible are the fields of an object that the user may see.
func (s *Server) visible(object string) []Field {
	var out []Field
	for _, f := range s.fields[object] {
		if !s.Denied[object+"."+f.Name] {
			out = append(out, f)
		}
	}
	return out
}

func (s *Server) visibleField(object, name string) (Field, bool) {
	for _, f := range s.fields[object] {
		if strings.EqualFold(f.Name, name) {
			return f, !s.Denied[object+"."+f.Name]
		}
	}
	return Field{}, false
}

func (s *Server) describe(w http.ResponseWriter, r *http.Request, object string) {
	if _, ok := s.fields[object]; !ok || s.Denied[object] {
		notFound(w)
		return
	}
	var fields []any
	for _, f := range s.visible(object) {
		refs := []string{}
		if f.Reference != "" {
			refs = append(refs, f.Reference)
		}
		label := f.Label
		if own := s.Labels[object+"."+f.Name]; own != "" {
			label = own
		}
		if label == "" {
			label = readable(f.Name)
		}
		fields = append(fields, map[string]any{
			"name": f.Name, "label": label, "type": f.Type, "custom": f.custom(), "picklistValues": []any{}, "referenceTo": refs,
			"createable": s.writable(object, f, true), "updateable": s.writable(object, f, false) && !s.NoEdit[object], "length": f.length(), "calculated": f.Calculated,
			"relationshipName": f.relation(),
		})
	}
	host := "https://org.my.salesforce.example"
	if r.Host != "" {
		host = "http://" + r.Host
	}
	reply(w, map[string]any{
		"name": object, "label": readable(object), "custom": false, "queryable": true, "fields": fields,
		"createable": !s.NoCreate[object], "updateable": !s.NoEdit[object],
		"urls": map[string]string{"sobject": "/services/data/" + Version + "/sobjects/" + object, "uiDetailTemplate": host + "/{ID}"},
	})
}

// readable is an API name as people would write it: "Loss_Risk__c" is "Loss risk".
func readable(name string) string {
	var b strings.Builder
	low := false
	for _, r := range strings.ReplaceAll(strings.TrimSuffix(name, "__c"), "_", " ") {
		if unicode.IsUpper(r) && b.Len() > 0 {
			if low {
				b.WriteByte(' ')
			}
			if low || strings.HasSuffix(b.String(), " ") {
				r = unicode.ToLower(r)
			}
		}
		low = unicode.IsLower(r)
		b.WriteRune(r)
	}
	return b.String()
}

// Put adds a record, or replaces the one with its id, and returns its id. An
// object or field that the org does not have yet becomes one.
func (s *Server) Put(object string, rec Record) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.put(object, rec)
}

func (s *Server) put(object string, rec Record) string {
	rec = maps.Clone(rec)
	delete(rec, "attributes")
	if rec["Id"] == nil {
		s.made++
		rec["Id"] = fmt.Sprintf("%s%012dAAA", idPrefix(object), s.made)
	}
	for _, name := range slices.Sorted(maps.Keys(rec)) {
		if !slices.ContainsFunc(s.fields[object], func(f Field) bool { return f.Name == name }) {
			s.fields[object] = append(s.fields[object], Field{Name: name, Type: typeOf(rec[name])})
		}
	}
	stamp(rec, s.Now())
	switch {
	case object == "Task":
		s.settleTask(rec)
	case object == "User" && rec["IsActive"] == nil:
		rec["IsActive"] = true
	}
	s.changed(object, rec)
	for i, old := range s.tables[object] {
		if old["Id"] == rec["Id"] {
			s.tables[object][i] = rec
			return rec["Id"].(string)
		}
	}
	s.tables[object] = append(s.tables[object], rec)
	id, _ := rec["Id"].(string)
	return id
}

// stamp gives a record the times that every record has.
func stamp(rec Record, now time.Time) {
	for _, name := range []string{"CreatedDate", "LastModifiedDate", "SystemModstamp"} {
		if rec[name] == nil {
			rec[name] = timeText(now)
			if name != "CreatedDate" && rec["CreatedDate"] != nil {
				rec[name] = rec["CreatedDate"]
			}
		}
	}
}

func timeText(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000+0000") }

// idPrefix is the key prefix of an object's ids.
func idPrefix(object string) string {
	prefixes := map[string]string{
		"Account": "001", "Note": "002", "Contact": "003", "User": "005", "Opportunity": "006", "OpportunityHistory": "008", "RecordType": "012",
		"OpportunityFieldHistory": "017", "Event": "00U", "Task": "00T", "OpportunityContactRole": "00K", "EmailMessage": "02s", "OpportunityStage": "01J", "TaskStatus": "01T",
		"ContentDocumentLink": "06A", "ContentDocument": "069", "ContentNote": "069", "ContentVersion": "068",
	}
	if p := prefixes[object]; p != "" {
		return p
	}
	return "a00"
}

func typeOf(v any) string {
	switch v := v.(type) {
	case bool:
		return "boolean"
	case float64, int:
		return "double"
	case string:
		if _, err := time.Parse(time.DateOnly, v); err == nil {
			return "date"
		}
	}
	return "string"
}

// Get is a copy of a record; nil when there is none.
func (s *Server) Get(object, id string) Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.find(object, id))
}

// find is a record by its id, of 15 or 18 characters.
func (s *Server) find(object, id string) Record {
	for _, rec := range s.tables[object] {
		if own, _ := rec["Id"].(string); sameID(own, id) {
			return rec
		}
	}
	return nil
}

func sameID(a, b string) bool {
	return len(a) >= 15 && len(b) >= 15 && a[:15] == b[:15]
}

// value is a field's value as an answer shows it: of a blob, where it is.
func (s *Server) value(object string, f Field, rec Record) any {
	if f.Type == "base64" {
		return fmt.Sprintf("/services/data/%s/sobjects/%s/%v/%s", Version, object, rec["Id"], f.Name)
	}
	return rec[f.Name]
}
