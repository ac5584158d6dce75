// Package rendertest holds whatever shows a handoff to an audience, a renderer or a
// connector, to the wall between audiences: it plants texts in what the audience
// may not see, and looks for them in what is shown. Only tests use it.
package rendertest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"throughline"
)

// Planted is a text that should not come through. It has no character that any
// format escapes.
const Planted = "Zqxwvplanted"

// Wall shows a handoff to an audience that may not see all, many times, with
// texts planted in every place of one field that the audience may not see. show
// returns all that the audience is then shown; it may not change the handoff.
func Wall(t testing.TB, a throughline.Audience, show func(h *throughline.Handoff) string) {
	t.Helper()
	if MaySee[a] == nil {
		t.Fatalf("the audience %s sees all, or is not known", a)
	}
	asItIs, full := Handoff(t), Filled(Handoff(t))
	if shown := show(asItIs); !strings.Contains(shown, asItIs.Deal.Customer.Name) {
		t.Fatalf("not even the customer's name is shown, in %.500q", shown)
	}
	usual := map[string]bool{}
	for _, h := range []*throughline.Handoff{asItIs, full} {
		for field, texts := range hidden(h, a) {
			if usual[field] {
				continue // it was tried in a handoff in which all else is as usual
			}
			usual[field] = true
			if places := seen(show, h, texts); len(places) > 0 {
				t.Errorf("%s comes through to %s: %s", field, a, strings.Join(places, ", "))
			}
		}
	}
	said := Worded(Handoff(t))
	for field, texts := range hidden(said, a) {
		if !strings.HasPrefix(field, "Items[].Remarks[].") {
			continue // it was tried above
		}
		if places := seen(show, said, texts); len(places) > 0 {
			t.Errorf("%s comes through to %s, where items are worded: %s", field, a, strings.Join(places, ", "))
		}
	}
}

// Worded is a handoff whose items are worded for the customer: by the AE, whose words
// don't count, and twice by the CSM, whose later words do.
func Worded(h *throughline.Handoff) *throughline.Handoff {
	for i := range h.Items {
		for _, role := range []string{"CSM", "CSM", "AE"} {
			h.Items[i].Remarks = append(h.Items[i].Remarks, throughline.Remark{Kind: throughline.RemarkWording, Role: role, By: "somebody@example.com", Text: "as it is worded"})
		}
	}
	return h
}

// hidden are the texts that an audience may not see, by field.
func hidden(h *throughline.Handoff, a throughline.Audience) map[string][]Text {
	out := map[string][]Text{}
	for _, s := range Texts(h) {
		if !s.Allowed(h, a) {
			out[s.Field] = append(out[s.Field], s)
		}
	}
	return out
}

// seen plants in all the places, shows the handoff, puts back what was there, and
// returns the places that came through.
func seen(show func(h *throughline.Handoff) string, h *throughline.Handoff, texts []Text) []string {
	was := make([]string, len(texts))
	for i, s := range texts {
		was[i] = s.Value.String()
		s.Value.SetString(fmt.Sprintf("%s%dx", Planted, i))
	}
	shown := show(h)
	var places []string
	for i, s := range texts {
		if strings.Contains(shown, s.Value.String()) {
			places = append(places, s.Place)
		}
		s.Value.SetString(was[i])
	}
	return places
}

// A Text is one string of a handoff, where it stands and what it is of.
type Text struct {
	Field string // by type: Items[].Evidence[].Quote
	Place string // in this handoff: Items[3].Evidence[0].Quote
	Value reflect.Value
}

// Texts are all strings of a handoff, of whatever named type, found by
// reflection: a field that is added to the vocabulary is among them.
func Texts(h *throughline.Handoff) []Text {
	var all []Text
	var walk func(v reflect.Value, field, place string)
	walk = func(v reflect.Value, field, place string) {
		switch v.Kind() {
		case reflect.String:
			all = append(all, Text{Field: field, Place: place, Value: v})
		case reflect.Pointer:
			if !v.IsNil() {
				walk(v.Elem(), field, place)
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i), field+"[]", fmt.Sprintf("%s[%d]", place, i))
			}
		case reflect.Struct:
			if v.Type() == reflect.TypeFor[time.Time]() {
				return
			}
			for i := range v.NumField() {
				name := v.Type().Field(i).Name
				walk(v.Field(i), strings.TrimPrefix(field+"."+name, "."), strings.TrimPrefix(place+"."+name, "."))
			}
		case reflect.Bool, reflect.Int, reflect.Int64, reflect.Float64:
		default:
			panic("rendertest does not know how to look into a " + v.Kind().String() + " at " + place + ": teach it")
		}
	}
	walk(reflect.ValueOf(h).Elem(), "", "")
	return all
}

// Filled is a handoff in which every list has an element and nothing is nil, so
// that no string is out of reach.
func Filled(h *throughline.Handoff) *throughline.Handoff {
	fill(reflect.ValueOf(h).Elem())
	return h
}

func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		fill(v.Elem())
	case reflect.Slice:
		if v.Len() == 0 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		}
		for i := range v.Len() {
			fill(v.Index(i))
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	}
}

// Handoff is a made-up deal's, with one item of each kind and those that replaced
// something, and of all else something.
func Handoff(t testing.TB) *throughline.Handoff {
	t.Helper()
	h := brightwater(t)
	seen := map[throughline.Kind]bool{}
	h.Items = slices.DeleteFunc(h.Items, func(it throughline.Item) bool {
		was := seen[it.Kind]
		seen[it.Kind] = true
		return was && it.Superseded == nil
	})
	return h
}

