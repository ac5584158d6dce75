// Package gong is a stand-in for Gong's API: it answers over real HTTP what the
// vendor's service would for the calls it was given, in pages, within a rate limit,
// to who has the credential and the scope, and fails in the ways in which the
// service fails when it is told to.
package gong

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"throughline/twin/answer"
	"throughline/twin/fault"
)

// The paths that the stand-in answers.
const (
	PathCalls       = "/v2/calls/extensive"
	PathTranscripts = "/v2/calls/transcript"
	PathToken       = "/oauth2/generate-customer-token"
)

// pageSize is how many records stand on a page, as in the vendor's service.
const pageSize = 100

// A Server is the stand-in; it is an http.Handler. Its exported fields are set
// before it serves.
type Server struct {
	fault.Faults // to be ordered by Fail, with paths as routes
	answer.Count

	// Key and Secret are the access key that is asked for; any when empty.
	Key, Secret string
	// ClientID, ClientSecret and RefreshToken are the OAuth app's; where set,
	// tokens are issued and accepted beside the key.
	ClientID, ClientSecret, RefreshToken string
	// Base is what a token's answer gives as the customer's address.
	Base string
	// Withheld are scopes that the credential lacks.
	Withheld []string
	// PerSecond and PerDay limit the rate; 0 for the vendor's 3 and 10,000, below 0 for none.
	PerSecond, PerDay int
	// Now is the clock of limits, tokens and delays; nil for the machine's.
	Now func() time.Time

	mu          sync.Mutex
	calls       []call
	transcripts map[string]map[string]any
	ready       map[string]time.Time // call id to when its transcript is there
	listed      map[string]time.Time // call id to when the call is told of
	limit       *rate.Limiter
	day         time.Time
	today       int
	tokens      map[string]time.Time // access token to its end
	refresh     string
	issued      int
}

type call struct {
	id, workspace, host string
	started             time.Time
	record              map[string]any
}

// Seed takes the calls and transcripts of a deal's folder: the bodies in its
// gong/*.json.
func (s *Server) Seed(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "gong", "*.json"))
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("%s has no gong/*.json", dir)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var body struct {
			Calls       []map[string]any `json:"calls"`
			Transcripts []map[string]any `json:"callTranscripts"`
		}
		if err := json.Unmarshal(raw, &body); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		for _, c := range body.Calls {
			s.AddCall(c)
		}
		for _, t := range body.Transcripts {
			s.AddTranscript(t)
		}
	}
	return nil
}

// AddCall adds a call, or replaces the one with its id: a record as
// calls/extensive answers it with everything exposed.
func (s *Server) AddCall(record map[string]any) {
	meta, _ := record["metaData"].(map[string]any)
	text := func(key string) string { v, _ := meta[key].(string); return v }
	started, err := time.Parse(time.RFC3339, text("started"))
	if err != nil {
		started, _ = time.Parse(time.RFC3339, text("scheduled"))
	}
	c := call{id: text("id"), workspace: text("workspaceId"), host: text("primaryUserId"), started: started, record: record}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = slices.DeleteFunc(s.calls, func(old call) bool { return old.id == c.id })
	s.calls = append(s.calls, c)
	slices.SortStableFunc(s.calls, func(a, b call) int { return a.started.Compare(b.started) })
}

// AddTranscript adds the transcript of a call: a record as calls/transcript
// answers it. Nulls are left out, which the vendor's description has none of.
func (s *Server) AddTranscript(record map[string]any) {
	id, _ := record["callId"].(string)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.transcripts == nil {
		s.transcripts = map[string]map[string]any{}
	}
	s.transcripts[id], _ = withoutNulls(record).(map[string]any)
}

func withoutNulls(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, value := range v {
			if value != nil {
				out[key] = withoutNulls(value)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, value := range v {
			out[i] = withoutNulls(value)
		}
		return out
	}
	return v
}

// Delay holds a call back until one moment and its transcript until another, as
// the vendor's service tells of new calls late.
func (s *Server) Delay(id string, listed, transcript time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ready == nil {
		s.ready, s.listed = map[string]time.Time{}, map[string]time.Time{}
	}
	s.listed[id], s.ready[id] = listed, transcript
}

// ServeHTTP answers as the API does.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.Asked(r.URL.Path)
	s.mu.Lock()
	wait := s.overLimit()
	s.mu.Unlock()
	s.Serve(w, r, r.URL.Path, func(w http.ResponseWriter, f *fault.Fault) {
		refuse(w, f.Status, "Ordered to fail with "+strconv.Itoa(f.Status))
	}, func(w http.ResponseWriter, r *http.Request) { s.answer(w, r, wait) })
}

