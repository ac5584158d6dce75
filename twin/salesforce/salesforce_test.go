package salesforce

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// three has three opportunities and the contact that one of their roles names.
func three() *Server {
	s := New()
	s.Now = func() time.Time { return time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC) }
	for i, name := range []string{"Anna's", "Berg", "cole"} {
		rec := Record{"Id": fmt.Sprintf("00600000000000%dAAA", i), "Name": name, "Amount": float64(i * 100), "IsWon": i > 0, "CloseDate": fmt.Sprintf("2026-05-0%d", i+1)}
		if i == 2 {
			rec["Type"] = "Renewal"
		}
		s.Put("Opportunity", rec)
	}
	s.Put("Contact", Record{"Id": "003000000000000AAA", "Name": "Bo"})
	s.Put("OpportunityContactRole", Record{"Id": "00K000000000000AAA", "OpportunityId": "006000000000001AAA", "ContactId": "003000000000000AAA"})
	return s
}

func TestSOQL(t *testing.T) {
	s := three()
	for soql, want := range map[string]string{
		"SELECT Name FROM Opportunity":                                                                  "Anna's Berg cole",
		"select name from Opportunity order by name desc":                                               "cole Berg Anna's",
		"SELECT Name FROM Opportunity LIMIT 1":                                                          "Anna's",
		"SELECT Name FROM Opportunity WHERE Id = '006000000000001'":                                     "Berg",
		"SELECT Name FROM Opportunity WHERE Id IN ('006000000000001AAA','006000000000002AAA')":          "Berg cole",
		"SELECT Name FROM Opportunity WHERE Name = 'anna\\'s'":                                          "Anna's",
		"SELECT Name FROM Opportunity WHERE IsWon = true AND Amount >= 200":                             "cole",
		"SELECT Name FROM Opportunity WHERE Type = null":                                                "Anna's Berg",
		"SELECT Name FROM Opportunity WHERE Type != 'Renewal'":                                          "Anna's Berg",
		"SELECT Name FROM Opportunity WHERE Type NOT IN ('Renewal') ORDER BY CloseDate DESC":            "Berg Anna's",
		"SELECT Name FROM Opportunity WHERE (Amount < 100 OR Amount > 100) AND NOT Name LIKE '%n_\\'s'": "cole",
		"SELECT Name FROM Opportunity WHERE CloseDate > 2026-05-02":                                     "cole",
		"SELECT Name FROM Opportunity WHERE SystemModstamp >= 2026-06-01T00:00:00Z":                     "Anna's Berg cole",
		"SELECT Name FROM Opportunity WHERE SystemModstamp < 2026-06-01T00:00:00Z":                      "",
		"SELECT Contact.Name FROM OpportunityContactRole WHERE Contact.Name = 'Bo'":                     "Bo",

		"SELECT Name FROM Opportunity WHERE Amount > 1 AND Amount < 2 OR IsWon = true": "MALFORMED_QUERY",
		"SELECT Name FROM Opportunity WHERE IsWon = 'true'":                            "INVALID_FIELD",
		"SELECT Name FROM Opportunity WHERE CloseDate > '2026-05-02'":                  "INVALID_FIELD",
		"SELECT Name FROM Opportunity WHERE Amount > '1'":                              "INVALID_FIELD",
		"SELECT Name FROM Opportunity WHERE Description = 'x'":                         "INVALID_FIELD",
		"SELECT Nope FROM Opportunity":                                                 "INVALID_FIELD",
		"SELECT Nope.Name FROM Opportunity":                                            "INVALID_FIELD",
		"SELECT Name FROM Opportunity ORDER BY Nope":                                   "INVALID_FIELD",
		"SELECT Name FROM Nope":                                                        "INVALID_TYPE",
		"SELECT Name, FROM Opportunity":                                                "MALFORMED_QUERY",
		"SELECT Name FROM Opportunity WHERE Name = 'open":                              "MALFORMED_QUERY",
		"SELECT Name FROM Opportunity WHERE Name IN ()":                                "MALFORMED_QUERY",
		"SELECT Name FROM Opportunity LIMIT x":                                         "MALFORMED_QUERY",
		"SELECT Name FROM Opportunity; DROP":                                           "MALFORMED_QUERY",
		"SELECT Id FROM ContentDocumentLink":                                           "MALFORMED_QUERY",
		"SELECT Id FROM ContentDocumentLink WHERE ShareType = 'V'":                     "MALFORMED_QUERY",
		"SELECT Id FROM ContentDocumentLink WHERE LinkedEntityId != '006'":             "MALFORMED_QUERY",
		"SELECT Id FROM ContentDocumentLink WHERE LinkedEntityId IN ('006')":           "",
	} {
		rows, err := s.run(soql, false)
		var refused *soqlError
		if errors.As(err, &refused) {
			if refused.code != want {
				t.Errorf("%s: %v, want %s", soql, err, want)
			}
			continue
		}
		var names []string
		for _, row := range rows {
			m, _ := row.(map[string]any)
			if inner, ok := m["Contact"].(map[string]any); ok {
				m = inner
			}
			names = append(names, fmt.Sprint(m["Name"]))
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s: %q, want %q", soql, got, want)
		}
	}
}

