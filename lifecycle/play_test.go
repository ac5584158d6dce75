package lifecycle_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"throughline"
	"throughline/connect"
	"throughline/lifecycle"
	"throughline/store/storetest"
)

// A stage is where the play is tested: a service over a store, stand-ins in
// process, and a clock that jumps from due time to due time.
type stage struct {
	*lifecycle.Service
	t     *testing.T
	store kept
	now   time.Time

	collection func() (*lifecycle.Collection, error)
	items      []throughline.Item
	sent       []sent
	pages      map[string]page // destination and key
	down       map[string]error
}

type sent struct {
	at    time.Time
	clock time.Time // as the service's clock had it
	way   string
	run   lifecycle.Run // as it stood
	connect.Message
}

type page struct {
	at       time.Time
	version  int
	review   string
	shown    *throughline.Handoff
	outcomes []lifecycle.Outcome
	writes   int
	link     string
}

var monday = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

// kept is a store that says when the next task is due.
type kept interface {
	lifecycle.Store
	Next(ctx context.Context) (time.Time, error)
	Moves(ctx context.Context, run string) ([]lifecycle.Move, error)
}

// onEach runs a test on every kind of store: the plainest in memory, and both
// databases.
func onEach(t *testing.T, test func(t *testing.T, open func(*testing.T) *stage)) {
	t.Helper()
	for name, open := range map[string]func(*testing.T) kept{
		"memory":   func(*testing.T) kept { return newMemory() },
		"sqlite":   func(t *testing.T) kept { return storetest.Open(t, filepath.Join(t.TempDir(), "throughline.db")) },
		"postgres": func(t *testing.T) kept { return storetest.Open(t, storetest.PostgreSQL(t)) },
	} {
		t.Run(name, func(t *testing.T) { test(t, func(t *testing.T) *stage { return newStage(t, open(t)) }) })
	}
}

func newStage(t *testing.T, store kept) *stage {
	s := &stage{t: t, store: store, now: monday, pages: map[string]page{}, down: map[string]error{}}
	s.items = []throughline.Item{item("Nightly load in under an hour", "we need it under an hour")}
	s.collection = func() (*lifecycle.Collection, error) {
		return &lifecycle.Collection{
			Record: connect.Record{ID: "006A", Name: "Example - Sync", Customer: "Example"},
			AE:     lifecycle.Person{Email: "ae@example.com"}, CSM: lifecycle.Person{Email: "csm@example.com"},
			Archive: []byte("zip"), Print: fmt.Sprint(len(s.items)),
		}, nil
	}
	rules := lifecycle.DefaultRules()
	rules.Destinations, rules.Marked = []string{"notion", "slack"}, []string{"slack"}
	rules.Ways = []string{lifecycle.WayMail, lifecycle.WayChat}
	s.Service = &lifecycle.Service{
		Rules: rules, Store: s.store, Collector: s, Engine: s, Now: func() time.Time { return s.now },
		Destinations: map[string]lifecycle.Destination{"notion": s.destination("notion"), "slack": s.destination("slack")},
		Messengers:   map[string]lifecycle.Messenger{lifecycle.WayMail: &way{s, lifecycle.WayMail}, lifecycle.WayChat: &way{s, lifecycle.WayChat}},
	}
	return s
}

func item(text, quote string) throughline.Item {
	return throughline.Item{Kind: throughline.KindUseCase, Section: 1, Text: text, Evidence: []throughline.Evidence{{Quote: quote, CustomersHeard: 2}}}
}

func (s *stage) Collect(context.Context, string) (*lifecycle.Collection, error) {
	return s.collection()
}

func (s *stage) Handoff(context.Context, []byte, time.Time) (*throughline.Handoff, error) {
	return &throughline.Handoff{Items: slices.Clone(s.items)}, nil
}

// A place keeps what was published to it, as a system that finds its pages by key.
type place struct {
	s    *stage
	name string
}

func (s *stage) destination(name string) lifecycle.Destination {
	p := &place{s, name}
	return lifecycle.Destination{Publisher: p, Audience: throughline.AudienceTeam, Mark: p.mark, Agenda: p.agenda}
}

func (p *place) Publish(_ context.Context, pub connect.Publication) (connect.Copy, error) {
	if err := p.s.down[p.name]; err != nil {
		return connect.Copy{}, err
	}
	at := p.name + " " + pub.Key
	old, there := p.s.pages[at]
	p.s.pages[at] = page{at: p.s.Now(), version: pub.Handoff.Version, review: pub.Handoff.Review.State, shown: pub.Handoff, outcomes: old.outcomes, writes: old.writes + 1}
	return connect.Copy{ID: at, Made: !there}, nil
}

