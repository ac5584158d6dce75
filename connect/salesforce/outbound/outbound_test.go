package outbound_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline/connect"
	"throughline/connect/salesforce"
	"throughline/connect/salesforce/outbound"
	"throughline/twin/fault"
	twin "throughline/twin/salesforce"
	"throughline/won"
)

const (
	secret  = "planted-secret-5b1f-of-the-address"
	session = "00D000000000001!planted-session-77c2"
)

// day is a moment of May 2026.
func day(n int) time.Time { return time.Date(2026, 5, n, 12, 0, 0, 0, time.UTC) }

// A post is an endpoint over HTTP, and what it logs.
type post struct {
	*httptest.Server
	mu  sync.Mutex
	log bytes.Buffer
}

func (p *post) Write(line []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.Write(line)
}

// logged is what was logged so far.
func (p *post) logged() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

func newPost(t *testing.T, hear func(context.Context, won.Notice) error) *post {
	t.Helper()
	p := &post{}
	e, err := outbound.New(outbound.Config{
		Secret: secret, Org: twin.OrgID, Log: slog.New(slog.NewTextHandler(p, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle(outbound.Pattern, e.Handler(hear))
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	t.Cleanup(func() {
		for _, word := range []string{secret, session, "planted"} {
			if strings.Contains(p.logged(), word) {
				t.Errorf("the log has %q:\n%s", word, p.logged())
			}
		}
	})
	return p
}

var errCrash = errors.New("crash")

// A ledger is a database: what is in it outlives a crash.
type ledger struct {
	mu       sync.Mutex
	position won.Position
	events   []won.Event
	crash    func() bool // whether the process dies, before or after a call
}

func (l *ledger) call(do func()) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.crash != nil && l.crash() {
		return errCrash
	}
	do()
	if l.crash != nil && l.crash() {
		return errCrash
	}
	return nil
}

func (l *ledger) Position(context.Context) (p won.Position, err error) {
	err = l.call(func() { p = l.position })
	return p, err
}

func (l *ledger) Advance(_ context.Context, p won.Position) error {
	return l.call(func() { l.position = p })
}

func (l *ledger) Started(_ context.Context, ids []string) (events []won.Event, err error) {
	err = l.call(func() {
		events = slices.DeleteFunc(slices.Clone(l.events), func(e won.Event) bool { return !slices.Contains(ids, e.Deal) })
	})
	return events, err
}

func (l *ledger) Begin(_ context.Context, _ won.Win, e won.Event) error {
	return l.call(func() {
		if !slices.Contains(l.events, e) {
			l.events = append(l.events, e)
		}
	})
}

// starts counts them, by deal.
func (l *ledger) starts() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := map[string]int{}
	for _, e := range l.events {
		out[e.Deal]++
	}
	return out
}

// TestOneStartPerWin has twenty deals won, some of them edited, one moved back and won
// again, and their messages sent as the service sends them: repeatedly, in any order,
// together or alone, some never. The org fails at times, answers get lost, and the
// process dies at any call of its ledger. Every deal whose message was not lost has its
// start by the messages alone, and in the end, after one poll, all have as many as they
// had wins.
func TestOneStartPerWin(t *testing.T) {
	for seed := range uint64(5) {
		random := rand.New(rand.NewPCG(seed, 1))
		crm := twin.New()
		crm.ClientID, crm.ClientSecret, crm.Now = "client", "secret", func() time.Time { return day(20) }
		web := httptest.NewServer(crm)
		defer web.Close()
		org, err := salesforce.New(salesforce.Config{
			Login: web.URL, ClientID: "client", ClientSecret: "secret", Now: crm.Now, Limiter: connect.NewLimiter(1e6, 1e6),
			Sleep: func(context.Context, time.Duration) error { return nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		deaths := rand.New(rand.NewPCG(seed, 2))
		l := &ledger{position: won.Position{First: day(1), Replay: []byte("kept")}, crash: func() bool { return deaths.IntN(40) == 0 }}
		w := &won.Watch{CRM: org, Ledger: l, Now: crm.Now}
		p := newPost(t, w.Hear)
		messages := crm.Outbound(p.URL + "/salesforce/outbound/" + secret)
		messages.Session = session
		messages.Deaf = func() bool { return random.IntN(4) == 0 }
		messages.Arrange = func(all []twin.Notification) []twin.Notification {
			messages.Most = 1 + random.IntN(8)
			var out []twin.Notification
			for _, n := range all {
				out = append(out, slices.Repeat([]twin.Notification{n}, random.IntN(3))...) // some twice, some later
			}
			random.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
			return out
		}
		rounds := func() {
			t.Helper()
			for n := 0; len(messages.Waiting()) > 0; n++ {
				if n == 500 {
					t.Fatalf("not acknowledged: %v\n%s", messages.Waiting(), p.logged())
				}
				if random.IntN(3) == 0 {
					crm.Order("query", 1+random.IntN(6), fault.Fault{Status: http.StatusServiceUnavailable})
				}
				if err := messages.Round(t.Context()); err != nil {
					t.Fatal(err)
				}
				crm.Heal()
			}
		}

		want := map[string]int{}
		var ids []string
		for i := range 25 {
			id := crm.Put("Opportunity", twin.Record{"Name": "planted <name> & Co", "StageName": "Talking", "IsWon": false})
			crm.Move(id, "Talking", false, day(2))
			if i < 20 {
				ids, want[id] = append(ids, id), 1
				crm.Move(id, "Signed", true, day(3+i/4))
			}
			if i%3 == 0 {
				crm.Set("Opportunity", id, twin.Record{"Amount": 7.0}, day(10))
			}
		}
		messages.Add("Contact", crm.Put("Contact", twin.Record{"LastName": "planted"}))
		lost := ids[4:6]
		messages.Drop(func(n twin.Notification) bool { return slices.Contains(lost, n.Record) })
		rounds()
		messages.Repeat()
		rounds()
		byMessages := map[string]int{}
		for id, n := range want {
			if !slices.Contains(lost, id) {
				byMessages[id] = n
			}
		}
		if diff := cmp.Diff(byMessages, l.starts()); diff != "" {
			t.Fatalf("seed %d, by messages: %s", seed, diff)
		}
		crm.Move(ids[0], "Talking", false, day(12))
		crm.Move(ids[0], "Signed", true, day(13))
		want[ids[0]]++
		rounds()
		l.crash = nil
		if err := w.Poll(t.Context()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, l.starts()); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
		if string(l.position.Replay) != "kept" {
			t.Errorf("messages moved the place in the stream of change events to %q", l.position.Replay)
		}
	}
}

// TestTurnedAway: what is not the org's, or no message, is not passed on; whoever does
// not know the address is told nothing.
func TestTurnedAway(t *testing.T) {
	heard := 0
	p := newPost(t, func(context.Context, won.Notice) error { heard++; return nil })
	crm := twin.New()
	messages := crm.Outbound("")
	messages.Session = session
	good := messages.Message([]twin.Notification{{ID: "04l000000000001AAA", Object: "Opportunity", Record: "006000000000001AAA"}})
	const path = "/salesforce/outbound/"
	for name, tt := range map[string]struct {
		method, path, body string
		want               int
	}{
		"good":              {http.MethodPost, path + secret, good, http.StatusOK},
		"another secret":    {http.MethodPost, path + strings.Repeat("x", len(secret)), good, http.StatusNotFound},
		"part of it":        {http.MethodPost, path + secret[:30], good, http.StatusNotFound},
		"more than it":      {http.MethodPost, path + secret + "x", good, http.StatusNotFound},
		"below it":          {http.MethodPost, path + secret + "/x", good, http.StatusNotFound},
		"none":              {http.MethodPost, path, good, http.StatusNotFound},
		"another org":       {http.MethodPost, path + secret, strings.ReplaceAll(good, twin.OrgID, "00D000000000002AAA"), http.StatusNotFound},
		"other case":        {http.MethodPost, path + secret, strings.ReplaceAll(good, twin.OrgID, "00d000000000001AAA"), http.StatusBadRequest},
		"a word of theirs":  {http.MethodPost, path + secret, strings.Replace(good, "</sObject>", "</planted>", 1), http.StatusBadRequest},
		"an entity":         {http.MethodPost, path + secret, strings.Replace(good, "006000000000001AAA", "&planted;", 1), http.StatusBadRequest},
		"more than is read": {http.MethodPost, path + secret, good + strings.Repeat(" ", 4<<20), http.StatusRequestEntityTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			before := heard
			status, body := send(t, tt.method, p.URL+tt.path, tt.body)
			if status != tt.want {
				t.Errorf("%d, want %d", status, tt.want)
			}
			if passed := heard - before; passed != map[bool]int{true: 1}[tt.want == http.StatusOK] {
				t.Errorf("passed on %d times", passed)
			}
			if tt.want != http.StatusOK && body != "" && body != "404 page not found\n" { // the latter is of paths that are not ours
				t.Errorf("it says %q", body)
			}
		})
	}
	if status, _ := send(t, http.MethodGet, p.URL+path+secret, ""); status == http.StatusOK {
		t.Error("it can be looked at")
	}
}

// TestAcknowledged: only what was dealt with is acknowledged.
func TestAcknowledged(t *testing.T) {
	var failing error
	var heard []won.Notice
	p := newPost(t, func(ctx context.Context, n won.Notice) error {
		if until, ok := ctx.Deadline(); !ok || time.Until(until) > time.Minute {
			t.Errorf("it may take until %v", until)
		}
		heard = append(heard, n)
		return failing
	})
	several, err := os.ReadFile(filepath.Join("testdata", "messages", "several.xml"))
	if err != nil {
		t.Fatal(err)
	}
	to := p.URL + "/salesforce/outbound/" + secret
	failing = &connect.Error{Vendor: "Salesforce", Op: "query Opportunity", Status: http.StatusServiceUnavailable}
	if status, body := send(t, http.MethodPost, to, string(several)); status != http.StatusServiceUnavailable || !strings.Contains(body, "<Ack>false</Ack>") {
		t.Errorf("it could not be dealt with: %d %s", status, body)
	}
	failing = nil
	const ack = `<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse></soapenv:Body></soapenv:Envelope>`
	if status, body := send(t, http.MethodPost, to, string(several)); status != http.StatusOK || body != ack {
		t.Errorf("it was dealt with: %d %s", status, body)
	}
	notice := won.Notice{Deals: []string{"006000000000001AAA", "006000000000003AAA"}}
	if diff := cmp.Diff([]won.Notice{notice, notice}, heard); diff != "" {
		t.Error(diff)
	}
	none, err := os.ReadFile(filepath.Join("testdata", "messages", "none_of_ours.xml"))
	if err != nil {
		t.Fatal(err)
	}
	if status, body := send(t, http.MethodPost, to, string(none)); status != http.StatusOK || body != ack || len(heard) != 2 {
		t.Errorf("of another object: %d %s, heard %d", status, body, len(heard))
	}
}

func send(t *testing.T, method, to, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, to, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "text/xml; charset=utf-8")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(raw)
}

func TestNew(t *testing.T) {
	for name, tt := range map[string]struct {
		secret, organisation, want string
	}{
		"both":              {secret, twin.OrgID, ""},
		"short id":          {secret, twin.OrgID[:15], ""},
		"no secret":         {"", twin.OrgID, "openssl rand"},
		"short secret":      {"planted", twin.OrgID, "24 to 128"},
		"secret of a path":  {strings.Repeat("planted/", 4), twin.OrgID, "part of an address"},
		"no organisation":   {secret, "", "Company Information"},
		"another's id":      {secret, "001000000000001AAA", "begin with 00D"},
		"id of a wrong end": {secret, twin.OrgID[:17], "15 or 18"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := outbound.New(outbound.Config{Secret: tt.secret, Org: tt.organisation})
			switch {
			case (err == nil) != (tt.want == ""):
				t.Errorf("%v", err)
			case err != nil && (!strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "planted")):
				t.Errorf("%v", err)
			}
		})
	}
}
