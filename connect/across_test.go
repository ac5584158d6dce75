package connect_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"throughline/connect"
	"throughline/store"
	"throughline/store/storetest"
)

// TestPaceAcrossProcesses: limiters that share nothing but a database, as those of
// two processes, keep to one pace, and a vendor that turns one away is left alone
// by the other.
func TestPaceAcrossProcesses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		clk := newClock()
		began := clk.Now()
		served, refuse := 0, false
		vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if served++; refuse {
				refuse = false
				w.Header().Set("Retry-After", "60")
				w.WriteHeader(http.StatusTooManyRequests)
			}
		}))
		defer vendor.Close()
		var clients []*connect.Client
		for range 2 {
			limiter := connect.NewLimiter(2, 1)
			limiter.Across(storetest.Open(t, address, store.WithClock(clk.Now)), "key", nil)
			clients = append(clients, &connect.Client{Vendor: "Vendor", Base: vendor.URL, Now: clk.Now, Sleep: clk.Sleep, Limiter: limiter, LongestWait: 30 * time.Second})
		}
		call := func(i int) error {
			_, err := clients[i%2].Do(t.Context(), connect.Request{Path: "/it"}, nil)
			return err
		}
		const calls = 9
		for i := range calls {
			if err := call(i); err != nil {
				t.Fatal(err)
			}
		}
		if took, want := clk.Now().Sub(began), (calls-1)*500*time.Millisecond; took != want {
			t.Errorf("%d calls took %s; want %s", calls, took, want)
		}
		refuse = true
		if err := call(0); err == nil {
			t.Error("the refused call succeeded")
		}
		before := served
		var e *connect.Error
		if err := call(1); !errors.As(err, &e) || e.RetryAfter <= 30*time.Second || served != before {
			t.Errorf("the other process: %v, %d calls", err, served-before)
		}
	})
}

// A brokenPace fails, and counts how often it was asked.
type brokenPace struct {
	mu    sync.Mutex
	asked int
}

func (p *brokenPace) Take(context.Context, string, float64, int) (time.Duration, error) {
	return 0, p.fail()
}
func (p *brokenPace) Pause(context.Context, string, time.Time) error { return p.fail() }

func (p *brokenPace) fail() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	return errors.New("no database")
}

func TestPaceThatFails(t *testing.T) {
	addr, served := script{}.serve(t)
	var log bytes.Buffer
	pace, clk := &brokenPace{}, newClock()
	connect.ShareAcross(pace, slog.New(slog.NewTextHandler(&log, nil)))
	defer connect.ShareAcross(nil, nil)
	c := &connect.Client{Vendor: "Vendor", Base: addr, Now: clk.Now, Sleep: clk.Sleep, Limiter: connect.SharedLimiter("Vendor", "planted-secret", 2, 1)}
	for range 5 {
		if _, err := c.Do(t.Context(), connect.Request{Path: "/it"}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if served.Load() != 5 || pace.asked != 5 || clk.slept != 2*time.Second {
		t.Errorf("%d served, %d asked, %s slept: want the process's own pace", served.Load(), pace.asked, clk.slept)
	}
	if n := strings.Count(log.String(), "no database"); n != 1 || strings.Contains(log.String(), "planted-secret") {
		t.Errorf("logged %d times:\n%s", n, &log)
	}
	connect.ShareAcross(nil, nil)
	if _, err := c.Do(t.Context(), connect.Request{Path: "/it"}, nil); err != nil || pace.asked != 5 {
		t.Errorf("after sharing ended: %v, asked %d times", err, pace.asked)
	}
}
