// Package totango is a stand-in for Totango's API: it answers over real HTTP what
// the vendor's service would of accounts, touchpoints, tasks and the events that
// these make, to who has the token, within the vendor's rate, and fails in the ways
// in which services fail when it is told to.
//
// The vendor publishes no machine-readable description. Paths, fields and limits
// are those of its support pages; the forms of answers are those that others'
// programs read. Bodies with a field that neither names are refused.
package totango

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf16"

	"throughline/twin/answer"
	"throughline/twin/fault"
)

// The routes, as a [fault.Fault], [Server.Withheld] and [Server.Requests] name them.
const (
	RouteAccounts   = "POST /api/v1/search/accounts"
	RouteEvents     = "POST /api/v2/events/search"
	RouteCreate     = "POST /api/v3/touchpoints/"
	RouteRead       = "GET /api/v3/touchpoints/{id}"
	RouteUpdate     = "PUT /api/v3/touchpoints/{id}"
	RouteDelete     = "DELETE /api/v3/touchpoints/{id}"
	RouteTask       = "POST /api/v3/tasks"
	RouteTaskUpdate = "PUT /api/v3/tasks/{id}"
	RouteTaskDelete = "DELETE /api/v3/tasks/{id}"
	RouteFlows      = "GET /api/v3/activity-types"
	RouteTypes      = "GET /api/v3/touchpoint-types/"
)

// DefaultPerMinute is the vendor's limit of calls a minute and token.
const DefaultPerMinute = 100

// Flow and Type are those of a new stand-in.
const (
	Flow = "onboarding"
	Type = "c0ffee00-0000-4000-8000-000000000001"
)

// mostContent is how long a touchpoint may be, in characters.
const mostContent = 12_000

// A Server is the stand-in; it is an http.Handler. Its exported fields are set
// before it serves.
type Server struct {
	Token     string   // that is asked for; any when empty
	Withheld  []string // routes that the token may not use
	PerMinute int      // calls; 0 for [DefaultPerMinute], below 0 for no limit
	Flows     []string // ids of the flows; [Flow] when nil
	Types     []string // ids of the types of touchpoint; [Type] when nil
	// Users are the addresses that tasks may be assigned to; any when nil.
	Users []string
	// Lag is how long after a change the search of events knows of it.
	Lag time.Duration
	// Quiet answers a new task with "Success", as the support page has it, instead
	// of with the task.
	Quiet bool
	Now   func() time.Time // nil for the machine's clock

	fault.Faults
	answer.Count

	once        sync.Once
	mux         *http.ServeMux
	mu          sync.Mutex
	accounts    []Account
	touchpoints []*Touchpoint
	tasks       []*Task
	events      []event
	minute      time.Time
	used        int
	last        int64 // id given
}

// An Account is a customer.
type Account struct {
	ID, Name   string
	Attributes map[string]string
}

// A Touchpoint is a note on an account's timeline.
type Touchpoint struct {
	ID, Event                 int64
	Account, Subject, Content string
	Flow, Type                string
	Tags                      []string
	Created, Updated          time.Time
	Deleted                   bool
	Versions                  int // how often it was written
}

// A Task is one on an account.
type Task struct {
	ID                 int64
	Account            string
	Title, Description string
	Due, Status, Flow  string
	Priority           int
	Assignee           string
	Versions           int // how often it was written by the API
}

// An event is what the timeline tells of a change.
type event struct {
	id      int64
	account string
	kind    string // "note", "task"
	at      time.Time
	known   time.Time // when the search knows of the note's last change
	note    *Touchpoint
	before  Touchpoint // the note, until the search knows of its last change
	task    Task       // as it was then
	action  string
}

// Seed takes the account of a deal's folder: that of salesforce/account.json, else
// of hubspot/company.json.
func (s *Server) Seed(dir string) error {
	raw, err := os.ReadFile(filepath.Join(dir, "salesforce", "account.json"))
	if err != nil {
		if raw, err = os.ReadFile(filepath.Join(dir, "hubspot", "company.json")); err != nil {
			return fmt.Errorf("%s has neither salesforce/account.json nor hubspot/company.json", dir)
		}
	}
	var record struct {
		ID, Name   string
		Properties struct{ Name string }
	}
	if err := json.Unmarshal(raw, &record); err != nil {
		return fmt.Errorf("the account of %s: %w", dir, err)
	}
	if record.ID == "" {
		return fmt.Errorf("the account of %s has no id", dir)
	}
	s.AddAccount(Account{ID: record.ID, Name: cmp.Or(record.Name, record.Properties.Name)})
	return nil
}

