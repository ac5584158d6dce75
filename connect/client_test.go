package connect_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline/connect"
)

// A clock moves only when somebody sleeps by it.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	slept time.Duration
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now, c.slept = c.now.Add(d), c.slept+d
	return ctx.Err()
}

// A script answers the n-th request with its n-th step, and all after the last
// step well.
type script []func(w http.ResponseWriter, r *http.Request)

func (s script) serve(t *testing.T) (addr string, served *atomic.Int64) {
	t.Helper()
	served = new(atomic.Int64)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := int(served.Add(1))
		if n <= len(s) {
			s[n-1](w, r)
			return
		}
		say(w, `{"answer":"yes"}`)
	}))
	t.Cleanup(srv.Close)
	return srv.URL, served
}

// say answers; who went away meanwhile does not hear it.
func say(w http.ResponseWriter, s string) { _, _ = io.WriteString(w, s) }

func status(code int, header ...string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}

func aborted(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func truncated(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "100")
	say(w, `{"answer":`)
}

func slow(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

func text(s string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { say(w, s) }
}

func TestFaults(t *testing.T) {
	read := connect.Request{Op: "read it", Path: "/it"}
	write := connect.Request{Op: "write it", Method: http.MethodPost, Path: "/it", Body: map[string]string{"a": "b"}}
	upsert := write
	upsert.Repeatable = true
	down := status(http.StatusServiceUnavailable)

	for _, tc := range []struct {
		name      string
		script    script
		req       connect.Request
		served    int64
		slept     time.Duration // exactly, where not 0
		fails     int           // status of the error
		failsWith string
	}{
		{name: "all well", req: read, served: 1},
		{name: "too many, by seconds", script: script{status(429, "Retry-After", "7")}, req: read, served: 2, slept: 7 * time.Second},
		{name: "too many, by date", script: script{status(429, "Retry-After", "Mon, 02 Mar 2026 09:00:20 GMT")}, req: read, served: 2, slept: 20 * time.Second},
		{name: "too many, a write", script: script{status(429, "Retry-After", "1")}, req: write, served: 2, slept: time.Second},
		{name: "too many, without a word", script: script{status(429)}, req: read, served: 2},
		{name: "too many, for longer than we wait", script: script{status(429, "Retry-After", "3600")}, req: read, served: 1, fails: 429, failsWith: "Wait"},
		{name: "down", script: script{down}, req: read, served: 2},
		{name: "down for good", script: script{down, down, down, down, down}, req: read, served: 4, fails: 503, failsWith: "status page"},
		{name: "down, a write", script: script{down}, req: write, served: 1, fails: 503, failsWith: "Try again later"},
		{name: "down, a write that may be repeated", script: script{down}, req: upsert, served: 2},
		{name: "connection lost", script: script{aborted}, req: read, served: 2},
		{name: "connection lost, a write", script: script{aborted}, req: write, served: 1, failsWith: "can be reached"},
		{name: "cut short", script: script{truncated}, req: read, served: 2},
		{name: "cut short, a write", script: script{truncated}, req: write, served: 1, failsWith: "can be reached"},
		{name: "not JSON", script: script{text("<html>")}, req: read, served: 2},
		{name: "not JSON for good", script: script{text("<"), text("<"), text("<"), text("<")}, req: read, served: 4, fails: 200, failsWith: "not the JSON"},
		{name: "slow", script: script{slow}, req: read, served: 2},
		{name: "wrong request", script: script{status(400)}, req: read, served: 1, fails: 400, failsWith: "report"},
		{name: "forbidden", script: script{status(403)}, req: read, served: 1, fails: 403, failsWith: "permission"},
		{name: "refused, and no new credential", script: script{status(401)}, req: read, served: 1, fails: 401, failsWith: "credential"},
		{name: "elsewhere", script: script{status(302, "Location", "https://other.example/it")}, req: read, served: 1, fails: 302, failsWith: "not the one to use"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			addr, served := tc.script.serve(t)
			clk := newClock()
			c := &connect.Client{
				Vendor: "Vendor", Base: addr, Auth: connect.Static("t"), Now: clk.Now, Sleep: clk.Sleep,
				HTTP: &http.Client{Timeout: 300 * time.Millisecond}, Limiter: connect.NewLimiter(1000, 1000),
			}
			var out struct{ Answer string }
			_, err := c.Do(t.Context(), tc.req, &out)
			if served.Load() != tc.served {
				t.Errorf("%d requests, want %d", served.Load(), tc.served)
			}
			if tc.slept != 0 && clk.slept != tc.slept {
				t.Errorf("slept %s, want %s", clk.slept, tc.slept)
			}
			if tc.failsWith == "" {
				if err != nil || out.Answer != "yes" {
					t.Fatalf("got %q and %v", out.Answer, err)
				}
				return
			}
			var e *connect.Error
			if !errors.As(err, &e) || e.Status != tc.fails || e.Op != tc.req.Op || !strings.Contains(err.Error(), tc.failsWith) {
				t.Fatalf("got error %v, want status %d and %q", err, tc.fails, tc.failsWith)
			}
			// A second try ends well, once the vendor does.
			clk.now = clk.now.Add(2 * time.Hour)
			if served.Load() < int64(len(tc.script)) {
				served.Store(int64(len(tc.script)))
			}
			if _, err := c.Do(t.Context(), tc.req, &out); err != nil || out.Answer != "yes" {
				t.Errorf("second try: got %q and %v", out.Answer, err)
			}
		})
	}
}

