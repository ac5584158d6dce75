package render

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"throughline"
)

const schemaFile = "../docs/handoff.schema.json"

// schemaDoc is the public schema as JSON.
func schemaDoc(t testing.TB) map[string]any {
	t.Helper()
	data, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

func defs(doc map[string]any) map[string]any { return doc["$defs"].(map[string]any) }

// compiled is the public schema, ready to validate. The schema lets unknown keys
// pass, for readers of later documents; what this program writes may hold none,
// so that here every object is closed.
func compiled(t testing.TB) *jsonschema.Schema {
	t.Helper()
	doc := schemaDoc(t)
	doc["additionalProperties"] = false
	for _, d := range defs(doc) {
		if object := d.(map[string]any); object["type"] == "object" {
			object["additionalProperties"] = false
		}
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("handoff.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("handoff.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func validate(t testing.TB, s *jsonschema.Schema, data []byte) error {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(v)
}

func TestGoldenJSONIsOfTheSchema(t *testing.T) {
	s := compiled(t)
	for _, a := range throughline.Audiences {
		data, err := os.ReadFile(filepath.Join("testdata", "golden", string(a)+".json"))
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, s, data); err != nil {
			t.Errorf("%s: %v", a, err)
		}
	}
}

func TestEmptyHandoffIsOfTheSchema(t *testing.T) {
	s := compiled(t)
	for _, a := range throughline.Audiences {
		h := &throughline.Handoff{
			Version: 1, Status: throughline.StatusDraft, GeneratedAt: time.Unix(0, 0).UTC(),
			Review: throughline.Review{State: throughline.NotReviewed},
		}
		if err := validate(t, s, []byte(rendered(t, "json", h, a))); err != nil {
			t.Errorf("%s: %v", a, err)
		}
	}
}

// TestSchemaRefuses changes one thing of a valid handoff at a time.
func TestSchemaRefuses(t *testing.T) {
	s := compiled(t)
	item := func(i int, change func(map[string]any)) func(map[string]any) {
		return func(h map[string]any) { change(h["items"].([]any)[i].(map[string]any)) }
	}
	set := func(key string, value any) func(map[string]any) {
		return func(m map[string]any) { m[key] = value }
	}
	unset := func(key string) func(map[string]any) { return func(m map[string]any) { delete(m, key) } }
	evidence := func(change func(map[string]any)) func(map[string]any) {
		return item(0, func(it map[string]any) { change(it["evidence"].([]any)[0].(map[string]any)) })
	}
	index := map[throughline.Kind]int{}
	for i, it := range brightwater(t).Items {
		if _, ok := index[it.Kind]; !ok {
			index[it.Kind] = i
		}
	}
	cases := map[string]func(map[string]any){
		"another schema":            set("schema", "throughline.handoff/v2"),
		"no schema":                 unset("schema"),
		"an unknown status":         set("status", "lost"),
		"an unknown audience":       set("audience", "everybody"),
		"items that are null":       set("items", nil),
		"an unknown key":            set("rank", 1),
		"an unknown kind":           item(0, set("kind", "gossip")),
		"a kind of another section": item(0, set("section", 2)),
		"an item without a kind":    item(0, unset("kind")),
		"an item on no evidence":    item(index[throughline.KindPain], set("evidence", []any{})),
		"a champion without a name": item(0, unset("person")),
		"an unknown stance":         item(index[throughline.KindCommittee], set("stance", "fan")),
		"a stance on a pain":        item(index[throughline.KindPain], set("stance", "ally")),
		"a reason on a pain":        item(index[throughline.KindPain], set("why", "because")),
		"a doubt on a milestone":    item(index[throughline.KindMilestone], set("doubt", "maybe")),
		"a day on a risk":           item(index[throughline.KindRisk], set("day", 30)),
		"a day that is no bucket":   item(index[throughline.KindMilestone], set("day", 45)),
		"a due date that is none":   item(index[throughline.KindMilestone], set("due", "soon")),
		"an unknown anchor":         item(index[throughline.KindMilestone], set("from", "whenever")),
		"a risk of no area":         item(index[throughline.KindRisk], unset("area")),
		"an unknown area":           item(index[throughline.KindRisk], set("area", "weather")),
		"an area on a use case":     item(index[throughline.KindUseCase], set("area", "legal")),
		"a vendor without a name":   item(index[throughline.KindAdjacentVendor], unset("vendor")),
		"an unknown label":          item(0, set("label", "certain")),
		"a quote that is not found": evidence(set("match", "none")),
		"a quote of no words":       evidence(set("quote", "")),
		"a quote from nowhere":      evidence(unset("ref")),
		"an unknown side":           evidence(set("side", "press")),
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			var h map[string]any
			if err := json.Unmarshal([]byte(rendered(t, "json", brightwater(t), throughline.AudienceTeam)), &h); err != nil {
				t.Fatal(err)
			}
			change(h)
			data, err := json.Marshal(h)
			if err != nil {
				t.Fatal(err)
			}
			if validate(t, s, data) == nil {
				t.Error("it passes for a valid handoff")
			}
		})
	}
}

// schemaOf names the part of the schema that describes a type of the vocabulary.
var schemaOf = map[reflect.Type]string{
	reflect.TypeFor[throughline.Header]():            "deal",
	reflect.TypeFor[throughline.Company]():           "company",
	reflect.TypeFor[throughline.PersonNote]():        "person",
	reflect.TypeFor[throughline.Engine]():            "engine",
	reflect.TypeFor[throughline.Review]():            "review",
	reflect.TypeFor[throughline.Item]():              "item",
	reflect.TypeFor[throughline.Earlier]():           "earlier",
	reflect.TypeFor[throughline.Evidence]():          "evidence",
	reflect.TypeFor[throughline.Contradiction]():     "contradiction",
	reflect.TypeFor[throughline.ContradictionSide](): "earlier",
	reflect.TypeFor[throughline.Question]():          "question",
	reflect.TypeFor[throughline.LeftOut]():           "leftOut",
	reflect.TypeFor[throughline.SourceNote]():        "source",
	reflect.TypeFor[throughline.Problem]():           "problem",
	reflect.TypeFor[throughline.Remark]():            "remark",
	reflect.TypeFor[throughline.Usage]():             "usage",
	reflect.TypeFor[throughline.Candidates]():        "candidates",
	reflect.TypeFor[throughline.Dismissal]():         "dismissal",
	reflect.TypeFor[throughline.StatCount]():         "stat",
}

// TestSchemaHasEveryField holds the schema to the vocabulary: every type that a
// handoff is made of has the same keys in both, the same of them always there,
// and each described.
func TestSchemaHasEveryField(t *testing.T) {
	doc := schemaDoc(t)
	seen := map[reflect.Type]bool{}
	var visit func(typ reflect.Type)
	visit = func(typ reflect.Type) {
		switch typ.Kind() {
		case reflect.Pointer, reflect.Slice:
			visit(typ.Elem())
			return
		case reflect.Struct:
		default:
			return
		}
		if typ == reflect.TypeFor[time.Time]() || seen[typ] {
			return
		}
		seen[typ] = true
		object := doc
		if typ != reflect.TypeFor[throughline.Handoff]() {
			name, ok := schemaOf[typ]
			if !ok {
				t.Errorf("the schema does not describe %v: add it, and its name to this test", typ)
				return
			}
			object = defs(doc)[name].(map[string]any)
		}
		keys, always := []string{}, []string{}
		for f := range fields(typ) {
			key, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			keys = append(keys, key)
			if !strings.Contains(options, "omitempty") {
				always = append(always, key)
			}
			visit(f.Type)
		}
		properties := object["properties"].(map[string]any)
		if diff := cmp.Diff(sorted(keys), slices.Sorted(maps.Keys(properties))); diff != "" {
			t.Errorf("%v: the schema has other keys (-vocabulary +schema):\n%s", typ, diff)
		}
		required := []string{}
		if list, ok := object["required"].([]any); ok {
			for _, key := range list {
				required = append(required, key.(string))
			}
		}
		if diff := cmp.Diff(sorted(always), sorted(required)); diff != "" {
			t.Errorf("%v: the schema requires other keys (-vocabulary +schema):\n%s", typ, diff)
		}
		for key, p := range properties {
			property := p.(map[string]any)
			if property["description"] == nil && property["$ref"] == nil {
				t.Errorf("%v: the schema does not say what %q is", typ, key)
			}
		}
	}
	visit(reflect.TypeFor[throughline.Handoff]())
}

func fields(typ reflect.Type) func(yield func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range typ.NumField() {
			if !yield(typ.Field(i)) {
				return
			}
		}
	}
}

