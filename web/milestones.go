package web

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"throughline"
	"throughline/kickoff"
	"throughline/lifecycle"
)

// A milestonesView is the page of the promises of the 30/60/90 as work.
type milestonesView struct {
	frame
	Tabs             tabs
	Run              lifecycle.Run
	PublishAt        time.Time
	Ended            bool
	Slipping, Others []milestoneShown
	Withdrawn        []milestoneShown
	Count            *milestoneCount
	Problem, At      string // what was not possible, and of which milestone
	Typed            url.Values
}

// A milestoneShown is a milestone with what was promised, and its tasks.
type milestoneShown struct {
	lifecycle.Milestone
	Base     string
	Path     string // of the item in the handoff
	Late     bool   // after its day
	Lead     *heard // the promise that its text is over again, which stands in its place
	Promises []heard
	Tasks    []taskShown
	Statuses []throughline.MilestoneStatus
	Who      string // whose it is
	Problem  string
	Typed    url.Values
}

type taskShown struct {
	System, URL string
	Done        bool
}

// A milestoneCount is how far the milestones are.
type milestoneCount struct{ Met, Of, Slipping int }

// countMilestones counts those that the newest version has; nil where it has none.
func countMilestones(run lifecycle.Run, now time.Time) *milestoneCount {
	var c milestoneCount
	for _, m := range run.Milestones {
		if m.Withdrawn {
			continue
		}
		c.Of++
		if m.Status == throughline.MilestoneMet {
			c.Met++
		}
		if m.Slipping(now.UTC().Format(time.DateOnly)) {
			c.Slipping++
		}
	}
	if c.Of == 0 {
		return nil
	}
	return &c
}

func (s *Server) milestonesPage(w http.ResponseWriter, r *http.Request, run lifecycle.Run) error {
	v, err := s.milestonesView(r, run, "", "")
	if err != nil {
		return err
	}
	if len(run.Milestones) > 0 {
		if err := s.noteRead(r, run, person(r), lifecycle.Reading{Audience: throughline.AudienceTeam, Of: "the milestones"}); err != nil {
			return err
		}
	}
	s.show(w, http.StatusOK, "milestones.tmpl", v)
	return nil
}

// milestonesView lays the milestones out; of one of them, with what was not possible.
func (s *Server) milestonesView(r *http.Request, run lifecycle.Run, at, wrong string) (v milestonesView, err error) {
	v = milestonesView{frame: framed(r, "Milestones", placeDeals), Tabs: s.tabs(r, run, tabMilestones), Run: run, Count: countMilestones(run, s.Service.Now()), PublishAt: s.Service.Rules.PublishAt(run), Ended: ended(run), At: at, Problem: wrong}
	if len(run.Milestones) == 0 {
		return v, nil
	}
	h, err := s.Service.Published(r.Context(), run)
	if err != nil {
		return v, err
	}
	today := s.Service.Now().UTC().Format(time.DateOnly)
	for _, m := range run.Milestones {
		shown := milestoneShown{Milestone: m, Base: v.Tabs.Base, Late: m.Pending() && m.Due != "" && m.Due < today, Statuses: throughline.MilestoneStatuses, Who: cmp.Or(m.Owner, cmp.Or(run.CSM.Email, "the CSM"))}
		for _, it := range h.Items {
			if it.ID != m.Item || m.Withdrawn {
				continue
			}
			shown.Path = v.Tabs.Base + "#" + it.ID
			promises := it.Promises()
			lead := kickoff.Told(throughline.TalkingPoint{Text: m.Text, Words: promises})
			for i, e := range promises {
				if h := heardIn(run.ID, e); i == lead {
					shown.Lead = &h
				} else {
					shown.Promises = append(shown.Promises, h)
				}
			}
		}
		for system, seen := range m.Seen {
			shown.Tasks = append(shown.Tasks, taskShown{system, seen.URL, seen.Done})
		}
		slices.SortFunc(shown.Tasks, func(a, b taskShown) int { return strings.Compare(a.System, b.System) })
		if m.ID == at {
			shown.Problem, shown.Typed = wrong, r.PostForm
		}
		switch {
		case m.Withdrawn:
			v.Withdrawn = append(v.Withdrawn, shown)
		case m.Slipping(today):
			v.Slipping = append(v.Slipping, shown)
		default:
			v.Others = append(v.Others, shown)
		}
	}
	return v, nil
}

// Day is a day as people write it.
func (m milestoneShown) Day(day string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return "no day"
	}
	return t.Format("2 Jan 2006")
}

// Said is what a form that could not be saved said, or else what stands.
func (m milestoneShown) Said(field, stands string) string {
	if m.Problem != "" {
		return m.Typed.Get(field)
	}
	return stands
}

func (s *Server) setMilestone(w http.ResponseWriter, r *http.Request, run lifecycle.Run) error {
	id, f := r.PathValue("milestone"), r.PostForm
	var edit lifecycle.MilestoneEdit
	for name, to := range map[string]**string{"owner": &edit.Owner, "due": &edit.Due, "evidence": &edit.Evidence, "link": &edit.Link} {
		if f.Has(name) {
			v := f.Get(name)
			*to = &v
		}
	}
	if edit.Owner != nil && strings.EqualFold(*edit.Owner, run.CSM.Email) {
		*edit.Owner = "" // whoever is the CSM
	}
	if status, ok := throughline.ParseMilestoneStatus(f.Get("status")); ok {
		edit.Status = &status
	}
	edit.Why = f.Get("why")
	err := s.Service.SetMilestone(r.Context(), run.ID, id, person(r), edit)
	var wrong lifecycle.EditError
	status := http.StatusUnprocessableEntity
	var said string
	switch {
	case err == nil:
		http.Redirect(w, r, runPath(run.ID)+"/milestones#"+url.PathEscape(id), http.StatusSeeOther)
		return nil
	case errors.Is(err, lifecycle.ErrTooLate):
		status, said = http.StatusConflict, "The deal was reopened, so its handoff rests. Nothing was changed."
	case errors.Is(err, lifecycle.ErrNoMilestone):
		return problem{http.StatusNotFound, "The handoff has no such milestone any more: a newer version came out."}
	case errors.Is(err, lifecycle.ErrNeedsWhy):
		said = "Say why in a sentence: the customer was told something else."
	case errors.As(err, &wrong):
		said = "Nothing was saved: " + wrong.Error() + "."
	default:
		return err
	}
	v, err := s.milestonesView(r, run, id, said)
	if err != nil {
		return err
	}
	s.show(w, status, "milestones.tmpl", v)
	return nil
}
