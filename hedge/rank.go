package hedge

import (
	"math"
	"sort"
)

// floor is the least score that is listed.
const floor = 0.3

// nearby is how many turns apart two findings may be to speak of one promise.
const nearby = 3

// lifted is how much of another finding's score counts for one on the same
// promise: a doubt voiced twice is surer.
const lifted = 0.4

// alike is how much of that counts where the other doubt is of the same signal.
const alike = 0.5

// rank weighs the findings against each other, drops the weak and the repeated,
// and puts the rest in the order of the deal.
func rank(fs []*finding) []Candidate {
	fs = unique(fs)
	lift(fs)
	var kept []*finding
	for _, f := range fs {
		f.score += f.lift
		if f.score >= floor {
			kept = append(kept, f)
		}
	}
	sort.SliceStable(kept, func(i, j int) bool {
		a, b := kept[i].first(), kept[j].first()
		if a != b {
			return a.before(b)
		}
		return kept[i].doubt.before(kept[j].doubt)
	})
	cs := make([]Candidate, len(kept))
	for i, f := range kept {
		cs[i] = f.candidate(i + 1)
	}
	return cs
}

func (f *finding) candidate(n int) Candidate {
	c := Candidate{Number: n, Signal: f.signal, Score: math.Round(f.score*1000) / 1000, Cues: f.doubt.cues(f.sections...)}
	if f.from != nil {
		c.Promise = f.from.to(f.to)
	}
	c.Doubt = f.doubt.to(f.doubt)
	return c
}

// first is the line at which the deal comes to the finding.
func (f *finding) first() *line {
	if f.from != nil {
		return f.from
	}
	return f.doubt
}

// unique keeps of findings on the same promise and doubt the strongest.
func unique(fs []*finding) []*finding {
	type key struct{ promise, doubt *line }
	best := map[key]*finding{}
	for _, f := range fs {
		k := key{f.first(), f.doubt}
		if b := best[k]; b == nil || f.score > b.score {
			best[k] = f
		}
	}
	var kept []*finding
	for _, f := range fs {
		if best[key{f.first(), f.doubt}] == f {
			kept = append(kept, f)
		}
	}
	return kept
}

// lift raises findings that others on the same promise bear out, the strongest of
// each signal.
func lift(fs []*finding) {
	for _, f := range fs {
		best := map[Signal]float64{}
		for _, g := range fs {
			if g.doubt.t != f.doubt.t && near(f.first(), g.first()) && g.score > best[g.signal] {
				best[g.signal] = g.score
			}
		}
		best[f.signal] *= alike
		for _, s := range []Signal{Hedged, Conditional, Deferred, Unanswered, InternalDoubt, Corrected} {
			f.lift += lifted * best[s]
		}
	}
}

func near(a, b *line) bool {
	d := a.t.p.Index - b.t.p.Index
	return a.t.p.Source == b.t.p.Source && d <= nearby && d >= -nearby
}
