package totango

import (
	"context"
	"errors"
	"net/http"

	"throughline/connect"
)

const opSetTasks = "set the milestones' tasks"

// closed is the status of a task that is done.
const closed = "closed"

// SetTasks completes, opens and moves the tasks of a handoff's milestones. They are
// found by the account's events, which tell late: so each is written whatever those say
// of it, but for one that was deleted. One that is refused keeps none of the others from
// being written.
//
// It takes two calls to look, as [Client.Follow] does, and one for each task.
func (c *Client) SetTasks(ctx context.Context, p connect.Publication, changes []connect.TaskChange) error {
	if wrong := connect.CheckKey(p.Key); wrong != "" {
		return &connect.Error{Vendor: Vendor, Op: opSetTasks, Message: wrong, Advice: "put it right and try again"}
	}
	c.publishing.Lock()
	defer c.publishing.Unlock()
	account, err := c.account(ctx, p.Deal.Account)
	if err != nil {
		return err
	}
	events, err := c.events(ctx, opSetTasks, account, mostPages)
	if err != nil {
		return err
	}
	there := seenIn(events, p.Key).tasks
	var failed []error
	for _, change := range changes {
		t, ok := there[change.Milestone]
		if !ok || t.deleted {
			continue
		}
		body := map[string]any{"account_id": account}
		switch change.State {
		case connect.TaskDone:
			body["status"] = closed
		case connect.TaskOpen:
			body["status"] = open
		}
		if change.Due != "" {
			body["due_date"] = change.Due
		}
		err := c.call(ctx, connect.Request{Op: opSetTasks, Method: http.MethodPut, Path: pathTasks + "/" + t.id, Body: body, Repeatable: true}, nil)
		if err != nil && !answered(err, http.StatusNotFound) {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}
