package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"throughline"
	"throughline/lifecycle"
	"throughline/store"
)

// A Checked is something that a connection must allow, and whether it does.
type Checked struct {
	System   string // as people call it
	Name     string // of the permission or setting
	For      string
	OK       bool
	Optional bool
	Problem  string // what to change, where it is not allowed
}

// A Setting is something in use that an admin wants to know: the engine, the model.
type Setting struct {
	Name, Value string
}

// checking is what the last trial of the connections came to.
type checking struct {
	mu      sync.Mutex
	running bool
	at      time.Time // when it ended; zero before the first
	rows    []Checked
	problem string // why there are no rows
}

// checkFor is how long trying all connections may take.
const checkFor = 3 * time.Minute

const (
	// scheduleShown is how many tasks the schedule shows.
	scheduleShown = 25
	// parkedShown is how many tasks of a kind are shown one by one.
	parkedShown = 20
	// costlyShown is how many deals the spend shows.
	costlyShown = 10
	// spendFor is how far back the spend goes, in days.
	spendFor = 30
)

// admins lets through who runs the installation.
func (s *Server) admins(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if !s.admin(r) {
			return problem{http.StatusForbidden, "This is for the admins of this installation, whom its configuration names."}
		}
		return h(w, r)
	}
}

// An operationsView is the page that shows how the installation does.
type operationsView struct {
	frame
	Checks     []systemChecks
	CheckedAt  time.Time
	Checking   bool
	CheckFault string
	CanCheck   bool
	Parked     []parkedKind
	Retried    string // how many tasks were opened again; empty where none was
	Schedule   []scheduled
	More       bool // tasks than the schedule shows
	Settings   []Setting
	Spend      spend
}

// systemChecks are the checks of one system.
type systemChecks struct {
	System  string
	Missing int
	Rows    []Checked
}

// A parkedKind are the parked tasks that are of one kind.
type parkedKind struct {
	Kind  string // as the form names it
	Name  string // of the duty
	Where string // a destination or a way; may be empty
	Count int
	Tasks []scheduled
}

// A scheduled is a task with the deal that it is for.
type scheduled struct {
	lifecycle.Task
	Title string
	At    time.Time // when it is tried at the earliest
	To    string    // a person's address; empty for none
}

// spend is what drafting cost.
type spend struct {
	Days     int
	Total    float64
	Versions int
	ByDay    []spendDay
	ByModel  []store.Cost
	ByRun    []store.Cost
	Titles   map[string]string
}

// A spendDay is a day's bar in the picture of the spend.
type spendDay struct {
	store.Cost
	X, Y, H int // of the bar, in the picture's units
}

func (s *Server) operationsPage(w http.ResponseWriter, r *http.Request) error {
	v, err := s.operationsView(r)
	if err != nil {
		return err
	}
	if n, err := strconv.Atoi(r.URL.Query().Get("retried")); err == nil && n >= 0 {
		v.Retried = counted(n, "task is", "tasks are")
	}
	s.show(w, http.StatusOK, "operations.tmpl", v)
	return nil
}

// counted is a number of things.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

func (s *Server) operationsView(r *http.Request) (v operationsView, err error) {
	ctx := r.Context()
	v.frame = framed(r, "Operations", placeOperations)
	s.checking.show(&v)
	v.CanCheck = s.Checks != nil
	if s.Settings != nil {
		if v.Settings, err = s.Settings(ctx); err != nil {
			return v, err
		}
	}
	if v.Parked, err = s.parked(ctx); err != nil {
		return v, err
	}
	next, err := s.Store.Scheduled(ctx, scheduleShown+1)
	if err != nil {
		return v, err
	}
	if v.More = len(next) > scheduleShown; v.More {
		next = next[:scheduleShown]
	}
	if v.Schedule, err = s.titled(ctx, next); err != nil {
		return v, err
	}
	v.Spend, err = s.spend(ctx)
	return v, err
}

// titled gives tasks the names of their deals.
func (s *Server) titled(ctx context.Context, tasks []lifecycle.Task) ([]scheduled, error) {
	var ids []string
	for _, t := range tasks {
		ids = append(ids, t.Run)
	}
	slices.Sort(ids)
	titles, err := s.Store.Titles(ctx, slices.Compact(ids))
	if err != nil {
		return nil, err
	}
	out := make([]scheduled, len(tasks))
	for i, t := range tasks {
		one := scheduled{Task: t, Title: titles[t.Run], At: t.Due}
		if t.NotBefore.After(one.At) {
			one.At = t.NotBefore
		}
		one.To = whom(t.Duty)
		out[i] = one
	}
	return out, nil
}

// whom is the address that a duty goes to; empty for none.
func whom(d lifecycle.Duty) string {
	if _, to, _ := strings.Cut(d.For, ":"); strings.Contains(to, "@") {
		return to
	}
	return ""
}

