package claude

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	sdk "github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"

	"throughline"
	"throughline/ground"
	twin "throughline/twin/anthropic"
)

// A rig is an engine with a stand-in behind it, and a clock that sleeping moves.
type rig struct {
	*Engine
	server *twin.Server
	mu     sync.Mutex
	now    time.Time
	slept  time.Duration
	kept   map[string][]byte
	ledger float64
}

func (r *rig) time() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

func (r *rig) Get(key string) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.kept[key], nil
}

func (r *rig) Put(key string, value []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept[key] = value
	return nil
}

func (r *rig) Add(_ time.Time, usd float64) error { r.ledger += usd; return nil }

func (r *rig) Spent(time.Time) (float64, error) { return r.ledger, nil }

// newRig sets an engine up; model answers as answerer does where it is nil.
func newRig(t testing.TB, cfg Config, model func(twin.Request, int) twin.Reply) *rig {
	t.Helper()
	r := &rig{now: time.Date(2026, 5, 2, 8, 0, 0, 0, time.UTC), kept: map[string][]byte{}}
	if model == nil {
		model = answerer
	}
	r.server = &twin.Server{Model: model, Now: r.time, BatchTakes: 20 * time.Minute, Structured: true}
	srv := httptest.NewServer(r.server)
	t.Cleanup(srv.Close)
	r.Engine = &Engine{
		Client: sdk.NewClient(option.WithoutEnvironmentDefaults(), option.WithBaseURL(srv.URL), option.WithAPIKey("k"), option.WithMaxRetries(0)),
		Config: cfg, Journal: r, Now: r.time,
		Sleep: func(ctx context.Context, d time.Duration) error {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.now = r.now.Add(d)
			r.slept += d
			return ctx.Err()
		},
	}
	return r
}

// answerer answers each kind of request in its form.
func answerer(q twin.Request, _ int) twin.Reply {
	text := q.Text()
	switch {
	case strings.Contains(text, "# Quotes that were not found"):
		return twin.Reply{Text: `{"quotes":[]}`}
	case strings.HasPrefix(text, "# Reconcile"):
		return twin.Reply{Text: nothingToReconcile}
	}
	return twin.Reply{Text: goodItems}
}

func draft(t testing.TB, r *rig, d *throughline.Deal) *throughline.Handoff {
	t.Helper()
	dr, err := r.Draft(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	h, _ := ground.Settle(d, ground.NewIndex(d), dr, r.time())
	return h
}

func TestLive(t *testing.T) {
	for _, cfg := range []Config{{Passes: Single}, {Passes: Focused}, {Passes: Focused, Structured: "tool"}, {Model: "claude-sonnet-5"}} {
		r := newRig(t, cfg, nil)
		h := draft(t, r, testDeal())
		if len(h.Items) != 4 {
			t.Errorf("%+v: %d items; %+v", cfg, len(h.Items), h.LeftOut)
		}
		u := h.Usage
		if u.Requests != len(r.server.Calls) || u.InputTokens == 0 || u.OutputTokens == 0 || u.CostUSD <= 0 || u.Prices == "" || u.Passes == "" {
			t.Errorf("%+v: the accounting is %+v for %d calls", cfg, u, len(r.server.Calls))
		}
		if cfg.Passes == Focused && (u.CacheWriteTokens == 0 || u.CacheReadTokens != 4*u.CacheWriteTokens) {
			t.Errorf("%+v: written %d, read %d of the cache: four passes read what one wrote", cfg, u.CacheWriteTokens, u.CacheReadTokens)
		}
	}
}

func TestBatch(t *testing.T) {
	r := newRig(t, Config{Passes: Focused}, nil)
	r.Batch = true
	h := draft(t, r, testDeal())
	if len(h.Items) != 4 {
		t.Fatalf("%d items; %+v", len(h.Items), h.LeftOut)
	}
	for _, c := range r.server.Calls {
		if !c.Batch {
			t.Error("something was asked live")
		}
	}
	if h.Usage.CacheReadTokens != 4*h.Usage.CacheWriteTokens {
		t.Errorf("the second batch read %d of the %d that the first wrote", h.Usage.CacheReadTokens, h.Usage.CacheWriteTokens)
	}
	live := newRig(t, Config{Passes: Focused, CacheTTL: "1h"}, nil)
	if l := draft(t, live, testDeal()); math.Abs(l.Usage.CostUSD/2-h.Usage.CostUSD) > 1e-6 {
		t.Errorf("a batch costs $%.6f, half of $%.6f is expected", h.Usage.CostUSD, l.Usage.CostUSD)
	}
}

func TestBatchThatFailsGoesLive(t *testing.T) {
	for _, tt := range []struct {
		name string
		set  func(*rig)
	}{
		{"errored", func(r *rig) { r.server.BatchResult = func(string) string { return "errored" } }},
		{"expired", func(r *rig) { r.server.BatchResult = func(string) string { return "expired" } }},
		{"late", func(r *rig) { r.server.BatchTakes = 23 * time.Hour }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, Config{Passes: Single}, nil)
			r.Batch = true
			tt.set(r)
			begun := r.time()
			if h := draft(t, r, testDeal()); len(h.Items) != 4 {
				t.Errorf("%d items; %+v", len(h.Items), h.LeftOut)
			}
			live := 0
			for _, c := range r.server.Calls {
				if !c.Batch {
					live++
				}
			}
			if live == 0 {
				t.Error("nothing was asked live")
			}
			if took := r.time().Sub(begun); tt.name == "late" && (took < 3*time.Hour || took > 7*time.Hour) {
				t.Errorf("a late batch was given up after %s: an hour is due, two more are waited, for each of two rounds", took)
			}
		})
	}
}

