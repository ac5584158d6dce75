package hubspot

import (
	"fmt"
	"html"
	"slices"
	"strings"

	"throughline"
	"throughline/connect"
)

// A task is a milestone's as it is to stand in the account.
type task struct {
	item    string // by which it is found again
	subject string
	body    string // with its first line
	digest  string
	due     string // as HubSpot takes it; empty where it stays as it is
}

// mostSubject is how long we make a task's title, in characters: longer ones are cut
// off where people read them.
const mostSubject = 200

// dueHour is the hour, in UTC, at which a task is due on its day: the same day in
// most of the world.
const dueHour = "T12:00:00Z"

// tasksOf are those for the view's milestones that have a day on which they are due.
func tasksOf(key string, view *throughline.Handoff, link string) []task {
	var out []task
	for _, m := range connect.Milestones(view) {
		if m.Due == "" {
			continue
		}
		t := task{item: m.ID, subject: shortened(m.Subject, mostSubject), due: m.Due + dueHour}
		body := "<p>" + html.EscapeString(shortened(m.Text, mostTask)) + "</p>"
		if strings.HasPrefix(link, "https://") || strings.HasPrefix(link, "http://") {
			body += fmt.Sprintf(`<p><a href="%s">Open the handoff</a></p>`, html.EscapeString(link))
		}
		t.digest = digest(t.subject, body, t.due)
		t.body = marker{key: key, item: t.item, digest: t.digest, due: m.Due}.line() + body
		out = append(out, t)
	}
	return out
}

// mostTask is how much of a milestone's text a task holds, in characters.
const mostTask = 5000

// shortened is a text of at most so many characters.
func shortened(s string, most int) string {
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	return strings.TrimSpace(string(r[:most-1])) + "…"
}

// gone marks a task whose milestone the handoff no longer has.
const gone = "No longer in the handoff: "

// without is a task of a milestone that is gone, as it is to stand there.
func without(key string, there placedTask) task {
	subject := shortened(gone+strings.TrimPrefix(there.text("hs_task_subject"), gone), mostSubject)
	t := task{item: there.item, subject: subject, digest: digest(gone)}
	t.body = marker{key: key, item: t.item, digest: t.digest, due: there.due}.line() + "<p>The newest version of the handoff does not have this milestone.</p>"
	return t
}

// properties are what is set of a task.
func (t task) properties() map[string]string {
	out := map[string]string{"hs_task_subject": t.subject, "hs_task_body": t.body}
	if t.due != "" {
		out["hs_timestamp"] = t.due
	}
	return out
}

// A placedTask is one of ours that stands in the account.
type placedTask struct {
	Record
	item, digest string
	due          string // the day that we gave it; empty where its marker does not tell
}

// placedTasks are those of the key among a deal's tasks. Of several for one
// milestone, the one made first counts.
func placedTasks(key string, found []Record) []placedTask {
	var out []placedTask
	for _, r := range found {
		m, ok := markerIn(r.text("hs_task_body"))
		if !ok || m.key != key || m.item == "" || slices.ContainsFunc(out, func(t placedTask) bool { return t.item == m.item }) {
			continue
		}
		out = append(out, placedTask{r, m.item, m.digest, m.due})
	}
	return out
}

func (p placedTask) done() bool { return strings.EqualFold(p.text("hs_task_status"), statusDone) }

// day is the day on which the task is due.
func (p placedTask) day() string { return day(p.text("hs_timestamp")) }

// moved reports whether people gave the task another day than we did.
func (p placedTask) moved() bool { return p.due != "" && p.day() != p.due }

// missingTasks are the tasks that are to be made, and by id those to be changed:
// none that people have completed, and none that says what it should, whatever
// people changed about it. A day that people gave a task stays.
func (w *edition) missingTasks(there []placedTask) (made []task, changed map[string]task) {
	changed = map[string]task{}
	for _, t := range w.tasks {
		i := slices.IndexFunc(there, func(p placedTask) bool { return p.item == t.item })
		switch {
		case i < 0:
			made = append(made, t)
		case there[i].digest != t.digest && !there[i].done():
			if there[i].moved() {
				t.due = ""
			}
			changed[there[i].ID] = t
		}
	}
	for _, p := range there {
		wanted := slices.ContainsFunc(w.tasks, func(t task) bool { return t.item == p.item })
		if t := without(w.key, p); !wanted && !p.done() && p.digest != t.digest {
			changed[p.ID] = t
		}
	}
	return made, changed
}
