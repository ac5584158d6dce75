package web_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"throughline"
	"throughline/connect"
	"throughline/internal/npmtest"
	"throughline/web"
)

// shotsDir names a directory into which the pages are pictured, for a person to
// look at.
const shotsDir = "THROUGHLINE_SHOTS"

// A window is a real browser's.
type window struct {
	t   *testing.T
	ctx context.Context
	axe string // the checker of accessibility, empty where it is not there

	mu   sync.Mutex
	said []string // complaints of the browser
}

func newWindow(t *testing.T) *window {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("no Chromium is found on this machine; `make setup` installs it on Debian")
	}
	w := &window{t: t}
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox)...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	err := chromedp.Do(ctx)
	if err == nil {
		_, err = chromedp.Call(ctx, network.Enable, network.EnableParams{})
	}
	if err == nil {
		_, err = chromedp.Call(ctx, log.Enable, cdp.Empty{})
	}
	if err == nil {
		err = chromedp.Listen(ctx, w.hear)
	}
	if err != nil {
		t.Fatalf("starting Chromium: %v", err)
	}
	w.ctx, cancel = context.WithTimeout(ctx, 3*time.Minute)
	t.Cleanup(cancel)
	return w
}

func (w *window) hear(ev any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch ev := ev.(type) {
	case *log.EventEntryAdded:
		// A refusal is a page like another; the browser notes its status.
		if !strings.Contains(ev.Entry.Text, "the server responded with a status of 4") {
			w.said = append(w.said, fmt.Sprintf("%s: %s", ev.Entry.Level, ev.Entry.Text))
		}
	case *runtime.EventConsoleAPICalled:
		w.said = append(w.said, "the console was written to")
	case *runtime.EventExceptionThrown:
		w.said = append(w.said, ev.ExceptionDetails.Text)
	}
}

func (w *window) do(actions ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	if err := chromedp.Do(w.ctx, actions...); err != nil {
		w.t.Fatal(err)
	}
}

// press clicks a button and waits for the page that it leads to, which has a
// text.
func (w *window) press(button, text string) {
	w.t.Helper()
	w.do(chromedp.Click(button), chromedp.WaitReady("body"))
	w.sees(text)
}

