package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"throughline/lifecycle"
	"throughline/twin/anthropic"
)

// TestTokenCommands: a token is shown once, listed without it, and good until it is
// revoked.
func TestTokenCommands(t *testing.T) {
	b := playBed(t)
	if r := b.run(t, "token", "list"); r.status != exitDone || !strings.Contains(r.stdout, "There is no token") {
		t.Errorf("no tokens: %+v", r)
	}
	r := b.run(t, "token", "create", "warehouse", "--role", "team")
	token := strings.TrimSpace(r.stdout)
	if r.status != exitDone || !strings.HasPrefix(token, "tl_") || len(token) < 30 || strings.Contains(r.stderr, token) {
		t.Fatalf("making one: %+v", r)
	}
	for _, args := range [][]string{{"token", "list"}, {"token", "list", "--format", "json"}} {
		r := b.run(t, args...)
		if r.status != exitDone || !strings.Contains(r.stdout, "warehouse") || !strings.Contains(r.stdout, "team") || !strings.Contains(r.stdout, "ops@northbeam.example") || strings.Contains(r.stdout, token) {
			t.Errorf("%v: %+v", args, r)
		}
	}
	for days, want := range map[string]string{"7": "good until 20", "0": "good until it is revoked"} {
		if r := b.run(t, "token", "create", "days"+days, "--days", days); r.status != exitDone || (days == "0") == strings.Contains(r.stderr, "It is good until") {
			t.Errorf("for %s days: %+v", days, r)
		}
		if r := b.run(t, "token", "list"); !regexp.MustCompile(`(?m)^days` + days + ` .*` + want).MatchString(r.stdout) {
			t.Errorf("a token for %s days: %+v", days, r)
		}
	}
	if r := b.run(t, "token", "create", "reader"); r.status != exitDone {
		t.Errorf("with the least role: %+v", r)
	}
	if r := b.run(t, "token", "list"); !regexp.MustCompile(`(?m)^reader +company `).MatchString(r.stdout) {
		t.Errorf("the role that is given without one: %+v", r)
	}
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"token", "create", "warehouse"}, exitFailed, "there is a token warehouse already"},
		{[]string{"token", "create"}, exitUsage, "name the token"},
		{[]string{"token", "create", "a\x1bb"}, exitUsage, "a line of text"},
		{[]string{"token", "create", strings.Repeat("a", 61)}, exitUsage, "up to 60 characters"},
		{[]string{"token", "create", "x", "--days", "-1"}, exitUsage, "a number from 1 to 3650"},
		{[]string{"token", "create", "x", "--days", "4000"}, exitUsage, "a number from 1 to 3650"},
		{[]string{"token", "create", "x", "--role", "king"}, exitUsage, "company, team, operator"},
		{[]string{"token", "revoke", "none"}, exitFailed, "there is no token none"},
	} {
		if r := b.run(t, c.args...); r.status != c.status || !strings.Contains(r.stderr, c.want) {
			t.Errorf("%q: %+v", c.args, r)
		}
	}
	if r := b.run(t, "token", "revoke", "warehouse"); r.status != exitDone || !strings.Contains(r.stdout, "revoked") {
		t.Errorf("revoking: %+v", r)
	}
	if r := b.run(t, "token", "list"); strings.Contains(r.stdout, "warehouse") {
		t.Errorf("after it: %+v", r)
	}
}

