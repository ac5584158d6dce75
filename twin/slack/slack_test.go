package slack

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// ask calls a method, and gives its answer, also as it came.
func ask(t *testing.T, s *Server, method string, args ...string) (Object, *httptest.ResponseRecorder) {
	t.Helper()
	form := url.Values{}
	for i := 0; i < len(args); i += 2 {
		form.Set(args[i], args[i+1])
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, Prefix+method, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "Bearer xoxb-1")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	var o Object
	if err := json.Unmarshal(w.Body.Bytes(), &o); err != nil {
		t.Fatalf("%s: %v: %s", method, err, w.Body)
	}
	return o, w
}

func TestSeed(t *testing.T) {
	s := New()
	if err := s.Seed(os.DirFS("../../cmd/throughline/demo/harborline")); err != nil {
		t.Fatal(err)
	}
	id := s.Channels()["deal-harborline"]
	all := s.Messages(id)
	if len(all) < 20 {
		t.Fatalf("%d messages", len(all))
	}
	for i, m := range all[1:] {
		if m.TS <= all[i].TS {
			t.Errorf("%s comes after %s", m.TS, all[i].TS)
		}
	}
	o, _ := ask(t, s, "conversations.replies", "channel", id, "ts", all[0].TS)
	thread, _ := o["messages"].([]any)
	if len(thread) != 3 || thread[0].(Object)["reply_count"] != 2.0 {
		t.Errorf("the first thread is %v", o)
	}
	o, _ = ask(t, s, "conversations.members", "channel", id)
	if n := len(o["members"].([]any)); n < 5 {
		t.Errorf("%d members", n)
	}
	if err := s.Seed(os.DirFS(t.TempDir())); err == nil {
		t.Error("an empty folder seeds a workspace")
	}
}

// TestRefusals: what the vendor would not take, the stand-in does not.
func TestRefusals(t *testing.T) {
	long := func(n int) string { return strings.Repeat("x", n) }
	text := func(kind string, n int) string { return `{"type":"` + kind + `","text":"` + long(n) + `"}` }
	section := func(n int) string { return `{"type":"section","text":` + text("plain_text", n) + `}` }
	button := func(rest string) string {
		return `[{"type":"actions","elements":[{"type":"button","action_id":"a","text":{"type":"plain_text","text":"A"}` + rest + `}]}]`
	}
	for _, tc := range []struct {
		name, blocks, want string
		more               []string
	}{
		{name: "fine", blocks: `[` + section(3000) + `]`},
		{name: "a long section", blocks: `[` + section(3001) + `]`, want: "invalid_blocks"},
		{name: "an empty one", blocks: `[` + section(0) + `]`, want: "invalid_blocks"},
		{name: "51 blocks", blocks: `[` + strings.Repeat(section(1)+",", 50) + section(1) + `]`, want: "invalid_blocks"},
		{name: "50 blocks", blocks: `[` + strings.Repeat(section(1)+",", 49) + section(1) + `]`},
		{name: "too much in all", blocks: `[` + strings.Repeat(section(2900)+",", 4) + section(2900) + `]`, want: "msg_blocks_too_long"},
		{name: "a long header", blocks: `[{"type":"header","text":` + text("plain_text", 151) + `}]`, want: "invalid_blocks"},
		{name: "a header of mrkdwn", blocks: `[{"type":"header","text":` + text("mrkdwn", 5) + `}]`, want: "invalid_blocks"},
		{name: "an unknown block", blocks: `[{"type":"poem"}]`, want: "invalid_blocks"},
		{name: "no list", blocks: `{}`, want: "invalid_blocks_format"},
		{name: "a button", blocks: button(`,"url":"https://a.example","style":"primary"`)},
		{name: "a long value", blocks: button(`,"value":"` + long(2001) + `"`), want: "invalid_blocks"},
		{name: "a long address", blocks: button(`,"url":"https://a.example/` + long(3000) + `"`), want: "invalid_blocks"},
		{name: "no address", blocks: button(`,"url":"nothing"`), want: "invalid_blocks"},
		{name: "a style of its own", blocks: button(`,"style":"pink"`), want: "invalid_blocks"},
		{name: "two buttons of one id", blocks: `[{"type":"actions","elements":[{"type":"button","action_id":"a","text":{"type":"plain_text","text":"A"}},{"type":"button","action_id":"a","text":{"type":"plain_text","text":"B"}}]}]`, want: "invalid_blocks"},
		{name: "11 in small print", blocks: `[{"type":"context","elements":[` + strings.Repeat(text("plain_text", 1)+",", 10) + text("plain_text", 1) + `]}]`, want: "invalid_blocks"},
		{name: "a long text", more: []string{"text", long(40_001)}, want: "msg_too_long"},
		{name: "nothing", more: []string{"text", ""}, want: "no_text"},
		{name: "metadata of no type", more: []string{"metadata", `{"event_payload":{}}`}, want: "invalid_metadata_format"},
		{name: "much metadata", more: []string{"metadata", `{"event_type":"x","event_payload":{"a":"` + long(16_000) + `"}}`}, want: "metadata_too_large"},
		{name: "no such thread", more: []string{"thread_ts", "1.1"}, want: "thread_not_found"},
		{name: "no such channel", more: []string{"channel", "C1"}, want: "channel_not_found"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := New()
			channel := s.AddChannel(Object{"name": "x"})
			args := append([]string{"channel", channel, "text", "t", "blocks", tc.blocks}, tc.more...)
			o, _ := ask(t, s, "chat.postMessage", args...)
			if code, _ := o["error"].(string); code != tc.want || len(s.Own(channel)) != map[bool]int{true: 1, false: 0}[tc.want == ""] {
				t.Errorf("answered %v", o)
			}
		})
	}
}

