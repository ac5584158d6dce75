package salesforce

import (
	"context"
	"slices"
	"strings"

	"throughline"
	"throughline/connect"
)

const opFollow = "follow the milestones' tasks"

// completedField tells when a task was completed. An org that hides it tells instead
// when the task was changed last.
const completedField = "CompletedDateTime"

var followedTaskFields = append(slices.Clone(placedTaskFields), "OwnerId", "LastModifiedDate", completedField)

// Follow tells what became of the tasks that were written for a handoff's milestones,
// archived ones too. One that people deleted is not among them. It writes nothing, and
// calls nobody where no tasks are written.
//
// It takes two calls: for the opportunity's tasks (one more for each further page), and
// for their owners.
func (o *Org) Follow(ctx context.Context, p connect.Publication) ([]connect.Followed, error) {
	if o.cfg.Writing == nil || !o.cfg.Writing.Tasks || p.Audience == throughline.AudienceCustomer {
		return nil, nil
	}
	if wrong := misaddressed(p); wrong != "" {
		return nil, &connect.Error{Vendor: vendor, Op: opFollow, Message: wrong, Advice: "put it right and try again"}
	}
	w := tasksWish(p.Deal.ID, followedTaskFields)
	got, refused, err := o.ask(ctx, opFollow, []wish{w})
	if err != nil {
		return nil, err
	}
	found, gaps := o.records(ctx, w, got, refused)
	for _, g := range gaps {
		if g.Field != completedField {
			return nil, g.Err
		}
	}
	tasks := slices.DeleteFunc(placedTasks(p.Key, found), placedTask.deleted)
	owners, err := o.ownersOf(ctx, tasks)
	if err != nil {
		return nil, err
	}
	var out []connect.Followed
	for _, t := range tasks {
		address, err := o.recordPage(ctx, t.text("Id"))
		if err != nil {
			return nil, err
		}
		f := connect.Followed{Milestone: t.mark.item, Done: t.closed(), At: when(t.text("LastModifiedDate")), Due: t.text("ActivityDate"), Owner: owners[t.text("OwnerId")], URL: address}
		if at := when(t.text(completedField)); f.Done && !at.IsZero() {
			f.At = at
		}
		out = append(out, f)
	}
	return out, nil
}

// ownersOf are the email addresses of the users whose tasks they are, by id; none
// where users may not be read. A queue has none.
func (o *Org) ownersOf(ctx context.Context, tasks []placedTask) (map[string]string, error) {
	var ids []string
	for _, t := range tasks {
		if id := t.text("OwnerId"); strings.HasPrefix(id, "005") && recordID.MatchString(id) && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	w := wish{name: "owners", object: "User", fields: []string{"Id", "Email"}, rest: "WHERE Id IN " + quotes(ids) + " ORDER BY Id"}
	got, refused, err := o.ask(ctx, opFollow, []wish{w})
	if err != nil {
		return nil, err
	}
	if e := refused[w.name]; e != nil && !e.Temporary {
		return nil, nil
	}
	found, err := o.all(ctx, w, got, refused)
	out := map[string]string{}
	for _, u := range found {
		out[u.text("Id")] = strings.ToLower(u.text("Email"))
	}
	return out, err
}
