package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	invalid "github.com/pb33f/libopenapi-validator/errors"
	"go.yaml.in/yaml/v3"

	"throughline"
	"throughline/connect"
	"throughline/internal/spectest"
	"throughline/lifecycle"
	"throughline/store"
	"throughline/store/storetest"
	"throughline/web"
)

// A description is the API's OpenAPI file, by which each exchange is judged.
type description struct {
	validator validator.Validator
	doc       map[string]any

	mu       sync.Mutex
	answered map[string]bool // "GET /api/v1/deals 200"
}

func readDescription(t *testing.T) *description {
	t.Helper()
	raw, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	d := &description{answered: map[string]bool{}}
	if err := yaml.Unmarshal(raw, &d.doc); err != nil {
		t.Fatal(err)
	}
	doc, err := libopenapi.NewDocument(raw)
	if err != nil {
		t.Fatal(err)
	}
	var errs []error
	if d.validator, errs = validator.NewValidator(doc, config.WithFormatAssertions()); len(errs) > 0 {
		t.Fatal(errs)
	}
	t.Cleanup(d.validator.Release)
	if ok, wrong := d.validator.ValidateDocument(); !ok {
		t.Fatal(invalidities(wrong))
	}
	return d
}

// invalidities are what a validator finds wrong.
func invalidities(found []*invalid.ValidationError) string {
	var b strings.Builder
	for _, one := range found {
		fmt.Fprintf(&b, "%s: %s\n", one.Message, one.Reason)
		for _, s := range one.SchemaValidationErrors {
			fmt.Fprintf(&b, "\t%s: %s\n", s.FieldPath, s.Reason)
		}
	}
	return b.String()
}

