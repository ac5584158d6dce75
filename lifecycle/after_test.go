package lifecycle_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"throughline"
	"throughline/connect"
	"throughline/kickoff"
	"throughline/lifecycle"
	"throughline/store"
	"throughline/survey"
)

// After is a stage whose deal has promises, a kickoff with a recorder, and a survey.
type after struct {
	*stage
	id      string
	posted  []connect.Letter
	hearing *lifecycle.Hearing // nil while there is no recording
	tasks   []connect.Followed
	set     []connect.TaskChange // what the tasks were told
}

// kickoffAt is four days after the deal was won, on a Friday.
var kickoffAt = monday.Add(4 * 24 * time.Hour)

func newAfter(s *stage) *after {
	a := &after{stage: s}
	s.items = []throughline.Item{
		item("Nightly load in under an hour", "we need it under an hour"),
		promise(30, "2026-04-01", "Orders flow", "by day thirty your orders flow"),
		promise(60, "2026-05-01", "Returns flow", "and returns a month later"),
	}
	s.Rules.Surveys, s.Rules.ListenTimes, s.Rules.Agendas, s.Rules.Follow = true, 14, []string{"notion"}, []string{"notion"}
	s.Rules.Ways = []string{lifecycle.WayMail}
	s.Listener = a
	s.Surveys = &lifecycle.Surveys{
		Links: &survey.Links{Key: []byte("0123456789abcdef"), Public: "https://handoff.example.com"}, Seller: "Example Corp", Internal: []string{"seller.example"}, DoNotAsk: []string{"@quiet.example"},
		Post: func(_ context.Context, l connect.Letter) (connect.Copy, error) {
			if err := s.down["letters"]; err != nil {
				return connect.Copy{}, err
			}
			a.posted = append(a.posted, l)
			return connect.Copy{}, nil
		},
	}
	to := s.Destinations["notion"]
	to.Follow = func(context.Context, connect.Publication) ([]connect.Followed, error) {
		return slices.Clone(a.tasks), s.down["tasks"]
	}
	to.SetTasks = func(_ context.Context, _ connect.Publication, changes []connect.TaskChange) error {
		if err := s.down["set tasks"]; err != nil {
			return err
		}
		for _, c := range changes {
			i := slices.IndexFunc(a.tasks, func(t connect.Followed) bool { return t.Milestone == c.Milestone })
			a.tasks[i].Done, a.tasks[i].Due, a.tasks[i].At = a.tasks[i].Done != c.Changes(a.tasks[i].Done), cmp.Or(c.Due, a.tasks[i].Due), s.Now()
		}
		a.set = append(a.set, changes...)
		return nil
	}
	s.Destinations["notion"] = to
	collect := s.collection
	s.collection = func() (*lifecycle.Collection, error) {
		c, err := collect()
		c.Kickoff = kickoffAt
		return c, err
	}
	return a
}

func promise(day int, due, text, quote string) throughline.Item {
	return throughline.Item{
		ID: fmt.Sprintf("milestone-%d", day), Kind: throughline.KindMilestone, Section: 4, Text: text, Day: day, Due: due,
		Evidence: []throughline.Evidence{{Quote: quote, Side: throughline.SideSeller, Speaker: "Seller", CustomersHeard: 2, Match: throughline.MatchExact}},
	}
}

func (a *after) Hear(context.Context, lifecycle.Run, *throughline.Handoff, []byte) (*lifecycle.Hearing, error) {
	return a.hearing, a.down["recorder"]
}

// accepted plays until the CSM accepted the handoff.
func (a *after) accepted() {
	a.t.Helper()
	a.id = a.win()
	a.until(monday.Add(25 * time.Hour))
	if err := a.Accept(a.t.Context(), a.id, "csm@example.com"); err != nil {
		a.t.Fatal(err)
	}
}

// ticked ticks every point of the agenda but some.
func (a *after) ticked(but ...string) {
	a.t.Helper()
	k, err := a.Kickoff(a.t.Context(), a.run(a.id))
	if err != nil {
		a.t.Fatal(err)
	}
	for _, p := range k.Agenda.Points {
		state := throughline.TickCovered
		if p.Mode == throughline.PointKnow {
			state = throughline.TickRead
		}
		if slices.Contains(but, p.ID) {
			continue
		}
		if err := a.Tick(a.t.Context(), a.id, "csm@example.com", throughline.Tick{Point: p.ID, State: state}); err != nil {
			a.t.Fatal(err)
		}
	}
}

