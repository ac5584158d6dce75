package web_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"throughline"
	"throughline/connect"
	"throughline/lifecycle"
	"throughline/store"
	"throughline/store/storetest"
	"throughline/web"
)

// An office is where the pages are tested: both handlers over a real store, with a
// clock that a test moves.
type office struct {
	*lifecycle.Service
	t            testing.TB
	db           *store.DB
	links        *web.Links
	site         *web.Server
	team, public *httptest.Server

	mu        sync.Mutex
	now       time.Time
	sent      []connect.Message
	down      error // of mail
	deal      connect.Record
	ae        string
	items     []throughline.Item
	questions []throughline.Question
}

var monday = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

func open(t testing.TB, db *store.DB) *office {
	o := &office{
		t: t, now: monday, ae: "ae@example.com", deal: connect.Record{ID: "006A", Name: "Example - Sync", Customer: "Example", Managers: []string{"Lead@example.com"}}, db: db,
		questions: []throughline.Question{{ID: "q1", Text: "Who owns the data load?"}},
		items: []throughline.Item{
			item("use_case-1", "Nightly load in under an hour", "we need it under an hour"),
			item("use_case-2", "Live in four weeks", "four weeks, no longer"),
		},
	}
	clock := func() time.Time {
		o.mu.Lock()
		defer o.mu.Unlock()
		return o.now
	}
	rules := lifecycle.DefaultRules()
	rules.Destinations = []string{"notion"}
	o.links = &web.Links{Key: []byte("0123456789abcdef0123456789abcdef"), Now: clock}
	o.Service = &lifecycle.Service{
		Rules: rules, Store: o.db, Collector: o, Engine: o, Now: clock, Links: o.links,
		Destinations: map[string]lifecycle.Destination{"notion": {Publisher: o, Audience: throughline.AudienceTeam}},
		Messengers:   map[string]lifecycle.Messenger{lifecycle.WayMail: o},
	}
	s := &web.Server{Service: o.Service, Store: o.db, Links: o.links, Admins: []string{"ops@example.com"}, Clock: hurried()}
	o.site = s
	o.team, o.public = httptest.NewServer(s.Team()), httptest.NewServer(s.Public())
	t.Cleanup(o.team.Close)
	t.Cleanup(o.public.Close)
	o.links.Team, o.links.Public = o.team.URL, o.public.URL
	return o
}

// hurried is a clock by which an hour has passed whenever it is asked, so that nobody
// asks too often.
func hurried() func() time.Time {
	var asked atomic.Int64
	return func() time.Time { return monday.Add(time.Duration(asked.Add(1)) * time.Hour) }
}

func newOffice(t *testing.T) *office {
	t.Helper()
	return open(t, storetest.Open(t, filepath.Join(t.TempDir(), "throughline.db")))
}

func item(id, text, quote string) throughline.Item {
	return throughline.Item{
		ID: id, Kind: throughline.KindUseCase, Section: throughline.KindUseCase.Section(), Text: text,
		Evidence: []throughline.Evidence{{Quote: quote, Speaker: "A customer", CustomersHeard: 2}},
	}
}

func (o *office) Collect(context.Context, string) (*lifecycle.Collection, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return &lifecycle.Collection{
		Record: o.deal, AE: lifecycle.Person{Email: o.ae}, CSM: lifecycle.Person{Email: "csm@example.com"},
		Archive: []byte("zip"), Print: fmt.Sprint(len(o.items)),
	}, nil
}

func (o *office) Handoff(_ context.Context, _ []byte, at time.Time) (*throughline.Handoff, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return &throughline.Handoff{
		GeneratedAt: at, Items: slices.Clone(o.items), Questions: slices.Clone(o.questions),
		Deal: throughline.Header{Customer: throughline.Company{Name: o.deal.Customer}},
	}, nil
}

func (o *office) Publish(context.Context, connect.Publication) (connect.Copy, error) {
	return connect.Copy{ID: "page", URL: "https://pages.example.com/a"}, nil
}

func (o *office) Send(_ context.Context, m connect.Message) (connect.Copy, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.down != nil {
		return connect.Copy{}, o.down
	}
	o.sent = append(o.sent, m)
	return connect.Copy{}, nil
}

// win starts a run of the deal.
func (o *office) win() string {
	o.t.Helper()
	run, made, err := o.Detected(o.t.Context(), o.deal, o.Now(), false, false)
	if err != nil || !made {
		o.t.Fatalf("the run was not made: %v", err)
	}
	return run.ID
}

func (o *office) set(now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.now = now
}

