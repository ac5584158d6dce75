package web_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"throughline/internal/npmtest"
	"throughline/survey"
)

// drawnCharts counts the charts of which something is drawn over their whole width.
const drawnCharts = `[...document.querySelectorAll(".plot")].filter((p) => {
  const c = p.querySelector("canvas");
  if (!c || Math.abs(c.getBoundingClientRect().width - p.clientWidth) > 1) return false;
  const blank = document.createElement("canvas");
  [blank.width, blank.height] = [c.width, c.height];
  return c.toDataURL() != blank.toDataURL();
}).length`

// TestLookAtTheNumber looks at the number's page in a real browser, in each of its
// states: its charts are drawn, and nobody is kept out.
func TestLookAtTheNumber(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	o := newOffice(t)
	w := newWindow(t)
	t.Run("accessible", func(t *testing.T) { // or skipped, and the rest goes on
		axe, err := os.ReadFile(filepath.Join(npmtest.Install(t).Modules, "axe-core", "axe.min.js"))
		if err != nil {
			t.Fatal(err)
		}
		w.axe = string(axe)
	})
	w.enter(o, "csm@example.com")
	at := o.team.URL + "/number"
	open := func(text string) {
		t.Helper()
		w.do(chromedp.EmulateViewport(360, 800), chromedp.Navigate(at))
		w.sees(text)
	}
	open("the survey is off")
	w.look("number-off")
	o.tells(survey.Report{})
	open("There are no answers yet")
	w.look("number-empty")
	o.tells(reported(9)) // so few that figures are withheld
	open("withheld")
	w.look("number-withheld")
	for _, tt := range []struct {
		name          string
		deals, charts int
	}{{"number-few", fewDeals, 4}, {"number", manyDeals, 7}} {
		o.tells(reported(tt.deals))
		open("How to read this")
		for _, width := range []int64{360, 1280} {
			w.do(chromedp.EmulateViewport(width, 800))
			w.holds("the charts are as wide as the page", `document.querySelectorAll(".plot").length == `+drawnCharts)
		}
		drawn, err := chromedp.Run(w.ctx, chromedp.Evaluate[int](drawnCharts))
		if err != nil || drawn < tt.charts {
			t.Errorf("%s: %d charts are drawn, %v", tt.name, drawn, err)
		}
		w.look(tt.name)
	}
	w.printedNumber()

	// Without scripts the tables stand alone.
	if _, err := chromedp.Call(w.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	w.do(chromedp.EmulateViewport(360, 800), chromedp.Navigate(at))
	shot, err := chromedp.Run(w.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	w.keep("number-without-scripts.png", shot)
	if _, err := chromedp.Call(w.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{}); err != nil {
		t.Fatal(err)
	}
	w.holds("no chart takes room", `[...document.querySelectorAll(".plotted")].length > 0 && ![...document.querySelectorAll(".plot canvas")].length`)
}

// printedNumber prints the page from a dark screen: on paper, charts are light.
func (w *window) printedNumber() {
	w.t.Helper()
	_, err := chromedp.Call(w.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}})
	if err != nil {
		w.t.Fatal(err)
	}
	w.do(chromedp.EmulateViewport(1280, 800))
	w.holds("the charts are drawn", `document.querySelectorAll(".plot").length == `+drawnCharts)
	out, err := chromedp.Call(w.ctx, page.PrintToPDF, page.PrintToPDFParams{PreferCSSPageSize: new(true)})
	if err != nil {
		w.t.Fatal(err)
	}
	if !strings.HasPrefix(string(out.Data), "%PDF") {
		w.t.Error("it is no PDF")
	}
	w.keep("number.pdf", out.Data)
	w.do(chromedp.Evaluate[chromedp.Void](`dispatchEvent(new Event("beforeprint"))`))
	w.holds("they fit on paper", `[...document.querySelectorAll(".plot canvas")].every((c) => c.getBoundingClientRect().width <= 620)`)
	w.do(chromedp.Evaluate[chromedp.Void](`dispatchEvent(new Event("afterprint"))`))
	w.holds("they are as wide as the page again", `document.querySelectorAll(".plot").length == `+drawnCharts)
}
