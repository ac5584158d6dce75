package notion

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"throughline/connect"
)

// Bounds of what is read of one page: longer than any deal-review document, short
// enough to be read at three requests a second.
const (
	mostPages  = 20   // of one record
	mostRead   = 2000 // blocks of one page
	mostNested = 8    // levels below a page
)

// folderName is where the pages lie in a deal's folder.
const folderName = "notion"

// Collect saves the pages that the record links to below dir, as Markdown that
// package folder reads as documents: their blocks' text, with title, time of the
// last change, address, and the author where all of a page is one person's. Pages
// that a link names but are not shared with the connection, and blocks that hold
// no text, are told of. Pages that this connection wrote are no documents of the
// deal, and stay out.
func (c *Client) Collect(ctx context.Context, r *connect.Record, dir string) ([]connect.Gap, error) {
	ids, gaps := linked(r)
	into := filepath.Join(dir, folderName)
	saved := map[string]bool{}
	var failed error
	reached := len(ids) == 0
	for _, id := range ids {
		got, err := c.read(ctx, id)
		switch {
		case err == nil:
			reached = true
			gaps = append(gaps, got.gaps...)
			if got.text == "" {
				continue
			}
			saved[fileName(id)] = true
			if err := save(into, fileName(id), got.text); err != nil {
				return gaps, fmt.Errorf("notion: saving a page: %w", err)
			}
		case ctx.Err() != nil:
			return gaps, err
		case answered(err, http.StatusNotFound):
			reached = true
			gaps = append(gaps, gap("the page %s, which the record links to, is not there or not shared with the connection: share the page with the connection (in Notion open it, ••• > Connections)", id))
		default:
			failed = cmp.Or(failed, err)
			saved[fileName(id)] = true // what an earlier run saved is better than nothing
			gaps = append(gaps, gap("the page %s could not be read: %s", id, strings.TrimRight(err.Error(), ".")))
		}
	}
	if !reached {
		return nil, failed
	}
	if err := sweep(into, saved); err != nil {
		return gaps, fmt.Errorf("notion: removing pages that are gone: %w", err)
	}
	return gaps, nil
}

func gap(format string, args ...any) connect.Gap {
	return connect.Gap{System: Vendor, What: fmt.Sprintf(format, args...)}
}

