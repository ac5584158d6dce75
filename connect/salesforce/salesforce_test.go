package salesforce_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"throughline"
	"throughline/connect"
	"throughline/connect/salesforce"
	"throughline/folder"
	"throughline/twin/fault"
	twin "throughline/twin/salesforce"
)

// Secrets that are planted, and must turn up nowhere.
const plantedSecret = "planted-secret-5b1f"

var theKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// A bench is a stand-in org, and the connector set up for it.
type bench struct {
	twin   *twin.Server
	config salesforce.Config
	budget *connect.Budget
	log    *bytes.Buffer
	waited time.Duration
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{twin: twin.New(), budget: &connect.Budget{}, log: &bytes.Buffer{}}
	b.twin.ClientID, b.twin.ClientSecret = "client", plantedSecret
	server := httptest.NewServer(b.twin)
	t.Cleanup(server.Close)
	b.config = salesforce.Config{
		Login: server.URL, ClientID: "client", ClientSecret: plantedSecret, Budget: b.budget, Limiter: connect.NewLimiter(1000, 1000),
		Log: slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Sleep: func(_ context.Context, d time.Duration) error {
			b.waited += d
			return nil
		},
	}
	return b
}

func (b *bench) org(t *testing.T) *salesforce.Org {
	t.Helper()
	o, err := salesforce.New(b.config)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func (b *bench) read(t *testing.T, id string) *salesforce.Deal {
	t.Helper()
	d, err := b.org(t).Read(t.Context(), id)
	if err != nil {
		t.Fatalf("reading %s: %v", id, err)
	}
	return d
}

// small seeds a deal of our own and returns the opportunity's id.
func (b *bench) small(t *testing.T) string {
	t.Helper()
	at := func(s string) string { return s + "T12:00:00.000+0000" }
	b.twin.Put("Account", twin.Record{"Id": "001000000000001AAA", "Name": "Buyer", "Website": "https://buyer.example", "Description": "Makes pumps."})
	b.twin.Put("User", twin.Record{"Id": "005000000000001AAA", "Name": "Ann Lee", "Email": "ann@vendor.example", "Title": "Account Executive"})
	b.twin.Put("User", twin.Record{"Id": "005000000000002AAA", "Name": "Cy Moss", "Email": "cy@vendor.example", "Title": "Engagement Lead"})
	b.twin.Put("Contact", twin.Record{"Id": "003000000000001AAA", "AccountId": "001000000000001AAA", "Name": "Bo Karlsson", "Email": "bo@buyer.example", "Title": "CTO"})
	b.twin.Put("Contact", twin.Record{"Id": "003000000000002AAA", "AccountId": nil, "Name": "Di Park", "Email": "di@adviser.example", "Title": "Adviser"})
	id := b.twin.Put("Opportunity", twin.Record{
		"Id": "006000000000001AAA", "Name": "Buyer - Tool", "AccountId": "001000000000001AAA", "StageName": "Signed", "IsWon": true, "IsClosed": true,
		"Amount": 900.0, "CloseDate": "2026-05-29", "OwnerId": "005000000000001AAA", "NextStep": "Kickoff in June", "Type": "New Customer",
		"Loss_Risk__c": "Their only engineer leaves in July.", "CreatedDate": at("2026-05-01"), "LastModifiedDate": at("2026-05-29"), "SystemModstamp": at("2026-05-29"),
	})
	b.twin.Put("OpportunityContactRole", twin.Record{"OpportunityId": id, "ContactId": "003000000000002AAA", "Role": "Influencer", "IsPrimary": false})
	b.twin.Put("OpportunityStage", twin.Record{"MasterLabel": "Signed!", "ApiName": "Signed", "IsWon": true, "IsClosed": true, "SortOrder": 9})
	b.twin.Put("OpportunityStage", twin.Record{"MasterLabel": "Talking", "ApiName": "Talking", "IsWon": false, "IsClosed": false, "SortOrder": 1})
	b.twin.Put("OpportunityHistory", twin.Record{"OpportunityId": id, "StageName": "Talking", "CreatedDate": at("2026-05-02")})
	b.twin.Put("OpportunityHistory", twin.Record{"OpportunityId": id, "StageName": "Signed", "CreatedDate": at("2026-05-29")})
	b.twin.Put("OpportunityFieldHistory", twin.Record{"OpportunityId": id, "Field": "Loss_Risk__c", "OldValue": nil, "NewValue": "High", "CreatedById": "005000000000001AAA", "CreatedDate": at("2026-05-03")})
	b.twin.Put("Task", twin.Record{"Id": "00T000000000001AAA", "WhatId": id, "WhoId": "003000000000002AAA", "Subject": "Send the plan", "OwnerId": "005000000000002AAA", "ActivityDate": "2026-05-10", "IsArchived": true})
	b.twin.Put("Task", twin.Record{"Id": "00T000000000002AAA", "WhatId": id, "Subject": "Email: Your question", "Description": "We load by night.", "OwnerId": "005000000000001AAA", "ActivityDate": "2026-05-11"})
	b.twin.Put("Event", twin.Record{"WhatId": id, "Subject": "Workshop", "Description": "Bo wants it by August.", "OwnerId": "005000000000001AAA", "ActivityDate": "2026-05-12"})
	b.twin.Put("Note", twin.Record{"ParentId": id, "Title": "Call", "Body": "They key it in by hand.", "OwnerId": "005000000000001AAA", "CreatedDate": at("2026-05-04")})
	first := b.twin.Put("EmailMessage", twin.Record{
		"RelatedToId": id, "ActivityId": "00T000000000002AAA", "Subject": "Your question", "FromName": "Ann Lee", "FromAddress": "ann@vendor.example",
		"ToAddress": "bo@buyer.example; di@adviser.example", "TextBody": "Hi Bo,\n\nwe load by night.\n", "MessageDate": at("2026-05-11"), "MessageIdentifier": "<m1@vendor.example>", "Incoming": false,
	})
	b.twin.Put("EmailMessage", twin.Record{
		"RelatedToId": id, "Subject": "Re: Your question", "FromName": "Bo Karlsson", "FromAddress": "bo@buyer.example", "ToAddress": "ann@vendor.example",
		"HtmlBody": "<p>Night is too late for us.</p>", "MessageDate": at("2026-05-12"), "ReplyToEmailMessageId": first, "Incoming": true,
	})
	moment := time.Date(2026, 5, 20, 9, 0, 0, 0, time.UTC)
	b.twin.Attach(id, "After the workshop.snote", "005000000000002AAA", moment, []byte("<p>Di is &quot;fine&quot; with it.</p>"))
	b.twin.Attach(id, "plan.md", "005000000000001AAA", moment.Add(time.Hour), []byte("# Plan\n\nThe pilot runs for two weeks at the plant in Lund.\n"))
	b.twin.Attach("001000000000001AAA", "logo.png", "005000000000001AAA", moment.Add(2*time.Hour), []byte("\x89PNG"))
	return id
}

// saved saves a deal and reads the folder.
func saved(t *testing.T, d *salesforce.Deal) (string, *throughline.Deal) {
	t.Helper()
	dir := t.TempDir()
	if err := d.Save(dir); err != nil {
		t.Fatal(err)
	}
	got, err := folder.Read(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return dir, got
}

func TestReadAll(t *testing.T) {
	b := newBench(t)
	id := b.small(t)
	b.twin.Labels["Opportunity.Loss_Risk__c"] = "How could we lose them?"
	d := b.read(t, id[:15])
	for _, g := range d.Gaps {
		if g.Name != "logo.png" {
			t.Errorf("a gap: %s", g)
		}
	}
	if len(d.Gaps) != 1 {
		t.Errorf("%d gaps, want the picture", len(d.Gaps))
	}
	_, got := saved(t, d)
	if len(got.Problems) != 0 {
		t.Errorf("problems: %+v", got.Problems)
	}
	var passages []string
	for p := range got.Passages {
		who := ""
		if p.Speaker != nil {
			who = p.Speaker.Name
		}
		passages = append(passages, string(p.Source.Kind)+" | "+who+" | "+p.Label+" | "+p.Text)
	}
	want := []string{
		"document |  | Plan | The pilot runs for two weeks at the plant in Lund.",
		"email | Ann Lee |  | Hi Bo,",
		"email | Ann Lee |  | we load by night.",
		"email | Bo Karlsson |  | Night is too late for us.",
		"crm |  | How could we lose them? | Their only engineer leaves in July.",
		"crm |  | Next step | Kickoff in June",
		"crm |  | Type | New Customer",
		"crm |  | Description | Makes pumps.",
		"crm | Ann Lee | Note: Call | They key it in by hand.",
		"crm | Cy Moss | Note: After the workshop | Di is \"fine\" with it.",
		"crm | Cy Moss | Task | Send the plan",
		"crm | Ann Lee | Event: Workshop | Bo wants it by August.",
		"crm |  | Stage | Talking",
		"crm |  | Stage | Signed",
		"crm | Ann Lee | Change: How could we lose them? | High",
	}
	if diff := cmp.Diff(want, passages); diff != "" {
		t.Error(diff)
	}
	if di := got.Person("Di Park"); di == nil || di.CRMRole != "Influencer" {
		t.Errorf("the contact of another account, who has a role, is %+v", di)
	}
	if got.AE == nil || got.AE.Name != "Ann Lee" {
		t.Errorf("the AE is %+v", got.AE)
	}
	reply := got.Source("e2")
	if reply.Passages[0].Side() != throughline.SideCustomer || len(reply.People) != 2 {
		t.Errorf("the reply's first passage is %+v", reply.Passages[0])
	}
}

// TestCalls: a deal takes three API calls and one for each file and note.
func TestCalls(t *testing.T) {
	b := newBench(t)
	o := b.org(t)
	if _, err := o.Read(t.Context(), b.small(t)); err != nil {
		t.Fatal(err)
	}
	if got := b.twin.APICalls(); got != 3+2 {
		t.Errorf("%d API calls, want 3, and 2 for the note and the file: %+v", got, b.twin.Calls())
	}
	if got, want := b.budget.Total(), b.twin.APICalls(); got != want {
		t.Errorf("%d calls by our count, %d by the org's", got, want)
	}
	if u := o.Usage(); u != (salesforce.Usage{Used: 5, Most: 100_000}) {
		t.Errorf("the usage is %+v", u)
	}
}

// TestFolderAndTwinAgree: pulling a deal gives the same as reading its folder.
func TestFolderAndTwinAgree(t *testing.T) {
	for name, dir := range map[string]string{
		"demo":       "../../cmd/throughline/demo/harborline",
		"harborline": "../../../shared/bench/deals/harborline/native",
		"atlas":      "../../../shared/bench/deals/atlas/native",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := os.Stat(filepath.Join(dir, "salesforce")); err != nil {
				t.Skipf("no deal with Salesforce records at %s", dir)
			}
			crm := t.TempDir()
			if err := os.CopyFS(filepath.Join(crm, "salesforce"), os.DirFS(filepath.Join(dir, "salesforce"))); err != nil {
				t.Fatal(err)
			}
			want, err := folder.Read(t.Context(), crm)
			if err != nil {
				t.Fatal(err)
			}
			b := newBench(t)
			ids, err := b.twin.Load(os.DirFS(dir))
			if err != nil || len(ids) != 1 {
				t.Fatalf("seeding: %v, %v", ids, err)
			}
			d := b.read(t, ids[0])
			if len(d.Gaps) != 0 {
				t.Errorf("gaps: %v", d.Gaps)
			}
			if got := b.twin.APICalls(); got != 3 {
				t.Errorf("%d API calls, want 3", got)
			}
			_, got := saved(t, d)
			if len(want.Sources) == 0 || len(want.Sources[0].Passages) < 10 || len(want.People) < 5 {
				t.Fatalf("the folder's deal is too small to compare: %d people", len(want.People))
			}
			if url := got.Sources[0].URL; !strings.HasPrefix(url, "https://") || !strings.HasSuffix(url, "/"+ids[0]) {
				t.Errorf("the record is said to be shown at %q", url) // which the folder's own records do not tell
			}
			got.Sources[0].URL = want.Sources[0].URL
			if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(throughline.Passage{}, "Source"), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("folder (-), pulled (+):\n%s", diff)
			}
		})
	}
}

