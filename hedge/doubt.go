package hedge

import (
	"math"
	"strings"

	"throughline"
)

// A voice is a text that may be the doubt of something said to the customer: an
// internal message, a colleague's correction, a customer who asks again.
type voice struct {
	line  *line // its strongest sentence
	words map[term]float64
	doubt float64
}

// Weights of a doubt that no cue tells: an internal line on a promise's matter
// is more often a doubt than not, the more so from somebody other than the AE.
const (
	inChat      = 0.45
	inRecord    = 0.25
	asTask      = 1.0 // what somebody had still to do
	notAE       = 0.35
	otherNumber = 0.5
)

// among lists promises that are doubted where no customer reads.
func (rd *reading) among(c *claims) []*finding {
	var fs []*finding
	subject := map[string]*line{} // what a message was about, for those that reply to it
	for _, t := range rd.turns {
		if !t.internal || t.customer {
			continue
		}
		for _, v := range rd.internalVoices(t) {
			if len(v.line.terms) < 2 && v.line.doubted() < 1 {
				continue // "Yes." may be the answer to anything
			}
			fits := func(l *line) float64 {
				if s := subject[t.p.Thread]; s != nil && near(s, l) {
					return sameThread * timely(t, l.t)
				}
				return timely(t, l.t)
			}
			for rank, k := range c.best(v.words, 2, fits) {
				if rank == 0 && subject[t.p.Ref] == nil {
					subject[t.p.Ref] = k.to
				}
				if f := confirmed(v, k, rank); f != nil {
					fs = append(fs, f)
				}
			}
		}
	}
	return fs
}

// sameThread favours for a reply what the first message was about.
const sameThread = 1.6

// timely favours what was said shortly before the doubt.
func timely(doubt, claim *turn) float64 {
	d := doubt.days(claim)
	switch {
	case d >= -0.1 && d <= 2:
		return 1.4
	case d > 2 && d <= 6:
		return 1.2
	case d < -0.1:
		return 0.7
	}
	return 1
}

func confirmed(v voice, k link, rank int) *finding {
	doubt := v.doubt
	if conflict(v.line.t, k.to) {
		doubt += otherNumber
	}
	if doubt < 0.7 || k.value < 2 {
		return nil
	}
	f := &finding{signal: InternalDoubt, from: k.to, to: k.to, doubt: v.line, sections: []cue{doubting, said}}
	if b := k.to.beside(); b != nil && b.n < k.to.n {
		f.from = b
	} else if b != nil {
		f.to = b
	}
	f.score = linkScore(k) * (0.1 + 0.45*math.Min(doubt, 2.5))
	if rank > 0 {
		f.score *= 0.6
	}
	return f
}

// linkScore is how surely a link holds and is of a promise, from 0 to about 2.5.
func linkScore(k link) float64 { return 2.5 * k.value / (k.value + 8) }

// shortTurn is how many sentences are taken as one voice.
const shortTurn = 4

// internalVoices divides a turn into what may be a doubt each: a message as a
// whole, a longer text by its sentences with those beside them.
func (rd *reading) internalVoices(t *turn) []voice {
	var vs []voice
	if len(t.lines) <= shortTurn {
		v := voice{words: map[term]float64{}}
		about(v.words, t.bag, 1)
		top := 0.0
		for _, l := range t.lines {
			if d := l.doubted(); v.line == nil || d > top {
				v.line, top = l, d
			}
			v.doubt += l.doubted()
		}
		vs = append(vs, v)
	} else {
		for i, l := range t.lines {
			v := voice{line: l, words: map[term]float64{}, doubt: l.doubted()}
			about(v.words, l.terms, 1)
			for _, j := range []int{i - 1, i + 1} {
				if j >= 0 && j < len(t.lines) {
					about(v.words, t.lines[j].terms, 0.5)
					v.doubt += 0.25 * t.lines[j].doubted()
				}
			}
			vs = append(vs, v)
		}
	}
	for i := range vs {
		v := &vs[i]
		rd.surroundings(v)
		switch {
		case t.p.Source.Kind == throughline.SourceChat || t.p.Source.Kind == throughline.SourceEmail:
			v.doubt += inChat
		case t.p.Source.Kind == throughline.SourceCRM && strings.HasPrefix(t.p.Label, "Task"):
			v.doubt += asTask
		default:
			v.doubt += inRecord
		}
		if s := t.p.Speaker; s != nil && s.Role != "AE" && s != rd.deal.AE {
			v.doubt += notAE
		}
	}
	return vs
}

