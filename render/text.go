package render

import (
	"errors"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

var errNoHandoff = errors.New("there is no handoff to render")

// plain makes one line of a text for display: white space of any kind becomes a
// space, and characters that print nothing but change how the rest is shown
// (controls, overrides of the writing direction, tag characters) are dropped.
// No letter is changed.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == utf8.RuneError, unicode.IsControl(r), reorders(r):
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// reorders reports the characters that override the direction of the text
// around them (Unicode annex 9) and the invisible tags of block E0000. The
// joiners stay: scripts and emoji need them.
func reorders(r rune) bool {
	return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || r >= 0xE0000 && r <= 0xE007F
}

// Link is the address of a link that a document may carry: http or https, with a
// host, and with nobody's name and password in it. Anything else is shown as
// text and can't be clicked.
func Link(raw string) (href string, ok bool) {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return "", false
	}
	if strings.ContainsAny(u.Host, "\"<>\\^`{|} ") { // which url.Parse lets through, and no host has
		return "", false
	}
	return u.String(), true
}

// joined joins the parts that say something.
func joined(sep string, parts ...string) string {
	var said []string
	for _, p := range parts {
		if p != "" {
			said = append(said, p)
		}
	}
	return strings.Join(said, sep)
}

// first is the first text that says something.
func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// letters is a text reduced to its letters and digits, in lower case: what two
// renderings of the same words have in common.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// capital is a text with a capital first letter.
func capital(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[size:]
}

// cut shortens a text to at most n runes, at a word.
func cut(s string, n int) string {
	rs := []rune(s)
	if len(rs) <= n {
		return s
	}
	short := string(rs[:n-1])
	if i := strings.LastIndexByte(short, ' '); i > len(short)/2 {
		short = short[:i]
	}
	return strings.TrimRight(short, " ,;:-") + "…"
}
