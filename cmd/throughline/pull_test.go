package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline"
	"throughline/connect"
	"throughline/connect/gong"
	"throughline/folder"
	"throughline/twin/fault"
	gongtwin "throughline/twin/gong"
	notiontwin "throughline/twin/notion"
	salesforcetwin "throughline/twin/salesforce"
	slacktwin "throughline/twin/slack"
)

// A bed is where commands are tried: the stand-ins, filled with deals, a
// configuration that leads to them, and the secrets in the environment.
type bed struct {
	*twins
	config *config
	file   string
	now    func() time.Time
	ahead  *atomic.Int64 // how far the clock was put forward, in nanoseconds
	said   bytes.Buffer  // by all commands
	// limiter keeps the commands' pace, which no test waits for unless it sets nil.
	limiter *connect.Limiter
}

// plantedSecret is part of every secret.
const plantedSecret = "plantedSecret-5b1f"

func newBed(t *testing.T, deals ...string) *bed {
	t.Helper()
	began := time.Now()
	// A clock that goes, since the stand-ins and the connectors hold each other's
	// pace by it.
	ahead := new(atomic.Int64)
	now := func() time.Time { return noon.Add(time.Since(began) + time.Duration(ahead.Load())) }
	tw, err := newTwins(deals, now)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	b := &bed{twins: tw, now: now, ahead: ahead, limiter: connect.NewLimiter(1e6, 1e6), file: filepath.Join(dir, "t.yaml"), config: &config{
		Seller: tw.seller, Database: "data/t.db", Destinations: destinationsConfig{Salesforce: "company", Slack: "company", Notion: "company"},
	}}
	tw.gong.PerSecond, tw.slack.All, tw.notion.PerMinute = -1, -1, -1
	for _, s := range tw.standIns() {
		ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			_ = s.server.Serve(ln) // it ends when it is closed
			close(done)
		}()
		t.Cleanup(func() {
			_ = s.server.Close() // what is in flight is of no account
			<-done
		})
		s.configure(b.config, ln.Addr().String())
	}
	// What the mixes of systems are for, see TestAnyMix.
	b.config.Chorus, b.config.Vitally, b.config.Totango, b.config.Catalyst = nil, nil, nil, nil
	// Each bed has secrets of its own, since the pace of calls is kept by them.
	plant := func(name string) string { return fmt.Sprintf("%s-%d-%s", plantedSecret, began.UnixNano(), name) }
	for _, s := range secrets {
		t.Setenv(s.name, plant(s.name))
	}
	t.Setenv("SLACK_SIGNING_SECRET", "")
	t.Setenv("SALESFORCE_OUTBOUND_SECRET", "")
	t.Setenv("HUBSPOT_CLIENT_SECRET", "")
	t.Setenv("DATABASE_URL", "")
	tw.know(plant)
	b.write(t)
	return b
}

// write writes the configuration as it is now.
func (b *bed) write(t *testing.T) {
	t.Helper()
	if err := writeConfig(b.config, b.file); err != nil {
		t.Fatal(err)
	}
}

// run runs a command with the configuration, on a clock that goes.
func (b *bed) run(t *testing.T, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	e := env{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, now: b.now, limiter: b.limiter}
	status := run(t.Context(), e, append(args, "--config", b.file))
	fmt.Fprintf(&b.said, "%s%s", out.String(), errs.String())
	return result{status, out.String(), errs.String()}
}

func (b *bed) pull(t *testing.T, dir string) string {
	t.Helper()
	r := b.run(t, "pull", "--opportunity", b.deals[0].opportunity, "--save", dir, "--verbose")
	if r.status != exitDone {
		t.Fatalf("pulling ended with %d: %s", r.status, r.stderr)
	}
	return r.stdout
}

