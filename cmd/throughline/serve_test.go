package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"throughline"
	"throughline/lifecycle"
	"throughline/store"
	smtptwin "throughline/twin/smtp"
)

// The demo deal's two people, and the CSM as Slack knows them.
const demoAE, demoCSM = "caleb.whitmore@northbeam.example", "tess.okafor@northbeam.example"

// A safeBuffer is written by several goroutines.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// A serving is a process that serves, in the test's own.
type serving struct {
	*bed
	out, log safeBuffer
	stop     func() error
	db       *store.DB // beside it, as a command has it
}

// free is an address of this machine that nobody listens on.
func free(t *testing.T) string {
	t.Helper()
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }() // the port is free either way
	return ln.Addr().String()
}

// openDeal is a playBed whose deal is not won yet.
func openDeal(t *testing.T) *bed {
	t.Helper()
	b := playBed(t)
	b.salesforce.Move(b.deals[0].opportunity, "Negotiation", false, b.now())
	return b
}

// playBed is a bed with addresses to serve on; its deal was won some days ago.
func playBed(t *testing.T) *bed {
	t.Helper()
	b := newBed(t)
	b.config.Serve = serveConfig{Listen: free(t), PublicListen: free(t), Me: "ops@northbeam.example"}
	b.config.Serve.PublicURL = "http://" + b.config.Serve.PublicListen
	b.config.Play.PollEvery, b.config.Play.Ways = 200*time.Millisecond, []string{"mail", "slack"}
	b.write(t)
	return b
}

func (b *bed) serve(t *testing.T) *serving {
	t.Helper()
	c, err := loadConfig(b.file)
	if err != nil {
		t.Fatal(err)
	}
	s := &serving{bed: b}
	log := slog.New(slog.NewJSONHandler(&s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- serve(ctx, c, tools{env: env{stdout: &s.out, stderr: &s.log, now: b.now, limiter: b.limiter}, log: log, tick: 50 * time.Millisecond})
	}()
	var once sync.Once
	s.stop = func() (err error) {
		once.Do(func() {
			cancel()
			err = <-ended
		})
		return err
	}
	t.Cleanup(func() { _ = s.stop() })
	s.wait(t, "it serves", func() bool { return strings.Contains(s.out.String(), "/signin?token=") })
	address, err := c.database(tools{})
	if err != nil {
		t.Fatal(err)
	}
	if s.db, err = store.Open(t.Context(), address); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.db.Close() })
	s.wait(t, "the CRM was looked at", func() bool {
		w, err := s.db.Watched(t.Context(), b.config.Salesforce.Login)
		return err == nil && !w.Polled.IsZero()
	})
	return s
}

func (s *serving) wait(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			log := s.log.String()
			t.Fatalf("in vain: %s; the log ends: %s", what, log[max(0, len(log)-3000):])
		}
	}
}

// run is the newest run of the deal.
func (s *serving) latest(t *testing.T) lifecycle.Run {
	t.Helper()
	runs, err := s.db.RunsOf(t.Context(), s.deals[0].opportunity)
	if err != nil {
		t.Fatal(err)
	}
	if len(runs) == 0 {
		return lifecycle.Run{}
	}
	return runs[len(runs)-1]
}

func (s *serving) mailOf(who, subject string) *smtptwin.Message {
	for _, m := range s.mail.Inbox(who) {
		if strings.Contains(m.Subject, subject) {
			return &m
		}
	}
	return nil
}

// browser is a person's.
func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, Timeout: 10 * time.Second}
}

func get(t *testing.T, c *http.Client, address string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	return body(t, resp, err)
}

func post(t *testing.T, c *http.Client, address string, form url.Values) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := c.Do(req)
	return body(t, resp, err)
}

func body(t *testing.T, resp *http.Response, err error) (int, string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(raw)
}

