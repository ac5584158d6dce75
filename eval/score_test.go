package eval

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"throughline"
)

func loadBrindle(t testing.TB) *Deal {
	t.Helper()
	d, err := Load(brindle)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func item(kind throughline.Kind, quotes ...string) throughline.Item {
	it := throughline.Item{Kind: kind, Text: "Something."}
	for _, q := range quotes {
		it.Evidence = append(it.Evidence, throughline.Evidence{Quote: q})
	}
	return it
}

// Quotes of the deal that the tests below use.
const (
	ledgerPromise = "It writes straight into the duty ledger, nightly."
	ledgerDoubt   = "once a week by file, if they upgrade first"
	sevenDrivers  = "So seven drivers scanning by the end of April"
	elevenDrivers = "You'd have all eleven drivers scanning within the first month."
	lateFile      = "I might be late with the file, let me get back to you on the day."
	lostCasks     = "Nobody could tell me which pub they went to"
	farAway       = "Morning Rosa. Is it still raining up your way?"
)

// TestScoreOfOneItem says what one item alone is worth.
func TestScoreOfOneItem(t *testing.T) {
	person := func(it throughline.Item, name string, stance throughline.Stance) throughline.Item {
		it.Person, it.Stance = name, stance
		return it
	}
	day := func(it throughline.Item, day int) throughline.Item {
		it.Day = day
		return it
	}
	vendor := func(it throughline.Item, name, text string) throughline.Item {
		it.Vendor, it.Text = name, text
		return it
	}
	d := loadBrindle(t)
	for _, c := range []struct {
		name string
		item throughline.Item
		want float64
		note string // why only in part
	}{
		{"near in the call", item(throughline.KindPain, lostCasks), 1, ""},
		{"of another kind", item(throughline.KindWorkaround, lateFile), 0, ""},
		{"far away", item(throughline.KindUseCase, farAway), 0, ""},
		{"nothing quoted", item(throughline.KindPain), 0, ""},
		{"quoted with another word", item(throughline.KindPain, "Nobody would tell me which pub they went to"), 0, ""},
		{"fifth quote", item(throughline.KindWorkaround, lateFile, lateFile, lateFile, lateFile, "There's a whiteboard by the loading door."), 0, ""},
		{"fourth quote", item(throughline.KindWorkaround, lateFile, lateFile, lateFile, "There's a whiteboard by the loading door."), 1, ""},
		{"person and stance", person(item(throughline.KindCommittee, farAway), "Ivor Pike", "neutral"), 1, ""},
		{"wrong stance", person(item(throughline.KindCommittee, farAway), "Ivor", "blocker"), 0.5, "the stance is neutral, the item says blocker"},
		{"no stance", person(item(throughline.KindCommittee, farAway), "Ivor", ""), 0.5, "the stance is neutral, the item says none"},
		{"another person", person(item(throughline.KindReluctant, farAway), "Rosa Delmar", ""), 0, ""},
		{"person without a quote", person(item(throughline.KindReluctant), "Ivor Pike", ""), 0, ""},
		{"day", day(item(throughline.KindMilestone, sevenDrivers), 30), 1, ""},
		{"wrong day", day(item(throughline.KindMilestone, sevenDrivers), 60), 0.5, "the day is 30, the item says 60"},
		{"promise and doubt", item(throughline.KindStretch, ledgerPromise, ledgerDoubt), 1, ""},
		{"promise alone", item(throughline.KindStretch, ledgerPromise), 0.75, "the promise or the doubt alone"},
		{"doubt alone", item(throughline.KindStretch, ledgerDoubt), 0.75, "the promise or the doubt alone"},
		{"vendor by quote", item(throughline.KindAdjacentVendor, "the taproom team loves it"), 1, ""},
		{"vendor by name", vendor(item(throughline.KindAdjacentVendor, farAway), "Barrelwise", ""), 1, ""},
		{"vendor in the text", vendor(item(throughline.KindAdjacentVendor, farAway), "", "Orders come in by barrelwise."), 1, ""},
		{"vendor by name, nothing quoted", vendor(item(throughline.KindAdjacentVendor), "Barrelwise", ""), 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := d.Score(&throughline.Handoff{Items: []throughline.Item{c.item}})
			if r.Sums.Good != c.want || r.Sums.Hit != c.want {
				t.Errorf("worth %v (the fact %v), want %v", r.Sums.Good, r.Sums.Hit, c.want)
			}
			if note := noteOf(r.Partly); note != c.note {
				t.Errorf("in part because %q, want %q", note, c.note)
			}
			if (len(r.Wrong) == 1) != (c.want == 0) {
				t.Errorf("wrong: %v", r.Wrong)
			}
			if len(r.Missed) != r.Gold-min(1, int(math.Ceil(c.want))) {
				t.Errorf("%d of %d facts missed", len(r.Missed), r.Gold)
			}
		})
	}
}

