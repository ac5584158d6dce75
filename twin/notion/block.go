package notion

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf16"
)

// The vendor's limits (developers.notion.com/reference/request-limits).
const (
	mostContent  = 2000
	mostURL      = 2000
	mostElements = 100
	mostBlocks   = 1000
	mostLevels   = 2 // of children below the blocks of one request
)

// texted are the types of block whose content is a rich text, and which may have
// children.
var texted = []string{
	"paragraph", "heading_1", "heading_2", "heading_3", "bulleted_list_item", "numbered_list_item", "quote", "to_do", "toggle", "callout", "code",
}

// checkBlocks holds the blocks of a request to the vendor's limits, and counts
// them. At is where they stand in the body.
func checkBlocks(at string, v any, level int) (count int, refused *refusal) {
	list, ok := v.([]any)
	switch {
	case !ok:
		return 0, invalid("body failed validation: %s should be an array.", at)
	case len(list) > mostElements:
		return 0, invalid("body failed validation: %s.length should be ≤ `%d`, instead was `%d`.", at, mostElements, len(list))
	case level > mostLevels:
		return 0, invalid("body failed validation: %s should be not present.", at)
	}
	for i, one := range list {
		at := fmt.Sprintf("%s[%d]", at, i)
		kind, content := typed(one)
		if content == nil {
			return 0, invalid("body failed validation: %s.type should be defined.", at)
		}
		count++
		if slices.Contains(texted, kind) {
			if refused := checkText(at+"."+kind+".rich_text", content["rich_text"]); refused != nil {
				return 0, refused
			}
		} else if kind != "divider" && kind != "table" && kind != "table_row" {
			return 0, invalid("body failed validation: %s.type %q is not known to the stand-in.", at, kind)
		}
		if children, has := content["children"]; has {
			n, refused := checkBlocks(at+"."+kind+".children", children, level+1)
			if refused != nil {
				return 0, refused
			}
			count += n
		}
	}
	if level == 0 && count > mostBlocks {
		return 0, invalid("body failed validation: the number of blocks should be ≤ `%d`, instead was `%d`.", mostBlocks, count)
	}
	return count, nil
}

// typed is a block's type and what stands under it.
func typed(v any) (string, map[string]any) {
	b, _ := v.(map[string]any)
	if kind, ok := b["type"].(string); ok {
		content, _ := b[kind].(map[string]any)
		return kind, content
	}
	for kind, content := range b {
		if m, ok := content.(map[string]any); ok && kind != "parent" {
			return kind, m
		}
	}
	return "", nil
}

// checkText holds a rich text to the limits.
func checkText(at string, v any) *refusal {
	list, ok := v.([]any)
	switch {
	case !ok:
		return invalid("body failed validation: %s should be defined, instead was `undefined`.", at)
	case len(list) > mostElements:
		return invalid("body failed validation: %s.length should be ≤ `%d`, instead was `%d`.", at, mostElements, len(list))
	}
	for i, one := range list {
		at := fmt.Sprintf("%s[%d].text", at, i)
		text := field[map[string]any](one, "text")
		if text == nil {
			return invalid("body failed validation: %s should be defined, instead was `undefined`.", at)
		}
		content := field[string](text, "content")
		if n := len(utf16.Encode([]rune(content))); n > mostContent {
			return invalid("body failed validation: %s.content.length should be ≤ `%d`, instead was `%d`.", at, mostContent, n)
		}
		url := field[string](field[map[string]any](text, "link"), "url")
		switch {
		case len(url) > mostURL:
			return invalid("body failed validation: %s.link.url.length should be ≤ `%d`, instead was `%d`.", at, mostURL, len(url))
		case text["link"] != nil && !strings.HasPrefix(url, "http://") && !strings.HasPrefix(url, "https://"):
			return invalid("Invalid URL for link.")
		}
	}
	return nil
}

// field is a value of an object, the zero one where there is none of the type.
func field[T any](v any, key string) T {
	m, _ := v.(map[string]any)
	out, _ := m[key].(T)
	return out
}

