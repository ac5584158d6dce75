package salesforce

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// patch sends a request whose good answer has no body, and gives its status.
func patch(t *testing.T, s *Server, path, token, body string) int {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPatch, base+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Code
}

// TestRefusedWrites: what the org would refuse is refused, and changes nothing.
func TestRefusedWrites(t *testing.T) {
	s := three()
	s.Define("Opportunity", Field{Name: "Short__c", Type: "string", Length: 3})
	s.Define("Opportunity", Field{Name: "Sum__c", Type: "double", Calculated: true})
	s.NoEdit["Opportunity.NextStep"], s.NoHTML = true, true
	token := session(t, s)
	opportunity := "/sobjects/Opportunity/006000000000001AAA"
	before := s.Get("Opportunity", "006000000000001AAA")
	for body, want := range map[string]string{
		`POST /sobjects/ContentVersion {"PathOnClient":"a.md"}`:                                                                    "REQUIRED_FIELD_MISSING",
		`POST /sobjects/ContentVersion {"PathOnClient":"a.html","VersionData":"aGk="}`:                                             "HTML_FILE_UPLOAD_NOT_ALLOWED",
		`POST /sobjects/ContentVersion {"PathOnClient":"a.md","VersionData":"*"}`:                                                  "JSON_PARSER_ERROR",
		`POST /sobjects/ContentVersion {"PathOnClient":"a.md","VersionData":"aGk=","FirstPublishLocationId":"006000000000009AAA"}`: "INVALID_CROSS_REFERENCE_KEY",
		`POST /sobjects/ContentVersion {"PathOnClient":"a.md","VersionData":"aGk=","ContentDocumentId":"069000000000009AAA"}`:      "INVALID_CROSS_REFERENCE_KEY",
		`POST /sobjects/ContentVersion {"PathOnClient":"a.md","VersionData":"aGk=","IsLatest":true}`:                               "INVALID_FIELD_FOR_INSERT_UPDATE",
		`POST /sobjects/ContentNote {"Content":"aGk="}`:                                                                            "REQUIRED_FIELD_MISSING",
		`POST /sobjects/ContentDocumentLink {"ContentDocumentId":"069000000000009AAA","LinkedEntityId":"006000000000001AAA"}`:      "INVALID_CROSS_REFERENCE_KEY",
		`POST /sobjects/Nope {"A":"b"}`:                               "NOT_FOUND",
		`PATCH ` + opportunity + ` {"Nope__c":"x"}`:                   "INVALID_FIELD",
		`PATCH ` + opportunity + ` {"Short__c":"four"}`:               "STRING_TOO_LONG",
		`PATCH ` + opportunity + ` {"Short__c":4}`:                    "JSON_PARSER_ERROR",
		`PATCH ` + opportunity + ` {"Amount":"4"}`:                    "JSON_PARSER_ERROR",
		`PATCH ` + opportunity + ` {"CloseDate":"soon"}`:              "JSON_PARSER_ERROR",
		`PATCH ` + opportunity + ` {"NextStep":"x"}`:                  "INVALID_FIELD_FOR_INSERT_UPDATE",
		`PATCH ` + opportunity + ` {"Sum__c":1}`:                      "INVALID_FIELD_FOR_INSERT_UPDATE",
		`PATCH ` + opportunity + ` {"SystemModstamp":null}`:           "INVALID_FIELD_FOR_INSERT_UPDATE",
		`PATCH ` + opportunity + ` [`:                                 "JSON_PARSER_ERROR",
		`PATCH /sobjects/Opportunity/006000000000009AAA {"Amount":1}`: "NOT_FOUND",
	} {
		parts := strings.SplitN(body, " ", 3)
		if _, v := ask(t, s, parts[0], base+parts[1], token, parts[2]); code(v) != want {
			t.Errorf("%s: %v, want %s", body, v, want)
		}
	}
	if diff := cmp.Diff(before, s.Get("Opportunity", "006000000000001AAA")); diff != "" {
		t.Error(diff)
	}
	if n := len(s.All("ContentVersion")) + len(s.All("ContentDocument")) + len(s.All("ContentNote")); n != 0 {
		t.Errorf("%d records were made", n)
	}
}

func TestUpdate(t *testing.T) {
	s := three()
	now := time.Date(2026, 6, 2, 0, 0, 0, 0, time.UTC)
	s.Now = func() time.Time { return now }
	token := session(t, s)
	if status := patch(t, s, "/sobjects/Opportunity/006000000000001", token, `{"NextStep":"Call","Amount":null}`); status != http.StatusNoContent {
		t.Errorf("answered %d", status)
	}
	got := s.Get("Opportunity", "006000000000001AAA")
	if got["NextStep"] != "Call" || got["Amount"] != nil || got["SystemModstamp"] != timeText(now) || got["Name"] != "Berg" {
		t.Errorf("the record is %v", got)
	}
}