// until carries out what falls due up to a moment, each at its time.
func (o *office) until(end time.Time) {
	o.t.Helper()
	for range 5000 {
		next, err := o.db.Next(o.t.Context())
		if err != nil {
			o.t.Fatal(err)
		}
		if next.IsZero() || next.After(end) {
			o.set(end)
			return
		}
		if next.After(o.Now()) {
			o.set(next)
		}
		if _, err := o.RunDue(o.t.Context(), 100); err != nil {
			o.t.Fatal(err)
		}
	}
	o.t.Fatal("the play does not come to rest")
}

// drafted and published are runs that are so far.
func (o *office) drafted() string {
	o.t.Helper()
	id := o.win()
	o.until(monday.Add(2 * time.Hour))
	return id
}

func (o *office) published() string {
	o.t.Helper()
	id := o.win()
	o.until(monday.Add(25 * time.Hour))
	return id
}

func (o *office) run(id string) lifecycle.Run {
	o.t.Helper()
	run, err := o.db.Run(o.t.Context(), id)
	if err != nil {
		o.t.Fatal(err)
	}
	return run
}

func (o *office) words(id string) []lifecycle.Word {
	o.t.Helper()
	words, err := o.db.Words(o.t.Context(), id)
	if err != nil {
		o.t.Fatal(err)
	}
	return words
}

// moves are what happened, by name.
func (o *office) moves(id string) (out []string) {
	o.t.Helper()
	moves, err := o.db.Moves(o.t.Context(), id)
	if err != nil {
		o.t.Fatal(err)
	}
	for _, m := range moves {
		out = append(out, m.What+" by "+m.Who)
	}
	return out
}

// letters are the messages to somebody.
func (o *office) letters(to string) (out []connect.Message) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, m := range o.sent {
		if m.To == to {
			out = append(out, m)
		}
	}
	return out
}

func (o *office) reviewLink(id string) string {
	o.t.Helper()
	link, err := o.links.Review(o.t.Context(), o.run(id))
	if err != nil {
		o.t.Fatal(err)
	}
	return link
}

// A browser keeps cookies, and says where its forms come from.
type browser struct {
	t      testing.TB
	client *http.Client
	from   string // Sec-Fetch-Site
}

func (o *office) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		o.t.Fatal(err)
	}
	return &browser{t: o.t, client: &http.Client{Jar: jar}, from: "same-origin"}
}

// signedIn is a browser in which somebody has signed in.
func (o *office) signedIn(who string) *browser {
	o.t.Helper()
	b := o.browser()
	link, err := web.SignInLink(o.t.Context(), o.db, o.team.URL, who, o.Now())
	if err != nil {
		o.t.Fatal(err)
	}
	_, token, _ := strings.Cut(link, "token=")
	if a := b.post(o.team.URL+"/signin", "token", token); a.status != http.StatusOK || !strings.Contains(a.body, "Signed in as") {
		o.t.Fatalf("signing in: %d %s", a.status, a.body)
	}
	return b
}

type answer struct {
	status int
	body   string
	head   http.Header
	path   string // where it ended
}

func (b *browser) do(method, url, body string, headers ...string) answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", b.from)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer{resp.StatusCode, string(data), resp.Header, resp.Request.URL.RequestURI()}
}

func (b *browser) get(url string) answer { b.t.Helper(); return b.do(http.MethodGet, url, "") }

func (b *browser) post(at string, pairs ...string) answer {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return b.do(http.MethodPost, at, form.Encode())
}

var browserField = regexp.MustCompile(`name="browser" value="([^"]+)"`)

// opened is a browser in which a review link was opened by its button.
func (o *office) opened(link string) *browser {
	o.t.Helper()
	b := o.browser()
	name := browserField.FindStringSubmatch(b.get(link).body)
	if name == nil {
		o.t.Fatal("the page has no button")
	}
	if a := b.post(link+"/open", "browser", name[1]); a.status != http.StatusOK || !strings.Contains(a.body, "Nightly load") {
		o.t.Fatalf("opening: %d %s", a.status, a.body)
	}
	return b
}

func (a answer) want(t testing.TB, what string, status int, texts ...string) {
	t.Helper()
	if a.status != status {
		t.Errorf("%s: answered %d, not %d", what, a.status, status)
	}
	for _, text := range texts {
		if !strings.Contains(a.body, text) {
			_, main, _ := strings.Cut(a.body, "<main>")
			t.Errorf("%s: the page does not say %.200q:\n%.1500s", what, text, main)
		}
	}
}

func (a answer) lacks(t testing.TB, what string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(a.body, text) {
			t.Errorf("%s: the page says %q", what, text)
		}
	}
}

// openFor opens a database for a fuzz test or a benchmark.
func openFor(t testing.TB) *store.DB {
	t.Helper()
	db, err := store.Open(context.Background(), filepath.Join(t.TempDir(), "throughline.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}