// TestLimits: a method's calls of a minute are counted by themselves, and who is
// turned away is told for how long.
func TestLimits(t *testing.T) {
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	s := New()
	s.Now = func() time.Time { return now }
	s.PerMinute = map[string]int{"conversations.list": 2}
	for i, want := range []int{200, 200, 429} {
		if _, resp := ask(t, s, "conversations.list"); resp.Code != want {
			t.Errorf("call %d: %d", i, resp.Code)
		}
	}
	if _, resp := ask(t, s, "auth.test"); resp.Code != 200 {
		t.Error("another method is limited too")
	}
	now = now.Add(20 * time.Second)
	o, resp := ask(t, s, "conversations.list")
	if resp.Header().Get("Retry-After") != "41" || o["error"] != "ratelimited" {
		t.Errorf("%v, %v", o, resp.Header())
	}
	now = now.Add(40 * time.Second)
	if _, resp := ask(t, s, "conversations.list"); resp.Code != 200 {
		t.Error("a minute later it is still limited")
	}
}

// TestLag: what the app wrote is in the history a moment later.
func TestLag(t *testing.T) {
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	s := New()
	s.Now, s.Lag = func() time.Time { return now }, 2*time.Second
	channel := s.AddChannel(Object{"name": "x"})
	if o, _ := ask(t, s, "chat.postMessage", "channel", channel, "text", "t"); o["ok"] != true {
		t.Fatal(o)
	}
	for _, want := range []int{0, 1} {
		o, _ := ask(t, s, "conversations.history", "channel", channel)
		if n := len(o["messages"].([]any)); n != want {
			t.Errorf("%d messages, want %d", n, want)
		}
		now = now.Add(3 * time.Second)
	}
}

func TestScopes(t *testing.T) {
	for method, scope := range map[string]string{
		"conversations.list": "channels:read", "conversations.history": "channels:history", "conversations.replies": "channels:history", "conversations.join": "channels:join",
		"users.info": "users:read", "users.list": "users:read", "users.lookupByEmail": "users:read.email", "chat.postMessage": "chat:write", "chat.update": "chat:write", "conversations.open": "im:write",
	} {
		s := New()
		s.Withhold(scope)
		o, resp := ask(t, s, method, "channel", s.AddChannel(Object{"name": "x"}), "user", BotUID, "users", BotUID)
		if o["error"] != "missing_scope" || o["needed"] != scope || strings.Contains(resp.Header().Get("X-Oauth-Scopes")+",", scope+",") {
			t.Errorf("%s: %v, %v", method, o, resp.Header())
		}
	}
}

func TestPaging(t *testing.T) {
	s := New()
	channel := s.AddChannel(Object{"name": "x"}, BotUID)
	for range 5 {
		s.Post(channel, BotUID, "t", "")
	}
	seen, cursor := 0, ""
	for pages := 0; ; pages++ {
		o, _ := ask(t, s, "conversations.history", "channel", channel, "limit", "2", "cursor", cursor)
		seen += len(o["messages"].([]any))
		meta, _ := o["response_metadata"].(Object)
		cursor, _ = meta["next_cursor"].(string)
		if (cursor != "") != (o["has_more"] == true) {
			t.Errorf("has_more is %v with the cursor %q", o["has_more"], cursor)
		}
		if cursor == "" {
			break
		}
		if pages > 5 {
			t.Fatal("it does not end")
		}
	}
	if seen != 5 {
		t.Errorf("%d messages", seen)
	}
	for _, args := range [][]string{{"limit", "0"}, {"limit", "1000"}, {"limit", "x"}, {"cursor", "x"}, {"cursor", "bmV4dDo5OQ=="}} {
		if o, _ := ask(t, s, "conversations.history", append([]string{"channel", channel}, args...)...); o["ok"] != false {
			t.Errorf("%v: %v", args, o)
		}
	}
}

func TestMrkdwn(t *testing.T) {
	for _, tc := range []struct {
		text, shown string
		alive       []string
	}{
		{"plain", "plain", nil},
		{"<!here> &lt;!here&gt;", "here <!here>", []string{"<!here>"}},
		{"<https://a.example|yours>", "yours", []string{"<https://a.example|yours>"}},
		{"see https://a.example/x", "see https://a.example/x", []string{"https://a.example/x"}},
	} {
		shown, alive := mrkdwn(tc.text)
		if diff := cmp.Diff(tc.alive, alive); shown != tc.shown || diff != "" {
			t.Errorf("%q is shown as %q: %s", tc.text, shown, diff)
		}
	}
}
