package chorus_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline/connect"
	"throughline/connect/callindex"
	"throughline/folder"
	twin "throughline/twin/chorus"
	"throughline/twin/fault"
)

// saved are the names of what a run saved.
func saved(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, "chorus"))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, strings.TrimSuffix(e.Name(), ".json"))
	}
	return out
}

// TestGaps: what is missing of a deal, or may not belong to it, is told; what nobody
// is shown is only counted.
func TestGaps(t *testing.T) {
	const title = `Chorus: the call "Call 1" of 2026-06-01 `
	recent, contact := today.Add(-time.Hour), "cy@customer.example"
	for name, tt := range map[string]struct {
		change func(*twin.Call) // of a call of the deal, an hour ago
		later  func(*rig)       // after the index was synced
		want   []string         // beginnings
		saved  bool
	}{
		"all there":                 {func(*twin.Call) {}, nil, nil, true},
		"still processed":           {func(c *twin.Call) { c.Done = today.Add(time.Hour) }, nil, []string{title + "has no transcript yet; Chorus is still at work on it (pending)"}, false},
		"of unknown state":          {func(c *twin.Call) { c.Status = "unknown" }, nil, []string{title + "has no transcript yet; Chorus is still at work on it (pending)"}, false},
		"done, nothing said yet":    {func(c *twin.Call) { c.Said = nil }, nil, []string{title + "has no transcript yet; Chorus is still at work on it (pending)"}, false},
		"done, only silence":        {func(c *twin.Call) { c.Said = []twin.Utterance{{Text: "  "}} }, nil, []string{title + "has no transcript yet; Chorus is still at work on it (pending)"}, false},
		"live":                      {func(c *twin.Call) { c.Status = "live" }, nil, []string{title + "is not over yet, as Chorus has it (live) (pending)"}, false},
		"scheduled":                 {func(c *twin.Call) { c.Status = "scheduled" }, nil, []string{title + "is not over yet, as Chorus has it (scheduled) (pending)"}, false},
		"nobody came":               {func(c *twin.Call) { c.Status = "no show" }, nil, nil, false},
		"nobody came, known later":  {func(*twin.Call) {}, func(r *rig) { r.twin.Change("1", func(c *twin.Call) { c.Status = "no show" }) }, nil, false},
		"private from the start":    {func(c *twin.Call) { c.Private = true }, nil, nil, false},
		"private since":             {func(*twin.Call) {}, func(r *rig) { r.twin.Change("1", func(c *twin.Call) { c.Private = true }) }, []string{"Chorus: 1 call is in the list of calls and not shown any more"}, false},
		"tied to another deal":      {func(*twin.Call) {}, func(r *rig) { r.twin.Change("1", func(c *twin.Call) { c.Opportunity = "006Z" }) }, nil, false},
		"processed for a week":      {func(c *twin.Call) { c.Started, c.Done = today.AddDate(0, 0, -7), today.Add(time.Hour) }, nil, []string{`Chorus: the call "Call 1" of 2026-05-25 has no transcript, and none is to be expected any more`}, false},
		"scheduled, never held":     {func(c *twin.Call) { c.Started, c.Status = today.AddDate(0, 0, -7), "scheduled" }, nil, []string{`Chorus: the call "Call 1" of 2026-05-25 has no transcript, and none is to be expected any more`}, false},
		"only its account is named": {func(c *twin.Call) { c.Opportunity, c.Account = "", "001A" }, nil, []string{`Chorus: 1 call counts as one of this deal only because its account is named, and tied to no opportunity in Chorus; check that it belongs here: "Call 1" of 2026-06-01`}, true},
		"only who took part":        {func(c *twin.Call) { c.Opportunity = "" }, nil, []string{`Chorus: 1 call counts as one of this deal only because its contacts took part`}, true},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			record := r.deal()
			c := meeting("1", recent, opportunity, contact)
			tt.change(&c)
			r.twin.Add(c)
			if tt.later != nil {
				r.collect(t, &connect.Record{ID: "006Y"})
				tt.later(r)
			}
			dir, gaps := r.collect(t, record)
			got := told(gaps)
			if len(got) != len(tt.want) {
				t.Fatalf("the gaps are %q", got)
			}
			for i, want := range tt.want {
				if !strings.HasPrefix(got[i], want) {
					t.Errorf("a gap is %q, want %q", got[i], want)
				}
				if strings.HasPrefix(name, "private") && strings.Contains(got[i], "Call") {
					t.Errorf("the gap tells of a private call: %q", got[i])
				}
			}
			if got := slices.Contains(saved(t, dir), "1"); got != tt.saved {
				t.Errorf("saved: %v, want %v", got, tt.saved)
			}
			if !tt.saved && strings.Contains(contents(t, dir), "We said 1.") {
				t.Error("what was said is there")
			}
		})
	}
}

