package salesforce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"throughline/connect"
)

// A Record is a record's fields, as the REST API gives them.
type Record map[string]any

// text is a field's text; empty where it is absent, null or no text.
func (r Record) text(field string) string {
	s, _ := r[field].(string)
	return s
}

// inner is the record that a relationship field leads to; nil when there is none.
func (r Record) inner(field string) Record {
	m, _ := r[field].(map[string]any)
	return m
}

// quote is a SOQL string literal. What SOQL knows to escape is escaped, so that
// no value can end the literal.
func quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\b", `\b`, "\f", `\f`).Replace(s) + "'"
}

// quotes is a list of literals for IN.
func quotes(values []string) string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = quote(v)
	}
	return "(" + strings.Join(out, ",") + ")"
}

// moment is a SOQL datetime literal, which stands without quotes.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// apiName is what may stand for a field in a query.
var apiName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)?$`)

// recordID is an id of 15 or 18 characters.
var recordID = regexp.MustCompile(`^[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?$`)

// A wish is one thing to be read: the records of a query, one record, or an
// object's description.
type wish struct {
	name   string // letters only
	object string
	fields []string // of a query
	rest   string   // of a query, after FROM: WHERE and so on
	all    bool     // archived records too
	path   string   // of what is no query
	// optional says that many orgs lack the object, so that its absence is no gap.
	optional bool
}

func (w wish) op() string {
	if w.path != "" {
		return "read " + w.object
	}
	return "query " + w.object
}

func (w wish) soql() string {
	return "SELECT " + strings.Join(w.fields, ",") + " FROM " + w.object + " " + w.rest
}

// address is where the wish is asked for.
func (o *Org) address(w wish) string {
	if w.path != "" {
		return o.path(w.path)
	}
	resource := "query"
	if w.all {
		resource = "queryAll"
	}
	return o.path(resource + "?q=" + url.QueryEscape(w.soql()))
}

// answers are the bodies that answered wishes, by name.
type answers map[string]json.RawMessage

// A compositeAnswer is what a composite call is answered with.
type compositeAnswer struct {
	Parts []struct {
		Body   json.RawMessage `json:"body"`
		Status int             `json:"httpStatusCode"`
		Name   string          `json:"referenceId"`
	} `json:"compositeResponse"`
}

// ask sends wishes as one composite call: at most 25, of them at most 5 queries.
// A part that failed for a while is asked for again by itself. What was refused
// comes back as an error by name.
func (o *Org) ask(ctx context.Context, op string, wishes []wish) (answers, map[string]*connect.Error, error) {
	type part struct {
		Method string `json:"method"`
		URL    string `json:"url"`
		Name   string `json:"referenceId"`
	}
	parts := make([]part, len(wishes))
	for i, w := range wishes {
		parts[i] = part{http.MethodGet, o.address(w), w.name}
	}
	var answer compositeAnswer
	body := map[string]any{"allOrNone": false, "compositeRequest": parts}
	req := connect.Request{Op: op, Method: http.MethodPost, Path: o.path("composite"), Body: body, Repeatable: true}
	if err := o.do(ctx, req, &answer); err != nil {
		return nil, nil, err
	}
	got, refused := answers{}, map[string]*connect.Error{}
	for _, w := range wishes {
		for _, p := range answer.Parts {
			if p.Name != w.name {
				continue
			}
			if p.Status/100 == 2 {
				got[w.name] = p.Body
				continue
			}
			e := decode(p.Status, nil, p.Body)
			e.Vendor, e.Op, e.Status = vendor, w.op(), p.Status
			refused[w.name] = e
		}
		if e := refused[w.name]; got[w.name] == nil && (e == nil || e.Temporary && e.RetryAfter == 0) {
			raw, err := o.alone(ctx, w)
			if err != nil {
				refused[w.name] = asError(err, w.op())
				continue
			}
			delete(refused, w.name)
			got[w.name] = raw
		}
	}
	return got, refused, ctx.Err()
}

func (o *Org) alone(ctx context.Context, w wish) (json.RawMessage, error) {
	var raw json.RawMessage
	err := o.do(ctx, connect.Request{Op: w.op(), Path: o.address(w)}, &raw)
	return raw, err
}

// asError is the error as the one type that all calls give.
func asError(err error, op string) *connect.Error {
	var known *connect.Error
	if errors.As(err, &known) {
		return known
	}
	return &connect.Error{Vendor: vendor, Op: op, Err: err}
}

// page is the answer of a query.
type page struct {
	Records []Record `json:"records"`
	Done    bool     `json:"done"`
	Next    string   `json:"nextRecordsUrl"`
}

// rows are the records of a query whose first page has come; the others are
// fetched.
func (o *Org) rows(ctx context.Context, op string, first json.RawMessage) iter.Seq2[Record, error] {
	return connect.Pages(ctx, func(ctx context.Context, cursor string) ([]Record, string, error) {
		var p page
		if cursor == "" {
			if err := json.Unmarshal(first, &p); err != nil {
				return nil, "", &connect.Error{Vendor: vendor, Op: op, Message: "the answer is not what a query is answered with"}
			}
			return p.Records, p.Next, nil
		}
		err := o.do(ctx, connect.Request{Op: op, Path: cursor}, &p)
		return p.Records, p.Next, err
	})
}

// mostRows bounds what is kept of one query.
const mostRows = 20_000

// records are the records that a wish asks for. What can't be had of it is
// told by gaps; the rest is returned all the same.
func (o *Org) records(ctx context.Context, w wish, got answers, refused map[string]*connect.Error) ([]Record, []Gap) {
	first, gaps := got[w.name], []Gap(nil)
	if e := refused[w.name]; e != nil {
		if e.Code != "INVALID_FIELD" {
			return nil, []Gap{{Object: w.object, Optional: w.optional, Err: e}}
		}
		first, gaps = o.withoutHidden(ctx, w, e)
		if first == nil {
			return nil, gaps
		}
	}
	var out []Record
	for rec, err := range o.rows(ctx, w.op(), first) {
		if err != nil {
			return out, append(gaps, Gap{Object: w.object, Partly: true, Err: asError(err, w.op())})
		}
		if len(out) == mostRows {
			return out, append(gaps, Gap{Object: w.object, Partly: true, Err: &connect.Error{Vendor: vendor, Op: w.op(), Message: fmt.Sprintf("more than %d records; the others are left out", mostRows)}})
		}
		out = append(out, rec)
	}
	return out, gaps
}

// withoutHidden asks a query again without the fields that its object does not
// show to the user, and names each of them.
func (o *Org) withoutHidden(ctx context.Context, w wish, refused *connect.Error) (json.RawMessage, []Gap) {
	raw, err := o.alone(ctx, wish{object: w.object, path: "sobjects/" + w.object + "/describe"})
	var d description
	if err != nil || json.Unmarshal(raw, &d) != nil {
		return nil, []Gap{{Object: w.object, Err: refused}}
	}
	var gaps []Gap
	seen := w
	seen.fields = nil
	for _, f := range w.fields {
		if d.has(f) {
			seen.fields = append(seen.fields, f)
			continue
		}
		gaps = append(gaps, Gap{Object: w.object, Field: f, Optional: optionalFields[w.object+"."+f], Err: hidden(w, f, refused.Status)})
	}
	first, err := o.alone(ctx, seen)
	if err != nil {
		return nil, append(gaps, Gap{Object: w.object, Err: asError(err, w.op())})
	}
	return first, gaps
}

func hidden(w wish, field string, status int) *connect.Error {
	name := w.object + "." + field
	return &connect.Error{
		Vendor: vendor, Op: w.op(), Status: status, Code: "INVALID_FIELD", Message: "no field " + name + " that the user may see",
		Advice: "give the app's user Read on the field " + name + " (field-level security), if the org has it",
	}
}

// A description is what describe tells of an object, as far as it is kept.
type description struct {
	Name       string             `json:"name"`
	Label      string             `json:"label"`
	URLs       map[string]string  `json:"urls,omitempty"`
	Createable bool               `json:"createable,omitempty"`
	Updateable bool               `json:"updateable,omitempty"`
	Fields     []fieldDescription `json:"fields"`
}

type fieldDescription struct {
	Name      string   `json:"name"`
	Label     string   `json:"label"`
	Type      string   `json:"type"`
	Custom    bool     `json:"custom"`
	Reference []string `json:"referenceTo,omitempty"`
	Relation  string   `json:"relationshipName,omitempty"`

	Updateable bool `json:"updateable,omitempty"`
	Length     int  `json:"length,omitempty"` // in characters, of types that hold text
}

// field is a field by its API name; false where the object shows none.
func (d description) field(name string) (fieldDescription, bool) {
	for _, f := range d.Fields {
		if strings.EqualFold(f.Name, name) {
			return f, true
		}
	}
	return fieldDescription{}, false
}

// has reports whether the object shows a field; of "ContentDocument.Title",
// whether it shows the reference, and where that is to the object itself, the field.
func (d description) has(field string) bool {
	head, rest, dotted := strings.Cut(field, ".")
	return slices.ContainsFunc(d.Fields, func(f fieldDescription) bool {
		if dotted {
			return strings.EqualFold(f.Relation, head) && (!slices.Contains(f.Reference, d.Name) || d.has(rest))
		}
		return strings.EqualFold(f.Name, field)
	})
}
