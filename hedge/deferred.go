package hedge

import "math"

// put lists the answers that the seller's side put off, and whether somebody came
// back to them.
func (rd *reading) put() []*finding {
	var fs []*finding
	for _, t := range rd.turns {
		if t.internal || !t.seller {
			continue
		}
		var best *line
		for _, l := range t.lines {
			if l.weight[deferral] >= deferFloor && !l.question && (best == nil || l.weight[deferral] > best.weight[deferral]) {
				best = l
			}
		}
		if best == nil {
			continue
		}
		if f := rd.deferred(best); f != nil {
			fs = append(fs, f)
		}
	}
	return fs
}

func (rd *reading) deferred(l *line) *finding {
	q := questionBefore(l.t)
	words := map[term]float64{}
	about(words, l.t.bag, 1)
	noise := l.noise() + 0.6*l.weight[routine]
	if q != nil {
		about(words, q.terms, 1)
		about(words, q.t.bag, 0.5)
		noise += 0.5 * q.noise()
	}
	if len(words) < 2 || noise >= 0.9 {
		return nil
	}
	f := &finding{signal: Unanswered, doubt: l, sections: []cue{deferral}}
	f.from, f.to = promisedBy(l, q)
	promise := 0.0
	if f.from != nil {
		promise = rangeClaim(f.from, f.to)
	}
	asked := 0.0
	if q != nil {
		asked = 0.4 + 0.15*float64(min(q.matter, 2))
	}
	f.score = 0.3*math.Min(l.weight[deferral], 2.5) + 0.25*math.Min(promise, 2) + 0.7*asked - 0.5*noise
	f.score += 0.15 * math.Min(2, l.weight[aside])
	if a := rd.answered(l, words); a > 0 {
		f.signal = Deferred
		f.score *= 1 - 0.3*a
	}
	return f
}

// promisedBy is what was claimed where an answer was put off: in the same turn,
// or the turn itself where it answers a question.
func promisedBy(l, q *line) (from, to *line) {
	for d := 1; d <= 3; d++ {
		for _, n := range []int{l.n - d, l.n + d} {
			if n >= 0 && n < len(l.t.lines) {
				if m := l.t.lines[n]; m.carries() && m.weight[deferral] < deferFloor && !m.question {
					return m, m
				}
			}
		}
	}
	if q != nil || l.carries() {
		return l, l
	}
	return nil, nil
}

// questionBefore is what the customer asked within the last turns.
func questionBefore(t *turn) *line {
	b := t.prev
	for back := 0; back < 3 && b != nil; back, b = back+1, b.prev {
		if !b.customer {
			continue
		}
		for n := len(b.lines) - 1; n >= 0; n-- {
			if q := b.lines[n]; (q.question || q.weight[asking] >= 0.6) && len(q.terms) > 0 {
				return q
			}
		}
	}
	return nil
}

// answered weighs, from 0 to 2, how surely the seller's side came back later to
// what it had put off.
func (rd *reading) answered(l *line, words map[term]float64) float64 {
	best := 0.0
	for _, t := range rd.turns {
		if t.internal || !t.seller || !l.t.earlier(t) || t.p.Source == l.t.p.Source && t.p.Index <= l.t.p.Index+3 {
			continue
		}
		shared, sum := 0, 0.0
		for _, w := range t.bag {
			if k := words[w]; k > 0 {
				if r := rd.words.rarity(w); r > 2 {
					shared++
					sum += k * r
				}
			}
		}
		if shared < 2 || sum < 7 {
			continue
		}
		a := 0.4 * math.Min(sum/10, 1)
		for _, m := range t.lines {
			a = math.Max(a, math.Min(sum/10, 1)*math.Min(2, 0.4+0.7*m.weight[answer]-m.weight[deferral]*0.4))
		}
		best = math.Max(best, a)
	}
	return best
}
