package totango

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"throughline"
	"throughline/connect"
	"throughline/render"
)

// looks is how often the account is looked at after a write of which nobody knows
// whether it was stored, each time after twice as long as before.
const looks = 3

// The ops of writing.
const (
	opLook    = "look for the handoff"
	opPublish = "publish the handoff"
)

const pathTouchpoints = "/api/v3/touchpoints/"

// Publish writes the handoff as a touchpoint of the customer's account, as the
// audience may see it, which is the company where none is named; and, where the
// configuration wants tasks, one for each milestone. It does so once: what is there
// of the same key is read first, and again before anything is repeated. A newer
// version changes the touchpoint and the tasks whose milestones changed; an older
// one changes nothing. A task that a person completed is left alone.
//
// Where it is not known whether a write was stored, and it can't be seen, the error
// says what to look at, is Temporary, and names for how long nothing is written
// again. Where the touchpoint stands but a task could not be made, both the copy
// and an error are returned.
//
// It takes one call to find the account, one or two to look, and one for each
// thing that is written.
func (c *Client) Publish(ctx context.Context, p connect.Publication) (connect.Copy, error) {
	e, err := c.edition(p)
	if err != nil {
		return connect.Copy{}, err
	}
	c.publishing.Lock()
	defer c.publishing.Unlock()
	if e.account, err = c.account(ctx, p.Deal.Account); err != nil {
		return connect.Copy{}, err
	}
	there, err := c.settled(ctx, e)
	if err != nil {
		return connect.Copy{}, err
	}
	if there.note != nil {
		delete(c.doubts, e.key)
	}
	if there.more > 0 {
		c.cfg.Log.WarnContext(ctx, "an account has more than one touchpoint of a handoff; the first is kept up to date", "vendor", Vendor, "more", there.more)
	}
	if there.note != nil && there.note.marker.version > e.version {
		return connect.Copy{ID: there.note.id}, nil
	}
	tasks, notMade := c.tasks(ctx, e, there)
	copied, err := c.touchpoint(ctx, e, there, tasks)
	return copied, errors.Join(err, notMade)
}

// Remove deletes a handoff's touchpoint, and the tasks that it lists. One that is
// gone is none to remove. Where a task can't be deleted, the touchpoint is all the
// same, and the error names the tasks to delete by hand.
func (c *Client) Remove(ctx context.Context, touchpoint string) error {
	const op = "remove the handoff's touchpoint"
	if !idForm.MatchString(touchpoint) {
		return &connect.Error{Vendor: Vendor, Op: op, Message: "there is no id of a touchpoint", Advice: "delete the touchpoint in Totango"}
	}
	there, err := c.known(ctx, touchpoint, "")
	if err != nil || there == nil {
		return err
	}
	notRemoved := c.removeTasks(ctx, there.marker.tasks)
	err = c.call(ctx, connect.Request{Op: op, Method: http.MethodDelete, Path: pathTouchpoints + touchpoint, Repeatable: true}, nil)
	if answered(err, http.StatusNotFound) {
		err = nil
	}
	return errors.Join(err, notRemoved)
}

// An edition is a handoff as it is to stand in Totango.
type edition struct {
	key        string
	version    int
	account    string // Totango's id of it
	subject    string
	document   *document
	tasks      bool // whether milestones have any
	milestones []milestone
}

// edition is what is to stand there. It calls nobody.
func (c *Client) edition(p connect.Publication) (*edition, error) {
	p.Audience = cmp.Or(p.Audience, throughline.AudienceCompany)
	if wrong := p.Check(); wrong != "" {
		return nil, &connect.Error{Vendor: Vendor, Op: opPublish, Message: wrong, Advice: "put it right and publish again"}
	}
	title, blocks, err := render.Blocks(p.Handoff, p.Audience)
	if err != nil {
		return nil, &connect.Error{Vendor: Vendor, Op: opPublish, Err: err, Advice: "this is a fault in Throughline; please report it"}
	}
	to, ok := linkable(p.Link)
	if !ok || p.Audience == throughline.AudienceCustomer {
		to = ""
	}
	e := &edition{key: p.Key, version: p.Handoff.Version, document: newDocument(title, to, blocks)}
	e.subject = "Handoff: " + e.document.title
	if e.tasks = c.cfg.Tasks && p.Audience != throughline.AudienceCustomer; e.tasks {
		view := render.For(p.Handoff, p.Audience)
		e.milestones = milestones(p.Key, view, to, assignee(p.Deal, view))
	}
	return e, nil
}

// mark is the marker of the edition's touchpoint, with the tasks that were made.
func (e *edition) mark(c *Client, tasks []made) marker {
	return marker{e.key, e.version, digest(e.subject, e.document.link, joined(e.document.whole), c.cfg.Flow, c.cfg.Type), tasks}
}

// settled is what Totango shows of the handoff. Where it shows nothing, it is
// looked again after a while.
func (c *Client) settled(ctx context.Context, e *edition) (*seen, error) {
	there, err := c.look(ctx, e)
	if err != nil || !there.empty() {
		return there, err
	}
	if err := c.cfg.Sleep(ctx, c.cfg.Settle); err != nil {
		return nil, &connect.Error{Vendor: Vendor, Op: opLook, Err: err}
	}
	return c.look(ctx, e)
}

// look searches the account's events for what is ours. A touchpoint that they don't
// show is read by the id that this process, or its caller, remembers.
func (c *Client) look(ctx context.Context, e *edition) (*seen, error) {
	events, err := c.events(ctx, opLook, e.account, mostPages)
	if err != nil {
		return nil, err
	}
	there, lately := seenIn(events, e.key), c.written(e.key)
	there.remembered = lately.tasks
	id := lately.note
	if there.note == nil && id == "" && c.cfg.Known != nil {
		if id, err = c.cfg.Known(ctx, e.key); err != nil {
			return nil, fmt.Errorf("totango: asking whether the handoff was published before: %w", err)
		}
	}
	if there.note == nil && idForm.MatchString(id) {
		there.note, err = c.known(ctx, id, e.key)
	}
	return there, err
}

