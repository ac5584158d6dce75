package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"throughline"
	"throughline/engine/builtin"
	"throughline/lifecycle"
	"throughline/survey"
)

// picturesDir names the directory into which scripts/pictures has each page of the
// service pictured, of the demo's deal.
const picturesDir = "THROUGHLINE_PICTURES"

// TestPictures plays the demo's deal from moment to moment and pictures each page in
// light, in dark and on a phone. It fails where a page can't be pictured.
func TestPictures(t *testing.T) {
	dir := os.Getenv(picturesDir)
	if dir == "" {
		t.Skip("scripts/pictures runs it, with " + picturesDir + " set")
	}
	site := httptest.NewUnstartedServer(nil)
	defer site.Close()
	url := "http://" + site.Listener.Addr().String()
	draft, err := drafterOf(t.Context(), env{now: func() time.Time { return noon }, stderr: os.Stderr}, builtin.Name, nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := newPlay(t.Context(), url, draft)
	if err != nil {
		t.Fatal(err)
	}
	defer p.end()
	pages := p.site()
	mux := http.NewServeMux()
	mux.Handle("/review/", pages.Public())
	mux.Handle(survey.VotePath, pages.Public())
	mux.Handle("GET /signin", pages.Team())
	mux.Handle("/", newTour(p, 0).signedIn(pages))
	site.Config.Handler = mux
	site.Start()

	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium(t)), chromedp.NoSandbox, chromedp.Flag("hide-scrollbars", true))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	w := &album{walk: walk{t: t, ctx: ctx}, dir: dir, url: url}
	w.begin(url)

	p.win()
	w.jump(p, func() bool { run, ok, _ := p.run(t.Context()); return ok && !run.Collected.IsZero() })
	run, _, err := p.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.take("progress", "/runs/"+run.ID+"/progress")
	w.jump(p, func() bool { run, _, _ := p.run(t.Context()); return run.Version > 0 })
	w.take("deals", "/")
	if run, _, err = p.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	link, err := p.links.Review(t.Context(), run)
	if err != nil {
		t.Fatal(err)
	}
	w.open(link, 1280)
	w.press(`main form button`)
	w.until(`document.querySelector("form.walk") !== null`)
	w.takeURL("review", link)
	w.until(`document.querySelector("#way") !== null`)
	w.press(`button[value=confirmed]`)
	w.until(`document.querySelector("#way").textContent.startsWith("2 of")`)
	w.press(`button[value=more]`)
	w.until(`document.querySelector("#now").textContent.includes("Anything else")`)
	w.run(`document.querySelector("#text").value = "Marisol wants the yard report first."`)
	w.press(`button.primary`)
	w.until(`document.querySelector("#now").textContent.includes("What the CSM will be told")`)
	w.takeURL("review-end", link)
	w.press(`button[value=done]`)
	w.until(`location.search.includes("saved")`)
	w.jump(p, func() bool { run, _, _ := p.run(t.Context()); return !run.Published.IsZero() })
	w.jump(p, func() bool { next, ok, _ := p.next(t.Context()); return !ok || next.at.After(p.clock.now()) })
	page := "/runs/" + run.ID
	w.take("handoff", page)
	w.open(url+page, 1280)
	first := w.text(`document.querySelector("a.show").href`)
	w.takeURL("source", first)
	for name, path := range map[string]string{
		"company": page + "?audience=company", "customer": page + "?audience=customer", "sources": page + "/sources", "versions": page + "/versions",
		"history": page + "/history", "operations": "/operations", "trail": "/operations/trail", "sign-in": "/signin", "review-all": page + "/review/all",
	} {
		w.take(name, path)
	}
	w.afterwards(p)
	for _, c := range w.complaints {
		t.Error(c)
	}
}

