// Package lexicon reads lists of phrases by language and finds them in text,
// fast and the same way everywhere: letter case, accents and apostrophes aside,
// word by word.
//
// A lexicon file is plain text that a person can edit:
//
//	# a comment: where an entry comes from
//	[hedge]
//	should be fine
//	don't hold me to it = 2      a weight other than 1
//	assum* your (side|team)      a word's beginning; one of several words
//	by the end of … <month>      a gap of up to four words; a word of a class
//	I'd (have to|want to) check  several words to choose from
//	not (at all)? sure           words that may be there
//
//	[class month]
//	january february march
//
// A class section lists single words, several on a line, that <name> stands for
// in phrases. <num> is built in: digits, and the words of [class num].
package lexicon

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// gapWords is how many words a "…" of a phrase may stand for, at most.
const gapWords = 4

// A Lexicon is the phrases of one language, by section.
type Lexicon struct {
	sections []string
	byName   map[string]int
	classes  map[string]map[string]bool
	first    map[string][]*phrase // by first word, whole
	prefix   map[byte][]*phrase   // by first letter, where the first word is a beginning
	open     []*phrase            // phrases that begin with a class
}

type phrase struct {
	section int
	text    string
	weight  float64
	elems   []elem
}

// elem is one word of a phrase: any of the words, or a gap.
type elem struct {
	words    []string
	prefixes []string
	class    string
	gap      bool
}

// A Token is one word of a text, folded, and where it stands.
type Token struct {
	Word       string // lower case, without accents and apostrophes
	Start, End int    // bytes
	Capital    bool   // its first letter is a capital
}

// A Hit is a phrase found in a text.
type Hit struct {
	Section string
	Phrase  string // as the lexicon file has it
	Weight  float64
	First   int // index of its first token
	Last    int // index of its last token
}

// Parse reads a lexicon; name is for error messages, which give the line.
func Parse(name string, r io.Reader) (*Lexicon, error) {
	l := &Lexicon{
		byName:  map[string]int{},
		classes: map[string]map[string]bool{"num": {}},
		first:   map[string][]*phrase{},
		prefix:  map[byte][]*phrase{},
	}
	section, class := -1, ""
	sc := bufio.NewScanner(r)
	for n := 1; sc.Scan(); n++ {
		line, _, _ := strings.Cut(sc.Text(), "#")
		line = strings.TrimSpace(line)
		switch {
		case line == "":
		case strings.HasPrefix(line, "["):
			head, ok := strings.CutSuffix(line[1:], "]")
			if !ok {
				return nil, fmt.Errorf("%s:%d: section without its closing bracket: %s", name, n, line)
			}
			section, class = -1, ""
			if c, ok := strings.CutPrefix(head, "class "); ok {
				class = strings.TrimSpace(c)
				if l.classes[class] == nil {
					l.classes[class] = map[string]bool{}
				}
				continue
			}
			section = l.section(head)
		case class != "":
			for _, t := range Tokens(line) {
				l.classes[class][t.Word] = true
			}
		case section >= 0:
			if err := l.add(section, line); err != nil {
				return nil, fmt.Errorf("%s:%d: %w", name, n, err)
			}
		default:
			return nil, fmt.Errorf("%s:%d: a phrase before any [section]: %s", name, n, line)
		}
	}
	if err := sc.Err(); err != nil {
		return nil, fmt.Errorf("reading lexicon %s: %w", name, err)
	}
	return l, nil
}

func (l *Lexicon) section(name string) int {
	name = strings.TrimSpace(name)
	if i, ok := l.byName[name]; ok {
		return i
	}
	l.byName[name] = len(l.sections)
	l.sections = append(l.sections, name)
	return len(l.sections) - 1
}

// Sections names the sections in the order of the file.
func (l *Lexicon) Sections() []string { return l.sections }

// InClass reports whether a folded word belongs to a class.
func (l *Lexicon) InClass(class, word string) bool {
	if class == "num" && isDigits(word) {
		return true
	}
	return l.classes[class][word]
}

