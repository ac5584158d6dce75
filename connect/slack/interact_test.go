package slack_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline/connect/slack"
	twin "throughline/twin/slack"
)

// A desk takes interactions and keeps them.
type desk struct {
	client *slack.Client

	mu    sync.Mutex
	all   []slack.Interaction
	fails error
	tell  func() // that it failed
}

func (d *desk) handle(ctx context.Context, i slack.Interaction) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fails != nil {
		d.tell()
		return d.fails
	}
	d.all = append(d.all, i)
	switch i.Action {
	case slack.ActionReturn:
		return d.client.Open(ctx, i.Trigger, slack.ReturnForm(i.Value, []slack.Choice{{Code: "milestones", Label: "The milestones"}, {Code: "people", Label: "Who is who"}}))
	case slack.ActionNote:
		return d.client.Open(ctx, i.Trigger, slack.NoteForm(i.Value))
	}
	return nil
}

func (d *desk) taken() []slack.Interaction {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]slack.Interaction(nil), d.all...)
}

func (d *desk) fail(err error, tell func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fails, d.tell = err, tell
}

// byHTTP and bySocket bring interactions to the desk.
func byHTTP(t *testing.T, r *rig, d *desk) {
	t.Helper()
	srv := httptest.NewServer(d.client.Interactions(d.handle))
	t.Cleanup(srv.Close)
	r.twin.Requests = srv.URL
	if err := r.twin.Verify(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func bySocket(t *testing.T, r *rig, d *desk) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.client.Interactions(d.handle).Listen(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("listening ended with %v", err)
		}
	})
	connected(t, r)
}

// connected waits until there is a connection.
func connected(t *testing.T, r *rig) {
	t.Helper()
	for r.twin.Connections() != 1 {
		select {
		case <-t.Context().Done():
			t.Fatal("nobody connected")
		case <-time.After(time.Millisecond):
		}
	}
}

// TestInteractions: clicks and forms come once, by whichever way, with who made
// them; what fails is told to the person, and may be done again.
func TestInteractions(t *testing.T) {
	for name, by := range map[string]func(*testing.T, *rig, *desk){"HTTP": byHTTP, "Socket Mode": bySocket} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			p := r.publication(r.deal())
			d := &desk{client: r.client(t)}
			if _, err := d.client.Publish(t.Context(), p); err != nil {
				t.Fatal(err)
			}
			by(t, r, d)
			ts := r.twin.Messages(channelID)[0].TS
			click := func(user, action string) error { return r.twin.Click(t.Context(), user, channelID, ts, action) }

			if err := click(csmID, slack.ActionAccept); err != nil {
				t.Fatal(err)
			}
			// The vendor repeats what it is not sure of.
			if err := r.twin.Deliver(t.Context(), r.twin.Delivered()[0]); err != nil {
				t.Fatal(err)
			}
			if err := click(csmID, slack.ActionOpen); err != nil {
				t.Fatal(err)
			}
			all := d.taken()
			if len(all) != 1 {
				t.Fatalf("taken are %+v", all)
			}
			want := slack.Interaction{ID: all[0].ID, User: slack.User{ID: csmID, Email: "cy@seller.example"}, Action: slack.ActionAccept, Value: p.Key, Version: 1, Trigger: all[0].Trigger, Channel: channelID, Message: ts}
			if diff := cmp.Diff(want, all[0]); diff != "" || all[0].ID == "" || all[0].Trigger == "" {
				t.Error(diff)
			}

			if err := click(csmID, slack.ActionReturn); err != nil {
				t.Fatal(err)
			}
			if err := r.twin.Submit(t.Context(), csmID, map[string]string{slack.FieldReason: "people", slack.FieldText: "Who is <!here>?"}); err != nil {
				t.Fatal(err)
			}
			if err := r.twin.Deliver(t.Context(), r.twin.Delivered()[len(r.twin.Delivered())-1]); err != nil {
				t.Fatal(err)
			}
			all = d.taken()
			if len(all) != 3 || all[2].View == nil {
				t.Fatalf("taken are %+v", all)
			}
			form := &slack.View{ID: all[2].View.ID, Form: slack.FormReturn, About: p.Key, Values: map[string]string{"reason": "people", "text": "Who is <!here>?"}}
			if diff := cmp.Diff(form, all[2].View); diff != "" {
				t.Error(diff)
			}

			// Who clicks looks away when it has failed: by Socket Mode, silence says so.
			looks, away := context.WithCancel(t.Context())
			d.fail(errors.New("no room"), away)
			if err := r.twin.Click(looks, csmID, channelID, ts, slack.ActionAccept); err == nil {
				t.Error("who clicked is not told that it failed")
			}
			for !strings.Contains(r.log.String(), "could not be taken") {
				time.Sleep(time.Millisecond)
			}
			d.fail(nil, nil)
			if err := r.twin.Deliver(t.Context(), r.twin.Delivered()[len(r.twin.Delivered())-1]); err != nil || len(d.taken()) != 4 {
				t.Errorf("again: %v, %d taken", err, len(d.taken()))
			}
			stranger := r.twin.AddUser(twin.Object{"team_id": "T0OTHER001", "name": "x"})
			_ = click(stranger, slack.ActionAccept) // who is told or not
			guest := r.twin.AddUser(twin.Object{"is_restricted": true, "name": "y"})
			_ = click(guest, slack.ActionAccept)
			if len(d.taken()) != 4 {
				t.Error("somebody outside the company clicked")
			}
			if log := r.log.String(); strings.Contains(log, "planted") || strings.Contains(log, "seller.example") || strings.Contains(log, "<!here>") {
				t.Errorf("the log holds %s", log)
			}
		})
	}
}

