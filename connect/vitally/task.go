package vitally

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"throughline"
	"throughline/connect"
)

// A milestone is one as its task should have it.
type milestone struct {
	external string
	mark     mark
	name     string
	due      string // YYYY-MM-DD; empty where none is known
	about    string // HTML
}

// milestones are those of a view of a handoff.
func milestones(key string, view *throughline.Handoff, link string) []milestone {
	var out []milestone
	for _, of := range connect.Milestones(view) {
		m := milestone{external: key + "/" + of.ID, name: shortened(of.Subject, mostLine), due: of.Due}
		body := milestoneHTML(of.Item, of.Text, link)
		m.mark = mark{view.Version, markMilestone, digest(m.name, m.due, body), m.due}
		m.about = m.mark.html("Written by Throughline from the handoff.") + body
		out = append(out, m)
	}
	return out
}

// A task is one of an account's.
type task struct {
	ID          string          `json:"id"`
	ExternalID  string          `json:"externalId"`
	Name        string          `json:"name"`
	Description string          `json:"description"`
	DueDate     string          `json:"dueDate"` // a day, or a moment
	AssignedTo  string          `json:"assignedToId"`
	CompletedAt string          `json:"completedAt"`
	UpdatedAt   string          `json:"updatedAt"`
	ArchivedAt  string          `json:"archivedAt"`
	Tags        json.RawMessage `json:"tags"`
}

// day is the day on which the task is due; empty where it has none.
func (t task) day() string {
	if _, err := time.Parse(time.DateOnly, t.DueDate); err == nil {
		return t.DueDate
	}
	if at := when(t.DueDate); !at.IsZero() {
		return at.Format(time.DateOnly)
	}
	return ""
}

// when reads a moment as the API gives it; zero where it is none.
func when(s string) time.Time {
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}

// ours reports whether a task is one that a newer version may change: neither done
// nor archived, and with its mark, which it has not any more where somebody wrote
// another text. A task that somebody did or took over is theirs.
func (t task) ours() (mark, bool) {
	m, marked := markIn(t.Description)
	return m, marked && t.CompletedAt == "" && t.ArchivedAt == ""
}

// tasks are the account's tasks for milestones of the handoff, by external id.
func (c *Client) tasks(ctx context.Context, e *edition, archived bool) (map[string]task, error) {
	found := map[string]task{}
	err := each(ctx, c, opTasks, "accounts/"+url.PathEscape(e.account)+"/tasks", asMade(archived), func(t task) bool {
		if strings.HasPrefix(t.ExternalID, e.key+"/") {
			found[t.ExternalID] = t
		}
		return false
	})
	return found, err
}

// placeTasks brings the milestones' tasks about.
func (c *Client) placeTasks(ctx context.Context, e *edition) error {
	var refused []error
	var by []string // external ids of the tasks that were refused
	err := c.untilClear(ctx, func() error {
		refused, by = nil, nil
		there, err := c.tasks(ctx, e, false)
		if err != nil {
			return err
		}
		steps := e.steps(there)
		if err := c.assign(ctx, e, steps); err != nil {
			return err
		}
		for _, s := range steps {
			switch _, err := c.http.Do(ctx, s.request, nil); {
			case answered(err, http.StatusBadRequest):
				refused, by = append(refused, err), append(by, s.external)
			case err != nil:
				return err // the others would fare as this one
			}
		}
		return errors.Join(refused...)
	})
	if err == nil || len(refused) == 0 || !answered(err, http.StatusBadRequest) {
		return err
	}
	// An external id that is refused may be that of a task which somebody archived:
	// they want none.
	gone, lookErr := c.tasks(ctx, e, true)
	if lookErr == nil && !slices.ContainsFunc(by, func(id string) bool { return gone[id].ArchivedAt == "" }) {
		return nil
	}
	return err
}

// assign assigns the tasks that are to be made to the CSM, if Vitally knows them.
// Those that are there people may have given to somebody else.
func (c *Client) assign(ctx context.Context, e *edition, steps []step) error {
	isNew := func(s step) bool { return s.body["externalId"] != nil }
	if !slices.ContainsFunc(steps, isNew) {
		return nil
	}
	csm, err := c.admin(ctx, e.csm)
	if err != nil || csm == "" {
		return err
	}
	for _, s := range steps {
		if isNew(s) {
			s.body["assignedToId"] = csm
		}
	}
	return nil
}

