// Package salesforce is a stand-in for a Salesforce org over real HTTP: it issues
// tokens, answers SOQL, describes its objects, pages, counts calls against a
// daily quota, lets tokens expire, hides objects and fields as permissions do,
// and fails in the ways in which the service fails when it is told to. It is
// seeded from a deal folder's records, or record by record.
//
// What it does not know it refuses, as the service would: a field that is not on
// the object, a literal of the wrong type, AND beside OR without parentheses, a
// query of ContentDocumentLink without the filter it needs.
package salesforce

import (
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"

	"throughline/twin/fault"
)

// Version is the API version that the stand-in speaks.
const Version = "v68.0"

// Server is the stand-in; it is an http.Handler. Its fields are set before its
// first use; [New] fills in what has a default.
type Server struct {
	fault.Faults // to be ordered, with parts of "POST /services/…" or of SOQL as routes

	// Who may ask for a token: an app by its key and secret, or with a JWT that
	// the public key verifies, for the user named.
	ClientID, ClientSecret string
	Username               string
	Key                    *rsa.PublicKey
	Audience               string // of a JWT
	Unapproved             bool   // the user has not been pre-authorised for the app

	Now       func() time.Time
	TokenLife time.Duration
	PageSize  int // most records of an answer
	Limit     int // calls in 24 hours

	// Denied are objects ("EmailMessage") and fields ("Opportunity.Amount") that
	// the user has no permission for, and records (by id) not shared with them.
	Denied map[string]bool
	// NoCreate are objects of which the user may make no records, NoEdit objects and
	// fields that the user may not change.
	NoCreate, NoEdit map[string]bool
	// Rules are validation rules: by object, what they say when they refuse any
	// change of a record.
	Rules map[string]string
	// NoHTML says that HTML files may not be uploaded.
	NoHTML bool
	// Labels are those of fields, "Opportunity.Loss_Risk__c"; by default a
	// field's API name, made readable.
	Labels map[string]string

	mu      sync.Mutex
	tables  map[string][]Record
	fields  map[string][]Field
	blobs   map[string][]byte // by "ContentVersion/ID"
	tokens  map[string]time.Time
	issued  int
	cursors map[string]cursor
	calls   []Call
	used    int // calls that count against the limit
	made    int // ids

	onChange []func(object string, rec Record)
}

// A Record is one record's fields, as JSON has them.
type Record map[string]any

// A Call is a request that came in.
type Call struct {
	Method, Path string
	Query        string   // the SOQL of a query
	Parts        []string // of a composite request: the subrequests' methods and addresses
}

type cursor struct {
	rows []any
	size int // of the whole answer
}

// New is an org without records, which knows the fields of the standard objects.
func New() *Server {
	s := &Server{
		Audience: "https://login.salesforce.com", Now: time.Now, TokenLife: 2 * time.Hour, PageSize: 2000, Limit: 100_000,
		Denied: map[string]bool{}, NoCreate: map[string]bool{}, NoEdit: map[string]bool{}, Rules: map[string]string{}, Labels: map[string]string{},
		tables: map[string][]Record{}, fields: standardFields(), blobs: map[string][]byte{}, tokens: map[string]time.Time{}, cursors: map[string]cursor{},
	}
	for i, label := range []string{"Not Started", "In Progress", doneStatus, "Waiting on someone else", "Deferred"} { // of a new org
		s.put("TaskStatus", Record{"MasterLabel": label, "ApiName": label, "SortOrder": i + 1, "IsDefault": i == 0, "IsClosed": label == doneStatus})
	}
	return s
}

// doneStatus is the one of a new org's statuses of tasks that closes them.
const doneStatus = "Completed"

// Calls are the requests that came in so far, token requests included.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// APICalls counts the requests that count against the daily limit: a composite
// request is one, a token request none.
func (s *Server) APICalls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.used
}

// ExpireTokens ends every session.
func (s *Server) ExpireTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// ExpireCursors ends every query that is not read to its end.
func (s *Server) ExpireCursors() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.cursors)
}

// ServeHTTP answers as the org does.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 64<<20))
	if err != nil {
		return // the client has gone
	}
	s.mu.Lock()
	f := s.note(r, body)
	s.mu.Unlock()
	f.Serve(w, r, strike, func(w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder() // so that nobody waits for who reads slowly
		s.mu.Lock()
		s.answer(answer, r, body)
		s.mu.Unlock()
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes()) // who has gone away needs no answer
	})
}