func noteOf(found []Finding) string {
	if len(found) == 0 {
		return ""
	}
	return found[0].Note
}

func TestScoreOfThePerfectHandoff(t *testing.T) {
	d := loadBrindle(t)
	h := perfectOf(d)
	h.Usage = &throughline.Usage{Requests: 2, InputTokens: 10, CacheWriteTokens: 200, CacheReadTokens: 3000, OutputTokens: 40, CostUSD: 0.5}
	r := d.Score(h)
	if r.MustRecall != 1 || r.Recall != 1 || r.Precision != 1 || r.F1 != 1 || r.NotVerbatim+r.Unproven+r.Repeats+r.Traps+r.Stale > 0 {
		t.Errorf("%+v", r)
	}
	if want := (Cost{Requests: 2, InputTokens: 3210, OutputTokens: 40, USD: 0.5}); r.Cost != want {
		t.Errorf("cost %+v, want %+v", r.Cost, want)
	}
	for kind, k := range r.Kinds {
		if k.Recall != 1 || k.Precision != 1 || k.F1 != 1 {
			t.Errorf("%s: %+v", kind, k)
		}
	}
}

// TestRepeats: two repeats are let pass, the third is wrong.
func TestRepeats(t *testing.T) {
	d := loadBrindle(t)
	pain := item(throughline.KindPain, lostCasks)
	for _, c := range []struct {
		items, repeats, judged int
		precision              Share
	}{
		{1, 0, 1, 1}, {2, 1, 1, 1}, {3, 2, 1, 1}, {4, 3, 2, 0.5}, {30, 29, 27, Share(1. / 27)},
	} {
		r := d.Score(&throughline.Handoff{Items: slices.Repeat([]throughline.Item{pain}, c.items)})
		if r.Repeats != c.repeats || r.Sums.Judged != c.judged || r.Precision != c.precision || r.Kinds[throughline.KindPain].Precision != c.precision {
			t.Errorf("%d items: %d repeats, %d judged, precision %v (of the kind %v)", c.items, r.Repeats, r.Sums.Judged, r.Precision, r.Kinds[throughline.KindPain].Precision)
		}
	}
}

// TestBestFirst: the item that tells a fact best gets it, wherever it stands.
func TestBestFirst(t *testing.T) {
	d := loadBrindle(t)
	half, full := item(throughline.KindStretch, ledgerDoubt), item(throughline.KindStretch, ledgerPromise, ledgerDoubt)
	for _, items := range [][]throughline.Item{{half, full}, {full, half}} {
		if r := d.Score(&throughline.Handoff{Items: items}); r.Sums.Good != 1 || r.Repeats != 1 {
			t.Errorf("worth %v, %d repeats", r.Sums.Good, r.Repeats)
		}
	}
}

func TestTraps(t *testing.T) {
	d := loadBrindle(t)
	for _, c := range []struct {
		name string
		item throughline.Item
		want int
	}{
		{"quoted", item(throughline.KindStretch, lateFile), 1},
		{"half of it", item(throughline.KindStretch, lateFile[:len(lateFile)/2+1]), 1},
		{"as another kind", item(throughline.KindRisk, lateFile), 0},
		{"beside what is right", item(throughline.KindStretch, ledgerPromise, ledgerDoubt, lateFile), 0},
		{"more than what is right", item(throughline.KindStretch, lateFile, lateFile, ledgerPromise), 1},
		{"just half of the quotes", item(throughline.KindStretch, lateFile, ledgerPromise), 0},
		{"the sentence before it", item(throughline.KindStretch, "I'd want Tomasz to look at your version of it before I swear to that."), 0},
	} {
		r := d.Score(&throughline.Handoff{Items: []throughline.Item{c.item}})
		if r.Traps != c.want || len(r.Trapped) != c.want {
			t.Errorf("%s: %d traps", c.name, r.Traps)
		}
	}
}

func TestStale(t *testing.T) {
	d := loadBrindle(t)
	milestone := func(day int, quotes ...string) throughline.Item {
		it := item(throughline.KindMilestone, quotes...)
		it.Day = day
		return it
	}
	for _, c := range []struct {
		name  string
		items []throughline.Item
		want  int
	}{
		{"quoted as current", []throughline.Item{milestone(30, elevenDrivers)}, 1},
		{"half of it", []throughline.Item{milestone(30, "all eleven drivers scanning within the first")}, 1},
		{"less than half", []throughline.Item{milestone(30, "within the first month")}, 0},
		{"beside what replaced it", []throughline.Item{milestone(30, elevenDrivers, sevenDrivers)}, 0},
		{"by another item", []throughline.Item{milestone(30, elevenDrivers), milestone(30, sevenDrivers)}, 1},
		{"as another kind", []throughline.Item{item(throughline.KindRisk, elevenDrivers)}, 0},
		{"twice", []throughline.Item{milestone(30, elevenDrivers), milestone(60, elevenDrivers)}, 1},
	} {
		r := d.Score(&throughline.Handoff{Items: c.items})
		if r.Stale != c.want || len(r.Outdated) != c.want {
			t.Errorf("%s: %d stale", c.name, r.Stale)
		}
	}
}