// TestPrivateIsNeverRead: a call that was private before, or became so, is not asked
// for by its id.
func TestPrivateIsNeverRead(t *testing.T) {
	r := newRig(t)
	record := r.deal()
	r.twin.Change("100", func(c *twin.Call) { c.Private = true })
	r.collect(t, record)
	r.twin.Change("101", func(c *twin.Call) { c.Private = true })
	r.twin.Forget()
	dir, gaps := r.collect(t, record)
	if len(gaps) != 1 || strings.Contains(gaps[0].What, "Call") {
		t.Errorf("the gaps are %q", told(gaps))
	}
	if got := r.twin.Requests()[twin.RouteConversations]; got != 6 {
		t.Errorf("%d conversations were asked for, want 6", got)
	}
	if diff := cmp.Diff([]string{"102", "103", "104", "105", "106", "107"}, saved(t, dir)); diff != "" {
		t.Error(diff)
	}
	for _, id := range []string{"100", "101"} {
		if strings.Contains(contents(t, dir)+r.log.String(), "Call "+id) {
			t.Errorf("something is told of the private call %s", id)
		}
	}
}

// TestSaidToBePrivate: should Chorus answer for a call and say that it is private, the
// answer is let go.
func TestSaidToBePrivate(t *testing.T) {
	const list = `{"engagements":[{"engagement_id":"1","opportunity_id":"` + opportunity + `","date_time":1780000000}]}`
	r := newRig(t)
	r.config.HTTP.Transport = answering{list, `{"data":{"type":"recording","id":"1","attributes":{"name":"Call 1","status":"done","private":true,"recording":{"utterances":[{"index":0,"snippet":"We said 1."}]}}}}`}
	r.connect(t)
	dir, gaps := r.collect(t, &connect.Record{ID: opportunity})
	if diff := cmp.Diff([]string{"Chorus: 1 private call was left out"}, told(gaps)); diff != "" {
		t.Error(diff)
	}
	if got := saved(t, dir); len(got) > 0 {
		t.Errorf("saved are %q", got)
	}
}

// TestBecomesDone: a call that is still processed is there the next time.
func TestBecomesDone(t *testing.T) {
	r := newRig(t)
	record := r.deal()
	r.twin.Change("107", func(c *twin.Call) { c.Started, c.Done = today.Add(-time.Hour), today.Add(3*time.Hour) })
	dir, gaps := r.collect(t, record)
	if len(gaps) != 1 || !gaps[0].Pending || len(saved(t, dir)) != 7 {
		t.Errorf("first: %q, %q", told(gaps), saved(t, dir))
	}
	r.clock.pass(4 * time.Hour)
	dir, gaps = r.collect(t, record)
	if len(gaps) != 0 || len(saved(t, dir)) != 8 {
		t.Errorf("later: %q, %q", told(gaps), saved(t, dir))
	}
}

