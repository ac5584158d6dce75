package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"throughline/lifecycle"
	"throughline/store"
)

// Lookups are what the lists of the pages and of the API read.
type Lookups interface {
	// Find gives the runs of a filter, the latest won first.
	Find(ctx context.Context, f store.RunFilter, most int) ([]lifecycle.Run, error)
	CountFound(ctx context.Context, f store.RunFilter) (int, error)
	// Titles are what people call the deals of runs.
	Titles(ctx context.Context, runs []string) (map[string]string, error)
	// Trail gives the moves of all runs, the latest first.
	Trail(ctx context.Context, f store.TrailFilter, most int) ([]store.TrailMove, error)
	MoveNames(ctx context.Context) ([]string, error)
	// Parked are the tasks of all runs that wait for a person, Scheduled those that
	// come next.
	Parked(ctx context.Context) ([]lifecycle.Task, error)
	Scheduled(ctx context.Context, most int) ([]lifecycle.Task, error)
	CostsByDay(ctx context.Context, since time.Time) ([]store.Cost, error)
	CostsByModel(ctx context.Context, since time.Time) ([]store.Cost, error)
	CostsByRun(ctx context.Context, since time.Time, most int) ([]store.Cost, error)
	// UseToken is the API's token of a hash; false where there is none.
	UseToken(ctx context.Context, hash string, now time.Time) (store.Token, bool, error)
}

const (
	// aPage is how many deals a page of the list shows.
	aPage = 50
	// aGlance is how many of each kind stand above the list.
	aGlance = 5
	// soon is how near a kickoff is that stands there.
	soon = 7 * 24 * time.Hour
)

// The values of the list's "needs".
const (
	needsReview  = "review"
	needsAccept  = "accept"
	needsKickoff = "kickoff"
)

// stages are all of them, in order.
var stages = []lifecycle.Stage{
	lifecycle.StageDetected, lifecycle.StageCollecting, lifecycle.StageDrafted, lifecycle.StageInReview, lifecycle.StagePublished, lifecycle.StageReturned,
	lifecycle.StageAccepted, lifecycle.StageKickoff, lifecycle.StageClosed, lifecycle.StageCancelled,
}

// A dealsQuery is what the list is asked for: all of it stands in the address.
type dealsQuery struct {
	Words string          // q
	Stage lifecycle.Stage // empty for all
	Mine  bool
	Needs string // of who asks; empty for all
	After string // the mark behind which the page begins
}

// dealsQueryOf reads it; what is none of our values counts as not there.
func dealsQueryOf(v url.Values) dealsQuery {
	q := dealsQuery{Words: cut(line(v.Get("q")), longestSearch), Stage: lifecycle.Stage(v.Get("stage")), Mine: v.Get("mine") != "", Needs: v.Get("needs"), After: v.Get("after")}
	if !slices.Contains(stages, q.Stage) {
		q.Stage = ""
	}
	if !slices.Contains([]string{needsReview, needsAccept, needsKickoff}, q.Needs) {
		q.Needs = ""
	}
	return q
}

// longestSearch bounds what is searched for, in bytes.
const longestSearch = 200

// cut is the text's beginning, of at most so many bytes.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "")
}

// Any reports whether less is asked for than all.
func (q dealsQuery) Any() bool { return q.Words != "" || q.Stage != "" || q.Mine || q.Needs != "" }

// at is the address of the list behind a mark.
func (q dealsQuery) at(after string) string {
	v := url.Values{}
	for name, value := range map[string]string{"q": q.Words, "stage": string(q.Stage), "needs": q.Needs, "after": after} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if q.Mine {
		v.Set("mine", "1")
	}
	if len(v) == 0 {
		return "/"
	}
	return "/?" + v.Encode()
}

// filter is the query as the store knows it, for a person.
func (s *Server) filter(q dealsQuery, who string) store.RunFilter {
	f := store.RunFilter{Words: q.Words, After: runMark(q.After)}
	if q.Stage != "" {
		f.Stages = []lifecycle.Stage{q.Stage}
	}
	if q.Mine || q.Needs != "" {
		f.Of, f.Owner = who, strings.EqualFold(who, s.Service.Rules.Owner.Email)
	}
	switch q.Needs {
	case needsReview:
		f.Waits = lifecycle.WaitReview
	case needsAccept:
		f.Waits = lifecycle.WaitAccept
	case needsKickoff:
		now := s.Service.Now()
		f.KickoffFrom, f.KickoffTo = now, now.Add(soon)
		if f.Stages == nil {
			f.Stages = slices.DeleteFunc(slices.Clone(stages), func(st lifecycle.Stage) bool { return st == lifecycle.StageClosed || st == lifecycle.StageCancelled })
		}
	}
	return f
}

