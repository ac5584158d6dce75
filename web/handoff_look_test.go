package web_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"throughline/internal/npmtest"
	"throughline/web"
)

// enter signs the window in.
func (w *window) enter(o *office, who string) {
	w.t.Helper()
	in, err := web.SignInLink(w.t.Context(), o.db, o.team.URL, who, o.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	w.do(chromedp.Navigate(in))
	w.press("button.primary", "Signed in as")
}

// holds waits until the page says that something is so.
func (w *window) holds(what, script string) {
	w.t.Helper()
	for range 200 {
		if is, err := chromedp.Run(w.ctx, chromedp.Evaluate[bool](script)); err == nil && is {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	w.t.Errorf("it does not hold that %s", what)
}

// TestTheCSMReadsAHandoff goes a CSM's way in a real browser: reads, opens a quote's
// source by the keyboard, looks at what others see, accepts.
func TestTheCSMReadsAHandoff(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	o := newOffice(t)
	o.deal.Customer = "Harborline Logistics"
	o.stocked(os.DirFS(sampleDeal))
	w := newWindow(t)
	id := o.published()
	page := o.team.URL + "/runs/" + id
	w.do(chromedp.EmulateViewport(1280, 800))
	w.enter(o, "csm@example.com")
	w.do(chromedp.Navigate(page))
	w.sees("Your part")

	// The first screen has the deal's shape, and what is to be done.
	for what, at := range map[string]string{"the customer": "h1", "the champion": ".glance li", "the use cases": ".glance > div:nth-of-type(2) li", "the 30/60/90": ".glance > div:nth-of-type(3) li:last-child", "what to do": "form[action$=accept] button"} {
		w.holds(what+" is on the first screen", `document.querySelector("`+at+`").getBoundingClientRect().top < 800`)
	}

	// By the keyboard, a quote opens beside the page, and nothing moves.
	w.do(chromedp.Evaluate[chromedp.Void](`window.shifts = 0; new PerformanceObserver(l => { for (const e of l.getEntries()) window.shifts += e.value }).observe({type: "layout-shift"}); document.querySelector("a.show").focus()`))
	before, err := chromedp.Run(w.ctx, chromedp.Evaluate[float64](`document.querySelector("a.show").getBoundingClientRect().top + scrollY`))
	if err != nil {
		t.Fatal(err)
	}
	w.do(chromedp.KeyEvent(kb.Enter))
	w.holds("the source is beside", `!!document.querySelector("#beside .passage.here mark")`)
	w.holds("its head has the focus", `document.activeElement.id == "beside-head"`)
	w.holds("its words are in view", `(m => m.top >= 0 && m.bottom <= innerHeight)(document.querySelector("#beside mark").getBoundingClientRect())`)
	after, err := chromedp.Run(w.ctx, chromedp.Evaluate[float64](`document.querySelector("a.show").getBoundingClientRect().top + scrollY`))
	if err != nil || after != before {
		t.Errorf("the quote moved from %v to %v, %v", before, after, err)
	}
	if shot, err := chromedp.Run(w.ctx, chromedp.CaptureScreenshot()); err == nil {
		w.keep("handoff-beside.png", shot)
	}
	w.do(chromedp.KeyEvent(kb.Escape))
	w.holds("it closes, and the focus is back", `!document.querySelector("#beside *") && document.activeElement.className == "show"`)
	w.holds("nothing moved", `window.shifts < 0.01`)

	// A section that is on the screen a while counts as read.
	w.do(chromedp.Evaluate[chromedp.Void](`document.getElementById("section-3").scrollIntoView()`))
	for range 400 {
		if readers := o.run(id).Readers; len(readers) > 0 && len(readers[0].Sections) > 0 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if r := o.run(id).Readers; len(r) != 1 || len(r[0].Sections) == 0 {
		t.Errorf("no section is noted as read: %+v", r)
	}
	w.holds("it is shown", `!!document.querySelector("#section-3 .read").innerText.includes("You have read this")`)
	for _, seen := range []string{"company", "customer"} {
		w.do(chromedp.Navigate(page), chromedp.Click(`.switch a[href*=`+seen+`]`))
		w.sees("This is exactly what")
	}

	// On a phone the same link leads to the source's page.
	w.do(chromedp.EmulateViewport(360, 800), chromedp.Navigate(page))
	w.sees("Your part")
	w.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("a.show").click()`))
	w.holds("the passage is on the screen", `location.pathname.includes("/sources/") && !!document.querySelector(".passage:target mark") && document.querySelector(".passage:target").getBoundingClientRect().top < innerHeight`)
	w.do(chromedp.EmulateViewport(1280, 800), chromedp.Navigate(page))
	w.press("form[action$=accept] button", "Version 1 is accepted")
	if run := o.run(id); run.AcceptedBy != "csm@example.com" {
		t.Errorf("accepted by %q", run.AcceptedBy)
	}
	w.printed("handoff", page)
}

// TestLookAtAHandoff looks at a handoff's pages on a phone and a desk, in light and
// dark.
func TestLookAtAHandoff(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	o := newOffice(t)
	o.deal.Customer = "Harborline Logistics"
	o.stocked(os.DirFS(sampleDeal))
	w := newWindow(t)
	t.Run("accessible", func(t *testing.T) { // or skipped, and the rest goes on
		axe, err := os.ReadFile(filepath.Join(npmtest.Install(t).Modules, "axe-core", "axe.min.js"))
		if err != nil {
			t.Fatal(err)
		}
		w.axe = string(axe)
	})
	id := o.published()
	page := o.team.URL + "/runs/" + id
	w.enter(o, "csm@example.com")
	for _, c := range []struct{ name, path, text string }{
		{"handoff", "", "Your part"},
		{"handoff-company", "?audience=company", "This is exactly"},
		{"handoff-customer", "?audience=customer", "This is exactly"},
		{"source", "/sources/c1", "Took part"},
		{"sources", "/sources", "What could not be read"},
		{"sources-found", "/sources?q=weeks", "for “weeks”"},
		{"sources-nothing", "/sources?q=zzz", "Nothing found"},
		{"versions", "/versions", "one version so far"},
		{"history", "/history", "What happened"},
	} {
		w.do(chromedp.Navigate(page + c.path))
		w.sees(c.text)
		w.look(c.name)
	}
	w.do(chromedp.EmulateViewport(1280, 800), chromedp.Navigate(page))
	w.sees("Your part")
	w.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("a.show").click()`))
	w.holds("the source is beside", `!!document.querySelector("#beside .passage.here mark")`)
	w.check("beside")
	if err := o.db.ForgetArchive(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	w.do(chromedp.Navigate(page + "/sources"))
	w.sees("erased after its time")
	w.look("sources-erased")
}

// TestThePagesOfALongDeal pictures the pages of the longest deal.
func TestThePagesOfALongDeal(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	if _, err := os.Stat(longDeal); err != nil {
		t.Skip("the long deal is not here")
	}
	o := newOffice(t)
	o.deal.Customer = strings.Repeat("A customer with a long name ", 4)
	o.stocked(os.DirFS(longDeal))
	w := newWindow(t)
	id := o.published()
	page := o.team.URL + "/runs/" + id
	w.do(chromedp.EmulateViewport(1280, 800))
	w.enter(o, "csm@example.com")
	for name, path := range map[string]string{"long-handoff": "", "long-sources": "/sources", "long-source": "/sources/e1"} {
		w.do(chromedp.Navigate(page + path))
		w.sees("Handoff")
		w.look(name)
	}
}

// printed prints a page, as the browser does when it saves a PDF.
func (w *window) printed(name, url string) {
	w.t.Helper()
	w.do(chromedp.Navigate(url))
	w.sees("Your part")
	w.do(chromedp.Evaluate[chromedp.Void](`window.dispatchEvent(new Event("beforeprint"))`))
	w.holds("what is folded is open", `!document.querySelector("main details:not([open])")`)
	out, err := chromedp.Call(w.ctx, page.PrintToPDF, page.PrintToPDFParams{PreferCSSPageSize: new(true)})
	if err != nil {
		w.t.Fatal(err)
	}
	if !strings.HasPrefix(string(out.Data), "%PDF") {
		w.t.Error("it is no PDF")
	}
	w.keep(name+".pdf", out.Data)
	as := func(media string) {
		if _, err := chromedp.Call(w.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Media: media, Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}},
		}); err != nil {
			w.t.Fatal(err)
		}
	}
	as("print")
	w.holds("paper is not dark", `getComputedStyle(document.body).color == "rgb(32, 38, 43)"`)
	w.holds("paper has nothing to press", `![...document.querySelectorAll("button, .bar, .side, .tabs, .switch, .actions, .onscreen, a.show")].some(e => e.getClientRects().length)`)
	w.holds("the pictures say what they show", `[...document.querySelectorAll(".picture svg, .picture figcaption")].every(e => e.getClientRects().length)`)
	as("")
}
