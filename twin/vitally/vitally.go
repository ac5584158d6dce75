// Package vitally is a stand-in for Vitally's REST API: it keeps accounts, their
// notes and their tasks, answers over real HTTP as the vendor's service would to
// who has the API key, in pages and within the rate limit, and fails in the ways
// in which the service fails when it is told to. It is built by the vendor's
// documents; where those say nothing, a field or a comment says so.
package vitally

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"throughline/twin/answer"
	"throughline/twin/fault"
)

// Routes are named as a [fault.Fault] and [Server.Requests] name them.
const (
	RouteAccounts     = "GET /resources/accounts"
	RouteAccount      = "GET /resources/accounts/{id}"
	RouteAccountNotes = "GET /resources/accounts/{id}/notes"
	RouteAccountTasks = "GET /resources/accounts/{id}/tasks"
	RouteCategories   = "GET /resources/noteCategories"
	RouteAdmins       = "GET /resources/admins"
	RouteNotes        = "GET /resources/notes"
	RouteNote         = "GET /resources/notes/{id}"
	RouteCreateNote   = "POST /resources/notes"
	RouteUpdateNote   = "PUT /resources/notes/{id}"
	RouteDeleteNote   = "DELETE /resources/notes/{id}"
	RouteTasks        = "GET /resources/tasks"
	RouteCreateTask   = "POST /resources/tasks"
	RouteUpdateTask   = "PUT /resources/tasks/{id}"
	RouteDeleteTask   = "DELETE /resources/tasks/{id}"
)

// A Server is the stand-in; it is an http.Handler. Its exported fields are set
// before it serves.
type Server struct {
	fault.Faults // to be ordered by Fail
	answer.Count

	Key string // that is asked for; any when empty
	// Host is the only host that is answered, as a customer's own subdomain in the
	// United States or the one host of Europe is; any when empty.
	Host string
	// Withheld are parts of the API that the key may not use: "accounts", "notes",
	// "tasks", "admins". The vendor knows no such limits of a key; they are answered with 403.
	Withheld []string
	// Upsert has POST /tasks change the task that has the externalId, which the
	// vendor may do; otherwise it is refused.
	Upsert bool
	// PerMinute limits the rate; 0 for the vendor's 1,000, below 0 for none.
	PerMinute int
	// Now is the clock of limits and times; nil for the machine's.
	Now func() time.Time

	once       sync.Once
	mux        *http.ServeMux
	mu         sync.Mutex
	turn       int // counts what happens, which orders lists
	accounts   []*record
	notes      []*record
	tasks      []*record
	categories []*record
	admins     []*record
	recent     []time.Time // when the requests of the last minute came
}

// A record is an account, a note, a task, a category or an admin.
type record struct {
	id               string
	external         string
	fields           map[string]any
	created, updated int // turns
	createdAt        time.Time
	updatedAt        time.Time
	archivedAt       time.Time
}

func (s *Server) setUp() {
	s.mux = http.NewServeMux()
	for route, answer := range map[string]func(*Server, *http.Request) (any, *refusal){
		RouteAccounts: (*Server).listAccounts, RouteAccount: (*Server).getAccount,
		RouteAccountNotes: (*Server).listAccountNotes, RouteAccountTasks: (*Server).listAccountTasks,
		RouteCategories: (*Server).listCategories, RouteAdmins: (*Server).listAdmins,
		RouteNotes: (*Server).listNotes, RouteNote: (*Server).getNote, RouteCreateNote: (*Server).createNote,
		RouteUpdateNote: (*Server).updateNote, RouteDeleteNote: (*Server).deleteNote,
		RouteTasks: (*Server).listTasks, RouteCreateTask: (*Server).createTask,
		RouteUpdateTask: (*Server).updateTask, RouteDeleteTask: (*Server).deleteTask,
	} {
		s.mux.HandleFunc(route, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, route, answer) })
	}
	s.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { notFound().write(w) })
}

// ServeHTTP answers as the API does.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.once.Do(s.setUp)
	s.mux.ServeHTTP(w, r)
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, route string, answer func(*Server, *http.Request) (any, *refusal)) {
	s.Asked(route)
	s.mu.Lock()
	over := s.count(w.Header())
	s.mu.Unlock()
	refuse := func(w http.ResponseWriter, f *fault.Fault) {
		(&refusal{f.Status, "Ordered to fail with " + strconv.Itoa(f.Status)}).write(w)
	}
	s.Serve(w, r, route, refuse, func(w http.ResponseWriter, r *http.Request) {
		refused := s.admit(r, over)
		var body any
		if refused == nil {
			s.mu.Lock()
			body, refused = answer(s, r)
			s.mu.Unlock()
		}
		if refused != nil {
			refused.write(w)
			return
		}
		reply(w, http.StatusOK, body)
	})
}