func (p *place) agenda(_ context.Context, pub connect.Publication) (connect.Copy, error) {
	if err := p.s.down[p.name+" agenda"]; err != nil {
		return connect.Copy{}, err
	}
	at := p.name + " agenda " + pub.Key
	old, there := p.s.pages[at]
	p.s.pages[at] = page{at: p.s.Now(), version: pub.Handoff.Version, shown: pub.Handoff, writes: old.writes + 1, link: pub.Link}
	return connect.Copy{ID: at, Made: !there}, nil
}

func (p *place) mark(_ context.Context, pub connect.Publication, o lifecycle.Outcome) (connect.Copy, error) {
	at := p.name + " " + pub.Key
	was := p.s.pages[at]
	was.outcomes = append(was.outcomes, o)
	p.s.pages[at] = was
	return connect.Copy{ID: at}, nil
}

type way struct {
	s    *stage
	name string
}

func (w *way) Send(_ context.Context, m connect.Message) (connect.Copy, error) {
	if err := w.s.down[w.name]; err != nil {
		return connect.Copy{}, err
	}
	id, _, _ := strings.Cut(m.Key, ".")
	run, err := w.s.store.Run(w.s.t.Context(), id)
	if err != nil {
		return connect.Copy{}, err
	}
	w.s.sent = append(w.s.sent, sent{w.s.now, w.s.Now(), w.name, run, m})
	return connect.Copy{}, nil
}

// win starts a run of a deal that was won now.
func (s *stage) win() string {
	s.t.Helper()
	run, made, err := s.Detected(s.t.Context(), connect.Record{ID: "006A", Customer: "Example"}, s.now, false, false)
	if err != nil || !made {
		s.t.Fatalf("the run was not made: %v", err)
	}
	return run.ID
}

// until carries out what falls due up to a moment, each at its time.
func (s *stage) until(end time.Time) {
	s.t.Helper()
	for steps := 0; ; steps++ {
		if steps > 5000 {
			s.t.Fatal("the play does not come to rest")
		}
		next, err := s.store.Next(s.t.Context())
		if err != nil {
			s.t.Fatal(err)
		}
		if next.IsZero() || next.After(end) {
			s.now = end
			return
		}
		if next.After(s.now) {
			s.now = next
		}
		if _, err := s.RunDue(s.t.Context(), 100); err != nil {
			s.t.Fatal(err)
		}
	}
}