func readFolder(t *testing.T, dir string) *throughline.Deal {
	t.Helper()
	d, err := folder.Read(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestPulledDealIsTheFolders: what pull gathers from stand-ins that were filled
// from a folder is what the folder holds. What differs by right:
//
//   - files, addresses and native ids, which are each system's own
//   - the deal's id and the kickoff's date, which only deal.json tells
//   - the passage of the field that names the CSM, whom deal.json named
//   - refs, where sources of one moment change places
func TestPulledDealIsTheFolders(t *testing.T) {
	for _, name := range []string{"demo", "atlas"} {
		t.Run(name, func(t *testing.T) {
			native := demoDir
			if name != "demo" {
				native = shared(t, "bench/deals/"+name+"/native")
			}
			b := newBed(t, native)
			if name != "demo" {
				// Its channels are not named after the customer, as the patterns want it.
				b.config.Slack.Channels = map[string][]string{b.deals[0].opportunity: channelsIn(t, native)}
				b.write(t)
			}
			dir := filepath.Join(t.TempDir(), "pulled")
			said := b.pull(t, dir)
			if strings.Contains(said, "Missing") || strings.Contains(said, "May still come") {
				t.Errorf("something is missing:\n%s", said)
			}
			want, got := tellDeal(readFolder(t, native)), tellDeal(readFolder(t, dir))
			if len(want.Sources) < 10 || len(want.People) < 10 {
				t.Fatalf("%d sources and %d people are too few to compare", len(want.Sources), len(want.People))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("folder (-), pulled (+):\n%s", diff)
			}
		})
	}
}

// channelsIn are the channels of a folder's Slack export.
func channelsIn(t *testing.T, native string) []string {
	t.Helper()
	days, err := filepath.Glob(filepath.Join(native, "slack", "*", "*.json"))
	if err != nil || len(days) == 0 {
		t.Fatalf("no channel in %s: %v", native, err)
	}
	var names []string
	for _, day := range days {
		names = append(names, "#"+filepath.Base(filepath.Dir(day)))
	}
	return slices.Compact(names)
}

// A toldDeal is what a deal tells, without what differs by right.
type toldDeal struct {
	Name, Amount, Currency string
	Close                  time.Time
	Seller, Customer       throughline.Company
	AE, CSM                string
	People                 []throughline.Person
	Sources                []toldSource
	Problems               []throughline.Problem
}

type toldSource struct {
	Kind             throughline.SourceKind
	Title            string
	At               time.Time
	Duration         time.Duration
	Internal, Shared bool
	Private          bool
	People           []string
	NotEvidence      string
	Passages         []toldPassage
}

type toldPassage struct {
	Text, Label, Speaker, Side string
	At                         time.Time
	Offset                     time.Duration
	Heard                      []string
	History                    bool
}

func tellDeal(d *throughline.Deal) toldDeal {
	out := toldDeal{Name: d.Name, Amount: d.Amount, Currency: d.Currency, Close: d.Close, Seller: d.Seller, Customer: d.Customer, Problems: d.Problems}
	if d.AE != nil {
		out.AE = d.AE.Email
	}
	if d.CSM != nil {
		out.CSM = d.CSM.Email
	}
	for _, p := range d.People {
		who := *p
		who.ID, who.Aliases = "", slices.Sorted(slices.Values(who.Aliases))
		out.People = append(out.People, who)
	}
	slices.SortFunc(out.People, func(a, b throughline.Person) int { return strings.Compare(a.Name+a.Email, b.Name+b.Email) })
	for _, s := range d.Sources {
		out.Sources = append(out.Sources, tellSource(s))
	}
	slices.SortStableFunc(out.Sources, func(a, b toldSource) int {
		return strings.Compare(a.At.Format(time.RFC3339)+string(a.Kind)+a.Title, b.At.Format(time.RFC3339)+string(b.Kind)+b.Title)
	})
	return out
}

func tellSource(s *throughline.Source) toldSource {
	out := toldSource{
		Kind: s.Kind, Title: s.Title, At: s.At, Duration: s.Duration, Internal: s.Internal, Shared: s.Shared, Private: s.Private, People: namesOf(s.People), NotEvidence: s.NotEvidence,
	}
	for _, p := range s.Passages {
		if s.Kind == throughline.SourceCRM && p.Label == "CSM" {
			continue
		}
		told := toldPassage{Text: p.Text, Label: p.Label, Side: string(p.Side()), At: p.At, Offset: p.Offset, Heard: namesOf(p.Heard), History: p.History}
		if p.Speaker != nil {
			told.Speaker = p.Speaker.Name
		}
		out.Passages = append(out.Passages, told)
	}
	return out
}

func namesOf(people []*throughline.Person) []string {
	var out []string
	for _, p := range people {
		out = append(out, p.Name)
	}
	slices.Sort(out)
	return out
}

// files are the files below a directory.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(filepath.Join(dir, name))
		out[name] = string(raw)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestPullTwice: the second pull leaves the folder as the first did, and takes
// two requests of Gong for the deal's calls, since the index is kept.
func TestPullTwice(t *testing.T) {
	b := newBed(t)
	dir := filepath.Join(t.TempDir(), "deal")
	b.pull(t, dir)
	first := files(t, dir)
	delete(first, "collected.json") // it says when
	b.gong.Forget()
	said := b.pull(t, dir)
	second := files(t, dir)
	delete(second, "collected.json")
	if diff := cmp.Diff(first, second); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]int{gongtwin.PathCalls: 1, gongtwin.PathTranscripts: 1}, b.gong.Requests()); diff != "" {
		t.Errorf("requests of Gong: %s", diff)
	}
	for _, want := range []string{
		"Harborline Logistics - Northbeam Sync (006123970800895AAA)", "CSM       tess.okafor@northbeam.example", "5 calls", "2 requests (read calls: 1, read transcripts: 1)",
		"1 CRM record, 8 emails, 1 document", "1 chat channel", "Next: throughline generate " + dir,
	} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %q:\n%s", want, said)
		}
	}
}

