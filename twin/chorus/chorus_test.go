package chorus_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline/twin/chorus"
	"throughline/twin/fault"
)

var now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

type answer struct {
	Key         string `json:"continuation_key"`
	Engagements []struct {
		ID    string `json:"engagement_id"`
		State string `json:"processing_state"`
	}
	Data struct {
		ID         string
		Type       string
		Attributes map[string]any
	}
	Errors []struct {
		Status string
		Source struct{ Parameter string }
	}
}

func (a answer) ids() []string {
	var out []string
	for _, e := range a.Engagements {
		out = append(out, e.ID)
	}
	return out
}

// serve starts a stand-in with n calls, one an hour back.
func serve(t *testing.T, s *chorus.Server, n int) *httptest.Server {
	t.Helper()
	if s.Now == nil {
		s.Now = func() time.Time { return now }
	}
	for i := range n {
		s.Add(chorus.Call{
			ID: fmt.Sprintf("c%03d", i), Kind: []string{"", "dialer"}[i%2], Started: now.Add(-time.Duration(i) * time.Hour),
			People: []chorus.Person{{Name: "Cy", Email: fmt.Sprintf("cy%d@customer.example", i%3), Type: "cust"}},
			Said:   []chorus.Utterance{{Text: "Well, yes.", At: 2.5, Speaker: "Cy", Type: "customer"}},
		})
	}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	return srv
}

func get(t *testing.T, address string, header ...string) (int, http.Header, answer) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
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

// TestPages: all come once, newest first, and the last page is an empty one; what is
// added meanwhile does not shift them.
func TestPages(t *testing.T) {
	s := &chorus.Server{}
	srv := serve(t, s, 230)
	var sizes []int
	var ids []string
	for key := ""; ; {
		_, _, a := get(t, srv.URL+chorus.RouteEngagements+"?continuation_key="+url.QueryEscape(key))
		sizes = append(sizes, len(a.Engagements))
		ids = append(ids, a.ids()...)
		if len(a.Engagements) == 0 {
			if a.Key != "" {
				t.Errorf("the empty page has the key %q", a.Key)
			}
			break
		}
		if !strings.Contains(a.Key, " ") {
			t.Errorf("the key %q has no space", a.Key)
		}
		key = a.Key
		s.Add(chorus.Call{ID: fmt.Sprint("new", len(sizes)), Started: now.Add(time.Hour)})
	}
	if diff := cmp.Diff([]int{100, 100, 30, 0}, sizes); diff != "" {
		t.Error(diff)
	}
	if !slices.IsSorted(ids) || len(slices.Compact(ids)) != 230 {
		t.Errorf("%d ids, not each once and newest first", len(ids))
	}
}

func TestFilters(t *testing.T) {
	srv := serve(t, &chorus.Server{}, 10)
	for query, want := range map[string]int{
		"": 10, "engagement_type=meeting": 5, "engagement_type=dialer": 5, "engagement_type=email": 0, "engagement_id=c003,c004,x": 2,
		"participants_email=cy0@customer.example": 4, "min_date=2026-06-01T10:00:00Z": 3, "max_date=2026-06-01T10:00:00Z": 8,
		"min_date=2026-06-01T10:00:00Z&max_date=2026-06-01T11:00:00Z": 2,
	} {
		if status, _, a := get(t, srv.URL+chorus.RouteEngagements+"?"+query); status != 200 || len(a.Engagements) != want {
			t.Errorf("%s: %d engagements and status %d, want %d", query, len(a.Engagements), status, want)
		}
	}
}

