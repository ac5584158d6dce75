package salesforce

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline/internal/npmtest"
)

// TestJSForce: a client that others wrote for the real service works with the
// stand-in: its tokens, queries as that client writes them, pages, descriptions,
// composite requests, files, errors, and its writes.
func TestJSForce(t *testing.T) {
	node := npmtest.Install(t)
	s := New()
	s.ClientID, s.ClientSecret, s.PageSize = "id", "secret", 3
	s.Labels["Opportunity.Loss_Risk__c"] = "How could we lose?"
	user := s.Put("User", Record{"Name": "Ann Lee"})
	id := s.Put("Opportunity", Record{"Name": `O'Neill & Sons`, "IsWon": true, "CloseDate": "2026-05-29", "Loss_Risk__c": "High"})
	for range 7 {
		s.Put("Note", Record{"ParentId": id, "Title": "Call", "CreatedById": user})
	}
	version := s.Attach(id, "plan.md", user, time.Now(), []byte("# Plän"))
	server := httptest.NewServer(s)
	defer server.Close()

	script, err := filepath.Abs("testdata/jsforce.cjs")
	if err != nil {
		t.Fatal(err)
	}
	var complaint bytes.Buffer
	cmd := exec.CommandContext(t.Context(), node.Path, script, node.Modules, server.URL, id, version)
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &complaint)
	}
	var got map[string]any
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want := map[string]any{
		"name": `O'Neill & Sons`, "label": "How could we lose?", "found": []any{`O'Neill & Sons`}, "notes": 7.0, "total": 7.0,
		"composite": []any{200.0, 400.0}, "file": "# Plän", "field": "INVALID_FIELD", "type": "INVALID_TYPE", "usage": 100000.0, "stale": "INVALID_SESSION_ID",
		"versions": []any{[]any{"1", false}, []any{"2", true}}, "links": []any{[]any{true, "handoff.html"}}, "made": []any{true, "<p>Plän</p>"},
		"updated": []any{true, "Low"}, "note": true,
		"refused": []any{"INVALID_FIELD", "INVALID_FIELD_FOR_INSERT_UPDATE", "DUPLICATE_VALUE", "ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "INVALID_FIELD_FOR_INSERT_UPDATE"},
		"task":    []any{true, []any{[]any{"Live", "2026-07-08", false, nil}}}, "closed": []any{[]any{true, true}}, "binned": []any{0.0, []any{true}},
		"describedTask": []any{[]any{"Subject", "string", true}, []any{"ActivityDate", "date", true}, []any{"IsClosed", "boolean", false}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
