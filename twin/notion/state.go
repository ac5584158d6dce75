package notion

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// A Page is one of the workspace's, as a person sees it.
type Page struct {
	ID, URL, Title string
	Properties     map[string]string // of a page in the database: its columns' values as text
	Blocks         []Block
}

// A Block is one of a page's.
type Block struct {
	ID, Kind string
	Text     string
	Links    []string // addresses that may be clicked
	Ticked   bool     // of a to-do
	ByPerson bool     // not made by the connection
	Comments []string
	Children []Block
}

// Pages are the pages that are not in the trash, in the order in which they were
// made.
func (s *Server) Pages() []Page {
	s.once.Do(s.setUp)
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Page
	for _, n := range s.pages {
		if n.trash {
			continue
		}
		p := Page{ID: n.id, URL: n.url(), Title: n.titled(), Properties: map[string]string{}, Blocks: s.blocks(n)}
		for name, v := range n.properties {
			p.Properties[name] = valueText(v)
		}
		out = append(out, p)
	}
	return out
}

// Published are the pages of the database.
func (s *Server) Published() []Page {
	var out []Page
	for _, p := range s.Pages() {
		if len(p.Properties) > 0 {
			out = append(out, p)
		}
	}
	return out
}

// valueText is a property's value as text.
func valueText(v any) string {
	m, _ := v.(map[string]any)
	for _, value := range m {
		switch value := value.(type) {
		case []any:
			return plain(value)
		case map[string]any:
			return field[string](value, "name") + field[string](value, "start")
		case float64, string:
			return fmt.Sprint(value)
		}
	}
	return ""
}

func (s *Server) blocks(n *node) []Block {
	var out []Block
	for _, c := range n.living() {
		b := Block{ID: c.id, Kind: c.kind, Text: plain(c.content["rich_text"]), ByPerson: c.createdBy != Bot, Children: s.blocks(c)}
		b.Ticked = field[bool](c.content, "checked")
		runs, _ := c.content["rich_text"].([]any)
		for _, run := range runs {
			if href := field[string](run, "href"); href != "" {
				b.Links = append(b.Links, href)
			}
		}
		for _, t := range s.talk {
			if t.block == c.id {
				b.Comments = append(b.Comments, t.text)
			}
		}
		out = append(out, b)
	}
	return out
}

// SetColumn adds a column to the database, or replaces the one of the name.
func (s *Server) SetColumn(name, kind string, options ...string) {
	s.once.Do(s.setUp)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.source.columns[name] = column{strings.ToLower(strings.ReplaceAll(name, " ", "")), kind, options}
}

// DropColumn takes a column away.
func (s *Server) DropColumn(name string) {
	s.once.Do(s.setUp)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.source.columns, name)
}

// Share shares a page or the database with the connection, or takes it back.
func (s *Server) Share(id string, with bool) {
	s.once.Do(s.setUp)
	s.mu.Lock()
	defer s.mu.Unlock()
	if id == DataSource {
		s.source.unshared = !with
	} else if n := s.nodes[id]; n != nil {
		n.unshared = !with
	}
}

// NewBlock is a block for [Server.AddPage] and [Server.AddBlock]: its type, its text,
// and blocks below it. The text of a table's row has its cells between bars.
func NewBlock(kind, text string, children ...map[string]any) map[string]any {
	content := map[string]any{}
	rich := []any{map[string]any{"type": "text", "text": map[string]any{"content": text}}}
	switch kind {
	case "table_row":
		var cells []any
		for cell := range strings.SplitSeq(text, "|") {
			cells = append(cells, []any{map[string]any{"type": "text", "text": map[string]any{"content": strings.TrimSpace(cell)}}})
		}
		content["cells"] = cells
	case "child_page", "child_database":
		content["title"] = text
	case "table":
		content["has_column_header"] = true
		if len(children) > 0 {
			cells, _ := children[0]["table_row"].(map[string]any)["cells"].([]any)
			content["table_width"] = len(cells)
		}
	case "unsupported":
		content["block_type"] = "form"
	case "divider", "column_list", "column":
	default:
		content["rich_text"] = rich
	}
	if len(children) > 0 {
		below := make([]any, 0, len(children))
		for _, c := range children {
			below = append(below, c)
		}
		content["children"] = below
	}
	return map[string]any{"type": kind, kind: content}
}

