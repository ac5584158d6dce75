package render

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"throughline"
)

// Markdown writes what the audience may see of the handoff as Markdown
// (CommonMark with GitHub's tables). Its last line is a comment that names the
// schema, by which our own output is known again.
func Markdown(w io.Writer, h *throughline.Handoff, a throughline.Audience) error {
	if h == nil {
		return errNoHandoff
	}
	var m markdown
	m.page(NewPage(h, a))
	if _, err := w.Write(m.out.Bytes()); err != nil {
		return fmt.Errorf("writing the handoff as Markdown: %w", err)
	}
	return nil
}

// md is Markdown ready to be written. Text becomes md by esc alone, and the
// writer takes nothing else, so that no text can be written unescaped.
type md string

// special are the characters that mean something to Markdown wherever they
// stand, as GitHub's and the common extensions (mathematics, attributes) read it.
const special = "\\`*_[]<>{}|~#$@"

var (
	urlScheme   = regexp.MustCompile(`:(//)`)
	wwwHost     = regexp.MustCompile(`(?i)\b(www)\.`)
	entity      = regexp.MustCompile(`&([#A-Za-z0-9])`)
	lineStart   = regexp.MustCompile(`^[-+=:]`)
	numberStart = regexp.MustCompile(`^([0-9]+)([.)])`)
)

