package eval_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"throughline"
	"throughline/engine/builtin"
	"throughline/eval"
	"throughline/folder"
	"throughline/ground"
)

// benchDir is where the annotated deals and their scorer lie beside a checkout,
// where they do. The scorer is the reference: this package must come to the same.
const benchDir = "../../shared/bench"

// scorer is how the reference is run. The test is skipped where it can't be.
func scorer(t *testing.T) (python, script string) {
	t.Helper()
	script = filepath.Join(benchDir, "score.py")
	if _, err := os.Stat(script); err != nil {
		t.Skipf("%s is not here: this test compares with a scorer that is kept beside the project", script)
	}
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not here, and the scorer to compare with is written in it")
	}
	if err := exec.CommandContext(t.Context(), python, "-c", "import yaml").Run(); err != nil {
		t.Skip("python3 has no pyyaml, which the scorer to compare with needs")
	}
	return python, script
}

// reference runs the scorer with the arguments that follow the script, reading each
// deal once however many of its handoffs are scored.
const reference = `
import functools, sys
from pathlib import Path
sys.path.insert(0, str(Path(sys.argv[1]).parent))
sys.argv = sys.argv[1:]
import score
score.Index = functools.cache(score.Index)
score.main()`

// peerScore is what the reference finds of one handoff.
type peerScore struct {
	Deal       string
	MustRecall float64 `json:"must_recall"`
	Recall     float64
	Precision  float64
	F1         float64
	Items      int
	Gold       int
	Quotes     int
	Bad        int `json:"not_verbatim"`
	Unproven   int `json:"unproven_items"`
	Repeats    int
	Traps      int
	TrapsOf    int `json:"traps_of"`
	Stale      int
	StaleOf    int                 `json:"stale_of"`
	PerKind    map[string]peerKind `json:"per_kind"`
	Missed     []string            `json:"_missed"`
	Wrong      []string            `json:"_wrong"`
	TrapQuotes []string            `json:"_traps"`
	OldQuotes  []string            `json:"_stale"`
	Sums       peerSums            `json:"_sums"`
}

type peerKind struct {
	Gold      int
	Recall    *float64
	Out       int
	Precision *float64
}

type peerSums struct {
	Hit     float64
	Gold    int
	MustHit float64 `json:"must_hit"`
	Must    int
	Good    float64
	Items   int
}

// asPeer tells a result as the reference would.
func asPeer(r eval.Result) peerScore {
	p := peerScore{
		Deal: r.Deal, MustRecall: float64(r.MustRecall), Recall: float64(r.Recall), Precision: float64(r.Precision), F1: float64(r.F1),
		Items: r.Items, Gold: r.Gold, Quotes: r.Quotes, Bad: r.NotVerbatim, Unproven: r.Unproven, Repeats: r.Repeats,
		Traps: r.Traps, TrapsOf: r.TrapsOf, Stale: r.Stale, StaleOf: r.StaleOf,
		PerKind: map[string]peerKind{},
		Sums:    peerSums{r.Sums.Hit, r.Sums.Gold, r.Sums.MustHit, r.Sums.Must, r.Sums.Good, r.Sums.Judged},
	}
	for kind, k := range r.Kinds {
		p.PerKind[string(kind)] = peerKind{k.Gold, orNil(k.Recall), k.Out, orNil(k.Precision)}
	}
	for _, f := range r.Missed {
		p.Missed = append(p.Missed, string(f.Kind)+": "+f.Text)
	}
	for _, f := range r.Wrong {
		p.Wrong = append(p.Wrong, string(f.Kind)+": "+firstRunes(f.Text, 90))
	}
	for _, f := range r.Trapped {
		p.TrapQuotes = append(p.TrapQuotes, firstRunes(f.Text, 60))
	}
	for _, f := range r.Outdated {
		p.OldQuotes = append(p.OldQuotes, firstRunes(f.Text, 60))
	}
	return p
}

func orNil(s eval.Share) *float64 {
	if !s.Known() {
		return nil
	}
	v := float64(s)
	return &v
}

func firstRunes(s string, n int) string {
	rs := []rune(s)
	return string(rs[:min(n, len(rs))])
}

// closeEnough: every figure to within a billionth; no list equals an empty one.
var closeEnough = cmp.Options{
	cmpopts.EquateEmpty(),
	cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) <= 1e-9 }),
}

// A variant is one handoff of a deal.
type variant struct {
	name    string
	handoff *throughline.Handoff
}

