package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"throughline"
	"throughline/hedge"
)

// The JSON that a writer submits, as format.md describes it.
type (
	jsonDraft struct {
		Items          []jsonItem          `json:"items"`
		Dismissed      []jsonDismissal     `json:"dismissed"`
		Questions      []jsonQuestion      `json:"questions"`
		Contradictions []jsonContradiction `json:"contradictions,omitempty"`
	}
	jsonItem struct {
		throughline.Item
		Evidence []struct{}  `json:"evidence,omitempty"` // the writer gives quotes instead
		Quotes   []jsonQuote `json:"quotes"`
	}
	jsonQuote struct {
		Ref  string                `json:"ref"`
		Text string                `json:"text"`
		As   throughline.QuoteRole `json:"as,omitempty"`
	}
	jsonDismissal struct {
		Candidate int    `json:"candidate"`
		Reason    string `json:"reason"`
	}
	jsonQuestion struct {
		Text string `json:"text"`
	}
	jsonContradiction struct {
		Text  string     `json:"text"`
		Sides []jsonSide `json:"sides"`
	}
	jsonSide struct {
		Text   string      `json:"text"`
		Quotes []jsonQuote `json:"quotes"`
	}
)

func (d jsonDraft) bytes(t testing.TB) []byte {
	t.Helper()
	data, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// demoDraft is a draft of the demo's deal in which everything stands: what the
// built-in engine found of it, every candidate dismissed.
func demoDraft(t testing.TB) jsonDraft {
	t.Helper()
	var d jsonDraft
	for _, it := range generated(t, demoDir).Items {
		item := jsonItem{Item: it}
		for _, e := range it.Evidence {
			item.Quotes = append(item.Quotes, jsonQuote{e.Ref, e.Quote, e.As})
		}
		item.Item.Evidence, item.Superseded = nil, nil
		d.Items = append(d.Items, item)
	}
	for _, c := range hedge.Scan(demoDeal(t)) {
		d.Dismissed = append(d.Dismissed, jsonDismissal{c.Number, "not a promise"})
	}
	if len(d.Items) < 10 || len(d.Dismissed) == 0 {
		t.Fatalf("a draft of %d items and %d candidates tells nothing", len(d.Items), len(d.Dismissed))
	}
	return d
}

func writeInto(t testing.TB, dir, name, text string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func draftFile(t testing.TB, d jsonDraft) string {
	t.Helper()
	return writeInto(t, t.TempDir(), "draft.json", string(d.bytes(t)))
}

// checked submits drafts of the demo's deal with --check.
func checked(t testing.TB, files ...string) submitReport {
	t.Helper()
	var r submitReport
	out := succeed(t, "", append([]string{"submit", "--check", demoDir}, files...)...)
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("%v in: %s", err, out)
	}
	return r
}

func TestSubmitWhatStands(t *testing.T) {
	d := demoDraft(t)
	file := draftFile(t, d)
	rep := checked(t, file)
	if !rep.clean() || rep.Submitted != len(d.Items) || rep.Accepted != len(d.Items) {
		t.Errorf("the report is %+v, want %d items that stand and nothing to mend", rep, len(d.Items))
	}
	var got throughline.Handoff
	if err := json.Unmarshal([]byte(succeed(t, "", "submit", demoDir, file, "--format", "json", "--model", "some model")), &got); err != nil {
		t.Fatal(err)
	}
	type told struct {
		Kind   throughline.Kind
		Quotes []string
	}
	tell := func(items []throughline.Item) []told {
		var all []told
		for _, it := range items {
			one := told{Kind: it.Kind}
			for _, e := range it.Evidence {
				one.Quotes = append(one.Quotes, e.Ref+" "+e.Quote)
			}
			all = append(all, one)
		}
		return all
	}
	if diff := cmp.Diff(tell(generated(t, demoDir).Items), tell(got.Items)); diff != "" {
		t.Errorf("the submitted items in the document (-submitted +document):\n%s", diff)
	}
	if got.Engine.Name != "submitted draft" || got.Engine.Model != "some model" || !strings.Contains(got.Engine.Limits, "outside Throughline") {
		t.Errorf("it says that it was written by %+v", got.Engine)
	}
}

// spoilt is a draft in which something of each sort does not stand.
func spoilt(t *testing.T) (d jsonDraft, ref string) {
	t.Helper()
	p := aPassage(t, demoDeal(t))
	words := strings.Fields(p.Text)
	changed := strings.Join(words[:8], " ") + " never ever " + strings.Join(words[8:12], " ")
	good := jsonQuote{Ref: p.Ref, Text: strings.Join(words[:10], " ")}
	item := func(kind throughline.Kind, text string, quotes ...jsonQuote) jsonItem {
		return jsonItem{Item: throughline.Item{Kind: kind, Text: text}, Quotes: quotes}
	}
	d.Items = []jsonItem{
		item(throughline.KindUseCase, "Stands.", good),
		item(throughline.KindUseCase, "Its quote is not there.", jsonQuote{Ref: p.Ref, Text: changed}),
		item("gossip", "No kind.", good),
		item(throughline.KindUseCase, "Stands on one of two.", good, jsonQuote{Ref: p.Ref, Text: changed}),
	}
	d.Items[3].Text = "Stands on one of two quotes." // and is another item by its first quote
	d.Items[3].Quotes[0].Text = strings.Join(words[2:12], " ")
	d.Contradictions = []jsonContradiction{{Text: "One side only.", Sides: []jsonSide{{Text: "a", Quotes: []jsonQuote{good}}, {Text: "b", Quotes: []jsonQuote{{Ref: p.Ref, Text: changed}}}}}}
	return d, p.Ref
}

func TestSubmitTellsWhatDoesNotStand(t *testing.T) {
	d, ref := spoilt(t)
	rep := checked(t, draftFile(t, d))
	if rep.Submitted != 4 || rep.Accepted != 2 || rep.Contradictions != (contradictionSum{1, 0}) {
		t.Errorf("submitted %d, accepted %d, contradictions %+v; want 4, 2, one of which none stands", rep.Submitted, rep.Accepted, rep.Contradictions)
	}
	if len(rep.Refused) != 2 || rep.Refused[0].Item != 2 || rep.Refused[1].Item != 3 {
		t.Fatalf("refused are %+v, want items 2 and 3", rep.Refused)
	}
	un := rep.Refused[0].Unproven
	if len(un) != 1 || un[0].Nearest == nil || un[0].Nearest.Ref != ref || un[0].Nearest.Text == "" {
		t.Errorf("of item 2 unproven are %+v, want its quote with %s as the nearest", un, ref)
	}
	if !strings.Contains(rep.Refused[1].Reason, "gossip") {
		t.Errorf("item 3 is refused because %q", rep.Refused[1].Reason)
	}
	if len(rep.Unfound) != 2 || rep.Unfound[0].Item != 4 || rep.Unfound[1].Item != 0 {
		t.Errorf("quotes not found are %+v, want one of item 4 and one of a contradiction", rep.Unfound)
	}
	if want := len(hedge.Scan(demoDeal(t))); len(rep.Unanswered) != want || rep.Unanswered[0].Ref == "" || rep.Unanswered[0].Quote == "" {
		t.Errorf("%d candidates are unanswered, want %d with ref and quote", len(rep.Unanswered), want)
	}
}

// TestSubmitWritesWhatStands: the document is made of the rest, and the report
// goes to standard error.
func TestSubmitWritesWhatStands(t *testing.T) {
	d, _ := spoilt(t)
	out := filepath.Join(t.TempDir(), "handoff.json")
	r := throughlineRun(t, "", "submit", demoDir, draftFile(t, d), "-f", "json", "-o", out)
	if r.status != exitDone || r.stdout != "" {
		t.Fatalf("exit status %d, on standard output %q; it said: %s", r.status, r.stdout, r.stderr)
	}
	_, object, _ := strings.Cut(r.stderr, "{") // progress of a slow machine may stand before it
	var rep submitReport
	if err := json.Unmarshal([]byte("{"+object), &rep); err != nil {
		t.Fatalf("standard error is no report: %v: %s", err, r.stderr)
	}
	if len(rep.Refused) != 2 {
		t.Errorf("refused are %+v, want two", rep.Refused)
	}
	doc, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var h throughline.Handoff
	if err := json.Unmarshal(doc, &h); err != nil {
		t.Fatal(err)
	}
	if len(h.Items) != 2 || len(h.LeftOut) == 0 {
		t.Errorf("the document has %d items and lists %d as left out, want 2 and some", len(h.Items), len(h.LeftOut))
	}
}

func TestSubmitInSeveralFiles(t *testing.T) {
	whole := demoDraft(t)
	var files []string
	for _, s := range throughline.Sections {
		var d jsonDraft
		for _, it := range whole.Items {
			if it.Kind.Section() == s {
				d.Items = append(d.Items, it)
			}
		}
		if s == throughline.SectionContext {
			d.Dismissed = whole.Dismissed
		}
		files = append(files, draftFile(t, d))
	}
	if rep := checked(t, files...); !rep.clean() || rep.Accepted != len(whole.Items) {
		t.Errorf("the report is %+v, want %d items that stand", rep, len(whole.Items))
	}
}

func TestSubmitFromStandardInput(t *testing.T) {
	d := demoDraft(t)
	out := succeed(t, string(d.bytes(t)), "submit", demoDir, "-", "--check")
	var rep submitReport
	if err := json.Unmarshal([]byte(out), &rep); err != nil || rep.Accepted != len(d.Items) {
		t.Errorf("accepted %d, error %v, want %d", rep.Accepted, err, len(d.Items))
	}
}

func TestSubmitSaysWhatIsWrong(t *testing.T) {
	broken := writeInto(t, t.TempDir(), "broken.json", "{\"items\": [\n{\"kind\": }]}")
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{demoDir}, exitUsage, "name the deal's folder and the file with the draft"},
		{[]string{demoDir, "nothing.json"}, exitFailed, "reading the draft: open nothing.json"},
		{[]string{demoDir, broken}, exitFailed, "broken.json: it is not JSON: line 2"},
		{[]string{demoDir, broken, "--check", "-o", "x"}, exitUsage, "--check writes no handoff"},
		{[]string{"nowhere", broken}, exitFailed, "there is nothing at nowhere"},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			r := throughlineRun(t, "", append([]string{"submit"}, c.args...)...)
			if r.status != c.status || !strings.Contains(r.stderr, c.want) || r.stdout != "" {
				t.Errorf("exit status %d, it said %q and wrote %q; want %d, %q and nothing", r.status, r.stderr, r.stdout, c.status, c.want)
			}
		})
	}
}