// at is what stands in the file behind keys; references are followed. It is nil where
// nothing does. The pointer names its place.
func (d *description) at(keys ...string) (any, string) {
	var v any = d.doc
	pointer := "#"
	for _, k := range keys {
		m, _ := v.(map[string]any)
		v = m[k]
		pointer += "/" + url.PathEscape(strings.NewReplacer("~", "~0", "/", "~1").Replace(k))
		if m, ok := v.(map[string]any); ok {
			if ref, ok := m["$ref"].(string); ok {
				v, pointer = d.at(strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
			}
		}
	}
	return v, pointer
}

// judge holds an exchange to the file: an answer is as the file says, and a request
// that was carried out is one that it allows.
func (d *description) judge(t *testing.T, e spectest.Exchange) {
	if !strings.HasPrefix(e.Request.URL.Path, "/api/v1/") {
		return
	}
	path := ""
	for one := range d.doc["paths"].(map[string]any) {
		if regexp.MustCompile("^" + regexp.MustCompile(`\{[a-z]+\}`).ReplaceAllString(one, "[^/]+") + "$").MatchString(e.Request.URL.EscapedPath()) {
			path = one
		}
	}
	what := fmt.Sprint(e.Request.Method, " ", path, " ", e.Status)
	if path == "" || e.Status == http.StatusMethodNotAllowed { // of which the file says nothing
		isProblem(t, what, e.Status, e.Answer)
		return
	}
	r := e.Request.Clone(t.Context())
	r.Body = io.NopCloser(bytes.NewReader(e.Sent))
	answer := &http.Response{StatusCode: e.Status, Header: e.Head, Body: io.NopCloser(bytes.NewReader(e.Answer)), Request: r}
	ok, found := d.validator.ValidateHttpResponse(r, answer)
	if ok && e.Status == http.StatusOK {
		r.Body = io.NopCloser(bytes.NewReader(e.Sent))
		ok, found = d.validator.ValidateHttpRequestSync(r)
	}
	if !ok {
		t.Errorf("%s: %s\n%.800s", what, invalidities(found), e.Answer)
	}
	if e.Status >= http.StatusBadRequest {
		isProblem(t, what, e.Status, e.Answer)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.answered[what] = true
}

// isProblem holds an answer to RFC 9457.
func isProblem(t *testing.T, what string, status int, body []byte) {
	var p struct {
		Type, Title, Detail string
		Status              int
	}
	in := json.NewDecoder(bytes.NewReader(body))
	in.DisallowUnknownFields()
	if err := in.Decode(&p); err != nil || p.Status != status || p.Type != "about:blank" || p.Title != http.StatusText(status) || p.Detail == "" {
		t.Errorf("%s is no problem of its status: %v\n%.300s", what, err, body)
	}
}

// A program asks with a token.
type program struct {
	t     *testing.T
	at    string
	token string
}

func (p program) do(method, path, body string, headers ...string) (int, http.Header, map[string]any) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.at+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	if p.token != "" {
		r.Header.Set("Authorization", "Bearer "+p.token)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	var v map[string]any
	if err := json.Unmarshal(data, &v); err != nil {
		p.t.Fatalf("%s %s answered what is no JSON: %v\n%.300s", method, path, err, data)
	}
	return resp.StatusCode, resp.Header, v
}

// unchanged asks twice, the second time for what has changed since.
func (p program) unchanged(path string) {
	p.t.Helper()
	_, head, _ := p.do(http.MethodGet, path, "")
	for tag, want := range map[string]int{head.Get("ETag"): http.StatusNotModified, `W/"another"`: http.StatusOK} {
		r, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.at+path, nil)
		if err != nil {
			p.t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+p.token)
		r.Header.Set("If-None-Match", tag)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			p.t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			p.t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want || (len(body) == 0) != (want == http.StatusNotModified) {
			p.t.Errorf("%s with the tag %s answered %d and %d bytes", path, tag, resp.StatusCode, len(body))
		}
	}
}

// get wants an answer of a status.
func (p program) get(path string, status int) map[string]any {
	p.t.Helper()
	got, _, v := p.do(http.MethodGet, path, "")
	if got != status {
		p.t.Errorf("GET %s answered %d, not %d: %v", path, got, status, v)
	}
	return v
}

// issued is a token of a role, kept as the command keeps it.
func (o *office) issued(role string) string {
	o.t.Helper()
	token, hash := web.NewToken()
	if err := o.db.AddToken(o.t.Context(), hash, store.Token{Name: role, Scopes: web.TokenRoles[role], MadeBy: "ops@example.com", Made: o.Now()}); err != nil {
		o.t.Fatal(err)
	}
	return token
}

// described is a server of an office's API whose every answer is held to the file.
func (o *office) described(t *testing.T, d *description) (at string) {
	t.Helper()
	watched := spectest.Watch(t, o.site.Team(), func(e spectest.Exchange) { d.judge(t, e) })
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Accept-Encoding") // what is packed can't be judged
		watched.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

// TestTheAPIIsAsItsFileSays asks for everything over both databases, by each role, and
// holds every answer to the OpenAPI file.
func TestTheAPIIsAsItsFileSays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		d := readDescription(t)
		o := open(t, storetest.Open(t, address))
		id := o.published()
		o.deal = connect.Record{ID: "006B", Name: "Other - Sync", Customer: "Otherwise Ltd"}
		o.set(o.Now().Add(time.Hour))
		fresh := o.win()
		o.down = &connect.Error{Vendor: "mail", Status: 403, Advice: "check the password"}
		o.until(o.Now().Add(2 * time.Hour))
		o.down = nil
		at := o.described(t, d)
		company, team, operator, nobody := program{t, at, o.issued("company")}, program{t, at, o.issued("team")}, program{t, at, o.issued("operator")}, program{t, at, ""}

		for _, path := range []string{"/api/v1/deals", "/api/v1/deals/" + id, "/api/v1/deals/" + id + "/handoff?audience=team", "/api/v1/deals/" + id + "/versions", "/api/v1/deals/" + id + "/sources", "/api/v1/tasks", "/api/v1/events?what=won"} {
			team.unchanged(path)
		}
		deals := company.get("/api/v1/deals", 200)["deals"].([]any)
		if len(deals) != 2 || deals[0].(map[string]any)["id"] != fresh || deals[1].(map[string]any)["id"] != id {
			t.Errorf("the deals are %v", deals)
		}
		deal := "/api/v1/deals/" + id
		blind, hash := web.NewToken()
		if err := o.db.AddToken(t.Context(), hash, store.Token{Name: "blind", Scopes: []string{web.ScopeAct}, Made: o.Now()}); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"/api/v1/deals", deal, deal + "/handoff", deal + "/versions"} {
			program{t, at, blind}.get(path, 403)
		}
		for _, bad := range []string{"stage=none", "waits_for=tea", "kickoff_from=now", "kickoff_to=9999-01-01T00:00:00Z", "stage=%zz"} {
			company.get("/api/v1/deals?"+bad, 400)
		}
		for asked, want := range map[string]int{
			"q=OTHERWISE": 1, "q=otherwise+csm%40": 1, "q=none": 0, "stage=published": 1, "stage=published&stage=drafted": 2, "waits_for=accept": 1,
			"person=csm@example.com": 2, "person=AE@example.com&waits_for=review": 1, "person=csm@example.com&waits_for=review": 0, "kickoff_from=2020-01-01T00:00:00Z": 0,
		} {
			if got := company.get("/api/v1/deals?"+asked, 200)["deals"].([]any); len(got) != want {
				t.Errorf("%s finds %d deals, not %d", asked, len(got), want)
			}
		}
		if v := company.get(deal, 200); v["waits_for"] != "accept" || v["customer"] != "Example" || v["csm"].(map[string]any)["email"] != "csm@example.com" {
			t.Errorf("the deal is %v", v)
		}
		for _, audience := range []string{"", "?audience=company", "?audience=customer", "?audience=company&version=1"} {
			company.get(deal+"/handoff"+audience, 200)
		}
		if v := team.get(deal+"/handoff?audience=team", 200); v["audience"] != "team" || len(v["questions"].([]any)) != 1 {
			t.Errorf("the team's handoff: %v", v)
		}
		if v := company.get(deal+"/handoff", 200); v["audience"] != "company" || len(v["questions"].([]any)) != 0 {
			t.Errorf("the company's handoff: %v", v)
		}
		company.get(deal+"/handoff?audience=team", 403)
		company.get(deal+"/handoff?audience=everybody", 400)
		company.get(deal+"/handoff?version=2", 404)
		company.get(deal+"/handoff?version=x", 404)
		if v := company.get(deal+"/versions", 200)["versions"].([]any); len(v) != 1 {
			t.Errorf("the versions are %v", v)
		}
		team.get(deal+"/sources", 200)
		company.get(deal+"/sources", 403)
		company.get("/api/v1/deals/none", 404)
		company.get("/api/v1/deals/none/handoff", 404)
		company.get("/api/v1/deals/none/versions", 404)
		team.get("/api/v1/deals/none/sources", 404)

		tasks := operator.get("/api/v1/tasks", 200)["tasks"].([]any)
		if len(tasks) == 0 {
			t.Fatal("nothing is parked")
		}
		parked := tasks[0].(map[string]any)
		if parked["deal"] != fresh || parked["title"] != "Otherwise Ltd" || !strings.Contains(parked["error"].(string), "heck the password") {
			t.Errorf("the parked task is %v", parked)
		}
		if next := team.get("/api/v1/tasks?state=open&limit=2", 200); len(next["tasks"].([]any)) != 2 || next["next_cursor"] == nil {
			t.Errorf("what comes next: %v", next)
		}
		team.get("/api/v1/tasks?state=done", 400)
		team.get("/api/v1/tasks?cursor=none~none", 409)
		company.get("/api/v1/tasks", 403)

		retry := func(p program, body string, status int) {
			t.Helper()
			if got, _, v := p.do(http.MethodPost, "/api/v1/tasks/retry", body); got != status {
				t.Errorf("retrying %s answered %d, not %d: %v", body, got, status, v)
			}
		}
		body, err := json.Marshal(map[string]any{"deal": parked["deal"], "task": parked["task"]})
		if err != nil {
			t.Fatal(err)
		}
		retry(nobody, string(body), 401)
		retry(team, string(body), 403)
		retry(operator, string(body), 200)
		retry(operator, string(body), 409)
		for _, bad := range []string{"", "{", "[]", `{"deal":"x"}`, `{"deal":"x","task":"y","more":1}`, strings.Repeat(" ", 100_000) + string(body)} {
			retry(operator, bad, 400)
		}
		retry(operator, `{"deal":"none","task":"publish/notion/1"}`, 404)
		retry(operator, `{"deal":"`+id+`","task":"\u0000"}`, 404)
		if n := count(o.moves(fresh), "retried by token operator"); n != 1 {
			t.Errorf("%d moves say who tried again: %q", n, o.moves(fresh))
		}

		events := team.get("/api/v1/events?what=read&deal="+id, 200)["events"].([]any)
		readers := map[string]bool{}
		for _, e := range events {
			readers[e.(map[string]any)["who"].(string)] = true
		}
		if !readers["token team"] || !readers["token company"] {
			t.Errorf("who read is not told: %v", events)
		}
		company.get("/api/v1/events", 403)
		team.get("/api/v1/events?since=yesterday", 400)
		for path, scope := range o.site.APIRoutes() {
			method, path, _ := strings.Cut(path, " ")
			path = strings.Replace(path, "{id}", id, 1)
			for _, token := range []string{"", "tl_" + strings.Repeat("x", 32), "x", o.issuedAndRevoked()} {
				p := program{t, at, token}
				status, head, _ := p.do(method, path, "")
				if status != http.StatusUnauthorized || !strings.HasPrefix(head.Get("WWW-Authenticate"), "Bearer") {
					t.Errorf("%s (%s) answered %d to a stranger", path, scope, status)
				}
			}
			other := http.MethodDelete
			if status, head, _ := operator.do(other, path, ""); status != http.StatusMethodNotAllowed || head.Get("Allow") != method {
				t.Errorf("%s %s answered %d and allows %q", other, path, status, head.Get("Allow"))
			}
		}
		operator.get("/api/v1/none", 404)
		operator.get("/api/", 404)

		// Each answer that the file describes was given.
		for path, item := range d.doc["paths"].(map[string]any) {
			for method, operation := range item.(map[string]any) {
				for status := range operation.(map[string]any)["responses"].(map[string]any) {
					said := strings.ToUpper(method) + " " + path + " " + status
					if strings.HasPrefix(path, "/api/v1/") && status != "default" && !d.answered[said] {
						t.Errorf("%s was never answered", said)
					}
				}
			}
		}
	})
}

