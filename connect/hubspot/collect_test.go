package hubspot_test

import (
	"errors"
	"fmt"
	"io/fs"
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
	"throughline/folder"
	"throughline/twin/fault"
	twin "throughline/twin/hubspot"
)

// deals are those that pulling is held to: annotated ones with HubSpot's records,
// that are kept beside the project.
var deals = map[string]string{
	"meridian": "../../../shared/bench/deals/meridian/native",
	"quarry":   "../../../shared/bench/deals/quarry/native",
}

// parts are what of a deal's folder HubSpot can hold: of quarry the captions of its
// calls, too, as attached files.
var parts = map[string][]string{"meridian": {"docs", "emails", "hubspot"}, "quarry": {"calls", "emails", "hubspot"}}

// TestPulledIsTheFolder: a deal that is seeded into the stand-in and pulled from it
// is the deal of the folder, as far as HubSpot can hold it. What differs by right:
//
//   - the deal's id and the sources' native ids, files and addresses: each system
//     has its own
//   - the kickoff's date, which no record of the deal tells
//   - the history of the stage, which the folder's records don't have
//   - the field that names the CSM, which deal.json told before
//   - titles of the seller's people, which owners don't have, and the roles told by them
//   - the hour of the close date, which deal.json has none of
func TestPulledIsTheFolder(t *testing.T) {
	for name, dir := range deals {
		t.Run(name, func(t *testing.T) {
			if _, err := os.Stat(dir); err != nil {
				t.Skipf("%s is not here: the annotated deals are kept beside the project", dir)
			}
			own := t.TempDir()
			for _, part := range parts[name] {
				if err := os.CopyFS(filepath.Join(own, part), os.DirFS(filepath.Join(dir, part))); err != nil {
					t.Fatal(err)
				}
			}
			stated, err := os.ReadFile(filepath.Join(dir, "deal.json"))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(own, "deal.json"), stated, 0o600); err != nil {
				t.Fatal(err)
			}
			want, err := folder.Read(t.Context(), own)
			if err != nil {
				t.Fatal(err)
			}
			b := newBench(t)
			id, err := b.twin.LoadDeal(os.DirFS(own))
			if err != nil {
				t.Fatal(err)
			}
			b.config.Seller, b.config.CSMField = want.Seller, twin.CSMProperty
			into := t.TempDir()
			record, gaps, err := b.portal(t).Collect(t.Context(), id, into)
			if err != nil || len(gaps) != 0 {
				t.Fatalf("%v, %+v", err, gaps)
			}
			got, err := folder.Read(t.Context(), into)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(told(want), told(got)); diff != "" {
				t.Errorf("folder (-), pulled (+):\n%s", diff)
			}
			if len(want.Sources) < 7 || len(want.People) < 5 {
				t.Errorf("%d sources and %d people are too few to compare", len(want.Sources), len(want.People))
			}
			if len(got.Problems) != 0 {
				t.Errorf("problems: %+v", got.Problems)
			}
			if record.Name != want.Name || record.Customer != want.Customer.Name || record.AE != want.AE.Email || record.CSM != want.CSM.Email || record.NotWon ||
				record.CloseDate != want.Close.Format(time.DateOnly) || record.Domains[0] != want.Customer.Domain || !strings.HasSuffix(record.URL, "/"+id) {
				t.Errorf("the record is %+v", record)
			}
		})
	}
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
	Kind                      throughline.SourceKind
	Title                     string
	At                        time.Time
	Duration                  time.Duration
	Language                  string
	People                    []string
	Internal, Private, Shared bool
	NotEvidence               string
	Passages                  []passage
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
	out := tale{Name: d.Name, Amount: d.Amount, Currency: d.Currency, Close: d.Close.Truncate(24 * time.Hour), Seller: d.Seller, Customer: d.Customer, AE: d.AE.Email, CSM: d.CSM.Email}
	for _, p := range d.People {
		who := *p
		who.ID = ""
		if p.Side == throughline.SideSeller {
			who.Title, who.Role = "", ""
		}
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
	out := source{
		Kind: s.Kind, Title: s.Title, At: s.At, Duration: s.Duration, Language: s.Language, People: names(s.People), Internal: s.Internal, Private: s.Private, Shared: s.Shared,
		NotEvidence: s.NotEvidence,
	}
	for _, p := range s.Passages {
		if s.Kind == throughline.SourceCRM && (p.Label == "CSM" || p.Label == "Stage") {
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

func TestRecord(t *testing.T) {
	b := newBench(t)
	b.small(t)
	b.config.CSMField, b.config.Seller = "success_manager", seller
	b.twin.Set("deals", deal, twin.Record{"plan": "x"}, start) // made by a person since: a property of their own
	dir := t.TempDir()
	got, gaps, err := b.portal(t).Collect(t.Context(), deal, dir)
	if err != nil {
		t.Fatal(err)
	}
	want := &connect.Record{
		ID: deal, Name: "Buyer - Tool", Account: "500", Customer: "Buyer", Domains: []string{"buyer.example", "adviser.example"},
		Contacts: []string{"bo@buyer.example", "di@adviser.example"}, Sellers: []string{"ann@vendor.example", "cy@vendor.example", "left@vendor.example", "other@vendor.example"},
		AE: "ann@vendor.example", CSM: "cy@vendor.example", Opened: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC), Closed: time.Date(2026, 5, 29, 15, 30, 0, 0, time.UTC),
		CloseDate: "2026-05-29", Links: []string{"https://notion.example/x?a=1&b=2"},
		Fields: map[string]string{
			"dealname": "Buyer - Tool", "dealstage": "closedwon", "pipeline": "default", "deal_currency_code": "EUR", "hubspot_owner_id": "1", "dealtype": "newbusiness",
			"hs_next_step": "Kickoff in June", "loss_risk": "Their only engineer leaves in July.", "success_manager": "2",
		},
		URL: "https://app.hubspot.com/contacts/4242/record/0-3/" + deal,
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	wantGaps := []connect.Gap{{System: "HubSpot", What: `the file "logo.png" is left out: not a format that is read`}}
	if diff := cmp.Diff(wantGaps, gaps); diff != "" {
		t.Error(diff)
	}
	d, err := folder.Read(t.Context(), dir)
	if err != nil || len(d.Problems) != 0 || d.Seller != seller || d.CSM == nil || d.CSM.Name != "Cy Moss" || d.Customer.Name != "Buyer" {
		t.Fatalf("%v: %+v", err, d)
	}
	wants := map[string]string{
		"Their only engineer leaves in July.": "How could we lose?", "Kickoff in June": "Next step", "Closed Won": "Stage", "Qualified To Buy": "Stage", "New Business": "Dealtype",
		"Makes pumps.": "Description", "They key it in by hand. Review": "Note", "Send the plan": "Task", "Bo wants it by August.": "Call logged: First call",
		"Di asked about rows.": "Meeting: Workshop", "Cy Moss": "CSM",
	}
	for _, s := range d.Sources {
		for _, p := range s.Passages {
			if s.Kind == throughline.SourceCRM && wants[p.Text] != p.Label {
				t.Errorf("%q stands below %q", p.Text, p.Label)
			}
			delete(wants, p.Text)
		}
	}
	if len(wants) != 0 {
		t.Errorf("nothing is told of %v", wants)
	}
	roles := map[string]string{}
	for _, p := range d.People {
		roles[p.Name] = p.CRMRole
	}
	if roles["Bo Karlsson"] != "Champion" || roles["Di Park"] != "Influencer" {
		t.Errorf("the roles are %v", roles)
	}
}

// TestFewCalls: what a deal takes, and what it takes again while what changes seldom
// is kept.
func TestFewCalls(t *testing.T) {
	b := newBench(t)
	b.small(t)
	p := b.portal(t)
	read := func() int {
		before := b.calls()
		if _, _, err := p.Collect(t.Context(), deal, t.TempDir()); err != nil {
			t.Fatal(err)
		}
		return b.calls() - before
	}
	// The properties of deals and companies, pipelines, owners and those who left; the
	// deal, its company, contacts and their labels, five kinds of activity; two files
	// asked for, and one fetched.
	if n := read(); n != 2+1+2+1+1+2+5+3 {
		t.Errorf("%d calls the first time", n)
	}
	if n := read(); n != 1+1+2+5+3 {
		t.Errorf("%d calls while what changes seldom is kept", n)
	}
	if total := b.budget.Total(); total != b.calls() {
		t.Errorf("%d calls were counted, %d came in", total, b.calls())
	}
}

// TestLarge: more associations than stand beside the deal, more records than a batch
// holds, and more properties than an address.
func TestLarge(t *testing.T) {
	b := newBench(t)
	b.small(t)
	b.twin.AssociationPage = 100
	for range 230 {
		b.twin.Associate("notes", b.twin.Put("notes", twin.Record{"hs_note_body": "One more.", "hs_timestamp": start.Format(time.RFC3339)}), "deals", deal, "")
	}
	for i := range 300 {
		b.twin.Define("deals", twin.Property{Name: "our_rather_long_property_" + strings.Repeat("x", i%7) + "_" + string(rune('a'+i/26%26)) + string(rune('a'+i%26))})
	}
	dir := t.TempDir()
	if _, gaps, err := b.portal(t).Collect(t.Context(), deal, dir); err != nil || len(gaps) != 1 {
		t.Fatalf("%v, %+v", err, gaps)
	}
	saved := files(t, dir)
	if n := strings.Count(saved["hubspot/notes.json"], "One more."); n != 230 {
		t.Errorf("%d notes of 230", n)
	}
	if !strings.Contains(saved["hubspot/deal.json"], "Their only engineer") {
		t.Error("the deal's own properties are missing")
	}
}

// TestSavedForTheOwner: files are for their owner alone, hold no secret, and an
// earlier pull's are replaced, but not what people put there.
func TestSavedForTheOwner(t *testing.T) {
	b := newBench(t)
	b.small(t)
	b.config.Seller = seller
	dir := t.TempDir()
	for name, text := range map[string]string{"hubspot/calls.json": "old", "emails/hubspot-1.eml": "old", "files/hubspot-9/x.md": "old", "hubspot/mine.txt": "mine", "emails/mine.eml": "mine"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if _, _, err := b.portal(t).Collect(t.Context(), deal, dir); err != nil {
			t.Fatal(err)
		}
	}
	saved := files(t, dir)
	for _, name := range []string{"hubspot/mine.txt", "emails/mine.eml"} {
		if saved[name] != "mine" {
			t.Errorf("%s is %q", name, saved[name])
		}
	}
	for name, text := range saved {
		if text == "old" || strings.Contains(text, plantedSecret) || strings.Contains(text, "/signed/") {
			t.Errorf("%s holds %.80q", name, text)
		}
	}
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || name == dir {
			return err
		}
		st, err := e.Info()
		if err == nil && st.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has the mode %v", name, st.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.log.String(), plantedSecret) || strings.Contains(b.log.String(), "Karlsson") || strings.Contains(b.log.String(), "Signature=") {
		t.Errorf("the log tells too much: %s", b.log)
	}
}

// TestGaps: what can't be read is said, with the scope to add, and the rest goes on.
func TestGaps(t *testing.T) {
	for scope, want := range map[string]string{
		"crm.objects.contacts.read":  "contacts could not be read: the token lacks crm.objects.contacts.read; add crm.objects.contacts.read to the Service Key or app",
		"crm.objects.companies.read": "the customer's company could not be read: the token lacks crm.objects.companies.read",
		"crm.objects.owners.read":    "the seller's people could not be read: the token lacks crm.objects.owners.read",
		"crm.schemas.deals.read":     "which stages count as won could not be read: the token lacks crm.schemas.deals.read",
		"sales-email-read":           "emails could not be read: the token lacks sales-email-read",
		"files":                      "an attached file could not be read: the token lacks files",
	} {
		t.Run(scope, func(t *testing.T) {
			b := newBench(t)
			b.small(t)
			b.twin.Withheld[scope] = true
			_, gaps, err := b.portal(t).Collect(t.Context(), deal, t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(gaps, func(g connect.Gap) bool { return strings.HasPrefix(g.What, want) && g.System == "HubSpot" }) {
				t.Errorf("%+v", gaps)
			}
		})
	}
}

// TestGapsOfFaults: what the service can't give just now is expected later.
func TestGapsOfFaults(t *testing.T) {
	b := newBench(t)
	b.small(t)
	b.twin.Order("meetings/batch/read", 99, fault.Fault{Status: 503})
	dir := t.TempDir()
	_, gaps, err := b.portal(t).Collect(t.Context(), deal, dir)
	if err != nil || !slices.ContainsFunc(gaps, func(g connect.Gap) bool { return strings.HasPrefix(g.What, "meetings could not be read") && g.Pending }) {
		t.Errorf("%v, %+v", err, gaps)
	}
	if _, there := files(t, dir)["hubspot/calls.json"]; !there {
		t.Error("the rest was not read")
	}
}

// TestFileBounds: how many files are read and how large, and what is told of the
// others.
func TestFileBounds(t *testing.T) {
	b := newBench(t)
	b.small(t) // with plan.md and logo.png
	b.twin.Attach("deals", deal, "LARGE.TXT", "1", start, []byte(strings.Repeat("x", 2000)))
	b.twin.Attach("deals", deal, "second.txt", "1", start.Add(time.Minute), []byte("two"))
	b.twin.Attach("deals", deal, "third.txt", "1", start.Add(2*time.Minute), []byte("three"))
	b.config.MaxFile, b.config.MaxFiles = 1000, 2
	dir := t.TempDir()
	_, gaps, err := b.portal(t).Collect(t.Context(), deal, dir)
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, g := range gaps {
		told = append(told, g.What)
	}
	want := []string{`the file "logo.png" is left out: not a format that is read`, `the file "LARGE.txt" is left out: larger than 1 KB`, `the file "third.txt" is left out: more than 2 files`}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Error(diff)
	}
	read := ""
	for name := range files(t, dir) {
		if strings.HasPrefix(name, "files/") {
			read += filepath.Base(name) + " "
		}
	}
	if len(read) != len("plan.md second.txt ") || !strings.Contains(read, "plan.md") || !strings.Contains(read, "second.txt") {
		t.Errorf("read are %s", read)
	}
}

// TestFilesElsewhere: files are fetched without the token, from wherever HubSpot says,
// and what is cut short or larger than told is a gap.
func TestFilesElsewhere(t *testing.T) {
	for name, fault := range map[string]fault.Fault{"cut": {Cut: 20}, "gone": {Status: 404}, "refused": {Status: 403}, "moved": {Status: 302, Location: "https://x.example"}} {
		b := newBench(t)
		b.small(t)
		b.twin.Order("/signed/", 99, fault)
		_, gaps, err := b.portal(t).Collect(t.Context(), deal, t.TempDir())
		if err != nil || !slices.ContainsFunc(gaps, func(g connect.Gap) bool { return strings.HasPrefix(g.What, `the file "plan.md" could not be read: `) }) {
			t.Errorf("%s: %v, %+v", name, err, gaps)
		}
	}
}

// TestMerged: a deal that was merged into another is read as that, which is said.
func TestMerged(t *testing.T) {
	b := newBench(t)
	b.small(t)
	b.twin.Put("deals", twin.Record{"id": "699", "dealname": "The same, twice"})
	b.twin.Merge("699", deal)
	r, gaps, err := b.portal(t).Collect(t.Context(), "699", t.TempDir())
	if err != nil || r.ID != deal || !strings.Contains(gaps[0].What, "the deal 699 was merged into 700") {
		t.Errorf("%v: %+v, %+v", err, r, gaps)
	}
}

// TestConfiguredProperties: who AE and CSM are and when the kickoff is stands where
// the configuration says, on the deal or its company; what is not there is said.
func TestConfiguredProperties(t *testing.T) {
	for name, tt := range map[string]struct {
		ae, csm, kickoff string
		set              twin.Record
		wantAE, wantCSM  string
		wantKickoff      string
		gap              string
	}{
		"of the company":        {csm: "company.success", wantAE: "ann@vendor.example", wantCSM: "cy@vendor.example"},
		"an address":            {csm: "csm_mail", set: twin.Record{"csm_mail": "Some@Vendor.Example"}, wantAE: "ann@vendor.example", wantCSM: "some@vendor.example"},
		"another AE":            {ae: "success_manager", wantAE: "cy@vendor.example"},
		"an AE that is not set": {ae: "hunter", set: twin.Record{"hunter": ""}, wantAE: "ann@vendor.example"},
		"no such property":      {csm: "no_such", wantAE: "ann@vendor.example", gap: "the property no_such, which the configuration names, is not there"},
		"a kickoff's day":       {kickoff: "kickoff", set: twin.Record{"kickoff": "2026-06-09"}, wantAE: "ann@vendor.example", wantKickoff: "2026-06-09"},
		"a kickoff's moment":    {kickoff: "kickoff", set: twin.Record{"kickoff": "2026-06-09T13:00:00.000Z"}, wantAE: "ann@vendor.example", wantKickoff: "2026-06-09T13:00:00Z"},
		"a kickoff in words":    {kickoff: "kickoff", set: twin.Record{"kickoff": "soon"}, wantAE: "ann@vendor.example"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.small(t)
			for _, p := range []string{"csm_mail", "kickoff", "hunter"} {
				b.twin.Define("deals", twin.Property{Name: p})
			}
			b.twin.Define("companies", twin.Property{Name: "success"})
			b.twin.Set("companies", "500", twin.Record{"success": "2"}, start)
			b.twin.Set("deals", deal, tt.set, start)
			b.config.AEField, b.config.CSMField, b.config.KickoffField = tt.ae, tt.csm, tt.kickoff
			r, gaps, err := b.portal(t).Collect(t.Context(), deal, t.TempDir())
			if err != nil || r.AE != tt.wantAE || r.CSM != tt.wantCSM || r.Kickoff != tt.wantKickoff {
				t.Errorf("%v: %q, %q, %q", err, r.AE, r.CSM, r.Kickoff)
			}
			if slices.ContainsFunc(gaps, func(g connect.Gap) bool { return strings.Contains(g.What, "configuration") }) != (tt.gap != "") ||
				tt.gap != "" && !slices.ContainsFunc(gaps, func(g connect.Gap) bool { return strings.HasPrefix(g.What, tt.gap) }) {
				t.Errorf("%+v", gaps)
			}
		})
	}
}

// TestManyOwners: of a large account only those are read who have to do with the deal.
func TestManyOwners(t *testing.T) {
	b := newBench(t)
	b.small(t)
	for i := range 600 { // more than a page
		b.twin.AddOwner(twin.Owner{ID: fmt.Sprint(100 + i), Email: fmt.Sprintf("p%d@vendor.example", i), FirstName: "Pat", LastName: fmt.Sprintf("Number%d", i)})
	}
	b.twin.Associate("notes", b.twin.Put("notes", twin.Record{"hs_note_body": "Pat Number599 knows more.", "hs_timestamp": start.Format(time.RFC3339)}), "deals", deal, "")
	r, _, err := b.portal(t).Collect(t.Context(), deal, t.TempDir())
	want := []string{"ann@vendor.example", "cy@vendor.example", "left@vendor.example", "p599@vendor.example"}
	if err != nil || !slices.Equal(r.Sellers, want) {
		t.Errorf("%v, %v", r.Sellers, err)
	}
}

func TestCollectErrs(t *testing.T) {
	b := newBench(t)
	b.small(t)
	var e *connect.Error
	for _, id := range []string{"", "x", "../700", "12345"} {
		if r, _, err := b.portal(t).Collect(t.Context(), id, t.TempDir()); !errors.As(err, &e) || r != nil || e.Advice == "" {
			t.Errorf("%q: %+v, %v", id, r, err)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if r, _, err := b.portal(t).Collect(t.Context(), deal, file); err == nil || r != nil {
		t.Errorf("saving into a file: %+v, %v", r, err)
	}
	b.config.Token = "pat-another"
	if _, _, err := b.portal(t).Collect(t.Context(), deal, t.TempDir()); !errors.As(err, &e) || e.Status != 401 || !strings.Contains(e.Advice, "token") {
		t.Errorf("with another token: %v", err)
	}
}
