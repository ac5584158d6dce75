package web_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"throughline"
	"throughline/internal/npmtest"
	"throughline/kickoff"
	"throughline/lifecycle"
)

// few is an engine's draft with two items of each kind: enough to be looked at, and
// pictured in seconds.
type few struct{ lifecycle.Engine }

func (f few) Handoff(ctx context.Context, archive []byte, at time.Time) (*throughline.Handoff, error) {
	h, err := f.Engine.Handoff(ctx, archive, at)
	if err != nil {
		return nil, err
	}
	seen := map[throughline.Kind]int{}
	h.Items = slices.DeleteFunc(h.Items, func(it throughline.Item) bool {
		seen[it.Kind]++
		return seen[it.Kind] > 2
	})
	return h, nil
}

// heldOffice has the sample deal, accepted, at the time of its kickoff.
func heldOffice(t *testing.T) (*office, string) {
	t.Helper()
	o := newOffice(t)
	o.deal.Customer = "Harborline Logistics"
	o.stocked(os.DirFS(sampleDeal))
	o.Engine = few{o.Engine}
	id := o.published()
	if err := o.Accept(t.Context(), id, "csm@example.com"); err != nil {
		t.Fatal(err)
	}
	if err := o.SetKickoff(t.Context(), id, "csm@example.com", monday.Add(28*time.Hour)); err != nil {
		t.Fatal(err)
	}
	o.until(monday.Add(29 * time.Hour))
	return o, id
}