// issuedAndRevoked is a token that was good once.
func (o *office) issuedAndRevoked() string {
	o.t.Helper()
	token, hash := web.NewToken()
	if err := o.db.AddToken(o.t.Context(), hash, store.Token{Name: "gone", Scopes: web.TokenRoles["operator"], Made: o.Now()}); err != nil {
		o.t.Fatal(err)
	}
	if was, err := o.db.RevokeToken(o.t.Context(), "gone"); err != nil || !was {
		o.t.Fatalf("revoking: %v, %v", was, err)
	}
	return token
}

// TestTheFileNamesEveryRouteAndParameter: the file has the routes that there are with
// their scopes, and the code takes the parameters that the file names and no others.
func TestTheFileNamesEveryRouteAndParameter(t *testing.T) {
	d := readDescription(t)
	o := newOffice(t)
	id := o.published()
	p := program{t, o.team.URL, o.issued("operator")}
	described := map[string]string{}
	for path, item := range d.doc["paths"].(map[string]any) {
		for method := range item.(map[string]any) {
			v, _ := d.at("paths", path, method)
			operation := v.(map[string]any)
			text, _ := operation["description"].(string)
			scope := regexp.MustCompile("scope `([a-z:]+)`").FindStringSubmatch(text)
			if scope == nil {
				continue // this file
			}
			described[strings.ToUpper(method)+" "+path] = scope[1]
			if method != "get" {
				continue
			}
			at := strings.Replace(path, "{id}", id, 1)
			list, _ := operation["parameters"].([]any)
			for i := range list {
				one := list[i].(map[string]any)
				if ref, ok := one["$ref"].(string); ok {
					v, _ := d.at(strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
					one = v.(map[string]any)
				}
				if one["in"] != "query" {
					continue
				}
				name := one["name"].(string)
				v := p.get(at+"?"+name+"=", 200)
				if len(v) == 0 {
					t.Errorf("%s with %s is empty", at, name)
				}
			}
			if v := p.get(at+"?nothing=1", 400); !strings.Contains(v["detail"].(string), "nothing") {
				t.Errorf("%s says %v", at, v)
			}
		}
	}
	if diff := cmp.Diff(o.site.APIRoutes(), described); diff != "" {
		t.Error(diff)
	}
	a := o.browser().get(o.team.URL + "/api/openapi.yaml")
	if want, err := os.ReadFile("openapi.yaml"); err != nil || a.body != string(want) || a.head.Get("Content-Type") != "application/yaml" {
		t.Errorf("the file that is served is another: %v", err)
	}
}

// TestPagesOfTheAPI: following the cursors gives each entry once, in order, however
// many come at a time.
func TestPagesOfTheAPI(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		o := open(t, storetest.Open(t, address))
		o.deal.CSM = ""
		for i := range 7 {
			o.deal = connect.Record{ID: fmt.Sprintf("006%d", i), Name: "Deal", Customer: fmt.Sprintf("Customer %d", i%3)}
			if i%2 == 0 {
				o.set(o.Now().Add(time.Minute)) // the others are won in the same moment
			}
			o.win()
		}
		o.until(o.Now().Add(30 * time.Minute))
		p := program{t, o.team.URL, o.issued("operator")}
		for list, key := range map[string]string{"/api/v1/deals?q=customer": "deals", "/api/v1/events?who=throughline": "events", "/api/v1/tasks?state=open": "tasks"} {
			all := p.get(list+"&limit=200", 200)[key].([]any)
			if len(all) < 7 {
				t.Fatalf("%s has %d", list, len(all))
			}
			for _, limit := range []int{1, 3, len(all)} {
				var got []any
				cursor := ""
				for range len(all) + 1 {
					v := p.get(list+"&limit="+fmt.Sprint(limit)+"&cursor="+url.QueryEscape(cursor), 200)
					got = append(got, v[key].([]any)...)
					if v["next_cursor"] == nil {
						break
					}
					cursor = v["next_cursor"].(string)
				}
				if diff := cmp.Diff(all, got); diff != "" {
					t.Errorf("%s by %d: %s", list, limit, diff)
				}
			}
			for _, bad := range []string{"limit=0", "limit=201", "limit=x", "cursor=x", "cursor=1~", "cursor=%00"} {
				if status, _, v := p.do(http.MethodGet, list+"&"+bad, ""); status != 400 && status != 409 {
					t.Errorf("%s&%s answered %d: %v", list, bad, status, v)
				}
			}
		}
	})
}

