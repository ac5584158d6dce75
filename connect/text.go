package connect

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Line makes one line of a text, without the characters that print nothing but
// change how the rest is shown.
func Line(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case Unseen(r):
			return -1
		}
		return r
	}, s)
	return oneLine(s)
}

// Unseen reports whether a character prints nothing but may change how others are
// shown; line breaks are among them.
func Unseen(r rune) bool {
	return r == utf8.RuneError || unicode.IsControl(r) ||
		r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || // overrides of direction
		r >= 0xE0000 && r <= 0xE007F // tags
}

// Length is a text's length in UTF-16 code units, as the vendors' JavaScript counts
// it, at its most.
func Length(s string) int {
	n := 0
	for _, r := range s {
		n += units(r)
	}
	return n
}

func units(r rune) int { return max(1, utf16.RuneLen(r)) }

// Cut shortens a text to at most n, as [Length] counts, at a word where one is near.
func Cut(s string, n int) string {
	if Length(s) <= n {
		return s
	}
	left, end := n-1, 0
	for i, r := range s {
		if left -= units(r); left < 0 {
			end = i
			break
		}
	}
	short := s[:end]
	if i := strings.LastIndexByte(short, ' '); i > len(short)/2 {
		short = short[:i]
	}
	return strings.TrimRight(short, " ,;:-") + "…"
}

// WebAddress is an address that a person may be given to open: http or https, with a
// host, and with nobody's name and password in it.
func WebAddress(s string) (string, bool) {
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || strings.ContainsAny(u.Host, "\"<>\\^`{|} ") {
		return "", false
	}
	return u.String(), true
}
