package folder

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestHubSpotRecords(t *testing.T) {
	d := readFiles(t, map[string]string{
		"deal.json":     `{"id":"12","properties":{"dealname":"Buyer - Tool","dealstage":"closedwon","amount":"900","deal_currency_code":"GBP","closedate":"2026-05-29T12:00:00.000Z","hubspot_owner_id":"5","implementation_notes":"EU hosting only"}}`,
		"company.json":  `{"id":"3","properties":{"name":"Buyer","domain":"www.buyer.example","numberofemployees":"60"}}`,
		"contacts.json": `{"results":[{"id":"8","properties":{"firstname":"Bo","lastname":"Karlsson","email":"bo@buyer.example","hs_buying_role":"DECISION_MAKER;CHAMPION"}}]}`,
		"owners.json":   `{"results":[{"id":"5","email":"ann@vendor.example","firstName":"Ann","lastName":"Lee"}]}`,
		"notes.json":    `{"results":[{"id":"1","properties":{"hs_note_body":"<p>Bo asked for <b>EU</b> hosting.</p><p>Rows &lt; 5M</p>","hs_timestamp":"1767225600000","hubspot_owner_id":"5"}}]}`,
		"tasks.json":    `{"results":[]}`,
	})
	if len(d.Problems) != 0 {
		t.Errorf("problems: %+v", d.Problems)
	}
	if d.AE == nil || d.AE.Name != "Ann Lee" || d.Customer.Employees != 60 || d.Customer.Domain != "buyer.example" || d.Currency != "GBP" {
		t.Errorf("the deal is %+v", d)
	}
	if bo := d.Person("Bo Karlsson"); bo == nil || bo.CRMRole != "Decision maker, Champion" {
		t.Errorf("Bo is %+v", bo)
	}
	var got []string
	for _, p := range d.Source("r1").Passages {
		got = append(got, p.Label+": "+p.Text)
	}
	want := []string{"Implementation notes: EU hosting only", "Note: Bo asked for EU hosting.\nRows < 5M"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if p := d.Source("r1").Passages[1]; p.At.Year() != 2026 || p.Speaker == nil {
		t.Errorf("the note is %+v", p)
	}
}

func TestSalesforceBrokenOff(t *testing.T) {
	d := readFiles(t, map[string]string{
		"notes.json": `{"totalSize":2,"records":[{"attributes":{"type":"Note","url":"/services/data/v62.0/sobjects/Note/1"},"Id":"1","Title":"Call","Body":"They key it by hand."},{"attributes":{"ty`,
	})
	if p := d.Passage("r1.1"); p == nil || p.Text != "They key it by hand." {
		t.Errorf("the whole note is %+v", p)
	}
	if len(d.Problems) != 1 || d.Problems[0].File != "notes.json" || d.Problems[0].Line != 1 {
		t.Errorf("problems %+v", d.Problems)
	}
}

func TestStripTags(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                        "plain",
		"a < b and c > d":              "a < b and c > d",
		"<div>one</div><div>two</div>": "one\ntwo",
		"x<br/>y":                      "x\ny",
		"<a href=\"http://x\">link</a> &amp; more": "link & more",
		"<":  "<",
		"</": "</",
		"<>": "<>",
		"<b": "<b",
	} {
		if got := plainText(in); got != want {
			t.Errorf("plainText(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestFieldLabel(t *testing.T) {
	for in, want := range map[string]string{
		"NextStep": "Next step", "Loss_Risk__c": "Loss risk", "Term_Months__c": "Term months", "implementation_notes": "Implementation notes", "": "",
	} {
		if got := fieldLabel(in); got != want {
			t.Errorf("fieldLabel(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestSharedChannel(t *testing.T) {
	d := readFiles(t, map[string]string{
		"users.json":                   `[{"id":"U1","real_name":"Ann Lee","profile":{"email":"ann@vendor.example"}},{"id":"U9","real_name":"Bo Karlsson","is_stranger":true,"profile":{"email":"bo@buyer.example"}}]`,
		"channels.json":                `[{"id":"C1","name":"buyer-vendor","is_ext_shared":true,"members":["U1","U9"]}]`,
		"buyer-vendor/2026-03-03.json": `[{"type":"message","user":"U9","text":"we need EU hosting","ts":"1772540000.0001"}]`,
		"deal.json":                    `{"seller":{"company":"Vendor","domain":"vendor.example"},"customer":{"company":"Buyer","domain":"buyer.example"}}`,
	})
	s := d.Source("s1")
	if s.Internal || !s.Shared || len(s.People) != 2 || len(s.Passages[0].Heard) != 2 {
		t.Errorf("the shared channel is %+v", s)
	}
}

// FuzzRead gives one file of any content to all readers: they may not panic, and
// every ref must lead back to its passage.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		gongCalls, gongTranscripts, `[{"type":"message","user":"U1","text":"<@U1|x> <http://a|b> &lt;","ts":"1772540000.1"}]`, `[{"id":"C1","name":"x","members":["U"]}]`,
		`{"totalSize":1,"records":[{"attributes":{"type":"Opportunity"},"Id":"006","Name":"x","NextStep":"<b>y</b>"}]}`,
		`{"results":[{"id":"1","properties":{"hs_note_body":"<p>x"}}]}`, `{"data":{"type":"conversation","id":"9","attributes":{"recording":{"utterances":[{"snippet":"x"}]}}}}`,
		"WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann>hi", "Ann Lee  0:01\nhello\n\nBo Ek  0:05\nyes\n", "From: a@b.example\nTo: c@d.example\n\nhi", `{"records":[{`, `{"calls":[{"metaData":`,
		`{"schema":"throughline.collected/v1","gaps":[{"system":"Gong","what":"No transcript.","pending":true}]}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data string) {
		d, err := ReadFS(t.Context(), fstest.MapFS{"dir/file": {Data: []byte(data)}})
		if err != nil {
			return
		}
		for p := range d.Passages {
			if d.Passage(p.Ref) != p {
				t.Errorf("ref %s leads elsewhere", p.Ref)
			}
			if strings.TrimSpace(p.Text) == "" {
				t.Errorf("passage %s is empty", p.Ref)
			}
		}
	})
}

// TestSalesforceDescribed: the answer of describe gives fields the labels that
// the org shows, says which of them refer to records, and where records are shown.
func TestSalesforceDescribed(t *testing.T) {
	d := readFiles(t, map[string]string{
		"describe.json": `{"name":"Opportunity","label":"Deal","urls":{"uiDetailTemplate":"https://vendor.my.salesforce.example/{ID}"},"fields":[
			{"name":"Loss_Risk__c","label":"How could we lose?","type":"string"},{"name":"Success__c","label":"CSM","type":"reference"},
			{"name":"Plan__c","label":"Plan","type":"reference"}]}`,
		"opportunity.json": `{"attributes":{"type":"Opportunity"},"Id":"006000000000001AAA","Name":"Buyer - Tool","Loss_Risk__c":"Their engineer leaves.","Success__c":"005000000000002AAA","Plan__c":"a00000000000001AAA","Blank_Label__c":"Yes"}`,
		"users.json":       `{"totalSize":1,"records":[{"attributes":{"type":"User"},"Id":"005000000000002AAA","Name":"Cy Moss"}]}`,
		"changes.json":     `{"totalSize":1,"records":[{"attributes":{"type":"OpportunityFieldHistory"},"Id":"017000000000001AAA","Field":"Loss_Risk__c","NewValue":"High"}]}`,
	})
	if len(d.Problems) != 0 {
		t.Errorf("problems: %+v", d.Problems)
	}
	var got []string
	for _, p := range d.Source("r1").Passages {
		got = append(got, p.Label+": "+p.Text)
	}
	want := []string{"Blank label: Yes", "How could we lose?: Their engineer leaves.", "CSM: Cy Moss", "Change: How could we lose?: High"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if url := d.Source("r1").URL; url != "https://vendor.my.salesforce.example/006000000000001AAA" {
		t.Errorf("the record is shown at %q", url)
	}
}