// TestHostileTextInTheAPI: whatever comes from outside is a JSON string and nothing
// else, in answers that no browser takes for a page.
func TestHostileTextInTheAPI(t *testing.T) {
	d := readDescription(t)
	for batch := range slices.Chunk(shared(t), 24) {
		o := newOffice(t)
		o.deal.Customer, o.deal.Name = batch[0], batch[len(batch)-1]
		for i, text := range batch {
			o.items = append(o.items, item(fmt.Sprintf("use_case-h%d", i+1), text, text))
		}
		o.down = fmt.Errorf("mail: %s", batch[0])
		id := o.published()
		p := program{t, o.described(t, d), o.issued("operator")}
		for _, path := range []string{
			"/api/v1/deals", "/api/v1/deals/" + id, "/api/v1/deals/" + id + "/handoff?audience=team", "/api/v1/deals/" + id + "/handoff", "/api/v1/deals/" + id + "/handoff?audience=customer",
			"/api/v1/deals/" + id + "/versions", "/api/v1/deals/" + id + "/sources", "/api/v1/tasks", "/api/v1/tasks?state=open", "/api/v1/events",
		} {
			status, head, v := p.do(http.MethodGet, path, "")
			if status != 200 || head.Get("Content-Type") != "application/json" || head.Get("X-Content-Type-Options") != "nosniff" || len(head.Values("Set-Cookie")) > 0 {
				t.Errorf("%s answered %d with %v", path, status, head)
			}
			if path == "/api/v1/deals/"+id && seen(v["customer"].(string)) != seen(batch[0]) {
				t.Errorf("the customer is %q and not %q", v["customer"], batch[0])
			}
		}
		for _, text := range batch {
			q := url.QueryEscape(text)
			for _, path := range []string{"/api/v1/deals?q=" + q, "/api/v1/deals?person=" + q, "/api/v1/deals/" + url.PathEscape(text), "/api/v1/events?who=" + q + "&what=" + q + "&deal=" + q, "/api/v1/deals?" + q + "=1", "/api/v1/tasks?cursor=" + q} {
				if status, _, v := p.do(http.MethodGet, path, ""); status >= 500 {
					t.Errorf("%s answered %d: %v", path, status, v)
				}
			}
			if status, _, v := p.do(http.MethodPost, "/api/v1/tasks/retry", fmt.Sprintf(`{"deal":%q,"task":%q}`, id, text)); status >= 500 || status < 400 {
				t.Errorf("retrying %q answered %d: %v", text, status, v)
			}
		}
	}
}