// AddAccount adds an account, or replaces the one with its id.
func (s *Server) AddAccount(a Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accounts = slices.DeleteFunc(s.accounts, func(old Account) bool { return old.ID == a.ID })
	s.accounts = append(s.accounts, a)
}

// AddTouchpoint adds one that a person wrote.
func (s *Server) AddTouchpoint(account, subject, content string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.note(&Touchpoint{Account: account, Subject: subject, Content: content}).ID
}

// Touchpoints are those that are there, the oldest first.
func (s *Server) Touchpoints() []Touchpoint {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Touchpoint
	for _, t := range s.touchpoints {
		if !t.Deleted {
			out = append(out, *t)
		}
	}
	return out
}

// Tasks are those that are there, the oldest first.
func (s *Server) Tasks() []Task {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Task
	for _, t := range s.tasks {
		out = append(out, *t)
	}
	return out
}

// Complete has a person complete a task.
func (s *Server) Complete(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.task(id); t != nil {
		t.Status = "closed"
		s.tell(event{account: t.Account, kind: "task", task: *t, action: "completed"})
	}
}

// Assign has a person give a task to somebody.
func (s *Server) Assign(id int64, to string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.task(id); t != nil {
		t.Assignee = to
		s.tell(event{account: t.Account, kind: "task", task: *t, action: "updated"})
	}
}

// Move has a person give a task another day, YYYY-MM-DD.
func (s *Server) Move(id int64, due string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.task(id); t != nil {
		t.Due = due
		s.tell(event{account: t.Account, kind: "task", task: *t, action: "updated"})
	}
}

// Drop has a person delete a task. That the timeline tells of it the vendor does not
// say.
func (s *Server) Drop(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.task(id); t != nil {
		s.tasks = slices.DeleteFunc(s.tasks, func(one *Task) bool { return one == t })
		s.tell(event{account: t.Account, kind: "task", task: *t, action: "deleted"})
	}
}

func (s *Server) setUp() {
	if s.Flows == nil {
		s.Flows = []string{Flow}
	}
	if s.Types == nil {
		s.Types = []string{Type}
	}
	s.mux = http.NewServeMux()
	for route, answer := range map[string]func(*http.Request) (any, *refusal){
		RouteAccounts: s.searchAccounts, RouteEvents: s.searchEvents,
		RouteCreate: s.create, RouteRead: s.read, RouteUpdate: s.update, RouteDelete: s.remove,
		RouteTask: s.createTask, RouteTaskUpdate: s.updateTask, RouteTaskDelete: s.removeTask,
		RouteFlows: s.flows, RouteTypes: s.types,
	} {
		pattern := route
		if strings.HasSuffix(pattern, "/") {
			pattern += "{$}"
		}
		s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, route, answer) })
	}
}

