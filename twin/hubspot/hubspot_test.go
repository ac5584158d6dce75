package hubspot

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline/internal/npmtest"
	"throughline/twin/fault"
)

// seeded is an account with a deal and what belongs to it.
func seeded() (s *Server, deal, file string) {
	s = New()
	s.Token = "pat-1"
	s.Define("deals", Property{Name: "loss_risk", Label: "How could we lose?"})
	s.Define("deals", Property{Name: "nothing_in_it"})
	s.AddOwner(Owner{ID: "1", Email: "ann@vendor.example", FirstName: "Ann"})
	s.AddOwner(Owner{ID: "2", Email: "bo@vendor.example", FirstName: "Bo"})
	deal = s.Put("deals", Record{"id": "10", "dealname": "First", "dealstage": "contractsent", "pipeline": "default"})
	s.Move(deal, "closedwon", time.Now())
	s.Put("deals", Record{"id": "11", "dealname": "Second", "dealstage": "closedwon"})
	s.Put("deals", Record{"id": "12", "dealname": "Third", "dealstage": "closedwon"})
	s.Put("deals", Record{"id": "13", "dealname": "Lost", "dealstage": "closedlost"})
	s.Associate("deals", deal, "contacts", s.Put("contacts", Record{"firstname": "Di"}), "")
	s.Associate("deals", deal, "contacts", s.Put("contacts", Record{"firstname": "Ed"}), "Champion")
	return s, deal, s.Attach("deals", deal, "plan.md", "1", time.Now(), []byte("# Plän"))
}

// TestVendorsClient: the client that the vendor wrote for the real service works with
// the stand-in, in v3 and v4: what it reads, searches, pages, ties, writes, and how it
// is refused.
func TestVendorsClient(t *testing.T) {
	node := npmtest.Install(t)
	s, deal, file := seeded()
	s.Withheld["crm.objects.companies.read"] = true
	server := httptest.NewServer(s)
	defer server.Close()
	script, err := filepath.Abs("testdata/client.cjs")
	if err != nil {
		t.Fatal(err)
	}
	var complaint bytes.Buffer
	cmd := exec.CommandContext(t.Context(), node.Path, script, node.Modules, server.URL, deal, file)
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &complaint)
	}
	var got map[string]any
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want := map[string]any{
		"name": "First", "empty": nil, "stages": []any{"closedwon", "contractsent"}, "contacts": 3.0, "updated": true,
		"total": 3.0, "found": []any{"First", "Second", "Third"}, "batch": []any{1.0, 1.0}, "labels": []any{[]any{""}, []any{"", "Champion"}}, "list": []any{1.0, true},
		"label": "How could we lose?", "won": []any{"closedwon"}, "owners": []any{"Ann"}, "note": "<p>Plan</p>", "tasks": 1.0,
		"refused": []any{"404 OBJECT_NOT_FOUND", "400 VALIDATION_ERROR", "400 VALIDATION_ERROR", "400 VALIDATION_ERROR", "403 MISSING_SCOPES", "401 INVALID_AUTHENTICATION"},
		"file":    []any{"plan", "md", "# Plän"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// ask makes a call and reads the answer.
func ask(t *testing.T, s *Server, method, path, body string) (int, map[string]any) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+s.Token)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	var out map[string]any
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
			t.Fatalf("%s %s: %v: %s", method, path, err, w.Body)
		}
	}
	return w.Code, out
}

