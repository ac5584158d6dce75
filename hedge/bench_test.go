package hedge

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"throughline"
	"throughline/folder"
	"throughline/lexicon"
)

// annotated is the folder of annotated deals, beside the module where there is one.
const annotated = "../../shared/bench/deals"

type goldItem struct {
	ID, Kind, Fact, Importance string
	Evidence                   []goldQuote
}

type goldQuote struct{ Source, Quote string }

type gold struct {
	Items []goldItem
	Traps []struct{ Kind, Source, Quote string }
}

// place is where a quote stands: a source and the passages it runs over.
type place struct {
	source      *throughline.Source
	first, last int
}

// TestRecallOnAnnotatedDeals measures how many of the stretches that a careful
// person found have a candidate near, and how many of them stand among the
// strongest, of which an engine takes as many as its document has room for.
func TestRecallOnAnnotatedDeals(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(annotated, "*", "gold.json"))
	if len(files) == 0 {
		t.Skipf("no annotated deals in %s", annotated)
	}
	var must, seen, top, listed, hours, taken, right, traps float64
	for _, file := range files {
		dir := filepath.Dir(file)
		deal, err := folder.Read(context.Background(), filepath.Join(dir, "native"))
		if err != nil {
			t.Errorf("reading the deal in %s: %v", dir, err)
			continue
		}
		var g gold
		data, err := os.ReadFile(file)
		if err == nil {
			err = json.Unmarshal(data, &g)
		}
		if err != nil {
			t.Errorf("reading %s: %v", file, err)
			continue
		}
		m := measure(t, deal, g)
		t.Logf("%-12s must %2.0f: seen %2.0f, among the first %2.0f: %2.0f right of taken, %2.0f must; %3.0f candidates in %4.1f h, traps %v",
			filepath.Base(dir), m.must, m.seen, m.taken, m.right, m.top, m.listed, m.hours, m.traps)
		must, seen, top, listed, hours = must+m.must, seen+m.seen, top+m.top, listed+m.listed, hours+m.hours
		taken, right, traps = taken+m.taken, right+m.right, traps+m.traps
	}
	t.Logf("seen %.2f, among the strongest %.2f, precision of those %.2f, traps %v, %.0f candidates an hour",
		seen/must, top/must, right/taken, traps, listed/hours)
	if seen/must < 0.85 {
		t.Errorf("%.2f of the stretches that matter have a candidate near; want 0.85", seen/must)
	}
	if listed/hours > 60 {
		t.Errorf("%.0f candidates an hour of calls; want no more than 60", listed/hours)
	}
}

type measured struct{ must, seen, top, listed, hours, taken, right, traps float64 }

func measure(t *testing.T, deal *throughline.Deal, g gold) measured {
	var m measured
	var stretches []goldItem
	var places [][]place
	for _, it := range g.Items {
		if it.Kind != "stretch" {
			continue
		}
		var ps []place
		for _, q := range it.Evidence {
			ps = append(ps, find(deal, q)...)
		}
		stretches, places = append(stretches, it), append(places, ps)
	}
	words := 0
	for _, s := range deal.Sources {
		words += s.Words()
		if s.Kind == throughline.SourceCall {
			m.hours += float64(s.Words()) / 9000 // at 150 words a minute
		}
	}
	cs := Scan(deal)
	m.listed = float64(len(cs))
	strong := strongest(deal, cs, int(math.Round(0.5+2.5*math.Log2(math.Max(1, float64(words)/1000)))))
	m.taken = float64(len(strong))
	for i, it := range stretches {
		if it.Importance != "must" {
			continue
		}
		m.must++
		if anyNear(deal, cs, places[i]) {
			m.seen++
		} else if testing.Verbose() {
			t.Logf("  not seen: %s", it.Fact)
		}
	}
	groupOf := match(deal, strong, places)
	used := map[int]bool{}
	hits := map[int]int{}
	for i, n := range groupOf {
		if n >= 0 {
			used[i], hits[n] = true, i+1
			m.right++
			if stretches[i].Importance == "must" {
				m.top++
			}
		}
	}
	for n, group := range strong {
		hit := hits[n] - 1
		if testing.Verbose() {
			c := group[0]
			id := "   -   "
			if hit >= 0 {
				id = stretches[hit].ID
			}
			t.Logf("  %-10s %.2f %-14s %s %q | %s %q %v", id, c.Score, c.Signal, c.Promise.Ref, c.Promise.Text, c.Doubt.Ref, c.Doubt.Text, c.Cues)
		}
		for _, tr := range g.Traps {
			if tr.Kind == "stretch" && hit < 0 && over(deal, group[0], find(deal, goldQuote{tr.Source, tr.Quote})) {
				m.traps++
			}
		}
	}
	if testing.Verbose() {
		for i, it := range stretches {
			if !used[i] {
				best := 0.0
				var b Candidate
				for _, c := range cs {
					if anyNear(deal, []Candidate{c}, places[i]) && c.Score > best {
						best, b = c.Score, c
					}
				}
				t.Logf("  LEFT %s %s %.2f %s %q | %q: %s", it.ID, it.Importance, best, b.Signal, b.Promise.Text, b.Doubt.Text, it.Fact)
			}
		}
	}
	return m
}