// note records a call and finds the fault that was ordered for it.
func (s *Server) note(r *http.Request, body []byte) *fault.Fault {
	c := Call{Method: r.Method, Path: r.URL.Path, Query: r.URL.Query().Get("q")}
	if strings.HasSuffix(c.Path, "/composite") {
		var req compositeRequest
		if json.Unmarshal(body, &req) == nil {
			for _, p := range req.Parts {
				c.Parts = append(c.Parts, p.Method+" "+p.URL)
			}
		}
	}
	s.calls = append(s.calls, c)
	return s.Next(c.of)
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, body []byte) {
	if r.URL.Path == "/services/oauth2/token" {
		s.token(w, r, body)
		return
	}
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if until, ok := s.tokens[token]; !ok || !s.Now().Before(until) {
		fail(w, http.StatusUnauthorized, "INVALID_SESSION_ID", "Session expired or invalid")
		return
	}
	s.used++
	w.Header().Set("Sforce-Limit-Info", fmt.Sprintf("api-usage=%d/%d", s.used, s.Limit))
	if s.used > s.Limit {
		fail(w, http.StatusForbidden, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
		return
	}
	path, ok := strings.CutPrefix(r.URL.Path, "/services/data/"+Version+"/")
	switch {
	case !ok:
		notFound(w)
	case path == "composite" && r.Method == http.MethodPost:
		s.composite(w, r, body)
	default:
		s.resource(w, r, path, body)
	}
}

// resource answers what may also stand in a composite request, but for blobs.
func (s *Server) resource(w http.ResponseWriter, r *http.Request, path string, body []byte) {
	parts := strings.Split(path, "/")
	switch {
	case r.Method == http.MethodPost && len(parts) == 2 && parts[0] == "sobjects":
		s.create(w, parts[1], body)
	case r.Method == http.MethodPatch && len(parts) == 3 && parts[0] == "sobjects":
		s.update(w, parts[1], parts[2], body)
	case r.Method == http.MethodDelete && len(parts) == 3 && parts[0] == "sobjects":
		s.remove(w, parts[1], parts[2])
	case r.Method != http.MethodGet:
		fail(w, http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED", "HTTP Method '"+r.Method+"' not allowed.")
	case path == "query", path == "queryAll":
		s.query(w, r, path == "queryAll")
	case len(parts) == 2 && parts[0] == "query":
		s.more(w, parts[1])
	case path == "limits":
		reply(w, map[string]any{"DailyApiRequests": map[string]int{"Max": s.Limit, "Remaining": s.Limit - s.used}})
	case len(parts) == 3 && parts[0] == "sobjects" && parts[2] == "describe":
		s.describe(w, r, parts[1])
	case len(parts) == 3 && parts[0] == "sobjects":
		s.record(w, parts[1], parts[2])
	case len(parts) == 4 && parts[0] == "sobjects":
		s.blob(w, parts[1], parts[2], parts[3])
	default:
		notFound(w)
	}
}

func notFound(w http.ResponseWriter) {
	fail(w, http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
}

func fail(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	write(w, []map[string]string{{"message": message, "errorCode": code}})
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	write(w, v)
}

func write(w io.Writer, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // of our own making
	}
	_, _ = w.Write(data) // a client that has gone is no concern of the stand-in's
}

func (s *Server) query(w http.ResponseWriter, r *http.Request, all bool) {
	rows, err := s.run(r.URL.Query().Get("q"), all)
	var refused *soqlError
	if errors.As(err, &refused) {
		fail(w, http.StatusBadRequest, refused.code, refused.message)
		return
	}
	size := s.PageSize
	var n int
	if _, err := fmt.Sscanf(r.Header.Get("Sforce-Query-Options"), "batchSize=%d", &n); err == nil && n >= 200 && n <= 2000 {
		size = min(size, n)
	}
	s.page(w, cursor{rows: rows, size: len(rows)}, size)
}

// more answers for the next page of a query.
func (s *Server) more(w http.ResponseWriter, id string) {
	c, ok := s.cursors[id]
	if !ok {
		fail(w, http.StatusBadRequest, "INVALID_QUERY_LOCATOR", "invalid query locator")
		return
	}
	s.page(w, c, s.PageSize)
}

func (s *Server) page(w http.ResponseWriter, c cursor, size int) {
	n := min(size, len(c.rows))
	out := map[string]any{"totalSize": c.size, "done": n == len(c.rows), "records": append([]any{}, c.rows[:n]...)}
	if n < len(c.rows) {
		id := fmt.Sprintf("0r8%012dAAA-%d", len(s.cursors)+1, c.size-len(c.rows)+n)
		s.cursors[id] = cursor{rows: c.rows[n:], size: c.size}
		out["nextRecordsUrl"] = "/services/data/" + Version + "/query/" + id
	}
	reply(w, out)
}

func (s *Server) record(w http.ResponseWriter, object, id string) {
	rec := s.find(object, id)
	if rec == nil || s.Denied[object] || s.Denied[id] {
		notFound(w)
		return
	}
	out := Record{"attributes": attributes(object, rec)}
	for _, f := range s.visible(object) {
		out[f.Name] = s.value(object, f, rec)
	}
	reply(w, out)
}

func (s *Server) blob(w http.ResponseWriter, object, id, field string) {
	data, ok := s.blobs[object+"/"+id]
	switch {
	case s.Denied[object], s.Denied[id]:
		fail(w, http.StatusForbidden, "INSUFFICIENT_ACCESS", "You do not have the level of access necessary to perform the operation you requested.")
	case !ok, object == "ContentVersion" && field != "VersionData":
		notFound(w)
	default:
		w.Header().Set("Content-Type", "application/octetstream")
		_, _ = w.Write(data)
	}
}

func attributes(object string, rec Record) map[string]any {
	return map[string]any{"type": object, "url": fmt.Sprintf("/services/data/%s/sobjects/%s/%v", Version, object, rec["Id"])}
}
