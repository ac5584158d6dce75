package reply

import (
	_ "embed"
	"iter"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// SplitHTML makes an HTML mail readable and sets it apart. The blocks are
// ranges of Parts.Text, which is the readable text, not of the HTML.
//
// Paragraphs, line breaks, list marks and table rows are kept; what a reader of
// the mail would not see (styles, scripts, hidden elements) is left out; quoted
// text begins with "> ".
func SplitHTML(source string) Parts { return SplitHTMLFrom(source, "") }

// SplitHTMLFrom is SplitHTML for a known sender, see [SplitFrom].
func SplitHTMLFrom(source, sender string) Parts {
	text, hints := readable(source)
	lines := scan(text)
	for i := range lines {
		if i < len(hints) {
			lines[i].hint = hints[i]
		}
	}
	return split(text, lines, parseSender(sender))
}

// Text is the readable text of any HTML, as [SplitHTML] makes it.
func Text(source string) string {
	text, _ := readable(source)
	return text
}

//go:embed marks.txt
var markFile string

var marks = parseMarks(markFile)

// A mark is what a class or an id says of the element that bears it.
type mark int

const (
	markNone mark = iota
	markQuoted
	markAround
	markAbove
	markRest
	markSignature
)

// markSet is the names of marks.txt; those that end in * stand in prefixes.
type markSet struct {
	names    map[string]mark
	prefixes map[string]mark
}

func parseMarks(s string) markSet {
	sections := map[string]mark{
		"[quoted]": markQuoted, "[around]": markAround, "[above]": markAbove, "[rest]": markRest, "[signature]": markSignature,
	}
	set := markSet{names: map[string]mark{}, prefixes: map[string]mark{}}
	current := markNone
	for l := range strings.Lines(s) {
		l, _, _ = strings.Cut(l, "#")
		l = strings.TrimSpace(l)
		if m, ok := sections[l]; ok {
			current = m
		} else if stem, ok := strings.CutSuffix(l, "*"); ok {
			set.prefixes[stem] = current
		} else if l != "" {
			set.names[l] = current
		}
	}
	return set
}

func (m markSet) of(name string) mark {
	name = strings.TrimPrefix(strings.ToLower(name), "x_")
	if k, ok := m.names[name]; ok {
		return k
	}
	for p, k := range m.prefixes {
		if strings.HasPrefix(name, p) {
			return k
		}
	}
	return markNone
}

// readable is the text of an HTML mail, and what the HTML says of each line.
// HTML that the parser refuses (it does for elements 512 deep) is stripped of
// its tags instead.
func readable(source string) (string, []hint) {
	doc, err := html.Parse(strings.NewReader(source))
	if err != nil {
		return stripTags(source), nil
	}
	w := &writer{}
	w.node(doc, place{})
	w.endLine()
	return w.result()
}

func stripTags(source string) string {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(source))
	skip := 0
	for {
		switch z.Next() {
		case html.ErrorToken:
			return strings.TrimSpace(b.String())
		case html.TextToken:
			if skip == 0 {
				b.Write(z.Text())
			}
		case html.StartTagToken:
			if name, _ := z.TagName(); unseen(atom.Lookup(name)) {
				skip++
			} else if isBlock(atom.Lookup(name)) {
				b.WriteByte('\n')
			}
		case html.EndTagToken:
			if name, _ := z.TagName(); unseen(atom.Lookup(name)) && skip > 0 {
				skip--
			}
		case html.SelfClosingTagToken:
			b.WriteByte('\n')
		}
	}
}

// Bounds on what is looked at, far above what any mail program writes, so that
// hostile HTML costs no more than its length.
const (
	maxQuotes  = 16  // blockquotes within one another that are told apart
	maxPeeked  = 500 // nodes within an element that are looked at ahead
	introPeek  = 4 * introBytes
	fieldBytes = 100 // of the bold name of a header field
)

// place is what an element inherits from those around it.
type place struct {
	quotes int // blockquotes around it
	hint   hint
	pre    bool
	tight  bool   // its paragraphs have no space between them
	above  *bool  // in an element that holds a quote: the quote is yet to come
	items  *int   // number of the last item of the ordered list it stands in
	bullet string // mark of the items of the list it stands in
	cells  *int   // how many cells of the table row it stands in are written
}

