package hedge

import (
	"math"
	"sort"
	"time"
)

// How much the words around a claim count towards what it is about, against the
// claim's own.
const (
	inTurn   = 0.5  // the rest of the turn
	inBefore = 0.5  // what the other side said just before: mostly the question
	inAfter  = 0.25 // what the other side said to it
)

// A claims index finds what the seller's side said to the customer by the words
// it shares with something else.
type claims struct {
	rd    *reading
	lines []*line
	sizes []float64
	by    map[term][]posting
}

type posting struct {
	line   int32
	weight float32
}

// A link ties a doubt to what it is about.
type link struct {
	to     *line
	words  float64 // how much they share: the rarity of the words, summed
	shared int
	value  float64 // the words and how much of a promise the line is
}

func (rd *reading) claims() *claims {
	c := &claims{rd: rd, by: map[term][]posting{}}
	for _, t := range rd.turns {
		if t.internal || !t.seller {
			continue
		}
		for _, l := range t.lines {
			c.add(l)
		}
	}
	return c
}

func (c *claims) add(l *line) {
	if l.claim < 0.3 && len(l.terms) < 2 {
		return
	}
	words := map[term]float64{}
	about(words, l.terms, 1)
	about(words, l.t.bag, inTurn)
	if b := l.t.prev; b != nil && b.customer {
		about(words, b.lines[len(b.lines)-1].terms, inBefore)
		about(words, b.bag, inBefore/2)
	}
	if a := l.t.next; a != nil && a.customer && len(a.bag) < 12 {
		about(words, a.bag, inAfter)
	}
	n, size := int32(len(c.lines)), 0.0
	for t, w := range words {
		c.by[t] = append(c.by[t], posting{n, float32(w)})
		size += w
	}
	c.lines = append(c.lines, l)
	c.sizes = append(c.sizes, size)
}

// about adds words with a weight, unless they have a greater one.
func about(words map[term]float64, terms []term, weight float64) {
	for _, t := range terms {
		if words[t] < weight {
			words[t] = weight
		}
	}
}

// best lists the claims that a text is most likely about, the likeliest first.
// fits says which come into question and how much.
func (c *claims) best(words map[term]float64, n int, fits func(*line) float64) []link {
	sums := map[int32]*link{}
	terms := make([]term, 0, len(words))
	for t := range words {
		terms = append(terms, t)
	}
	sort.Slice(terms, func(i, j int) bool { return terms[i] < terms[j] })
	for _, t := range terms {
		rarity := c.rd.words.rarity(t)
		if rarity < 1.5 {
			continue
		}
		for _, p := range c.by[t] {
			s := sums[p.line]
			if s == nil {
				s = &link{to: c.lines[p.line]}
				sums[p.line] = s
			}
			s.words += rarity * words[t] * float64(p.weight)
			s.shared++
		}
	}
	var found []link
	for i, s := range sums {
		if s.shared < 2 && s.words < 4 {
			continue
		}
		s.words /= math.Sqrt(1 + c.sizes[i]/12)
		s.value = s.words * (0.35 + math.Min(s.to.claim, 2.5)) * fits(s.to)
		if s.value > 0 {
			found = append(found, *s)
		}
	}
	sort.Slice(found, func(i, j int) bool {
		if found[i].value != found[j].value {
			return found[i].value > found[j].value
		}
		return found[i].to.before(found[j].to)
	})
	if len(found) > n {
		found = found[:n]
	}
	return found
}

// before orders lines as they stand in the deal.
func (l *line) before(m *line) bool {
	if l.t.order != m.t.order {
		return l.t.order < m.t.order
	}
	return l.n < m.n
}

// earlier reports whether a turn came before another, as far as can be told.
func (t *turn) earlier(u *turn) bool {
	if t.p.Source == u.p.Source || t.at.IsZero() || u.at.IsZero() || t.at.Equal(u.at) {
		return t.order < u.order
	}
	return t.at.Before(u.at)
}

// days is how long after u the turn t was said; negative when before.
func (t *turn) days(u *turn) float64 {
	if t.at.IsZero() || u.at.IsZero() {
		return 0
	}
	return float64(t.at.Sub(u.at)) / float64(24*time.Hour)
}
