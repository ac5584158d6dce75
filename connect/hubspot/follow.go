package hubspot

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"throughline"
	"throughline/connect"
)

const opFollow = "follow the milestones' tasks"

// followedProperties are what is read of a task to tell what became of it.
var followedProperties = append(slices.Clone(taskProperties), "hs_task_completion_date", "hubspot_owner_id")

// Follow tells what became of the tasks that were written for a handoff's milestones.
// One that people deleted is not among them. It writes nothing, and calls nobody where
// no tasks are written.
//
// It takes two calls, one more for each further hundred tasks of the deal, and one for
// the owners, which are kept.
func (p *Portal) Follow(ctx context.Context, pub connect.Publication) ([]connect.Followed, error) {
	if p.cfg.Writing == nil || !p.cfg.Writing.Tasks || pub.Audience == throughline.AudienceCustomer {
		return nil, nil
	}
	if wrong := misaddressed(pub); wrong != "" {
		return nil, refused(opFollow, wrong, "put it right and try again")
	}
	tasks, err := p.tasksOf(ctx, opFollow, pub, followedProperties)
	if err != nil {
		return nil, err
	}
	owners, err := p.ownersOf(ctx, tasks)
	if err != nil {
		return nil, err
	}
	var out []connect.Followed
	for _, t := range tasks {
		f := connect.Followed{Milestone: t.item, Done: t.done(), At: when(t.Updated), Due: t.day(), Owner: owners[t.text("hubspot_owner_id")], URL: webPage(t.URL)}
		// While a task is open, the property may hold when it is due.
		if at := when(t.text("hs_task_completion_date")); f.Done && !at.IsZero() {
			f.At = at
		}
		out = append(out, f)
	}
	return out, nil
}

// ownersOf are the email addresses of those whose tasks they are, by id; none where
// the token may not read owners.
func (p *Portal) ownersOf(ctx context.Context, tasks []placedTask) (map[string]string, error) {
	var ids []string
	for _, t := range tasks {
		if id := t.text("hubspot_owner_id"); id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	who, err := p.people(ctx, ids, nil)
	if e, ok := errors.AsType[*connect.Error](err); ok && e.Status == http.StatusForbidden {
		err = nil
	}
	out := map[string]string{}
	for _, o := range who {
		out[o.ID] = strings.ToLower(o.Email)
	}
	return out, err
}
