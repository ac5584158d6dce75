package hubspot_test

import (
	"bytes"
	"context"
	"io/fs"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"throughline"
	"throughline/connect"
	"throughline/connect/hubspot"
	twin "throughline/twin/hubspot"
)

// plantedSecret must turn up nowhere.
const plantedSecret = "pat-planted-secret-5b1f"

// A bench is a stand-in account, and the connector set up for it.
type bench struct {
	twin    *twin.Server
	address string
	config  hubspot.Config
	budget  *connect.Budget
	log     *bytes.Buffer
	waited  time.Duration
	clock   atomic.Int64 // the bench's time, in nanoseconds since 1970
}

func (b *bench) now() time.Time { return time.Unix(0, b.clock.Load()).UTC() }

func (b *bench) set(to time.Time) { b.clock.Store(to.UnixNano()) }

// start is when a bench's clock begins.
var start = time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC)

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{twin: twin.New(), budget: &connect.Budget{}, log: &bytes.Buffer{}}
	b.set(start)
	b.twin.Token = plantedSecret
	b.twin.Now = b.now
	server := httptest.NewServer(b.twin)
	t.Cleanup(server.Close)
	b.address = server.URL
	b.config = hubspot.Config{
		Token: plantedSecret, Base: server.URL, Budget: b.budget, Limiter: connect.NewLimiter(1000, 1000), SearchLimiter: connect.NewLimiter(1000, 1000),
		Log: slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug})), Now: b.now,
		Sleep: func(_ context.Context, d time.Duration) error {
			b.waited += d
			b.set(b.now().Add(d))
			return nil
		},
	}
	return b
}

