package totango

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"throughline"
	"throughline/connect"
)

const pathTasks = "/api/v3/tasks"

// mostTasks bounds the tasks of a handoff, which its touchpoint lists. A handoff
// has few milestones.
const mostTasks = 30

// open is the status of a task that is to be done. Of others only "closed" is
// known; whatever a person has set otherwise is left alone.
const open = "open"

// A milestone is one as a task shows it.
type milestone struct {
	item        string
	title       string
	description string // without the marker
	due         string // YYYY-MM-DD; empty where it can't be worked out
	assignee    string // email address; empty where nobody is known
	marker      taskMarker
}

// milestones are those of a view of a handoff.
func milestones(key string, view *throughline.Handoff, link, to string) []milestone {
	var out []milestone
	for _, of := range connect.Milestones(view) {
		if line(of.Text) == "" || len(out) == mostTasks {
			continue
		}
		m := milestone{item: of.ID, title: connect.Cut(line(of.Subject), mostTitle), due: of.Due, assignee: to}
		said := []string{line(of.Text)}
		if when := promised(of.Item); when != "" {
			said = append(said, when)
		}
		if quotes := of.Item.Evidence; len(quotes) > 0 {
			said = append(said, strings.TrimSuffix("“"+line(quotes[0].Quote)+"” — "+line(quotes[0].Speaker), " — "))
		}
		if link != "" {
			said = append(said, "From the handoff: "+link)
		}
		m.description = connect.Cut(strings.Join(said, "\n"), MostContent/2)
		m.marker = taskMarker{key, of.ID, digest(m.title, m.description, m.due), assigned(m.assignee), m.due}
		out = append(out, m)
	}
	return out
}

// assigned tells to whom a task was given.
func assigned(to string) string { return digest(strings.ToLower(to)) }

// assignee is the CSM's address: the record's, else the handoff's.
func assignee(deal connect.Record, view *throughline.Handoff) string {
	to := deal.CSM
	if to == "" && view.Deal.CSM != nil {
		to = view.Deal.CSM.Email
	}
	return line(to)
}

// promised says by when a milestone was promised.
func promised(it throughline.Item) string {
	if it.Day <= 0 {
		return ""
	}
	from := map[throughline.Anchor]string{
		throughline.FromClose: ", counted from the close", throughline.FromKickoff: ", counted from the kickoff", throughline.FromGoLive: ", counted from going live",
	}[it.From]
	return fmt.Sprintf("Promised by day %d%s.", it.Day, from)
}

// tasks brings about the tasks of the milestones, and says which were ever made.
// What could not be made keeps neither the others nor the touchpoint from it.
func (c *Client) tasks(ctx context.Context, e *edition, there *seen) ([]made, error) {
	all := there.made()
	if !e.tasks {
		return all, nil
	}
	var failed []error
	for _, m := range append(e.gone(all, there), e.milestones...) {
		done, err := c.task(ctx, e, m, there)
		if err != nil {
			failed = append(failed, err)
			if temporary(err) {
				break // the next would fare no better
			}
			continue
		}
		all = remembering(all, done)
	}
	return all, errors.Join(failed...)
}

// made are the tasks that were ever made: those that the touchpoint lists, that this
// process remembers, and that are seen.
func (s *seen) made() []made {
	var all []made
	if s.note != nil {
		all = append(all, s.note.marker.tasks...)
	}
	for _, t := range s.remembered {
		all = remembering(all, t)
	}
	for item, t := range s.tasks {
		all = remembering(all, made{item, t.id, t.marker.sum()})
	}
	return all
}

// remembering has an item's task in the list once, in the order of the items.
func remembering(all []made, one made) []made {
	at, there := slices.BinarySearchFunc(all, one.item, func(m made, item string) int { return cmp.Compare(m.item, item) })
	if there {
		one.id = cmp.Or(one.id, all[at].id)
		all[at] = one
		return all
	}
	return slices.Insert(all, at, one)
}

// gone are the milestones that have a task and are no longer in the handoff, as
// their tasks are to say it.
func (e *edition) gone(all []made, there *seen) []milestone {
	var out []milestone
	for _, t := range all {
		if !slices.ContainsFunc(e.milestones, func(m milestone) bool { return m.item == t.item }) {
			m := milestone{item: t.item, description: "This is no longer in the handoff."}
			m.marker = taskMarker{e.key, t.item, digest(m.description), assigned(""), there.tasks[t.item].marker.due}
			out = append(out, m)
		}
	}
	return out
}

