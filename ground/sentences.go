package ground

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Span is a byte range of a text.
type Span struct{ Start, End int }

// abbreviations end in a point that ends no sentence.
var abbreviations = map[string]bool{}

func init() {
	for _, a := range strings.Fields("mr mrs ms dr prof sr jr st vs etc e.g i.e eg ie approx inc ltd corp co no nr p.m a.m " +
		"m mme mlle z.b d.h u.a usw bzw ca evtl ggf hr fr str abs vgl p.ej sra sres ud uds pág núm") {
		abbreviations[a] = true
	}
}

// Sentences divides a text into its sentences, in order, as byte ranges without
// the white space around them. A point within a number, after an abbreviation or
// an initial divides nothing; a line break does.
func Sentences(text string) []Span {
	var spans []Span
	start := 0
	cut := func(end int) {
		s, e := trim(text, start, end)
		if e > s {
			spans = append(spans, Span{s, e})
		}
		start = end
	}
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		i += size
		switch {
		case r == '\n':
			cut(i)
		case strings.ContainsRune("。！？", r): // no space follows these
			for i < len(text) && strings.ContainsRune("。！？」』”’）", peek(text[i:])) {
				i += utf8.RuneLen(peek(text[i:]))
			}
			cut(i)
		case r == '.' || r == '!' || r == '?' || r == '…':
			for i < len(text) && strings.ContainsRune(".!?…\"”’')»", peek(text[i:])) {
				i += utf8.RuneLen(peek(text[i:]))
			}
			if ends(text, start, i, r) {
				cut(i)
			}
		}
	}
	cut(len(text))
	return spans
}

func peek(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError {
		return 0
	}
	return r
}

// ends reports whether the mark that stops before i ends a sentence.
func ends(text string, start, i int, mark rune) bool {
	if i >= len(text) {
		return true
	}
	next := peek(text[i:])
	if !unicode.IsSpace(next) {
		return false
	}
	if mark != '.' && mark != '…' {
		return true
	}
	after := peek(strings.TrimLeftFunc(text[i:], unicode.IsSpace))
	if unicode.IsLower(after) {
		return false
	}
	before := strings.TrimRight(text[start:i], ".!?…\"”’')»")
	last := strings.ToLower(before[strings.LastIndexFunc(before, unicode.IsSpace)+1:])
	last = strings.TrimLeft(last, "(\"“‘'")
	if abbreviations[last] && last != "no" || utf8.RuneCountInString(last) == 1 && unicode.IsLetter(peek(last)) && last != "i" {
		return false
	}
	return true
}

func trim(text string, start, end int) (int, int) {
	s := text[start:end]
	start += len(s) - len(strings.TrimLeftFunc(s, unicode.IsSpace))
	s = strings.TrimSpace(s)
	return start, start + len(s)
}