// A writer collects lines.
type writer struct {
	lines   []string
	hints   []hint
	cur     strings.Builder
	place   place // of the line in the making
	started bool  // the line in the making has text
	inked   bool  // the line in the making has more than white space
	bare    bool  // the last of lines has nothing but quote marks
	gap     bool  // a blank line is due before the next text
	lead    string
	rest    bool // a mark has said that all from here on is quoted
}

func (w *writer) result() (string, []hint) {
	first, last := 0, len(w.lines)
	for first < last && w.lines[first] == "" {
		first++
	}
	for last > first && w.lines[last-1] == "" {
		last--
	}
	if first == last {
		return "", nil
	}
	return strings.Join(w.lines[first:last], "\n") + "\n", w.hints[first:last]
}

func (w *writer) node(n *html.Node, p place) {
	switch n.Type {
	case html.TextNode:
		w.text(n.Data, p)
		return
	case html.ElementNode:
		w.element(n, p)
		return
	}
	w.children(n, p)
}

func (w *writer) children(n *html.Node, p place) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		w.node(c, p)
	}
}

func (w *writer) element(n *html.Node, p place) {
	if unseen(n.DataAtom) || hidden(n) {
		return
	}
	p = w.mark(n, p)
	switch n.DataAtom {
	case atom.Br:
		w.breakLine(p)
		return
	case atom.Hr:
		w.endLine()
		w.text(strings.Repeat("-", 10), p)
		w.endLine()
		return
	case atom.Td, atom.Th:
		w.cell(n, p)
		return
	case atom.Ul:
		p.items, p.bullet = nil, "- "
	case atom.Ol:
		p.items = startOf(n)
	case atom.Li:
		p.tight = true
		w.endLine()
		w.lead = p.bullet
		if p.items != nil {
			*p.items++
			w.lead = strconv.Itoa(*p.items) + ". "
		}
	case atom.Tr:
		p.cells = new(int)
	case atom.Pre:
		p.pre = true
	case atom.Blockquote:
		if p.above != nil {
			*p.above = false
		}
		if !indents(n) && p.hint != hintQuoted {
			p.quotes = min(p.quotes+1, maxQuotes)
		}
	}
	if !isBlock(n.DataAtom) {
		w.children(n, p)
		return
	}
	spaced := spacedOut(n, p)
	w.endLine()
	w.gap = w.gap || spaced
	w.children(n, p)
	w.endLine()
	w.gap = w.gap || spaced
	w.lead = ""
}

// mark applies what the element's class, id and form say of it.
func (w *writer) mark(n *html.Node, p place) place {
	if p.hint == hintQuoted {
		return p
	}
	switch elementMark(n) {
	case markQuoted:
		p.hint = hintQuoted
	case markAround:
		if intro := beforeQuote(n); intro != "" && len(intro) <= introBytes {
			p.above = new(bool)
			*p.above = true
		}
	case markAbove:
		p.hint = hintAbove
	case markRest:
		if !w.rest {
			w.endLine()
			w.rest = true
		}
	case markSignature:
		p.hint = hintSignature
	case markNone:
		if framedHeader(n) && !w.rest {
			w.endLine()
			w.rest = true
		}
	}
	return p
}

func elementMark(n *html.Node) mark {
	for _, a := range n.Attr {
		switch a.Key {
		case "class", "id", "data-marker":
			for _, name := range strings.Fields(a.Val) {
				if m := marks.of(name); m != markNone {
					return m
				}
			}
		case "data-signatureblock":
			return markSignature
		}
	}
	return markNone
}

// beforeQuote is the text within an element above its first blockquote; "" where
// it has none.
func beforeQuote(n *html.Node) string {
	var b strings.Builder
	for c := range peek(n) {
		switch {
		case c.DataAtom == atom.Blockquote:
			return trim(b.String())
		case b.Len() > introPeek:
			return ""
		case c.Type == html.TextNode:
			b.WriteString(cut(c.Data, introPeek+1))
		}
	}
	return ""
}

// peek yields the first nodes within n.
func peek(n *html.Node) iter.Seq[*html.Node] {
	return func(yield func(*html.Node) bool) {
		seen := 0
		for c := range n.Descendants() {
			if seen++; seen > maxPeeked || !yield(c) {
				return
			}
		}
	}
}

