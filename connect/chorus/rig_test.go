package chorus_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"throughline/connect"
	"throughline/connect/callindex"
	"throughline/connect/chorus"
	twin "throughline/twin/chorus"
)

// planted is the token: no error, log or file may hold it.
const planted = "chorus-token-planted"

var today = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// A clock moves only when somebody sleeps by it.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.pass(d)
	return ctx.Err()
}

// A rig is a connector before its stand-in, on one clock.
type rig struct {
	twin   *twin.Server
	clock  *clock
	log    *bytes.Buffer
	store  *callindex.Memory
	config chorus.Config
	client *chorus.Client
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{clock: &clock{now: today}, log: &bytes.Buffer{}, store: callindex.NewMemory()}
	r.twin = &twin.Server{Token: planted, Now: r.clock.Now}
	srv := httptest.NewServer(heldToSpec(t, r.twin))
	t.Cleanup(srv.Close)
	r.config = chorus.Config{
		Token: planted, Base: srv.URL, Store: r.store, Now: r.clock.Now, Sleep: r.clock.Sleep,
		// Every try is a fresh connection, so that the transport's own repeats do
		// not hide a fault.
		HTTP:    &http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}},
		Log:     slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Limiter: connect.NewLimiter(100, 100),
	}
	r.connect(t)
	return r
}

// connect makes the client anew, of the rig's configuration.
func (r *rig) connect(t *testing.T) {
	t.Helper()
	client, err := chorus.New(r.config)
	if err != nil {
		t.Fatal(err)
	}
	r.client = client
}

// meeting is a call for the stand-in, in which the customer's address took part.
func meeting(id string, started time.Time, opportunity, customer string) twin.Call {
	return twin.Call{
		ID: id, Title: "Call " + id, Started: started, Duration: 61.5, Opportunity: opportunity, Language: "en",
		People: []twin.Person{{Name: "Ada", Email: "ae@seller.example", Type: "rep"}, {Name: "Cy", Email: customer, Type: "cust"}},
		Said:   []twin.Utterance{{Text: "We said " + id + ".", At: 1.5, Speaker: "Cy", Type: "customer"}, {Text: "I see.", At: 3, Speaker: "Ada", Type: "rep"}},
	}
}

// others are calls of other deals, one a minute back from now.
func (r *rig) others(n int) {
	calls := make([]twin.Call, 0, n)
	for i := range n {
		calls = append(calls, meeting(fmt.Sprintf("other-%d", i), r.clock.Now().Add(-time.Duration(i+1)*time.Minute), fmt.Sprintf("006X%011d", i), "x@else.example"))
	}
	r.twin.Add(calls...)
}

const opportunity = "006A00000BcdEfG"

// deal adds eight calls of one opportunity, and gives what a CRM tells of it.
func (r *rig) deal() *connect.Record {
	for i := range 8 {
		r.twin.Add(meeting(fmt.Sprint(100+i), today.AddDate(0, 0, -80+10*i), opportunity, "cy@customer.example"))
	}
	return &connect.Record{
		ID: opportunity, Account: "001A", Contacts: []string{"Cy@customer.example"},
		Opened: today.AddDate(0, 0, -90), Closed: today,
	}
}

// collect collects into a new folder.
func (r *rig) collect(t *testing.T, record *connect.Record) (string, []connect.Gap) {
	t.Helper()
	dir := t.TempDir()
	gaps, err := r.client.Collect(t.Context(), record, dir)
	if err != nil {
		t.Fatal(err)
	}
	return dir, gaps
}

// told are gaps as lines.
func told(gaps []connect.Gap) []string {
	var out []string
	for _, g := range gaps {
		line := g.System + ": " + g.What
		if g.Pending {
			line += " (pending)"
		}
		out = append(out, line)
	}
	return out
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
