package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"throughline"
	"throughline/survey"
)

// TestSurveyFromElsewhere: whoever unsubscribes by one click of a mail program does so
// from wherever that program is; an answer comes from our own page alone.
func TestSurveyFromElsewhere(t *testing.T) {
	links := &survey.Links{Key: []byte("0123456789abcdef"), Public: "https://handoff.example.com"}
	one := throughline.Respondent{ID: links.Respondent("a@example.com"), Email: "a@example.com"}
	s := throughline.Survey{ID: "nps-1", Deal: "006A", Seller: "Example Corp", Language: "en", Kickoff: monday, Closes: survey.Closes(monday), Respondents: []throughline.Respondent{one}}
	kept := survey.NewMemory(s)
	o := newOffice(t)
	o.site.Survey = &survey.Pages{Links: links, Store: kept, Now: o.Now}
	public := o.site.Public()
	stop, err := links.Stop(s, one)
	if err != nil {
		t.Fatal(err)
	}
	vote, err := links.Vote(s, one, 9)
	if err != nil {
		t.Fatal(err)
	}
	post := func(link string, form url.Values) int {
		t.Helper()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, link, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", "https://mail.example.net")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		w := httptest.NewRecorder()
		public.ServeHTTP(w, r)
		if got := w.Header().Get("Referrer-Policy"); got != "same-origin" {
			t.Errorf("Referrer-Policy is %q, by which browsers would not tell where our own form comes from", got)
		}
		return w.Code
	}
	if code := post(vote, url.Values{"score": {"9"}}); code != http.StatusForbidden || len(kept.Answers()) > 0 {
		t.Errorf("an answer from elsewhere: %d, and %v is kept", code, kept.Answers())
	}
	if code := post(stop, url.Values{"List-Unsubscribe": {"One-Click"}}); code != http.StatusOK || !kept.Stopped(one.ID) {
		t.Errorf("one click from elsewhere: %d, and unsubscribed: %v", code, kept.Stopped(one.ID))
	}
}
