package survey

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"throughline"
	"throughline/internal/npmtest"
)

// shotsDir names a directory into which mail and pages are pictured, for a person to
// look at; scripts/pictures keeps them in docs.
const shotsDir = "THROUGHLINE_SHOTS"

// A window is a real browser's.
type window struct {
	t   *testing.T
	ctx context.Context
	axe string // the checker of accessibility, empty where it is not there
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
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.Flag("hide-scrollbars", true))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("starting Chromium: %v", err)
	}
	w := &window{t: t}
	w.ctx, cancel = context.WithTimeout(ctx, 3*time.Minute)
	t.Cleanup(cancel)
	t.Run("accessible", func(t *testing.T) { // or skipped, and the rest goes on
		axe, err := os.ReadFile(filepath.Join(npmtest.Install(t).Modules, "axe-core", "axe.min.js"))
		if err != nil {
			t.Fatal(err)
		}
		w.axe = string(axe)
	})
	return w
}

func (w *window) do(actions ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	if err := chromedp.Do(w.ctx, actions...); err != nil {
		w.t.Fatal(err)
	}
}

// says is what a script says of the page.
func (w *window) says(script string) string {
	w.t.Helper()
	said, err := chromedp.Run(w.ctx, chromedp.Evaluate[string](script))
	if err != nil {
		w.t.Fatal(err)
	}
	return said
}

