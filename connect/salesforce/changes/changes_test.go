package changes_test

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"

	"throughline/connect"
	"throughline/connect/salesforce"
	"throughline/connect/salesforce/changes"
	"throughline/internal/eventbus"
	twin "throughline/twin/salesforce"
	"throughline/won"
)

func TestHears(t *testing.T) {
	r := newRig(t)
	r.config.Fields = salesforce.Fields(won.Filter{MinAmount: 3})
	id := r.opportunity()
	l := r.listen(t, nil)
	for name, tt := range map[string]struct {
		change func()
		ids    []string
		missed bool
	}{
		"a stage":                     {func() { r.twin.Move(id, "Signed", true, day(2)) }, []string{id}, false},
		"an amount":                   {func() { r.twin.Set("Opportunity", id, twin.Record{"Amount": float64(len(r.events.Events()))}, day(3)) }, []string{id}, false},
		"a field that does not count": {func() { r.twin.Set("Opportunity", id, twin.Record{"NextStep": "Call"}, day(4)) }, nil, false},
		"a field within a field": {func() {
			r.twin.Set("Opportunity", id, twin.Record{"Site__c": map[string]any{"Latitude": 55.7, "Longitude": 13.2}}, day(5))
		}, nil, false},
		"a gap":                         {func() { r.events.Gap("GAP_UPDATE", id) }, []string{id}, false},
		"a gap at making":               {func() { r.events.Gap("GAP_CREATE", id) }, []string{id}, false},
		"a return":                      {func() { r.events.Gap("UNDELETE", id) }, []string{id}, false},
		"an end":                        {func() { r.events.Gap("DELETE", id) }, nil, false},
		"an end without fields":         {func() { r.events.Gap("GAP_DELETE", id) }, nil, false},
		"too many to tell":              {func() { r.events.Gap("GAP_OVERFLOW") }, nil, true},
		"all of a kind":                 {func() { r.events.Gap("GAP_UPDATE", "006*") }, nil, true},
		"an update that tells no field": {func() { r.events.Gap("UPDATE", id) }, []string{id}, false},
		"what can't be read":            {r.events.Garble, nil, true},
	} {
		tt.change()
		ids, missed := l.until()
		if diff := cmp.Diff(tt.ids, ids); diff != "" || missed != tt.missed {
			t.Errorf("%s: missed %v, %s", name, missed, diff)
		}
	}
	made := r.opportunity()
	if ids, _ := l.until(); !slices.Equal(ids, []string{made}) {
		t.Errorf("made: %v", ids)
	}
	if n := r.events.SchemaReads(); n != 1 {
		t.Errorf("the schema was asked for %d times", n)
	}
	if err := l.end(); !errors.Is(err, context.Canceled) {
		t.Errorf("the end is %v", err)
	}
	clean(t, r.logged())
}

// TestManyEvents: no more is asked for at a time than allowed, and all comes, in
// answers of any size, one notice for each.
func TestManyEvents(t *testing.T) {
	r := newRig(t)
	r.config.Batch, r.events.Most = 7, 3
	before := r.events.Latest()
	var made []string
	for range 50 {
		made = append(made, r.opportunity())
	}
	l := r.listen(t, before)
	ids, missed := l.until()
	slices.Sort(made)
	if diff := cmp.Diff(made, ids); diff != "" || missed {
		t.Error(diff)
	}
	if s := r.events.Subscriptions(); len(s) != 1 || s[0].Asked != 7 {
		t.Errorf("the subscriptions are %+v", s)
	}
}

func TestWhereItBegins(t *testing.T) {
	r := newRig(t)
	r.opportunity()
	place := r.events.Latest()
	second := r.opportunity()
	l := r.listen(t, place)
	if ids, _ := l.until(); !slices.Equal(ids, []string{second}) {
		t.Errorf("after the place: %v", ids)
	}
	_ = l.end()
	await(t, "the end", func() bool { return r.events.Open() == 0 })
	l = r.listen(t, nil)
	third := r.opportunity()
	if ids, _ := l.until(); !slices.Equal(ids, []string{third}) {
		t.Errorf("without a place: %v", ids)
	}
	presets := []eventbus.ReplayPreset{}
	for _, s := range r.events.Subscriptions() {
		presets = append(presets, s.Preset)
	}
	if !slices.Equal(presets, []eventbus.ReplayPreset{eventbus.ReplayPreset_CUSTOM, eventbus.ReplayPreset_LATEST}) {
		t.Errorf("the subscriptions began at %v", presets)
	}
}

// TestKeepalive: an empty answer brings the place further.
func TestKeepalive(t *testing.T) {
	r := newRig(t)
	r.events.Keepalive = 10 * time.Millisecond
	l := r.listen(t, nil)
	if n := l.next(); len(n.Deals) != 0 || n.Missed || !bytes.Equal(n.Replay, r.events.Latest()) {
		t.Errorf("%+v", n)
	}
}

