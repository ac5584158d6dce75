package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"throughline/web"
)

// paced is an office whose limits are counted by a clock that a test moves.
func paced(t *testing.T) (o *office, wait func(time.Duration)) {
	t.Helper()
	o = newOffice(t)
	var mu sync.Mutex
	now := monday
	o.site.Clock = func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return now
	}
	return o, func(d time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(d)
	}
}

// TestGuessingTokens: who guesses is stopped soon, before the guess is looked at, and
// nobody else with them; after a while they may go on.
func TestGuessingTokens(t *testing.T) {
	o, wait := paced(t)
	o.site.ClientHeader = "X-Forwarded-For"
	link, err := web.SignInLink(t.Context(), o.db, o.team.URL, "csm@example.com", o.Now())
	if err != nil {
		t.Fatal(err)
	}
	_, token, _ := strings.Cut(link, "token=")
	sign := func(from, token string) answer {
		return o.browser().do(http.MethodPost, o.team.URL+"/signin", "token="+token, "X-Forwarded-For", from)
	}
	guesses := 0
	for ; guesses < 50; guesses++ {
		if a := sign("192.0.2.1", fmt.Sprint("guess", guesses)); a.status == http.StatusTooManyRequests {
			a.want(t, "too often", http.StatusTooManyRequests, "Wait a minute")
			if a.head.Get("Retry-After") == "" {
				t.Error("it does not say when to try again")
			}
			guarded(t, "too often", a)
			break
		}
	}
	if guesses > 5 {
		t.Errorf("%d guesses were looked at", guesses)
	}
	sign("192.0.2.1", token).want(t, "the right one, from there", http.StatusTooManyRequests)
	sign("198.51.100.7, 192.0.2.1", token).want(t, "with another address in front", http.StatusTooManyRequests)
	wait(time.Hour)
	for range 2 {
		sign("192.0.2.2", "guess").want(t, "another's slip", http.StatusForbidden)
	}
	sign("192.0.2.2", token).want(t, "then the right one", http.StatusOK, "csm@example.com")
}

// TestLinksAndFormsAreLimited: each of them for itself, and reading for who has signed
// in not at all.
func TestLinksAndFormsAreLimited(t *testing.T) {
	o, wait := paced(t)
	id := o.published()
	b := o.signedIn("csm@example.com")
	page := o.team.URL + "/runs/" + id
	until := func(what string, ask func() answer) int {
		for n := range 1000 {
			if ask().status == http.StatusTooManyRequests {
				return n
			}
		}
		t.Errorf("%s: a thousand were answered", what)
		return 0
	}
	link := o.reviewLink(id)
	if n := until("looking at a link", func() answer { return b.get(link) }); n < 60 || n > 240 {
		t.Errorf("%d looks at a link", n)
	}
	b.get(o.public.URL+web.AssetPath("style.css")).want(t, "what pages load", http.StatusOK)
	if n := until("sending forms", func() answer { return b.post(page+"/retry", "task", "none") }); n < 60 || n > 240 {
		t.Errorf("%d forms", n)
	}
	for range 300 {
		if a := b.get(page + "/history"); a.status != http.StatusOK {
			t.Fatalf("reading: %d", a.status)
		}
	}
	wait(time.Minute)
	b.post(page+"/note", "text", "After a while.").want(t, "after a while", http.StatusOK)
	wait(time.Hour)
	if n := until("guessing links", func() answer { return b.get(link + "x") }); n > 40 {
		t.Errorf("%d guesses of a link", n)
	}
}

// TestWhoseAddressItIs: what a header says counts only where it is configured.
func TestWhoseAddressItIs(t *testing.T) {
	for _, c := range []struct{ header, remote, said, want string }{
		{"", "192.0.2.1:1234", "198.51.100.1", "192.0.2.1/32"},
		{"", "[2001:db8:1:2:3::4]:1234", "", "2001:db8:1:2::/64"},
		{"", "[::ffff:192.0.2.1]:1234", "", "192.0.2.1/32"},
		{"", "[fe80::1%eth0]:1234", "", "fe80::/64"},
		{"", "@", "", "invalid Prefix"},
		{"X-Real-IP", "127.0.0.1:1", "198.51.100.1", "198.51.100.1/32"},
		{"X-Forwarded-For", "127.0.0.1:1", "203.0.113.9, 198.51.100.1", "198.51.100.1/32"},
		{"X-Forwarded-For", "127.0.0.1:1", "203.0.113.9,198.51.100.1:5678", "198.51.100.1/32"},
		{"X-Forwarded-For", "127.0.0.1:1", "[2001:db8::1]", "2001:db8::/64"},
		{"X-Forwarded-For", "127.0.0.1:1", "", "127.0.0.1/32"},
		{"X-Forwarded-For", "127.0.0.1:1", "unknown", "invalid Prefix"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.RemoteAddr = c.remote
		r.Header.Set("X-Forwarded-For", c.said)
		r.Header.Set("X-Real-IP", c.said)
		s := &web.Server{ClientHeader: c.header}
		if got := s.Address(r); got != c.want {
			t.Errorf("%+v: it is %s", c, got)
		}
	}
}

// TestManyAddresses: however many ask, what is remembered of them stays bounded.
func TestManyAddresses(t *testing.T) {
	s := &web.Server{Clock: func() time.Time { return monday }}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	most := 0
	for i := range 25_000 {
		r.RemoteAddr = fmt.Sprintf("[2001:db8:%x:%x::1]:1", i>>16, i&0xffff)
		most = max(most, s.Asked(r))
	}
	if most != web.MostAddresses {
		t.Errorf("%d are remembered", most)
	}
}
