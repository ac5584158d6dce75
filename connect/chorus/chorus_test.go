package chorus_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline"
	"throughline/connect"
	"throughline/connect/callindex"
	"throughline/connect/chorus"
	"throughline/folder"
	twin "throughline/twin/chorus"
	"throughline/twin/fault"
)

const deals = "../../../shared/bench/deals"

// native is an annotated deal's folder of exports.
func native(t *testing.T, name string) string {
	t.Helper()
	dir := filepath.Join(deals, name, "native")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("%s is not here: the annotated deals are kept beside the project", dir)
	}
	return dir
}

// pulled is the deal of a folder whose calls come from the stand-in.
func pulled(t *testing.T, dir string, want *throughline.Deal, without string) *throughline.Deal {
	t.Helper()
	r := newRig(t)
	r.clock.now = want.Close
	r.others(130)
	if err := r.twin.Seed(dir, opportunity, "001A"); err != nil {
		t.Fatal(err)
	}
	into, gaps := r.collect(t, &connect.Record{ID: opportunity + "IQU", Account: "001A", Closed: want.Close})
	if len(gaps) > 0 {
		t.Errorf("the gaps are %q", told(gaps))
	}
	whole := t.TempDir()
	if err := os.CopyFS(whole, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(whole, without)); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(whole, os.DirFS(into)); err != nil {
		t.Fatal(err)
	}
	got, err := folder.Read(t.Context(), whole)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestPulledDealIsTheFoldersDeal: a deal whose calls come from the stand-in is the
// deal that its folder holds, among the calls of other deals. By right it differs in
// the calls' addresses, which its export lacks.
func TestPulledDealIsTheFoldersDeal(t *testing.T) {
	dir := native(t, "meridian")
	want, err := folder.Read(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	got := pulled(t, dir, want, "chorus")
	calls := 0
	for i, s := range got.Sources {
		if s.Kind != throughline.SourceCall {
			continue
		}
		calls++
		if !strings.HasPrefix(s.URL, "https://chorus.ai/meeting/") {
			t.Errorf("%s has the address %q", s.ID, s.URL)
		}
		got.Sources[i].URL = ""
	}
	if calls != 5 {
		t.Fatalf("%d calls, want 5", calls)
	}
	for i, s := range want.Sources {
		if !reflect.DeepEqual(got.Sources[i], s) {
			t.Errorf("%s %q differs", s.ID, s.Title)
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Error("the deals differ")
	}
}

// TestCallsOfAnyDeal: a deal whose folder has Gong's calls, put into the stand-in, says
// the same through Chorus. By right it differs in what only Gong has: the moments of
// sentences within a passage, and addresses.
func TestCallsOfAnyDeal(t *testing.T) {
	type line struct {
		Speaker, Text string
		At            time.Time
	}
	said := func(d *throughline.Deal) map[string][]line {
		out := map[string][]line{}
		for _, s := range d.Sources {
			if s.Kind != throughline.SourceCall {
				continue
			}
			for _, p := range s.Passages {
				out[s.Title] = append(out[s.Title], line{p.Name, p.Text, p.At.Truncate(time.Second)})
			}
		}
		return out
	}
	for _, name := range []string{"atlas", "harborline"} {
		dir := native(t, name)
		want, err := folder.Read(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		got := said(pulled(t, dir, want, "gong"))
		if len(got) == 0 {
			t.Fatalf("%s: no calls", name)
		}
		if diff := cmp.Diff(said(want), got); diff != "" {
			t.Errorf("%s says something else:\n%s", name, diff)
		}
	}
}

// TestCalls counts the requests that things take.
func TestCalls(t *testing.T) {
	r := newRig(t)
	record := r.deal()
	r.collect(t, record)
	// Two lists, of which the first has a page that is empty.
	if diff := cmp.Diff(map[string]int{twin.RouteEngagements: 3 + 1, twin.RouteConversations: 8}, r.twin.Requests()); diff != "" {
		t.Errorf("the first time: %s", diff)
	}
	for name, tt := range map[string]struct {
		record *connect.Record
		want   map[string]int
	}{
		"a deal of eight calls":  {record, map[string]int{twin.RouteEngagements: 1, twin.RouteConversations: 8}},
		"a deal without calls":   {&connect.Record{ID: "006Z"}, map[string]int{}},
		"a deal of no known day": {&connect.Record{ID: opportunity}, map[string]int{twin.RouteEngagements: 1, twin.RouteConversations: 8}},
	} {
		r.twin.Forget()
		r.collect(t, tt.record)
		if diff := cmp.Diff(tt.want, r.twin.Requests()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestSyncs: a sync takes a request for each page of the window and one for the empty
// page after them, for each kind; at most 96 syncs are made in a day.
func TestSyncs(t *testing.T) {
	for calls, want := range map[int]int{0: 2, 1: 3, 100: 3, 101: 4, 250: 5} {
		r := newRig(t)
		r.others(calls)
		r.collect(t, &connect.Record{ID: "006Z"})
		if got := r.twin.Requests()[twin.RouteEngagements]; got != want {
			t.Errorf("%d calls took %d requests, want %d", calls, got, want)
		}
		all, err := r.store.Between(t.Context(), time.Time{}, today)
		if err != nil || len(all) != calls {
			t.Errorf("the index has %d calls of %d: %v", len(all), calls, err)
		}
	}
	r := newRig(t)
	for range 24 * 12 {
		r.collect(t, &connect.Record{ID: "006Z"})
		r.clock.pass(5 * time.Minute)
	}
	if got := r.twin.Requests()[twin.RouteEngagements]; got != 96*2 {
		t.Errorf("%d requests in a day, want %d", got, 96*2)
	}
}

// TestOnlyCalls: meetings and calls by dialer are taken into the index, and neither
// emails nor meetings to which nobody came; another choice of kinds is asked for.
func TestOnlyCalls(t *testing.T) {
	r := newRig(t)
	for i, kind := range []string{"meeting", "dialer", "email", "unrecorded_meeting", "content_viewed"} {
		c := meeting(kind, today.Add(-time.Duration(i+1)*time.Hour), opportunity, "cy@customer.example")
		c.Kind = kind
		r.twin.Add(c)
	}
	absent := meeting("absent", today.Add(-time.Hour), opportunity, "cy@customer.example")
	absent.Status = "no show"
	r.twin.Add(absent)
	for _, tt := range []struct{ kinds, want []string }{
		{nil, []string{"dialer", "meeting"}},
		{[]string{chorus.KindMeeting}, []string{"meeting"}},
	} {
		r.config.Kinds, r.config.Store = tt.kinds, callindex.NewMemory()
		r.connect(t)
		r.collect(t, &connect.Record{ID: "006Z"})
		all, err := r.config.Store.Between(t.Context(), time.Time{}, today)
		var got []string
		for _, e := range all {
			got = append(got, e.ID)
		}
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("kinds %q: the index has %q, %v", tt.kinds, got, err)
		}
	}
}

// TestFaults makes each request fail in each way. What can be got over is got over;
// after the rest a second try ends with one copy of everything.
func TestFaults(t *testing.T) {
	save := func(r *rig, record *connect.Record) (string, []connect.Gap, error) {
		dir := t.TempDir()
		gaps, err := r.client.Collect(t.Context(), record, dir)
		return contents(t, dir), gaps, err
	}
	clean := newRig(t)
	record := clean.deal()
	clean.others(120)
	want, gaps, err := save(clean, record)
	if err != nil || len(gaps) > 0 || !strings.Contains(want, "We said 107.") {
		t.Fatalf("without a fault: %v, %v", gaps, err)
	}
	for name, tc := range map[string]struct {
		fault fault.Fault
		fails string // the first try's error or gap holds it; empty where that ends well
	}{
		"429":                {fault.Fault{Status: 429, RetryAfter: "2"}, ""},
		"429, nothing said":  {fault.Fault{Status: 429}, ""},
		"429 for an hour":    {fault.Fault{Status: 429, RetryAfter: "3600"}, "Wait"},
		"429 for good":       {fault.Fault{Status: 429, RetryAfter: "1", Times: 4}, "HTTP 429"},
		"500":                {fault.Fault{Status: 500}, ""},
		"503 twice":          {fault.Fault{Status: 503, Times: 2}, ""},
		"502 for good":       {fault.Fault{Status: 502, Times: 4}, "status page"},
		"reset":              {fault.Fault{Reset: true}, ""},
		"reset for good":     {fault.Fault{Reset: true, Times: 4}, "can be reached"},
		"slow":               {fault.Fault{Slow: time.Second}, ""},
		"truncated":          {fault.Fault{Cut: 10}, ""},
		"truncated for good": {fault.Fault{Cut: 10, Times: 4}, "can be reached"},
		"refused once":       {fault.Fault{Status: 401}, "new API token"},
		"forbidden once":     {fault.Fault{Status: 403}, "role of the token's user"},
		"bad request":        {fault.Fault{Status: 400}, "HTTP 400"},
		"moved":              {fault.Fault{Status: 301}, "not sent on"},
	} {
		for at, where := range map[string]fault.Fault{
			"first page": {Route: twin.RouteEngagements}, "second page": {Route: twin.RouteEngagements, After: 1}, "page of the other kind": {Route: twin.RouteEngagements, After: 3},
			"calls": {Route: twin.RouteEngagements, After: 4}, "what was said": {Route: twin.RouteConversations, After: 3},
		} {
			if name == "slow" && at != "first page" {
				continue // it takes real time
			}
			t.Run(name+" at "+at, func(t *testing.T) {
				r := newRig(t)
				r.deal()
				r.others(120)
				f := tc.fault
				f.Route, f.After = where.Route, where.After
				r.twin.Fail(f)
				if f.Slow > 0 {
					r.config.HTTP.Timeout = f.Slow / 2
				}
				got, gaps, err := save(r, record)
				said := strings.Join(told(gaps), "\n")
				if err != nil {
					said = err.Error()
				}
				switch {
				case tc.fails == "" && said != "", !strings.Contains(said, tc.fails):
					t.Errorf("the first try said %q, want %q in it", said, tc.fails)
				case (err == nil) != (tc.fails == "" || at == "what was said"):
					t.Errorf("the first try's error is %v", err)
				case tc.fails != "":
					r.clock.pass(2 * time.Hour)
					if got, gaps, err = save(r, record); err != nil || len(gaps) > 0 {
						t.Fatalf("the second try: %v, %q", err, told(gaps))
					}
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("what was saved differs:\n%s", diff)
				}
				all, err := r.store.Between(t.Context(), time.Time{}, r.clock.Now())
				if err != nil || len(all) != 128 {
					t.Errorf("the index has %d calls, want 128: %v", len(all), err)
				}
				if r.twin.Struck() == 0 {
					t.Error("the fault did not strike")
				}
				if log := r.log.String() + said; strings.Contains(log, planted) || strings.Contains(log, "We said") {
					t.Errorf("the log tells:\n%s", log)
				}
			})
		}
	}
}

// TestOwnPace: requests are made at the configured pace, so that a service with that
// limit turns none away.
func TestOwnPace(t *testing.T) {
	r := newRig(t)
	record := r.deal()
	r.twin.PerSecond = 2
	r.config.Limiter, r.config.PerSecond = connect.NewLimiter(chorus.DefaultPerSecond, 2), 0
	r.connect(t)
	start := r.clock.Now()
	r.collect(t, record)
	if took := r.clock.Now().Sub(start); took < 5*time.Second {
		t.Errorf("12 requests took %s: faster than 2 a second", took)
	}
	if strings.Contains(r.log.String(), "status=429") {
		t.Errorf("some were turned away: %v", r.twin.Requests())
	}
}

// TestLookBack: a call that Chorus tells of a day late is found by a later sync, and so
// is the opportunity that an older call was tied to meanwhile.
func TestLookBack(t *testing.T) {
	r := newRig(t)
	late := meeting("1", today.Add(-2*time.Hour), opportunity, "cy@customer.example")
	late.Listed = today.Add(22 * time.Hour)
	r.twin.Add(late, meeting("2", today.Add(-3*time.Hour), "", "x@else.example"))
	record := &connect.Record{ID: opportunity}
	if dir, _ := r.collect(t, record); strings.Contains(contents(t, dir), "We said") {
		t.Error("found before Chorus told")
	}
	r.twin.Change("2", func(c *twin.Call) { c.Opportunity = opportunity })
	r.clock.pass(26 * time.Hour)
	dir, _ := r.collect(t, record)
	if got := contents(t, dir); !strings.Contains(got, "We said 1.") || !strings.Contains(got, "We said 2.") {
		t.Errorf("found only\n%s", got)
	}
}

// TestPermissionsAreNamed: whatever is withheld, it is said who can permit it, and by
// Check which part it is.
func TestPermissionsAreNamed(t *testing.T) {
	names := map[string]string{twin.RouteMe: chorus.PermissionAPI, twin.RouteEngagements: chorus.PermissionList, twin.RouteConversations: chorus.PermissionSpoken}
	for withheld, name := range names {
		r := newRig(t)
		record := r.deal()
		r.others(1)
		r.twin.Withheld = []string{withheld}
		seen := 0
		for _, p := range r.client.Check(t.Context()) {
			if (p.Err != nil) != (p.Name == name) {
				t.Errorf("without %s: %s is %v", name, p.Name, p.Err)
			}
			if p.Err != nil {
				seen++
				if !strings.Contains(p.Err.Error(), "permit the API to the role") {
					t.Errorf("the advice is %v", p.Err)
				}
			}
		}
		if seen != 1 {
			t.Errorf("without %s: %d permissions are missing", name, seen)
		}
		if withheld == twin.RouteMe {
			continue // which is not read
		}
		var e *connect.Error
		if _, err := r.client.Collect(t.Context(), record, t.TempDir()); !errors.As(err, &e) || e.Status != 403 {
			t.Errorf("without %s a deal gives %v", name, err)
		}
	}
}

// TestCheck: three requests, two where there is no call to try.
func TestCheck(t *testing.T) {
	for calls, want := range map[int]map[string]int{
		0: {twin.RouteMe: 1, twin.RouteEngagements: 1},
		1: {twin.RouteMe: 1, twin.RouteEngagements: 1, twin.RouteConversations: 1},
	} {
		r := newRig(t)
		r.others(calls)
		permissions := r.client.Check(t.Context())
		for _, p := range permissions {
			if p.Err != nil {
				t.Error(p.Err)
			}
		}
		if len(permissions) != 2+calls {
			t.Errorf("%d permissions", len(permissions))
		}
		if diff := cmp.Diff(want, r.twin.Requests()); diff != "" {
			t.Error(diff)
		}
	}
}

func TestWrongToken(t *testing.T) {
	r := newRig(t)
	r.config.Token = "wrong-" + planted
	r.connect(t)
	_, err := r.client.Collect(t.Context(), &connect.Record{ID: opportunity}, t.TempDir())
	var e *connect.Error
	if !errors.As(err, &e) || e.Status != 401 || !strings.Contains(e.Advice, "Personal Settings") || strings.Contains(err.Error(), planted) {
		t.Errorf("got %v", err)
	}
	if r.twin.Requests()[twin.RouteEngagements] != 1 {
		t.Errorf("a wrong token was tried %v times", r.twin.Requests())
	}
	for _, p := range r.client.Check(t.Context()) {
		if p.Err == nil {
			t.Errorf("%s is there", p.Name)
		}
	}
}

func TestNew(t *testing.T) {
	store := callindex.NewMemory()
	for name, tt := range map[string]struct {
		config chorus.Config
		want   string // in the error; empty for none
	}{
		"as it should be": {chorus.Config{Token: planted, Store: store}, ""},
		"no token":        {chorus.Config{Store: store}, "token is missing"},
		"a line break":    {chorus.Config{Token: planted + "\n", Store: store}, "copy it again"},
		"no store":        {chorus.Config{Token: planted}, "index of calls"},
	} {
		_, err := chorus.New(tt.config)
		if (err != nil) != (tt.want != "") || err != nil && (!strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), planted)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestNoSecretIsWritten greps what a run leaves behind.
func TestNoSecretIsWritten(t *testing.T) {
	r := newRig(t)
	record := r.deal()
	store, err := callindex.OpenMemory(filepath.Join(t.TempDir(), "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	r.config.Store = store
	r.connect(t)
	r.twin.Fail(fault.Fault{Status: 503, Times: 2})
	dir, _ := r.collect(t, record)
	written := contents(t, dir)
	if !strings.Contains(written, "We said 100.") || r.log.Len() == 0 {
		t.Error("what should be written is not")
	}
	if strings.Contains(written+r.log.String(), planted) {
		t.Error("the token was written")
	}
	for _, madeByChorus := range []string{"summary", "model wrote", "action_items"} {
		if strings.Contains(written, madeByChorus) {
			t.Errorf("%q was written", madeByChorus)
		}
	}
	err = filepath.WalkDir(filepath.Join(dir, "chorus"), func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Stat(path)
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is not its owner's alone: %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// answering answers every request with a body, without a network; requests for a
// conversation with another one.
type answering struct{ list, conversation string }

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	body := a.list
	if routeOf(r.URL.Path) == twin.RouteConversations {
		body = a.conversation
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(body))}, nil
}

// FuzzAnswers: whatever stands in the answers, what is saved are conversations below
// the folder chorus, which can be read.
func FuzzAnswers(f *testing.F) {
	const good = `{"engagement_id":"1","opportunity_id":"006A","account_id":"","date_time":1780000000.5,"subject":"S","participants":[{"email":"A@b.c","type":"cust"}]}`
	const spoken = `{"name":"N","status":"done","recording":{"start_time":"2026-05-28T20:26:40Z","utterances":[{"index":1,"snippet":"Yes.","snippet_time":2},{"index":0,"snippet":"So?","snippet_time":1,"speaker_name":null}]}}`
	f.Add(good, spoken)
	f.Add(`{"engagement_id":"../../x","opportunity_id":"006A","date_time":1e300}`, spoken)
	f.Add(`{"engagement_id":"..","opportunity_id":"006A"}`, `{"status":null}`)
	f.Add(`{"engagement_id":"a,b","opportunity_id":["006A"],"participants":[{"user_id":"x"}]}`, `{"status":"done","recording":{"utterances":[{"snippet":3}]}}`)
	f.Add(`{"engagement_id":7,"opportunity_id":"006A"}`, `[]`)
	f.Add(`{"engagement_id":"Ä b","opportunity_id":"006A","url":"javascript:alert(1)"}`, `{"status":"done","recording":{"start_time":"x","utterances":[{"snippet":" ","snippet_time":-1e300}]}}`)
	f.Fuzz(func(t *testing.T, engagement, attributes string) {
		if !json.Valid([]byte(engagement)) || !json.Valid([]byte(attributes)) {
			return
		}
		list := `{"continuation_key":"","engagements":[` + engagement + `]}`
		client, err := chorus.New(chorus.Config{
			Token: planted, Store: callindex.NewMemory(), Limiter: connect.NewLimiter(1e6, 1e6), Kinds: []string{"meeting"},
			HTTP:  &http.Client{Transport: answering{list, `{"data":{"type":"recording","id":"1","attributes":` + attributes + `}}`}},
			Sleep: func(context.Context, time.Duration) error { return nil }, Now: func() time.Time { return today },
		})
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		if _, err := client.Collect(t.Context(), &connect.Record{ID: "006A"}, dir); err != nil {
			t.Fatalf("%v, of %s and %s", err, engagement, attributes)
		}
		files, err := filepath.Glob(filepath.Join(dir, "chorus", "*"))
		if err != nil || len(files) > 1 {
			t.Errorf("saved are %q, %v", files, err)
		}
		if len(files) == 0 {
			return
		}
		deal, err := folder.Read(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		if len(deal.Sources) != len(files) || len(deal.Problems) > 0 {
			t.Errorf("%d files are read as %d sources, with %v; of %s and %s", len(files), len(deal.Sources), deal.Problems, engagement, attributes)
		}
		for _, source := range deal.Sources {
			if len(source.Passages) == 0 || source.URL != "" && !strings.HasPrefix(source.URL, "https://") {
				t.Errorf("%+v, of %s and %s", source, engagement, attributes)
			}
		}
	})
}