func (a *after) to(subject string) []string {
	var out []string
	for _, m := range a.sent {
		if strings.HasPrefix(m.Subject, subject) {
			out = append(out, m.To+" "+m.at.Sub(monday).String())
		}
	}
	return out
}

func TestKickoffIsHeldOnceNothingIsOpen(t *testing.T) {
	onEach(t, func(t *testing.T, open func(*testing.T) *stage) {
		a := newAfter(open(t))
		a.accepted()
		a.until(kickoffAt.Add(time.Hour))
		k, err := a.Kickoff(t.Context(), a.run(a.id))
		if err != nil || len(k.Agenda.Points) != 3 {
			t.Fatalf("the agenda: %+v, %v", k, err)
		}
		last := k.Agenda.Points[2].ID
		a.ticked(last)
		var still *throughline.OpenPointsError
		if err := a.Hold(t.Context(), a.id, "csm@example.com", time.Time{}, nil); !errors.As(err, &still) || len(still.Points) != 1 || still.Points[0].ID != last {
			t.Fatalf("held with a point open: %v", err)
		}
		if err := a.Tick(t.Context(), a.id, "csm@example.com", throughline.Tick{Point: last, State: throughline.TickWaived}); err == nil {
			t.Error("a point was left out without a reason")
		}
		if err := a.Tick(t.Context(), a.id, "csm@example.com", throughline.Tick{Point: last, State: throughline.TickWaived, Reason: "their CFO was ill"}); err != nil {
			t.Fatal(err)
		}
		if err := a.Hold(t.Context(), a.id, "csm@example.com", kickoffAt.Add(48*time.Hour), nil); !errors.Is(err, lifecycle.ErrNotYet) {
			t.Errorf("held before it was: %v", err)
		}
		for range 2 { // the second time changes nothing
			if err := a.Hold(t.Context(), a.id, "csm@example.com", time.Time{}, nil); err != nil {
				t.Fatal(err)
			}
		}
		if run := a.run(a.id); !run.TookPlace().Equal(kickoffAt) || run.HeldBy != "csm@example.com" || !run.Ready {
			t.Errorf("the kickoff stands as %v by %s, ready %v", run.TookPlace(), run.HeldBy, run.Ready)
		}
		if err := a.SetKickoff(t.Context(), a.id, "csm@example.com", kickoffAt.Add(72*time.Hour)); !errors.Is(err, lifecycle.ErrTooLate) {
			t.Errorf("a kickoff that was held was moved: %v", err)
		}
	})
}

// What was ticked stays ticked when a newer version counts its items otherwise.
func TestTicksFollowTheirPoints(t *testing.T) {
	a := newAfter(newStage(t, newMemory()))
	a.accepted()
	k, err := a.Kickoff(t.Context(), a.run(a.id))
	if err != nil {
		t.Fatal(err)
	}
	ticked := k.Agenda.Points[0]
	if err := a.Tick(t.Context(), a.id, "csm@example.com", throughline.Tick{Point: ticked.ID, State: throughline.TickCovered}); err != nil {
		t.Fatal(err)
	}
	first := item("Another use case", "and the second plant")
	first.ID = "use_case-1"
	a.items[0].ID = "use_case-2"
	a.items = append([]throughline.Item{first}, a.items...)
	a.until(monday.Add(40 * time.Hour))
	run := a.run(a.id)
	if run.PublishedVersion != 2 {
		t.Fatalf("version %d is out", run.PublishedVersion)
	}
	if k, err = a.Kickoff(t.Context(), run); err != nil || len(k.Ticks) != 1 || k.Ticks[0].Point != "use_case-2" {
		t.Fatalf("the ticks are %+v, %v", k.Ticks, err)
	}
}