func TestFailures(t *testing.T) {
	once := func(fault twin.Reply) func(twin.Request, int) twin.Reply {
		return func(q twin.Request, n int) twin.Reply {
			if n == 0 {
				return fault
			}
			return answerer(q, n)
		}
	}
	for _, tt := range []struct {
		name  string
		fault twin.Reply
	}{
		{"overloaded", twin.Reply{Status: 529, Error: "overloaded_error"}},
		{"rate limit", twin.Reply{Status: 429, Error: "rate_limit_error"}},
		{"server error", twin.Reply{Status: 500, Error: "api_error"}},
		{"connection cut", twin.Reply{Text: goodItems, CutAfter: 100}},
		{"overloaded within the stream", twin.Reply{Text: goodItems, Overloaded: true}},
		{"endless", twin.Reply{Endless: true}},
		{"refusal", twin.Reply{Stop: "refusal"}},
		{"context exceeded", twin.Reply{Stop: "model_context_window_exceeded"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, Config{Passes: Single}, once(tt.fault))
			if h := draft(t, r, testDeal()); len(h.Items) != 4 {
				t.Errorf("%d items; %+v", len(h.Items), h.LeftOut)
			}
		})
	}
	for _, tt := range []struct {
		name  string
		fault twin.Reply
		calls int
	}{
		{"key refused", twin.Reply{Status: 401, Error: "authentication_error"}, 1},
		{"bad request", twin.Reply{Status: 400, Error: "invalid_request_error"}, 1},
		{"account's spend limit", twin.Reply{Status: 429, Error: "rate_limit_error", Code: "enforced_spend_limit_reached"}, 1},
		{"overloaded for good", twin.Reply{Status: 529, Error: "overloaded_error"}, attempts},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, Config{Passes: Single}, func(twin.Request, int) twin.Reply { return tt.fault })
			_, err := r.Draft(t.Context(), testDeal())
			var api *sdk.Error
			if !errors.As(err, &api) || len(r.server.Calls) != tt.calls {
				t.Errorf("after %d calls: %v", len(r.server.Calls), err)
			}
		})
	}
}

func TestInterruptedRunPaysOnce(t *testing.T) {
	broken := true
	r := newRig(t, Config{Passes: Focused}, func(q twin.Request, n int) twin.Reply {
		if broken && strings.Contains(q.Text(), "# Section 5") && strings.Contains(q.Text(), "<deal>") && !strings.Contains(q.Text(), "# Section 1: Deal shape\n\nGive") {
			return twin.Reply{Status: 400, Error: "invalid_request_error"}
		}
		return answerer(q, n)
	})
	if _, err := r.Draft(t.Context(), testDeal()); err == nil {
		t.Fatal("the run was not interrupted")
	}
	paid := 0
	for _, c := range r.server.Calls {
		if !c.Failed {
			paid++
		}
	}
	broken = false
	if h := draft(t, r, testDeal()); len(h.Items) != 4 {
		t.Errorf("%d items", len(h.Items))
	}
	total := 0
	for _, c := range r.server.Calls {
		if !c.Failed {
			total++
		}
	}
	if total != 6 || paid == 0 {
		t.Errorf("%d requests were paid before the interruption and %d in all; five passes and a reconciling are 6", paid, total)
	}
}