// task brings about the one task of a milestone.
func (c *Client) task(ctx context.Context, e *edition, m milestone, there *seen) (made, error) {
	done := made{item: m.item, sum: m.marker.sum()}
	before, known := there.recorded(m.item)
	t, isSeen := there.tasks[m.item]
	switch {
	case isSeen && (t.marker == m.marker || t.deleted || t.status != "" && t.status != open), !isSeen && known && before.sum == done.sum:
		return before, nil
	case isSeen:
		done.id = t.id
		if t.moved() {
			m.due = ""
		}
		return done, c.changeTask(ctx, e, m, t.id, t.marker.assignee != m.marker.assignee && !t.taken())
	case known && before.id == "":
		// It was made, and can't be seen: it may have been deleted.
		c.cfg.Log.WarnContext(ctx, "the task of a milestone that changed can't be seen, so it stays as it is", "vendor", Vendor, "handoff", e.key, "item", m.item)
		return before, nil
	case known:
		done.id = before.id
		return done, c.changeTask(ctx, e, m, before.id, false)
	}
	return c.makeTask(ctx, e, m)
}

// recorded is what is known of the task of an item, if one was ever made.
func (s *seen) recorded(item string) (made, bool) {
	for _, t := range s.made() {
		if t.item == item {
			return t, true
		}
	}
	return made{}, false
}

// moved reports whether people gave the task another day than we did.
func (t task) moved() bool { return t.marker.due != "" && t.due != t.marker.due }

// taken reports whether people gave the task to somebody else than we did.
func (t task) taken() bool { return t.owner() != "" && assigned(t.owner()) != t.marker.assignee }

// changeTask changes a task's texts, and its date where the milestone has one. Its
// status and priority are the CSM's, and who it is assigned to is changed only where
// the CSM is another. One that somebody deleted is none to change.
func (c *Client) changeTask(ctx context.Context, e *edition, m milestone, id string, assign bool) error {
	body := map[string]any{"account_id": e.account, "description": m.text()}
	if m.title != "" {
		body["title"] = m.title
	}
	if m.due != "" {
		body["due_date"] = m.due
	}
	if assign && m.assignee != "" {
		body["assignee"] = m.assignee
	}
	err := c.call(ctx, connect.Request{Op: "change a milestone's task", Method: http.MethodPut, Path: pathTasks + "/" + id, Body: body, Repeatable: true}, nil)
	if answered(err, http.StatusNotFound) {
		return nil
	}
	return err
}

func (m *milestone) text() string { return m.description + "\n\n" + m.marker.String() }

// normal is the priority between high (1) and low (3).
const normal = 2

func (c *Client) makeTask(ctx context.Context, e *edition, m milestone) (made, error) {
	const op = "make a milestone's task"
	done := made{item: m.item, sum: m.marker.sum()}
	what, called := e.key+" "+m.item, "the task "+m.item+" of the handoff "+e.key
	if err := c.doubted(what, op, called, e.account); err != nil {
		return made{}, err
	}
	body := map[string]any{
		"account_id": e.account, "activity_type_id": c.cfg.Flow, "title": m.title, "description": m.text(), "status": open, "priority": normal,
	}
	if m.due != "" {
		body["due_date"] = m.due
	}
	if m.assignee != "" {
		body["assignee"] = m.assignee
	}
	resp, err := c.http.Do(ctx, connect.Request{Op: op, Method: http.MethodPost, Path: pathTasks, Body: body}, nil)
	switch {
	case err == nil:
		done.id = idOf(resp.Body)
		c.remember(e, "", done)
		return done, nil
	case !unclear(err):
		return made{}, err
	}
	found, err := c.watch(ctx, e, what, err, func(s *seen) bool { _, ok := s.tasks[m.item]; return ok })
	if err != nil {
		return made{}, err
	}
	if found == nil {
		return made{}, c.doubted(what, op, called, e.account)
	}
	done.id = found.tasks[m.item].id
	return done, nil
}

// removeTasks deletes tasks, and names those that it could not.
func (c *Client) removeTasks(ctx context.Context, all []made) error {
	const op = "remove a milestone's task"
	var left []string
	var why error
	for _, t := range all {
		if t.id == "" {
			left = append(left, t.item)
			continue
		}
		err := c.call(ctx, connect.Request{Op: op, Method: http.MethodDelete, Path: pathTasks + "/" + t.id, Repeatable: true}, nil)
		if err != nil && !answered(err, http.StatusNotFound) {
			left, why = append(left, t.item+" (task "+t.id+")"), err
		}
	}
	if left == nil {
		return nil
	}
	return &connect.Error{
		Vendor: Vendor, Op: op, Err: why, Message: "there are still the tasks of " + strings.Join(left, ", "), Advice: "delete them in Totango; their descriptions name the handoff",
	}
}

// idOf is the id in an answer to a new task; empty where it only says "Success", as
// the vendor's page has it.
func idOf(body []byte) string {
	var told struct {
		ID scalar `json:"id"`
	}
	if json.Unmarshal(body, &told) != nil || !idForm.MatchString(string(told.ID)) {
		return ""
	}
	return string(told.ID)
}
