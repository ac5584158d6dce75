package notion_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"throughline"
	"throughline/connect"
	"throughline/connect/notion"
	twin "throughline/twin/notion"
)

// token is planted: no error, log or file may hold it.
const token = "ntn_planted_secret_0123456789"

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

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return ctx.Err()
}

// A rig is a connector before its stand-in, on one clock.
type rig struct {
	twin  *twin.Server
	addr  string
	clock *clock
	log   *bytes.Buffer
	c     *notion.Client

	timeout time.Duration                      // of a try
	watch   func(r *http.Request, body []byte) // sees each request
}

var today = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func newRig(t *testing.T) *rig {
	t.Helper()
	return rigBehind(t, heldToSpec)
}

// newQuickRig is one whose exchanges are not checked.
func newQuickRig(t *testing.T) *rig {
	t.Helper()
	return rigBehind(t, func(_ *testing.T, next http.Handler) http.Handler { return next })
}

func rigBehind(t *testing.T, held func(*testing.T, http.Handler) http.Handler) *rig {
	t.Helper()
	r := &rig{clock: &clock{now: today}, log: &bytes.Buffer{}, timeout: time.Minute}
	r.twin = &twin.Server{Token: token, Now: r.clock.Now, Lag: 2 * time.Second}
	srv := httptest.NewServer(held(t, r.watched(t, r.twin)))
	t.Cleanup(srv.Close)
	r.addr = srv.URL
	r.c = r.client(t)
	return r
}

func (r *rig) watched(t *testing.T, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if r.watch != nil {
			body, err := io.ReadAll(req.Body)
			if err != nil {
				t.Error(err)
			}
			r.watch(req, body)
			req.Body = io.NopCloser(bytes.NewReader(body))
		}
		next.ServeHTTP(w, req)
	})
}

// client is a client as a fresh process has it. Every try is a fresh connection,
// so that the transport's own repeats do not hide a fault.
func (r *rig) client(t *testing.T) *notion.Client {
	t.Helper()
	c, err := notion.New(notion.Config{
		Token: token, DataSource: twin.DataSource, Base: r.addr,
		HTTP: &http.Client{Timeout: r.timeout, Transport: &http.Transport{DisableKeepAlives: true}},
		Now:  r.clock.Now, Sleep: r.clock.Sleep, Limiter: connect.NewLimiter(3, 3),
		Log: slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// brightwater is a made-up deal with something of every kind.
func brightwater(t testing.TB) *throughline.Handoff {
	t.Helper()
	data, err := os.ReadFile("../../render/testdata/brightwater.json")
	if err != nil {
		t.Fatal(err)
	}
	var h throughline.Handoff
	if err := json.Unmarshal(data, &h); err != nil {
		t.Fatal(err)
	}
	return &h
}

func publication(h *throughline.Handoff) connect.Publication {
	return connect.Publication{Key: "throughline-006A", Handoff: h, Audience: throughline.AudienceTeam, Link: "https://handoffs.example/d/1"}
}

func (r *rig) publish(t *testing.T, h *throughline.Handoff) connect.Copy {
	t.Helper()
	copied, err := r.c.Publish(t.Context(), publication(h))
	if err != nil {
		t.Fatal(err)
	}
	return copied
}

// only is the one page there is.
func (r *rig) only(t *testing.T) twin.Page {
	t.Helper()
	pages := r.twin.Published()
	if len(pages) != 1 {
		t.Fatalf("there are %d pages", len(pages))
	}
	return pages[0]
}
