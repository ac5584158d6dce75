package mail_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline/connect"
	"throughline/connect/mail"
	twin "throughline/twin/smtp"
)

// longLink is longer than a line of a mail may be, folded or not.
var longLink = "https://handoff.example.com/survey/" + strings.Repeat("0123456789=", 120)

// ready is a letter as a survey asks with.
func ready() connect.Letter {
	return connect.Letter{
		Key: "survey-1", To: person, Subject: "Une question, à propos du kickoff",
		Text:   "Bonjour Zoë,\n\n.\nFrom here on = 100%\n\n0: " + longLink + "\n-- \nStop: https://handoff.example.com/survey/stop/x\n",
		HTML:   "<!DOCTYPE html>\n<html lang=\"fr\"><body><p>Bonjour Zoë,</p>\n<a href=\"" + longLink + "\">0</a> <a href=\"https://handoff.example.com/survey/stop/x\">Stop</a></body></html>\n",
		Header: map[string]string{"List-Unsubscribe": "<https://handoff.example.com/survey/stop/" + strings.Repeat("x", 300) + ">", "list-unsubscribe-post": "List-Unsubscribe=One-Click"},
	}
}

func TestPost(t *testing.T) {
	for _, mode := range modes {
		t.Run(string(mode), func(t *testing.T) {
			r := newRig(t, mode, nil)
			r.cfg.Sent = &kept{}
			c := r.client(t)
			l := ready()
			copied, err := c.Post(t.Context(), l)
			if err != nil {
				t.Fatal(err)
			}
			if again, err := c.Post(t.Context(), l); err != nil || again.Made || again.ID != copied.ID {
				t.Errorf("again: %+v, %v", again, err)
			}
			all := r.twin.All(person)
			if len(all) != 1 || len(all[0].Damaged) > 0 || len(all[0].Alive) > 0 {
				t.Fatalf("there came %+v", all)
			}
			got := all[0]
			if !copied.Made || copied.ID != got.ID || got.Subject != l.Subject {
				t.Errorf("the copy is %+v of %q with the id %s", copied, got.Subject, got.ID)
			}
			if text, rich := strings.ReplaceAll(got.Text, "\r\n", "\n"), strings.ReplaceAll(got.HTML, "\r\n", "\n"); text != l.Text || rich != l.HTML {
				t.Errorf("-want +got:\n%s%s", cmp.Diff(l.Text, text), cmp.Diff(l.HTML, rich))
			}
			want := []string{"Auto-Submitted", "Content-Type", "Date", "From", "List-Unsubscribe", "List-Unsubscribe-Post", "Message-Id", "Mime-Version", "Subject", "To", "X-Auto-Response-Suppress", "X-Throughline"}
			if d := cmp.Diff(want, slices.Sorted(maps.Keys(got.Header))); d != "" {
				t.Errorf("header, -want +got:\n%s", d)
			}
			for name, value := range map[string]string{"List-Unsubscribe": l.Header["List-Unsubscribe"], "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"} {
				if got.Header.Get(name) != value {
					t.Errorf("%s is %q", name, got.Header.Get(name))
				}
			}
			if !strings.Contains(string(got.Raw), "\r\nList-Unsubscribe: <https://") {
				t.Errorf("List-Unsubscribe does not stand on one line:\n%.1500s", got.Raw)
			}
			if widest := slices.MaxFunc(strings.Split(string(got.Raw), "\r\n"), func(a, b string) int { return len(a) - len(b) }); len(widest) > 400 {
				t.Errorf("a line of %d bytes: %s", len(widest), widest)
			}
		})
	}
}

