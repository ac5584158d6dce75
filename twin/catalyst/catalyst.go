// Package catalyst is a stand-in for Catalyst's API v1, which is for viewing: it
// answers over real HTTP what the vendor's service would of accounts and their
// attributes, in pages, to who has the key, within the vendor's rate, and fails in
// the ways in which services fail when it is told to.
//
// How the key is sent and where paths begin the vendor's pages do not say, so the
// stand-in is told.
package catalyst

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

	"throughline/twin/answer"
	"throughline/twin/fault"
)

// The routes, as a [fault.Fault], [Server.Withheld] and [Server.Requests] name them,
// without the prefix of their paths.
const (
	RouteAccounts = "GET /accounts"
	RouteAccount  = "GET /accounts/{id}"
)

// DefaultPerMinute is the vendor's limit of calls a minute and customer.
const DefaultPerMinute = 100

// A Server is the stand-in; it is an http.Handler. Its exported fields are set
// before it serves.
type Server struct {
	Header, Value string   // what a request must bear; any when Header is empty
	Prefix        string   // of all paths
	Withheld      []string // routes that the key may not use
	PerMinute     int      // calls; 0 for [DefaultPerMinute], below 0 for no limit
	// Lag is how long after a change of the CRM it is mirrored.
	Lag time.Duration
	// Terse lists accounts with their ids only.
	Terse bool
	// CRM gives further attributes of an account by the CRM's id of it, label to
	// value, as the CRM has them at the moment; nil for none.
	CRM func(external string) map[string]string
	Now func() time.Time // nil for the machine's clock

	fault.Faults
	answer.Count

	once     sync.Once
	mux      *http.ServeMux
	mu       sync.Mutex
	accounts []*Account
	minute   time.Time
	used     int
}

// An Account is a customer.
type Account struct {
	ID, External, Name string

	created    time.Time
	attributes []attribute
}

type attribute struct {
	label, value string
	from         time.Time // when it is mirrored
}

// Seed takes the account of a deal's folder, which Catalyst has from Salesforce.
func (s *Server) Seed(dir string) error {
	raw, err := os.ReadFile(filepath.Join(dir, "salesforce", "account.json"))
	if err != nil {
		return err
	}
	var record struct{ ID, Name, Industry string }
	if err := json.Unmarshal(raw, &record); err != nil {
		return fmt.Errorf("the account of %s: %w", dir, err)
	}
	if record.ID == "" {
		return fmt.Errorf("the account of %s has no id", dir)
	}
	s.AddAccount(record.ID, record.Name)
	s.Mirror(record.ID, "Industry", record.Industry)
	return nil
}

// AddAccount adds an account with the CRM's id.
func (s *Server) AddAccount(external, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accounts = append(s.accounts, &Account{ID: fmt.Sprintf("acc-%d", len(s.accounts)+1), External: external, Name: name, created: s.now()})
}

// Mirror takes a field of the CRM's account, or of its deal, into an attribute; the
// value is there after the lag.
func (s *Server) Mirror(external, label, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.accounts {
		if a.External == external {
			a.attributes = append(a.attributes, attribute{label, value, s.now().Add(s.Lag)})
		}
	}
}

func (s *Server) setUp() {
	s.mux = http.NewServeMux()
	for route, answer := range map[string]func(*http.Request) (any, int){RouteAccounts: s.list, RouteAccount: s.one} {
		method, path, _ := strings.Cut(route, " ")
		s.mux.HandleFunc(method+" "+strings.TrimSuffix(s.Prefix, "/")+path, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, route, answer) })
	}
}

// ServeHTTP answers as the API does.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.once.Do(s.setUp)
	s.mux.ServeHTTP(w, r)
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, route string, answer func(*http.Request) (any, int)) {
	s.Asked(route)
	s.Serve(w, r, route, func(w http.ResponseWriter, f *fault.Fault) { refuse(w, f.Status) }, func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if status := s.admit(w, r, route); status != http.StatusOK {
			refuse(w, status)
			return
		}
		told, status := answer(r)
		if status != http.StatusOK {
			refuse(w, status)
			return
		}
		reply(w, status, told)
	})
}

// refuse writes an error.
func refuse(w http.ResponseWriter, status int) {
	reply(w, status, map[string]any{"error": http.StatusText(status)})
}

// admit says who is turned away.
func (s *Server) admit(w http.ResponseWriter, r *http.Request, route string) int {
	if s.Header != "" && r.Header.Get(s.Header) != s.Value {
		return http.StatusUnauthorized
	}
	if s.PerMinute >= 0 {
		now := s.now()
		if now.Sub(s.minute) >= time.Minute {
			s.minute, s.used = now, 0
		}
		if s.used++; s.used > cmp.Or(s.PerMinute, DefaultPerMinute) {
			w.Header().Set("Retry-After", strconv.Itoa(int(s.minute.Add(time.Minute).Sub(now).Seconds())+1))
			return http.StatusTooManyRequests
		}
	}
	if slices.Contains(s.Withheld, route) {
		return http.StatusForbidden
	}
	return http.StatusOK
}

// moment is how the vendor's page writes a time.
const moment = "2006-01-02T15:04:05"

// updated is when something of the account was last mirrored.
func (s *Server) updated(a *Account) time.Time {
	last := a.created
	for _, at := range a.attributes {
		if at.from.After(last) && !s.now().Before(at.from) {
			last = at.from
		}
	}
	return last
}

// list answers with a page of the accounts, of which 25 are the default and 100
// the most.
func (s *Server) list(r *http.Request) (any, int) {
	number := func(name string, otherwise int) int {
		n, err := strconv.Atoi(cmp.Or(r.FormValue(name), strconv.Itoa(otherwise)))
		if err != nil {
			return -1
		}
		return n
	}
	limit, offset := number("limit", 25), number("offset", 0)
	since, err := time.Parse(moment, cmp.Or(r.FormValue("updated_at_gte"), time.Time{}.Format(moment)))
	if limit < 1 || limit > 100 || offset < 0 || err != nil {
		return nil, http.StatusBadRequest
	}
	all := []any{}
	for _, a := range s.accounts {
		if s.updated(a).Before(since) {
			continue
		}
		shown := s.shown(a)
		if s.Terse {
			shown = map[string]any{"id": a.ID}
		}
		all = append(all, shown)
	}
	from := min(offset, len(all))
	return map[string]any{"data": all[from:min(from+limit, len(all))]}, http.StatusOK
}

func (s *Server) one(r *http.Request) (any, int) {
	for _, a := range s.accounts {
		if a.ID == r.PathValue("id") {
			return map[string]any{"data": s.shown(a)}, http.StatusOK
		}
	}
	return nil, http.StatusNotFound
}

func (s *Server) shown(a *Account) map[string]any {
	attributes := []any{map[string]any{"label": "Account Name", "value": a.Name}, map[string]any{"label": "Numerical Health Score", "value": 7.5}, map[string]any{"label": "Phone", "value": nil}}
	for _, at := range a.attributes {
		if !s.now().Before(at.from) {
			attributes = append(attributes, map[string]any{"label": at.label, "value": at.value})
		}
	}
	if s.CRM != nil {
		for label, value := range s.CRM(a.External) {
			attributes = append(attributes, map[string]any{"label": label, "value": value})
		}
	}
	return map[string]any{"id": a.ID, "external_id": a.External, "created_at": a.created.UTC().Format(moment), "updated_at": s.updated(a).UTC().Format(moment), "attributes": attributes}
}

func reply(w http.ResponseWriter, status int, body any) { answer.Write(w, status, answer.JSON, body) }

func (s *Server) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}