// TestMatching: by the opportunity at any time; else within the deal's time by its
// account, where no opportunity is named; else by the address of one of its contacts.
func TestMatching(t *testing.T) {
	const long, account, cy = "006A00000BcdEfGIQU", "001A", "cy@customer.example"
	near := today.AddDate(0, 0, -5)
	for name, tt := range map[string]struct {
		opportunity, account, customer string
		started                        time.Time
		want                           bool
	}{
		"tied, long id":                    {long, "", "", near, true},
		"tied, short id":                   {long[:15], "", "", near, true},
		"tied, long before the deal":       {long, "", "", today.AddDate(0, -9, 0), true},
		"another opportunity, our account": {"006B", account, cy, near, false},
		"our account":                      {"", account, "new@customer.example", near, true},
		"our account, too early":           {"", account, cy, today.AddDate(0, 0, -61), false},
		"our account, the day after":       {"", account, cy, today.Add(23 * time.Hour), true},
		"our account, later":               {"", account, cy, today.Add(25 * time.Hour), false},
		"another account, contact there":   {"", "001B", cy, near, false},
		"nothing tied, contact there":      {"", "", strings.ToUpper(cy), near, true},
		"nothing tied, a stranger":         {"", "", "cy@else.example", near, false},
		"spaces for ids, contact there":    {" ", " ", cy, near, true},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.clock.pass(48 * time.Hour)
			c := meeting("1", tt.started, tt.opportunity, tt.customer)
			c.Account = tt.account
			r.twin.Add(c)
			dir, _ := r.collect(t, &connect.Record{ID: long, Account: account, Contacts: []string{"other@customer.example", cy}, Opened: today.AddDate(0, 0, -30), Closed: today})
			if got := len(saved(t, dir)) == 1; got != tt.want {
				t.Errorf("matched: %v, want %v", got, tt.want)
			}
		})
	}
}

// TestColleagueIsNoCustomer: a contact of the CRM that is a user of Chorus's is one of
// the seller's people, who are on every call.
func TestColleagueIsNoCustomer(t *testing.T) {
	r := newRig(t)
	r.twin.Add(meeting("1", today.Add(-time.Hour), "", "x@else.example"))
	dir, _ := r.collect(t, &connect.Record{ID: "006A", Contacts: []string{"ae@seller.example"}, Closed: today})
	if got := saved(t, dir); len(got) > 0 {
		t.Errorf("matched %q", got)
	}
}

// TestPartOfADeal: one call that can't be read is a gap, and the rest is saved; where
// none can be read, that is the error.
func TestPartOfADeal(t *testing.T) {
	r := newRig(t)
	record := r.deal()
	r.twin.Fail(fault.Fault{Route: twin.RouteConversations, Status: 502, Times: 4})
	dir, gaps := r.collect(t, record)
	if got := told(gaps); len(got) != 1 || !strings.HasPrefix(got[0], `Chorus: the call "Call 100" of 2026-03-13 could not be read: Chorus: read what was said: HTTP 502`) || !gaps[0].Pending {
		t.Errorf("the gaps are %q", got)
	}
	if len(saved(t, dir)) != 7 {
		t.Errorf("saved are %q", saved(t, dir))
	}
	r.twin.Fail(fault.Fault{Route: twin.RouteConversations, Status: 502, Times: 100})
	var e *connect.Error
	if _, err := r.client.Collect(t.Context(), record, t.TempDir()); !errors.As(err, &e) || !e.Temporary || e.Status != 502 {
		t.Errorf("the error is %v", err)
	}
}

// TestOddAnswers: an answer of another form than described is a gap, and does not
// keep the rest from being read.
func TestOddAnswers(t *testing.T) {
	const list = `{"engagements":[
		{"engagement_id":"1","opportunity_id":"006A","date_time":1780000000,"subject":"One","participants":"nobody"},
		{"engagement_id":"..","opportunity_id":"006A","date_time":1780000000},
		{"engagement_id":"","opportunity_id":"006A"}, null, 3]}`
	for name, answer := range map[string]string{
		"no data": `{}`, "no attributes": `{"data":{"id":"1"}}`, "a list": `{"data":[]}`, "another form": `{"data":{"attributes":{"status":"done","recording":{"utterances":[{"snippet":1}]}}}}`,
	} {
		r := newRig(t)
		r.config.HTTP.Transport = answering{list, answer}
		r.connect(t)
		_, err := r.client.Collect(t.Context(), &connect.Record{ID: "006A"}, t.TempDir())
		if err == nil || !strings.Contains(err.Error(), "not the one that Chorus describes") {
			t.Errorf("%s: %v", name, err)
		}
		all, err := r.store.Between(t.Context(), time.Time{}, today)
		if err != nil || len(all) != 1 || all[0].ID != "1" {
			t.Errorf("%s: the index has %v, %v", name, all, err)
		}
	}
}

