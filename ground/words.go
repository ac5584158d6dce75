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
	// joined says that the word is a piece of one with the word before it, so that
	// no quote may begin here or end before: "week" of "3-week", "%" of "5%".
	joined bool
}

// words splits a text into what a proof compares. Kept are letters, digits,
// accents, an apostrophe within a word ("we'll" is not "well"), points and commas
// within a number ("1.5" is not "15", but "1,000" is "1000"), signs that change a
// number (%, currency, minus, comparison), and pictures ("👍" is not "👎").
// Dropped are case, white space, invisible characters and all other punctuation;
// a hyphen divides ("re-sign" is not "resign"). Chinese and Japanese, which put no
// space between words, are compared character by character.
func words(s string) []word {
	ws := make([]word, 0, len(s)/5)
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case isWord(r) || r == '.' && opensNumber(s, i):
			end := wordEnd(s, i+size, r)
			ws = append(ws, word{norm: normal(s[i:end]), start: i, end: end})
		case isSign(s, i, r, size):
			ws = append(ws, word{norm: foldSign(r), start: i, end: i + size})
		default:
			i += size
			continue
		}
		n := len(ws) - 1
		ws[n].joined = n > 0 && joined(s, ws[n-1], ws[n])
		i = ws[n].end
	}
	return ws
}

// isWord reports whether r is part of a word. A character that was lost in some
// conversion counts, so that what is left of its word does not pass for a whole.
func isWord(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	}
	if invisible(r) {
		return false
	}
	return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.Is(unicode.M, r) || r == utf8.RuneError
}

// unspaced reports whether r is of a script that puts no space between words.
func unspaced(r rune) bool {
	return r >= 0x2e80 && (unicode.Is(unicode.Han, r) || unicode.Is(unicode.Hiragana, r) || unicode.Is(unicode.Katakana, r))
}

// invisible characters stand within words and change nothing: soft hyphens,
// zero-width spaces and joiners, marks of direction, and those that choose
// between the plain and the coloured form of a picture.
func invisible(r rune) bool {
	if r < 0xad {
		return false
	}
	return unicode.Is(unicode.Cf, r) || 0xfe00 <= r && r <= 0xfe0f || r == 0x034f
}

func apostrophe(r rune) bool { return strings.ContainsRune("'’‘‛ʼʹ´`′＇", r) }

// wordEnd is where the word that begins with r, and goes on at i, ends.
func wordEnd(s string, i int, r rune) int {
	end, last, single := i, r, unspaced(r)
	for j := i; j < len(s); {
		r, size := utf8.DecodeRuneInString(s[j:])
		switch {
		case invisible(r):
		case single && !unicode.Is(unicode.M, r):
			return end
		case isWord(r):
			if unspaced(r) {
				return end
			}
			end, last = j+size, r
		case last == 0 || !joins(r, last, visible(s[j+size:])):
			return end
		default:
			last = 0 // the next one is a word's
		}
		j += size
	}
	return end
}

// joins reports whether the mark r belongs to the word that it stands in.
func joins(r, before, after rune) bool {
	switch {
	case !isWord(after):
		return false
	case apostrophe(r) || r == '_':
		return true
	case strings.ContainsRune(".,:/⁄^", r):
		return unicode.IsDigit(before) && unicode.IsDigit(after)
	}
	return false
}

// visible is the first character of s that can be seen; 0 when there is none.
func visible(s string) rune {
	for _, r := range s {
		if !invisible(r) {
			return r
		}
	}
	return 0
}

// opensNumber reports whether the point at i begins a number: ".5" is not "5".
func opensNumber(s string, i int) bool {
	if i+1 >= len(s) || s[i+1] < '0' || s[i+1] > '9' {
		return false
	}
	before, size := utf8.DecodeLastRuneInString(s[:i])
	return standsFree(s, i) || minus(before) && standsFree(s, i-size)
}

// standsFree reports whether nothing stands before i that a sign or a point
// there could belong to.
func standsFree(s string, i int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:i])
	return i == 0 || unicode.IsSpace(before) || strings.ContainsRune("([{\"“„«'‘=<>~/", before) || unicode.Is(unicode.Sc, before)
}

// isSign reports whether r, at i, is a sign that says something by itself.
func isSign(s string, i int, r rune, size int) bool {
	switch {
	case strings.ContainsRune("+%‰‱٪﹪％＋±°×÷≤≥≠≈≃≅", r), unicode.Is(unicode.Sc, r):
		return true
	case strings.ContainsRune("<>=＜＞＝", r):
		return numberFollows(s[i+size:], "=.$€£¥~+-−– ")
	case r == '~' || r == '∼':
		return numberFollows(s[i+size:], ".$€£¥")
	case minus(r):
		return standsFree(s, i) && numberFollows(s[i+size:], ".$€£¥")
	case unicode.Is(unicode.So, r):
		return !decoration(r)
	}
	return false
}

