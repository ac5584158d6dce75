package notion

import (
	"cmp"
	"encoding/json"
	"net/url"
	"strings"
	"unicode/utf8"

	"throughline/render"
)

// Limits of a request (developers.notion.com/reference/request-limits). Those
// on a whole payload are kept well clear of.
const (
	mostContent  = 2000       // characters of one rich text, taken as UTF-16 units
	mostURL      = 2000       // characters
	mostArray    = 100        // elements of any array: children, rich texts
	mostBlocks   = 900        // blocks of a payload; the vendor's limit is 1,000
	mostBytes    = 400 * 1000 // of a payload; the vendor's limit is 500 KB
	mostChildren = 300        // blocks sent along with the block that holds them
)

// A block is one that should stand on a page.
type block struct {
	kind     string // the vendor's type: "toggle"
	color    string
	icon     string // of a callout, an emoji
	text     []run
	children []*block
}

// A run is a stretch of text in one style, within the limits of a rich text.
type run struct {
	text         string
	bold, italic bool
	href         string
}

// richText is the vendor's form of a run, in requests and in answers.
type richText struct {
	Type string `json:"type"`
	Text *struct {
		Content string `json:"content"`
		Link    *struct {
			URL string `json:"url"`
		} `json:"link"`
	} `json:"text,omitempty"`
	Annotations *annotations `json:"annotations,omitempty"`
	Plain       string       `json:"plain_text,omitempty"`
	Href        *string      `json:"href,omitempty"`
}

type annotations struct {
	Bold          bool   `json:"bold"`
	Italic        bool   `json:"italic"`
	Strikethrough bool   `json:"strikethrough"`
	Underline     bool   `json:"underline"`
	Code          bool   `json:"code"`
	Color         string `json:"color"`
}

// blocksOf are a document's blocks in the vendor's terms.
func blocksOf(all []render.Block) []*block {
	var out []*block
	for _, b := range all {
		kind := map[render.BlockKind]string{
			render.BlockParagraph: "paragraph", render.BlockCallout: "callout", render.BlockBullet: "bulleted_list_item",
			render.BlockQuote: "quote", render.BlockToggle: "toggle", render.BlockHeading: "heading_3",
			render.BlockTodo: "to_do",
		}[b.Kind]
		shown := &block{kind: kind}
		switch {
		case b.Kind == render.BlockHeading && b.Level <= 2:
			shown.kind = "heading_2"
		case b.Kind == render.BlockCallout:
			shown.icon, shown.color = "📌", "gray_background"
		}
		texts := fitted(b.Text)
		shown.text = texts[0]
		shown.children = blocksOf(b.Children)
		out = append(out, shown)
		for _, rest := range texts[1:] {
			out = append(out, &block{kind: "paragraph", text: rest})
		}
	}
	return out
}

// fitted cuts a text to runs within the limits, and those to as many blocks as it
// takes. There is at least one.
func fitted(text []render.Run) [][]run {
	var all []run
	for _, r := range text {
		href := r.Href
		if !linkable(href) {
			href = ""
		}
		for _, piece := range pieces(r.Text) {
			all = append(all, run{text: piece, bold: r.Bold, italic: r.Italic, href: href})
		}
	}
	all = joined(all)
	out := [][]run{nil}
	for _, r := range all {
		if len(out[len(out)-1]) == mostArray {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], r)
	}
	return out
}

// linkable reports whether an address may be a link's: http or https, and no
// longer than the vendor takes.
func linkable(href string) bool {
	u, err := url.Parse(href)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && len(href) <= mostURL
}

// pieces cuts a text into pieces of at most mostContent UTF-16 units.
func pieces(text string) []string {
	var out []string
	units, from := 0, 0
	text = strings.ToValidUTF8(text, "")
	for i, r := range text {
		n := 1
		if r > 0xFFFF {
			n = 2
		}
		if units+n > mostContent {
			out = append(out, text[from:i])
			units, from = 0, i
		}
		units += n
	}
	if from < len(text) {
		out = append(out, text[from:])
	}
	return out
}

// joined puts neighbours of one style together, as the vendor may, as far as they
// fit into one.
func joined(all []run) []run {
	var out []run
	for _, r := range all {
		if n := len(out); n > 0 && sameStyle(out[n-1], r) && len(pieces(out[n-1].text+r.text)) == 1 {
			out[n-1].text += r.text
			continue
		}
		out = append(out, r)
	}
	return out
}

func sameStyle(a, b run) bool { return a.bold == b.bold && a.italic == b.italic && a.href == b.href }

// plain is a text without its styles.
func plain(text []run) string {
	var b strings.Builder
	for _, r := range text {
		b.WriteString(r.text)
	}
	return b.String()
}