// TestVersions: the dated paths answer as v3 does; the list of associations is not in
// the newest.
func TestVersions(t *testing.T) {
	s, _, _ := seeded()
	for path, want := range map[string]int{
		"/crm/v3/objects/deals/10": 200, "/crm/objects/2026-09/deals/10": 200, "/crm/objects/2026-03/deals/10": 200, "/crm/objects/2025-09/deals/10": 404, "/crm/v3/objects/nothings/10": 404,
		"/crm/objects/2026-03/deals/10/associations/notes": 200, "/crm/objects/2026-09/deals/10/associations/notes": 404, "/crm/v4/objects/deals/10/associations/notes": 200,
		"/crm/properties/2026-09/deals": 200, "/crm/pipelines/2026-09/deals": 200, "/crm/owners/2026-09": 200, "/crm/v3/owners/": 200, "/crm/v3/owners/2": 200, "/crm/v3/owners/9": 404, "/": 404,
	} {
		if got, _ := ask(t, s, http.MethodGet, path, ""); got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
}

func TestSearch(t *testing.T) {
	for name, tt := range map[string]struct {
		body   string
		status int
		total  float64
	}{
		"by number":          {`{"filterGroups":[{"filters":[{"propertyName":"hs_object_id","operator":"GT","value":"10"}]}],"limit":200}`, 200, 3},
		"one group or other": {`{"filterGroups":[{"filters":[{"propertyName":"dealname","operator":"EQ","value":"First"}]},{"filters":[{"propertyName":"dealname","operator":"EQ","value":"Lost"}]}]}`, 200, 2},
		"in":                 {`{"filterGroups":[{"filters":[{"propertyName":"dealstage","operator":"IN","values":["closedlost","x"]}]}]}`, 200, 1},
		"without a value":    {`{"filterGroups":[{"filters":[{"propertyName":"amount","operator":"NOT_HAS_PROPERTY"}]}]}`, 200, 4},
		"no such property":   {`{"filterGroups":[{"filters":[{"propertyName":"nix","operator":"EQ","value":"1"}]}]}`, 400, 0},
		"more than a page":   {`{"limit":201}`, 400, 0},
		"beyond 10,000":      {`{"limit":100,"after":"9901"}`, 400, 0},
		"too long":           {`{"query":"` + strings.Repeat("x", 3000) + `"}`, 400, 0},
		"not JSON":           {`{`, 400, 0},
		"too many groups":    {`{"filterGroups":[{},{},{},{},{},{}]}`, 400, 0},
	} {
		s, _, _ := seeded()
		status, got := ask(t, s, http.MethodPost, "/crm/objects/2026-09/deals/search", tt.body)
		if total, _ := got["total"].(float64); status != tt.status || total != tt.total {
			t.Errorf("%s: %d, %v", name, status, got)
		}
	}
}

// TestSearchLags: search does not know yet what was changed just now.
func TestSearchLags(t *testing.T) {
	s, _, _ := seeded()
	now := time.Now().Add(time.Hour)
	s.Now, s.SearchLag = func() time.Time { return now }, time.Minute
	s.Move("13", "closedwon", now)
	total := func() any {
		_, got := ask(t, s, http.MethodPost, "/crm/objects/2026-09/deals/search", `{"filterGroups":[{"filters":[{"propertyName":"hs_is_closed_won","operator":"EQ","value":"true"}]}]}`)
		return got["total"]
	}
	if got := total(); got != 3.0 {
		t.Errorf("%v at once", got)
	}
	now = now.Add(time.Minute)
	if got := total(); got != 4.0 {
		t.Errorf("%v after a minute", got)
	}
	if s.Get("deals", "13")["hs_is_closed_won"] != "true" {
		t.Error("the deal itself does not tell")
	}
}

func TestLimits(t *testing.T) {
	s, _, _ := seeded()
	now := time.Now()
	s.Now, s.TenSeconds, s.Second = func() time.Time { return now }, 3, 1
	get := func() (int, any) {
		status, got := ask(t, s, http.MethodGet, "/crm/objects/2026-09/deals/10", "")
		return status, got["policyName"]
	}
	for range 3 {
		if status, _ := get(); status != 200 {
			t.Fatal(status)
		}
	}
	if status, policy := get(); status != 429 || policy != "TEN_SECONDLY_ROLLING" {
		t.Errorf("%d, %v", status, policy)
	}
	search := func() (int, any) {
		status, got := ask(t, s, http.MethodPost, "/crm/objects/2026-09/deals/search", `{}`)
		return status, got["policyName"]
	}
	if status, _ := search(); status != 200 {
		t.Errorf("a search counts by itself: %d", status)
	}
	if status, policy := search(); status != 429 || policy != "SECONDLY" {
		t.Errorf("%d, %v", status, policy)
	}
	now = now.Add(10 * time.Second)
	if status, _ := get(); status != 200 {
		t.Error("after 10 seconds still turned away")
	}
}

// TestFiles: a signed address is good for an hour, for whoever has it, and for its file.
func TestFiles(t *testing.T) {
	s, _, file := seeded()
	now := time.Now()
	s.Now = func() time.Time { return now }
	_, got := ask(t, s, http.MethodGet, "/files/2026-03/files/"+file+"/signed-url", "")
	address, _ := got["url"].(string)
	fetch := func(address, token string) int {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		r.Header.Set("Authorization", token)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w.Code
	}
	if got["name"] != "plan" || got["extension"] != "md" || fetch(address, "") != 200 {
		t.Errorf("%v, %d", got, fetch(address, ""))
	}
	if fetch(strings.Replace(address, "Expires=", "Expires=1", 1), "") != 403 || fetch(address, "Bearer pat-1") != 403 {
		t.Error("a changed address, or one to which the token was sent, was taken")
	}
	if now = now.Add(time.Hour); fetch(address, "") != 403 {
		t.Error("an address that has ended was taken")
	}
}

// TestFaults: what is ordered comes as often as ordered, and Stored is carried out.
func TestFaults(t *testing.T) {
	s, _, _ := seeded()
	s.Order("POST /crm/objects/2026-09/notes", 1, fault.Fault{Status: 502, Stored: true})
	s.Order("GET /crm/objects/2026-09/deals/10", 1, fault.Fault{Status: 429, Code: "SECONDLY", Message: "x"})
	note := `{"properties":{"hs_timestamp":"2026-06-01T09:00:00Z","hs_note_body":"x"}}`
	before := len(s.All("notes"))
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/crm/objects/2026-09/notes", strings.NewReader(note))
	r.Header.Set("Authorization", "Bearer pat-1")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code != 502 || len(s.All("notes")) != before+1 {
		t.Errorf("%d, %d notes", w.Code, len(s.All("notes"))-before)
	}
	if status, got := ask(t, s, http.MethodGet, "/crm/objects/2026-09/deals/10", ""); status != 429 || got["policyName"] != "SECONDLY" {
		t.Errorf("%d %v", status, got)
	}
	if status, _ := ask(t, s, http.MethodGet, "/crm/objects/2026-09/deals/10", ""); status != 200 || s.Waiting() {
		t.Errorf("%d, and something is still ordered: %v", status, s.Waiting())
	}
}

// TestLoadDeal: a folder that can't be loaded says why.
func TestLoadDeal(t *testing.T) {
	good := fstest.MapFS{
		"hubspot/deal.json":   {Data: []byte(`{"id":"1","properties":{"dealname":"D","dealstage":"closedwon","closedate":"2026-05-29T12:00:00Z","hubspot_owner_id":"5"}}`)},
		"hubspot/owners.json": {Data: []byte(`{"results":[{"id":"5","email":"a@example.com","firstName":"A"},{"id":"6","email":"c@example.com"}]}`)},
		"deal.json":           {Data: []byte(`{"csm":{"email":"C@example.com"}}`)},
		"emails/1.eml":        {Data: []byte("From: a@example.com\r\nTo: B B <b@example.com>\r\nDate: Mon, 4 May 2026 12:00:00 +0200\r\nMessage-ID: <1@x>\r\nSubject: Hi\r\n\r\nHello\r\n")},
		"docs/plan.md":        {Data: []byte("# Plan")},
	}
	s := New()
	if id, err := s.LoadDeal(good); err != nil || id != "1" || s.Get("deals", "1")[CSMProperty] != "6" || len(s.All("emails")) != 1 || len(s.All("notes")) != 1 {
		t.Errorf("%q, %v: %v", id, err, s.Get("deals", "1"))
	}
	for name, data := range map[string]string{"hubspot/deal.json": `{"results":[]}`, "hubspot/owners.json": `{`, "deal.json": `{`, "emails/1.eml": "no mail"} {
		bad := fstest.MapFS{}
		for k, v := range good {
			bad[k] = v
		}
		bad[name] = &fstest.MapFile{Data: []byte(data)}
		if _, err := New().LoadDeal(bad); err == nil {
			t.Errorf("%s that is %q was taken", name, data)
		}
	}
}
