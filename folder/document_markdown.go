package folder

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// Marks at the start of a line of Markdown or of plain text.
var (
	atxHeading  = regexp.MustCompile(`^(#{1,6})\s+(.*?)\s*#*$`)
	underline   = regexp.MustCompile(`^(?:=+|-{3,})$`)
	listMark    = regexp.MustCompile(`^(?:[-*+•◦▪–]|\d{1,3}[.)]|[a-z][.)]|\([a-z\d]{1,2}\))\s+(?:\[[ xX]\]\s+)?`)
	quoteMark   = regexp.MustCompile(`^(?:>\s?)+`)
	fence       = regexp.MustCompile("^(?:```|~~~)")
	rule        = regexp.MustCompile(`^(?:[-*_]\s*){3,}$`)
	tableRule   = regexp.MustCompile(`^\|?(?:\s*:?-{2,}:?\s*\|)+\s*(?::?-{2,}:?)?\s*\|?$`)
	tableRow    = regexp.MustCompile(`^\|.*\|`)
	fieldStart  = regexp.MustCompile(`^\*{0,2}\p{Lu}[\pL\pM '’/&()-]{0,30}\*{0,2}\s?:(?:\s|\*|$)`)
	htmlComment = regexp.MustCompile(`(?s)<!--.*?-->`)
	boldOnly    = regexp.MustCompile(`^(?:\*\*|__)([^*_]+)(?:\*\*|__):?$`)
	hardBreak   = regexp.MustCompile(`(?:  |\\)$`)
)

// textBlocks reads Markdown, or plain text, into blocks. Marks at the start of
// lines go; what stands within a line stays as the source has it, so that a
// quote can be found in the file.
func textBlocks(text string) []block {
	r := &blockReader{}
	text = htmlComment.ReplaceAllString(text, "")
	for line := range strings.SplitSeq(text, "\n") {
		r.line(strings.Map(plainSpace, line))
	}
	r.flush()
	return r.blocks
}

// A blockReader puts lines together to blocks.
type blockReader struct {
	blocks   []block
	para     []string // lines of the block at hand
	fenced   bool
	listItem bool // para began with a list's mark
}

func (r *blockReader) line(line string) {
	bare := strings.TrimSpace(line)
	if fence.MatchString(bare) {
		r.flush()
		r.fenced = !r.fenced
		return
	}
	if r.fenced {
		r.add(bare)
		r.flush()
		return
	}
	bare = quoteMark.ReplaceAllString(bare, "")
	heading := atxHeading.FindStringSubmatch(bare)
	mark := listMark.FindString(bare)
	switch {
	case bare == "":
		r.flush()
	case heading != nil:
		r.flush()
		r.heading(heading[2], len(heading[1]))
	case underline.MatchString(bare) && len(r.para) == 1 && !r.listItem:
		title := r.para[0]
		r.para = nil
		r.heading(title, 1+strings.Count(bare[:1], "-"))
	case rule.MatchString(bare), tableRule.MatchString(bare):
		r.flush()
	case tableRow.MatchString(bare):
		r.flush()
		r.add(tableCells(bare))
		r.flush()
	case mark != "" && mark != bare:
		r.flush()
		r.listItem = true
		r.add(strings.TrimPrefix(bare, mark))
	default:
		r.add(bare)
		if hardBreak.MatchString(line) {
			r.flush()
		}
	}
}

func (r *blockReader) add(line string) {
	if line = strings.TrimSpace(line); line != "" {
		r.para = append(r.para, line)
	}
}

func (r *blockReader) heading(text string, level int) {
	if text = oneLine(strings.Trim(text, "*_ ")); text != "" {
		r.blocks = append(r.blocks, block{text: text, heading: level})
	}
}

