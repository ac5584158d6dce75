package slack

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	slackapi "github.com/slack-go/slack"
	"pgregory.net/rapid"

	"throughline/connect"
)

// TestVerifyAgrees: a signature that slack-go takes, we take, and no other.
func TestVerifyAgrees(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Now()
		secret := rapid.StringMatching(`[a-z0-9]{1,32}`).Draw(t, "secret")
		body := []byte(rapid.String().Draw(t, "body"))
		stamp := strconv.FormatInt(now.Add(time.Duration(rapid.IntRange(-600, 600).Filter(func(n int) bool { return n < -303 || n > -297 && n < 297 || n > 303 }).Draw(t, "seconds"))*time.Second).Unix(), 10)
		h := http.Header{}
		h.Set("X-Slack-Request-Timestamp", stamp)
		h.Set("X-Slack-Signature", rapid.SampledFrom([]string{Signature(secret, stamp, string(body)), Signature("other", stamp, string(body)), "v0=", "v0=zz", "v1=00", ""}).Draw(t, "signature"))
		theirs := func() error {
			v, err := slackapi.NewSecretsVerifier(h, secret)
			if err != nil {
				return err
			}
			if _, err := v.Write(body); err != nil {
				return err
			}
			return v.Ensure()
		}()
		if ours := verify(h, body, secret, now); (ours == nil) != (theirs == nil) {
			t.Errorf("ours %v, theirs %v", ours, theirs)
		}
	})
}

// TestOfButton: a button tells which version it stood beside; what others wrote tells
// none.
func TestOfButton(t *testing.T) {
	for value, want := range map[string]struct {
		key     string
		version int
	}{
		buttonValue("006A-1790625900", 12): {"006A-1790625900", 12}, "006A": {"006A", 0}, "": {"", 0}, "006A@": {"006A", 0}, "006A@-1": {"006A", 0}, "006A@1@2": {"006A", 0}, "006A@x": {"006A", 0},
	} {
		if key, version := ofButton(value); key != want.key || version != want.version {
			t.Errorf("%q is %q, version %d", value, key, version)
		}
	}
}

// TestCut: what is cut is a beginning of the text within the limit, in whole
// characters.
func TestCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, n := rapid.String().Draw(t, "s"), rapid.IntRange(1, 60).Draw(t, "n")
		got := connect.Cut(s, n)
		if connect.Length(got) > n || !utf8.ValidString(got) || connect.Length(s) <= n && got != s || !strings.HasPrefix(s, strings.TrimSuffix(got, "…")) {
			t.Errorf("%q at %d is %q", s, n, got)
		}
	})
}

func TestWebAddress(t *testing.T) {
	for s, want := range map[string]bool{
		"https://a.example/x": true, "http://127.0.0.1:8080/h/1": true, "javascript:alert(1)": false, "https://u:p@a.example": false, "": false, "//a.example": false,
		"https://a.example/" + strings.Repeat("x", 3000): false, "slack://open": false, "https://": false,
	} {
		if _, ok := webAddress(s); ok != want {
			t.Errorf("%q: %v", s, ok)
		}
	}
}

