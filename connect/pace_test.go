package connect_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"throughline/connect"
	"throughline/store"
	"throughline/store/storetest"
)

// A brokenPace is a database that can't be reached.
type brokenPace struct{}

func (brokenPace) Take(context.Context, string, float64, int) (time.Duration, bool, error) {
	return 0, false, errors.New("no database")
}

func (brokenPace) Pause(context.Context, string, time.Time) error { return errors.New("no database") }

// TestProcessesShareAPace: two processes with one credential together keep to its
// pace, and when one is turned away, the other waits, too.
func TestProcessesShareAPace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		began := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
		now := began
		clock := func() time.Time { return now }
		t.Cleanup(func() { connect.ShareAcross(nil) })
		connect.ShareAcross(store.Pace{DB: db, Now: clock})
		turnedAway := false
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if turnedAway {
				turnedAway = false
				w.Header().Set("Retry-After", "60")
				w.WriteHeader(http.StatusTooManyRequests)
				return
			}
			_, _ = w.Write([]byte("{}"))
		}))
		t.Cleanup(server.Close)
		process := func() *connect.Client {
			connect.ForgetLimiters()
			return &connect.Client{
				Vendor: "Example", Base: server.URL, Limiter: connect.SharedLimiter("Example", t.Name(), 1, 2), Now: clock, MaxTries: 1,
				Sleep: func(_ context.Context, d time.Duration) error {
					now = now.Add(d)
					return nil
				},
			}
		}
		one, two := process(), process()
		for range 3 {
			for _, c := range []*connect.Client{one, two} {
				if _, err := c.Do(t.Context(), connect.Request{Op: "try"}, nil); err != nil {
					t.Fatal(err)
				}
			}
		}
		if got := now.Sub(began); got != 4*time.Second {
			t.Errorf("six calls of two processes took %v; at one a second and two at once it is 4s", got)
		}
		one.MaxTries, turnedAway = 2, true
		if _, err := one.Do(t.Context(), connect.Request{Op: "be turned away"}, nil); err != nil {
			t.Fatal(err)
		}
		if got := now.Sub(began); got < time.Minute {
			t.Errorf("the one that was turned away went on after %v", got)
		}
		// The other learns of a pause from the database alone.
		pause := now.Add(30 * time.Second)
		one.Limiter.Pause(t.Context(), pause)
		if _, err := two.Do(t.Context(), connect.Request{Op: "wait with it"}, nil); err != nil || now.Before(pause) {
			t.Errorf("the other went at %v, before %v: %v", now, pause, err)
		}
		connect.ShareAcross(brokenPace{})
		if _, err := two.Do(t.Context(), connect.Request{Op: "go on alone"}, nil); err != nil {
			t.Errorf("without the database nothing goes: %v", err)
		}
	})
}
