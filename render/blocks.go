package render

import (
	"strconv"
	"strings"

	"throughline"
)

// A BlockKind is what a block is, in systems whose documents are made of blocks.
type BlockKind string

// The kinds of block.
const (
	BlockHeading   BlockKind = "heading"
	BlockParagraph BlockKind = "paragraph"
	BlockCallout   BlockKind = "callout"
	BlockBullet    BlockKind = "bullet"
	BlockQuote     BlockKind = "quote"
	BlockToggle    BlockKind = "toggle" // its children fold away
	BlockTodo      BlockKind = "todo"   // has a box to tick; its children stand open
)

// A Block is a piece of a document. Only toggles and todos have children, and
// those have none.
type Block struct {
	Kind     BlockKind
	Level    int // of a heading, 2 or 3; the title is 1
	Text     []Run
	Children []Block
}

// A Run is a stretch of text in one style. Its text is not escaped; a line break
// in it is meant. Href is an address of http or https that may be clicked, or
// empty.
type Run struct {
	Text   string
	Bold   bool
	Italic bool
	Href   string
}

// Blocks lays out what the audience may see of the handoff as a title and
// blocks, for systems that take no document but its pieces. An item is one block:
// a toggle that says all of it but the evidence, which is its children.
func Blocks(h *throughline.Handoff, a throughline.Audience) (title string, blocks []Block, err error) {
	if h == nil {
		return "", nil, errNoHandoff
	}
	p := NewPage(h, a)
	w := &blockWriter{l: p.L}
	w.page(p)
	return p.Title, w.out, nil
}

type blockWriter struct {
	l   *labels
	out []Block
}

func (w *blockWriter) add(kind BlockKind, text ...Run) {
	w.out = append(w.out, Block{Kind: kind, Text: said(text)})
}

func (w *blockWriter) heading(level int, text string) {
	w.out = append(w.out, Block{Kind: BlockHeading, Level: level, Text: runs(text)})
}

// fold adds a toggle; without anything to fold away, a bullet.
func (w *blockWriter) fold(text []Run, children []Block) {
	b := Block{Kind: BlockToggle, Text: said(text), Children: children}
	if len(children) == 0 {
		b.Kind = BlockBullet
	}
	w.out = append(w.out, b)
}

func runs(text string) []Run { return []Run{{Text: text}} }

// said are the runs that say something.
func said(text []Run) []Run {
	var out []Run
	for _, r := range text {
		if r.Text != "" {
			out = append(out, r)
		}
	}
	return out
}

// series puts a separator between the runs that say something.
func series(sep string, text ...Run) []Run {
	var out []Run
	for _, r := range said(text) {
		if len(out) > 0 {
			out = append(out, Run{Text: sep})
		}
		out = append(out, r)
	}
	return out
}

// named is "Label: value".
func named(label, value string) []Run {
	return said([]Run{{Text: label + ":", Bold: true}, {Text: spaced(value)}})
}

// spaced is a text after a space, where it says something.
func spaced(text string) string {
	if text == "" {
		return ""
	}
	return " " + text
}

func (w *blockWriter) page(p *Page) {
	w.head(p)
	w.glances(p)
	if o := p.Opening; o != nil {
		w.heading(2, w.l.OpeningHead)
		w.add(BlockQuote, Run{Text: strings.Join(o.Words, " ")})
		w.add(BlockParagraph, Run{Text: o.Note})
	}
	w.remarks(p)
	for _, s := range p.Sections {
		w.section(s)
	}
	if p.Team() {
		w.contradictions(p)
		w.questions(p)
		w.leftOut(p)
		w.hedges(p)
	}
	w.people(p)
	w.sources(p)
	if p.Team() {
		w.texts(w.l.Problems, w.l.ProblemsLead, p.Problems)
		w.texts(w.l.Notes, "", p.Notes)
	}
	w.texts(w.l.Engine, "", p.Engine)
	w.usage(p)
}

func (w *blockWriter) head(p *Page) {
	if p.Lead != "" {
		w.add(BlockParagraph, Run{Text: p.Lead})
	}
	if len(p.Thin) > 0 {
		w.add(BlockCallout, Run{Text: w.l.Thin + ".", Bold: true}, Run{Text: "\n" + strings.Join(p.Thin, "\n")})
	}
	switch {
	case p.Review == "":
	case p.Reviewed:
		w.add(BlockParagraph, Run{Text: p.Review + ".", Bold: true})
	default:
		w.add(BlockCallout, Run{Text: p.Review + ".", Bold: true})
	}
	var facts []Run
	for i, f := range p.Facts {
		if i > 0 {
			facts = append(facts, Run{Text: "\n"})
		}
		facts = append(facts, named(f.Label, f.Value)...)
		if f.Note != "" {
			facts = append(facts, Run{Text: " (" + f.Note + ")"})
		}
	}
	w.add(BlockCallout, facts...)
}