// known is the touchpoint with the id, of the key or, where that is empty, of any;
// nil where it is gone. In what form the vendor answers it is not known here, so the
// marker is looked for in all its texts.
func (c *Client) known(ctx context.Context, id, key string) (*note, error) {
	var told any
	err := c.call(ctx, connect.Request{Op: opLook, Path: pathTouchpoints + id}, &told)
	if answered(err, http.StatusNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	n := &note{id: id}
	for _, text := range texts(told) {
		if m, ok := parseMarker(text); ok && (key == "" || m.key == key) {
			n.marker = m
		}
	}
	return n, nil
}

// texts are all in a JSON value.
func texts(v any) []string {
	var out []string
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, inner := range v {
			out = append(out, texts(inner)...)
		}
	case map[string]any:
		for _, inner := range v {
			out = append(out, texts(inner)...)
		}
	}
	return out
}

// touchpoint brings about the one touchpoint with the edition.
func (c *Client) touchpoint(ctx context.Context, e *edition, there *seen, tasks []made) (connect.Copy, error) {
	m := e.mark(c, tasks)
	if n := there.note; n != nil {
		out := connect.Copy{ID: n.id}
		if n.marker.String() == m.String() {
			return out, nil
		}
		body := c.body(e, m)
		body["note_id"] = number(n.id)
		if n.event != "" {
			body["event_id"] = number(n.event)
		}
		return out, c.call(ctx, connect.Request{Op: opPublish, Method: http.MethodPut, Path: pathTouchpoints + n.id, Body: body, Repeatable: true}, nil)
	}
	if err := c.doubted(e.key, opPublish, "the touchpoint of the handoff "+e.key, e.account); err != nil {
		return connect.Copy{}, err
	}
	var told struct {
		Note struct {
			ID scalar `json:"id"`
		} `json:"note"`
	}
	err := c.call(ctx, connect.Request{Op: opPublish, Method: http.MethodPost, Path: pathTouchpoints, Body: c.body(e, m)}, &told)
	if err == nil && idForm.MatchString(string(told.Note.ID)) {
		c.remember(e, string(told.Note.ID))
		return connect.Copy{ID: string(told.Note.ID), Made: true}, nil
	}
	if err != nil && !unclear(err) {
		return connect.Copy{}, err
	}
	found, err := c.watch(ctx, e, e.key, err, func(s *seen) bool { return s.note != nil })
	if err != nil {
		return connect.Copy{}, err
	}
	if found == nil {
		return connect.Copy{}, c.doubted(e.key, opPublish, "the touchpoint of the handoff "+e.key, e.account)
	}
	return connect.Copy{ID: found.note.id, Made: true}, nil
}

func (c *Client) body(e *edition, m marker) map[string]any {
	out := map[string]any{"account_id": e.account, "subject": e.subject, "content": e.document.content(m)}
	if c.cfg.Flow != "" {
		out["activity_type_id"] = c.cfg.Flow
	}
	if c.cfg.Type != "" {
		out["touchpointType"] = c.cfg.Type
	}
	return out
}

// number is an id as the vendor gave it: a number where it is one.
func number(id string) any {
	if _, err := strconv.ParseInt(id, 10, 64); err == nil {
		return json.Number(id)
	}
	return id
}

// unclear reports whether what was to be written may be there in spite of the
// error.
func unclear(err error) bool {
	var e *connect.Error
	if !errors.As(err, &e) {
		return false
	}
	var op *net.OpError
	switch {
	case errors.As(err, &op) && op.Op == "dial": // it never came
		return false
	case e.Status == 0:
		// Without an answer, unless it was not sent: for a pause the vendor asked
		// for, or for what is wrong on this side.
		return e.Temporary && e.RetryAfter == 0 || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
	}
	return e.Status != http.StatusTooManyRequests && (e.Temporary || e.Status/100 == 2)
}

// watch looks, after a write of which nobody knows whether it was stored, whether
// it was; nil where it can't be seen. Then it is in doubt: for a while it is not
// written again.
func (c *Client) watch(ctx context.Context, e *edition, what string, why error, is func(*seen) bool) (*seen, error) {
	c.doubts[what] = c.cfg.Now().Add(c.cfg.Doubt)
	for try := range looks {
		if err := c.cfg.Sleep(ctx, 2*time.Second<<try); err != nil {
			return nil, errors.Join(why, &connect.Error{Vendor: Vendor, Op: opLook, Err: err})
		}
		there, err := c.look(ctx, e)
		if err != nil {
			return nil, errors.Join(why, err)
		}
		if is(there) {
			delete(c.doubts, what)
			return there, nil
		}
	}
	return nil, nil
}

// doubted is the error of what may have been written, while that is in doubt.
func (c *Client) doubted(what, op, called, account string) error {
	left := c.doubts[what].Sub(c.cfg.Now())
	if left <= 0 {
		delete(c.doubts, what)
		return nil
	}
	return &connect.Error{
		Vendor: Vendor, Op: op, Temporary: true, RetryAfter: left,
		Message: fmt.Sprintf("it is not known whether %s was stored on the account %s, where it can't be seen", called, account),
		Advice: fmt.Sprintf("look at the account's timeline in Totango: its last line names the handoff. If it is there, all is well. "+
			"The next try looks again, and writes only where it is not seen %s after the last one", connect.Plain(c.cfg.Doubt)),
	}
}