// TestTheAPISpeaksAsPrograms: what guards the pages answers programs as they read it.
func TestTheAPISpeaksAsPrograms(t *testing.T) {
	o := newOffice(t)
	p := program{t, o.team.URL, o.issued("operator")}
	status, head, v := p.do(http.MethodPost, "/api/v1/tasks/retry", "{}", "Sec-Fetch-Site", "cross-site")
	if status != http.StatusForbidden || head.Get("Content-Type") != "application/problem+json" || v["status"] != float64(403) {
		t.Errorf("from another site: %d %v", status, v)
	}
	o.site.Clock = func() time.Time { return monday }
	for range 1000 {
		if status, head, v = p.do(http.MethodGet, "/api/v1/deals", ""); status == http.StatusTooManyRequests {
			break
		}
	}
	if status != http.StatusTooManyRequests || head.Get("Retry-After") == "" || v["title"] != "Too Many Requests" {
		t.Errorf("asking without end: %d %v", status, v)
	}
	// The API is the team's listener's, and a browser's session is no token.
	if a := o.browser().get(o.public.URL + "/api/v1/deals"); a.status != http.StatusNotFound {
		t.Errorf("the public listener answered %d", a.status)
	}
	o.site.Clock = nil
	if a := o.signedIn("ops@example.com").get(o.team.URL + "/api/v1/deals"); a.status != http.StatusUnauthorized {
		t.Errorf("a session without a token is answered %d", a.status)
	}
}

