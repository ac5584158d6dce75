package gong_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline/twin/fault"
	"throughline/twin/gong"
)

var now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

type answer struct {
	Records struct {
		TotalRecords, CurrentPageSize, CurrentPageNumber int
		Cursor                                           string
	}
	Calls []struct {
		MetaData struct{ ID string }
		Context  []struct{ Objects []map[string]any }
		Parties  []any
	}
	CallTranscripts []struct{ CallID string }
	Errors          []string
	Access          string `json:"access_token"`
}

// serve starts a stand-in with n calls, one an hour, the newest first in time.
func serve(t *testing.T, s *gong.Server, n int) *httptest.Server {
	t.Helper()
	if s.Now == nil {
		s.Now = func() time.Time { return now }
	}
	for i := range n {
		id := fmt.Sprint(i)
		s.AddCall(map[string]any{
			"metaData": map[string]any{"id": id, "started": now.Add(-time.Duration(i) * time.Hour).Format(time.RFC3339), "workspaceId": fmt.Sprint(i % 2), "primaryUserId": "9"},
			"context":  []any{map[string]any{"system": "Salesforce", "objects": []any{map[string]any{"objectType": "Opportunity", "objectId": "006", "fields": []any{}}}}},
			"parties":  []any{map[string]any{"id": "1"}},
		})
		s.AddTranscript(map[string]any{"callId": id, "transcript": []any{}})
	}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	return srv
}

func post(t *testing.T, url, body string, header ...string) (int, http.Header, answer) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var a answer
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, a
}

func TestPages(t *testing.T) {
	srv := serve(t, &gong.Server{PerSecond: -1}, 230)
	for _, path := range []string{gong.PathCalls, gong.PathTranscripts} {
		var sizes []int
		cursor := ""
		for page := 0; ; page++ {
			_, _, a := post(t, srv.URL+path, `{"filter":{},"cursor":"`+cursor+`"}`)
			if a.Records.TotalRecords != 230 || a.Records.CurrentPageNumber != page || a.Records.CurrentPageSize != len(a.Calls)+len(a.CallTranscripts) {
				t.Fatalf("page %d says %+v", page, a.Records)
			}
			sizes = append(sizes, a.Records.CurrentPageSize)
			if cursor = a.Records.Cursor; cursor == "" {
				break
			}
			if status, _, _ := post(t, srv.URL+path, `{"filter":{"workspaceId":"1"},"cursor":"`+cursor+`"}`); status != 400 {
				t.Errorf("a cursor of another filter gave %d", status)
			}
		}
		if diff := cmp.Diff([]int{100, 100, 30}, sizes); diff != "" {
			t.Error(diff)
		}
	}
}

func TestFilters(t *testing.T) {
	srv := serve(t, &gong.Server{PerSecond: -1}, 10)
	for filter, want := range map[string]int{
		`{}`: 10, `{"workspaceId":"1"}`: 5, `{"callIds":["3","4","x"]}`: 2, `{"primaryUserIds":["8"]}`: 0,
		`{"fromDateTime":"2026-06-01T10:00:00Z"}`: 3, `{"toDateTime":"2026-06-01T10:00:00Z"}`: 7,
		`{"fromDateTime":"2026-06-01T10:00:00Z","toDateTime":"2026-06-01T12:00:00Z"}`: 2,
	} {
		for _, path := range []string{gong.PathCalls, gong.PathTranscripts} {
			status, _, a := post(t, srv.URL+path, `{"filter":`+filter+`}`)
			if got := a.Records.TotalRecords; got != want || (status == 404) != (want == 0) {
				t.Errorf("%s on %s: %d calls and status %d, want %d", filter, path, got, status, want)
			}
		}
	}
}

