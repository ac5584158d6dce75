package hubspot

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"throughline"
	"throughline/connect"
	"throughline/render"
)

const (
	opPublish = "publish the handoff"
	opLook    = "look for the published handoff"
)

// The types of association that the vendor numbers itself (AssociationTypes of its
// client for Node).
const (
	noteToDeal = 214
	taskToDeal = 216
)

// Publish writes a handoff as a note of the deal, with tasks for its milestones and
// properties of the deal where the configuration says so. The audience is the company
// where none is named. It does so once: what is there of the same key is read first,
// and again before anything is repeated, by the deal's associations, since search
// lags. A newer version changes the note and the tasks that are not completed; an
// older one changes nothing.
//
// Where the note stands but properties could not be set, both the copy and an error
// are returned.
func (p *Portal) Publish(ctx context.Context, pub connect.Publication) (connect.Copy, error) {
	w, err := p.edition(pub)
	if err != nil {
		return connect.Copy{}, err
	}
	p.publishing.Lock()
	defer p.publishing.Unlock()
	there, made, err := p.place(ctx, w)
	if err != nil {
		return connect.Copy{}, err
	}
	out := connect.Copy{ID: there.note, URL: cmp.Or(webPage(there.deal.URL), pub.Deal.URL), Made: made}
	if there.newer {
		return out, nil // its properties are the newer one's
	}
	return out, p.setFields(ctx, w, there)
}

// Remove deletes a handoff's note, and the tasks that were made with it. One that is
// gone is none to remove. Properties of the deal stay. HubSpot keeps what is deleted
// for 90 days, in which people can bring it back.
func (p *Portal) Remove(ctx context.Context, note string) error {
	const op = "remove the handoff's note"
	if !recordID.MatchString(note) {
		return refused(op, "there is no id of a note", "delete the note in HubSpot")
	}
	var rec Record
	q := url.Values{"properties": {"hs_note_body"}, "associations": {"deals"}}
	_, err := p.client.Do(ctx, connect.Request{Op: op, Path: p.path("objects", "notes/"+note), Query: q}, &rec)
	if err != nil {
		return unlessGone(err)
	}
	// The note goes last: while it is there, a second try finds the key by it.
	if m, ok := markerIn(rec.text("hs_note_body")); ok {
		for _, a := range rec.Associations["deals"].Results {
			if err := p.removeTasks(ctx, m.key, a.ID); err != nil {
				return err
			}
		}
	}
	return p.remove(ctx, op, "notes/"+note)
}

