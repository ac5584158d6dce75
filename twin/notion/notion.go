// Package notion is a stand-in for Notion's API: it keeps pages, blocks, a
// database and comments, answers over real HTTP as the vendor's service would to a
// connection with the capabilities it was given, within the vendor's limits, and
// fails in the ways in which the service fails when it is told to.
package notion

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"throughline/twin/answer"
	"throughline/twin/fault"
)

// The capabilities of a connection, as Notion's settings name them.
const (
	ReadContent    = "Read content"
	InsertContent  = "Insert content"
	UpdateContent  = "Update content"
	ReadComments   = "Read comments"
	InsertComments = "Insert comments"
	ReadUsers      = "Read user information"
)

// Routes are named as a [fault.Fault] and [Server.Requests] name them.
const (
	RouteMe         = "GET /v1/users/me"
	RouteUser       = "GET /v1/users/{id}"
	RouteCreate     = "POST /v1/pages"
	RoutePage       = "GET /v1/pages/{id}"
	RouteUpdatePage = "PATCH /v1/pages/{id}"
	RouteBlock      = "GET /v1/blocks/{id}"
	RouteUpdate     = "PATCH /v1/blocks/{id}"
	RouteDelete     = "DELETE /v1/blocks/{id}"
	RouteChildren   = "GET /v1/blocks/{id}/children"
	RouteAppend     = "PATCH /v1/blocks/{id}/children"
	RouteSource     = "GET /v1/data_sources/{id}"
	RouteSetSource  = "PATCH /v1/data_sources/{id}"
	RouteQuery      = "POST /v1/data_sources/{id}/query"
	RouteComments   = "GET /v1/comments"
	RouteComment    = "POST /v1/comments"
)

// A Server is the stand-in for one workspace with one database; it is an
// http.Handler. Its exported fields are set before it serves.
type Server struct {
	fault.Faults // to be ordered by Fail; a fault's More is a [More]
	answer.Count

	Token   string // that is asked for; any when empty
	Version string // of the API; empty for 2026-03-11
	// Withheld are capabilities that the connection lacks.
	Withheld []string
	// PerMinute limits the rate; 0 for the vendor's 180, below 0 for none.
	PerMinute int
	// Lag is how long it takes until a query finds a page that was made.
	Lag time.Duration
	// Now is the clock of limits, times and the lag; nil for the machine's.
	Now func() time.Time

	once    sync.Once
	mux     *http.ServeMux
	mu      sync.Mutex
	issued  int
	source  dataSource
	pages   []*node
	nodes   map[string]*node
	people  map[string]string // id to name
	talk    []comment
	window  time.Time
	windowN int
}

// Bot and Person are the ids of the connection's own user and of a person.
const (
	Bot    = "b0700000-0000-4000-8000-000000000001"
	Person = "9e450000-0000-4000-8000-000000000001"
)

// DataSource and Database are the ids of the one database.
const (
	DataSource = "da7a0000-0000-4000-8000-000000000001"
	Database   = "daba0000-0000-4000-8000-000000000001"
)

type dataSource struct {
	columns  map[string]column
	unshared bool
}

type column struct {
	id, kind string
	options  []string
}

// A node is a page, or a block below one.
type node struct {
	id, kind             string
	content              map[string]any
	properties           map[string]any // of a page in the database, as requests have them
	title                string         // of another page
	inDatabase           bool
	unshared             bool
	children             []*node
	parent               *node
	createdBy, editedBy  string
	created, edited, vis time.Time
	trash                bool
}

type comment struct{ block, by, text string }