// TestSavedAnew: what an earlier run saved goes, and what people put there stays.
func TestSavedAnew(t *testing.T) {
	r := newRig(t)
	record := r.deal()
	dir, _ := r.collect(t, record)
	note := filepath.Join(dir, "chorus", "read me.txt")
	if err := os.WriteFile(note, []byte("Mine."), 0o600); err != nil {
		t.Fatal(err)
	}
	r.twin.Change("103", func(c *twin.Call) { c.Opportunity = "006Z" })
	if _, err := r.client.Collect(t.Context(), record, dir); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"100", "101", "102", "104", "105", "106", "107", "read me.txt"}, saved(t, dir)); diff != "" {
		t.Error(diff)
	}
}

// TestSpeakers: a speaker's side is told however Chorus names it, and one without a
// name is not taken for anybody.
func TestSpeakers(t *testing.T) {
	r := newRig(t)
	c := meeting("1", today.Add(-time.Hour), opportunity, "cy@customer.example")
	c.Said = append(c.Said, twin.Utterance{Text: "Who said that?", At: 9})
	r.twin.Add(c)
	dir, _ := r.collect(t, &connect.Record{ID: opportunity})
	deal, err := folder.Read(t.Context(), dir)
	if err != nil || len(deal.Sources) != 1 {
		t.Fatalf("%v, %v", deal, err)
	}
	var got []string
	for _, p := range deal.Sources[0].Passages {
		side := "nobody known"
		if p.Speaker != nil {
			side = string(p.Speaker.Side)
		}
		got = append(got, p.Name+", "+side+": "+p.Text)
	}
	if diff := cmp.Diff([]string{"Cy, customer: We said 1.", "Ada, seller: I see.", "Unknown speaker, nobody known: Who said that?"}, got); diff != "" {
		t.Error(diff)
	}
	if s := deal.Sources[0]; s.Title != "Call 1" || s.URL != "https://chorus.ai/meeting/1" || s.Duration != 61500*time.Millisecond || !s.At.Equal(today.Add(-time.Hour)) {
		t.Errorf("the source is %+v", s)
	}
}

// TestManyCallsGoInBatches, so that no address grows long.
func TestManyCallsGoInBatches(t *testing.T) {
	r := newRig(t)
	for i := range 45 {
		r.twin.Add(meeting("c"+string(rune('A'+i/26))+string(rune('a'+i%26)), today.AddDate(0, 0, -i-1), opportunity, ""))
	}
	r.collect(t, &connect.Record{ID: "006Z"})
	r.twin.Forget()
	dir, gaps := r.collect(t, &connect.Record{ID: opportunity})
	if len(saved(t, dir)) != 45 || len(gaps) > 0 {
		t.Errorf("%d calls, %q", len(saved(t, dir)), told(gaps))
	}
	if diff := cmp.Diff(map[string]int{twin.RouteEngagements: 3, twin.RouteConversations: 45}, r.twin.Requests()); diff != "" {
		t.Error(diff)
	}
}

// TestIndexKeepsNoContent: the index knows who was there and nothing of what was said.
func TestIndexKeepsNoContent(t *testing.T) {
	r := newRig(t)
	c := meeting("1", today.Add(-time.Hour), opportunity, "Cy@Customer.example")
	c.Account = "001A"
	r.twin.Add(c)
	r.collect(t, &connect.Record{ID: "006Z"})
	all, err := r.store.Between(t.Context(), time.Time{}, today)
	want := []callindex.Entry{{
		ID: "1", Started: today.Add(-time.Hour),
		Objects: []callindex.Object{{Type: callindex.Account, ID: "001A"}, {Type: callindex.Opportunity, ID: opportunity}},
		Parties: []callindex.Party{{Email: "ae@seller.example"}, {Email: "cy@customer.example", External: true}},
	}}
	if diff := cmp.Diff(want, all); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}