// linked are the ids of the pages that a record links to, in its order, each once.
func linked(r *connect.Record) ([]string, []connect.Gap) {
	var ids []string
	for _, link := range r.Links {
		if id, ok := PageID(link); ok && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if len(ids) > mostPages {
		return ids[:mostPages], []connect.Gap{gap("the record links to %d pages, of which the first %d are read", len(ids), mostPages)}
	}
	return ids, nil
}

func fileName(id string) string { return strings.ReplaceAll(id, "-", "") + ".md" }

var ourFile = regexp.MustCompile(`^[0-9a-f]{32}\.md$`)

// sweep removes what an earlier run saved and is not saved any more.
func sweep(dir string, saved map[string]bool) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		return err
	}
	for _, e := range entries {
		if ourFile.MatchString(e.Name()) && !saved[e.Name()] {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// save writes a file for its owner alone, whole or not at all.
func save(dir, name, text string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	temp, err := os.CreateTemp(dir, ".saving-*")
	if err != nil {
		return err
	}
	_, err = temp.WriteString(text)
	err = errors.Join(err, temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), filepath.Join(dir, name))
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	return nil
}

// A reading is a page read: its text as Markdown, empty for one to leave out.
type reading struct {
	text string
	gaps []connect.Gap
}

func (c *Client) read(ctx context.Context, id string) (*reading, error) {
	p, err := c.page(ctx, id)
	if err != nil {
		return nil, err
	}
	title := p.title()
	if p.InTrash {
		return &reading{gaps: []connect.Gap{gap("the page “%s”, which the record links to, is in Notion's trash", title)}}, nil
	}
	bot, err := c.self(ctx)
	if err != nil {
		return nil, err
	}
	ours := &reading{gaps: []connect.Gap{{System: Vendor, Optional: true, What: fmt.Sprintf("the page “%s” is a handoff that Throughline published, and no evidence", title)}}}
	if p.CreatedBy.ID == bot && len(p.Properties[c.cfg.ExternalID].Text) > 0 {
		return ours, nil
	}
	w := &pageReader{c: c, page: title, author: p.CreatedBy.ID, authors: map[string]bool{}, left: mostRead, skipped: map[string]int{}}
	if err := w.below(ctx, id, 0); err != nil {
		return nil, err
	}
	if w.ours {
		return ours, nil
	}
	w.tell()
	return &reading{text: w.front(ctx, p) + w.out.String(), gaps: w.gaps}, nil
}

func (p *page) title() string {
	for _, has := range p.Properties {
		if has.Type == "title" {
			if title := strings.Join(strings.Fields(shownText(has.Title)), " "); title != "" {
				return shortened(title, 200)
			}
		}
	}
	return "Untitled"
}

func shownText(texts []richText) string {
	var b strings.Builder
	for _, t := range texts {
		b.WriteString(t.shown())
	}
	return b.String()
}

// A pageReader writes a page's blocks as Markdown.
type pageReader struct {
	c       *Client
	page    string // its title
	out     strings.Builder
	author  string          // user id of who made the page
	authors map[string]bool // of those who made its blocks
	left    int             // blocks that may still be read
	ours    bool            // it is a handoff
	skipped map[string]int  // by type of block
	gaps    []connect.Gap
	deep    bool
	long    bool
}

// front is the front matter, and the title again as a heading, so that no heading
// of the page's own is taken for it.
func (w *pageReader) front(ctx context.Context, p page) string {
	facts := [][2]string{{"title", w.page}, {"date", p.Edited}, {"url", p.URL}}
	if len(w.authors) == 1 && w.authors[w.author] && !w.namesAuthor() {
		facts = append(facts, [2]string{"author", w.c.name(ctx, w.author)})
	}
	var b strings.Builder
	b.WriteString("---\n")
	for _, f := range facts {
		if f[1] != "" {
			b.WriteString(f[0] + ": " + yamlString(f[1]) + "\n")
		}
	}
	b.WriteString("---\n\n# " + inLine(w.page) + "\n\n")
	return b.String()
}

// namesAuthor reports whether the page may say itself who wrote it, which counts
// more than who typed it in.
func (w *pageReader) namesAuthor() bool {
	const head = 10 // lines
	lines := strings.SplitN(w.out.String(), "\n", head+1)
	return byline.MatchString(strings.Join(lines[:min(len(lines), head)], "\n"))
}

var byline = regexp.MustCompile(`(?i)(?:^|[^\pL])(?:by|author|reviewer|par|auteur|von|autor|autorin|verfasser|verfasserin|por|autora)(?:[^\pL]|$)`)

// yamlString is a text as YAML's double-quoted style has it, of which JSON's is a
// part.
func yamlString(s string) string {
	raw, err := json.Marshal(s)
	if err != nil {
		return `""`
	}
	return string(raw)
}

// name is a person's name; empty where the connection may not know it.
func (c *Client) name(ctx context.Context, user string) string {
	if user == "" {
		return ""
	}
	var told struct {
		Type string `json:"type"`
		Name string `json:"name"`
	}
	err := c.call(ctx, "Read user information", connect.Request{Op: "read who wrote a page", Path: "/v1/users/" + user}, &told)
	if err != nil || told.Type != "person" {
		return ""
	}
	return told.Name
}

// below writes the blocks below a page or a block.
func (w *pageReader) below(ctx context.Context, id string, depth int) error {
	if depth > mostNested {
		w.deep = true
		return nil
	}
	blocks, err := w.c.children(ctx, id)
	if err != nil {
		return err
	}
	for n, b := range blocks {
		if w.left--; w.left < 0 {
			w.long = true
			return nil
		}
		if b.kind == "paragraph" && statusForm.MatchString(plain(b.text)) {
			w.ours = true
			return nil
		}
		w.authors[b.createdBy] = true
		if err := w.block(ctx, b, n, depth); err != nil || w.ours {
			return err
		}
	}
	return nil
}

func (w *pageReader) block(ctx context.Context, b *standing, n, depth int) error {
	text := shownText(b.raw.richTexts("rich_text"))
	switch b.kind {
	case "heading_1", "heading_2", "heading_3", "heading_4":
		if line := inLine(text); line != "" {
			w.out.WriteString(strings.Repeat("#", 1+int(b.kind[len("heading_")]-'0')) + " " + line + "\n\n")
		}
	case "paragraph", "callout", "toggle", "code":
		w.lines("", text)
	case "bulleted_list_item":
		w.lines("- ", text)
	case "numbered_list_item":
		w.lines("1. ", text)
	case "to_do":
		mark := "- [ ] "
		if string(b.raw.content["checked"]) == "true" {
			mark = "- [x] "
		}
		w.lines(mark, text)
	case "quote":
		w.lines("> ", text)
	case "equation":
		var expression string
		_ = json.Unmarshal(b.raw.content["expression"], &expression) // of another type it is none
		w.lines("", expression)
	case "table_row":
		w.row(b, n)
	case "table", "column_list", "column", "synced_block", "tab", "template":
	case "divider", "breadcrumb", "table_of_contents", "link_to_page", "button":
		return nil
	case "bookmark", "embed", "link_preview", "image", "video", "audio", "pdf", "file":
		w.lines("", shownText(b.raw.richTexts("caption")))
		w.skipped[b.kind]++
		return nil
	case "child_page":
		w.gaps = append(w.gaps, connect.Gap{System: Vendor, Optional: true, What: fmt.Sprintf("below the page “%s” lies another, “%s”, which is read only where the record links to it", w.page, w.named(b))})
		return nil
	case "child_database":
		w.gaps = append(w.gaps, gap("the page “%s” holds a database, “%s”, whose rows are not read: link those that matter on the record", w.page, w.named(b)))
		return nil
	default: // meeting_notes among them: another tool's notes are no evidence
		w.skipped[b.kind]++
		return nil
	}
	if !b.hasChildren {
		return nil
	}
	err := w.below(ctx, b.id, depth+1)
	if b.kind == "table" {
		w.out.WriteString("\n")
	}
	return err
}

func (w *pageReader) named(b *standing) string {
	var title string
	_ = json.Unmarshal(b.raw.content["title"], &title) // of another type it is none
	return shortened(strings.Join(strings.Fields(title), " "), 200)
}

// row is a table's row, the first with the rule that makes a table of them.
func (w *pageReader) row(b *standing, n int) {
	var cells [][]richText
	if json.Unmarshal(b.raw.content["cells"], &cells) != nil || len(cells) == 0 {
		return
	}
	w.out.WriteString("|")
	for _, cell := range cells {
		w.out.WriteString(" " + inLine(shownText(cell)) + " |")
	}
	w.out.WriteString("\n")
	if n == 0 {
		w.out.WriteString("|" + strings.Repeat(" --- |", len(cells)) + "\n")
	}
}

// lines writes a text, each of its lines a paragraph of its own as people mean
// them. A line that Markdown would take for more than text is written as a list's
// item: there it is text.
func (w *pageReader) lines(mark, text string) {
	for line := range strings.Lines(text) {
		if line = inLine(line); line == "" {
			continue
		}
		own := mark
		if own == "" && (marked.MatchString(line) || strings.ToUpper(line) == line) {
			own = "- "
		}
		w.out.WriteString(own + line + "\n\n")
	}
}

// marked begins a line that is more than text.
var marked = regexp.MustCompile("^(?:#|>|\\||```|~~~|[-*+_=•◦▪–]|\\d{1,3}[.)]|[a-z][.)]|\\([a-z\\d]{1,2}\\))")

// inLine is a text in one line, and without the start of a comment, which would
// hide what follows.
func inLine(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "<!--", "<! --")
}

// tell says what of the page was not read.
func (w *pageReader) tell() {
	var kinds []string
	for kind := range w.skipped {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	for _, kind := range kinds {
		w.gaps = append(w.gaps, gap("of the page “%s”, %d %s of the kind %s could not be read as text", w.page, w.skipped[kind], plural(w.skipped[kind]), strings.ReplaceAll(kind, "_", " ")))
	}
	if w.long {
		w.gaps = append(w.gaps, gap("of the page “%s” the first %d blocks were read", w.page, mostRead))
	}
	if w.deep {
		w.gaps = append(w.gaps, gap("the page “%s” is nested more than %d levels deep, and the rest was not read", w.page, mostNested))
	}
}

func plural(n int) string {
	if n == 1 {
		return "block"
	}
	return "blocks"
}
