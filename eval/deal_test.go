package eval

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"throughline"
)

// brindle is the annotated deal of this package's tests.
const brindle = "testdata/brindle"

func TestLoad(t *testing.T) {
	d, err := Load(brindle)
	if err != nil {
		t.Fatal(err)
	}
	if d.ID != "brindle" || d.Native != filepath.Join(brindle, "native") {
		t.Errorf("id %q, native files in %q", d.ID, d.Native)
	}
	if len(d.Problems) > 0 {
		t.Errorf("problems: %q", d.Problems)
	}
	if n, traps, old := len(d.Gold.Items), len(d.Gold.Traps), len(d.Gold.Superseded); n != 14 || traps != 2 || old != 1 {
		t.Errorf("%d facts, %d traps, %d superseded", n, traps, old)
	}
	want := []string{
		"Closed Won", "21600.0", "Tell Rosa about the weekly file", "true", "Discovery", "2026-02-10", "Closed Won", "2026-03-27", "rosa", "Economic Buyer",
		"2026-03-06", "nadia", "Rosa on the phone: on her own she would have bought in February already, she only slows down when Ivor is in the room.",
		"2026-03-30", "nadia", "Book kickoff", "Open",
	}
	crm, err := os.ReadFile(filepath.Join(brindle, "crm.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, (&written{}).fields("crm.yaml", string(crm))); diff != "" {
		t.Errorf("fields of the CRM (-want +got):\n%s", diff)
	}
}

func TestFieldText(t *testing.T) {
	for _, c := range []struct {
		yaml string
		want []string
	}{
		{"a: 12", []string{"12"}},
		{"a: 12.50", []string{"12.5"}},
		{"a: 12.00", []string{"12.0"}},
		{"a: '12.50'", []string{"12.50"}},
		{"a: Yes", []string{"true"}},
		{"a: off", []string{"false"}},
		{"a: 'no'", []string{"no"}},
		{"a: 2026-03-06", []string{"2026-03-06"}},
		{"a: ~\nb: null\nc:", nil},
		{"a: [x, {b: y}, [z]]", []string{"x", "y", "z"}},
		{"a: &it x\nb: *it", []string{"x"}},
		{"", nil},
	} {
		w := &written{}
		if diff := cmp.Diff(c.want, w.fields("crm.yaml", c.yaml)); diff != "" || len(w.faults) > 0 {
			t.Errorf("%q (-want +got): %v\n%s", c.yaml, w.faults, diff)
		}
	}
}

// brindleFS is the deal in memory, to change files of.
func brindleFS(t testing.TB) fstest.MapFS {
	t.Helper()
	m := fstest.MapFS{}
	dir := os.DirFS(brindle)
	err := fs.WalkDir(dir, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasPrefix(name, "native/") {
			return err
		}
		data, err := fs.ReadFile(dir, name)
		m[name] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestLoadFaults: what does not follow the layout is named with file and line.
func TestLoadFaults(t *testing.T) {
	head := "# title: x\n# date: x\n# attendees: x\n"
	for _, c := range []struct {
		file, text string
		want       []string
	}{
		{"deal.yaml", "id: [", []string{"deal.yaml: "}},
		{"deal.yaml", "id: a/b", []string{"deal.yaml: the id is one word"}},
		{"deal.yaml", "people: []", []string{"deal.yaml: the id is one word"}},
		{"gold.json", `{"items": [`, []string{"gold.json: "}},
		{"gold.json", `{"items": [{"day": "soon"}]}`, []string{"gold.json: ", "day"}},
		{"crm.yaml", "a: [", []string{"crm.yaml: "}},
		{"calls/01.txt", "[00:00:01] rosa: hello\n", []string{"'# title: …'", "'# date: …'", "'# attendees: …'"}},
		{"calls/01.txt", head + "\nhello\n", []string{"calls/01.txt, line 5: not a turn"}},
		{"calls/01.txt", head + "[00:00:09] rosa: a\n[00:00:08] rosa: b\n", []string{"calls/01.txt, line 5: time goes back"}},
		{"calls/01.txt", head + "[00:00:09] zed: a\n[00:00:10] unknown2: b\nx\n", []string{"line 4: \"zed\" is nobody", "line 6: not a turn"}},
		{"emails/01.txt", "From: rosa\nhello\n\nbody", []string{"line 2: not a line 'Key: value'", "'To: …'", "'Date: …'", "'Subject: …'"}},
		{"slack/deal-brindle.txt", "# channel: x\n\n[2026-03-04 09:12] zed: a\nhello\n", []string{"line 3: \"zed\" is nobody", "line 4: not a message"}},
	} {
		t.Run(c.file, func(t *testing.T) {
			m := brindleFS(t)
			m[c.file] = &fstest.MapFile{Data: []byte(c.text)}
			_, err := load(m)
			if err == nil {
				t.Fatalf("%q was loaded", c.text)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("it says %q, want %q", err, want)
				}
			}
		})
	}
}

func TestLoadWithoutOptionalParts(t *testing.T) {
	m := brindleFS(t)
	for name := range maps.Clone(m) {
		if name != "deal.yaml" && name != "gold.json" {
			delete(m, name)
		}
	}
	d, err := load(m)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Problems) < len(d.Gold.Items) {
		t.Errorf("no quote stands anywhere, and only this is said: %q", d.Problems)
	}
	if r := d.Score(perfectOf(d)); r.Recall != 0 || r.NotVerbatim != r.Quotes {
		t.Errorf("recall %v, %d of %d quotes not verbatim", r.Recall, r.NotVerbatim, r.Quotes)
	}
}

func TestLoadOfNoDeal(t *testing.T) {
	for _, dir := range []string{t.TempDir(), filepath.Join(t.TempDir(), "gone")} {
		if _, err := Load(dir); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), dir+" is no annotated deal") {
			t.Errorf("it says %v", err)
		}
	}
}

