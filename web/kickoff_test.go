package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"throughline"
)

// metOffice has a deal with a promise, accepted, at the time of its kickoff.
func metOffice(t *testing.T) (*office, string) {
	t.Helper()
	o := newOffice(t)
	o.items = []throughline.Item{
		item("use_case-1", "Nightly load in under an hour", "we need it under an hour"),
		{
			ID: "milestone-1", Kind: throughline.KindMilestone, Section: 4, Text: "Orders flow", Day: 30, Due: "2026-04-01",
			Evidence: []throughline.Evidence{{Source: "c1", Ref: "c1.4", Quote: "by day thirty your orders flow", Speaker: "Sam Seller", Side: throughline.SideSeller, CustomersHeard: 2, Match: throughline.MatchExact}},
		},
		{ID: "reluctant-1", Kind: throughline.KindReluctant, Section: 3, Text: "Cleo agreed against her preference", Person: "Cleo Customer", Evidence: []throughline.Evidence{{Quote: "fine, if you must"}}},
	}
	id := o.published()
	ctx := t.Context()
	if err := o.Accept(ctx, id, "csm@example.com"); err != nil {
		t.Fatal(err)
	}
	if err := o.SetKickoff(ctx, id, "csm@example.com", monday.Add(4*24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	o.until(monday.Add(4*24*time.Hour + time.Hour))
	return o, id
}

func TestKickoffIsTickedAndHeld(t *testing.T) {
	o, id := metOffice(t)
	b, page := o.signedIn("csm@example.com"), o.team.URL+"/runs/"+id+"/kickoff"
	b.get(page).want(t, "the agenda", http.StatusOK, "Nightly load in under an hour", "Read before the call, never sought in it", "Cleo agreed", "by day thirty your orders flow", "Day 30", "<strong>0</strong> of 2 settled that are to be said")
	b.post(page+"/held", "at", "2026-03-06T10:00").want(t, "held with points open", http.StatusConflict, "3 points are open", `href="#p-milestone-1"`)
	b.post(page+"/tick", "state", "covered").want(t, "no point", http.StatusUnprocessableEntity)
	b.post(page+"/tick", "point", "use_case-9", "state", "covered").want(t, "a point that is none", http.StatusConflict)
	b.post(page+"/tick", "point", "use_case-1", "state", "waived").want(t, "left out without a reason", http.StatusUnprocessableEntity)
	b.post(page+"/tick", "point", "use_case-1", "state", "covered").want(t, "one is covered", http.StatusOK, "<strong>1</strong> of 2", "Take it back")
	b.post(page+"/tick", "point", "use_case-1", "state", "open").want(t, "taken back", http.StatusOK, "<strong>0</strong> of 2")
	b.do(http.MethodPost, page+"/tick", "point=use_case-1&point=milestone-1&state=covered").want(t, "both", http.StatusOK, "<strong>2</strong> of 2")
	b.post(page+"/tick", "point", "reluctant-1", "state", "waived", "reason", "<b>known</b> since long").want(t, "left out", http.StatusOK, "&lt;b&gt;known&lt;/b&gt; since long")
	b.post(page+"/held", "at", "2026-03-09T10:00").want(t, "held before it was", http.StatusConflict)
	b.post(page+"/held", "at", "2026-03-06T10:00", "who", "not an address").want(t, "somebody without an address", http.StatusUnprocessableEntity)
	b.post(page+"/held", "at", "2026-03-06T10:00", "more", "ann@customer.example, BOB@customer.example").want(t, "held", http.StatusOK, "Held on", "csm@example.com</bdi> says")
	run := o.run(id)
	if len(run.Attendees) != 2 || run.Attendees[1].Email != "bob@customer.example" || run.Points != 2 || run.Covered != 2 {
		t.Errorf("it stands as %+v, %d of %d covered", run.Attendees, run.Covered, run.Points)
	}
	b.get(page).want(t, "where no survey is sent", http.StatusOK, "Nobody is asked")
	b.post(o.team.URL+"/runs/"+id+"/kickoff", "at", "2026-03-20T10:00", "from", "kickoff").want(t, "moved after it was held", http.StatusConflict)
}

// The customer's form has what they heard, in the words that were used or in those of
// the CSM; and nothing else in any of its forms.
func TestTheCustomersAgenda(t *testing.T) {
	o, id := metOffice(t)
	o.items = nil // later drafts say nothing
	b, base := o.signedIn("csm@example.com"), o.team.URL+"/runs/"+id+"/kickoff"
	const words = "Load & check every night"
	o.signedIn("ae@example.com").post(base+"/wording", "item", "use_case-1", "text", words).want(t, "worded by the AE", http.StatusForbidden)
	b.post(base+"/wording", "item", "use_case-1").want(t, "no words", http.StatusUnprocessableEntity)
	for _, at := range []string{"?audience=customer", "/print?audience=customer", ".md?audience=customer", ".ics?audience=customer"} {
		a := b.get(base + at)
		a.want(t, at, http.StatusOK)
		a.lacks(t, at, "Cleo agreed", "fine, if you must", "reluctant")
	}
	a := b.get(base + ".ics")
	a.want(t, "a calendar entry", http.StatusOK)
	if !strings.HasPrefix(a.body, "BEGIN:VCALENDAR") || a.head.Get("Content-Disposition") == "" {
		t.Errorf("the calendar entry is %.100q", a.body)
	}
}

func TestMilestonesAreWork(t *testing.T) {
	o, id := metOffice(t)
	run := o.run(id)
	if len(run.Milestones) != 1 {
		t.Fatalf("the milestones are %+v", run.Milestones)
	}
	b, page := o.signedIn("csm@example.com"), o.team.URL+"/runs/"+id+"/milestones"
	one := page + "/" + run.Milestones[0].ID
	b.get(page).want(t, "the promises as work", http.StatusOK, "0 of 1 met", "by day thirty your orders flow", "due 1 Apr 2026")
	b.post(one, "status", "started", "due", "2026-04-20").want(t, "later without a reason", http.StatusUnprocessableEntity, `value="2026-04-20"`)
	b.post(one, "due", "soon").want(t, "no day", http.StatusUnprocessableEntity)
	b.post(one, "link", "javascript:alert(1)").want(t, "a link that is none", http.StatusUnprocessableEntity)
	b.post(one, "owner", "nobody").want(t, "an owner without an address", http.StatusUnprocessableEntity)
	b.post(page+"/none", "status", "met").want(t, "a milestone that is none", http.StatusNotFound)
	b.post(one, "status", "started", "due", "2026-04-20", "why", "their <i>warehouse</i> moves", "owner", "se@example.com").
		want(t, "moved", http.StatusOK, "1 slipping", "promised for 1 Apr 2026", "se@example.com", "their &lt;i&gt;warehouse&lt;/i&gt; moves")
	o.set(time.Date(2026, 3, 30, 12, 0, 0, 0, time.UTC))
	b = o.signedIn("csm@example.com")
	b.post(one, "status", "met", "evidence", "4,000 orders on Monday", "link", "https://example.com/board").want(t, "met", http.StatusOK, "1 of 1 met", "4,000 orders", `href="https://example.com/board"`)
	if m := o.run(id).Milestones[0]; m.Status != throughline.MilestoneMet || !m.OnTime() || len(m.Changes) != 2 {
		t.Errorf("it stands as %+v", m)
	}
	early := newOffice(t)
	at := early.drafted()
	early.signedIn("csm@example.com").get(early.team.URL+"/runs/"+at+"/milestones").want(t, "before the publication", http.StatusOK, "no milestones yet")
	early.signedIn("csm@example.com").get(early.team.URL+"/runs/"+at+"/kickoff").want(t, "before the publication", http.StatusOK, "There is no agenda yet")
}
