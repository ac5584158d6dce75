package hubspot_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"throughline/connect/hubspot"
	"throughline/internal/npmtest"
	twin "throughline/twin/hubspot"
	"throughline/won"
)

const clientSecret = "planted-client-secret-77aa"

// heard takes down which deals a hook was told of.
type heard struct {
	mu    sync.Mutex
	deals []string
	err   error
}

func (h *heard) hear(_ context.Context, n won.Notice) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.err != nil {
		return h.err
	}
	h.deals = append(h.deals, strings.Join(n.Deals, "+"))
	return nil
}

func (h *heard) told() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.deals, " ")
}

// TestWebhooks: the stand-in tells of changes as the service does: several at once,
// in any order, again where it was not answered well; each is dealt with once.
func TestWebhooks(t *testing.T) {
	b := newBench(t)
	b.small(t)
	h := &heard{}
	server := httptest.NewServer(b.portal(t).Hook(clientSecret, "https://handoff.example.com/hooks/hubspot?a=b", h.hear))
	defer server.Close()
	b.twin.Secret = clientSecret
	b.twin.Target = "https://handoff.example.com/hooks/hubspot?a=b"
	through(t, server.URL)

	b.put("51", "closedwon", b.now(), nil)
	b.put("52", "closedwon", b.now(), nil)
	b.twin.Set("contacts", "601", twin.Record{"jobtitle": "CEO"}, b.now()) // no deal
	if err := b.twin.Deliver(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if got := h.told(); got != "52+51" {
		t.Errorf("heard %q", got)
	}
	h.err = errors.New("the database is away")
	b.twin.Move("51", "closedlost", b.now().Add(time.Second))
	for range 3 {
		if err := b.twin.Deliver(t.Context(), false); err == nil {
			t.Error("what was not dealt with was taken")
		}
	}
	h.err = nil
	if err := b.twin.Deliver(t.Context(), false); err != nil || b.twin.Pending() != 0 {
		t.Errorf("%v; %d pending", err, b.twin.Pending())
	}
	if got := h.told(); got != "52+51 51" {
		t.Errorf("heard %q", got)
	}
	// Repeated events, with another eventId and attempt, and events of the newer form.
	again := []map[string]any{
		{"eventId": 1, "subscriptionId": 10, "portalId": 4242, "occurredAt": 7, "subscriptionType": "deal.propertyChange", "objectId": 51, "propertyName": "dealstage", "attemptNumber": 0},
		{"eventId": 2, "subscriptionId": 10, "portalId": 4242, "occurredAt": 7, "subscriptionType": "deal.propertyChange", "objectId": 51, "propertyName": "dealstage", "attemptNumber": 1},
		{"eventId": 2, "subscriptionId": 11, "portalId": 4242, "occurredAt": 7, "subscriptionType": "object.propertyChange", "objectTypeId": "0-3", "objectId": 53},
		{"eventId": 2, "subscriptionId": 12, "portalId": 4242, "occurredAt": 7, "subscriptionType": "object.propertyChange", "objectTypeId": "0-1", "objectId": 54},
	}
	for range 2 {
		if err := b.twin.Post(t.Context(), again); err != nil {
			t.Fatal(err)
		}
	}
	if got := h.told(); got != "52+51 51 51+53" {
		t.Errorf("heard %q", got)
	}
	if strings.Contains(b.log.String(), clientSecret) {
		t.Error("the log tells the secret")
	}
}

// through has requests to the public address come to the server, as a proxy does.
func through(t *testing.T, to string) {
	t.Helper()
	was := http.DefaultClient.Transport
	t.Cleanup(func() { http.DefaultClient.Transport = was })
	http.DefaultClient.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		inner, err := http.NewRequestWithContext(r.Context(), r.Method, to+"/somewhere/else?"+r.URL.RawQuery, r.Body)
		if err != nil {
			return nil, err
		}
		inner.Header = r.Header
		return http.DefaultTransport.RoundTrip(inner)
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestOtherAccounts: where the account is named, events of others are passed over.
func TestOtherAccounts(t *testing.T) {
	b := newBench(t)
	b.config.Portal = "4242"
	h := &heard{}
	hook := b.portal(t).Hook(clientSecret, public, h.hear)
	body := `[{"subscriptionId":1,"portalId":4242,"occurredAt":1,"subscriptionType":"deal.creation","objectId":1},{"subscriptionId":1,"portalId":999,"occurredAt":1,"subscriptionType":"deal.creation","objectId":2}]`
	if status := post(t, hook, b.now(), body, nil); status != http.StatusNoContent || h.told() != "1" {
		t.Errorf("%d, heard %q", status, h.told())
	}
}

// public is where the hooks that post is for are to be found.
const public = "https://x.example/h"

// post sends a signed request straight to a hook.
func post(t *testing.T, hook http.Handler, now time.Time, body string, spoil func(r *http.Request)) int {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://inside/x", strings.NewReader(body))
	stamp := strconv.FormatInt(now.UnixMilli(), 10)
	r.Header.Set("X-HubSpot-Request-Timestamp", stamp)
	r.Header.Set("X-HubSpot-Signature-v3", twin.Sign(clientSecret, http.MethodPost, public, []byte(body), stamp))
	if spoil != nil {
		spoil(r)
	}
	w := httptest.NewRecorder()
	hook.ServeHTTP(w, r)
	return w.Code
}

func TestHookRefuses(t *testing.T) {
	const body = `[{"subscriptionId":1,"portalId":1,"occurredAt":1,"subscriptionType":"deal.creation","objectId":1}]`
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	for name, tt := range map[string]struct {
		secret, public string
		body           string
		sent           time.Duration // after now
		spoil          func(*http.Request)
		want           int
	}{
		"good":                   {want: 204},
		"almost 5 minutes old":   {sent: -5*time.Minute + time.Second, want: 204},
		"5 minutes and more old": {sent: -5*time.Minute - time.Millisecond, want: 401},
		"5 minutes and more on":  {sent: 5*time.Minute + time.Millisecond, want: 401},
		"another secret":         {secret: "another", want: 401},
		"another public address": {public: "https://y.example/h", want: 401},
		"another body":           {spoil: func(r *http.Request) { r.Body = http.NoBody }, want: 401},
		"another query":          {spoil: func(r *http.Request) { r.URL.RawQuery = "x=1" }, want: 401},
		"no signature":           {spoil: header("X-HubSpot-Signature-v3", ""), want: 401},
		"a signature of nothing": {spoil: header("X-HubSpot-Signature-v3", "===="), want: 401},
		"only the old signature": {spoil: func(r *http.Request) {
			r.Header.Del("X-HubSpot-Signature-v3")
			r.Header.Set("X-HubSpot-Signature", "00")
		}, want: 401},
		"no time":                 {spoil: header("X-HubSpot-Request-Timestamp", ""), want: 401},
		"a time that is none":     {spoil: header("X-HubSpot-Request-Timestamp", "-1"), want: 401},
		"a time without end":      {spoil: header("X-HubSpot-Request-Timestamp", "99999999999999999999"), want: 401},
		"not POST":                {spoil: func(r *http.Request) { r.Method = http.MethodGet }, want: 405},
		"not a list":              {body: `{"a":1}`, want: 400},
		"nothing in the list":     {body: `[]`, want: 204},
		"strange things in it":    {body: `[{"objectId":"../1","subscriptionType":"deal.x"},{"subscriptionType":7}]`, want: 400},
		"no secret is configured": {secret: "-", want: 503},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			h := &heard{}
			secret, at, sent := clientSecret, public, body
			if tt.secret != "" {
				secret = strings.TrimPrefix(tt.secret, "-")
			}
			if tt.public != "" {
				at = tt.public
			}
			if tt.body != "" {
				sent = tt.body
			}
			hook := b.portal(t).Hook(secret, at, h.hear)
			if got := post(t, hook, b.now().Add(tt.sent), sent, tt.spoil); got != tt.want {
				t.Errorf("answered %d, want %d", got, tt.want)
			}
			if h.told() != "" != (tt.want == 204 && tt.body == "") {
				t.Errorf("heard %q", h.told())
			}
		})
	}
}