var border = regexp.MustCompile(`border-top(?:-style|-color|-width)?:`)

// framedHeader reports whether the element is the header that Outlook, in any
// language, puts above the message it quotes: a line on top, and at least three
// names of fields in bold.
func framedHeader(n *html.Node) bool {
	if n.DataAtom != atom.Div || !border.MatchString(style(n)) {
		return false
	}
	fields := 0
	for c := range peek(n) {
		if c.DataAtom != atom.B && c.DataAtom != atom.Strong {
			continue
		}
		if s := trim(textOf(c)); strings.HasSuffix(s, ":") || strings.HasSuffix(s, "：") {
			fields++
		}
	}
	return fields >= 3
}

// textOf is the text within an element; "" where it is too long for the name of
// a field.
func textOf(n *html.Node) string {
	var b strings.Builder
	for c := range peek(n) {
		if c.Type != html.TextNode {
			continue
		}
		if b.Len()+len(c.Data) > fieldBytes {
			return ""
		}
		b.WriteString(c.Data)
	}
	return b.String()
}

// text writes text, its white space run together as a browser does.
func (w *writer) text(s string, p place) {
	if p.pre {
		for i, l := range strings.Split(s, "\n") {
			if i > 0 {
				w.breakLine(p)
			}
			w.word(strings.TrimRight(l, "\r"), p)
		}
		return
	}
	for _, f := range splitSpaces(s) {
		if f == " " {
			if w.started {
				w.cur.WriteByte(' ')
			}
			continue
		}
		w.word(f, p)
	}
}

// splitSpaces cuts a text into words, each run of white space between them a
// single " ".
func splitSpaces(s string) []string {
	var fs []string
	for len(s) > 0 {
		i := strings.IndexAny(s, " \t\r\n\f")
		switch {
		case i < 0:
			return append(fs, s)
		case i > 0:
			fs = append(fs, s[:i])
		}
		fs = append(fs, " ")
		s = strings.TrimLeft(s[i:], " \t\r\n\f")
	}
	return fs
}

// word writes a word into the line, which it begins if need be.
func (w *writer) word(s string, p place) {
	s = visibleText(s)
	if s == "" {
		return
	}
	if p.above != nil && *p.above && p.hint == hintNone {
		p.hint = hintAbove
	}
	if !w.inked {
		ink := strings.TrimSpace(s) != ""
		if w.gap && ink {
			w.blank(w.commonPlace(p))
			w.gap = false
		}
		w.place, w.started, w.inked = p, true, ink
		if ink {
			w.cur.Reset()
			w.cur.WriteString(w.lead)
			w.lead = ""
		}
	} else if p.quotes != w.place.quotes || p.hint != w.place.hint && (p.hint == hintQuoted || w.place.hint == hintQuoted) {
		w.endLine()
		w.word(s, p)
		return
	}
	w.cur.WriteString(s)
}

// commonPlace is where a blank line before text at p stands: in the quote only
// where the line before it is in it as well.
func (w *writer) commonPlace(p place) place {
	p.quotes = min(p.quotes, w.place.quotes)
	if p.hint != w.place.hint {
		p.hint = hintNone
	}
	return p
}

// visibleText makes non-breaking spaces spaces and leaves out what has no shape.
func visibleText(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\u00a0' || r == '\u2007' || r == '\u202f':
			return ' '
		case invisible(r) || r == '\r' || r == '\n':
			return -1
		}
		return r
	}, s)
}

// endLine ends the line in the making if there is one.
func (w *writer) endLine() {
	if w.started {
		w.line(w.cur.String(), w.place)
	}
	w.cur.Reset()
	w.started, w.inked = false, false
}

// breakLine ends the line in the making, which may be blank.
func (w *writer) breakLine(p place) {
	if w.started {
		w.endLine()
		return
	}
	w.blank(w.commonPlace(p))
}

func (w *writer) blank(p place) {
	if len(w.lines) > 0 && !w.bare {
		w.line("", p)
	}
}