func TestContentSelector(t *testing.T) {
	srv := serve(t, &gong.Server{PerSecond: -1}, 1)
	for selector, want := range map[string][3]bool{ // parties, context, fields
		`{}`: {}, `{"exposedFields":{"parties":true}}`: {true, false, false},
		`{"context":"Basic"}`: {false, true, false}, `{"context":"Extended","contextTiming":["Now"]}`: {false, true, true},
	} {
		_, _, a := post(t, srv.URL+gong.PathCalls, `{"filter":{},"contentSelector":`+selector+`}`)
		call := a.Calls[0]
		got := [3]bool{call.Parties != nil, call.Context != nil}
		if got[1] {
			_, got[2] = call.Context[0].Objects[0]["fields"]
		}
		if got != want {
			t.Errorf("%s exposes %v, want %v", selector, got, want)
		}
	}
}

func TestRefusals(t *testing.T) {
	s := &gong.Server{Key: "k", Secret: "s", PerSecond: -1, Withheld: []string{"api:calls:read:transcript"}}
	srv := serve(t, s, 1)
	const right = "Basic azpz"
	for _, tc := range []struct {
		path, auth, body string
		want             int
	}{
		{gong.PathCalls, right, `{"filter":{}}`, 200},
		{gong.PathCalls, "", `{"filter":{}}`, 401},
		{gong.PathCalls, "Basic azp0", `{"filter":{}}`, 401},
		{gong.PathCalls, "Bearer t", `{"filter":{}}`, 401},
		{gong.PathTranscripts, right, `{"filter":{}}`, 403},
		{gong.PathCalls, right, `{}`, 400},
		{gong.PathCalls, right, `{`, 400},
		{gong.PathCalls, right, `{"filter":{"fromDateTime":"yesterday"}}`, 400},
		{gong.PathCalls, right, `{"filter":{},"contentSelector":{"contextTiming":["Now"]}}`, 400},
		{gong.PathCalls, right, `{"filter":{},"cursor":"made-up"}`, 400},
		{"/v2/elsewhere", right, `{}`, 404},
		{gong.PathToken, right, `{}`, 401},
	} {
		status, _, a := post(t, srv.URL+tc.path, tc.body, "Authorization", tc.auth)
		if status != tc.want || (status != 200) != (len(a.Errors) == 1) {
			t.Errorf("%s %s: %d %v, want %d", tc.path, tc.body, status, a.Errors, tc.want)
		}
	}
	if got := s.Requests()[gong.PathCalls]; got != 9 {
		t.Errorf("%d requests were counted, want 9", got)
	}
	s.Forget()
	if len(s.Requests()) > 0 {
		t.Error("requests are not forgotten")
	}
}

func TestRateLimits(t *testing.T) {
	at := now
	s := &gong.Server{PerDay: 5, Now: func() time.Time { return at }}
	srv := serve(t, s, 1)
	ask := func() (int, string) {
		status, header, _ := post(t, srv.URL+gong.PathCalls, `{"filter":{}}`)
		return status, header.Get("Retry-After")
	}
	for i, tc := range []struct {
		pass   time.Duration
		status int
		after  string
	}{
		{0, 200, ""},
		{0, 200, ""},
		{0, 200, ""},
		{0, 429, "1"}, // three a second
		{time.Second, 200, ""},
		{time.Second, 429, "86399"}, // five a day
		{24 * time.Hour, 200, ""},
	} {
		at = at.Add(tc.pass)
		if status, after := ask(); status != tc.status || after != tc.after {
			t.Errorf("request %d: %d after %q, want %d after %q", i, status, after, tc.status, tc.after)
		}
	}
}

func TestTokens(t *testing.T) {
	at := now
	s := &gong.Server{Key: "k", ClientID: "app", ClientSecret: "cs", RefreshToken: "r", PerSecond: -1, Now: func() time.Time { return at }}
	srv := serve(t, s, 1)
	token := func(refresh string) (int, string) {
		status, _, a := post(t, srv.URL+gong.PathToken, "grant_type=refresh_token&refresh_token="+refresh,
			"Authorization", "Basic YXBwOmNz", "Content-Type", "application/x-www-form-urlencoded")
		return status, a.Access
	}
	use := func(access string) int {
		status, _, _ := post(t, srv.URL+gong.PathCalls, `{"filter":{}}`, "Authorization", "Bearer "+access)
		return status
	}
	_, access := token("r")
	if got := use(access); got != 200 {
		t.Errorf("a fresh token gave %d", got)
	}
	if status, _ := token("r"); status != 401 {
		t.Errorf("a used refresh token gave %d", status)
	}
	s.Revoke()
	if got := use(access); got != 401 {
		t.Errorf("a revoked token gave %d", got)
	}
	_, access = token("r-1")
	at = at.Add(24 * time.Hour)
	if got := use(access); got != 401 {
		t.Errorf("a token of yesterday gave %d", got)
	}
}