// kindOf is the kind of a task: what it does, and where or how.
func kindOf(t lifecycle.Task) (kind, where string) {
	where, _, _ = strings.Cut(t.For, ":")
	return t.Name + "/" + where, where
}

// parked are the parked tasks by kind, the most frequent first.
func (s *Server) parked(ctx context.Context) ([]parkedKind, error) {
	tasks, err := s.Store.Parked(ctx)
	if err != nil {
		return nil, err
	}
	var kinds []parkedKind
	shown := map[string][]lifecycle.Task{}
	for _, t := range tasks {
		kind, where := kindOf(t)
		i := slices.IndexFunc(kinds, func(k parkedKind) bool { return k.Kind == kind })
		if i < 0 {
			kinds = append(kinds, parkedKind{Kind: kind, Name: t.Name, Where: where})
			i = len(kinds) - 1
		}
		kinds[i].Count++
		if len(shown[kind]) < parkedShown {
			shown[kind] = append(shown[kind], t)
		}
	}
	slices.SortStableFunc(kinds, func(a, b parkedKind) int { return b.Count - a.Count })
	for i := range kinds {
		if kinds[i].Tasks, err = s.titled(ctx, shown[kinds[i].Kind]); err != nil {
			return nil, err
		}
	}
	return kinds, nil
}

// retryParked opens parked tasks again: the one of a run that the form names, or all
// of a kind.
func (s *Server) retryParked(w http.ResponseWriter, r *http.Request) error {
	tasks, err := s.Store.Parked(r.Context())
	if err != nil {
		return err
	}
	n := 0
	for _, t := range tasks {
		kind, _ := kindOf(t)
		if kind != r.PostForm.Get("kind") && (t.Run != r.PostForm.Get("run") || t.Key() != r.PostForm.Get("task")) {
			continue
		}
		err := s.Service.Retry(r.Context(), t.Run, t.Key(), person(r))
		if errors.Is(err, lifecycle.ErrNotFound) {
			continue // erased meanwhile
		}
		if err != nil {
			return err
		}
		n++
	}
	http.Redirect(w, r, "/operations?retried="+strconv.Itoa(n)+"#parked", http.StatusSeeOther)
	return nil
}

// check has every connection tried, unless that goes on already. It takes as long as
// the slowest system, so the page doesn't wait for it.
func (s *Server) check(w http.ResponseWriter, r *http.Request) error {
	if s.Checks != nil && s.checking.begin() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), checkFor)
		go func() {
			defer cancel()
			rows, err := s.Checks(ctx)
			s.checking.end(rows, err, s.Service.Now())
		}()
	}
	http.Redirect(w, r, "/operations#connections", http.StatusSeeOther)
	return nil
}

// begin reports whether whoever calls it is to try the connections.
func (c *checking) begin() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	was := c.running
	c.running = true
	return !was
}

func (c *checking) end(rows []Checked, err error, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running, c.rows, c.at, c.problem = false, rows, now, ""
	if err != nil {
		c.problem = err.Error()
	}
}

// show puts what the last trial came to into the page.
func (c *checking) show(v *operationsView) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v.Checking, v.CheckedAt, v.CheckFault = c.running, c.at, c.problem
	for _, row := range c.rows {
		i := slices.IndexFunc(v.Checks, func(s systemChecks) bool { return s.System == row.System })
		if i < 0 {
			v.Checks = append(v.Checks, systemChecks{System: row.System})
			i = len(v.Checks) - 1
		}
		v.Checks[i].Rows = append(v.Checks[i].Rows, row)
		if !row.OK && !row.Optional {
			v.Checks[i].Missing++
		}
	}
}

// The picture of the spend, in its own units.
const (
	barsHigh = 80
	barStep  = 20
)

// spend is what drafting cost lately.
func (s *Server) spend(ctx context.Context) (out spend, err error) {
	today := s.Service.Now().UTC().Truncate(24 * time.Hour)
	since := today.AddDate(0, 0, 1-spendFor)
	out.Days = spendFor
	days, err := s.Store.CostsByDay(ctx, since)
	if err != nil {
		return out, err
	}
	if out.ByModel, err = s.Store.CostsByModel(ctx, since); err != nil {
		return out, err
	}
	if out.ByRun, err = s.Store.CostsByRun(ctx, since, costlyShown); err != nil {
		return out, err
	}
	out.ByRun = slices.DeleteFunc(out.ByRun, func(c store.Cost) bool { return c.USD == 0 })
	var ids []string
	for _, c := range out.ByRun {
		ids = append(ids, c.Run)
	}
	if out.Titles, err = s.Store.Titles(ctx, ids); err != nil {
		return out, err
	}
	most := 0.0
	for _, d := range days {
		out.Total += d.USD
		out.Versions += d.Versions
		most = max(most, d.USD)
	}
	if most == 0 {
		return out, nil // nothing to picture
	}
	for i := range spendFor {
		d := spendDay{Cost: store.Cost{Day: since.AddDate(0, 0, i)}, X: i * barStep}
		if at := slices.IndexFunc(days, func(c store.Cost) bool { return c.Day.Equal(d.Day) }); at >= 0 {
			d.Cost = days[at]
		}
		if d.H = int(d.USD / most * barsHigh); d.USD > 0 && d.H < 1 {
			d.H = 1
		}
		d.Y = barsHigh - d.H
		out.ByDay = append(out.ByDay, d)
	}
	return out, nil
}

