package hubspot_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"throughline"
	"throughline/connect"
	"throughline/connect/hubspot"
	"throughline/folder"
	"throughline/render/rendertest"
	"throughline/twin/fault"
	twin "throughline/twin/hubspot"
)

// only the team may read these words.
const teamsWords = "over-promised-latency"

// handoff is one of a version, with something for each audience.
func handoff(version int) *throughline.Handoff {
	said := []throughline.Evidence{{Source: "c1", Ref: "c1.1", Quote: "We key it in by hand.", Speaker: "Bo Karlsson", Side: throughline.SideCustomer, Match: throughline.MatchExact}}
	return &throughline.Handoff{
		Schema: throughline.Schema, Version: version, Status: throughline.StatusPublished, Audience: throughline.AudienceTeam, Language: "en",
		Deal:        throughline.Header{ID: "d", Name: "Buyer - Tool", Customer: throughline.Company{Name: "Buyer"}, Seller: throughline.Company{Name: "Vendor"}, Close: "2026-05-29"},
		GeneratedAt: time.Date(2026, 5, 30, 8, 0, 0, 0, time.UTC), Review: throughline.Review{State: throughline.NotReviewed},
		Items: []throughline.Item{
			{ID: "use_case-1", Section: throughline.SectionDealShape, Kind: throughline.KindUseCase, Text: "Load pump readings <b>every</b> night.", Evidence: said},
			{ID: "use_case-2", Section: throughline.SectionDealShape, Kind: throughline.KindUseCase, Text: "Report on scrap.", Evidence: said},
			{ID: "stretch-1", Section: throughline.SectionContext, Kind: throughline.KindStretch, Text: teamsWords, Promise: teamsWords, Evidence: said},
			{ID: "milestone-1", Section: throughline.SectionMilestones, Kind: throughline.KindMilestone, Text: "First plant live.", Day: 30, Due: "2026-07-08", From: throughline.FromKickoff, Evidence: said},
			{ID: "milestone-2", Section: throughline.SectionMilestones, Kind: throughline.KindMilestone, Text: "Scrap report <i>in</i> use.", Day: 60, Due: "2026-08-07", From: throughline.FromKickoff, Evidence: said},
			{ID: "milestone-3", Section: throughline.SectionMilestones, Kind: throughline.KindMilestone, Text: "Some day all plants.", Day: 90, Evidence: said},
		},
	}
}

func publication(version int) connect.Publication {
	return connect.Publication{
		Key: "deal-1", Deal: connect.Record{ID: deal, Account: "500", Name: "Buyer - Tool", CSM: "cy@vendor.example"},
		Handoff: handoff(version), Link: "https://throughline.example/h/1?a=1&b=2",
	}
}

// newPress is a bench whose account is published to, with tasks and every property.
func newPress(t *testing.T) *bench {
	t.Helper()
	b := newBench(t)
	b.small(t)
	for _, p := range []twin.Property{
		{Name: "handoff_link", Type: "string"},
		{Name: "handoff_status", Type: "enumeration", Options: []twin.Option{{Label: "Draft", Value: "d"}, {Label: "Published", Value: "p"}}},
		{Name: "handoff_version", Type: "number"},
		{Name: "handed_off", Type: "datetime"},
		{Name: "handoff_summary", Type: "string"},
	} {
		b.twin.Define("deals", p)
	}
	b.config.Writing = &hubspot.Writing{Tasks: true, Fields: map[hubspot.Value]string{
		hubspot.ValueLink: "handoff_link", hubspot.ValueStatus: "handoff_status", hubspot.ValueVersion: "handoff_version",
		hubspot.ValuePublished: "handed_off", hubspot.ValueSummary: "handoff_summary",
	}}
	return b
}

func (b *bench) publish(t *testing.T, version int) connect.Copy {
	t.Helper()
	c, err := b.portal(t).Publish(t.Context(), publication(version))
	if err != nil {
		t.Fatalf("publishing version %d: %v", version, err)
	}
	return c
}

// notes and tasks are those that we wrote, in the account.
func (b *bench) written(kind, body string) []twin.Record {
	var out []twin.Record
	for _, r := range b.twin.All(kind) {
		if strings.Contains(r[body], "throughline-") {
			out = append(out, r)
		}
	}
	return out
}

// copies are what the account holds of the handoff, counted.
type copies struct {
	Notes, NotesOfDeal, Tasks, TasksOfDeal int
	InNote, OnDeal                         string // versions
}

