package render

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"throughline"
)

// WriteMarkdown writes a title and blocks as Markdown. Todos are task list items
// with their children under them; what a toggle would fold away stands open.
// Whoever made the blocks has made them for one audience; as [Markdown], it ends
// by naming the schema, by which our own output is known again.
func WriteMarkdown(w io.Writer, title string, blocks []Block) error {
	var m markdown
	m.heading(1, title)
	m.blocks(blocks)
	m.line("<!-- ", throughline.Schema, " -->")
	if _, err := w.Write(m.out.Bytes()); err != nil {
		return fmt.Errorf("writing %q as Markdown: %w", title, err)
	}
	return nil
}

func (m *markdown) blocks(blocks []Block) {
	for i, b := range blocks {
		switch b.Kind {
		case BlockHeading:
			m.headingOf(b.Level, runsMD(b.Text, ""))
		case BlockQuote, BlockCallout:
			m.para("> ", runsMD(b.Text, "> "))
		case BlockBullet, BlockToggle, BlockTodo:
			m.listed(0, b)
			if i+1 == len(blocks) || !blocks[i+1].listed() {
				m.line()
			}
		case BlockParagraph:
			m.para(runsMD(b.Text, ""))
		default:
			m.para(runsMD(b.Text, ""))
		}
	}
}

// listed reports whether the block is an item of a list.
func (b Block) listed() bool {
	return b.Kind == BlockBullet || b.Kind == BlockToggle || b.Kind == BlockTodo
}

func (m *markdown) listed(depth int, b Block) {
	box := md("")
	if b.Kind == BlockTodo {
		box = "[ ] "
	}
	m.bullet(depth, box, runsMD(b.Text, strings.Repeat("  ", depth+1)))
	for _, c := range b.Children {
		m.listed(depth+1, c)
	}
}

// runsMD are runs as one paragraph; indent is what its further lines begin with.
func runsMD(text []Run, indent string) md {
	var out md
	for _, r := range text {
		for i, line := range strings.Split(r.Text, "\n") {
			if i > 0 {
				out += "  \n" + md(indent) // a back slash at the end of a text would undo one of the mark's own
			}
			out += runMD(r, line)
		}
	}
	return out
}

// runMD is one line of a run. The blanks at its ends stay outside of its style.
func runMD(r Run, line string) md {
	text := esc(line)
	if text == "" {
		return ""
	}
	if href, ok := Link(r.Href); ok {
		text = mdLink(text, href)
	}
	if r.Italic {
		text = italic(text)
	}
	if r.Bold {
		text = bold(text)
	}
	if strings.TrimLeft(line, " ") != line {
		text = " " + text
	}
	if strings.TrimRight(line, " ") != line {
		text += " "
	}
	return text
}

// WriteHTML writes a title and blocks as one HTML page that needs nothing beside
// it, loads and runs nothing, and can be printed: todos have a box to tick by
// hand. Whoever made the blocks has made them for one audience.
func WriteHTML(w io.Writer, title string, blocks []Block) error {
	var out bytes.Buffer
	err := documentTemplate.Execute(&out, struct {
		Title, Lang, Schema, Policy string
		Style                       template.CSS
		Parts                       []documentPart
	}{plain(title), english.Lang, throughline.Schema, documentPolicy, template.CSS(documentStyle), documentParts(blocks)})
	if err != nil {
		return fmt.Errorf("making the page %q: %w", title, err)
	}
	if _, err := w.Write(out.Bytes()); err != nil {
		return fmt.Errorf("writing %q as HTML: %w", title, err)
	}
	return nil
}

var (
	//go:embed document.css
	documentExtra string
	//go:embed document.html.tmpl
	documentText string

	documentTemplate = template.Must(template.New("document").Parse(documentText))
	documentStyle    = style + documentExtra
	documentPolicy   = policyFor(documentStyle)
)

// A documentPart is a block, or a list of several that stand one after the other.
type documentPart struct {
	Kind  BlockKind // empty for a list
	Level int
	Text  []documentRun
	Items []documentPart // of a list, or the children of one of its items
}

// A documentRun is a stretch of text in one style, or a line break.
type documentRun struct {
	Text         string
	Bold, Italic bool
	Href         string
	Break        bool
}

func documentParts(blocks []Block) []documentPart {
	var parts []documentPart
	for i, b := range blocks {
		part := documentPart{Kind: b.Kind, Level: min(max(b.Level, 2), 3), Text: documentRuns(b.Text), Items: documentParts(b.Children)}
		if !b.listed() {
			parts = append(parts, part)
			continue
		}
		if i == 0 || !blocks[i-1].listed() {
			parts = append(parts, documentPart{})
		}
		list := &parts[len(parts)-1]
		list.Items = append(list.Items, part)
	}
	return parts
}

func documentRuns(text []Run) []documentRun {
	var out []documentRun
	for _, r := range text {
		href, _ := Link(r.Href)
		for i, line := range strings.Split(r.Text, "\n") {
			if i > 0 {
				out = append(out, documentRun{Break: true})
			}
			if said := plain(line); said != "" {
				lead, end := line[:len(line)-len(strings.TrimLeft(line, " "))], line[len(strings.TrimRight(line, " ")):]
				out = append(out, documentRun{Text: lead + said + end, Bold: r.Bold, Italic: r.Italic, Href: href})
			}
		}
	}
	return out
}

// KindTitle is how documents for an audience head items of the kind; empty for a
// customer, who is not shown the kind.
func KindTitle(k throughline.Kind, a throughline.Audience) string { return english.kind(k, a) }

// Cited is a quote in a line: its words, who said them, and when. The moment of a
// recording opens it, where its source gives an address.
func Cited(e throughline.Evidence) []Run {
	at, day := Run{}, Run{}
	if e.OffsetMS != nil && *e.OffsetMS >= 0 {
		at.Text = clock(*e.OffsetMS)
	}
	if e.At != nil {
		day.Text = english.date(*e.At)
	}
	href, _ := Link(e.URL)
	if at.Text != "" {
		at.Href = href
	} else {
		day.Href = href
	}
	who := Run{Text: first(plain(e.Speaker), english.Unsaid)}
	return append([]Run{{Text: "“" + plain(e.Quote) + "” — "}}, series(", ", who, at, day)...)
}

// WriteText writes a title and blocks as plain text, for where nothing else can
// be shown, such as an entry of a calendar.
func WriteText(w io.Writer, title string, blocks []Block) error {
	var out strings.Builder
	out.WriteString(plain(title) + "\n")
	for _, b := range blocks {
		writeTextBlock(&out, 0, b)
	}
	if _, err := io.WriteString(w, out.String()); err != nil {
		return fmt.Errorf("writing %q as text: %w", title, err)
	}
	return nil
}

func writeTextBlock(out *strings.Builder, depth int, b Block) {
	indent := strings.Repeat("  ", depth)
	if b.Kind == BlockHeading {
		out.WriteByte('\n')
	}
	mark, rest := "", ""
	if b.listed() || depth > 0 {
		mark, rest = "- ", "  "
	}
	said := ""
	for _, r := range b.Text {
		said += r.Text
	}
	for i, line := range strings.Split(said, "\n") {
		if i > 0 {
			mark = rest
		}
		out.WriteString(indent + mark + plain(line) + "\n")
	}
	for _, c := range b.Children {
		writeTextBlock(out, depth+1, c)
	}
}