func TestAKickoffThatIsMovedIsHeldLater(t *testing.T) {
	onEach(t, func(t *testing.T, open func(*testing.T) *stage) {
		a := newAfter(open(t))
		a.accepted()
		a.until(kickoffAt.Add(24 * time.Hour))
		if stage := a.run(a.id).Stage; stage != lifecycle.StageKickoff {
			t.Fatalf("a day after its time the run is %s", stage)
		}
		moved := kickoffAt.Add(7 * 24 * time.Hour)
		if err := a.SetKickoff(t.Context(), a.id, "csm@example.com", moved); err != nil {
			t.Fatal(err)
		}
		if stage := a.run(a.id).Stage; stage != lifecycle.StageAccepted {
			t.Errorf("with its kickoff ahead the run is %s", stage)
		}
		a.until(moved.Add(time.Minute))
		if run := a.run(a.id); run.Stage != lifecycle.StageKickoff || !run.Ready {
			t.Errorf("at its new time the run is %s, ready %v", run.Stage, run.Ready)
		}
		if got := a.to("The agenda"); len(got) != 2 {
			t.Errorf("of the agenda was told %q: once for each of its days", got)
		}
	})
}

// addresses lead to a run's pages.
type addresses struct{}

func (addresses) Review(_ context.Context, run lifecycle.Run) (string, error) {
	return "https://throughline.example/review/" + run.ID, nil
}

func (addresses) Page(_ context.Context, run lifecycle.Run) (string, error) {
	return "https://throughline.example/runs/" + run.ID, nil
}

// The agenda goes out with the handoff, follows what becomes of it and of the kickoff's
// day, and is left as it was once the kickoff was held. Where it can't be published, that
// holds nothing else back.
func TestTheAgendaIsPublishedUntilTheKickoffWasHeld(t *testing.T) {
	onEach(t, func(t *testing.T, open func(*testing.T) *stage) {
		a := newAfter(open(t))
		a.Links = addresses{}
		a.down["notion agenda"] = &connect.Error{Vendor: "Notion", Op: "make the page", Status: 503, Temporary: true, Message: "not now"}
		a.id = a.win()
		at := "notion agenda " + a.id
		a.until(monday.Add(24*time.Hour + time.Minute))
		if got := a.pages["notion "+a.id]; got.writes != 1 || a.pages[at].writes != 0 {
			t.Fatalf("the handoff was written %d times, the agenda %d", got.writes, a.pages[at].writes)
		}
		delete(a.down, "notion agenda")
		a.until(monday.Add(26 * time.Hour))
		if got := a.pages[at]; got.writes != 1 || got.shown.Deal.Kickoff != "2026-03-06" || !strings.HasSuffix(got.link, "/kickoff") {
			t.Fatalf("the agenda is %+v, for the %s", got, got.shown.Deal.Kickoff)
		}
		if err := a.Accept(t.Context(), a.id, "csm@example.com"); err != nil {
			t.Fatal(err)
		}
		moved := kickoffAt.Add(24 * time.Hour)
		if err := a.SetKickoff(t.Context(), a.id, "csm@example.com", moved); err != nil {
			t.Fatal(err)
		}
		a.until(monday.Add(27 * time.Hour))
		if got := a.pages[at]; got.writes != 2 || got.shown.Deal.Kickoff != "2026-03-07" || a.pages["notion "+a.id].writes != 1 {
			t.Errorf("for another day it was written %d times: %s", got.writes, got.shown.Deal.Kickoff)
		}
		a.until(moved.Add(time.Hour))
		a.ticked()
		if err := a.Hold(t.Context(), a.id, "csm@example.com", time.Time{}, nil); err != nil {
			t.Fatal(err)
		}
		if err := a.Reissue(t.Context(), a.id, "csm@example.com", "it is to go out again"); err != nil {
			t.Fatal(err)
		}
		a.until(moved.Add(3 * time.Hour))
		if got := a.pages[at]; got.writes != 2 || a.pages["notion "+a.id].writes != 2 {
			t.Errorf("after the kickoff the agenda was written %d times, the handoff %d", got.writes, a.pages["notion "+a.id].writes)
		}
	})
}