// TestPostFaults: after each fault a second try leaves one mail to be seen.
func TestPostFaults(t *testing.T) {
	for _, c := range []struct {
		name   string
		fault  twin.Fault
		final  bool
		copies int // that came
	}{
		{"greylisted", twin.Fault{Stage: twin.Recipient, Code: 451, Enhanced: [3]int{4, 7, 1}}, false, 1},
		{"unknown", twin.Fault{Stage: twin.Recipient, Code: 550, Enhanced: [3]int{5, 1, 1}}, true, 1},
		{"ended, not taken", twin.Fault{Stage: twin.Data, Drop: true}, false, 1},
		{"ended, taken", twin.Fault{Stage: twin.Data, Drop: true, Keep: true}, false, 2},
		{"repeats what it says", twin.Fault{Stage: twin.Data, Code: 550, Message: "blocked: une question, à propos du kickoff, for <" + person + ">, " + longLink}, true, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, mail.NoTLS, nil)
			r.cfg.Sent = &kept{}
			r.twin.Fail(c.fault)
			client := r.client(t)
			_, err := client.Post(t.Context(), ready())
			var e *connect.Error
			if !errors.As(err, &e) || e.Temporary == c.final || e.Advice == "" {
				t.Fatalf("got %+v", err)
			}
			for _, place := range []string{err.Error(), r.log.String()} {
				for _, secret := range []string{password, username, person, "kickoff", "handoff.example.com"} {
					if strings.Contains(place, secret) {
						t.Errorf("%q stands in %s", secret, place)
					}
				}
			}
			second, err := client.Post(t.Context(), ready())
			if err != nil || !second.Made {
				t.Fatalf("the second try: %+v, %v", second, err)
			}
			if all, seen := r.twin.All(person), r.twin.Inbox(person); len(all) != c.copies || len(seen) != 1 || seen[0].ID != second.ID {
				t.Errorf("%d copies came, of which %d are seen", len(all), len(seen))
			}
		})
	}
}

func TestPostRefuses(t *testing.T) {
	r := newRig(t, mail.NoTLS, nil)
	c := r.client(t)
	set := func(name, value string) func(*connect.Letter) {
		return func(l *connect.Letter) { l.Header = map[string]string{name: value} }
	}
	for _, reserved := range []string{
		"From", "Sender", "To", "Cc", "bcc", "BCC", "Reply-To", "Subject", "Date", "Message-Id", "In-Reply-To", "References", "Return-Path", "Received", "Resent-To", "DKIM-Signature",
		"Authentication-Results", "MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Auto-Submitted", "Disposition-Notification-To", "Precedence", "X", "X-", "List", "X--A", "X-A-",
		"X-Evil: 1\r\nBcc", "X-A:", "X-A ", " X-A", "X-Ä", "X-A\x00", "", "X-" + strings.Repeat("a", 60),
	} {
		t.Run(reserved, func(t *testing.T) { refuses(t, c, "may not set", set(reserved, "a@example.com")) })
	}
	for _, ours := range []string{"X-Throughline", "x-throughline", "X-Auto-Response-Suppress"} {
		t.Run(ours, func(t *testing.T) { refuses(t, c, "every mail bears", set(ours, "a")) })
	}
	for _, value := range []string{"", " ", "a ", " a", "a  b", "a\r\nBcc: b@example.com", "a\nb", "a\rb", "a\tb", "a\x00", "ä", "=?utf-8?Q?=0D=0ABcc:_e@evil.example?=", strings.Repeat("a ", 3000)} {
		t.Run("value "+value[:min(len(value), 20)], func(t *testing.T) { refuses(t, c, "one line of printable ASCII", set("List-Help", value)) })
	}
	for want, change := range map[string]func(*connect.Letter){
		"a word of more than 900":    set("List-Help", strings.Repeat("a", 901)),
		"has List-Help twice":        func(l *connect.Letter) { l.Header = map[string]string{"List-Help": "a", "list-help": "a"} },
		"its text is empty":          func(l *connect.Letter) { l.Text = "\n" },
		"its HTML is empty":          func(l *connect.Letter) { l.HTML = "<p>\xff</p>" },
		"it has no usable key":       func(l *connect.Letter) { l.Key = "a b" },
		"not one bare email address": func(l *connect.Letter) { l.To = "a@example.com, b@example.com" },
	} {
		t.Run(want, func(t *testing.T) { refuses(t, c, want, change) })
	}
	if n := len(r.twin.Counts()); n > 0 {
		t.Error("the server was called")
	}
}

