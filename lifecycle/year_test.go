package lifecycle_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"throughline"
	"throughline/connect"
	"throughline/lifecycle"
	"throughline/store/storetest"
)

// A year is a play of many runs: deals close all year round, people in three zones
// do what people do, the clock is set back and forth, the process is stopped and
// started, and one look after another makes sure that the rules were kept.
type year struct {
	*stage
	rand     *rand.Rand
	off      time.Duration // by how much the clock is wrong
	deals    map[string]*yearDeal
	order    []string // ids of the runs as they were won
	acts     []act
	steps    []time.Time // when the clock was set
	reminded int         // runs whose reminders before the kickoff were looked at
}

// A yearDeal is what the outside knows of a deal.
type yearDeal struct {
	id, run    string
	csm        lifecycle.Person
	kickoff    time.Time // as the CRM has it
	transcript time.Time // until when a call is being transcribed
	late       time.Time // when something more is there
	print      string
}

// An act is what somebody does at a moment.
type act struct {
	at time.Time
	do func()
}

var (
	zones   = []string{"Europe/Berlin", "America/New_York", "America/Santiago", "Australia/Sydney"}
	newYear = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
)

// TestAYearOfTimers is long with THROUGHLINE_SOAK=1. THROUGHLINE_SEED repeats what
// a seed did.
func TestAYearOfTimers(t *testing.T) {
	for _, zone := range zones {
		if _, err := time.LoadLocation(zone); err != nil {
			t.Skipf("this machine has no time zones: %v", err)
		}
	}
	seed := rand.Uint64()
	if said, err := strconv.ParseUint(os.Getenv("THROUGHLINE_SEED"), 10, 64); err == nil {
		seed = said
	}
	long, runs := os.Getenv("THROUGHLINE_SOAK") != "", 40
	if long {
		runs = 400
	}
	for name, open := range map[string]func(*testing.T) kept{
		"sqlite":   func(t *testing.T) kept { return storetest.Open(t, filepath.Join(t.TempDir(), "throughline.db")) },
		"postgres": func(t *testing.T) kept { return storetest.Open(t, storetest.PostgreSQL(t)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Logf("seed %d", seed)
			newYearOf(t, open(t), seed, runs).play()
		})
	}
}

func newYearOf(t *testing.T, store kept, seed uint64, runs int) *year {
	y := &year{stage: newStage(t, store), rand: rand.New(rand.NewPCG(seed, 0)), deals: map[string]*yearDeal{}}
	y.now = newYear
	y.start()
	for i := range runs {
		y.plan(fmt.Sprintf("006%05d", i))
	}
	// An hour is too much for the clocks of machines, and what people do to them.
	for range 6 {
		step := time.Hour
		if y.chance(50) {
			step = -step
		}
		y.at(y.moment(), func() { y.off += step; y.steps = append(y.steps, y.now) })
	}
	for range 20 {
		y.at(y.moment(), y.start)
	}
	slices.SortStableFunc(y.acts, func(a, b act) int { return a.at.Compare(b.at) })
	return y
}

// start is a process of its own over the same store.
func (y *year) start() {
	was := y.Service
	y.Service = &lifecycle.Service{
		Rules: was.Rules, Store: was.Store, Collector: yearSystems{y}, Engine: yearSystems{y}, Destinations: was.Destinations, Messengers: was.Messengers, Log: was.Log,
		Now: func() time.Time { return y.now.Add(y.off) },
	}
	y.Rules.Owner = lifecycle.Person{Email: "owner@example.com", Zone: "Europe/Berlin"}
}

func (y *year) chance(percent int) bool { return y.rand.IntN(100) < percent }

func (y *year) moment() time.Time {
	return newYear.Add(time.Duration(y.rand.Int64N(int64(365 * 24 * time.Hour)))).Truncate(time.Second)
}

func (y *year) within(d time.Duration) time.Duration { return time.Duration(y.rand.Int64N(int64(d))) }

func (y *year) at(at time.Time, do func()) { y.acts = append(y.acts, act{at, do}) }

func person(name string, zone int) lifecycle.Person {
	return lifecycle.Person{Email: fmt.Sprintf("%s%d@example.com", name, zone), Zone: zones[zone]}
}

