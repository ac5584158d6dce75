package totango

import (
	"fmt"
	"strings"
	"unicode"

	"throughline/connect"
	"throughline/render"
)

// Limits of texts. The vendor states that of a touchpoint's content, in characters,
// which are counted here as JavaScript does; of the others none is known.
const (
	MostContent = 12_000
	mostTitle   = 200
	mostLink    = 500
)

// A document is a handoff as a touchpoint shows it.
type document struct {
	title string
	link  string // empty for none
	// The text in parts: with all quotes, and without.
	whole, brief []part
}

func newDocument(title, link string, blocks []render.Block) *document {
	return &document{title: connect.Cut(line(title), mostTitle), link: link, whole: parts(blocks, true), brief: parts(blocks, false)}
}

// A part is a heading, or an entry that is shown whole or not at all.
type part struct {
	text    string
	heading bool
}

// content is the touchpoint's text within the vendor's limit, with the marker at
// its end: with all quotes; where that is too long, without them; and where that
// still is, cut at an entry.
func (d *document) content(m marker) string {
	head := "Handoff: " + d.title + "\n"
	if d.link != "" {
		head += "Open it: " + d.link + "\n"
	}
	foot := "\n\nKept by Throughline, which replaces this text when there is a newer version.\n" + m.String()
	if s := head + joined(d.whole) + foot; connect.Length(s) <= MostContent {
		return s
	}
	if s := head + joined(d.brief) + d.notice("its quotes are left out here") + foot; connect.Length(s) <= MostContent {
		return s
	}
	return head + d.shortened(MostContent-connect.Length(head+foot)) + foot
}

// notice says what had to be left out, and where it is.
func (d *document) notice(what string) string {
	s := "\n\nThe handoff is too long for Totango: " + what + ". They stand in the handoff itself"
	if d.link == "" {
		return s + "."
	}
	return s + ": " + d.link
}

// shortened are the parts that fit, and what is said of the rest.
func (d *document) shortened(room int) string {
	parts := d.brief
	said := func(left int) string {
		return d.notice(fmt.Sprintf("%d of its %d entries, and its quotes, are left out here", left, entries(parts)))
	}
	room -= connect.Length(said(entries(parts)))
	n := 0
	for n < len(parts) {
		if room -= connect.Length(parts[n].text); room < 0 {
			break
		}
		n++
	}
	for n > 0 && parts[n-1].heading {
		n--
	}
	return joined(parts[:n]) + said(entries(parts[n:]))
}

func joined(parts []part) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(p.text)
	}
	return b.String()
}

func entries(parts []part) int {
	n := 0
	for _, p := range parts {
		if !p.heading {
			n++
		}
	}
	return n
}

// parts lay the blocks out in plain text. A line that begins with = or - is a
// heading or an entry of ours: no text of a deal's begins one.
func parts(blocks []render.Block, quotes bool) []part {
	var out []part
	for _, b := range blocks {
		text := plain(b.Text)
		switch b.Kind {
		case render.BlockHeading:
			sign := "--"
			if b.Level <= 2 {
				sign = "=="
			}
			out = append(out, part{"\n\n" + sign + " " + text + " " + sign, true})
			continue
		case render.BlockBullet, render.BlockToggle:
			text = "\n- " + indented(text, "  ")
		default:
			text = "\n" + guarded(text)
		}
		if quotes {
			for _, child := range b.Children {
				text += "\n    " + indented(plain(child.Text), "    ")
			}
		}
		out = append(out, part{text: text})
	}
	return out
}

// plain is a block's text, with the addresses of its links.
func plain(text []render.Run) string {
	var b strings.Builder
	for _, r := range text {
		b.WriteString(r.Text)
		if r.Href != "" && r.Href != r.Text {
			b.WriteString(" (" + r.Href + ")")
		}
	}
	return clean(b.String())
}

// indented has all lines but the first begin with a space.
func indented(text, by string) string { return strings.ReplaceAll(text, "\n", "\n"+by) }

func guarded(text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, "=") || strings.HasPrefix(l, "-") {
			lines[i] = " " + l
		}
	}
	return strings.Join(lines, "\n")
}

// clean keeps a text from being more than text: without characters that print
// nothing but change how the rest is shown, line breaks apart; and where < might
// open a tag, with a mark that looks like it, for the case that Totango's pages take
// touchpoints for HTML.
func clean(s string) string {
	rs := []rune(s)
	var b strings.Builder
	for i, r := range rs {
		switch {
		case r == '\n':
			b.WriteByte('\n')
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		case connect.Unseen(r):
		case r == '<' && i+1 < len(rs) && opens(rs[i+1]):
			b.WriteRune('‹')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// opens reports whether what follows < makes it a tag, a comment or the like: in
// HTML a letter, !, / or ?; what is dropped from the text might stand before those.
func opens(r rune) bool {
	return !unicode.IsSpace(r) && !unicode.IsDigit(r) && r != '='
}

// line makes one line of a text.
func line(s string) string { return strings.Join(strings.Fields(clean(s)), " ") }

// linkable is an address that a person may be given to open.
func linkable(s string) (string, bool) {
	to, ok := connect.WebAddress(s)
	return to, ok && connect.Length(to) <= mostLink
}
