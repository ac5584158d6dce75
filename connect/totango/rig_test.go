package totango_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"throughline"
	"throughline/connect"
	"throughline/connect/totango"
	twin "throughline/twin/totango"
)

// token is planted: no error or log may hold it.
const token = "0123planted4567secret89@example.com"

// The customer's account, by the CRM's id in both its forms.
const (
	account18 = "001000000000001AAA"
	account15 = "001000000000001"
)

// A clock moves only when somebody sleeps by it.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	slept time.Duration
	ends  int // the sleep, counted from here, that ends as that of a process that stops
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
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now, c.slept = c.now.Add(d), c.slept+d
	if c.ends--; c.ends == 0 {
		return context.Canceled
	}
	return ctx.Err()
}

// A rig is a connector before its stand-in, on one clock.
type rig struct {
	twin   *twin.Server
	addr   string
	clock  *clock
	log    *bytes.Buffer
	config totango.Config
	c      *totango.Client
}

var today = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{clock: &clock{now: today}, log: &bytes.Buffer{}}
	r.twin = &twin.Server{Token: token, Now: r.clock.Now, Lag: 2 * time.Second}
	r.twin.AddAccount(twin.Account{ID: account18, Name: "Brightwater Clinics"})
	r.twin.AddAccount(twin.Account{ID: "001000000000002AAA", Name: "Example Corp"})
	srv := httptest.NewServer(r.twin)
	t.Cleanup(srv.Close)
	r.addr = srv.URL
	r.config = totango.Config{Flow: twin.Flow, Type: twin.Type, Tasks: true}
	r.restart(t)
	return r
}

// restart has the connector begin anew, as a fresh process has it.
func (r *rig) restart(t *testing.T) {
	t.Helper()
	cfg := r.config
	cfg.Token, cfg.Base = token, r.addr
	// Every try is a fresh connection, so that the transport's own repeats do not
	// hide a fault.
	cfg.HTTP = &http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}
	cfg.Now, cfg.Sleep, cfg.Limiter = r.clock.Now, r.clock.Sleep, connect.NewLimiter(1.5, 10)
	cfg.Log = slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	c, err := totango.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r.c = c
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

const key = "006-A.1"

func publication(h *throughline.Handoff) connect.Publication {
	return connect.Publication{
		Key: key, Deal: connect.Record{ID: "006", Account: account18, CSM: "csm@example.com"},
		Handoff: h, Audience: throughline.AudienceCompany, Link: "https://handoffs.example/d/1",
	}
}

func (r *rig) publish(t *testing.T, h *throughline.Handoff) connect.Copy {
	t.Helper()
	copied, err := r.c.Publish(t.Context(), publication(h))
	if err != nil {
		t.Fatal(err)
	}
	return copied
}

// only is the one touchpoint there is.
func (r *rig) only(t *testing.T) twin.Touchpoint {
	t.Helper()
	all := r.twin.Touchpoints()
	if len(all) != 1 {
		t.Fatalf("there are %d touchpoints", len(all))
	}
	return all[0]
}

// milestones are the handoff's items of the kind.
func milestones(h *throughline.Handoff) []*throughline.Item {
	var out []*throughline.Item
	for i := range h.Items {
		if h.Items[i].Kind == throughline.KindMilestone {
			out = append(out, &h.Items[i])
		}
	}
	return out
}

// taskFor is the one task with a text in its title.
func (r *rig) taskFor(t *testing.T, title string) twin.Task {
	t.Helper()
	var found []twin.Task
	for _, task := range r.twin.Tasks() {
		if strings.Contains(task.Title, title) {
			found = append(found, task)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d tasks are called %q", len(found), title)
	}
	return found[0]
}