// TestTokens: a token is kept by its hash, and known until it is revoked; its last use
// is noted to the hour.
func TestTokens(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		o := open(t, storetest.Open(t, address))
		token := o.issued("company")
		p := program{t, o.team.URL, token}
		p.get("/api/v1/deals", 200)
		tokens, err := o.db.Tokens(t.Context())
		if err != nil || len(tokens) != 1 {
			t.Fatalf("%v, %v", tokens, err)
		}
		want := store.Token{Name: "company", Scopes: []string{web.ScopeCompany}, MadeBy: "ops@example.com", Made: monday, Used: monday}
		if diff := cmp.Diff(want, tokens[0]); diff != "" {
			t.Error(diff)
		}
		o.set(monday.Add(30 * time.Minute))
		p.get("/api/v1/deals", 200)
		if tokens, _ = o.db.Tokens(t.Context()); !tokens[0].Used.Equal(monday) {
			t.Errorf("used %v", tokens[0].Used)
		}
		o.set(monday.Add(2 * time.Hour))
		p.get("/api/v1/deals", 200)
		if tokens, _ = o.db.Tokens(t.Context()); !tokens[0].Used.Equal(monday.Add(2 * time.Hour)) {
			t.Errorf("used %v", tokens[0].Used)
		}
		_, hash := web.NewToken()
		if err := o.db.AddToken(t.Context(), hash, want); err != store.ErrTokenName { //nolint:errorlint // that very one
			t.Errorf("a second token of the name: %v", err)
		}
		if was, err := o.db.RevokeToken(t.Context(), "none"); was || err != nil {
			t.Errorf("%v, %v", was, err)
		}
		if was, err := o.db.RevokeToken(t.Context(), "company"); !was || err != nil {
			t.Errorf("%v, %v", was, err)
		}
		p.get("/api/v1/deals", 401)
		short, hash := web.NewToken()
		ends := o.Now().AddDate(0, 0, 7)
		if err := o.db.AddToken(t.Context(), hash, store.Token{Name: "short", Scopes: web.TokenRoles["company"], MadeBy: "ops@example.com", Made: o.Now(), Ends: ends}); err != nil {
			t.Fatal(err)
		}
		p.token = short
		o.set(ends.Add(-time.Second))
		p.get("/api/v1/deals", 200)
		o.set(ends)
		if v := p.get("/api/v1/deals", 401); !strings.Contains(v["detail"].(string), "ended on 9 March 2026") {
			t.Errorf("a token after its end: %v", v)
		}
		if err := o.db.ForgetSignedIn(t.Context(), "OPS@example.com"); err != nil {
			t.Fatal(err)
		}
		used := ends.Add(-time.Second)
		left, err := o.db.Tokens(t.Context())
		if diff := cmp.Diff([]store.Token{{Name: "short", Scopes: web.TokenRoles["company"], Made: monday.Add(2 * time.Hour), Used: used, Ends: ends}}, left); diff != "" || err != nil {
			t.Errorf("once who made it is forgotten: %v %s", err, diff)
		}
		for name, scopes := range web.TokenRoles {
			if len(slices.Compact(slices.Sorted(slices.Values(scopes)))) != len(scopes) || scopes[0] != web.ScopeCompany {
				t.Errorf("the role %s has %v", name, scopes)
			}
		}
		if got := slices.Sorted(maps.Keys(web.TokenRoles)); !slices.Equal(got, []string{"company", "operator", "team"}) {
			t.Errorf("the roles are %v", got)
		}
	})
}