func (s *stage) run(id string) lifecycle.Run {
	s.t.Helper()
	run, err := s.store.Run(s.t.Context(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	return run
}

// letters are the messages of a way to somebody, by subject and hours since the
// play began.
func (s *stage) letters(way, to string) []string {
	var out []string
	for _, m := range s.sent {
		if m.way == way && m.To == to {
			out = append(out, fmt.Sprintf("%s +%s", strings.Fields(m.Subject)[0], m.at.Sub(monday)))
		}
	}
	return out
}

func TestPublishesADayAfterClosedWon(t *testing.T) {
	onEach(t, func(t *testing.T, open func(*testing.T) *stage) {
		s := open(t)
		id := s.win()
		s.until(monday.Add(24*time.Hour - time.Second))
		if run := s.run(id); run.Stage != lifecycle.StageInReview || len(s.pages) != 0 {
			t.Fatalf("a second before its time the run is %s, with %d pages", run.Stage, len(s.pages))
		}
		s.until(monday.Add(24 * time.Hour))
		for _, name := range []string{"notion", "slack"} {
			p := s.pages[name+" "+id]
			if p.writes != 1 || !p.at.Equal(monday.Add(24*time.Hour)) || p.review != throughline.NotReviewed {
				t.Errorf("%s: %+v", name, p)
			}
		}
	})
}

func TestAnEarlyKickoffBringsItForward(t *testing.T) {
	onEach(t, func(t *testing.T, open func(*testing.T) *stage) {
		s := open(t)
		collect := s.collection
		s.collection = func() (*lifecycle.Collection, error) {
			c, err := collect()
			c.Kickoff = monday.Add(20 * time.Hour)
			return c, err
		}
		id := s.win()
		s.until(monday.Add(18 * time.Hour))
		if p := s.pages["notion "+id]; !p.at.Equal(monday.Add(18 * time.Hour)) {
			t.Errorf("published at %v, two hours before the kickoff was meant", p.at)
		}
	})
}

func TestWaitsForTranscriptsButNotTooLong(t *testing.T) {
	onEach(t, func(t *testing.T, open func(*testing.T) *stage) {
		for _, there := range []time.Duration{90 * time.Minute, 40 * time.Hour} {
			s := open(t)
			collect := s.collection
			s.collection = func() (*lifecycle.Collection, error) {
				c, err := collect()
				if s.now.Before(monday.Add(there)) {
					c.Waiting = []string{"the transcript of a call"}
				} else if there > 24*time.Hour && len(s.items) == 1 {
					s.items = append(s.items, item("A second use case", "and then the second plant"))
					c.Print = fmt.Sprint(len(s.items))
				}
				return c, err
			}
			id := s.win()
			s.until(monday.Add(20 * time.Hour))
			run := s.run(id)
			want := min(there, 20*time.Hour)
			if got := run.FirstDrafted.Sub(monday); got != want {
				t.Errorf("transcript after %s: drafted after %s, not %s", there, got, want)
			}
			s.until(monday.Add(60 * time.Hour))
			p := s.pages["slack "+id]
			if there < 24*time.Hour {
				if p.version != 1 {
					t.Errorf("version %d although nothing came late", p.version)
				}
				continue
			}
			if p.version != 2 || len(p.shown.Items) != 2 {
				t.Errorf("what came late: %+v", p)
			}
		}
	})
}

func TestRemindsUntilAccepted(t *testing.T) {
	onEach(t, func(t *testing.T, open func(*testing.T) *stage) {
		s := open(t)
		id := s.win()
		s.until(monday.Add(24*time.Hour + time.Minute))
		if err := s.SetKickoff(t.Context(), id, "csm@example.com", monday.Add(4*24*time.Hour)); err != nil {
			t.Fatal(err)
		}
		s.until(monday.Add(49 * time.Hour))
		if err := s.Accept(t.Context(), id, "csm@example.com"); err != nil {
			t.Fatal(err)
		}
		s.until(monday.Add(10 * 24 * time.Hour))
		if got, want := s.letters(lifecycle.WayMail, "csm@example.com"), []string{"The +24h0m0s", "Before +48h0m0s", "The +72h0m0s", "Was +167h0m0s", "Was +216h0m0s"}; !slices.Equal(got, want) {
			t.Errorf("the CSM was written to %q, not %q", got, want)
		}
		if o := s.pages["slack "+id].outcomes; len(o) != 1 || !o[0].Accepted || o[0].By != "csm@example.com" || o[0].Version != 1 {
			t.Errorf("the channel shows %+v", o)
		}
		if got, want := s.letters(lifecycle.WayChat, "ae@example.com"), []string{"Your +0s", "A +4h0m0s", "A +23h0m0s"}; !slices.Equal(got, want) {
			t.Errorf("the AE was written to %q, not %q", got, want)
		}
		if run := s.run(id); run.Stage != lifecycle.StageKickoff {
			t.Errorf("after the kickoff the run is %s", run.Stage)
		}
		s.until(monday.Add(120 * 24 * time.Hour))
		if run := s.run(id); run.Stage != lifecycle.StageClosed {
			t.Errorf("in the end the run is %s", run.Stage)
		}
	})
}

func TestReturnedGoesBackWithAClock(t *testing.T) {
	onEach(t, func(t *testing.T, open func(*testing.T) *stage) {
		s := open(t)
		id := s.win()
		s.until(monday.Add(25 * time.Hour))
		if err := s.Return(t.Context(), id, "csm@example.com", lifecycle.ReasonMissingContext, "Who owns the data load?"); err != nil {
			t.Fatal(err)
		}
		if err := s.Return(t.Context(), id, "csm@example.com", "nonsense", ""); err == nil {
			t.Error("a reason that is none was taken")
		}
		s.until(monday.Add(30 * time.Hour))
		var asked []sent
		for _, m := range s.sent {
			if m.To == "ae@example.com" && strings.HasPrefix(m.Subject, "The CSM") {
				asked = append(asked, m)
			}
		}
		if len(asked) != 2 || !slices.Contains(asked[0].Paragraphs, "Who owns the data load?") {
			t.Errorf("the AE was asked %d times: %+v", len(asked), asked)
		}
		if o := s.pages["slack "+id].outcomes; len(o) != 1 || o[0].Accepted {
			t.Errorf("the channel shows %+v", o)
		}
		before := len(s.letters(lifecycle.WayMail, "csm@example.com"))
		s.until(monday.Add(6 * 24 * time.Hour))
		if after := len(s.letters(lifecycle.WayMail, "csm@example.com")); after != before {
			t.Errorf("the CSM was reminded %d times of what is with the AE", after-before)
		}
	})
}

func TestAReopenedDealIsCancelled(t *testing.T) {
	onEach(t, func(t *testing.T, open func(*testing.T) *stage) {
		s := open(t)
		id := s.win()
		s.until(monday.Add(25 * time.Hour))
		if err := s.Reopened(t.Context(), "006A", s.now); err != nil {
			t.Fatal(err)
		}
		letters := len(s.sent)
		s.until(monday.Add(30 * 24 * time.Hour))
		if run := s.run(id); run.Stage != lifecycle.StageCancelled || len(s.sent) != letters+4 {
			t.Errorf("%s, and %d messages after that", run.Stage, len(s.sent)-letters)
		}
		for _, m := range s.sent[letters:] {
			if !strings.HasPrefix(m.Subject, "Reopened") {
				t.Errorf("%s was told %q", m.To, m.Subject)
			}
		}
		// Won again: another run, and the first stays as it is.
		again, made, err := s.Detected(t.Context(), connect.Record{ID: "006A"}, s.now, true, false)
		if err != nil || !made || again.ID == id {
			t.Errorf("won again: %v, %v", made, err)
		}
	})
}

func TestOneDestinationDownHoldsNobodyBack(t *testing.T) {
	onEach(t, func(t *testing.T, open func(*testing.T) *stage) {
		s := open(t)
		s.down["notion"] = &connect.Error{Vendor: "Notion", Status: 503, Temporary: true}
		id := s.win()
		s.until(monday.Add(26 * time.Hour))
		if s.pages["slack "+id].writes != 1 || s.pages["notion "+id].writes != 0 {
			t.Fatalf("%+v", s.pages)
		}
		delete(s.down, "notion")
		s.until(monday.Add(30 * time.Hour))
		if s.pages["notion "+id].writes != 1 {
			t.Error("it did not catch up")
		}
	})
}

func TestWhatKeepsFailingIsParked(t *testing.T) {
	onEach(t, func(t *testing.T, open func(*testing.T) *stage) {
		s := open(t)
		s.down["notion"] = &connect.Error{Vendor: "Notion", Status: 403, Advice: "share the page with the connection"}
		id := s.win()
		s.until(monday.Add(30 * time.Hour))
		task, err := s.store.Task(t.Context(), id, "publish/notion/1000")
		if err != nil || task.State != lifecycle.TaskParked || !strings.Contains(task.Error, "Share the page") {
			t.Errorf("%+v, %v", task, err)
		}
		delete(s.down, "notion")
		s.until(monday.Add(40 * time.Hour))
		if s.pages["notion "+id].writes != 0 {
			t.Fatal("it was tried again with nobody asking")
		}
		if err := s.Retry(t.Context(), id, "publish/notion/1000", "ops@example.com"); err != nil {
			t.Fatal(err)
		}
		s.until(monday.Add(41 * time.Hour))
		if s.pages["notion "+id].writes != 1 {
			t.Error("a click did not mend it")
		}
	})
}

func TestTheSameWinStartsOnce(t *testing.T) {
	onEach(t, func(t *testing.T, open func(*testing.T) *stage) {
		s := open(t)
		s.win()
		if _, made, err := s.Detected(t.Context(), connect.Record{ID: "006A"}, monday, false, false); made || err != nil {
			t.Errorf("a second telling started another run: %v", err)
		}
		if err := s.Accept(t.Context(), "nobody", "x"); !errors.Is(err, lifecycle.ErrNotFound) {
			t.Errorf("a run that is not there: %v", err)
		}
	})
}

func TestACSMAssignedLateIsTold(t *testing.T) {
	onEach(t, func(t *testing.T, open func(*testing.T) *stage) {
		s := open(t)
		s.Rules.Owner = lifecycle.Person{Email: "owner@example.com"}
		collect := s.collection
		s.collection = func() (*lifecycle.Collection, error) {
			c, err := collect()
			if s.now.Before(monday.Add(30 * time.Hour)) {
				c.CSM = lifecycle.Person{}
			}
			return c, err
		}
		s.win()
		s.until(monday.Add(60 * time.Hour))
		for who, want := range map[string]int{"owner@example.com": 1, "csm@example.com": 1} {
			told := 0
			for _, m := range s.sent {
				if m.To == who && m.way == lifecycle.WayMail && strings.HasPrefix(m.Subject, "The handoff") {
					told++
				}
			}
			if told != want {
				t.Errorf("%s was told %d times", who, told)
			}
		}
	})
}

func TestQuietRunsTellNobody(t *testing.T) {
	onEach(t, func(t *testing.T, open func(*testing.T) *stage) {
		s := open(t)
		run, _, err := s.Detected(t.Context(), connect.Record{ID: "006B"}, monday.Add(-90*24*time.Hour), false, true)
		if err != nil {
			t.Fatal(err)
		}
		s.until(monday.Add(10 * 24 * time.Hour))
		if got := s.run(run.ID); got.Version != 1 || len(s.sent) != 0 || len(s.pages) != 0 {
			t.Errorf("version %d, %d messages, %d pages", got.Version, len(s.sent), len(s.pages))
		}
	})
}

func TestTheAEsWordsStandInEveryVersion(t *testing.T) {
	onEach(t, func(t *testing.T, open func(*testing.T) *stage) {
		s := open(t)
		s.items = append(s.items, item("Live in four weeks", "four weeks, no longer"))
		for i := range s.items {
			s.items[i].ID = fmt.Sprintf("use_case-%d", i+1)
		}
		id := s.win()
		s.until(monday.Add(2 * time.Hour))
		err := s.Review(t.Context(), id, lifecycle.Review{
			Version: 1, By: "ae@example.com", Role: "AE", Done: true,
			Remarks: []lifecycle.ReviewRemark{
				{Kind: throughline.RemarkConfirmed, Item: "use_case-1"},
				{Kind: throughline.RemarkNotCommitment, Item: "use_case-2", Text: "It was a wish."},
				{Kind: throughline.RemarkAdded, Text: "Their CFO reads everything twice."},
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		for name, r := range map[string]lifecycle.ReviewRemark{
			"no such item":     {Kind: throughline.RemarkConfirmed, Item: "use_case-9"},
			"no such kind":     {Kind: "praised", Item: "use_case-1"},
			"nothing said":     {Kind: throughline.RemarkCorrected, Item: "use_case-1", Text: " "},
			"about nothing":    {Kind: throughline.RemarkCorrected, Text: "It differs."},
			"far too long":     {Kind: throughline.RemarkAdded, Text: strings.Repeat("long ", 5000)},
			"no such question": {Kind: throughline.RemarkAdded, Question: "q9", Text: "Yes."},
		} {
			if err := s.Review(t.Context(), id, lifecycle.Review{Version: 1, Role: "AE", Remarks: []lifecycle.ReviewRemark{r}}); err == nil {
				t.Errorf("%s: taken", name)
			}
		}
		// What comes late changes the numbers; the words stay with what they are about.
		s.until(monday.Add(3 * time.Hour))
		s.items = append([]throughline.Item{item("Another", "another one, first")}, s.items...)
		for i := range s.items {
			s.items[i].ID = fmt.Sprintf("use_case-%d", i+1)
		}
		s.until(monday.Add(25 * time.Hour))
		p := s.pages["notion "+id]
		if p.version != 2 || p.review != throughline.Reviewed {
			t.Fatalf("version %d, %s", p.version, p.review)
		}
		if r, ok := p.shown.Items[2].Remarked(throughline.RemarkNotCommitment); !ok || r.Text != "It was a wish." || r.By != "ae@example.com" {
			t.Errorf("the AE's reason is not with its item: %+v", p.shown.Items)
		}
		if len(p.shown.Remarks) != 1 || len(p.shown.Items[0].Remarks) != 0 {
			t.Errorf("what was added: %+v", p.shown.Remarks)
		}
		// A word after the publication goes where the handoff is, once.
		writes := p.writes
		if err := s.Review(t.Context(), id, lifecycle.Review{Version: 2, By: "csm@example.com", Role: "CSM", Remarks: []lifecycle.ReviewRemark{{Kind: throughline.RemarkAdded, Text: "Noted."}}}); err != nil {
			t.Fatal(err)
		}
		s.until(monday.Add(26 * time.Hour))
		if p := s.pages["notion "+id]; p.writes != writes+1 || len(p.shown.Remarks) != 2 {
			t.Errorf("%d writes, %d remarks", p.writes, len(p.shown.Remarks))
		}
		if got := s.letters(lifecycle.WayMail, "ae@example.com"); len(got) != 1 {
			t.Errorf("the AE, who had reviewed, was written to: %q", got)
		}
	})
}