func (s *Server) setUp() {
	s.nodes = map[string]*node{}
	s.people = map[string]string{Person: "Ann Lee"}
	if s.source.columns == nil {
		s.source.columns = map[string]column{
			"Name": {"title", "title", nil}, "External ID": {"exid", "rich_text", nil},
		}
	}
	s.mux = http.NewServeMux()
	for route, answer := range map[string]func(*Server, request) (any, *refusal){
		RouteMe: (*Server).me, RouteUser: (*Server).user,
		RouteCreate: (*Server).createPage, RoutePage: (*Server).getPage, RouteUpdatePage: (*Server).updatePage,
		RouteBlock: (*Server).getBlock, RouteUpdate: (*Server).updateBlock, RouteDelete: (*Server).deleteBlock,
		RouteChildren: (*Server).listChildren, RouteAppend: (*Server).appendChildren,
		RouteSource: (*Server).getSource, RouteSetSource: (*Server).updateSource, RouteQuery: (*Server).query,
		RouteComments: (*Server).listComments, RouteComment: (*Server).addComment,
	} {
		s.mux.HandleFunc(route, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, route, answer) })
	}
	s.mux.HandleFunc("GET /{$}", s.view)
	s.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		(&refusal{status: http.StatusBadRequest, code: "invalid_request_url", message: "Invalid request URL."}).write(w)
	})
}

// ServeHTTP answers as the API does; below "/" it shows a person the workspace.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.once.Do(s.setUp)
	s.mux.ServeHTTP(w, r)
}

// A request is what an answer is made of.
type request struct {
	id     string // in the path
	query  func(string) string
	body   map[string]any
	blocks int // how many children a fault lets through; -1 for all
}

// needs are the capabilities that routes need.
var needs = map[string]string{
	RouteUser: ReadUsers, RouteCreate: InsertContent, RoutePage: ReadContent, RouteUpdatePage: UpdateContent, RouteBlock: ReadContent,
	RouteUpdate: UpdateContent, RouteDelete: UpdateContent, RouteChildren: ReadContent, RouteAppend: InsertContent, RouteSource: ReadContent,
	RouteSetSource: UpdateContent, RouteQuery: ReadContent, RouteComments: ReadComments, RouteComment: InsertComments,
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, route string, answer func(*Server, request) (any, *refusal)) {
	s.Asked(route)
	s.mu.Lock()
	wait := s.overLimit()
	s.mu.Unlock()
	f := s.Next(func(of string) bool { return of == route })
	blocks := -1
	if f != nil {
		if more, _ := f.More.(More); more.Partial > 0 {
			blocks = more.Partial
		}
	}
	var done any
	f.Serve(w, r, func(w http.ResponseWriter, f *fault.Fault) { refuse(w, f, done) }, func(w http.ResponseWriter, r *http.Request) {
		if wait > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(wait))
			(&refusal{status: http.StatusTooManyRequests, code: "rate_limited", message: "You have been rate limited. Please try again in a few minutes."}).write(w)
			return
		}
		req, refused := s.read(r, route)
		if refused != nil {
			refused.write(w)
			return
		}
		req.blocks = blocks
		s.mu.Lock()
		body, refused := answer(s, req)
		s.mu.Unlock()
		if refused != nil {
			refused.write(w)
			return
		}
		done = body
		reply(w, http.StatusOK, body)
	})
}

const codeUnauthorized = "unauthorized" //nolint:misspell // the vendor's spelling

// mostPayload is the largest body of a request, 500 KB.
const mostPayload = 500_000

