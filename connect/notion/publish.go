package notion

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"throughline"
	"throughline/connect"
	"throughline/kickoff"
	"throughline/render"
)

// passes is how often a page is read and put right within one call, after writes
// of which nobody knows whether they were stored.
const passes = 3

// Publish writes the handoff as a page of the data source, as the audience may see
// it, or changes the page that is there to what it should be; there is one page
// for a key. A line on top of the page says which version it holds, and while it
// is being written, that it is not complete.
//
// Of what stands on the page, only blocks made by this connection are changed.
// What changed is rewritten in its place, so that comments on it, and what people
// added below it, stay. A block that has nothing to correspond to any more is
// deleted; but where people commented on it, or added blocks inside, it stays
// and is marked as no longer in the handoff.
func (c *Client) Publish(ctx context.Context, p connect.Publication) (connect.Copy, error) {
	title, shown, err := render.Blocks(p.Handoff, p.Audience)
	if err != nil {
		return connect.Copy{}, fmt.Errorf("notion: publishing: %w", err)
	}
	return c.publish(ctx, p, paper{kind: paperHandoff, title: title, shown: shown, invites: "Open this handoff in Throughline"})
}

// agendaKey is what the agenda's page has after the handoff's key.
const agendaKey = ".kickoff"

// PublishAgenda writes the agenda of the handoff's kickoff as a page of its own in
// the data source, beside the handoff's and by the same rules: the CSM's where the
// audience is the team, else the one that the customer may have. Each talking point is
// a to-do with its quotes inside. What people ticked stays ticked while the point is
// there, whatever becomes of its text.
func (c *Client) PublishAgenda(ctx context.Context, p connect.Publication) (connect.Copy, error) {
	p.Audience = kickoff.Audience(p.Audience)
	title, shown, err := kickoff.Blocks(p.Handoff, p.Audience)
	if err != nil {
		return connect.Copy{}, fmt.Errorf("notion: publishing the kickoff's agenda: %w", err)
	}
	p.Key += agendaKey
	return c.publish(ctx, p, paper{kind: paperAgenda, title: title, shown: shown, invites: "Tick the points off in Throughline, where the kickoff is marked as held; ticks made here stay here"})
}

// A paper is what is published of a handoff: the document, or the agenda of its
// kickoff.
type paper struct {
	kind    string // for the column that tells the two apart
	title   string
	shown   []render.Block
	invites string // to follow the publication's link
}

const (
	paperHandoff = "Handoff"
	paperAgenda  = "Kickoff agenda"
)

func (c *Client) publish(ctx context.Context, p connect.Publication, it paper) (connect.Copy, error) {
	if connect.CheckKey(p.Key) != "" {
		return connect.Copy{}, errors.New("notion: publishing: the key must be 1 to 64 letters, digits, dots, hyphens and underscores; this is a fault in Throughline")
	}
	if c.cfg.DataSource == "" {
		return connect.Copy{}, errors.New("notion: publishing: the configuration names no data source; name the database that handoffs go to")
	}
	schema, err := c.schema(ctx)
	if err != nil {
		return connect.Copy{}, err
	}
	if err := c.hasExternalID(schema); err != nil {
		return connect.Copy{}, err
	}
	d := document{version: p.Handoff.Version, audience: p.Audience, blocks: blocksOf(it.shown)}
	if p.Link != "" && p.Audience != throughline.AudienceCustomer {
		link := &block{kind: "paragraph", text: []run{{text: it.invites}}}
		if linkable(p.Link) {
			link.text[0].href = p.Link
		}
		d.blocks = append([]*block{link}, d.blocks...)
	}
	d.properties = c.properties(schema, p, it)
	return c.write(ctx, p.Key, &d)
}

// A document is what a page should hold.
type document struct {
	version    int
	audience   throughline.Audience
	properties map[string]any
	blocks     []*block
}

// digest tells one content from another.
func (d *document) digest() string {
	h := sha256.New()
	raw, err := json.Marshal(d.properties)
	if err == nil {
		h.Write(raw)
	}
	var walk func([]*block)
	walk = func(all []*block) {
		for _, b := range all {
			h.Write(fmt.Appendf(nil, "%q(", b.key()))
			walk(b.children)
			h.Write([]byte(")"))
		}
	}
	walk(d.blocks)
	return hex.EncodeToString(h.Sum(nil))[:16]
}

// The states of a page, as its first line tells.
const (
	stateWriting  = "being written"
	stateComplete = "complete"
)

