package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"throughline/web"
)

func TestSignsInOnce(t *testing.T) {
	o := newOffice(t)
	link, err := web.SignInLink(t.Context(), o.db, o.team.URL, " CSM@Example.com\n", o.Now())
	if err != nil {
		t.Fatal(err)
	}
	b := o.browser()
	b.get(o.team.URL+"/").want(t, "a stranger", http.StatusUnauthorized, "throughline signin")
	for range 3 { // a scanner, a preview, the person
		b.get(link).want(t, "looking", http.StatusOK, "<button", "Sign in")
	}
	b.get(o.team.URL+"/").want(t, "who only looked", http.StatusUnauthorized)

	_, token, _ := strings.Cut(link, "token=")
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	a := b.post(o.team.URL+"/signin", "token", token)
	a.want(t, "signing in", http.StatusSeeOther)
	for _, part := range []string{"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=43200"} {
		if cookie := a.head.Get("Set-Cookie"); !strings.Contains(cookie, part) {
			t.Errorf("the cookie %q lacks %s", cookie, part)
		}
	}
	b.get(o.team.URL+"/").want(t, "signed in", http.StatusOK, "csm@example.com", "No deal has been won")
	o.browser().post(o.team.URL+"/signin", "token", token).want(t, "a second use", http.StatusForbidden, "used already")

	o.set(monday.Add(12*time.Hour - time.Second))
	b.get(o.team.URL+"/").want(t, "before the day is over", http.StatusOK)
	o.set(monday.Add(12 * time.Hour))
	b.get(o.team.URL+"/").want(t, "after it", http.StatusUnauthorized)
}

func TestASignInLinkExpires(t *testing.T) {
	o := newOffice(t)
	link, err := web.SignInLink(t.Context(), o.db, o.team.URL, "csm@example.com", o.Now())
	if err != nil {
		t.Fatal(err)
	}
	o.set(monday.Add(time.Hour))
	_, token, _ := strings.Cut(link, "token=")
	for name, token := range map[string]string{"old": token, "none": "", "invented": "AAAA", "cut": token[:10]} {
		o.browser().post(o.team.URL+"/signin", "token", token).want(t, name, http.StatusForbidden)
	}
	if _, err := web.SignInLink(t.Context(), o.db, o.team.URL, " ", o.Now()); err == nil {
		t.Error("a link that signs nobody in was made")
	}
}

func TestSignsOut(t *testing.T) {
	o := newOffice(t)
	b := o.signedIn("csm@example.com")
	o.browser().get(o.team.URL+"/").want(t, "another browser", http.StatusUnauthorized)
	cookies := b.client.Jar
	b.post(o.team.URL+"/signout").want(t, "signing out", http.StatusOK)
	b.get(o.team.URL+"/").want(t, "signed out", http.StatusUnauthorized)
	again := o.browser()
	again.client.Jar = cookies
	again.get(o.team.URL+"/").want(t, "its cookie", http.StatusUnauthorized)
}

// teamPages are all that the team's handler answers to who is signed in.
func teamPages(id string) map[string]string {
	return map[string]string{
		"GET /": "", "GET /runs/" + id: "", "GET /runs/" + id + "/handoff": "", "GET /runs/" + id + "/review": "",
		"POST /runs/" + id + "/accept": "version=1", "POST /runs/" + id + "/return": "reason=unclear", "POST /runs/" + id + "/note": "text=A+note.",
		"POST /runs/" + id + "/kickoff": "at=2026-04-01T10:00", "POST /runs/" + id + "/retry": "task=collect//1", "POST /runs/" + id + "/review-link": "",
		"POST /runs/" + id + "/review": "version=1&more=Words.", "POST /signout": "",
	}
}

func TestEveryTeamPageNeedsASession(t *testing.T) {
	o := newOffice(t)
	id := o.published()
	before, letters := len(o.moves(id)), len(o.letters("ae@example.com"))
	b := o.browser()
	for page, form := range teamPages(id) {
		method, path, _ := strings.Cut(page, " ")
		a := b.do(method, o.team.URL+path, form)
		a.want(t, page, http.StatusUnauthorized, "throughline signin")
		a.lacks(t, page, "Example", "Nightly load")
	}
	b.post(o.team.URL+"/runs/"+id+"/note", "text", "long words").want(t, "a form of a session that is over", http.StatusUnauthorized, "What you wrote is not lost")
	if len(o.moves(id)) != before || len(o.letters("ae@example.com")) != letters || len(o.words(id)) != 0 {
		t.Errorf("something was done: %q", o.moves(id))
	}
}