// removeTasks deletes the tasks of a deal that were made for a handoff.
func (p *Portal) removeTasks(ctx context.Context, key, deal string) error {
	ties, err := p.tied(ctx, deal, "tasks")
	if err != nil {
		return unlessGone(err)
	}
	var ids []string
	for _, a := range ties {
		ids = append(ids, string(a.ToObject))
	}
	found, err := p.batch(ctx, "read the deal's tasks", "tasks", valid(ids), taskProperties, nil)
	if err != nil {
		return err
	}
	for _, r := range found {
		if m, ok := markerIn(r.text("hs_task_body")); ok && m.key == key {
			if err := p.remove(ctx, "remove a milestone's task", "tasks/"+r.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *Portal) remove(ctx context.Context, op, what string) error {
	_, err := p.client.Do(ctx, connect.Request{Op: op, Method: http.MethodDelete, Path: p.path("objects", what), Repeatable: true}, nil)
	return unlessGone(err)
}

// unlessGone is an error, but for that of a record that is not there.
func unlessGone(err error) error {
	if e, ok := errors.AsType[*connect.Error](err); ok && e.Status == http.StatusNotFound {
		return nil
	}
	return err
}

// An edition is a handoff as it is to stand in the account.
type edition struct {
	key     string
	version int
	deal    string

	mark   marker
	body   string // of the note
	tasks  []task // none where none are wanted
	csm    string // email address of who gets the tasks; empty where not known
	values map[Value]string

	withTasks bool
	fields    map[Value]string
}

// misaddressed is what keeps a publication from being found in the account.
func misaddressed(pub connect.Publication) string {
	if wrong := connect.CheckKey(pub.Key); wrong != "" {
		return wrong
	}
	if !recordID.MatchString(pub.Deal.ID) {
		return "the deal's id is not that of a deal"
	}
	return ""
}

// edition is what is to stand there. It calls nobody.
func (p *Portal) edition(pub connect.Publication) (*edition, error) {
	if pub.Audience == "" {
		pub.Audience = throughline.AudienceCompany
	}
	wrong := misaddressed(pub)
	switch {
	case p.cfg.Writing == nil:
		wrong = "the configuration does not say that handoffs are published here"
	case wrong == "":
		wrong = pub.Check()
	}
	if wrong != "" {
		return nil, refused(opPublish, wrong, "put it right and publish again")
	}
	title, blocks, err := render.Blocks(pub.Handoff, pub.Audience)
	if err != nil {
		return nil, &connect.Error{Vendor: Vendor, Op: opPublish, Err: err, Advice: "this is a fault in Throughline; please report it"}
	}
	view := render.For(pub.Handoff, pub.Audience)
	w := &edition{
		key: pub.Key, version: view.Version, deal: pub.Deal.ID, withTasks: p.cfg.Writing.Tasks && pub.Audience != throughline.AudienceCustomer, fields: p.cfg.Writing.Fields, csm: pub.Deal.CSM,
		values: map[Value]string{ValueLink: pub.Link, ValueStatus: string(view.Status), ValueVersion: strconv.Itoa(view.Version), ValueSummary: summary(view)},
	}
	w.mark = marker{key: w.key, version: w.version, digest: digest("")}
	body := noteHTML(shortened(title, mostSubject), pub.Link, blocks, mostNote-connect.Length(w.mark.line()))
	w.mark.digest = digest(body)
	w.body = w.mark.line() + body
	if w.withTasks {
		w.tasks = tasksOf(w.key, view, pub.Link)
	}
	return w, nil
}

// summary is what a view says the customer bought it for, in a line.
func summary(view *throughline.Handoff) string {
	var uses []string
	for _, it := range view.Items {
		if it.Kind == throughline.KindUseCase && it.Text != "" {
			uses = append(uses, strings.TrimSuffix(oneLine(it.Text), "."))
		}
	}
	return shortened(strings.Join(uses, "; "), mostSummary)
}

// mostSummary is how long we make the use cases in one line, in characters.
const mostSummary = 2000

// tries is how often writing is tried where it is not clear whether it was done.
const tries = 3

// place brings the edition's note and tasks to where they belong, and says what is
// there in the end, and whether the note was not there before.
func (p *Portal) place(ctx context.Context, w *edition) (*placed, bool, error) {
	made, known := false, false
	var failed error
	for try := 0; ; try++ {
		there, err := p.look(ctx, w)
		if err != nil {
			return nil, false, err
		}
		if !known {
			made, known = there.note == "", true
		}
		if there.complete(w) {
			return there, made, nil
		}
		if try == tries {
			return nil, false, failed
		}
		if failed = p.write(ctx, w, there); failed == nil {
			return there, made, nil
		}
		if !unclear(failed) || ctx.Err() != nil {
			return nil, false, failed
		}
		// A call whose answer was lost may still be at work: what it does should be
		// seen by the look that follows.
		if err := p.sleep(ctx, time.Second<<(try+1)); err != nil {
			return nil, false, failed
		}
	}
}

// unclear reports whether what was to be written may be there in spite of the
// error, or may be tried again soon.
func unclear(err error) bool {
	e, ok := errors.AsType[*connect.Error](err)
	return ok && e.Temporary && e.RetryAfter <= rollingWait
}

// placed is what the account has of a publication.
type placed struct {
	deal    Record
	note    string // its id; empty where there is none
	current bool   // the note holds the edition
	newer   bool   // the note holds a newer version than the edition
	at      string // when the version was written
	tasks   []placedTask
}

// complete reports whether nothing is left to write but properties.
func (there *placed) complete(w *edition) bool {
	made, changed := w.missingTasks(there.tasks)
	return there.newer || there.current && len(made)+len(changed) == 0
}

var (
	noteProperties = strings.Fields("hs_note_body hs_timestamp")
	taskProperties = strings.Fields("hs_task_subject hs_task_body hs_task_status hs_timestamp")
)

// look reads what is there: the deal, and of its notes and tasks those of the key.
func (p *Portal) look(ctx context.Context, w *edition) (*placed, error) {
	there := &placed{}
	kinds := "notes"
	if w.withTasks {
		kinds = "notes,tasks"
	}
	q := url.Values{"associations": {kinds}, "archived": {"false"}, "properties": {strings.Join(append([]string{"dealname"}, slices.Sorted(maps.Values(w.fields))...), ",")}}
	req := connect.Request{Op: opLook, Path: p.path("objects", "deals/"+w.deal), Query: q}
	if _, err := p.client.Do(ctx, req, &there.deal); err != nil {
		return nil, err
	}
	d := &Deal{ID: there.deal.ID, Record: there.deal}
	notes, err := p.oldestFirst(ctx, opLook, d, "notes", noteProperties)
	if err != nil {
		return nil, err
	}
	there.find(w, notes)
	if !w.withTasks {
		return there, nil
	}
	tasks, err := p.oldestFirst(ctx, opLook, d, "tasks", taskProperties)
	if err != nil {
		return nil, err
	}
	there.tasks = placedTasks(w.key, tasks)
	return there, nil
}

// oldestFirst reads all the deal's records of a type, in order of their ids.
func (p *Portal) oldestFirst(ctx context.Context, op string, d *Deal, kind string, names []string) ([]Record, error) {
	ids, err := p.associated(ctx, d, kind)
	if err != nil {
		return nil, err
	}
	found, err := p.batch(ctx, op, kind, ids, names, nil)
	slices.SortStableFunc(found, func(a, b Record) int { return cmp.Or(cmp.Compare(len(a.ID), len(b.ID)), strings.Compare(a.ID, b.ID)) })
	return found, err
}

// find finds the note of the key. Of several, the one that was made first counts.
func (there *placed) find(w *edition, notes []Record) {
	for _, n := range notes {
		m, ok := markerIn(n.text("hs_note_body"))
		if !ok || m.key != w.key || m.item != "" || there.note != "" {
			continue
		}
		there.note, there.newer, there.current, there.at = n.ID, m.version > w.version, m == w.mark, n.text("hs_timestamp")
	}
}

// write makes or changes what is missing.
func (p *Portal) write(ctx context.Context, w *edition, there *placed) error {
	if !there.current {
		if err := p.writeNote(ctx, w, there); err != nil {
			return err
		}
	}
	made, changed := w.missingTasks(there.tasks)
	if len(made) > 0 {
		if err := p.makeTasks(ctx, w, there, made); err != nil {
			return err
		}
	}
	if len(changed) == 0 {
		return nil
	}
	var inputs []any
	for _, id := range slices.Sorted(maps.Keys(changed)) {
		inputs = append(inputs, map[string]any{"id": id, "properties": changed[id].properties()})
	}
	return p.batchWrite(ctx, "change the milestones' tasks", "tasks/batch/update", inputs, true)
}

// writeNote makes the note, or puts the edition into the one that is there. A note
// stands where its time puts it, so a new version comes to the top.
func (p *Portal) writeNote(ctx context.Context, w *edition, there *placed) error {
	at := p.cfg.Now().UTC().Truncate(time.Millisecond).Format("2006-01-02T15:04:05.000Z")
	in := map[string]any{"properties": map[string]string{"hs_note_body": w.body, "hs_timestamp": at}}
	// Changing a note twice is as good as once; making one is not.
	req := connect.Request{Op: opPublish, Method: http.MethodPatch, Path: p.path("objects", "notes/"+there.note), Body: in, Repeatable: true}
	if there.note == "" {
		in["associations"] = []any{tie(there.deal.ID, noteToDeal)}
		req.Method, req.Path, req.Repeatable = http.MethodPost, p.path("objects", "notes"), false
	}
	var answer Record
	if _, err := p.client.Do(ctx, req, &answer); err != nil {
		return err
	}
	there.note, there.current, there.at = cmp.Or(answer.ID, there.note), true, at
	return nil
}

// tie is an association with a deal, of a type that the vendor numbers.
func tie(deal string, number int) map[string]any {
	return map[string]any{
		"to": map[string]string{"id": deal}, "types": []any{map[string]any{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": number}},
	}
}

// makeTasks makes tasks, owned by the CSM where they have a seat in the account.
func (p *Portal) makeTasks(ctx context.Context, w *edition, there *placed, made []task) error {
	csm := ""
	if w.csm != "" {
		who, err := p.people(ctx, nil, []string{w.csm})
		if err != nil {
			return err
		}
		if len(who) > 0 {
			csm = who[0].ID
		}
	}
	var inputs []any
	for _, t := range made {
		props := t.properties()
		props["hs_task_status"], props["hs_task_type"] = statusOpen, "TODO"
		if csm != "" {
			props["hubspot_owner_id"] = csm
		}
		inputs = append(inputs, map[string]any{"properties": props, "associations": []any{tie(there.deal.ID, taskToDeal)}})
	}
	return p.batchWrite(ctx, "make the milestones' tasks", "tasks/batch/create", inputs, false)
}

// batchWrite writes up to a hundred records at a time. An answer that tells of less
// than was asked for says that some were not written.
func (p *Portal) batchWrite(ctx context.Context, op, path string, inputs []any, repeatable bool) error {
	for some := range slices.Chunk(inputs, perBatch) {
		var answer struct {
			Results []Record `json:"results"`
		}
		req := connect.Request{Op: op, Method: http.MethodPost, Path: p.path("objects", path), Body: map[string]any{"inputs": some}, Repeatable: repeatable}
		if _, err := p.client.Do(ctx, req, &answer); err != nil {
			return err
		}
		if len(answer.Results) < len(some) {
			return &connect.Error{Vendor: Vendor, Op: op, Temporary: true, Message: "some were not written", Advice: "try again"}
		}
	}
	return nil
}