// admin is the id of Vitally's user with an email address; empty where none is
// known, or where the API key may not ask.
func (c *Client) admin(ctx context.Context, email string) (string, error) {
	email = strings.ToLower(strings.TrimSpace(email))
	if email == "" {
		return "", nil
	}
	c.mu.Lock()
	known, ok := c.admins[email]
	c.mu.Unlock()
	if ok {
		return known, nil
	}
	id := ""
	err := each(ctx, c, "find the CSM among the users", "admins", nil, func(one user) bool {
		if strings.EqualFold(one.Email, email) {
			id = one.ID
		}
		return id != ""
	})
	if err != nil && !answered(err, http.StatusForbidden) && !answered(err, http.StatusNotFound) {
		return "", err
	}
	if id == "" {
		return "", nil // it is asked again: they may be invited meanwhile
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.admins == nil {
		c.admins = map[string]string{}
	}
	c.admins[email] = id
	return id, nil
}

// A user is one of the organisation's, whom the API calls admins.
type user struct {
	ID    string `json:"id"`
	Email string `json:"email"`
}

// A step is a call that makes or changes a task.
type step struct {
	external string
	body     map[string]any
	request  connect.Request // with that body
}

// steps are those from the tasks that are there to those that should be. What the
// handoff does not change is not written, so that a name that people changed stays
// until it does. A milestone that the handoff has no longer says so in
// its task, which stays for a person to close: whether the work is still wanted is
// theirs to say.
func (e *edition) steps(there map[string]task) []step {
	var out []step
	wanted := map[string]bool{}
	for _, m := range e.tasks {
		wanted[m.external] = true
		t, ok := there[m.external]
		has, ours := t.ours()
		switch {
		case !ok:
			out = append(out, m.made(e.account))
		case ours && (has.what != m.mark.what || has.digest != m.mark.digest) && has.version <= m.mark.version:
			out = append(out, m.changed(t, has))
		}
	}
	for _, external := range slices.Sorted(maps.Keys(there)) {
		t := there[external]
		if has, ours := t.ours(); ours && !wanted[external] && has.what == markMilestone && has.version <= e.mark.version {
			out = append(out, withdrawn(t, has, e.mark.version))
		}
	}
	return out
}

func (m milestone) made(account string) step {
	body := map[string]any{"externalId": m.external, "accountId": account, "name": m.name, "description": m.about}
	if m.due != "" {
		body["dueDate"] = m.due
	}
	return step{m.external, body, connect.Request{Op: opTask, Method: http.MethodPost, Path: "tasks", Body: body}}
}

// changed changes a task that has a mark of ours. A day that people gave it stays.
func (m milestone) changed(t task, has mark) step {
	body := map[string]any{"name": m.name, "description": m.about}
	if moved := has.due != "" && t.day() != has.due; m.due != "" && !moved {
		body["dueDate"] = m.due
	}
	return changing(t, body)
}

// markLine is the line with a mark, as it was written.
var markLine = regexp.MustCompile(`<p><em>[^<]*` + regexp.QuoteMeta(throughline.Schema) + `[^<]*</em></p>`)

// notInHandoff begins the name of a task whose milestone the handoff has no longer.
const notInHandoff = "No longer in the handoff: "

func withdrawn(t task, has mark, version int) step {
	name := shortened(notInHandoff+cmp.Or(t.Name, "a milestone"), mostLine)
	m := mark{version, markWithdrawn, digest(name), has.due}
	about := m.html("Written by Throughline. The handoff has this milestone no longer. Close the task if nobody needs it.")
	return changing(t, map[string]any{"name": name, "description": about + markLine.ReplaceAllString(t.Description, "")})
}

func changing(t task, body map[string]any) step {
	return step{t.ExternalID, body, connect.Request{
		Op: opTask, Method: http.MethodPut, Path: "tasks/" + url.PathEscape(t.ID), Body: withTags(body, t.Tags), Repeatable: true,
	}}
}
