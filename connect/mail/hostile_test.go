package mail_test

import (
	"bufio"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"throughline/connect"
	"throughline/connect/mail"
)

const injectionFile = "../../../shared/data/injection/attacks.jsonl"

// hostile are texts that would do something where they are not shown as they are.
func hostile(t *testing.T) []string {
	t.Helper()
	all := []string{
		"x\r\nBcc: evil@evil.example", "x\nX-Injected: 1\n\nbody", "x\r\n.\r\nMAIL FROM:<a@evil.example>", ".", "..", ".\r\n", "x\u2028Bcc: evil@evil.example", "x\x0bBcc: e@evil.example", "x\u0085Bcc: e@evil.example",
		"=?utf-8?q?Bcc=3A_evil?= =?utf-8?b?aGlkZGVu?=", "=?utf-8?Q?=0D=0ABcc:_e@evil.example?=", "\"x\" <evil@evil.example>, ", "x\"; <evil@evil.example>", "a\\", "a\"b\\\"c", "(comment", "group: a@b;",
		"<script>alert(1)</script>", "<img src=https://evil.example/p.gif>", "</title><body onload=x>", "</p></div><a href=https://evil.example>Review</a>", "<style>@import 'https://evil.example/x.css'</style>", "<!--", "]]>", "\" onmouseover=\"x",
		"{{.Subject}}", "{{range .Actions}}{{.URL}}{{end}}", "${x}", "<%= x %>", "%s%n%!d(int)", "javascript:alert(1)", "https://evil.example/x",
		"\u202egnp.exe \u2066x\u2069", "\U000e0041\U000e0042 tagged", "a\x00b\x07c\x1b[31m", "\xff\xfe", "\u200b", "", "   ", "Zoë 日本語 🦊 العربية", strings.Repeat("long ", 2000), strings.Repeat("x", 20_000), strings.Repeat("🦊", 3000),
		"--", "-- \nsignature", "From here on", ">From", "boundary\r\n--boundary--", "Content-Type: text/html\r\n\r\n<b>x</b>",
	}
	f, err := os.Open(injectionFile)
	if os.IsNotExist(err) {
		return all
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var attack struct {
			Text string `json:"text"`
		}
		if err := json.Unmarshal(lines.Bytes(), &attack); err != nil {
			t.Fatal(err)
		}
		all = append(all, attack.Text)
	}
	if err := lines.Err(); err != nil || len(all) < 100 {
		t.Fatalf("%d texts: %v", len(all), err)
	}
	return all
}

// The header of a mail, whatever it says.
var headerNames = []string{"Auto-Submitted", "Content-Type", "Date", "From", "Message-Id", "Mime-Version", "Reply-To", "Subject", "To", "X-Auto-Response-Suppress", "X-Throughline"}

