package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed" // the API's description
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"throughline"
	"throughline/lifecycle"
	"throughline/render"
	"throughline/store"
)

// The scopes of the API's tokens.
const (
	ScopeCompany = "read:company" // what the whole company sees of every deal
	ScopeTeam    = "read:team"    // all of every deal
	ScopeAct     = "act"          // try parked tasks again
)

// TokenRoles are the scopes that tokens are made with, by the role that they give.
var TokenRoles = map[string][]string{
	"company":  {ScopeCompany},
	"team":     {ScopeCompany, ScopeTeam},
	"operator": {ScopeCompany, ScopeTeam, ScopeAct},
}

// tokenMark begins every token, so that programs that look for secrets find one that
// was left somewhere.
const tokenMark = "tl_"

// NewToken makes a token of the API, and what of it is to be kept.
func NewToken() (token, hash string) {
	token = tokenMark + random()
	return token, hashed(token)
}

//go:embed openapi.yaml
var openAPI []byte

// An apiError is an answer that says what is wrong, as RFC 9457 has it.
type apiError struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`

	allow string // the methods that the address answers, where it does not answer this one
}

func (p apiError) Error() string { return p.Detail }

// wrong is a problem of a status.
func wrong(status int, detail string) apiError {
	return apiError{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail}
}

// An apiHandler gives what is answered, or errs with a problem.
type apiHandler func(r *http.Request) (any, error)

// An apiRoute is an address that programs may ask.
type apiRoute struct {
	method, path, scope string
	h                   apiHandler
}

func (s *Server) apiRoutes() []apiRoute {
	return []apiRoute{
		{http.MethodGet, "/api/v1/deals", ScopeCompany, s.apiDeals},
		{http.MethodGet, "/api/v1/deals/{id}", ScopeCompany, s.apiDeal},
		{http.MethodGet, "/api/v1/deals/{id}/handoff", ScopeCompany, s.apiHandoff},
		{http.MethodGet, "/api/v1/deals/{id}/versions", ScopeCompany, s.apiVersions},
		{http.MethodGet, "/api/v1/deals/{id}/sources", ScopeTeam, s.apiSources},
		{http.MethodGet, "/api/v1/tasks", ScopeTeam, s.apiTasks},
		{http.MethodPost, "/api/v1/tasks/retry", ScopeAct, s.apiRetry},
		{http.MethodGet, "/api/v1/events", ScopeTeam, s.apiEvents},
	}
}

// api answers programs.
func (s *Server) api() http.Handler {
	mux := http.NewServeMux()
	for _, route := range s.apiRoutes() {
		mux.Handle(route.method+" "+route.path, s.answer(route.scope, route.h))
		mux.Handle(route.path, s.answer("", func(r *http.Request) (any, error) {
			p := wrong(http.StatusMethodNotAllowed, "This address answers "+route.method+" and not "+r.Method+".")
			p.allow = route.method
			return nil, p
		}))
	}
	mux.HandleFunc("GET /api/openapi.yaml", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/yaml")
		_, _ = w.Write(openAPI) // who has gone needs none
	})
	mux.Handle("/api/", s.answer("", func(*http.Request) (any, error) {
		return nil, wrong(http.StatusNotFound, "There is no such address in this API. /api/openapi.yaml describes all of them.")
	}))
	return mux
}

type tokenKey struct{}

// tokenOf is the token that a request came with.
func tokenOf(r *http.Request) store.Token {
	t, _ := r.Context().Value(tokenKey{}).(store.Token)
	return t
}

// has reports whether the request's token has a scope.
func has(r *http.Request, scope string) bool { return slices.Contains(tokenOf(r).Scopes, scope) }

// audienceOf is the widest audience whose view the request's token gives.
func audienceOf(r *http.Request) access {
	if has(r, ScopeTeam) {
		return access{Role: roleAdmin, Audience: throughline.AudienceTeam, Act: has(r, ScopeAct)}
	}
	return access{Role: roleColleague, Audience: throughline.AudienceCompany}
}

// by is who stands in the audit trail with what a token did.
func by(t store.Token) string { return "token " + t.Name }

// answer writes what a handler gives, to a token that has the scope; with no scope,
// to anybody.
func (s *Server) answer(scope string, h apiHandler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r, err := s.tokenHolder(r, scope)
		var out any
		if err == nil {
			out, err = h(r)
		}
		if err != nil {
			s.answerProblem(w, r, err)
			return
		}
		data, ok := out.(json.RawMessage)
		if !ok {
			if data, err = json.Marshal(out); err != nil {
				s.answerProblem(w, r, fmt.Errorf("writing the answer: %w", err))
				return
			}
		}
		answerData(w, r, data)
	})
}

// answerData answers with what was asked for, or that it is as it was: programs that
// ask every few minutes need it whole only when something changed.
func answerData(w http.ResponseWriter, r *http.Request, data []byte) {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		sum := sha256.Sum256(data)
		tag := `W/"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"` // weak: it may be sent compressed
		w.Header().Set("ETag", tag)
		w.Header().Set("Cache-Control", "private, no-cache")
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	writeJSON(w, "application/json", http.StatusOK, data)
}

// tokenHolder is the request with its token, where that has the scope.
func (s *Server) tokenHolder(r *http.Request, scope string) (*http.Request, error) {
	if scope == "" {
		return r, nil
	}
	kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(kind, "Bearer") || !strings.HasPrefix(token, tokenMark) {
		return r, wrong(http.StatusUnauthorized, "Send a token in the header Authorization, behind “Bearer”. An admin makes one with: throughline token create NAME --role company")
	}
	t, known, err := s.Store.UseToken(r.Context(), hashed(token), s.Service.Now())
	if err != nil {
		return r, err
	}
	if known && t.Ended(s.Service.Now()) {
		return r, wrong(http.StatusUnauthorized, "This token ended on "+t.Ends.UTC().Format("2 January 2006")+". An admin makes another with: throughline token create NAME --role company")
	}
	if !known {
		s.missed(r, limitAPI)
		return r, wrong(http.StatusUnauthorized, "There is no such token, or it was revoked. An admin makes another with: throughline token create NAME --role company")
	}
	if !slices.Contains(t.Scopes, scope) {
		return r, wrong(http.StatusForbidden, "This token lacks the scope "+scope+": it has "+strings.Join(t.Scopes, ", ")+".")
	}
	return r.WithContext(context.WithValue(r.Context(), tokenKey{}, t)), nil
}

func (s *Server) answerProblem(w http.ResponseWriter, r *http.Request, err error) {
	var known apiError
	switch {
	case errors.As(err, &known):
	case errors.Is(err, lifecycle.ErrNotFound):
		known = wrong(http.StatusNotFound, "There is nothing of that name. It may have been erased.")
	default:
		s.complain(r, "API failed", err)
		known = wrong(http.StatusInternalServerError, "Something went wrong here. Try again; if it goes on, the program’s log says more.")
	}
	if known.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="throughline"`)
	}
	if known.allow != "" {
		w.Header().Set("Allow", known.allow)
	}
	data, err := json.Marshal(known)
	if err != nil {
		http.Error(w, known.Title, known.Status)
		return
	}
	writeJSON(w, "application/problem+json", known.Status, data)
}