func sorted(s []string) []string { return slices.Sorted(slices.Values(s)) }

// TestSchemaHasEveryValue holds the schema's sets to the vocabulary's.
func TestSchemaHasEveryValue(t *testing.T) {
	doc := schemaDoc(t)
	of := func(object map[string]any, key string) map[string]any {
		return object["properties"].(map[string]any)[key].(map[string]any)
	}
	def := func(name string) map[string]any { return defs(doc)[name].(map[string]any) }
	sets := map[string]struct{ schema, vocabulary any }{
		"audiences": {of(doc, "audience")["enum"], throughline.Audiences},
		"kinds":     {def("kind")["enum"], throughline.Kinds},
		"sections":  {of(def("item"), "section")["enum"], throughline.Sections},
		"areas":     {of(def("item"), "area")["enum"], throughline.Areas},
		"stances": {of(def("item"), "stance")["enum"], []throughline.Stance{
			throughline.StanceAlly, throughline.StanceNeutral, throughline.StanceBlocker,
		}},
		"labels": {of(def("item"), "label")["enum"], []throughline.Label{
			throughline.LabelStated, throughline.LabelInferred, throughline.LabelAskAE,
		}},
		"anchors": {of(def("item"), "from")["enum"], []throughline.Anchor{
			throughline.FromClose, throughline.FromKickoff, throughline.FromGoLive, throughline.FromCalendar,
		}},
		"matches": {of(def("evidence"), "match")["enum"], []throughline.Match{throughline.MatchExact, throughline.MatchNormalised}},
		"quote roles": {of(def("evidence"), "as")["enum"], []throughline.QuoteRole{
			throughline.AsPromise, throughline.AsDoubt, throughline.AsCondition,
		}},
		"sides": {def("side")["enum"], []throughline.Side{throughline.SideSeller, throughline.SideCustomer}},
		"statuses": {of(doc, "status")["enum"], []throughline.Status{
			throughline.StatusDraft, throughline.StatusInReview, throughline.StatusPublished,
		}},
		"kinds of source": {of(def("source"), "kind")["enum"], []throughline.SourceKind{
			throughline.SourceCall, throughline.SourceEmail, throughline.SourceChat, throughline.SourceCRM, throughline.SourceDocument,
		}},
		"review states": {of(def("review"), "state")["enum"], []string{throughline.Reviewed, throughline.NotReviewed}},
	}
	for name, set := range sets {
		t.Run(name, func(t *testing.T) {
			data, err := json.Marshal(set.vocabulary)
			if err != nil {
				t.Fatal(err)
			}
			var want any
			if err := json.Unmarshal(data, &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, set.schema); diff != "" {
				t.Errorf("-vocabulary +schema:\n%s", diff)
			}
		})
	}
	if got := of(doc, "schema")["const"]; got != throughline.Schema {
		t.Errorf("the schema calls itself %v", got)
	}
}
