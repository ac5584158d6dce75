package notion

import (
	"slices"
	"strconv"
	"strings"
)

// list is a page of results.
func list(results []map[string]any, next, kind string) map[string]any {
	if results == nil {
		results = []map[string]any{}
	}
	out := map[string]any{"object": "list", "results": results, "has_more": next != "", "next_cursor": nil, "type": kind, kind: map[string]any{}}
	if next != "" {
		out["next_cursor"] = next
	}
	return out
}

// paged is the page of results that the cursor, the id of its first, points at.
func paged(all []map[string]any, cursor, size, kind string) (any, *refusal) {
	most := 100
	if size != "" {
		n, err := strconv.Atoi(size)
		if err != nil || n < 1 || n > 100 {
			return nil, invalid("page_size should be a number from 1 to 100.")
		}
		most = n
	}
	if cursor != "" {
		i := slices.IndexFunc(all, func(one map[string]any) bool { return one["id"] == cursor })
		if i < 0 {
			return nil, invalid("The start_cursor provided is invalid: %s", cursor)
		}
		all = all[i:]
	}
	next := ""
	if len(all) > most {
		next, _ = all[most]["id"].(string)
		all = all[:most]
	}
	return list(all, next, kind), nil
}

// titled is a page's title.
func (n *node) titled() string {
	if !n.inDatabase {
		return n.title
	}
	for _, v := range n.properties {
		if title, ok := field[any](v, "title").([]any); ok {
			return plain(title)
		}
	}
	return ""
}

func (n *node) url() string {
	slug := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, n.titled())
	return "https://app.notion.com/p/" + slug + "-" + strings.ReplaceAll(n.id, "-", "")
}

// shown is a page as answers have it.
func (s *Server) shown(n *node) map[string]any {
	properties := map[string]any{}
	if !n.inDatabase {
		properties["title"] = map[string]any{"id": "title", "type": "title", "title": answered([]any{map[string]any{"text": map[string]any{"content": n.title}}})}
	} else {
		for name, c := range s.source.columns {
			properties[name] = c.shown(n.properties[name])
		}
	}
	return map[string]any{
		"object": "page", "id": n.id, "created_time": stamp(n.created), "last_edited_time": stamp(n.edited), "in_trash": n.trash, "is_locked": false,
		"url": n.url(), "public_url": nil, "parent": n.parentNote(), "properties": properties, "icon": nil, "cover": nil,
		"created_by": userNote(n.createdBy), "last_edited_by": userNote(n.editedBy),
	}
}

// shown is a column's value on a page, as answers have it.
func (c column) shown(v any) map[string]any {
	out := map[string]any{"id": c.id, "type": c.kind}
	switch c.kind {
	case "title", "rich_text":
		out[c.kind] = answered(field[any](v, c.kind))
	case "select", "status":
		out[c.kind] = nil
		if name := field[string](field[map[string]any](v, c.kind), "name"); name != "" {
			out[c.kind] = map[string]any{"id": name, "name": name, "color": "default"}
		}
	case "date":
		out[c.kind] = nil
		if start := field[string](field[map[string]any](v, c.kind), "start"); start != "" {
			out[c.kind] = map[string]any{"start": start, "end": nil, "time_zone": nil}
		}
	case "people":
		out[c.kind] = []any{}
	default:
		out[c.kind] = field[any](v, c.kind)
	}
	return out
}

// checkProperties holds a page's properties to the database's columns.
func (s *Server) checkProperties(v any) *refusal {
	properties, ok := v.(map[string]any)
	if !ok {
		return invalid("body failed validation: body.properties should be defined, instead was `undefined`.")
	}
	for name, value := range properties {
		c, ok := s.source.columns[name]
		if !ok {
			return invalid("%s is not a property that exists.", name)
		}
		content, has := value.(map[string]any)[c.kind]
		if !has {
			return invalid("%s is expected to be %s.", name, c.kind)
		}
		switch c.kind {
		case "title", "rich_text":
			if refused := checkText("body.properties."+name+"."+c.kind, content); refused != nil {
				return refused
			}
		case "status", "select":
			option := field[string](content, "name")
			switch {
			case c.kind == "status" && !slices.Contains(c.options, option):
				return invalid("Status option %q does not exist.", option)
			case strings.Contains(option, ","):
				return invalid("Invalid select option, commas not allowed: %s", option)
			}
		}
	}
	return nil
}

func (s *Server) createPage(r request) (any, *refusal) {
	parent := field[map[string]any](r.body, "parent")
	if dashed(field[string](parent, "data_source_id")) != DataSource || s.source.unshared {
		return nil, notFound("data source", field[string](parent, "data_source_id"))
	}
	if refused := s.checkProperties(r.body["properties"]); refused != nil {
		return nil, refused
	}
	children, has := r.body["children"]
	if has {
		if _, refused := checkBlocks("body.children", children, 0); refused != nil {
			return nil, refused
		}
	}
	now := s.now()
	n := &node{
		id: s.newID(), kind: kindPage, inDatabase: true, properties: field[map[string]any](r.body, "properties"),
		createdBy: Bot, editedBy: Bot, created: now, edited: now, vis: now.Add(s.Lag),
	}
	s.nodes[n.id] = n
	s.pages = append(s.pages, n)
	blocks, _ := children.([]any)
	s.grow(n, 0, blocks, Bot, now)
	return s.shown(n), nil
}