// AddPage adds a page that a person wrote, outside the database, and returns its
// id. Edited is when; now where it is zero.
func (s *Server) AddPage(title string, edited time.Time, blocks ...map[string]any) string {
	s.once.Do(s.setUp)
	s.mu.Lock()
	defer s.mu.Unlock()
	if edited.IsZero() {
		edited = s.now()
	}
	n := &node{id: s.newID(), kind: kindPage, title: title, createdBy: Person, editedBy: Person, created: edited, edited: edited}
	s.nodes[n.id] = n
	s.pages = append(s.pages, n)
	s.grow(n, 0, untyped(blocks), Person, edited)
	return n.id
}

func untyped(blocks []map[string]any) []any {
	out := make([]any, 0, len(blocks))
	for _, b := range blocks {
		out = append(out, b)
	}
	return out
}

// AddBlock adds a block that a person wrote to the end of a page or below a block.
func (s *Server) AddBlock(below string, block map[string]any) string {
	s.once.Do(s.setUp)
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.nodes[below]
	return s.grow(n, len(n.children), []any{block}, Person, s.now())[0].id
}

// Tick is a person's tick of a to-do.
func (s *Server) Tick(block string) {
	s.once.Do(s.setUp)
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.nodes[block]
	n.content["checked"], n.edited, n.editedBy = true, s.now(), Person
}

// Comment adds a person's comment to a block.
func (s *Server) Comment(block, text string) {
	s.once.Do(s.setUp)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.talk = append(s.talk, comment{block, Person, text})
}

// Seed adds a page for each document of a deal's folder, docs/*.md, and returns
// their addresses, which a CRM record may link to.
func (s *Server) Seed(dir string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "docs", "*.md"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s has no docs/*.md", dir)
	}
	var links []string
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		title, blocks := parsed(string(raw))
		if title == "" {
			title = strings.TrimSuffix(filepath.Base(file), ".md")
		}
		id := s.AddPage(title, time.Time{}, blocks...)
		s.mu.Lock()
		links = append(links, s.nodes[id].url())
		s.mu.Unlock()
	}
	return links, nil
}

var (
	headed    = regexp.MustCompile(`^(#{1,3})\s+(.*)$`)
	listed    = regexp.MustCompile(`^(?:[-*]|(\d+)\.)\s+(.*)$`)
	ruled     = regexp.MustCompile(`^\|[\s:|-]+\|$`)
	barred    = regexp.MustCompile(`^\|(.*)\|$`)
	quotation = regexp.MustCompile(`^>\s?(.*)$`)
)

// parsed reads the Markdown of a deal's documents, as far as those use it.
func parsed(text string) (title string, blocks []map[string]any) {
	var para []string
	var rows []map[string]any
	flush := func() {
		if len(para) > 0 {
			blocks = append(blocks, NewBlock("paragraph", strings.Join(para, " ")))
		}
		if len(rows) > 0 {
			blocks = append(blocks, NewBlock("table", "", rows...))
		}
		para, rows = nil, nil
	}
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSpace(line)
		if m := barred.FindStringSubmatch(line); m != nil {
			if !ruled.MatchString(line) {
				rows = append(rows, NewBlock("table_row", m[1]))
			}
			continue
		}
		heading, item, quote := headed.FindStringSubmatch(line), listed.FindStringSubmatch(line), quotation.FindStringSubmatch(line)
		if line != "" && heading == nil && item == nil && quote == nil {
			para = append(para, line)
			continue
		}
		flush()
		switch {
		case heading != nil && title == "" && len(blocks) == 0:
			title = heading[2]
		case heading != nil:
			blocks = append(blocks, NewBlock(fmt.Sprintf("heading_%d", len(heading[1])), heading[2]))
		case item != nil && item[1] != "":
			blocks = append(blocks, NewBlock("numbered_list_item", item[2]))
		case item != nil:
			blocks = append(blocks, NewBlock("bulleted_list_item", item[2]))
		case quote != nil:
			blocks = append(blocks, NewBlock("quote", quote[1]))
		}
	}
	flush()
	return title, blocks
}