func writeJSON(w http.ResponseWriter, kind string, status int, data []byte) {
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = w.Write(append(data, '\n')) // who has gone needs none
}

// An apiPage is what part of a list is asked for.
type apiPage struct {
	limit  int
	cursor string
}

// mostListed is how many entries an answer may have; usually they are fewer.
const (
	mostListed  = 200
	fewerListed = 50
)

// longestParameter bounds what one parameter may hold, in bytes.
const longestParameter = 500

// parameters are those of a request. One that is not known is refused: a name that
// is spelt wrong would find everything.
func parameters(r *http.Request, names ...string) (url.Values, error) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return q, wrong(http.StatusBadRequest, "The address’s parameters can’t be read: escape what is neither letter nor digit.")
	}
	for name, values := range q {
		if !slices.Contains(names, name) {
			there := "none"
			if len(names) > 0 {
				there = strings.Join(names, ", ")
			}
			return q, wrong(http.StatusBadRequest, fmt.Sprintf("There is no parameter %q here; there is: %s.", cut(line(name), 60), there))
		}
		for _, v := range values {
			if line(v) != v || len(v) > longestParameter {
				return q, wrong(http.StatusBadRequest, fmt.Sprintf("The parameter %s is no line of text of up to %d bytes.", name, longestParameter))
			}
		}
	}
	return q, nil
}

