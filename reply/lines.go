package reply

import (
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A line is one line of a mail's text, or the rest of one.
type line struct {
	start, end int    // bytes of the text, its line break included
	text       string // without line break and outer white space
	depth      int    // how many quote marks it begins with
	dashes     bool   // it is the "-- " of RFC 3676, 4.3
	hint       hint   // what the HTML said of it
}

// hint is what HTML says of a line beyond its text.
type hint int

const (
	hintNone      hint = iota
	hintQuoted         // in an element that a mail program puts around quoted text
	hintAbove          // in the element that introduces quoted text
	hintRest           // a mail program's mark: from here on all is quoted
	hintSignature      // in an element that a mail program puts around a signature
)

func (l line) blank() bool { return l.text == "" }

// scan divides a text into its lines.
func scan(text string) []line {
	var lines []line
	for start := 0; start < len(text); {
		end := len(text)
		if i := strings.IndexByte(text[start:], '\n'); i >= 0 {
			end = start + i + 1
		}
		raw := text[start:end]
		lines = append(lines, line{start: start, end: end, text: trim(raw), dashes: strings.TrimRight(raw, "\r\n") == "-- "})
		start = end
	}
	markQuotes(lines)
	return lines
}

// trim takes off white space and the invisible characters that mail programs
// leave behind.
func trim(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return unicode.IsSpace(r) || invisible(r) })
}

// invisible reports whether a character has no shape and no meaning here:
// byte-order marks, zero-width spaces, direction marks, soft hyphens.
func invisible(r rune) bool {
	switch r {
	case '\u00ad', '\u200b', '\u200c', '\u200d', '\u200e', '\u200f', '\u2060', '\ufeff':
		return true
	}
	return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}

// markQuotes sets each line's depth. A ">" that closes a link broken over two
// lines is no quote mark, nor is one of an ornament (">>> read this <<<").
func markQuotes(lines []line) {
	open := 0 // unclosed "<" of links in the lines before
	for i := range lines {
		l := &lines[i]
		switch {
		case l.blank():
			if open == 0 || i == 0 || !strings.HasSuffix(lines[i-1].text, "<") {
				open = 0
			}
			continue
		case open > 0 && l.text[0] == '>':
			open = 0
			continue
		case strings.HasSuffix(l.text, "<<"):
		default:
			l.depth = quoteDepth(l.text)
		}
		open = max(0, open+unclosed(l.text))
	}
	joinBrokenQuotes(lines)
}

// quoteDepth counts the quote marks at the beginning of a line.
func quoteDepth(s string) int {
	n := 0
	for _, r := range s {
		if r == '>' {
			n++
		} else if !unicode.IsSpace(r) {
			break
		}
	}
	return n
}

// unclosed is how many "<" that open a link or an address the line leaves open;
// negative where it closes more.
func unclosed(s string) int {
	n := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '<':
			if i+1 == len(s) || isLetterOrDigit(rune(s[i+1])) {
				n++
			}
		case '>':
			n--
		}
	}
	return n
}

func isLetterOrDigit(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// wrapWidth is the length from which a quoted line counts as one that a mail
// program broke: RFC 3676 has lines broken at 66 to 78 characters.
const wrapWidth = 60

// joinBrokenQuotes gives a line that was broken off a quoted line the quoted
// line's depth: the rest of a link, or a few words in lower case that go on
// where a full line stopped.
func joinBrokenQuotes(lines []line) {
	for i := 1; i+1 < len(lines); i++ {
		l, before, after := &lines[i], lines[i-1], lines[i+1]
		if l.depth > 0 || l.blank() || before.depth == 0 || after.depth == 0 {
			continue
		}
		if brokenLink(before.text, l.text) || brokenWords(before.text, l.text) {
			l.depth = before.depth
		}
	}
}

func brokenLink(before, s string) bool {
	if i := strings.LastIndex(before, "http"); i > 0 && !strings.ContainsAny(before[i:], " )>") && !strings.Contains(s, " ") {
		return true
	}
	bare := strings.Trim(s, "<>()[] ")
	return strings.HasPrefix(bare, "http") && !strings.Contains(bare, " ") && strings.HasSuffix(s, ">")
}

func brokenWords(before, s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	return len(before) >= wrapWidth && !strings.ContainsAny(before[len(before)-1:], ".?!:;") &&
		unicode.IsLower(first) && len(s) < wrapWidth/2
}

// within is the part of the lines that lies between two bytes of the text. A
// line that the range cuts is cut.
func within(text string, lines []line, start, end int) []line {
	var ls []line
	first := sort.Search(len(lines), func(i int) bool { return lines[i].end > start })
	for _, l := range lines[first:] {
		if l.start >= end {
			break
		}
		if l.end > end || l.start < start {
			l.start, l.end = max(l.start, start), min(l.end, end)
			l.text = trim(text[l.start:l.end])
		}
		ls = append(ls, l)
	}
	return ls
}

// fold makes a text comparable: lower case, without accents and invisible
// characters, with plain apostrophes, hyphens and single spaces.
func fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	space := false
	for _, r := range norm.NFD.String(s) {
		switch {
		case unicode.Is(unicode.Mn, r) || invisible(r):
			continue
		case unicode.IsSpace(r):
			space = b.Len() > 0
			continue
		case r == '’' || r == '‘' || r == 'ʼ' || r == '`':
			r = '\''
		case r == '“' || r == '”' || r == '„' || r == '«' || r == '»':
			r = '"'
		case r == '–' || r == '—' || r == '‐' || r == '‑':
			r = '-'
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