// answer answers a request; one too many is told to wait for so many seconds.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, wait int) {
	switch {
	case wait > 0:
		w.Header().Set("Retry-After", strconv.Itoa(wait))
		refuse(w, http.StatusTooManyRequests, "API request limit exceeded")
	case r.Method != http.MethodPost:
		refuse(w, http.StatusMethodNotAllowed, "Method not allowed")
	case r.URL.Path == PathToken:
		s.token(w, r)
	case r.URL.Path == PathCalls:
		s.guarded(w, r, "api:calls:read:extensive", s.answerCalls)
	case r.URL.Path == PathTranscripts:
		s.guarded(w, r, "api:calls:read:transcript", s.answerTranscripts)
	default:
		refuse(w, http.StatusNotFound, "No such path")
	}
}

// overLimit counts the request against the limits; where one is reached, it says
// how many seconds to wait.
func (s *Server) overLimit() int {
	now := s.now()
	if perDay := s.PerDay; perDay >= 0 {
		if perDay == 0 {
			perDay = 10_000
		}
		if now.Sub(s.day) >= 24*time.Hour {
			s.day, s.today = now, 0
		}
		if s.today++; s.today > perDay {
			return int(s.day.Add(24*time.Hour).Sub(now).Seconds()) + 1
		}
	}
	if s.PerSecond < 0 {
		return 0
	}
	if s.limit == nil {
		n := s.PerSecond
		if n == 0 {
			n = 3
		}
		s.limit = rate.NewLimiter(rate.Limit(n), n)
	}
	if !s.limit.AllowN(now, 1) {
		return 1
	}
	return 0
}

// guarded answers who has the credential and the scope.
func (s *Server) guarded(w http.ResponseWriter, r *http.Request, scope string, answer func(http.ResponseWriter, request)) {
	if !s.known(r) {
		refuse(w, http.StatusUnauthorized, "Access denied")
		return
	}
	if slices.Contains(s.Withheld, scope) {
		refuse(w, http.StatusForbidden, "The scope "+scope+" is required")
		return
	}
	var req request
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20))
	if err := dec.Decode(&req); err != nil {
		refuse(w, http.StatusBadRequest, "Failed to parse the request's body")
		return
	}
	if req.Filter == nil {
		refuse(w, http.StatusBadRequest, "filter: must not be null")
		return
	}
	if len(req.Selector.Timing) > 0 && req.Selector.Context != "Extended" {
		refuse(w, http.StatusBadRequest, "contextTiming can only be given with the Extended context")
		return
	}
	for _, at := range []string{req.Filter.From, req.Filter.To} {
		if _, err := time.Parse(time.RFC3339, at); at != "" && err != nil {
			refuse(w, http.StatusBadRequest, "Dates must be in ISO-8601 format")
			return
		}
	}
	answer(w, req)
}

func (s *Server) known(r *http.Request) bool {
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		s.mu.Lock()
		defer s.mu.Unlock()
		end, issued := s.tokens[bearer]
		return issued && s.now().Before(end)
	}
	user, password, ok := r.BasicAuth()
	return s.Key == "" || ok && user == s.Key && password == s.Secret
}

// A request is the body of either reading call.
type request struct {
	Cursor string `json:"cursor"`
	Filter *struct {
		From      string   `json:"fromDateTime"`
		To        string   `json:"toDateTime"`
		Workspace string   `json:"workspaceId"`
		CallIDs   []string `json:"callIds"`
		Hosts     []string `json:"primaryUserIds"`
	} `json:"filter"`
	Selector struct {
		Context string   `json:"context"`
		Timing  []string `json:"contextTiming"`
		Exposed struct {
			Parties bool `json:"parties"`
			Content struct {
				Brief bool `json:"brief"`
			} `json:"content"`
		} `json:"exposedFields"`
	} `json:"contentSelector"`
}

// meant are the calls that the filter means, in order of time.
func (s *Server) meant(req request) []call {
	now := s.now()
	var out []call
	for _, c := range s.calls {
		from, errFrom := time.Parse(time.RFC3339, req.Filter.From)
		to, errTo := time.Parse(time.RFC3339, req.Filter.To)
		switch {
		case now.Before(s.listed[c.id]),
			errFrom == nil && c.started.Before(from),
			errTo == nil && !c.started.Before(to),
			req.Filter.Workspace != "" && c.workspace != req.Filter.Workspace,
			len(req.Filter.CallIDs) > 0 && !slices.Contains(req.Filter.CallIDs, c.id),
			len(req.Filter.Hosts) > 0 && !slices.Contains(req.Filter.Hosts, c.host):
		default:
			out = append(out, c)
		}
	}
	return out
}