// TestPullCalls counts what a deal of eight calls takes of each vendor, with
// hundreds of other calls in the index.
func TestPullCalls(t *testing.T) {
	b := newBed(t)
	id := b.deals[0].opportunity
	for i := range 3 {
		b.gong.AddCall(callOf(fmt.Sprint(900+i), id, noon.AddDate(0, 0, -40+i)))
		b.gong.AddTranscript(map[string]any{"callId": fmt.Sprint(900 + i), "transcript": []any{map[string]any{
			"speakerId": "1", "sentences": []any{map[string]any{"start": 0, "end": 900, "text": "We begin in October."}},
		}}})
	}
	const others = 250
	for i := range others {
		b.gong.AddCall(callOf(fmt.Sprint(2000+i), "006000000000999AAA", noon.Add(-time.Duration(i+1)*time.Hour)))
	}
	dir := filepath.Join(t.TempDir(), "deal")
	b.pull(t, dir)
	const pages = (5 + 3 + others + 99) / 100
	if diff := cmp.Diff(map[string]int{gongtwin.PathCalls: pages + 1, gongtwin.PathTranscripts: 1}, b.gong.Requests()); diff != "" {
		t.Errorf("Gong, with the index to be made: %s", diff)
	}
	if got := len(b.slack.Requested()); got == 0 || got > 25 {
		t.Errorf("Slack: %d requests", got)
	}
	b.gong.Forget()
	salesforce := b.salesforce.APICalls()
	b.config.Slack, b.config.Destinations.Slack = nil, "" // at whose pace threads are read, which takes time
	b.write(t)
	said := b.pull(t, dir)
	if !strings.Contains(said, "8 calls") {
		t.Errorf("it says:\n%s", said)
	}
	if diff := cmp.Diff(map[string]int{gongtwin.PathCalls: 1, gongtwin.PathTranscripts: 1}, b.gong.Requests()); diff != "" {
		t.Errorf("Gong, with the index there: %s", diff)
	}
	if got := b.salesforce.APICalls() - salesforce; got != 4 { // three, and one for the file
		t.Errorf("Salesforce: %d calls, want 4", got)
	}
	if got := b.notion.Requests(); len(got) != 0 {
		t.Errorf("Notion, without a link on the record: %v", got)
	}
}