func TestUnreachableWriteIsTriedAgain(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	srv.Close()
	clk := newClock()
	budget := &connect.Budget{}
	c := &connect.Client{Vendor: "Vendor", Base: srv.URL, Now: clk.Now, Sleep: clk.Sleep, Budget: budget}
	_, err := c.Do(t.Context(), connect.Request{Op: "write it", Method: http.MethodPost, Path: "/it"}, nil)
	if err == nil || budget.Total() != 4 {
		t.Errorf("%d tries, error %v; want 4: nothing was ever sent", budget.Total(), err)
	}
}

func TestCancelled(t *testing.T) {
	addr, served := script{slow}.serve(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := (&connect.Client{Vendor: "Vendor", Base: addr}).Do(ctx, connect.Request{Path: "/it"}, nil)
	if !errors.Is(err, context.DeadlineExceeded) || served.Load() != 1 {
		t.Errorf("got %v after %d requests", err, served.Load())
	}
}

func TestDownloadIsBounded(t *testing.T) {
	addr, _ := script{text("12345"), text("123456")}.serve(t)
	c := &connect.Client{Vendor: "Vendor", Base: addr}
	got, err := c.Download(t.Context(), connect.Request{Path: "/file"}, 5)
	if err != nil || string(got.Body) != "12345" {
		t.Errorf("got %v and %v", got, err)
	}
	if _, err := c.Download(t.Context(), connect.Request{Path: "/file"}, 5); err == nil || !strings.Contains(err.Error(), "more than 5 bytes") {
		t.Errorf("a longer file gave %v", err)
	}
}

// TestCredentialStaysHome: no address but the base's host gets the credential,
// and none in clear.
func TestCredentialStaysHome(t *testing.T) {
	addr, served := script{}.serve(t)
	for _, tc := range []struct{ base, path string }{
		{"https://api.example.com", addr + "/next"},
		{addr, "https://other.example/next"},
		{addr, "//other.example/next"},
		{"http://api.example.com", "/it"},
		{"api.example.com", "/it"},
		{"", "/it"},
	} {
		c := &connect.Client{Vendor: "Vendor", Base: tc.base, Auth: connect.Static("t")}
		if _, err := c.Do(t.Context(), connect.Request{Path: tc.path}, nil); err == nil {
			t.Errorf("%s at %s went through", tc.path, tc.base)
		}
	}
	if served.Load() != 0 {
		t.Errorf("%d requests got out", served.Load())
	}
	c := &connect.Client{Vendor: "Vendor", Base: addr}
	if _, err := c.Do(t.Context(), connect.Request{Path: addr + "/next?page=2"}, nil); err != nil {
		t.Errorf("the base's own whole address: %v", err)
	}
}

func TestRequestIsSentAsSaid(t *testing.T) {
	type sent struct{ Method, URI, Type, Body, Auth string }
	var got []sent
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = append(got, sent{r.Method, r.RequestURI, r.Header.Get("Content-Type"), string(body), r.Header.Get("Authorization")})
	}))
	defer srv.Close()
	c := &connect.Client{Vendor: "Vendor", Base: srv.URL + "/root", Auth: connect.Basic{User: "u", Password: "p"}}
	for _, req := range []connect.Request{
		{Path: "/a%2Fb", Query: url.Values{"q": {"x y"}}},
		{Method: "PUT", Path: "/c?d=e", Body: []byte("raw"), Header: http.Header{"content-type": {"text/plain"}}},
		{Method: "POST", Path: "/f", Body: url.Values{"g": {"h"}}},
		{Method: "PATCH", Path: "/i", Body: struct {
			J int `json:"j"`
		}{1}},
	} {
		if _, err := c.Do(t.Context(), req, nil); err != nil {
			t.Fatal(err)
		}
	}
	const basic = "Basic dTpw"
	want := []sent{
		{"GET", "/root/a%2Fb?q=x+y", "", "", basic},
		{"PUT", "/root/c?d=e", "text/plain", "raw", basic},
		{"POST", "/root/f", "application/x-www-form-urlencoded", "g=h", basic},
		{"PATCH", "/root/i", "application/json", `{"j":1}`, basic},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestRefreshOnce: many callers whose token is refused at the same time get one
// new one between them, and all their calls, writes too, end well.
func TestRefreshOnce(t *testing.T) {
	var valid atomic.Value
	valid.Store("token-1")
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+valid.Load().(string) {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer srv.Close()
	var fetched atomic.Int64
	auth := &connect.Bearer{Fetch: func(context.Context) (connect.Grant, error) {
		return connect.Grant{Token: fmt.Sprintf("token-%d", fetched.Add(1)), Base: srv.URL}, nil
	}}
	c := &connect.Client{Vendor: "Vendor", Auth: auth}
	write := connect.Request{Method: http.MethodPost, Path: "/it"}
	if _, err := c.Do(t.Context(), write, nil); err != nil {
		t.Fatal(err)
	}
	valid.Store("token-2")
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := c.Do(t.Context(), write, nil); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if fetched.Load() != 2 {
		t.Errorf("%d tokens were fetched, want 2", fetched.Load())
	}
	valid.Store("none")
	if _, err := c.Do(t.Context(), write, nil); err == nil || fetched.Load() != 3 {
		t.Errorf("a token refused for good gave %v after %d fetches", err, fetched.Load())
	}
}

func TestBearerRenewsBeforeTheEnd(t *testing.T) {
	clk := newClock()
	fetched := 0
	b := &connect.Bearer{Now: clk.Now, Fetch: func(context.Context) (connect.Grant, error) {
		fetched++
		return connect.Grant{Token: "t", Expires: clk.Now().Add(time.Hour)}, nil
	}}
	for _, step := range []struct {
		pass time.Duration
		want int
	}{{0, 1}, {59 * time.Minute, 1}, {45 * time.Second, 2}} {
		clk.now = clk.now.Add(step.pass)
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
		if err := b.Authorize(t.Context(), r); err != nil || fetched != step.want {
			t.Errorf("%s later: %d fetched, want %d; %v", step.pass, fetched, step.want, err)
		}
	}
}

// TestFailedFetchIsNotMultiplied: what getting a token was tried for, the call
// does not try again on top.
func TestFailedFetchIsNotMultiplied(t *testing.T) {
	addr, _ := script{}.serve(t)
	fetched := 0
	c := &connect.Client{Vendor: "Vendor", Base: addr, Auth: &connect.Bearer{Fetch: func(context.Context) (connect.Grant, error) {
		fetched++
		return connect.Grant{}, &connect.Error{Vendor: "Vendor", Op: "get a token", Status: 503, Temporary: true}
	}}}
	_, err := c.Do(t.Context(), connect.Request{Path: "/it"}, nil)
	var e *connect.Error
	if !errors.As(err, &e) || e.Op != "get a token" || fetched != 1 {
		t.Errorf("got %v after %d fetches", err, fetched)
	}
}

// roundTrip stands in for the network, so that a bubble's clock can run.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answer(code int, header http.Header) *http.Response {
	return &http.Response{StatusCode: code, Header: header, Body: io.NopCloser(strings.NewReader("{}"))}
}

// TestPaceIsShared: two clients of one credential keep one pace between them, and
// when the vendor turns one away, the other waits too.
func TestPaceIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var mu sync.Mutex
		var at []time.Duration
		n := 0
		net := &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			mu.Lock()
			defer mu.Unlock()
			at = append(at, time.Since(start))
			if n++; n == 4 {
				return answer(429, http.Header{"Retry-After": {"30"}}), nil
			}
			return answer(200, nil), nil
		})}
		limiter := connect.NewLimiter(2, 1)
		a := &connect.Client{Vendor: "Vendor", Base: "https://a.example", HTTP: net, Limiter: limiter}
		b := &connect.Client{Vendor: "Vendor", Base: "https://a.example", HTTP: net, Limiter: limiter}
		var wg sync.WaitGroup
		for _, c := range []*connect.Client{a, b} {
			wg.Go(func() {
				for range 4 {
					if _, err := c.Do(t.Context(), connect.Request{Path: "/"}, nil); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if len(at) != 9 {
			t.Fatalf("%d requests, want 9", len(at))
		}
		for i := 1; i < len(at); i++ {
			least := 500 * time.Millisecond
			if i == 4 {
				least = 30 * time.Second
			}
			if gap := at[i] - at[i-1]; gap < least {
				t.Errorf("request %d came %s after the one before, want %s at least", i, gap, least)
			}
		}
	})
}

// TestLongPauseIsNotSleptThrough: everybody learns at once how long it is.
func TestLongPauseIsNotSleptThrough(t *testing.T) {
	addr, served := script{status(429, "Retry-After", "600")}.serve(t)
	clk := newClock()
	limiter := connect.NewLimiter(1000, 1000)
	for i := range 2 {
		c := &connect.Client{Vendor: "Vendor", Base: addr, Now: clk.Now, Sleep: clk.Sleep, Limiter: limiter}
		_, err := c.Do(t.Context(), connect.Request{Path: "/it"}, nil)
		var e *connect.Error
		if !errors.As(err, &e) || e.RetryAfter != 10*time.Minute || !e.Temporary {
			t.Errorf("client %d: %v", i, err)
		}
	}
	if served.Load() != 1 || clk.slept != 0 {
		t.Errorf("%d requests, %s slept", served.Load(), clk.slept)
	}
}

func TestSharedLimiter(t *testing.T) {
	a := connect.SharedLimiter("Vendor", "one", 1, 1)
	if connect.SharedLimiter("Vendor", "one", 1, 1) != a {
		t.Error("the same credential has two limiters")
	}
	if connect.SharedLimiter("Vendor", "two", 1, 1) == a || connect.SharedLimiter("Other", "one", 1, 1) == a {
		t.Error("two credentials share a limiter")
	}
}

func TestBudget(t *testing.T) {
	addr, served := script{status(503)}.serve(t)
	clk := newClock()
	c := &connect.Client{Vendor: "Vendor", Base: addr, Now: clk.Now, Sleep: clk.Sleep, Budget: &connect.Budget{Most: 3}}
	for _, op := range []string{"a", "b"} {
		if _, err := c.Do(t.Context(), connect.Request{Op: op, Path: "/it"}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Do(t.Context(), connect.Request{Op: "c", Path: "/it"}, nil); err == nil || !strings.Contains(err.Error(), "budget of 3") {
		t.Errorf("over the budget: %v", err)
	}
	if diff := cmp.Diff(map[string]int{"a": 2, "b": 1}, c.Budget.Counts()); diff != "" || served.Load() != 3 {
		t.Errorf("%d served\n%s", served.Load(), diff)
	}
}

// TestNothingLeaks plants a secret and content wherever they could get out, and
// looks for them in errors and logs.
func TestNothingLeaks(t *testing.T) {
	const secret, content = "s3cr3t-planted", "they-will-churn"
	echo := func(code int) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://"+content+".example/"+secret)
			w.WriteHeader(code)
			say(w, `{"error":"token `+secret+` is not known"}`)
		}
	}
	leakyDecode := func(status int, _ http.Header, body []byte) *connect.Error {
		e := connect.Answered(status)
		e.Message, e.Code = string(body), secret
		return e
	}
	var log bytes.Buffer
	for name, step := range map[string]func(http.ResponseWriter, *http.Request){
		"400": echo(400), "401": echo(401), "302": echo(302), "503": echo(503), "lost": aborted, "cut": truncated,
		"not JSON": text(content + secret), "slow": slow, "well": text(`{"it":"` + content + secret + `"}`),
	} {
		addr, _ := script{step, step, step, step}.serve(t)
		clk := newClock()
		c := &connect.Client{
			Vendor: "Vendor", Base: addr, Auth: connect.Static(secret), Decode: leakyDecode, Now: clk.Now, Sleep: clk.Sleep,
			HTTP: &http.Client{Timeout: 100 * time.Millisecond}, Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		}
		_, err := c.Do(t.Context(), connect.Request{
			Op: "read it", Path: "/it/" + content, Query: url.Values{"q": {content + secret}}, Body: map[string]string{"text": content + secret},
		}, new(map[string]string))
		if (err == nil) != (name == "well") {
			t.Errorf("%s: got error %v", name, err)
		}
		if err != nil && (strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), content)) {
			t.Errorf("%s: the error tells: %v", name, err)
		}
	}
	if strings.Contains(log.String(), secret) || strings.Contains(log.String(), content) {
		t.Errorf("the log tells:\n%s", log.String())
	}
	if !strings.Contains(log.String(), `op="read it"`) {
		t.Errorf("the log does not say what was done:\n%s", log.String())
	}
}