// failing is a store whose list of deals can't be read.
type failing struct{ web.Store }

func (failing) Find(context.Context, store.RunFilter, int) ([]lifecycle.Run, error) {
	return nil, errors.New("the disk is full of " + secret)
}

// TestFaultsOfTheAPI: a fault is a problem that tells programs nothing of us, and the log
// tells it without the token.
func TestFaultsOfTheAPI(t *testing.T) {
	o := newOffice(t)
	var log bytes.Buffer
	o.site.Store, o.site.Log = failing{o.db}, slog.New(slog.NewTextHandler(&log, nil))
	d := readDescription(t)
	p := program{t, o.described(t, d), o.issued("company")}
	if v := p.get("/api/v1/deals", 500); strings.Contains(fmt.Sprint(v), secret) {
		t.Errorf("a fault is told to the world: %v", v)
	}
	wrong := program{t, p.at, "tl_" + strings.Repeat("w", 40)}
	wrong.get("/api/v1/deals", 401)
	if told := log.String(); !strings.Contains(told, "the disk is full") || strings.Contains(told, p.token) || strings.Contains(told, wrong.token) || strings.Contains(told, "tl_") {
		t.Errorf("the log: %s", told)
	}
}

// TestGuessingTokensEndsSoon: who tries tokens is held back sooner than who uses one.
func TestGuessingTokensEndsSoon(t *testing.T) {
	asked := func(token func(*office) string) (n int) {
		o := newOffice(t)
		o.site.Clock = func() time.Time { return monday }
		p := program{t, o.team.URL, token(o)}
		for n = 0; n < 1000; n++ {
			if status, _, _ := p.do(http.MethodGet, "/api/v1/deals", ""); status == http.StatusTooManyRequests {
				return n
			}
		}
		return n
	}
	good := asked(func(o *office) string { return o.issued("company") })
	guessed := asked(func(*office) string { return "tl_" + strings.Repeat("w", 40) })
	if guessed == 0 || guessed*4 > good || good == 1000 {
		t.Errorf("%d guesses and %d uses", guessed, good)
	}
}

