package salesforce

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"throughline"
	"throughline/connect"
	"throughline/render"
)

// Publish attaches a handoff to the deal's opportunity and account as a file, with
// a note, tasks for its milestones and fields of the opportunity where the
// configuration has them. The audience is the company where none is named. It does so once: what is there of
// the same key is read first, and again before anything is repeated. A newer
// version becomes a new version of the same file, and changes the tasks that nobody
// completed; an older one changes nothing.
//
// Where the file stands but tasks could not be written or fields not be set, both the
// copy and an error are returned.
//
// It takes one call to look and one to write, one more to write tasks (and for each
// further 25), one more to set fields; one in all where everything is there.
func (o *Org) Publish(ctx context.Context, p connect.Publication) (connect.Copy, error) {
	w, err := o.edition(p)
	if err != nil {
		return connect.Copy{}, err
	}
	o.publishing.Lock()
	defer o.publishing.Unlock()
	there, made, err := o.place(ctx, w)
	if err != nil {
		return connect.Copy{}, err
	}
	out := connect.Copy{ID: there.document, Made: made}
	if out.URL, err = o.recordPage(ctx, there.document); err != nil {
		return out, err
	}
	if there.newer {
		return out, nil // its tasks and fields are the newer one's
	}
	if w.withTasks {
		err = o.placeTasks(ctx, w, there.tasks, made)
	}
	return out, errors.Join(err, o.setFields(ctx, w, there))
}

// recordPage is where a person opens a record.
func (o *Org) recordPage(ctx context.Context, id string) (string, error) {
	hosted, ok := o.client.Auth.(connect.Hosted)
	if !ok {
		return "", nil
	}
	base, err := hosted.Base(ctx)
	if err != nil {
		return "", err
	}
	return strings.TrimRight(base, "/") + "/" + id, nil
}

// Remove deletes a handoff's file with all its versions, and so from every record
// that shows it, and the tasks that were written with it. One that is gone is none to
// remove. Notes and fields stay.
func (o *Org) Remove(ctx context.Context, document string) error {
	if !recordID.MatchString(document) {
		return &connect.Error{Vendor: vendor, Op: "remove the handoff's file", Message: "there is no id of a file", Advice: "delete the file in Salesforce"}
	}
	// The file goes last: while it is there, a second try finds the key by it.
	if err := o.removeTasks(ctx, document); err != nil {
		return err
	}
	err := o.do(ctx, connect.Request{Op: "remove the handoff's file", Method: http.MethodDelete, Path: o.path("sobjects/ContentDocument/" + document), Repeatable: true}, nil)
	if e, ok := errors.AsType[*connect.Error](err); ok && e.Status == http.StatusNotFound {
		return nil
	}
	return err
}

// An edition is a handoff as it is to stand in the org.
type edition struct {
	key         string
	version     int
	opportunity string
	account     string // empty where the deal has none

	mark  string // the file's PathOnClient
	title string
	data  []byte

	note      string // its text as HTML; empty where none is wanted
	noteTitle string

	withTasks bool
	tasks     []task
	csm       string // email address of whom new tasks are assigned to; empty where not known

	values map[Value]string
}

// misaddressed is what keeps a publication from being found in the org.
func misaddressed(p connect.Publication) string {
	if wrong := connect.CheckKey(p.Key); wrong != "" {
		return wrong
	}
	if !recordID.MatchString(p.Deal.ID) || !strings.HasPrefix(p.Deal.ID, "006") {
		return "the deal's id is not that of an opportunity"
	}
	return ""
}