func TestDelay(t *testing.T) {
	at := now
	s := &gong.Server{PerSecond: -1, Now: func() time.Time { return at }}
	srv := serve(t, s, 1)
	s.Delay("0", now.Add(time.Hour), now.Add(2*time.Hour))
	for i, want := range [][2]int{{404, 404}, {200, 404}, {200, 200}} {
		at = now.Add(time.Duration(i) * time.Hour)
		calls, _, _ := post(t, srv.URL+gong.PathCalls, `{"filter":{}}`)
		transcripts, _, _ := post(t, srv.URL+gong.PathTranscripts, `{"filter":{}}`)
		if calls != want[0] || transcripts != want[1] {
			t.Errorf("after %d hours: %d and %d, want %v", i, calls, transcripts, want)
		}
	}
}

func TestFaults(t *testing.T) {
	ask := func(url string) (int, error) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(`{"filter":{}}`))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}).Do(r)
		if err != nil {
			return 0, err
		}
		defer resp.Body.Close()
		_, err = io.Copy(io.Discard, resp.Body)
		return resp.StatusCode, err
	}
	for name, tc := range map[string]struct {
		fault  fault.Fault
		status int
		err    error
	}{
		"status":    {fault.Fault{Status: 503, Times: 2}, 503, nil},
		"reset":     {fault.Fault{Reset: true, Times: 2}, 0, syscall.ECONNRESET},
		"truncated": {fault.Fault{Cut: 20, Times: 2}, 200, io.ErrUnexpectedEOF},
		"slow":      {fault.Fault{Slow: time.Millisecond, Times: 2}, 200, nil},
	} {
		s := &gong.Server{PerSecond: -1}
		srv := serve(t, s, 1)
		fault := tc.fault
		fault.Route, fault.After = gong.PathCalls, 1
		s.Fail(fault)
		for i := range 4 {
			status, err := ask(srv.URL + gong.PathCalls)
			if i == 0 || i == 3 {
				if status != 200 || err != nil {
					t.Errorf("%s: request %d, which no fault strikes, gave %d, %v", name, i, status, err)
				}
				continue
			}
			if status != tc.status || !errors.Is(err, tc.err) {
				t.Errorf("%s: request %d gave %d, %v", name, i, status, err)
			}
		}
	}
}

func TestSeed(t *testing.T) {
	dir := t.TempDir()
	s := &gong.Server{PerSecond: -1}
	if err := s.Seed(dir); err == nil {
		t.Error("a folder without calls was taken")
	}
	if err := os.Mkdir(filepath.Join(dir, "gong"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string]string{
		"a.json": `{"calls":[{"metaData":{"id":"1","started":"2026-01-01T00:00:00Z"}}]}`,
		"b.json": `{"callTranscripts":[{"callId":"1","transcript":[{"topic":null}]}]}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, "gong", name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Seed(dir); err != nil {
		t.Fatal(err)
	}
	srv := serve(t, s, 0)
	for _, path := range []string{gong.PathCalls, gong.PathTranscripts} {
		if status, _, a := post(t, srv.URL+path, `{"filter":{"callIds":["1"]}}`); status != 200 || a.Records.TotalRecords != 1 {
			t.Errorf("%s: %d, %+v", path, status, a)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "gong", "c.json"), []byte(`{`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Seed(dir); err == nil || !strings.Contains(err.Error(), "c.json") {
		t.Errorf("a broken file gave %v", err)
	}
}
