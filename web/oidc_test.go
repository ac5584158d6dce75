package web_test

import (
	"bufio"
	"bytes"
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"throughline/internal/npmtest"
	"throughline/web"
)

const providerSecret = "a secret of the tests"

// company is an office whose team signs in at a provider that runs here. What was
// logged is in the buffer. inside says that the ID token holds the address.
func company(t *testing.T, inside bool) (*office, *bytes.Buffer) {
	t.Helper()
	node := npmtest.Install(t)
	o := newOffice(t)
	o.set(time.Now()) // the provider's tokens are of today
	where := "beside"
	if inside {
		where = "inside"
	}
	script, err := filepath.Abs("testdata/provider.mjs")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), node.Path, script, node.Modules, o.team.URL+"/signin/callback", where)
	var said bytes.Buffer
	cmd.Stderr = &said
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait() // it ends with its input
	})
	for lines.Scan() {
		if issuer := lines.Text(); strings.HasPrefix(issuer, "http") {
			var log bytes.Buffer
			o.site.Log = slog.New(slog.NewTextHandler(&log, nil))
			o.site.SignIn = &web.Provider{Name: "Example <b>ID", Issuer: issuer, ClientID: "throughline", ClientSecret: providerSecret, Domains: []string{"Example.com"}}
			return o, &log
		}
	}
	t.Fatalf("the provider did not start: %s", &said)
	return nil, nil
}

// held is a browser that stops before an address of ours is opened that a provider
// sends it to, and says which.
func (b *browser) held(at string) (answer, string) {
	b.t.Helper()
	to := ""
	b.client.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if strings.Contains(r.URL.Path, "/signin/callback") {
			to = r.URL.String()
			return http.ErrUseLastResponse
		}
		return nil
	}
	defer func() { b.client.CheckRedirect = nil }()
	return b.get(at), to
}

var providerForm = regexp.MustCompile(`action="([^"]+)" method="post"`)

// atProvider goes through the provider's pages as somebody, from an address there to
// the one of ours that it leads to.
func (b *browser) atProvider(at, who string) string {
	b.t.Helper()
	page, to := b.held(at)
	for range 4 {
		if to != "" {
			return to
		}
		form := providerForm.FindStringSubmatch(page.body)
		if form == nil {
			b.t.Fatalf("the provider shows no form: %d %.800s", page.status, page.body)
		}
		fields := url.Values{"prompt": {"consent"}}
		if strings.Contains(page.body, `name="login"`) {
			fields = url.Values{"prompt": {"login"}, "login": {who}, "password": {"any"}}
		}
		b.client.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
			if strings.Contains(r.URL.Path, "/signin/callback") {
				to = r.URL.String()
				return http.ErrUseLastResponse
			}
			return nil
		}
		page = b.do(http.MethodPost, html.UnescapeString(form[1]), fields.Encode())
		b.client.CheckRedirect = nil
	}
	b.t.Fatalf("the provider leads nowhere: %s", page.path)
	return ""
}

// outward is the address at the provider that a sign-in leads to.
func (b *browser) outward(o *office, to string) string {
	b.t.Helper()
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	defer func() { b.client.CheckRedirect = nil }()
	a := b.get(o.team.URL + "/signin/with?to=" + url.QueryEscape(to))
	a.want(b.t, "going to the provider", http.StatusSeeOther)
	return a.head.Get("Location")
}