func TestFormsComeFromOurPages(t *testing.T) {
	o := newOffice(t)
	id := o.published()
	before := len(o.moves(id))
	b := o.signedIn("csm@example.com")
	link := o.reviewLink(id)
	posts := map[string]string{link: "version=1&more=Words.", link + "/open": "", link + "/fresh": ""}
	for page, form := range teamPages(id) {
		if method, path, _ := strings.Cut(page, " "); method == http.MethodPost {
			posts[o.team.URL+path] = form
		}
	}
	for at, form := range posts {
		for _, from := range []string{"cross-site", "same-site"} {
			a := b.do(http.MethodPost, at, form, "Sec-Fetch-Site", from)
			a.want(t, at, http.StatusForbidden, "from another site")
			guarded(t, at, a)
		}
		// A browser that knows no Sec-Fetch-Site tells the origin.
		b.do(http.MethodPost, at, form, "Sec-Fetch-Site", "", "Origin", "https://elsewhere.example.com").want(t, at, http.StatusForbidden)
		b.do(http.MethodPost, at, form, "Sec-Fetch-Site", "", "Origin", "null").want(t, at, http.StatusForbidden)
	}
	if len(o.moves(id)) != before {
		t.Errorf("something was done: %q", o.moves(id))
	}
	a := b.do(http.MethodPost, o.team.URL+"/runs/"+id+"/accept", "version=1", "Sec-Fetch-Site", "", "Origin", o.team.URL)
	a.want(t, "our own page in an older browser", http.StatusOK, "is accepted")
}

// guarded: the answer has the headers that every answer has.
func guarded(t *testing.T, what string, a answer) {
	t.Helper()
	for name, want := range map[string]string{
		"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
	} {
		if got := a.head.Get(name); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s is %q", what, name, got)
		}
	}
	if csp := a.head.Get("Content-Security-Policy"); strings.Contains(csp, "script-src") && !strings.Contains(csp, "script-src 'self';") || !strings.Contains(csp, "frame-ancestors 'none'") {
		t.Errorf("%s: %s", what, csp)
	}
	if !strings.Contains(a.path, "/assets/") && a.head.Get("Cache-Control") != "no-store" {
		t.Errorf("%s may be kept by a cache", what)
	}
}

func TestEveryAnswerIsGuarded(t *testing.T) {
	o := newOffice(t)
	id := o.published()
	b := o.signedIn("csm@example.com")
	link := o.reviewLink(id)
	for _, at := range []string{
		o.team.URL + "/", o.team.URL + "/signin", o.team.URL + web.AssetPath("style.css"), o.team.URL + "/favicon.ico", o.team.URL + "/none", o.team.URL + "/runs/none",
		o.team.URL + "/runs/" + id, o.team.URL + "/runs/" + id + "/handoff", o.team.URL + "/runs/" + id + "/handoff?audience=customer", o.team.URL + "/runs/" + id + "/review",
		o.public.URL + "/", link, link + "x", o.public.URL + web.AssetPath("style.css"),
	} {
		guarded(t, at, b.get(at))
	}
}

func TestNobodysFaultsAreShown(t *testing.T) {
	o := newOffice(t)
	id := o.win()
	b := o.signedIn("ops@example.com")
	for path, text := range map[string]string{
		"/none": "no such page", "/runs/none": "no such handoff", "/runs/none/handoff": "no such handoff", "/runs/none/review": "no such handoff",
		"/runs/" + id + "/handoff": "no draft", "/runs/" + id + "/review": "no draft", "/runs/%00": "no such page", "/runs/%ff%fe": "no such page",
		"/runs/a%2Fb": "no such handoff", "/runs/..%2F..%2Fetc%2Fpasswd": "no such handoff",
	} {
		b.get(o.team.URL+path).want(t, path, http.StatusNotFound, text, "<h1>")
	}
	for _, form := range []string{"accept", "return", "note", "kickoff", "retry", "review-link", "review"} {
		b.post(o.team.URL+"/runs/none/"+form, "version", "1", "reason", "unclear", "text", "x", "at", "2026-04-01T10:00").want(t, form, http.StatusNotFound, "no such handoff")
	}
	for _, form := range []string{"accept", "return", "note"} {
		b.post(o.team.URL+"/runs/"+id+"/"+form, "version", "1", "reason", "unclear", "text", "typed <b>").
			want(t, form+" too early", http.StatusConflict, "not published yet", map[bool]string{true: "role", false: "typed &lt;b&gt;"}[form == "accept"])
	}
	long := b.do(http.MethodPost, o.team.URL+"/runs/"+id+"/note", "text="+strings.Repeat("a", 5<<20))
	long.want(t, "a very long form", http.StatusRequestEntityTooLarge, "in parts")
	b.do(http.MethodPost, o.team.URL+"/runs/"+id+"/note", "text=%zz").want(t, "a broken form", http.StatusBadRequest, "did not arrive whole")

	if err := o.db.Close(); err != nil {
		t.Fatal(err)
	}
	for _, at := range []string{o.team.URL + "/", o.team.URL + "/runs/" + id, o.public.URL + "/review/x"} {
		a := b.get(at)
		a.lacks(t, at, "sql", "database", "closed")
		if at != o.public.URL+"/review/x" {
			a.want(t, at, http.StatusInternalServerError, "Something went wrong")
		}
	}
}