func (s *Server) answerCalls(w http.ResponseWriter, req request) {
	s.mu.Lock()
	var records []map[string]any
	for _, c := range s.meant(req) {
		records = append(records, exposed(c.record, req))
	}
	s.mu.Unlock()
	answerPage(w, req, "calls", records)
}

// exposed is a call's record with what the content selector asks for.
func exposed(record map[string]any, req request) map[string]any {
	out := map[string]any{"metaData": record["metaData"]}
	if parties, ok := record["parties"]; ok && req.Selector.Exposed.Parties {
		out["parties"] = parties
	}
	if context, ok := record["context"].([]any); ok && (req.Selector.Context == "Basic" || req.Selector.Context == "Extended") {
		out["context"] = context
		if req.Selector.Context == "Basic" {
			out["context"] = without(context, "fields")
		}
	}
	return out
}

// without is a copy of a value in which no object has the key.
func without(v any, key string) any {
	switch v := v.(type) {
	case map[string]any:
		out := maps.Clone(v)
		delete(out, key)
		for k, value := range out {
			out[k] = without(value, key)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, value := range v {
			out[i] = without(value, key)
		}
		return out
	}
	return v
}

func (s *Server) answerTranscripts(w http.ResponseWriter, req request) {
	s.mu.Lock()
	var records []map[string]any
	for _, c := range s.meant(req) {
		if t, ok := s.transcripts[c.id]; ok && !s.now().Before(s.ready[c.id]) {
			records = append(records, t)
		}
	}
	s.mu.Unlock()
	answerPage(w, req, "callTranscripts", records)
}

// answerPage answers with the page that the cursor points at. A cursor is of use
// with the request that it was given for only.
func answerPage(w http.ResponseWriter, req request, key string, records []map[string]any) {
	if len(records) == 0 {
		refuse(w, http.StatusNotFound, "No calls found corresponding to the provided filters")
		return
	}
	id := fingerprint(key, req)
	number := 0
	if req.Cursor != "" {
		of, page, _ := strings.Cut(req.Cursor, ".")
		n, err := strconv.Atoi(page)
		if of != id || err != nil || n < 1 || n*pageSize >= len(records) {
			refuse(w, http.StatusBadRequest, "Failed to verify cursor")
			return
		}
		number = n
	}
	page := records[number*pageSize : min((number+1)*pageSize, len(records))]
	about := map[string]any{"totalRecords": len(records), "currentPageSize": len(page), "currentPageNumber": number}
	if (number+1)*pageSize < len(records) {
		about["cursor"] = id + "." + strconv.Itoa(number+1)
	}
	reply(w, http.StatusOK, map[string]any{"requestId": requestID, "records": about, key: page})
}

func fingerprint(key string, req request) string {
	req.Cursor = ""
	raw, err := json.Marshal(req)
	if err != nil {
		return ""
	}
	h := fnv.New64a()
	h.Write([]byte(key))
	h.Write(raw)
	return strconv.FormatUint(h.Sum64(), 36)
}

// token issues an access token for the refresh token, which is replaced.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	id, secret, _ := r.BasicAuth()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refresh == "" {
		s.refresh = s.RefreshToken
	}
	if s.ClientID == "" || id != s.ClientID || secret != s.ClientSecret || r.FormValue("grant_type") != "refresh_token" || r.FormValue("refresh_token") != s.refresh {
		refuse(w, http.StatusUnauthorized, "Access denied")
		return
	}
	s.issued++
	s.refresh = fmt.Sprintf("%s-%d", s.RefreshToken, s.issued)
	access := fmt.Sprintf("access-%s-%d", s.ClientSecret, s.issued)
	const day = 24 * time.Hour
	if s.tokens == nil {
		s.tokens = map[string]time.Time{}
	}
	s.tokens[access] = s.now().Add(day)
	reply(w, http.StatusOK, map[string]any{
		"access_token": access, "token_type": "Bearer", "expires_in": int(day.Seconds()), "refresh_token": s.refresh,
		"scope": "api:calls:read:extensive api:calls:read:transcript", "api_base_url_for_customer": s.Base,
	})
}

// Revoke makes all access tokens useless; new ones can be had.
func (s *Server) Revoke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

const requestID = "4al018gzaztcr8nbukw"

func refuse(w http.ResponseWriter, status int, why string) {
	reply(w, status, map[string]any{"requestId": requestID, "errors": []string{why}})
}

func reply(w http.ResponseWriter, status int, body any) { answer.Write(w, status, answer.Java, body) }

func (s *Server) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}
