package folder

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"throughline"
)

const (
	slackUsers    = `[{"id":"U1","team_id":"T1","profile":{"real_name":"Ann Lee","email":"ann@vendor.example"}},{"id":"U2","team_id":"T1","name":"cy","profile":{"display_name":"Cy Ng","email":"cy@vendor.example"}}]`
	slackChannels = `[{"id":"C1","name":"deal-buyer","members":["U1","U2"]}]`
)

// slackDeal reads the messages of one day of the channel deal-buyer.
func slackDeal(t *testing.T, messages string) *throughline.Deal {
	t.Helper()
	return readFiles(t, map[string]string{
		"slack/users.json": slackUsers, "slack/channels.json": slackChannels, "slack/deal-buyer/2026-03-03.json": messages, "deal.json": sidesKnown,
	})
}

func TestSlackMessages(t *testing.T) {
	for _, tt := range []struct {
		name, messages string
		want           []string // name: text, "-" before what proves nothing
	}{
		{"edited", `[{"type":"message","user":"U1","text":"five","ts":"1772540000.1"},{"type":"message","user":"U1","text":"six","ts":"1772540000.1","edited":{"ts":"1772540009.0"}}]`, []string{"Ann Lee: six"}},
		{
			"edited, as an event", `[{"type":"message","user":"U1","text":"five","ts":"1772540000.1"},
 {"type":"message","subtype":"message_changed","ts":"1772540009.0","message":{"type":"message","user":"U1","text":"six","ts":"1772540000.1","edited":{"ts":"1772540009.0"}}}]`,
			[]string{"Ann Lee: six"},
		},
		{"deleted", `[{"type":"message","user":"U1","text":"stays","ts":"1772540000.1"},{"type":"message","subtype":"tombstone","user":"USLACKBOT","text":"This message was deleted.","ts":"1772540001.1"}]`, []string{"Ann Lee: stays"}},
		{
			"broadcast of a thread", `[{"type":"message","user":"U1","text":"q","ts":"1772540000.1","thread_ts":"1772540000.1"},{"type":"message","subtype":"thread_broadcast","user":"U2","text":"a","ts":"1772540002.1","thread_ts":"1772540000.1"}]`,
			[]string{"Ann Lee: q", "Cy Ng: a"},
		},
		{"blocks only", `[{"type":"message","user":"U1","text":"","ts":"1772540000.1","blocks":[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"ask "},{"type":"user","user_id":"U2"},{"type":"text","text":" about "},{"type":"link","url":"http://x.example","text":"SSO"}]},
 {"type":"rich_text_list","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"one"}]},{"type":"rich_text_section","elements":[{"type":"text","text":"two"}]}]}]}]}]`, []string{"Ann Lee: ask @Cy Ng about SSO\none\ntwo"}},
		{"section block", `[{"type":"message","user":"U1","text":"","ts":"1772540000.1","blocks":[{"type":"section","text":{"type":"mrkdwn","text":"*hello*"}}]}]`, []string{"Ann Lee: *hello*"}},
		{"file with a comment", `[{"type":"message","subtype":"file_share","user":"U1","text":"the plan","ts":"1772540000.1","files":[{"id":"F1","title":"plan.pdf"}]}]`, []string{"Ann Lee: the plan"}},
		{"somebody else's message passed on", `[{"type":"message","user":"U1","text":"","ts":"1772540000.1","attachments":[{"author_name":"Bo Ek","author_id":"U9","text":"we hate it","from_url":"https://x.slack.example/1"}]}]`, []string{"-Ann Lee: we hate it"}},
		{"Slackbot", `[{"type":"message","user":"USLACKBOT","text":"Reminder","ts":"1772540000.1"},{"type":"message","user":"U1","text":"x","ts":"1772540001.1"}]`, []string{"-: Reminder", "Ann Lee: x"}},
		{"groups and dates", `[{"type":"message","user":"U1","text":"<!subteam^S1|@ps-team> by <!date^1772540000^{date}|3 March>, <!here>","ts":"1772540000.1"}]`, []string{"Ann Lee: @ps-team by 3 March, @here"}},
		{
			"a stranger named once", `[{"type":"message","user":"U7","text":"first","ts":"1772540000.1"},{"type":"message","user":"U7","text":"second","ts":"1772540001.1","user_profile":{"real_name":"Bo","display_name":"bo"}}]`,
			[]string{"Bo: first", "Bo: second"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := slackDeal(t, tt.messages)
			var got []string
			for p := range d.Passages {
				line := p.Name + ": " + p.Text
				if !p.Evidence() {
					line = "-" + line
				}
				got = append(got, line)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSlackStrangerIsTheCustomers(t *testing.T) {
	d := readFiles(t, map[string]string{
		"deal.json": sidesKnown, "users.json": slackUsers, "channels.json": `[{"id":"C1","name":"shared","is_ext_shared":true,"members":["U1","U7"]}]`,
		"shared/2026-03-03.json": `[{"type":"message","user":"U7","text":"we key it by hand","ts":"1772540000.1","user_profile":{"real_name":"Bo Ek"}}]`,
		"1.eml":                  mailOf("1", "Ann Lee <ann@vendor.example>", "Bo Ek <bo@buyer.example>", "Hi"),
	})
	if p := d.Passage("s1.1"); p.Side() != throughline.SideCustomer || d.Source("s1").Internal {
		t.Errorf("Bo, whom a mail knows, is %+v in the shared channel", p.Speaker)
	}
}

func TestSlackLinks(t *testing.T) {
	d := readFiles(t, map[string]string{
		"users.json": slackUsers, "channels.json": `[{"id":"C1","name":"deal","url":"https://x.slack.example/archives/C1","members":["U1"]}]`,
		"deal/2026-03-03.json": `[{"type":"message","user":"U1","text":"hello","ts":"1772540000.000100","permalink":"https://x.slack.example/archives/C1/p1772540000000100"}]`,
	})
	s, p := d.Source("s1"), d.Passage("s1.1")
	if s == nil || s.URL != "https://x.slack.example/archives/C1" || p == nil || p.URL != "https://x.slack.example/archives/C1/p1772540000000100" {
		t.Errorf("the channel opens at %+v, its message at %+v", s, p)
	}
}

func TestSlackTwoWorkspaces(t *testing.T) {
	d := readFiles(t, map[string]string{
		"a/users.json": slackUsers, "a/channels.json": `[{"id":"C1","name":"general","members":["U1","U2"]}]`, "a/general/2026-03-03.json": `[{"type":"message","user":"U1","text":"in a","ts":"1772540000.1"}]`,
		"b/groups.json": `[{"id":"G2","name":"general","members":["U2"]}]`, "b/general/2026-03-03.json": `[{"type":"message","user":"U2","text":"in b","ts":"1772540001.1"}]`,
	})
	a, b := d.Source("s1"), d.Source("s2")
	if a == nil || b == nil || a.NativeID != "C1" || b.NativeID != "G2" || a.Private || !b.Private {
		t.Errorf("the two channels of one name are %+v and %+v", a, b)
	}
}

func TestSlackDirectMessages(t *testing.T) {
	d := readFiles(t, map[string]string{
		"users.json": slackUsers, "dms.json": `[{"id":"D12345678","members":["U1","U2"]}]`,
		"D12345678/2026-03-03.json":            `[{"type":"message","user":"U1","text":"between us","ts":"1772540000.1"}]`,
		"mpdm-ann--cy--bo-1/2026-03-04.json":   `[{"type":"message","user":"U2","text":"among three","ts":"1772640000.1"}]`,
		"mpdm-ann--cy--bo-1/2026-03-05.json":   `[]`,
		"D99999999/history.json":               `{"ok":true,"messages":[{"type":"message","user":"U2","text":"from the API","ts":"1772740000.1"}],"has_more":false}`,
		"empty-channel-not-known/nothing.json": `{"ok":true,"messages":[]}`,
	})
	for i, want := range []string{"Direct messages: Ann Lee, Cy Ng", "Direct messages: Cy Ng", "Direct messages: Cy Ng"} {
		s := d.Source("s" + string(rune('1'+i)))
		if s == nil || s.Title != want || !s.Private || strings.HasPrefix(s.Title, "#") {
			t.Errorf("source %d is %+v, want %q, private", i+1, s, want)
		}
	}
}