// ServeHTTP answers as the API does.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.once.Do(s.setUp)
	s.mux.ServeHTTP(w, r)
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, route string, answer func(*http.Request) (any, *refusal)) {
	s.Asked(route)
	s.Serve(w, r, route, func(w http.ResponseWriter, f *fault.Fault) {
		reply(w, f.Status, map[string]any{"message": "Ordered to fail"})
	}, func(w http.ResponseWriter, r *http.Request) {
		if refused := s.admit(w, r, route); refused != nil {
			reply(w, refused.status, map[string]any{"message": refused.message})
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		told, refused := answer(r)
		if refused != nil {
			reply(w, refused.status, map[string]any{"message": refused.message})
			return
		}
		reply(w, http.StatusOK, told)
	})
}

// A refusal is an answer that is an error.
type refusal struct {
	status  int
	message string
}

func bad(format string, args ...any) *refusal {
	return &refusal{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

// admit says who is turned away.
func (s *Server) admit(w http.ResponseWriter, r *http.Request, route string) *refusal {
	if s.Token != "" && r.Header.Get("app-token") != s.Token {
		return &refusal{http.StatusUnauthorized, "No valid token"}
	}
	if wait := s.overLimit(); wait > 0 {
		h := w.Header()
		h.Set("RateLimit-Limit", strconv.Itoa(cmp.Or(s.PerMinute, DefaultPerMinute)))
		h.Set("RateLimit-Remaining", "0")
		h.Set("RateLimit-Reset", strconv.Itoa(wait))
		h.Set("Retry-After", strconv.Itoa(wait))
		return &refusal{http.StatusTooManyRequests, "Too Many Requests"}
	}
	if slices.Contains(s.Withheld, route) {
		return &refusal{http.StatusForbidden, "Forbidden"}
	}
	return nil
}

// overLimit counts the call; where there were too many, it says for how many
// seconds to wait.
func (s *Server) overLimit() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.PerMinute < 0 {
		return 0
	}
	now := s.now()
	if now.Sub(s.minute) >= time.Minute {
		s.minute, s.used = now, 0
	}
	if s.used++; s.used > cmp.Or(s.PerMinute, DefaultPerMinute) {
		return int(s.minute.Add(time.Minute).Sub(now).Seconds()) + 1
	}
	return 0
}

// A query is what a search asks, as JSON in a form's field.
type query struct {
	Terms  []term `json:"terms"`
	Fields []any  `json:"fields"`
	Count  int    `json:"count"`
	Offset int    `json:"offset"`
	Scope  string `json:"scope"`
}

type term struct {
	Type      string   `json:"type"`
	Term      string   `json:"term"`
	Attribute string   `json:"attribute"`
	InList    []string `json:"in_list"`
	Name      string   `json:"name"`
	Eq        string   `json:"eq"`
	Or        []term   `json:"or"`
}

const mostHits = 1000

func asked(r *http.Request) (query, *refusal) {
	q := query{Count: mostHits}
	dec := json.NewDecoder(strings.NewReader(r.FormValue("query")))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&q); err != nil {
		return q, bad("query is not what a search asks")
	}
	switch {
	case q.Terms == nil:
		return q, &refusal{http.StatusUnauthorized, "terms is mandatory"}
	case q.Fields == nil:
		return q, bad("fields is mandatory")
	case q.Count < 1 || q.Count > mostHits || q.Offset < 0:
		return q, bad("count may be 1 to %d", mostHits)
	}
	return q, nil
}

func page[T any](all []T, from, count int) []T {
	from = min(from, len(all))
	return all[from:min(from+count, len(all))]
}

func (s *Server) searchAccounts(r *http.Request) (any, *refusal) {
	q, refused := asked(r)
	if refused != nil {
		return nil, refused
	}
	hits := []any{}
	var found []Account
	for _, a := range s.accounts {
		if !slices.ContainsFunc(q.Terms, func(t term) bool { return !t.meansAccount(a) }) {
			found = append(found, a)
		}
	}
	for _, a := range page(found, q.Offset, q.Count) {
		hits = append(hits, map[string]any{"name": a.ID, "display_name": a.Name, "selected_fields": []any{}})
	}
	return map[string]any{"response": map[string]any{"accounts": map[string]any{"total_hits": len(found), "hits": hits}}}, nil
}

func (t term) meansAccount(a Account) bool {
	switch {
	case t.Type == "string" && t.Term == "identifier":
		return slices.Contains(t.InList, a.ID)
	case t.Type == "string_attribute":
		return slices.Contains(t.InList, a.Attributes[t.Attribute])
	}
	return false
}

// searchEvents answers with a page of the account's events, the newest first. Its
// offset counts pages.
func (s *Server) searchEvents(r *http.Request) (any, *refusal) {
	q, refused := asked(r)
	if refused != nil {
		return nil, refused
	}
	now := s.now()
	var found []any
	for _, e := range slices.Backward(s.events) {
		account := r.FormValue("account_id")
		if now.Before(e.at.Add(s.Lag)) || account != "" && e.account != account || e.note != nil && e.note.Deleted {
			continue
		}
		if slices.ContainsFunc(q.Terms, func(t term) bool { return !t.meansEvent(e) }) {
			continue
		}
		found = append(found, e.shown(now))
	}
	hits := page(found, q.Offset*q.Count, q.Count)
	if hits == nil {
		hits = []any{}
	}
	return map[string]any{"response": map[string]any{"events": map[string]any{"total_hits": len(found), "hits": hits}}}, nil
}

func (t term) meansEvent(e event) bool {
	switch t.Type {
	case "or":
		return slices.ContainsFunc(t.Or, func(t term) bool { return t.meansEvent(e) })
	case "event_property":
		return t.Name == "event_type" && t.Eq == e.kind
	}
	return false
}

func (e event) shown(now time.Time) map[string]any {
	out := map[string]any{"id": e.id, "type": e.kind, "timestamp": e.at.UnixMilli(), "account": map[string]any{"id": e.account}}
	if e.note != nil {
		n := *e.note
		if now.Before(e.known) {
			n = e.before
		}
		out["note_content"] = map[string]any{"note_id": n.ID, "text": n.Content, "totango_user": map[string]any{"user_name": "integration@example.com"}}
		out["properties"] = map[string]any{"activity_type_id": n.Flow, "subject": n.Subject, "touchpoint_tags": n.Tags}
		return out
	}
	current := func(v any) map[string]any { return map[string]any{"current": v, "is_modified": true} }
	out["task_content"] = map[string]any{
		"task_id": e.task.ID, "action": e.action, "title": current(e.task.Title), "description": current(e.task.Description),
		"status": current(e.task.Status), "due_date": current(e.task.Due), "assignee": current(e.task.Assignee),
	}
	out["properties"] = map[string]any{"activity_type_id": e.task.Flow}
	return out
}

func (s *Server) tell(e event) int64 {
	s.last++
	e.id, e.at = s.last, s.now()
	s.events = append(s.events, e)
	return e.id
}

func (s *Server) note(t *Touchpoint) *Touchpoint {
	s.last++
	t.ID, t.Created, t.Updated = s.last, s.now(), s.now()
	t.Event = s.tell(event{account: t.Account, kind: "note", note: t})
	s.touchpoints = append(s.touchpoints, t)
	return t
}

// touchpointBody is what a touchpoint is written with.
type touchpointBody struct {
	Account      string           `json:"account_id"`
	Content      *string          `json:"content"`
	Flow         string           `json:"activity_type_id"`
	By           string           `json:"created_by"`
	At           int64            `json:"create_date"`
	DisableSync  bool             `json:"disable_sync"`
	Type         string           `json:"touchpointType"`
	Tags         []string         `json:"touchpoint_tags"`
	Participants []map[string]any `json:"participantList"`
	Subject      string           `json:"subject"`
	Note         json.Number      `json:"note_id"`  // of a change
	Event        json.Number      `json:"event_id"` // likewise
}

func decode(r *http.Request, into any) *refusal {
	dec := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 1<<20))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return bad("the body is not JSON of a known form")
	}
	return nil
}