// TestScoreProperties: whatever the items, the shares lie between 0 and 1, facts
// and items get the same points, and quotes beyond the fourth change nothing but
// their own count.
func TestScoreProperties(t *testing.T) {
	d := loadBrindle(t)
	pool := perfectOf(d).Items
	for _, q := range []string{ledgerPromise, ledgerDoubt, elevenDrivers, lateFile, farAway, "nothing of the kind"} {
		for _, k := range throughline.Kinds {
			pool = append(pool, item(k, q))
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		h := &throughline.Handoff{Items: rapid.SliceOf(rapid.SampledFrom(pool)).Draw(rt, "items")}
		r := d.Score(h)
		for _, s := range []Share{r.MustRecall, r.Recall, r.Precision, r.F1} {
			if !(s >= 0 && s <= 1) {
				rt.Errorf("a share of %v", s)
			}
		}
		if r.Sums.Hit != r.Sums.Good || r.Sums.Judged > r.Items || r.Traps > r.TrapsOf || r.Stale > r.StaleOf {
			rt.Errorf("%+v", r)
		}
		longer := &throughline.Handoff{}
		for _, it := range h.Items {
			e := slices.Clone(it.Evidence)
			for len(e) > 0 && len(e) < quotesRead {
				e = append(e, e[0])
			}
			it.Evidence = e
			longer.Items = append(longer.Items, it)
		}
		before := d.Score(longer)
		for i := range longer.Items {
			if len(longer.Items[i].Evidence) > 0 {
				longer.Items[i].Evidence = append(longer.Items[i].Evidence, throughline.Evidence{Quote: ledgerPromise})
			}
		}
		after := d.Score(longer)
		after.Quotes = before.Quotes
		if diff := cmp.Diff(before, after, cmp.Comparer(sameShare)); diff != "" {
			rt.Errorf("a fifth quote changes the score:\n%s", diff)
		}
	})
}

func sameShare(a, b Share) bool { return a == b || !a.Known() && !b.Known() }

// TestTotal: deals weigh by their facts and items.
func TestTotal(t *testing.T) {
	d := loadBrindle(t)
	all, none := d.Score(perfectOf(d)), d.Score(&throughline.Handoff{})
	all.Cost, none.Cost = Cost{1, 2, 3, 0.25, time.Second}, Cost{1, 20, 30, 0.5, time.Minute}
	total := Total([]Result{all, none})
	if total.Recall != 0.5 || total.Precision != 1 || total.MustRecall != 0.5 || total.Gold != 28 || total.Items != 14 || total.TrapsOf != 4 || total.StaleOf != 2 {
		t.Errorf("%+v", total)
	}
	if want := (Cost{2, 22, 33, 0.75, time.Minute + time.Second}); total.Cost != want {
		t.Errorf("cost %+v, want %+v", total.Cost, want)
	}
	if k := total.Kinds[throughline.KindRisk]; k.Gold != 4 || k.Recall != 0.5 || k.Precision != 1 {
		t.Errorf("risks: %+v", k)
	}
	if empty := Total(nil); empty.Recall != 0 || empty.F1 != 0 {
		t.Errorf("of nothing: %+v", empty)
	}
}

func TestResultAsJSON(t *testing.T) {
	d := loadBrindle(t)
	want := d.Score(&throughline.Handoff{Items: []throughline.Item{item(throughline.KindPain, lostCasks)}})
	data, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`"per_kind":{`, `"pain":{"gold":1,"recall":1,"out":1,"precision":1,"f1":1,`, `"risk":{"gold":2,"recall":0,"out":0,"precision":null,"f1":0,`} {
		if !strings.Contains(string(data), part) {
			t.Errorf("it lacks %s: %s", part, data)
		}
	}
	var got Result
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(sameShare)); diff != "" {
		t.Errorf("read back, it is another (-want +got):\n%s", diff)
	}
	if err := json.Unmarshal([]byte(`{"recall": "most"}`), &got); err == nil {
		t.Error("a share of \"most\" was read")
	}
}

func BenchmarkScore(b *testing.B) {
	d := loadBrindle(b)
	h := perfectOf(d)
	b.ReportAllocs()
	for b.Loop() {
		d.Score(h)
	}
}
