package slack_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"throughline"
	"throughline/connect"
	"throughline/connect/slack"
	twin "throughline/twin/slack"
)

// The planted secrets: no error, log or file may hold one.
const (
	botToken      = "xoxb-token-planted"
	appToken      = "xapp-token-planted"
	signingSecret = "signing-secret-planted"
)

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

// A safe buffer is written by many goroutines.
type safe struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safe) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safe) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// A rig is a connector before its stand-in, on one clock.
type rig struct {
	twin  *twin.Server
	addr  string
	clock *clock
	log   *safe
	cfg   slack.Config
}

var today = time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{clock: &clock{now: today}, log: &safe{}, twin: twin.New()}
	r.twin.Token, r.twin.AppToken, r.twin.SigningSecret, r.twin.Now, r.twin.All = botToken, appToken, signingSecret, r.clock.Now, -1
	r.twin.URL = "https://northbeam.slack.example/"
	srv := httptest.NewServer(heldToSpec(t, r.twin))
	t.Cleanup(srv.Close)
	r.addr = srv.URL
	r.cfg = slack.Config{
		Token: botToken, AppToken: appToken, SigningSecret: signingSecret, Base: srv.URL + "/api",
		Log: slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug})), Now: r.clock.Now, Sleep: r.clock.Sleep,
		// Every try is a fresh connection, so that the transport's own repeats do
		// not hide a fault.
		HTTP: &http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}},
		// The stand-in's own limits are what paces the tests of them.
		Limiter: func(string) *connect.Limiter { return connect.NewLimiter(1000, 1000) },
	}
	return r
}

// client is a client of its own, as after the program was started anew.
func (r *rig) client(t *testing.T) *slack.Client {
	t.Helper()
	c, err := slack.New(r.cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The people and the channel of the rig's deal.
const (
	aeID      = "U0SELLER01"
	csmID     = "U0SELLER02"
	channelID = "C0DEALBUYER"
)

// deal sets up a deal's internal channel, and its record.
func (r *rig) deal() connect.Record {
	r.twin.AddUser(twin.Object{"id": aeID, "name": "ann", "real_name": "Ann Lee", "profile": twin.Object{"real_name": "Ann Lee", "email": "ann@seller.example", "title": "Account Executive"}})
	r.twin.AddUser(twin.Object{"id": csmID, "name": "cy", "real_name": "Cy Ng", "profile": twin.Object{"real_name": "Cy Ng", "email": "cy@seller.example"}})
	r.twin.AddChannel(twin.Object{"id": channelID, "name": "deal-buyer", "is_private": true}, aeID, csmID)
	r.twin.AddChannel(twin.Object{"id": "C0GENERAL1", "name": "general"}, aeID, csmID)
	return connect.Record{
		ID: "006A", Name: "Buyer - Product", Customer: "Buyer, Inc.", Domains: []string{"buyer.example"}, Contacts: []string{"bo@buyer.example"},
		Sellers: []string{"ann@seller.example"}, AE: "ann@seller.example", CSM: "cy@seller.example",
	}
}

// publication is a handoff of the deal.
func (r *rig) publication(deal connect.Record) connect.Publication {
	at := today.Add(-48 * time.Hour)
	said := []throughline.Evidence{{Source: "c1", Ref: "c1.1", Quote: "We key it by hand.", Speaker: "Bo Ek", Side: throughline.SideCustomer, At: &at, Match: throughline.MatchExact, CustomersHeard: 2}}
	return connect.Publication{
		Key: "handoff-006A", Deal: deal, Audience: throughline.AudienceCompany, Link: "https://throughline.example/h/006A",
		Handoff: &throughline.Handoff{
			Schema: throughline.Schema, Version: 1, Status: throughline.StatusPublished, Audience: throughline.AudienceTeam, Language: "en", GeneratedAt: today,
			Review: throughline.Review{State: throughline.Reviewed, By: "Ann Lee", At: &at},
			Deal: throughline.Header{
				ID: "006A", Name: "Buyer - Product", Customer: throughline.Company{Name: "Buyer, Inc."}, Seller: throughline.Company{Name: "Seller"}, Close: "2026-09-28",
				AE: &throughline.PersonNote{Name: "Ann Lee"}, CSM: &throughline.PersonNote{Name: "Cy Ng"}, People: []throughline.PersonNote{{Name: "Bo Ek", Title: "Head of Data", Side: throughline.SideCustomer}},
			},
			Items: []throughline.Item{
				{ID: "champion-1", Section: 1, Kind: throughline.KindChampion, Text: "Bo Ek drove it.", Person: "Bo Ek", Why: "PLANTED-TEAM why", Evidence: said},
				{ID: "pain-1", Section: 1, Kind: throughline.KindPain, Text: "They key orders by hand.", Evidence: said},
				{ID: "stretch-1", Section: 2, Kind: throughline.KindStretch, Text: "PLANTED-TEAM stretch", Promise: "PLANTED-TEAM promise", Evidence: said},
				{ID: "milestone-1", Section: 4, Kind: throughline.KindMilestone, Text: "First orders flow.", Day: 30, Evidence: said},
				{ID: "risk-1", Section: 5, Kind: throughline.KindRisk, Area: throughline.AreaSecurity, Text: "A security review is open.", Evidence: said},
			},
			Sources: []throughline.SourceNote{{ID: "c1", Kind: throughline.SourceCall, Title: "Call"}},
		},
	}
}