// TestReconnects: a connection that ends, with notice or without, is made again.
func TestReconnects(t *testing.T) {
	r := newRig(t)
	p := r.publication(r.deal())
	d := &desk{client: r.client(t)}
	if _, err := d.client.Publish(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	bySocket(t, r, d)
	ts := r.twin.Messages(channelID)[0].TS
	for i, notice := range []bool{true, false} {
		before := r.twin.Calls()["apps.connections.open"]
		r.twin.Disconnect(t.Context(), notice)
		for r.twin.Calls()["apps.connections.open"] == before {
			time.Sleep(time.Millisecond)
		}
		connected(t, r)
		if err := r.twin.Click(t.Context(), csmID, channelID, ts, slack.ActionAccept); err != nil {
			t.Fatal(err)
		}
		if n := len(d.taken()); n != i+1 {
			t.Errorf("%d taken after %d ends", n, i+1)
		}
	}
}

// TestListenRefused: a wrong app-level token is said, not tried for ever.
func TestListenRefused(t *testing.T) {
	r := newRig(t)
	r.twin.AppToken = "xapp-another"
	err := r.client(t).Interactions(nil).Listen(t.Context())
	if err == nil || !strings.Contains(err.Error(), "connections:write") || !strings.Contains(err.Error(), "invalid_auth") || strings.Contains(err.Error(), "planted") {
		t.Errorf("%v", err)
	}
	r.cfg.AppToken = ""
	if err := r.client(t).Interactions(nil).Listen(t.Context()); err == nil || !strings.Contains(err.Error(), "app_token") {
		t.Errorf("%v", err)
	}
}

// TestSigned: nothing is read of a request that Slack did not sign lately.
func TestSigned(t *testing.T) {
	payload := url.Values{"payload": {`{"type":"block_actions","user":{"id":"` + csmID + `"},"actions":[{"block_id":"b","action_id":"throughline_accept","action_ts":"1.1"}]}`}}.Encode()
	at := func(d time.Duration) string { return strconv.FormatInt(today.Add(d).Unix(), 10) }
	for _, tc := range []struct {
		name   string
		method string
		stamp  string
		secret string
		sig    string // in place of the right one
		kind   string
		body   string
		want   int
		taken  int
	}{
		{name: "signed", stamp: at(0), body: payload, want: 200, taken: 1},
		{name: "5 minutes old", stamp: at(-5 * time.Minute), body: payload, want: 200, taken: 1},
		{name: "too old", stamp: at(-5*time.Minute - time.Second), body: payload, want: 401},
		{name: "of the future", stamp: at(5*time.Minute + time.Second), body: payload, want: 401},
		{name: "another secret", stamp: at(0), secret: "x", body: payload, want: 401},
		{name: "no signature", stamp: at(0), sig: "none", body: payload, want: 401},
		{name: "a short one", stamp: at(0), sig: "v0=00", body: payload, want: 401},
		{name: "no time", body: payload, want: 401},
		{name: "a time that is none", stamp: "99999999999999999999", body: payload, want: 401},
		{name: "not posted", method: http.MethodGet, stamp: at(0), body: payload, want: 405},
		{name: "too long", stamp: at(0), body: strings.Repeat("x", 2<<20), want: 413},
		{name: "no payload", stamp: at(0), body: "a=b", want: 400},
		{name: "a payload of null", stamp: at(0), body: "payload=null", want: 400},
		{name: "a payload of nonsense", stamp: at(0), body: url.Values{"payload": {`{"actions":7}`}}.Encode(), want: 400},
		{name: "another kind", stamp: at(0), body: url.Values{"payload": {`{"type":"shortcut","user":{"id":"U1"}}`}}.Encode(), want: 200},
		{name: "an event", stamp: at(0), kind: "application/json", body: `{"type":"event_callback"}`, want: 200},
		{name: "an event of nonsense", stamp: at(0), kind: "application/json", body: `{`, want: 400},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t)
			r.deal()
			d := &desk{client: r.client(t)}
			method := tc.method
			if method == "" {
				method = http.MethodPost
			}
			req := httptest.NewRequestWithContext(t.Context(), method, "/", strings.NewReader(tc.body))
			secret := tc.secret
			if secret == "" {
				secret = signingSecret
			}
			sig := tc.sig
			if sig == "" {
				sig = slack.Signature(secret, tc.stamp, tc.body)
			}
			req.Header.Set("X-Slack-Request-Timestamp", tc.stamp)
			req.Header.Set("X-Slack-Signature", sig)
			kind := tc.kind
			if kind == "" {
				kind = "application/x-www-form-urlencoded"
			}
			req.Header.Set("Content-Type", kind)
			w := httptest.NewRecorder()
			d.client.Interactions(d.handle).ServeHTTP(w, req)
			if w.Code != tc.want || len(d.taken()) != tc.taken {
				t.Errorf("answered %d, taken %d: %s", w.Code, len(d.taken()), w.Body)
			}
		})
	}
}

