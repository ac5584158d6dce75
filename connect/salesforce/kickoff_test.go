package salesforce_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"throughline/connect"
	twin "throughline/twin/salesforce"
)

// TestKickoff: the configured field tells when the kickoff is, as a day or a moment;
// one that holds neither tells nothing, and one that can't be read is a gap, which
// check names as well.
func TestKickoff(t *testing.T) {
	b := newBench(t)
	id := b.small(t)
	b.config.KickoffField = "Kickoff__c"
	b.twin.Define("Opportunity", twin.Field{Name: "Kickoff__c", Type: "string"}) // so that it may hold anything
	for in, want := range map[string]string{
		"2026-06-08": "2026-06-08", "2026-06-08T15:30:00.000+0000": "2026-06-08T15:30:00Z", "2026-06-08T00:00:00.000+0000": "2026-06-08T00:00:00Z", "next week": "", "": "",
	} {
		b.twin.Set("Opportunity", id, twin.Record{"Kickoff__c": in}, time.Now())
		record, gaps, err := b.org(t).Collect(t.Context(), id, t.TempDir())
		if err != nil || record.Kickoff != want || slices.ContainsFunc(gaps, aboutKickoff) {
			t.Errorf("%q: %q, %v, %v", in, record.Kickoff, gaps, err)
		}
	}
	b.twin.Denied["Opportunity.Kickoff__c"] = true
	record, gaps, err := b.org(t).Collect(t.Context(), id, t.TempDir())
	if err != nil || record.Kickoff != "" || !slices.ContainsFunc(gaps, aboutKickoff) {
		t.Errorf("hidden: %q, %v, %v", record.Kickoff, gaps, err)
	}
	if !slices.ContainsFunc(b.org(t).Check(t.Context()), func(p connect.Permission) bool {
		return p.Err != nil && strings.Contains(p.Name, "Opportunity.Kickoff__c")
	}) {
		t.Error("check does not name the field")
	}
}

func aboutKickoff(g connect.Gap) bool { return strings.Contains(g.What, "Kickoff__c") }
