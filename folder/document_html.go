package folder

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// readHTML reads a web page into blocks: paragraphs, list items, table rows.
func readHTML(name, text string) *document {
	d := &document{file: name}
	root, err := html.Parse(strings.NewReader(text))
	if err != nil { // only a reader's error, which a string has none of
		return d
	}
	r := &htmlReader{facts: &d.facts}
	r.walk(root, 0)
	r.flush()
	d.blocks = r.blocks
	return d
}

// An htmlReader gathers the text between the elements that break a line.
type htmlReader struct {
	blocks  []block
	facts   *documentFacts
	text    strings.Builder
	heading int
}

// maxDepth bounds how deep elements are followed into each other.
const maxDepth = 400

func (r *htmlReader) walk(n *html.Node, depth int) {
	if depth > maxDepth {
		return
	}
	switch n.Type {
	case html.TextNode:
		r.text.WriteString(n.Data)
		return
	case html.ElementNode:
		if r.element(n, depth) {
			return
		}
	}
	r.children(n, depth)
}

func (r *htmlReader) children(n *html.Node, depth int) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		r.walk(c, depth+1)
	}
}

// element reads an element that is more than inline text, and reports whether it
// did.
func (r *htmlReader) element(n *html.Node, depth int) bool {
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Noscript, atom.Template, atom.Nav, atom.Svg, atom.Iframe, atom.Object, atom.Button, atom.Select, atom.Del:
		return true
	case atom.Title:
		r.facts.title = oneLine(innerText(n, depth))
		return true
	case atom.Meta:
		r.meta(n)
		return true
	case atom.Br, atom.Hr:
		r.flush()
		return true
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		r.flush()
		r.heading = int(n.Data[1] - '0')
		r.children(n, depth)
		r.flush()
		r.heading = 0
		return true
	case atom.Tr:
		r.flush()
		r.row(n, depth)
		return true
	case atom.P, atom.Div, atom.Li, atom.Ul, atom.Ol, atom.Table, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Main, atom.Aside,
		atom.Blockquote, atom.Pre, atom.Dt, atom.Dd, atom.Dl, atom.Figure, atom.Figcaption, atom.Address, atom.Details, atom.Summary, atom.Caption, atom.Body, atom.Form, atom.Fieldset:
		r.flush()
		r.children(n, depth)
		r.flush()
		return true
	}
	return false
}

// row is a table's row: its cells, with a bar between them. A row of one cell is
// for the page's looks, and read as what stands in it.
func (r *htmlReader) row(n *html.Node, depth int) {
	var cells []string
	var only *html.Node
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.DataAtom == atom.Td || c.DataAtom == atom.Th {
			cells, only = append(cells, oneLine(innerText(c, depth))), c
		}
	}
	if len(cells) == 1 {
		r.children(only, depth+1)
		r.flush()
		return
	}
	r.text.WriteString(strings.Join(cells, " | "))
	r.flush()
}

func (r *htmlReader) meta(n *html.Node) {
	var name, content string
	for _, a := range n.Attr {
		switch a.Key {
		case "name", "property":
			name = strings.ToLower(a.Val)
		case "content":
			content = oneLine(a.Val)
		}
	}
	switch name {
	case "author":
		r.facts.author = content
	case "date", "dcterms.created", "dcterms.date", "article:published_time", "created":
		r.facts.at, _ = dateIn(content)
	}
}

func (r *htmlReader) flush() {
	text := oneLine(strings.Map(plainSpace, r.text.String()))
	r.text.Reset()
	if strings.Trim(text, " |") != "" {
		r.blocks = append(r.blocks, block{text: text, heading: r.heading})
	}
}

// innerText is the text of a node, with a space where an element breaks the line.
func innerText(n *html.Node, depth int) string {
	var b strings.Builder
	var walk func(*html.Node, int)
	walk = func(n *html.Node, depth int) {
		if depth > maxDepth || n.DataAtom == atom.Script || n.DataAtom == atom.Style {
			return
		}
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c, depth+1)
		}
		switch n.DataAtom {
		case atom.P, atom.Div, atom.Br, atom.Li, atom.Td, atom.Th, atom.Tr:
			b.WriteByte(' ')
		}
	}
	walk(n, depth)
	return b.String()
}