// pageOf reads the parameters of a list.
func pageOf(r *http.Request, names ...string) (url.Values, apiPage, error) {
	p := apiPage{limit: fewerListed}
	q, err := parameters(r, append(names, "limit", "cursor")...)
	if err != nil {
		return q, p, err
	}
	p.cursor = q.Get("cursor")
	if text := q.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > mostListed {
			return q, p, wrong(http.StatusBadRequest, fmt.Sprintf("limit is a number from 1 to %d.", mostListed))
		}
		p.limit = n
	}
	return q, p, nil
}

var errCursor = wrong(http.StatusBadRequest, "The cursor is none that this list gave: begin without one.")

// An apiPerson is somebody of the seller's.
type apiPerson struct {
	Name  string `json:"name,omitempty"`
	Email string `json:"email"`
}

func apiPersonOf(p lifecycle.Person) *apiPerson {
	if p.Email == "" {
		return nil
	}
	return &apiPerson{p.Name, p.Email}
}

// An apiDeal is a won deal and where its handoff stands.
type apiDeal struct {
	ID          string          `json:"id"`
	Opportunity string          `json:"opportunity"`
	Name        string          `json:"name"`
	Customer    string          `json:"customer"`
	Stage       lifecycle.Stage `json:"stage"`
	Won         time.Time       `json:"won"`
	Again       bool            `json:"won_again"`
	Posted      bool            `json:"posted"` // else it was made of a past deal, and nobody is told
	Version     int             `json:"version"`
	Due         time.Time       `json:"publish_at"`
	Published   *time.Time      `json:"published_at"`
	PublishedV  int             `json:"published_version"`
	Reviewed    *time.Time      `json:"reviewed_at"`
	Accepted    *time.Time      `json:"accepted_at"`
	AcceptedV   int             `json:"accepted_version"`
	Kickoff     *time.Time      `json:"kickoff_at"`
	AE          *apiPerson      `json:"ae"`
	CSM         *apiPerson      `json:"csm"`
	WaitsFor    string          `json:"waits_for"` // review, accept, or nothing
	URL         string          `json:"url"`
}

// known is a time; nil for none.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func (s *Server) apiDealOf(r *http.Request, whole lifecycle.Run) (apiDeal, error) {
	run := audienceOf(r).shown(whole)
	page, err := s.Links.Page(r.Context(), run)
	if err != nil {
		return apiDeal{}, err
	}
	waits, _ := whole.Waits()
	return apiDeal{
		ID: run.ID, Opportunity: run.Deal.ID, Name: run.Deal.Name, Customer: run.Deal.Customer, Stage: run.Stage, Won: run.Won.UTC(), Again: run.Again, Posted: !run.Quiet,
		Version: run.Version, Due: s.Service.Rules.PublishAt(whole).UTC(), Published: known(run.Published), PublishedV: run.PublishedVersion, Reviewed: known(run.Reviewed),
		Accepted: known(run.Accepted), AcceptedV: run.AcceptedVersion, Kickoff: known(run.Kickoff), AE: apiPersonOf(run.AE), CSM: apiPersonOf(run.CSM),
		WaitsFor: string(waits), URL: page,
	}, nil
}

