package slack

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"throughline/internal/npmtest"
	"throughline/twin/fault"
)

// TestWebAPI: the vendor's own client works with the stand-in: it posts, updates,
// reads history in pages and threads, finds people, waits when it is turned away,
// and understands refusals.
func TestWebAPI(t *testing.T) {
	node := npmtest.Install(t)
	s := New()
	s.Token = "xoxb-1"
	user := s.AddUser(Object{"name": "ann", "profile": Object{"email": "ann@seller.example"}})
	channel := s.AddChannel(Object{"name": "deal-buyer", "is_private": true}, user)
	for _, text := range []string{"one", "two", "three"} {
		s.Post(channel, user, text, "")
	}
	s.Fail(fault.Fault{Route: "chat.postMessage", Status: 429, RetryAfter: "1"})
	server := httptest.NewServer(s)
	defer server.Close()

	script, err := filepath.Abs("testdata/webapi.cjs")
	if err != nil {
		t.Fatal(err)
	}
	var complaint bytes.Buffer
	cmd := exec.CommandContext(t.Context(), node.Path, script, node.Modules, server.URL+Prefix, channel)
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
		"self": BotID, "scopes": true, "bot": BotID, "pages": []any{[]any{"hello again", "three"}, []any{"two", "one"}}, "key": "k",
		"thread": []any{"hello again", "a reply"}, "channels": []any{"deal-buyer"}, "direct": true,
		"long": "invalid_blocks", "none": "channel_not_found", "stranger": "invalid_auth",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
