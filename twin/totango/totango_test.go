package totango_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline/twin/totango"
)

var now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// serve starts a stand-in with one account, whose clock is the test's.
func serve(t *testing.T) (s *totango.Server, addr string, clock *time.Time) {
	t.Helper()
	at := now
	s = &totango.Server{Token: "token", Now: func() time.Time { return at }, Lag: time.Minute}
	s.AddAccount(totango.Account{ID: "a-1", Name: "Example Corp", Attributes: map[string]string{"CRM": "001"}})
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	return s, srv.URL, &at
}

func call(t *testing.T, method, to, contentType, body string) (int, http.Header, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, to, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("app-token", "token")
	r.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(raw)
}

func form(values ...string) string {
	v := url.Values{}
	for i := 0; i < len(values); i += 2 {
		v.Set(values[i], values[i+1])
	}
	return v.Encode()
}

const formType = "application/x-www-form-urlencoded"

func TestSearchAccounts(t *testing.T) {
	_, addr, _ := serve(t)
	for query, want := range map[string]string{
		`{"terms":[{"type":"string","term":"identifier","in_list":["a-1","b"]}],"fields":[]}`:     `[{"display_name":"Example Corp","name":"a-1","selected_fields":[]}]`,
		`{"terms":[{"type":"string_attribute","attribute":"CRM","in_list":["001"]}],"fields":[]}`: `[{"display_name":"Example Corp","name":"a-1","selected_fields":[]}]`,
		`{"terms":[{"type":"string","term":"identifier","in_list":["b"]}],"fields":[],"count":1}`: `[]`,
		`{"terms":[],"fields":[],"count":1,"offset":1}`:                                           `[]`,
		`{"fields":[]}`:                           "401",
		`{"terms":[]}`:                            "400",
		`{"terms":[],"fields":[],"count":1001}`:   "400",
		`{"terms":[],"fields":[],"colour":"red"}`: "400",
		`terms`: "400",
	} {
		status, _, body := call(t, http.MethodPost, addr+"/api/v1/search/accounts", formType, form("query", query))
		var told struct {
			Response struct {
				Accounts struct{ Hits json.RawMessage }
			}
		}
		if err := json.Unmarshal([]byte(body), &told); err != nil {
			t.Fatal(err)
		}
		got := string(told.Response.Accounts.Hits)
		if status != http.StatusOK {
			got = http.StatusText(status)
			want = map[string]string{"401": http.StatusText(http.StatusUnauthorized), "400": http.StatusText(http.StatusBadRequest)}[want]
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", query, got, want)
		}
	}
}

// TestTouchpoint: one is made, changed, found late, and deleted; what the vendor's
// page does not allow is refused.
func TestTouchpoint(t *testing.T) {
	s, addr, clock := serve(t)
	events := func() string {
		t.Helper()
		query := `{"terms":[{"type":"event_property","name":"event_type","eq":"note"}],"fields":[],"count":5,"offset":0}`
		_, _, body := call(t, http.MethodPost, addr+"/api/v2/events/search", formType, form("query", query, "account_id", "a-1"))
		var told struct {
			Response struct {
				Events struct {
					Hits []struct {
						Note struct{ Text string } `json:"note_content"`
					}
				}
			}
		}
		if err := json.Unmarshal([]byte(body), &told); err != nil {
			t.Fatal(err)
		}
		var texts []string
		for _, h := range told.Response.Events.Hits {
			texts = append(texts, h.Note.Text)
		}
		return strings.Join(texts, "|")
	}
	const touchpoints = "/api/v3/touchpoints/"
	for body, want := range map[string]int{
		`{"account_id":"none","content":"x"}`:                                400,
		`{"account_id":"a-1"}`:                                               400,
		`{"account_id":"a-1","content":"x","activity_type_id":"none"}`:       400,
		`{"account_id":"a-1","content":"x","touchpointType":"none"}`:         400,
		`{"account_id":"a-1","content":"x","colour":"red"}`:                  400,
		`{"account_id":"a-1","content":"` + strings.Repeat("😀", 6001) + `"}`: 400,
	} {
		if status, _, _ := call(t, http.MethodPost, addr+touchpoints, "application/json", body); status != want {
			t.Errorf("%.80s: %d, want %d", body, status, want)
		}
	}
	status, _, body := call(t, http.MethodPost, addr+touchpoints, "application/json", `{"account_id":"a-1","content":"`+strings.Repeat("😀", 6000)+`"}`)
	var made struct{ Note struct{ ID json.Number } }
	if err := json.Unmarshal([]byte(body), &made); err != nil || status != http.StatusOK {
		t.Fatalf("%d, %v", status, err)
	}
	one := addr + touchpoints + made.Note.ID.String()
	if got := events(); got != "" {
		t.Errorf("at once the search shows %q", got)
	}
	*clock = clock.Add(time.Minute)
	if got := events(); len(got) != 4*6000 {
		t.Errorf("later it shows %.40q", got)
	}
	if status, _, _ := call(t, http.MethodPut, one, "application/json", `{"account_id":"a-1","content":"second"}`); status != http.StatusOK {
		t.Errorf("changing it: %d", status)
	}
	if got := events(); len(got) != 4*6000 {
		t.Errorf("just after the change it shows %.40q", got)
	}
	*clock = clock.Add(time.Minute)
	if got := events(); got != "second" || s.Touchpoints()[0].Versions != 2 {
		t.Errorf("it shows %.40q", got)
	}
	if status, _, body := call(t, http.MethodGet, one, "", ""); status != http.StatusOK || !strings.Contains(body, `"content":"second"`) {
		t.Errorf("%d %s", status, body)
	}
	for i, want := range []int{200, 404} {
		if status, _, _ := call(t, http.MethodDelete, one, "", ""); status != want {
			t.Errorf("deleting, %d: %d", i, status)
		}
	}
	if events() != "" || len(s.Touchpoints()) != 0 {
		t.Error("it is still there")
	}
}

