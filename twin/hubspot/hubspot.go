// Package hubspot is a stand-in for a HubSpot account over real HTTP: objects with
// properties and their history, associations, search whose index lags, pipelines,
// owners, files behind signed addresses, limits, scopes that can be withheld,
// webhooks that are signed and repeated, and failures on order. It speaks the
// dated versions of the API, and v3 and v4, which the vendor's client for Node
// speaks. It is seeded from a deal folder's records, or record by record.
//
// What the service would refuse, it refuses: a property that is not there, more
// than it takes at a time, a search beyond 10,000 results, a note without a time.
package hubspot

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"throughline/twin/fault"
)

// Server is the stand-in; it is an http.Handler. Its fields are set before its
// first use; [New] fills in what has a default.
type Server struct {
	fault.Faults // to be ordered, with parts of "POST /crm/…" as routes

	Token  string // the bearer token that it takes
	Portal int    // the account's id

	Now func() time.Time
	// SearchLag is how long after a change search knows of it.
	SearchLag time.Duration
	// Withheld are scopes that the token does not have: "crm.objects.deals.write".
	Withheld map[string]bool

	// TenSeconds, Second and Daily are the calls allowed in 10 seconds, searches in a
	// second, and calls a day; no limit where 0.
	TenSeconds, Second, Daily int
	// AssociationPage is how many associations an answer holds, default 500.
	AssociationPage int

	// Secret is the app's client secret, by which webhooks are signed, and Target the
	// address that they go to; none are sent where it is empty.
	Secret, Target string

	mu         sync.Mutex
	objects    map[string]map[string]*object // by type and id
	links      map[link][]linkType
	properties map[string][]Property
	pipelines  []Pipeline
	owners     []Owner
	files      map[string]*File
	made       int64
	calls      []Call
	recent     []time.Time // calls of the last 10 seconds
	searches   []time.Time // of the last second
	events     []event
}

// A Record is one object's properties.
type Record map[string]string

// An object is a record with what the service knows of it.
type object struct {
	id               string
	props            Record
	history          map[string][]change // newest first
	created, updated time.Time
	archived         bool
	survivor         string // of one that was merged into another
	versions         []version
}

type change struct {
	Value     string    `json:"value"`
	Timestamp time.Time `json:"timestamp"`
	Source    string    `json:"sourceType"`
}

// A version is what search knows from a moment on.
type version struct {
	from     time.Time
	props    Record
	archived bool
}

// A link ties two objects.
type link struct{ fromType, from, toType, to string }

type linkType struct {
	Category string  `json:"category"`
	Type     int     `json:"typeId"`
	Label    *string `json:"label"`
}

// A Property is a property's definition.
type Property struct {
	Name      string   `json:"name"`
	Label     string   `json:"label"`
	Type      string   `json:"type"`
	FieldType string   `json:"fieldType"`
	Options   []Option `json:"options"`
	Defined   bool     `json:"hubspotDefined"`
	Group     string   `json:"groupName"`
	Refers    string   `json:"referencedObjectType,omitempty"` // OWNER
	// Modification says whether the value may be set.
	Modification struct {
		ReadOnlyValue bool `json:"readOnlyValue"`
	} `json:"modificationMetadata"`
}

// An Option is a value that an enumeration may have.
type Option struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// A Pipeline is a way that deals go, by stages.
type Pipeline struct {
	ID     string  `json:"id"`
	Label  string  `json:"label"`
	Order  int     `json:"displayOrder"`
	Stages []Stage `json:"stages"`
}

// A Stage is a stage of a pipeline. Metadata holds isClosed and probability.
type Stage struct {
	ID       string            `json:"id"`
	Label    string            `json:"label"`
	Order    int               `json:"displayOrder"`
	Metadata map[string]string `json:"metadata"`
}

// An Owner is a user who may own records.
type Owner struct {
	ID        string `json:"id"`
	Email     string `json:"email"`
	FirstName string `json:"firstName"`
	LastName  string `json:"lastName"`
	Archived  bool   `json:"archived"`
}

// A File is a file of the account.
type File struct {
	Name, Extension string
	Data            []byte
}

// A Call is a request that came in.
type Call struct{ Method, Path, Body string }

// New is an account without records, with the properties and pipeline that every
// account has.
func New() *Server {
	return &Server{
		Portal: 4242, Now: time.Now, Withheld: map[string]bool{}, AssociationPage: 500,
		objects: map[string]map[string]*object{}, links: map[link][]linkType{}, properties: standardProperties(), pipelines: []Pipeline{defaultPipeline()},
		files: map[string]*File{}, made: 9_000_000_000,
	}
}

// Calls are the requests that came in so far.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// ServeHTTP answers as the service does.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 64<<20))
	if err != nil {
		return // the client has gone
	}
	s.mu.Lock()
	s.calls = append(s.calls, Call{Method: r.Method, Path: r.URL.Path, Body: string(body)})
	s.mu.Unlock()
	f := s.Next(of(r))
	f.Serve(w, r, refuse, func(w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder() // so that nobody waits for who reads slowly
		s.mu.Lock()
		s.answer(answer, r, body)
		s.mu.Unlock()
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes()) // who has gone away needs no answer
	})
}

// A request is a call, taken apart.
type request struct {
	*http.Request
	area    string // objects, associations, properties, pipelines, owners, files
	version string // "v3", "2026-09"
	rest    []string
	body    []byte
}