// TestServe is the whole play on the stand-ins: won, drafted, reviewed by a link,
// published, accepted in Slack, reopened, and won again.
func TestServe(t *testing.T) {
	b := openDeal(t)
	s := b.serve(t)
	opp := b.deals[0].opportunity

	b.salesforce.Move(opp, "Closed Won", true, b.now())
	s.wait(t, "the AE is asked", func() bool { return s.mailOf(demoAE, "is drafted") != nil })
	ask := s.mailOf(demoAE, "is drafted")
	link := regexp.MustCompile(regexp.QuoteMeta(b.config.Serve.PublicURL) + `/review/[A-Za-z0-9._-]+`).FindString(ask.HTML)
	if link == "" {
		t.Fatalf("no review link in:\n%s", ask.Text)
	}
	ae := browser(t)
	if status, page := get(t, ae, link); status != http.StatusOK || strings.Contains(page, "Harborline") {
		t.Errorf("opened by anybody: %d, it tells of the deal: %v", status, strings.Contains(page, "Harborline"))
	}
	if status, page := post(t, ae, link+"/open", nil); status != http.StatusOK || !strings.Contains(page, "Harborline") {
		t.Fatalf("opened by the AE: %d\n%s", status, page)
	}
	const added = "They will send their data engineer for two weeks."
	if status, page := post(t, ae, link, url.Values{"version": {"1"}, "more": {added}, "done": {"1"}}); status != http.StatusOK || !strings.Contains(page, "Saved") {
		t.Fatalf("reviewed: %d\n%s", status, page)
	}
	if status, _ := get(t, ae, b.config.Serve.PublicURL+"/runs/"+s.latest(t).ID); status != http.StatusNotFound {
		t.Errorf("the public address has a page of the team's: %d", status)
	}

	b.ahead.Add(int64(25 * time.Hour))
	channel := b.slack.Channels()["deal-harborline"]
	s.wait(t, "it is published everywhere", func() bool {
		copies, err := s.db.Copies(t.Context(), s.latest(t).ID)
		return err == nil && len(copies) == 4
	})
	if pages, posts := len(b.notion.Published()), len(b.slack.Own(channel)); pages != 2 || posts != 1 { // the handoff's page and its agenda's
		t.Errorf("%d pages, %d messages in the channel", pages, posts)
	}
	if run := s.latest(t); run.ReviewedBy == "" || run.Stage != lifecycle.StagePublished {
		t.Errorf("the run is %s, reviewed by %q", run.Stage, run.ReviewedBy)
	}
	message := b.slack.Own(channel)[0]
	outsider := b.slack.AddUser(map[string]any{"id": "U0OUT", "name": "out", "profile": map[string]any{"email": "somebody@elsewhere.example"}})
	if err := b.slack.Click(t.Context(), outsider, channel, message.TS, "throughline_accept"); err == nil {
		s.wait(t, "the outsider's click is dealt with", func() bool { return strings.Contains(s.log.String(), "an interaction could not be taken") })
	}
	if run := s.latest(t); !run.Accepted.IsZero() {
		t.Error("somebody of another company accepted")
	}
	if err := b.slack.Click(t.Context(), slackUser(t, demoCSM), channel, message.TS, "throughline_accept"); err != nil {
		t.Fatal(err)
	}
	s.wait(t, "the CSM has accepted", func() bool {
		run := s.latest(t)
		return run.AcceptedBy == demoCSM && run.Stage == lifecycle.StageAccepted
	})
	s.wait(t, "the message says so", func() bool { return strings.Contains(fmt.Sprint(b.slack.Own(channel)[0].Blocks), "was accepted by") })

	s.operations(t)

	first := s.latest(t).ID
	b.salesforce.Move(opp, "Negotiation", false, b.now())
	s.wait(t, "the run is cancelled", func() bool { return s.latest(t).Stage == lifecycle.StageCancelled })
	s.wait(t, "the CSM hears of it", func() bool { return s.mailOf(demoCSM, "Reopened") != nil })
	b.salesforce.Move(opp, "Closed Won", true, b.now())
	s.wait(t, "there is a new run", func() bool { run := s.latest(t); return run.ID != first && run.Again })

	if err := s.stop(); err != nil {
		t.Errorf("it ended with: %v", err)
	}
	log := s.log.String()
	for _, secret := range []string{plantedSecret, added, "Harborline", strings.TrimPrefix(link, b.config.Serve.PublicURL), demoCSM} {
		if strings.Contains(log, secret) {
			at := strings.Index(log, secret)
			t.Errorf("the log has %q: …%s…", secret, log[max(0, at-300):min(len(log), at+100)])
		}
	}
}

// slackUser is the id of somebody in the workspace.
func slackUser(t *testing.T, email string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(demoDir, "slack", "users.json"))
	if err != nil {
		t.Fatal(err)
	}
	for user := range strings.SplitSeq(string(raw), `"id":`) {
		if strings.Contains(user, email) {
			return strings.Trim(strings.SplitN(user, ",", 2)[0], " \"\n")
		}
	}
	t.Fatalf("%s is not in the workspace", email)
	return ""
}

