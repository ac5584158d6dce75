package main

import (
	"bufio"
	"context"
	"errors"
	"html"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"throughline"
)

func TestDemoOnce(t *testing.T) {
	t.Chdir(t.TempDir())
	out := succeed(t, "", "demo", "--once")
	story := regexp.MustCompile(`(?s)28 Sep 2026, 20:05.*detected:.*collecting:.*drafted:.*in review:.*29 Sep 2026, 20:05  published: not reviewed by AE.*notion.*salesforce.*slack.*agenda published to:.*2 pages.*1 message.*` + regexp.QuoteMeta(demoFile) +
		`.*accepted:.*6 Oct 2026, 15:00  kickoff:.*kickoff read:.*survey opened: 3 of.*13 Oct 2026, 15:00  answered: .* gives a 9.*Too few answers to tell: there are answers of 1 deal in one group`)
	if !story.MatchString(out) {
		t.Errorf("it does not tell the story, and where the page is:\n%s", out)
	}
	page, err := os.ReadFile(demoFile)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "Harborline Logistics") || !strings.Contains(string(page), throughline.SectionContext.Title()) {
		t.Errorf("the page is not the team's handoff: %.300s", page)
	}
	if raced { // once is enough for it; `make test` goes on without it
		return
	}
	if out := succeed(t, "", "demo", "--once", "-o", "other.html"); !strings.Contains(out, "other.html") {
		t.Errorf("it does not say where the page is: %q", out)
	}
	if other, err := os.ReadFile("other.html"); err != nil || string(other) != string(page) {
		t.Errorf("-o writes another page: %v", err)
	}
	if out := succeed(t, "", "demo", "--once", "-o", "-"); out != string(page) {
		t.Errorf("-o - writes another page: %.200s", out)
	}
}

// serveForTest starts the demo and gives its address, and the status with which
// it ends.
func serveForTest(ctx context.Context, t *testing.T, flags ...string) (url string, ended <-chan int) {
	t.Helper()
	out, w := io.Pipe()
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, env{stdin: strings.NewReader(""), stdout: w, stderr: io.Discard, now: func() time.Time { return noon }}, append([]string{"demo"}, flags...))
		_ = w.Close() // never errs
	}()
	lines := bufio.NewReader(out)
	first, err := lines.ReadString('\n')
	if err != nil {
		t.Fatalf("the demo said nothing: %v", err)
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	url = regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(first)
	if url == "" {
		t.Fatalf("the demo does not print its address: %q", first)
	}
	return url, done
}

// A reply is what a server answered.
type reply struct {
	status int
	header http.Header
	body   string
}

func fetch(t *testing.T, method, url string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return reply{resp.StatusCode, resp.Header, string(body)}
}

func TestDemoServes(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	url, ended := serveForTest(ctx, t, "--pace", "12")
	if early := fetch(t, http.MethodGet, url+"/team.html"); early.status != http.StatusNotFound {
		t.Errorf("there is a handoff before the deal is won: %d", early.status)
	}
	home := fetch(t, http.MethodGet, url+"/")
	if home.status != http.StatusOK || !strings.HasPrefix(home.header.Get("Content-Type"), "text/html") {
		t.Fatalf("the page: %d, %s", home.status, home.header.Get("Content-Type"))
	}
	for header, want := range map[string]string{
		"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
	} {
		if got := home.header.Get(header); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
	}
	home = waitFor(t, url, "It is the CSM’s turn")
	for _, want := range []string{"Closed Won", "#deal-harborline", `name="button" value="throughline_accept"`, "Handoff Version", "Your handoff of Harborline Logistics is drafted", "published to"} {
		if !strings.Contains(home.body, want) {
			t.Errorf("the page does not show %q", want)
		}
	}
	followed := 0
	for _, path := range []string{"/", "/team.html", "/company.html", "/customer.html"} {
		body := fetch(t, http.MethodGet, url+path).body
		for _, link := range regexp.MustCompile(`(?:href|src)="(?:http://127\.0\.0\.1:\d+)?(/[^"]*)"`).FindAllStringSubmatch(body, -1) {
			followed++
			if linked := fetch(t, http.MethodGet, url+html.UnescapeString(link[1])); linked.status != http.StatusOK || len(linked.body) < 200 {
				t.Errorf("%s links to %s: %d, %d bytes", path, link[1], linked.status, len(linked.body))
			}
		}
	}
	if followed < 20 {
		t.Errorf("the pages have only %d links", followed)
	}
	for path, want := range map[string]string{
		"/team.md": "text/markdown", "/team.json": "application/json", "/company.json": "application/json", "/customer.md": "text/markdown",
	} {
		if got := fetch(t, http.MethodGet, url+path).header.Get("Content-Type"); !strings.HasPrefix(got, want) {
			t.Errorf("%s is %s", path, got)
		}
	}
	if customer := fetch(t, http.MethodGet, url+"/customer.html"); strings.Contains(customer.body, throughline.SectionContext.Title()) {
		t.Error("the customer's page shows section 2")
	}
	for _, c := range []struct {
		method, path string
		want         int
	}{
		{http.MethodPost, "/", http.StatusMethodNotAllowed},
		{http.MethodDelete, "/team.html", http.StatusMethodNotAllowed},
		{http.MethodGet, "/time/jump", http.StatusMethodNotAllowed},
		{http.MethodGet, "/nobody.html", http.StatusNotFound},
		{http.MethodGet, "/files/nothing", http.StatusNotFound},
		{http.MethodGet, "/..%2f..%2fetc/passwd", http.StatusNotFound},
	} {
		if got := fetch(t, c.method, url+c.path).status; got != c.want {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, got, c.want)
		}
	}
	cancel()
	if status := <-ended; status != exitDone {
		t.Errorf("the demo ended with %d", status)
	}
}

// waitFor is the demo's page once it says something.
func waitFor(t *testing.T, url, text string) reply {
	t.Helper()
	for range 300 {
		if home := fetch(t, http.MethodGet, url+"/"); strings.Contains(home.body, text) {
			return home
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("the page does not come to say %q", text)
	return reply{}
}

func TestDemoEndsWithCtrlC(t *testing.T) {
	_, ended := serveForTest(t.Context(), t)
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if err := self.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if status := <-ended; status != exitDone {
		t.Errorf("after Ctrl-C the demo ended with %d, want 0", status)
	}
}
