package main

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline/connect/gong"
	"throughline/twin/fault"
	notiontwin "throughline/twin/notion"
	salesforcetwin "throughline/twin/salesforce"
)

// checked runs check and reads what it tells as JSON.
func (b *bed) checked(t *testing.T) (int, checkReport) {
	t.Helper()
	r := b.run(t, "check", "--format", "json")
	var report checkReport
	if err := json.Unmarshal([]byte(r.stdout), &report); err != nil {
		t.Fatalf("%v: %s%s", err, r.stdout, r.stderr)
	}
	return r.status, report
}

// lacking are the permissions that are needed and missing, as system and name.
func (r checkReport) lacking() []string {
	var out []string
	for _, p := range r.Permissions {
		if !p.OK && !p.Optional {
			out = append(out, p.System+": "+p.Name)
		}
	}
	return out
}

// TestCheckNamesWhatIsMissing takes one permission away at a time.
func TestCheckNamesWhatIsMissing(t *testing.T) {
	b := newBed(t)
	scope := func(name string) func() { return func() { b.slack.Withhold(name) } }
	capability := func(name string) func() { return func() { b.notion.Withheld = []string{name} } }
	cases := map[string]struct {
		take   func()
		want   []string
		change string // in what it says to change
	}{
		"nothing":                     {func() {}, nil, ""},
		"Salesforce's emails":         {func() { b.salesforce.Denied["EmailMessage"] = true }, []string{"Salesforce: Read on EmailMessage"}, "Read on EmailMessage"},
		"Salesforce's amounts":        {func() { b.salesforce.Denied["Opportunity.Amount"] = true }, []string{"Salesforce: Read on the field Opportunity.Amount"}, "field-level security"},
		"Salesforce's CSM":            {func() { b.salesforce.Denied["Opportunity.CSM__c"] = true }, []string{"Salesforce: Read on the field Opportunity.CSM__c"}, "field-level security"},
		"Salesforce's teams":          {func() { b.salesforce.Denied["OpportunityTeamMember"] = true }, nil, ""},
		"Gong's calls":                {func() { b.gong.Withheld = []string{gong.ScopeCalls} }, []string{"Gong: " + gong.ScopeCalls}, "scope " + gong.ScopeCalls},
		"Gong's transcripts":          {func() { b.gong.Withheld = []string{gong.ScopeTranscripts} }, []string{"Gong: " + gong.ScopeTranscripts}, "scope " + gong.ScopeTranscripts},
		"Gong's key":                  {func() { t.Setenv("GONG_ACCESS_KEY", "") }, []string{"Gong: Set-up"}, "GONG_ACCESS_KEY"},
		"Notion's Read content":       {capability(notiontwin.ReadContent), []string{"Notion: " + notiontwin.ReadContent}, notiontwin.ReadContent},
		"Notion's Insert content":     {capability(notiontwin.InsertContent), []string{"Notion: " + notiontwin.InsertContent}, notiontwin.InsertContent},
		"Notion's Update content":     {capability(notiontwin.UpdateContent), []string{"Notion: " + notiontwin.UpdateContent}, notiontwin.UpdateContent},
		"Notion's Read comments":      {capability(notiontwin.ReadComments), []string{"Notion: " + notiontwin.ReadComments}, notiontwin.ReadComments},
		"the database of Notion":      {func() { b.notion.Share(notiontwin.DataSource, false) }, []string{"Notion: Database shared with the connection"}, "hare"},
		"Slack's channels:history":    {scope("channels:history"), []string{"Slack: channels:history"}, "channels:history"},
		"Slack's chat:write":          {scope("chat:write"), []string{"Slack: chat:write"}, "chat:write"},
		"Slack's users:read.email":    {scope("users:read.email"), []string{"Slack: users:read.email"}, "users:read.email"},
		"Slack's Socket Mode's token": {func() { t.Setenv("SLACK_APP_TOKEN", "") }, []string{"Slack: Socket Mode"}, "connections:write"},
		"mail's sender":               {func() { b.mail.Senders = []string{"else@example.com"} }, []string{"Mail: from"}, "from"},
	}
	key := map[string]string{"GONG_ACCESS_KEY": b.gong.Key, "SLACK_APP_TOKEN": b.slack.AppToken}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			c.take()
			defer func() {
				clear(b.salesforce.Denied)
				b.gong.Withheld, b.notion.Withheld = nil, nil
				b.notion.Share(notiontwin.DataSource, true)
				b.slack.Withhold()
				b.mail.Senders = nil
			}()
			status, report := b.checked(t)
			if diff := cmp.Diff(c.want, report.lacking()); diff != "" {
				t.Error(diff)
			}
			if want := map[bool]int{true: exitDone, false: exitFailed}[c.want == nil]; status != want {
				t.Errorf("exit status %d, want %d", status, want)
			}
			for _, p := range report.Permissions {
				if !p.OK && !p.Optional && !strings.Contains(p.Problem, c.change) {
					t.Errorf("%s: it says %q, want %q in it", p.Name, p.Problem, c.change)
				}
			}
			for name, value := range key {
				t.Setenv(name, value)
			}
		})
		for name, value := range key {
			t.Setenv(name, value)
		}
	}
}