// operations looks at a process as those do who run it.
func (s *serving) operations(t *testing.T) {
	t.Helper()
	team := "http://" + s.config.Serve.Listen
	me := browser(t)
	for path, want := range map[string]string{"/healthz": "ok", "/readyz": "ready"} {
		if status, page := get(t, me, team+path); status != http.StatusOK || !strings.Contains(page, want) {
			t.Errorf("%s: %d %s", path, status, page)
		}
	}
	_, figures := get(t, me, team+"/metrics")
	for _, want := range []string{`throughline_runs{stage="accepted"} 1`, `throughline_tasks{state="done"}`, "throughline_due_lag_seconds ", `throughline_vendor_calls_total{op=`, `outcome="ok",vendor="Salesforce"`} {
		if !strings.Contains(figures, want) {
			t.Errorf("the figures lack %s", want)
		}
	}
	if strings.Contains(figures, "Harborline") {
		t.Error("the figures name the customer")
	}
	if status, _ := get(t, me, team+"/"); status != http.StatusUnauthorized {
		t.Errorf("without signing in: %d", status)
	}
	link := regexp.MustCompile(`http://\S+/signin\?token=(\S+)`).FindStringSubmatch(s.run(t, "signin", "--as", "cy@northbeam.example").stdout)
	if status, page := post(t, me, team+"/signin", url.Values{"token": {link[1]}}); status != http.StatusOK || !strings.Contains(page, "Harborline") {
		t.Errorf("signed in: %d\n%s", status, page)
	}
	if r := s.run(t, "serve"); r.status != exitFailed || !strings.Contains(r.stderr, "another process serves this database") {
		t.Errorf("a second one: %+v", r)
	}
	id := s.latest(t).ID
	for _, c := range []struct {
		args string
		want []string
	}{
		{"status", []string{"1 run: 1 accepted.", "Nothing waits for anybody."}},
		{"status --format json", []string{`"accepted": 1`}},
		{"runs", []string{id, "accepted", demoCSM}},
		{"runs " + id, []string{"throughline", "reviewed", "notion, version 1", "salesforce, version 1", "slack, version 1", "published"}},
		{"runs " + s.deals[0].opportunity, []string{id}},
		{"retry --all", []string{"0 tasks are tried again."}},
		{"signin", []string{team + "/signin?token="}},
		{"backfill --since 2026-01-01", []string{"0 handoffs to draft, of 1 deal won since 2026-01-01"}},
		{"forget --deal " + s.deals[0].opportunity, []string{"would be removed", "Found: 1 run", "Nothing was erased"}},
	} {
		r := s.run(t, strings.Fields(c.args)...)
		for _, want := range c.want {
			if r.status != exitDone || !strings.Contains(r.stdout, want) {
				t.Errorf("%s lacks %q: %+v", c.args, want, r)
			}
		}
	}
}

