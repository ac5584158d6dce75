package salesforce_test

import (
	"bytes"
	"errors"
	"net/http/httptest"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"throughline"
	"throughline/connect"
	"throughline/connect/callindex"
	"throughline/connect/gong"
	"throughline/folder"
	gongtwin "throughline/twin/gong"
	twin "throughline/twin/salesforce"
)

// deals are those that pulling is held to: the demo's, and annotated ones that are
// kept beside the project.
var deals = map[string]string{
	"demo":       "../../cmd/throughline/demo/harborline",
	"harborline": "../../../shared/bench/deals/harborline/native",
	"atlas":      "../../../shared/bench/deals/atlas/native",
}

// TestPulledIsTheFolder: a deal that is seeded into the stand-ins and pulled from
// them is the deal of the folder, but for its Slack channels, which are not pulled
// here. What differs by right:
//
//   - the deal's id and the sources' native ids, files and addresses: each system
//     has its own
//   - the kickoff's date, which no record of the deal tells
//   - numbers within refs, where sources of one moment change places
//   - people whom only Slack knows
//   - the passage of the field that names the CSM, which deal.json told before
func TestPulledIsTheFolder(t *testing.T) {
	for name, dir := range deals {
		t.Run(name, func(t *testing.T) {
			if _, err := os.Stat(dir); err != nil {
				t.Skipf("%s is not here: the annotated deals are kept beside the project", dir)
			}
			want := readWithoutSlack(t, dir)
			into, record := pulled(t, dir, want)
			got, err := folder.Read(t.Context(), into)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(answers(t, dir), answers(t, into)); diff != "" {
				t.Errorf("which mail answers which, folder (-), pulled (+):\n%s", diff)
			}
			if diff := cmp.Diff(told(want), told(got)); diff != "" {
				t.Errorf("folder (-), pulled (+):\n%s", diff)
			}
			if len(want.Sources) < 10 || len(want.People) < 10 {
				t.Errorf("%d sources and %d people are too few to compare", len(want.Sources), len(want.People))
			}
			if len(got.Problems) != 0 {
				t.Errorf("problems: %+v", got.Problems)
			}
			checkRecord(t, want, record)
		})
	}
}