func TestCSMField(t *testing.T) {
	for _, field := range []string{"Success__c", "Account.Success__c"} {
		b := newBench(t)
		id := b.small(t)
		object, rec := "Opportunity", id
		if strings.Contains(field, ".") {
			object, rec = "Account", "001000000000001AAA"
		}
		b.twin.Set(object, rec, twin.Record{"Success__c": "005000000000002AAA"}, time.Now())
		b.config.CSMField = field
		_, got := saved(t, b.read(t, id))
		if got.CSM == nil || got.CSM.Name != "Cy Moss" {
			t.Errorf("%s: the CSM is %+v", field, got.CSM)
		}
		b.twin.Denied[object+".Success__c"] = true
		d := b.read(t, id)
		if len(d.Gaps) == 0 || !strings.HasPrefix(d.Gaps[0].String(), object+".Success__c: ") {
			t.Errorf("%s hidden: the gaps are %v", field, d.Gaps)
		}
	}
}

func TestPages(t *testing.T) {
	b := newBench(t)
	id := b.small(t)
	for i := range 25 {
		b.twin.Put("Note", twin.Record{"ParentId": id, "Title": "Call", "Body": strings.Repeat("x", i+1), "OwnerId": "005000000000001AAA"})
	}
	b.twin.PageSize = 10
	d := b.read(t, id)
	if len(d.Notes) != 26 {
		t.Errorf("%d notes, want 26", len(d.Notes))
	}
	if got := b.twin.APICalls(); got != 3+2+2 {
		t.Errorf("%d API calls, want 2 more for the pages", got)
	}
}