// TestProblems: faults of the annotation are said, each once, and the deal can be
// scored with all the same.
func TestProblems(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Gold)
		want   string
	}{
		{"kind", func(g *Gold) { g.Items[0].Kind = "hunch" }, `champion-1: there is no kind "hunch"`},
		{"person", func(g *Gold) { g.Items[0].Person = "Zed" }, `champion-1: "Zed" is nobody of deal.yaml`},
		{"stance", func(g *Gold) { g.Items[1].Stance = "fan" }, `committee-1: there is no stance "fan"`},
		{"day", func(g *Gold) { g.Items[11].Day = 45 }, "milestone-1: the day is 30, 60 or 90, not 45"},
		{"vendor", func(g *Gold) { g.Items[10].Vendor = "" }, "adjacent_vendor-1 names no vendor"},
		{"area", func(g *Gold) { g.Items[12].Area = "weather" }, `risk-1: there is no area "weather"`},
		{"importance", func(g *Gold) { g.Items[3].Importance = "nice" }, `pain-1: the importance is must or should, not "nice"`},
		{"no quote", func(g *Gold) { g.Items[3].Evidence = nil }, "pain-1 has no quote"},
		{"quote", func(g *Gold) { g.Items[3].Evidence[0].Quote = "we lost fifty" }, `pain-1: "we lost fifty" does not stand in calls/01`},
		{"source", func(g *Gold) { g.Items[3].Evidence[0].Source = "calls/09" }, "does not stand in calls/09"},
		{"trap", func(g *Gold) { g.Traps[1].Quote.Quote = "sunny" }, `trap 2: "sunny" does not stand in calls/01`},
		{"old", func(g *Gold) { g.Superseded[0].Old.Quote = "twelve" }, `superseded 1, old: "twelve"`},
		{"new", func(g *Gold) { g.Superseded[0].New.Quote = "twelve" }, `superseded 1, new: "twelve"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := brindleFS(t)
			var g Gold
			if err := json.Unmarshal(m["gold.json"].Data, &g); err != nil {
				t.Fatal(err)
			}
			c.change(&g)
			data, err := json.Marshal(g)
			if err != nil {
				t.Fatal(err)
			}
			m["gold.json"] = &fstest.MapFile{Data: data}
			d, err := load(m)
			if err != nil {
				t.Fatal(err)
			}
			if len(d.Problems) != 1 || !strings.Contains(d.Problems[0], c.want) {
				t.Errorf("problems: %q, want one, %q", d.Problems, c.want)
			}
			d.Score(perfectOf(d))
		})
	}
}

// perfectOf is the handoff that says just what was annotated.
func perfectOf(d *Deal) *throughline.Handoff {
	h := &throughline.Handoff{}
	for _, f := range d.Gold.Items {
		it := throughline.Item{Kind: f.Kind, Text: f.Fact, Person: f.Person, Stance: f.Stance, Vendor: f.Vendor, Day: f.Day}
		for _, q := range f.Evidence {
			it.Evidence = append(it.Evidence, throughline.Evidence{Quote: q.Quote})
		}
		h.Items = append(h.Items, it)
	}
	return h
}

// FuzzLoad: no file makes reading panic, nor scoring with what was read; and
// every share lies between 0 and 1.
func FuzzLoad(f *testing.F) {
	m := brindleFS(f)
	for name, file := range m {
		f.Add(name, file.Data)
	}
	f.Add("crm.yaml", []byte("a: &a [*a, {<<: *a}]"))
	f.Add("gold.json", []byte(`{"items":[{"kind":"pain","evidence":[{"source":"calls/01","quote":"a"}]}]}`))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		if m[name] == nil {
			t.Skip("a file that nothing reads")
		}
		dir := maps.Clone(m)
		dir[name] = &fstest.MapFile{Data: data}
		d, err := load(dir)
		if err != nil {
			return
		}
		checkBounds(t, d.Score(perfectOf(d)))
	})
}

func FuzzReadHandoff(f *testing.F) {
	for _, doc := range []string{
		`{"items": [{"kind": "milestone", "day": 30, "evidence": [{"quote": "by May", "at": "yesterday"}]}], "usage": {"cost_usd": 2.5}}`,
		`{"items": [{"kind": "milestone", "day": "60", "person": null}], "usage": "none"}`,
		`{"items": []}`, `{"items": null}`, `[]`, `{"items": [{"day": 1e99}]}`, `{`,
	} {
		f.Add(doc)
	}
	d, err := Load(brindle)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, doc string) {
		h, err := ReadHandoff(strings.NewReader(doc))
		if (h == nil) == (err == nil) {
			t.Fatalf("handoff %v, error %v", h, err)
		}
		if err == nil {
			checkBounds(t, d.Score(h))
		}
	})
}

func checkBounds(t *testing.T, r Result) {
	t.Helper()
	for _, s := range []Share{r.MustRecall, r.Recall, r.Precision, r.F1} {
		if !(s >= 0 && s <= 1) {
			t.Errorf("a share of %v: %+v", s, r)
		}
	}
	if r.Sums.Hit != r.Sums.Good {
		t.Errorf("%v points for facts, %v for items", r.Sums.Hit, r.Sums.Good)
	}
}
