package salesforce_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"throughline/connect"
	"throughline/twin/fault"
	twin "throughline/twin/salesforce"
)

// lacking are the names of what is missing.
func lacking(rows []connect.Permission) []string {
	var out []string
	for _, r := range rows {
		if r.Err != nil {
			out = append(out, r.Name)
		}
	}
	return out
}

// TestCheck: with one permission taken away, exactly that one is named.
func TestCheck(t *testing.T) {
	for denied, want := range map[string][]string{
		"":                          nil,
		"EmailMessage":              {"Read on EmailMessage"},
		"Note":                      {"Read on Note"},
		"ContentDocumentLink":       {"Read on ContentDocumentLink"},
		"Contact.Title":             {"Read on the field Contact.Title"},
		"Opportunity.Amount":        {"Read on the field Opportunity.Amount"},
		"OpportunityTeamMember":     {"Read on OpportunityTeamMember"},
		"Account.Success_Person__c": {"Read on the field Account.Success_Person__c"},
	} {
		b := newBench(t)
		b.small(t)
		b.twin.Put("Account", twin.Record{"Id": "001000000000002AAA", "Success_Person__c": "005000000000002AAA"})
		b.config.CSMField = "Account.Success_Person__c"
		b.twin.Denied[denied] = true
		rows := b.org(t).Check(t.Context())
		if diff := cmp.Diff(want, lacking(rows)); diff != "" {
			t.Errorf("without %q: %s", denied, diff)
		}
		for _, r := range rows {
			if r.Err != nil && !strings.Contains(r.Err.Error(), denied) || r.For == "" {
				t.Errorf("without %q: %s is for %q: %v", denied, r.Name, r.For, r.Err)
			}
		}
		if calls := b.twin.APICalls(); calls != 1 {
			t.Errorf("%d calls, want 1", calls)
		}
	}
}

func TestCheckWithoutAPI(t *testing.T) {
	b := newBench(t)
	b.twin.Order("composite", 1, fault.Fault{Status: 403, Code: "API_DISABLED_FOR_ORG", Message: "API is not enabled"})
	rows := b.org(t).Check(t.Context())
	if diff := cmp.Diff([]string{"API Enabled"}, lacking(rows)); diff != "" || len(rows) != 1 || !strings.Contains(rows[0].Err.Error(), "API Enabled") {
		t.Errorf("%s %+v", diff, rows)
	}
}

// TestCheckWriting: with one permission to write taken away, exactly that one is
// named; where nothing is written, none is asked for.
func TestCheckWriting(t *testing.T) {
	take := map[string]func(s *twin.Server){
		"":                              func(*twin.Server) {},
		"Create on ContentVersion":      func(s *twin.Server) { s.NoCreate["ContentVersion"] = true },
		"Create on ContentDocumentLink": func(s *twin.Server) { s.NoCreate["ContentDocumentLink"] = true },
		"Create on ContentNote":         func(s *twin.Server) { s.NoCreate["ContentNote"] = true },
		"Edit on ContentNote":           func(s *twin.Server) { s.NoEdit["ContentNote"] = true },
		"Create on Task":                func(s *twin.Server) { s.NoCreate["Task"] = true },
		"Edit on Task":                  func(s *twin.Server) { s.NoEdit["Task"] = true },
		"Edit on the field Opportunity.Handoff_Link__c": func(s *twin.Server) { s.NoEdit["Opportunity.Handoff_Link__c"] = true },
		"Edit on the field Opportunity.Handed_Off__c":   func(s *twin.Server) { s.Denied["Opportunity.Handed_Off__c"] = true },
	}
	for name, spoil := range take {
		b := newPress(t)
		b.config.Writing.Tasks = true
		spoil(b.twin)
		var want []string
		if name != "" {
			want = []string{name}
		}
		rows := b.org(t).Check(t.Context())
		if diff := cmp.Diff(want, lacking(rows)); diff != "" {
			t.Errorf("without %q: %s", name, diff)
		}
		for _, r := range rows {
			if r.Err != nil && !strings.Contains(r.Err.Error(), strings.TrimPrefix(name, "Edit on the field ")) || r.For == "" {
				t.Errorf("without %q: %s is for %q: %v", name, r.Name, r.For, r.Err)
			}
		}
		if calls := b.twin.APICalls(); calls != 1 {
			t.Errorf("%d calls, want 1", calls)
		}
		b.config.Writing = nil
		if got := lacking(b.org(t).Check(t.Context())); got != nil {
			t.Errorf("without %q and nothing to write: %v", name, got)
		}
	}
	b := newPress(t)
	b.twin.NoEdit["Opportunity"] = true
	if got := lacking(b.org(t).Check(t.Context())); len(got) == 0 || got[0] != "Edit on Opportunity" {
		t.Errorf("without Edit on Opportunity: %v", got)
	}
}
