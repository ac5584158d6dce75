package lifecycle_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"throughline/connect"
	"throughline/connect/notion"
	"throughline/store"
)

// The quarter's end: very many deals close within a day. The outside systems are
// stand-ins in this process that enforce the vendors' limits; no socket is opened,
// and all clocks are one that runs as fast as the work is done. Tasks are carried
// out one after another, and each call takes a moment, so the hours that the play
// takes are more than a process with several workers would need.

// workers is how many things a process does at a time. On the play's clock, on which
// they come one after another, each takes so much less.
const workers = 8

// callTime is what a call takes on the play's clock: 200 ms by each worker.
const callTime = 200 * time.Millisecond / workers

// A quarter is the play.
type quarter struct {
	*town
	tb    testing.TB
	mu    sync.Mutex // guards now, calls and slow
	now   time.Time
	hosts map[string]system         // by the addresses where they would listen
	calls map[string]map[string]int // by vendor and day
	slow  map[string]int            // answers "too many" by vendor
	mails sync.Map                  // by key
}

type system struct {
	name string
	http.Handler
}

var quarters atomic.Int64

func newQuarter(tb testing.TB, deals int) *quarter {
	q := &quarter{tb: tb, now: monday, calls: map[string]map[string]int{}, slow: map[string]int{}}
	at := site{Name: fmt.Sprint(quarters.Add(1)), Salesforce: "http://127.0.0.1:1", Gong: "http://127.0.0.1:2", Slack: "http://127.0.0.1:3", Notion: "http://127.0.0.1:4"}
	q.town = &town{at: at}
	q.build(q.clock)
	q.stock(deals, 1+deals/20)
	q.hosts = map[string]system{
		"127.0.0.1:1": {"salesforce", q.salesforce}, "127.0.0.1:2": {"gong", q.gong}, "127.0.0.1:3": {"slack", q.slack}, "127.0.0.1:4": {"notion", q.notion},
	}
	return q
}

func (q *quarter) clock() time.Time {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.now
}

func (q *quarter) sleep(_ context.Context, d time.Duration) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.now = q.now.Add(d)
	return nil
}

// reach moves the clock to a moment, if that is later.
func (q *quarter) reach(at time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if at.After(q.now) {
		q.now = at
	}
}

// count counts a call, which takes its time.
func (q *quarter) count(vendor string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.now = q.now.Add(callTime)
	if q.calls[vendor] == nil {
		q.calls[vendor] = map[string]int{}
	}
	q.calls[vendor][q.now.Format(time.DateOnly)]++
}

func (q *quarter) turnedAway(vendor string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.slow[vendor]++
}