func TestBudget(t *testing.T) {
	r := newRig(t, Config{Passes: Single}, nil)
	r.Budget.Handoff = 0.0001
	_, err := r.Draft(t.Context(), testDeal())
	var over *BudgetError
	if !errors.As(err, &over) || len(r.server.Calls) != 0 {
		t.Errorf("%d calls, %v", len(r.server.Calls), err)
	}
	r = newRig(t, Config{Passes: Single}, nil)
	r.Budget = Budget{Month: 100, Ledger: r}
	draft(t, r, testDeal())
	if r.ledger <= 0 {
		t.Error("nothing was written down")
	}
	r.ledger = 99.99
	r.kept = map[string][]byte{}
	if _, err := r.Draft(t.Context(), testDeal()); !errors.As(err, &over) || over.What != "this month" {
		t.Errorf("%v", err)
	}
}

func TestWithheld(t *testing.T) {
	r := newRig(t, Config{Passes: Single}, nil)
	r.Withhold = Withhold{Sources: []string{"s1"}, People: []string{"Bo Karlsson"}}
	h := draft(t, r, testDeal())
	for _, c := range r.server.Calls {
		// What is given back as unproven is the model's own words.
		if text := c.Request.Text(); strings.Contains(text, "<deal>") && strings.Contains(text, "two thousand is what was tested") || strings.Contains(text, ": We key every invoice") {
			t.Error("what was withheld was sent")
		}
	}
	if len(h.Usage.Kept) != 2 {
		t.Errorf("the document says that %q was kept from the model", h.Usage.Kept)
	}
}

// money is what input costs, output aside.
func money(m Model, calls []twin.Call) float64 {
	usd := 0.0
	for _, c := range calls {
		usd += m.cost(Tokens{
			Input: c.Usage.Input, CacheRead: c.Usage.CacheRead, CacheWrite5m: c.Usage.Creation.FiveMinutes, CacheWrite1h: c.Usage.Creation.OneHour, Batch: c.Batch,
		})
	}
	return usd
}

// TestFiveFocusedPassesCostLittleMore holds the price of focus on a deal of the
// size of the largest: the input of five passes costs at most 1.75 times that of
// one, and in batches at most 1.25 times one live pass.
func TestFiveFocusedPassesCostLittleMore(t *testing.T) {
	d := testDeal()
	for i := range 3000 {
		p := *d.Sources[0].Passages[1]
		p.Index = len(d.Sources[0].Passages)
		p.Ref = fmt.Sprintf("c1.%d", p.Index+1)
		p.Text = fmt.Sprintf("And then there is number %d of the things that we do by hand every day, which takes %d minutes.", i, i%50)
		d.Sources[0].Passages = append(d.Sources[0].Passages, &p)
	}
	models := []string{"claude-opus-5", "claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5"}
	if raced {
		models = models[:1]
	}
	for _, id := range models {
		cost := map[string]float64{}
		for name, set := range map[string]struct {
			passes Passes
			batch  bool
		}{"single": {Single, false}, "focused": {Focused, false}, "batch": {Focused, true}} {
			r := newRig(t, Config{Model: id, Passes: set.passes}, nil)
			r.Batch = set.batch
			draft(t, r, d)
			m, _ := LookUp(id)
			cost[name] = money(m, r.server.Calls)
		}
		live, batch := cost["focused"]/cost["single"], cost["batch"]/cost["single"]
		t.Logf("%s: five passes cost %.2f times one live, %.2f times in batches", id, live, batch)
		if live > 1.75 || batch > 1.25 {
			t.Errorf("%s: five passes cost %.2f times one live (1.75 at most), %.2f times in batches (1.25)", id, live, batch)
		}
	}
}