// TestChallenge: the answer is text, whatever it holds.
func TestChallenge(t *testing.T) {
	r := newRig(t)
	body, err := json.Marshal(map[string]string{"type": "url_verification", "challenge": "<script>"})
	if err != nil {
		t.Fatal(err)
	}
	stamp := strconv.FormatInt(today.Unix(), 10)
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(string(body)))
	req.Header.Set("X-Slack-Request-Timestamp", stamp)
	req.Header.Set("X-Slack-Signature", slack.Signature(signingSecret, stamp, string(body)))
	req.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	r.client(t).Interactions(nil).ServeHTTP(w, req)
	if w.Body.String() != "<script>" || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
		t.Errorf("answered %q as %s", w.Body, w.Header().Get("Content-Type"))
	}
	r.cfg.SigningSecret = ""
	w = httptest.NewRecorder()
	r.client(t).Interactions(nil).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", http.NoBody))
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("without a secret it answered %d", w.Code)
	}
}

// TestStaleTrigger: a form asked for too late says so.
func TestStaleTrigger(t *testing.T) {
	r := newRig(t)
	err := r.client(t).Open(t.Context(), "1.2.x", slack.NoteForm("k"))
	if err == nil || !strings.Contains(err.Error(), "lick again") {
		t.Errorf("%v", err)
	}
}
