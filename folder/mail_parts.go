package folder

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jhillyerd/enmime/v2"
	"github.com/jhillyerd/enmime/v2/mediatype"
	"golang.org/x/text/encoding/charmap"

	"throughline/reply"
)

// mailContent is what of a message's parts is read.
type mailContent struct {
	texts    []mailText
	messages [][]byte // attached
	errors   []*enmime.Error
}

// A mailText is one part of text.
type mailText struct {
	text     string
	html     bool
	attached string // the file's name, where it is an attachment
}

// contentOf gathers the texts of a message in their order, of alternatives one.
func contentOf(p *enmime.Part) mailContent {
	c := mailContent{errors: p.Errors}
	switch {
	case isMessage(p):
		c.messages = [][]byte{p.Content}
		return c
	case p.FirstChild == nil:
		if t, ok := textOf(p); ok {
			c.texts = []mailText{t}
		}
		return c
	}
	var texts [][]mailText
	for child := p.FirstChild; child != nil; child = child.NextSibling {
		inner := contentOf(child)
		c.messages = append(c.messages, inner.messages...)
		c.errors = append(c.errors, inner.errors...)
		texts = append(texts, inner.texts)
	}
	if p.ContentType == "multipart/alternative" {
		c.texts = oneOf(texts)
	} else {
		c.texts = withoutRepeats(slices.Concat(texts...))
	}
	return c
}

// isMessage reports whether a part is a message of its own.
func isMessage(p *enmime.Part) bool {
	switch p.ContentType {
	case "message/rfc822", "message/global":
		return true
	case "application/octet-stream", "application/eml":
		return strings.HasSuffix(strings.ToLower(p.FileName), ".eml") && looksMail(p.Content)
	}
	return p.Parent != nil && p.Parent.ContentType == "multipart/digest" && p.Header.Get("Content-Type") == "" && looksMail(p.Content)
}

// textOf is the text that a part holds, if it is one that is read: an attached
// file only where it is plain text.
func textOf(p *enmime.Part) (mailText, bool) {
	t := mailText{text: strings.ReplaceAll(validText(string(p.Content)), "\r\n", "\n")}
	if p.Disposition == "attachment" {
		t.attached = cmp.Or(oneLine(validText(p.FileName)), "attachment")
	}
	switch p.ContentType {
	case "text/plain":
		if t.html = t.attached == "" && markup.MatchString(t.text); t.html {
			break
		}
		_, params, _, err := mediatype.Parse(p.Header.Get("Content-Type"))
		if err == nil && strings.EqualFold(params["format"], "flowed") {
			t.text = unflow(t.text, strings.EqualFold(params["delsp"], "yes"))
		}
	case "text/html":
		t.html = true
	default:
		return t, false
	}
	return t, strings.TrimSpace(t.text) != "" && (!t.html || t.attached == "")
}

// markup is how HTML begins that is passed off as plain text.
var markup = regexp.MustCompile(`(?i)^\s*<(?:!doctype html|html|head|body)\b`)

// oneOf chooses between alternatives: the plain one, unless it is missing or a
// stub of the other.
func oneOf(texts [][]mailText) []mailText {
	var plain, html []mailText
	for _, ts := range texts {
		switch {
		case len(ts) == 0:
		case slices.ContainsFunc(ts, func(t mailText) bool { return t.html }):
			html = ts
		case plain == nil:
			plain = ts
		}
	}
	if plain == nil || html != nil && isStub(plain, html) {
		return html
	}
	return plain
}

// stubWords is how many words a stub has at most ("Your mail program does not
// show HTML …", often with a link); what it stands for has stubShare times as
// many.
const (
	stubWords = 60
	stubShare = 3
)

func isStub(plain, html []mailText) bool {
	n := countWords(plain)
	return n == 0 || n <= stubWords && countWords(html) > stubShare*n
}

// countWords counts the words that a reader sees, quoted history aside: a plain
// text may well be without what the HTML quotes.
func countWords(ts []mailText) int {
	n := 0
	for _, t := range ts {
		parts := reply.Split(t.text)
		if t.html {
			parts = reply.SplitHTML(t.text)
		}
		n += len(strings.Fields(parts.Reply()))
	}
	return n
}

// withoutRepeats leaves out HTML that says what the plain text beside it has
// said, as programs send it that don't mark the two as alternatives.
func withoutRepeats(ts []mailText) []mailText {
	said := shingles{}
	for _, t := range ts {
		if !t.html {
			said.add(t.text)
		}
	}
	return slices.DeleteFunc(ts, func(t mailText) bool { return t.html && said.hold(reply.Text(t.text)) })
}