// variants are handoffs of a deal of every sort that a score tells apart.
func variants(t *testing.T, d *eval.Deal) []variant {
	t.Helper()
	engine, gold := builtinHandoff(t, d), perfect(d)
	all := []variant{
		{"of the builtin engine", engine},
		{"of the gold", gold},
		{"empty", &throughline.Handoff{}},
		{"first names only", changed(gold, func(_ int, it *throughline.Item) { it.Person = firstName(it.Person) })},
		{"nobody", changed(gold, func(_ int, it *throughline.Item) { it.Person = "" })},
		{"wrong stance", changed(gold, func(_ int, it *throughline.Item) { it.Stance = throughline.StanceBlocker })},
		{"wrong day", changed(gold, func(_ int, it *throughline.Item) { it.Day = 45 })},
		{"altered quotes", changed(gold, alterQuotes)},
		{"one quote each", changed(gold, func(_ int, it *throughline.Item) { it.Evidence = it.Evidence[:1] })},
		{"doubts alone", changed(gold, func(_ int, it *throughline.Item) { it.Evidence = it.Evidence[len(it.Evidence)-1:] })},
		{"vendors named without their quote", changed(gold, nameVendor(gold))},
		{"kinds turned", changed(gold, func(i int, it *throughline.Item) { it.Kind = throughline.Kinds[i%len(throughline.Kinds)] })},
		{"a kind that is none", changed(gold, func(i int, it *throughline.Item) {
			if i%3 == 0 {
				it.Kind = "hearsay"
			}
		})},
		{"all twice", with(gold, gold.Items...)},
		{"some twice", with(gold, gold.Items[:5]...)},
		{"all of the gold, then all of the engine's", with(gold, engine.Items...)},
		{"traps quoted", with(gold, trapItems(d)...)},
		{"traps and nothing else", with(&throughline.Handoff{}, trapItems(d)...)},
		{"traps added to what is right", changed(gold, addTraps(d))},
		{"superseded quoted", with(engine, oldItems(d)...)},
		{"superseded and nothing else", with(&throughline.Handoff{}, oldItems(d)...)},
		{"superseded quoted beside what replaced it", with(&throughline.Handoff{}, oldAndNewItems(d)...)},
	}
	for seed := range uint64(4) {
		all = append(all, variant{fmt.Sprintf("shaken, %d", seed), shaken(seed, d, engine, gold)})
	}
	return all
}

func builtinHandoff(t *testing.T, d *eval.Deal) *throughline.Handoff {
	t.Helper()
	deal, err := folder.Read(t.Context(), d.Native)
	if err != nil {
		t.Fatal(err)
	}
	draft, err := builtin.Engine{}.Draft(t.Context(), deal)
	if err != nil {
		t.Fatal(err)
	}
	h, _ := ground.Settle(deal, ground.NewIndex(deal), draft, time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC))
	return h
}

// perfect is the handoff that says just what was annotated.
func perfect(d *eval.Deal) *throughline.Handoff {
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

// changed is a copy of a handoff with each item changed.
func changed(h *throughline.Handoff, change func(int, *throughline.Item)) *throughline.Handoff {
	c := with(h)
	for i := range c.Items {
		c.Items[i].Evidence = slices.Clone(c.Items[i].Evidence)
		change(i, &c.Items[i])
	}
	return c
}

// with is a copy of a handoff with more items.
func with(h *throughline.Handoff, items ...throughline.Item) *throughline.Handoff {
	return &throughline.Handoff{Items: slices.Concat(h.Items, items)}
}

func firstName(name string) string { return (&throughline.Person{Name: name}).FirstName() }

// alterQuotes changes a word of every other item's quotes, and only the case and
// the punctuation of the others'.
func alterQuotes(i int, it *throughline.Item) {
	for n := range it.Evidence {
		q := &it.Evidence[n].Quote
		if i%2 == 0 {
			*q = "surely " + *q
		} else {
			*q = "“" + string(bytes.ToUpper([]byte(*q))) + "” …"
		}
	}
}

// nameVendor leaves a neighbouring vendor to be known by its name alone: what is
// quoted stands somewhere, but nowhere near.
func nameVendor(h *throughline.Handoff) func(int, *throughline.Item) {
	return func(i int, it *throughline.Item) {
		if it.Kind == throughline.KindAdjacentVendor {
			it.Evidence = h.Items[0].Evidence
			it.Text = "They use it next door."
		}
		if i%2 == 0 {
			it.Vendor = ""
		}
	}
}

func quoting(kind throughline.Kind, quotes ...string) throughline.Item {
	it := throughline.Item{Kind: kind, Text: "It was said that " + quotes[0]}
	for _, q := range quotes {
		it.Evidence = append(it.Evidence, throughline.Evidence{Quote: q})
	}
	return it
}

func trapItems(d *eval.Deal) (items []throughline.Item) {
	for i, trap := range d.Gold.Traps {
		q := trap.Quote.Quote
		if i%3 == 0 {
			q = q[:len(q)/3]
		}
		items = append(items, quoting(trap.Kind, q))
	}
	return items
}

// addTraps puts the traps' quotes before, or behind, those of items of their kind.
func addTraps(d *eval.Deal) func(int, *throughline.Item) {
	return func(i int, it *throughline.Item) {
		for n, trap := range d.Gold.Traps {
			if trap.Kind != it.Kind || n%2 != i%2 {
				continue
			}
			e := throughline.Evidence{Quote: trap.Quote.Quote}
			if n%3 == 0 {
				it.Evidence = append(it.Evidence, e)
			} else {
				it.Evidence = slices.Insert(it.Evidence, 0, e)
			}
		}
	}
}

func oldItems(d *eval.Deal) (items []throughline.Item) {
	for _, s := range d.Gold.Superseded {
		items = append(items, quoting(s.Kind, s.Old.Quote))
	}
	return items
}

func oldAndNewItems(d *eval.Deal) (items []throughline.Item) {
	for _, s := range d.Gold.Superseded {
		items = append(items, quoting(s.Kind, s.Old.Quote, s.New.Quote))
	}
	return items
}

// shaken is a handoff of items drawn from all there are, each changed at random.
func shaken(seed uint64, d *eval.Deal, of ...*throughline.Handoff) *throughline.Handoff {
	rnd := rand.New(rand.NewPCG(seed, 7))
	pool := slices.Concat(trapItems(d), oldItems(d))
	for _, h := range of {
		pool = append(pool, h.Items...)
	}
	rnd.Shuffle(len(pool), func(i, j int) { pool[i], pool[j] = pool[j], pool[i] })
	return changed(&throughline.Handoff{Items: pool[:len(pool)*2/3]}, func(_ int, it *throughline.Item) {
		other := pool[rnd.IntN(len(pool))]
		switch rnd.IntN(8) {
		case 0:
			it.Stance = []throughline.Stance{"", throughline.StanceAlly, throughline.StanceNeutral}[rnd.IntN(3)]
		case 1:
			it.Day = 30 * rnd.IntN(4)
		case 2:
			it.Evidence = append(it.Evidence, other.Evidence...)
		case 3:
			it.Evidence = slices.Concat(other.Evidence, it.Evidence)
		case 4:
			it.Kind = other.Kind
		case 5:
			it.Person = other.Person
		case 6:
			for i := range it.Evidence {
				q := it.Evidence[i].Quote
				from := rnd.IntN(len(q)/2 + 1)
				it.Evidence[i].Quote = string([]rune(q[from:]))
			}
		}
	})
}

// TestEqualToTheReference has the same handoffs scored by the reference and by
// this package: every figure must be the same.
func TestEqualToTheReference(t *testing.T) {
	python, script := scorer(t)
	dirs, err := filepath.Glob(filepath.Join(benchDir, "deals", "*"))
	if err != nil || len(dirs) < 4 {
		t.Fatalf("annotated deals: %v, %v", dirs, err)
	}
	for _, dir := range append(dirs, "testdata/brindle") {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			compareWithReference(t, python, script, dir)
		})
	}
}