// TestParkedForgottenAndPast: what keeps failing waits for a person, who has it tried
// again; handoffs of past deals are drafted and go nowhere; what is erased is gone.
func TestParkedForgottenAndPast(t *testing.T) {
	b := openDeal(t)
	opp := b.deals[0].opportunity
	b.config.Play.ParkAfter = 1
	b.config.Play.Ways = []string{"mail"}
	b.write(t)
	b.slack.Withhold("chat:write")
	s := b.serve(t)
	b.salesforce.Move(opp, "Closed Won", true, b.now())
	s.wait(t, "the draft is there", func() bool { return s.latest(t).Version == 1 })
	b.ahead.Add(int64(25 * time.Hour))
	s.wait(t, "two copies are there, and one task is parked", func() bool {
		copies, err := s.db.Copies(t.Context(), s.latest(t).ID)
		parked, err2 := s.db.Parked(t.Context())
		return err == nil && err2 == nil && len(copies) == 2 && len(parked) == 1
	})
	r := b.run(t, "status")
	for _, want := range []string{"Kept failing", "publish/slack/1000", "chat:write", "the CSM, " + demoCSM + ": to accept it"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("the status lacks %q:\n%s%s", want, r.stdout, r.stderr)
		}
	}
	id := s.latest(t).ID
	if r := b.run(t, "retry", id, "publish/slack/9"); r.status != exitFailed || !strings.Contains(r.stderr, "no task publish/slack/9") {
		t.Errorf("a task that does not wait: %+v", r)
	}
	b.slack.Withhold()
	if r := b.run(t, "retry", id, "publish/slack/1000"); r.status != exitDone {
		t.Errorf("trying again: %+v", r)
	}
	channel := b.slack.Channels()["deal-harborline"]
	s.wait(t, "the channel has it", func() bool { return len(b.slack.Own(channel)) == 1 })
	s.wait(t, "all copies are known", func() bool {
		copies, err := s.db.Copies(t.Context(), id)
		return err == nil && len(copies) == 4
	})

	h, err := s.db.Document(t.Context(), id, 1)
	if err != nil {
		t.Fatal(err)
	}
	var who throughline.PersonNote
	for _, p := range h.Deal.People {
		if p.Side == throughline.SideCustomer && p.Email != "" {
			who = p
		}
	}
	if r := b.run(t, "forget", "--person", who.Email, "--yes"); r.status != exitDone || !strings.Contains(r.stdout, "Erased: "+who.Email+" ("+who.Name+") in 1 run") {
		t.Errorf("forgetting a person: %+v", r)
	}
	if h, err = s.db.Document(t.Context(), id, 1); err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(h)
	if err != nil || strings.Contains(string(raw), who.Name) || strings.Contains(string(raw), who.Email) {
		t.Errorf("the handoff still names %s, %v", who.Name, err)
	}
	for _, it := range h.Items {
		if len(it.Evidence) == 0 {
			t.Errorf("%s stands on nothing", it.ID)
		}
	}
	s.wait(t, "it is published again", func() bool {
		copies, err := s.db.Copies(t.Context(), id)
		return err == nil && len(copies) == 4
	})

	if r := b.run(t, "forget", "--deal", opp, "--yes"); r.status != exitDone || !strings.Contains(r.stdout, "Erased: 1 run") || strings.Contains(r.stdout, "STILL THERE") {
		t.Errorf("forgetting the deal: %+v", r)
	}
	if pages := b.notion.Published(); len(pages) != 0 {
		t.Errorf("%d pages are still there", len(pages))
	}
	for _, link := range b.salesforce.All("ContentDocumentLink") {
		if title := fmt.Sprint(b.salesforce.Get("ContentDocument", fmt.Sprint(link["ContentDocumentId"]))["Title"]); strings.Contains(title, "andoff") {
			t.Errorf("the file %q is still there", title)
		}
	}
	if posts := b.slack.Own(channel); len(posts) != 0 {
		t.Errorf("%d messages are still there", len(posts))
	}
	if r := b.run(t, "runs", id); r.status != exitFailed {
		t.Errorf("the run is still there: %+v", r)
	}
	if r := b.run(t, "backfill", "--since", "2026-01-01"); !strings.HasPrefix(r.stdout, "0 handoffs to draft") {
		t.Errorf("what was erased comes back: %+v", r)
	}
}

// TestBackfill: the handoff of a deal that was won before is drafted, and nobody
// hears of it, however much time passes.
func TestBackfill(t *testing.T) {
	b := playBed(t)
	s := b.serve(t)
	if run := s.latest(t); run.ID != "" {
		t.Fatalf("a past win began %s by itself", run.ID)
	}
	if r := b.run(t, "backfill", "--since", "2026-01-01"); r.status != exitDone || !strings.HasPrefix(r.stdout, "1 handoff to draft, of 1 deal won") {
		t.Fatalf("past deals: %+v", r)
	}
	s.wait(t, "it is drafted", func() bool { return s.latest(t).Version == 1 })
	b.ahead.Add(int64(48 * time.Hour))
	time.Sleep(time.Second) // for what would come
	channel := b.slack.Channels()["deal-harborline"]
	if mails, pages, posts := len(b.mail.Mailboxes()), len(b.notion.Published()), len(b.slack.Own(channel)); mails+pages+posts != 0 {
		t.Errorf("%d mailboxes, %d pages, %d messages", mails, pages, posts)
	}
	if r := b.run(t, "backfill", "--since", "2026-01-01"); !strings.HasPrefix(r.stdout, "0 handoffs to draft") {
		t.Errorf("a second time: %+v", r)
	}
	if r := b.run(t, "runs"); !strings.Contains(r.stdout, "made of a past deal") {
		t.Errorf("the list: %+v", r)
	}
}

// TestServeEndsOnSIGTERM: a real process answers, and ends well when it is told to.
func TestServeEndsOnSIGTERM(t *testing.T) {
	b := openDeal(t)
	cmd := exec.CommandContext(t.Context(), program(t), "serve", "--config", b.file, "--log", "json")
	var out, log safeBuffer
	cmd.Stdout, cmd.Stderr = &out, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(30 * time.Second); !strings.Contains(log.String(), `"msg":"serving"`); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it does not serve: %s", log.String())
		}
	}
	if status, _ := get(t, browser(t), "http://"+b.config.Serve.Listen+"/healthz"); status != http.StatusOK {
		t.Errorf("healthz: %d", status)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ended with %v: %s", err, log.String())
	}
	if !strings.Contains(log.String(), `"msg":"ended"`) || strings.Contains(log.String(), plantedSecret) {
		t.Errorf("its log: %s", log.String())
	}
}