// key is the same for two blocks of one kind that say the same in the same style,
// however the text is cut into runs.
func key(kind string, text []run) string {
	var b strings.Builder
	b.WriteString(kind)
	var last *run
	for i := range text {
		r := &text[i]
		if last == nil || !sameStyle(*last, *r) {
			b.WriteString("\x00")
			b.WriteString(map[bool]string{true: "b"}[r.bold] + map[bool]string{true: "i"}[r.italic] + r.href + "\x00")
		}
		b.WriteString(r.text)
		last = r
	}
	return b.String()
}

func (b *block) key() string { return key(b.kind, b.text) }

// richTexts are runs as a request has them. Text is always of the type text, so
// that nothing in it is a mention or an equation.
func richTexts(text []run) []map[string]any {
	out := make([]map[string]any, 0, len(text))
	for _, r := range text {
		content := map[string]any{"content": r.text}
		if r.href != "" {
			content["link"] = map[string]any{"url": r.href}
		}
		one := map[string]any{"type": "text", "text": content}
		if r.bold || r.italic {
			one["annotations"] = map[string]any{"bold": r.bold, "italic": r.italic}
		}
		out = append(out, one)
	}
	return out
}

// content is what stands under a block's type in a request.
func (b *block) content() map[string]any {
	out := map[string]any{"rich_text": richTexts(b.text)}
	if b.color != "" {
		out["color"] = b.color
	}
	if b.icon != "" {
		out["icon"] = map[string]any{"type": "emoji", "emoji": b.icon}
	}
	return out
}

// A payload is a block as a request has it.
type payload struct {
	body   map[string]any
	blocks int
	bytes  int
	whole  bool // false where children had to be left for later
}

// sent is the block with as many of its children as may go along.
func (b *block) sent() payload {
	content := b.content()
	p := payload{blocks: 1, whole: true, bytes: size(content)}
	var children []map[string]any
	for _, child := range b.children {
		inner := child.content()
		n := size(inner)
		if len(children) == mostArray || p.blocks >= mostChildren || p.bytes+n > mostBytes/2 {
			p.whole = false
			break
		}
		children = append(children, map[string]any{"object": "block", "type": child.kind, child.kind: inner})
		p.blocks++
		p.bytes += n
		p.whole = p.whole && len(child.children) == 0
	}
	if len(children) > 0 {
		content["children"] = children
	}
	p.body = map[string]any{"object": "block", "type": b.kind, b.kind: content}
	return p
}

// size is about how many bytes a block takes.
func size(content map[string]any) int {
	raw, err := json.Marshal(content)
	if err != nil {
		return mostBytes
	}
	const around = 100 // the object's own keys
	return len(raw) + around
}

// A standing block is one that stands on a page.
type standing struct {
	id, kind    string
	createdBy   string
	hasChildren bool
	text        []run
	raw         blockAnswer
}

func (s *standing) key() string { return key(s.kind, s.text) }

// blockAnswer is a block as the vendor answers it.
type blockAnswer struct {
	ID          string `json:"id"`
	Type        string `json:"type"`
	HasChildren bool   `json:"has_children"`
	CreatedBy   struct {
		ID string `json:"id"`
	} `json:"created_by"`
	content map[string]json.RawMessage // what stands under its type
}

// UnmarshalJSON reads the fields that all have, and what stands under the type.
func (b *blockAnswer) UnmarshalJSON(raw []byte) error {
	type fields blockAnswer
	if err := json.Unmarshal(raw, (*fields)(b)); err != nil {
		return err
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		return err
	}
	b.content = map[string]json.RawMessage{}
	if inner := all[b.Type]; len(inner) > 0 {
		// Of a type that is no object there is nothing to know.
		_ = json.Unmarshal(inner, &b.content)
	}
	return nil
}

// richTexts are the block's own text, or its caption's or cells'.
func (b *blockAnswer) richTexts(field string) []richText {
	var out []richText
	if json.Unmarshal(b.content[field], &out) != nil {
		return nil
	}
	return out
}

func (b *blockAnswer) standing() *standing {
	s := &standing{id: b.ID, kind: b.Type, createdBy: b.CreatedBy.ID, hasChildren: b.HasChildren, raw: *b}
	for _, t := range b.richTexts("rich_text") {
		s.text = append(s.text, t.run())
	}
	return s
}

func (t richText) run() run {
	r := run{text: t.Plain}
	if t.Text != nil {
		r.text = t.Text.Content
		if t.Text.Link != nil {
			r.href = t.Text.Link.URL
		}
	}
	if t.Annotations != nil {
		r.bold, r.italic = t.Annotations.Bold, t.Annotations.Italic
	}
	return r
}

// shown is what a person reads of a rich text: a mention's name, an equation's
// expression, and a link's text.
func (t richText) shown() string {
	return cmp.Or(t.Plain, t.run().text)
}

// shortened is a text of at most n characters.
func shortened(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}