// The recording says that the kickoff was, who was there, and what came up.
func TestTheRecordingIsReadAndAsksWhoWasThere(t *testing.T) {
	onEach(t, func(t *testing.T, open func(*testing.T) *stage) {
		a := newAfter(open(t))
		a.accepted()
		a.until(kickoffAt.Add(20 * time.Hour))
		if run := a.run(a.id); !run.TookPlace().IsZero() || run.Listened != 2 || run.Survey != nil {
			t.Fatalf("without a recording: %v, looked %d times, %v", run.TookPlace(), run.Listened, run.Survey)
		}
		began := kickoffAt.Add(5 * time.Minute)
		a.hearing = &lifecycle.Hearing{
			Began: began, Report: &kickoff.Report{Asked: []kickoff.Asked{{}, {}}},
			Attendees: []lifecycle.Person{
				{Name: "Ann", Email: "ann@customer.example", Zone: "America/New_York"}, {Email: "bob@customer.example"}, {Email: "inside@seller.example"}, {Email: "no@quiet.example"},
			},
		}
		a.until(kickoffAt.Add(30 * time.Hour))
		run := a.run(a.id)
		if !run.TookPlace().Equal(began) || run.Asked != 2 || run.Survey == nil || len(run.Survey.Respondents) != 2 || !run.Survey.AcceptedBeforeKickoff || !run.Survey.Adopted {
			t.Fatalf("with a recording: %+v", run)
		}
		if db, ok := a.store.(*store.DB); ok {
			if r, err := db.Check(t.Context(), a.id); err != nil || len(r.Asked) != 2 {
				t.Errorf("the check is kept as %+v, %v", r, err)
			}
		}
		a.until(began.Add(7*24*time.Hour - time.Minute))
		if len(a.posted) != 0 {
			t.Fatalf("asked too early: %q", a.posted)
		}
		// Bob can be reached on the day; it is still night where Ann is.
		a.until(began.Add(7 * 24 * time.Hour))
		if len(a.posted) != 1 || a.posted[0].To != "bob@customer.example" || a.posted[0].Header["List-Unsubscribe"] == "" {
			t.Fatalf("a week after it, asked: %+v", a.posted)
		}
		a.until(began.Add(8 * 24 * time.Hour))
		if len(a.posted) != 2 || a.posted[1].To != "ann@customer.example" {
			t.Fatalf("the day after, asked: %+v", a.posted)
		}
		if err := a.ChooseRespondents(t.Context(), a.id, "csm@example.com", nil); !errors.Is(err, lifecycle.ErrAsked) {
			t.Errorf("chosen after it was asked: %v", err)
		}
		// Who answered is not reminded, nor who unsubscribed.
		db, ok := a.store.(*store.DB)
		if ok {
			links := a.Surveys.Links
			if _, err := db.Answer(t.Context(), throughline.Answer{Survey: a.id, Respondent: links.Respondent("bob@customer.example"), Score: 9, At: a.now}); err != nil {
				t.Fatal(err)
			}
		}
		a.until(began.Add(60 * 24 * time.Hour))
		want := []string{"bob@customer.example", "ann@customer.example", "bob@customer.example", "ann@customer.example"}
		if ok {
			want = slices.Delete(want, 2, 3)
		}
		var got []string
		keys := map[string]bool{}
		for _, l := range a.posted {
			got = append(got, l.To)
			keys[l.Key] = true
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) || len(keys) != len(want) {
			t.Errorf("in all, mails went to %q with %d keys, not %q", got, len(keys), want)
		}
		if got := a.to("Was the kickoff"); len(got) != 0 {
			t.Errorf("the CSM was asked whether it was held: %q", got)
		}
	})
}

// A mail that failed goes out later, and once.
func TestASurveyMailIsTriedAgain(t *testing.T) {
	a := newAfter(newStage(t, newMemory()))
	a.accepted()
	a.hearing = &lifecycle.Hearing{Began: kickoffAt, Report: &kickoff.Report{}, Attendees: []lifecycle.Person{{Email: "bob@customer.example"}}}
	a.down["letters"] = errors.New("no")
	a.until(kickoffAt.Add(7*24*time.Hour + time.Minute))
	delete(a.down, "letters")
	a.until(kickoffAt.Add(8 * 24 * time.Hour))
	if len(a.posted) != 1 || a.run(a.id).Survey.Respondents[0].AskedAt == nil {
		t.Errorf("posted %+v", a.posted)
	}
}