// TestCheckListsDeals: what the configuration lets count, and what not and why.
func TestCheckListsDeals(t *testing.T) {
	b := newBed(t)
	b.config.Slack, b.config.Notion, b.config.Gong, b.config.Mail = nil, nil, nil, nil
	b.config.Destinations = destinationsConfig{}
	b.config.Deals.Types = []string{"New"}
	b.config.Deals.MinAmount = 1000
	b.config.Deals.RecordTypes = []string{"New_Business"}
	b.config.Deals.From = time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)
	b.write(t)
	at := func(day string) string { return day + "T12:00:00.000+0000" }
	owner, _ := b.salesforce.Get("Opportunity", b.deals[0].opportunity)["OwnerId"].(string)
	types := map[string]string{}
	for _, name := range []string{"New_Business", "Renewals"} {
		types[name] = b.salesforce.Put("RecordType", salesforcetwin.Record{"DeveloperName": name})
	}
	deal := func(name, typ, recordType, won string, amount float64) {
		b.salesforce.Put("Opportunity", salesforcetwin.Record{
			"Name": name, "StageName": "Closed Won", "IsWon": true, "IsClosed": true, "Type": typ, "RecordTypeId": types[recordType], "Amount": amount, "CloseDate": won,
			"OwnerId": owner, "CSM__c": owner, "CreatedDate": at("2026-05-01"), "LastModifiedDate": at(won), "SystemModstamp": at(won),
		})
	}
	deal("Counts", "New", "New_Business", "2026-09-01", 5000)
	deal("Small", "New", "New_Business", "2026-09-02", 50)
	deal("Renewal", "Renewal", "Renewals", "2026-09-03", 5000)
	deal("Early", "New", "New_Business", "2026-07-20", 5000)
	deal("Long ago", "New", "New_Business", "2026-02-02", 5000)
	status, report := b.checked(t)
	if status != exitDone || report.DealsError != "" {
		t.Errorf("exit status %d, %s", status, report.DealsError)
	}
	got := map[string]string{}
	for _, d := range report.Deals {
		got[d.Name] = d.Excluded
		if d.AE != "Caleb Whitmore" || d.Counts != (d.Excluded == "") {
			t.Errorf("%+v", d)
		}
	}
	want := map[string]string{
		"Counts": "", "Small": "amount is below deals.min_amount, 1000",
		"Renewal": "record type Renewals is not in deals.record_types; type Renewal is not in deals.types", "Early": "it was won before deals.from, 2026-08-01",
		"Harborline Logistics - Northbeam Sync": "record type none is not in deals.record_types; type none is not in deals.types",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	text := b.run(t, "check").stdout
	for _, line := range []string{"and counting: 1\n", "and left out: 4\n", "CSM Caleb Whitmore"} {
		if !strings.Contains(text, line) {
			t.Errorf("the table does not say %q:\n%s", line, text)
		}
	}
}

// TestCheckChangesNothing: no call of check writes.
func TestCheckChangesNothing(t *testing.T) {
	b := newBed(t)
	before := len(b.notion.Published())
	if r := b.run(t, "check"); r.status != exitDone || !strings.Contains(r.stdout, "ok  ") || strings.Contains(r.stdout, "MISSING") {
		t.Errorf("%d: %s%s", r.status, r.stdout, r.stderr)
	}
	for _, c := range b.salesforce.Calls() {
		if c.Method != http.MethodGet && !strings.HasSuffix(c.Path, "/composite") && !strings.HasSuffix(c.Path, "/token") {
			t.Errorf("Salesforce: %s %s", c.Method, c.Path)
		}
	}
	for _, r := range b.slack.Requested() {
		if slices.Contains([]string{"chat.postMessage", "conversations.join", "conversations.open"}, r.Method) {
			t.Errorf("Slack: %s", r.Method)
		}
	}
	if after := len(b.notion.Published()); after != before {
		t.Errorf("Notion: %d pages, then %d", before, after)
	}
	b.gong.Fail(fault.Fault{Status: 403, Times: 1000})
	if r := b.run(t, "check"); r.status != exitFailed || !strings.Contains(r.stdout, "MISSING") || !strings.Contains(r.stdout, "To change\n  - Gong, api:calls") || !strings.Contains(r.stderr, "missing") {
		t.Errorf("%d: %s%s", r.status, r.stdout, r.stderr)
	}
}
