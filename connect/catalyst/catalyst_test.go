package catalyst_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline"
	"throughline/connect"
	"throughline/connect/catalyst"
	twin "throughline/twin/catalyst"
	"throughline/twin/fault"
)

// key is planted: no error or log may hold it.
const key = "planted-secret-0123456789"

const (
	account = "001000000000001AAA"
	link    = "https://handoffs.example/d/1"
)

var today = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// A rig is a connector before its stand-in, on one clock.
type rig struct {
	twin   *twin.Server
	now    time.Time
	log    bytes.Buffer
	config catalyst.Config
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{now: today}
	r.twin = &twin.Server{Header: "Authorization", Value: "Bearer " + key, Now: r.clock}
	return r
}

func (r *rig) clock() time.Time { return r.now }

func (r *rig) client(t *testing.T) *catalyst.Client {
	t.Helper()
	srv := httptest.NewServer(r.twin)
	t.Cleanup(srv.Close)
	cfg := r.config
	cfg.Key, cfg.Base, cfg.Now = key, srv.URL, r.clock
	cfg.HTTP = &http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}
	cfg.Limiter = connect.NewLimiter(1000, 1000)
	cfg.Sleep = func(ctx context.Context, d time.Duration) error { r.now = r.now.Add(d); return ctx.Err() }
	cfg.Log = slog.New(slog.NewTextHandler(&r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	c, err := catalyst.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// others are accounts that changed long ago.
func (r *rig) others(n int) {
	was := r.now
	r.now = today.AddDate(-1, 0, 0)
	for i := range n {
		r.twin.AddAccount(fmt.Sprintf("001%012dAAA", 100+i), "Example Corp")
	}
	r.now = was
}

func record() connect.Record {
	return connect.Record{ID: "006", Account: account, Closed: today.Add(-2 * time.Hour)}
}

func publication() connect.Publication {
	return connect.Publication{Key: "006.1", Deal: record(), Handoff: &throughline.Handoff{Version: 1, GeneratedAt: today}, Link: link}
}

func TestMatch(t *testing.T) {
	for name, tc := range map[string]struct {
		others  int
		changed time.Time // when the customer's account was made
		ask     string
		want    string
		calls   map[string]int
	}{
		"changed lately":            {350, today, account, "acc-351", map[string]int{twin.RouteAccounts: 1, twin.RouteAccount: 1}},
		"with 15 characters":        {0, today, account[:15], "acc-1", map[string]int{twin.RouteAccounts: 1, twin.RouteAccount: 1}},
		"changed long ago":          {350, today.AddDate(-1, 0, 0), account, "acc-351", map[string]int{twin.RouteAccounts: 5, twin.RouteAccount: 1}},
		"not there":                 {350, today, "001000000000009AAA", "", map[string]int{twin.RouteAccounts: 5}},
		"a page that is just full":  {199, today, "001000000000009AAA", "", map[string]int{twin.RouteAccounts: 4}},
		"an id that begins alike":   {0, today, "001000000000001BBBB", "", map[string]int{twin.RouteAccounts: 2}},
		"another CRM's shorter ids": {0, today, "12465939746", "", map[string]int{twin.RouteAccounts: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.others(tc.others)
			r.now = tc.changed
			r.twin.AddAccount(account, "Brightwater Clinics")
			r.now = today
			rec := record()
			rec.Account = tc.ask
			found, err := r.client(t).Match(t.Context(), &rec)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if found != nil {
				got = found.ID
			}
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			if diff := cmp.Diff(tc.calls, r.twin.Requests()); diff != "" {
				t.Errorf("calls: %s", diff)
			}
		})
	}
}

func TestMirrored(t *testing.T) {
	for name, tc := range map[string]struct {
		label, value, attribute string
		want                    string
	}{
		"any attribute":     {"Handoff link", link, "", "Handoff link"},
		"the named one":     {"Handoff link", link, "handoff LINK", "Handoff link"},
		"another than that": {"Website", link, "Handoff link", ""},
		"another link":      {"Handoff link", link + "2", "", ""},
		"with white space":  {"Handoff link", " " + link + "\n", "", "Handoff link"},
		"none":              {"Industry", "Healthcare", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.twin.AddAccount(account, "Brightwater Clinics")
			r.twin.Mirror(account, tc.label, tc.value)
			r.config.Attribute = tc.attribute
			rec := record()
			m, err := r.client(t).Mirrored(t.Context(), &rec, link)
			if err != nil || m.Account == nil || m.Label != tc.want {
				t.Errorf("got %+v, %v", m, err)
			}
			if m, err := r.client(t).Mirrored(t.Context(), &rec, ""); err != nil || m.Label != "" {
				t.Errorf("of no link: %+v, %v", m, err)
			}
		})
	}
}

// TestPublish: the link is waited for, hour by hour, and then it is said what to do.
func TestPublish(t *testing.T) {
	r := newRig(t)
	r.twin.Lag = 5 * time.Hour
	r.twin.AddAccount(account, "Brightwater Clinics")
	c := r.client(t)
	try := func(want string, temporary bool) {
		t.Helper()
		_, err := c.Publish(t.Context(), publication())
		var e *connect.Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), want) || e.Temporary != temporary || (e.RetryAfter > 0) != temporary {
			t.Errorf("got %v", err)
		}
	}
	try("does not show the link yet", true)
	r.twin.Mirror(account, "Handoff link", link)
	r.now = today.Add(4 * time.Hour)
	try("does not show the link yet", true)
	r.now = today.Add(5 * time.Hour)
	for range 2 {
		if copied, err := c.Publish(t.Context(), publication()); err != nil || copied != (connect.Copy{ID: "acc-1"}) {
			t.Errorf("got %+v, %v", copied, err)
		}
	}
	r = newRig(t)
	r.others(3)
	c = r.client(t)
	try("no account has the Salesforce id "+account, true)
	r.now = today.Add(catalyst.DefaultWait)
	try("no account has the Salesforce id "+account, false)
	if err := c.Remove(t.Context(), "acc-1"); err == nil || !strings.Contains(err.Error(), "mpty the field in the CRM") {
		t.Errorf("removing: %v", err)
	}
	p := publication()
	p.Link = ""
	if _, err := c.Publish(t.Context(), p); err == nil {
		t.Error("a handoff without a page was looked for")
	}
	p = publication()
	p.Deal.Account = ""
	if _, err := c.Publish(t.Context(), p); err == nil || !strings.Contains(err.Error(), "names no account") {
		t.Errorf("got %v", err)
	}
}