func FuzzSOQL(f *testing.F) {
	for _, s := range []string{
		"SELECT Id, Name FROM Opportunity WHERE (A = 'x\\'' OR B IN (1,2.5,null)) AND NOT C LIKE '%x' ORDER BY D DESC, E LIMIT 5",
		"SELECT Id FROM Opportunity WHERE At >= 2026-05-02T10:00:00Z", "SELECT", "((((", "'",
	} {
		f.Add(s)
	}
	s := three()
	f.Fuzz(func(t *testing.T, text string) {
		rows, err := s.run(text, true)
		var refused *soqlError
		if err != nil && !errors.As(err, &refused) || err == nil && len(rows) > 3 {
			t.Errorf("%q: %d rows, %v", text, len(rows), err)
		}
	})
}

// ask sends a request and gives the answer's status and JSON.
func ask(t *testing.T, s *Server, method, path, token, body string) (int, any) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if token == "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	var v any
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("%s %s: %v: %s", method, path, err, w.Body)
	}
	return w.Code, v
}

func session(t *testing.T, s *Server) string {
	t.Helper()
	s.ClientID, s.ClientSecret = "id", "secret"
	_, v := ask(t, s, http.MethodPost, "/services/oauth2/token", "", "grant_type=client_credentials&client_id=id&client_secret=secret")
	m, _ := v.(map[string]any)
	token, _ := m["access_token"].(string)
	if token == "" || m["instance_url"] != "http://example.com" {
		t.Fatalf("the token's answer is %v", v)
	}
	return token
}

func code(v any) string {
	list, _ := v.([]any)
	if len(list) == 0 {
		return ""
	}
	m, _ := list[0].(map[string]any)
	s, _ := m["errorCode"].(string)
	return s
}

const base = "/services/data/" + Version

func TestSessionAndQuota(t *testing.T) {
	s := three()
	now := s.Now()
	s.Now = func() time.Time { return now }
	s.Limit = 2
	token := session(t, s)
	path := base + "/sobjects/Opportunity/006000000000001AAA"
	if status, v := ask(t, s, http.MethodGet, path, "other", ""); status != http.StatusUnauthorized || code(v) != "INVALID_SESSION_ID" {
		t.Errorf("a wrong token: %d %v", status, v)
	}
	for range 2 {
		if status, v := ask(t, s, http.MethodGet, path, token, ""); status != http.StatusOK {
			t.Errorf("%d %v", status, v)
		}
	}
	if status, v := ask(t, s, http.MethodGet, path, token, ""); status != http.StatusForbidden || code(v) != "REQUEST_LIMIT_EXCEEDED" {
		t.Errorf("beyond the limit: %d %v", status, v)
	}
	now = now.Add(s.TokenLife)
	if status, _ := ask(t, s, http.MethodGet, path, token, ""); status != http.StatusUnauthorized {
		t.Errorf("an expired token: %d", status)
	}
}

func TestComposite(t *testing.T) {
	s := three()
	token := session(t, s)
	part := func(name, path string) string {
		return fmt.Sprintf(`{"method":"GET","url":%q,"referenceId":%q}`, base+path, name)
	}
	send := func(parts ...string) (int, any) {
		return ask(t, s, http.MethodPost, base+"/composite", token, `{"compositeRequest":[`+strings.Join(parts, ",")+`]}`)
	}
	query := "/query?q=" + url.QueryEscape("SELECT Id FROM Opportunity")
	var parts []string
	for i := range 6 {
		parts = append(parts, part(fmt.Sprintf("q%d", i), query))
	}
	_, v := send(append(parts, part("gone", "/sobjects/Opportunity/006000000000009AAA"), part("blob", "/sobjects/ContentVersion/068000000000009AAA/VersionData"))...)
	var got []string
	answer, _ := v.(map[string]any)
	list, _ := answer["compositeResponse"].([]any)
	for _, p := range list {
		m, _ := p.(map[string]any)
		got = append(got, strings.TrimSpace(fmt.Sprint(m["referenceId"], " ", m["httpStatusCode"], " ", code(m["body"]))))
	}
	want := []string{"q0 200", "q1 200", "q2 200", "q3 200", "q4 200", "q5 400 LIMIT_EXCEEDED", "gone 404 NOT_FOUND", "blob 400 NOT_SUPPORTED"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if s.APICalls() != 1 {
		t.Errorf("%d calls, want 1", s.APICalls())
	}
	parts = nil
	for i := range 26 {
		parts = append(parts, part(fmt.Sprintf("p%d", i), "/limits"))
	}
	if status, _ := send(parts...); status != http.StatusBadRequest {
		t.Errorf("26 subrequests: %d", status)
	}
	if status, _ := send(part("p", "/limits"), part("p", "/limits")); status != http.StatusBadRequest {
		t.Errorf("a name twice: %d", status)
	}
}

func TestReadable(t *testing.T) {
	for in, want := range map[string]string{"Loss_Risk__c": "Loss risk", "NextStep": "Next step", "Name": "Name", "Term_Months__c": "Term months"} {
		if got := readable(in); got != want {
			t.Errorf("readable(%q) = %q, want %q", in, got, want)
		}
	}
}
