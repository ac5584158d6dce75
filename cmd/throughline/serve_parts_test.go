package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"throughline/connect"
	"throughline/connect/slack"
	"throughline/lifecycle"
	"throughline/store/storetest"
	"throughline/twin/anthropic"
	salesforcetwin "throughline/twin/salesforce"
	"throughline/twin/salesforce/pubsub"
)

// published waits until the deal's handoff is everywhere, a day after it was won.
func (s *serving) published(t *testing.T) lifecycle.Run {
	t.Helper()
	s.wait(t, "the draft is there", func() bool { return s.latest(t).Version == 1 })
	s.ahead.Add(int64(25 * time.Hour))
	s.wait(t, "it is published everywhere", func() bool {
		copies, err := s.db.Copies(t.Context(), s.latest(t).ID)
		return err == nil && len(copies) == 4
	})
	return s.latest(t)
}

// TestServeHearsChanges: with change events a win starts, and a kickoff that is moved
// is noticed, without a poll.
func TestServeHearsChanges(t *testing.T) {
	b := openDeal(t)
	opp := b.deals[0].opportunity
	b.salesforce.Define("Opportunity", salesforcetwin.Field{Name: "Kickoff__c", Type: "date"})
	b.salesforce.Set("Opportunity", opp, salesforcetwin.Record{"Kickoff__c": "2026-10-20"}, b.now())
	events := pubsub.New(b.salesforce)
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := events.GRPC()
	served := make(chan error, 1)
	go func() { served <- server.Serve(ln) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	b.config.Salesforce.ChangeEvents, b.config.Salesforce.ChangeEndpoint = true, ln.Addr().String()
	b.config.Deals.KickoffField = "Kickoff__c"
	b.config.Play.PollEvery, b.config.Play.CollectEvery = time.Hour, time.Second
	b.write(t)
	s := b.serve(t)
	s.wait(t, "it listens", func() bool { return events.Open() == 1 })
	polled, err := s.db.Watched(t.Context(), b.config.Salesforce.Login)
	if err != nil {
		t.Fatal(err)
	}
	b.salesforce.Move(opp, "Closed Won", true, b.now())
	s.wait(t, "the AE is asked", func() bool { return s.mailOf(demoAE, "is drafted") != nil })
	kickoff := func(day int) func() bool {
		return func() bool { return s.latest(t).Kickoff.Equal(time.Date(2026, 10, day, 9, 0, 0, 0, time.UTC)) }
	}
	s.wait(t, "the kickoff is known", kickoff(20))
	s.ahead.Add(int64(time.Minute)) // a change of another second
	b.salesforce.Set("Opportunity", opp, salesforcetwin.Record{"Kickoff__c": "2026-10-15"}, b.now())
	s.wait(t, "the kickoff has moved", kickoff(15))
	after, err := s.db.Watched(t.Context(), b.config.Salesforce.Login)
	if err != nil || !after.Polled.Equal(polled.Polled) {
		t.Errorf("it polled at %s, and at %s: %v", polled.Polled, after.Polled, err)
	}
}

// TestServeWithModel: the model drafts, each handoff once, and what it says goes out
// where it is proven.
func TestServeWithModel(t *testing.T) {
	const key = plantedSecret + "-of-the-model"
	var asked atomic.Int64
	srv := httptest.NewServer(&anthropic.Server{
		Model: func(r anthropic.Request, _ int) anthropic.Reply {
			asked.Add(1)
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
	b.write(t)
	s := b.serve(t)
	b.salesforce.Move(b.deals[0].opportunity, "Closed Won", true, b.now())
	run := s.published(t)
	h, err := s.db.Document(t.Context(), run.ID, 1)
	if err != nil {
		t.Fatal(err)
	}
	checkModelHandoff(t, *h)
	if asked.Load() == 0 || h.Usage == nil || int64(h.Usage.Requests) != asked.Load() {
		t.Errorf("the model was asked %d times; usage %+v", asked.Load(), h.Usage)
	}
	channel := b.slack.Channels()["deal-harborline"]
	if shown := fmt.Sprint(b.slack.Own(channel)[0].Blocks); !strings.Contains(shown, "One engineer.") || strings.Contains(shown, "Two engineers.") {
		t.Errorf("the channel is shown %s", shown)
	}
	if pages := len(b.notion.Published()); pages != 2 { // the handoff's and its agenda's
		t.Errorf("%d pages", pages)
	}
	for _, secret := range []string{key, "One engineer."} {
		if strings.Contains(s.log.String(), secret) {
			t.Errorf("the log has %q", secret)
		}
	}
}

// TestServeTwice: two processes that share a PostgreSQL database make one run of a win,
// and one of everything; what one leaves when it ends the other does.
func TestServeTwice(t *testing.T) {
	address := storetest.PostgreSQL(t)
	b := openDeal(t)
	b.limiter = nil // each vendor's pace, which is kept in the database
	t.Setenv("DATABASE_URL", address)
	t.Cleanup(func() { connect.ShareAcross(nil, nil) })
	other := *b
	config := *b.config
	config.Serve.Listen, config.Serve.PublicListen = free(t), free(t)
	other.config, other.file = &config, filepath.Join(filepath.Dir(b.file), "other.yaml")
	other.write(t)
	one, two := b.serve(t), other.serve(t)
	b.salesforce.Move(b.deals[0].opportunity, "Closed Won", true, b.now())
	run := one.published(t)
	one.wait(t, "the CSM is told", func() bool { return one.mailOf(demoCSM, "is there") != nil })
	if err := one.stop(); err != nil {
		t.Errorf("the first ended with: %v", err)
	}
	channel := b.slack.Channels()["deal-harborline"]
	if err := b.slack.Click(t.Context(), slackUser(t, demoCSM), channel, b.slack.Own(channel)[0].TS, slack.ActionAccept); err != nil {
		t.Fatal(err)
	}
	two.wait(t, "the message says that it is accepted", func() bool { return strings.Contains(fmt.Sprint(b.slack.Own(channel)[0].Blocks), "was accepted by") })
	runs, err := two.db.Runs(t.Context(), 10)
	if err != nil || len(runs) != 1 || runs[0].ID != run.ID || runs[0].AcceptedBy != demoCSM {
		t.Errorf("%d runs, %v", len(runs), err)
	}
	if pages, posts := len(b.notion.Published()), len(b.slack.Own(channel)); pages != 2 || posts != 1 { // the handoff's page and its agenda's
		t.Errorf("%d pages, %d messages in the channel", pages, posts)
	}
	for who, subject := range map[string]string{demoAE: "is drafted", demoCSM: "is there"} {
		n := 0
		for _, m := range b.mail.Inbox(who) {
			if strings.Contains(m.Subject, subject) {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%s has %d mails that it %s", who, n, subject)
		}
	}
}

// TestServeTakesSignedClicks: what is done in Slack comes by HTTP, where Slack signed
// it just now; an old version is not accepted unseen.
func TestServeTakesSignedClicks(t *testing.T) {
	b := openDeal(t)
	const signing = plantedSecret + "-signing"
	t.Setenv("SLACK_APP_TOKEN", "")
	t.Setenv("SLACK_SIGNING_SECRET", signing)
	to := b.config.Serve.PublicURL + "/slack/interactions"
	b.slack.SigningSecret, b.slack.Requests = signing, to
	s := b.serve(t)
	if err := b.slack.Verify(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.salesforce.Move(b.deals[0].opportunity, "Closed Won", true, b.now())
	run := s.published(t)
	csm, channel := slackUser(t, demoCSM), b.slack.Channels()["deal-harborline"]
	message := b.slack.Own(channel)[0].TS
	click := func(action string) {
		t.Helper()
		if err := b.slack.Click(t.Context(), csm, channel, message, action); err != nil {
			t.Fatalf("%s: %v", action, err)
		}
	}

	click(slack.ActionNote)
	const note = "Their plant in Gdynia comes first."
	if err := b.slack.Submit(t.Context(), csm, map[string]string{slack.FieldText: note}); err != nil {
		t.Fatal(err)
	}
	words, err := s.db.Words(t.Context(), run.ID)
	if err != nil || len(words) != 1 || words[0].Text != note || words[0].By != demoCSM || words[0].Role != "CSM" {
		t.Errorf("the note: %+v, %v", words, err)
	}

	accept := func(value string) json.RawMessage {
		t.Helper()
		var payload map[string]any
		if err := json.Unmarshal(b.slack.Delivered()[0], &payload); err != nil {
			t.Fatal(err)
		}
		b.slack.Trigger("trigger-" + value)
		payload["trigger_id"] = "trigger-" + value
		payload["actions"] = []any{map[string]any{"type": "button", "block_id": "b1", "action_id": slack.ActionAccept, "value": value, "action_ts": "9.9"}}
		raw, err := json.Marshal(payload)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	body := "payload=" + strings.NewReplacer("%", "%25", "&", "%26", "+", "%2B", ";", "%3B").Replace(string(accept(run.ID+"@1")))
	stamp := func(ago time.Duration) string { return strconv.FormatInt(b.now().Add(-ago).Unix(), 10) }
	for name, c := range map[string]struct{ stamp, secret string }{
		"forged": {stamp(0), "another-secret"}, "old": {stamp(6 * time.Minute), signing}, "of tomorrow": {stamp(-24 * time.Hour), signing}, "without a time": {"", signing},
	} {
		if status := signedPost(t, to, body, c.stamp, c.secret); status != http.StatusUnauthorized {
			t.Errorf("%s: %d", name, status)
		}
	}
	if err := b.slack.Deliver(t.Context(), accept(run.ID+"@2")); err != nil { // as beside a version that was replaced
		t.Error(err)
	}
	views := b.slack.Views()
	if shown := fmt.Sprint(views[len(views)-1]); !strings.Contains(shown, "A newer version is out") || !strings.Contains(shown, "version 1 has come out") {
		t.Errorf("who accepts another version is shown %s", shown)
	}
	if !s.latest(t).Accepted.IsZero() {
		t.Fatal("it was accepted all the same")
	}

	click(slack.ActionReturn) // a form that stays open meanwhile
	click(slack.ActionAccept)
	if run := s.latest(t); run.AcceptedBy != demoCSM || run.AcceptedVersion != 1 {
		t.Errorf("accepted by %q, version %d", run.AcceptedBy, run.AcceptedVersion)
	}
	s.wait(t, "the message says so", func() bool { return strings.Contains(fmt.Sprint(b.slack.Own(channel)[0].Blocks), "was accepted by") })
	const missing = "Who signs off the load test?"
	if err := b.slack.Submit(t.Context(), csm, map[string]string{slack.FieldReason: string(lifecycle.ReasonMissingContext), slack.FieldText: missing}); err != nil {
		t.Fatal(err)
	}
	if run := s.latest(t); run.Stage != lifecycle.StageReturned || run.ReturnReason != lifecycle.ReasonMissingContext || run.ReturnNote != missing || !run.Accepted.IsZero() {
		t.Errorf("%s, %q, %q", run.Stage, run.ReturnReason, run.ReturnNote)
	}
	s.wait(t, "the AE is asked for it", func() bool {
		m := s.mailOf(demoAE, "has a question")
		return m != nil && strings.Contains(m.Text, missing)
	})
	for _, secret := range []string{signing, note, missing, demoCSM} {
		if strings.Contains(s.log.String(), secret) {
			t.Errorf("the log has %q", secret)
		}
	}
}

// signedPost posts a form with a signature by a secret, as of a moment.
func signedPost(t *testing.T, to, body, stamp, secret string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, to, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-Slack-Request-Timestamp", stamp)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + stamp + ":" + body))
	req.Header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}
