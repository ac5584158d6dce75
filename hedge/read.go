package hedge

import (
	"math"
	"slices"
	"strings"
	"time"

	"throughline"
	"throughline/ground"
	"throughline/lexicon"
)

// A reading is a deal with its sentences weighed and its words counted, once.
type reading struct {
	deal  *throughline.Deal
	turns []*turn
	of    map[*throughline.Passage]*turn
	words *vocabulary
}

// A turn is a passage that may prove something.
type turn struct {
	p        *throughline.Passage
	order    int // place in the deal
	lines    []*line
	at       time.Time
	internal bool // no customer reads it
	seller   bool // said by the seller's side, as far as is known
	customer bool
	prev     *turn // of the same source
	next     *turn
	bag      []term // the words of all its lines, each once
}

// A line is one sentence of a turn.
type line struct {
	t        *turn
	n        int // place in the turn
	span     ground.Span
	weight   [cues]float64 // of the cues found, by section
	found    []found
	question bool
	matter   int     // words of what such deals are about
	units    int     // numbers with a unit
	numbers  int     // other numbers, the smallest aside
	claim    float64 // how much of a promise it is
	terms    []term
	amounts  []amount
}

// A found is a cue as the text has it.
type found struct {
	cue  cue
	text string
}

// A term is a word of substance: its number in the vocabulary, and how often the
// text has it does not count.
type term int32

// An amount is a number with the unit it counts.
type amount struct {
	value float64
	unit  string
}

func read(deal *throughline.Deal) *reading {
	rd := &reading{deal: deal, of: map[*throughline.Passage]*turn{}, words: newVocabulary(deal)}
	for _, s := range deal.Sources {
		if s == nil {
			continue
		}
		var prev *turn
		lang := languageOf(s.Language)
		for _, p := range s.Passages {
			if p == nil || p.Source == nil || !p.Evidence() {
				continue
			}
			t := rd.turn(p, lang)
			if len(t.lines) == 0 {
				continue
			}
			t.prev = prev
			if prev != nil {
				prev.next = t
			}
			prev = t
			t.order = len(rd.turns)
			rd.turns = append(rd.turns, t)
			rd.of[p] = t
		}
	}
	calls := slices.ContainsFunc(rd.turns, func(t *turn) bool { return t.p.Source.Kind == throughline.SourceCall })
	for _, t := range rd.turns {
		// Where there are calls, theirs alone are the words by which rarity is told:
		// a mail, which anybody may have sent, then changes nothing elsewhere.
		if !calls || t.p.Source.Kind == throughline.SourceCall {
			rd.words.count(t.bag)
		}
	}
	return rd
}

func (rd *reading) turn(p *throughline.Passage, lang *language) *turn {
	t := &turn{p: p, at: p.At, internal: internal(p)}
	if t.at.IsZero() {
		t.at = p.Source.At
	}
	t.customer = p.Side() == throughline.SideCustomer
	t.seller = p.Side() == throughline.SideSeller || t.internal && !t.customer
	seen := map[term]bool{}
	for n, s := range ground.Sentences(p.Text) {
		l := rd.line(t, p.Text, s, lang)
		l.n = n
		t.lines = append(t.lines, l)
		for _, w := range l.terms {
			if !seen[w] {
				seen[w] = true
				t.bag = append(t.bag, w)
			}
		}
	}
	return t
}

// internal reports whether a passage was kept from the customer: its source is
// the seller's own, or it is of a kind that the seller keeps and no customer is
// known to have read it.
func internal(p *throughline.Passage) bool {
	s := p.Source
	if s.Internal {
		return true
	}
	switch s.Kind {
	case throughline.SourceCRM:
		return p.HeardBy(throughline.SideCustomer) == 0
	case throughline.SourceChat, throughline.SourceDocument:
		return !s.Shared && p.HeardBy(throughline.SideCustomer) == 0 && len(p.Heard) > 0
	}
	return false
}

func (rd *reading) line(t *turn, text string, s ground.Span, lang *language) *line {
	sentence := text[s.Start:s.End]
	l := &line{t: t, span: s, question: strings.HasSuffix(strings.TrimRight(sentence, "\"”’')» "), "?")}
	if lang == nil {
		return l
	}
	tokens := lexicon.Tokens(sentence)
	hits := lang.Find(tokens)
	var heard [cues]int // up to which token a section's cues reach
	for i := range heard {
		heard[i] = -1
	}
	for _, h := range hits {
		c := lang.index[h.Section]
		if c == noCue || c == number || h.First <= heard[c] {
			continue
		}
		if (c == hedging || c == condition) && negated(tokens, h.First, lang) {
			continue // "that's not a roadmap thing"
		}
		heard[c] = h.Last
		l.weight[c] += h.Weight
		l.found = append(l.found, found{c, sentence[tokens[h.First].Start:tokens[h.Last].End]})
	}
	rd.words.read(l, tokens, hits, sentence, lang)
	l.claim = l.claimed()
	return l
}

// negated reports whether one of the two words before a phrase denies it.
func negated(tokens []lexicon.Token, at int, lang *language) bool {
	for i := max(0, at-2); i < at; i++ {
		if lang.InClass("negation", tokens[i].Word) {
			return true
		}
	}
	return false
}

// claimed weighs how much of a promise a sentence is.
func (l *line) claimed() float64 {
	w := math.Min(l.weight[claim], 2.5) + 0.3*float64(min(l.matter, 3)) + 0.4*float64(min(l.units, 2)) + 0.25*float64(min(l.numbers, 2))
	w -= 0.5 * l.noise()
	if l.question {
		w--
	}
	if l.weight[doubting] >= 1 {
		w -= 0.4 * math.Min(l.weight[doubting], 2)
	}
	if l.weight[correction] >= 1 {
		w -= 0.4 * math.Min(l.weight[correction], 2)
	}
	return math.Max(0, w)
}

// aWord is the noise that a sentence may have: a weekday, a weekend.
const aWord = 0.6

// noise weighs what speaks against a sentence's being about what is sold.
func (l *line) noise() float64 {
	n := l.weight[scheduling] + l.weight[smalltalk] + l.weight[moment] + l.weight[others] + l.weight[past] + 1.2*l.weight[laugh]
	return math.Max(0, math.Min(3, n-aWord))
}

// to is the span from this line to another of the same turn.
func (l *line) to(end *line) Span {
	return Span{
		Ref: l.t.p.Ref, Start: l.span.Start, End: end.span.End,
		Text: l.t.p.Text[l.span.Start:end.span.End],
	}
}

// cues lists the words by which a line was noticed, of some sections.
func (l *line) cues(sections ...cue) []string {
	cs := []string{}
	for _, f := range l.found {
		if slices.Contains(sections, f.cue) && !slices.Contains(cs, f.text) {
			cs = append(cs, f.text)
		}
	}
	return cs
}