// RoundTrip has a stand-in answer at once.
func (q *quarter) RoundTrip(r *http.Request) (*http.Response, error) {
	to, ok := q.hosts[r.URL.Host]
	if !ok {
		return nil, fmt.Errorf("nobody is at %s", r.URL.Host)
	}
	q.count(to.name)
	in := r.Clone(r.Context())
	in.Host, in.RequestURI = r.URL.Host, r.URL.RequestURI()
	if in.Body == nil {
		in.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	to.ServeHTTP(w, in)
	if w.Code == http.StatusTooManyRequests {
		q.turnedAway(to.name)
	}
	out := w.Result()
	out.Request = r
	return out, nil
}

// Send is the mail: a mailbox that takes everything.
func (q *quarter) Send(_ context.Context, m connect.Message) (connect.Copy, error) {
	_, twice := q.mails.LoadOrStore(m.Key, true)
	return connect.Copy{Made: !twice}, nil
}

// play has the deals close, half of them in the last three hours of the day, and
// says how late the latest handoff was.
func (q *quarter) play() (late time.Duration) {
	q.tb.Helper()
	ctx := context.Background()
	db, err := store.Open(ctx, filepath.Join(q.tb.TempDir(), "throughline.db"), store.WithClock(q.clock))
	if err != nil {
		q.tb.Fatal(err)
	}
	defer func() { _ = db.Close() }() // the test is over
	s, _, err := q.at.wired(db, means{now: q.clock, sleep: q.sleep, settle: notion.DefaultSettle / workers, http: &http.Client{Transport: q}, mail: q})
	if err != nil {
		q.tb.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	wins := make([]time.Time, len(q.deals))
	for i := range wins {
		wins[i] = monday.Add(time.Duration(r.Int64N(int64(11 * time.Hour))))
		if i%2 == 0 {
			wins[i] = monday.Add(8*time.Hour + time.Duration(r.Int64N(int64(3*time.Hour))))
		}
	}
	slices.SortFunc(wins, time.Time.Compare)
	end := monday.Add(48 * time.Hour)
	for won := 0; ; {
		next, err := db.Next(ctx)
		if err != nil {
			q.tb.Fatal(err)
		}
		if won < len(wins) && (next.IsZero() || !wins[won].After(next) || !wins[won].After(q.clock())) {
			q.reach(wins[won])
			d := q.deals[won]
			q.salesforce.Move(d.id, "Closed Won", true, wins[won])
			if _, _, err := s.Detected(ctx, connect.Record{ID: d.id}, wins[won], false, false); err != nil {
				q.tb.Fatal(err)
			}
			won++
			continue
		}
		if next.IsZero() || next.After(end) || q.clock().After(end) {
			break
		}
		q.reach(next)
		// A few at a time, since the clock runs on: what is longest due comes first.
		if _, err := s.RunDue(ctx, 1); err != nil {
			q.tb.Fatal(err)
		}
	}
	return q.latest(ctx, db)
}

// latest makes sure that every deal has its page, its file and its message, and
// says how late the latest was: the destination, not the moment of release.
func (q *quarter) latest(ctx context.Context, db *store.DB) time.Duration {
	q.tb.Helper()
	runs, err := db.Runs(ctx, 100_000)
	if err != nil || len(runs) != len(q.deals) {
		q.tb.Fatalf("%d runs of %d deals, %v", len(runs), len(q.deals), err)
	}
	var late time.Duration
	for _, run := range runs {
		copies, err := db.Copies(ctx, run.ID)
		if err != nil || len(copies) != 4 {
			tasks, _ := db.Tasks(ctx, run.ID)
			q.tb.Fatalf("%s, %s, stands in %d places, %v\n%+v", run.ID, run.Stage, len(copies), err, tasks)
		}
		last := slices.MaxFunc(copies, func(a, b store.Copy) int { return a.Published.Compare(b.Published) })
		late = max(late, last.Published.Sub(run.Won.Add(24*time.Hour)))
		if first := slices.MinFunc(copies, func(a, b store.Copy) int { return a.Published.Compare(b.Published) }); first.Published.Before(run.Won.Add(24 * time.Hour)) {
			q.tb.Errorf("%s was published too early", run.ID)
		}
	}
	posts := 0
	for _, d := range q.deals {
		posts += len(q.slack.Own(d.channel))
	}
	if pages, agendas := pagesIn(q.notion); pages != len(q.deals) || agendas != len(q.deals) || posts != len(q.deals) {
		q.tb.Errorf("%d handoffs and %d agendas as pages, and %d posts of %d deals", pages, agendas, posts, len(q.deals))
	}
	return late
}

// busiest is the most that a vendor was called in a day.
func (q *quarter) busiest(vendor string) int {
	most := 0
	for _, n := range q.calls[vendor] {
		most = max(most, n)
	}
	return most
}

// onTime is how late a handoff may be in everything that it goes to.
const onTime = 15 * time.Minute

// limits are what the vendors allow in a day: docs/connectors.md has the sources.
var limits = map[string]int{"gong": 10_000, "salesforce": 100_000}

func (q *quarter) judge(late time.Duration) {
	q.tb.Helper()
	if late > onTime {
		q.tb.Errorf("the latest was %s late", late)
	}
	for vendor, most := range limits {
		if n := q.busiest(vendor); n > most {
			q.tb.Errorf("%s was called %d times in a day", vendor, n)
		}
	}
	for vendor, n := range q.slow {
		if n > len(q.deals)/10 {
			q.tb.Errorf("%s turned %d calls away for their rate", vendor, n)
		}
	}
}

func TestQuarterEnd(t *testing.T) {
	deals := 50
	if raceEnabled {
		deals = 8 // the race detector makes it twenty times slower
	}
	q := newQuarter(t, deals)
	late := q.play()
	q.judge(late)
	t.Logf("the latest was %s late; calls by day: %v; turned away: %v", late, q.calls, q.slow)
}

// BenchmarkQuarterEnd is 1,000 deals. Run it with -benchtime 1x.
func BenchmarkQuarterEnd(b *testing.B) {
	const deals = 1000
	for b.Loop() {
		q := newQuarter(b, deals)
		late := q.play()
		q.judge(late)
		b.ReportMetric(late.Seconds(), "s-late")
		vendors := []string{"gong", "notion", "salesforce", "slack"}
		for _, vendor := range vendors {
			total := 0
			for _, n := range q.calls[vendor] {
				total += n
			}
			b.ReportMetric(float64(total)/deals, vendor+"-calls/deal")
			b.ReportMetric(float64(q.busiest(vendor)), vendor+"-calls/day")
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.Sys)/(1<<20), "MB-of-system")
		b.Logf("calls by day: %v; turned away: %v; in the end it is %s", q.calls, q.slow, q.now.Format(time.RFC3339))
	}
}