func (s *Server) check(b *touchpointBody) *refusal {
	switch {
	case !slices.ContainsFunc(s.accounts, func(a Account) bool { return a.ID == b.Account }):
		return bad("Account not found")
	case b.Content == nil || *b.Content == "":
		return bad("content is mandatory")
	case len(utf16.Encode([]rune(*b.Content))) > mostContent:
		return bad("content is too long")
	case b.Flow != "" && !slices.Contains(s.Flows, b.Flow):
		return bad("activity_type_id is not known")
	case b.Type != "" && !slices.Contains(s.Types, b.Type):
		return bad("touchpointType is not known")
	}
	return nil
}

func (s *Server) create(r *http.Request) (any, *refusal) {
	var b touchpointBody
	if refused := decode(r, &b); refused != nil {
		return nil, refused
	}
	if refused := s.check(&b); refused != nil {
		return nil, refused
	}
	if b.Note != "" || b.Event != "" {
		return nil, bad("a new touchpoint has no id")
	}
	t := s.note(&Touchpoint{Account: b.Account, Versions: 1})
	t.take(&b)
	return map[string]any{"note": t.shown()}, nil
}

func (t *Touchpoint) take(b *touchpointBody) {
	t.Content, t.Subject, t.Flow, t.Type, t.Tags = *b.Content, b.Subject, b.Flow, b.Type, b.Tags
}

func (t *Touchpoint) shown() map[string]any {
	return map[string]any{"id": t.ID, "account_id": t.Account, "content": t.Content, "subject": t.Subject, "activity_type_id": t.Flow, "touchpointType": t.Type}
}

func (s *Server) touchpoint(r *http.Request) (*Touchpoint, *refusal) {
	for _, t := range s.touchpoints {
		if !t.Deleted && strconv.FormatInt(t.ID, 10) == r.PathValue("id") {
			return t, nil
		}
	}
	return nil, &refusal{http.StatusNotFound, "Touchpoint not found"}
}

func (s *Server) read(r *http.Request) (any, *refusal) {
	t, refused := s.touchpoint(r)
	if refused != nil {
		return nil, refused
	}
	return map[string]any{"note": t.shown()}, nil
}

// update changes a touchpoint, and with it the event of its making.
func (s *Server) update(r *http.Request) (any, *refusal) {
	t, refused := s.touchpoint(r)
	if refused != nil {
		return nil, refused
	}
	var b touchpointBody
	if refused := decode(r, &b); refused != nil {
		return nil, refused
	}
	if refused := s.check(&b); refused != nil {
		return nil, refused
	}
	if b.Account != t.Account || b.Note != "" && b.Note.String() != strconv.FormatInt(t.ID, 10) || b.Event != "" && b.Event.String() != strconv.FormatInt(t.Event, 10) {
		return nil, bad("the ids are not those of one touchpoint")
	}
	for i := range s.events {
		if e := &s.events[i]; e.id == t.Event {
			e.before, e.known = *t, s.now().Add(s.Lag)
		}
	}
	t.take(&b)
	t.Updated = s.now()
	t.Versions++
	return map[string]any{"note": t.shown()}, nil
}

