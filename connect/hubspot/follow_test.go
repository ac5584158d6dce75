package hubspot_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline"
	"throughline/connect"
	"throughline/connect/hubspot"
	"throughline/render"
	"throughline/render/rendertest"
	"throughline/twin/fault"
	twin "throughline/twin/hubspot"
)

func (b *bench) follow(t *testing.T, pub connect.Publication) []connect.Followed {
	t.Helper()
	got, err := b.portal(t).Follow(t.Context(), pub)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestFollow: what people did to a task is told, whatever a newer version changes.
func TestFollow(t *testing.T) {
	b := newPress(t)
	b.publish(t, 1)
	tasks := b.written("tasks", "hs_task_body")
	all := connect.Milestones(publication(1).Handoff)
	at := func(i int) string { return "https://app.hubspot.com/contacts/4242/record/0-27/" + tasks[i]["id"] }
	want := []connect.Followed{
		{Milestone: all[0].ID, At: start, Due: "2026-07-08", Owner: "cy@vendor.example", URL: at(0)},
		{Milestone: all[1].ID, At: start, Due: "2026-08-07", Owner: "cy@vendor.example", URL: at(1)},
	}
	before := b.calls()
	if diff := cmp.Diff(want, b.follow(t, publication(1))); diff != "" {
		t.Errorf("as they were made: %s", diff)
	}
	if calls := b.calls() - before; calls != 3 {
		t.Errorf("%d calls, want 3: the deal, its tasks, the owners", calls)
	}
	completed, moved := start.Add(time.Hour), start.Add(2*time.Hour)
	b.twin.Set("tasks", tasks[0]["id"], twin.Record{"hs_task_status": "COMPLETED"}, completed)
	b.twin.Set("tasks", tasks[0]["id"], twin.Record{"hs_task_priority": "HIGH"}, moved)
	b.twin.Set("tasks", tasks[1]["id"], twin.Record{"hs_timestamp": "2026-09-01T07:00:00Z", "hubspot_owner_id": "3", "hs_task_status": "IN_PROGRESS"}, moved)
	want[0].Done, want[0].At = true, completed
	want[1].At, want[1].Due, want[1].Owner = moved, "2026-09-01", "left@vendor.example"
	if diff := cmp.Diff(want, b.follow(t, publication(1))); diff != "" {
		t.Errorf("after people: %s", diff)
	}
	newer := publication(2)
	newer.Handoff.Items[3].Text, newer.Handoff.Items[4].Text, newer.Handoff.Items[4].Due = "Changed.", "Changed, too.", "2026-08-20"
	b.set(start.Add(3 * time.Hour))
	if _, err := b.portal(t).Publish(t.Context(), newer); err != nil {
		t.Fatal(err)
	}
	want[1].At = b.now()
	if diff := cmp.Diff(want, b.follow(t, newer)); diff != "" {
		t.Errorf("after a newer version: %s", diff)
	}
	if s := b.written("tasks", "hs_task_body")[1]["hs_task_subject"]; s != "Day 60: Changed, too." {
		t.Errorf("the newer version's task is %q", s)
	}
	b.twin.Archive("tasks", tasks[0]["id"])
	if diff := cmp.Diff(want[1:], b.follow(t, newer)); diff != "" {
		t.Errorf("after one was deleted: %s", diff)
	}
}

// TestSetTasks: a task is completed, opened and moved, once, and a later version of the
// handoff leaves that as it is.
func TestSetTasks(t *testing.T) {
	b := newPress(t)
	b.publish(t, 1)
	all := connect.Milestones(publication(1).Handoff)
	set := func(want int, changes ...connect.TaskChange) {
		t.Helper()
		before := b.calls()
		if err := b.portal(t).SetTasks(t.Context(), publication(1), changes); err != nil {
			t.Fatal(err)
		}
		if calls := b.calls() - before; calls != want {
			t.Errorf("%d calls, want %d", calls, want)
		}
	}
	state := func(what string, want ...string) {
		t.Helper()
		tasks := b.written("tasks", "hs_task_body")
		got := []string{tasks[0]["hs_task_status"], tasks[0]["hs_timestamp"][:10], tasks[1]["hs_task_status"], tasks[1]["hs_timestamp"][:10]}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	done, moved := connect.TaskChange{Milestone: all[0].ID, State: connect.TaskDone}, connect.TaskChange{Milestone: all[1].ID, Due: "2026-09-01"}
	set(3, done, moved, connect.TaskChange{Milestone: "milestone-none", State: connect.TaskDone})
	state("one done, one moved", "COMPLETED", "2026-07-08", "NOT_STARTED", "2026-09-01")
	set(2, done, moved)
	set(3, connect.TaskChange{Milestone: all[0].ID, State: connect.TaskOpen})
	state("open again", "NOT_STARTED", "2026-07-08", "NOT_STARTED", "2026-09-01")
	newer := publication(2)
	newer.Handoff.Items[4].Text, newer.Handoff.Items[4].Due = "Changed, too.", "2026-08-20"
	if _, err := b.portal(t).Publish(t.Context(), newer); err != nil {
		t.Fatal(err)
	}
	state("a newer version", "NOT_STARTED", "2026-07-08", "NOT_STARTED", "2026-09-01")
	b.twin.Archive("tasks", b.written("tasks", "hs_task_body")[0]["id"])
	set(2, done)
	pub := publication(1)
	pub.Deal.ID = "../1"
	if err := b.portal(t).SetTasks(t.Context(), pub, nil); err == nil {
		t.Error("an id that is no deal's is taken")
	}
}

// TestFollowOnlyOurs: other tasks of the deal, and those of another handoff, are none
// of this one's.
func TestFollowOnlyOurs(t *testing.T) {
	b := newPress(t)
	b.twin.AssociationPage = 2
	p := publication(1)
	p.Key = "deal-2"
	if _, err := b.portal(t).Publish(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	for i := range 120 {
		b.twin.Associate("tasks", b.twin.Put("tasks", twin.Record{"hs_task_subject": fmt.Sprint(i), "hs_timestamp": "2026-06-01T09:00:00Z"}), "deals", deal, "")
	}
	if got := b.follow(t, publication(1)); got != nil {
		t.Errorf("another handoff's are taken for this one's: %v", got)
	}
	b.publish(t, 1)
	if got := b.follow(t, publication(1)); len(got) != 2 {
		t.Errorf("followed are %v", got)
	}
}

func TestFollowNothing(t *testing.T) {
	for name, spoil := range map[string]func(b *bench, p *connect.Publication){
		"not published": func(b *bench, _ *connect.Publication) { b.config.Writing = nil },
		"no tasks":      func(b *bench, _ *connect.Publication) { b.config.Writing = &hubspot.Writing{} },
		"the customer":  func(_ *bench, p *connect.Publication) { p.Audience = throughline.AudienceCustomer },
	} {
		b, p := newPress(t), publication(1)
		spoil(b, &p)
		if got := b.follow(t, p); got != nil || b.calls() != 0 {
			t.Errorf("%s: %v, %d calls", name, got, b.calls())
		}
	}
}

func TestFollowFaults(t *testing.T) {
	for name, tt := range map[string]struct {
		path   string
		times  int
		fault  fault.Fault
		passes bool
	}{
		"deal: 500":            {"GET /crm/objects/2026-09/deals", 1, fault.Fault{Status: 500}, true},
		"deal: for ever":       {"GET /crm/objects/2026-09/deals", 99, fault.Fault{Status: 502}, false},
		"tasks: reset":         {"tasks/batch/read", 1, fault.Fault{Reset: true}, true},
		"tasks: cut":           {"tasks/batch/read", 1, fault.Fault{Cut: 20}, true},
		"tasks: refused":       {"tasks/batch/read", 1, fault.Fault{Status: 403, Code: "MISSING_SCOPES"}, false},
		"owners: too many":     {"/crm/owners", 1, fault.Fault{Status: 429, Code: "TEN_SECONDLY_ROLLING"}, true},
		"owners: for ever":     {"/crm/owners", 99, fault.Fault{Status: 503}, false},
		"the token is refused": {"/crm/", 1, fault.Fault{Status: 401, Code: "EXPIRED_AUTHENTICATION"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := newPress(t)
			b.config.HTTP = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			b.publish(t, 1)
			b.twin.Order(tt.path, tt.times, tt.fault)
			got, err := b.portal(t).Follow(t.Context(), publication(1))
			var e *connect.Error
			switch {
			case tt.passes && (err != nil || len(got) != 2):
				t.Errorf("not got over: %v, %v", got, err)
			case !tt.passes && (!errors.As(err, &e) || e.Advice == "" || got != nil || strings.Contains(err.Error(), plantedSecret)):
				t.Errorf("%v, %v", got, err)
			}
		})
	}
	b := newPress(t)
	b.publish(t, 1)
	b.twin.Withheld["crm.objects.owners.read"] = true
	if got := b.follow(t, publication(1)); len(got) != 2 || got[0].Owner != "" {
		t.Errorf("without the right to read owners: %v", got)
	}
	for _, p := range []connect.Publication{{Key: "a/b", Deal: connect.Record{ID: deal}}, {Key: "a", Deal: connect.Record{ID: "../1"}}} {
		var e *connect.Error
		if _, err := b.portal(t).Follow(t.Context(), p); !errors.As(err, &e) || e.Advice == "" {
			t.Errorf("%+v: %v", p, err)
		}
	}
}

// TestFollowAgrees: for the company, what is followed has the ids that the team's
// milestones have, and nothing in it is a text.
func TestFollowAgrees(t *testing.T) {
	b := newPress(t)
	p := publication(1)
	p.Handoff, p.Audience = rendertest.Handoff(t), throughline.AudienceCompany
	if _, err := b.portal(t).Publish(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	var team []string
	for _, m := range connect.Milestones(p.Handoff) {
		team = append(team, m.ID)
	}
	got := b.follow(t, p)
	for _, f := range got {
		if !slices.Contains(team, f.Milestone) {
			t.Errorf("%s is none of the team's %v", f.Milestone, team)
		}
	}
	if n := len(connect.Milestones(render.For(p.Handoff, p.Audience))); len(got) != n || n == 0 {
		t.Errorf("%d are followed of %d", len(got), n)
	}
}
