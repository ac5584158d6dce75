package totango_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline"
	"throughline/connect"
	"throughline/render"
	"throughline/render/rendertest"
	"throughline/twin/fault"
	twin "throughline/twin/totango"
)

func (r *rig) follow(t *testing.T, p connect.Publication) []connect.Followed {
	t.Helper()
	r.clock.pass(time.Minute) // beyond the search's lag
	got, err := r.c.Follow(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(got, func(a, b connect.Followed) int { return strings.Compare(a.Due, b.Due) })
	return got
}

// TestFollow: what people did to a task is told, whatever a newer version changes.
func TestFollow(t *testing.T) {
	r := newRig(t)
	r.publish(t, brightwater(t))
	made := r.clock.Now()
	all := connect.Milestones(brightwater(t))
	want := []connect.Followed{
		{Milestone: all[0].ID, At: made, Due: all[0].Due, Owner: "csm@example.com"},
		{Milestone: all[1].ID, At: made, Due: all[1].Due, Owner: "csm@example.com"},
	}
	r.twin.Forget()
	if diff := cmp.Diff(want, r.follow(t, publication(brightwater(t)))); diff != "" {
		t.Errorf("as they were made: %s", diff)
	}
	if diff := cmp.Diff(map[string]int{twin.RouteAccounts: 1, twin.RouteEvents: 1}, r.twin.Requests()); diff != "" {
		t.Error(diff)
	}
	done, moved := r.taskFor(t, "All 14 wards"), r.taskFor(t, "Four wards")
	want[1].Done, want[1].At = true, r.clock.Now()
	r.twin.Complete(done.ID)
	r.clock.pass(time.Hour)
	r.twin.Assign(done.ID, "Colleague@Example.com") // when it was completed stays
	r.twin.Assign(moved.ID, "Colleague@Example.com")
	r.twin.Move(moved.ID, "2026-05-20")
	want[1].Owner = "colleague@example.com"
	want[0].Owner, want[0].Due, want[0].At = "colleague@example.com", "2026-05-20", r.clock.Now()
	if diff := cmp.Diff(want, r.follow(t, publication(brightwater(t)))); diff != "" {
		t.Errorf("after people: %s", diff)
	}
	newer := publication(brightwater(t))
	newer.Handoff.Version, newer.Deal.CSM = 2, "second@example.com"
	for _, it := range milestones(newer.Handoff) {
		it.Text, it.Due = it.Text+" Really.", "2026-09-09"
	}
	if _, err := r.c.Publish(t.Context(), newer); err != nil {
		t.Fatal(err)
	}
	want[0].At = r.clock.Now()
	if diff := cmp.Diff(want, r.follow(t, newer)); diff != "" {
		t.Errorf("after a newer version: %s", diff)
	}
	if task := r.taskFor(t, "Four wards"); !strings.HasSuffix(task.Title, "Really.") || task.Due != "2026-05-20" {
		t.Errorf("the newer version's task is %+v", task)
	}
	r.twin.Drop(moved.ID)
	if diff := cmp.Diff(want[1:], r.follow(t, newer)); diff != "" {
		t.Errorf("after one was deleted: %s", diff)
	}
	newer.Handoff.Version = 3
	milestones(newer.Handoff)[0].Text = "Five wards plan in Rota."
	if _, err := r.c.Publish(t.Context(), newer); err != nil || len(r.twin.Tasks()) != 1 {
		t.Errorf("the deleted one is there again, or is missed: %v, %+v", err, r.twin.Tasks())
	}
}

// TestSetTasks: a task is completed, opened and moved, also while the events tell of it
// as it was; a later version of the handoff leaves that as it is.
func TestSetTasks(t *testing.T) {
	r := newRig(t)
	p := publication(brightwater(t))
	r.publish(t, p.Handoff)
	r.clock.pass(time.Hour)
	all := connect.Milestones(p.Handoff)
	set := func(changes ...connect.TaskChange) {
		t.Helper()
		if err := r.c.SetTasks(t.Context(), p, changes); err != nil {
			t.Fatal(err)
		}
	}
	set(connect.TaskChange{Milestone: all[0].ID, State: connect.TaskDone}, connect.TaskChange{Milestone: all[1].ID, Due: "2026-09-01"}, connect.TaskChange{Milestone: "milestone-none", State: connect.TaskDone})
	four, wards := r.taskFor(t, "Four wards"), r.taskFor(t, "All 14 wards")
	if four.Status != "closed" || four.Due != all[0].Due || wards.Status != "open" || wards.Due != "2026-09-01" {
		t.Errorf("they are %+v and %+v", four, wards)
	}
	set(connect.TaskChange{Milestone: all[0].ID, State: connect.TaskOpen}) // before it is told that it is closed
	if four := r.taskFor(t, "Four wards"); four.Status != "open" {
		t.Errorf("open again it is %+v", four)
	}
	r.clock.pass(time.Hour)
	newer := publication(brightwater(t))
	newer.Handoff.Version = 2
	for _, it := range milestones(newer.Handoff) {
		it.Text, it.Due = it.Text+" Really.", "2026-09-09"
	}
	if _, err := r.c.Publish(t.Context(), newer); err != nil {
		t.Fatal(err)
	}
	if wards := r.taskFor(t, "All 14 wards"); wards.Due != "2026-09-01" || !strings.HasSuffix(wards.Title, "Really.") {
		t.Errorf("after a newer version it is %+v", wards)
	}
	r.twin.Drop(four.ID)
	r.clock.pass(time.Hour)
	set(connect.TaskChange{Milestone: all[0].ID, State: connect.TaskDone})
	p.Key = "no key"
	if err := r.c.SetTasks(t.Context(), p, nil); err == nil {
		t.Error("a key that is none is taken")
	}
}

// TestFollowOnlyOurs: another handoff's tasks are none of this one's.
func TestFollowOnlyOurs(t *testing.T) {
	r := newRig(t)
	r.publish(t, brightwater(t))
	p := publication(brightwater(t))
	p.Key += "x"
	if got := r.follow(t, p); got != nil {
		t.Errorf("another handoff's are taken for this one's: %v", got)
	}
}

func TestFollowNothing(t *testing.T) {
	r := newRig(t)
	p := publication(brightwater(t))
	p.Audience = throughline.AudienceCustomer
	got := r.follow(t, p)
	r.config.Tasks = false
	r.restart(t)
	if got = append(got, r.follow(t, publication(brightwater(t)))...); got != nil || len(r.twin.Requests()) != 0 {
		t.Errorf("%v, %v", got, r.twin.Requests())
	}
}

func TestFollowFaults(t *testing.T) {
	for _, route := range []string{twin.RouteAccounts, twin.RouteEvents} {
		for name, tt := range map[string]struct {
			fault  fault.Fault
			passes bool
		}{
			"500":          {fault.Fault{Status: 500}, true},
			"reset":        {fault.Fault{Reset: true}, true},
			"cut":          {fault.Fault{Cut: 5}, true},
			"500 for ever": {fault.Fault{Status: 500, Times: 99}, false},
			"refused":      {fault.Fault{Status: 401}, false},
		} {
			t.Run(fmt.Sprint(route, " ", name), func(t *testing.T) {
				r := newRig(t)
				r.publish(t, brightwater(t))
				r.clock.pass(time.Hour)
				tt.fault.Route = route
				r.twin.Fail(tt.fault)
				got, err := r.c.Follow(t.Context(), publication(brightwater(t)))
				var e *connect.Error
				switch {
				case tt.passes && (err != nil || len(got) != 2):
					t.Errorf("not got over: %v, %v", got, err)
				case !tt.passes && (!errors.As(err, &e) || e.Advice == "" || got != nil || strings.Contains(err.Error(), token)):
					t.Errorf("%v, %v", got, err)
				}
			})
		}
	}
	r := newRig(t)
	for _, p := range []connect.Publication{{Key: "a/b", Deal: connect.Record{Account: account18}}, {Key: key}} {
		var e *connect.Error
		if _, err := r.c.Follow(t.Context(), p); !errors.As(err, &e) || e.Advice == "" {
			t.Errorf("%+v: %v", p, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.c.Follow(ctx, publication(brightwater(t))); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that ended: %v", err)
	}
}

// TestFollowAgrees: for the company, what is followed has the ids that the team's
// milestones have.
func TestFollowAgrees(t *testing.T) {
	r := newRig(t)
	p := publication(rendertest.Handoff(t))
	if _, err := r.c.Publish(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	var team []string
	for _, m := range connect.Milestones(p.Handoff) {
		team = append(team, m.ID)
	}
	got := r.follow(t, p)
	for _, f := range got {
		if !slices.Contains(team, f.Milestone) {
			t.Errorf("%s is none of the team's %v", f.Milestone, team)
		}
	}
	if n := len(connect.Milestones(render.For(p.Handoff, p.Audience))); len(got) != n || n == 0 {
		t.Errorf("%d are followed of %d", len(got), n)
	}
}