func (w *window) sees(text string) {
	w.t.Helper()
	for range 100 {
		body, err := chromedp.Run(w.ctx, chromedp.Evaluate[string](`document.body ? document.body.innerText : ""`))
		if err == nil && strings.Contains(body, text) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	body, _ := chromedp.Run(w.ctx, chromedp.Evaluate[string](`document.body.innerText`))
	w.t.Fatalf("the page does not say %q: %.800s", text, body)
}

// look pictures the page in each size and light, and checks what can be checked.
func (w *window) look(name string) {
	w.t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{360, 1280} {
			shot := fmt.Sprintf("%s-%d-%s", name, width, scheme)
			_, err := chromedp.Call(w.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
			})
			if err != nil {
				w.t.Fatal(err)
			}
			w.do(chromedp.EmulateViewport(width, 800))
			over, err := chromedp.Run(w.ctx, chromedp.Evaluate[int](`document.documentElement.scrollWidth - document.documentElement.clientWidth`))
			if err != nil {
				w.t.Fatal(err)
			}
			if over > 0 {
				w.t.Errorf("%s is %d pixels wider than the window", shot, over)
			}
			if width == 360 { // the same elements in other places
				w.check(shot)
			}
			picture, err := chromedp.Run(w.ctx, chromedp.FullScreenshot(100))
			if err != nil {
				w.t.Fatal(err)
			}
			w.keep(shot+".png", picture)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, said := range w.said {
		w.t.Errorf("%s: %s", name, said)
	}
	w.said = nil
}

// check has axe look for what keeps people out.
func (w *window) check(shot string) {
	w.t.Helper()
	if w.axe == "" {
		return
	}
	const run = `;axe.run(document, {resultTypes: ["violations"]}, (err, r) => {
		window.found = err ? String(err) : r.violations.map(v => v.id + ": " + v.nodes.map(n => n.html).join(" ")).join("\n") || "nothing"; }); ""`
	if _, err := chromedp.Run(w.ctx, chromedp.Evaluate[string](`window.found = "";`+w.axe+run)); err != nil {
		w.t.Fatal(err)
	}
	for range 500 {
		found, err := chromedp.Run(w.ctx, chromedp.Evaluate[string](`window.found`))
		if err != nil {
			w.t.Fatal(err)
		}
		if found == "nothing" {
			return
		}
		if found != "" {
			w.t.Errorf("%s: %.1500s", shot, found)
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	w.t.Errorf("%s: axe does not end", shot)
}

func (w *window) keep(name string, data []byte) {
	w.t.Helper()
	dir := os.Getenv(shotsDir)
	if dir == "" {
		return
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
		w.t.Fatal(err)
	}
}

// TestLook goes the way of an AE and of a CSM in a real browser, and looks at every
// page on a phone and a desk, in light and dark.
func TestLook(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	o := newOffice(t)
	o.deal = connect.Record{ID: "006A", Name: "Example Corporation of the Northern and Western Territories - Sync", Customer: "Example Corporation of the Northern and Western Territories"}
	risk := item("risk-1", "The nightly load of the second plant has never been under two hours, and their team takes that for a fault of the old system.", "it was never under two hours, whatever we tried, and frankly we'd expect you to know why")
	risk.Kind = throughline.KindRisk
	champion := item("champion-1", "Wants the load to be hers, and says so in front of the others.", "I'd put my name on it")
	champion.Kind, champion.Person = throughline.KindChampion, "A person with a rather long name, of the department of integration"
	o.items = append(o.items, champion, risk, item("use_case-9", strings.Repeat("unbreakable", 12), "a quote that goes on "+strings.Repeat("x", 120)))
	w := newWindow(t)
	t.Run("accessible", func(t *testing.T) { // or skipped, and the rest goes on
		axe, err := os.ReadFile(filepath.Join(npmtest.Install(t).Modules, "axe-core", "axe.min.js"))
		if err != nil {
			t.Fatal(err)
		}
		w.axe = string(axe)
	})
	id := o.drafted()
	link, page := o.reviewLink(id), o.team.URL+"/runs/"+id

	w.do(chromedp.EmulateViewport(360, 800), chromedp.Navigate(link))
	w.look("open")
	w.press("form[action$=open] button", "1 of ")
	w.do(chromedp.Navigate(link + "/all"))
	w.sees("You know what was not written down")
	w.look("review")
	w.do(
		chromedp.Click(`input[name="say:use_case-1"][value=confirmed]`),
		chromedp.Click(`input[name="say:use_case-2"][value=corrected]`),
		chromedp.SendKeys("#more", "Their CFO reads everything twice."),
	)
	w.press("button.primary", "one field below says what is missing")
	w.look("review-gap")
	w.do(
		chromedp.SendKeys(`[id="text:use_case-2"]`, "Live in five weeks."),
		chromedp.SendKeys(`[id="answer:q1"]`, "Their data team."),
	)
	w.press("button.primary", "Saved. Thank you.")
	w.look("review-saved")
	if n := len(o.words(id)); n != 4 {
		t.Errorf("%d words are kept", n)
	}

	w.do(chromedp.Navigate(o.team.URL + "/"))
	w.look("signed-out")
	o.until(monday.Add(23 * time.Hour))
	o.down = fmt.Errorf("the mail server refuses the password for %s: look at the configuration", strings.Repeat("smtp", 30))
	o.until(monday.Add(60 * time.Hour))
	in, err := web.SignInLink(t.Context(), o.db, o.team.URL, "csm@example.com", o.Now())
	if err != nil {
		t.Fatal(err)
	}
	w.do(chromedp.Navigate(in))
	w.look("sign-in")
	w.press("button.primary", "Handoffs")
	w.look("list")
	w.do(chromedp.Navigate(page))
	w.sees("Your part")
	w.look("run")
	w.do(chromedp.Navigate(page + "/history"))
	w.sees("What happened")
	w.do(chromedp.Navigate(page + "/handoff"))
	w.sees("Live in five weeks.")
	w.do(chromedp.Navigate(page))
	w.press("form[action$=accept] button", "Version 1 is accepted")
	if run := o.run(id); run.AcceptedBy != "csm@example.com" || len(run.Readers) != 2 {
		t.Errorf("accepted by %q, read by %+v", run.AcceptedBy, run.Readers)
	}
	o.mu.Lock()
	o.items = append(o.items[1:], item("use_case-10", "A second plant", "and then the second plant"), item("use_case-11", "A third", "and the third"))
	o.mu.Unlock()
	o.until(monday.Add(72 * time.Hour))
	w.do(chromedp.Navigate(page))
	w.sees("Sign in") // the day is over
	in, err = web.SignInLink(t.Context(), o.db, o.team.URL, "csm@example.com", o.Now())
	if err != nil {
		t.Fatal(err)
	}
	w.do(chromedp.Navigate(in))
	w.press("button.primary", "Handoffs")
	w.do(chromedp.Navigate(page))
	w.sees("Since version 1 was accepted")
	w.look("run-changed")
	w.press(".bar button", "Sign in")
	w.do(chromedp.Navigate(page + "/none"))
	w.look("problem")

	o.set(monday.Add(30 * 24 * time.Hour))
	w.do(chromedp.Navigate(link))
	w.sees("has expired")
	w.look("expired")
}
