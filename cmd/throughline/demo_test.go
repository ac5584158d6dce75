package main

import (
	"bufio"
	"context"
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
	if out := succeed(t, "", "demo", "--once"); !strings.Contains(out, demoFile) {
		t.Errorf("it does not say where the page is: %q", out)
	}
	page, err := os.ReadFile(demoFile)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "Harborline Logistics") || !strings.Contains(string(page), throughline.SectionContext.Title()) {
		t.Errorf("the page is not the team's handoff: %.300s", page)
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
func serveForTest(ctx context.Context, t *testing.T) (url string, ended <-chan int) {
	t.Helper()
	out, w := io.Pipe()
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, env{stdin: strings.NewReader(""), stdout: w, stderr: io.Discard, now: func() time.Time { return noon }}, []string{"demo"})
		w.Close()
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

func fetch(t *testing.T, method, url string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

func TestDemoServes(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	url, ended := serveForTest(ctx, t)
	resp, home := fetch(t, http.MethodGet, url+"/")
	if resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		t.Fatalf("the page: %s, %s", resp.Status, resp.Header.Get("Content-Type"))
	}
	for header, want := range map[string]string{
		"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
	} {
		if got := resp.Header.Get(header); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
	}
	if !strings.Contains(home, throughline.SectionPoliticalMap.Title()) {
		t.Error("the first page is not the team's")
	}
	followed := 0
	for _, page := range []string{"/", "/company.html", "/customer.html"} {
		_, body := fetch(t, http.MethodGet, url+page)
		for _, link := range regexp.MustCompile(`href="(/[^"]*)"`).FindAllStringSubmatch(body, -1) {
			followed++
			if resp, linked := fetch(t, http.MethodGet, url+link[1]); resp.StatusCode != http.StatusOK || len(linked) < 200 {
				t.Errorf("%s links to %s: %s, %d bytes", page, link[1], resp.Status, len(linked))
			}
		}
	}
	if followed != 3*4 {
		t.Errorf("three pages have %d links to the views and formats, want 12", followed)
	}
	for path, want := range map[string]string{
		"/team.md": "text/markdown", "/team.json": "application/json", "/company.json": "application/json", "/customer.md": "text/markdown",
	} {
		if resp, _ := fetch(t, http.MethodGet, url+path); !strings.HasPrefix(resp.Header.Get("Content-Type"), want) {
			t.Errorf("%s is %s", path, resp.Header.Get("Content-Type"))
		}
	}
	if _, customer := fetch(t, http.MethodGet, url+"/customer.html"); strings.Contains(customer, throughline.SectionContext.Title()) {
		t.Error("the customer's page shows section 2")
	}
	for _, c := range []struct {
		method, path string
		want         int
	}{
		{http.MethodPost, "/", http.StatusMethodNotAllowed},
		{http.MethodDelete, "/team.html", http.StatusMethodNotAllowed},
		{http.MethodGet, "/nobody.html", http.StatusNotFound},
		{http.MethodGet, "/..%2f..%2fetc/passwd", http.StatusNotFound},
	} {
		if resp, _ := fetch(t, c.method, url+c.path); resp.StatusCode != c.want {
			t.Errorf("%s %s: %s, want %d", c.method, c.path, resp.Status, c.want)
		}
	}
	cancel()
	if status := <-ended; status != exitDone {
		t.Errorf("the demo ended with %d", status)
	}
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