// Whom the CSM chose is asked, whatever the recording says; and nobody is asked of a
// kickoff that nothing says was held.
func TestTheCSMChoosesWhomTheSurveyAsks(t *testing.T) {
	a := newAfter(newStage(t, newMemory()))
	a.accepted()
	a.until(kickoffAt.Add(40 * 24 * time.Hour))
	if run := a.run(a.id); run.Survey != nil || len(a.posted) != 0 {
		t.Fatalf("nothing says that it was held, and asked are %+v", a.posted)
	}
	if got := a.to("Was the kickoff"); len(got) != 2 {
		t.Errorf("whether it was held was asked %q", got)
	}

	b := newAfter(newStage(t, newMemory()))
	b.accepted()
	b.until(kickoffAt.Add(time.Hour))
	b.ticked()
	if err := b.Hold(t.Context(), b.id, "csm@example.com", time.Time{}, []lifecycle.Person{{Email: "ann@customer.example"}, {Email: "bob@customer.example"}}); err != nil {
		t.Fatal(err)
	}
	b.hearing = &lifecycle.Hearing{Began: kickoffAt, Report: &kickoff.Report{}, Attendees: []lifecycle.Person{{Email: "else@customer.example"}}}
	b.until(kickoffAt.Add(24 * time.Hour))
	if err := b.ChooseRespondents(t.Context(), b.id, "csm@example.com", []lifecycle.Person{{Email: "ann@customer.example"}}); err != nil {
		t.Fatal(err)
	}
	b.until(kickoffAt.Add(10 * 24 * time.Hour))
	if len(b.posted) != 1 || b.posted[0].To != "ann@customer.example" {
		t.Errorf("asked: %+v", b.posted)
	}
}

func TestMilestonesAreRemindedAndFollowed(t *testing.T) {
	onEach(t, func(t *testing.T, open func(*testing.T) *stage) {
		a := newAfter(open(t))
		a.accepted()
		run := a.run(a.id)
		if len(run.Milestones) != 2 || run.Milestones[0].Due != "2026-04-01" || run.Milestones[0].Status != throughline.MilestoneOpen {
			t.Fatalf("the milestones are %+v", run.Milestones)
		}
		first, second := run.Milestones[0].ID, run.Milestones[1].ID
		status, later, never := throughline.MilestoneStarted, "2026-05-20", ""
		for _, day := range []*string{&later, &never} {
			if err := a.SetMilestone(t.Context(), a.id, second, "csm@example.com", lifecycle.MilestoneEdit{Due: day}); !errors.Is(err, lifecycle.ErrNeedsWhy) {
				t.Errorf("moved to %q without a reason: %v", *day, err)
			}
		}
		if err := a.SetMilestone(t.Context(), a.id, second, "csm@example.com", lifecycle.MilestoneEdit{Status: &status, Due: &later, Why: "their warehouse moves"}); err != nil {
			t.Fatal(err)
		}
		if err := a.SetMilestone(t.Context(), a.id, "none", "csm@example.com", lifecycle.MilestoneEdit{}); !errors.Is(err, lifecycle.ErrNoMilestone) {
			t.Errorf("a milestone that is none: %v", err)
		}
		// Somebody completes the first one's task, and moves the second's.
		a.tasks = []connect.Followed{{Milestone: first}, {Milestone: second, Due: "2026-05-01"}}
		a.until(time.Date(2026, 3, 26, 0, 0, 0, 0, time.UTC))
		if got := a.to("Due on Wednesday, 1 April"); len(got) != 1 {
			t.Errorf("a week before it was due: %q", got)
		}
		done := time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC)
		a.until(done.Add(time.Hour))
		a.tasks = []connect.Followed{{Milestone: first, Done: true, At: done, URL: "https://crm.example.com/t1"}, {Milestone: second, Due: "2026-05-15"}}
		a.until(time.Date(2026, 5, 22, 0, 0, 0, 0, time.UTC))
		run = a.run(a.id)
		one, two := run.Milestones[0], run.Milestones[1]
		if one.Status != throughline.MilestoneMet || !one.Met.Equal(done) || !one.OnTime() || one.Seen["notion"].URL == "" {
			t.Errorf("the first is %+v", one)
		}
		if two.Due != "2026-05-15" || two.Promised != "2026-05-01" || !two.Slipping("2026-05-02") || len(two.Changes) != 2 {
			t.Errorf("the second is %+v", two)
		}
		if got := a.to("Still open"); len(got) != 1 {
			t.Errorf("what is late was told %q", got)
		}
		for _, m := range a.sent {
			if strings.HasPrefix(m.Subject, "Still open") && !strings.Contains(strings.Join(m.Paragraphs, " "), "“and returns a month later” (Seller)") {
				t.Errorf("what is late does not show what was promised: %q", m.Paragraphs)
			}
		}
		// A task that is opened again opens the milestone again.
		a.tasks[0].Done = false
		a.until(time.Date(2026, 5, 24, 0, 0, 0, 0, time.UTC))
		if one := a.run(a.id).Milestones[0]; one.Status != throughline.MilestoneOpen || one.Met != nil {
			t.Errorf("opened again, the first is %+v", one)
		}
	})
}