func TestCursorGone(t *testing.T) {
	b := newBench(t)
	id := b.small(t)
	for range 4 {
		b.twin.Put("Note", twin.Record{"ParentId": id, "Title": "Call", "Body": "x", "OwnerId": "005000000000001AAA"})
	}
	b.twin.PageSize = 3
	b.twin.Order("/query/", 1, fault.Fault{Status: 400, Code: "INVALID_QUERY_LOCATOR", Message: "invalid query locator"})
	d := b.read(t, id)
	found := false
	for _, g := range d.Gaps {
		found = found || g.Object == "Note" && g.Partly && g.Err.Code == "INVALID_QUERY_LOCATOR"
	}
	if !found || len(d.Notes) != 3 {
		t.Errorf("%d notes with the gaps %v", len(d.Notes), d.Gaps)
	}
}

// TestPermissions: what the user may not see is named, and the rest is read.
func TestPermissions(t *testing.T) {
	for _, denied := range []string{
		"OpportunityContactRole", "OpportunityHistory", "OpportunityFieldHistory", "Task", "Event", "EmailMessage", "Note", "ContentDocumentLink", "Contact",
		"User", "Account", "Contact.Title", "EmailMessage.HtmlBody", "Task.Description", "User.Email", "User.ManagerId", "OpportunityContactRole.Role", "ContentVersion",
	} {
		t.Run(denied, func(t *testing.T) {
			b := newBench(t)
			id := b.small(t)
			whole := b.read(t, id)
			b.twin.Denied[denied] = true
			d := b.read(t, id)
			object, field, _ := strings.Cut(denied, ".")
			if field == "ManagerId" { // it is read by its relationship
				denied, field = "User.Manager.Email", "Manager.Email"
			}
			named := 0
			for _, g := range d.Gaps {
				if g.Object == object && (g.Field == field || g.Field == "(labels)") && g.Name != "logo.png" {
					named++
					if text := g.String(); !strings.Contains(text, denied) || g.Err.Code == "" || g.Err.Advice == "" {
						t.Errorf("the gap does not say what to do: %s", text)
					}
					continue
				}
				if g.Name != "logo.png" && !g.Optional {
					t.Errorf("another gap: %s", g)
				}
			}
			if named == 0 {
				t.Errorf("%s is not named: %v", denied, d.Gaps)
			}
			if d.ID != whole.ID || len(d.Opportunity) != len(whole.Opportunity) || len(d.History)+len(d.Notes)+len(d.Emails) < 3 {
				t.Errorf("the rest was not read: %+v", d)
			}
		})
	}
}

