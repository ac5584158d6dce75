package gong_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline/connect"
	"throughline/connect/callindex"
	"throughline/connect/gong"
	"throughline/folder"
	"throughline/twin/fault"
	twin "throughline/twin/gong"
)

// TestPulledDealIsTheFoldersDeal: a deal whose calls come from the stand-in is the
// deal that its folder holds, among the calls of other deals.
func TestPulledDealIsTheFoldersDeal(t *testing.T) {
	for _, name := range []string{"atlas", "harborline"} {
		t.Run(name, func(t *testing.T) {
			native := filepath.Join("../../../shared/bench/deals", name, "native")
			if _, err := os.Stat(native); err != nil {
				t.Skipf("%s is not here: the annotated deals are kept beside the project", native)
			}
			want, err := folder.Read(t.Context(), native)
			if err != nil {
				t.Fatal(err)
			}
			r := newRig(t)
			r.clock.now = want.Close
			r.others(130)
			if err := r.twin.Seed(native); err != nil {
				t.Fatal(err)
			}
			r.sync(t)
			pulled, _, err := r.pull(t.Context(), callindex.Deal{ID: opportunityOf(t, native)})
			if err != nil {
				t.Fatal(err)
			}
			if len(pulled.Pending)+len(pulled.Private)+len(pulled.Unknown) > 0 {
				t.Errorf("pending %v, private %v, unknown %v", pulled.Pending, pulled.Private, pulled.Unknown)
			}
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(native)); err != nil {
				t.Fatal(err)
			}
			if err := os.RemoveAll(filepath.Join(dir, "gong")); err != nil {
				t.Fatal(err)
			}
			if err := pulled.Save(dir); err != nil {
				t.Fatal(err)
			}
			got, err := folder.Read(t.Context(), dir)
			if err != nil {
				t.Fatal(err)
			}
			if len(want.Sources) == 0 || len(got.Sources) != len(want.Sources) {
				t.Fatalf("%d sources, want %d", len(got.Sources), len(want.Sources))
			}
			for i, s := range want.Sources {
				if !reflect.DeepEqual(got.Sources[i], s) {
					t.Errorf("%s %q differs", s.ID, s.Title)
				}
			}
			if !reflect.DeepEqual(got, want) {
				t.Error("the deals differ")
			}
		})
	}
}

// opportunityOf is the opportunity that the folder's calls are tied to.
func opportunityOf(t *testing.T, dir string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "gong", "calls.json"))
	if err != nil {
		t.Fatal(err)
	}
	var body struct {
		Calls []struct {
			Context []struct {
				Objects []struct{ ObjectType, ObjectID string }
			}
		}
	}
	if err := json.Unmarshal(raw, &body); err != nil {
		t.Fatal(err)
	}
	for _, o := range body.Calls[0].Context[0].Objects {
		if o.ObjectType == "Opportunity" {
			return o.ObjectID
		}
	}
	t.Fatal("the first call names no opportunity")
	return ""
}

// TestDealTakesTwoRequests: with the index warm, a deal of eight calls is read by
// one request for the calls and one for what was said; one without calls by none.
func TestDealTakesTwoRequests(t *testing.T) {
	r := newRig(t)
	o := r.deal()
	r.others(50)
	r.sync(t)
	r.twin.Forget()
	pulled, _, err := r.pull(t.Context(), o)
	if err != nil || len(pulled.Calls) != 8 || len(pulled.Transcripts) != 8 {
		t.Fatalf("pulled %d calls and %d transcripts: %v", len(pulled.Calls), len(pulled.Transcripts), err)
	}
	if diff := cmp.Diff(map[string]int{twin.PathCalls: 1, twin.PathTranscripts: 1}, r.twin.Requests()); diff != "" {
		t.Error(diff)
	}
	r.twin.Forget()
	if _, _, err := r.pull(t.Context(), callindex.Deal{ID: "006Z00000000000"}); err != nil || len(r.twin.Requests()) > 0 {
		t.Errorf("a deal without calls took %v: %v", r.twin.Requests(), err)
	}
}

