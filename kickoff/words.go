package kickoff

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"throughline"
	"throughline/ground"
	"throughline/lexicon"
)

// A line is one sentence of a passage, as the rules see it.
type line struct {
	p        *throughline.Passage
	span     ground.Span
	tokens   []lexicon.Token
	terms    []term // of substance, each once
	topic    []term // of those, what a question asks about
	things   []term // of those, what is written as a name within a sentence
	cues     map[string]float64
	question bool // ends in a question mark
	leads    bool // begins as a question does
	number   bool // says a number that is no date
	date     bool // says a day, a month, a time
	name     bool // names a person of the deal
	thing    bool // has a name of something within the sentence
}

func (l *line) text() string { return l.p.Text[l.span.Start:l.span.End] }

// A term is a word or number as two texts are compared by it.
type term string

// stemRunes is how many runes of a word tell it from others, as for hedges:
// "handwritten" and "handwriting" are one, in any of the languages.
const stemRunes = 6

// endings are what English adds to a word, and how many runes must be left of it.
var endings = []struct {
	end  string
	left int
}{{"ing", 4}, {"ed", 4}, {"es", 4}, {"s", 3}}

// stem cuts a folded word to what tells it from others.
func stem(w string) term {
	for _, e := range endings {
		cut, ok := strings.CutSuffix(w, e.end)
		if !ok || utf8.RuneCountInString(cut) < e.left || e.end == "s" && strings.HasSuffix(cut, "s") {
			continue
		}
		w = cut
		if n := len(w); e.end != "s" && w[n-1] == w[n-2] && w[n-1] != 's' && w[n-1] != 'l' {
			w = w[:n-1] // "running"
		}
		break
	}
	if utf8.RuneCountInString(w) > 4 {
		w = strings.TrimSuffix(w, "e")
	}
	n := 0
	for i := range w {
		if n == stemRunes {
			return term(w[:i])
		}
		n++
	}
	return term(w)
}

// A reader makes lines of passages.
type reader struct {
	names map[string]bool // words of the names of the deal's people
	sides map[string]bool // words of the two companies' names
}

func newReader(deal *throughline.Deal) *reader {
	r := &reader{names: map[string]bool{}, sides: map[string]bool{}}
	for _, p := range deal.People {
		for _, name := range append([]string{p.Name}, p.Aliases...) {
			for _, t := range lexicon.Tokens(name) {
				r.names[t.Word] = true
			}
		}
	}
	for _, c := range []throughline.Company{deal.Seller, deal.Customer} {
		for _, t := range lexicon.Tokens(c.Name + " " + c.Product) {
			r.sides[t.Word] = true
		}
	}
	return r
}

// lines are the sentences of a passage.
func (r *reader) lines(p *throughline.Passage, lex *lexicon.Lexicon) []*line {
	var out []*line
	for _, span := range ground.Sentences(p.Text) {
		l := &line{p: p, span: span, cues: map[string]float64{}}
		text := l.text()
		l.tokens = lexicon.Tokens(text)
		if len(l.tokens) == 0 {
			continue
		}
		hits := lex.Find(l.tokens)
		for _, h := range hits {
			l.cues[h.Section] += h.Weight
			l.leads = l.leads || h.First <= leadWords && slices.Contains(cueQuestions, h.Section)
		}
		l.question = strings.HasSuffix(strings.TrimRight(text, "\"”’')» "), "?")
		l.read(r, lex, hits)
		l.readTopic(r, lex, hits)
		out = append(out, l)
	}
	return out
}

// leadWords is how many words ("So, and") may stand before what a question begins
// with.
const leadWords = 2

// text makes terms of a text that is no passage's.
func (r *reader) text(s string, lex *lexicon.Lexicon) []term {
	p := &throughline.Passage{Text: s}
	var out []term
	for _, l := range r.lines(p, lex) {
		for _, t := range l.terms {
			if !slices.Contains(out, t) {
				out = append(out, t)
			}
		}
	}
	return out
}

// read takes the line's words and numbers.
func (l *line) read(r *reader, lex *lexicon.Lexicon, hits []lexicon.Hit) {
	values := map[int]float64{}
	for _, h := range hits {
		if h.Section == cueNumber && h.First == h.Last {
			values[h.First] = h.Weight
		}
	}
	before, ended := -1.0, -1 // the number before, and the token behind it
	for i := 0; i < len(l.tokens); {
		if value, n := numeral(l.tokens[i:], values, i); n > 0 {
			l.figure(value)
			l.date = l.date || ended == i && clock(before, value)
			before, ended = value, i+n
			i += n
			continue
		}
		l.word(r, lex, i)
		i++
	}
}

// readTopic takes the terms that stand after the words that begin a question and
// are none of them; all others, where there are none.
func (l *line) readTopic(r *reader, lex *lexicon.Lexicon, hits []lexicon.Hit) {
	asking := make([]bool, len(l.tokens))
	first := -1
	for _, h := range hits {
		if !slices.Contains(cueQuestions, h.Section) && h.Section != cueRequest {
			continue
		}
		if first < 0 {
			first = h.First
		}
		phrase := lexicon.Tokens(h.Phrase)
		for i := h.First; i <= h.Last; i++ { // what stands in a gap of the phrase is asked about
			asking[i] = slices.ContainsFunc(phrase, func(t lexicon.Token) bool { return t.Word == l.tokens[i].Word })
		}
	}
	if first < 0 {
		l.topic = l.terms
		return
	}
	for _, from := range []int{first, 0} {
		rest := line{}
		for i := from; i < len(l.tokens); i++ {
			if !asking[i] {
				rest.tokens = append(rest.tokens, l.tokens[i])
			}
		}
		rest.read(r, lex, lex.Find(rest.tokens))
		if l.topic = rest.terms; len(l.topic) > 0 {
			return
		}
	}
}