// runMark reads a mark of a run's place; what is none is the first page.
func runMark(mark string) store.RunMark {
	won, id, ok := strings.Cut(mark, "~")
	micros, err := strconv.ParseInt(won, 10, 64)
	if !ok || err != nil || id == "" || line(id) != id {
		return store.RunMark{}
	}
	return store.RunMark{Won: time.UnixMicro(micros), ID: id}
}

// markOf is the mark of a run's place.
func markOf(run lifecycle.Run) string {
	return strconv.FormatInt(run.Won.UnixMicro(), 10) + "~" + run.ID
}

// A dealRow is a deal of the list, as who is signed in may see it.
type dealRow struct {
	lifecycle.Run
	PublishAt time.Time
	Parked    int    // of those who can do something about it
	Needs     string // what who is signed in is asked for
}

// A dealsView is the list's page.
type dealsView struct {
	frame
	Query   dealsQuery
	Stages  []lifecycle.Stage
	Glances []glance
	Parked  int // tasks of all runs; of admins alone
	Rows    []dealRow
	Found   int
	Next    string // address of what comes after; empty for nothing
	First   string // address of the list's beginning, on its later pages
	Empty   bool   // no deal was ever won
}

// A glance is one kind of what needs somebody.
type glance struct {
	Title, Verb string
	Rows        []dealRow
	More        int    // than the rows
	At          string // address of all of them
}

func (s *Server) dealsPage(w http.ResponseWriter, r *http.Request) error {
	q := dealsQueryOf(r.URL.Query())
	v := dealsView{frame: framed(r, "Deals", placeDeals), Query: q, Stages: stages}
	parked, err := s.Store.ParkedCounts(r.Context())
	if err != nil {
		return err
	}
	if v.Glances, err = s.glances(r, parked); err != nil {
		return err
	}
	if s.admin(r) {
		for _, n := range parked {
			v.Parked += n
		}
	}
	f := s.filter(q, person(r))
	runs, err := s.Store.Find(r.Context(), f, aPage+1)
	if err != nil {
		return err
	}
	if v.Found, err = s.Store.CountFound(r.Context(), f); err != nil {
		return err
	}
	if len(runs) > aPage {
		runs = runs[:aPage]
		v.Next = q.at(markOf(runs[aPage-1]))
	}
	if f.After.ID != "" {
		v.First = q.at("")
	}
	v.Rows = s.dealRows(r, runs, parked)
	v.Empty = v.Found == 0 && !q.Any()
	s.show(w, http.StatusOK, "deals.tmpl", v)
	return nil
}

// glances are what needs who is signed in.
func (s *Server) glances(r *http.Request, parked map[string]int) ([]glance, error) {
	var out []glance
	for _, g := range []struct{ needs, title, verb string }{
		{needsReview, "Drafts for you to review", "Review"},
		{needsAccept, "Handoffs for you to accept", "Read and accept"},
		{needsKickoff, "Your kickoffs within 7 days", "Prepare"},
	} {
		q := dealsQuery{Needs: g.needs}
		f := s.filter(q, person(r))
		runs, err := s.Store.Find(r.Context(), f, aGlance+1)
		if err != nil {
			return nil, err
		}
		if len(runs) == 0 {
			continue
		}
		one := glance{Title: g.title, Verb: g.verb, At: q.at("")}
		if len(runs) > aGlance {
			all, err := s.Store.CountFound(r.Context(), f)
			if err != nil {
				return nil, err
			}
			one.More, runs = all-aGlance, runs[:aGlance]
		}
		one.Rows = s.dealRows(r, runs, parked)
		out = append(out, one)
	}
	return out, nil
}

func (s *Server) dealRows(r *http.Request, runs []lifecycle.Run, parked map[string]int) []dealRow {
	is := isPerson(r)
	rows := make([]dealRow, len(runs))
	for i, run := range runs {
		may := s.access(r, run)
		rows[i] = dealRow{Run: may.shown(run), PublishAt: s.Service.Rules.PublishAt(run)}
		if may.Act {
			rows[i].Parked = parked[run.ID]
		}
		switch what, who := run.Waits(); {
		case what == lifecycle.WaitReview && is(who):
			rows[i].Needs = needsReview
		case what == lifecycle.WaitAccept && (is(who) || who == "" && is(s.Service.Rules.Owner.Email)):
			rows[i].Needs = needsAccept
		}
	}
	return rows
}