func TestOpportunityDenied(t *testing.T) {
	b := newBench(t)
	id := b.small(t)
	b.twin.Denied[id] = true
	_, err := b.org(t).Read(t.Context(), id)
	var e *connect.Error
	if !errors.As(err, &e) || e.Code != "NOT_FOUND" || e.Op != "read Opportunity" || !strings.Contains(e.Advice, "shared") {
		t.Errorf("the error is %v", err)
	}
}

func TestNotAnID(t *testing.T) {
	b := newBench(t)
	for _, id := range []string{"", "x", "006' OR Name != '", "006000000000001AAA/describe", "006000000000001AA"} {
		if _, err := b.org(t).Read(t.Context(), id); err == nil {
			t.Errorf("%q was taken for an id", id)
		}
	}
	if len(b.twin.Calls()) != 0 {
		t.Error("the org was asked")
	}
}

// TestFaults: of each fault it is known whether it passes, and after it a second
// reading has everything.
func TestFaults(t *testing.T) {
	for name, tt := range map[string]struct {
		path  string
		times int
		fault fault.Fault
		code  string // of the error; "-" for another; empty where it is got over
	}{
		"429":                   {"composite", 1, fault.Fault{Status: 429, RetryAfter: "3"}, ""},
		"500 once":              {"composite", 1, fault.Fault{Status: 500}, ""},
		"503 with code":         {"composite", 2, fault.Fault{Status: 503, Code: "SERVER_UNAVAILABLE", Message: "busy"}, ""},
		"500 always":            {"composite", 99, fault.Fault{Status: 500}, "-"},
		"reset":                 {"composite", 1, fault.Fault{Reset: true}, ""},
		"cut":                   {"composite", 1, fault.Fault{Cut: 20}, ""},
		"cut file":              {"VersionData", 1, fault.Fault{Cut: 20}, ""},
		"slow once":             {"composite", 1, fault.Fault{Slow: time.Minute}, ""},
		"quota":                 {"composite", 1, fault.Fault{Status: 403, Code: "REQUEST_LIMIT_EXCEEDED", Message: "TotalRequests Limit exceeded."}, "REQUEST_LIMIT_EXCEEDED"},
		"concurrent":            {"composite", 1, fault.Fault{Status: 403, Code: "REQUEST_LIMIT_EXCEEDED", Message: "ConcurrentRequests (Concurrent API Requests) Limit exceeded."}, ""},
		"session":               {"composite", 1, fault.Fault{Status: 401, Code: "INVALID_SESSION_ID", Message: "Session expired or invalid"}, ""},
		"session always":        {"composite", 99, fault.Fault{Status: 401, Code: "INVALID_SESSION_ID", Message: "Session expired or invalid"}, "INVALID_SESSION_ID"},
		"API off":               {"composite", 1, fault.Fault{Status: 403, Code: "API_DISABLED_FOR_ORG", Message: "API is not enabled"}, "API_DISABLED_FOR_ORG"},
		"retired version":       {"composite", 1, fault.Fault{Status: 410}, "-"},
		"token endpoint down":   {"oauth2", 1, fault.Fault{Status: 503}, ""},
		"token endpoint resets": {"oauth2", 1, fault.Fault{Reset: true}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			id := b.small(t)
			want := b.read(t, id)
			b.config.HTTP = &http.Client{Timeout: 2 * time.Second}
			b.twin.Order(tt.path, tt.times, tt.fault)
			o := b.org(t)
			got, err := o.Read(t.Context(), id)
			var e *connect.Error
			switch {
			case tt.code == "":
				if err != nil {
					t.Fatalf("not got over: %v", err)
				}
				if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(salesforce.Deal{})); diff != "" {
					t.Errorf("before (-), with the fault (+):\n%s", diff)
				}
				return
			case !errors.As(err, &e):
				t.Fatalf("the error is %v", err)
			case tt.code != "-" && e.Code != tt.code, e.Advice == "":
				t.Errorf("the error is %v", err)
			}
			b.twin.Heal()
			b.config.Limiter = connect.NewLimiter(1000, 1000) // one that has not been asked to pause
			if diff := cmp.Diff(want, b.read(t, id), cmpopts.IgnoreUnexported(salesforce.Deal{})); diff != "" {
				t.Errorf("before (-), second try (+):\n%s", diff)
			}
		})
	}
}

