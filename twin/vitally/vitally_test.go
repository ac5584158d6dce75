package vitally_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline/twin/fault"
	"throughline/twin/vitally"
)

const key = "sk_test"

var now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

type rig struct {
	*vitally.Server
	t    *testing.T
	addr string
}

func serve(t *testing.T) *rig {
	t.Helper()
	r := &rig{Server: &vitally.Server{Key: key, Now: func() time.Time { return now }}, t: t}
	srv := httptest.NewServer(r.Server)
	t.Cleanup(srv.Close)
	r.addr = srv.URL
	return r
}

// ask makes a request and decodes what is answered.
func (r *rig) ask(method, path, body string) (int, http.Header, map[string]any) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.addr+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.SetBasicAuth(key, "")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	var out map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, out
}

func (r *rig) want(status int, method, path, body string) map[string]any {
	r.t.Helper()
	got, _, answer := r.ask(method, path, body)
	if got != status {
		r.t.Fatalf("%s %s %s: HTTP %d %v; want %d", method, path, body, got, answer, status)
	}
	if _, told := answer["error"].(string); told != (status != http.StatusOK) {
		r.t.Errorf("%s %s: answered %v", method, path, answer)
	}
	return answer
}

func TestSeed(t *testing.T) {
	dir := t.TempDir()
	write := func(file, text string) {
		file = filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := serve(t)
	if err := r.Seed(dir); err == nil {
		t.Error("a folder without an account was taken")
	}
	write("hubspot/company.json", `{"id":"77","properties":{"name":"Example Corp"}}`)
	if err := r.Seed(dir); err != nil {
		t.Fatal(err)
	}
	if got := r.want(200, "GET", "/resources/accounts/77", ""); got["name"] != "Example Corp" || got["externalId"] != "77" {
		t.Errorf("the account is %v", got)
	}
	write("salesforce/account.json", `{"Id":"001A","Name":"Example GmbH"}`)
	for range 2 {
		if err := r.Seed(dir); err != nil {
			t.Fatal(err)
		}
	}
	if got := r.want(200, "GET", "/resources/accounts/001A", ""); got["name"] != "Example GmbH" {
		t.Errorf("the account is %v", got)
	}
	if all := r.want(200, "GET", "/resources/accounts", "")["results"].([]any); len(all) != 2 {
		t.Errorf("%d accounts", len(all))
	}
	write("salesforce/account.json", `{"Name":"Example GmbH"}`)
	if err := r.Seed(dir); err == nil {
		t.Error("an account without an id was taken")
	}
	write("salesforce/account.json", `[`)
	if err := r.Seed(dir); err == nil {
		t.Error("a broken file was taken")
	}
}

func TestNotes(t *testing.T) {
	r := serve(t)
	account, other := r.AddAccount("001A", "Example Corp"), r.AddAccount("001B", "Example GmbH")
	create := func(status int, fields string) map[string]any {
		t.Helper()
		return r.want(status, "POST", "/resources/notes", fields)
	}
	for _, missing := range []string{
		`{}`, `{"note":"x"}`, `{"note":"x","noteDate":"2026-06-01"}`, `{"note":"x","noteDate":"today","accountId":"` + account + `"}`,
		`{"note":"x","noteDate":"2026-06-01","accountId":"001A"}`, `{"note":"x","noteDate":"2026-06-01","accountId":"` + account + `","categoryId":"none"}`, `[`, `null`,
		`{"note":"x","noteDate":"2026-06-01","accountId":"` + account + `","tags":"a"}`, `{"note":7,"noteDate":"2026-06-01","accountId":"` + account + `"}`,
	} {
		create(400, missing)
	}
	made := create(200, `{"note":"<h1>T</h1><p onclick=x>a</p><script>evil()</script><a href=\"javascript:x\">b</a>","noteDate":"2026-06-01T00:00:00Z","accountId":"`+account+`","externalId":"k","tags":["a"]}`)
	if made["note"] != "T<p>a</p><a>b</a>" || made["externalId"] != "k" || made["archivedAt"] != nil {
		t.Errorf("made %v", made)
	}
	create(400, `{"note":"x","noteDate":"2026-06-01","accountId":"`+other+`","externalId":"k"}`)
	id := made["id"].(string)
	r.want(404, "PUT", "/resources/notes/k", `{"note":"y"}`)
	r.want(400, "PUT", "/resources/notes/"+id, `{"note":"y","noteDate":"soon"}`)
	if got := r.want(200, "PUT", "/resources/notes/"+id, `{"note":"y","tags":["a","b"]}`); got["note"] != "y" || len(got["tags"].([]any)) != 2 || got["noteDate"] == nil {
		t.Errorf("changed to %v", got)
	}
	if got := r.want(200, "PUT", "/resources/notes/"+id, `{"subject":"S"}`); len(got["tags"].([]any)) != 0 || got["note"] != "y" {
		t.Errorf("without its tags it is %v", got)
	}
	list := func(query string) int {
		t.Helper()
		return len(r.want(200, "GET", "/resources/accounts/"+account+"/notes?"+query, "")["results"].([]any))
	}
	if list("") != 1 || list("archived=true") != 0 {
		t.Error("the note is not in the list of those that are not archived")
	}
	r.want(404, "GET", "/resources/accounts/001A/notes", "")
	r.want(200, "DELETE", "/resources/notes/"+id, "")
	if list("archived=false") != 0 || list("archived=true") != 1 || r.want(200, "GET", "/resources/notes/"+id, "")["archivedAt"] == nil {
		t.Error("the archived note is not where those are")
	}
	create(400, `{"note":"x","noteDate":"2026-06-01","accountId":"`+account+`","externalId":"k"}`)
	if notes := r.Notes(); len(notes) != 1 || !notes[0].Archived || notes[0].ExternalID != "k" {
		t.Errorf("the notes are %+v", notes)
	}
}

func TestTasks(t *testing.T) {
	for _, upsert := range []bool{false, true} {
		r := serve(t)
		r.Upsert = upsert
		account, admin := r.AddAccount("001A", "Example Corp"), r.AddAdmin("Ann", "a@example.com")
		r.want(400, "POST", "/resources/tasks", `{}`)
		r.want(400, "POST", "/resources/tasks", `{"name":"A"}`)
		r.want(400, "POST", "/resources/tasks", `{"name":"A","accountId":"`+account+`","assignedToId":"nobody"}`)
		r.want(200, "POST", "/resources/tasks", `{"name":"A","accountId":"`+account+`","externalId":"k/1","dueDate":"2026-07-01","assignedToId":"`+admin+`"}`)
		status := map[bool]int{false: 400, true: 200}[upsert]
		r.want(status, "POST", "/resources/tasks", `{"name":"B","accountId":"`+account+`","externalId":"k/1"}`)
		tasks := r.Tasks()
		name := map[bool]string{false: "A", true: "B"}[upsert]
		if len(tasks) != 1 || tasks[0].Name != name || tasks[0].Touched != upsert || tasks[0].Assigned != admin || tasks[0].Due != "2026-07-01" {
			t.Errorf("upsert %t: %+v", upsert, tasks)
		}
	}
}

func TestPages(t *testing.T) {
	r := serve(t)
	account := r.AddAccount("001A", "Example Corp")
	for i := range 230 {
		r.want(200, "POST", "/resources/tasks", fmt.Sprintf(`{"name":"%d","accountId":%q}`, i, account))
	}
	walk := func(query string, during func(page int)) []string {
		var names []string
		for page, from := 1, ""; ; page++ {
			answer := r.want(200, "GET", "/resources/accounts/"+account+"/tasks?"+query+from, "")
			for _, one := range answer["results"].([]any) {
				names = append(names, one.(map[string]any)["name"].(string))
			}
			next, more := answer["next"].(string)
			if !more {
				return names
			}
			from = "&from=" + next
			during(page)
		}
	}
	quiet := func(int) {}
	if got := walk("", quiet); len(got) != 230 || got[0] != "229" {
		t.Errorf("%d tasks, the first %s", len(got), got[0])
	}
	if got := walk("limit=7", quiet); len(got) != 230 {
		t.Errorf("%d tasks", len(got))
	}
	// Who reads by the time of change misses what changes meanwhile; by the time of
	// making nobody does.
	touch := func(page int) {
		if page == 1 {
			r.Edit(r.Tasks()[0].ID, map[string]any{"name": "touched"})
		}
	}
	if got := walk("sortBy=createdAt", touch); len(got) != 230 {
		t.Errorf("%d tasks", len(got))
	}
	for _, query := range []string{"limit=0", "limit=x", "sortBy=name", "from=%24"} {
		r.want(400, "GET", "/resources/tasks?"+query, "")
	}
}

func TestWhoMayAsk(t *testing.T) {
	r := serve(t)
	r.want(404, "GET", "/resources/nothing", "")
	r.Withheld = []string{"notes"}
	r.want(403, "GET", "/resources/notes", "")
	r.want(403, "GET", "/resources/noteCategories", "")
	r.want(200, "GET", "/resources/tasks", "")
	r.Host = "example.rest.vitally.io"
	r.want(404, "GET", "/resources/tasks", "")
	r.Host, r.Key = "", "another"
	r.want(401, "GET", "/resources/tasks", "")
}

func TestRateLimit(t *testing.T) {
	r := serve(t)
	at := now
	r.Now, r.PerMinute = func() time.Time { return at }, 3
	var left []string
	for range 3 {
		status, header, _ := r.ask("GET", "/resources/tasks", "")
		if status != 200 || header.Get("RateLimit-Limit") != "3, 3;window=60" {
			t.Errorf("HTTP %d, %v", status, header)
		}
		left = append(left, header.Get("RateLimit-Remaining"))
		at = at.Add(10 * time.Second)
	}
	if diff := cmp.Diff([]string{"2", "1", "0"}, left); diff != "" {
		t.Error(diff)
	}
	status, header, _ := r.ask("GET", "/resources/tasks", "")
	if status != 429 || header.Get("RateLimit-Reset") != "30" || header.Get("Retry-After") != "" {
		t.Errorf("HTTP %d, %v", status, header)
	}
	at = at.Add(30 * time.Second) // the window slides: one has left it
	r.want(200, "GET", "/resources/tasks", "")
	r.want(429, "GET", "/resources/tasks", "")
}

func TestFaults(t *testing.T) {
	for name, tc := range map[string]struct {
		fault  fault.Fault
		stored bool
	}{
		"status":         {fault.Fault{Status: 503}, false},
		"status, stored": {fault.Fault{Status: 503, Stored: true}, true},
		"reset":          {fault.Fault{Reset: true}, false},
		"reset, stored":  {fault.Fault{Reset: true, Stored: true}, true},
		"cut":            {fault.Fault{Cut: 9}, true},
		"slow":           {fault.Fault{Slow: time.Millisecond}, true},
	} {
		r := serve(t)
		account := r.AddAccount("001A", "Example Corp")
		tc.fault.Route, tc.fault.After = vitally.RouteCreateTask, 1
		r.Fail(tc.fault)
		body := `{"name":"A","accountId":"` + account + `"}`
		r.want(200, "POST", "/resources/tasks", body)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.addr+"/resources/tasks", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth(key, "")
		whole := false
		if resp, err := http.DefaultClient.Do(req); err == nil {
			_, err = io.ReadAll(resp.Body)
			whole = err == nil && resp.StatusCode == http.StatusOK
			resp.Body.Close()
		}
		if want := map[bool]int{false: 1, true: 2}[tc.stored]; len(r.Tasks()) != want || whole != (name == "slow") || r.Struck() != 1 {
			t.Errorf("%s: %d tasks, answered well: %t", name, len(r.Tasks()), whole)
		}
		r.want(200, "POST", "/resources/tasks", body)
	}
	r := serve(t)
	r.Fail(fault.Fault{Status: 429, RetryAfter: "4"})
	if status, header, _ := r.ask("GET", "/resources/tasks", ""); status != 429 || header.Get("RateLimit-Reset") != "60" || header.Get("Retry-After") != "4" {
		t.Errorf("HTTP %d, %v", status, header)
	}
	r.want(200, "GET", "/resources/tasks", "")
	if got := r.Requests()[vitally.RouteTasks]; got != 2 {
		t.Errorf("%d requests", got)
	}
}
