package fault_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
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
	} {
		t.Run(tc.name, func(t *testing.T) {
			var faults fault.Faults
			done := 0
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				faults.Serve(w, r, "route", func(w http.ResponseWriter, status int) { w.WriteHeader(status) }, func(w http.ResponseWriter, _ *http.Request) {
					done++
					_, _ = io.WriteString(w, "answered well")
				})
			}))
			defer srv.Close()
			faults.Fail(tc.f)
			for i, want := range tc.status {
				status, header, err := get(t, srv.URL, tc.f.Slow > 0 && i == 0)
				if status != want || errors.Is(err, syscall.ECONNRESET) != (tc.reset && i == 0) {
					t.Errorf("request %d: %d, %v; want %d", i, status, err, want)
				}
				if status == 503 && header.Get("Retry-After") != "7" {
					t.Errorf("it says to wait for %q", header.Get("Retry-After"))
				}
			}
			if struck := faults.Struck(); done != tc.done || (struck == 0) != (tc.f.Route != "") {
				t.Errorf("%d were carried out and %d struck", done, struck)
			}
		})
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
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
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