// TestExpiry: a token that ends in the middle of a pull is replaced.
func TestExpiry(t *testing.T) {
	b := newBench(t)
	id := b.small(t)
	o := b.org(t)
	if _, err := o.Read(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	b.twin.ExpireTokens()
	if _, err := o.Read(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	tokens := 0
	for _, c := range b.twin.Calls() {
		if strings.HasSuffix(c.Path, "/token") {
			tokens++
		}
	}
	if tokens != 2 {
		t.Errorf("%d tokens were asked for, want 2", tokens)
	}
}

// jwt sets the bench up for the JWT bearer flow and returns the key file's text.
func (b *bench) jwt(t *testing.T, pkcs8 bool) string {
	t.Helper()
	key, err := theKey()
	if err != nil {
		t.Fatal(err)
	}
	block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	if pkcs8 {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		block = &pem.Block{Type: "PRIVATE KEY", Bytes: der}
	}
	file := filepath.Join(t.TempDir(), "key.pem")
	text := pem.EncodeToMemory(block)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	b.twin.Key, b.twin.Username = &key.PublicKey, "robot@vendor.example"
	b.config.ClientSecret, b.config.Username, b.config.KeyFile = "", "robot@vendor.example", file
	return string(text)
}

func TestJWT(t *testing.T) {
	for name, tt := range map[string]struct {
		spoil func(*bench)
		want  string // in the error; none when empty
	}{
		"good":           {func(*bench) {}, ""},
		"not approved":   {func(b *bench) { b.twin.Unapproved = true }, "admin-approved"},
		"other user":     {func(b *bench) { b.config.Username = "nobody@vendor.example" }, "admin-approved"},
		"other app":      {func(b *bench) { b.config.ClientID = "other" }, "client_id"},
		"other key":      {func(b *bench) { b.twin.Key = &rsa.PublicKey{N: big.NewInt(3233), E: 17} }, "key_file"},
		"other audience": {func(b *bench) { b.twin.Audience = "https://test.salesforce.com" }, "audience"},
		"wrong clock":    {func(b *bench) { b.config.Now = func() time.Time { return time.Now().Add(-time.Hour) } }, "clock"},
	} {
		for _, pkcs8 := range []bool{true, false} {
			b := newBench(t)
			id := b.small(t)
			b.jwt(t, pkcs8)
			tt.spoil(b)
			_, err := b.org(t).Read(t.Context(), id)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s: the error is %v", name, err)
			}
		}
	}
}

func TestClientCredentialsRefused(t *testing.T) {
	b := newBench(t)
	b.config.ClientSecret = plantedSecret + "-wrong"
	_, err := b.org(t).Read(t.Context(), "006000000000001AAA")
	if err == nil || !strings.Contains(err.Error(), "client_secret") || strings.Contains(err.Error(), plantedSecret) {
		t.Errorf("the error is %v", err)
	}
}

func TestConfig(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	for _, tt := range []struct {
		config salesforce.Config
		want   string
	}{
		{salesforce.Config{}, "client_id"},
		{salesforce.Config{ClientID: "x"}, "key_file"},
		{salesforce.Config{ClientID: "x", Username: "u", KeyFile: filepath.Join(dir, "none")}, "key_file"},
		{salesforce.Config{ClientID: "x", Username: "u", KeyFile: write("text", plantedSecret)}, "no PEM"},
		{salesforce.Config{ClientID: "x", Username: "u", KeyFile: write("pem", "-----BEGIN PRIVATE KEY-----\ncGxhbnRlZC1zZWNyZXQ=\n-----END PRIVATE KEY-----\n")}, "no private key"},
	} {
		_, err := salesforce.New(tt.config)
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), plantedSecret) {
			t.Errorf("%+v: the error is %v, want it to name %s", tt.config, err, tt.want)
		}
	}
}