// edition is what is to stand there. It calls nobody.
func (o *Org) edition(p connect.Publication) (*edition, error) {
	if p.Audience == "" {
		p.Audience = throughline.AudienceCompany
	}
	wrong := misaddressed(p)
	switch {
	case o.cfg.Writing == nil:
		wrong = "the configuration does not say that handoffs are published here"
	case wrong != "":
	case p.Deal.Account != "" && !recordID.MatchString(p.Deal.Account):
		wrong = "the account's id is not that of a record"
	default:
		wrong = p.Check()
	}
	if wrong != "" {
		return nil, &connect.Error{Vendor: vendor, Op: opPublish, Message: wrong, Advice: "put it right and publish again"}
	}
	var file bytes.Buffer
	write := render.HTML
	if o.cfg.Writing.Format == FormatMarkdown {
		write = render.Markdown
	}
	if err := write(&file, p.Handoff, p.Audience); err != nil {
		return nil, &connect.Error{Vendor: vendor, Op: opPublish, Err: err, Advice: "this is a fault in Throughline; please report it"}
	}
	view := render.For(p.Handoff, p.Audience)
	w := &edition{key: p.Key, version: view.Version, opportunity: p.Deal.ID, account: p.Deal.Account, data: file.Bytes()}
	w.title = shortened(oneLine("Handoff: "+cmp.Or(view.Deal.Name, p.Deal.Name, view.Deal.Customer.Name)), mostTitle)
	w.noteTitle = shortened(w.title, mostTitle-len(p.Key)-3) + " (" + p.Key + ")"
	if o.cfg.Writing.Note {
		w.note = noteHTML(view, p.Link)
	}
	if w.withTasks = o.cfg.Writing.Tasks && p.Audience != throughline.AudienceCustomer; w.withTasks {
		w.tasks, w.csm = tasksOf(w.key, view, p.Link), p.Deal.CSM
		if w.csm == "" && view.Deal.CSM != nil {
			w.csm = view.Deal.CSM.Email
		}
	}
	w.mark = marker{w.key, w.version, digest(w.data, []byte(w.note))}.path(o.cfg.Writing.extension())
	w.values = map[Value]string{
		ValueLink: p.Link, ValueStatus: string(view.Status), ValueVersion: strconv.Itoa(view.Version), ValueSummary: summary(view),
	}
	return w, nil
}

const opPublish = "publish the handoff"

// mostTitle is how long the titles of files and notes may be, in characters
// (Object Reference, ContentVersion and ContentNote).
const mostTitle = 255

// shortened is a text of at most so many characters.
func shortened(s string, most int) string {
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	return strings.TrimSpace(string(r[:most-1])) + "…"
}

func digest(parts ...[]byte) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

// A marker tells which handoff a version of a file holds. It stands in the
// version's PathOnClient: the name that the file had when it was uploaded, which
// can be queried by and which nobody can change afterwards, whatever people call
// the file in the org.
type marker struct {
	key     string
	version int
	digest  string // of what the version holds
}

func (m marker) path(extension string) string {
	return fmt.Sprintf("throughline-%s.v%d.%s.%s", m.key, m.version, m.digest, extension)
}

var markerPath = regexp.MustCompile(`^throughline-([A-Za-z0-9._-]{1,64})\.v(\d{1,9})\.([0-9a-f]{12})\.(?:html|md)$`)

// parseMarker reads a marker; false for another file's name.
func parseMarker(path string) (marker, bool) {
	m := markerPath.FindStringSubmatch(path)
	if m == nil {
		return marker{}, false
	}
	version, err := strconv.Atoi(m[2])
	return marker{m[1], version, m[3]}, err == nil
}

// tries is how often writing is tried where it is not clear whether it was done.
const tries = 3

// place brings the edition's file, links and note to where they belong, and says
// what is there in the end, and whether the file was not there before.
func (o *Org) place(ctx context.Context, w *edition) (*placed, bool, error) {
	made, known := false, false
	var failed error
	for try := 0; ; try++ {
		there, err := o.look(ctx, w)
		if err != nil {
			return nil, false, err
		}
		if !known {
			made, known = there.document == "", true
		}
		parts := w.missing(o, there)
		if len(parts) == 0 {
			return there, made, nil
		}
		if try == tries {
			return nil, false, failed
		}
		if failed = o.write(ctx, parts, there); failed == nil {
			return there, made, nil
		}
		if !unclear(failed) || ctx.Err() != nil {
			return nil, false, failed
		}
		// A call whose answer was lost may still be at work: what it does should
		// be seen by the look that follows.
		if err := o.sleep(ctx, time.Second<<(try+1)); err != nil {
			return nil, false, failed
		}
	}
}

// unclear reports whether what was to be written may be there in spite of the
// error, or may be tried again at once.
func unclear(err error) bool {
	var e *connect.Error
	return errors.As(err, &e) && (e.Temporary && e.RetryAfter == 0 || e.Code == "DUPLICATE_VALUE")
}

func (o *Org) sleep(ctx context.Context, d time.Duration) error {
	if o.cfg.Sleep != nil {
		return o.cfg.Sleep(ctx, d)
	}
	return connect.Sleep(ctx, d)
}