// TestFaults: after each of them what was changed meanwhile is told, and the place
// in the stream is kept.
func TestFaults(t *testing.T) {
	for name, tt := range map[string]struct {
		fault  func(*rig)
		missed bool
		waited time.Duration // at least, in sum
	}{
		"unavailable":            {func(r *rig) { r.events.Drop(codes.Unavailable, "service.unavailable") }, false, time.Second},
		"ended without a word":   {func(r *rig) { r.events.Drop(codes.Canceled, "") }, false, time.Second},
		"internal":               {func(r *rig) { r.events.Drop(codes.Internal, "service.internal.error") }, false, time.Second},
		"deliveries used up":     {func(r *rig) { r.events.Drop(codes.ResourceExhausted, "subscription.limit.exceeded") }, false, 15 * time.Minute},
		"token expired":          {func(r *rig) { r.twin.ExpireTokens(); r.events.Drop(codes.Unauthenticated, "service.auth.error") }, false, 0},
		"token expired, no code": {func(r *rig) { r.twin.ExpireTokens(); r.events.Drop(codes.Unauthenticated, "") }, false, 0},
		"refused again and again": {func(r *rig) {
			r.events.Order("Subscribe", 5, codes.Unauthenticated, "service.auth.error")
			r.events.Drop(codes.Unavailable, "")
		}, false, 2 * time.Second},
		"schema not to be had": {func(r *rig) { r.events.Order("GetSchema", 1, codes.Unavailable, "service.unavailable") }, false, time.Second},
		"unavailable for a while": {func(r *rig) {
			r.events.Order("Subscribe", 4, codes.Unavailable, "service.unavailable")
			r.events.Drop(codes.Unavailable, "service.unavailable")
		}, false, (1 + 2 + 4 + 8 + 16) * time.Second},
		"place no longer known": {func(r *rig) {
			r.events.Forget()
			r.events.Drop(codes.Unavailable, "service.unavailable")
		}, true, time.Second},
		"place broken": {func(r *rig) {
			r.events.Order("Subscribe", 1, codes.InvalidArgument, "subscription.fetch.replayid.corrupted")
			r.events.Drop(codes.Unavailable, "service.unavailable")
		}, true, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			l := r.listen(t, r.events.Latest())
			if name != "schema not to be had" {
				r.opportunity()
				l.until()
			}
			tt.fault(r)
			second := r.opportunity()
			ids, missed := l.until()
			if !slices.Contains(ids, second) || missed != tt.missed {
				t.Errorf("%v, missed %v; want %s\n%s", ids, missed, second, r.logged())
			}
			sum := time.Duration(0)
			for _, d := range r.waits() {
				sum += d
			}
			if sum < tt.waited || tt.waited == 0 && sum != 0 {
				t.Errorf("waited %v, want %v", sum, tt.waited)
			}
			last := r.events.Subscriptions()[len(r.events.Subscriptions())-1]
			if want := map[bool]eventbus.ReplayPreset{true: eventbus.ReplayPreset_EARLIEST, false: eventbus.ReplayPreset_CUSTOM}[tt.missed]; last.Preset != want {
				t.Errorf("the last subscription began at %v, want %v", last.Preset, want)
			}
			await(t, "that all but one stream are closed", func() bool { return r.events.Open() == 1 })
			clean(t, r.logged())
		})
	}
}

// TestNoticeNotDealtWith: a notice that is answered with an error comes again.
func TestNoticeNotDealtWith(t *testing.T) {
	r := newRig(t)
	place := r.events.Latest()
	id := r.opportunity()
	failures := 3
	done := errors.New("done")
	ctx, cancel := context.WithCancelCause(t.Context())
	var heard []won.Notice
	err := r.feed(t).Listen(ctx, place, func(_ context.Context, n won.Notice) error {
		heard = append(heard, n)
		if failures--; failures >= 0 {
			return &connect.Error{Vendor: "Salesforce", Message: "not now", RetryAfter: time.Hour}
		}
		cancel(done)
		return nil
	})
	if !errors.Is(err, context.Canceled) || len(heard) != 4 {
		t.Fatalf("%v, %d notices", err, len(heard))
	}
	for _, n := range heard {
		if !slices.Equal(n.Deals, []string{id}) {
			t.Errorf("%+v", n)
		}
	}
	if waits := r.waits(); !slices.Equal(waits, []time.Duration{time.Hour, time.Hour, time.Hour}) {
		t.Errorf("waited %v", waits)
	}
}

// TestSilence: a stream on which nothing comes is given up, and begun again.
func TestSilence(t *testing.T) {
	r := newRig(t)
	r.config.Silence = 30 * time.Millisecond
	l := r.listen(t, r.events.Latest())
	await(t, "another subscription", func() bool { return len(r.events.Subscriptions()) >= 3 })
	_ = l.end()
	if !strings.Contains(r.logged(), "nothing was heard for too long") {
		t.Error(r.logged())
	}
}

