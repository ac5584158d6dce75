package connect_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"

	"throughline/connect"
)

// TestRefusedWithTwoHundred: an answer of 200 that says no is an error with the
// vendor's code, repeated only where that is right.
func TestRefusedWithTwoHundred(t *testing.T) {
	refused := func(_ http.Header, body []byte) *connect.Error {
		var told struct {
			Error string `json:"error"`
			Busy  bool   `json:"busy"`
		}
		if whole := json.Unmarshal(body, &told) == nil; !whole || told.Error == "" {
			return nil
		}
		e := &connect.Error{Code: told.Error, Message: "said with xoxb-planted"}
		if told.Busy {
			e.Status, e.Temporary = http.StatusTooManyRequests, true
		}
		return e
	}
	write := connect.Request{Op: "write it", Method: http.MethodPost, Path: "/it"}
	for _, tc := range []struct {
		name   string
		script script
		served int64
		status int
		code   string
	}{
		{name: "taken", served: 1},
		{name: "refused for good", script: script{text(`{"error":"no"}`)}, served: 1, status: 200, code: "no"},
		{name: "turned away, then taken", script: script{text(`{"error":"later","busy":true}`)}, served: 2},
		{name: "cut short", script: script{text(`{"err`)}, served: 1, status: 200},
	} {
		t.Run(tc.name, func(t *testing.T) {
			addr, served := tc.script.serve(t)
			clk := newClock()
			c := &connect.Client{
				Vendor: "Vendor", Base: addr, Auth: connect.Static("xoxb-planted"), Refused: refused, Now: clk.Now, Sleep: clk.Sleep,
			}
			var out map[string]any
			_, err := c.Do(t.Context(), write, &out)
			var e *connect.Error
			if errors.As(err, &e) != (tc.status != 0) || e != nil && (e.Status != tc.status || e.Code != tc.code || e.Op != "write it") {
				t.Errorf("got %v, want status %d and code %q", err, tc.status, tc.code)
			}
			if e != nil && tc.code != "" && e.Message != "said with [secret]" {
				t.Errorf("the message is %q", e.Message)
			}
			if n := served.Load(); n != tc.served {
				t.Errorf("served %d times, want %d", n, tc.served)
			}
		})
	}
}
