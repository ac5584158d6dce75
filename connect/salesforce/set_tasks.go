package salesforce

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"

	"throughline/connect"
)

const opSetTasks = "set the milestones' tasks"

// The statuses of tasks in an org that made none of its own.
const (
	usualOpen = "Not Started"
	usualDone = "Completed"
)

var statusesWish = wish{name: "statuses", object: "TaskStatus", fields: []string{"ApiName", "IsClosed", "IsDefault"}, rest: "ORDER BY SortOrder"}

// SetTasks completes, opens and moves the tasks of a handoff's milestones. One that says
// so already is not written, and one that people deleted is left alone. A task is
// completed by the first of the org's statuses that closes one, and opened by the one
// that a new task has.
//
// It takes one call to look and, where there is something to write, one for each 25.
func (o *Org) SetTasks(ctx context.Context, p connect.Publication, changes []connect.TaskChange) error {
	if wrong := misaddressed(p); wrong != "" {
		return &connect.Error{Vendor: vendor, Op: opSetTasks, Message: wrong, Advice: "put it right and try again"}
	}
	o.publishing.Lock()
	defer o.publishing.Unlock()
	w := tasksWish(p.Deal.ID, placedTaskFields)
	got, refused, err := o.ask(ctx, opSetTasks, []wish{w, statusesWish})
	if err != nil {
		return err
	}
	found, err := o.all(ctx, w, got, refused)
	if err != nil {
		return err
	}
	statuses, err := o.all(ctx, statusesWish, got, refused)
	if err != nil {
		statuses = nil // who may not see them is taken to have the usual ones
	}
	var out []part
	for _, t := range placedTasks(p.Key, found) {
		i := slices.IndexFunc(changes, func(c connect.TaskChange) bool { return c.Milestone == t.mark.item })
		if i < 0 || t.deleted() {
			continue
		}
		fields := map[string]any{}
		if changes[i].Changes(t.closed()) {
			fields["Status"] = statusOf(statuses, !t.closed())
		}
		if due := changes[i].Due; due != "" && due != t.text("ActivityDate") {
			fields["ActivityDate"] = due
		}
		if len(fields) > 0 {
			out = append(out, part{http.MethodPatch, o.path("sobjects/Task/" + t.text("Id")), fmt.Sprintf("task%d", len(out)), fields})
		}
	}
	return o.writeTasks(ctx, out)
}

// statusOf is the status that completes or opens a task.
func statusOf(statuses []Record, done bool) string {
	var first, usual string
	for _, s := range statuses {
		if (s["IsClosed"] == true) != done {
			continue
		}
		first = cmp.Or(first, s.text("ApiName"))
		if s["IsDefault"] == true {
			usual = cmp.Or(usual, s.text("ApiName"))
		}
	}
	if done {
		return cmp.Or(first, usualDone)
	}
	return cmp.Or(usual, first, usualOpen)
}