// TestTerse: a list that tells no CRM's ids is not one in which the account is not.
func TestTerse(t *testing.T) {
	r := newRig(t)
	r.twin.Terse = true
	r.twin.AddAccount(account, "Brightwater Clinics")
	c := r.client(t)
	rec := record()
	if _, err := c.Match(t.Context(), &rec); err == nil || !strings.Contains(err.Error(), "tells no Salesforce ids") {
		t.Errorf("got %v", err)
	}
	if rows := c.Check(t.Context()); len(rows) != 2 || rows[0].Err != nil || rows[1].Err == nil {
		t.Errorf("got %+v", rows)
	}
}

// TestHowTheKeyIsSent: what is not confirmed of the API is configured.
func TestHowTheKeyIsSent(t *testing.T) {
	for name, tc := range map[string]struct {
		header, value, prefix string
		config                catalyst.Config
		want                  string // in the error of check
	}{
		"by default":      {"Authorization", "Bearer " + key, "", catalyst.Config{}, ""},
		"another scheme":  {"Authorization", "Token " + key, "", catalyst.Config{Scheme: "Token"}, ""},
		"a header of own": {"X-Api-Key", key, "/v1", catalyst.Config{Header: "X-Api-Key", Scheme: catalyst.NoScheme, PathPrefix: "v1/"}, ""},
		"sent otherwise":  {"X-Api-Key", key, "", catalyst.Config{}, "header and scheme"},
		"other paths":     {"Authorization", "Bearer " + key, "/v1", catalyst.Config{}, "path_prefix"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.twin = &twin.Server{Header: tc.header, Value: tc.value, Prefix: tc.prefix, Now: r.clock}
			r.twin.AddAccount(account, "Brightwater Clinics")
			r.config = tc.config
			rows := r.client(t).Check(t.Context())
			switch err := rows[0].Err; {
			case tc.want == "" && err != nil:
				t.Error(err)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want) || len(rows) != 1):
				t.Errorf("got %+v", rows)
			}
		})
	}
}