// mediaType reads a Content-Type. "us-ascii" is taken for no statement at all:
// it is what programs say that don't care, and other text then shows it wrong.
func mediaType(s string) (string, map[string]string, []string, error) {
	kind, params, invalid, err := mediatype.Parse(s)
	switch strings.ToLower(params["charset"]) {
	case "us-ascii", "ascii", "ansi_x3.4-1968", "unknown-8bit":
		delete(params, "charset")
	}
	return kind, params, invalid, err
}

// validText is s in UTF-8. Bytes that are none are taken to be Windows-1252, of
// which ISO 8859-1 is a part: what Western mail without a statement is in.
func validText(s string) string {
	if !utf8.ValidString(s) {
		if t, err := charmap.Windows1252.NewDecoder().String(s); err == nil {
			s = t
		}
		s = strings.ToValidUTF8(s, "\ufffd")
	}
	return strings.ReplaceAll(s, "\x00", "")
}

// unflow joins the lines that a "format=flowed" text breaks softly (RFC 3676,
// 4): they end in a space, and go on at the same depth of quoting.
func unflow(s string, delSp bool) string {
	var b strings.Builder
	soft, depth := false, 0
	for l := range strings.Lines(s) {
		l = strings.TrimRight(l, "\r\n")
		text := strings.TrimLeft(l, ">")
		quotes := len(l) - len(text)
		text = strings.TrimPrefix(text, " ") // stuffed
		if soft && quotes != depth {
			soft = false
			b.WriteByte('\n')
		}
		if !soft && quotes > 0 {
			b.WriteString(strings.Repeat(">", quotes) + " ")
		}
		depth = quotes
		soft = strings.HasSuffix(text, " ") && text != "-- "
		if soft && delSp {
			text = text[:len(text)-1]
		}
		b.WriteString(text)
		if !soft {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// boundaryParam finds what divides the parts of a message.
var boundaryParam = regexp.MustCompile(`(?i)^(?:content-type:|[ \t]).*\bboundary[ \t]*=[ \t]*(?:"([^"]+)"|([^\s;"]+))`)

// Bounds on the parts of a message: each level costs the parser a pass over all
// that is inside, each part one over those before it.
const (
	maxMailDepth = 30
	maxMailParts = 5000
)

// checkParts errs where a message has more parts than that, or deeper ones, by
// the lines that begin and end them.
func checkParts(data []byte) error {
	var open []string
	parts := 0
	for at := 0; at < len(data); {
		next := lineEnd(data, at)
		line := data[at:next]
		at = next
		if bytes.HasPrefix(line, []byte("--")) {
			name := strings.TrimRightFunc(string(line[2:min(len(line), 300)]), unicode.IsSpace)
			if i := slices.Index(open, strings.TrimSuffix(name, "--")); i >= 0 && strings.HasSuffix(name, "--") {
				open = open[:i]
			} else if i := slices.Index(open, name); i >= 0 {
				open = open[:i+1]
				if parts++; parts > maxMailParts {
					return fmt.Errorf("it has more than %d parts", maxMailParts)
				}
			}
			continue
		}
		if m := boundaryParam.FindSubmatch(line[:min(len(line), 1000)]); m != nil {
			if open = append(open, string(m[1])+string(m[2])); len(open) > maxMailDepth {
				return fmt.Errorf("its parts stand within one another more than %d deep", maxMailDepth)
			}
		}
	}
	return nil
}

// damage words what the parser found broken, each kind once. What loses nothing,
// such as a parameter that is spelled wrong, is passed over.
func (c mailContent) damage() []string {
	var out []string
	for _, e := range c.errors {
		what := ""
		switch e.Name {
		case enmime.ErrorMalformedBase64:
			what = "base64 text is broken: " + e.Detail
		case enmime.ErrorMissingBoundary:
			what = "the message breaks off: the end of its parts is missing"
		case enmime.ErrorCharsetConversion, enmime.ErrorContentEncoding:
			what = e.Detail
		case enmime.ErrorMalformedChildPart:
			what = "a part is broken: " + e.Detail
		case enmime.ErrorMalformedHeader:
			if e.Severe {
				what = "a header is broken: " + e.Detail
			}
		}
		if what = oneLine(validText(what)); what != "" && !slices.Contains(out, what) {
			out = append(out, what)
		}
	}
	return out[:min(len(out), maxDamage)]
}

// maxDamage is how many kinds of damage are told of one message.
const maxDamage = 5