// TestBasicIsNotEchoed: a vendor that repeats the header in its message.
func TestBasicIsNotEchoed(t *testing.T) {
	addr, _ := script{func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		say(w, r.Header.Get("Authorization")+" s3cr3t-planted is odd")
	}}.serve(t)
	c := &connect.Client{Vendor: "Vendor", Base: addr, Auth: connect.Basic{User: "user", Password: "s3cr3t-planted"}}
	c.Decode = func(status int, _ http.Header, body []byte) *connect.Error {
		e := connect.Answered(status)
		e.Message = string(body)
		return e
	}
	_, err := c.Do(t.Context(), connect.Request{Path: "/it"}, nil)
	if err == nil || !strings.Contains(err.Error(), "Basic [secret] [secret] is odd") {
		t.Errorf("got %v", err)
	}
}

func TestPages(t *testing.T) {
	broken := errors.New("broken")
	pages := map[string]struct {
		page []int
		next string
		err  error
	}{
		"": {[]int{1, 2}, "b", nil}, "b": {nil, "c", nil}, "c": {[]int{3}, "", nil},
	}
	fetch := func(_ context.Context, cursor string) ([]int, string, error) {
		p := pages[cursor]
		return p.page, p.next, p.err
	}
	all := func() (got []int, err error) {
		for n, e := range connect.Pages(t.Context(), fetch) {
			if e != nil {
				return got, e
			}
			got = append(got, n)
		}
		return got, nil
	}
	if got, err := all(); err != nil || !cmp.Equal(got, []int{1, 2, 3}) {
		t.Errorf("got %v, %v", got, err)
	}
	last := pages["c"]
	last.next = "b"
	pages["c"] = last
	if got, err := all(); !errors.Is(err, connect.ErrCursorLoop) {
		t.Errorf("in a circle: got %v, %v", got, err)
	}
	last.err = broken
	pages["c"] = last
	if got, err := all(); !errors.Is(err, broken) || !cmp.Equal(got, []int{1, 2}) {
		t.Errorf("broken: got %v, %v", got, err)
	}
	for n, err := range connect.Pages(t.Context(), fetch) {
		if n != 1 || err != nil {
			t.Errorf("the first is %d, %v", n, err)
		}
		break // stopping early is no fault
	}
}
