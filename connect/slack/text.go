package slack

import (
	"strings"
	"unicode"

	slackapi "github.com/slack-go/slack"

	"throughline/connect"
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

// fallback is a message's text as notifications show it, which Slack reads for
// what stands between < and >. An invisible joiner within what might pass for an
// address or a mention keeps it from being made one.
func fallback(s string) string {
	var b strings.Builder
	before := ' '
	rs := []rune(connect.Cut(s, mostFallback/5)) // an escape takes up to five
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
	return &slackapi.TextBlockObject{Type: slackapi.PlainTextType, Text: connect.Cut(s, most), Emoji: &emoji}
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

// webAddress is an address that a button may open.
func webAddress(s string) (string, bool) {
	to, ok := connect.WebAddress(s)
	return to, ok && connect.Length(to) <= mostAddress
}

// linkButton opens a page.
func linkButton(id, label, to string) *slackapi.ButtonBlockElement {
	b := slackapi.NewButtonBlockElement(id, "", plain(label, mostButton))
	b.URL = to
	return b
}

// button sends an interaction.
func button(id, label, value string, primary bool) *slackapi.ButtonBlockElement {
	b := slackapi.NewButtonBlockElement(connect.Cut(id, mostActionID), connect.Cut(value, mostValue), plain(label, mostButton))
	if primary {
		b.Style = slackapi.StylePrimary
	}
	return b
}