// TestServeTellsItsPages: what a serving process tells of a draft by a model, of its
// connections and of what is in use; its figures at an address of their own; and its API
// with a token that a command made.
func TestServeTellsItsPages(t *testing.T) {
	const key = plantedSecret + "-of-the-model"
	goOn, begun := make(chan struct{}), make(chan struct{}, 100)
	srv := httptest.NewServer(&anthropic.Server{
		Model: func(r anthropic.Request, _ int) anthropic.Reply {
			begun <- struct{}{}
			<-goOn
			return anthropic.Reply{Text: says(r.Text())}
		},
		Now: time.Now, Key: key, Structured: true,
	})
	t.Cleanup(srv.Close)
	t.Setenv("ANTHROPIC_BASE_URL", srv.URL)
	t.Setenv("ANTHROPIC_API_KEY", key)
	t.Setenv("THROUGHLINE_CACHE", t.TempDir())
	b := openDeal(t)
	b.config.Engine.Name = "claude"
	b.config.Serve.Admins = []string{"ops@northbeam.example"}
	b.config.Serve.MetricsListen = free(t)
	b.write(t)
	s := b.serve(t)
	team := "http://" + b.config.Serve.Listen
	me := browser(t)
	link := regexp.MustCompile(`/signin\?token=(\S+)`).FindStringSubmatch(s.out.String())
	if status, page := post(t, me, team+"/signin", url.Values{"token": {link[1]}}); status != http.StatusOK {
		t.Fatalf("signing in: %d\n%s", status, page)
	}
	b.salesforce.Move(b.deals[0].opportunity, "Closed Won", true, b.now())
	<-begun // the model is asked, and does not answer yet
	at := team + "/runs/" + s.latest(t).ID + "/progress"
	_, page := get(t, me, at)
	for _, want := range []string{"The handoff is being drafted", "Reading what was collected", "sources, ", "Asking claude-"} {
		if !strings.Contains(page, want) {
			t.Errorf("while it is drafted the page lacks %q:\n%.3000s", want, page)
		}
	}
	events := stream(t, me, at+"/events")
	close(goOn)
	s.wait(t, "the draft is there", func() bool { return s.latest(t).Version == 1 })
	told := <-events
	for _, want := range []string{"Proving every quote", "Cost so far", "The draft is there", "event: done"} {
		if !strings.Contains(told, want) {
			t.Errorf("the events lack %q:\n%.6000s", want, told)
		}
	}

	if status, _ := post(t, me, team+"/operations/check", nil); status != http.StatusOK {
		t.Errorf("trying the connections: %d", status)
	}
	s.wait(t, "the connections are tried", func() bool {
		_, page = get(t, me, team+"/operations")
		return strings.Contains(page, "As they were on")
	})
	for _, want := range []string{"Salesforce", "all needed is allowed", "Model", "claude-", "Database", "sqlite", "cost <strong>$"} {
		if !strings.Contains(page, want) {
			t.Errorf("operations lack %q", want)
		}
	}
	if strings.Contains(page, plantedSecret) {
		t.Error("operations show a secret")
	}

	for at, want := range map[string]int{b.config.Serve.MetricsListen + "/metrics": http.StatusOK, b.config.Serve.MetricsListen + "/": http.StatusNotFound, b.config.Serve.Listen + "/metrics": http.StatusNotFound} {
		if status, page := get(t, me, "http://"+at); status != want || strings.Contains(page, "throughline_runs") != (want == http.StatusOK) {
			t.Errorf("with figures of their own address, %s: %d\n%.300s", at, status, page)
		}
	}

	token := strings.TrimSpace(b.run(t, "token", "create", "test", "--role", "team").stdout)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, team+"/api/v1/deals", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	_, answer := body(t, resp, err)
	var deals struct {
		Deals []struct {
			Customer string
			Stage    lifecycle.Stage
		}
	}
	if err := json.Unmarshal([]byte(answer), &deals); err != nil || len(deals.Deals) != 1 || !strings.Contains(deals.Deals[0].Customer, "Harborline") {
		t.Errorf("the API: %v\n%s", err, answer)
	}
	for _, secret := range []string{token, key} {
		if strings.Contains(s.log.String(), secret) {
			t.Error("the log has a secret")
		}
	}
}

// stream gives all that a stream of events sent, once that has ended.
func stream(t *testing.T, c *http.Client, address string) <-chan string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	patient := *c
	patient.Timeout = time.Minute
	resp, err := patient.Do(req) //nolint:bodyclose // it is where it is read
	if err != nil {
		t.Fatal(err)
	}
	all := make(chan string, 1)
	go func() {
		defer resp.Body.Close()
		data, _ := io.ReadAll(resp.Body) // what there was is looked at
		all <- string(data)
	}()
	return all
}