var statusForm = regexp.MustCompile(regexp.QuoteMeta(throughline.Schema) + ` · version (\d+) · (\w+) · ([0-9a-f]{16}) · (` + stateWriting + `|` + stateComplete + `)$`)

// status is the line on top of the page, by which our page is known.
func (d *document) status(state string) *block {
	told := "Kept by Throughline. Comments, and blocks that you add, stay."
	color := "gray"
	if state == stateWriting {
		told = "Throughline is writing this page. Until this line says that it is complete, parts are missing or old."
		color = "orange"
	}
	mark := fmt.Sprintf("\n%s · version %d · %s · %s · %s", throughline.Schema, d.version, d.audience, d.digest(), state)
	return &block{kind: "paragraph", color: color, text: []run{{text: told}, {text: mark, italic: true}}}
}

// statusIn is the status among a page's blocks; nil where none is.
func statusIn(blocks []*standing, bot string) (line *standing, digest, state string) {
	for _, b := range blocks {
		if b.kind != "paragraph" || b.createdBy != bot {
			continue
		}
		if m := statusForm.FindStringSubmatch(plain(b.text)); m != nil {
			return b, m[3], m[4]
		}
	}
	return nil, "", ""
}

// A page is one of the data source's.
type page struct {
	ID        string `json:"id"`
	URL       string `json:"url"`
	Created   string `json:"created_time"`
	CreatedBy struct {
		ID string `json:"id"`
	} `json:"created_by"`
	Edited     string `json:"last_edited_time"`
	InTrash    bool   `json:"in_trash"`
	Properties map[string]struct {
		Type  string     `json:"type"`
		Text  []richText `json:"rich_text"`
		Title []richText `json:"title"`
	} `json:"properties"`
}

// write brings about the one page with the document. Whatever fails in a way that
// leaves the page's state open is answered by reading it and going on from there.
func (c *Client) write(ctx context.Context, key string, d *document) (connect.Copy, error) {
	bot, err := c.self(ctx)
	if err != nil {
		return connect.Copy{}, err
	}
	at, made, empty, err := c.pageFor(ctx, key, bot, d)
	if err != nil {
		return connect.Copy{}, err
	}
	out := connect.Copy{ID: at.ID, URL: at.URL, Made: made}
	w := &writer{c: c, bot: bot}
	for pass := 1; ; pass++ {
		err := w.bring(ctx, at.ID, d, empty)
		if err == nil {
			return out, nil
		}
		if pass == passes || !temporary(err) || ctx.Err() != nil {
			return out, fmt.Errorf("notion: writing the page %s, which says that it is not complete (publishing again completes it): %w", key, err)
		}
		empty = false
		if err := c.pause(ctx, err, pass); err != nil {
			return out, err
		}
	}
}

// pause waits before what failed is looked at again; not longer than a job may.
func (c *Client) pause(ctx context.Context, failed error, pass int) error {
	const most = 2 * time.Minute
	wait := time.Duration(pass) * time.Second
	var e *connect.Error
	if errors.As(failed, &e) && e.RetryAfter > wait {
		wait = e.RetryAfter
	}
	if wait > most {
		return failed
	}
	return c.cfg.Sleep(ctx, wait)
}

// bring makes the page what the document says. The first line says throughout
// that the page is not complete.
func (w *writer) bring(ctx context.Context, id string, d *document, empty bool) error {
	var have []*standing
	var err error
	if !empty {
		if have, err = w.c.children(ctx, id); err != nil {
			return err
		}
	}
	line, digest, state := statusIn(have, w.bot)
	if state == stateComplete && digest == d.digest() {
		return nil
	}
	writing := d.status(stateWriting)
	if line != nil && line.key() != writing.key() {
		if err := w.rewrite(ctx, line.id, writing); err != nil {
			return err
		}
		line.text = writing.text
	}
	if !empty {
		if err := w.c.setProperties(ctx, id, d.properties); err != nil {
			return err
		}
	}
	made, err := w.sync(ctx, id, append([]*block{writing}, d.blocks...), have)
	if err != nil {
		return err
	}
	statusID := made[0]
	return w.rewrite(ctx, statusID, d.status(stateComplete))
}

// pageFor finds the page with the key, or makes it; then it may be known to be
// empty.
func (c *Client) pageFor(ctx context.Context, key, bot string, d *document) (at page, made, empty bool, err error) {
	for pass := 1; ; pass++ {
		found, err := c.settled(ctx, key)
		if err != nil {
			return page{}, false, false, err
		}
		if len(found) > 0 {
			at, err := c.only(ctx, found, bot)
			return at, pass > 1, false, err
		}
		at, err = c.create(ctx, d)
		if err == nil {
			return at, true, true, nil
		}
		var open *stored
		if errors.As(err, &open) && open.page != "" {
			at, err := c.page(ctx, open.page)
			return at, true, true, err
		}
		if pass == passes || !temporary(err) || ctx.Err() != nil {
			return page{}, false, false, err
		}
		if err := c.pause(ctx, err, pass); err != nil {
			return page{}, false, false, err
		}
	}
}