// TestNoSecrets: neither the app's secret nor its key nor a token stands in a log,
// an error or a saved folder.
func TestNoSecrets(t *testing.T) {
	for _, jwt := range []bool{false, true} {
		b := newBench(t)
		id := b.small(t)
		secrets := []string{plantedSecret, "00D000000000001!"}
		if jwt {
			secrets = append(secrets, strings.Split(b.jwt(t, true), "\n")[1:5]...)
		}
		o := b.org(t)
		d, err := o.Read(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		dir, _ := saved(t, d)
		var out strings.Builder
		for _, f := range []fault.Fault{
			{Status: 400, Code: "MALFORMED_QUERY", Message: "near " + plantedSecret},
			{Status: 500},
			{Reset: true},
			{Status: 401, Code: "INVALID_SESSION_ID"},
			{Status: 403, Code: plantedSecret, Message: plantedSecret},
			{Cut: 20},
		} {
			b.twin.Order("composite", 9, f)
			_, err := o.Read(t.Context(), id)
			if err == nil {
				t.Fatalf("%+v: no error", f)
			}
			out.WriteString(err.Error() + "\n")
			b.twin.Heal()
		}
		b.twin.ExpireTokens()
		b.twin.Order("token", 9, fault.Fault{Status: 400, Code: "x", Message: plantedSecret})
		if _, err := o.Read(t.Context(), id); err != nil {
			out.WriteString(err.Error())
		}
		if b.log.Len() == 0 {
			t.Error("nothing was logged")
		}
		out.Write(b.log.Bytes())
		err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			out.Write(data)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range secrets {
			if at := strings.Index(out.String(), secret); at >= 0 {
				t.Errorf("a secret stands in: …%s", out.String()[max(0, at-200):at])
			}
		}
		for _, content := range []string{"Loss_Risk", "only engineer", "Karlsson"} {
			if strings.Contains(b.log.String(), content) {
				t.Errorf("the log holds content: %s", content)
			}
		}
	}
}

func TestSavedNames(t *testing.T) {
	b := newBench(t)
	id := b.small(t)
	now := time.Now()
	for _, name := range []string{"../../up.md", "a/b:c.md", ".hidden.md", strings.Repeat("long", 100) + ".md", "plan.md"} {
		b.twin.Attach(id, name, "005000000000001AAA", now, []byte("# A\n\nSome text that says something."))
	}
	d := b.read(t, id)
	files, err := d.Folder()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, f := range files {
		if !fs.ValidPath(f.Path) || strings.Contains(f.Path, "/.") || len(filepath.Base(f.Path)) > 200 || seen[f.Path] {
			t.Errorf("a file is to be saved as %q", f.Path)
		}
		seen[f.Path] = true
	}
	if _, got := saved(t, d); len(got.Problems) != 0 {
		t.Errorf("problems: %+v", got.Problems)
	}
}

// TestSavedAgain: a second pull into a folder leaves nothing that Salesforce no
// longer has, and nothing of somebody else's is touched.
func TestSavedAgain(t *testing.T) {
	b := newBench(t)
	id := b.small(t)
	b.twin.Set("Opportunity", id, twin.Record{"Success__c": "005000000000002AAA"}, time.Now())
	b.config.CSMField = "Success__c"
	dir := t.TempDir()
	if err := b.read(t, id).Save(dir); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"emails/own.eml": "From: a@b.example\n\nHi", "notes.md": "Own words.", "salesforce/quotes.json": "{}"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, object := range []string{"EmailMessage", "ContentDocumentLink", "Note"} {
		b.twin.Denied[object] = true
	}
	b.twin.Set("Opportunity", id, twin.Record{"Success__c": nil}, time.Now())
	if err := b.read(t, id).Save(dir); err != nil {
		t.Fatal(err)
	}
	var names []string
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"emails/own.eml", "notes.md"}
	for _, name := range []string{
		"account", "contact_roles", "contacts", "describe_account", "describe_opportunity", "events", "field_history", "history", "opportunity", "quotes", "tasks", "users",
	} {
		want = append(want, "salesforce/"+name+".json")
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	stated := []byte(`{"seller":{"company":"Vendor"},"customer":{},"csm":{"name":"Di Other"}}`)
	if err := os.WriteFile(filepath.Join(dir, "deal.json"), stated, 0o600); err != nil {
		t.Fatal(err)
	}
	b.twin.Set("Opportunity", id, twin.Record{"Success__c": "005000000000002AAA"}, time.Now())
	if err := b.read(t, id).Save(dir); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "deal.json")); err != nil || !bytes.Equal(got, stated) {
		t.Errorf("the deal.json that was there is now %s (%v)", got, err)
	}
}

func TestFileBounds(t *testing.T) {
	b := newBench(t)
	id := b.small(t)
	b.config.MaxFile = 100
	b.twin.Attach(id, "big.md", "005000000000001AAA", time.Now(), bytes.Repeat([]byte("x"), 101))
	lying := b.twin.Attach(id, "lying.md", "005000000000001AAA", time.Now(), bytes.Repeat([]byte("x"), 101))
	b.twin.Set("ContentDocument", b.twin.Get("ContentVersion", lying)["ContentDocumentId"].(string), twin.Record{"ContentSize": 5.0}, time.Now())
	d := b.read(t, id)
	var left []string
	for _, g := range d.Gaps {
		left = append(left, g.Name)
	}
	slices.Sort(left)
	if diff := cmp.Diff([]string{"big.md", "logo.png", "lying.md"}, left); diff != "" {
		t.Error(diff)
	}
	if len(d.Files) != 1 {
		t.Errorf("%d files were kept, want the plan", len(d.Files))
	}
}