// TestTheCSMHoldsAKickoff goes a CSM's way in a real browser, on a phone: ticks points,
// is told what is open, leaves a point out, and marks the kickoff as held.
func TestTheCSMHoldsAKickoff(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	o, id := heldOffice(t)
	w := newWindow(t)
	w.do(chromedp.EmulateViewport(360, 800))
	w.enter(o, "csm@example.com")
	w.do(chromedp.Navigate(o.team.URL + "/runs/" + id + "/kickoff"))
	w.sees("to say")
	w.holds("what is pressed in the call is as large as a finger", `[...document.querySelectorAll(".settle button, .settle summary")].filter(b => b.checkVisibility()).every(b => b.getBoundingClientRect().height >= 44)`)

	// A tick draws its point and the count anew, and the CSM stays where they are.
	w.do(chromedp.Evaluate[chromedp.Void](`window.here = true; window.first = document.querySelector(".point:not(.know .point)").id; document.querySelector("#" + first + " .primary").focus(); document.querySelector("#" + first + " .primary").click()`))
	w.holds("the point is settled", `document.getElementById(first).classList.contains("done")`)
	w.holds("it is counted", `document.getElementById("tally").innerText.startsWith("1 of ")`)
	w.holds("the focus stays with the point", `document.getElementById(first).contains(document.activeElement) && document.activeElement.innerText.startsWith("Take it back")`)
	w.holds("it is open no more", `!document.querySelector("#opens a[href='#" + first + "']")`)
	w.do(chromedp.Evaluate[chromedp.Void](`document.activeElement.click()`))
	w.holds("it is taken back", `document.getElementById("tally").innerText.startsWith("0 of ") && !document.getElementById(first).classList.contains("done")`)
	w.holds("the page was not loaded anew", `window.here`)
	if shot, err := chromedp.Run(w.ctx, chromedp.CaptureScreenshot()); err == nil {
		w.keep("kickoff-call.png", shot)
	}

	// While points are open, it can't be marked as held.
	w.press("#held button.primary", "Some points are open still")
	w.holds("the open ones are linked", `document.querySelectorAll("#opens a").length > 3`)

	// One is left out with a reason; the others are covered and read.
	w.do(chromedp.Evaluate[chromedp.Void](`window.last = [...document.querySelectorAll(".point:not(.know .point)")].at(-1).id; document.querySelector("#" + last + " details").open = true; document.querySelector("#" + last + " [name=reason]").value = "their CFO was away"; document.querySelector("#" + last + " details button").click()`))
	w.holds("it is left out", `document.getElementById(last).innerText.includes("their CFO was away")`)
	w.holds("the focus stays with it", `document.getElementById(last).contains(document.activeElement)`)
	for range 200 {
		more, err := chromedp.Run(w.ctx, chromedp.Evaluate[bool](`(b => { if (b && !document.querySelector(".htmx-request")) b.click(); return !!b })(document.querySelector(".settle .primary"))`))
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	w.holds("no point is open", `document.getElementById("opens").innerText.includes("No point is open")`)
	w.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#held-more").value = "marisol@customer.example"`))
	w.press("#held button.primary", "Held on")
	run := o.run(id)
	if run.HeldBy != "csm@example.com" || len(run.Attendees) != 1 || run.Points != run.Covered+1 {
		t.Errorf("held by %q with %+v, %d of %d covered", run.HeldBy, run.Attendees, run.Covered, run.Points)
	}

	// What can't be saved says so, and stays.
	w.do(chromedp.Evaluate[chromedp.Void](`window.first = document.querySelector(".point").id`))
	o.team.Close()
	w.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#" + first + " .settle button").click()`))
	w.holds("it says that it was not saved", `document.querySelector("#" + first + " [data-trouble]").checkVisibility()`)
}

// TestLookAtAKickoff looks at the pages of a kickoff and of the milestones on a phone
// and a desk, in light and dark.
func TestLookAtAKickoff(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	o, id := heldOffice(t)
	w := newWindow(t)
	t.Run("accessible", func(t *testing.T) { // or skipped, and the rest goes on
		axe, err := os.ReadFile(filepath.Join(npmtest.Install(t).Modules, "axe-core", "axe.min.js"))
		if err != nil {
			t.Fatal(err)
		}
		w.axe = string(axe)
	})
	page := o.team.URL + "/runs/" + id
	look := func(name, path, text string) {
		t.Helper()
		w.do(chromedp.Navigate(page + path))
		w.sees(text)
		w.look(name)
	}
	w.enter(o, "lead@example.com")
	k, err := o.Kickoff(t.Context(), o.run(id))
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range k.Agenda.Points {
		state := throughline.TickCovered
		if p.Mode == throughline.PointKnow {
			state = throughline.TickRead
		}
		tick := throughline.Tick{Point: p.ID, State: state}
		if i%3 == 0 {
			tick.State, tick.Reason = throughline.TickWaived, "their CFO was away, and it is hers to say; it comes up on Thursday"
		}
		if i%2 == 0 {
			if err := o.Tick(t.Context(), id, "csm@example.com", tick); err != nil {
				t.Fatal(err)
			}
		}
	}
	look("kickoff", "/kickoff", "to say")
	look("kickoff-customer", "/kickoff?audience=customer", "when you send it ahead")
	look("milestones", "/milestones", "met")

	milestones := o.run(id).Milestones
	if len(milestones) < 2 {
		t.Fatalf("%d milestones", len(milestones))
	}
	due, started, why := "2027-01-01", throughline.MilestoneStarted, "their warehouse moves first"
	if err := o.SetMilestone(t.Context(), id, milestones[0].ID, "csm@example.com", lifecycle.MilestoneEdit{Status: &started, Due: &due, Why: why}); err != nil {
		t.Fatal(err)
	}
	w.do(chromedp.Navigate(page+"/milestones"), chromedp.Evaluate[chromedp.Void](`for (const d of document.querySelectorAll("details")) d.open = true`))
	w.sees("1 slipping")
	w.look("milestones-slipping")

	// The recording was read, and the survey has an answer; then all is settled.
	offset := int64(754000)
	said := throughline.Evidence{Quote: "Marisol, you stay the one who is carrying this, and your part, Curtis, is to sign off the numbers with two terminals", Speaker: "A CSM with a rather long name", OffsetMS: &offset, URL: "https://calls.example.com/k"}
	var report kickoff.Report
	for i, p := range k.Agenda.Points {
		if p.Mode == throughline.PointSay && i%2 == 0 {
			report.Silent = append(report.Silent, p)
		} else if p.Mode == throughline.PointSay {
			report.Referred = append(report.Referred, kickoff.Referred{Point: p, Where: said})
		}
	}
	report.Asked = []kickoff.Asked{{Question: said, Answer: k.Agenda.Points[len(k.Agenda.Points)-1].Words[0]}}
	o.recorded(id, &report, lifecycle.Person{Name: "Ann of the integration of the northern and western plants", Email: "ann.of.the.integration.of.plants@customer.example"}, lifecycle.Person{Name: "Quinn", Email: "quinn@quiet.example"})
	w.enter(o, "lead@example.com")
	w.do(chromedp.Navigate(page+"/kickoff"), chromedp.Evaluate[chromedp.Void](`for (const d of document.querySelectorAll("#survey details")) d.open = true`))
	w.sees("What the recording shows")
	w.look("kickoff-recorded")
	for _, p := range k.Open() {
		tick := throughline.Tick{Point: p.ID, State: throughline.TickWaived, Reason: "they asked to leave it for Thursday"}
		if err := o.Tick(t.Context(), id, "csm@example.com", tick); err != nil {
			t.Fatal(err)
		}
	}
	run := o.run(id)
	if err := o.Hold(t.Context(), id, "csm@example.com", run.Kickoff, run.Attendees); err != nil {
		t.Fatal(err)
	}
	o.until(run.Kickoff.Add(9 * 24 * time.Hour))
	o.answered(id, 9, strings.Repeat("You started where we had left off. ", 12))
	w.enter(o, "lead@example.com")
	look("kickoff-held", "/kickoff", "You started where we had left off.")
}