// TestFaults: whatever goes wrong, a further try finds the link, and nothing but
// viewing is ever asked for.
func TestFaults(t *testing.T) {
	for _, route := range []string{twin.RouteAccounts, twin.RouteAccount} {
		for _, f := range []fault.Fault{
			{Status: 429, RetryAfter: "30"}, {Status: 429, RetryAfter: "600", Times: 2}, {Status: 500}, {Status: 503, Times: 9}, {Status: 401}, {Status: 403}, {Status: 302}, {Reset: true}, {Cut: 1}, {Cut: 20, Times: 5},
		} {
			f.Route = route
			t.Run(fmt.Sprintf("%+v", f), func(t *testing.T) {
				r := newRig(t)
				r.twin.AddAccount(account, "Brightwater Clinics")
				r.twin.Mirror(account, "Handoff link", link)
				r.twin.Fail(f)
				c := r.client(t)
				for try := 0; ; try++ {
					copied, err := c.Publish(t.Context(), publication())
					var e *connect.Error
					if err == nil {
						if copied.ID != "acc-1" {
							t.Errorf("got %+v", copied)
						}
						break
					}
					if !errors.As(err, &e) || try == 5 {
						t.Fatal(err)
					}
					r.now = r.now.Add(max(time.Minute, e.RetryAfter))
				}
				if r.twin.Struck() == 0 {
					t.Error("the fault did not strike")
				}
			})
		}
	}
}

// TestRate: more than the vendor allows in a minute is waited for.
func TestRate(t *testing.T) {
	r := newRig(t)
	r.twin.PerMinute = 2
	r.others(350)
	rec := record()
	if found, err := r.client(t).Match(t.Context(), &rec); err != nil || found != nil {
		t.Errorf("got %+v, %v", found, err)
	}
	if r.now.Sub(today) < 2*time.Minute {
		t.Errorf("waited %s", r.now.Sub(today))
	}
}

// TestCheckNamesWhatIsMissing: with the list withheld, the key's row says so.
func TestCheckNamesWhatIsMissing(t *testing.T) {
	r := newRig(t)
	r.twin.AddAccount(account, "Brightwater Clinics")
	c := r.client(t)
	for _, p := range c.Check(t.Context()) {
		if p.Err != nil {
			t.Errorf("%s: %v", p.Name, p.Err)
		}
	}
	if diff := cmp.Diff(map[string]int{twin.RouteAccounts: 1}, r.twin.Requests()); diff != "" {
		t.Error(diff)
	}
	r.twin.Withheld = []string{twin.RouteAccounts}
	if rows := c.Check(t.Context()); len(rows) != 1 || rows[0].Name != "API key" || rows[0].Err == nil {
		t.Errorf("got %+v", rows)
	}
}

// TestNothingLeaks: neither the key nor the account's texts are in an error or the
// log, whatever the vendor answers.
func TestNothingLeaks(t *testing.T) {
	var out strings.Builder
	for _, status := range []int{200, 400, 401, 403, 404, 500} {
		echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			said, err := json.Marshal(map[string]any{"error": "instead was " + r.Header.Get("Authorization") + r.URL.String()})
			if err != nil {
				t.Error(err)
			}
			w.WriteHeader(status)
			_, _ = io.Copy(w, bytes.NewReader(said))
		}))
		var log bytes.Buffer
		c, err := catalyst.New(catalyst.Config{
			Key: key, Base: echo.URL, Limiter: connect.NewLimiter(1000, 1000), Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
			Sleep: func(context.Context, time.Duration) error { return nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Publish(t.Context(), publication())
		if err == nil {
			t.Errorf("%d was taken", status)
		}
		fmt.Fprintln(&out, err, c.Check(t.Context())[0].Err, log.String())
		echo.Close()
	}
	r := newRig(t)
	r.twin.AddAccount(account, "Brightwater Clinics")
	_, err := r.client(t).Publish(t.Context(), publication())
	fmt.Fprintln(&out, err, r.log.String())
	for _, secret := range []string{key, "instead was", "Brightwater", "handoffs.example"} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("the log or an error says %q:\n%s", secret, out.String())
		}
	}
	if _, err := catalyst.New(catalyst.Config{}); err == nil || !strings.Contains(err.Error(), "Settings > API Keys") {
		t.Errorf("without a key: %v", err)
	}
}