// TestAllOrNone: where a part fails, what the others made is gone; parts refer to
// the answers of those before them.
func TestAllOrNone(t *testing.T) {
	for _, entity := range []string{"006000000000002AAA", "006000000000009AAA"} {
		s := three()
		token := session(t, s)
		body := fmt.Sprintf(`{"allOrNone":true,"compositeRequest":[
			{"method":"POST","url":"%[1]s/sobjects/ContentVersion","referenceId":"file","body":{"PathOnClient":"a.md","VersionData":"aGk=","FirstPublishLocationId":"006000000000001AAA"}},
			{"method":"GET","url":"%[1]s/query?q=SELECT+ContentDocumentId+FROM+ContentVersion+WHERE+Id='@{file.id}'","referenceId":"found"},
			{"method":"POST","url":"%[1]s/sobjects/ContentDocumentLink","referenceId":"link","body":{"ContentDocumentId":"@{found.records[0].ContentDocumentId}","LinkedEntityId":"%[2]s","ShareType":"V"}}
		]}`, base, entity)
		_, v := ask(t, s, http.MethodPost, base+"/composite", token, body)
		var got []string
		answer, _ := v.(map[string]any)
		list, _ := answer["compositeResponse"].([]any)
		for _, p := range list {
			m, _ := p.(map[string]any)
			got = append(got, strings.TrimSpace(fmt.Sprint(m["httpStatusCode"], " ", code(m["body"]))))
		}
		want, made := []string{"201", "200", "201"}, 1
		if s.Get("Opportunity", entity) == nil {
			want, made = []string{"400 PROCESSING_HALTED", "400 PROCESSING_HALTED", "400 INVALID_CROSS_REFERENCE_KEY"}, 0
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if v, d, l := len(s.All("ContentVersion")), len(s.All("ContentDocument")), len(s.All("ContentDocumentLink")); v != made || d != made || l != 2*made {
			t.Errorf("%d versions, %d documents, %d links", v, d, l)
		}
	}
}

func TestUnknownReference(t *testing.T) {
	s := three()
	token := session(t, s)
	_, v := ask(t, s, http.MethodPost, base+"/composite", token, `{"compositeRequest":[{"method":"GET","url":"`+base+`/sobjects/Opportunity/@{none.id}","referenceId":"a"}]}`)
	if text := fmt.Sprint(v); !strings.Contains(text, "invalid reference specified") {
		t.Errorf("answered %s", text)
	}
}

// TestLoadDeal: mails in parts, with references, and files come into the org.
func TestLoadDeal(t *testing.T) {
	s := New()
	folder := fstest.MapFS{
		"salesforce/opportunity.json": {Data: []byte(`{"attributes":{"type":"Opportunity"},"Id":"006000000000001AAA","OwnerId":"005000000000001AAA","StageName":"Won","IsWon":true}`)},
		"salesforce/users.json":       {Data: []byte(`{"totalSize":1,"done":true,"records":[{"attributes":{"type":"User"},"Id":"005000000000001AAA","Email":"cs@example.com"}]}`)},
		"deal.json":                   {Data: []byte(`{"csm":{"email":"CS@example.com"}}`)},
		"emails/1.eml":                {Data: []byte("From: A <a@example.com>\r\nTo: b@example.com\r\nDate: Fri, 24 Jul 2026 02:41:00 +0000\r\nSubject: =?utf-8?q?Pl=C3=A4ne?=\r\nMessage-ID: <1@example.com>\r\nContent-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nHi=20there\r\n--x\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\nPHA+SGk8L3A+\r\n--x--\r\n")},
		"emails/2.eml":                {Data: []byte("From: b@example.com\r\nTo: A <a@example.com>, C <c@example.com>\r\nDate: Fri, 24 Jul 2026 03:41:00 +0000\r\nSubject: Re\r\nMessage-ID: <2@example.com>\r\nReferences: <0@example.com> <1@example.com>\r\n\r\nYes\r\n")},
		"docs/plan.md":                {Data: []byte("# Plan")},
	}
	id, err := s.LoadDeal(folder)
	if err != nil {
		t.Fatal(err)
	}
	mails := s.All("EmailMessage")
	if len(mails) != 2 {
		t.Fatalf("%d mails", len(mails))
	}
	if m := mails[0]; m["TextBody"] != "Hi there" || m["HtmlBody"] != "<p>Hi</p>" || m["Subject"] != "Pläne" || m["FromName"] != "A" || m["RelatedToId"] != id {
		t.Errorf("the first mail is %v", m)
	}
	if m := mails[1]; m["ReplyToEmailMessageId"] != mails[0]["Id"] || m["ToAddress"] != "a@example.com; c@example.com" {
		t.Errorf("the second mail is %v", m)
	}
	if s.Get("Opportunity", id)[CSMField] != "005000000000001AAA" || len(s.All("ContentDocumentLink")) != 1 {
		t.Errorf("the opportunity is %v, its files %v", s.Get("Opportunity", id), s.All("ContentDocumentLink"))
	}
	delete(folder, "salesforce/opportunity.json")
	if _, err := New().LoadDeal(folder); err == nil {
		t.Error("a folder without an opportunity was loaded")
	}
	if _, err := New().LoadDeal(os.DirFS(t.TempDir())); err == nil {
		t.Error("an empty folder was loaded")
	}
}
