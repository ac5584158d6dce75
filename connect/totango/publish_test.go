package totango_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline"
	"throughline/connect"
	"throughline/connect/totango"
	"throughline/twin/fault"
	twin "throughline/twin/totango"
)

func TestPublish(t *testing.T) {
	r := newRig(t)
	h := brightwater(t)
	copied := r.publish(t, h)
	note := r.only(t)
	if !copied.Made || copied.ID != fmt.Sprint(note.ID) || note.Account != account18 || note.Flow != twin.Flow || note.Type != twin.Type {
		t.Errorf("got %+v for %+v", copied, note)
	}
	if note.Subject != "Handoff: Brightwater Clinics" {
		t.Errorf("the subject is %q", note.Subject)
	}
	lines := strings.Split(note.Content, "\n")
	if lines[0] != "Handoff: Brightwater Clinics" || lines[1] != "Open it: https://handoffs.example/d/1" {
		t.Errorf("it begins %q", lines[:2])
	}
	for _, want := range []string{
		"== 1. Deal shape ==", "-- Pains --", "- Overtime is only seen once payroll is run.", "    “We see the overtime when it is paid", "== 5. Implementation risks ==", "Not reviewed by the AE.",
	} {
		if !strings.Contains(note.Content, "\n"+want) {
			t.Errorf("no line begins %q in\n%s", want, note.Content)
		}
	}
	if last := lines[len(lines)-1]; !strings.HasPrefix(last, "(throughline.handoff/v1 "+key+" v1 ") {
		t.Errorf("it ends %q", last)
	}
	var got []twin.Task
	for _, task := range r.twin.Tasks() {
		task.ID, task.Description = 0, strings.Join(strings.Split(task.Description, "\n")[:4], "\n")
		got = append(got, task)
	}
	want := []twin.Task{
		{
			Account: account18, Title: "Day 30: Four wards plan their weekends in Rota.", Due: "2026-05-06", Status: "open", Flow: twin.Flow, Priority: 2, Assignee: "csm@example.com", Versions: 1,
			Description: "Four wards plan their weekends in Rota.\nPromised by day 30, counted from the kickoff.\n" +
				"“By day thirty four of your wards will plan their weekends in it.” — Nadia Karim\nFrom the handoff: https://handoffs.example/d/1",
		},
		{
			Account: account18, Title: "Day 60: All 14 wards plan in Rota, and the paper rota is gone.", Due: "2026-06-05", Status: "open", Flow: twin.Flow, Priority: 2, Assignee: "csm@example.com", Versions: 1,
			Description: "All 14 wards plan in Rota, and the paper rota is gone.\nPromised by day 60, counted from the kickoff.\n" +
				"“After sixty days all fourteen, and you can throw the paper away.” — Nadia Karim\nFrom the handoff: https://handoffs.example/d/1",
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestAgain: the same once more changes nothing, in whatever state the search is.
func TestAgain(t *testing.T) {
	for _, wait := range []time.Duration{0, time.Hour} {
		r := newRig(t)
		first := r.publish(t, brightwater(t))
		was := r.only(t)
		r.clock.pass(wait)
		r.restart(t)
		again := r.publish(t, brightwater(t))
		if diff := cmp.Diff(connect.Copy{ID: first.ID}, again); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(was, r.only(t)); diff != "" {
			t.Error(diff)
		}
		for _, task := range r.twin.Tasks() {
			if task.Versions != 1 {
				t.Errorf("a task was written %d times", task.Versions)
			}
		}
	}
}

// TestNewVersion: the touchpoint and the one task whose milestone changed are
// changed, a task of one that is gone says so, and one of a new milestone is made.
func TestNewVersion(t *testing.T) {
	r := newRig(t)
	r.publish(t, brightwater(t))
	r.clock.pass(time.Hour)
	h := brightwater(t)
	h.Version = 2
	all := milestones(h)
	all[0].Text, all[0].Due = "Five wards plan their weekends in Rota.", ""
	all[1].Text, all[1].Evidence[0].Quote = "The paper rota is gone.", "Then the paper rota is gone."
	copied := r.publish(t, h)
	note := r.only(t)
	if copied.Made || note.Versions != 2 || !strings.Contains(note.Content, key+" v2 ") || !strings.Contains(note.Content, "Five wards") {
		t.Errorf("got %+v and %+v", copied, note)
	}
	if n := len(r.twin.Tasks()); n != 3 {
		t.Errorf("there are %d tasks", n)
	}
	// Its date is worked out from the kickoff, as its own is not given any more.
	if task := r.taskFor(t, "Five wards"); task.Versions != 2 || task.Due != "2026-05-06" || task.Priority != 2 {
		t.Errorf("the changed one is %+v", task)
	}
	if task := r.taskFor(t, "All 14 wards"); !strings.HasPrefix(task.Description, "This is no longer in the handoff.") || task.Status != "open" {
		t.Errorf("the one that is gone is %+v", task)
	}
	if task := r.taskFor(t, "The paper rota"); task.Versions != 1 {
		t.Errorf("the new one is %+v", task)
	}
	r.clock.pass(time.Hour)
	r.twin.Forget()
	r.publish(t, h)
	old := brightwater(t)
	if copied := r.publish(t, old); copied.ID != fmt.Sprint(note.ID) {
		t.Errorf("the old version gave %+v", copied)
	}
	if diff := cmp.Diff(map[string]int{twin.RouteAccounts: 2, twin.RouteEvents: 2}, r.twin.Requests()); diff != "" {
		t.Errorf("what is there already, and an older version: %s", diff)
	}
}

// TestCompletedTask: what a person completed, reassigned or deleted stays so.
func TestCompletedTask(t *testing.T) {
	r := newRig(t)
	r.publish(t, brightwater(t))
	done := r.taskFor(t, "Four wards")
	r.twin.Complete(done.ID)
	r.clock.pass(time.Hour)
	h := brightwater(t)
	h.Version = 2
	milestones(h)[0].Text = "Five wards plan their weekends in Rota."
	r.publish(t, h)
	if task := r.taskFor(t, "Four wards"); task.Status != "closed" || task.Versions != 1 {
		t.Errorf("the completed one is %+v", task)
	}
	if len(r.twin.Tasks()) != 2 {
		t.Errorf("there are %d tasks", len(r.twin.Tasks()))
	}
}

// TestAnotherCSM: the tasks go to a CSM who is assigned later, and not back from
// whom the CSM gave them to.
func TestAnotherCSM(t *testing.T) {
	r := newRig(t)
	p := publication(brightwater(t))
	p.Deal.CSM, p.Handoff.Deal.CSM = "", nil
	if _, err := r.c.Publish(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if a := r.taskFor(t, "Four wards").Assignee; a != "" {
		t.Errorf("it is assigned to %q", a)
	}
	r.clock.pass(time.Hour)
	p.Deal.CSM = "second@example.com"
	if _, err := r.c.Publish(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if a := r.taskFor(t, "Four wards").Assignee; a != "second@example.com" {
		t.Errorf("it is assigned to %q", a)
	}
	r.clock.pass(time.Hour)
	id := r.taskFor(t, "Four wards").ID
	r.twin.Assign(id, "colleague@example.com")
	r.clock.pass(time.Hour)
	milestones(p.Handoff)[0].Text = "Four wards plan all in Rota."
	if _, err := r.c.Publish(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if task := r.taskFor(t, "Four wards plan all"); task.Assignee != "colleague@example.com" {
		t.Errorf("it is assigned to %q", task.Assignee)
	}
}

// TestWithoutSearch: where the search shows nothing of ours, what was published is
// known by the id that the caller remembers, and tasks by what the touchpoint lists.
func TestWithoutSearch(t *testing.T) {
	r := newRig(t)
	r.twin.Lag = 1000 * time.Hour
	id := ""
	r.config.Known = func(_ context.Context, k string) (string, error) {
		if k != key {
			t.Errorf("asked for %q", k)
		}
		return id, nil
	}
	r.restart(t)
	id = r.publish(t, brightwater(t)).ID
	if again := r.publish(t, brightwater(t)); again.ID != id || again.Made || r.only(t).Versions != 1 {
		t.Errorf("got %+v", again)
	}
	h := brightwater(t)
	h.Version = 2
	milestones(h)[0].Text = "Five wards plan their weekends in Rota."
	if again := r.publish(t, h); again.ID != id || again.Made || r.only(t).Versions != 2 {
		t.Errorf("got %+v", again)
	}
	if task := r.taskFor(t, "Five wards"); task.Versions != 2 || len(r.twin.Tasks()) != 2 {
		t.Errorf("got %+v", r.twin.Tasks())
	}
	if err := r.c.Remove(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if again := r.publish(t, h); !again.Made || again.ID == id {
		t.Errorf("after it was removed: %+v", again)
	}
}

// TestQuietTasks: an answer that only says "Success" is one of a task that was made.
func TestQuietTasks(t *testing.T) {
	r := newRig(t)
	r.twin.Quiet = true
	r.publish(t, brightwater(t))
	r.publish(t, brightwater(t))
	r.clock.pass(time.Hour)
	h := brightwater(t)
	h.Version = 2
	milestones(h)[0].Text = "Five wards plan their weekends in Rota."
	r.publish(t, h)
	if n := len(r.twin.Tasks()); n != 2 || r.taskFor(t, "Five wards").Versions != 2 {
		t.Errorf("there are %d tasks", n)
	}
}

func TestFindsTheAccount(t *testing.T) {
	for name, tc := range map[string]struct {
		in        twin.Account
		attribute string
		crm, want string // want in the error; none where empty
	}{
		"18 characters":    {in: twin.Account{ID: account18}, crm: account18},
		"15 characters":    {in: twin.Account{ID: account15}, crm: account18},
		"another CRM's":    {in: twin.Account{ID: "12465939746"}, crm: "12465939746"},
		"by an attribute":  {in: twin.Account{ID: "t-1", Attributes: map[string]string{"CRM ID": account15}}, attribute: "CRM ID", crm: account18},
		"not there":        {in: twin.Account{ID: "t-1"}, crm: account18, want: "no account has the CRM's id " + account18},
		"not an attribute": {in: twin.Account{ID: account18}, attribute: "CRM ID", crm: account18, want: "name the attribute"},
		"none on the deal": {in: twin.Account{ID: account18}, want: "names no account"},
		"two":              {in: twin.Account{ID: account15}, crm: account18, want: "2 accounts have"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.twin = &twin.Server{Token: token, Now: r.clock.Now}
			r.twin.AddAccount(tc.in)
			if name == "two" {
				r.twin.AddAccount(twin.Account{ID: account18})
			}
			srv := httptest.NewServer(r.twin)
			defer srv.Close()
			r.addr, r.config.Attribute = srv.URL, tc.attribute
			r.restart(t)
			p := publication(brightwater(t))
			p.Deal.Account = tc.crm
			_, err := r.c.Publish(t.Context(), p)
			var e *connect.Error
			switch {
			case tc.want == "" && err != nil:
				t.Error(err)
			case tc.want == "" && r.only(t).Account != tc.in.ID:
				t.Errorf("it is on %s", r.only(t).Account)
			case tc.want != "" && (!errors.As(err, &e) || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestRefuses(t *testing.T) {
	r := newRig(t)
	for name, p := range map[string]connect.Publication{
		"a key with a space": {Key: "a b", Handoff: brightwater(t)},
		"no handoff":         {Key: key},
		"no such audience":   {Key: key, Handoff: brightwater(t), Audience: "all"},
	} {
		if _, err := r.c.Publish(t.Context(), p); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	for name, cfg := range map[string]totango.Config{"no token": {}, "no such region": {Token: token, Region: "mars"}, "tasks without a flow": {Token: token, Tasks: true}} {
		if _, err := totango.New(cfg); err == nil || strings.Contains(err.Error(), token) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(r.twin.Requests()) != 0 {
		t.Errorf("called %v", r.twin.Requests())
	}
}

// TestCalls counts them, for what connectors.md says.
func TestCalls(t *testing.T) {
	r := newRig(t)
	r.publish(t, brightwater(t))
	want := map[string]int{twin.RouteAccounts: 1, twin.RouteEvents: 2, twin.RouteCreate: 1, twin.RouteTask: 2}
	if diff := cmp.Diff(want, r.twin.Requests()); diff != "" {
		t.Errorf("the first time: %s", diff)
	}
	r.twin.Forget()
	r.clock.pass(time.Hour)
	if bad := r.c.Check(t.Context()); len(bad) != 6 {
		t.Errorf("%d rows of check", len(bad))
	}
	want = map[string]int{twin.RouteAccounts: 1, twin.RouteEvents: 1, twin.RouteRead: 1, twin.RouteFlows: 1, twin.RouteTypes: 1, twin.RouteTask: 1}
	if diff := cmp.Diff(want, r.twin.Requests()); diff != "" {
		t.Errorf("check: %s", diff)
	}
	if n := len(r.twin.Tasks()); n != 2 {
		t.Errorf("check left %d tasks", n)
	}
}

// TestRate: more than the vendor allows in a minute is waited for.
func TestRate(t *testing.T) {
	r := newRig(t)
	r.twin.PerMinute = 3
	r.publish(t, brightwater(t))
	if r.clock.slept < time.Minute || len(r.twin.Touchpoints()) != 1 || len(r.twin.Tasks()) != 2 {
		t.Errorf("slept %s", r.clock.slept)
	}
}

// faults are what may go wrong on each route that publishing takes.
func faults() []fault.Fault {
	var out []fault.Fault
	for _, route := range []string{twin.RouteAccounts, twin.RouteEvents, twin.RouteCreate, twin.RouteUpdate, twin.RouteTask, twin.RouteTaskUpdate} {
		for _, f := range []fault.Fault{
			{Status: 429, RetryAfter: "30"},
			{Status: 429, RetryAfter: "30", Times: 9},
			{Status: 500},
			{Status: 503, Times: 9},
			{Status: 503, Stored: true},
			{Status: 400},
			{Status: 401, Times: 9},
			{Status: 403},
			{Reset: true},
			{Reset: true, Stored: true},
			{Cut: 1},
			{Cut: 20},
			{Status: 502, Stored: true, Times: 2},
		} {
			f.Route = route
			out = append(out, f)
		}
	}
	return append(out,
		fault.Fault{Route: twin.RouteEvents, After: 1, Status: 503, Times: 9},
		fault.Fault{Route: twin.RouteTask, After: 1, Reset: true, Stored: true},
		fault.Fault{Route: twin.RouteTask, After: 1, Status: 503})
}

// TestFaults: whatever goes wrong, before the first version and before the second,
// and however late the search, further tries end with one of everything.
func TestFaults(t *testing.T) {
	for _, lag := range []time.Duration{0, 5 * time.Minute} {
		for _, f := range faults() {
			t.Run(fmt.Sprintf("%s %+v", lag, f), func(t *testing.T) {
				t.Parallel()
				r := newRig(t)
				r.twin.Lag = lag
				second := f.Route == twin.RouteUpdate || f.Route == twin.RouteTaskUpdate
				h := brightwater(t)
				if second {
					r.publish(t, h)
					r.clock.pass(time.Hour)
					h.Version = 2
					milestones(h)[0].Text = "Five wards plan their weekends in Rota."
				}
				r.twin.Fail(f)
				for try := 1; ; try++ {
					_, err := r.c.Publish(t.Context(), publication(h))
					if err == nil {
						break
					}
					if try == 12 {
						t.Fatal(err)
					}
					wait := time.Minute
					var e *connect.Error
					if !errors.As(err, &e) {
						t.Fatalf("%v is no *connect.Error", err)
					}
					r.clock.pass(max(wait, e.RetryAfter))
				}
				if r.twin.Struck() == 0 {
					t.Fatal("the fault did not strike")
				}
				note := r.only(t)
				if !strings.Contains(note.Content, fmt.Sprintf("%s v%d ", key, h.Version)) {
					t.Errorf("it ends %q", note.Content[len(note.Content)-100:])
				}
				for _, m := range milestones(h) {
					r.taskFor(t, m.Text)
				}
				if n := len(r.twin.Tasks()); n != 2 {
					t.Errorf("there are %d tasks", n)
				}
				r.clock.pass(time.Hour)
				r.twin.Forget()
				r.publish(t, h)
				if diff := cmp.Diff(map[string]int{twin.RouteAccounts: 1, twin.RouteEvents: 1}, r.twin.Requests()); diff != "" {
					t.Errorf("there was something left to do: %s", diff)
				}
			})
		}
	}
}

// TestDoubt: after a write that was stored, answered with an error, and is not seen,
// nothing is written a second time while that is in doubt, and the error says what
// to look at.
func TestDoubt(t *testing.T) {
	r := newRig(t)
	r.twin.Lag = 10 * time.Minute
	r.config.Tasks = false
	r.restart(t)
	r.twin.Fail(fault.Fault{Route: twin.RouteCreate, Status: 503, Stored: true})
	for range 2 {
		_, err := r.c.Publish(t.Context(), publication(brightwater(t)))
		var e *connect.Error
		if !errors.As(err, &e) || !e.Temporary || e.RetryAfter <= 0 || !strings.Contains(err.Error(), key) || !strings.Contains(err.Error(), account18) {
			t.Fatalf("got %v", err)
		}
		r.only(t)
	}
	r.clock.pass(totango.DefaultDoubt)
	if copied := r.publish(t, brightwater(t)); copied.ID != fmt.Sprint(r.only(t).ID) {
		t.Errorf("got %+v", copied)
	}
	// Where it was not stored, it is written once the doubt is over.
	r = newRig(t)
	r.twin.Fail(fault.Fault{Route: twin.RouteCreate, Status: 503})
	if _, err := r.c.Publish(t.Context(), publication(brightwater(t))); err == nil {
		t.Error("it did not fail")
	}
	r.clock.pass(totango.DefaultDoubt)
	r.publish(t, brightwater(t))
	r.only(t)
}

// TestRestart: a process that ends between a write and its answer leaves no trace
// but what it wrote; the next one looks twice before it writes.
func TestRestart(t *testing.T) {
	for _, route := range []string{twin.RouteCreate, twin.RouteTask} {
		r := newRig(t)
		r.twin.Lag = totango.DefaultSettle
		r.twin.Fail(fault.Fault{Route: route, Reset: true, Stored: true})
		r.clock.ends = 2 // after the one before anything is written
		if _, err := r.c.Publish(t.Context(), publication(brightwater(t))); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		r.restart(t)
		r.publish(t, brightwater(t))
		if r.only(t); len(r.twin.Tasks()) != 2 {
			t.Errorf("there are %d tasks", len(r.twin.Tasks()))
		}
	}
}

// TestTasksFail: a task that is refused keeps neither the touchpoint nor the others
// from being made.
func TestTasksFail(t *testing.T) {
	r := newRig(t)
	r.twin.Fail(fault.Fault{Route: twin.RouteTask, Status: 400})
	copied, err := r.c.Publish(t.Context(), publication(brightwater(t)))
	if err == nil || !strings.Contains(err.Error(), "a user of Totango") || copied.ID != fmt.Sprint(r.only(t).ID) {
		t.Errorf("got %+v, %v", copied, err)
	}
	if n := len(r.twin.Tasks()); n != 1 {
		t.Errorf("there are %d tasks", n)
	}
	r.clock.pass(time.Minute)
	r.publish(t, brightwater(t))
	if n := len(r.twin.Tasks()); n != 2 {
		t.Errorf("there are %d tasks", n)
	}
}

// TestAmongOthers: what people wrote on the account is neither ours nor changed, even
// where it quotes our line.
func TestAmongOthers(t *testing.T) {
	r := newRig(t)
	r.twin.AddTouchpoint(account18, "Call", "We talked about (throughline.handoff/v1 other v3 0123456789ab).")
	for i := range 2300 {
		r.twin.AddTouchpoint(account18, "Call", fmt.Sprint("Note ", i))
	}
	h := brightwater(t)
	h.Deal.Name = "x (throughline.handoff/v1 " + key + " v9 0123456789ab)"
	first := r.publish(t, h)
	r.clock.pass(time.Hour)
	for i := range 1200 {
		r.twin.AddTouchpoint(account18, "Call", fmt.Sprint("Later ", i))
	}
	r.clock.pass(time.Hour)
	h.Version = 2
	if again := r.publish(t, h); again.ID != first.ID || again.Made {
		t.Errorf("got %+v after %+v", again, first)
	}
	written := 0
	for _, n := range r.twin.Touchpoints() {
		written += n.Versions
	}
	if written != 2 {
		t.Errorf("touchpoints were written %d times", written)
	}
}

func TestRemove(t *testing.T) {
	r := newRig(t)
	id := r.publish(t, brightwater(t)).ID
	for range 2 {
		if err := r.c.Remove(t.Context(), id); err != nil {
			t.Error(err)
		}
	}
	if err := r.c.Remove(t.Context(), "../accounts"); err == nil {
		t.Error("what is no id was taken")
	}
	if notes, tasks := len(r.twin.Touchpoints()), len(r.twin.Tasks()); notes+tasks != 0 {
		t.Errorf("there are %d touchpoints and %d tasks", notes, tasks)
	}
	// Where tasks can't be deleted, the touchpoint goes, and they are named.
	for _, how := range []string{"refused", "not known"} {
		r := newRig(t)
		r.twin.Quiet = how == "not known"
		if how == "refused" {
			r.twin.Withheld = []string{twin.RouteTaskDelete}
		}
		id := r.publish(t, brightwater(t)).ID
		err := r.c.Remove(t.Context(), id)
		if err == nil || !strings.Contains(err.Error(), "the tasks of milestone-") || strings.Count(err.Error(), "milestone-") != 2 || len(r.twin.Touchpoints()) != 0 {
			t.Errorf("%s: %v", how, err)
		}
	}
}

// TestCheckNamesWhatIsMissing: with one thing withheld, exactly that is named.
func TestCheckNamesWhatIsMissing(t *testing.T) {
	missing := func(r *rig) []string {
		var out []string
		for _, p := range r.c.Check(t.Context()) {
			if p.Err != nil {
				out = append(out, p.Name)
			}
		}
		return out
	}
	r := newRig(t)
	if got := missing(r); got != nil {
		t.Errorf("with all there, %v is missing", got)
	}
	for route, want := range map[string]string{
		twin.RouteAccounts: "API token", twin.RouteEvents: "Search of events", twin.RouteRead: "Touchpoints", twin.RouteFlows: "Flow " + twin.Flow,
		twin.RouteTypes: "Touchpoint type " + twin.Type, twin.RouteTask: "Tasks",
	} {
		r := newRig(t)
		r.twin.Withheld = []string{route}
		if diff := cmp.Diff([]string{want}, missing(r)); diff != "" {
			t.Errorf("without %s: %s", route, diff)
		}
	}
	r = newRig(t)
	r.config.Flow = "no-such-flow"
	r.restart(t)
	for _, p := range r.c.Check(t.Context()) {
		if wrong := p.Name == "Flow no-such-flow"; wrong != (p.Err != nil) || wrong && !strings.Contains(p.Err.Error(), "There are "+twin.Flow) {
			t.Errorf("%s: %v", p.Name, p.Err)
		}
	}
	r.twin.Token = "another-token"
	if got := r.c.Check(t.Context()); len(got) != 1 || got[0].Err == nil || !strings.Contains(got[0].Err.Error(), "Integrations") {
		t.Errorf("with another token: %+v", got)
	}
}

// TestNothingLeaks: neither the token nor what a handoff says is in an error or the
// log, whatever the vendor answers.
func TestNothingLeaks(t *testing.T) {
	var out strings.Builder
	for _, f := range faults() {
		r := newRig(t)
		r.twin.Fail(f)
		_, err := r.c.Publish(t.Context(), publication(brightwater(t)))
		fmt.Fprintln(&out, err, r.log.String())
	}
	// A vendor that repeats all it was told, with a status or as if all were well.
	for _, status := range []int{200, 400, 403, 500} {
		echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			said, err := json.Marshal(map[string]any{"message": "instead was " + r.Header.Get("App-Token") + string(body), "id": "instead was " + string(body)})
			if err != nil {
				t.Error(err)
			}
			w.WriteHeader(status)
			_, _ = w.Write(said)
		}))
		r := newRig(t)
		r.addr = echo.URL
		r.restart(t)
		_, err := r.c.Publish(t.Context(), publication(brightwater(t)))
		if err == nil {
			t.Errorf("%d was taken", status)
		}
		fmt.Fprintln(&out, err, r.c.Remove(t.Context(), "1"))
		for _, p := range r.c.Check(t.Context()) {
			fmt.Fprintln(&out, p.Err)
		}
		fmt.Fprintln(&out, r.log.String())
		echo.Close()
	}
	for _, secret := range []string{token, "Ines Moreau", "weekend", "Brightwater", "nadia.karim@", "csm@example.com", "instead was"} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("the log or an error says %q", secret)
		}
	}
	if !strings.Contains(out.String(), `op="publish the handoff"`) {
		t.Error("the log does not say what was done")
	}
}

// TestWithoutTasks: only the touchpoint is written, and tasks are not asked for.
func TestWithoutTasks(t *testing.T) {
	r := newRig(t)
	r.config.Tasks, r.config.Flow, r.config.Type = false, "", ""
	r.restart(t)
	r.publish(t, brightwater(t))
	if note := r.only(t); note.Flow != "" || note.Type != "" || len(r.twin.Tasks()) != 0 {
		t.Errorf("got %+v and %+v", note, r.twin.Tasks())
	}
	p := publication(brightwater(t))
	p.Audience, p.Key = throughline.AudienceCustomer, "b"
	if _, err := r.c.Publish(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if note := r.twin.Touchpoints()[1]; strings.Contains(note.Content, p.Link) {
		t.Error("the customer's has the link to the team's page")
	}
}
