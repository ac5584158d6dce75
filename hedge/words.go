package hedge

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"throughline"
	"throughline/lexicon"
)

// stemRunes is how many runes of a word tell it from others when two passages
// are compared: "handwritten" and "handwriting" are one, in any of the languages.
const stemRunes = 6

// A vocabulary numbers the words of substance in a deal and knows how rare each
// is.
type vocabulary struct {
	ids      map[string]term
	df       []int32 // passages that have the word
	names    map[string]bool
	passages int
}

func newVocabulary(deal *throughline.Deal) *vocabulary {
	v := &vocabulary{ids: map[string]term{}, names: map[string]bool{}}
	name := func(s string) {
		for _, t := range lexicon.Tokens(s) {
			v.names[stem(t.Word)] = true
		}
	}
	for _, p := range deal.People {
		if p == nil {
			continue
		}
		name(p.Name)
		for _, a := range p.Aliases {
			name(a)
		}
	}
	for _, c := range []throughline.Company{deal.Seller, deal.Customer} {
		name(c.Name)
		name(c.Product)
	}
	return v
}

func (v *vocabulary) id(s string) term {
	if t, ok := v.ids[s]; ok {
		return t
	}
	t := term(len(v.df))
	v.ids[s] = t
	v.df = append(v.df, 0)
	return t
}

func (v *vocabulary) count(bag []term) {
	v.passages++
	for _, t := range bag {
		v.df[t]++
	}
}

// rarity is how much it tells that two passages share a word: the logarithm of
// how many passages there are for each that has it.
func (v *vocabulary) rarity(t term) float64 {
	return math.Log(float64(v.passages+1) / float64(v.df[t]+1))
}

// read takes a line's words and numbers.
func (v *vocabulary) read(l *line, tokens []lexicon.Token, hits []lexicon.Hit, sentence string, lang *language) {
	values := map[int]float64{}
	for _, h := range hits {
		if h.Section == cueNames[number] && h.First == h.Last {
			values[h.First] = h.Weight
		}
	}
	for i := 0; i < len(tokens); {
		value, n := numeral(tokens[i:], values, i)
		if n == 0 {
			v.word(l, tokens[i].Word, lang)
			i++
			continue
		}
		i += n
		unit := ""
		switch {
		case strings.HasPrefix(strings.TrimLeft(sentence[tokens[i-1].End:], " "), "%"):
			unit = "%"
		case i < len(tokens) && lang.InClass("unit", tokens[i].Word):
			unit = stem(tokens[i].Word)
		}
		v.amount(l, value, unit)
	}
}

func (v *vocabulary) word(l *line, w string, lang *language) {
	if lang.InClass("matter", w) {
		l.matter++
	}
	if utf8.RuneCountInString(w) < 3 || lang.InClass("stop", w) {
		return
	}
	s := stem(w)
	if v.names[s] {
		return
	}
	l.add(v.id(s))
}

func (v *vocabulary) amount(l *line, value float64, unit string) {
	number := strconv.FormatFloat(value, 'g', 8, 64)
	if unit != "" {
		l.units++
		l.amounts = append(l.amounts, amount{value, unit})
		l.add(v.id(number + " " + unit))
	}
	if value > 10 && unit == "" {
		l.numbers++
	}
	if value > 10 || unit == "" && value > 3 {
		l.add(v.id(number))
	}
}

func (l *line) add(t term) {
	for _, has := range l.terms {
		if has == t {
			return
		}
	}
	l.terms = append(l.terms, t)
}

// stem cuts a folded word to what tells it from others.
func stem(w string) string {
	if len(w) > 3 && len(w) <= stemRunes+1 && w[len(w)-1] == 's' {
		w = w[:len(w)-1]
	}
	n := 0
	for i := range w {
		if n == stemRunes {
			return w[:i]
		}
		n++
	}
	return w
}

// numeral reads a number from the first tokens, in digits ("12,000", "50k") or
// in words ("fifty thousand"), and how many tokens it took; 0 when there is none.
func numeral(tokens []lexicon.Token, words map[int]float64, at int) (value float64, n int) {
	if v, ok := digits(tokens[0].Word); ok {
		value, n = v, 1
		for n < len(tokens) && group(tokens[n-1], tokens[n]) {
			v, _ := digits(tokens[n].Word)
			value = value*1000 + v
			n++
		}
		for n < len(tokens) {
			w, ok := words[at+n]
			if !ok || w < 1000 {
				break
			}
			value *= w
			n++
		}
		return value, n
	}
	total, part := 0.0, 0.0
	for n < len(tokens) {
		w, ok := words[at+n]
		if !ok {
			break
		}
		switch {
		case w == 100:
			part = math.Max(part, 1) * w
		case w >= 1000:
			total += math.Max(part, 1) * w
			part = 0
		default:
			part += w
		}
		n++
	}
	return total + part, n
}

// group reports whether two tokens are parts of a number that blanks divide by
// the thousand, as French does: "50 000".
func group(a, b lexicon.Token) bool {
	const blank = len("\u202f") // the longest of the blanks in use
	return len(a.Word) <= 3 && len(b.Word) == 3 && b.Start-a.End <= blank && whole(a.Word) && whole(b.Word)
}

func whole(w string) bool { return strings.Trim(w, "0123456789") == "" }

// digits reads a number in digits with its thousands marks and a k, m or b.
func digits(w string) (float64, bool) {
	if w == "" || w[0] < '0' || w[0] > '9' {
		return 0, false
	}
	factor := 1.0
	switch w[len(w)-1] {
	case 'k':
		factor = 1e3
	case 'm':
		factor = 1e6
	case 'b':
		factor = 1e9
	}
	if factor > 1 {
		w = w[:len(w)-1]
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
