package kickoff

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"throughline"
	"throughline/render"
)

var errNoHandoff = errors.New("there is no handoff to make an agenda of")

// Blocks lays out the agenda as the audience may have it, for systems that take no
// document but its pieces. A point is one block with a box to tick; its quotes are
// the block's children.
func Blocks(h *throughline.Handoff, a throughline.Audience) (title string, blocks []render.Block, err error) {
	if h == nil {
		return "", nil, errNoHandoff
	}
	agenda := Agenda(h, a)
	d := &document{agenda: agenda}
	if agenda.Audience == throughline.AudienceTeam {
		d.team()
	} else {
		d.customer()
	}
	return fmt.Sprintf("Kickoff: %s", first(agenda.Deal.Name, agenda.Deal.Customer.Name, "agenda")), d.out, nil
}

// Markdown writes the agenda as the audience may have it as Markdown.
func Markdown(w io.Writer, h *throughline.Handoff, a throughline.Audience) error {
	title, blocks, err := Blocks(h, a)
	if err != nil {
		return err
	}
	return render.WriteMarkdown(w, title, blocks)
}

// HTML writes the agenda as the audience may have it as one HTML page, to be read
// or printed and ticked by hand.
func HTML(w io.Writer, h *throughline.Handoff, a throughline.Audience) error {
	title, blocks, err := Blocks(h, a)
	if err != nil {
		return err
	}
	return render.WriteHTML(w, title, blocks)
}

// A document is an agenda being laid out.
type document struct {
	agenda *throughline.Agenda
	out    []render.Block
}

func (d *document) add(kind render.BlockKind, text ...render.Run) {
	d.out = append(d.out, render.Block{Kind: kind, Text: text})
}

func (d *document) heading(level int, text string) {
	d.out = append(d.out, render.Block{Kind: render.BlockHeading, Level: level, Text: []render.Run{{Text: text}}})
}

func (d *document) team() {
	d.add(render.BlockCallout, render.Run{Text: "For the account team alone. The customer has an agenda of their own.", Bold: true})
	d.facts()
	if d.agenda.Opening != "" {
		d.heading(2, "Opening words")
		d.add(render.BlockQuote, render.Run{Text: d.agenda.Opening})
	}
	d.heading(2, "Before the call")
	d.add(render.BlockParagraph, render.Run{Text: "Read each of these, and tick it. None of it is sought in the call."})
	d.points(throughline.PointKnow, "Nothing was said apart.", throughline.Kinds...)
	d.heading(2, "In the call")
	for _, s := range throughline.Sections {
		if s == throughline.SectionPoliticalMap {
			continue
		}
		d.heading(3, strconv.Itoa(int(s))+". "+s.Title())
		d.points(throughline.PointSay, "Nothing to confirm.", kindsOf(s)...)
	}
}

func (d *document) customer() {
	d.facts()
	with := ""
	if ae := d.agenda.Deal.AE; ae != nil && ae.Name != "" {
		with = " with " + firstName(ae.Name)
	}
	d.add(render.BlockParagraph, render.Run{Text: fmt.Sprintf("This is what we took from your conversations%s, in the words that were used. "+
		"At the kickoff we confirm it with you and start where you left off. Please tell us what is missing or has changed.", with)})
	for _, k := range throughline.Kinds {
		if slices.ContainsFunc(d.agenda.Points, func(p throughline.TalkingPoint) bool { return p.Kind == k }) {
			d.heading(2, render.KindTitle(k, throughline.AudienceCustomer))
			d.points(throughline.PointSay, "", k)
		}
	}
	if len(d.agenda.Points) == 0 {
		d.add(render.BlockParagraph, render.Run{Text: "There is nothing yet that can be shown here."})
	}
}

// firstName is what people call somebody in conversation.
func firstName(name string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(name), " ")
	return first
}

func kindsOf(s throughline.Section) []throughline.Kind {
	return slices.DeleteFunc(slices.Clone(throughline.Kinds), func(k throughline.Kind) bool { return k.Section() != s })
}

// facts are the deal's head: the two sides, when, and who.
func (d *document) facts() {
	deal := d.agenda.Deal
	var text []render.Run
	fact := func(label, value string) {
		if value == "" {
			return
		}
		if len(text) > 0 {
			text = append(text, render.Run{Text: "\n"})
		}
		text = append(text, render.Run{Text: label + ":", Bold: true}, render.Run{Text: " " + value})
	}
	fact("Customer", deal.Customer.Name)
	fact("Product", deal.Seller.Product)
	fact("Kickoff", isoDate(deal.Kickoff))
	fact("CSM", personName(deal.CSM))
	fact("AE", personName(deal.AE))
	if len(text) > 0 {
		d.add(render.BlockCallout, text...)
	}
}

func personName(p *throughline.PersonNote) string {
	if p == nil {
		return ""
	}
	return p.Name
}

// points adds the points of a mode and of some kinds, or says that there are none.
func (d *document) points(mode throughline.PointMode, none string, kinds ...throughline.Kind) {
	found := false
	for _, p := range d.agenda.Points {
		if p.Mode == mode && slices.Contains(kinds, p.Kind) {
			found = true
			d.out = append(d.out, d.point(p))
		}
	}
	if !found && none != "" {
		d.add(render.BlockParagraph, render.Run{Text: none})
	}
}

// point is a point as a block: what it says on lines of its own, its quotes below.
func (d *document) point(p throughline.TalkingPoint) render.Block {
	b := render.Block{Kind: render.BlockTodo}
	words := p.Words
	switch {
	case p.Ask != "":
		b.Text = append(b.Text, render.Run{Text: p.Ask, Bold: true}, render.Run{Text: "\nPromised: " + p.Text})
		if p.Condition != "" {
			b.Text = append(b.Text, render.Run{Text: "\nFor you to know, what would make it true: " + p.Condition})
		}
	case Told(p) >= 0:
		i := Told(p)
		b.Text, words = append([]render.Run{{Text: d.heads(p)}}, render.Cited(words[i])...), slices.Delete(slices.Clone(words), i, i+1)
	default:
		b.Text = append(b.Text, render.Run{Text: d.heads(p) + p.Text})
	}
	if due := isoDate(p.Due); due != "" {
		b.Text = append(b.Text, render.Run{Text: "\nby " + due, Italic: true})
	}
	if p.Guarded {
		b.Text = append(b.Text, render.Run{Text: "\nSay it in the words below: not all of it was said before their people.", Italic: true})
	}
	for _, e := range words {
		text := render.Cited(e)
		if e.Internal {
			text = append(text, render.Run{Text: " (internal)"})
		}
		b.Children = append(b.Children, render.Block{Kind: render.BlockQuote, Text: text})
	}
	return b
}

// Told is the place of the quote that the point's text is over again, with or without
// its speaker's name before it; -1 where the text says something of its own.
func Told(p throughline.TalkingPoint) int {
	return slices.IndexFunc(p.Words, func(e throughline.Evidence) bool {
		text := strings.TrimPrefix(letters(p.Text), letters(e.Speaker))
		return text != "" && strings.Contains(letters(e.Quote), text)
	})
}

// letters are a text's letters and digits, which two renderings of the same words
// have in common.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// heads names the kind before a point to know, which stand together.
func (d *document) heads(p throughline.TalkingPoint) string {
	if p.Mode != throughline.PointKnow {
		return ""
	}
	if p.Kind == throughline.KindStretch {
		return "Doubt: "
	}
	return render.KindTitle(p.Kind, throughline.AudienceTeam) + ": "
}