// read takes a request apart, and refuses one without version or credential, or
// for which the connection lacks the capability.
func (s *Server) read(r *http.Request, route string) (request, *refusal) {
	req := request{id: dashed(r.PathValue("id")), query: r.URL.Query().Get}
	version := r.Header.Get("Notion-Version")
	switch {
	case s.Token != "" && r.Header.Get("Authorization") != "Bearer "+s.Token:
		return req, &refusal{status: http.StatusUnauthorized, code: codeUnauthorized, message: "API token is invalid."}
	case version == "":
		return req, &refusal{status: http.StatusBadRequest, code: "missing_version", message: "Notion-Version header should be defined, instead was undefined."}
	case version != s.version():
		return req, invalid("Notion-Version header should be %q, instead was %q.", s.version(), version)
	case slices.Contains(s.Withheld, needs[route]) && needs[route] != "":
		return req, &refusal{status: http.StatusForbidden, code: "restricted_resource", message: "Insufficient permissions for this endpoint."}
	}
	raw, err := io.ReadAll(io.LimitReader(r.Body, mostPayload+1))
	if err != nil {
		return req, &refusal{status: http.StatusBadRequest, code: "invalid_json", message: "Error parsing JSON body."}
	}
	if len(raw) > mostPayload {
		return req, invalid("body failed validation: body exceeds %d bytes.", mostPayload)
	}
	if len(bytes.TrimSpace(raw)) > 0 && json.Unmarshal(raw, &req.body) != nil {
		return req, &refusal{status: http.StatusBadRequest, code: "invalid_json", message: "Error parsing JSON body."}
	}
	return req, nil
}

func (s *Server) version() string {
	if s.Version == "" {
		return "2026-03-11"
	}
	return s.Version
}

// overLimit counts a request; where the limit of the minute is reached, it says
// for how many seconds.
func (s *Server) overLimit() int {
	most := s.PerMinute
	if most == 0 {
		most = 180
	}
	now := s.now()
	if now.Sub(s.window) >= time.Minute {
		s.window, s.windowN = now, 0
	}
	if s.windowN++; most < 0 || s.windowN <= most {
		return 0
	}
	return int(s.window.Add(time.Minute).Sub(now).Seconds()) + 1
}

// A refusal is an answer that is an error.
type refusal struct {
	status        int
	code, message string
	more          map[string]any
}

func invalid(format string, args ...any) *refusal {
	return &refusal{status: http.StatusBadRequest, code: "validation_error", message: fmt.Sprintf(format, args...)}
}

func notFound(what, id string) *refusal {
	return &refusal{status: http.StatusNotFound, code: "object_not_found", message: fmt.Sprintf("Could not find %s with ID: %s. Make sure the relevant pages and databases are shared with your integration.", what, id)}
}

func (f *refusal) write(w http.ResponseWriter) {
	body := map[string]any{"object": "error", "status": f.status, "code": f.code, "message": f.message, "request_id": "b0700000-0000-4000-8000-0000000000ff"}
	if f.more != nil {
		body["additional_data"] = f.more
	}
	reply(w, f.status, body)
}

func reply(w http.ResponseWriter, status int, body any) { answer.Write(w, status, answer.JSON, body) }

func (s *Server) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

// newID is an id that no other object has.
func (s *Server) newID() string {
	s.issued++
	return fmt.Sprintf("b10c0000-0000-4000-8000-%012x", s.issued)
}

// dashed is an id with hyphens, as answers have it; requests may leave them out.
func dashed(id string) string {
	if len(id) == 32 && !strings.Contains(id, "-") {
		return id[:8] + "-" + id[8:12] + "-" + id[12:16] + "-" + id[16:20] + "-" + id[20:]
	}
	return id
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func (s *Server) me(request) (any, *refusal) {
	return map[string]any{
		"object": "user", "id": Bot, "name": "Throughline", "avatar_url": nil, "type": "bot",
		"bot": map[string]any{"owner": map[string]any{"type": "workspace", "workspace": true}, "workspace_id": "30000000-0000-4000-8000-000000000001", "workspace_name": "Workspace", "workspace_limits": map[string]any{"max_file_upload_size_in_bytes": 5 << 20}},
	}, nil
}

func (s *Server) user(r request) (any, *refusal) {
	if r.id == Bot {
		return s.me(r)
	}
	name, ok := s.people[r.id]
	if !ok {
		return nil, notFound("user", r.id)
	}
	return map[string]any{"object": "user", "id": r.id, "name": name, "avatar_url": nil, "type": "person", "person": map[string]any{}}, nil
}
