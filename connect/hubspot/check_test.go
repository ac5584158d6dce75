package hubspot_test

import (
	"net/http"
	"strings"
	"testing"

	"throughline/connect/hubspot"
	twin "throughline/twin/hubspot"
)

// TestCheck: with all that is needed nothing is missing, and nothing is written.
func TestCheck(t *testing.T) {
	b := newPress(t)
	b.config.CSMField = "success_manager"
	rows := b.portal(t).Check(t.Context())
	for _, r := range rows {
		if r.Err != nil || r.Name == "" || r.For == "" {
			t.Errorf("%s (%s): %v", r.Name, r.For, r.Err)
		}
	}
	if len(rows) != 9 || b.calls() != 11 {
		t.Errorf("%d rows, %d calls", len(rows), b.calls())
	}
	for _, c := range b.twin.Calls() {
		if c.Method != http.MethodGet && c.Path != "/crm/objects/2026-09/notes/0" && c.Path != "/crm/objects/2026-09/deals/0" {
			t.Errorf("%s %s may change something", c.Method, c.Path)
		}
	}
	b.config.Writing = nil
	if rows := b.portal(t).Check(t.Context()); len(rows) != 7 {
		t.Errorf("%d rows where nothing is written", len(rows))
	}
}

// TestCheckWithheld: each scope that is withheld is named, with what to do, and
// nothing else is.
func TestCheckWithheld(t *testing.T) {
	for scope, alsoMissing := range map[string]string{
		"crm.objects.deals.read": "", "crm.objects.companies.read": "", "crm.objects.contacts.read": "sales-email-read", "crm.schemas.deals.read": "", "sales-email-read": "",
		"crm.objects.owners.read": "", "files": "", "crm.objects.contacts.write": "", "crm.objects.deals.write": "",
	} {
		t.Run(scope, func(t *testing.T) {
			b := newPress(t)
			b.twin.Withheld[scope] = true
			named := false
			for _, r := range b.portal(t).Check(t.Context()) {
				switch {
				case r.Name == scope:
					named = r.Err != nil && strings.Contains(r.Err.Error(), "lacks "+scope+". Add "+scope+" to the Service Key or app")
					if !named {
						t.Errorf("%v", r.Err)
					}
				case r.Err != nil && r.Name != alsoMissing:
					t.Errorf("%s is missing, too: %v", r.Name, r.Err)
				}
			}
			if !named {
				t.Error("it is not named")
			}
		})
	}
}

// TestCheckConfigured: properties that the configuration names and that are not there,
// or can't hold what they are for.
func TestCheckConfigured(t *testing.T) {
	b := newPress(t)
	b.config.AEField, b.config.CSMField = "no_such_ae", "company.csm"
	b.config.Writing.Fields[hubspot.ValueSummary] = "no_such_summary"
	b.twin.Define("deals", twin.Property{Name: "handoff_version", Type: "bool"})
	var missing []string
	for _, r := range b.portal(t).Check(t.Context()) {
		if r.Err != nil {
			missing = append(missing, r.Name)
		}
	}
	if got := strings.Join(missing, ", "); got != "the property no_such_ae, the property no_such_summary, the property handoff_version" {
		t.Errorf("missing are %s", got)
	}
}

// TestCheckEndsEarly: a token that is not accepted is told once.
func TestCheckEndsEarly(t *testing.T) {
	b := newBench(t)
	b.config.Token = "pat-another"
	rows := b.portal(t).Check(t.Context())
	if len(rows) != 1 || rows[0].Err == nil || !strings.Contains(rows[0].Err.Error(), "HUBSPOT_TOKEN") || strings.Contains(rows[0].Err.Error(), "pat-another") {
		t.Errorf("%+v", rows)
	}
}