func compareWithReference(t *testing.T, python, script, dir string) {
	d, err := eval.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"-B", "-c", reference, script, "--json"}
	vs := variants(t, d)
	var results []eval.Result
	for i, v := range vs {
		results = append(results, d.Score(v.handoff))
		file := filepath.Join(t.TempDir(), fmt.Sprintf("%02d.json", i))
		data, err := json.Marshal(v.handoff)
		if err != nil {
			t.Fatal(err)
		}
		if v.handoff.Items == nil {
			data = []byte(`{"items": []}`)
		}
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, dir, file)
	}
	var errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), python, args...)
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("running the reference: %v: %s", err, errs.String())
	}
	var peer struct {
		Deals []peerScore
		Total map[string]float64
	}
	if err := json.Unmarshal(out, &peer); err != nil {
		t.Fatal(err)
	}
	if len(peer.Deals) != len(vs) {
		t.Fatalf("the reference scored %d handoffs of %d", len(peer.Deals), len(vs))
	}
	for i, v := range vs {
		if diff := cmp.Diff(peer.Deals[i], asPeer(results[i]), closeEnough); diff != "" {
			t.Errorf("the handoff %s (-reference +ours):\n%s", v.name, diff)
		}
	}
	total := eval.Total(results)
	ours := map[string]float64{
		"must_recall": float64(total.MustRecall), "recall": float64(total.Recall), "precision": float64(total.Precision), "f1": float64(total.F1),
		"quotes": float64(total.Quotes), "not_verbatim": float64(total.NotVerbatim), "traps": float64(total.Traps), "traps_of": float64(total.TrapsOf),
		"stale": float64(total.Stale), "stale_of": float64(total.StaleOf),
	}
	if diff := cmp.Diff(peer.Total, ours, closeEnough); diff != "" {
		t.Errorf("in total (-reference +ours):\n%s", diff)
	}
	checkVariety(t, results)
}

// checkVariety makes sure that the handoffs tried what they are there to try.
func checkVariety(t *testing.T, results []eval.Result) {
	t.Helper()
	var bad, unproven, repeats, traps, stale, partly int
	for _, r := range results {
		bad += r.NotVerbatim
		unproven += r.Unproven
		repeats += r.Repeats
		traps += r.Traps
		stale += r.Stale
		partly += len(r.Partly)
	}
	if bad == 0 || unproven == 0 || repeats == 0 || traps == 0 || stale == 0 || partly == 0 {
		t.Errorf("of all handoffs: %d quotes not verbatim, %d items unproven, %d repeats, %d traps, %d stale, %d told in part; each should be tried",
			bad, unproven, repeats, traps, stale, partly)
	}
}