// admit refuses who may not ask this, or not so often.
func (s *Server) admit(r *http.Request, over bool) *refusal {
	user, password, ok := r.BasicAuth()
	part, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/resources/"), "/")
	if part == "noteCategories" {
		part = "notes"
	}
	switch {
	case s.Host != "" && r.Host != s.Host:
		return notFound()
	case s.Key != "" && (!ok || user != s.Key || password != ""):
		return &refusal{http.StatusUnauthorized, http.StatusText(http.StatusUnauthorized)}
	case over:
		return &refusal{http.StatusTooManyRequests, "Too Many Requests"}
	case slices.Contains(s.Withheld, part):
		return &refusal{http.StatusForbidden, "Forbidden"}
	}
	return nil
}

// count counts the request against the sliding window of a minute, tells how much
// is left, and reports whether it is too much.
func (s *Server) count(header http.Header) bool {
	if s.PerMinute < 0 {
		return false
	}
	limit := s.PerMinute
	if limit == 0 {
		limit = 1000
	}
	now := s.now()
	s.recent = slices.DeleteFunc(s.recent, func(at time.Time) bool { return now.Sub(at) >= time.Minute })
	over := len(s.recent) >= limit
	if !over {
		s.recent = append(s.recent, now)
	}
	reset := time.Minute - now.Sub(s.recent[0])
	header.Set("RateLimit-Limit", fmt.Sprintf("%d, %d;window=60", limit, limit))
	header.Set("RateLimit-Remaining", strconv.Itoa(limit-len(s.recent)))
	header.Set("RateLimit-Reset", strconv.Itoa(int((reset+time.Second-1)/time.Second)))
	return over
}

// Seed adds the account of a deal's folder, with the id that the CRM has of it as
// its externalId: of salesforce/account.json or hubspot/company.json.
func (s *Server) Seed(dir string) error {
	for _, file := range []string{"salesforce/account.json", "hubspot/company.json"} {
		raw, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(file)))
		if err != nil {
			continue // another CRM's, or none
		}
		var account struct {
			ID         string `json:"id"` // and Id, as names match in any case
			Name       string `json:"name"`
			Properties struct {
				Name string `json:"name"`
			} `json:"properties"`
		}
		if err := json.Unmarshal(raw, &account); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if account.ID == "" {
			return fmt.Errorf("%s tells no id", file)
		}
		s.AddAccount(account.ID, account.Name+account.Properties.Name)
		return nil
	}
	return fmt.Errorf("%s has neither salesforce/account.json nor hubspot/company.json", dir)
}

// AddAccount adds an account, and returns the vendor's id of it. One that has the
// externalId already stays.
func (s *Server) AddAccount(externalID, name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := find(s.accounts, externalID); a != nil {
		return a.id
	}
	return s.add(&s.accounts, externalID, map[string]any{"name": name}).id
}

// AddCategory adds a category of notes, and returns its id.
func (s *Server) AddCategory(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.add(&s.categories, "", map[string]any{"name": name}).id
}

// AddAdmin adds one of the organisation's users, whom Vitally calls admins, and
// returns their id.
func (s *Server) AddAdmin(name, email string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.add(&s.admins, "", map[string]any{"name": name, "email": email}).id
}

// add adds a record to a list.
func (s *Server) add(to *[]*record, external string, fields map[string]any) *record {
	s.turn++
	r := &record{
		id: fmt.Sprintf("5ca1ab1e-0000-4000-8000-%012d", s.turn), external: external, fields: fields,
		created: s.turn, updated: s.turn, createdAt: s.now(), updatedAt: s.now(),
	}
	*to = append(*to, r)
	return r
}

func (s *Server) touch(r *record) {
	s.turn++
	r.updated, r.updatedAt = s.turn, s.now()
}

// find is the record with the vendor's id or with the externalId; nil where there
// is none.
func find(in []*record, id string) *record {
	for _, r := range in {
		if id != "" && (r.id == id || r.external == id) {
			return r
		}
	}
	return nil
}

// json is a record as it is answered.
func (r *record) json() map[string]any {
	out := maps.Clone(r.fields)
	out["id"], out["externalId"] = r.id, nil
	if r.external != "" {
		out["externalId"] = r.external
	}
	out["createdAt"], out["updatedAt"], out["archivedAt"] = stamp(r.createdAt), stamp(r.updatedAt), nil
	if !r.archivedAt.IsZero() {
		out["archivedAt"] = stamp(r.archivedAt)
	}
	return out
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// A refusal is an answer that is an error.
type refusal struct {
	status int
	why    string
}

func notFound() *refusal { return &refusal{http.StatusNotFound, "Not found"} }

func bad(format string, args ...any) *refusal {
	return &refusal{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

func (r *refusal) write(w http.ResponseWriter) { reply(w, r.status, map[string]any{"error": r.why}) }

func reply(w http.ResponseWriter, status int, body any) { answer.Write(w, status, answer.JSON, body) }

func (s *Server) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}
