package gong_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"throughline/connect"
	"throughline/connect/callindex"
	"throughline/connect/gong"
	twin "throughline/twin/gong"
)

// The planted secrets: no error, log or file may hold one.
const (
	accessKey    = "ACCESSKEYPLANTED"
	accessSecret = "access-secret-planted"
	meetingPass  = "meeting-password-planted"
)

// A clock moves only when somebody sleeps by it.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.pass(d)
	return ctx.Err()
}

// A rig is a connector before its stand-in, on one clock.
type rig struct {
	twin  *twin.Server
	addr  string
	clock *clock
	log   *bytes.Buffer
	index *gong.Index
}

var today = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{clock: &clock{now: today}, log: &bytes.Buffer{}}
	r.twin = &twin.Server{Key: accessKey, Secret: accessSecret, Now: r.clock.Now}
	srv := httptest.NewServer(heldToSpec(t, r.twin))
	t.Cleanup(srv.Close)
	r.addr = srv.URL
	r.index = &gong.Index{Client: r.client(gong.Key(accessKey, accessSecret)), Store: callindex.NewMemory(), Now: r.clock.Now}
	return r
}

// client is a client whose every try is a fresh connection, so that the
// transport's own repeats do not hide a fault.
func (r *rig) client(auth connect.Auth) *gong.Client {
	c := gong.New(r.addr, auth)
	c.HTTP.HTTP = &http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}
	c.HTTP.Now, c.HTTP.Sleep = r.clock.Now, r.clock.Sleep
	c.HTTP.Log = slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	// The stand-in's own limit is what paces the tests of it; this one would
	// run on from test to test.
	c.HTTP.Limiter = connect.NewLimiter(3, 3)
	return c
}

// A recording is a call for the stand-in.
type recording struct {
	id          string
	started     time.Time
	private     bool
	opportunity string
	account     string
	customer    string // email of an external party
	noParties   bool   // as of imported calls
}

func (r *rig) record(calls ...recording) {
	for _, c := range calls {
		record := map[string]any{"metaData": map[string]any{
			"id": c.id, "title": "Call " + c.id, "started": c.started.Format(time.RFC3339), "duration": 60,
			"url": "https://app.gong.io/call?id=" + c.id, "isPrivate": c.private, "workspaceId": "7",
			"meetingUrl": "https://meet.example/j/1?pwd=" + meetingPass,
		}}
		var objects []any
		if c.opportunity != "" {
			objects = append(objects, map[string]any{"objectType": "Opportunity", "objectId": c.opportunity, "fields": []any{map[string]any{"name": "Amount", "value": 1}}})
		}
		if c.account != "" {
			objects = append(objects, map[string]any{"objectType": "Account", "objectId": c.account})
		}
		if objects != nil {
			record["context"] = []any{map[string]any{"system": "Salesforce", "objects": objects}}
		}
		if !c.noParties {
			parties := []any{map[string]any{"id": "1", "emailAddress": "ae@seller.example", "name": "Ada", "userId": "9", "speakerId": "1", "affiliation": "Internal"}}
			if c.customer != "" {
				parties = append(parties, map[string]any{"id": "2", "emailAddress": c.customer, "name": "Cy", "speakerId": "2", "affiliation": "External"})
			}
			record["parties"] = parties
		}
		r.twin.AddCall(record)
		r.twin.AddTranscript(map[string]any{"callId": c.id, "transcript": []any{map[string]any{
			"speakerId": "2", "topic": nil, "sentences": []any{map[string]any{"start": 1000, "end": 2000, "text": "We said " + c.id + "."}},
		}}})
	}
}

// others are calls of other deals, one an hour back from now.
func (r *rig) others(n int) {
	for i := range n {
		r.record(recording{id: fmt.Sprintf("other-%d", i), started: r.clock.Now().Add(-time.Duration(i+1) * time.Minute), opportunity: fmt.Sprintf("006X%011d", i), customer: "x@else.example"})
	}
}

// deal records eight calls of one opportunity.
func (r *rig) deal() callindex.Deal {
	for i := range 8 {
		r.record(recording{id: fmt.Sprint(100 + i), started: today.AddDate(0, 0, -80+10*i), opportunity: "006A00000BcdEfG", account: "001A", customer: "cy@customer.example"})
	}
	return callindex.Deal{ID: "006A00000BcdEfG", Account: "001A", Contacts: []string{"cy@customer.example"}, From: today.AddDate(0, 0, -90), To: today}
}

func (r *rig) sync(t *testing.T) {
	t.Helper()
	if err := r.index.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// pull finds a deal's calls in the index and reads them. It does not sync.
func (r *rig) pull(ctx context.Context, d callindex.Deal) (*gong.Pulled, []callindex.Match, error) {
	matches, err := r.index.Match(ctx, d)
	if err != nil {
		return nil, nil, err
	}
	var ids []string
	for _, m := range matches {
		ids = append(ids, m.ID)
	}
	pulled, err := r.index.Client.Pull(ctx, ids)
	return pulled, matches, err
}
