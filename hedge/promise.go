package hedge

import "math"

// How much of a cue makes a candidate.
const (
	hedgeFloor     = 0.7
	conditionFloor = 0.8
	deferFloor     = 1.0
)

// A finding is a candidate in the making: the lines it stands on.
type finding struct {
	signal   Signal
	from, to *line // the promise; nil when none was found
	doubt    *line
	sections []cue // whose cues tell of it
	score    float64
	lift     float64 // what other findings on the same promise add
}

// breath lists what the seller's side said to the customer with a hedge or a
// condition in the same breath.
func (rd *reading) breath() []*finding {
	var fs []*finding
	for _, t := range rd.turns {
		if t.internal || !t.seller {
			continue
		}
		for _, l := range t.lines {
			if f := hedged(l); f != nil {
				fs = append(fs, f)
			}
		}
	}
	return fs
}

func hedged(l *line) *finding {
	h := math.Min(l.weight[hedging], 2.5)
	c := math.Min(l.weight[condition], 2.5)
	if l.question || h < hedgeFloor && c < conditionFloor {
		return nil
	}
	f := &finding{signal: Hedged, doubt: l, sections: []cue{hedging}}
	strength := h + 0.4*c
	if c > h {
		f.signal, f.sections, strength = Conditional, []cue{condition}, c+0.4*h
	}
	f.from, f.to = l.promised()
	if f.from == nil {
		return nil
	}
	promise := rangeClaim(f.from, f.to)
	noise := math.Max(l.noise(), 0.5*f.from.noise()) + 0.5*l.weight[routine]
	if l.settled() {
		noise++
	}
	f.score = 0.1 + 0.25*strength + 0.25*math.Min(promise, 2.5) - 0.4*noise
	return f
}

// settled reports whether the speaker gives the sure answer in the next words:
// "I believe it's sixty … let me look. Yeah, it's sixty."
func (l *line) settled() bool {
	for n := l.n + 1; n < len(l.t.lines) && n <= l.n+3; n++ {
		if m := l.t.lines[n]; m.weight[answer] >= 0.6 && m.weight[hedging] < 0.5 {
			return true
		}
	}
	return false
}

// promised finds what a line is the hedge of: itself where it carries matter of
// its own, else what its speaker said just before, else, where it answers a
// question, itself.
func (l *line) promised() (from, to *line) {
	if l.carries() {
		return l, l
	}
	for n := l.n - 1; n >= 0 && n >= l.n-2; n-- {
		if m := l.t.lines[n]; m.carries() && !m.question {
			return m, m
		}
	}
	if b := l.t.prev; b != nil {
		if b.customer && l.n <= 1 {
			for _, q := range b.lines {
				if (q.question || q.weight[asking] >= 0.6) && q.substance() && q.noise() < 1 {
					return l, l
				}
			}
		}
		if b = b.prev; b != nil && l.n == 0 && b.p.Speaker != nil && b.p.Speaker == l.t.p.Speaker {
			if m := b.lines[len(b.lines)-1]; m.carries() && !m.question {
				return m, m
			}
		}
	}
	return nil, nil
}

// carries reports whether a line says something of substance that could be a
// promise.
func (l *line) carries() bool { return l.claim >= 0.3 && l.substance() }

func (l *line) substance() bool { return l.matter > 0 || l.units+l.numbers > 0 || len(l.terms) >= 3 }

func rangeClaim(from, to *line) float64 {
	best := 0.0
	for n := from.n; n <= to.n; n++ {
		best = math.Max(best, from.t.lines[n].claim)
	}
	return best
}