// plan lays down what happens to one deal. All of it is drawn before the play, so
// that a seed means the same on every store.
func (y *year) plan(id string) {
	const day = 24 * time.Hour
	d := &yearDeal{id: id, print: "first"}
	y.deals[id] = d
	won := y.moment()
	zone := y.rand.IntN(len(zones))
	if y.chance(80) {
		d.csm = person("csm", zone)
	}
	if y.chance(70) {
		d.kickoff = won.Add(10*time.Hour + y.within(20*day)).Truncate(time.Minute)
	}
	if y.chance(30) {
		d.transcript = won.Add(y.within(40 * time.Hour))
	}
	if y.chance(30) {
		d.late = won.Add(y.within(6 * day))
	}
	y.at(won, func() {
		now := y.Now()
		run, made, err := y.Detected(y.t.Context(), connect.Record{ID: id, Name: id, Customer: id}, now, false, false)
		if err != nil || !made {
			y.t.Fatalf("%s was not started: %v", id, err)
		}
		d.run = run.ID
		y.order = append(y.order, id)
	})
	csm := person("csm", (zone+1)%len(zones))
	if y.chance(30) {
		y.at(won.Add(y.within(8*day)), func() { d.csm = csm })
	}
	if y.chance(40) {
		to := won.Add(12*time.Hour + y.within(30*day)).Truncate(time.Minute)
		y.at(won.Add(y.within(10*day)), func() {
			if to.After(y.now) {
				d.kickoff = to
			}
		})
	}
	if y.chance(20) {
		to := won.Add(day + y.within(30*day)).Truncate(time.Minute)
		y.at(won.Add(y.within(10*day)), func() {
			if to.After(y.Now()) {
				y.may(y.SetKickoff(y.t.Context(), d.run, "csm@example.com", to))
			}
		})
	}
	if y.chance(50) {
		y.at(won.Add(y.within(3*day)), func() { y.review(d) })
	}
	if y.chance(30) {
		y.at(won.Add(day+y.within(4*day)), func() {
			reason := lifecycle.Reasons[int(won.Unix())%len(lifecycle.Reasons)]
			y.may(y.Return(y.t.Context(), d.run, "csm@example.com", reason, "What of the load?"))
		})
		y.at(won.Add(3*day+y.within(6*day)), func() { y.review(d) })
	}
	if y.chance(70) {
		y.at(won.Add(day+y.within(12*day)), func() { y.may(y.Accept(y.t.Context(), d.run, "csm@example.com")) })
	}
	if y.chance(10) {
		y.at(won.Add(y.within(12*day)), func() { y.may(y.Reopened(y.t.Context(), id, y.Now().Add(2*time.Hour))) })
	}
}

// may takes an act's refusal for what it is: people come too early and too late.
func (y *year) may(err error) {
	y.t.Helper()
	if err != nil && !errors.Is(err, lifecycle.ErrTooEarly) && !errors.Is(err, lifecycle.ErrTooLate) && !errors.Is(err, lifecycle.ErrNotFound) {
		y.t.Fatal(err)
	}
}

func (y *year) review(d *yearDeal) {
	run := y.run(d.run)
	if run.Version == 0 {
		return
	}
	y.may(y.Review(y.t.Context(), d.run, lifecycle.Review{
		Version: run.Version, By: "ae@example.com", Role: "AE", Done: true, Remarks: []lifecycle.ReviewRemark{{Kind: throughline.RemarkAdded, Text: "Their CFO reads everything."}},
	}))
}

// yearSystems are the outside systems of the year.
type yearSystems struct{ *year }

func (y yearSystems) Collect(_ context.Context, id string) (*lifecycle.Collection, error) {
	d := y.deals[id]
	c := &lifecycle.Collection{
		Record: connect.Record{ID: id, Name: id, Customer: id}, AE: person("ae", len(id)%len(zones)), CSM: d.csm, Kickoff: d.kickoff, Archive: []byte(id), Print: "first",
	}
	if y.now.Before(d.transcript) {
		c.Waiting = []string{"the transcript of a call"}
	}
	if !d.late.IsZero() && !y.now.Before(d.late) {
		c.Print = "second"
	}
	c.Archive = []byte(c.Print)
	return c, nil
}

// Handoff says more of a deal that has more.
func (y yearSystems) Handoff(_ context.Context, archive []byte, _ time.Time) (*throughline.Handoff, error) {
	h := &throughline.Handoff{Items: []throughline.Item{item("Nightly load in under an hour", "we need it under an hour")}}
	if string(archive) == "second" {
		h.Items = append(h.Items, item("A second plant", "and then the second plant"))
	}
	return h, nil
}

// play goes from one moment at which something is to be done to the next.
func (y *year) play() {
	end := newYear.Add(500 * 24 * time.Hour) // the last deals have closed by then
	for steps := 0; y.now.Before(end); steps++ {
		if steps > 1_000_000 {
			y.t.Fatal("the year does not end")
		}
		next, err := y.store.Next(y.t.Context())
		if err != nil {
			y.t.Fatal(err)
		}
		at := end
		if !next.IsZero() {
			at = next.Add(-y.off)
		}
		if len(y.acts) > 0 && !y.acts[0].at.After(at) {
			y.now = y.acts[0].at
			do := y.acts[0].do
			y.acts = y.acts[1:]
			do()
			continue
		}
		if at.After(y.now) {
			y.now = at
		}
		if _, err := y.RunDue(y.t.Context(), 100); err != nil {
			y.t.Fatal(err)
		}
	}
	y.look()
}