// afterwards pictures what follows the publication: the kickoff before its call, in it,
// and when its recording was read and the customer has answered; and the milestones, one
// of them due later than was promised.
func (w *album) afterwards(p *play) {
	w.t.Helper()
	ctx := w.t.Context()
	run, _, err := p.run(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	csm, page := run.CSM.Email, "/runs/"+run.ID
	if err := p.service.AcceptVersion(ctx, run.ID, csm, run.PublishedVersion); err != nil {
		w.t.Fatal(err)
	}
	w.take("kickoff", page+"/kickoff")
	w.take("kickoff-customer", page+"/kickoff?audience=customer")
	for p.clock.now().Before(demoKickoff) {
		if err := p.step(ctx, demoKickoff.Sub(p.clock.now())); err != nil {
			w.t.Fatal(err)
		}
	}
	k, err := p.service.Kickoff(ctx, run)
	if err != nil {
		w.t.Fatal(err)
	}
	var ticks []throughline.Tick
	last := ""
	for i, point := range k.Agenda.Points {
		switch {
		case point.Mode == throughline.PointKnow:
			ticks = append(ticks, throughline.Tick{Point: point.ID, State: throughline.TickRead})
		case i < len(k.Agenda.Points)/2:
			last = point.ID
			ticks = append(ticks, throughline.Tick{Point: point.ID, State: throughline.TickCovered})
		}
	}
	if err := p.service.Tick(ctx, run.ID, csm, ticks...); err != nil {
		w.t.Fatal(err)
	}
	w.take("kickoff-call", page+"/kickoff#p-"+last)
	w.jump(p, func() bool { run, _, _ = p.run(ctx); return asked(run) })
	_, address := customer(run)
	if err := vote(ctx, p.votes(address)[9].URL, "9", "You started where we had left off with Caleb."); err != nil {
		w.t.Fatal(err)
	}
	w.take("kickoff-recorded", page+"/kickoff#shows")
	w.take("kickoff-survey", page+"/kickoff#survey")
	h, err := p.service.Published(ctx, run)
	if err != nil {
		w.t.Fatal(err)
	}
	heard := slices.IndexFunc(run.Milestones, func(m lifecycle.Milestone) bool {
		return slices.ContainsFunc(h.Items, func(it throughline.Item) bool { return it.ID == m.Item && len(it.Promises()) > 0 })
	})
	if heard < 0 {
		w.t.Fatal("the demo's deal has no milestone any more of which the customer heard")
	}
	m := run.Milestones[heard]
	promised, err := time.Parse(time.DateOnly, m.Promised)
	if err != nil {
		w.t.Fatal(err)
	}
	started, due := throughline.MilestoneStarted, promised.AddDate(0, 0, 14).Format(time.DateOnly)
	edit := lifecycle.MilestoneEdit{Status: &started, Due: &due, Why: "Their warehouse moves in October; Marisol asked for it."}
	if err := p.service.SetMilestone(ctx, run.ID, m.ID, csm, edit); err != nil {
		w.t.Fatal(err)
	}
	w.take("milestones", page+"/milestones")
	w.take("number", "/number")
}

// An album is a walk that pictures pages.
type album struct {
	walk
	dir, url string
}

func (w *album) take(name, path string) {
	w.t.Helper()
	w.takeURL(name, w.url+path)
}

// takeURL pictures what a reader sees first of a page.
func (w *album) takeURL(name, url string) {
	w.t.Helper()
	for _, as := range []struct {
		name, scheme  string
		width, height int64
	}{{"light", "light", 1280, 860}, {"dark", "dark", 1280, 860}, {"phone", "light", 360, 740}} {
		_, err := chromedp.Call(w.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: as.scheme}},
		})
		if err != nil {
			w.t.Fatal(err)
		}
		// A place on the page that is open already would not load it anew.
		if err := chromedp.Do(w.ctx, chromedp.EmulateViewport(as.width, as.height), chromedp.Navigate("about:blank"), chromedp.Navigate(url), chromedp.WaitReady("main")); err != nil {
			w.t.Fatalf("opening %s: %v", name, err)
		}
		shot, err := chromedp.Run(w.ctx, chromedp.CaptureScreenshot())
		if err != nil {
			w.t.Fatalf("picturing %s: %v", name, err)
		}
		if err := os.WriteFile(filepath.Join(w.dir, name+"-"+as.name+".png"), shot, 0o644); err != nil { //nolint:gosec // pictures are for everybody
			w.t.Fatal(err)
		}
	}
}

// jump lets the deal's time go on until it is so far.
func (w *album) jump(p *play, far func() bool) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, time.Minute)
	defer cancel()
	for !far() {
		if err := p.jump(ctx); err != nil {
			w.t.Fatal(err)
		}
	}
}