func (b *bench) copies() copies {
	notes, tasks := b.written("notes", "hs_note_body"), b.written("tasks", "hs_task_body")
	out := copies{Notes: len(notes), Tasks: len(tasks), OnDeal: b.twin.Get("deals", deal)["handoff_version"]}
	for _, n := range notes {
		out.NotesOfDeal += strings.Count(strings.Join(b.twin.Linked("notes", n["id"], "deals"), " "), deal)
		_, after, _ := strings.Cut(n["hs_note_body"], "throughline-deal-1.v")
		out.InNote, _, _ = strings.Cut(after, ".")
	}
	for _, r := range tasks {
		out.TasksOfDeal += strings.Count(strings.Join(b.twin.Linked("tasks", r["id"], "deals"), " "), deal)
	}
	return out
}

func one(version int) copies {
	v := fmt.Sprint(version)
	return copies{Notes: 1, NotesOfDeal: 1, Tasks: 2, TasksOfDeal: 2, InNote: v, OnDeal: v}
}

func TestPublish(t *testing.T) {
	b := newPress(t)
	c := b.publish(t, 1)
	if !c.Made || c.URL != "https://app.hubspot.com/contacts/4242/record/0-3/"+deal {
		t.Errorf("the copy is %+v", c)
	}
	if diff := cmp.Diff(one(1), b.copies()); diff != "" {
		t.Fatal(diff)
	}
	// To look: the deal, its notes, its tasks. To write: the note, the owner of the
	// tasks, the tasks, what properties there are, the properties.
	if calls := b.calls(); calls != 8 {
		t.Errorf("%d calls, want 8", calls)
	}
	note := b.twin.Get("notes", c.ID)["hs_note_body"]
	for _, want := range []string{
		"<p>Written by Throughline (throughline.handoff/v1). Reference: throughline-deal-1.v1.", `<p><a href="https://throughline.example/h/1?a=1&amp;b=2">Open the handoff</a></p>`,
		"Load pump readings &lt;b&gt;every&lt;/b&gt; night.", "First plant live.", "We key it in by hand.", "Buyer",
	} {
		if !strings.Contains(note, want) {
			t.Errorf("the note does not hold %q: %s", want, note)
		}
	}
	if strings.Contains(note, teamsWords) || strings.Contains(note, "<b>") {
		t.Errorf("the note is %s", note)
	}
	var tasks []twin.Record
	for _, r := range b.written("tasks", "hs_task_body") {
		if !strings.HasPrefix(r["hs_task_body"], "<p>Written by Throughline (throughline.handoff/v1). Reference: throughline-deal-1/milestone-") {
			t.Errorf("the task holds %s", r["hs_task_body"])
		}
		tasks = append(tasks, twin.Record{"subject": r["hs_task_subject"], "due": r["hs_timestamp"], "status": r["hs_task_status"], "owner": r["hubspot_owner_id"]})
	}
	wantTasks := []twin.Record{
		{"subject": "Day 30: First plant live.", "due": "2026-07-08T12:00:00Z", "status": "NOT_STARTED", "owner": "2"},
		{"subject": "Day 60: Scrap report <i>in</i> use.", "due": "2026-08-07T12:00:00Z", "status": "NOT_STARTED", "owner": "2"},
	}
	if diff := cmp.Diff(wantTasks, tasks); diff != "" {
		t.Error(diff)
	}
	got := b.twin.Get("deals", deal)
	for name, want := range map[string]string{
		"handoff_link": "https://throughline.example/h/1?a=1&b=2", "handoff_status": "p", "handoff_version": "1", "handed_off": "2026-06-01T09:00:00.000Z",
		"handoff_summary": "Load pump readings <b>every</b> night; Report on scrap",
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
}

// TestPublishAgain: the same again changes nothing and takes three calls; a newer
// version changes the note and the tasks; an older one changes nothing.
func TestPublishAgain(t *testing.T) {
	b := newPress(t)
	p := b.portal(t)
	publish := func(pub connect.Publication) (connect.Copy, int) {
		t.Helper()
		before := b.calls()
		c, err := p.Publish(t.Context(), pub)
		if err != nil {
			t.Fatal(err)
		}
		return c, b.calls() - before
	}
	first, _ := publish(publication(1))
	b.set(b.now().Add(10 * time.Minute))
	again, calls := publish(publication(1))
	if again.Made || again.ID != first.ID || calls != 3 {
		t.Errorf("the copy is %+v, %d calls", again, calls)
	}
	newer := publication(2)
	newer.Handoff.Items[3].Text = "First plant live, with alarms."
	second, calls := publish(newer)
	if second.Made || second.ID != first.ID || calls != 6 {
		t.Errorf("the second version's copy is %+v, %d calls, want the note, the tasks and the deal changed", second, calls)
	}
	if diff := cmp.Diff(one(2), b.copies()); diff != "" {
		t.Error(diff)
	}
	if at := b.twin.Get("notes", first.ID)["hs_timestamp"]; at != "2026-06-01T09:10:00.000Z" || b.twin.Get("deals", deal)["handed_off"] != at {
		t.Errorf("the note stands at %s, the deal says %s", at, b.twin.Get("deals", deal)["handed_off"])
	}
	if s := b.written("tasks", "hs_task_body")[0]["hs_task_subject"]; s != "Day 30: First plant live, with alarms." {
		t.Errorf("the task is %q", s)
	}
	late, calls := publish(publication(1))
	if late.ID != first.ID || late.Made || calls != 3 {
		t.Errorf("the late first version's copy is %+v, %d calls", late, calls)
	}
	if diff := cmp.Diff(one(2), b.copies()); diff != "" {
		t.Errorf("after the late first version: %s", diff)
	}
}

// TestPublishedByPeople: what people do to note and tasks makes no second ones, and is
// not undone.
func TestPublishedByPeople(t *testing.T) {
	b := newPress(t)
	first := b.publish(t, 1)
	tasks := b.written("tasks", "hs_task_body")
	b.twin.Set("tasks", tasks[0]["id"], twin.Record{"hs_task_status": "COMPLETED"}, b.now())
	b.twin.Set("tasks", tasks[1]["id"], twin.Record{"hs_timestamp": "2026-09-01T12:00:00Z"}, b.now()) // put off
	// HubSpot's editor puts a text into elements of its own.
	b.twin.Set("notes", first.ID, twin.Record{
		"hs_note_body": `<div style="" dir="auto" data-top-level="true"><p style="margin:0;">` + strings.TrimPrefix(b.twin.Get("notes", first.ID)["hs_note_body"], "<p>") + `<p>Thanks!</p></div>`,
	}, b.now())
	b.twin.Associate("notes", b.twin.Put("notes", twin.Record{"hs_note_body": "<p>See below</p>" + b.twin.Get("notes", first.ID)["hs_note_body"], "hs_timestamp": "2026-06-01T09:00:00Z"}), "deals", deal, "")
	if again := b.publish(t, 1); again.ID != first.ID || again.Made {
		t.Errorf("the copy is %+v", again)
	}
	if !strings.Contains(b.twin.Get("notes", first.ID)["hs_note_body"], "Thanks!") {
		t.Error("what people wrote is gone, without a newer version")
	}
	p := publication(2)
	p.Handoff.Items[3].Text, p.Handoff.Items[3].Due = "Changed.", "2026-07-09"
	second, err := b.portal(t).Publish(t.Context(), p)
	if err != nil || second.ID != first.ID {
		t.Errorf("the copy is %+v, %v", second, err)
	}
	now := b.written("tasks", "hs_task_body")
	if now[0]["hs_task_subject"] != tasks[0]["hs_task_subject"] || now[1]["hs_timestamp"] != "2026-09-01T12:00:00Z" || len(now) != 2 {
		t.Errorf("the tasks are %v", now)
	}
}

// TestTwoNotes: should there be two notes with the key, the one that was made first
// counts.
func TestTwoNotes(t *testing.T) {
	b := newPress(t)
	first := b.publish(t, 1)
	body := b.twin.Get("notes", first.ID)["hs_note_body"]
	second := b.twin.Put("notes", twin.Record{"hs_note_body": body, "hs_timestamp": "2026-05-01T09:00:00Z"})
	b.twin.Associate("notes", second, "deals", deal, "")
	if c := b.publish(t, 2); c.ID != first.ID || b.twin.Get("notes", second)["hs_note_body"] != body {
		t.Errorf("%+v was changed, not %s", c, first.ID)
	}
}

// TestMilestonesGo: the task of a milestone that is gone says so, once, and is as it
// was where the milestone comes back.
func TestMilestonesGo(t *testing.T) {
	b := newPress(t)
	b.publish(t, 1)
	p := publication(2)
	p.Handoff.Items = slices.Delete(p.Handoff.Items, 4, 5)
	portal := b.portal(t)
	for try := range 2 {
		before := b.calls()
		if _, err := portal.Publish(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		if calls := b.calls() - before; try == 1 && calls != 3 {
			t.Errorf("%d calls the second time, want 3 to look", calls)
		}
	}
	subjects := func() string {
		var out []string
		for _, r := range b.written("tasks", "hs_task_body") {
			out = append(out, r["hs_task_subject"])
		}
		return strings.Join(out, "; ")
	}
	if got := subjects(); got != "Day 30: First plant live.; No longer in the handoff: Day 60: Scrap report <i>in</i> use." {
		t.Error(got)
	}
	b.publish(t, 3)
	if got := subjects(); got != "Day 30: First plant live.; Day 60: Scrap report <i>in</i> use." {
		t.Error(got)
	}
}

// TestMilestonesKnownAgain: a milestone is the same whatever its place in a version,
// corrected or not; one that the AE said is no commitment has no task.
func TestMilestonesKnownAgain(t *testing.T) {
	b := newPress(t)
	b.publish(t, 1)
	p := publication(2)
	p.Audience = throughline.AudienceTeam
	items := p.Handoff.Items
	items[3], items[4] = items[4], items[3]
	items[3].ID, items[4].ID = items[4].ID, items[3].ID
	items[4].Remarks = []throughline.Remark{{Kind: throughline.RemarkCorrected, Text: "First plant live by day.", By: "Ann"}}
	more := items[3]
	more.ID, more.Day, more.Remarks = "milestone-9", 90, []throughline.Remark{{Kind: throughline.RemarkNotCommitment, By: "Ann"}}
	p.Handoff.Items = append(p.Handoff.Items, more)
	if _, err := b.portal(t).Publish(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	var subjects []string
	for _, r := range b.written("tasks", "hs_task_body") {
		subjects = append(subjects, r["hs_task_subject"])
	}
	if diff := cmp.Diff([]string{"Day 30: First plant live by day.", "Day 60: Scrap report <i>in</i> use."}, subjects); diff != "" {
		t.Error(diff)
	}
}

// TestNotReadBack: what we wrote is not read back as evidence, nor what properties
// show of it.
func TestNotReadBack(t *testing.T) {
	b := newPress(t)
	b.publish(t, 1)
	dir := t.TempDir()
	if _, _, err := b.portal(t).Collect(t.Context(), deal, dir); err != nil {
		t.Fatal(err)
	}
	for name, text := range files(t, dir) {
		if strings.Contains(text, "pump readings") || strings.Contains(text, "throughline-deal-1") {
			t.Errorf("%s holds what we wrote: %s", name, text)
		}
	}
	// A copy of our note that came another way proves nothing either.
	note := b.written("notes", "hs_note_body")[0]["hs_note_body"]
	data, err := json.Marshal(map[string]any{"id": "1", "properties": map[string]string{"hs_note_body": note}})
	if err != nil {
		t.Fatal(err)
	}
	own := t.TempDir()
	write(t, own, "hubspot/notes.json", string(data))
	write(t, own, "x.txt", "Some text of a person that can be read.")
	d, err := folder.Read(t.Context(), own)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range d.Sources {
		for _, p := range s.Passages {
			if s.Kind == throughline.SourceCRM && !p.History {
				t.Errorf("%q counts as evidence", p.Text)
			}
		}
	}
}

// TestPublishFaults: after each fault a second try ends with one note, one task for
// each milestone, and the properties of the version.
func TestPublishFaults(t *testing.T) {
	const (
		deals  = "GET /crm/objects/2026-09/deals"
		look   = "notes/batch/read"
		create = "tasks/batch/create"
		fields = "PATCH /crm/objects/2026-09/deals"
	)
	type row struct {
		path   string
		times  int
		fault  fault.Fault
		passes bool   // the first try gets over it
		later  string // the path where it was published before, if it is another
	}
	table := map[string]row{
		"looking: 500":                  {deals, 2, fault.Fault{Status: 500}, true, ""},
		"looking: for ever":             {deals, 99, fault.Fault{Status: 502}, false, ""},
		"looking: cut":                  {look, 1, fault.Fault{Cut: 20}, true, ""},
		"looking: the day's calls":      {look, 1, fault.Fault{Status: 429, Code: "DAILY"}, false, ""},
		"properties: 500, stored":       {fields, 1, fault.Fault{Status: 500, Stored: true}, true, ""},
		"properties: reset, stored":     {fields, 1, fault.Fault{Reset: true, Stored: true}, true, ""},
		"properties: reset for ever":    {fields, 99, fault.Fault{Reset: true}, false, ""},
		"properties: refused":           {fields, 1, fault.Fault{Status: 400, Code: "VALIDATION_ERROR", Message: `x {"name":"handoff_link","error":"INVALID_URL"} pump`}, false, ""},
		"the token is refused":          {deals, 1, fault.Fault{Status: 401, Code: "EXPIRED_AUTHENTICATION"}, false, ""},
		"everything: reset, then well":  {"/crm/", 3, fault.Fault{Reset: true}, true, ""},
		"owners: 503 for ever":          {"/crm/owners", 99, fault.Fault{Status: 503}, false, ""},
		"tasks: an answer that is none": {create, 1, fault.Fault{Status: 207, Stored: true}, true, "tasks/batch/update"},
	}
	for _, at := range []struct{ name, path, later string }{
		{"note", "POST /crm/objects/2026-09/notes$", "PATCH /crm/objects/2026-09/notes/"},
		{"tasks", create, "tasks/batch/update"},
	} {
		for name, one := range map[string]row{
			"reset":                         {at.path, 1, fault.Fault{Reset: true}, true, ""},
			"reset, stored":                 {at.path, 1, fault.Fault{Reset: true, Stored: true}, true, ""},
			"500":                           {at.path, 1, fault.Fault{Status: 500}, true, ""},
			"500, stored":                   {at.path, 1, fault.Fault{Status: 500, Stored: true}, true, ""},
			"502, stored, for ever":         {at.path, 99, fault.Fault{Status: 502, Stored: true}, true, ""},
			"500 for ever":                  {at.path, 99, fault.Fault{Status: 500}, false, ""},
			"521, stored":                   {at.path, 1, fault.Fault{Status: 521, Stored: true}, true, ""},
			"523":                           {at.path, 1, fault.Fault{Status: 523}, true, ""},
			"524, stored":                   {at.path, 1, fault.Fault{Status: 524, Stored: true}, true, ""},
			"cut":                           {at.path, 1, fault.Fault{Cut: 20}, true, ""},
			"slow, stored":                  {at.path, 1, fault.Fault{Slow: time.Minute, Stored: true}, true, ""},
			"slow":                          {at.path, 1, fault.Fault{Slow: time.Minute}, true, ""},
			"too many in 10 seconds":        {at.path, 1, fault.Fault{Status: 429, Code: "TEN_SECONDLY_ROLLING"}, true, ""},
			"locked":                        {at.path, 1, fault.Fault{Status: 423, Code: "RESOURCE_LOCKED"}, true, ""},
			"the account is moved":          {at.path, 1, fault.Fault{Status: 477, RetryAfter: "5"}, true, ""},
			"the account is moved for long": {at.path, 1, fault.Fault{Status: 477, RetryAfter: "86400"}, false, ""},
			"a scope is missing":            {at.path, 1, fault.Fault{Status: 403, Code: "MISSING_SCOPES"}, false, ""},
		} {
			one.later = at.later
			table[at.name+": "+name] = one
		}
	}
	for name, tt := range table {
		t.Run(name, func(t *testing.T) {
			for _, published := range []bool{false, true} {
				b := newPress(t)
				b.config.HTTP = &http.Client{Timeout: 300 * time.Millisecond, Transport: &http.Transport{DisableKeepAlives: true}}
				pub := publication(1)
				if published {
					b.publish(t, 1)
					pub = publication(2)
					pub.Handoff.Items[3].Text, pub.Handoff.Items[4].Due = "Changed.", "2026-08-08"
				}
				p := b.portal(t) // which has not looked anything up yet
				path := tt.path
				if published && tt.later != "" {
					path = tt.later
				}
				b.twin.Order(path, tt.times, tt.fault)
				_, err := p.Publish(t.Context(), pub)
				var e *connect.Error
				if b.twin.Waiting() && tt.times < 99 && (!published || !strings.HasPrefix(name, "owners")) {
					t.Error("the fault did not come")
				}
				switch {
				case tt.passes && err != nil:
					t.Errorf("published before: %v: not got over: %v", published, err)
				case !tt.passes && err == nil && (!published || !strings.HasPrefix(name, "owners")):
					t.Errorf("published before: %v: there is no error", published)
				case err != nil && (!errors.As(err, &e) || e.Advice == ""):
					t.Errorf("the error is %v", err)
				case err != nil && (strings.Contains(err.Error(), "pump") || strings.Contains(err.Error(), plantedSecret)):
					t.Errorf("the error tells: %v", err)
				}
				b.twin.Heal()
				b.set(b.now().Add(25 * time.Hour)) // beyond what the account asked to be left alone for
				if _, err := p.Publish(t.Context(), pub); err != nil {
					t.Errorf("the second try: %v", err)
				}
				want := one(pub.Handoff.Version)
				if diff := cmp.Diff(want, b.copies()); diff != "" {
					t.Errorf("published before: %v: %s", published, diff)
				}
				for _, r := range b.written("tasks", "hs_task_body") {
					if published && !strings.Contains(r["hs_task_subject"], "Changed.") && r["hs_timestamp"] != "2026-08-08T12:00:00Z" {
						t.Errorf("a task is not the newer version's: %v", r)
					}
				}
				for _, secret := range []string{"pump", plantedSecret, teamsWords, "throughline.example", "cy@vendor"} {
					if strings.Contains(b.log.String(), secret) {
						t.Errorf("the log tells %q", secret)
					}
				}
			}
		})
	}
}

// TestPublishRefused: what can't be published is said, with what to do.
func TestPublishRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		spoil func(b *bench, p *connect.Publication)
		want  string
	}{
		"not configured":     {func(b *bench, _ *connect.Publication) { b.config.Writing = nil }, "does not say"},
		"key":                {func(_ *bench, p *connect.Publication) { p.Key = "a/b" }, "key"},
		"no deal":            {func(_ *bench, p *connect.Publication) { p.Deal.ID = "006000000000001AAA" }, "not that of a deal"},
		"a deal that is not": {func(_ *bench, p *connect.Publication) { p.Deal.ID = "404" }, "no such record"},
		"no handoff":         {func(_ *bench, p *connect.Publication) { p.Handoff = nil }, "handoff"},
		"audience":           {func(_ *bench, p *connect.Publication) { p.Audience = "all" }, "audience"},
		"no right to write":  {func(b *bench, _ *connect.Publication) { b.twin.Withheld["crm.objects.contacts.write"] = true }, "lacks crm.objects.contacts.write"},
		"no right for deals": {func(b *bench, _ *connect.Publication) { b.twin.Withheld["crm.objects.deals.write"] = true }, "lacks crm.objects.deals.write"},
		"no such property":   {func(b *bench, _ *connect.Publication) { b.config.Writing.Fields[hubspot.ValueLink] = "hand_link" }, "hand_link (no such property of deals)"},
		"a type that can't hold it": {func(b *bench, _ *connect.Publication) {
			b.twin.Define("deals", twin.Property{Name: "handoff_link", Type: "number"})
		}, "type number can't hold the link"},
		"an option that is not there": {func(b *bench, _ *connect.Publication) {
			b.twin.Define("deals", twin.Property{Name: "handoff_status", Type: "enumeration", Options: []twin.Option{{Label: "x", Value: "x"}}})
		}, "no option for the status"},
	} {
		t.Run(name, func(t *testing.T) {
			b, p := newPress(t), publication(1)
			tt.spoil(b, &p)
			_, err := b.portal(t).Publish(t.Context(), p)
			var e *connect.Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), tt.want) || e.Advice == "" {
				t.Errorf("the error is %v, want %q", err, tt.want)
			}
		})
	}
}