func (w *blockWriter) glances(p *Page) {
	if len(p.Glance) == 0 {
		return
	}
	w.heading(2, w.l.Glance)
	for _, g := range p.Glance {
		text := []Run{{Text: g.Title, Bold: true}}
		for _, it := range g.Items {
			text = append(text, Run{Text: "\n• "})
			who := joined(", ", it.Who, it.Note)
			text = append(text, series(" — ", Run{Text: who}, Run{Text: joined(" ", it.Shape, it.Stance), Bold: true}, Run{Text: it.Text})...)
		}
		if rest := first(g.More, g.Empty); rest != "" {
			text = append(text, Run{Text: "\n" + rest})
		}
		w.add(BlockParagraph, text...)
	}
}

func (w *blockWriter) section(s section) {
	title := s.Title
	if s.Number > 0 {
		title = strconv.Itoa(s.Number) + ". " + title
	}
	w.heading(2, title)
	if s.Lead != "" {
		w.add(BlockParagraph, Run{Text: s.Lead})
	}
	for _, g := range s.Groups {
		if g.Title != "" {
			w.heading(3, g.Title)
		}
		if len(g.Items) == 0 && g.Empty != "" {
			w.add(BlockParagraph, Run{Text: g.Empty})
		}
		for _, e := range g.Items {
			w.entry(e)
		}
	}
	if s.Note != "" {
		w.add(BlockParagraph, Run{Text: s.Note})
	}
}

// entry is an item: what it says on lines of its own, and its evidence folded.
func (w *blockWriter) entry(e entry) {
	all := append(append([]quote{}, e.Quotes...), e.More...)
	text := series(" — ", Run{Text: e.Who, Bold: true}, Run{Text: e.WhoNote}, Run{Text: joined(" ", e.Shape, e.Stance), Bold: true})
	words := e.Text
	if words == "" && len(all) > 0 && all[0].Lead {
		words = quoted(all[0])
	}
	if len(text) > 0 && words != "" {
		text = append(text, Run{Text: ": "})
	}
	text = append(text, Run{Text: words})
	if e.Tag != "" {
		text = append(text, Run{Text: " (" + e.Tag + ")", Italic: true})
	}
	if e.Due != "" {
		text = append(text, Run{Text: "\n" + e.Due, Italic: true})
	}
	var evidence []Block
	for _, r := range e.Remarks {
		text = append(text, Run{Text: "\n"})
		text = append(text, remarkRuns(r)...)
	}
	for _, pt := range e.Parts {
		value := pt.Text
		if pt.Quote != nil {
			value = first(value, quoted(*pt.Quote))
			q := *pt.Quote
			q.As = pt.Label
			evidence = append(evidence, quoteBlock(q))
		}
		text = append(text, Run{Text: "\n"})
		text = append(text, named(pt.Label, value)...)
	}
	for _, q := range all {
		evidence = append(evidence, quoteBlock(q))
	}
	for _, was := range e.Earlier {
		evidence = append(evidence, Block{Kind: BlockParagraph, Text: named(w.l.Earlier, was.Text)})
		for _, q := range was.Quotes {
			evidence = append(evidence, quoteBlock(q))
		}
	}
	w.fold(text, evidence)
}

func (w *blockWriter) remarks(p *Page) {
	if len(p.Remarks) == 0 {
		return
	}
	w.heading(2, w.l.Remarks)
	w.add(BlockParagraph, Run{Text: w.l.RemarksLead})
	for _, r := range p.Remarks {
		w.add(BlockBullet, remarkRuns(r)...)
	}
}

// remarkRuns are what a person said, and who.
func remarkRuns(r remark) []Run {
	return append(named(r.Label, r.Text), Run{Text: " (" + r.By + ")", Italic: true})
}

// quoted is a quote in a line: the words and whose they are.
func quoted(q quote) string { return "“" + q.Text + "” — " + q.Speaker }

// quoteBlock is a quote with who said it, when and where. The address is on the
// time stamp, or what stands for it.
func quoteBlock(q quote) Block {
	at, day, ref, speaker := Run{Text: q.Clock}, Run{Text: q.Date}, Run{Text: q.Ref}, Run{Text: q.Speaker + " (" + q.Side + ")"}
	switch {
	case at.Text != "":
		at.Href = q.Href
	case day.Text != "":
		day.Href = q.Href
	case ref.Text != "":
		ref.Href = q.Href
	default:
		speaker.Href = q.Href
	}
	text := []Run{{Text: "“" + q.Text + "”\n— "}}
	text = append(text, series(", ", speaker, at, day, Run{Text: q.Address})...)
	for _, r := range said([]Run{ref, {Text: q.As}, {Text: q.Internal, Bold: true}}) {
		text = append(text, Run{Text: " · "}, r)
	}
	return Block{Kind: BlockQuote, Text: text}
}

