package vitally_test

import (
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
	twin "throughline/twin/vitally"
)

func (r *rig) follow(t *testing.T, p connect.Publication) []connect.Followed {
	t.Helper()
	got, err := r.client(t).Follow(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(got, func(a, b connect.Followed) int { return strings.Compare(a.Due, b.Due) })
	return got
}

// TestFollow: what people did to a task is told, whatever a newer version changes.
func TestFollow(t *testing.T) {
	r := newRig(t)
	other := r.twin.AddAdmin("Sanne", "Sanne@foldline.example")
	r.publish(t, brightwater(t))
	all := connect.Milestones(brightwater(t))
	const csm = "tomas.lind@foldline.example"
	want := []connect.Followed{
		{Milestone: all[0].ID, At: today, Due: all[0].Due, Owner: csm},
		{Milestone: all[1].ID, At: today, Due: all[1].Due, Owner: csm},
	}
	r.twin.Forget()
	if diff := cmp.Diff(want, r.follow(t, publication(brightwater(t)))); diff != "" {
		t.Errorf("as they were made: %s", diff)
	}
	if diff := cmp.Diff(map[string]int{twin.RouteAccount: 1, twin.RouteAccountTasks: 1, twin.RouteAdmins: 1}, r.twin.Requests()); diff != "" {
		t.Error(diff)
	}
	if err := r.clock.Sleep(t.Context(), time.Hour); err != nil {
		t.Fatal(err)
	}
	r.twin.Edit(r.taskOf(t, allWards).ID, map[string]any{"completedAt": "2026-06-01T12:30:00.000Z", "description": "<p>Sanne did this.</p>"})
	r.twin.Edit(r.taskOf(t, fourWards).ID, map[string]any{"dueDate": "2026-05-20T00:00:00.000Z", "assignedToId": other})
	want[0].At, want[0].Due, want[0].Owner = r.clock.Now(), "2026-05-20", "sanne@foldline.example"
	want[1].Done, want[1].At = true, today.Add(30*time.Minute)
	if diff := cmp.Diff(want, r.follow(t, publication(brightwater(t)))); diff != "" {
		t.Errorf("after people: %s", diff)
	}
	newer := brightwater(t)
	newer.Version = 2
	for i := range newer.Items {
		if it := &newer.Items[i]; it.Kind == throughline.KindMilestone {
			it.Text, it.Due = it.Text+" Really.", "2026-09-09"
		}
	}
	r.publish(t, newer)
	if diff := cmp.Diff(want, r.follow(t, publication(newer))); diff != "" {
		t.Errorf("after a newer version: %s", diff)
	}
	if name := r.taskOf(t, fourWards).Name; !strings.HasSuffix(name, "Really.") {
		t.Errorf("the newer version's task is %q", name)
	}
	r.twin.Archive(r.taskOf(t, fourWards).ID)
	if diff := cmp.Diff(want[1:], r.follow(t, publication(newer))); diff != "" {
		t.Errorf("after one was archived: %s", diff)
	}
}

// TestSetTasks: a task is completed, opened and moved, once, with the tags that people
// gave it; a later version of the handoff leaves that as it is.
func TestSetTasks(t *testing.T) {
	r := newRig(t)
	p := publication(brightwater(t))
	r.publish(t, p.Handoff)
	all := connect.Milestones(p.Handoff)
	four, wards := r.taskOf(t, fourWards), r.taskOf(t, allWards)
	r.twin.Edit(four.ID, map[string]any{"tags": []any{"onboarding"}, "description": "<p>Sanne does this.</p>"})
	set := func(want int, changes ...connect.TaskChange) {
		t.Helper()
		r.twin.Forget()
		if err := r.client(t).SetTasks(t.Context(), p, changes); err != nil {
			t.Fatal(err)
		}
		if got := r.twin.Requests()[twin.RouteUpdateTask]; got != want {
			t.Errorf("%d tasks are written, want %d", got, want)
		}
	}
	done, moved := connect.TaskChange{Milestone: all[0].ID, State: connect.TaskDone}, connect.TaskChange{Milestone: all[1].ID, Due: "2026-09-01"}
	set(2, done, moved, connect.TaskChange{Milestone: "milestone-none", State: connect.TaskDone})
	set(0, done, moved)
	if got := r.taskOf(t, fourWards); got.Completed != today.Format(time.RFC3339) || got.Due != four.Due || len(got.Tags) != 1 {
		t.Errorf("the one that is done is %+v", got)
	}
	if got := r.taskOf(t, allWards); got.Completed != "" || got.Due != "2026-09-01" || got.Name != wards.Name {
		t.Errorf("the one that is moved is %+v", got)
	}
	set(1, connect.TaskChange{Milestone: all[0].ID, State: connect.TaskOpen})
	if got := r.taskOf(t, fourWards); got.Completed != "" {
		t.Errorf("open again it is %+v", got)
	}
	newer := brightwater(t)
	newer.Version = 2
	for i := range newer.Items {
		if it := &newer.Items[i]; it.Kind == throughline.KindMilestone {
			it.Text, it.Due = it.Text+" Really.", "2026-09-09"
		}
	}
	r.publish(t, newer)
	if got := r.taskOf(t, allWards); got.Due != "2026-09-01" || !strings.HasSuffix(got.Name, "Really.") {
		t.Errorf("after a newer version it is %+v", got)
	}
	r.twin.Archive(four.ID)
	set(0, done)
}

// TestFollowKnows: owners are asked for once.
func TestFollowKnows(t *testing.T) {
	r := newRig(t)
	r.publish(t, brightwater(t))
	c := r.client(t)
	r.twin.Forget()
	for range 2 {
		if got, err := c.Follow(t.Context(), publication(brightwater(t))); err != nil || len(got) != 2 || got[0].Owner == "" {
			t.Fatal(got, err)
		}
	}
	if n := r.twin.Requests()[twin.RouteAdmins]; n != 1 {
		t.Errorf("asked for %d times", n)
	}
	r.twin.Withheld = []string{"admins"}
	if got := r.follow(t, publication(brightwater(t))); len(got) != 2 || got[0].Owner != "" {
		t.Errorf("where users may not be asked for: %v", got)
	}
}

// TestFollowPages: other tasks of the account, and those of another handoff, are none
// of this one's.
func TestFollowPages(t *testing.T) {
	r := newRig(t)
	r.publish(t, brightwater(t))
	r.other(t, 230)
	p := publication(brightwater(t))
	p.Key += "x"
	if got := r.follow(t, p); got != nil {
		t.Errorf("another handoff's are taken for this one's: %v", got)
	}
	r.twin.Forget()
	if got := r.follow(t, publication(brightwater(t))); len(got) != 2 || r.twin.Requests()[twin.RouteAccountTasks] != 3 {
		t.Errorf("%v, %v", got, r.twin.Requests())
	}
}

func TestFollowNothing(t *testing.T) {
	r := newRig(t)
	r.config.Tasks = false
	if got := r.follow(t, publication(brightwater(t))); got != nil || len(r.twin.Requests()) != 0 {
		t.Errorf("%v, %v", got, r.twin.Requests())
	}
}

func TestFollowFaults(t *testing.T) {
	for _, route := range []string{twin.RouteAccount, twin.RouteAccountTasks, twin.RouteAdmins} {
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
				tt.fault.Route = route
				r.twin.Fail(tt.fault)
				got, err := r.client(t).Follow(t.Context(), publication(brightwater(t)))
				var e *connect.Error
				switch {
				case tt.passes && (err != nil || len(got) != 2):
					t.Errorf("not got over: %v, %v", got, err)
				case !tt.passes && (!errors.As(err, &e) || e.Advice == "" || got != nil || strings.Contains(err.Error(), apiKey)):
					t.Errorf("%v, %v", got, err)
				}
			})
		}
	}
	r := newRig(t)
	for _, p := range []connect.Publication{{Key: "a/b", Deal: connect.Record{Account: crmAccount}}, {Key: key}} {
		var e *connect.Error
		if _, err := r.client(t).Follow(t.Context(), p); !errors.As(err, &e) || e.Advice == "" {
			t.Errorf("%+v: %v", p, err)
		}
	}
}

// TestFollowAgrees: for the company, what is followed has the ids that the team's
// milestones have.
func TestFollowAgrees(t *testing.T) {
	r := newRig(t)
	p := publication(rendertest.Handoff(t))
	p.Audience = throughline.AudienceCompany
	if _, err := r.client(t).Publish(t.Context(), p); err != nil {
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