func TestSyncTakesARequestAHundredCalls(t *testing.T) {
	for calls, want := range map[int]int{0: 1, 1: 1, 100: 1, 101: 2, 250: 3} {
		r := newRig(t)
		r.others(calls)
		r.sync(t)
		if got := r.twin.Requests()[twin.PathCalls]; got != want {
			t.Errorf("%d calls took %d requests, want %d", calls, got, want)
		}
		all, err := r.index.Store.Between(t.Context(), time.Time{}, today)
		if err != nil || len(all) != calls {
			t.Errorf("the index has %d calls of %d: %v", len(all), calls, err)
		}
	}
}

func TestAtMost96SyncsADay(t *testing.T) {
	r := newRig(t)
	r.others(10)
	for range 24 * 60 {
		r.sync(t)
		r.clock.pass(time.Minute)
	}
	if got := r.twin.Requests()[twin.PathCalls]; got != 96 {
		t.Errorf("%d requests in a day, want 96", got)
	}
}

// TestLookBack: a call that Gong tells of a day late is found by a later sync,
// and so is the record that an older call was tied to meanwhile.
func TestLookBack(t *testing.T) {
	r := newRig(t)
	late := recording{id: "1", started: today.Add(-2 * time.Hour), opportunity: "006L"}
	untied := recording{id: "2", started: today.Add(-3 * time.Hour)}
	r.record(late, untied)
	r.twin.Delay("1", today.Add(22*time.Hour), today.Add(23*time.Hour))
	r.sync(t)
	found := func() (ids []string) {
		matches, err := r.index.Match(t.Context(), callindex.Deal{ID: "006L"})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range matches {
			ids = append(ids, m.ID)
		}
		return ids
	}
	if got := found(); got != nil {
		t.Fatalf("found %v before Gong told", got)
	}
	untied.opportunity = "006L"
	r.record(untied)
	r.clock.pass(26 * time.Hour)
	r.sync(t)
	if got := found(); !slices.Equal(got, []string{"2", "1"}) {
		t.Errorf("found %v", got)
	}
	old := recording{id: "3", started: today.AddDate(0, -3, 0)}
	r.record(old)
	if err := r.index.Rescan(t.Context(), today.AddDate(0, -4, 0), today); err != nil {
		t.Fatal(err)
	}
	if all, err := r.index.Store.Between(t.Context(), time.Time{}, today); err != nil || len(all) != 3 || all[0].ID != "3" {
		t.Errorf("a rescan left %v: %v", all, err)
	}
}

// TestFaults makes each request fail in each way. What can be got over is got
// over; after the rest a second try ends with one copy of everything.
func TestFaults(t *testing.T) {
	save := func(r *rig, o callindex.Deal) (string, error) {
		if err := r.index.Sync(t.Context()); err != nil {
			return "", err
		}
		pulled, _, err := r.pull(t.Context(), o)
		if err != nil {
			return "", err
		}
		dir := t.TempDir()
		if err := pulled.Save(dir); err != nil {
			return "", err
		}
		return contents(t, dir), nil
	}
	clean := newRig(t)
	o := clean.deal()
	clean.others(120)
	want, err := save(clean, o)
	if err != nil || !strings.Contains(want, "We said 107.") {
		t.Fatalf("without a fault: %v", err)
	}

	for name, tc := range map[string]struct {
		fault fault.Fault
		fails string // the first try's error holds it; empty where that ends well
	}{
		"429":                {fault.Fault{Status: 429, RetryAfter: "2"}, ""},
		"429 for an hour":    {fault.Fault{Status: 429, RetryAfter: "3600"}, "Wait"},
		"429 for good":       {fault.Fault{Status: 429, RetryAfter: "1", Times: 4}, "HTTP 429"},
		"500":                {fault.Fault{Status: 500}, ""},
		"503 twice":          {fault.Fault{Status: 503, Times: 2}, ""},
		"502 for good":       {fault.Fault{Status: 502, Times: 4}, "status page"},
		"reset":              {fault.Fault{Reset: true}, ""},
		"reset for good":     {fault.Fault{Reset: true, Times: 4}, "can be reached"},
		"slow":               {fault.Fault{Slow: time.Second}, ""},
		"truncated":          {fault.Fault{Cut: 700}, ""},
		"truncated for good": {fault.Fault{Cut: 700, Times: 4}, "can be reached"},
		"refused once":       {fault.Fault{Status: 401}, "access key"},
		"forbidden once":     {fault.Fault{Status: 403}, "scope api:calls:read"},
		"bad request":        {fault.Fault{Status: 400}, "Ordered to fail"},
		"moved":              {fault.Fault{Status: 301, Location: "https://us-1.api.gong.example/v2"}, "us-1.api.gong.example"},
	} {
		for at, where := range map[string]fault.Fault{
			"first page": {Route: twin.PathCalls}, "second page": {Route: twin.PathCalls, After: 1},
			"calls": {Route: twin.PathCalls, After: 2}, "transcripts": {Route: twin.PathTranscripts},
		} {
			if name == "slow" && at != "first page" {
				continue // it takes real time
			}
			t.Run(name+" at "+at, func(t *testing.T) {
				r := newRig(t)
				r.deal()
				r.others(120)
				fault := tc.fault
				fault.Route, fault.After = where.Route, where.After
				r.twin.Fail(fault)
				if fault.Slow > 0 {
					r.index.Client.HTTP.HTTP.Timeout = fault.Slow / 2
				}
				got, err := save(r, o)
				switch {
				case (err == nil) != (tc.fails == ""):
					t.Fatalf("the first try gave %v", err)
				case err != nil && !strings.Contains(err.Error(), tc.fails):
					t.Errorf("the first try's error is %q, want %q in it", err, tc.fails)
				case err != nil:
					r.clock.pass(2 * time.Hour)
					if got, err = save(r, o); err != nil {
						t.Fatalf("the second try: %v", err)
					}
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("what was saved differs:\n%s", diff)
				}
				all, err := r.index.Store.Between(t.Context(), time.Time{}, today)
				if err != nil || len(all) != 128 {
					t.Errorf("the index has %d calls, want 128: %v", len(all), err)
				}
				if said := r.log.String(); strings.Contains(said, accessSecret) || strings.Contains(said, "We said") {
					t.Errorf("the log tells:\n%s", said)
				}
			})
		}
	}
}