func TestPatterns(t *testing.T) {
	for p, ok := range map[string]bool{"deal-{customer}": true, "{id}": true, "*-{domain}-*": true, "deal-*": false, "general": false, "deal-{custmer}": false, "": false} {
		if err := checkPattern(p); (err == nil) != ok {
			t.Errorf("%q: %v", p, err)
		}
	}
	for _, cfg := range []Config{{}, {Token: "x", Base: "http://slack.example/api"}, {Token: "x", Base: "slack"}, {Token: "x", Patterns: []string{"*"}}, {Token: "x", Also: []string{"general"}}, {Token: "x", Channels: map[string][]string{"1": {"not a channel"}}}} {
		if _, err := New(cfg); err == nil {
			t.Errorf("%+v was taken", cfg)
		}
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	for _, body := range []string{
		`{"ok":false}`, `{"ok":false,"error":"xoxb secret!"}`, `{"ok":false,"error":"missing_scope"}`, `{"ok":false,"error":"missing_scope","needed":"a b\n"}`, `{"ok":false,"error":"something_new"}`, `{}`, `[]`, `null`,
		`{"ok":false,"error":"not_in_channel"}`, `{"ok":false,"error":"is_archived"}`, `{"ok":false,"error":"restricted_action"}`, `{"ok":false,"error":"invalid_blocks"}`, `{"ok":false,"error":"access_denied"}`, `{"ok":false,"error":"user_disabled"}`,
	} {
		e := refused(nil, []byte(body))
		if body == `[]` {
			if e != nil {
				t.Errorf("%s: %v", body, e)
			}
			continue
		}
		if e == nil || e.Advice == "" || e.Message == "" || strings.Contains(e.Error(), "secret") || strings.Contains(e.Error(), "a b") {
			t.Errorf("%s: %v", body, e)
		}
	}
	if e := refused(nil, []byte(`{"ok":true}`)); e != nil {
		t.Error(e)
	}
}

// FuzzCallback: no payload makes the program fail, and what comes of one is whole.
func FuzzCallback(f *testing.F) {
	for _, s := range []string{
		`{"type":"block_actions","user":{"id":"U1"},"actions":[{"action_id":"a","value":"v"}],"container":{"attachment_id":1}}`,
		`{"type":"view_submission","user":{"id":"U1"},"view":{"id":"V1","state":{"values":{"b":{"a":{"value":"x"}}}}}}`,
		`{"type":"block_actions","actions":[null]}`, `{"type":"block_actions","state":7}`, `{"view":null}`, `null`, ``,
	} {
		f.Add(url.Values{"payload": {s}}.Encode())
	}
	f.Fuzz(func(t *testing.T, body string) {
		cb, err := parseForm([]byte(body))
		if err != nil {
			return
		}
		for _, i := range interactionsOf(cb) {
			if i.ID == "" || i.User.ID == "" || i.Action == "" == (i.View == nil) {
				t.Errorf("%q gives %+v", body, i)
			}
		}
	})
}

// FuzzMessage: whatever stands in a message, it is saved as JSON with its time, in
// a day's file.
func FuzzMessage(f *testing.F) {
	for _, s := range []string{
		`{"ts":"1784044920.000001","text":"hi","files":[{"id":"F1","url_private":"x"}],"metadata":{"event_type":"throughline_handoff","event_payload":{"key":"k","version":2,"outcome":"accepted"}}}`,
		`{"ts":"99999999999.1","files":7,"metadata":[]}`, `{"ts":1}`, `[]`, `{"ts":"../x"}`,
	} {
		f.Add(s)
	}
	self := &identity{URL: "https://x.slack.example/", UserID: "U1", BotID: "B1"}
	f.Fuzz(func(t *testing.T, raw string) {
		m, ok := parseMessage([]byte(raw))
		if !ok {
			return
		}
		saved, err := json.Marshal(m.saved("C1", self))
		if err != nil || !dayFile.MatchString(m.at().Format(time.DateOnly)+".json") || strings.Contains(string(saved), "url_private\"") && !strings.Contains(raw, "attachments") && !strings.Contains(raw, "blocks") && len(m.Files) > 0 && !strings.Contains(m.Text, "url_private") {
			t.Errorf("%q is saved as %s: %v", raw, saved, err)
		}
		_ = markerOf(m).metadata(eventHandoff)
	})
}

// FuzzRef: what is taken for a channel's name or id is one, and no pattern's form
// matches a name that the deal does not tell.
func FuzzRef(f *testing.F) {
	for _, s := range []string{"#deal-buyer", "C0123456789", "https://x.slack.com/archives/C0123456789", "<#C0123456789|x>", "slack://channel?id=C0123456789", "../x", "*", "[a-z]", `\`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if r, ok := parseRef(s); ok && (r.id == "") == (r.name == "") || ok && r.id != "" && !channelID.MatchString(r.id) || ok && r.name != "" && !channelName.MatchString(r.name) {
			t.Errorf("%q is %+v", s, r)
		}
		for _, form := range forms("deal-{customer}", &connect.Record{Customer: s}) {
			if ok, err := path.Match(form, form); !ok || err != nil || strings.ContainsAny(form, "*?[]\\/.") {
				t.Errorf("%q gives %q", s, form)
			}
		}
	})
}

// TestTiers: no method is called faster than the vendor's page of it allows.
func TestTiers(t *testing.T) {
	const dir = "../../../shared/specs/slack/methods"
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("%s is not here: the vendor's descriptions are kept beside the project", dir)
	}
	c, err := New(Config{Token: "x"})
	if err != nil {
		t.Fatal(err)
	}
	tiers := map[string]float64{"t1": 1, "t2": 20, "t3": 50, "t4": 100}
	for _, name := range []string{
		"conversations.list", "conversations.info", "conversations.members", "conversations.history", "conversations.replies", "conversations.join", "conversations.open",
		"users.info", "users.lookupByEmail", "chat.update", "views.open", methodConnect,
	} {
		raw, err := os.ReadFile(filepath.Join(dir, name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var page struct {
			Tier string `json:"rate_limits"`
		}
		if err := json.Unmarshal(raw, &page); err != nil {
			t.Fatal(err)
		}
		perSecond, burst := pace(c.perMinute(name))
		if most, ok := tiers[page.Tier]; !ok || perSecond*60+float64(burst) > most {
			t.Errorf("%s is of tier %s and may be called %v times a minute", name, page.Tier, perSecond*60+float64(burst))
		}
	}
	c.cfg.Restricted = true
	if perSecond, burst := pace(c.perMinute("conversations.history")); perSecond*60 > 1.001 || burst != 1 || c.pageSize("conversations.history") != "15" {
		t.Errorf("restricted, history may be read %v times a second", perSecond)
	}
}
