package hubspot

import (
	"context"
	"net/url"
	"slices"

	"throughline/connect"
)

const opSetTasks = "set the milestones' tasks"

// The statuses that we give tasks. People may use others, which are all open.
const (
	statusOpen = "NOT_STARTED"
	statusDone = "COMPLETED"
)

// SetTasks completes, opens and moves the tasks of a handoff's milestones. One that says
// so already is not written, and one that people deleted is left alone.
//
// It takes two calls to look, one more for each further hundred tasks of the deal, and
// one to write where there is something to write.
func (p *Portal) SetTasks(ctx context.Context, pub connect.Publication, changes []connect.TaskChange) error {
	if wrong := misaddressed(pub); wrong != "" {
		return refused(opSetTasks, wrong, "put it right and try again")
	}
	p.publishing.Lock()
	defer p.publishing.Unlock()
	tasks, err := p.tasksOf(ctx, opSetTasks, pub, taskProperties)
	if err != nil {
		return err
	}
	var inputs []any
	for _, t := range tasks {
		i := slices.IndexFunc(changes, func(c connect.TaskChange) bool { return c.Milestone == t.item })
		if i < 0 {
			continue
		}
		props := map[string]string{}
		if changes[i].Changes(t.done()) {
			props["hs_task_status"] = map[bool]string{true: statusOpen, false: statusDone}[t.done()]
		}
		if due := changes[i].Due; due != "" && due != t.day() {
			props["hs_timestamp"] = due + dueHour
		}
		if len(props) > 0 {
			inputs = append(inputs, map[string]any{"id": t.ID, "properties": props})
		}
	}
	return p.batchWrite(ctx, opSetTasks, "tasks/batch/update", inputs, true)
}

// tasksOf are the tasks of a publication's milestones.
func (p *Portal) tasksOf(ctx context.Context, op string, pub connect.Publication, names []string) ([]placedTask, error) {
	d := &Deal{ID: pub.Deal.ID}
	q := url.Values{"associations": {"tasks"}, "archived": {"false"}, "properties": {"dealname"}}
	if _, err := p.client.Do(ctx, connect.Request{Op: op, Path: p.path("objects", "deals/"+d.ID), Query: q}, &d.Record); err != nil {
		return nil, err
	}
	d.ID = d.Record.ID // of the deal into which it was merged
	found, err := p.oldestFirst(ctx, op, d, "tasks", names)
	return placedTasks(pub.Key, found), err
}
