package totango

import (
	"context"
	"maps"
	"slices"

	"throughline"
	"throughline/connect"
)

const opFollow = "follow the milestones' tasks"

// Follow tells what became of the tasks that were written for a handoff's milestones,
// as the account's events tell it: there is no other way to read a task. One of which
// they tell that it was deleted is not among them. It writes nothing, and calls nobody
// where no tasks are written.
//
// It takes two calls: to find the account, and for its events (one more for each
// further page).
func (c *Client) Follow(ctx context.Context, p connect.Publication) ([]connect.Followed, error) {
	if !c.cfg.Tasks || p.Audience == throughline.AudienceCustomer {
		return nil, nil
	}
	if wrong := connect.CheckKey(p.Key); wrong != "" {
		return nil, &connect.Error{Vendor: Vendor, Op: opFollow, Message: wrong, Advice: "put it right and try again"}
	}
	account, err := c.account(ctx, p.Deal.Account)
	if err != nil {
		return nil, err
	}
	events, err := c.events(ctx, opFollow, account, mostPages)
	if err != nil {
		return nil, err
	}
	tasks := seenIn(events, p.Key).tasks
	var out []connect.Followed
	for _, item := range slices.Sorted(maps.Keys(tasks)) {
		if t := tasks[item]; !t.deleted {
			out = append(out, connect.Followed{Milestone: item, Done: t.done(), At: t.at, Due: t.due, Owner: t.owner()})
		}
	}
	return out, nil
}
