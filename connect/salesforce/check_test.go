package salesforce_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"throughline/connect"
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
	b.twin.Order("composite", 1, twin.Fault{Status: 403, Code: "API_DISABLED_FOR_ORG", Message: "API is not enabled"})
	rows := b.org(t).Check(t.Context())
	if diff := cmp.Diff([]string{"API Enabled"}, lacking(rows)); diff != "" || len(rows) != 1 || !strings.Contains(rows[0].Err.Error(), "API Enabled") {
		t.Errorf("%s %+v", diff, rows)
	}
}