// match gives each stretch a group of its own that stands near it, to as many
// stretches as possible; -1 to the rest.
func match(deal *throughline.Deal, groups [][]Candidate, places [][]place) []int {
	owner := make([]int, len(groups))
	for n := range owner {
		owner[n] = -1
	}
	var give func(i int, tried map[int]bool) bool
	give = func(i int, tried map[int]bool) bool {
		for n, g := range groups {
			if tried[n] || !anyNear(deal, g[:min(2, len(g))], places[i]) {
				continue
			}
			tried[n] = true
			if owner[n] < 0 || give(owner[n], tried) {
				owner[n] = i
				return true
			}
		}
		return false
	}
	groupOf := make([]int, len(places))
	for i := range places {
		groupOf[i] = -1
		give(i, map[int]bool{})
	}
	for n, i := range owner {
		if i >= 0 {
			groupOf[i] = n
		}
	}
	return groupOf
}

// strongest takes the candidates with the highest scores; one whose promise
// stands within three turns of one taken, or whose doubt is the same, goes with it.
func strongest(deal *throughline.Deal, cs []Candidate, limit int) [][]Candidate {
	cs = append([]Candidate(nil), cs...)
	sort.SliceStable(cs, func(i, j int) bool { return cs[i].Score > cs[j].Score })
	var groups [][]Candidate
next:
	for _, c := range cs {
		for i, g := range groups {
			if together(deal, g[0], c) {
				groups[i] = append(groups[i], c)
				continue next
			}
		}
		if len(groups) < limit {
			groups = append(groups, []Candidate{c})
		}
	}
	return groups
}

func together(deal *throughline.Deal, a, b Candidate) bool {
	if a.Doubt.Ref == b.Doubt.Ref {
		return true
	}
	p, q := deal.Passage(a.Promise.Ref), deal.Passage(b.Promise.Ref)
	if p == nil || q == nil || p.Source != q.Source {
		return false
	}
	return p.Index-q.Index <= 3 && q.Index-p.Index <= 3
}

func placesOf(deal *throughline.Deal, c Candidate) []place {
	var ps []place
	for _, s := range []Span{c.Promise, c.Doubt} {
		if p := deal.Passage(s.Ref); p != nil {
			ps = append(ps, place{p.Source, p.Index, p.Index})
		}
	}
	return ps
}

func anyNear(deal *throughline.Deal, cs []Candidate, ps []place) bool {
	for _, c := range cs {
		for _, a := range placesOf(deal, c) {
			for _, b := range ps {
				if a.source == b.source && a.first >= b.first-2 && a.first <= b.last+2 {
					return true
				}
			}
		}
	}
	return false
}

func over(deal *throughline.Deal, c Candidate, ps []place) bool {
	for _, a := range placesOf(deal, c) {
		for _, b := range ps {
			if a.source == b.source && a.first >= b.first && a.first <= b.last {
				return true
			}
		}
	}
	return false
}

var kindFolders = map[throughline.SourceKind]string{
	throughline.SourceCall: "calls", throughline.SourceEmail: "emails", throughline.SourceChat: "slack",
	throughline.SourceCRM: "crm", throughline.SourceDocument: "docs",
}

// find is where a quote stands, word by word, in a source of its kind.
func find(deal *throughline.Deal, q goldQuote) []place {
	kind, _, _ := strings.Cut(q.Source, "/")
	want := squashed(q.Quote)
	var ps []place
	for _, s := range deal.Sources {
		if kindFolders[s.Kind] != kind {
			continue
		}
		text, ends := "", []int(nil)
		for _, p := range s.Passages {
			text += squashed(p.Text)
			ends = append(ends, len(text))
		}
		if i := strings.Index(text, want); i >= 0 {
			first := sort.SearchInts(ends, i+1)
			last := sort.SearchInts(ends, i+len(want))
			ps = append(ps, place{s, first, last})
		}
	}
	return ps
}

func squashed(s string) string {
	var b strings.Builder
	for _, t := range lexicon.Tokens(s) {
		b.WriteString(t.Word)
		b.WriteByte(' ')
	}
	return b.String()
}
