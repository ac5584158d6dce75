package totango

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"throughline"
)

// A marker is the end of a touchpoint of ours: which handoff it holds, and which
// tasks were made with it.
type marker struct {
	key     string
	version int
	digest  string // of what the touchpoint says
	tasks   []made
}

// made is a task that was made for an item. Its id is empty where the vendor's
// answer did not tell it; sum tells what it was last made to say.
type made struct{ item, id, sum string }

func (m marker) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "(%s %s v%d %s", throughline.Schema, m.key, m.version, m.digest)
	for _, t := range m.tasks {
		b.WriteString(" " + t.item + "=" + t.id + "~" + t.sum)
	}
	b.WriteString(")")
	return b.String()
}

// itemForm is that of the milestones' ids.
const itemForm = `[a-z_]{1,20}-[0-9a-f]{1,12}(?:-[0-9]{1,4})?`

var (
	idForm = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)

	markerForm = regexp.MustCompile(`\(` + regexp.QuoteMeta(throughline.Schema) + ` ([A-Za-z0-9._-]{1,64}) v(\d{1,9}) ([0-9a-f]{12})((?: ` + itemForm + `=[A-Za-z0-9-]{0,64}~[0-9a-f]{12})*)\)`)
	taskForm   = regexp.MustCompile(`\(` + regexp.QuoteMeta(throughline.Schema) + ` ([A-Za-z0-9._-]{1,64}) (` + itemForm + `) ([0-9a-f]{12}) ([0-9a-f]{12})(?: (\d{4}-\d{2}-\d{2}))?\)`)
)

// parseMarker reads the last marker of a text: what a handoff quotes stands before
// our own line.
func parseMarker(text string) (marker, bool) {
	all := markerForm.FindAllStringSubmatch(text, -1)
	if all == nil {
		return marker{}, false
	}
	last := all[len(all)-1]
	version, err := strconv.Atoi(last[2])
	m := marker{key: last[1], version: version, digest: last[3]}
	for _, t := range strings.Fields(last[4]) {
		item, rest, _ := strings.Cut(t, "=")
		id, sum, _ := strings.Cut(rest, "~")
		m.tasks = remembering(m.tasks, made{item, id, sum})
	}
	return m, err == nil
}

// A taskMarker is the end of a task of ours.
type taskMarker struct {
	key, item string
	digest    string // of what the task says
	assignee  string // digest of whom it was given to
	due       string // the day that it was given, YYYY-MM-DD; empty for none
}

func (m taskMarker) String() string {
	due := m.due
	if due != "" {
		due = " " + due
	}
	return fmt.Sprintf("(%s %s %s %s %s%s)", throughline.Schema, m.key, m.item, m.digest, m.assignee, due)
}

// sum tells what a task says, and whom it was given to.
func (m taskMarker) sum() string { return digest(m.digest, m.assignee) }

// parseTaskMarker reads the last marker of a task's description.
func parseTaskMarker(text string) (taskMarker, bool) {
	all := taskForm.FindAllStringSubmatch(text, -1)
	if all == nil {
		return taskMarker{}, false
	}
	last := all[len(all)-1]
	return taskMarker{last[1], last[2], last[3], last[4], last[5]}, true
}

func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

// note is our touchpoint as it stands in Totango.
type note struct {
	id, event string // the event may not be known
	marker    marker
}

// task is one of ours as it stands in Totango.
type task struct {
	id       string
	marker   taskMarker
	status   string
	due      string // YYYY-MM-DD
	assignee string // an email address, or something else by which Totango knows them
	at       time.Time
	deleted  bool
}

// take takes over what an event tells of the task. What it does not tell stays.
func (t *task) take(e event) {
	wasDone := t.done()
	if m, ok := parseTaskMarker(string(e.Task.Description.Value)); ok {
		t.marker = m
	}
	t.status = cmp.Or(string(e.Task.Status.Value), t.status)
	t.due = cmp.Or(dayOf(string(e.Task.Due.Value)), t.due)
	t.assignee = cmp.Or(string(e.Task.Assignee.Value), t.assignee)
	if at, err := strconv.ParseInt(string(e.At), 10, 64); err == nil && (!wasDone || !t.done()) {
		t.at = time.UnixMilli(at).UTC()
	}
	t.deleted = strings.HasPrefix(strings.ToLower(string(e.Task.Action)), "delete")
}

// done reports whether a task is completed. Of statuses that are not open only
// "closed" is known; the others are what else it may be called.
func (t task) done() bool {
	switch strings.ToLower(t.status) {
	case "closed", "completed", "complete", "done":
		return true
	}
	return false
}

// owner is the email address of whose task it is; empty where that is not told.
func (t task) owner() string {
	if !strings.Contains(t.assignee, "@") {
		return ""
	}
	return strings.ToLower(line(t.assignee))
}

// dayOf is the day that the vendor tells: as it takes days, or as a moment, in UTC;
// empty for what is neither.
func dayOf(told string) string {
	if _, err := time.Parse(time.DateOnly, told); err == nil {
		return told
	}
	at, err := time.Parse(time.RFC3339, told)
	if ms, err2 := strconv.ParseInt(told, 10, 64); err2 == nil && len(told) == len("1767225600000") {
		at, err = time.UnixMilli(ms), nil
	}
	if err != nil {
		return ""
	}
	return at.UTC().Format(time.DateOnly)
}

// seen is what Totango shows of a handoff.
type seen struct {
	note  *note // nil for none
	more  int   // further touchpoints with the key
	tasks map[string]task

	remembered []made // tasks that this process made, which need not be shown yet
}

func (s *seen) empty() bool { return s.note == nil && len(s.tasks) == 0 && len(s.remembered) == 0 }

// wrote is what this process made of a handoff, kept while the search need not show
// it yet.
type wrote struct {
	note  string // the touchpoint's id; empty for none
	tasks []made
	until time.Time
}

// remember keeps what was made of an edition.
func (c *Client) remember(e *edition, note string, tasks ...made) {
	w := c.wrote[e.key]
	if w == nil {
		w = &wrote{}
		c.wrote[e.key] = w
	}
	w.note = cmp.Or(note, w.note)
	for _, t := range tasks {
		w.tasks = remembering(w.tasks, t)
	}
	w.until = c.cfg.Now().Add(c.cfg.Doubt)
}

// written is what this process made of a handoff lately.
func (c *Client) written(key string) wrote {
	w := c.wrote[key]
	if w == nil || !c.cfg.Now().Before(w.until) {
		delete(c.wrote, key)
		return wrote{}
	}
	return *w
}

// seenIn finds what is ours among an account's events, the oldest of which come
// first. Of several touchpoints the one made first counts; of a task what was told
// last.
func seenIn(events []event, key string) *seen {
	s := &seen{tasks: map[string]task{}}
	latest := map[string]task{} // by its id
	var order []string
	for _, e := range events {
		if m, ok := parseMarker(string(e.Note.Text)); ok && m.key == key && idForm.MatchString(string(e.Note.ID)) {
			if s.note == nil {
				s.note = &note{id: string(e.Note.ID), event: string(e.ID), marker: m}
			} else if s.note.id != string(e.Note.ID) {
				s.more++
			}
		}
		id := string(e.Task.ID)
		if !idForm.MatchString(id) {
			continue
		}
		t, told := latest[id]
		if !told {
			order = append(order, id)
		}
		t.id = id
		t.take(e)
		latest[id] = t
	}
	for _, id := range order {
		t := latest[id]
		if _, twice := s.tasks[t.marker.item]; t.marker.key == key && !twice {
			s.tasks[t.marker.item] = t
		}
	}
	return s
}