func TestSignsInAtAProvider(t *testing.T) {
	for _, inside := range []bool{true, false} {
		t.Run(fmt.Sprintf("the address inside the ID token: %t", inside), func(t *testing.T) {
			o, log := company(t, inside)
			b := o.browser()
			b.get(o.team.URL+"/runs/a?b=c").want(t, "a stranger", http.StatusUnauthorized, "Sign in with <bdi>Example &lt;b&gt;ID</bdi>", `href="/signin/with?to=%2fruns%2fa%3fb%3dc"`)
			out := b.outward(o, "/signin?x=y")
			for _, part := range []string{"code_challenge_method=S256", "response_type=code", "state=", "nonce=", "scope=openid+email", "redirect_uri=" + url.QueryEscape(o.team.URL+"/signin/callback")} {
				if !strings.Contains(out, part) {
					t.Errorf("%s lacks %s", out, part)
				}
			}
			back := b.atProvider(out, "csm")
			a := b.get(back)
			a.want(t, "signed in", http.StatusOK)
			if a.path != "/signin?x=y" {
				t.Errorf("it led to %s", a.path)
			}
			b.get(o.team.URL+"/").want(t, "the first page", http.StatusOK, "<bdi>csm@example.com</bdi>")

			// The answer counts once, and in no other browser.
			b.get(back).want(t, "the answer again", http.StatusForbidden, "an answer counts once")
			o.browser().get(back).want(t, "the answer elsewhere", http.StatusForbidden, "an answer counts once")

			b.post(o.team.URL+"/signout").want(t, "signing out", http.StatusOK)
			b.get(o.team.URL+"/").want(t, "signed out", http.StatusUnauthorized)
			for _, secret := range []string{providerSecret, "code=", "csm@example.com"} {
				if strings.Contains(log.String(), secret) {
					t.Errorf("the log has %q: %s", secret, log)
				}
			}
		})
	}
}

// TestWhoMayNotSignIn: each account that is not one of the company's is told so, and
// gets nowhere.
func TestWhoMayNotSignIn(t *testing.T) {
	o, log := company(t, false)
	for who, logged := range map[string]string{
		"elsewhere": "another domain", "below": "another domain", "unverified": "does not affirm email_verified", "unsaid": "does not affirm email_verified",
		"edge": "does not affirm email_verified", "nameless": "no email address", "twofold": "no email address", "listed": "no email address",
	} {
		log.Reset()
		b := o.browser()
		a := b.get(b.atProvider(b.outward(o, "/"), who))
		a.want(t, who, http.StatusForbidden, "<h1>That did not work")
		b.get(o.team.URL+"/").want(t, who+" afterwards", http.StatusUnauthorized)
		if !strings.Contains(log.String(), logged) {
			t.Errorf("%s: the log does not say %q: %s", who, logged, log)
		}
		if a.head.Get("Set-Cookie") != "" {
			t.Errorf("%s has the cookie %s", who, a.head.Get("Set-Cookie"))
		}
	}

	// A configured claim may say that an address is verified, and others be wanted.
	o.site.SignIn.VerifiedClaim = "xms_edov"
	o.site.SignIn.Claims = map[string][]string{"sub": {"someone", "edge"}}
	b := o.browser()
	b.get(b.atProvider(b.outward(o, "/"), "edge")).want(t, "by another claim", http.StatusOK, "<bdi>csm@example.com</bdi>")
	o.site.SignIn.Claims = map[string][]string{"sub": {"someone"}}
	b = o.browser()
	b.get(b.atProvider(b.outward(o, "/"), "edge")).want(t, "by another claim, and not who is wanted", http.StatusForbidden)
}