// until waits until a script says so of the page.
func (w *window) until(want, script string) {
	w.t.Helper()
	said := ""
	for range 300 {
		var err error
		if said, err = chromedp.Run(w.ctx, chromedp.Evaluate[string](script)); err == nil && said == want {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	w.t.Fatalf("%s says %q, want %q", script, said, want)
}

// light has the browser prefer light or dark.
func (w *window) light(scheme string) {
	w.t.Helper()
	_, err := chromedp.Call(w.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// look checks the page that is open, and pictures it on a phone, in dark and light.
func (w *window) look(name string) {
	w.t.Helper()
	w.fits(name)
	w.do(chromedp.EmulateViewport(360, 640))
	for _, scheme := range []string{"dark", "light"} {
		w.light(scheme)
		w.check(name + ", " + scheme)
		w.shoot(name + "-phone-" + scheme)
	}
}

// fits checks the page that is open for width: a phone as narrow as WCAG 2.2 has it
// (1.4.10: 320 px), a usual one, a desk.
func (w *window) fits(name string) {
	w.t.Helper()
	for _, width := range []int64{320, 360, 1280} {
		w.do(chromedp.EmulateViewport(width, 640))
		if over := w.says(`String(document.documentElement.scrollWidth - document.documentElement.clientWidth)`); over != "0" {
			w.t.Errorf("%s: it is %s pixels wider than a window of %d", name, over, width)
		}
		if small := w.says(tooSmall); small != "" {
			w.t.Errorf("%s at %d: too small for a finger: %s", name, width, small)
		}
	}
}

// tooSmall lists what is touched and has less than 44 px each way (WCAG 2.2, 2.5.5),
// with the label that it is touched by.
const tooSmall = `[...document.querySelectorAll("a, button, input:not([type=hidden]), textarea")].map(e => {
	const r = (e.type == "radio" ? e.closest("label") : e).getBoundingClientRect();
	return r.width < 44 || r.height < 44 ? e.outerHTML.slice(0, 60) + " " + r.width + " × " + r.height : "" }).join("")`

// faintOnWhite lists texts of a colour that has less contrast to white than WCAG 2.2
// (1.4.3) wants: axe does not tell of white on white.
const faintOnWhite = `[...document.querySelectorAll("p, h1, a")].filter(e => {
	const [r, g, b] = getComputedStyle(e).color.match(/[\d.]+/g).map(c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
	return 1.05 / (0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05) < 4.5 }).map(e => e.innerText).join(", ")`

// check has axe look for what keeps people out, by the rules of WCAG.
func (w *window) check(shot string) {
	w.t.Helper()
	if w.axe == "" {
		return
	}
	// What is behind a page that sets no colour, axe takes for white.
	w.says(`document.documentElement.style.backgroundColor = "Canvas"; window.found = "";` + w.axe + `;axe.run(document, {resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}, (err, r) => {
		window.found = err ? String(err) : r.violations.map(v => v.id + ": " + v.nodes.map(n => n.html).join(" ")).join("\n") || "nothing"; }); ""`)
	w.until("true", `String(window.found != "")`)
	if found := w.says(`window.found`); found != "nothing" {
		w.t.Errorf("%s: %.1500s", shot, found)
	}
}

func (w *window) shoot(name string) {
	w.t.Helper()
	dir := os.Getenv(shotsDir)
	if dir == "" {
		return
	}
	shot, err := chromedp.Run(w.ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), shot, 0o644) //nolint:gosec // pictures are for everybody
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// colours are those that a mail client may leave out behind a text.
var colours = regexp.MustCompile(`bgcolor="[^"]*"|background-color:[^;"]*;?`)

// TestLook goes a respondent's way in a real browser, on a phone: reads the mail,
// opens a score, changes it, answers, unsubscribes. No page has a script.
func TestLook(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	t.Parallel()
	w := newWindow(t)
	s, l := sample("en")
	s.Respondents[0].Name = "Marisol"
	store := NewMemory(s)
	pages := &Pages{Links: l, Store: store, Now: func() time.Time { return s.Kickoff.AddDate(0, 0, 8) }}
	mails := http.NewServeMux()
	mails.Handle("/survey/", pages)
	serveMails(t, mails, s, l)
	site := httptest.NewServer(asOlderBrowsers(mails))
	t.Cleanup(site.Close)

	for _, language := range Languages {
		w.do(chromedp.Navigate(site.URL + "/reminder/" + language))
		w.fits("the reminder in " + language)
	}
	w.light("light")
	w.do(chromedp.Navigate(site.URL + "/mail/en?plain"))
	if faint := w.says(faintOnWhite); faint != "" {
		t.Errorf("can't be read without the colours behind it: %s", faint)
	}
	w.do(chromedp.Navigate(site.URL + "/mail/en"))
	w.look("survey-mail")
	nine := w.says(`[...document.links].find(a => a.innerText == "9").href`)
	stop := w.says(`[...document.links].at(-1).href`)

	w.do(chromedp.Navigate(site.URL + strings.TrimPrefix(nine, l.Public)))
	w.look("survey-vote")
	w.do(
		chromedp.Click(`input[value="8"]`),
		chromedp.SendKeys("#comment", "We did not have to say anything twice."),
		chromedp.Click("form > button"),
	)
	w.until("Thank you", `document.querySelector("h1").innerText`)
	w.look("survey-thanks")
	if got := store.Answers(); len(got) != 1 || got[0].Score != 8 || got[0].Comment != "We did not have to say anything twice." {
		t.Errorf("kept: %+v", got)
	}

	w.do(chromedp.Navigate(site.URL + strings.TrimPrefix(stop, l.Public)))
	w.look("survey-stop")
	w.do(chromedp.Click("form > button"))
	w.until("We won't ask you again.", `document.querySelector("h1").innerText`)
	w.fits("the end of unsubscribing")
	if !store.Stopped(s.Respondents[0].ID) {
		t.Error("nobody is unsubscribed")
	}
	w.do(chromedp.Navigate(site.URL + VotePath + "broken"))
	w.until("This link isn't complete. Open it from the mail once more.", `document.querySelector("h1").innerText`)
	w.fits("a broken link")
}

// asOlderBrowsers takes forms from our own pages only, by what browsers told of that
// before they had Sec-Fetch-Site.
func asOlderBrowsers(h http.Handler) http.Handler {
	same := http.NewCrossOriginProtection().Handler(h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Sec-Fetch-Site")
		same.ServeHTTP(w, r)
	})
}

// serveMails shows the mails as a mail program would, and with ?plain as one that
// leaves out the colours behind texts.
func serveMails(t *testing.T, mux *http.ServeMux, s throughline.Survey, l *Links) {
	t.Helper()
	asked := s.Kickoff
	for path, at := range map[string]*time.Time{"/mail/": nil, "/reminder/": &asked} {
		for _, s.Language = range Languages {
			r := s.Respondents[0]
			r.AskedAt = at
			m, err := l.Mail(s, r)
			if err != nil {
				t.Fatal(err)
			}
			mux.HandleFunc(path+s.Language, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				page := m.HTML
				if r.URL.RawQuery == "plain" {
					page = colours.ReplaceAllString(page, "")
				}
				_, _ = fmt.Fprint(w, page)
			})
		}
	}
}