func TestRefusals(t *testing.T) {
	s := &chorus.Server{Token: "token", Withheld: []string{chorus.RouteMe}}
	srv := serve(t, s, 2)
	s.Change("c001", func(c *chorus.Call) { c.Private = true })
	for _, tc := range []struct {
		path, auth string
		want       int
		parameter  string
	}{
		{chorus.RouteEngagements, "token", 200, ""},
		{chorus.RouteEngagements, "", 401, ""},
		{chorus.RouteEngagements, "Bearer token", 401, ""},
		{chorus.RouteMe, "token", 403, ""},
		{chorus.RouteEngagements + "?min_date=yesterday", "token", 400, "min_date"},
		{chorus.RouteEngagements + "?engagement_type=call", "token", 400, "engagement_type"},
		{chorus.RouteEngagements + "?continuation_key=2", "token", 400, "continuation_key"},
		{chorus.RouteConversations + "/c000", "token", 200, ""},
		{chorus.RouteConversations + "/c000?fields=status,recording.utterances", "token", 200, ""},
		{chorus.RouteConversations + "/c000?fields=transcript", "token", 400, "fields"},
		{chorus.RouteConversations + "/c000?fields=recording.words", "token", 400, "fields"},
		{chorus.RouteConversations + "/c001", "token", 404, ""}, // private
		{chorus.RouteConversations + "/c002", "token", 404, ""},
		{"/v3/elsewhere", "token", 404, ""},
	} {
		status, _, a := get(t, srv.URL+tc.path, "Authorization", tc.auth)
		if status != tc.want || (status != 200) != (len(a.Errors) == 1) {
			t.Errorf("%s: %d %v, want %d", tc.path, status, a.Errors, tc.want)
		}
		if len(a.Errors) == 1 && (a.Errors[0].Status != fmt.Sprint(tc.want) || a.Errors[0].Source.Parameter != tc.parameter) {
			t.Errorf("%s: %+v", tc.path, a.Errors[0])
		}
	}
	if _, _, a := get(t, srv.URL+chorus.RouteEngagements, "Authorization", "token"); !slices.Equal(a.ids(), []string{"c000"}) {
		t.Errorf("the list tells of %q", a.ids())
	}
	if got := s.Requests(); got[chorus.RouteConversations] != 6 || got[chorus.RouteEngagements] != 7 {
		t.Errorf("requests were counted as %v", got)
	}
	s.Forget()
	if len(s.Requests()) > 0 {
		t.Error("requests are not forgotten")
	}
}

// TestFields: only what was asked for is answered.
func TestFields(t *testing.T) {
	srv := serve(t, &chorus.Server{}, 1)
	_, header, a := get(t, srv.URL+chorus.RouteConversations+"/c000?fields=name,recording.utterances,recording.duration")
	if header.Get("Content-Type") != "application/vnd.api+json" || a.Data.ID != "c000" || a.Data.Type != "recording" {
		t.Errorf("%v, %+v", header, a.Data)
	}
	recording, _ := a.Data.Attributes["recording"].(map[string]any)
	if len(a.Data.Attributes) != 2 || len(recording) != 2 {
		t.Errorf("answered were %v", a.Data.Attributes)
	}
}

// TestComingLate: a call is listed, processed and done as time passes.
func TestComingLate(t *testing.T) {
	at := now
	s := &chorus.Server{Now: func() time.Time { return at }}
	srv := serve(t, s, 1)
	s.Change("c000", func(c *chorus.Call) { c.Listed, c.Done = now.Add(time.Hour), now.Add(2*time.Hour) })
	for i, want := range []string{"", "processing", "done"} {
		at = now.Add(time.Duration(i) * time.Hour)
		_, _, list := get(t, srv.URL+chorus.RouteEngagements)
		state := ""
		if len(list.Engagements) == 1 {
			state = list.Engagements[0].State
		}
		_, _, one := get(t, srv.URL+chorus.RouteConversations+"/c000")
		status, _ := one.Data.Attributes["status"].(string)
		recording, _ := one.Data.Attributes["recording"].(map[string]any)
		utterances, _ := recording["utterances"].([]any)
		if state != want || status != want || (len(utterances) == 1) != (want == "done") {
			t.Errorf("after %d hours: %q in the list, %q with %d utterances, want %q", i, state, status, len(utterances), want)
		}
	}
}

