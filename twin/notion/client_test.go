package notion

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

// TestVendorsClient: the client that Notion publishes works with the stand-in.
func TestVendorsClient(t *testing.T) {
	node := npmtest.Install(t)
	s := &Server{Token: "secret", PerMinute: -1}
	page, unshared := s.AddPage("Plan", time.Time{}), s.AddPage("Other", time.Time{})
	s.Share(unshared, false)
	server := httptest.NewServer(s)
	defer server.Close()
	script, err := filepath.Abs("testdata/client.cjs")
	if err != nil {
		t.Fatal(err)
	}
	var complaint bytes.Buffer
	cmd := exec.CommandContext(t.Context(), node.Path, script, node.Modules, server.URL, "secret", DataSource, page, unshared)
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
		"me": "bot", "columns": []any{"External ID", "Name"}, "full": true, "found": []any{true}, "blocks": 102.0, "allFull": true,
		"order": []any{"Toggle 0", "https://example.com/", "Toggle 99"}, "below": "Quote 0", "changed": "Changed", "left": 101.0, "comments": 0.0,
		"trashed": 0.0, "read": "Plan", "codes": []any{"object_not_found", "validation_error", "validation_error", codeUnauthorized},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
