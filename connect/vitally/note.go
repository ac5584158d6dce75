package vitally

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"throughline"
	"throughline/connect"
	"throughline/render"
)

const (
	opPublish = "publish the handoff"
	opFind    = "find the handoff's note"
	opTasks   = "find the milestones' tasks"
	opTask    = "write a milestone's task"
	opRemove  = "remove the handoff's note"
)

// mostLine is how long subjects of notes and names of tasks are made at most, in
// characters. Vitally tells no limit.
const mostLine = 255

// Publish writes the handoff as a note of the customer's account, as the audience
// may see it, and each milestone as a task where the configuration has tasks. The
// audience is the company where none is named. It does so once: the note is found
// again by its external id, which is the key. A newer version changes what is there;
// an older one changes nothing. Tags and category that people set stay.
//
// Where the note stands but a task could not be written, both the copy and an error
// are returned.
//
// It takes three calls: for the account, for its notes (one more for each further
// 100), and to write; with tasks one more for the account's tasks (and for each
// further 100), one for each task that is made or changed, and once for the CSM, to whom new
// tasks are assigned.
func (c *Client) Publish(ctx context.Context, p connect.Publication) (connect.Copy, error) {
	e, err := c.edition(p)
	if err != nil {
		return connect.Copy{}, err
	}
	e.csm = cmp.Or(p.Deal.CSM, csmOf(p.Handoff))
	if e.account, err = c.account(ctx, p.Deal); err != nil {
		return connect.Copy{}, err
	}
	out, newer, err := c.placeNote(ctx, e)
	if err != nil || newer || !c.cfg.Tasks {
		return out, err
	}
	return out, c.placeTasks(ctx, e)
}

// An edition is a handoff as it is to stand in Vitally.
type edition struct {
	key     string
	account string // Vitally's own id
	mark    mark

	subject, note string
	date          time.Time
	tasks         []milestone
	csm           string // email address of whom new tasks are assigned to; empty when not known
}

// csmOf is the email address of the CSM; empty when it is not known.
func csmOf(h *throughline.Handoff) string {
	if h.Deal.CSM == nil {
		return ""
	}
	return h.Deal.CSM.Email
}

// edition is what is to stand there, but for the account. It calls nobody.
func (c *Client) edition(p connect.Publication) (*edition, error) {
	p.Audience = cmp.Or(p.Audience, throughline.AudienceCompany)
	if wrong := p.Check(); wrong != "" {
		return nil, &connect.Error{Vendor: Vendor, Op: opPublish, Message: wrong, Advice: "this is a fault in Throughline; please report it"}
	}
	title, blocks, err := render.Blocks(p.Handoff, p.Audience)
	if err != nil {
		return nil, &connect.Error{Vendor: Vendor, Op: opPublish, Err: err, Advice: "this is a fault in Throughline; please report it"}
	}
	link := p.Link
	if p.Audience == throughline.AudienceCustomer {
		link = "" // it opens the team's pages
	}
	view := render.For(p.Handoff, p.Audience)
	body := document(blocks, link)
	e := &edition{key: p.Key, subject: shortened("Handoff: "+title, mostLine), date: view.GeneratedAt, tasks: milestones(p.Key, view, link)}
	if e.date.IsZero() {
		e.date = c.cfg.Now()
	}
	e.mark = mark{version: view.Version, what: string(p.Audience), digest: digest(e.subject, body)}
	e.note = e.mark.html("Written by Throughline. A newer version of the handoff replaces this text.") + body
	return e, nil
}

// A note is one of an account's.
type note struct {
	ID         string          `json:"id"`
	ExternalID string          `json:"externalId"`
	AccountID  string          `json:"accountId"`
	Note       string          `json:"note"`
	ArchivedAt string          `json:"archivedAt"`
	Tags       json.RawMessage `json:"tags"` // as they are, to be sent again
}

// placeNote brings the note about, and says whether it holds a newer version.
func (c *Client) placeNote(ctx context.Context, e *edition) (out connect.Copy, newer bool, err error) {
	looked := false
	err = c.untilClear(ctx, func() error {
		there, err := c.find(ctx, e, false)
		if err != nil {
			return err
		}
		if !looked {
			looked, out.Made = true, there == nil
		}
		if there == nil {
			out.ID, err = c.makeNote(ctx, e)
			return err
		}
		out.ID = there.ID
		has, _ := markIn(there.Note)
		newer = has.version > e.mark.version
		if newer || has == e.mark {
			return nil
		}
		return c.changeNote(ctx, e, there)
	})
	if answered(err, http.StatusBadRequest) && out.ID == "" {
		err = c.whyNoNote(ctx, e, err)
	}
	if err != nil {
		return connect.Copy{}, false, err
	}
	return out, newer, nil
}