// look makes sure of what was to be.
func (y *year) look() {
	y.t.Helper()
	if len(y.order) != len(y.deals) {
		y.t.Errorf("%d runs of %d deals", len(y.order), len(y.deals))
	}
	due, err := y.store.Due(y.t.Context(), y.Now(), 100)
	if err != nil || len(due) != 0 {
		y.t.Errorf("undone remains %+v, %v", due, err)
	}
	keys := map[string]int{}
	letters := map[string][]sent{}
	for _, m := range y.sent {
		if keys[m.way+" "+m.Key]++; keys[m.way+" "+m.Key] > 1 {
			y.t.Errorf("%s was sent twice by %s", m.Key, m.way)
		}
		run, _, _ := strings.Cut(m.Key, ".")
		letters[run] = append(letters[run], m)
		y.hours(m)
	}
	for _, id := range y.order {
		run := y.run(y.deals[id].run)
		y.published(run)
		y.reminders(run, letters[run.ID])
		y.ended(run)
		y.trail(run)
	}
	if y.reminded == 0 {
		y.t.Error("no run was quiet before its kickoff: the seed is of no use")
	}
}

// hours makes sure that whoever was disturbed was so within hours.
func (y *year) hours(m sent) {
	y.t.Helper()
	disturbs := m.way == lifecycle.WayChat || strings.Contains(m.Key, ".remind_")
	zone := "Europe/Berlin"
	if name, _, _ := strings.Cut(m.To, "@"); name != "owner" {
		n, _ := strconv.Atoi(name[len(name)-1:])
		zone = zones[n]
	}
	where, err := time.LoadLocation(zone)
	if err != nil {
		y.t.Fatal(err)
	}
	at := m.clock.In(where)
	if disturbs && (at.Hour() < 9 || at.Hour() >= 17 || at.Weekday() == time.Saturday || at.Weekday() == time.Sunday) {
		y.t.Errorf("%s by %s reached %s at %s", m.Key, m.way, m.To, at.Format("Mon 2006-01-02 15:04 MST"))
	}
}

// stepped reports whether the clock was set within some days of a moment, so that
// what was due then may be an hour off.
func (y *year) stepped(at time.Time) bool {
	return slices.ContainsFunc(y.steps, func(s time.Time) bool { return s.Sub(at).Abs() < 4*24*time.Hour })
}

// on makes sure that something was at its time: to the second, but for a clock that
// was set meanwhile.
func (y *year) on(what string, got, want time.Time) {
	y.t.Helper()
	slack := time.Duration(0)
	if y.stepped(want) || y.stepped(got) {
		slack = time.Hour
	}
	if got.Sub(want).Abs() > slack {
		y.t.Errorf("%s: %s, and not %s", what, got.UTC().Format(time.RFC3339), want.UTC().Format(time.RFC3339))
	}
}

func (y *year) moves(run lifecycle.Run) []lifecycle.Move {
	y.t.Helper()
	moves, err := y.store.Moves(y.t.Context(), run.ID)
	if err != nil {
		y.t.Fatal(err)
	}
	return moves
}

// published makes sure that it went out a day after it was won, or before an early
// kickoff that was known by then, and never undrafted.
func (y *year) published(run lifecycle.Run) {
	y.t.Helper()
	if run.Published.IsZero() {
		if run.Stage != lifecycle.StageCancelled {
			y.t.Errorf("%s was never published", run.ID)
		}
		return
	}
	known, want := lifecycle.Run{Won: run.Won}, time.Time{}
	for _, m := range y.moves(run) {
		if m.What == "kickoff_moved" || m.What == "kickoff_set" {
			fields := strings.Fields(m.Why)
			known.Kickoff, _ = time.Parse(time.RFC3339, fields[len(fields)-1])
			want = m.At
		}
		if m.What == string(lifecycle.StagePublished) {
			break
		}
	}
	for _, at := range []time.Time{y.Rules.PublishAt(known), run.FirstDrafted} {
		if at.After(want) {
			want = at
		}
	}
	y.on(run.ID+" published", run.Published, want)
	p := y.pages["notion "+run.ID]
	words, err := y.store.Words(y.t.Context(), run.ID)
	if err != nil {
		y.t.Fatal(err)
	}
	if run.Stage == lifecycle.StageClosed && (p.version != run.Version || len(p.shown.Remarks) != len(words)) {
		y.t.Errorf("%s: version %d of %d is out, with %d of %d remarks", run.ID, p.version, run.Version, len(p.shown.Remarks), len(words))
	}
}