// TestAnswersThatAreNotOurs: an answer that was made up, altered, kept or carried
// elsewhere signs nobody in, and spoils nothing for whoever tries again.
func TestAnswersThatAreNotOurs(t *testing.T) {
	o, log := company(t, true)
	with := func(at, key, value string) string {
		u, err := url.Parse(at)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		q.Set(key, value)
		if value == "" {
			q.Del(key)
		}
		u.RawQuery = q.Encode()
		return u.String()
	}
	for name, c := range map[string]struct {
		outward func(string) string    // what becomes of the way to the provider
		back    func(*browser, string) // and of the way back
		logged  string
		status  int
	}{
		"another nonce":       {func(at string) string { return with(at, "nonce", "made-up") }, func(b *browser, at string) { b.get(at) }, "made for another sign-in", 403},
		"no nonce":            {func(at string) string { return with(at, "nonce", "") }, nil, "made for another sign-in", 403},
		"another state":       {func(at string) string { return with(at, "state", "made-up") }, nil, "twice, too late, or to no sign-in", 403},
		"another state back":  {nil, func(b *browser, at string) { b.get(with(at, "state", "AAAA")) }, "twice, too late, or to no sign-in", 403},
		"no state":            {nil, func(b *browser, at string) { b.get(with(at, "state", "")) }, "not sent there", 403},
		"another code":        {nil, func(b *browser, at string) { b.get(with(at, "code", "AAAA")) }, "does not take the code", 403},
		"no code":             {nil, func(b *browser, at string) { b.get(with(at, "code", "")) }, "without a code", 403},
		"another issuer":      {nil, func(b *browser, at string) { b.get(with(at, "iss", "https://elsewhere.example")) }, "another provider", 403},
		"the other's browser": {nil, func(_ *browser, at string) { o.browser().get(at) }, "not sent there", 403},
		"a code that expired": {nil, func(b *browser, at string) {
			b.do(http.MethodPost, o.site.SignIn.Issuer+"/test/ahead?seconds=900", "")
			b.get(at)
		}, "does not take the code", 403},
		"another's challenge":  {func(at string) string { return with(at, "code_challenge", strings.Repeat("A", 43)) }, nil, "does not take the code", 403},
		"after a quarter hour": {nil, func(b *browser, at string) { o.set(o.Now().Add(15 * time.Minute)); b.get(at) }, "twice, too late, or to no sign-in", 403},
	} {
		t.Run(name, func(t *testing.T) {
			log.Reset()
			b := o.browser()
			b.t = t
			out := b.outward(o, "/")
			if c.outward != nil {
				out = c.outward(out)
			}
			back := b.atProvider(out, "csm")
			if c.back == nil {
				b.get(back).want(t, "the answer", c.status, "That did not work")
			} else {
				c.back(b, back)
			}
			b.get(o.team.URL+"/").want(t, "afterwards", http.StatusUnauthorized)
			if !strings.Contains(log.String(), c.logged) {
				t.Errorf("the log does not say %q: %s", c.logged, log)
			}
			b.do(http.MethodPost, o.site.SignIn.Issuer+"/test/ahead?seconds=0", "")
			o.set(time.Now())
			b.get(b.atProvider(b.outward(o, "/"), "csm")).want(t, "trying again", http.StatusOK, "csm@example.com")
		})
	}
}

// TestASessionIsNew: whoever signs in gets a session of a new name, and the one that
// the browser had before is over.
func TestASessionIsNew(t *testing.T) {
	o := newOffice(t)
	b := o.signedIn("csm@example.com")
	team, err := url.Parse(o.team.URL)
	if err != nil {
		t.Fatal(err)
	}
	before := b.client.Jar.Cookies(team)
	link, err := web.SignInLink(t.Context(), o.db, o.team.URL, "ae@example.com", o.Now())
	if err != nil {
		t.Fatal(err)
	}
	_, token, _ := strings.Cut(link, "token=")
	b.post(o.team.URL+"/signin", "token", token).want(t, "as another", http.StatusOK, "<bdi>ae@example.com</bdi>")
	other := o.browser()
	other.client.Jar.SetCookies(team, before)
	other.get(o.team.URL+"/").want(t, "the session before", http.StatusUnauthorized)
}

func TestAProviderThatIsNotThere(t *testing.T) {
	o := newOffice(t)
	b := o.browser()
	for _, path := range []string{"/signin/with", "/signin/callback?code=a&state=b"} {
		b.get(o.team.URL+path).want(t, "none", http.StatusNotFound, "no such page")
	}
	o.site.SignIn = &web.Provider{Name: "Example ID", Issuer: "http://127.0.0.1:1", ClientID: "throughline", ClientSecret: "x", Domains: []string{"example.com"}}
	b.get(o.team.URL+"/signin/with").want(t, "one that does not answer", http.StatusBadGateway, "Try again in a few minutes")
	b.get(o.team.URL+"/signin").want(t, "the page", http.StatusOK, "Example ID", "throughline signin")
}

