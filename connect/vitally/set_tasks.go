package vitally

import (
	"context"
	"errors"
	"time"

	"throughline/connect"
)

const opSetTasks = "set the milestones' tasks"

// SetTasks completes, opens and moves the tasks of a handoff's milestones, whatever
// people made of their texts. One that says so already is not written, and one that
// people archived is left alone. One that is refused keeps none of the others from being
// written.
//
// It takes two calls to look, as [Client.Follow] does, and one for each task that is
// changed.
func (c *Client) SetTasks(ctx context.Context, p connect.Publication, changes []connect.TaskChange) error {
	if wrong := connect.CheckKey(p.Key); wrong != "" {
		return &connect.Error{Vendor: Vendor, Op: opSetTasks, Message: wrong, Advice: "this is a fault in Throughline; please report it"}
	}
	account, err := c.account(ctx, p.Deal)
	if err != nil {
		return err
	}
	there, err := c.tasks(ctx, &edition{key: p.Key, account: account}, false)
	if err != nil {
		return err
	}
	var failed []error
	for _, change := range changes {
		t, ok := there[p.Key+"/"+change.Milestone]
		if !ok {
			continue
		}
		body := map[string]any{}
		if done := t.CompletedAt != ""; change.Changes(done) {
			body["completedAt"] = nil
			if !done {
				body["completedAt"] = c.cfg.Now().UTC().Format(time.RFC3339)
			}
		}
		if change.Due != "" && change.Due != t.day() {
			body["dueDate"] = change.Due
		}
		if len(body) > 0 {
			_, err := c.http.Do(ctx, changing(t, body).request, nil)
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}