// contents are the files below a folder, one after the other.
func contents(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(filepath.Join(dir, path))
		fmt.Fprintf(&b, "%s\n%s\n", path, raw)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestOwnLimit: many pages are read at the pace that the service allows, so that
// none is turned away.
func TestOwnLimit(t *testing.T) {
	r := newRig(t)
	r.others(1500)
	start := r.clock.Now()
	r.sync(t)
	if took := r.clock.Now().Sub(start); took < 3*time.Second {
		t.Errorf("15 pages took %s: faster than 3 a second", took)
	}
	if strings.Contains(r.log.String(), "status=429") || r.twin.Requests()[twin.PathCalls] != 15 {
		t.Errorf("some were turned away: %v", r.twin.Requests())
	}
}

func TestPrivateStaysOutPendingIsKnown(t *testing.T) {
	r := newRig(t)
	const opp = "006P"
	r.record(
		recording{id: "1", started: today.AddDate(0, 0, -9), opportunity: opp},
		recording{id: "2", started: today.AddDate(0, 0, -8), opportunity: opp, private: true, customer: "cy@customer.example"},
		recording{id: "3", started: today.Add(-time.Hour), opportunity: opp},
		recording{id: "4", started: today.AddDate(0, 0, -7), opportunity: opp},
		recording{id: "5", started: today.AddDate(0, 0, -6), opportunity: opp, noParties: true},
	)
	r.sync(t)
	r.twin.Delay("3", today, today.Add(3*time.Hour))
	r.twin.Delay("5", today.AddDate(1, 0, 0), today.AddDate(1, 0, 0))
	r.record(recording{id: "4", started: today.AddDate(0, 0, -7), opportunity: opp, private: true}) // since the sync

	pulled, matches, err := r.pull(t.Context(), callindex.Deal{ID: opp})
	if err != nil {
		t.Fatal(err)
	}
	ids := func(calls []gong.Call) (out []string) {
		for _, c := range calls {
			out = append(out, c.ID)
		}
		return out
	}
	for what, pair := range map[string][2][]string{
		"calls": {ids(pulled.Calls), {"1", "3"}}, "pending": {ids(pulled.Pending), {"3"}},
		"private": {pulled.Private, {"2", "4"}}, "unknown": {pulled.Unknown, {"5"}},
	} {
		slices.Sort(pair[0])
		if !slices.Equal(pair[0], pair[1]) {
			t.Errorf("%s: %v, want %v", what, pair[0], pair[1])
		}
	}
	for _, m := range matches {
		if m.ID == "2" && len(m.Parties) > 0 {
			t.Error("the index tells who was on a private call")
		}
	}
	if pulled.Ready(today, 24*time.Hour) || !pulled.Ready(today.AddDate(0, 0, 2), 24*time.Hour) {
		t.Error("a call of an hour ago without its transcript should be waited for, for a day")
	}
	dir := t.TempDir()
	if err := pulled.Save(dir); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"2", "4"} {
		if strings.Contains(contents(t, dir), "call?id="+id) || strings.Contains(contents(t, dir), "We said "+id) {
			t.Errorf("the private call %s was saved", id)
		}
	}
	deal, err := folder.Read(t.Context(), dir)
	if err != nil || len(deal.Sources) != 2 || len(deal.Problems) != 1 || deal.Problems[0].Record != "3" {
		t.Errorf("read back: %v, %v", deal, err)
	}

	r.clock.pass(4 * time.Hour)
	if pulled, _, err = r.pull(t.Context(), callindex.Deal{ID: opp}); err != nil || len(pulled.Pending) > 0 {
		t.Errorf("later still pending: %v, %v", ids(pulled.Pending), err)
	}
}

