package vitally

import (
	"html"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"throughline"
	"throughline/render"
)

// mostHTML is how long a note may be, in bytes of its HTML. Vitally tells no limit;
// this one keeps a note readable, and within any that is likely.
const mostHTML = 200_000

// A layout writes a document in the few elements that Vitally keeps of HTML: p, br,
// ul, li, b, em and a. Sections are bold lines, since there are no headings, and
// items are lists.
type layout struct {
	out  strings.Builder
	list bool // a list is open
	// quotes says whether items show evidence.
	quotes bool
	// hidden is whether there was evidence that isn't shown.
	hidden bool
}

// paragraph adds a paragraph of markup.
func (l *layout) paragraph(markup string) {
	l.endList()
	l.out.WriteString("<p>" + markup + "</p>")
}

func (l *layout) item(markup string) {
	if !l.list {
		l.out.WriteString("<ul>")
		l.list = true
	}
	l.out.WriteString("<li>" + markup + "</li>")
}

func (l *layout) endList() {
	if l.list {
		l.out.WriteString("</ul>")
		l.list = false
	}
}

// block adds a block.
func (l *layout) block(b render.Block) {
	text := runsHTML(b.Text)
	switch b.Kind {
	case render.BlockHeading:
		if b.Level <= 2 {
			l.paragraph("<br><b>" + text + "</b>")
		} else {
			l.paragraph("<b><em>" + text + "</em></b>")
		}
	case render.BlockBullet, render.BlockToggle:
		l.item(text + l.inside(b.Children))
	case render.BlockQuote:
		l.paragraph("<em>" + text + "</em>")
	default:
		if text != "" {
			l.paragraph(text)
		}
	}
}

// inside is what folds away in other places. A note folds nothing, so of the quotes
// that stand one after another only the first is shown, which is the strongest.
func (l *layout) inside(children []render.Block) string {
	var b strings.Builder
	quoted := false
	for _, c := range children {
		if c.Kind == render.BlockQuote && (quoted || !l.quotes) {
			l.hidden = true
			continue
		}
		quoted = c.Kind == render.BlockQuote
		b.WriteString("<li>" + runsHTML(c.Text) + "</li>")
	}
	if b.Len() == 0 {
		return ""
	}
	return "<ul>" + b.String() + "</ul>"
}

// runsHTML is a text in its styles, with everything escaped.
func runsHTML(runs []render.Run) string {
	var b strings.Builder
	for _, r := range runs {
		text := escaped(r.Text)
		if r.Italic {
			text = "<em>" + text + "</em>"
		}
		if r.Bold {
			text = "<b>" + text + "</b>"
		}
		b.WriteString(anchor(r.Href, text))
	}
	return b.String()
}

// escaped is a text as markup; its line breaks are kept.
func escaped(text string) string {
	return strings.ReplaceAll(html.EscapeString(visible(text)), "\n", "<br>")
}

// visible is a text without what prints nothing and changes how the rest is shown:
// controls, overrides of the writing direction (Unicode annex 9), tag characters.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case unicode.IsSpace(r):
			return ' '
		case r == utf8.RuneError, unicode.IsControl(r), r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069, r >= 0xE0000 && r <= 0xE007F:
			return -1
		}
		return r
	}, text)
}

// anchor makes a link of markup, where the address is one of the web.
func anchor(href, markup string) string {
	u, err := url.Parse(href)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return markup
	}
	return `<a href="` + html.EscapeString(href) + `">` + markup + "</a>"
}

// document is what the audience may see of a handoff, as HTML without the line that
// marks it: whole if it fits, else without quotes, else cut.
func document(blocks []render.Block, link string) string {
	full, fits := laidOut(blocks, link, true)
	if !fits {
		full, _ = laidOut(blocks, link, false)
	}
	return full
}

func laidOut(blocks []render.Block, link string, quotes bool) (markup string, fits bool) {
	l := &layout{quotes: quotes}
	if link != "" {
		l.paragraph(anchor(link, "Open this handoff in Throughline"))
	}
	for _, b := range blocks {
		before, open := l.out.String(), l.list
		if l.block(b); l.out.Len() <= mostHTML {
			continue
		}
		l.out.Reset()
		l.out.WriteString(before)
		l.list = open
		l.paragraph("<em>The handoff is longer than a note can be. The rest stands in Throughline.</em>")
		return l.out.String(), false
	}
	l.endList()
	if l.hidden {
		l.paragraph("<em>Not all quotes are shown here. The handoff has them.</em>")
	}
	return l.out.String(), true
}

// milestoneHTML is the description of a milestone's task, without the line that
// marks it.
func milestoneHTML(it throughline.Item, text, link string) string {
	var l layout
	l.paragraph(escaped(text))
	if from := countedFrom[it.From]; from != "" && it.Due != "" {
		l.paragraph("<em>" + from + "</em>")
	}
	for i, e := range it.Evidence {
		if i == mostTaskQuotes {
			break
		}
		words := []string{"“" + escaped(e.Quote) + "”", "—"}
		if e.Speaker != "" {
			words = append(words, escaped(e.Speaker)+",")
		}
		at := "the source"
		if e.At != nil {
			at = e.At.UTC().Format("2 January 2006")
		}
		l.item(strings.Join(append(words, anchor(e.URL, at)), " "))
	}
	l.endList()
	if link != "" {
		l.paragraph(anchor(link, "Open the handoff in Throughline"))
	}
	return l.out.String()
}

// mostTaskQuotes is how many quotes a task shows.
const mostTaskQuotes = 2

var countedFrom = map[throughline.Anchor]string{
	throughline.FromClose: "The date is counted from the close.", throughline.FromKickoff: "The date is counted from the kickoff.",
	throughline.FromGoLive: "The date is counted from go-live.", throughline.FromCalendar: "The date was named.",
}

// shortened is a text in one line, of at most n characters.
func shortened(s string, n int) string {
	s = strings.Join(strings.Fields(visible(s)), " ")
	if r := []rune(s); len(r) > n {
		return strings.TrimSpace(string(r[:n-1])) + "…"
	}
	return s
}
