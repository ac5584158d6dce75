package slack

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	slackapi "github.com/slack-go/slack"
)

// Limits of Block Kit, in characters (docs.slack.dev/reference/block-kit, as
// @slack/types has them). Slack counts as JavaScript does.
const (
	mostBlocks   = 50
	mostSection  = 3000
	mostHeader   = 150
	mostButton   = 75
	mostValue    = 2000
	mostAddress  = 3000
	mostActionID = 255
	mostActions  = 25
	mostTitle    = 24 // of a modal
	mostPrivate  = 3000
	mostInput    = 3000
	mostOptions  = 100
	mostFallback = 4000 // of a message's text; recommended
)

// mostOfBlocks is what all blocks of a message may say together: about 13,200
// characters have been seen to be refused, which no document states.
const mostOfBlocks = 10_000

// line makes one line of a text, without the characters that print nothing but
// change how the rest is shown.
func line(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == utf8.RuneError, unicode.IsControl(r),
			r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069, // overrides of direction
			r >= 0xE0000 && r <= 0xE007F: // tags
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// length is a text's length as Slack counts it.
func length(s string) int {
	n := 0
	for _, r := range s {
		n += max(1, utf16.RuneLen(r))
	}
	return n
}

// cut shortens a text to at most n characters, at a word where one is near.
func cut(s string, n int) string {
	if length(s) <= n {
		return s
	}
	left, end := n-1, 0
	for i, r := range s {
		if left -= max(1, utf16.RuneLen(r)); left < 0 {
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

// fallback is a message's text as notifications show it, which Slack reads for
// what stands between < and >. An invisible joiner within what might pass for an
// address or a mention keeps it from being made one.
func fallback(s string) string {
	var b strings.Builder
	before := ' '
	rs := []rune(cut(s, mostFallback/5)) // an escape takes up to five
	for i, r := range rs {
		after := ' '
		if i+1 < len(rs) {
			after = rs[i+1]
		}
		if strings.ContainsRune(".:@", r) && !unicode.IsSpace(before) && !unicode.IsSpace(after) {
			b.WriteRune(joiner)
		}
		b.WriteRune(r)
		if r == '@' && !unicode.IsSpace(after) {
			b.WriteRune(joiner)
		}
		before = r
	}
	return escapes.Replace(b.String())
}

// joiner shows nothing, and is no part of an address or a name.
const joiner = '\u2060'

var escapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// plain is a text that is shown as it is: no mention, link, emoji or emphasis is
// read from it.
func plain(s string, most int) *slackapi.TextBlockObject {
	emoji := false
	return &slackapi.TextBlockObject{Type: slackapi.PlainTextType, Text: cut(s, most), Emoji: &emoji}
}

// heading is a few words of our own in bold.
func heading(s string) *slackapi.SectionBlock {
	return slackapi.NewSectionBlock(&slackapi.TextBlockObject{Type: slackapi.MarkdownType, Text: "*" + escapes.Replace(s) + "*", Verbatim: true}, nil, nil)
}

// section is a paragraph of anybody's text.
func section(s string) *slackapi.SectionBlock {
	return slackapi.NewSectionBlock(plain(s, mostSection), nil, nil)
}

// small is a line in small print.
func small(s string) *slackapi.ContextBlock {
	return slackapi.NewContextBlock("", plain(s, mostSection))
}

// webAddress is an address that a button may open: http or https, with a host,
// and with nobody's name and password in it.
func webAddress(s string) (string, bool) {
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || strings.ContainsAny(u.Host, "\"<>\\^`{|} ") {
		return "", false
	}
	return u.String(), length(u.String()) <= mostAddress
}

// linkButton opens a page.
func linkButton(id, label, to string) *slackapi.ButtonBlockElement {
	b := slackapi.NewButtonBlockElement(id, "", plain(label, mostButton))
	b.URL = to
	return b
}

// button sends an interaction.
func button(id, label, value string, primary bool) *slackapi.ButtonBlockElement {
	b := slackapi.NewButtonBlockElement(cut(id, mostActionID), cut(value, mostValue), plain(label, mostButton))
	if primary {
		b.Style = slackapi.StylePrimary
	}
	return b
}
