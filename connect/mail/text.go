package mail

import (
	"errors"
	netmail "net/mail"
	"strings"
	"unicode"

	"golang.org/x/net/idna"

	"throughline/connect"
)

// How long a subject and a name may be, in characters. Lines of a header may have
// 998 bytes (RFC 5322, 2.1.1); no mail program shows so much.
const (
	mostSubject = 200
	mostName    = 100
)

// lines are those of a text that show something.
func lines(s string) []string {
	var out []string
	for l := range strings.Lines(strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n").Replace(s)) {
		if l = connect.Line(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}

// unencoded keeps a text that looks like an encoded word of RFC 2047 from being
// decoded: what stands in a header as "=?utf-8?q?=42?=" would be shown as "B". An
// invisible joiner takes it apart, and has the whole encoded in its turn.
func unencoded(s string) string { return strings.ReplaceAll(s, "=?", "=\u2060?") }

// cut shortens a text to at most n characters, at a word where one is near.
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

// The most bytes of an address and of the part before its @ (RFC 5321, 4.5.3.1;
// a path of 256 has its brackets).
const (
	mostAddress = 254
	mostLocal   = 64
)

// address checks an email address, bare of a name, and writes its domain as the
// wire has it. What is wrong is said without the address: it is somebody's.
func address(s string) (string, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return "", errors.New("there is no email address")
	}
	if strings.ContainsFunc(s, unicode.IsControl) {
		return "", errors.New("the email address has a line break or a control character in it")
	}
	parsed, err := netmail.ParseAddress(s)
	if err != nil || parsed.Name != "" || parsed.Address != s {
		return "", errors.New("it is not one bare email address, such as ann@example.com")
	}
	local, host, _ := strings.Cut(s, "@")
	if strings.ContainsFunc(local, func(r rune) bool { return r > unicode.MaxASCII }) {
		return "", errors.New("the email address has other letters than ASCII before its @, which many servers refuse")
	}
	if host, err = domain(host); err != nil {
		return "", err
	}
	if s = local + "@" + host; len(local) > mostLocal || len(s) > mostAddress {
		return "", errors.New("the email address is longer than any can be")
	}
	return s, nil
}

// domain checks a host's name, and writes it in ASCII.
func domain(s string) (string, error) {
	host, err := idna.Lookup.ToASCII(s)
	if err != nil || host == "" || strings.ContainsFunc(host, func(r rune) bool {
		return r != '.' && r != '-' && r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}) {
		return "", errors.New("it has no usable domain, such as example.com")
	}
	return host, nil
}