// TestGivesUp: what only a change of the settings can cure ends it, and names the
// setting.
func TestGivesUp(t *testing.T) {
	for name, tt := range map[string]struct {
		fault func(*rig)
		want  string
	}{
		"not switched on": {func(r *rig) { r.events.NoTopic = true }, "Setup > Change Data Capture select Opportunity"},
		"not allowed":     {func(r *rig) { r.events.NoSubscribe = true }, "View All Records on Opportunity"},
		"another service": {func(r *rig) { r.events.Order("Subscribe", 1, codes.Unimplemented, "") }, "Check the endpoint"},
		"wrong topic":     {func(r *rig) { r.events.Order("Subscribe", 1, codes.InvalidArgument, "") }, "Check the topic"},
		"no token":        {func(r *rig) { r.twin.ClientSecret = "another" }, "client_secret"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			tt.fault(r)
			err := r.feed(t).Listen(t.Context(), nil, func(context.Context, won.Notice) error { return nil })
			own, ok := errors.AsType[*connect.Error](err)
			if !ok || own.Temporary || !strings.Contains(err.Error(), tt.want) || own.Vendor != "Salesforce" {
				t.Errorf("the error is %v, want %q in it", err, tt.want)
			}
			clean(t, err.Error()+r.logged())
		})
	}
}

func TestUnreachable(t *testing.T) {
	r := newRig(t)
	r.config.Endpoint = "127.0.0.1:1"
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	tries := 0
	r.config.Sleep = func(context.Context, time.Duration) error {
		if tries++; tries == 3 {
			cancel()
		}
		return ctx.Err()
	}
	if err := r.feed(t).Listen(ctx, nil, nil); !errors.Is(err, context.Canceled) || !strings.Contains(r.logged(), "can't be reached. Check that this machine may reach 127.0.0.1:1;") {
		t.Errorf("%v\n%s", err, r.logged())
	}
}

func TestCheck(t *testing.T) {
	for name, tt := range map[string]struct {
		fault func(*rig)
		want  []string // missing
		words string
	}{
		"all there":       {func(*rig) {}, nil, ""},
		"token expired":   {func(r *rig) { r.twin.ExpireTokens() }, nil, ""},
		"not switched on": {func(r *rig) { r.events.NoTopic = true }, []string{"Change Data Capture of Opportunity"}, "Setup > Change Data Capture select Opportunity"},
		"not allowed":     {func(r *rig) { r.events.NoSubscribe = true }, []string{"View All on Opportunity"}, "View All Records on Opportunity"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			feed := r.feed(t)
			if _, err := r.org.Session(t.Context()); err != nil {
				t.Fatal(err)
			}
			tt.fault(r)
			var missing []string
			for _, row := range feed.Check(t.Context()) {
				if row.For == "" {
					t.Errorf("%s is for nothing", row.Name)
				}
				if row.Err != nil {
					missing = append(missing, row.Name)
					if !strings.Contains(row.Err.Error(), tt.words) {
						t.Errorf("the error is %v, want %q in it", row.Err, tt.words)
					}
					clean(t, row.Err.Error())
				}
			}
			if diff := cmp.Diff(tt.want, missing); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestConfig(t *testing.T) {
	r := newRig(t)
	for name, tt := range map[string]struct {
		change func(*changes.Config)
		want   string
	}{
		"plain, elsewhere": {func(c *changes.Config) { c.Endpoint = "api.example.com:7443" }, "encrypted"},
		"no port":          {func(c *changes.Config) { c.Endpoint = "localhost" }, "host and a port"},
		"topic":            {func(c *changes.Config) { c.Topic = "OpportunityChangeEvent" }, "topic"},
		"batch":            {func(c *changes.Config) { c.Batch = 101 }, "100"},
		"no org":           {func(c *changes.Config) { c.Org = nil }, "org"},
	} {
		cfg := r.config
		tt.change(&cfg)
		if _, err := changes.New(cfg); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: the error is %v, want %q in it", name, err, tt.want)
		}
	}
	if f, err := changes.New(changes.Config{Org: r.org}); err != nil {
		t.Error(err)
	} else if err := f.Close(); err != nil {
		t.Error(err)
	}
}

// TestLeavesNothingRunning counts goroutines after much coming and going.
func TestLeavesNothingRunning(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Run("listening", func(t *testing.T) {
		r := newRig(t)
		l := r.listen(t, nil)
		for range 5 {
			r.events.Drop(codes.Unavailable, "service.unavailable")
			subscriptions := len(r.events.Subscriptions())
			await(t, "another subscription", func() bool { return len(r.events.Subscriptions()) > subscriptions || r.events.Open() == 1 })
			r.opportunity()
		}
		_ = l.end()
	})
	await(t, "the end of what ran", func() bool { return runtime.NumGoroutine() <= before })
}