func (b *bench) portal(t *testing.T) *hubspot.Portal {
	t.Helper()
	p, err := hubspot.New(b.config)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// deal is the id of the deal that small seeds.
const deal = "700"

// small seeds a deal of our own.
func (b *bench) small(t *testing.T) {
	t.Helper()
	s := b.twin
	s.AddOwner(twin.Owner{ID: "1", Email: "ann@vendor.example", FirstName: "Ann", LastName: "Lee"})
	s.AddOwner(twin.Owner{ID: "2", Email: "cy@vendor.example", FirstName: "Cy", LastName: "Moss"})
	s.AddOwner(twin.Owner{ID: "3", Email: "left@vendor.example", FirstName: "Lou", LastName: "Left", Archived: true})
	s.AddOwner(twin.Owner{ID: "4", Email: "other@vendor.example", FirstName: "Not", LastName: "Named"})
	s.Define("deals", twin.Property{Name: "loss_risk", Label: "How could we lose?"})
	s.Define("deals", twin.Property{Name: "success_manager", Label: "CSM", Type: "enumeration", Refers: "OWNER"})
	s.AddPipeline(twin.Pipeline{ID: "renewals", Label: "Renewals", Stages: []twin.Stage{
		{ID: "9911", Label: "Signed again", Metadata: map[string]string{"isClosed": "true", "probability": "1.0"}},
	}})
	at := func(day int) string { return time.Date(2026, 5, day, 12, 0, 0, 0, time.UTC).Format(time.RFC3339) }
	s.Put("companies", twin.Record{"id": "500", "name": "Buyer", "domain": "buyer.example", "industry": "Pumps", "numberofemployees": "80", "description": "Makes pumps."})
	s.Put("contacts", twin.Record{"id": "601", "firstname": "Bo", "lastname": "Karlsson", "email": "bo@buyer.example", "jobtitle": "CTO"})
	s.Put("contacts", twin.Record{"id": "602", "firstname": "Di", "lastname": "Park", "email": "di@adviser.example", "jobtitle": "Adviser", "hs_buying_role": "INFLUENCER"})
	s.Put("contacts", twin.Record{"id": "603", "firstname": "One", "lastname": "Of us", "email": "us@vendor.example"})
	b.set(time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC))
	s.Put("deals", twin.Record{
		"id": deal, "dealname": "Buyer - Tool", "dealstage": "qualifiedtobuy", "pipeline": "default", "amount": "900", "deal_currency_code": "EUR", "closedate": at(29),
		"hubspot_owner_id": "1", "dealtype": "newbusiness", "loss_risk": "Their only engineer leaves in July.", "success_manager": "2", "hs_next_step": "Kickoff in June",
	})
	s.Move(deal, "closedwon", time.Date(2026, 5, 29, 15, 30, 0, 0, time.UTC))
	b.set(start)
	s.Associate("deals", deal, "companies", s.Put("companies", twin.Record{"id": "499", "name": "Reseller", "domain": "reseller.example"}), "")
	s.Associate("deals", deal, "companies", "500", "Primary")
	s.Associate("deals", deal, "contacts", "601", "Champion")
	s.Associate("deals", deal, "contacts", "602", "")
	s.Associate("deals", deal, "contacts", "603", "")
	put := func(kind string, rec twin.Record) {
		s.Associate(kind, s.Put(kind, rec), "deals", deal, "")
	}
	put("notes", twin.Record{"id": "801", "hs_note_body": `<p>They key it in by hand. <a href="https://notion.example/x?a=1&amp;b=2">Review</a></p>`, "hs_timestamp": at(4), "hubspot_owner_id": "1"})
	put("tasks", twin.Record{"id": "802", "hs_task_subject": "Send the plan", "hs_task_status": "COMPLETED", "hs_timestamp": at(10), "hubspot_owner_id": "3"})
	put("calls", twin.Record{"id": "803", "hs_call_title": "First call", "hs_call_body": "Bo wants it by August.", "hs_timestamp": at(2), "hubspot_owner_id": "1"})
	put("meetings", twin.Record{"id": "804", "hs_meeting_title": "Workshop", "hs_meeting_body": "Di asked about rows.", "hs_timestamp": at(12), "hubspot_owner_id": "2"})
	put("emails", twin.Record{
		"id": "805", "hs_email_subject": "Your question", "hs_email_text": "Hi Bo,\n\nwe load by night.\n", "hs_email_direction": "EMAIL", "hs_timestamp": at(11), "hs_email_thread_id": "t1",
		"hs_email_message_id": "<m1@vendor.example>",
		"hs_email_headers":    `{"from":{"email":"ann@vendor.example","firstName":"Ann","lastName":"Lee"},"to":[{"email":"bo@buyer.example"},{"email":"di@adviser.example","firstName":"Di","lastName":"Park"}],"cc":[]}`,
	})
	put("emails", twin.Record{
		"id": "806", "hs_email_subject": "Re: Your question", "hs_email_html": "<p>Night is too late for us.</p>", "hs_email_direction": "INCOMING_EMAIL", "hs_timestamp": at(12), "hs_email_thread_id": "t1",
		"hs_email_from_email": "bo@buyer.example", "hs_email_from_firstname": "Bo", "hs_email_from_lastname": "Karlsson", "hs_email_to_email": "ann@vendor.example;cy@vendor.example",
	})
	moment := time.Date(2026, 5, 20, 9, 0, 0, 0, time.UTC)
	s.Attach("deals", deal, "plan.md", "1", moment, []byte("# Plan\n\nThe pilot runs for two weeks at the plant in Lund.\n"))
	s.Attach("deals", deal, "logo.png", "1", moment.Add(time.Hour), []byte("\x89PNG"))
}

// seller is the company that sells, of small's deal.
var seller = throughline.Company{Name: "Vendor", Product: "Tool", Domain: "vendor.example"}

// calls counts the calls that came in, by method and path.
func (b *bench) calls() int { return len(b.twin.Calls()) }

// files are the names of the files below a directory, with what they hold.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		out[filepath.ToSlash(strings.TrimPrefix(name, dir+string(filepath.Separator)))] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// write writes a file below a directory.
func write(t *testing.T, dir, name, text string) {
	t.Helper()
	to := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