// TestOneTimeLinksAreForThisMachine: where a provider signs in, and the pages are at
// another address, a link signs nobody in.
func TestOneTimeLinksAreForThisMachine(t *testing.T) {
	o := newOffice(t)
	o.site.SignIn = &web.Provider{Name: "Example ID", Issuer: "http://127.0.0.1:1"}
	link, err := web.SignInLink(t.Context(), o.db, o.team.URL, "csm@example.com", o.Now())
	if err != nil {
		t.Fatal(err)
	}
	_, token, _ := strings.Cut(link, "token=")
	here := o.links.Team
	o.links.Team = "https://team.example.com"
	b := o.browser()
	b.get(link).lacks(t, "the link's page", token, "throughline signin")
	b.post(here+"/signin", "token", token).want(t, "elsewhere", http.StatusForbidden, "Sign in with Example ID")
	o.links.Team = here
	b.post(here+"/signin", "token", token).want(t, "on this machine", http.StatusOK, "csm@example.com")
}

// TestByTLS: by TLS the browser is told to come by nothing else, and the session's
// cookie is one that only this host can have set.
func TestByTLS(t *testing.T) {
	o := newOffice(t)
	b := o.browser()
	if got := b.get(o.team.URL + "/signin").head.Get("Strict-Transport-Security"); got != "" {
		t.Errorf("by http: %q", got)
	}
	here, public := o.links.Team, o.links.Public
	o.links.Team, o.links.Public = "https://team.example.com", "https://handoff.example.com"
	for _, at := range []string{here + "/signin", here + "/none", public + "/review/x", public + web.AssetPath("style.css")} {
		if got := b.get(at).head.Get("Strict-Transport-Security"); !strings.HasPrefix(got, "max-age=31536000") {
			t.Errorf("%s: %q", at, got)
		}
	}
	link, err := web.SignInLink(t.Context(), o.db, here, "csm@example.com", o.Now())
	if err != nil {
		t.Fatal(err)
	}
	_, token, _ := strings.Cut(link, "token=")
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	a := b.post(here+"/signin", "token", token)
	cookie := a.head.Get("Set-Cookie")
	for _, part := range []string{"__Host-throughline=", "Secure", "HttpOnly", "Path=/;", "SameSite=Lax"} {
		if !strings.Contains(cookie, part) {
			t.Errorf("the cookie %q lacks %s", cookie, part)
		}
	}
	if strings.Contains(cookie, "Domain") {
		t.Errorf("the cookie %q is for other hosts", cookie)
	}
	value, _, _ := strings.Cut(cookie, ";")
	o.browser().do(http.MethodGet, here+"/", "", "Cookie", value).want(t, "signed in", http.StatusOK, "csm@example.com")
	plain := strings.TrimPrefix(value, "__Host-")
	o.browser().do(http.MethodGet, here+"/", "", "Cookie", plain).want(t, "a cookie that anybody could have set", http.StatusUnauthorized)
}

// TestSignInLeadsToOurPages: nothing else is a place to go on to.
func TestSignInLeadsToOurPages(t *testing.T) {
	for to, want := range map[string]string{
		"/runs/a?b=c": "/runs/a?b=c", "": "/", "//elsewhere.example": "/", "https://elsewhere.example/": "/", "/\\elsewhere.example": "/", "javascript:alert(1)": "/",
		"/a\r\nSet-Cookie: a=b": "/", "/%zz": "/", "runs": "/", "/\t/elsewhere.example": "/", "///elsewhere.example": "/",
	} {
		if got := web.Own(to); got != want {
			t.Errorf("%q leads to %q, want %q", to, got, want)
		}
	}
}

// TestGoogleVouchesForItsOwn: an address of the company's that a private account at
// Google has proves nothing.
func TestGoogleVouchesForItsOwn(t *testing.T) {
	p := &web.Provider{Issuer: "https://accounts.google.com", Domains: []string{"example.com"}}
	claims := map[string]any{"email": "csm@example.com", "email_verified": true}
	if who, err := p.Admitted(claims); err == nil {
		t.Errorf("%s signs in", who)
	}
	claims["hd"] = "elsewhere.example"
	if who, err := p.Admitted(claims); err == nil {
		t.Errorf("%s signs in", who)
	}
	claims["hd"] = "example.com"
	if who, err := p.Admitted(claims); err != nil || who != "csm@example.com" {
		t.Errorf("%s, %v", who, err)
	}
}