func callOf(id, opportunity string, at time.Time) map[string]any {
	return map[string]any{
		"metaData": map[string]any{"id": id, "title": "Call " + id, "started": at.Format(time.RFC3339), "duration": 60, "url": "https://app.gong.example/call?id=" + id},
		"context":  []any{map[string]any{"system": "Salesforce", "objects": []any{map[string]any{"objectType": "Opportunity", "objectId": opportunity}}}},
		"parties":  []any{map[string]any{"id": "1", "emailAddress": "caleb.whitmore@northbeam.example", "name": "Caleb Whitmore", "userId": "9", "speakerId": "1", "affiliation": "Internal"}},
	}
}

// TestLinkedPage: a page that the record links to is a document of the deal.
func TestLinkedPage(t *testing.T) {
	b := newBed(t)
	page := b.notion.AddPage("Deal review", noon.AddDate(0, 0, -20), notiontwin.NewBlock("paragraph", "The pilot runs for two weeks at the plant in Lund."))
	b.salesforce.Set("Opportunity", b.deals[0].opportunity, salesforcetwin.Record{"Deal_Review__c": "https://www.notion.so/Deal-review-" + strings.ReplaceAll(page, "-", "")}, noon)
	dir := filepath.Join(t.TempDir(), "deal")
	said := b.pull(t, dir)
	if !strings.Contains(said, "Notion") || !slices.ContainsFunc(readFolder(t, dir).Sources, func(s *throughline.Source) bool {
		return s.Kind == throughline.SourceDocument && len(s.Passages) > 0 && strings.Contains(s.Passages[len(s.Passages)-1].Text, "the plant in Lund")
	}) {
		t.Errorf("the page is not among the documents:\n%s", said)
	}
}

// TestOneSystemDown: each system in turn is down; the others are there, and the
// handoff lists what is missing.
func TestOneSystemDown(t *testing.T) {
	for name, c := range map[string]struct {
		down func(b *bed)
		kind throughline.SourceKind // which nothing is read of
	}{
		gong.Vendor: {func(b *bed) { b.gong.Fail(fault.Fault{Status: 403, Times: 1000}) }, throughline.SourceCall},
		"Slack":     {func(b *bed) { b.slack.Withhold(slacktwin.AllScopes...) }, throughline.SourceChat},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t)
			c.down(b)
			dir := filepath.Join(t.TempDir(), "deal")
			said := b.pull(t, dir)
			if !strings.Contains(said, "  - "+name+": ") {
				t.Errorf("it does not say that %s is down:\n%s", name, said)
			}
			kinds := map[throughline.SourceKind]int{}
			for _, s := range readFolder(t, dir).Sources {
				kinds[s.Kind]++
			}
			if kinds[c.kind] != 0 || len(kinds) != 4 {
				t.Errorf("read are %v", kinds)
			}
			doc := succeed(t, "", "generate", dir)
			_, problems, ok := strings.Cut(doc, "What could not be read")
			if !ok || !strings.Contains(problems, "- "+name+": ") {
				t.Errorf("the handoff does not list it: %s", problems)
			}
		})
	}
}

// TestNoSecretGetsOut looks for the plantedSecret secrets in everything that commands
// say, at most detail and with every call refused in turn, and in what they save.
func TestNoSecretGetsOut(t *testing.T) {
	b := newBed(t)
	dir := filepath.Join(t.TempDir(), "deal")
	b.run(t, "check", "--verbose")
	b.pull(t, dir)
	b.gong.Secret, b.slack.Token, b.notion.Token = "another", "another", "another"
	b.run(t, "check", "--verbose")
	b.run(t, "pull", "--opportunity", b.deals[0].opportunity, "--save", dir, "--verbose")
	b.salesforce.ClientSecret = "another"
	b.salesforce.ExpireTokens()
	b.run(t, "check", "--verbose", "--format", "json")
	b.run(t, "pull", "--opportunity", b.deals[0].opportunity, "--save", dir, "--verbose")
	if said := b.said.String(); strings.Contains(said, plantedSecret) || !strings.Contains(said, "level=DEBUG") {
		t.Errorf("a secret is told, or nothing is:\n%s", said)
	}
	all := files(t, filepath.Dir(b.file))
	maps.Copy(all, files(t, dir))
	for name, content := range all {
		if strings.Contains(content, plantedSecret) {
			t.Errorf("%s holds a secret", name)
		}
	}
	if len(all) < 10 {
		t.Errorf("only %d files were looked at", len(all))
	}
}