// placed is what the org has of a publication.
type placed struct {
	document string   // the file's; empty where there is none
	title    string   // what the file is called, which people may have changed
	current  bool     // the file holds the edition
	newer    bool     // the file holds a newer version than the edition
	at       string   // when the version that holds the edition was made
	linked   []string // records that the file is linked to
	note     string   // the note's document; empty where there is none

	tasks taskView

	fields      Record // of the opportunity, where fields are to be set
	description description
}

var publishedLinks = []string{
	"Id", "LinkedEntityId", "ContentDocumentId", "ContentDocument.Title", "ContentDocument.FileType", "ContentDocument.LatestPublishedVersion.PathOnClient",
	"ContentDocument.LatestPublishedVersion.CreatedDate",
}

// look reads what is there: what is linked to the records, whoever owns it, and
// the versions with the key's marker, so that the file is known again where
// somebody unlinked it or put a version of their own over ours.
func (o *Org) look(ctx context.Context, w *edition) (*placed, error) {
	wishes := []wish{
		{name: "links", object: "ContentDocumentLink", fields: publishedLinks, rest: "WHERE LinkedEntityId IN " + quotes(w.records())},
		{
			name: "versions", object: "ContentVersion", fields: []string{"Id", "ContentDocumentId", "PathOnClient", "CreatedDate"},
			rest: "WHERE PathOnClient LIKE " + quote("throughline-"+w.key+".v%") + " ORDER BY CreatedDate, Id",
		},
	}
	if len(o.cfg.Writing.Fields) > 0 {
		wishes = append(wishes,
			wish{name: "opportunity", object: "Opportunity", path: "sobjects/Opportunity/" + w.opportunity},
			wish{name: "describe", object: "Opportunity", path: "sobjects/Opportunity/describe"})
	}
	got, refused, err := o.ask(ctx, "look for the published handoff", append(wishes, w.taskWishes()...))
	if err != nil {
		return nil, err
	}
	there := &placed{tasks: o.taskView(ctx, w, got, refused)}
	var found [2][]Record // links, versions
	for i, w := range wishes {
		if e := refused[w.name]; e != nil {
			return nil, e
		}
		if i >= len(found) {
			continue
		}
		for rec, err := range o.rows(ctx, w.op(), got[w.name]) {
			if err != nil {
				return nil, err
			}
			found[i] = append(found[i], rec)
		}
	}
	if len(wishes) > 2 && (json.Unmarshal(got["opportunity"], &there.fields) != nil || json.Unmarshal(got["describe"], &there.description) != nil) {
		return nil, &connect.Error{Vendor: vendor, Op: "read Opportunity", Message: "the answer is not a record"}
	}
	there.find(w, found[0], found[1])
	return there, nil
}

// records are those that the file is linked to.
func (w *edition) records() []string {
	if w.account == "" {
		return []string{w.opportunity}
	}
	return []string{w.opportunity, w.account}
}

// find finds the file and the note among what the org has. Of several files with
// the key, the one made first counts.
func (there *placed) find(w *edition, links, versions []Record) {
	for _, link := range links {
		in := link.inner("ContentDocument")
		latest := in.inner("LatestPublishedVersion")
		id := link.text("ContentDocumentId")
		if in.text("FileType") == "SNOTE" && strings.HasSuffix(in.text("Title"), "("+w.key+")") && (there.note == "" || id < there.note) {
			there.note = id
		}
		versions = append(versions, Record{"ContentDocumentId": id, "PathOnClient": latest.text("PathOnClient"), "CreatedDate": latest.text("CreatedDate")})
	}
	versions = slices.DeleteFunc(versions, func(v Record) bool {
		m, ok := parseMarker(v.text("PathOnClient"))
		return !ok || m.key != w.key
	})
	slices.SortStableFunc(versions, func(a, b Record) int { return strings.Compare(a.text("CreatedDate"), b.text("CreatedDate")) })
	for _, v := range versions {
		there.document = cmp.Or(there.document, v.text("ContentDocumentId"))
		if v.text("ContentDocumentId") != there.document {
			continue
		}
		m, _ := parseMarker(v.text("PathOnClient"))
		there.newer = there.newer || m.version > w.version
		if there.current = v.text("PathOnClient") == w.mark; there.current {
			there.at = v.text("CreatedDate")
		}
	}
	for _, link := range links {
		if link.text("ContentDocumentId") == there.document {
			there.linked = append(there.linked, link.text("LinkedEntityId"))
			there.title = link.inner("ContentDocument").text("Title")
		}
	}
}