// pageOf is a page that the connection may see.
func (s *Server) pageOf(id string) (*node, *refusal) {
	n, refused := s.known(id, "page")
	if refused == nil && n.kind != kindPage {
		refused = notFound("page", id)
	}
	return n, refused
}

func (s *Server) getPage(r request) (any, *refusal) {
	n, refused := s.pageOf(r.id)
	if refused != nil {
		return nil, refused
	}
	return s.shown(n), nil
}

func (s *Server) updatePage(r request) (any, *refusal) {
	n, refused := s.pageOf(r.id)
	if refused != nil {
		return nil, refused
	}
	if trash, ok := r.body["in_trash"].(bool); ok {
		n.trash = trash
	}
	if properties, ok := r.body["properties"]; ok {
		if refused := s.checkProperties(properties); refused != nil {
			return nil, refused
		}
		for name, value := range field[map[string]any](r.body, "properties") {
			n.properties[name] = value
		}
	}
	n.edited, n.editedBy = s.now(), Bot
	return s.shown(n), nil
}

func (s *Server) getSource(r request) (any, *refusal) {
	if r.id != DataSource || s.source.unshared {
		return nil, notFound("data source", r.id)
	}
	columns := map[string]any{}
	for name, c := range s.source.columns {
		config := map[string]any{}
		switch c.kind {
		case "select", "status":
			options := []any{}
			for _, o := range c.options {
				options = append(options, map[string]any{"id": o, "name": o, "color": "default", "description": nil})
			}
			config["options"] = options
			if c.kind == "status" {
				config["groups"] = []any{}
			}
		case "number":
			config["format"] = "number"
		}
		columns[name] = map[string]any{"id": c.id, "name": name, "description": nil, "type": c.kind, c.kind: config}
	}
	return map[string]any{
		"object": "data_source", "id": DataSource, "title": answered([]any{map[string]any{"text": map[string]any{"content": "Handoffs"}}}), "description": []any{},
		"parent":          map[string]any{"type": "database_id", "database_id": Database},
		"database_parent": map[string]any{"type": "workspace", "workspace": true}, "is_inline": false, "in_trash": false,
		"created_time": stamp(s.now()), "last_edited_time": stamp(s.now()), "created_by": userNote(Person), "last_edited_by": userNote(Person),
		"properties": columns, "icon": nil, "cover": nil, "url": "https://app.notion.com/p/" + strings.ReplaceAll(Database, "-", ""), "public_url": nil,
	}, nil
}

func (s *Server) updateSource(r request) (any, *refusal) {
	if len(r.body) > 0 {
		return nil, invalid("The stand-in changes no database.")
	}
	return s.getSource(r)
}

func (s *Server) query(r request) (any, *refusal) {
	if r.id != DataSource || s.source.unshared {
		return nil, notFound("data source", r.id)
	}
	filter := field[map[string]any](r.body, "filter")
	name := field[string](filter, "property")
	c, ok := s.source.columns[name]
	wanted := field[string](field[map[string]any](filter, c.kind), "equals")
	switch {
	case filter == nil:
	case !ok:
		return nil, invalid("Could not find property with name or id: %s", name)
	case c.kind != "title" && c.kind != "rich_text" || wanted == "":
		return nil, invalid("database property %s does not match filter, or not one that the stand-in knows", c.kind)
	}
	var found []map[string]any
	for _, n := range s.pages {
		if !n.inDatabase || n.trash || n.unshared || s.now().Before(n.vis) {
			continue
		}
		if filter == nil || plain(field[any](n.properties[name], c.kind)) == wanted {
			found = append(found, s.shown(n))
		}
	}
	size := ""
	if n, ok := r.body["page_size"].(float64); ok {
		size = strconv.Itoa(int(n))
	}
	return paged(found, field[string](r.body, "start_cursor"), size, "page_or_data_source")
}

func (s *Server) listComments(r request) (any, *refusal) {
	id := dashed(r.query("block_id"))
	if id != Database {
		if _, refused := s.known(id, "block"); refused != nil {
			return nil, refused
		}
	}
	var found []map[string]any
	for i, c := range s.talk {
		if c.block == id {
			found = append(found, s.comment(i))
		}
	}
	return paged(found, r.query("start_cursor"), r.query("page_size"), "comment")
}

func (s *Server) comment(i int) map[string]any {
	c := s.talk[i]
	id := "c0330000-0000-4000-8000-" + leftPad(i)
	return map[string]any{
		"object": "comment", "id": id, "parent": map[string]any{"type": "block_id", "block_id": c.block},
		"discussion_id": id, "created_time": stamp(s.now()), "last_edited_time": stamp(s.now()), "created_by": userNote(c.by),
		"rich_text":    answered([]any{map[string]any{"text": map[string]any{"content": c.text}}}),
		"display_name": map[string]any{"type": "user", "resolved_name": nil},
	}
}

func leftPad(i int) string {
	n := strconv.Itoa(i)
	return strings.Repeat("0", 12-len(n)) + n
}

func (s *Server) addComment(r request) (any, *refusal) {
	id := dashed(field[string](field[map[string]any](r.body, "parent"), "block_id"))
	if _, refused := s.known(id, "block"); refused != nil {
		return nil, refused
	}
	s.talk = append(s.talk, comment{id, Bot, plain(r.body["rich_text"])})
	return s.comment(len(s.talk) - 1), nil
}