// find is the account's note with the key; nil where there is none.
func (c *Client) find(ctx context.Context, e *edition, archived bool) (*note, error) {
	var found *note
	err := each(ctx, c, opFind, "accounts/"+url.PathEscape(e.account)+"/notes", asMade(archived), func(n note) bool {
		if n.ExternalID == e.key && (n.ArchivedAt != "") == archived {
			found = &n
		}
		return found != nil
	})
	return found, err
}

func (c *Client) makeNote(ctx context.Context, e *edition) (id string, err error) {
	category, err := c.categoryID(ctx)
	if err != nil {
		return "", err
	}
	body := map[string]any{"externalId": e.key, "accountId": e.account, "subject": e.subject, "note": e.note, "noteDate": e.date.UTC().Format(time.RFC3339)}
	if category != "" {
		body["categoryId"] = category
	}
	var made note
	_, err = c.http.Do(ctx, connect.Request{Op: opPublish, Method: http.MethodPost, Path: "notes", Body: body}, &made)
	return made.ID, err
}

// changeNote writes the edition over what is there. Tags that are not sent again
// are lost, so they are.
func (c *Client) changeNote(ctx context.Context, e *edition, there *note) error {
	body := withTags(map[string]any{"subject": e.subject, "note": e.note, "noteDate": e.date.UTC().Format(time.RFC3339)}, there.Tags)
	_, err := c.http.Do(ctx, connect.Request{Op: opPublish, Method: http.MethodPut, Path: "notes/" + url.PathEscape(there.ID), Body: body, Repeatable: true}, nil)
	return err
}

// withTags adds the tags that a record has, where it has any.
func withTags(body map[string]any, tags json.RawMessage) map[string]any {
	if len(tags) > 0 && string(tags) != "null" {
		body["tags"] = tags
	}
	return body
}

// whyNoNote is why a note was refused that isn't there: as a rule its external id
// is taken by one that somebody archived.
func (c *Client) whyNoNote(ctx context.Context, e *edition, refused error) error {
	archived, err := c.find(ctx, e, true)
	if err != nil || archived == nil {
		return refused
	}
	return &connect.Error{
		Vendor: Vendor, Op: opPublish, Message: "the handoff's note was archived in Vitally",
		Advice: "restore the note there and publish again, or take vitally out of the destinations in the configuration",
	}
}

// categoryID is the id of the configured category; empty where none is configured.
func (c *Client) categoryID(ctx context.Context) (string, error) {
	c.mu.Lock()
	known := c.category
	c.mu.Unlock()
	if known != "" || c.cfg.Category == "" {
		return known, nil
	}
	var id string
	err := each(ctx, c, "find the note category", "noteCategories", nil, func(one struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	},
	) bool {
		if one.ID == c.cfg.Category || strings.EqualFold(strings.TrimSpace(one.Name), strings.TrimSpace(c.cfg.Category)) {
			id = one.ID
		}
		return id != ""
	})
	if err != nil {
		return "", err
	}
	if id == "" {
		return "", &connect.Error{
			Vendor: Vendor, Op: "find the note category", Message: "no note category is called as the configuration says",
			Advice: "make it in Vitally, or change category under vitally in the configuration",
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.category = id
	return id, nil
}

// Remove archives a handoff's note and the tasks of its milestones, done ones too.
// What is gone is none to remove. Vitally keeps what is archived; who may see it
// there decides Vitally.
func (c *Client) Remove(ctx context.Context, id string) error {
	if strings.Trim(id, ".") == "" {
		return &connect.Error{Vendor: Vendor, Op: opRemove, Message: "there is no id of a note", Advice: "archive the note in Vitally"}
	}
	path := "notes/" + url.PathEscape(id)
	var there note
	_, err := c.http.Do(ctx, connect.Request{Op: opRemove, Path: path}, &there)
	_, marked := markIn(there.Note)
	switch {
	case answered(err, http.StatusNotFound):
		return nil
	case err != nil:
		return err
	case !marked || connect.CheckKey(there.ExternalID) != "" || there.AccountID == "":
		return &connect.Error{Vendor: Vendor, Op: opRemove, Message: "the note is none that Throughline wrote", Advice: "archive it in Vitally, if it should go"}
	}
	tasks, err := c.tasks(ctx, &edition{key: there.ExternalID, account: there.AccountID}, false)
	if err != nil {
		return err
	}
	for _, t := range tasks {
		if err := c.archive(ctx, "tasks/"+url.PathEscape(t.ID)); err != nil {
			return err
		}
	}
	// The note comes last, so that a second try still finds the tasks by it.
	return c.archive(ctx, path)
}

func (c *Client) archive(ctx context.Context, path string) error {
	_, err := c.http.Do(ctx, connect.Request{Op: opRemove, Method: http.MethodDelete, Path: path, Repeatable: true}, nil)
	if answered(err, http.StatusNotFound) {
		return nil
	}
	return err
}
