package changes_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"throughline/connect"
	"throughline/connect/salesforce"
	"throughline/connect/salesforce/changes"
	twin "throughline/twin/salesforce"
	"throughline/twin/salesforce/pubsub"
	"throughline/won"
)

const plantedSecret = "planted-secret-5b1f"

// day is a moment of May 2026.
func day(n int) time.Time { return time.Date(2026, 5, n, 12, 0, 0, 0, time.UTC) }

// A rig is a stand-in org with its change events, and a feed set up for it.
type rig struct {
	twin   *twin.Server
	events *pubsub.Server
	org    *salesforce.Org
	config changes.Config

	mu     sync.Mutex
	log    bytes.Buffer
	waited []time.Duration
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{twin: twin.New()}
	r.twin.ClientID, r.twin.ClientSecret = "client", plantedSecret
	r.twin.Now = func() time.Time { return day(20) }
	r.twin.Put("OpportunityStage", twin.Record{"MasterLabel": "Signed", "ApiName": "Signed", "IsWon": true})
	r.twin.Put("OpportunityStage", twin.Record{"MasterLabel": "Talking", "ApiName": "Talking", "IsWon": false})
	r.events = pubsub.New(r.twin)
	web := httptest.NewServer(r.twin)
	t.Cleanup(web.Close)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := r.events.GRPC()
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-served; err != nil {
			t.Errorf("serving: %v", err)
		}
	})
	r.org, err = salesforce.New(salesforce.Config{
		Login: web.URL, ClientID: "client", ClientSecret: plantedSecret, Limiter: connect.NewLimiter(1e6, 1e6), Log: r.logger(), Now: r.twin.Now, Sleep: r.sleep,
	})
	if err != nil {
		t.Fatal(err)
	}
	r.config = changes.Config{Org: r.org, Endpoint: listener.Addr().String(), Plain: true, Log: r.logger(), Now: r.twin.Now, Sleep: r.sleep}
	return r
}

func (r *rig) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(r, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// Write is the log's.
func (r *rig) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.Write(p)
}

func (r *rig) logged() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.String()
}

// sleep takes no time.
func (r *rig) sleep(ctx context.Context, d time.Duration) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waited = append(r.waited, d)
	return ctx.Err()
}

func (r *rig) waits() []time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.waited)
}

func (r *rig) feed(t *testing.T) *changes.Feed {
	t.Helper()
	f, err := changes.New(r.config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// opportunity makes one that is not won.
func (r *rig) opportunity() string {
	return r.twin.Put("Opportunity", twin.Record{"Name": "x", "StageName": "Talking", "IsWon": false, "Amount": 5.0})
}

// A listener collects what a feed hands over.
type listener struct {
	t       *testing.T
	rig     *rig
	notices chan won.Notice
	ended   chan error
	stop    context.CancelFunc
}

// listen begins listening, and waits until there is a subscription.
func (r *rig) listen(t *testing.T, replay []byte) *listener {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	l := &listener{t: t, rig: r, notices: make(chan won.Notice, 1000), ended: make(chan error, 1), stop: cancel}
	feed := r.feed(t)
	go func() {
		l.ended <- feed.Listen(ctx, replay, func(_ context.Context, n won.Notice) error {
			l.notices <- n
			return nil
		})
	}()
	t.Cleanup(cancel)
	await(t, "a subscription", func() bool { return r.events.Open() > 0 })
	return l
}

// next is the next notice.
func (l *listener) next() won.Notice {
	l.t.Helper()
	select {
	case n := <-l.notices:
		return n
	case err := <-l.ended:
		l.t.Fatalf("listening ended: %v\n%s", err, l.rig.logged())
	case <-time.After(20 * time.Second):
		l.t.Fatalf("no notice came\n%s", l.rig.logged())
	}
	panic("not reached")
}

// until gathers notices until one ends at the newest event.
func (l *listener) until() (ids []string, missed bool) {
	l.t.Helper()
	for {
		n := l.next()
		ids, missed = append(ids, n.Deals...), missed || n.Missed
		if bytes.Equal(n.Replay, l.rig.events.Latest()) {
			slices.Sort(ids)
			return slices.Compact(ids), missed
		}
	}
}

func (l *listener) end() error {
	l.t.Helper()
	l.stop()
	return <-l.ended
}

// await waits until something has come about in the stand-in.
func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for range 4000 {
		if done() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("%s did not come", what)
}

// clean fails where a secret or a vendor's message got into the text.
func clean(t *testing.T, text string) {
	t.Helper()
	for _, planted := range []string{plantedSecret, "planted-content", "00D000000000001!"} {
		if strings.Contains(text, planted) {
			t.Errorf("%q is in %s", planted, text)
		}
	}
}
