package vitally_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"throughline"
	"throughline/connect"
	"throughline/connect/vitally"
	twin "throughline/twin/vitally"
)

// apiKey is planted: no error or log may hold it, nor how it is sent.
const apiKey = "sk_planted_0123456789"

const key = "throughline-006A"

// crmAccount is the id that the CRM has of the customer.
const crmAccount = "001000000000001AAA"

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

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return ctx.Err()
}

// A rig is a connector before its stand-in, on one clock.
type rig struct {
	twin    *twin.Server
	account string // the twin's id of the customer's
	csm     string // and of the CSM
	clock   *clock
	log     *bytes.Buffer
	config  vitally.Config
}

var today = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{clock: &clock{now: today}, log: &bytes.Buffer{}}
	r.twin = &twin.Server{Key: apiKey, Now: r.clock.Now}
	r.account = r.twin.AddAccount(crmAccount, "Brightwater Clinics")
	r.twin.AddAccount("001000000000002AAA", "Example Corp")
	r.csm = r.twin.AddAdmin("Tomas Lind", "Tomas.Lind@foldline.example")
	srv := httptest.NewServer(r.twin)
	t.Cleanup(srv.Close)
	r.config = vitally.Config{
		APIKey: apiKey, Base: srv.URL + "/resources", Tasks: true,
		// Every try is a fresh connection, so that the transport's own repeats do
		// not hide a fault.
		HTTP: &http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}},
		Now:  r.clock.Now, Sleep: r.clock.Sleep, Limiter: connect.NewLimiter(vitally.PerSecond, vitally.PerSecond),
		Log: slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	return r
}

// client is a client as a fresh process has it.
func (r *rig) client(t *testing.T) *vitally.Client {
	t.Helper()
	c, err := vitally.New(r.config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// brightwater is a made-up deal with something of every kind.
func brightwater(t testing.TB) *throughline.Handoff {
	t.Helper()
	return handoff(t, "../../render/testdata/brightwater.json")
}

func handoff(t testing.TB, file string) *throughline.Handoff {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var h throughline.Handoff
	if err := json.Unmarshal(data, &h); err != nil {
		t.Fatal(err)
	}
	return &h
}

// next is a later version: one milestone is due later, one is gone, and one is new
// and stands first, so that the others' places are not what they were.
func next(t testing.TB) *throughline.Handoff {
	t.Helper()
	h := brightwater(t)
	h.Version = 2
	at := slices.IndexFunc(h.Items, func(it throughline.Item) bool { return it.Kind == throughline.KindMilestone })
	if at < 0 || h.Items[at+1].Kind != throughline.KindMilestone {
		t.Fatal("the example has not two milestones")
	}
	added := h.Items[at]
	added.ID, added.Day, added.Due, added.Text = "milestone-1", 90, "2026-07-05", "Overtime by ward is in the Monday report."
	added.Evidence = slices.Clone(added.Evidence)
	added.Evidence[0].Quote = "And by day ninety you have overtime by ward on Mondays."
	h.Items[at].ID, h.Items[at].Due = "milestone-2", "2026-05-13"
	h.Items[at+1] = h.Items[at]
	h.Items[at] = added
	return h
}

func publication(h *throughline.Handoff) connect.Publication {
	return connect.Publication{
		Key: key, Handoff: h, Deal: connect.Record{ID: "006000000000001AAA", Account: crmAccount, Customer: "Brightwater Clinics"},
		Link: "https://handoffs.example/d/1",
	}
}

func (r *rig) publish(t *testing.T, h *throughline.Handoff) connect.Copy {
	t.Helper()
	copied, err := r.client(t).Publish(t.Context(), publication(h))
	if err != nil {
		t.Fatal(err)
	}
	return copied
}

// only is the one note there is.
func (r *rig) only(t *testing.T) twin.Note {
	t.Helper()
	notes := r.twin.Notes()
	if len(notes) != 1 {
		t.Fatalf("there are %d notes", len(notes))
	}
	return notes[0]
}

// taskOf is the one task whose name has a part.
func (r *rig) taskOf(t *testing.T, part string) twin.Task {
	t.Helper()
	var found []twin.Task
	for _, task := range r.twin.Tasks() {
		if strings.Contains(task.Name, part) {
			found = append(found, task)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d tasks are called %q: %+v", len(found), part, r.twin.Tasks())
	}
	return found[0]
}

// The milestones of the example, and the one that its next version adds.
const (
	fourWards = "Four wards plan their weekends"
	allWards  = "All 14 wards plan in Rota"
	overtime  = "Overtime by ward is in the Monday report"
)

// RoundTrip answers a request by the handler.
func (h handled) RoundTrip(req *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, req)
	return rec.Result(), nil
}
