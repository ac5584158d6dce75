package render

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"throughline"
)

// A text is one string field of a handoff, where it stands and what it is of.
type text struct {
	field string // by type: Items[].Evidence[].Quote
	place string // in this handoff: Items[3].Evidence[0].Quote
	value reflect.Value
}

// textsOf are all strings of a handoff, of whatever named type, found by
// reflection: a field that is added to the vocabulary is among them.
func textsOf(h *throughline.Handoff) []text {
	var all []text
	var walk func(v reflect.Value, field, place string)
	walk = func(v reflect.Value, field, place string) {
		switch v.Kind() {
		case reflect.String:
			all = append(all, text{field: field, place: place, value: v})
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
			panic("this test does not know how to look into a " + v.Kind().String() + " at " + place + ": teach it")
		}
	}
	walk(reflect.ValueOf(h).Elem(), "", "")
	return all
}

// filled is a handoff in which every list has an element and nothing is nil, so
// that no string is out of reach.
func filled(h *throughline.Handoff) *throughline.Handoff {
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

// small is brightwater with one item of each kind and those that replaced
// something, and all else it has.
func small(t testing.TB) *throughline.Handoff {
	h := brightwater(t)
	seen := map[throughline.Kind]bool{}
	h.Items = slices.DeleteFunc(h.Items, func(it throughline.Item) bool {
		was := seen[it.Kind]
		seen[it.Kind] = true
		return was && it.Superseded == nil
	})
	return h
}

// planted is the text that should not come through. It has no character that
// any format escapes.
const planted = "Zqxwvplanted"

// maySee are the fields that an audience is shown, and of which items and
// quotes. What is not here must not come through: a field added to the
// vocabulary is not for these audiences until somebody says so here.
var maySee = map[throughline.Audience]map[string]func(h *throughline.Handoff, place []int) bool{
	throughline.AudienceCustomer: {
		"Deal.Seller.Name": always, "Deal.Seller.Product": always, "Deal.Customer.Name": always,
		"Deal.AE.Name": always, "Deal.CSM.Name": always,
		"Items[].Evidence[].Quote": heardByTwo, "Items[].Evidence[].Speaker": heardByTwo,
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

// TestHostileEngine plants a text in every string of a handoff, one at a time,
// and renders it in every way for those who may not see all. The text comes
// through only where the table above lets it; each line of the table is needed.
func TestHostileEngine(t *testing.T) {
	asItIs, full := small(t), filled(small(t))
	usual := map[string]bool{}
	for _, s := range textsOf(asItIs) {
		usual[s.field] = true
	}
	for a, table := range maySee {
		came := map[string]bool{}
		for _, h := range []*throughline.Handoff{asItIs, full} {
			t.Run(string(a), func(t *testing.T) {
				for _, s := range textsOf(h) {
					if h == full && usual[s.field] {
						continue
					}
					was := s.value.String()
					allowed := table[s.field] != nil && table[s.field](h, positions(s.place))
					s.value.SetString(planted)
					for format := range renderers {
						if !strings.Contains(rendered(t, format, h, a), planted) {
							continue
						}
						came[s.field] = true
						if !allowed {
							t.Errorf("%s in %s comes through to %s", s.place, format, a)
						}
					}
					s.value.SetString(was)
				}
			})
		}
		for field := range table {
			if !came[field] {
				t.Errorf("%s may come through to %s, and does not", field, a)
			}
		}
	}
}

// TestTeamSeesEveryText: what is planted comes through to the team in every
// format that says it all, and so would in the test above if it were let.
func TestTeamSeesEveryText(t *testing.T) {
	h := filled(small(t))
	for _, s := range textsOf(h) {
		if s.field == "Schema" || s.field == "Audience" {
			continue // are the renderer's
		}
		was := s.value.String()
		s.value.SetString(planted)
		if !strings.Contains(rendered(t, "json", h, throughline.AudienceTeam), planted) {
			t.Errorf("%s does not come through to the team", s.place)
		}
		s.value.SetString(was)
	}
}

// TestEveryTextIsReached holds filled to its word.
func TestEveryTextIsReached(t *testing.T) {
	reached := map[string]bool{}
	for _, s := range textsOf(filled(&throughline.Handoff{})) {
		reached[s.field] = true
	}
	for _, field := range []string{
		"Items[].Text", "Items[].Superseded[].Evidence[].URL", "Contradictions[].Sides[].Evidence[].Quote",
		"Usage.Candidates.Dismissed[].Reason", "Usage.Stats[].Name", "Deal.CSM.Email", "Sources[].People[]", "Review.By", "Problems[].What",
	} {
		if !reached[field] {
			t.Errorf("%s is not reached", field)
		}
	}
}