// TestHookSlow: an answer comes in time for HubSpot, and what is begun is finished
// all the same.
func TestHookSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := hubspot.New(hubspot.Config{Token: plantedSecret})
		if err != nil {
			t.Fatal(err)
		}
		h := &heard{}
		slow := func(ctx context.Context, n won.Notice) error {
			select {
			case <-time.After(20 * time.Second):
				return h.hear(ctx, n)
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		hook := p.Hook(clientSecret, public, slow)
		body := `[{"subscriptionId":1,"portalId":1,"occurredAt":1,"subscriptionType":"deal.creation","objectId":1}]`
		began := time.Now()
		if got := post(t, hook, time.Now(), body, nil); got != http.StatusServiceUnavailable || time.Since(began) > 5*time.Second {
			t.Errorf("answered %d after %s", got, time.Since(began))
		}
		time.Sleep(time.Minute)
		if got := post(t, hook, time.Now(), body, nil); got != http.StatusNoContent || h.told() != "1" {
			t.Errorf("the second time answered %d, heard %q", got, h.told())
		}
	})
}

// TestSignature holds our signature to that of the vendor's own client, for the
// vectors in testdata, both ways: what it signs, we take, and what we would sign, it
// takes.
func TestSignature(t *testing.T) {
	node := npmtest.Install(t)
	raw, err := os.ReadFile("testdata/signatures.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Name    string `json:"name"`
		Secret  string `json:"secret"`
		Method  string `json:"method"`
		Public  string `json:"public"`
		Query   string `json:"query"`
		Address string `json:"address"` // as it is signed
		Body    string `json:"body"`
	}
	if err := json.Unmarshal(raw, &vectors); err != nil {
		t.Fatal(err)
	}
	now := time.Now() // the vendor's client has no other clock
	stamp := strconv.FormatInt(now.UnixMilli(), 10)
	requests := make([]map[string]string, len(vectors))
	for i, v := range vectors {
		ours := base64.StdEncoding.EncodeToString(hubspot.Sign(v.Secret, v.Method, v.Address, []byte(v.Body), stamp))
		requests[i] = map[string]string{"secret": v.Secret, "method": v.Method, "url": v.Address, "body": v.Body, "timestamp": stamp, "signature": ours}
	}
	in, err := json.Marshal(requests)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), node.Path, "testdata/signature.cjs", node.Modules, string(in)).Output()
	if err != nil {
		t.Fatalf("the vendor's client: %v", err)
	}
	var answers []struct {
		Signature string `json:"signature"`
		Valid     bool   `json:"valid"`
	}
	if err := json.Unmarshal(out, &answers); err != nil || len(answers) != len(vectors) {
		t.Fatalf("%v: %d answers for %d vectors", err, len(answers), len(vectors))
	}
	for i, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			ours, theirs := requests[i]["signature"], answers[i]
			if theirs.Signature != ours || !theirs.Valid {
				t.Errorf("theirs is %s (takes ours: %v), ours %s", theirs.Signature, theirs.Valid, ours)
			}
			if got, err := hubspot.SignedAddress(v.Public, v.Query); err != nil || got != v.Address {
				t.Errorf("the address is %q (%v), want %q", got, err, v.Address)
			}
			b := newBench(t)
			b.config.Now = func() time.Time { return now }
			hook := b.portal(t).Hook(v.Secret, v.Public, (&heard{}).hear)
			r := httptest.NewRequestWithContext(t.Context(), v.Method, "http://inside/?"+v.Query, strings.NewReader(v.Body))
			r.Header.Set("X-HubSpot-Request-Timestamp", stamp)
			r.Header.Set("X-HubSpot-Signature-v3", theirs.Signature)
			w := httptest.NewRecorder()
			hook.ServeHTTP(w, r)
			if w.Code == http.StatusUnauthorized {
				t.Error("what the vendor's client signs is refused")
			}
		})
	}
	if len(vectors) < 8 {
		t.Errorf("only %d vectors", len(vectors))
	}
}

// FuzzSignedAddress: whatever stands in an address or a query, none of the listed
// escapes is left, and what is left can be read as an address again.
func FuzzSignedAddress(f *testing.F) {
	for _, seed := range [][2]string{{"https://x.example/a%2Fb", "c=%3A%252F"}, {"https://x.example", "%"}, {"", ""}, {"https://x.example/?q=%3", "%2"}, {"https://x.example", "%%3A%3"}} {
		f.Add(seed[0], seed[1])
	}
	escapes := []string{"%3A", "%2F", "%3F", "%40", "%21", "%24", "%27", "%28", "%29", "%2A", "%2C", "%3B"}
	f.Fuzz(func(t *testing.T, public, query string) {
		got, err := hubspot.SignedAddress(public, query)
		if err != nil {
			return
		}
		if i := slices.IndexFunc(escapes, func(e string) bool { return strings.Contains(strings.ToUpper(got), e) }); i >= 0 {
			t.Errorf("%s is left in %q", escapes[i], got)
		}
	})
}