// surroundings adds what the message replies to, and the message before it.
func (rd *reading) surroundings(v *voice) {
	t := v.line.t
	if t.p.Source.Kind != throughline.SourceChat {
		return
	}
	if p := rd.deal.Passage(t.p.Thread); p != nil && rd.of[p] != nil {
		about(v.words, rd.of[p].bag, 0.5)
	} else if t.prev != nil && t.days(t.prev) < 0.2 {
		about(v.words, t.prev.bag, 0.3)
	}
}

// doubted weighs what a line doubts of what was said.
func (l *line) doubted() float64 {
	d := math.Min(2.5, l.weight[doubting]) + 0.3*math.Min(2, l.weight[said]) + 0.3*math.Min(2, l.weight[hedging]) + 0.3*math.Min(2, l.weight[condition])
	d -= 0.4*math.Min(2, l.weight[dealtalk]) + 0.5*(l.weight[scheduling]+l.weight[smalltalk])
	if l.question {
		d += 0.2
	}
	return d
}

// conflict reports whether a text counts the same thing as a claim and comes to
// another number.
func conflict(t *turn, l *line) bool {
	for _, a := range l.amounts {
		same, other := false, false
		for _, m := range t.lines {
			for _, b := range m.amounts {
				if a.unit == b.unit {
					same = same || a.value == b.value
					other = other || a.value != b.value
				}
			}
		}
		if other && !same {
			return true
		}
	}
	return false
}

// corrected lists what one of the seller's side said to the customer and another,
// or the same person in a later source, put right or narrowed.
func (rd *reading) corrected(c *claims) []*finding {
	var fs []*finding
	for _, t := range rd.turns {
		if t.internal || !t.seller {
			continue
		}
		for i, l := range t.lines {
			v := voice{line: l, words: map[term]float64{}}
			v.doubt = math.Min(2.5, l.weight[correction]) + 0.5*math.Min(2.5, l.weight[doubting]) - l.noise()
			if v.doubt < 0.9 || l.question {
				continue
			}
			about(v.words, l.terms, 1)
			for _, j := range []int{i - 1, i + 1} {
				if j >= 0 && j < len(t.lines) {
					about(v.words, t.lines[j].terms, 0.6)
				}
			}
			for _, k := range c.best(v.words, 1, func(m *line) float64 { return correctable(t, m) }) {
				if f := confirmed(v, k, 0); f != nil {
					f.signal, f.sections = Corrected, []cue{correction, doubting}
					fs = append(fs, f)
				}
			}
		}
	}
	return fs
}

// correctable says whether a turn may put right a line: another's before it, or
// one's own in an earlier source.
func correctable(t *turn, m *line) float64 {
	if t == m.t || !m.t.earlier(t) || m.weight[doubting] >= 1.2 {
		return 0
	}
	if t.p.Source == m.t.p.Source {
		if t.p.Speaker == m.t.p.Speaker {
			return 0
		}
		if t.p.Index-m.t.p.Index <= 12 {
			return 1.1
		}
		return 0.9
	}
	if t.p.Speaker == m.t.p.Speaker {
		return 0.8
	}
	return 1
}

// chased lists what the customer came back to because it had not arrived, or
// because it had been told otherwise.
func (rd *reading) chased(c *claims) []*finding {
	var fs []*finding
	for _, t := range rd.turns {
		if t.internal || !t.customer {
			continue
		}
		for i, l := range t.lines {
			v := voice{line: l, words: map[term]float64{}, doubt: l.weight[chasing] - 0.5*(l.weight[scheduling]+l.weight[smalltalk])}
			if v.doubt < 0.9 {
				continue
			}
			about(v.words, l.terms, 1)
			for _, j := range []int{i - 2, i - 1, i + 1} {
				if j >= 0 && j < len(t.lines) {
					about(v.words, t.lines[j].terms, 0.6)
				}
			}
			if b := t.prev; b != nil && len(l.terms) < 4 {
				about(v.words, b.bag, 0.4)
			}
			fits := func(m *line) float64 {
				if !m.t.earlier(t) || m.t.p.Source == t.p.Source && t.p.Index-m.t.p.Index < 6 {
					return 0
				}
				return 1
			}
			for _, k := range c.best(v.words, 1, fits) {
				if f := confirmed(v, k, 0); f != nil {
					f.signal, f.sections = Unanswered, []cue{chasing}
					fs = append(fs, f)
				}
			}
		}
	}
	return fs
}