// refuses holds that a changed letter is not sent, for good, and that the reason does
// not repeat what is wrong.
func refuses(t *testing.T, c *mail.Client, want string, change func(*connect.Letter)) {
	t.Helper()
	l := ready()
	change(&l)
	_, err := c.Post(t.Context(), l)
	var e *connect.Error
	if !errors.As(err, &e) || e.Temporary || e.Advice == "" || !strings.Contains(e.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
	if err != nil && (strings.Contains(err.Error(), "example.com") && !strings.Contains(want, "bare") || strings.ContainsAny(err.Error(), "\r\n\x00")) {
		t.Errorf("it says what it refuses: %v", err)
	}
}

// TestHostileLetters: no text in a letter's header, subject or key brings another
// field, another recipient or another part; what is sent arrives as it was given.
func TestHostileLetters(t *testing.T) {
	t.Parallel()
	r := newRig(t, mail.NoTLS, nil)
	c := r.client(t)
	usual := slices.Sorted(slices.Values(append(slices.DeleteFunc(slices.Clone(headerNames), func(s string) bool { return s == "Reply-To" }), "X-Said")))
	sent := 0
	for _, text := range hostile(t) {
		// As a value, and as a name: sent as it is, or not at all.
		for _, header := range []map[string]string{{"X-Said": text}, {"X-Said": "before " + text + " after"}, {text: "x"}, {"X-" + text: "x"}, {"List-Help\r\n" + text: "x"}} {
			l := ready()
			l.Header = header
			if _, err := c.Post(t.Context(), l); err != nil {
				continue
			}
			got := last(r.twin.All(person))
			sent++
			for name, value := range header {
				if got.Header.Get(name) != value {
					t.Errorf("%.40q came as %.80q", value, got.Header.Get(name))
				}
			}
			if len(got.Header) != len(usual) || len(got.Damaged) > 0 || got.Text == "" {
				t.Errorf("of %.60q the header has %v", text, slices.Sorted(maps.Keys(got.Header)))
			}
		}
		l := ready()
		l.Subject, l.Header = text, map[string]string{"X-Said": "x"}
		if utf8Text := strings.ToValidUTF8(text, "?"); strings.TrimSpace(utf8Text) != "" {
			l.Text = utf8Text
		}
		if _, err := c.Post(t.Context(), l); err != nil {
			t.Fatalf("%.60q: %v", text, err)
		}
		got := last(r.twin.All(person))
		if d := cmp.Diff(usual, slices.Sorted(maps.Keys(got.Header))); d != "" || len(got.Damaged) > 0 || strings.ContainsAny(got.Subject, "\r\n\u202e\x00") {
			t.Errorf("of %.60q: %s%v, subject %q", text, d, got.Damaged, got.Subject)
		}
		if one := oneBreak.Replace(got.Text); one != oneBreak.Replace(l.Text) {
			t.Errorf("the text %.60q came as %.60q", l.Text, got.Text)
		}
		if strings.ReplaceAll(got.HTML, "\r\n", "\n") != l.HTML {
			t.Errorf("beside %.60q the HTML is %q", text, got.HTML)
		}
	}
	if sent == 0 {
		t.Error("none of the texts was sent in a header, so that nothing is shown by their order")
	}
	if got := r.twin.Mailboxes(); !slices.Equal(got, []string{person}) {
		t.Errorf("mail came for %v", got)
	}
}

// oneBreak makes one kind of line break of all that mail may have.
var oneBreak = strings.NewReplacer("\r\n", "\n", "\r", "\n")

func last(all []twin.Message) twin.Message { return all[len(all)-1] }

// TestSendAndPostShareKeys: a key stands for one mail, whichever way it is sent.
func TestSendAndPostShareKeys(t *testing.T) {
	r := newRig(t, mail.NoTLS, nil)
	sent := &kept{}
	r.cfg.Sent = sent
	c := r.client(t)
	l := ready()
	if _, err := c.Post(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	m := message()
	m.Key = l.Key
	if again, err := c.Send(t.Context(), m); err != nil || again.Made || len(r.twin.All(person)) != 1 {
		t.Errorf("%+v, %v, and %d mails", again, err, len(r.twin.All(person)))
	}
	if d := cmp.Diff(map[string]time.Time{l.Key: today}, sent.keys); d != "" {
		t.Error(d)
	}
}