func (s *Server) apiDeals(r *http.Request) (any, error) {
	q, page, err := pageOf(r, "q", "stage", "person", "waits_for", "kickoff_from", "kickoff_to")
	if err != nil {
		return nil, err
	}
	f := store.RunFilter{Words: q.Get("q"), Of: q.Get("person"), Waits: lifecycle.Wait(q.Get("waits_for")), After: runMark(page.cursor)}
	if page.cursor != "" && f.After.ID == "" {
		return nil, errCursor
	}
	for _, stage := range q["stage"] {
		if stage == "" {
			continue
		}
		if !slices.Contains(stages, lifecycle.Stage(stage)) {
			return nil, wrong(http.StatusBadRequest, fmt.Sprintf("There is no stage %q.", stage))
		}
		f.Stages = append(f.Stages, lifecycle.Stage(stage))
	}
	if !slices.Contains([]lifecycle.Wait{"", lifecycle.WaitReview, lifecycle.WaitAccept}, f.Waits) {
		return nil, wrong(http.StatusBadRequest, "waits_for is review or accept.")
	}
	f.Owner = strings.EqualFold(f.Of, s.Service.Rules.Owner.Email)
	if f.KickoffFrom, err = moment(q, "kickoff_from"); err != nil {
		return nil, err
	}
	if f.KickoffTo, err = moment(q, "kickoff_to"); err != nil {
		return nil, err
	}
	runs, err := s.Store.Find(r.Context(), f, page.limit+1)
	if err != nil {
		return nil, err
	}
	out := struct {
		Deals []apiDeal `json:"deals"`
		Next  string    `json:"next_cursor,omitempty"`
	}{Deals: []apiDeal{}}
	if len(runs) > page.limit {
		runs = runs[:page.limit]
		out.Next = markOf(runs[page.limit-1])
	}
	for _, run := range runs {
		d, err := s.apiDealOf(r, run)
		if err != nil {
			return nil, err
		}
		out.Deals = append(out.Deals, d)
	}
	return out, nil
}

// moment is a time of a parameter; zero where there is none.
func moment(q url.Values, name string) (time.Time, error) {
	if q.Get(name) == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, q.Get(name))
	if err != nil || t.Year() < 1900 || t.Year() > 9000 {
		return time.Time{}, wrong(http.StatusBadRequest, name+" is a moment such as 2026-10-06T15:00:00Z.")
	}
	return t, nil
}

// apiRun is the run that the address names, and the parameters.
func (s *Server) apiRun(r *http.Request, names ...string) (lifecycle.Run, url.Values, error) {
	id := r.PathValue("id")
	if line(id) != id {
		return lifecycle.Run{}, nil, lifecycle.ErrNotFound
	}
	q, err := parameters(r, names...)
	if err != nil {
		return lifecycle.Run{}, nil, err
	}
	run, err := s.Store.Run(r.Context(), id)
	return run, q, err
}

func (s *Server) apiDeal(r *http.Request) (any, error) {
	run, _, err := s.apiRun(r)
	if err != nil {
		return nil, err
	}
	return s.apiDealOf(r, run)
}

// apiVersion is the version of a run that is asked for, as people know it.
func (s *Server) apiVersion(r *http.Request, run lifecycle.Run, version string) (*throughline.Handoff, error) {
	if run.Version == 0 {
		return nil, wrong(http.StatusNotFound, "There is no draft of this handoff yet.")
	}
	of := run
	if version != "" {
		n, err := strconv.Atoi(version)
		if err != nil || n < 1 || n > run.Version {
			return nil, wrong(http.StatusNotFound, fmt.Sprintf("There is no such version: there are those from 1 to %d.", run.Version))
		}
		of.Version = n
	}
	return s.Service.Current(r.Context(), of)
}