// settled finds the pages with the key. That there is none is believed only when
// it is still so after a while: an earlier try, cut off after its page was stored,
// may be so fresh that the page is not found yet.
func (c *Client) settled(ctx context.Context, key string) ([]page, error) {
	found, err := c.find(ctx, key)
	if err != nil || len(found) > 0 {
		return found, err
	}
	if err := c.cfg.Sleep(ctx, c.cfg.Settle); err != nil {
		return nil, err
	}
	return c.find(ctx, key)
}

func (c *Client) find(ctx context.Context, key string) ([]page, error) {
	var told struct {
		Results []page `json:"results"`
	}
	err := c.call(ctx, readContent, connect.Request{
		Op: "find the page", Method: http.MethodPost, Path: "/v1/data_sources/" + c.cfg.DataSource + "/query", Repeatable: true,
		Body: map[string]any{
			"filter":    map[string]any{"property": c.cfg.ExternalID, "rich_text": map[string]any{"equals": key}},
			"page_size": 2,
		},
	}, &told)
	return slices.DeleteFunc(told.Results, func(p page) bool { return p.InTrash }), err
}

// only is the oldest of the pages with one key. A second one can come of two runs
// at once, or of a page that was not found for longer than [Config.Settle]; it goes
// to the trash where nobody but this connection made and edited it.
func (c *Client) only(ctx context.Context, found []page, bot string) (page, error) {
	slices.SortFunc(found, func(a, b page) int { return strings.Compare(a.Created+a.ID, b.Created+b.ID) })
	for _, extra := range found[1:] {
		theirs, err := c.touched(ctx, extra, bot)
		if err != nil {
			return page{}, err
		}
		if theirs {
			return page{}, &connect.Error{
				Vendor: Vendor, Op: "find the page", Message: "two pages have the same " + c.cfg.ExternalID + ", and people wrote on both",
				Advice: "delete one of them in Notion, then publish again",
			}
		}
		err = c.call(ctx, updateContent, connect.Request{
			Op: "remove a second page", Method: http.MethodPatch, Path: "/v1/pages/" + extra.ID, Repeatable: true, Body: map[string]any{"in_trash": true},
		}, nil)
		if err != nil {
			return page{}, err
		}
	}
	return found[0], nil
}

// touched reports whether people have left anything on a page.
func (c *Client) touched(ctx context.Context, p page, bot string) (bool, error) {
	if p.CreatedBy.ID != bot {
		return true, nil
	}
	w := &writer{c: c, bot: bot}
	return w.peoples(ctx, &standing{id: p.ID, createdBy: bot, hasChildren: true})
}

func (c *Client) page(ctx context.Context, id string) (page, error) {
	var p page
	err := c.call(ctx, readContent, connect.Request{Op: "read a page", Path: "/v1/pages/" + id}, &p)
	return p, err
}

// create makes the page without content: what is on it then is known from the
// answers to what is added.
func (c *Client) create(ctx context.Context, d *document) (page, error) {
	var p page
	err := c.call(ctx, insertContent, connect.Request{
		Op: "make the page", Method: http.MethodPost, Path: "/v1/pages",
		Body: map[string]any{"parent": map[string]any{"type": "data_source_id", "data_source_id": c.cfg.DataSource}, "properties": d.properties},
	}, &p)
	return p, err
}

// Remove puts a handoff's page into the trash, from which people may take it back
// for 30 days. One that is gone is none to remove.
func (c *Client) Remove(ctx context.Context, id string) error {
	err := c.call(ctx, updateContent, connect.Request{
		Op: "remove the page", Method: http.MethodPatch, Path: "/v1/pages/" + url.PathEscape(id), Repeatable: true, Body: map[string]any{"in_trash": true},
	}, nil)
	if answered(err, http.StatusNotFound) {
		return nil
	}
	return err
}

func (c *Client) setProperties(ctx context.Context, id string, properties map[string]any) error {
	return c.call(ctx, updateContent, connect.Request{
		Op: "set the page's properties", Method: http.MethodPatch, Path: "/v1/pages/" + id, Repeatable: true,
		Body: map[string]any{"properties": properties},
	}, nil)
}
