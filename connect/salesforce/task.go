package salesforce

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"throughline"
	"throughline/connect"
)

// A task is a milestone's as it is to stand in the org.
type task struct {
	mark    taskMark
	subject string
	body    string // below its first line
}

// mostTask is how much of a milestone's text a task holds, in characters. A comment
// of a task has room for 32,000 (Object Reference, Task).
const mostTask = 5000

// tasksOf are those for the milestones of a view.
func tasksOf(key string, view *throughline.Handoff, link string) []task {
	var out []task
	for _, m := range connect.Milestones(view) {
		t := task{subject: shortened(m.Subject, mostTitle), body: shortened(m.Text, mostTask)}
		if strings.HasPrefix(link, "https://") || strings.HasPrefix(link, "http://") {
			t.body += "\n\nOpen the handoff: " + link
		}
		t.mark = taskMark{key, m.ID, digest([]byte(t.subject), []byte(t.body), []byte(m.Due)), m.Due}
		out = append(out, t)
	}
	return out
}

// gone begins the subject of a task whose milestone the handoff no longer has.
const gone = "No longer in the handoff: "

// without is a task of a milestone that is gone, as it is to stand there.
func without(there placedTask) task {
	mark := there.mark
	mark.digest = digest([]byte(gone))
	subject := shortened(gone+strings.TrimPrefix(there.text("Subject"), gone), mostTitle)
	return task{mark, subject, "The newest version of the handoff does not have this milestone."}
}

// fields are what is set of a task, but for its day.
func (t task) fields() map[string]any {
	return map[string]any{"Subject": t.subject, "Description": t.mark.line() + "\n\n" + t.body}
}

// A taskMark tells which milestone a task of ours is for. It stands in the first line
// of the task's comment, where people see it: none of its other fields is for others
// to use.
type taskMark struct {
	key, item string
	digest    string // of what was written
	due       string // the day that it was given, YYYY-MM-DD; empty for none
}

// firstLine begins the comment of each task of ours. It names the schema, by which our
// own words are known again and prove nothing.
const firstLine = "Written by Throughline (" + throughline.Schema + "). Reference: "

func (m taskMark) line() string {
	line := fmt.Sprintf("%sthroughline-%s/%s.%s", firstLine, m.key, m.item, m.digest)
	if m.due != "" {
		line += "." + m.due
	}
	return line
}

var taskMarkForm = regexp.MustCompile(`^throughline-([A-Za-z0-9._-]{1,64})/([A-Za-z0-9_-]{1,64})\.([0-9a-f]{12})(?:\.(\d{4}-\d{2}-\d{2}))?(?:\s|$)`)

// parseTaskMark reads the mark of a task's comment; false for a task that is not ours,
// also where its comment quotes one of ours further down.
func parseTaskMark(comment string) (taskMark, bool) {
	rest, ours := strings.CutPrefix(strings.TrimSpace(comment), firstLine)
	m := taskMarkForm.FindStringSubmatch(rest)
	if !ours || m == nil {
		return taskMark{}, false
	}
	return taskMark{m[1], m[2], m[3], m[4]}, true
}

// A placedTask is one of ours that stands in the org, or in its recycle bin.
type placedTask struct {
	Record
	mark taskMark
}

// placedTasks are those of the key among an opportunity's tasks, the oldest first. Of
// several for one milestone the first counts.
func placedTasks(key string, found []Record) []placedTask {
	var out []placedTask
	for _, r := range found {
		m, ours := parseTaskMark(r.text("Description"))
		if !ours || m.key != key || slices.ContainsFunc(out, func(t placedTask) bool { return t.mark.item == m.item }) {
			continue
		}
		out = append(out, placedTask{r, m})
	}
	return out
}

func (t placedTask) closed() bool { return t.Record["IsClosed"] == true }

func (t placedTask) deleted() bool { return t.Record["IsDeleted"] == true }

// moved reports whether people gave the task another day than we did.
func (t placedTask) moved() bool { return t.text("ActivityDate") != t.mark.due }
