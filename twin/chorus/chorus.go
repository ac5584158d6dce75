// Package chorus is a stand-in for Chorus's API: it answers over real HTTP what the
// vendor's service would for the calls it was given, newest first and in pages, to who
// has the token, and fails in the ways in which the service fails when it is told to.
// Calls may be told of late, be processed for a while, and become private.
package chorus

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"throughline/twin/answer"
	"throughline/twin/fault"
)

// The routes that the stand-in answers.
const (
	RouteEngagements   = "/v3/engagements"
	RouteConversations = "/api/v1/conversations" // an id follows
	RouteMe            = "/api/v1/users/me"
)

// PageSize is how many engagements stand on a page unless a server says otherwise,
// as others saw it in the vendor's service.
const PageSize = 100

// A Server is the stand-in; it is an http.Handler. Its exported fields are set
// before it serves.
type Server struct {
	fault.Faults
	answer.Count

	// Token is what the header Authorization must be, as it is; anything when empty.
	Token string
	// Withheld are routes that the role of the token's user does not permit.
	Withheld []string
	// PerSecond limits the rate; 0 for no limit, since the vendor publishes none.
	PerSecond int
	// PageSize is how many engagements stand on a page; 0 for [PageSize].
	PageSize int
	// Now is the clock of the limit and of what comes late; nil for the machine's.
	Now func() time.Time

	mu    sync.Mutex
	calls []Call // newest first
	limit *rate.Limiter
}

// A Call is something that Chorus knows of: a call, unless Kind says otherwise.
type Call struct {
	ID       string
	Kind     string // meeting when empty; dialer, email, …
	Title    string
	Started  time.Time
	Duration float64 // seconds
	Language string
	// Opportunity and Account are ids of the CRM's records; empty where Chorus ties
	// none to the call.
	Opportunity, Account string
	Status               string // done when empty; live, no show, processing, unknown, scheduled
	Private              bool   // nobody is told of it
	People               []Person
	Said                 []Utterance

	// Until Listed nobody is told of it, and until Done it is processed, where that
	// is later.
	Listed, Done time.Time
}

// A Person took part or was invited.
type Person struct {
	Name, Email, Title string
	Type               string // rep or cust
}

// An Utterance is what somebody said without a pause.
type Utterance struct {
	Text    string
	At      float64 // seconds from the beginning
	Speaker string  // the name; empty where Chorus does not know
	Type    string  // rep, cust or customer
}

// Add adds a call, or replaces the one with its id.
func (s *Server) Add(calls ...Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range calls {
		s.calls = slices.DeleteFunc(s.calls, func(old Call) bool { return old.ID == c.ID })
		s.calls = append(s.calls, c)
	}
	slices.SortStableFunc(s.calls, newestFirst)
}

// Change changes the call with the id, if there is one.
func (s *Server) Change(id string, change func(*Call)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.calls {
		if s.calls[i].ID == id {
			change(&s.calls[i])
		}
	}
	slices.SortStableFunc(s.calls, newestFirst)
}

func newestFirst(a, b Call) int {
	return cmp.Or(b.Started.Compare(a.Started), strings.Compare(b.ID, a.ID))
}

// ServeHTTP answers as the API does.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	route := r.URL.Path
	if _, ok := conversationID(route); ok {
		route = RouteConversations
	}
	s.Asked(route)
	s.mu.Lock()
	turnedAway := s.overLimit()
	s.mu.Unlock()
	s.Serve(w, r, route, func(w http.ResponseWriter, f *fault.Fault) { refuse(w, f.Status, "") }, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case turnedAway:
			w.Header().Set("Retry-After", "1")
			refuse(w, http.StatusTooManyRequests, "")
		case s.Token != "" && r.Header.Get("Authorization") != s.Token:
			refuse(w, http.StatusUnauthorized, "")
		case slices.Contains(s.Withheld, route):
			refuse(w, http.StatusForbidden, "")
		case r.Method != http.MethodGet:
			refuse(w, http.StatusMethodNotAllowed, "")
		default:
			s.answer(w, r, route)
		}
	})
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, route string) {
	switch route {
	case RouteEngagements:
		s.answerEngagements(w, r)
	case RouteConversations:
		s.answerConversation(w, r)
	case RouteMe:
		answer.Write(w, http.StatusOK, jsonAPI, map[string]any{"data": map[string]any{
			"id": "7", "type": "user", "attributes": map[string]any{"email": "integration@example.com", "name": "Integration"},
		}})
	default:
		refuse(w, http.StatusNotFound, "")
	}
}

// overLimit counts the request against the limit.
func (s *Server) overLimit() bool {
	if s.PerSecond <= 0 {
		return false
	}
	if s.limit == nil {
		s.limit = rate.NewLimiter(rate.Limit(s.PerSecond), s.PerSecond)
	}
	return !s.limit.AllowN(s.now(), 1)
}

// told reports whether anybody is told of the call.
func (s *Server) told(c Call) bool { return !c.Private && !s.now().Before(c.Listed) }

// status is that of the call at the moment.
func (s *Server) status(c Call) string {
	if s.now().Before(c.Done) {
		return "processing"
	}
	return cmp.Or(c.Status, "done")
}

func (s *Server) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

const (
	plainJSON = "application/json"
	jsonAPI   = "application/vnd.api+json"
)

// refuse answers with an error, which names the parameter that is wrong, if one is.
func refuse(w http.ResponseWriter, status int, parameter string) {
	e := map[string]any{"status": strconv.Itoa(status), "title": http.StatusText(status), "detail": "The request is refused."}
	if parameter != "" {
		e["source"] = map[string]any{"parameter": parameter}
	}
	answer.Write(w, status, jsonAPI, map[string]any{"errors": []any{e}})
}