// smallNumber is up to which a number says nothing by itself: "one thing", "two of
// us".
const smallNumber = 3

func (l *line) figure(value float64) {
	l.number = true
	if value > smallNumber || value != math.Trunc(value) {
		l.add(term("#" + strconv.FormatFloat(value, 'g', 10, 64)))
	}
}

// clock reports whether two numbers in a row are a time of day: "6:15", "seven
// forty".
func clock(hour, minute float64) bool {
	return hour >= 1 && hour <= 24 && minute >= 5 && minute < 60 && hour == math.Trunc(hour) && minute == math.Trunc(minute)
}

func (l *line) word(r *reader, lex *lexicon.Lexicon, i int) {
	t := l.tokens[i]
	w := t.Word
	switch {
	case lex.InClass("month", w) && (w != "may" && w != "mar" && w != "sep" || t.Capital), lex.InClass("weekday", w) && len(w) > 3:
		l.date = true
		if lex.InClass("month", w) && len(w) > 2 {
			l.add(term("month " + w[:3]))
		}
		return
	case r.sides[w]:
		return
	case r.names[w], r.names[strings.TrimSuffix(w, "s")]: // "Curtis's"
		l.name = l.name || t.Capital
	case i > 0 && t.Capital && len(w) > 2 && !lex.InClass("stop", w):
		l.thing = true
		l.things = append(l.things, stem(w))
	}
	if utf8.RuneCountInString(w) < 3 || lex.InClass("stop", w) {
		return
	}
	l.add(stem(w))
}

func (l *line) add(t term) {
	if !slices.Contains(l.terms, t) {
		l.terms = append(l.terms, t)
	}
}

// numeral reads a number from the first tokens, in digits ("12,000", "50k", "16th")
// or in words ("fifty thousand", "forty-one"), and how many tokens it took; 0 when
// there is none. Numbers that stand one after the other stay apart: "six fifteen"
// is a time of day.
func numeral(tokens []lexicon.Token, words map[int]float64, at int) (value float64, n int) {
	part, total := 0.0, 0.0
	for n < len(tokens) {
		v, ok := words[at+n]
		if d, isDigits := digits(tokens[n].Word); isDigits {
			v, ok = d, true
		}
		if !ok && n > 0 && (part >= 100 || total > 0) && tokens[n].Word == "and" && n+1 < len(tokens) && words[at+n+1] > 0 && words[at+n+1] < 100 {
			n++ // two hundred and eighty
			continue
		}
		if !ok {
			break
		}
		switch {
		case v == 100 && part > 0 && part < 100, v >= 1000 && v == math.Trunc(v) && part > 0 && words[at+n] == v:
			part *= v
			if v >= 1000 {
				total, part = total+part, 0
			}
		case part == 0:
			part = v
		case part >= 20 && part < 100 && v < 10 && v > 0 && math.Mod(part, 10) == 0, part >= 100 && math.Mod(part, 100) == 0 && v < 100:
			part += v
		default:
			return total + part, n
		}
		n++
	}
	return total + part, n
}

// digits reads a number in digits with its thousands marks, and a k, m or b, or
// what makes a day of it.
func digits(w string) (float64, bool) {
	if w == "" || w[0] < '0' || w[0] > '9' {
		return 0, false
	}
	factor := 1.0
	for _, end := range []struct {
		with string
		by   float64
	}{{"th", 1}, {"st", 1}, {"nd", 1}, {"rd", 1}, {"k", 1e3}, {"m", 1e6}, {"b", 1e9}} {
		if cut, ok := strings.CutSuffix(w, end.with); ok {
			w, factor = cut, end.by
			break
		}
	}
	if i := strings.LastIndexAny(w, ".,"); i >= 0 {
		whole := strings.NewReplacer(".", "", ",", "").Replace(w[:i])
		if len(w)-i-1 == 3 {
			w = whole + w[i+1:]
		} else {
			w = whole + "." + w[i+1:]
		}
	}
	v, err := strconv.ParseFloat(w, 64)
	return v * factor, err == nil
}

// A vocabulary knows how rare each term is in a deal.
type vocabulary struct {
	in       map[term]int // passages that have it
	passages int
	talk     map[term]bool // words of meetings in general, and people's names
}

// How a term's rarity becomes its weight: one that stands in every few passages of
// the deal tells nothing, one that stands in one or two tells most.
const (
	leastPassages = 150 // in a smaller deal, what is rare can't be told; it is taken to be of this size
	commonRarity  = 1.5 // the logarithm of passages for each that has it, from which a term tells something
	mostWeight    = 3.5
	talkWeight    = 0.25 // share of it that a word of meetings has, which then never tells anything by itself
)

func (v *vocabulary) weight(t term) float64 {
	rarity := math.Log(float64(max(v.passages, leastPassages)+1) / float64(v.in[t]+1))
	w := min(mostWeight, max(0, rarity-commonRarity))
	if v.talk[t] {
		w *= talkWeight
	}
	return w
}
