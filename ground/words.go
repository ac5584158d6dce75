package ground

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"
)

// A word is one token of a text as proofs compare it, and where it stands.
type word struct {
	norm       string
	start, end int // bytes
}

// words splits a text into what a proof compares. Kept are letters, digits, an
// apostrophe within a word ("we'll" is not "well"), points and commas within a
// number ("1.5" is not "15", but "12,000" is "12000"), signs that change a number
// (%, currency, minus, comparison). Dropped are case, white space, invisible
// characters and all other punctuation; a hyphen divides ("re-sign" is not
// "resign").
func words(s string) []word {
	ws := make([]word, 0, len(s)/5)
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case isWord(r):
			end := wordEnd(s, i)
			ws = append(ws, word{norm: normal(s[i:end]), start: i, end: end})
			i = end
		case meaningful(r) || minus(r) && isMinus(s, i, size):
			if minus(r) {
				r = '-'
			}
			ws = append(ws, word{norm: string(r), start: i, end: i + size})
			i += size
		default:
			i += size
		}
	}
	return ws
}

func isWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.Is(unicode.M, r) || r == '_'
}

// invisible characters stand within words and change nothing.
func invisible(r rune) bool {
	switch r {
	case '\u00ad', '\u200b', '\u200c', '\u200d', '\u2060', '\ufeff', '\u200e', '\u200f':
		return true
	}
	return false
}

func apostrophe(r rune) bool {
	return r == '\'' || r == '’' || r == 'ʼ' || r == '‘' || r == '＇'
}

// meaningful signs change what a number or a comparison says.
func meaningful(r rune) bool {
	return strings.ContainsRune("%‰+=<>±°×÷≤≥≠", r) || unicode.Is(unicode.Sc, r)
}

func minus(r rune) bool { return r == '-' || r == '−' || r == '–' }

// isMinus reports whether the dash at i is a number's sign: a digit follows, and
// nothing that it could join stands before it.
func isMinus(s string, i, size int) bool {
	if i+size >= len(s) || s[i+size] < '0' || s[i+size] > '9' {
		return false
	}
	before, _ := utf8.DecodeLastRuneInString(s[:i])
	return i == 0 || unicode.IsSpace(before) || before == '(' || unicode.Is(unicode.Sc, before)
}

// wordEnd is where the word that begins at i ends.
func wordEnd(s string, i int) int {
	end := i
	for j := i; j < len(s); {
		r, size := utf8.DecodeRuneInString(s[j:])
		switch {
		case isWord(r):
			end = j + size
		case invisible(r):
		case joins(s, j, r, size):
		default:
			return end
		}
		j += size
	}
	return end
}

// joins reports whether the character at j belongs to the word around it.
func joins(s string, j int, r rune, size int) bool {
	if j == 0 || j+size >= len(s) {
		return false
	}
	before, _ := utf8.DecodeLastRuneInString(s[:j])
	after, _ := utf8.DecodeRuneInString(s[j+size:])
	if apostrophe(r) {
		return isWord(before) && isWord(after)
	}
	if r == '.' || r == ',' || r == ':' || r == '/' {
		return unicode.IsDigit(before) && unicode.IsDigit(after)
	}
	return false
}

// normal folds a word for comparison.
func normal(w string) string {
	ascii := true
	for i := 0; i < len(w); i++ {
		if w[i] >= utf8.RuneSelf {
			ascii = false
			break
		}
	}
	if !ascii {
		w = foldRunes(w)
	}
	return thousands(strings.ToLower(w))
}

func foldRunes(w string) string {
	var b strings.Builder
	for _, r := range w {
		switch {
		case invisible(r):
		case apostrophe(r):
			b.WriteByte('\'')
		case r >= 'ﬀ' && r <= 'ﬆ': // ligatures
			b.WriteString(norm.NFKC.String(string(r)))
		default:
			b.WriteRune(r)
		}
	}
	return norm.NFC.String(width.Fold.String(b.String()))
}

// thousands drops the commas of a number grouped in threes.
func thousands(w string) string {
	groups := strings.Split(w, ",")
	if len(groups) < 2 || len(groups[0]) > 3 || !digits(groups[0]) {
		return w
	}
	for i, g := range groups[1:] {
		whole, frac, _ := strings.Cut(g, ".")
		if len(whole) != 3 || !digits(whole) || (frac != "" && (i != len(groups)-2 || !digits(frac))) {
			return w
		}
	}
	return strings.Join(groups, "")
}

func digits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