// answered is a rich text as answers have it.
func answered(v any) []any {
	list, _ := v.([]any)
	out := []any{}
	for _, one := range list {
		text := field[map[string]any](one, "text")
		content := field[string](text, "content")
		var link, href any
		if url := field[string](field[map[string]any](text, "link"), "url"); url != "" {
			link, href = map[string]any{"url": url}, url
		}
		look := map[string]any{"bold": false, "italic": false, "strikethrough": false, "underline": false, "code": false, "color": "default"}
		maps.Copy(look, field[map[string]any](one, "annotations"))
		out = append(out, map[string]any{
			"type": "text", "text": map[string]any{"content": content, "link": link},
			"annotations": look, "plain_text": content, "href": href,
		})
	}
	return out
}

// plain is the text of a rich text.
func plain(v any) string {
	list, _ := v.([]any)
	var b strings.Builder
	for _, one := range list {
		b.WriteString(field[string](field[map[string]any](one, "text"), "content"))
	}
	return b.String()
}

// stored is a block's content as the service keeps it: with defaults, and without
// the children, which are blocks of their own.
func stored(kind string, sent map[string]any) map[string]any {
	out := maps.Clone(sent)
	delete(out, "children")
	defaults := map[string]any{}
	if slices.Contains(texted, kind) {
		out["rich_text"] = answered(sent["rich_text"])
		defaults["color"] = "default"
	}
	switch kind {
	case "heading_1", "heading_2", "heading_3":
		defaults["is_toggleable"] = false
	case "callout":
		defaults["icon"] = nil
	case "to_do":
		defaults["checked"] = false
	case "code":
		delete(defaults, "color")
		defaults["language"], defaults["caption"] = "plain text", []any{}
	case "table":
		defaults["table_width"], defaults["has_column_header"], defaults["has_row_header"] = 2, false, false
	case "table_row":
		cells, _ := sent["cells"].([]any)
		shown := []any{}
		for _, cell := range cells {
			shown = append(shown, answered(cell))
		}
		out["cells"] = shown
	}
	for key, value := range defaults {
		if _, has := out[key]; !has {
			out[key] = value
		}
	}
	return out
}

// grow makes blocks of a request's children, below a page or a block.
func (s *Server) grow(parent *node, at int, children []any, by string, now time.Time) []*node {
	var made []*node
	for _, one := range children {
		kind, content := typed(one)
		n := &node{
			id: s.newID(), kind: kind, content: stored(kind, content), parent: parent, createdBy: by, editedBy: by, created: now, edited: now,
		}
		s.nodes[n.id] = n
		below, _ := content["children"].([]any)
		s.grow(n, 0, below, by, now)
		made = append(made, n)
	}
	parent.children = slices.Insert(parent.children, at, made...)
	for p := parent; p != nil; p = p.parent {
		p.edited, p.editedBy = now, by
		if p.kind == kindPage {
			break
		}
	}
	return made
}

const kindPage = "page"

// page is the page that a block stands on; the page itself for one.
func (n *node) page() *node {
	for n.parent != nil {
		n = n.parent
	}
	return n
}

// living are the children that are not in the trash.
func (n *node) living() []*node {
	var out []*node
	for _, c := range n.children {
		if !c.trash {
			out = append(out, c)
		}
	}
	return out
}

// known is a page or block that the connection may see.
func (s *Server) known(id, what string) (*node, *refusal) {
	n := s.nodes[id]
	if n == nil || n.page().unshared || n != n.page() && n.page().trash {
		return nil, notFound(what, id)
	}
	return n, nil
}

func userNote(id string) map[string]any { return map[string]any{"object": "user", "id": id} }

// block is a block as answers have it.
func (n *node) block() map[string]any {
	if n.kind == kindPage {
		return map[string]any{
			"object": "block", "id": n.id, "type": "child_page", "child_page": map[string]any{"title": n.titled()}, "parent": n.parentNote(),
			"created_time": stamp(n.created), "created_by": userNote(n.createdBy), "last_edited_time": stamp(n.edited), "last_edited_by": userNote(n.editedBy),
			"has_children": len(n.living()) > 0, "in_trash": n.trash,
		}
	}
	return map[string]any{
		"object": "block", "id": n.id, "type": n.kind, n.kind: n.content, "parent": n.parentNote(),
		"created_time": stamp(n.created), "created_by": userNote(n.createdBy), "last_edited_time": stamp(n.edited), "last_edited_by": userNote(n.editedBy),
		"has_children": len(n.living()) > 0, "in_trash": n.trash,
	}
}