// Class lists the folded words of a class, in order.
func (l *Lexicon) Class(class string) []string {
	return slices.Sorted(maps.Keys(l.classes[class]))
}

func isDigits(w string) bool { return w != "" && w[0] >= '0' && w[0] <= '9' }

func (l *Lexicon) add(section int, line string) error {
	p := &phrase{section: section, weight: 1, text: line}
	if text, weight, ok := strings.Cut(line, " = "); ok {
		w, err := strconv.ParseFloat(strings.TrimSpace(weight), 64)
		if err != nil {
			return fmt.Errorf("weight of %q is no number", line)
		}
		p.weight, p.text = w, strings.TrimSpace(text)
	}
	ways, err := variants(strings.ReplaceAll(p.text, "...", "…"))
	if err != nil {
		return fmt.Errorf("phrase %q: %w", p.text, err)
	}
	for _, way := range ways {
		v := *p
		if err := v.read(way); err != nil {
			return fmt.Errorf("phrase %q: %w", p.text, err)
		}
		l.file(&v)
	}
	return nil
}

// read sets the phrase's elements.
func (p *phrase) read(way string) error {
	for _, f := range strings.Fields(way) {
		es, err := elems(f)
		if err != nil {
			return err
		}
		p.elems = append(p.elems, es...)
	}
	if len(p.elems) == 0 || p.elems[0].gap || p.elems[len(p.elems)-1].gap {
		return errors.New("it must begin and end with a word")
	}
	return nil
}

// file puts the phrase where a search by its first word finds it.
func (l *Lexicon) file(p *phrase) {
	e := p.elems[0]
	if e.class != "" {
		l.open = append(l.open, p)
		return
	}
	for _, w := range e.words {
		l.first[w] = append(l.first[w], p)
	}
	for _, w := range e.prefixes {
		l.prefix[w[0]] = append(l.prefix[w[0]], p)
	}
}

// elems reads one blank-separated field of a phrase. A word that folding splits
// ("l'équipe") becomes several.
func elems(field string) ([]elem, error) {
	if field == "…" {
		return []elem{{gap: true}}, nil
	}
	if c, ok := strings.CutPrefix(field, "<"); ok {
		c, ok = strings.CutSuffix(c, ">")
		if !ok || c == "" {
			return nil, fmt.Errorf("%q is no class", field)
		}
		return []elem{{class: c}}, nil
	}
	if alts, ok := strings.CutPrefix(field, "("); ok {
		alts, ok = strings.CutSuffix(alts, ")")
		if !ok {
			return nil, fmt.Errorf("%q lacks its closing bracket", field)
		}
		var e elem
		for _, a := range strings.Split(alts, "|") {
			if err := e.add(a); err != nil {
				return nil, err
			}
		}
		return []elem{e}, nil
	}
	if strings.HasSuffix(field, "*") {
		var e elem
		err := e.add(field)
		return []elem{e}, err
	}
	var es []elem
	for _, t := range Tokens(field) {
		es = append(es, elem{words: []string{t.Word}})
	}
	if es == nil {
		return nil, fmt.Errorf("%q holds no word", field)
	}
	return es, nil
}

func (e *elem) add(word string) error {
	stem, isPrefix := strings.CutSuffix(word, "*")
	ts := Tokens(stem)
	if len(ts) != 1 {
		return fmt.Errorf("%q is not one word", word)
	}
	if isPrefix {
		e.prefixes = append(e.prefixes, ts[0].Word)
	} else {
		e.words = append(e.words, ts[0].Word)
	}
	return nil
}

// Find lists every phrase that stands in the text, in order of its first word.
// Of one section's phrases that begin at the same word, the longest counts.
func (l *Lexicon) Find(tokens []Token) []Hit {
	var hits []Hit
	for i, t := range tokens {
		from := len(hits)
		for _, p := range l.first[t.Word] {
			hits = l.try(hits, from, p, tokens, i)
		}
		if t.Word != "" {
			for _, p := range l.prefix[t.Word[0]] {
				hits = l.try(hits, from, p, tokens, i)
			}
		}
		for _, p := range l.open {
			hits = l.try(hits, from, p, tokens, i)
		}
	}
	return hits
}