// TestHostileMessages: whatever stands in a message, in its actions and in the
// configured names is shown as it is, and does nothing.
func TestHostileMessages(t *testing.T) {
	const opens = "https://throughline.example/r/1"
	r := newRig(t, mail.NoTLS, nil)
	for _, text := range hostile(t) {
		r.cfg.From.Name, r.cfg.ReplyTo.Name, r.cfg.ReplyTo.Address = text, text, "zoe@seller.example"
		_, err := r.client(t).Send(t.Context(), connect.Message{
			Key: "k", To: person, Subject: text, Paragraphs: []string{text, "before " + text + "\nafter"},
			Actions: []connect.Action{{Label: text, URL: opens, Primary: true}, {Label: text, URL: opens + "?q=" + strings.Repeat("%22", 3)}, {Label: text, ID: "x", Value: text}},
		})
		if err != nil {
			t.Fatalf("%.60q: %v", text, err)
		}
		all := r.twin.All(person)
		got := all[len(all)-1]
		if len(got.Damaged) > 0 || len(got.Alive) > 0 {
			t.Errorf("of %.60q is damaged %v, comes alive %q", text, got.Damaged, got.Alive)
		}
		if names := slices.Sorted(maps.Keys(got.Header)); !slices.Equal(names, headerNames) {
			t.Errorf("of %.60q the header has %v", text, names)
		}
		for _, l := range got.Links {
			if !strings.HasPrefix(l.URL, opens) {
				t.Errorf("of %.60q there is a link to %s", text, l.URL)
			}
		}
		if len(got.Links) != 4 || got.From != "" && !strings.HasSuffix(got.From, "<"+sender+">") {
			t.Errorf("of %.60q: from %q, links %v", text, got.From, got.Links)
		}
		shown := got.Subject + got.From + got.Text + got.HTML
		if strings.ContainsAny(shown, "\u202e\u2066\U000e0041\x00\x07\x1b\x0b\u0085\u2028") || strings.ContainsAny(got.Subject+got.From, "\r\n") {
			t.Errorf("of %.60q is shown %q", text, shown)
		}
		// What it says is said, but for white space and what prints nothing.
		if strings.ContainsAny(text, "{}<>%") && !strings.ContainsAny(text, "\x00\r\n\U000e0041\u202e") && len(text) < 500 && !strings.Contains(spaceless(got.Text), spaceless(text)) {
			t.Errorf("%q is not in the text %q", text, got.Text)
		}
		if want := spaceless(text); len(text) < 150 && !strings.ContainsAny(text, "\x00\u202e\U000e0041\x0b\u0085\u2028") && utf8.ValidString(text) && want != "" && spaceless(strings.ReplaceAll(got.Subject, "\u2060", "")) != want {
			t.Errorf("the subject %q is shown as %q", text, got.Subject)
		}
		for raw := range strings.SplitSeq(strings.TrimSuffix(string(got.Raw), "\r\n"), "\r\n") {
			if len(raw) > 998 || strings.ContainsAny(raw, "\r\n") {
				t.Errorf("of %.60q a line of %d bytes, or one that is broken in another way", text, len(raw))
			}
		}
	}
	if got := r.twin.Mailboxes(); !slices.Equal(got, []string{person}) {
		t.Errorf("mail came for %v", got)
	}
}

func spaceless(s string) string { return strings.Join(strings.Fields(s), "") }

// TestHostileAddresses: no text in place of an address, a key or a link leads a
// mail elsewhere, or brings another command.
func TestHostileAddresses(t *testing.T) {
	r := newRig(t, mail.NoTLS, nil)
	r.cfg.Sent = &kept{}
	c := r.client(t)
	for _, text := range hostile(t) {
		for name, put := range map[string]func(*connect.Message){
			"to":            func(m *connect.Message) { m.To = text },
			"behind to":     func(m *connect.Message) { m.To = person + text },
			"before to":     func(m *connect.Message) { m.To = text + person },
			"key":           func(m *connect.Message) { m.Key = text },
			"link":          func(m *connect.Message) { m.Actions[0].URL = text },
			"behind a link": func(m *connect.Message) { m.Actions[0].URL += text },
		} {
			m := message()
			put(&m)
			if _, err := c.Send(t.Context(), m); err != nil {
				if len(err.Error()) > 400 || len(text) > 3 && strings.Contains(err.Error(), text) {
					t.Errorf("%s %.60q: %v", name, text, err)
				}
			}
		}
	}
	for _, box := range r.twin.Mailboxes() {
		if box != person && !slices.Contains([]string{"xann@seller.example"}, box) && !strings.HasSuffix(box, person) {
			t.Errorf("mail came for %q", box)
		}
		for _, m := range r.twin.All(box) {
			names := slices.Sorted(maps.Keys(m.Header))
			want := slices.DeleteFunc(slices.Clone(headerNames), func(s string) bool { return s == "Reply-To" })
			if d := cmp.Diff(want, names); d != "" || len(m.Alive) > 0 || len(m.Damaged) > 0 {
				t.Errorf("for %q: %s%v%v", box, d, m.Alive, m.Damaged)
			}
			for _, l := range m.Links {
				if !strings.HasPrefix(l.URL, "https://throughline.example") && !strings.HasPrefix(l.URL, "https://evil.example/x") {
					t.Errorf("for %q: a link to %q", box, l.URL)
				}
			}
		}
	}
}
