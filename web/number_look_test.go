package web_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"throughline/internal/npmtest"
	"throughline/web"
)

// TestLookAtTheNumber looks at the number's page in a real browser, with few answers
// and with many: its charts are drawn, and nobody is kept out.
func TestLookAtTheNumber(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	o := newOffice(t)
	w := newWindow(t)
	axe, err := os.ReadFile(filepath.Join(npmtest.Install(t).Modules, "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	w.axe = string(axe)
	in, err := web.SignInLink(t.Context(), o.db, o.team.URL, "csm@example.com", o.Now())
	if err != nil {
		t.Fatal(err)
	}
	w.do(chromedp.Navigate(in))
	w.press("button.primary", "No deal has been won")
	for name, deals := range map[string]int{"number-few": 20, "number": 100} {
		o.tells(reported(deals))
		w.do(chromedp.EmulateViewport(360, 800), chromedp.Navigate(o.team.URL+"/number"))
		w.sees("How to read this")
		drawn, err := chromedp.Run(w.ctx, chromedp.Evaluate[int](`[...document.querySelectorAll(".plot canvas")].filter((c) => c.getContext("2d").getImageData(0, 0, c.width, c.height).data.some((v) => v > 0)).length`))
		if err != nil {
			t.Fatal(err)
		}
		if drawn < 3 {
			t.Errorf("%s: %d charts are drawn", name, drawn)
		}
		w.look(name)
	}
}
