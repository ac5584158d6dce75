package render

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
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

	"throughline"
)

// shotsDir names a directory into which the pages are pictured and printed, for
// a person to look at.
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

func browser(t *testing.T) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium(t)), chromedp.NoSandbox)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
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
	if err != nil {
		t.Fatalf("starting Chromium: %v", err)
	}
	ctx, cancel = context.WithTimeout(ctx, 3*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// complaints gathers what a browser says against a page and what the page asks
// for, beside itself.
type complaints struct {
	mu   sync.Mutex
	said []string
}

func (c *complaints) add(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.said = append(c.said, fmt.Sprintf(format, args...))
}

func (c *complaints) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	said := c.said
	c.said = nil
	return said
}

func listen(ctx context.Context, t *testing.T, address string) *complaints {
	t.Helper()
	c := &complaints{}
	err := chromedp.Listen(ctx, func(ev any) {
		switch ev := ev.(type) {
		case *log.EventEntryAdded:
			c.add("%s: %s", ev.Entry.Level, ev.Entry.Text)
		case *runtime.EventConsoleAPICalled:
			c.add("the console was written to")
		case *runtime.EventExceptionThrown:
			c.add("%s", ev.ExceptionDetails.Text)
		case *network.EventRequestWillBeSent:
			if !strings.HasPrefix(ev.Request.URL, address) && !strings.HasPrefix(ev.Request.URL, "about:") {
				c.add("it asks for %s", ev.Request.URL)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestLook opens the page of each audience in a browser, wide and narrow, and
// prints it.
func TestLook(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	h := brightwater(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/favicon.ico" { // which a browser asks for by itself
			w.WriteHeader(http.StatusNoContent)
			return
		}
		if err := HTML(w, h, throughline.Audience(strings.TrimPrefix(r.URL.Path, "/"))); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	ctx := browser(t)
	c := listen(ctx, t, server.URL)
	for _, a := range throughline.Audiences {
		for _, size := range []struct{ width, height int64 }{{1280, 900}, {390, 844}} {
			name := fmt.Sprintf("%s-%d", a, size.width)
			t.Run(name, func(t *testing.T) {
				err := chromedp.Do(ctx, chromedp.EmulateViewport(size.width, size.height), chromedp.Navigate(server.URL+"/"+string(a)))
				if err != nil {
					t.Fatal(err)
				}
				overflow, err := chromedp.Run(ctx, chromedp.Evaluate[int](`document.documentElement.scrollWidth - document.documentElement.clientWidth`))
				if err != nil {
					t.Fatal(err)
				}
				shot, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
				if err != nil {
					t.Fatal(err)
				}
				if overflow > 0 {
					t.Errorf("the page is %d pixels wider than the window", overflow)
				}
				for _, said := range c.take() {
					t.Error(said)
				}
				keep(t, name+".png", shot)
				if size.width > 1000 && a != throughline.AudienceCustomer {
					checkFirstScreen(ctx, t, size.height)
				}
			})
		}
		t.Run(string(a)+" printed", func(t *testing.T) { checkPrint(ctx, t, a) })
	}
}

// checkFirstScreen: the deal in brief (champion, committee, pains, use cases)
// ends where nobody has to scroll.
func checkFirstScreen(ctx context.Context, t *testing.T, height int64) {
	t.Helper()
	bottom, err := chromedp.Run(ctx, chromedp.Evaluate[float64](`document.getElementById("glance").getBoundingClientRect().bottom + window.scrollY`))
	if err != nil {
		t.Fatal(err)
	}
	if bottom > float64(height) {
		t.Errorf("the deal in brief ends at %.0f of %d pixels", bottom, height)
	}
	for _, id := range []string{"champion-1", "committee-1", "pain-1", "use_case-1"} {
		linked, err := chromedp.Run(ctx, chromedp.Evaluate[bool](fmt.Sprintf(
			`document.querySelector('#glance a[href="#%[1]s"]') !== null && document.getElementById(%[1]q) !== null`, id)))
		if err != nil {
			t.Fatal(err)
		}
		if !linked {
			t.Errorf("the deal in brief does not lead to %s", id)
		}
	}
}

// checkPrint prints the open page on A4.
func checkPrint(ctx context.Context, t *testing.T, a throughline.Audience) {
	t.Helper()
	pdf, err := chromedp.Run(ctx, chromedp.PrintToPDF(chromedp.PDFPaper(chromedp.PaperA4), chromedp.PDFPreferCSSPageSize()))
	if err != nil {
		t.Fatal(err)
	}
	keep(t, string(a)+".pdf", pdf)
	if pages := strings.Count(string(pdf), "/Type /Page\n"); pages < 1 || pages > 8 {
		t.Errorf("it prints on %d pages", pages)
	}
}

// keep writes what a person should look at, where they asked for it.
func keep(t *testing.T, name string, data []byte) {
	t.Helper()
	dir := os.Getenv(shotsDir)
	if dir == "" {
		return
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
		t.Fatal(err)
	}
}
