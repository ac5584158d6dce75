package builtin

import (
	"math"
	"sort"

	"throughline"
)

// A spot is a place in the deal where one thing is told, with the lines that
// tell it, the strongest first.
type spot struct {
	score float64
	lines []*line
}

// search says how spots of one kind are found.
type search struct {
	score  func(*line) float64 // 0 or less: not of the kind
	floor  float64             // what a line must reach alone
	limit  int                 // spots at most
	same   float64             // likeness from which two places tell the same thing
	around int                 // turns around a spot that belong to it
}

// quotesPerItem is how many quotes a reader looks at.
const quotesPerItem = 4

// spots finds the places that score highest, each once: what stands within a
// few turns of a stronger line, or speaks of the same thing, joins it as a
// further quote.
func (rd *reading) spots(s search) []spot {
	type scored struct {
		l *line
		v float64
	}
	var all []scored
	for _, l := range rd.lines {
		if v := s.score(l); v >= s.floor {
			all = append(all, scored{l, v})
		}
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].v > all[j].v })
	var found []spot
next:
	for _, c := range all {
		for i := range found {
			f := &found[i]
			if f.beside(c.l, s.around) || rd.alike(f.lines[0], c.l) >= s.same {
				f.add(c.l)
				f.score += c.v / 4
				continue next
			}
		}
		if len(found) < s.limit*2 {
			found = append(found, spot{score: c.v, lines: []*line{c.l}})
		}
	}
	sort.SliceStable(found, func(i, j int) bool { return found[i].score > found[j].score })
	if len(found) > s.limit {
		found = found[:s.limit]
	}
	return found
}

// beside reports whether a line stands within n turns of one of the spot's.
func (f *spot) beside(l *line, n int) bool {
	for _, have := range f.lines {
		if have.p.Source == l.p.Source && abs(have.p.Index-l.p.Index) <= n {
			return true
		}
	}
	return false
}

// add appends a line as a further quote, one a passage.
func (f *spot) add(l *line) {
	if len(f.lines) >= quotesPerItem {
		return
	}
	for _, have := range f.lines {
		if have.p == l.p {
			return
		}
	}
	f.lines = append(f.lines, l)
}

// leastOfKind is how many spots of a kind even a short deal may hold.
const leastOfKind = 3

// about is how many spots of a kind to expect: base at a thousand words, and
// each more as the deal's words double. Facts are told again and again in a
// long deal, so their number grows with the logarithm of what was said.
func (rd *reading) about(base, each float64) int {
	return max(leastOfKind, int(math.Round(base+each*math.Log2(max(1, rd.size)))))
}

// quotes are the spot's lines as claims to be proven.
func (f *spot) quotes() []throughline.DraftQuote {
	var qs []throughline.DraftQuote
	for _, l := range f.lines {
		qs = append(qs, throughline.DraftQuote{Ref: l.p.Ref, Text: l.text()})
	}
	return qs
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