func (l *Lexicon) try(hits []Hit, from int, p *phrase, tokens []Token, at int) []Hit {
	last := l.match(p.elems, tokens, at)
	if last < 0 {
		return hits
	}
	h := Hit{Section: l.sections[p.section], Phrase: p.text, Weight: p.weight, First: at, Last: last}
	for i := from; i < len(hits); i++ {
		if hits[i].Section == h.Section {
			if h.Last > hits[i].Last {
				hits[i] = h
			}
			return hits
		}
	}
	return append(hits, h)
}

// match returns the index of the last token that the elements match from at, or
// -1.
func (l *Lexicon) match(es []elem, tokens []Token, at int) int {
	for n, e := range es {
		if e.gap {
			for skip := 0; skip <= gapWords; skip++ {
				if last := l.match(es[n+1:], tokens, at+skip); last >= 0 {
					return last
				}
			}
			return -1
		}
		if at >= len(tokens) || !l.matches(e, tokens[at].Word) {
			return -1
		}
		at++
	}
	return at - 1
}

func (l *Lexicon) matches(e elem, word string) bool {
	if e.class != "" {
		return l.InClass(e.class, word)
	}
	for _, w := range e.words {
		if w == word {
			return true
		}
	}
	for _, w := range e.prefixes {
		if strings.HasPrefix(word, w) {
			return true
		}
	}
	return false
}

// Tokens splits a text into folded words: lower case, accents off, "don't" and
// "dont" alike; an elided article stands alone ("l'équipe" is l, equipe).
func Tokens(s string) []Token {
	var ts []Token
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if !wordRune(r) {
			i += size
			continue
		}
		start := i
		for i < len(s) {
			r, size = utf8.DecodeRuneInString(s[i:])
			if wordRune(r) || inNumber(s, i, r, size) {
				i += size
				continue
			}
			if n := contraction(s[i:]); n > 0 {
				i += n
				continue
			}
			break
		}
		first, _ := utf8.DecodeRuneInString(s[start:])
		ts = append(ts, Token{Word: fold(s[start:i]), Start: start, End: i, Capital: unicode.IsUpper(first)})
	}
	return ts
}

func wordRune(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r)
}

// inNumber reports whether the rune at i is a point or comma between two digits.
func inNumber(s string, i int, r rune, size int) bool {
	if r != '.' && r != ',' || i == 0 || i+size >= len(s) {
		return false
	}
	before, after := s[i-1], s[i+size]
	return before >= '0' && before <= '9' && after >= '0' && after <= '9'
}

// contraction is the length of an apostrophe with what English puts behind it
// ('ll, 's, n't's t …); 0 where an apostrophe divides words or there is none.
func contraction(s string) int {
	r, size := utf8.DecodeRuneInString(s)
	if r != '\'' && r != '’' {
		return 0
	}
	end := size
	for end < len(s) {
		r, n := utf8.DecodeRuneInString(s[end:])
		if !wordRune(r) {
			break
		}
		end += n
	}
	switch strings.ToLower(s[size:end]) {
	case "ll", "re", "ve", "s", "d", "m", "t":
		return end
	}
	return 0
}

func fold(s string) string {
	ascii := true
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			ascii = false
			break
		}
	}
	if !ascii {
		return foldUnicode(s)
	}
	if strings.IndexByte(s, '\'') < 0 {
		return strings.ToLower(s)
	}
	return strings.ToLower(strings.ReplaceAll(s, "'", ""))
}

func foldUnicode(s string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(s)) {
		switch {
		case r == '\'' || r == '’' || unicode.Is(unicode.Mn, r):
		case r == 'ß':
			b.WriteString("ss")
		case r == 'œ':
			b.WriteString("oe")
		case r == 'ł':
			b.WriteByte('l')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
