package hubspot

import (
	"fmt"
	"html"
	"sort"
	"strings"

	"throughline/connect"
	"throughline/render"
)

// mostNote is how long a note or the text of a task may be, in characters
// (developers.hubspot.com, notes). They are counted as UTF-16 does, the stricter
// reading.
const mostNote = 65_536

// noteHTML is what the note says below its first line: the handoff as its audience
// may see it, in the few elements that notes keep. Where it would be too long,
// evidence is left out, then what stands last; room is what may be used.
func noteHTML(title, link string, blocks []render.Block, room int) string {
	head := "<p><strong>" + escaped(title) + "</strong></p>"
	if strings.HasPrefix(link, "https://") || strings.HasPrefix(link, "http://") {
		head += fmt.Sprintf(`<p><a href="%s">Open the handoff</a></p>`, html.EscapeString(link))
	}
	all := head + blocksHTML(blocks)
	if connect.Length(all) <= room {
		return all
	}
	const (
		noQuotes = "<p><em>The quotes stand in the handoff: this note has no room for them.</em></p>"
		cutShort = "<p><em>The rest stands in the handoff: this note has no room for it.</em></p>"
	)
	bare := withoutEvidence(blocks)
	if all = head + blocksHTML(bare) + noQuotes; connect.Length(all) <= room {
		return all
	}
	over := sort.Search(len(bare), func(n int) bool { return connect.Length(head+blocksHTML(bare[:n+1])+cutShort) > room })
	return head + blocksHTML(bare[:over]) + cutShort
}

// withoutEvidence folds nothing away.
func withoutEvidence(blocks []render.Block) []render.Block {
	out := make([]render.Block, len(blocks))
	for i, b := range blocks {
		b.Children = nil
		if b.Kind == render.BlockToggle {
			b.Kind = render.BlockBullet
		}
		out[i] = b
	}
	return out
}

// blocksHTML writes blocks as paragraphs and lists. An item's evidence is a list
// below it.
func blocksHTML(blocks []render.Block) string {
	var b strings.Builder
	listing := false
	for _, block := range blocks {
		item := block.Kind == render.BlockBullet || block.Kind == render.BlockToggle
		if item != listing {
			b.WriteString(map[bool]string{true: "<ul>", false: "</ul>"}[item])
			listing = item
		}
		text := runsHTML(block.Text)
		switch {
		case item && len(block.Children) > 0:
			b.WriteString("<li>" + text + "<ul>")
			for _, child := range block.Children {
				b.WriteString("<li>" + runsHTML(child.Text) + "</li>")
			}
			b.WriteString("</ul></li>")
		case item:
			b.WriteString("<li>" + text + "</li>")
		case block.Kind == render.BlockHeading:
			b.WriteString("<p><strong>" + text + "</strong></p>")
		default:
			b.WriteString("<p>" + text + "</p>")
		}
	}
	if listing {
		b.WriteString("</ul>")
	}
	return b.String()
}

func runsHTML(runs []render.Run) string {
	var b strings.Builder
	for _, r := range runs {
		text := escaped(r.Text)
		if r.Italic {
			text = "<em>" + text + "</em>"
		}
		if r.Bold {
			text = "<strong>" + text + "</strong>"
		}
		if strings.HasPrefix(r.Href, "https://") || strings.HasPrefix(r.Href, "http://") {
			text = `<a href="` + html.EscapeString(r.Href) + `">` + text + "</a>"
		}
		b.WriteString(text)
	}
	return b.String()
}

// escaped is text as HTML; a line break in it is meant.
func escaped(s string) string {
	return strings.ReplaceAll(html.EscapeString(s), "\n", "<br>")
}