// TestReadingTheTrailIsNoted: who reads what was said of a deal in the audit trail stands
// in it, once a day, and reading of that is no news.
func TestReadingTheTrailIsNoted(t *testing.T) {
	o, id, _ := guardedOffice(t)
	p, admin := program{t, o.team.URL, o.issued("team")}, o.signedIn("ops@example.com")
	for range 2 {
		p.get("/api/v1/events", 200)
		admin.get(o.team.URL+"/operations/trail").want(t, "the trail", http.StatusOK)
	}
	o.signedIn("lead@example.com").get(o.team.URL+"/runs/"+id+"/history").want(t, "the history", http.StatusOK, secret)
	for who, of := range map[string]string{"token team": "the audit trail", "ops@example.com": "the audit trail", "lead@example.com": "its history"} {
		var why []string
		moves, err := o.db.Moves(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range moves {
			if m.What == "read" && m.Who == who {
				why = append(why, m.Why)
			}
		}
		if len(why) != 1 || !strings.Contains(why[0], of) {
			t.Errorf("what %s read is told as %q", who, why)
		}
	}
	o.set(o.Now().Add(48 * time.Hour))
	before := len(o.moves(id))
	p.get("/api/v1/events?what=read", 200)
	if after := len(o.moves(id)); after != before {
		t.Errorf("reading who read made %d moves", after-before)
	}
}

// TestTheCompanysTokenSeesNoMore: what only the team may see is in no answer to a
// token of the company.
func TestTheCompanysTokenSeesNoMore(t *testing.T) {
	o, id, _ := guardedOffice(t)
	token := o.issued("company")
	for route, scope := range o.site.APIRoutes() {
		method, path, _ := strings.Cut(route, " ")
		r, err := http.NewRequestWithContext(t.Context(), method, o.team.URL+strings.Replace(path, "{id}", id, 1), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if want := scope == web.ScopeCompany; want != (resp.StatusCode == http.StatusOK) {
			t.Errorf("%s answered %d", route, resp.StatusCode)
		}
		if strings.Contains(string(body), secret) {
			t.Errorf("%s tells the company what is the team's:\n%.600s", route, body)
		}
	}
	team := program{t, o.team.URL, o.issued("team")}
	if v, err := json.Marshal(team.get("/api/v1/deals/"+id+"/handoff?audience="+string(throughline.AudienceTeam), 200)); err != nil || !strings.Contains(string(v), secret) {
		t.Errorf("the team does not see its own: %v", err)
	}
	if run := o.run(id); run.Stage != lifecycle.StageReturned {
		t.Errorf("reading moved the run to %s", run.Stage)
	}
}

// TestTheAPIsPage holds docs/api.md to the code: its routes and scopes, roles, limits
// and the requests that it tells people to send.
func TestTheAPIsPage(t *testing.T) {
	raw, err := os.ReadFile("../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	told := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `((?:GET|POST) [^`]+)` \\| `([^`]+)` \\|").FindAllStringSubmatch(text, -1) {
		told[row[1]] = row[2]
	}
	if diff := cmp.Diff((&web.Server{}).APIRoutes(), told); diff != "" {
		t.Errorf("its routes: %s", diff)
	}
	for role, scopes := range web.TokenRoles {
		if row := "| `" + role + "` | `" + strings.Join(scopes, "`, `") + "` |"; !strings.Contains(text, row) {
			t.Errorf("it has no row %s", row)
		}
	}
	d := readDescription(t)
	for path, item := range d.doc["paths"].(map[string]any) {
		for _, operation := range item.(map[string]any) {
			list, _ := operation.(map[string]any)["parameters"].([]any)
			for _, one := range list {
				if name, ok := one.(map[string]any)["name"].(string); ok && !strings.Contains(text, "`"+name) {
					t.Errorf("it does not name the parameter %s of %s", name, path)
				}
			}
		}
	}
	limit, _ := d.at("components", "parameters", "limit", "schema")
	bounds := limit.(map[string]any)
	burst, each := web.APIPace()
	for _, want := range []string{
		fmt.Sprintf("A list has %v entries, or `limit`, up to %v.", bounds["default"], bounds["maximum"]),
		fmt.Sprintf("%d requests at once and %d a second", burst, time.Second/each),
	} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say: %s", want)
		}
	}
	o := newOffice(t)
	o.published()
	p := program{t, o.described(t, d), o.issued("company")}
	requests := regexp.MustCompile(`(?m)^    curl .*http://127\.0\.0\.1:8765([^"\s]+)"$`).FindAllStringSubmatch(text, -1)
	if len(requests) == 0 {
		t.Error("it has no first request")
	}
	for _, request := range requests {
		if got := p.get(request[1], 200)["deals"].([]any); len(got) != 1 {
			t.Errorf("%s finds %v", request[1], got)
		}
	}
}