// trailShown is how many moves a page of the audit trail shows.
const trailShown = 100

// A trailView is the audit trail over all runs.
type trailView struct {
	frame
	Who, What, Words, From, To string // as they were asked for
	Names                      []string
	Rows                       []store.TrailMove
	Next, First                string // addresses; empty for none
	Wrong                      string // what of the filter can't be read
}

func (s *Server) trailPage(w http.ResponseWriter, r *http.Request) error {
	asked := r.URL.Query()
	v := trailView{frame: framed(r, "Audit trail", placeOperations)}
	for name, field := range map[string]*string{"who": &v.Who, "what": &v.What, "q": &v.Words, "from": &v.From, "to": &v.To} {
		*field = cut(line(asked.Get(name)), longestSearch)
	}
	f := store.TrailFilter{Who: v.Who, What: v.What, Words: v.Words, After: trailMark(asked.Get("after"))}
	var err error
	if f.From, err = day(v.From); err != nil {
		v.Wrong = "The first day is no date: write it as 2026-10-06. It is left out."
	}
	if f.To, err = day(v.To); err != nil {
		v.Wrong = "The last day is no date: write it as 2026-10-06. It is left out."
	} else if !f.To.IsZero() {
		f.To = f.To.AddDate(0, 0, 1)
	}
	if v.Names, err = s.Store.MoveNames(r.Context()); err != nil {
		return err
	}
	if v.Rows, err = s.Store.Trail(r.Context(), f, trailShown+1); err != nil {
		return err
	}
	if len(v.Rows) > trailShown {
		v.Rows = v.Rows[:trailShown]
		v.Next = v.at(trailMarkOf(v.Rows[trailShown-1].Mark))
	}
	if f.After.Run != "" {
		v.First = v.at("")
	}
	if err := s.noteTrail(r, person(r), v.Rows); err != nil {
		return err
	}
	s.show(w, http.StatusOK, "trail.tmpl", v)
	return nil
}

// readTrail is the reading of what happened to a run, which may hold people's words.
var readTrail = lifecycle.Reading{Audience: throughline.AudienceTeam, Of: "the audit trail"}

// noteTrail notes that somebody read what happened to runs. That something was read
// is no word of anybody's: were it noted that this was read, who looks every day would
// have something new to read every day.
func (s *Server) noteTrail(r *http.Request, who string, moves []store.TrailMove) error {
	noted := map[string]bool{}
	for _, m := range moves {
		if m.What == "read" || noted[m.Mark.Run] {
			continue
		}
		noted[m.Mark.Run] = true
		run, err := s.Store.Run(r.Context(), m.Mark.Run)
		if err == nil {
			err = s.noteRead(r, run, who, readTrail)
		}
		if err != nil && !errors.Is(err, lifecycle.ErrNotFound) { // else it was erased meanwhile
			return err
		}
	}
	return nil
}

// day is the beginning of a day by UTC; zero for no text.
func day(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	return time.Parse(time.DateOnly, text)
}

// Any reports whether less is asked for than all.
func (v trailView) Any() bool {
	return v.Who != "" || v.What != "" || v.Words != "" || v.From != "" || v.To != ""
}

// at is the address of the trail behind a mark.
func (v trailView) at(after string) string {
	q := url.Values{}
	for name, value := range map[string]string{"who": v.Who, "what": v.What, "q": v.Words, "from": v.From, "to": v.To, "after": after} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if len(q) == 0 {
		return "/operations/trail"
	}
	return "/operations/trail?" + q.Encode()
}

// trailMarkOf is the mark of a move's place.
func trailMarkOf(m store.TrailMark) string {
	return strings.Join([]string{strconv.FormatInt(m.At.UnixMicro(), 10), strconv.Itoa(m.Number), m.Run}, "~")
}

// trailMark reads a mark; what is none is the first page.
func trailMark(mark string) store.TrailMark {
	parts := strings.SplitN(mark, "~", 3)
	if len(parts) != 3 || line(parts[2]) != parts[2] {
		return store.TrailMark{}
	}
	micros, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil {
		return store.TrailMark{}
	}
	number, err := strconv.Atoi(parts[1])
	if err != nil {
		return store.TrailMark{}
	}
	return store.TrailMark{At: time.UnixMicro(micros), Number: number, Run: parts[2]}
}