// readWithoutSlack reads a deal's folder, but for Slack.
func readWithoutSlack(t *testing.T, dir string) *throughline.Deal {
	t.Helper()
	own := t.TempDir()
	for _, part := range []string{"docs", "emails", "gong", "salesforce"} {
		if err := os.CopyFS(filepath.Join(own, part), os.DirFS(filepath.Join(dir, part))); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, "deal.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(own, "deal.json"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := folder.Read(t.Context(), own)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// answers tells of a folder's mails which of them each answers, by Message-ID.
func answers(t *testing.T, dir string) map[string]string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "emails", "*.eml"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		msg, err := mail.ReadMessage(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		out[msg.Header.Get("Message-ID")] = msg.Header.Get("In-Reply-To")
	}
	return out
}

// pulled seeds the stand-ins with a folder, collects the deal from them and says
// where it was saved.
func pulled(t *testing.T, dir string, want *throughline.Deal) (string, *connect.Record) {
	t.Helper()
	b := newBench(t)
	id, err := b.twin.LoadDeal(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	b.config.Seller, b.config.CSMField = want.Seller, twin.CSMField
	into := t.TempDir()
	record, gaps, err := b.org(t).Collect(t.Context(), id, into)
	if err != nil || len(gaps) != 0 {
		t.Fatalf("Salesforce: %v, %+v", err, gaps)
	}
	calls := &gongtwin.Server{Key: "key", Secret: plantedSecret, Now: func() time.Time { return want.Close.AddDate(0, 0, 1) }}
	if err := calls.Seed(dir); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(calls)
	t.Cleanup(server.Close)
	collector := &gong.Collector{Index: &gong.Index{Client: gong.New(server.URL, gong.Key("key", plantedSecret)), Store: callindex.NewMemory(), Now: calls.Now}}
	gaps, err = collector.Collect(t.Context(), record, into)
	if err != nil || len(gaps) != 0 {
		t.Fatalf("Gong: %v, %+v", err, gaps)
	}
	return into, record
}

// A tale is what a deal tells, without what differs by right.
type tale struct {
	Name, Amount, Currency string
	Close                  time.Time
	Seller, Customer       throughline.Company
	AE, CSM                string
	People                 []throughline.Person
	Sources                []source
}

type source struct {
	Kind        throughline.SourceKind
	Title       string
	At          time.Time
	Duration    time.Duration
	Language    string
	People      []string
	Internal    bool
	Private     bool
	Shared      bool
	NotEvidence string
	Passages    []passage
}

type passage struct {
	Text, Label, Name, Speaker, Side string
	At                               time.Time
	Offset                           time.Duration
	Marks                            []throughline.Mark
	Heard                            []string
	History                          bool
	Answers                          string // the beginning of the message that it replies to
}

func told(d *throughline.Deal) tale {
	out := tale{Name: d.Name, Amount: d.Amount, Currency: d.Currency, Close: d.Close, Seller: d.Seller, Customer: d.Customer}
	if d.AE != nil {
		out.AE = d.AE.Email
	}
	if d.CSM != nil {
		out.CSM = d.CSM.Email
	}
	for _, p := range d.People {
		who := *p
		who.ID = ""
		slices.Sort(who.Aliases)
		out.People = append(out.People, who)
	}
	slices.SortFunc(out.People, func(a, b throughline.Person) int { return strings.Compare(a.Name+a.Email, b.Name+b.Email) })
	for _, s := range d.Sources {
		out.Sources = append(out.Sources, toldSource(d, s))
	}
	slices.SortStableFunc(out.Sources, func(a, b source) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		return strings.Compare(string(a.Kind)+a.Title, string(b.Kind)+b.Title)
	})
	return out
}

func toldSource(d *throughline.Deal, s *throughline.Source) source {
	out := source{Kind: s.Kind, Title: s.Title, At: s.At, Duration: s.Duration, Language: s.Language, People: names(s.People), Internal: s.Internal, Private: s.Private, Shared: s.Shared, NotEvidence: s.NotEvidence}
	for _, p := range s.Passages {
		if s.Kind == throughline.SourceCRM && p.Label == "CSM" {
			continue
		}
		line := passage{Text: p.Text, Label: p.Label, Name: p.Name, Side: string(p.Side()), At: p.At, Offset: p.Offset, Marks: p.Marks, Heard: names(p.Heard), History: p.History}
		if p.Speaker != nil {
			line.Speaker = p.Speaker.Name
		}
		if answered := d.Passage(p.Thread); answered != nil {
			line.Answers = answered.Text
		}
		out.Passages = append(out.Passages, line)
	}
	return out
}

func names(people []*throughline.Person) []string {
	var out []string
	for _, p := range people {
		out = append(out, p.Name)
	}
	slices.Sort(out)
	return out
}

// checkRecord holds what is told to other systems to the deal.
func checkRecord(t *testing.T, d *throughline.Deal, r *connect.Record) {
	t.Helper()
	if r.Name != d.Name || r.Customer != d.Customer.Name || r.AE != d.AE.Email || r.CSM != d.CSM.Email || r.CloseDate != d.Close.Format(time.DateOnly) {
		t.Errorf("the record is %+v", r)
	}
	if !slices.Equal(r.Domains[:1], []string{d.Customer.Domain}) || r.Account == "" || !strings.HasSuffix(r.URL, "/"+r.ID) {
		t.Errorf("the record's domains, account and address are %v, %q, %q", r.Domains, r.Account, r.URL)
	}
	if r.Closed.Format(time.DateOnly) != r.CloseDate || !r.Opened.Before(r.Closed.AddDate(0, 0, -14)) {
		t.Errorf("opened %s, closed %s, to close %s", r.Opened, r.Closed, r.CloseDate)
	}
	for _, p := range d.People {
		list := map[throughline.Side][]string{throughline.SideCustomer: r.Contacts, throughline.SideSeller: r.Sellers}[p.Side]
		if p.CRMRole != "" && !slices.Contains(r.Contacts, p.Email) {
			t.Errorf("%s, who has a role, is not among the contacts %v", p.Name, r.Contacts)
		}
		for _, other := range append(slices.Clone(r.Contacts), r.Sellers...) {
			if other == p.Email && !slices.Contains(list, p.Email) {
				t.Errorf("%s is on the wrong side", p.Name)
			}
		}
	}
}

func TestRecord(t *testing.T) {
	b := newBench(t)
	id := b.small(t)
	b.config.CSMField = "Success__c"
	b.config.Seller = throughline.Company{Name: "Vendor", Product: "Tool", Domain: "vendor.example"}
	b.twin.Put("User", twin.Record{"Id": "005000000000003AAA", "Name": "Lead One", "Email": "Lead1@vendor.example"})
	b.twin.Put("User", twin.Record{"Id": "005000000000004AAA", "Name": "Lead Two", "Email": "lead2@vendor.example"})
	b.twin.Set("User", "005000000000001AAA", twin.Record{"ManagerId": "005000000000003AAA"}, time.Now())
	b.twin.Set("User", "005000000000002AAA", twin.Record{"ManagerId": "005000000000004AAA"}, time.Now())
	b.twin.Set("Opportunity", id, twin.Record{"Success__c": "005000000000002AAA", "Plan__c": "see https://docs.example/p/1, please", "Score__c": 3.0}, time.Now())
	b.twin.Define("Opportunity", twin.Field{Name: "Success__c", Type: "reference", Reference: "User"})
	b.twin.Put("Contact", twin.Record{"AccountId": "001000000000001AAA", "Name": "Ed Fox", "Email": "ED@gmail.com"})
	b.twin.Put("Contact", twin.Record{"AccountId": "001000000000001AAA", "Name": "One of us", "Email": "us@vendor.example"})
	b.twin.Put("Note", twin.Record{"ParentId": id, "Title": "Links", "Body": `<a href="https://notion.example/x?a=1&amp;b=2">Review</a>`, "OwnerId": "005000000000001AAA"})
	dir := t.TempDir()
	got, gaps, err := b.org(t).Collect(t.Context(), id, dir)
	if err != nil {
		t.Fatal(err)
	}
	won := time.Date(2026, 5, 29, 12, 0, 0, 0, time.UTC)
	want := &connect.Record{
		ID: id, Name: "Buyer - Tool", Account: "001000000000001AAA", Customer: "Buyer", Domains: []string{"buyer.example", "adviser.example"},
		Contacts: []string{"di@adviser.example", "bo@buyer.example", "ed@gmail.com"}, Sellers: []string{"ann@vendor.example", "cy@vendor.example"},
		AE: "ann@vendor.example", CSM: "cy@vendor.example", Managers: []string{"lead1@vendor.example", "lead2@vendor.example"}, Opened: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC), Closed: won, CloseDate: "2026-05-29",
		Links: []string{"https://docs.example/p/1", "https://buyer.example", "https://notion.example/x?a=1&b=2"},
		Fields: map[string]string{
			"Name": "Buyer - Tool", "StageName": "Signed", "NextStep": "Kickoff in June", "Type": "New Customer", "Loss_Risk__c": "Their only engineer leaves in July.",
			"Plan__c": "see https://docs.example/p/1, please",
		},
		URL: "https://org.my.salesforce.example/" + id,
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	wantGaps := []connect.Gap{{System: "Salesforce", What: `the file or note "logo.png" could not be read: left out: not a format that is read`}}
	if diff := cmp.Diff(wantGaps, gaps); diff != "" {
		t.Error(diff)
	}
	deal, err := folder.Read(t.Context(), dir)
	if err != nil || deal.Seller != b.config.Seller || deal.CSM == nil || deal.CSM.Name != "Cy Moss" || deal.Customer.Name != "Buyer" {
		t.Errorf("%v: %+v", err, deal)
	}
}

// TestClosed: a deal is closed when it was won, by whatever stages count as won,
// the last time that it was; one that is not won on its close date.
func TestClosed(t *testing.T) {
	at := func(day int) time.Time { return time.Date(2026, 6, day, 9, 0, 0, 0, time.UTC) }
	for name, tt := range map[string]struct {
		move func(s *twin.Server, id string)
		want time.Time
	}{
		"won stages in a row": {func(s *twin.Server, id string) { s.Move(id, "Billed", true, at(3)) }, time.Date(2026, 5, 29, 12, 0, 0, 0, time.UTC)},
		"won again": {func(s *twin.Server, id string) {
			s.Move(id, "Talking", false, at(3))
			s.Move(id, "Signed", true, at(4))
		}, at(4)},
		"moved back":        {func(s *twin.Server, id string) { s.Move(id, "Talking", false, at(3)) }, time.Date(2026, 5, 29, 0, 0, 0, 0, time.UTC)},
		"stages not shown":  {func(s *twin.Server, _ string) { s.Denied["OpportunityStage"] = true }, time.Date(2026, 5, 29, 12, 0, 0, 0, time.UTC)},
		"history not shown": {func(s *twin.Server, _ string) { s.Denied["OpportunityHistory"] = true }, time.Date(2026, 5, 29, 0, 0, 0, 0, time.UTC)},
	} {
		b := newBench(t)
		id := b.small(t)
		tt.move(b.twin, id)
		r, _, err := b.org(t).Collect(t.Context(), id, t.TempDir())
		if err != nil || !r.Closed.Equal(tt.want) {
			t.Errorf("%s: closed %s, want %s (%v)", name, r.Closed, tt.want, err)
		}
	}
}

// TestGapsInWords: gaps are for people.
func TestGapsInWords(t *testing.T) {
	for denied, want := range map[string]string{
		"Task":                    "tasks could not be read: ",
		"Contact.Title":           "the field Contact.Title could not be read: no field Contact.Title that the user may see; give the app's user Read on the field",
		"OpportunityFieldHistory": "the history of fields could not be read: ",
		"OpportunityStage":        "which stages count as won could not be read: ",
	} {
		b := newBench(t)
		id := b.small(t)
		b.twin.Denied[denied] = true
		_, gaps, err := b.org(t).Collect(t.Context(), id, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(gaps, func(g connect.Gap) bool { return strings.HasPrefix(g.What, want) })
		if i < 0 || gaps[i].System != "Salesforce" || gaps[i].Optional != (denied == "OpportunityFieldHistory") {
			t.Errorf("without %s: %+v", denied, gaps)
		}
	}
}

func TestCollectErrs(t *testing.T) {
	b := newBench(t)
	id := b.small(t)
	b.twin.Denied[id] = true
	var e *connect.Error
	if r, _, err := b.org(t).Collect(t.Context(), id, t.TempDir()); !errors.As(err, &e) || r != nil {
		t.Errorf("%+v, %v", r, err)
	}
	delete(b.twin.Denied, id)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if r, _, err := b.org(t).Collect(t.Context(), id, file); err == nil || r != nil {
		t.Errorf("saving into a file: %+v, %v", r, err)
	}
}