// brightwater is the deal of package render's own tests.
func brightwater(t testing.TB) *throughline.Handoff {
	t.Helper()
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		_, err := os.Stat(filepath.Join(root, "go.mod"))
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) || root == filepath.Dir(root) {
			t.Fatalf("the module's directory can't be found: %v", err)
		}
		root = filepath.Dir(root)
	}
	data, err := os.ReadFile(filepath.Join(root, "render", "testdata", "brightwater.json"))
	if err != nil {
		t.Fatal(err)
	}
	var h throughline.Handoff
	if err := json.Unmarshal(data, &h); err != nil {
		t.Fatal(err)
	}
	return &h
}

// Allowed reports whether an audience may see the text.
func (s Text) Allowed(h *throughline.Handoff, a throughline.Audience) bool {
	may := MaySee[a][s.Field]
	return may != nil && may(h, positions(s.Place))
}

// MaySee are the fields that an audience is shown, and of which items and
// quotes. What is not here must not come through: a field added to the
// vocabulary is not for these audiences until somebody says so here.
var MaySee = map[throughline.Audience]map[string]func(h *throughline.Handoff, place []int) bool{
	throughline.AudienceCustomer: {
		"Deal.Seller.Name": always, "Deal.Seller.Product": always, "Deal.Customer.Name": always,
		"Deal.AE.Name": always, "Deal.CSM.Name": always,
		"Items[].Evidence[].Quote": heardByTwo, "Items[].Evidence[].Speaker": heardByTwo,
		"Items[].Remarks[].Text": worded,
	},
	throughline.AudienceCompany: {
		"Deal.ID": always, "Deal.Name": always, "Deal.Amount": always, "Deal.Currency": always,
		"Deal.Seller.Name": always, "Deal.Seller.Product": always, "Deal.Seller.Domain": always,
		"Deal.Seller.Industry": always, "Deal.Seller.Region": always,
		"Deal.Customer.Name": always, "Deal.Customer.Product": always, "Deal.Customer.Domain": always,
		"Deal.Customer.Industry": always, "Deal.Customer.Region": always,
		"Deal.AE.Name": always, "Deal.AE.Title": always, "Deal.AE.Email": always, "Deal.AE.Role": always, "Deal.AE.CRMRole": always,
		"Deal.CSM.Name": always, "Deal.CSM.Title": always, "Deal.CSM.Email": always, "Deal.CSM.Role": always, "Deal.CSM.CRMRole": always,
		"Deal.People[].Name": always, "Deal.People[].Title": always, "Deal.People[].Email": always,
		"Deal.People[].Role": always, "Deal.People[].CRMRole": always,
		"Engine.Name": always, "Engine.Model": always, "Engine.Limits": always,
		"Review.By": always, "Thin[]": always,
		"Items[].Text": ofTheCompanys, "Items[].Superseded[].Text": ofTheCompanys,
		"Items[].Evidence[].Source": noDoubt, "Items[].Evidence[].Ref": noDoubt, "Items[].Evidence[].Quote": noDoubt,
		"Items[].Evidence[].Speaker": noDoubt, "Items[].Evidence[].URL": noDoubt,
		"Items[].Superseded[].Evidence[].Source": ofTheCompanys, "Items[].Superseded[].Evidence[].Ref": ofTheCompanys,
		"Items[].Superseded[].Evidence[].Quote": ofTheCompanys, "Items[].Superseded[].Evidence[].Speaker": ofTheCompanys,
		"Items[].Superseded[].Evidence[].URL": ofTheCompanys,
		"Sources[].ID":                        always, "Sources[].NotEvidence": always,
		"Sources[].Title": noEmail, "Sources[].URL": noEmail, "Sources[].People[]": noEmail,
	},
}

func always(*throughline.Handoff, []int) bool { return true }

func heardByTwo(h *throughline.Handoff, at []int) bool {
	e := h.Items[at[0]].Evidence[at[1]]
	return e.CustomersHeard >= 2 && !e.Internal && e.Match != throughline.MatchNone
}

// worded reports whether a remark is how the CSM worded an item last that the customer
// may see.
func worded(h *throughline.Handoff, at []int) bool {
	it := h.Items[at[0]]
	for i := range it.Evidence {
		if !heardByTwo(h, []int{at[0], i}) {
			return false
		}
	}
	last := -1
	for i, r := range it.Remarks {
		switch {
		case r.Kind == throughline.RemarkCorrected, r.Kind == throughline.RemarkNotCommitment:
			return false
		case r.Kind == throughline.RemarkWording && r.Role == "CSM":
			last = i
		}
	}
	return last == at[1] && len(it.Evidence) > 0 && ofTheCompanys(h, at)
}

func ofTheCompanys(h *throughline.Handoff, at []int) bool {
	switch h.Items[at[0]].Kind {
	case throughline.KindPain, throughline.KindUseCase, throughline.KindWorkaround, throughline.KindMilestone, throughline.KindRisk:
		return true
	}
	return false
}

func noDoubt(h *throughline.Handoff, at []int) bool {
	return ofTheCompanys(h, at) && h.Items[at[0]].Evidence[at[1]].As != throughline.AsDoubt
}

func noEmail(h *throughline.Handoff, at []int) bool {
	return h.Sources[at[0]].Kind != throughline.SourceEmail
}

var position = regexp.MustCompile(`\[([0-9]+)\]`)

func positions(place string) []int {
	var at []int
	for _, m := range position.FindAllStringSubmatch(place, -1) {
		n := 0
		if _, err := fmt.Sscan(m[1], &n); err != nil {
			panic(err)
		}
		at = append(at, n)
	}
	return at
}