// reminders makes sure that nobody was reminded of what was done, and that whoever
// had not accepted was reminded of the kickoff.
func (y *year) reminders(run lifecycle.Run, letters []sent) {
	y.t.Helper()
	for _, m := range letters {
		_, duty, _ := strings.Cut(m.Key, ".")
		was := m.run
		switch {
		case strings.HasPrefix(duty, lifecycle.DutyReopened):
			continue
		case was.Stage == lifecycle.StageCancelled || was.Stage == lifecycle.StageClosed:
			y.t.Errorf("%s was sent of a run that was %s", m.Key, was.Stage)
		case strings.HasPrefix(duty, lifecycle.DutyRemindCSM):
			if !was.Accepted.IsZero() || was.Stage != lifecycle.StagePublished || !was.Kickoff.IsZero() && !m.clock.Before(was.Kickoff) {
				y.t.Errorf("%s was sent at %s: %s, accepted %v, kickoff %v", m.Key, m.clock, was.Stage, was.Accepted, was.Kickoff)
			}
		case strings.HasPrefix(duty, lifecycle.DutyRemindAE):
			if was.ReviewedRound > was.Returns || !was.Accepted.IsZero() || !was.Published.IsZero() && was.Stage != lifecycle.StageReturned {
				y.t.Errorf("%s was sent at %s: %s, reviewed %v", m.Key, m.clock, was.Stage, was.Reviewed)
			}
		}
	}
	if !y.quietBefore(run) {
		return
	}
	csm := run.CSM
	if csm.Email == "" {
		csm = y.Rules.Owner
	}
	for _, before := range y.Rules.BeforeKickoff {
		want := y.Rules.Hours.Last(run.Kickoff.Add(-before), csm)
		for _, way := range y.Rules.Ways {
			if !slices.ContainsFunc(letters, func(m sent) bool {
				return m.way == way && m.To == csm.Email && strings.Contains(m.Key, ".remind_csm") && (m.clock.Equal(want) || y.stepped(want) && m.clock.Sub(want).Abs() <= time.Hour)
			}) {
				y.t.Errorf("%s: %s was not reminded by %s at %s, %s before the kickoff", run.ID, csm.Email, way, want, before)
			}
		}
	}
	y.reminded++
}

// quietBefore reports whether the handoff lay there unaccepted, and nothing moved,
// in the days before the kickoff.
func (y *year) quietBefore(run lifecycle.Run) bool {
	if run.Kickoff.IsZero() || run.Published.IsZero() || run.Stage != lifecycle.StageClosed {
		return false
	}
	stage := lifecycle.Stage("")
	from := run.Kickoff.Add(-5 * 24 * time.Hour)
	for _, m := range y.moves(run) {
		if m.At.Before(from) {
			stage = m.To
			continue
		}
		if m.At.Before(run.Kickoff) && m.What != "remarked" && m.What != "reviewed" && m.What != "published_to" {
			return false
		}
	}
	return stage == lifecycle.StagePublished
}

// ended makes sure that every run came to its end, 90 days after the kickoff.
func (y *year) ended(run lifecycle.Run) {
	y.t.Helper()
	switch run.Stage {
	case lifecycle.StageCancelled:
	case lifecycle.StageClosed:
		from := run.Kickoff
		if from.IsZero() {
			from = run.Published
		}
		y.on(run.ID+" closed", run.Closed, from.Add(90*24*time.Hour))
	default:
		y.t.Errorf("in the end %s is %s", run.ID, run.Stage)
	}
}

// trail makes sure that every change of stage is told, with who and why, in order.
func (y *year) trail(run lifecycle.Run) {
	y.t.Helper()
	var before lifecycle.Move
	for i, m := range y.moves(run) {
		if m.At.IsZero() || m.Who == "" || m.Why == "" || m.What == "" {
			y.t.Errorf("%s: move %d says too little: %+v", run.ID, i, m)
		}
		if m.From != before.To {
			y.t.Errorf("%s: move %d comes from %s, and the one before went to %s", run.ID, i, m.From, before.To)
		}
		if m.At.Before(before.At) && !y.stepped(m.At) {
			y.t.Errorf("%s: move %d is of before the last one", run.ID, i)
		}
		before = m
	}
	if before.To != run.Stage {
		y.t.Errorf("%s is %s, and its trail ends with %s", run.ID, run.Stage, before.To)
	}
}