// What becomes of a milestone on its page, or in one system, its tasks are told soon, and
// once; what was done to a task there meanwhile is not undone; and what a task was told
// is not taken for something that somebody did there.
func TestTasksAreToldWhatBecameOfTheirMilestones(t *testing.T) {
	onEach(t, func(t *testing.T, open func(*testing.T) *stage) {
		a := newAfter(open(t))
		a.accepted()
		first, second := a.run(a.id).Milestones[0].ID, a.run(a.id).Milestones[1].ID
		a.tasks = []connect.Followed{{Milestone: first, Due: "2026-04-01"}, {Milestone: second, Due: "2026-05-01"}}
		set := func(milestone string, e lifecycle.MilestoneEdit) {
			t.Helper()
			a.now = a.now.Add(time.Minute)
			if err := a.SetMilestone(t.Context(), a.id, milestone, "csm@example.com", e); err != nil {
				t.Fatal(err)
			}
			a.until(a.now.Add(time.Minute))
		}
		told := func(what string, want ...connect.TaskChange) {
			t.Helper()
			if diff := gocmp.Diff(want, a.set); diff != "" {
				t.Errorf("%s: %s", what, diff)
			}
			a.set = nil
		}
		met, started, dropped, later := throughline.MilestoneMet, throughline.MilestoneStarted, throughline.MilestoneDropped, "2026-05-20"
		set(first, lifecycle.MilestoneEdit{Status: &started})
		told("one that is started is no news to a task")
		a.down["set tasks"] = &connect.Error{Vendor: "Notion", Op: "set", Status: 503, Temporary: true, Message: "not now"}
		set(first, lifecycle.MilestoneEdit{Status: &met})
		set(second, lifecycle.MilestoneEdit{Due: &later, Why: "their warehouse moves"})
		delete(a.down, "set tasks")
		a.until(a.now.Add(2 * time.Hour))
		told("once the system is there again", connect.TaskChange{Milestone: first, State: connect.TaskDone}, connect.TaskChange{Milestone: second, Due: later})
		a.until(a.now.Add(36 * time.Hour))
		told("days later")
		run := a.run(a.id)
		if one, two := run.Milestones[0], run.Milestones[1]; one.Status != met || len(one.Changes) != 2 || two.Due != later || len(two.Changes) != 1 {
			t.Errorf("what they were told is taken for news: %+v, %+v", one.Changes, two.Changes)
		}
		set(first, lifecycle.MilestoneEdit{Status: &started})
		a.down["set tasks"] = &connect.Error{Vendor: "Notion", Op: "set", Status: 503, Temporary: true, Message: "not now"}
		set(first, lifecycle.MilestoneEdit{Status: &met})
		delete(a.down, "set tasks")
		a.until(a.now.Add(2 * time.Hour)) // it is told, and not looked at since
		set(first, lifecycle.MilestoneEdit{Status: &started})
		told("open, met and open again", connect.TaskChange{Milestone: first, State: connect.TaskOpen}, connect.TaskChange{Milestone: first, State: connect.TaskDone}, connect.TaskChange{Milestone: first, State: connect.TaskOpen})

		// Moved there and here: the later day counts, in both places.
		a.tasks[1].Due, a.tasks[1].At = "2026-06-01", a.now
		again := "2026-05-25"
		set(second, lifecycle.MilestoneEdit{Due: &again, Why: "sooner than that"})
		told("moved here after it was there", connect.TaskChange{Milestone: second, Due: again})
		a.tasks[1].Due, a.tasks[1].At = "2026-06-02", a.now.Add(10*time.Minute)
		a.now = a.now.Add(5 * time.Minute)
		sooner := "2026-05-24"
		set(second, lifecycle.MilestoneEdit{Due: &sooner, Why: "or sooner"})
		told("moved there after it was here")
		if two := a.run(a.id).Milestones[1]; two.Due != "2026-06-02" {
			t.Errorf("the day is %s", two.Due)
		}

		// Dropped, it is done with; who opens its task again opens it.
		set(second, lifecycle.MilestoneEdit{Status: &dropped, Why: "they took the other module"})
		told("dropped", connect.TaskChange{Milestone: second, State: connect.TaskDone})
		a.tasks[1].Done, a.tasks[1].At = false, a.now
		a.until(a.now.Add(13 * time.Hour))
		told("opened again there")
		if two := a.run(a.id).Milestones[1]; two.Status != throughline.MilestoneOpen {
			t.Errorf("the status is %s", two.Status)
		}

		// A task that somebody deleted is none to tell, and is looked at no oftener.
		a.tasks = a.tasks[1:]
		set(first, lifecycle.MilestoneEdit{Status: &met})
		set(second, lifecycle.MilestoneEdit{Status: &met})
		told("one of two is deleted", connect.TaskChange{Milestone: second, State: connect.TaskDone})
		times := a.run(a.id).Followed["notion"].Times
		a.until(a.now.Add(10 * 24 * time.Hour))
		if now := a.run(a.id).Followed["notion"].Times; now > times+1 {
			t.Errorf("with all met they were looked at %d times more", now-times)
		}
	})
}

