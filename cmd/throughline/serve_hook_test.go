package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	salesforcetwin "throughline/twin/salesforce"
)

// TestServeHearsOutboundMessages: a won deal is heard of by Salesforce's outbound
// message alone, on the public address, once; what is not the secret finds nothing.
func TestServeHearsOutboundMessages(t *testing.T) {
	b := openDeal(t)
	secret := plantedSecret + "-of-the-address"
	t.Setenv("SALESFORCE_OUTBOUND_SECRET", secret)
	b.config.Salesforce.OrganizationID = salesforcetwin.OrgID
	b.config.Play.PollEvery = time.Hour // after the first
	b.write(t)
	s := b.serve(t)
	opp := b.deals[0].opportunity
	runs := func() int {
		t.Helper()
		all, err := s.db.RunsOf(t.Context(), opp)
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}

	guessed := b.salesforce.Outbound(b.config.Serve.PublicURL + "/salesforce/outbound/" + strings.Repeat("x", len(secret)))
	messages := b.salesforce.Outbound(b.config.Serve.PublicURL + "/salesforce/outbound/" + secret)
	b.salesforce.Move(opp, "Closed Won", true, b.now())
	if err := guessed.Round(t.Context()); err != nil || len(guessed.Waiting()) != 1 || runs() != 0 {
		t.Fatalf("%v; to another address, it waits: %v, %d runs", err, guessed.Waiting(), runs())
	}
	if err := messages.Round(t.Context()); err != nil || len(messages.Waiting()) != 0 || runs() != 1 {
		t.Fatalf("%v; it waits: %v, %d runs", err, messages.Waiting(), runs())
	}
	messages.Repeat()
	if err := messages.Round(t.Context()); err != nil || len(messages.Waiting()) != 0 || runs() != 1 {
		t.Errorf("repeated: %v; it waits: %v, %d runs", err, messages.Waiting(), runs())
	}
	if status, _ := get(t, browser(t), "http://"+b.config.Serve.Listen+"/salesforce/outbound/"+secret); status == http.StatusOK {
		t.Error("the team's address has it too")
	}
	if err := s.stop(); err != nil {
		t.Errorf("it ended with: %v", err)
	}
	if log := s.log.String(); strings.Contains(log, plantedSecret) {
		t.Errorf("the log has the secret: %s", log)
	}
}

// TestCheckOutboundMessages: check says what outbound messages lack to be heard.
func TestCheckOutboundMessages(t *testing.T) {
	const row = "What Salesforce posts"
	b := playBed(t)
	if r := b.run(t, "check"); strings.Contains(r.stdout, row) {
		t.Errorf("without a secret:\n%s", r.stdout)
	}
	t.Setenv("SALESFORCE_OUTBOUND_SECRET", plantedSecret+"-of-the-address")
	if r := b.run(t, "check"); r.status == exitDone || !strings.Contains(r.stdout, "salesforce.organization_id") {
		t.Errorf("without the organisation's id:\n%s", r.stdout)
	}
	b.config.Salesforce.OrganizationID = salesforcetwin.OrgID
	b.write(t)
	if r := b.run(t, "check"); r.status != exitDone || !strings.Contains(r.stdout, row) {
		t.Errorf("with all of it:\n%s%s", r.stdout, r.stderr)
	}
	b.config.Serve.PublicListen = ""
	b.write(t)
	if r := b.run(t, "check"); r.status == exitDone || !strings.Contains(r.stdout, row+": it is posted to an address that nothing serves") || strings.Contains(r.stdout, plantedSecret) {
		t.Errorf("without a public address:\n%s", r.stdout)
	}
}
