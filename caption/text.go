package caption

import (
	"html"
	"regexp"
	"strings"
)

// A tagSet says which tags a format knows; a tag that is not known stays in the
// text. A nil set knows every tag, as WebVTT drops those it does not know.
type tagSet map[string]bool

var (
	vttTags tagSet
	srtTags = tagSet{
		"b": true, "i": true, "u": true, "s": true, "font": true, "em": true, "strong": true, "span": true,
		"c": true, "v": true, "lang": true, "ruby": true, "rt": true, "br": true,
	}
)

func (t tagSet) knows(name string) bool { return t == nil || t[strings.ToLower(name)] }

// tag is what opens and closes markup: <name.class annotation>, </name>,
// <00:00:01.000>. A "<" that opens no such thing is the sign, and not a tag as
// the standard would have it: what was said must not be lost.
var tag = regexp.MustCompile(`<(?:(/?)([A-Za-z][A-Za-z0-9]*)((?:\.[^\s.<>]*)*)(?:[\s/]([^<>]*))?|/?|[\d:.]+)>`)

// assTag is an override such as {\an8}, which many tools leave in SRT files.
var assTag = regexp.MustCompile(`\{\\[^}]*\}|\{/?[biu]\}`)

// readText reads the text of a cue into spans of one voice each. Spans without
// text are dropped.
func readText(text string, tags tagSet) []Span {
	if tags != nil {
		text = assTag.ReplaceAllString(text, "")
	}
	r := &textReader{}
	at := 0
	for _, m := range tag.FindAllStringSubmatchIndex(text, -1) {
		name := group(text, m, 2)
		if name != "" && !tags.knows(name) || name == "" && tags != nil {
			continue
		}
		r.text.WriteString(unescape(text[at:m[0]], tags))
		at = m[1]
		switch closing := group(text, m, 1) == "/"; {
		case name == "br":
			r.text.WriteByte('\n')
		case name == "v" && closing:
			r.closeVoice()
		case name == "v":
			r.openVoice(strings.Join(strings.Fields(html.UnescapeString(group(text, m, 4))), " "))
		}
	}
	r.text.WriteString(unescape(text[at:], tags))
	r.flush()
	return r.spans()
}

// group is the text of a submatch; empty when it took no part.
func group(s string, m []int, n int) string {
	if m[2*n] < 0 {
		return ""
	}
	return s[m[2*n]:m[2*n+1]]
}

// closedEntity is a character reference that can't be anything else.
var closedEntity = regexp.MustCompile(`&(?:#\d+|#[xX][0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]*);`)

// unescape decodes character references: in WebVTT as HTML does, in SRT only
// those that end in a semicolon, since nothing asks an SRT writer to escape "&".
func unescape(s string, tags tagSet) string {
	if tags == nil {
		return html.UnescapeString(s)
	}
	return closedEntity.ReplaceAllStringFunc(s, html.UnescapeString)
}

// A textReader gathers spans while the tags are read.
type textReader struct {
	text   strings.Builder
	voices []string // open <v> tags, the innermost last
	turns  []turn
}

func (r *textReader) openVoice(name string) {
	r.flush()
	r.voices = append(r.voices, name)
}

func (r *textReader) closeVoice() {
	if len(r.voices) == 0 {
		return
	}
	r.flush()
	r.voices = r.voices[:len(r.voices)-1]
}

// flush ends a span. Text that goes on in the voice of the span before joins it.
func (r *textReader) flush() {
	text := joinLines(r.text.String())
	r.text.Reset()
	if text == "" {
		return
	}
	voice := ""
	if len(r.voices) > 0 {
		voice = r.voices[len(r.voices)-1]
	}
	if n := len(r.turns); n > 0 && r.turns[n-1].voice == voice {
		r.turns[n-1].texts = append(r.turns[n-1].texts, text)
		return
	}
	r.turns = append(r.turns, turn{voice, []string{text}})
}

// A turn is a span whose text comes in pieces.
type turn struct {
	voice string
	texts []string
}

func (r *textReader) spans() []Span {
	var spans []Span
	for _, t := range r.turns {
		spans = append(spans, Span{Voice: t.voice, Text: strings.Join(t.texts, " ")})
	}
	return spans
}

// named is a line that begins with who speaks: ">>", or a name of up to five
// words in capitals and a colon.
var named = regexp.MustCompile(`^(?:>>|\p{Lu}[\p{L}\p{M}'’.\-]*(?: [\p{Lu}(][\p{L}\p{M}'’.()\-]*){0,4}:(?:\s|$))`)

// dashed is a line that begins with the dash by which captions tell two
// speakers apart.
var dashed = regexp.MustCompile(`^[-–—]\s*\pL`)

// joinLines makes one line of those of a cue, except where another speaker
// begins.
func joinLines(text string) string {
	var b strings.Builder
	first := ""
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.Join(strings.Fields(line), " ")
		switch {
		case line == "":
			continue
		case b.Len() == 0:
			first = line
		case named.MatchString(line), dashed.MatchString(first) && dashed.MatchString(line):
			b.WriteByte('\n')
		default:
			b.WriteByte(' ')
		}
		b.WriteString(line)
	}
	return b.String()
}