// apart takes an address apart, whichever version of the API it is of.
func apart(r *http.Request, body []byte) *request {
	segments := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	at := func(i int) string {
		if i < len(segments) {
			return segments[i]
		}
		return ""
	}
	old := map[string]bool{"v3": true, "v4": true}
	dated := map[string]bool{"2026-03": true, "2026-09": true}
	switch {
	case at(0) == "crm" && old[at(1)] && len(segments) > 2:
		return &request{r, at(2), at(1), segments[3:], body}
	case at(0) == "crm" && dated[at(2)]:
		return &request{r, at(1), at(2), segments[3:], body}
	case at(0) == "files" && (old[at(1)] || dated[at(1)]) && at(2) == "files":
		return &request{r, "files", at(1), segments[3:], body}
	}
	return nil
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, body []byte) {
	if id, ok := strings.CutPrefix(r.URL.Path, "/signed/"); ok {
		s.download(w, r, id)
		return
	}
	if r.Header.Get("Authorization") != "Bearer "+s.Token {
		fail(w, http.StatusUnauthorized, "INVALID_AUTHENTICATION", "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview", nil)
		return
	}
	req := apart(r, body)
	if req == nil {
		notFound(w, "resource not found")
		return
	}
	if s.limited(w, req) {
		return
	}
	if missing := s.missing(req); len(missing) > 0 {
		fail(w, http.StatusForbidden, "MISSING_SCOPES", "This app hasn't been granted all required scopes to make this call. Read more about required scopes here: https://developers.hubspot.com/scopes.",
			[]map[string]any{{"message": "One or more of the following scopes are required.", "context": map[string]any{"requiredGranularScopes": missing}}})
		return
	}
	switch req.area {
	case "objects":
		s.serveObjects(w, req)
	case "associations":
		s.serveAssociations(w, req)
	case "properties":
		s.serveProperties(w, req)
	case "pipelines":
		s.servePipelines(w, req)
	case "owners":
		s.serveOwners(w, req)
	case "files":
		s.serveFiles(w, req)
	default:
		notFound(w, "resource not found")
	}
}

// limited answers where a limit is reached, and reports whether it did.
func (s *Server) limited(w http.ResponseWriter, r *request) bool {
	now := s.Now()
	recent := func(at []time.Time, within time.Duration) []time.Time {
		return slices.DeleteFunc(at, func(t time.Time) bool { return now.Sub(t) >= within })
	}
	tooMany := func(policy, words string) bool {
		w.Header().Set("Content-Type", "application/json;charset=utf-8")
		w.WriteHeader(http.StatusTooManyRequests)
		write(w, map[string]any{"status": "error", "message": "You have reached your " + words + " limit.", "errorType": "RATE_LIMIT", "correlationId": correlation, "policyName": policy})
		return true
	}
	if r.area == "objects" && len(r.rest) == 2 && r.rest[1] == "search" {
		s.searches = recent(s.searches, time.Second)
		if s.Second > 0 && len(s.searches) >= s.Second {
			return tooMany("SECONDLY", "secondly")
		}
		s.searches = append(s.searches, now)
		return false
	}
	s.recent = recent(s.recent, 10*time.Second)
	if s.Daily > 0 && len(s.calls) > s.Daily {
		return tooMany("DAILY", "daily")
	}
	if s.TenSeconds > 0 {
		if len(s.recent) >= s.TenSeconds {
			return tooMany("TEN_SECONDLY_ROLLING", "ten_secondly_rolling")
		}
		s.recent = append(s.recent, now)
		w.Header().Set("X-HubSpot-RateLimit-Max", strconv.Itoa(s.TenSeconds))
		w.Header().Set("X-HubSpot-RateLimit-Remaining", strconv.Itoa(s.TenSeconds-len(s.recent)))
		w.Header().Set("X-HubSpot-RateLimit-Interval-Milliseconds", "10000")
	}
	return false
}

// missing are the scopes that a call needs and that are withheld.
func (s *Server) missing(r *request) []string {
	var needs []string
	kind := ""
	if len(r.rest) > 0 {
		kind = r.rest[0]
	}
	reads := r.Method == http.MethodGet || slices.Contains(r.rest, "search") || r.rest != nil && r.rest[len(r.rest)-1] == "read"
	switch r.area {
	case "objects", "associations":
		right := "write"
		if reads {
			right = "read"
		}
		switch kind {
		case "deals", "contacts", "companies":
			needs = []string{"crm.objects." + kind + "." + right}
		default: // activities go with contacts
			needs = []string{"crm.objects.contacts." + right}
		}
		if kind == "emails" && reads {
			needs = append(needs, "sales-email-read")
		}
	case "properties":
		needs = []string{"crm.schemas." + kind + ".read"}
		if kind != "deals" {
			needs = []string{"crm.objects." + kind + ".read"}
		}
	case "pipelines":
		needs = []string{"crm.schemas.deals.read"}
	case "owners":
		needs = []string{"crm.objects.owners.read"}
	case "files":
		needs = []string{"files"}
	}
	return slices.DeleteFunc(needs, func(scope string) bool { return !s.Withheld[scope] })
}

// correlation stands where the service puts the id of a request.
const correlation = "00000000-0000-4000-8000-000000000000"

func fail(w http.ResponseWriter, status int, category, message string, errs []map[string]any) {
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	w.WriteHeader(status)
	out := map[string]any{"status": "error", "message": message, "correlationId": correlation, "category": category}
	if errs != nil {
		out["errors"] = errs
	}
	write(w, out)
}

func notFound(w http.ResponseWriter, message string) {
	fail(w, http.StatusNotFound, "OBJECT_NOT_FOUND", message, nil)
}

func invalid(w http.ResponseWriter, format string, args ...any) {
	fail(w, http.StatusBadRequest, "VALIDATION_ERROR", fmt.Sprintf(format, args...), nil)
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	w.WriteHeader(status)
	write(w, v)
}

func write(w io.Writer, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // of our own making
	}
	_, _ = w.Write(data) // a client that has gone is no concern of the stand-in's
}
