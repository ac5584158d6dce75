package main

import (
	"context"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// shotsDir names a directory into which the tour is pictured, for a person to
// look at.
const shotsDir = "THROUGHLINE_SHOTS"

// chromium is a browser of this machine; without one the test is skipped.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("no Chromium is found on this machine; `make setup` installs it on Debian")
	return ""
}

// TestDemoTour walks through the demo as a person would: watches it draft, opens
// the AE's review link from the mailbox, saves a review, watches it publish,
// presses Accept in the deal channel, and sees it marked; then the kickoff, the
// customer's answer, and the number.
func TestDemoTour(t *testing.T) {
	if testing.Short() {
		t.Skip("it needs a browser")
	}
	undetected(t)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium(t)), chromedp.NoSandbox)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	serving, stop := context.WithCancel(t.Context())
	url, ended := serveForTest(serving, t)
	defer func() {
		stop()
		<-ended
	}()
	w := walk{t: t, ctx: ctx}
	w.begin(url)

	w.open(url, 1280)
	w.until(`document.querySelector("#caption h2").textContent.includes("about to be signed")`)
	w.picture("1-start")
	w.until(`document.querySelector("#ae details a.button") !== null`)
	w.picture("2-drafted")
	review := w.text(`document.querySelector("#ae details a.button").href`)

	w.open(review, 1280)
	if held := fetch(t, http.MethodGet, url+"/").body; !strings.Contains(held, "time stands") {
		t.Error("time does not stand while the review is open")
	}
	w.press(`main form button`) // ties the link to this browser
	w.until(`document.querySelector("form.walk") !== null`)
	w.press(`button[value=confirmed]`)
	w.until(`document.querySelector("#way").textContent.startsWith("2 of")`)
	w.picture("2a-step")
	w.press(`button[value=all]`)
	w.until(`document.querySelector("textarea[name=more]") !== null`)
	w.run(`document.querySelector("textarea[name=more]").value = "Marisol wants the yard report first."`)
	w.press(`main form button.primary`)
	w.until(`location.search.includes("saved")`)
	w.picture("3-reviewed")

	w.open(url, 1280)
	w.until(`document.querySelector("#channel button[value=throughline_accept]") !== null`)
	w.until(`document.querySelector("#caption h2").textContent.startsWith("Published")`)
	w.until(`document.querySelector("#csm details") !== null`)
	w.until(`document.querySelector("#steer").textContent.includes("the CSM’s turn")`)
	w.picture("4-published")
	if shown := w.text(`document.querySelector("#channel .own").textContent`); !strings.Contains(shown, "reviewed by the AE") || strings.Contains(shown, "not reviewed") {
		t.Errorf("the channel does not say that it was reviewed: %.300s", shown)
	}
	w.press(`#channel button[value=throughline_accept]`)
	w.until(`document.querySelector("#channel .own").textContent.includes("Version 1 was accepted by tess.okafor@northbeam.example")`)
	w.until(`document.querySelector("#channel button[value=throughline_accept]") === null`)
	w.until(`document.querySelector("#trail").textContent.includes("accepted")`)
	w.picture("5-accepted")

	w.until(`document.querySelector("#steer form button.primary") !== null`)
	w.press(`#steer form[action='/time/run'] button`)
	w.until(`document.querySelector("#steer").textContent.includes("The kickoff has been")`)
	w.picture("6-kickoff")
	w.press(`#steer form[action='/time/run'] button`)
	w.until(`document.querySelectorAll("#customer .scores a").length === 11`)
	w.until(`document.querySelector("#steer").textContent.includes("the customer’s turn")`)
	w.picture("7-asked")
	w.open(w.text(`document.querySelectorAll("#customer .scores a")[9].href`), 400)
	w.until(`document.querySelector("input[name=score]:checked").value === "9"`)
	w.picture("8-survey")
	w.press(`main form button`)
	w.until(`document.querySelector("form") === null`)
	w.open(url, 1280)
	w.until(`document.querySelector("#customer a[href='/number']") !== null`)
	w.picture("9-answered")
	w.open(url+"/number", 1280)
	w.until(`document.querySelector("main").textContent.includes("Too few answers")`)
	w.picture("10-number")
	for _, width := range []int64{1280, 820, 400} {
		w.open(url, width)
		if over := w.text(`String(document.documentElement.scrollWidth - document.documentElement.clientWidth)`); over != "0" {
			t.Errorf("at a width of %d the page is %s too wide", width, over)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.complaints {
		t.Error(c)
	}
}

// A walk is somebody at a browser.
type walk struct {
	t   *testing.T
	ctx context.Context

	mu         sync.Mutex
	complaints []string
}

func (w *walk) complain(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.complaints = append(w.complaints, what)
}

// begin starts the browser, and notes what it says against the pages, and what
// they ask for beside the demo itself.
func (w *walk) begin(url string) {
	w.t.Helper()
	err := chromedp.Do(w.ctx)
	if err == nil {
		_, err = chromedp.Call(w.ctx, network.Enable, network.EnableParams{})
	}
	if err == nil {
		_, err = chromedp.Call(w.ctx, log.Enable, cdp.Empty{})
	}
	if err == nil {
		err = chromedp.Listen(w.ctx, func(ev any) {
			switch ev := ev.(type) {
			case *log.EventEntryAdded:
				if !strings.Contains(ev.Entry.URL, "favicon") {
					w.complain("the browser says: " + ev.Entry.Text)
				}
			case *runtime.EventExceptionThrown:
				w.complain("a script failed: " + ev.ExceptionDetails.Text)
			case *network.EventRequestWillBeSent:
				if !strings.HasPrefix(ev.Request.URL, url) && !strings.HasPrefix(ev.Request.URL, "about:") && !strings.HasPrefix(ev.Request.URL, "data:") {
					w.complain("a page asks for " + ev.Request.URL)
				}
			}
		})
	}
	if err != nil {
		w.t.Fatalf("starting Chromium: %v", err)
	}
}

func (w *walk) open(url string, width int64) {
	w.t.Helper()
	if err := chromedp.Do(w.ctx, chromedp.EmulateViewport(width, 900), chromedp.Navigate(url)); err != nil {
		w.t.Fatalf("opening %s: %v", url, err)
	}
}

// until waits until the page is so.
func (w *walk) until(condition string) {
	w.t.Helper()
	for range 1200 { // two minutes: a week of the demo takes longer where other tests run beside it
		ok, err := chromedp.Run(w.ctx, chromedp.Evaluate[bool](condition))
		if err == nil && ok {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	w.picture("failed")
	w.t.Fatalf("the page does not come to be so: %s", condition)
}

func (w *walk) text(expression string) string {
	w.t.Helper()
	got, err := chromedp.Run(w.ctx, chromedp.Evaluate[string](expression))
	if err != nil {
		w.t.Fatalf("%s: %v", expression, err)
	}
	return got
}

func (w *walk) run(script string) {
	w.t.Helper()
	w.text(script)
}

func (w *walk) press(selector string) {
	w.t.Helper()
	// The page may lead elsewhere at once, so that nothing is answered.
	w.text(`setTimeout(() => document.querySelector("` + selector + `").click(), 0); ""`)
}

func (w *walk) picture(name string) {
	w.t.Helper()
	dir := os.Getenv(shotsDir)
	if dir == "" {
		return
	}
	var shot []byte
	err := errors.New("not tried")
	for i := 0; i < 20 && err != nil; i++ { // a page that has just been opened has no size yet
		time.Sleep(50 * time.Millisecond)
		shot, err = chromedp.Run(w.ctx, chromedp.FullScreenshot(100))
	}
	if err := errors.Join(err, os.WriteFile(filepath.Join(dir, name+".png"), shot, 0o600)); err != nil {
		w.t.Error(err)
	}
}