// One system that is down keeps no other thing from being done, and a newer version
// changes what the milestones say and not what people made of them.
func TestMilestonesOfANewerVersion(t *testing.T) {
	a := newAfter(newStage(t, newMemory()))
	a.accepted()
	a.down["tasks"] = errors.New("no")
	id := a.run(a.id).Milestones[0].ID
	met := throughline.MilestoneMet
	if err := a.SetMilestone(t.Context(), a.id, id, "csm@example.com", lifecycle.MilestoneEdit{Status: &met}); err != nil {
		t.Fatal(err)
	}
	a.items = []throughline.Item{a.items[0], promise(30, "2026-04-03", "All orders flow", "by day thirty your orders flow"), promise(90, "2026-06-01", "Done", "and done in June")}
	a.items = append(a.items, item("Another use case", "and the second plant"))
	a.until(monday.Add(40 * time.Hour))
	got := map[string]throughline.Milestone{}
	for _, m := range a.run(a.id).Milestones {
		got[fmt.Sprint(m.Day)] = m.Milestone
	}
	if m := got["30"]; m.Status != met || m.Text != "All orders flow" || m.Due != "2026-04-03" {
		t.Errorf("day 30 is %+v", m)
	}
	if !got["60"].Withdrawn || got["60"].Pending() || got["90"].Due != "2026-06-01" {
		t.Errorf("days 60 and 90 are %+v, %+v", got["60"], got["90"])
	}
}

// The steps of a review of what is out already go out together.
func TestStepsOfALateReviewGoOutTogether(t *testing.T) {
	a := newAfter(newStage(t, newMemory()))
	a.accepted()
	before := a.pages["notion "+a.id].writes
	for i := range 3 {
		a.until(a.now.Add(time.Minute))
		err := a.Review(t.Context(), a.id, lifecycle.Review{Version: 1, By: "ae@example.com", Role: "AE", Remarks: []lifecycle.ReviewRemark{{Kind: throughline.RemarkAdded, Text: fmt.Sprint("step ", i)}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := a.pages["notion "+a.id].writes - before; got != 0 {
		t.Errorf("while steps are saved, it went out %d times", got)
	}
	a.until(a.now.Add(a.Rules.GatherFor))
	if got := a.pages["notion "+a.id]; got.writes-before != 1 || len(got.shown.Remarks) != 3 {
		t.Errorf("afterwards it went out %d times, with %d remarks", got.writes-before, len(got.shown.Remarks))
	}
	err := a.Review(t.Context(), a.id, lifecycle.Review{Version: 1, By: "ae@example.com", Role: "AE", Done: true})
	if err != nil {
		t.Fatal(err)
	}
	a.until(a.now)
	if got := a.pages["notion "+a.id].writes - before; got != 2 {
		t.Errorf("done, it went out %d times", got)
	}
}
