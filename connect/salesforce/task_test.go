package salesforce_test

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
	"throughline/connect/salesforce"
	"throughline/render"
	"throughline/render/rendertest"
	"throughline/twin/fault"
	twin "throughline/twin/salesforce"
)

// promising is a publication with two milestones, one of them without a day.
func promising(version int) connect.Publication {
	p := publication(version)
	p.Deal.CSM = "Cy@vendor.example"
	p.Handoff.Deal.Kickoff = "2026-06-08"
	said := slices.Clone(p.Handoff.Items[3].Evidence)
	said[0].Quote = "You will see the scrap."
	p.Handoff.Items = append(p.Handoff.Items, throughline.Item{
		ID: "i5", Section: throughline.SectionMilestones, Kind: throughline.KindMilestone, Text: "Scrap <i>report</i>\nin use.", Day: 60, From: throughline.FromGoLive, Evidence: said,
	})
	return p
}

// newDesk is a bench whose org gets tasks for milestones as well.
func newDesk(t *testing.T) *bench {
	t.Helper()
	b := newPress(t)
	b.config.Writing.Tasks = true
	return b
}

func (b *bench) place(t *testing.T, p connect.Publication) connect.Copy {
	t.Helper()
	c, err := b.org(t).Publish(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (b *bench) follow(t *testing.T, p connect.Publication) []connect.Followed {
	t.Helper()
	got, err := b.org(t).Follow(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// ours are the tasks that we wrote, but for those in the recycle bin.
func (b *bench) ours() []twin.Record {
	return slices.DeleteFunc(b.twin.All("Task"), func(r twin.Record) bool {
		comment, _ := r["Description"].(string)
		return !strings.HasPrefix(comment, "Written by Throughline") || r["IsDeleted"] == true
	})
}

// first is the id of the first task of ours.
func (b *bench) first(t *testing.T) string {
	t.Helper()
	id, _ := b.ours()[0]["Id"].(string)
	return id
}

func TestTasks(t *testing.T) {
	b := newDesk(t)
	b.place(t, promising(1))
	// To look, to write the file, the tasks, the fields.
	if calls := b.twin.APICalls(); calls != 4 {
		t.Errorf("%d calls, want 4", calls)
	}
	var got []twin.Record
	for _, r := range b.ours() {
		only := twin.Record{}
		for _, f := range []string{"Subject", "Description", "WhatId", "OwnerId", "ActivityDate", "Status"} {
			only[f] = r[f]
		}
		comment, _ := only["Description"].(string)
		_, only["Description"], _ = strings.Cut(comment, "\n\n")
		got = append(got, only)
	}
	const link = "\n\nOpen the handoff: https://throughline.example/h/1?a=1&b=2"
	want := []twin.Record{
		{"Subject": "Day 30: First plant live.", "Description": "First plant live." + link, "WhatId": "006000000000001AAA", "OwnerId": "005000000000002AAA", "ActivityDate": "2026-07-08", "Status": "Not Started"},
		{"Subject": "Day 60: Scrap <i>report</i> in use.", "Description": "Scrap <i>report</i> in use." + link, "WhatId": "006000000000001AAA", "OwnerId": "005000000000002AAA", "ActivityDate": nil, "Status": "Not Started"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	before := b.twin.APICalls()
	b.place(t, promising(1))
	if calls := b.twin.APICalls() - before; calls != 1 || len(b.ours()) != 2 {
		t.Errorf("%d calls, want 1 to look; %d tasks", calls, len(b.ours()))
	}
}

// TestTasksOfNobody: without a CSM whom the org knows, tasks are made all the same.
func TestTasksOfNobody(t *testing.T) {
	for name, spoil := range map[string]func(b *bench, p *connect.Publication){
		"not known": func(_ *bench, p *connect.Publication) { p.Deal.CSM = "" },
		"no user":   func(_ *bench, p *connect.Publication) { p.Deal.CSM = "o'neill@vendor.example" },
		"left": func(b *bench, _ *connect.Publication) {
			b.twin.Set("User", "005000000000002AAA", twin.Record{"IsActive": false}, time.Now())
		},
		"not shown": func(b *bench, _ *connect.Publication) { b.twin.Denied["User.Email"] = true },
		"of handoff": func(_ *bench, p *connect.Publication) {
			p.Deal.CSM, p.Handoff.Deal.CSM = "", &throughline.PersonNote{Email: "cy@vendor.example"}
		},
	} {
		b, p := newDesk(t), promising(1)
		spoil(b, &p)
		b.place(t, p)
		var want any
		if name == "of handoff" {
			want = "005000000000002AAA"
		}
		if got := b.ours(); len(got) != 2 || got[0]["OwnerId"] != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestTasksAgain: a newer version changes what it changes, and nothing of what people
// did; an older one changes nothing; what is gone says so.
func TestTasksAgain(t *testing.T) {
	b := newDesk(t)
	b.place(t, promising(1))
	second := promising(2)
	second.Handoff.Items[3].Text, second.Handoff.Items[3].Due = "First plant live, with alarms.", "2026-07-10"
	second.Handoff.Items = second.Handoff.Items[:4]
	told := func() string {
		var out []string
		for _, r := range b.ours() {
			out = append(out, fmt.Sprint(r["Subject"], " ", r["ActivityDate"]))
		}
		return strings.Join(out, "; ")
	}
	want := "Day 30: First plant live, with alarms. 2026-07-10; No longer in the handoff: Day 60: Scrap <i>report</i> in use. <nil>"
	for range 2 {
		b.place(t, second)
		if got := told(); got != want {
			t.Error(got)
		}
	}
	b.place(t, promising(1))
	if got := told(); got != want {
		t.Errorf("after a late first version: %s", got)
	}
	b.place(t, promising(3))
	if got := told(); got != "Day 30: First plant live. 2026-07-08; Day 60: Scrap <i>report</i> in use. <nil>" {
		t.Errorf("after it came back: %s", got)
	}

	b.twin.Set("Task", b.first(t), twin.Record{"ActivityDate": "2026-09-01", "OwnerId": "005000000000001AAA", "Status": "In Progress"}, time.Now())
	last := b.ours()[1]["Id"].(string)
	b.twin.Set("Task", last, twin.Record{"Status": "Completed"}, time.Now())
	fourth := promising(4)
	fourth.Handoff.Items[3].Text, fourth.Handoff.Items[3].Due, fourth.Handoff.Items[4].Text = "Changed.", "2026-07-20", "Changed, too."
	b.place(t, fourth)
	got := b.ours()[0]
	if told() != "Day 30: Changed. 2026-09-01; Day 60: Scrap <i>report</i> in use. <nil>" || got["OwnerId"] != "005000000000001AAA" || got["Status"] != "In Progress" {
		t.Errorf("%s, %v", told(), got)
	}
	b.twin.Remove("Task", b.first(t))
	fifth := promising(5)
	b.place(t, fifth)
	if len(b.ours()) != 1 {
		t.Errorf("what people deleted is there again: %s", told())
	}
}

// TestTaskFaults: after each fault a second try ends with one task for each milestone,
// of the newest version.
func TestTaskFaults(t *testing.T) {
	const writing, looking = "/services/data/v68.0/sobjects/Task", "FROM+Task"
	for name, tt := range map[string]struct {
		path   string
		times  int
		fault  fault.Fault
		passes bool
	}{
		"reset":                      {writing, 1, fault.Fault{Reset: true}, true},
		"reset, stored":              {writing, 1, fault.Fault{Reset: true, Stored: true}, true},
		"500":                        {writing, 1, fault.Fault{Status: 500}, true},
		"503 with code, stored":      {writing, 1, fault.Fault{Status: 503, Code: "SERVER_UNAVAILABLE", Message: "busy", Stored: true}, true},
		"500 for ever":               {writing, 99, fault.Fault{Status: 500}, false},
		"cut":                        {writing, 1, fault.Fault{Cut: 20}, true},
		"session ended":              {writing, 1, fault.Fault{Status: 401, Code: "INVALID_SESSION_ID", Message: "Session expired or invalid"}, true},
		"quota":                      {writing, 1, fault.Fault{Status: 403, Code: "REQUEST_LIMIT_EXCEEDED", Message: "TotalRequests Limit exceeded."}, false},
		"looking: 500 over and over": {looking, 99, fault.Fault{Status: 500}, false},
		"looking: 500":               {looking, 1, fault.Fault{Status: 500}, true},
	} {
		t.Run(name, func(t *testing.T) {
			for _, published := range []bool{false, true} {
				b := newDesk(t)
				b.config.HTTP = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
				p := promising(1)
				if published {
					b.place(t, p)
					p = promising(2)
					p.Handoff.Items[3].Text, p.Handoff.Items[4].Text = "Changed.", "Changed, too."
				}
				b.twin.Order(tt.path, tt.times, tt.fault)
				_, err := b.org(t).Publish(t.Context(), p)
				var e *connect.Error
				switch {
				case tt.passes && err != nil:
					t.Errorf("not got over: %v", err)
				case !tt.passes && (!errors.As(err, &e) || e.Advice == ""):
					t.Errorf("the error is %v", err)
				}
				b.twin.Heal()
				b.place(t, p)
				tasks := b.ours()
				if len(tasks) != 2 || published && tasks[0]["Subject"] != "Day 30: Changed." {
					t.Errorf("the tasks are %v", tasks)
				}
				for _, secret := range []string{"plant", plantedSecret, "throughline.example", "cy@vendor"} {
					if strings.Contains(strings.ToLower(b.log.String()), secret) {
						t.Errorf("the log tells %q", secret)
					}
				}
			}
		})
	}
}

// TestTasksRefused: a task that is refused keeps neither the file and its fields nor
// the other tasks from being written.
func TestTasksRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		spoil func(b *bench)
		want  string
	}{
		"no create": {func(b *bench) { b.twin.NoCreate["Task"] = true }, "Edit Tasks"},
		"no tasks":  {func(b *bench) { b.twin.Denied["Task"] = true }, "user Read on the object"},
		"a rule":    {func(b *bench) { b.twin.Rules["Task"] = "Not on Mondays, " + teamsWords }, "validation rule"},
	} {
		b := newDesk(t)
		tt.spoil(b)
		c, err := b.org(t).Publish(t.Context(), promising(1))
		var e *connect.Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), teamsWords) {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(one(1), b.copies()); diff != "" || c.ID == "" {
			t.Errorf("%s: %s %+v", name, diff, c)
		}
	}
	b, p := newDesk(t), promising(1)
	for i := range 40 { // more than one request holds
		it := p.Handoff.Items[4]
		it.Evidence = slices.Clone(it.Evidence)
		it.Evidence[0].Quote += fmt.Sprint(i)
		p.Handoff.Items = append(p.Handoff.Items, it)
	}
	b.place(t, p)
	if n := len(b.ours()); n != 42 {
		t.Errorf("%d tasks of 42", n)
	}
}

// TestTasksRemoved: tasks go with the file, and come again with it.
func TestTasksRemoved(t *testing.T) {
	b := newDesk(t)
	other := promising(1)
	other.Key = "deal-2"
	b.place(t, other)
	c := b.place(t, promising(1))
	for range 2 {
		if err := b.org(t).Remove(t.Context(), c.ID); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(b.ours()); n != 2 || len(b.follow(t, promising(1))) != 0 || len(b.follow(t, other)) != 2 {
		t.Errorf("%d tasks are left", n)
	}
	b.place(t, promising(1))
	if n := len(b.ours()); n != 4 {
		t.Errorf("%d tasks after it was published again", n)
	}
	b = newDesk(t)
	c = b.place(t, promising(1))
	b.twin.Order("FROM+Task", 99, fault.Fault{Status: 500})
	if err := b.org(t).Remove(t.Context(), c.ID); err == nil || b.copies().Documents != 1 {
		t.Errorf("the file is gone before its tasks: %v", err)
	}
	b.twin.Heal()
	b.twin.Denied["Task"] = true
	if err := b.org(t).Remove(t.Context(), c.ID); err != nil || b.copies().Documents != 0 {
		t.Errorf("where tasks can't be seen: %v", err)
	}
}

// TestFollow: what people did to a task is told, whatever a newer version changes.
func TestFollow(t *testing.T) {
	b := newDesk(t)
	now := time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC)
	b.twin.Now, b.config.Now = func() time.Time { return now }, func() time.Time { return now }
	p := promising(1)
	b.place(t, p)
	all := connect.Milestones(p.Handoff)
	page := func(i int) string { return b.config.Login + "/" + b.ours()[i]["Id"].(string) }
	want := []connect.Followed{
		{Milestone: all[0].ID, At: now, Due: "2026-07-08", Owner: "cy@vendor.example", URL: page(0)},
		{Milestone: all[1].ID, At: now, Owner: "cy@vendor.example", URL: page(1)},
	}
	before := b.twin.APICalls()
	if diff := cmp.Diff(want, b.follow(t, p)); diff != "" {
		t.Errorf("as they were made: %s", diff)
	}
	if calls := b.twin.APICalls() - before; calls != 2 {
		t.Errorf("%d calls, want 2", calls)
	}
	completed, changed := now.Add(time.Hour), now.Add(2*time.Hour)
	first, second := b.first(t), b.ours()[1]["Id"].(string)
	b.twin.Set("Task", first, twin.Record{"Status": "Completed"}, completed)
	b.twin.Set("Task", first, twin.Record{"Priority": "High", "IsArchived": true}, changed)
	b.twin.Set("Task", second, twin.Record{"ActivityDate": "2026-09-01", "OwnerId": "005000000000001AAA"}, changed)
	want[0].Done, want[0].At = true, completed
	want[1].At, want[1].Due, want[1].Owner = changed, "2026-09-01", "ann@vendor.example"
	if diff := cmp.Diff(want, b.follow(t, p)); diff != "" {
		t.Errorf("after people: %s", diff)
	}
	now = now.Add(3 * time.Hour)
	newer := promising(2)
	newer.Handoff.Items[3].Text, newer.Handoff.Items[4].Text, newer.Handoff.Items[4].Due = "Changed.", "Changed, too.", "2026-08-20"
	b.place(t, newer)
	want[1].At = now
	if diff := cmp.Diff(want, b.follow(t, newer)); diff != "" {
		t.Errorf("after a newer version: %s", diff)
	}
	b.twin.Denied["Task.CompletedDateTime"] = true
	want[0].At = changed
	if diff := cmp.Diff(want, b.follow(t, newer)); diff != "" {
		t.Errorf("where it is hidden when they were completed: %s", diff)
	}
	b.twin.Denied["Task.CompletedDateTime"], b.twin.Denied["User"] = false, true
	if got := b.follow(t, newer); len(got) != 2 || got[0].Owner != "" {
		t.Errorf("where users are hidden: %v", got)
	}
	b.twin.Remove("Task", first)
	if got := b.follow(t, newer); len(got) != 1 || got[0].Milestone != all[1].ID {
		t.Errorf("after one was deleted: %v", got)
	}
}

// TestSetTasks: a task is completed, opened and moved by the org's own statuses, once,
// and a later version of the handoff leaves that as it is.
func TestSetTasks(t *testing.T) {
	b := newDesk(t)
	p := promising(1)
	b.place(t, p)
	all := connect.Milestones(p.Handoff)
	first, second := b.first(t), b.ours()[1]["Id"].(string)
	set := func(changes ...connect.TaskChange) {
		t.Helper()
		if err := b.org(t).SetTasks(t.Context(), p, changes); err != nil {
			t.Fatal(err)
		}
	}
	state := func(what string, want ...any) {
		t.Helper()
		one, two := b.twin.Get("Task", first), b.twin.Get("Task", second)
		if diff := cmp.Diff(want, []any{one["Status"], one["IsClosed"], one["ActivityDate"], two["Status"], two["ActivityDate"]}); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	state("as they were made", "Not Started", false, "2026-07-08", "Not Started", nil)
	set(connect.TaskChange{Milestone: all[0].ID, State: connect.TaskDone}, connect.TaskChange{Milestone: all[1].ID, Due: "2026-09-01"}, connect.TaskChange{Milestone: "milestone-none", State: connect.TaskDone})
	state("one done, one moved", "Completed", true, "2026-07-08", "Not Started", "2026-09-01")
	before := b.twin.APICalls()
	set(connect.TaskChange{Milestone: all[0].ID, State: connect.TaskDone}, connect.TaskChange{Milestone: all[1].ID, Due: "2026-09-01"})
	if calls := b.twin.APICalls() - before; calls != 1 {
		t.Errorf("what stands so already takes %d calls, want 1", calls)
	}
	b.twin.Put("TaskStatus", twin.Record{"ApiName": "Agreed", "MasterLabel": "Done & agreed", "SortOrder": 0, "IsDefault": false, "IsClosed": true})
	set(connect.TaskChange{Milestone: all[0].ID, State: connect.TaskOpen, Due: "2026-07-10"}, connect.TaskChange{Milestone: all[1].ID, State: connect.TaskDone})
	state("the org has a status of its own", "Not Started", false, "2026-07-10", "Agreed", "2026-09-01")
	newer := promising(2)
	newer.Handoff.Items[3].Text, newer.Handoff.Items[4].Text, newer.Handoff.Items[3].Due = "Changed.", "Changed, too.", "2026-08-20"
	b.place(t, newer)
	state("a newer version", "Not Started", false, "2026-07-10", "Agreed", "2026-09-01")
	b.twin.Denied["TaskStatus"] = true
	set(connect.TaskChange{Milestone: all[0].ID, State: connect.TaskDone})
	state("where statuses are hidden", "Completed", true, "2026-07-10", "Agreed", "2026-09-01")

	b.twin.Remove("Task", second)
	set(connect.TaskChange{Milestone: all[1].ID, Due: "2026-10-01"})
	state("of a deleted one nothing", "Completed", true, "2026-07-10", "Agreed", "2026-09-01")
	b.twin.NoEdit["Task.Status"] = true
	err := b.org(t).SetTasks(t.Context(), p, []connect.TaskChange{{Milestone: all[0].ID, State: connect.TaskOpen}})
	if e, ok := errors.AsType[*connect.Error](err); !ok || e.Advice == "" || strings.Contains(e.Error(), "scrap") {
		t.Errorf("where it may not be set: %v", err)
	}
	p.Deal.ID = "001"
	if err := b.org(t).SetTasks(t.Context(), p, nil); err == nil {
		t.Error("an id that is no opportunity's is taken")
	}
}

// TestFollowPages: other tasks of the opportunity, and those of another handoff, are
// none of this one's.
func TestFollowPages(t *testing.T) {
	b := newDesk(t)
	b.twin.PageSize = 20
	p := promising(1)
	b.place(t, p)
	for i := range 50 {
		b.twin.Put("Task", twin.Record{"WhatId": "006000000000001AAA", "Subject": fmt.Sprint(i), "Description": "As agreed:\n" + b.ours()[0]["Description"].(string)})
	}
	if got := b.follow(t, p); len(got) != 2 {
		t.Errorf("followed are %v", got)
	}
	p.Key = "deal-11"
	if got := b.follow(t, p); got != nil {
		t.Errorf("another handoff's are taken for this one's: %v", got)
	}
}

func TestFollowNothing(t *testing.T) {
	for name, spoil := range map[string]func(b *bench, p *connect.Publication){
		"not published": func(b *bench, _ *connect.Publication) { b.config.Writing = nil },
		"no tasks":      func(b *bench, _ *connect.Publication) { b.config.Writing = &salesforce.Writing{} },
		"the customer":  func(_ *bench, p *connect.Publication) { p.Audience = throughline.AudienceCustomer },
	} {
		b, p := newDesk(t), promising(1)
		spoil(b, &p)
		if got := b.follow(t, p); got != nil || len(b.twin.Calls()) != 0 {
			t.Errorf("%s: %v, %v", name, got, b.twin.Calls())
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
		"tasks: 500":      {"FROM+Task", 1, fault.Fault{Status: 500}, true},
		"tasks: for ever": {"FROM+Task", 99, fault.Fault{Status: 502}, false},
		"tasks: cut":      {"FROM+Task", 1, fault.Fault{Cut: 20}, true},
		"owners: reset":   {"FROM+User", 1, fault.Fault{Reset: true}, true},
		"owners: quota":   {"FROM+User", 1, fault.Fault{Status: 403, Code: "REQUEST_LIMIT_EXCEEDED", Message: "TotalRequests Limit exceeded."}, false},
		"token":           {"oauth2", 99, fault.Fault{Status: 503}, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := newDesk(t)
			b.config.HTTP = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			b.place(t, promising(1))
			b.twin.Order(tt.path, tt.times, tt.fault)
			got, err := b.org(t).Follow(t.Context(), promising(1))
			var e *connect.Error
			switch {
			case tt.passes && (err != nil || len(got) != 2):
				t.Errorf("not got over: %v, %v", got, err)
			case !tt.passes && (!errors.As(err, &e) || e.Advice == "" || got != nil || strings.Contains(err.Error(), plantedSecret)):
				t.Errorf("%v, %v", got, err)
			}
		})
	}
	b := newDesk(t)
	b.twin.Denied["Task.Description"] = true
	for _, p := range []connect.Publication{promising(1), {Key: "a/b", Deal: promising(1).Deal}, {Key: "a", Deal: connect.Record{ID: "001000000000001AAA"}}} {
		var e *connect.Error
		if _, err := b.org(t).Follow(t.Context(), p); !errors.As(err, &e) || e.Advice == "" {
			t.Errorf("%s, %s: %v", p.Key, p.Deal.ID, err)
		}
	}
}

// TestFollowAgrees: for the company, what is followed has the ids that the team's
// milestones have.
func TestFollowAgrees(t *testing.T) {
	b := newDesk(t)
	p := publication(1)
	p.Handoff, p.Audience = rendertest.Handoff(t), throughline.AudienceCompany
	b.place(t, p)
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