// flush ends the block at hand. Lines that were wrapped are joined; lines that
// were meant to stand alone stay so.
func (r *blockReader) flush() {
	lines := r.para
	item := r.listItem
	r.para, r.listItem = nil, false
	if len(lines) == 1 && !item {
		if m := boldOnly.FindStringSubmatch(lines[0]); m != nil && titleLike(m[1]) {
			r.heading(m[1], 6)
			return
		}
		if capitalsOnly(lines[0]) {
			r.heading(lines[0], 6)
			return
		}
	}
	for _, text := range unwrap(lines) {
		if text = oneLine(wholeEmphasis(text)); text != "" && strings.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
			r.blocks = append(r.blocks, block{text: text})
		}
	}
}

// titleLike reports whether a line in bold reads as a heading.
func titleLike(s string) bool {
	return len(strings.Fields(s)) <= 8 && !strings.ContainsAny(s[len(s)-1:], ".!?;,")
}

// capitalsOnly reports whether a line is a heading in capitals.
func capitalsOnly(s string) bool {
	letters := 0
	for _, r := range s {
		if unicode.IsLower(r) {
			return false
		}
		if unicode.IsUpper(r) {
			letters++
		}
	}
	return letters >= 4 && len(strings.Fields(s)) <= 8 && !strings.ContainsAny(s, "|.")
}

// unwrap joins the lines of a paragraph where they were broken to fit a width,
// which shows in all but the last being of much the same length.
func unwrap(lines []string) []string {
	longest := 0
	for _, l := range lines {
		longest = max(longest, len([]rune(l)))
	}
	var out []string
	for i, l := range lines {
		alone := i == 0 || fieldStart.MatchString(l) && !endsOpen(lines[i-1]) || len([]rune(lines[i-1]))*10 < longest*6 || longest < 30
		if alone {
			out = append(out, l)
		} else {
			out[len(out)-1] += " " + l
		}
	}
	return out
}

// endsOpen reports whether a line breaks off within a sentence.
func endsOpen(line string) bool {
	last := []rune(line)[len([]rune(line))-1]
	return unicode.IsLower(last) && len([]rune(line)) >= 60 || last == ',' || last == '-'
}

// wholeEmphasis takes off the marks of a line that is emphasised as a whole.
func wholeEmphasis(s string) string {
	for _, mark := range []string{"**", "__", "*", "_"} {
		if inner, ok := strings.CutPrefix(s, mark); ok {
			if inner, ok = strings.CutSuffix(inner, mark); ok && inner != "" && !strings.Contains(inner, mark) {
				return inner
			}
		}
	}
	return s
}

// tableCells is a row of a table without its outer bars.
func tableCells(row string) string {
	row = strings.TrimSpace(row)
	row = strings.TrimSuffix(strings.TrimPrefix(row, "|"), "|")
	return strings.TrimSpace(row)
}

// frontMatter reads the properties at the top of a Markdown file, between two
// lines of "---", and takes them off.
func frontMatter(text string) (documentFacts, string) {
	trimmed := strings.TrimLeft(text, "\n ")
	rest, ok := strings.CutPrefix(trimmed, "---\n")
	if !ok {
		return documentFacts{}, text
	}
	head, body, ok := strings.Cut(rest, "\n---")
	if !ok || len(head) > 4096 {
		return documentFacts{}, text
	}
	var fields map[string]any
	if yaml.Unmarshal([]byte(head), &fields) != nil || len(fields) == 0 {
		return documentFacts{}, text
	}
	var facts documentFacts
	for _, key := range sortedKeys(fields) {
		label, value := strings.ToLower(key), yamlText(fields[key])
		switch {
		case value == "":
		case titleLabels[label]:
			facts.title = value
		case authorLabels[label]:
			facts.author = value
		case dateLabels[label]:
			facts.at, _ = dateIn(value)
		case label == "url":
			facts.url = value
		}
	}
	if i := strings.IndexByte(body, '\n'); i >= 0 {
		return facts, body[i+1:]
	}
	return facts, ""
}

// yamlText is a property as text; empty for a list or a map.
func yamlText(v any) string {
	switch v := v.(type) {
	case string:
		return oneLine(v)
	case time.Time:
		return v.Format(time.RFC3339)
	case int, float64, bool:
		return fmt.Sprint(v)
	}
	return ""
}
