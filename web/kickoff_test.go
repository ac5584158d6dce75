package web_test

import (
	"context"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"throughline"
	"throughline/connect"
	"throughline/kickoff"
	"throughline/lifecycle"
	"throughline/survey"
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
	b.get(page).want(t, "the agenda", http.StatusOK, "Nightly load in under an hour", "Read before the call, never sought in it", "Cleo agreed", "by day thirty your orders flow", "milestone, day 30, 2026-04-01", "<strong>0 of 2</strong> to say", "<strong>0 of 1</strong> to know")
	b.post(page+"/held", "at", "2026-03-06T10:00").want(t, "held with points open", http.StatusConflict, "3 points are open", `href="#p-milestone-1"`)
	b.post(page+"/tick", "state", "covered").want(t, "no point", http.StatusUnprocessableEntity)
	b.post(page+"/tick", "point", "use_case-9", "state", "covered").want(t, "a point that is none", http.StatusConflict)
	b.post(page+"/tick", "point", "use_case-1", "state", "read").want(t, "what is to be said is read", http.StatusUnprocessableEntity, "what is to be said is covered")
	b.post(page+"/tick", "point", "use_case-1", "state", "<b>").want(t, "a state that is none", http.StatusUnprocessableEntity)
	b.post(page+"/tick", "point", "use_case-1", "state", "waived", "reason", strings.Repeat("x", 1001)).want(t, "a reason without end", http.StatusUnprocessableEntity)
	b.post(page+"/tick", "point", "use_case-1", "state", "waived").want(t, "left out without a reason", http.StatusUnprocessableEntity)
	b.post(page+"/tick", "point", "use_case-1", "state", "covered").want(t, "one is covered", http.StatusOK, "<strong>1 of 2</strong>", "Take it back")
	b.post(page+"/tick", "point", "use_case-1", "state", "open").want(t, "taken back", http.StatusOK, "<strong>0 of 2</strong>")
	b.do(http.MethodPost, page+"/tick", "point=use_case-1&point=milestone-1&state=covered").want(t, "both", http.StatusOK, "<strong>2 of 2</strong>")
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

// Where the agenda is a page elsewhere, the kickoff's page leads there, from beside the
// form that it is.
func TestTheAgendaElsewhere(t *testing.T) {
	for audience, beside := range map[throughline.Audience]string{
		throughline.AudienceTeam:    `>for your calendar</a>, <a href="https://pages.example/agenda?a=1&amp;b=%3c" rel="noreferrer noopener">in Notion</a>`,
		throughline.AudienceCompany: `>for their calendar</a>, <a href="https://pages.example/agenda?a=1&amp;b=%3c" rel="noreferrer noopener">in Notion</a>`,
	} {
		o, id := metOffice(t)
		b, page := o.signedIn("csm@example.com"), o.team.URL+"/runs/"+id+"/kickoff"
		b.get(page).lacks(t, "published nowhere else", "in Notion")
		to := o.Destinations["notion"]
		to.Audience = audience
		to.Agenda = func(context.Context, connect.Publication) (connect.Copy, error) {
			return connect.Copy{ID: "p", URL: "https://pages.example/agenda?a=1&b=<"}, nil
		}
		o.Destinations["notion"], o.Rules.Agendas = to, []string{"notion"}
		if err := o.SetKickoff(t.Context(), id, "csm@example.com", o.run(id).Kickoff.Add(24*time.Hour)); err != nil { // for which it goes out
			t.Fatal(err)
		}
		o.until(o.Now().Add(time.Minute))
		b.get(page).want(t, "published to the "+string(audience), http.StatusOK, beside)
		b.get(o.team.URL+"/runs/"+id+"/history").want(t, "the history", http.StatusOK, "notion agenda, version 1")
	}
}

// What the CSM words for the customer is what the customer reads, and nobody else does.
func TestTheCSMWordsTheAgenda(t *testing.T) {
	o := newOffice(t)
	o.stocked(os.DirFS(sampleDeal))
	id := o.published()
	h, err := o.Published(t.Context(), o.run(id))
	if err != nil {
		t.Fatal(err)
	}
	page := o.team.URL + "/runs/" + id
	sheet := kickoff.Agenda(h, throughline.AudienceCustomer).Points
	hidden := slices.IndexFunc(h.Items, func(it throughline.Item) bool { return it.Kind == throughline.KindStretch })
	if len(sheet) < 2 || hidden < 0 {
		t.Fatalf("the customer sees %d points, and the first stretch is at %d", len(sheet), hidden)
	}
	first, b, at := sheet[0], o.signedIn("csm@example.com"), page+"/kickoff/wording"
	const words, shown = "Load & check every night", "Load &amp; check every night"
	o.signedIn("ae@example.com").post(at, "item", first.Item, "text", words).want(t, "worded by the AE", http.StatusForbidden)
	b.post(at, "item", first.Item).want(t, "no words", http.StatusUnprocessableEntity)
	long := strings.Repeat("long ", lifecycle.LongestWord/5+1)
	b.post(at, "item", first.Item, "text", long).want(t, "too many words", http.StatusUnprocessableEntity, strings.TrimSpace(long))
	b.post(at, "item", h.Items[hidden].ID, "text", words).want(t, "of what the customer does not see", http.StatusConflict, "The customer sees no such item")
	b.post(at, "item", "use_case-999", "text", words).want(t, "of nothing", http.StatusConflict)
	if said := o.words(id); len(said) > 0 {
		t.Fatalf("kept all the same: %+v", said)
	}
	o.signedIn("lead@example.com").post(at, "item", first.Item, "text", "their manager’s words").want(t, "worded by a manager", http.StatusOK, "their manager’s words")
	b.post(at, "item", first.Item, "text", words).want(t, "worded", http.StatusOK, "Back to your agenda", shown)
	for _, path := range []string{"/kickoff?audience=customer", "/kickoff/print?audience=customer", "/kickoff.md?audience=customer", "?audience=customer", "/handoff?audience=customer"} {
		a := b.get(page + path)
		if !strings.Contains(a.body, shown) && !strings.Contains(a.body, words) && !strings.Contains(a.body, strings.ReplaceAll(words, "&", `\&`)) {
			t.Errorf("%s does not have the CSM's words", path)
		}
		a.lacks(t, path, "their manager’s words", "Worded for the customer", "csm@example.com says")
	}
	colleague := o.signedIn("colleague@example.com")
	for _, path := range []string{"", "/handoff", "/handoff?audience=customer", "?audience=customer", "/history", "/versions"} {
		a := colleague.get(page + path)
		if strings.HasSuffix(path, "customer") {
			continue // who sees what the company does may look at what the customer does
		}
		a.lacks(t, "a colleague’s "+path, shown, words, "their manager’s words")
	}
	b.get(page).want(t, "the team’s page", http.StatusOK, "Worded for the customer", shown)
}

// A recorded kickoff shows what came up, and the survey who is asked when.
func TestAfterTheKickoff(t *testing.T) {
	o, id := metOffice(t)
	page := o.team.URL + "/runs/" + id + "/kickoff"
	k, err := o.Kickoff(t.Context(), o.run(id))
	if err != nil {
		t.Fatal(err)
	}
	offset := int64(754000)
	var report kickoff.Report
	for _, p := range k.Agenda.Points {
		switch {
		case p.ID == "use_case-1":
			report.Referred = append(report.Referred, kickoff.Referred{Point: p, Where: throughline.Evidence{Quote: "so, the <i>nightly</i> load", Speaker: "Carla CSM", OffsetMS: &offset, URL: "https://calls.example.com/k"}})
		case p.Mode == throughline.PointSay:
			report.Silent = append(report.Silent, p)
		}
	}
	report.Asked = []kickoff.Asked{{Question: throughline.Evidence{Quote: "How fast must it be?", Speaker: "Carla CSM"}, Answer: throughline.Evidence{Quote: "we need it under an hour", Speaker: "Ann", Ref: "c1.3"}}}
	there := []lifecycle.Person{{Name: "Ann", Email: "ann@customer.example", Zone: "Europe/Berlin"}, {Name: "Quinn", Email: "quinn@quiet.example"}}
	letters := o.recorded(id, &report, there...)
	b := o.signedIn("csm@example.com")
	b.get(page).want(t, "what the recording shows", http.StatusOK,
		"by its recording", "A help for you, never a ranking", "1 point came up, 1 was not found.", "so, the &lt;i&gt;nightly&lt;/i&gt; load", "12:34", "Not found in the recording",
		"How fast must it be?", "/sources/c1", "Tick the one that came up", "ann@customer.example", "quinn@quiet.example", "none yet")
	b.post(page+"/tick", "state", "covered", "point", "use_case-1").want(t, "what came up is ticked", http.StatusOK, "<strong>1 of 2</strong> to say")
	b.post(page+"/respondents", "who", "ann@customer.example", "more", "bob@customer.example").want(t, "others are asked", http.StatusOK, "bob@customer.example")
	b.post(page+"/respondents", "more", "nobody").want(t, "no address", http.StatusUnprocessableEntity, `value="nobody"`)
	run := o.run(id)
	if i := slices.IndexFunc(run.Attendees, func(p lifecycle.Person) bool { return p.Email == "ann@customer.example" }); i < 0 || run.Attendees[i].Zone != "Europe/Berlin" {
		t.Errorf("the attendees are %+v", run.Attendees)
	}
	o.until(run.Kickoff.Add(9 * 24 * time.Hour))
	if len(*letters) != 2 {
		t.Fatalf("%d are asked", len(*letters))
	}
	o.answered(id, 3, "you asked <b>again</b>", "")
	b = o.signedIn("csm@example.com")
	a := b.get(page)
	a.want(t, "an answer", http.StatusOK, "<strong>3</strong>", "you asked &lt;b&gt;again&lt;/b&gt;", "asked ")
	a.lacks(t, "once the mails are out", "Change whom it asks", "Who of the customer’s people was there")
	b.post(page+"/respondents", "who", "ann@customer.example").want(t, "changed too late", http.StatusConflict, "The first mails are out")
}

// recorded has the recording of a kickoff found, with who was there, and a survey
// follow it. It gives the letters of the survey, once they are sent.
func (o *office) recorded(id string, report *kickoff.Report, there ...lifecycle.Person) *[]connect.Letter {
	o.t.Helper()
	o.Listener = listener{&lifecycle.Hearing{Began: o.run(id).Kickoff, Attendees: there, Report: report}}
	letters := new([]connect.Letter)
	o.Rules.Surveys, o.Rules.ListenTimes = true, 14
	o.Surveys = &lifecycle.Surveys{
		Links: &survey.Links{Key: []byte("0123456789abcdef"), Public: "https://handoff.example.com"}, Seller: "Example Corp", DoNotAsk: []string{"@quiet.example"},
		Post: func(_ context.Context, l connect.Letter) (connect.Copy, error) {
			*letters = append(*letters, l)
			return connect.Copy{}, nil
		},
	}
	if err := o.SetKickoff(o.t.Context(), id, "csm@example.com", o.run(id).Kickoff.Add(-time.Minute)); err != nil { // which plans what follows it
		o.t.Fatal(err)
	}
	o.until(o.Now().Add(30 * time.Hour))
	if o.run(id).Recorded.IsZero() {
		o.t.Fatal("the recording was not read")
	}
	return letters
}

// answered has each of those who are asked answer.
func (o *office) answered(id string, score int, comments ...string) {
	o.t.Helper()
	made := o.run(id).Survey
	if made == nil || len(made.Respondents) != len(comments) {
		o.t.Fatalf("the survey asks %+v, and there are %d answers", made, len(comments))
	}
	for i, comment := range comments {
		a := throughline.Answer{Survey: made.ID, Deal: made.Deal, Respondent: made.Respondents[i].ID, Score: score, Comment: comment, At: o.Now()}
		if _, err := o.db.Answer(o.t.Context(), a); err != nil {
			o.t.Fatal(err)
		}
	}
}

// A listener has heard a kickoff.
type listener struct{ heard *lifecycle.Hearing }

func (l listener) Hear(context.Context, lifecycle.Run, *throughline.Handoff, []byte) (*lifecycle.Hearing, error) {
	return l.heard, nil
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