func TestMatching(t *testing.T) {
	const opp, account, cy = "006A00000BcdEfGIQU", "001A", "Cy@Customer.example"
	near := today.AddDate(0, 0, -5)
	o := callindex.Deal{ID: opp, Account: account, Contacts: []string{"other@customer.example", cy}, From: today.AddDate(0, 0, -30), To: today}
	for name, tc := range map[string]struct {
		call recording
		want callindex.How // empty for no match
	}{
		"tied, long id":                   {recording{opportunity: opp}, callindex.ByRecord},
		"tied, short id":                  {recording{opportunity: opp[:15]}, callindex.ByRecord},
		"tied, letter case differs":       {recording{opportunity: strings.ToUpper(opp[:15])}, ""},
		"tied, long before the window":    {recording{opportunity: opp, started: today.AddDate(0, -9, 0)}, callindex.ByRecord},
		"tied to another, contact there":  {recording{opportunity: "006B", account: account, customer: cy}, ""},
		"untied, contact there":           {recording{customer: strings.ToLower(cy)}, callindex.ByParticipant},
		"account only, contact there":     {recording{account: account, customer: "cy@customer.example"}, callindex.ByParticipant},
		"account only, nobody known":      {recording{account: account, customer: "new@customer.example"}, ""},
		"another account, contact there":  {recording{account: "001Z", customer: "cy@customer.example"}, ""},
		"untied, contact, after closing":  {recording{customer: "cy@customer.example", started: today.Add(time.Minute)}, ""},
		"untied, contact, too early":      {recording{customer: "cy@customer.example", started: today.AddDate(0, 0, -31)}, ""},
		"untied, stranger":                {recording{customer: "cy@else.example"}, ""},
		"untied, nobody known took part":  {recording{noParties: true}, ""},
		"untied, private, contact there":  {recording{customer: "cy@customer.example", private: true}, ""},
		"tied, private: said as left out": {recording{opportunity: opp, private: true}, callindex.ByRecord},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.clock.pass(time.Hour)
			call := tc.call
			call.id = "1"
			if call.started.IsZero() {
				call.started = near
			}
			r.record(call)
			r.sync(t)
			matches, err := r.index.Match(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			var got callindex.How
			if len(matches) == 1 {
				got = matches[0].How
			}
			if got != tc.want || len(matches) > 1 {
				t.Errorf("matched %v, want %q", matches, tc.want)
			}
		})
	}
}

// TestColleagueIsNoCustomer: a contact of the CRM that is a user of Gong's is one
// of the seller's people, who are on every call.
func TestColleagueIsNoCustomer(t *testing.T) {
	r := newRig(t)
	r.record(recording{id: "1", started: today.Add(-time.Hour)})
	r.sync(t)
	matches, err := r.index.Match(t.Context(), callindex.Deal{ID: "006A", Contacts: []string{"ae@seller.example"}, From: today.AddDate(0, 0, -1), To: today})
	if err != nil || len(matches) > 0 {
		t.Errorf("matched %v: %v", matches, err)
	}
}