// A part is a part of a composite request that writes.
type part struct {
	Method string         `json:"method"`
	URL    string         `json:"url"`
	Name   string         `json:"referenceId"`
	Body   map[string]any `json:"body,omitempty"`
}

// missing are the calls that bring what is missing, none where nothing is.
func (w *edition) missing(o *Org, there *placed) []part {
	document, links := there.document, w.records()
	var out []part
	if !there.current && !there.newer {
		version := map[string]any{
			"Title": cmp.Or(there.title, w.title), "PathOnClient": w.mark, "VersionData": base64.StdEncoding.EncodeToString(w.data),
			"Description": "Written by Throughline, which adds newer versions here. Download it to open it.",
		}
		if document == "" {
			version["FirstPublishLocationId"] = w.opportunity // links it in the same step
			document, links = "@{document.ContentDocumentId}", links[1:]
		} else {
			version["ContentDocumentId"] = document
			version["ReasonForChange"] = fmt.Sprintf("Version %d of the handoff", w.version)
		}
		out = append(out,
			part{http.MethodPost, o.path("sobjects/ContentVersion"), "file", version},
			part{http.MethodGet, o.path("sobjects/ContentVersion/@{file.id}"), "document", nil})
	}
	written := len(out) > 0
	for i, to := range links {
		if !slices.ContainsFunc(there.linked, func(id string) bool { return sameRecord(id, to) }) {
			out = append(out, part{http.MethodPost, o.path("sobjects/ContentDocumentLink"), fmt.Sprintf("link%d", i), link(document, to)})
		}
	}
	switch {
	case w.note == "" || there.newer:
	case there.note == "":
		out = append(out,
			part{http.MethodPost, o.path("sobjects/ContentNote"), "note", map[string]any{"Title": w.noteTitle, "Content": base64.StdEncoding.EncodeToString([]byte(w.note))}},
			part{http.MethodPost, o.path("sobjects/ContentDocumentLink"), "noteLink", link("@{note.id}", w.opportunity)})
	case written:
		out = append(out, part{http.MethodPatch, o.path("sobjects/ContentNote/" + there.note), "note", map[string]any{"Content": base64.StdEncoding.EncodeToString([]byte(w.note))}})
	}
	return out
}

// link ties a document to a record, for those to see who see the record.
func link(document, record string) map[string]any {
	return map[string]any{"ContentDocumentId": document, "LinkedEntityId": record, "ShareType": "V"}
}

// sameRecord compares ids of 15 or 18 characters.
func sameRecord(a, b string) bool {
	const short = 15
	return len(a) >= short && len(b) >= short && a[:short] == b[:short]
}

// write makes the calls as one, of which all are done or none.
func (o *Org) write(ctx context.Context, parts []part, there *placed) error {
	var answer compositeAnswer
	req := connect.Request{Op: opPublish, Method: http.MethodPost, Path: o.path("composite"), Body: map[string]any{"allOrNone": true, "compositeRequest": parts}}
	if err := o.do(ctx, req, &answer); err != nil {
		return err
	}
	if e := answer.refused(opPublish); e != nil {
		return e
	}
	if len(answer.Parts) != len(parts) {
		return &connect.Error{Vendor: vendor, Op: opPublish, Temporary: true, Message: "the answer does not tell of every part of the request", Advice: "try again"}
	}
	for _, p := range answer.Parts {
		var version Record
		if p.Name == "document" && json.Unmarshal(p.Body, &version) == nil {
			there.document, there.at = version.text("ContentDocumentId"), version.text("CreatedDate")
		}
	}
	return nil
}

// refused is why a part of a request was not done; of one of which all parts are done
// or none, the part that is to blame.
func (a compositeAnswer) refused(op string) *connect.Error {
	var first *connect.Error
	for _, p := range a.Parts {
		if p.Status/100 == 2 {
			continue
		}
		e := decode(p.Status, nil, p.Body)
		e.Vendor, e.Op, e.Status = vendor, op, p.Status
		if first == nil || first.Code == "PROCESSING_HALTED" {
			first = e // the others were halted because of the one
		}
	}
	return first
}