// TestLongNote: a note that would be too long goes without quotes, then without its
// end, and says so.
func TestLongNote(t *testing.T) {
	for name, tt := range map[string]struct {
		items, quotes int
		says          string
	}{
		"with its quotes":    {10, 2, "We key it in by hand."},
		"without its quotes": {150, 8, "The quotes stand in the handoff"},
		"without its end":    {3000, 1, "The rest stands in the handoff"},
	} {
		t.Run(name, func(t *testing.T) {
			b, p := newPress(t), publication(1)
			one := p.Handoff.Items[0]
			one.Text = "Load the readings of one more 𝒫ump <every> night, and report on it in the morning."
			one.Evidence = slices.Repeat(one.Evidence, tt.quotes)
			for i := range tt.items {
				one.ID = fmt.Sprint("use_case-", i)
				p.Handoff.Items = append(p.Handoff.Items, one)
			}
			c, err := b.portal(t).Publish(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			note := b.twin.Get("notes", c.ID)["hs_note_body"]
			if n := len(utf16.Encode([]rune(note))); n > 65_536 || !strings.Contains(note, tt.says) {
				t.Errorf("%d characters, and %q in it: %v", n, tt.says, strings.Contains(note, tt.says))
			}
			for _, element := range []string{"p", "ul", "li", "strong", "em", "a"} {
				opened := strings.Count(note, "<"+element+">") + strings.Count(note, "<"+element+" ")
				if closed := strings.Count(note, "</"+element+">"); opened != closed {
					t.Errorf("%d <%s>, %d closed", opened, element, closed)
				}
			}
		})
	}
}

// TestRemove: a handoff is taken away with its tasks, and with nothing else.
func TestRemove(t *testing.T) {
	b := newPress(t)
	c := b.publish(t, 1)
	other := publication(1)
	other.Key = "deal-1.v2" // whose marker begins alike
	if _, err := b.portal(t).Publish(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	before := len(b.twin.All("tasks")) + len(b.twin.All("notes"))
	b.twin.Order("DELETE /crm/objects/2026-09/tasks", 1, fault.Fault{Reset: true, Stored: true})
	b.twin.Order("DELETE /crm/objects/2026-09/notes", 1, fault.Fault{Status: 502, Stored: true})
	for range 2 {
		if err := b.portal(t).Remove(t.Context(), c.ID); err != nil {
			t.Fatal(err)
		}
	}
	if after := len(b.twin.All("tasks")) + len(b.twin.All("notes")); before-after != 3 {
		t.Errorf("%d things are gone, want the note and two tasks", before-after)
	}
	if b.twin.Get("notes", c.ID) != nil {
		t.Error("the note is still there")
	}
	if err := b.portal(t).Remove(t.Context(), "../deals/700"); err == nil {
		t.Error("what is no id was taken for one")
	}
}

// TestWall: note, tasks and properties show to each audience what it may see.
func TestWall(t *testing.T) {
	for a := range rendertest.MaySee {
		t.Run(string(a), func(t *testing.T) {
			rendertest.Wall(t, a, func(h *throughline.Handoff) string {
				b := newPress(t)
				delete(b.config.Writing.Fields, hubspot.ValueStatus) // of which an option can't hold what is planted
				p := publication(1)
				p.Handoff, p.Audience = h, a
				if _, err := b.portal(t).Publish(t.Context(), p); err != nil {
					t.Fatal(err)
				}
				all, err := json.Marshal([]any{b.written("notes", "hs_note_body"), b.written("tasks", "hs_task_body"), b.twin.Get("deals", deal)})
				if err != nil {
					t.Fatal(err)
				}
				return string(all)
			})
		})
	}
}

func TestWritingConfig(t *testing.T) {
	for name, tt := range map[string]struct {
		config hubspot.Config
		want   string
	}{
		"good":             {hubspot.Config{Token: "x", AEField: "ae", CSMField: "company.csm", Writing: &hubspot.Writing{}}, ""},
		"no token":         {hubspot.Config{}, "token"},
		"version":          {hubspot.Config{Token: "x", Version: "v3"}, "version"},
		"a field":          {hubspot.Config{Token: "x", CSMField: "Account.CSM__c"}, "no property"},
		"unknown value":    {hubspot.Config{Token: "x", Writing: &hubspot.Writing{Fields: map[hubspot.Value]string{"colour": "x"}}}, "colour"},
		"no name":          {hubspot.Config{Token: "x", Writing: &hubspot.Writing{Fields: map[hubspot.Value]string{hubspot.ValueLink: "Handoff Link"}}}, "internal name"},
		"HubSpot's own":    {hubspot.Config{Token: "x", Writing: &hubspot.Writing{Fields: map[hubspot.Value]string{hubspot.ValueLink: "dealname"}}}, "of your own"},
		"one for two":      {hubspot.Config{Token: "x", Writing: &hubspot.Writing{Fields: map[hubspot.Value]string{hubspot.ValueLink: "x", hubspot.ValueStatus: "x"}}}, "both"},
		"an address in it": {hubspot.Config{Token: "x", AEField: "a/b"}, "no property"},
	} {
		_, err := hubspot.New(tt.config)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