func (n *node) parentNote() map[string]any {
	switch {
	case n.parent != nil && n.parent.kind == kindPage:
		return map[string]any{"type": "page_id", "page_id": n.parent.id}
	case n.parent != nil:
		return map[string]any{"type": "block_id", "block_id": n.parent.id}
	case n.inDatabase:
		return map[string]any{"type": "data_source_id", "data_source_id": DataSource, "database_id": Database}
	}
	return map[string]any{"type": "workspace", "workspace": true}
}

func (s *Server) getBlock(r request) (any, *refusal) {
	n, refused := s.known(r.id, "block")
	if refused != nil {
		return nil, refused
	}
	return n.block(), nil
}

const archived = "Can't edit block that is archived. You must unarchive the block before editing."

func (s *Server) updateBlock(r request) (any, *refusal) {
	n, refused := s.known(r.id, "block")
	switch {
	case refused != nil:
		return nil, refused
	case n.kind == kindPage:
		return nil, invalid("Pages are updated by the pages' endpoint.")
	case n.trash:
		return nil, invalid(archived)
	}
	for key, value := range r.body {
		switch content, _ := value.(map[string]any); {
		case key == "type" || key == "in_trash":
		case key != n.kind:
			return nil, invalid("body failed validation: body.%s should be not present, the block is a %s.", key, n.kind)
		case content["children"] != nil:
			return nil, invalid("body failed validation: body.%s.children should be not present.", key)
		default:
			if refused := checkText("body."+key+".rich_text", content["rich_text"]); refused != nil {
				return nil, refused
			}
			now := stored(n.kind, content)
			for name := range content { // what is not sent is not changed
				n.content[name] = now[name]
			}
		}
	}
	n.edited, n.editedBy = s.now(), Bot
	return n.block(), nil
}

func (s *Server) deleteBlock(r request) (any, *refusal) {
	n, refused := s.known(r.id, "block")
	switch {
	case refused != nil:
		return nil, refused
	case n.trash:
		return nil, invalid(archived)
	}
	n.trash, n.edited, n.editedBy = true, s.now(), Bot
	return n.block(), nil
}

func (s *Server) listChildren(r request) (any, *refusal) {
	n, refused := s.known(r.id, "block")
	if refused != nil {
		return nil, refused
	}
	var all []map[string]any
	for _, c := range n.living() {
		all = append(all, c.block())
	}
	return paged(all, r.query("start_cursor"), r.query("page_size"), "block")
}

func (s *Server) appendChildren(r request) (any, *refusal) {
	n, refused := s.known(r.id, "block")
	switch {
	case refused != nil:
		return nil, refused
	case n.trash:
		return nil, invalid(archived)
	case n.kind != kindPage && !slices.Contains(texted, n.kind):
		return nil, invalid("Block does not support children.")
	}
	if _, refused := checkBlocks("body.children", r.body["children"], 0); refused != nil {
		return nil, refused
	}
	children, _ := r.body["children"].([]any)
	at := len(n.children)
	position := field[map[string]any](r.body, "position")
	switch field[string](position, "type") {
	case "start":
		at = 0
	case "after_block":
		after := dashed(field[string](field[map[string]any](position, "after_block"), "id"))
		i := slices.IndexFunc(n.children, func(c *node) bool { return c.id == after && !c.trash })
		if i < 0 {
			return nil, invalid("Block to append children after, %s, could not be found below %s.", after, n.id)
		}
		at = i + 1
	}
	if r.blocks >= 0 && r.blocks < len(children) {
		children = children[:r.blocks]
	}
	var made []map[string]any
	for _, c := range s.grow(n, at, children, Bot, s.now()) {
		made = append(made, c.block())
	}
	return list(made, "", "block"), nil
}
