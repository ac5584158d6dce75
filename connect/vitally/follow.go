package vitally

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	"throughline/connect"
)

const opFollow = "follow the milestones' tasks"

// Follow tells what became of the tasks that were written for a handoff's milestones,
// whatever people made of their texts. One that people archived is not among them. It
// writes nothing, and calls nobody where no tasks are written.
//
// It takes two calls: for the account, and for its tasks (one more for each further
// 100); and where somebody has one whose address is not known yet, one for the users
// (and for each further 100).
func (c *Client) Follow(ctx context.Context, p connect.Publication) ([]connect.Followed, error) {
	if !c.cfg.Tasks {
		return nil, nil
	}
	if wrong := connect.CheckKey(p.Key); wrong != "" {
		return nil, &connect.Error{Vendor: Vendor, Op: opFollow, Message: wrong, Advice: "this is a fault in Throughline; please report it"}
	}
	account, err := c.account(ctx, p.Deal)
	if err != nil {
		return nil, err
	}
	there, err := c.tasks(ctx, &edition{key: p.Key, account: account}, false)
	if err != nil {
		return nil, err
	}
	owners, err := c.owners(ctx, there)
	if err != nil {
		return nil, err
	}
	var out []connect.Followed
	for _, external := range slices.Sorted(maps.Keys(there)) {
		t := there[external]
		f := connect.Followed{Milestone: strings.TrimPrefix(external, p.Key+"/"), Done: t.CompletedAt != "", At: when(t.UpdatedAt), Due: t.day(), Owner: owners[t.AssignedTo]}
		if at := when(t.CompletedAt); !at.IsZero() {
			f.At = at
		}
		out = append(out, f)
	}
	return out, nil
}

// owners are the email addresses, by id, of those to whom tasks are assigned, as far
// as the API key may ask.
func (c *Client) owners(ctx context.Context, tasks map[string]task) (map[string]string, error) {
	c.mu.Lock()
	known := maps.Clone(c.emails)
	c.mu.Unlock()
	unknown := func(t task) bool { return t.AssignedTo != "" && known[t.AssignedTo] == "" }
	if !slices.ContainsFunc(slices.Collect(maps.Values(tasks)), unknown) {
		return known, nil
	}
	known = map[string]string{}
	err := each(ctx, c, "find whose tasks they are", "admins", nil, func(one user) bool {
		known[one.ID] = strings.ToLower(one.Email)
		return false
	})
	if answered(err, http.StatusForbidden) || answered(err, http.StatusNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.emails = known
	return known, nil
}