func TestOpportunityID(t *testing.T) {
	for in, want := range map[string]string{
		"006Hs00001abcde":      "006Hs00001abcde",
		" 006Hs00001abcdeIAA ": "006Hs00001abcdeIAA",
		"https://example.lightning.force.com/lightning/r/Opportunity/006Hs00001abcdeIAA/view":     "006Hs00001abcdeIAA",
		"https://example.lightning.force.com/lightning/r/006Hs00001abcdeIAA/related/Notes/view?x": "006Hs00001abcdeIAA",
		"https://example.my.salesforce.com/006Hs00001abcde":                                       "006Hs00001abcde",
		"https://example.my.salesforce.com/006Hs00001abcde?srPos=0":                               "006Hs00001abcde",
		"": "", "007Hs00001abcde": "", "006Hs": "", "006Hs00001abcdeIA": "", "https://example.my.salesforce.com/001Hs00001abcde": "", "006Hs00001abcde; rm": "",
	} {
		if got, err := opportunityID(in); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", in, got, err, want)
		}
	}
}

func FuzzOpportunityID(f *testing.F) {
	f.Add("https://example.lightning.force.com/lightning/r/Opportunity/006Hs00001abcdeIAA/view")
	f.Fuzz(func(t *testing.T, s string) {
		id, err := opportunityID(s)
		if err == nil && (len(id) != 15 && len(id) != 18 || strings.Trim(id, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") != "" || !strings.Contains(s, id)) {
			t.Errorf("%q gives %q", s, id)
		}
	})
}

// TestPullRefusals: what can't be done is said with what to do.
func TestPullRefusals(t *testing.T) {
	b := newBed(t)
	id := b.deals[0].opportunity
	own := t.TempDir()
	if err := os.WriteFile(filepath.Join(own, "letter.txt"), []byte("Dear"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		args   []string
		before func()
		status int
		want   string
	}{
		{"no deal", []string{"pull"}, nil, exitUsage, "name the deal with --opportunity"},
		{"not there", []string{"pull", "--opportunity", "006000000000404AAA", "--save", filepath.Join(t.TempDir(), "x")}, nil, exitFailed, "Check the id"},
		{"another's files", []string{"pull", "--opportunity", id, "--save", own}, nil, exitFailed, "name a new or an empty directory"},
		{"no secret", []string{"pull", "--opportunity", id}, func() { t.Setenv("GONG_ACCESS_KEY", "") }, exitFailed, "Gong: set the environment variable GONG_ACCESS_KEY, or GONG_ACCESS_KEY_FILE"},
		{"no file of it", []string{"pull", "--opportunity", id}, func() { t.Setenv("GONG_ACCESS_KEY_FILE", filepath.Join(own, "gone")) }, exitFailed, "reading the file that GONG_ACCESS_KEY_FILE names"},
		{"no CRM", []string{"pull", "--opportunity", id}, func() { b.config.Salesforce, b.config.Gong, b.config.Destinations.Salesforce = nil, nil, "" }, exitFailed, "names no CRM"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.before != nil {
				c.before()
				b.write(t)
			}
			r := b.run(t, c.args...)
			if r.status != c.status || !strings.Contains(r.stderr, c.want) || r.stdout != "" {
				t.Errorf("it ended with %d and said %q, %q, want %q", r.status, r.stdout, r.stderr, c.want)
			}
		})
	}
}