// esc escapes one line of text for Markdown: it reads back as it was, and makes
// no link, image, HTML, emphasis, heading, list or table.
func esc(text string) md {
	text = plain(text)
	var b strings.Builder
	for _, r := range text {
		if strings.ContainsRune(special, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	s := b.String()
	s = urlScheme.ReplaceAllString(s, `\:$1`)
	s = wwwHost.ReplaceAllString(s, `$1\.`)
	s = entity.ReplaceAllString(s, `\&$1`)
	s = lineStart.ReplaceAllString(s, `\$0`)
	s = numberStart.ReplaceAllString(s, `$1\$2`)
	return md(s)
}

// mdLink is a link whose address link let through. What would end the address
// early is percent-encoded.
func mdLink(text md, href string) md {
	return "[" + text + "](<" + md(unsafeInAddress.Replace(href)) + ">)"
}

var unsafeInAddress = strings.NewReplacer(
	" ", "%20", "<", "%3C", ">", "%3E", "\\", "%5C", "`", "%60", "|", "%7C", "\"", "%22", "[", "%5B", "]", "%5D",
	"*", "%2A", "_", "%5F", "~", "%7E", "&", "&amp;",
)

func bold(text md) md {
	if text == "" {
		return ""
	}
	return "**" + text + "**"
}

func italic(text md) md {
	if text == "" {
		return ""
	}
	return "*" + text + "*"
}

// glue joins the parts that say something.
func glue(sep md, parts ...md) md {
	var said []string
	for _, p := range parts {
		if p != "" {
			said = append(said, string(p))
		}
	}
	return md(strings.Join(said, string(sep)))
}

// labelled is "Label: value".
func labelled(label, value string) md { return bold(esc(label)+":") + " " + esc(value) }

// count is a whole number.
func count(n int) md { return md(strconv.Itoa(n)) }

type markdown struct{ out bytes.Buffer }

func (m *markdown) line(parts ...md) {
	for _, p := range parts {
		m.out.WriteString(string(p))
	}
	m.out.WriteByte('\n')
}

func (m *markdown) para(parts ...md) {
	m.line(parts...)
	m.line()
}

// bullet writes a list item at a depth from 0.
func (m *markdown) bullet(depth int, parts ...md) {
	m.out.WriteString(strings.Repeat("  ", depth) + "- ")
	m.line(parts...)
}

func (m *markdown) heading(level int, text string) { m.headingOf(level, esc(text)) }

func (m *markdown) headingOf(level int, text md) {
	m.para(md(strings.Repeat("#", level)), " ", text)
}

func (m *markdown) page(p *Page) {
	m.head(p)
	m.glances(p)
	m.opening(p)
	m.remarks(p)
	for _, s := range p.Sections {
		m.section(p, s)
	}
	if p.Team() {
		m.contradictions(p)
		m.questions(p)
		m.leftOut(p)
		m.hedges(p)
	}
	m.people(p)
	m.sources(p)
	if p.Team() {
		m.texts(p.L.Problems, p.L.ProblemsLead, p.Problems)
		m.texts(p.L.Notes, "", p.Notes)
	}
	m.texts(p.L.Engine, "", p.Engine)
	m.usage(p)
	m.line("<!-- ", throughline.Schema, " -->")
}

func (m *markdown) head(p *Page) {
	m.heading(1, p.Title)
	if p.Lead != "" {
		m.para(esc(p.Lead))
	}
	if len(p.Thin) > 0 {
		m.line("> ", bold(esc(p.L.Thin)+"."))
		for _, t := range p.Thin {
			m.line("> ", "- ", esc(t))
		}
		m.line()
	}
	if p.Review != "" {
		m.para(bold(esc(p.Review) + "."))
	}
	for _, f := range p.Facts {
		note := esc(f.Note)
		if note != "" {
			note = " (" + note + ")"
		}
		m.bullet(0, labelled(f.Label, f.Value), note)
	}
	m.line()
}

func (m *markdown) glances(p *Page) {
	if len(p.Glance) == 0 {
		return
	}
	m.heading(2, p.L.Glance)
	for _, g := range p.Glance {
		m.bullet(0, bold(esc(g.Title)))
		for _, it := range g.Items {
			who := glue(", ", bold(esc(it.Who)), esc(it.Note))
			m.bullet(1, glue(" — ", who, bold(glue(" ", esc(it.Shape), esc(it.Stance))), esc(it.Text)))
		}
		if rest := first(g.More, g.Empty); rest != "" {
			m.bullet(1, esc(rest))
		}
	}
	m.line()
}

func (m *markdown) opening(p *Page) {
	if o := p.Opening; o != nil {
		m.heading(2, p.L.OpeningHead)
		m.para("> ", esc(strings.Join(o.Words, " ")))
		m.para(esc(o.Note))
	}
}

func (m *markdown) remarks(p *Page) {
	if len(p.Remarks) == 0 {
		return
	}
	m.heading(2, p.L.Remarks)
	m.para(esc(p.L.RemarksLead))
	for _, r := range p.Remarks {
		m.bullet(0, remarkLine(r))
	}
	m.line()
}

func (m *markdown) people(p *Page) {
	if len(p.People) == 0 {
		return
	}
	m.heading(2, p.L.WhoIsWho)
	for _, g := range p.People {
		m.para(bold(esc(g.Title)))
		for _, one := range g.People {
			m.bullet(0, glue(", ", bold(esc(one.Name)), esc(one.Title), esc(one.Role), esc(one.Email)))
		}
		m.line()
	}
}

func (m *markdown) section(p *Page, s section) {
	title := esc(s.Title)
	if s.Number > 0 {
		title = count(s.Number) + ". " + title
	}
	m.headingOf(2, title)
	if s.Lead != "" {
		m.para(esc(s.Lead))
	}
	for _, g := range s.Groups {
		if g.Title != "" {
			m.heading(3, g.Title)
		}
		if len(g.Items) == 0 {
			m.para(esc(g.Empty))
			continue
		}
		for _, e := range g.Items {
			m.entry(p, e)
		}
		m.line()
	}
	if s.Note != "" {
		m.para(esc(s.Note))
	}
}

func (m *markdown) entry(p *Page, e entry) {
	quotes := e.Quotes
	who := glue(", ", bold(esc(e.Who)), esc(e.WhoNote))
	stance := bold(glue(" ", esc(e.Shape), esc(e.Stance)))
	said := esc(e.Text)
	if e.Text == "" && len(quotes) > 0 && quotes[0].Lead {
		said, quotes = m.quote(quotes[0]), quotes[1:]
	}
	tag := md("")
	if e.Tag != "" {
		tag = "(" + esc(e.Tag) + ")"
	}
	head := glue(" — ", who, stance)
	if head != "" && said != "" {
		head += ": "
	}
	m.bullet(0, glue(" ", head+said, tag))
	if e.Due != "" {
		m.bullet(1, italic(esc(e.Due)))
	}
	for _, pt := range e.Parts {
		m.part(pt)
	}
	for _, q := range quotes {
		m.bullet(1, m.quote(q))
	}
	for _, was := range e.Earlier {
		m.earlier(p, was)
	}
	for _, r := range e.Remarks {
		m.bullet(1, remarkLine(r))
	}
	if len(e.More) > 0 {
		m.bullet(1, "<details><summary>", esc(e.MoreLabel), "</summary>")
		m.line()
		for _, q := range e.More {
			m.bullet(2, m.quote(q))
		}
		m.line()
		m.line("    </details>")
		m.line()
	}
}

// remarkLine is what a person said, and who.
func remarkLine(r remark) md {
	return glue(" ", bold(esc(r.Label)+":"), esc(r.Text), italic("("+esc(r.By)+")"))
}

func (m *markdown) part(p part) {
	switch {
	case p.Quote == nil:
		m.bullet(1, labelled(p.Label, p.Text))
	case p.Text == "":
		m.bullet(1, bold(esc(p.Label)+":"), " ", m.quote(*p.Quote))
	default:
		m.bullet(1, labelled(p.Label, p.Text))
		m.bullet(2, m.quote(*p.Quote))
	}
}

func (m *markdown) earlier(p *Page, was earlier) {
	quotes := make([]md, 0, len(was.Quotes))
	for _, q := range was.Quotes {
		quotes = append(quotes, m.quote(q))
	}
	m.bullet(1, bold(esc(p.L.Earlier)+":"), " ", glue(" ", esc(was.Text), glue("; ", quotes...)))
}

func (m *markdown) quote(q quote) md {
	at := esc(q.Clock)
	day := esc(q.Date)
	ref := esc(q.Ref)
	if q.Href != "" {
		switch {
		case at != "":
			at = mdLink(at, q.Href)
		case day != "":
			day = mdLink(day, q.Href)
		default:
			ref = mdLink(ref, q.Href)
		}
	}
	marks := glue(", ", esc(q.As), bold(esc(q.Internal)))
	line := glue(", ", esc(q.Speaker)+" ("+esc(q.Side)+")", at, day, esc(q.Address))
	return glue(" · ", "“"+esc(q.Text)+"” — "+line, ref, marks)
}

func (m *markdown) contradictions(p *Page) {
	m.heading(2, p.L.Contradictions)
	if len(p.Contradictions) == 0 {
		m.para(esc(p.L.None))
		return
	}
	m.para(esc(p.L.ContradictionsLead))
	for _, c := range p.Contradictions {
		m.bullet(0, esc(c.Text))
		for _, s := range c.Sides {
			if s.Text == "" && len(s.Quotes) > 0 {
				m.bullet(1, m.quote(s.Quotes[0]))
				s.Quotes = s.Quotes[1:]
			} else {
				m.bullet(1, esc(s.Text))
			}
			for _, q := range s.Quotes {
				m.bullet(2, m.quote(q))
			}
		}
	}
	m.line()
}

func (m *markdown) questions(p *Page) {
	m.heading(2, p.L.Questions)
	if len(p.Questions) == 0 {
		m.para(esc(p.L.None))
		return
	}
	for i, q := range p.Questions {
		about := md("")
		if q.ItemText != "" {
			about = esc(p.L.About) + " “" + esc(q.ItemText) + "”"
		}
		note := glue(", ", esc(q.Kind), about, esc(strings.Join(q.Refs, ", ")))
		if note != "" {
			note = " (" + note + ")"
		}
		m.line(count(i+1), ". ", esc(q.Text), note)
		if q.Answer != "" {
			m.line("   - ", labelled(p.L.Answer, q.Answer))
		}
	}
	m.line()
}

func (m *markdown) leftOut(p *Page) {
	m.heading(2, p.L.LeftOut)
	if len(p.LeftOut) == 0 {
		m.para(esc(p.L.None))
		return
	}
	m.para(esc(p.L.LeftOutLead))
	for _, o := range p.LeftOut {
		m.bullet(0, glue(": ", bold(esc(o.Kind)), glue(" — ", esc(o.Text), esc(o.Reason))), dotted(o.Ref))
		if o.Quote != "" {
			m.bullet(1, esc(p.L.LeftOutQuote), ": “", esc(o.Quote), "”")
		}
	}
	m.line()
}

// dotted is a ref after what it belongs to.
func dotted(ref string) md {
	if ref == "" {
		return ""
	}
	return " · " + esc(ref)
}

func (m *markdown) hedges(p *Page) {
	if p.Hedges == nil {
		return
	}
	m.heading(2, p.L.Hedges)
	m.para(esc(p.Hedges.Count))
	if len(p.Hedges.Dismissed) == 0 {
		return
	}
	m.para("<details><summary>", esc(p.Hedges.Summary), "</summary>")
	for _, d := range p.Hedges.Dismissed {
		m.bullet(0, count(d.Number), ": “", esc(d.Quote), "” — ", esc(d.Reason), dotted(d.Ref))
	}
	m.line()
	m.para("</details>")
}

func (m *markdown) sources(p *Page) {
	if len(p.Sources) == 0 {
		return
	}
	l := p.L
	m.heading(2, l.Read)
	m.para(esc(l.ReadLead))
	m.line("| | ", esc(l.Source), " | ", esc(l.When), " | ", esc(l.Length), " | ", esc(l.People), " | ", esc(l.Cited), " |")
	m.line("| --- | --- | --- | --- | --- | ---: |")
	for _, s := range p.Sources {
		title := esc(s.Title)
		if s.Href != "" {
			title = mdLink(title, s.Href)
		}
		about := glue(" · ", title, esc(s.File), esc(s.Address), bold(esc(s.Internal)), esc(s.Note))
		m.line("| ", esc(s.ID), " | ", about, " | ", esc(s.Date), " | ", esc(s.Length), " | ", esc(s.People), " | ", count(s.Cited), " |")
	}
	m.line()
}

func (m *markdown) texts(title, lead string, texts []string) {
	if len(texts) == 0 {
		return
	}
	m.heading(2, title)
	if lead != "" {
		m.para(esc(lead))
	}
	for _, t := range texts {
		m.bullet(0, esc(t))
	}
	m.line()
}

func (m *markdown) usage(p *Page) {
	if len(p.Usage) == 0 && len(p.Kept) == 0 {
		return
	}
	m.heading(3, p.L.Usage)
	for _, f := range p.Usage {
		m.bullet(0, labelled(f.Label, f.Value))
	}
	for _, k := range p.Kept {
		m.bullet(0, labelled(p.L.KeptFromModel, k))
	}
	m.line()
}