func (w *blockWriter) contradictions(p *Page) {
	w.heading(2, w.l.Contradictions)
	if len(p.Contradictions) == 0 {
		w.add(BlockParagraph, Run{Text: w.l.None})
		return
	}
	w.add(BlockParagraph, Run{Text: w.l.ContradictionsLead})
	for _, c := range p.Contradictions {
		var sides []Block
		for _, s := range c.Sides {
			if s.Text != "" {
				sides = append(sides, Block{Kind: BlockBullet, Text: runs(s.Text)})
			}
			for _, q := range s.Quotes {
				sides = append(sides, quoteBlock(q))
			}
		}
		w.fold(runs(c.Text), sides)
	}
}

func (w *blockWriter) questions(p *Page) {
	w.heading(2, w.l.Questions)
	if len(p.Questions) == 0 {
		w.add(BlockParagraph, Run{Text: w.l.None})
	}
	for _, q := range p.Questions {
		about := ""
		if q.ItemText != "" {
			about = w.l.About + " “" + q.ItemText + "”"
		}
		text := runs(q.Text)
		if note := joined(", ", q.Kind, about, strings.Join(q.Refs, ", ")); note != "" {
			text = append(text, Run{Text: " (" + note + ")", Italic: true})
		}
		if q.Answer != "" {
			text = append(text, Run{Text: "\n"})
			text = append(text, named(w.l.Answer, q.Answer)...)
		}
		w.add(BlockBullet, text...)
	}
}

func (w *blockWriter) leftOut(p *Page) {
	w.heading(2, w.l.LeftOut)
	if len(p.LeftOut) == 0 {
		w.add(BlockParagraph, Run{Text: w.l.None})
		return
	}
	w.add(BlockParagraph, Run{Text: w.l.LeftOutLead})
	var all []Block
	for _, o := range p.LeftOut {
		text := series(": ", Run{Text: o.Kind, Bold: true}, Run{Text: joined(" — ", o.Text, o.Reason)})
		if o.Ref != "" {
			text = append(text, Run{Text: " · " + o.Ref})
		}
		if o.Quote != "" {
			text = append(text, Run{Text: "\n" + w.l.LeftOutQuote + ": “" + o.Quote + "”"})
		}
		all = append(all, Block{Kind: BlockBullet, Text: text})
	}
	w.fold(runs(p.LeftOutSummary()), all)
}

func (w *blockWriter) hedges(p *Page) {
	if p.Hedges == nil {
		return
	}
	w.heading(2, w.l.Hedges)
	w.add(BlockParagraph, Run{Text: p.Hedges.Count})
	if len(p.Hedges.Dismissed) == 0 {
		return
	}
	var all []Block
	for _, d := range p.Hedges.Dismissed {
		text := strconv.Itoa(d.Number) + ": “" + d.Quote + "” — " + joined(" · ", d.Reason, d.Ref)
		all = append(all, Block{Kind: BlockBullet, Text: runs(text)})
	}
	w.fold(runs(p.Hedges.Summary), all)
}

func (w *blockWriter) people(p *Page) {
	if len(p.People) == 0 {
		return
	}
	w.heading(2, w.l.WhoIsWho)
	for _, g := range p.People {
		w.heading(3, g.Title)
		for _, one := range g.People {
			w.add(BlockBullet, series(", ", Run{Text: one.Name, Bold: true}, Run{Text: one.Title}, Run{Text: one.Role}, Run{Text: one.Email})...)
		}
	}
}

func (w *blockWriter) sources(p *Page) {
	if len(p.Sources) == 0 {
		return
	}
	w.heading(2, w.l.Read)
	w.add(BlockParagraph, Run{Text: w.l.ReadLead})
	for _, s := range p.Sources {
		cited := w.l.Cited + " " + strconv.Itoa(s.Cited)
		text := series(" · ", Run{Text: s.ID}, Run{Text: s.Title, Bold: true, Href: s.Href}, Run{Text: s.File}, Run{Text: s.Address},
			Run{Text: s.Internal, Bold: true}, Run{Text: s.Note}, Run{Text: s.Date}, Run{Text: s.Length}, Run{Text: s.People}, Run{Text: cited})
		w.add(BlockBullet, text...)
	}
}

func (w *blockWriter) texts(title, lead string, texts []string) {
	if len(texts) == 0 {
		return
	}
	w.heading(2, title)
	if lead != "" {
		w.add(BlockParagraph, Run{Text: lead})
	}
	for _, t := range texts {
		w.add(BlockBullet, Run{Text: t})
	}
}

func (w *blockWriter) usage(p *Page) {
	if len(p.Usage) == 0 && len(p.Kept) == 0 {
		return
	}
	w.heading(3, w.l.Usage)
	for _, f := range p.Usage {
		w.add(BlockBullet, named(f.Label, f.Value)...)
	}
	for _, k := range p.Kept {
		w.add(BlockBullet, named(w.l.KeptFromModel, k)...)
	}
}