func TestRateLimit(t *testing.T) {
	at := now
	s := &chorus.Server{PerSecond: 2, Now: func() time.Time { return at }}
	srv := serve(t, s, 1)
	for i, want := range []int{200, 200, 429, 200} {
		if i == 3 {
			at = at.Add(time.Second)
		}
		status, header, _ := get(t, srv.URL+chorus.RouteMe)
		if status != want || (header.Get("Retry-After") == "1") != (want == 429) {
			t.Errorf("request %d: %d after %q, want %d", i, status, header.Get("Retry-After"), want)
		}
	}
}

// TestFaults: a fault strikes the route that it was ordered for, in the vendor's form.
func TestFaults(t *testing.T) {
	s := &chorus.Server{}
	srv := serve(t, s, 1)
	s.Fail(fault.Fault{Route: chorus.RouteConversations, Status: 503, RetryAfter: "7"})
	if status, _, _ := get(t, srv.URL+chorus.RouteEngagements); status != 200 {
		t.Errorf("the other route gave %d", status)
	}
	if status, header, a := get(t, srv.URL+chorus.RouteConversations+"/c000"); status != 503 || header.Get("Retry-After") != "7" || len(a.Errors) != 1 {
		t.Errorf("%d, %v, %+v", status, header, a)
	}
}

func TestSeed(t *testing.T) {
	for name, tt := range map[string]struct {
		files map[string]string
		want  []string // ids, newest first; nil for an error
		fails string
	}{
		"nothing": {nil, nil, "no chorus/*.json"},
		"Chorus": {map[string]string{
			"chorus/1.json": `{"data":{"id":"1","attributes":{"name":"One","date_time":"2026-01-01T00:00:00Z","recording":{"utterances":[{"snippet":"Yes.","snippet_time":1}]}}}}`,
			"chorus/2.json": `{"data":{"id":"2","attributes":{"name":"Two","date_time":"2026-01-02T00:00:00Z"}}}`,
			"gong/a.json":   `{"calls":[{"metaData":{"id":"3","started":"2026-01-03T00:00:00Z"}}]}`,
		}, []string{"2", "1"}, ""},
		"Gong": {map[string]string{
			"gong/a.json": `{"calls":[{"metaData":{"id":"3","title":"Three","started":"2026-01-03T00:00:00Z"},"parties":[{"name":"Cy","speakerId":"s","affiliation":"External"}]}]}`,
			"gong/b.json": `{"callTranscripts":[{"callId":"3","transcript":[{"speakerId":"s","sentences":[{"start":1500,"text":"Well."},{"start":2000,"text":"Yes."}]}]}]}`,
		}, []string{"3"}, ""},
		"broken":       {map[string]string{"chorus/1.json": `{`}, nil, "1.json is not JSON"},
		"another form": {map[string]string{"chorus/1.json": `{"data":{"id":7}}`}, nil, "reading the calls"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, body := range tt.files {
				if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, file)), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, file), []byte(body), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			s := &chorus.Server{}
			err := s.Seed(dir, "006A", "")
			if (err != nil) != (tt.fails != "") || err != nil && !strings.Contains(err.Error(), tt.fails) {
				t.Fatalf("the error is %v", err)
			}
			srv := serve(t, s, 0)
			_, _, a := get(t, srv.URL+chorus.RouteEngagements)
			if diff := cmp.Diff(tt.want, a.ids()); diff != "" {
				t.Error(diff)
			}
			if name != "Gong" {
				return
			}
			_, _, one := get(t, srv.URL+chorus.RouteConversations+"/3?fields=recording.utterances,deal")
			raw, err := json.Marshal(one.Data.Attributes)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{`"snippet":"Well. Yes."`, `"snippet_time":1.5`, `"speaker_name":"Cy"`, `"speaker_type":"cust"`, `"deal":{"id":"006A"}`} {
				if !strings.Contains(string(raw), want) {
					t.Errorf("%s is not in %s", want, raw)
				}
			}
		})
	}
}
