package fault_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"throughline/twin/fault"
)

// TestFaults: each does what it says, to the requests it says, and no more.
func TestFaults(t *testing.T) {
	for _, tc := range []struct {
		name   string
		f      fault.Fault
		status []int // of three requests; 0 for none
		done   int   // how many were carried out
		reset  bool
	}{
		{"a status", fault.Fault{Status: 503, RetryAfter: "7"}, []int{503, 200, 200}, 2, false},
		{"after one, twice", fault.Fault{Status: 500, After: 1, Times: 2}, []int{200, 500, 500}, 1, false},
		{"of another route", fault.Fault{Route: "other", Status: 500}, []int{200, 200, 200}, 3, false},
		{"stored", fault.Fault{Status: 502, Stored: true}, []int{502, 200, 200}, 3, false},
		{"reset", fault.Fault{Reset: true}, []int{0, 200, 200}, 2, true},
		{"reset and stored", fault.Fault{Reset: true, Stored: true}, []int{0, 200, 200}, 3, true},
		{"cut", fault.Fault{Cut: 3}, []int{0, 200, 200}, 3, false},
		{"slow", fault.Fault{Slow: time.Hour}, []int{0, 200, 200}, 2, false},
		{"slow, stored", fault.Fault{Slow: time.Hour, Stored: true}, []int{0, 200, 200}, 3, false},
		{"late, stored", fault.Fault{Slow: time.Millisecond, Stored: true}, []int{200, 200, 200}, 3, false},
		{"moved", fault.Fault{Status: 301, Location: "https://example.com"}, []int{301, 200, 200}, 2, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var faults fault.Faults
			done := 0
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				faults.Serve(w, r, "route", func(w http.ResponseWriter, f *fault.Fault) { w.WriteHeader(f.Status) }, func(w http.ResponseWriter, _ *http.Request) {
					done++
					_, _ = io.WriteString(w, "answered well")
				})
			}))
			defer srv.Close()
			faults.Fail(tc.f)
			for i, want := range tc.status {
				status, header, err := get(t, srv.URL, tc.f.Slow == time.Hour && i == 0)
				if status != want || errors.Is(err, syscall.ECONNRESET) != (tc.reset && i == 0) {
					t.Errorf("request %d: %d, %v; want %d", i, status, err, want)
				}
				if status == 503 && header.Get("Retry-After") != "7" {
					t.Errorf("it says to wait for %q", header.Get("Retry-After"))
				}
				if status == 301 && header.Get("Location") != tc.f.Location {
					t.Errorf("it says to go to %q", header.Get("Location"))
				}
			}
			if struck := faults.Struck(); done != tc.done || (struck == 0) != (tc.f.Route != "") {
				t.Errorf("%d were carried out and %d struck", done, struck)
			}
		})
	}
}

// TestOrder: what is ordered waits until it has struck as often as ordered, and what
// a stand-in takes for a route is its own.
func TestOrder(t *testing.T) {
	var faults fault.Faults
	of := func(path string) func(string) bool {
		return func(route string) bool { return strings.Contains(path, route) }
	}
	faults.Order("notes", 2, fault.Fault{Status: 500, Code: "BROKEN"})
	if f := faults.Next(of("/tasks")); f != nil || !faults.Waiting() {
		t.Errorf("%+v strikes another path", f)
	}
	for range 2 {
		if f := faults.Next(of("/notes/1")); f == nil || f.Code != "BROKEN" {
			t.Errorf("%+v strikes, not what was ordered", f)
		}
	}
	if f := faults.Next(of("/notes/1")); f != nil || faults.Waiting() || faults.Struck() != 2 {
		t.Errorf("%+v strikes, after %d; something waits: %v", f, faults.Struck(), faults.Waiting())
	}
	faults.Fail(fault.Fault{Reset: true})
	faults.Heal()
	if f := faults.Next(of("/notes/1")); f != nil || faults.Waiting() {
		t.Errorf("%+v strikes although it was taken back", f)
	}
}

// get makes a request on a connection of its own; an impatient one gives up soon.
func get(t *testing.T, url string, impatient bool) (int, http.Header, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	if impatient {
		cancel()
		ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
	}
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	if _, err := io.ReadAll(resp.Body); err != nil {
		return 0, nil, err
	}
	return resp.StatusCode, resp.Header, nil
}