func TestPermissionsAreNamed(t *testing.T) {
	for _, scope := range []string{gong.ScopeCalls, gong.ScopeTranscripts} {
		r := newRig(t)
		o := r.deal()
		if scope == gong.ScopeTranscripts {
			r.sync(t)
		}
		r.twin.Withheld = []string{scope}
		err := r.index.Sync(t.Context())
		if err == nil {
			_, _, err = r.pull(t.Context(), o)
		}
		if err == nil || !strings.Contains(err.Error(), scope) || strings.Contains(strings.ReplaceAll(err.Error(), scope, ""), "api:calls") {
			t.Errorf("without %s: %v", scope, err)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, withheld := range []string{"", gong.ScopeCalls, gong.ScopeTranscripts} {
		r := newRig(t)
		r.others(1)
		r.twin.Withheld = []string{withheld}
		for _, p := range r.index.Client.Check(t.Context(), today) {
			if (p.Err != nil) != (p.Name == withheld) {
				t.Errorf("without %q: %s is %v", withheld, p.Name, p.Err)
			}
		}
		if diff := cmp.Diff(map[string]int{twin.PathCalls: 1, twin.PathTranscripts: 1}, r.twin.Requests()); diff != "" {
			t.Error(diff)
		}
	}
	// A company without any call in the day lacks no permission.
	for _, p := range newRig(t).index.Client.Check(t.Context(), today) {
		if p.Err != nil {
			t.Error(p.Err)
		}
	}
}

func TestWrongSecret(t *testing.T) {
	r := newRig(t)
	wrong := "wrong-" + accessSecret
	r.index.Client = r.client(gong.Key(accessKey, wrong))
	err := r.index.Sync(t.Context())
	var e *connect.Error
	if !errors.As(err, &e) || e.Status != 401 || !strings.Contains(e.Advice, "Settings > API") || strings.Contains(err.Error(), accessSecret) {
		t.Errorf("got %v", err)
	}
	if r.twin.Requests()[twin.PathCalls] != 1 {
		t.Errorf("a wrong secret was tried %v times", r.twin.Requests())
	}
}

// TestOAuth: tokens are had when needed, again when they end or are revoked, and
// each new refresh token is handed on to be kept.
func TestOAuth(t *testing.T) {
	r := newRig(t)
	r.others(3)
	r.twin.ClientID, r.twin.ClientSecret, r.twin.RefreshToken, r.twin.Base = "app", "app-secret-planted", "refresh-planted", r.addr
	var kept []string
	app := gong.App{
		ClientID: "app", ClientSecret: "app-secret-planted", RefreshToken: "refresh-planted",
		HTTP: &connect.Client{Base: r.addr, Now: r.clock.Now, Sleep: r.clock.Sleep, Log: r.index.Client.HTTP.Log},
		Renewed: func(_ context.Context, token string) error {
			kept = append(kept, token)
			return nil
		},
	}
	c := r.client(app.Auth())
	c.HTTP.Base = ""
	r.index.Client = c
	for _, before := range []func(){func() {}, r.twin.Revoke, func() { r.clock.pass(25 * time.Hour) }} {
		before()
		r.clock.pass(time.Hour)
		r.sync(t)
	}
	if want := []string{"refresh-planted-1", "refresh-planted-2", "refresh-planted-3"}; !slices.Equal(kept, want) {
		t.Errorf("kept %v, want %v", kept, want)
	}
	if got := r.twin.Requests()[twin.PathToken]; got != 3 {
		t.Errorf("%d tokens were asked for, want 3", got)
	}
	if strings.Contains(r.log.String(), "planted") {
		t.Errorf("the log tells:\n%s", r.log)
	}
	app.RefreshToken = "refresh-planted-of-old"
	c.HTTP.Auth = app.Auth()
	r.clock.pass(time.Hour)
	if err := r.index.Sync(t.Context()); err == nil || strings.Contains(err.Error(), "planted") {
		t.Errorf("a refresh token of old gave %v", err)
	}
}

// TestNoSecretIsWritten greps what a run leaves behind.
func TestNoSecretIsWritten(t *testing.T) {
	r := newRig(t)
	o := r.deal()
	dir := t.TempDir()
	store, err := callindex.OpenMemory(filepath.Join(dir, "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	r.index.Store = store
	r.sync(t)
	pulled, _, err := r.pull(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := pulled.Save(dir); err != nil {
		t.Fatal(err)
	}
	written := contents(t, dir) + r.log.String()
	if !strings.Contains(written, "We said 100.") || !strings.Contains(written, "006A00000BcdEfG") {
		t.Error("what should be written is not")
	}
	for _, secret := range []string{accessKey, accessSecret, meetingPass} {
		if strings.Contains(written, secret) {
			t.Errorf("%s was written", secret)
		}
	}
	for _, name := range []string{"index.json", "gong/calls.json", "gong/transcripts.json"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s is not its owner's alone: %v %v", name, info, err)
		}
	}
}

func TestMemoryKeepsToItsFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "index.json")
	r := newRig(t)
	o := r.deal()
	for i := range 2 {
		store, err := callindex.OpenMemory(file)
		if err != nil {
			t.Fatal(err)
		}
		r.index.Store = store
		r.sync(t)
		matches, err := r.index.Match(t.Context(), o)
		if err != nil || len(matches) != 8 {
			t.Errorf("run %d: %d matches, %v", i, len(matches), err)
		}
	}
	if got := r.twin.Requests()[twin.PathCalls]; got != 1 {
		t.Errorf("%d syncs, want 1: the file tells of the first", got)
	}
	if err := os.WriteFile(file, []byte(`{"calls":[`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := callindex.OpenMemory(file); err == nil || !strings.Contains(err.Error(), "delete it") {
		t.Errorf("a broken file gave %v", err)
	}
}

// TestManyIDsGoInBatches, so that no request grows beyond what others send.
func TestManyIDsGoInBatches(t *testing.T) {
	r := newRig(t)
	var ids []string
	for i := range 45 {
		id := fmt.Sprint(i)
		r.record(recording{id: id, started: today.AddDate(0, 0, -i)})
		ids = append(ids, id, id)
	}
	pulled, err := r.index.Client.Pull(t.Context(), ids)
	if err != nil || len(pulled.Calls) != 45 || len(pulled.Transcripts) != 45 {
		t.Fatalf("pulled %d calls, %d transcripts: %v", len(pulled.Calls), len(pulled.Transcripts), err)
	}
	if !slices.IsSortedFunc(pulled.Calls, func(a, b gong.Call) int { return a.Started.Compare(b.Started) }) {
		t.Error("the calls are not in order of time")
	}
	if diff := cmp.Diff(map[string]int{twin.PathCalls: 3, twin.PathTranscripts: 3}, r.twin.Requests()); diff != "" {
		t.Error(diff)
	}
}

// answering answers every request with a body, without a network.
type answering string

func (a answering) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(string(a)))}, nil
}

// FuzzCall: whatever stands in an answer, a call has an id, and is saved as JSON.
func FuzzCall(f *testing.F) {
	f.Add(`{"metaData":{"id":"1","started":"2026-01-02T03:04:05Z","meetingUrl":"x"},"context":[{"system":"Salesforce","objects":[{"objectType":"Opportunity","objectId":"006"}]}],"parties":[{"emailAddress":"A@b.c","affiliation":"External"}]}`)
	f.Add(`{"metaData":null}`)
	f.Add(`{"metaData":{"id":"1"},"METADATA":{"id":"2","meetingUrl":"x"}}`)
	f.Add(`[]`)
	f.Fuzz(func(t *testing.T, record string) {
		if !json.Valid([]byte(record)) {
			return
		}
		c := gong.New("", gong.Key("k", "s"))
		c.HTTP.Limiter = nil
		c.HTTP.HTTP = &http.Client{Transport: answering(`{"calls":[` + record + `]}`)}
		calls, err := c.CallsByID(t.Context(), []string{"1"})
		if err != nil {
			t.Fatal(err)
		}
		for _, call := range calls {
			if call.ID == "" {
				t.Errorf("a call without an id of %s", record)
			}
		}
		dir := t.TempDir()
		if err := (&gong.Pulled{Calls: calls}).Save(dir); err != nil {
			t.Fatalf("%v, of %s", err, record)
		}
		raw, err := os.ReadFile(filepath.Join(dir, "gong", "calls.json"))
		if err != nil || !json.Valid(raw) {
			t.Errorf("saved as %s: %v", raw, err)
		}
	})
}