func (s *Server) apiHandoff(r *http.Request) (any, error) {
	run, q, err := s.apiRun(r, "audience", "version")
	if err != nil {
		return nil, err
	}
	asked := throughline.Audience(q.Get("audience"))
	if asked == "" {
		asked = throughline.AudienceCompany
	}
	if !asked.Valid() {
		return nil, wrong(http.StatusBadRequest, "audience is team, company or customer.")
	}
	if asked == throughline.AudienceTeam && !has(r, ScopeTeam) {
		return nil, wrong(http.StatusForbidden, "The team's view needs the scope "+ScopeTeam+".")
	}
	h, err := s.apiVersion(r, run, q.Get("version"))
	if err != nil {
		return nil, err
	}
	if err := s.Service.Read(r.Context(), run.ID, by(tokenOf(r)), lifecycle.Reading{Audience: asked}); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := render.JSON(&b, h, asked); err != nil {
		return nil, err
	}
	return json.RawMessage(b.Bytes()), nil
}

// An apiVersionNote is a version of a handoff.
type apiVersionNote struct {
	Version   int       `json:"version"`
	Generated time.Time `json:"generated_at"`
	Engine    string    `json:"engine"`
	Model     string    `json:"model,omitempty"`
	Items     int       `json:"items"` // that the whole company sees, or with read:team all
}