func minus(r rune) bool { return strings.ContainsRune("-−–－﹣", r) }

// numberFollows reports whether s begins with a digit, after at most three of
// the characters skip.
func numberFollows(s, skip string) bool {
	n := 0
	for _, r := range s {
		if n > 3 || !strings.ContainsRune(skip, r) && r != '\u00a0' {
			return unicode.IsDigit(r)
		}
		n++
	}
	return false
}

// decoration reports whether a symbol only adorns: marks of trade, boxes,
// bullets and arrows, and the place of an object that is not there.
func decoration(r rune) bool {
	return strings.ContainsRune("©®™℠¦\ufffc", r) || 0x2190 <= r && r <= 0x21ff || 0x2500 <= r && r <= 0x25ff || 0x2794 <= r && r <= 0x27bf
}

func foldSign(r rune) string {
	switch {
	case minus(r):
		return "-"
	case r == '٪' || r == '﹪':
		return "%"
	}
	if folded := width.LookupRune(r).Folded(); folded != 0 {
		r = folded
	}
	return string(r)
}

// joined reports whether two words that follow one another in s are pieces of
// one: a compound written with a hyphen, or a number and its sign.
func joined(s string, a, b word) bool {
	between := s[a.end:b.start]
	if strings.IndexFunc(between, invisible) >= 0 {
		between = strings.Map(func(r rune) rune {
			if invisible(r) {
				return -1
			}
			return r
		}, between)
	}
	first, _ := utf8.DecodeLastRuneInString(a.norm)
	second, _ := utf8.DecodeRuneInString(b.norm)
	switch gap, size := utf8.DecodeRuneInString(between); {
	case size < len(between):
		return false
	case between == "":
		return signed(first) || signed(second) || second == '.'
	case unicode.IsSpace(gap):
		return unicode.IsDigit(first) && strings.ContainsRune("%‰‱°", second) || unicode.IsDigit(first) && unicode.Is(unicode.Sc, second) ||
			unicode.IsDigit(second) && (strings.ContainsRune("<>≤≥≈≃≅±", first) || unicode.Is(unicode.Sc, first))
	default:
		return hyphen(gap)
	}
}

// signed reports whether r is the sign of a number or a unit.
func signed(r rune) bool {
	return strings.ContainsRune("+%‰‱±°×÷≤≥≠≈≃≅<>=~∼-", r) || unicode.Is(unicode.Sc, r)
}

// hyphen reports whether r, between two words, makes one of them: "3-week",
// "2–3". The long dash does not.
func hyphen(r rune) bool { return minus(r) || r == '‐' || r == '‑' || r == '‒' }

// normal folds a word for comparison.
func normal(w string) string {
	for i := 0; i < len(w); i++ {
		if w[i] >= utf8.RuneSelf || w[i] == '`' {
			w = foldRunes(w)
			break
		}
	}
	return thousands(strings.ToLower(w))
}

// foldRunes makes one of what is only written differently: an accent as a
// character of its own or not, full width, ligatures, the Greek final s. An
// accent that is missing is another word.
func foldRunes(w string) string {
	var b strings.Builder
	for _, r := range w {
		switch {
		case invisible(r):
		case apostrophe(r):
			b.WriteByte('\'')
		case r == 'ς':
			b.WriteRune('σ')
		case r >= 'ﬀ' && r <= 'ﬆ': // ligatures
			b.WriteString(norm.NFKC.String(string(r)))
		default:
			b.WriteRune(r)
		}
	}
	return norm.NFC.String(width.Fold.String(b.String()))
}

// thousands drops the commas of a number grouped in threes, as they only make it
// easier to read: "1,000" is "1000". A point is never dropped, as "1.000" is a
// thousand in German and one in English; nor is the comma of "0,125".
func thousands(w string) string {
	if strings.IndexByte(w, ',') < 0 {
		return w
	}
	groups := strings.Split(w, ",")
	if len(groups[0]) > 3 || !digits(groups[0]) || groups[0][0] == '0' {
		return w
	}
	for i, g := range groups[1:] {
		whole, frac, point := strings.Cut(g, ".")
		if len(whole) != 3 || !digits(whole) || point && (i != len(groups)-2 || !digits(frac)) {
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