func TestTasks(t *testing.T) {
	s, addr, _ := serve(t)
	s.Users = []string{"csm@example.com"}
	for body, want := range map[string]int{
		`{"account_id":"none","title":"x","activity_type_id":"onboarding"}`:                                                                                  400,
		`{"account_id":"a-1","title":"x"}`:                                                                                                                   400,
		`{"account_id":"a-1","activity_type_id":"onboarding"}`:                                                                                               400,
		`{"account_id":"a-1","title":"x","activity_type_id":"onboarding","priority":4}`:                                                                      400,
		`{"account_id":"a-1","title":"x","activity_type_id":"onboarding","due_date":"soon"}`:                                                                 400,
		`{"account_id":"a-1","title":"x","activity_type_id":"onboarding","assignee":"a@b.example"}`:                                                          400,
		`{"account_id":"a-1","title":"x","activity_type_id":"onboarding","assignee":"csm@example.com","due_date":"2026-06-30","priority":2,"status":"open"}`: 200,
	} {
		if status, _, _ := call(t, http.MethodPost, addr+"/api/v3/tasks", "application/json", body); status != want {
			t.Errorf("%s: %d, want %d", body, status, want)
		}
	}
	one := s.Tasks()[0]
	s.Complete(one.ID)
	if status, _, _ := call(t, http.MethodPut, addr+"/api/v3/tasks/2", "application/json", `{"account_id":"a-1","title":"y"}`); status != 404 {
		t.Errorf("another's id: %d", status)
	}
	if status, _, _ := call(t, http.MethodPut, addr+"/api/v3/tasks/1", "application/json", `{"account_id":"a-1","title":"y","priority":"3"}`); status != 200 {
		t.Errorf("changing it: %d", status)
	}
	one.Title, one.Priority, one.Status, one.Versions = "y", 3, "closed", 2
	if diff := cmp.Diff([]totango.Task{one}, s.Tasks()); diff != "" {
		t.Error(diff)
	}
	for i, want := range []int{200, 404} {
		if status, _, _ := call(t, http.MethodDelete, addr+"/api/v3/tasks/1", "", ""); status != want {
			t.Errorf("deleting it, %d: %d", i, status)
		}
	}
}

func TestLimitAndToken(t *testing.T) {
	s, addr, clock := serve(t)
	s.PerMinute = 2
	list := func() (int, http.Header) {
		status, header, _ := call(t, http.MethodGet, addr+"/api/v3/activity-types", "", "")
		return status, header
	}
	var got []int
	for range 3 {
		status, _ := list()
		got = append(got, status)
	}
	if _, header := list(); header.Get("Retry-After") != "61" || header.Get("RateLimit-Remaining") != "0" {
		t.Errorf("turned away with %v", header)
	}
	*clock = clock.Add(time.Minute)
	status, _ := list()
	if diff := cmp.Diff([]int{200, 200, 429, 200}, append(got, status)); diff != "" {
		t.Error(diff)
	}
	s.Token = "another"
	if status, _ := list(); status != http.StatusUnauthorized {
		t.Errorf("with a wrong token: %d", status)
	}
}

func TestSeed(t *testing.T) {
	s := &totango.Server{}
	hubspot := t.TempDir()
	if err := os.Mkdir(filepath.Join(hubspot, "hubspot"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(hubspot, "hubspot", "company.json"), []byte(`{"id":"124","properties":{"name":"Example Corp"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"../../cmd/throughline/demo/harborline", hubspot} {
		if err := s.Seed(dir); err != nil {
			t.Error(err)
		}
	}
	if err := s.Seed(t.TempDir()); err == nil {
		t.Error("a folder without an account was taken")
	}
	srv := httptest.NewServer(s)
	defer srv.Close()
	_, _, body := call(t, http.MethodPost, srv.URL+"/api/v1/search/accounts", formType, form("query", `{"terms":[],"fields":[]}`))
	for _, want := range []string{`"name":"001123970800895AAA"`, `"display_name":"Harborline Logistics"`, `"name":"124"`, `"display_name":"Example Corp"`} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in %s", want, body)
		}
	}
}
