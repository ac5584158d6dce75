package hedge

import (
	"math"
	"slices"
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

	// while best adds up
	sums    []float64
	shared  []float32
	touched []int32
}

type posting struct {
	line   int32
	weight float32
}

// A link ties a doubt to what it is about.
type link struct {
	to     *line
	words  float64 // how much they share: the rarity of the words, summed
	shared float64 // how many words, each as far as it counts
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
	c.sums, c.shared = make([]float64, len(c.lines)), make([]float32, len(c.lines))
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
		size += w // of quarters and eighths: the order does not matter
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

// Two texts are linked by several words rather than by one, however rare: each
// further word leaves this share of the doubt about the link.
const unlinked = 0.6

// maxRarity bounds what one word can tell.
const maxRarity = 5.5

// minRarity is what a word must tell to be looked at.
const minRarity = 1.5

// best lists the claims that a text is most likely about, the likeliest first.
// fits says which come into question and how much.
func (c *claims) best(words map[term]float64, n int, fits func(*line) float64) []link {
	c.sum(words)
	var found []link
	for _, i := range c.touched {
		k := link{to: c.lines[i], shared: float64(c.shared[i])}
		k.words = c.sums[i] / math.Sqrt(1+c.sizes[i]/12) * (1 - math.Pow(unlinked, k.shared))
		c.sums[i], c.shared[i] = 0, 0
		if len(found) == n && k.words*2.9*1.25 < found[n-1].value {
			continue
		}
		k.value = k.words * (0.3 + k.to.promise()) * fits(k.to)
		if k.value > 0 {
			found = k.into(found, n)
		}
	}
	c.touched = c.touched[:0]
	return found
}

// promise weighs, up to 2.5, how much of a promise a line is, with what stands
// beside it: "They rename it, it just takes it. You will never touch that again."
// What was said with a hedge, or put off, counts as promised.
func (l *line) promise() float64 {
	w := l.claim + 0.4*math.Min(2, l.weight[hedging]+l.weight[condition]+l.weight[deferral])
	if b := l.beside(); b != nil {
		w = math.Max(w, beside*b.claim)
	}
	return math.Min(w, 2.5) / (1 + 0.5*l.noise())
}

// beside is how much of the claim in the next sentence counts for this one.
const beside = 0.7

// beside is the line next to this one that is more of a promise, if any is.
func (l *line) beside() *line {
	var best *line
	for _, n := range []int{l.n - 1, l.n + 1} {
		if n < 0 || n >= len(l.t.lines) {
			continue
		}
		if m := l.t.lines[n]; beside*m.claim > l.claim && !m.question && (best == nil || m.claim > best.claim) {
			best = m
		}
	}
	return best
}

// sum adds up for each claim what the words tell of it.
func (c *claims) sum(words map[term]float64) {
	terms := make([]term, 0, len(words))
	for t := range words {
		terms = append(terms, t)
	}
	slices.Sort(terms) // sums of floats depend on their order
	for _, t := range terms {
		rarity := math.Min(maxRarity, c.rd.words.rarity(t))
		if rarity < minRarity {
			continue
		}
		for _, p := range c.by[t] {
			if c.shared[p.line] == 0 {
				c.touched = append(c.touched, p.line)
			}
			w := words[t] * float64(p.weight)
			c.sums[p.line] += rarity * w
			c.shared[p.line] += float32(w)
		}
	}
}

// into keeps the n best links, the best first.
func (k link) into(found []link, n int) []link {
	i := len(found)
	for i > 0 && (k.value > found[i-1].value || k.value == found[i-1].value && k.to.before(found[i-1].to)) {
		i--
	}
	if i == n {
		return found
	}
	found = slices.Insert(found, i, k)
	return found[:min(n, len(found))]
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