func (w *writer) line(s string, p place) {
	s = strings.TrimRight(s, " \t")
	if !p.pre {
		s = strings.TrimLeft(s, " \t")
	}
	if s == "" && (len(w.lines) == 0 || w.bare) {
		return
	}
	if w.rest && p.hint != hintQuoted {
		p.hint = hintRest
	}
	s = strings.TrimRight(strings.Repeat("> ", p.quotes)+s, " ")
	w.lines, w.hints = append(w.lines, s), append(w.hints, p.hint)
	w.bare = strings.Trim(s, "> ") == ""
}

// cell writes a table's cell: those of a row stand in one line, " | " between
// them, unless they hold blocks.
func (w *writer) cell(n *html.Node, p place) {
	first := p.cells == nil || *p.cells == 0
	if p.cells != nil {
		*p.cells++
	}
	if w.inked {
		if first || holdsBlocks(n) {
			w.endLine()
		} else {
			w.cur.WriteString(" | ")
		}
	}
	w.children(n, p)
}

// holdsBlocks reports whether there are blocks or line breaks within an element,
// or so much else that it can't stand in a row.
func holdsBlocks(n *html.Node) bool {
	seen := 0
	for c := range n.Descendants() {
		if seen++; seen > maxPeeked || isBlock(c.DataAtom) || c.DataAtom == atom.Br {
			return true
		}
	}
	return false
}

// startOf is the number before that of an ordered list's first item.
func startOf(n *html.Node) *int {
	start, err := strconv.Atoi(attr(n, "start"))
	if err != nil {
		start = 1
	}
	start--
	return &start
}

// spacedOut reports whether an element has space above and below: a paragraph,
// unless its style takes it away, as Word's and Outlook's does.
func spacedOut(n *html.Node, p place) bool {
	switch n.DataAtom {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Blockquote, atom.Pre:
		return true
	case atom.Ul, atom.Ol:
		return !p.tight
	case atom.P:
		if p.tight {
			return false
		}
		s := style(n)
		class := strings.ToLower(attr(n, "class"))
		return !strings.Contains(class, "msonormal") && !strings.Contains(class, "msolist") &&
			!strings.Contains(s, "margin:0") && !strings.Contains(s, "margin-top:0")
	}
	return false
}

// indents reports whether a blockquote is only an indentation, as the buttons of
// Gmail and Outlook for it make: forty pixels to the left and no border.
func indents(n *html.Node) bool {
	s := style(n)
	if strings.Contains(attr(n, "class"), "quote") || attr(n, "type") == "cite" || attr(n, "cite") != "" {
		return false
	}
	return strings.Contains(s, "border:none") || strings.Contains(s, "border:0") ||
		strings.Contains(s, "margin:00040px") || strings.Contains(s, "margin:0px0px0px40px") || strings.Contains(s, "margin-left:40px")
}

// style is an element's style attribute in lower case, without white space.
func style(n *html.Node) string {
	return strings.Join(strings.Fields(strings.ToLower(attr(n, "style"))), "")
}

// hidden reports whether a reader of the mail would not see the element, as the
// preview text of newsletters.
func hidden(n *html.Node) bool {
	s := style(n)
	for _, a := range n.Attr {
		if a.Key == "hidden" {
			return true
		}
	}
	return strings.Contains(s, "display:none") || strings.Contains(s, "visibility:hidden") || strings.Contains(s, "mso-hide:all") ||
		fontZero.MatchString(s)
}

var fontZero = regexp.MustCompile(`font-size:0(?:px|pt|em)?(?:;|$|!)`)

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// unseen reports whether an element's content is no text of the page.
func unseen(a atom.Atom) bool {
	switch a {
	case atom.Head, atom.Title, atom.Style, atom.Script, atom.Template, atom.Noscript, atom.Object, atom.Iframe, atom.Svg, atom.Select, atom.Textarea:
		return true
	}
	return false
}

func isBlock(a atom.Atom) bool {
	switch a {
	case atom.Address, atom.Article, atom.Aside, atom.Blockquote, atom.Body, atom.Center, atom.Dd, atom.Div, atom.Dl, atom.Dt,
		atom.Figure, atom.Footer, atom.Form, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Header, atom.Hr,
		atom.Li, atom.Main, atom.Nav, atom.Ol, atom.P, atom.Pre, atom.Section, atom.Table, atom.Tr, atom.Ul:
		return true
	}
	return false
}