func (s *Server) apiVersions(r *http.Request) (any, error) {
	run, _, err := s.apiRun(r)
	if err != nil {
		return nil, err
	}
	out := struct {
		Versions []apiVersionNote `json:"versions"`
	}{Versions: []apiVersionNote{}}
	for n := run.Version; n > 0 && len(out.Versions) < mostListed; n-- {
		h, err := s.Store.Document(r.Context(), run.ID, n)
		if errors.Is(err, lifecycle.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		v := render.For(h, audienceOf(r).Audience)
		out.Versions = append(out.Versions, apiVersionNote{Version: n, Generated: v.GeneratedAt.UTC(), Engine: v.Engine.Name, Model: v.Engine.Model, Items: len(v.Items)})
	}
	return out, nil
}

func (s *Server) apiSources(r *http.Request) (any, error) {
	run, q, err := s.apiRun(r, "version")
	if err != nil {
		return nil, err
	}
	h, err := s.apiVersion(r, run, q.Get("version"))
	if err != nil {
		return nil, err
	}
	if err := s.Service.Read(r.Context(), run.ID, by(tokenOf(r)), lifecycle.Reading{Audience: throughline.AudienceTeam, Of: "the list of sources"}); err != nil {
		return nil, err
	}
	v := render.For(h, throughline.AudienceTeam)
	return struct {
		Version  int                      `json:"version"`
		Sources  []throughline.SourceNote `json:"sources"`
		Problems []throughline.Problem    `json:"problems"`
	}{v.Version, append([]throughline.SourceNote{}, v.Sources...), append([]throughline.Problem{}, v.Problems...)}, nil
}

// An apiTask is something to do, or that waits for a person.
type apiTask struct {
	Deal  string              `json:"deal"`
	Title string              `json:"title"`
	Task  string              `json:"task"` // what retry takes
	Name  string              `json:"name"`
	For   string              `json:"for"`
	State lifecycle.TaskState `json:"state"`
	Due   time.Time           `json:"due"`
	Tries int                 `json:"tries"`
	Error string              `json:"error"`
}

func (s *Server) apiTasks(r *http.Request) (any, error) {
	q, page, err := pageOf(r, "state")
	if err != nil {
		return nil, err
	}
	var tasks []lifecycle.Task
	switch state := q.Get("state"); state {
	case "", string(lifecycle.TaskParked):
		tasks, err = s.Store.Parked(r.Context())
	case string(lifecycle.TaskOpen):
		tasks, err = s.Store.Scheduled(r.Context(), mostScheduled)
	default:
		err = wrong(http.StatusBadRequest, "state is parked or open.")
	}
	if err != nil {
		return nil, err
	}
	begin := 0
	if page.cursor != "" {
		run, key, ok := strings.Cut(page.cursor, "~")
		begin = 1 + slices.IndexFunc(tasks, func(t lifecycle.Task) bool { return t.Run == run && t.Key() == key })
		if !ok || begin == 0 {
			return nil, wrong(http.StatusConflict, "The task that this cursor names is not in the list any more: begin without a cursor.")
		}
	}
	out := struct {
		Tasks []apiTask `json:"tasks"`
		Next  string    `json:"next_cursor,omitempty"`
	}{Tasks: []apiTask{}}
	tasks = tasks[begin:]
	if len(tasks) > page.limit {
		tasks = tasks[:page.limit]
		last := tasks[page.limit-1]
		out.Next = last.Run + "~" + last.Key()
	}
	titled, err := s.titled(r.Context(), tasks)
	if err != nil {
		return nil, err
	}
	for _, t := range titled {
		out.Tasks = append(out.Tasks, apiTask{Deal: t.Run, Title: t.Title, Task: t.Key(), Name: t.Name, For: t.For, State: t.State, Due: t.At.UTC(), Tries: t.Tries, Error: t.Error})
	}
	return out, nil
}

// mostScheduled is how far the list of open tasks goes.
const mostScheduled = 5000

// longestBody bounds what a request may hold, in bytes.
const longestBody = 64 << 10

// apiRetry opens a parked task again.
func (s *Server) apiRetry(r *http.Request) (any, error) {
	var asked struct {
		Deal string `json:"deal"`
		Task string `json:"task"`
	}
	in := json.NewDecoder(io.LimitReader(r.Body, longestBody))
	in.DisallowUnknownFields()
	if err := in.Decode(&asked); err != nil || asked.Deal == "" || asked.Task == "" {
		return nil, wrong(http.StatusBadRequest, `Send {"deal": "…", "task": "…"} as /api/v1/tasks gives them.`)
	}
	if line(asked.Deal) != asked.Deal || line(asked.Task) != asked.Task {
		return nil, lifecycle.ErrNotFound
	}
	t, err := s.Store.Task(r.Context(), asked.Deal, asked.Task)
	if err != nil {
		return nil, err
	}
	if t.State != lifecycle.TaskParked {
		return nil, wrong(http.StatusConflict, "This task is not parked: it is "+string(t.State)+".")
	}
	if err := s.Service.Retry(r.Context(), asked.Deal, asked.Task, by(tokenOf(r))); err != nil {
		return nil, err
	}
	return struct {
		State lifecycle.TaskState `json:"state"`
	}{lifecycle.TaskOpen}, nil
}

// An apiEvent is a move of the audit trail.
type apiEvent struct {
	ID   string          `json:"id"`
	At   time.Time       `json:"at"`
	Deal string          `json:"deal"`
	What string          `json:"what"`
	Who  string          `json:"who"`
	From lifecycle.Stage `json:"from"`
	To   lifecycle.Stage `json:"to"`
	Why  string          `json:"why"`
}

func (s *Server) apiEvents(r *http.Request) (any, error) {
	q, page, err := pageOf(r, "deal", "what", "who", "since", "until")
	if err != nil {
		return nil, err
	}
	f := store.TrailFilter{Run: q.Get("deal"), What: q.Get("what"), Who: q.Get("who"), After: trailMark(page.cursor)}
	if page.cursor != "" && f.After.Run == "" {
		return nil, errCursor
	}
	if f.From, err = moment(q, "since"); err != nil {
		return nil, err
	}
	if f.To, err = moment(q, "until"); err != nil {
		return nil, err
	}
	moves, err := s.Store.Trail(r.Context(), f, page.limit+1)
	if err != nil {
		return nil, err
	}
	out := struct {
		Events []apiEvent `json:"events"`
		Next   string     `json:"next_cursor,omitempty"`
	}{Events: []apiEvent{}}
	if len(moves) > page.limit {
		moves = moves[:page.limit]
		out.Next = trailMarkOf(moves[page.limit-1].Mark)
	}
	if err := s.noteTrail(r, by(tokenOf(r)), moves); err != nil {
		return nil, err
	}
	for _, m := range moves {
		out.Events = append(out.Events, apiEvent{
			ID: m.Mark.Run + "/" + strconv.Itoa(m.Mark.Number), At: m.At.UTC(), Deal: m.Mark.Run, What: m.What, Who: m.Who, From: m.From, To: m.To, Why: m.Why,
		})
	}
	return out, nil
}