func (s *Server) remove(r *http.Request) (any, *refusal) {
	t, refused := s.touchpoint(r)
	if refused != nil {
		return nil, refused
	}
	t.Deleted = true
	return map[string]any{}, nil
}

// taskBody is what a task is written with; what is left out of a change stays.
type taskBody struct {
	Title       *string      `json:"title"`
	Description *string      `json:"description"`
	Due         *string      `json:"due_date"`
	Priority    *json.Number `json:"priority"`
	Status      *string      `json:"status"`
	Account     string       `json:"account_id"`
	Assignee    *string      `json:"assignee"`
	Flow        *string      `json:"activity_type_id"`
}

func (s *Server) task(id int64) *Task {
	for _, t := range s.tasks {
		if t.ID == id {
			return t
		}
	}
	return nil
}

// write puts a body's fields into a task.
func (s *Server) write(t *Task, b *taskBody) *refusal {
	for _, f := range []struct {
		from *string
		to   *string
	}{{b.Title, &t.Title}, {b.Description, &t.Description}, {b.Due, &t.Due}, {b.Status, &t.Status}, {b.Assignee, &t.Assignee}, {b.Flow, &t.Flow}} {
		if f.from != nil {
			*f.to = *f.from
		}
	}
	if b.Priority != nil {
		n, err := b.Priority.Int64()
		if err != nil || n < 1 || n > 3 {
			return bad("priority is 1, 2 or 3")
		}
		t.Priority = int(n)
	}
	switch {
	case t.Title == "":
		return bad("title is mandatory")
	case !slices.Contains(s.Flows, t.Flow):
		return bad("activity_type_id is mandatory")
	case t.Due != "" && !isDay(t.Due):
		return bad("due_date is not a date")
	case t.Assignee != "" && s.Users != nil && !slices.Contains(s.Users, t.Assignee):
		return bad("assignee not found")
	}
	t.Versions++
	return nil
}

func isDay(v string) bool {
	_, err := time.Parse(time.DateOnly, v)
	return err == nil
}

func (s *Server) createTask(r *http.Request) (any, *refusal) {
	var b taskBody
	if refused := decode(r, &b); refused != nil {
		return nil, refused
	}
	if !slices.ContainsFunc(s.accounts, func(a Account) bool { return a.ID == b.Account }) {
		return nil, bad("Account not found")
	}
	t := &Task{Account: b.Account, Status: "open"}
	if refused := s.write(t, &b); refused != nil {
		return nil, refused
	}
	s.last++
	t.ID = s.last
	s.tasks = append(s.tasks, t)
	s.tell(event{account: t.Account, kind: "task", task: *t, action: "created"})
	if s.Quiet {
		return "Success", nil
	}
	return map[string]any{"id": t.ID, "title": t.Title, "status": t.Status}, nil
}

func (s *Server) updateTask(r *http.Request) (any, *refusal) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	t := s.task(id)
	if err != nil || t == nil {
		return nil, &refusal{http.StatusNotFound, "Task not found"}
	}
	var b taskBody
	if refused := decode(r, &b); refused != nil {
		return nil, refused
	}
	if b.Account != t.Account {
		return nil, bad("Account not found")
	}
	changed := *t
	if refused := s.write(&changed, &b); refused != nil {
		return nil, refused
	}
	*t = changed
	s.tell(event{account: t.Account, kind: "task", task: *t, action: "updated"})
	return map[string]any{"id": t.ID, "title": t.Title, "status": t.Status}, nil
}

func (s *Server) removeTask(r *http.Request) (any, *refusal) {
	was := len(s.tasks)
	s.tasks = slices.DeleteFunc(s.tasks, func(t *Task) bool { return strconv.FormatInt(t.ID, 10) == r.PathValue("id") })
	if len(s.tasks) == was {
		return nil, &refusal{http.StatusNotFound, "Task not found"}
	}
	return map[string]any{}, nil
}

func (s *Server) flows(*http.Request) (any, *refusal) {
	var out []any
	for _, id := range s.Flows {
		out = append(out, map[string]any{"activity_type_id": id, "display_name": id})
	}
	return out, nil
}

func (s *Server) types(*http.Request) (any, *refusal) {
	var out []any
	for _, id := range s.Types {
		out = append(out, map[string]any{"id": id, "display_name": "Type"})
	}
	return out, nil
}

func reply(w http.ResponseWriter, status int, body any) { answer.Write(w, status, answer.JSON, body) }

func (s *Server) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}
