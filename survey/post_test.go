package survey

import (
	"context"
	"errors"
	"net"
	netmail "net/mail"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline"
	"throughline/connect"
	"throughline/connect/mail"
	"throughline/twin/smtp"
)

// server is a mail server that the surveys go through, and their way there.
func server(t *testing.T) (*smtp.Server, *mail.Client) {
	t.Helper()
	twin := &smtp.Server{Username: "survey@seller.example", Password: "password-planted"}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- twin.Serve(listener) }()
	t.Cleanup(func() {
		if err := errors.Join(twin.Close(), <-ended); err != nil {
			t.Errorf("the stand-in: %v", err)
		}
	})
	authorities, err := twin.Authorities()
	if err != nil {
		t.Fatal(err)
	}
	client, err := mail.New(mail.Config{
		Host: "127.0.0.1", Port: listener.Addr().(*net.TCPAddr).Port, Username: twin.Username, Password: twin.Password, RootCAs: authorities,
		From: netmail.Address{Name: "Northbeam", Address: "kickoff@seller.example"}, Limiter: connect.NewLimiter(1000, 1000), Now: time.Now, // of the certificate
	})
	if err != nil {
		t.Fatal(err)
	}
	return twin, client
}

// post sends a survey's mail, as the lifecycle does.
func post(ctx context.Context, c *mail.Client, m Mail) (connect.Copy, error) {
	return c.Post(ctx, connect.Letter{Key: m.Key, To: m.To, Subject: m.Subject, Text: m.Text, HTML: m.HTML, Header: m.Header()})
}

// TestMailArrives: in every language, first and again, the mail is at its reader as it
// was written, with links that open.
func TestMailArrives(t *testing.T) {
	t.Parallel()
	twin, client := server(t)
	for _, language := range Languages {
		for _, again := range []bool{false, true} {
			s, l := sample(language)
			s.ID, s.Seller = "nps-"+language, "Zoë & Söhne <GmbH> “Øst”"
			s.Respondents[0].Name = "Jürgen Łukasz 李"
			if again {
				s.Respondents[0].AskedAt = &s.Kickoff
			}
			m, err := l.Mail(s, s.Respondents[0])
			if err != nil {
				t.Fatal(err)
			}
			copied, err := post(t.Context(), client, m)
			if err != nil {
				t.Fatal(err)
			}
			all := twin.All(m.To)
			got := all[len(all)-1]
			if got.ID != copied.ID || len(got.Damaged) > 0 || len(got.Alive) > 0 {
				t.Fatalf("%s: there came %s with %v, and alive in it is %v; sent was %s", language, got.ID, got.Damaged, got.Alive, copied.ID)
			}
			arrivesAs(t, m, got)
			opens(t, l, s, m, got)
		}
	}
	if all, seen := twin.All("a@example.com"), twin.Inbox("a@example.com"); len(all) != 2*len(Languages) || len(seen) != len(all) {
		t.Errorf("of %d mails %d are seen", len(all), len(seen))
	}
}

// arrivesAs holds what came to what was sent.
func arrivesAs(t *testing.T, m Mail, got smtp.Message) {
	t.Helper()
	unix := strings.NewReplacer("\r\n", "\n").Replace
	if d := cmp.Diff([]string{m.Subject, m.Text, m.HTML}, []string{got.Subject, unix(got.Text), unix(got.HTML)}); d != "" {
		t.Errorf("-sent +came:\n%s", d)
	}
	want := map[string]string{
		"List-Unsubscribe": "<" + m.Unsubscribe + ">", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click", "Auto-Submitted": "auto-generated", "X-Throughline": "message",
		"From": `"Northbeam" <kickoff@seller.example>`, "To": "<a@example.com>",
	}
	for name, value := range want {
		if all := got.Header.Values(name); !slices.Equal(all, []string{value}) {
			t.Errorf("%s is %q, want %q", name, all, value)
		}
	}
	head, body, _ := strings.Cut(string(got.Raw), "\r\n\r\n")
	for line := range strings.SplitSeq(head, "\r\n") {
		if len(line) > 998 {
			t.Errorf("a line of the head has %d bytes", len(line))
		}
	}
	for line := range strings.SplitSeq(body, "\r\n") {
		if len(line) > 78 { // RFC 2045, 6.7: 76 and the soft break; RFC 5322, 2.1.1
			t.Errorf("a line has %d bytes: %s", len(line), line)
		}
	}
	if n := strings.Count(body, "Content-Transfer-Encoding: quoted-printable"); n != 2 {
		t.Errorf("%d parts are quoted-printable:\n%.600s", n, body)
	}
}

// opens follows every link of what came, in the HTML and in the text.
func opens(t *testing.T, l *Links, s throughline.Survey, m Mail, got smtp.Message) {
	t.Helper()
	var rich []string
	for _, link := range got.Links {
		rich = append(rich, link.URL)
	}
	plainLinks := regexp.MustCompile(`https://\S+`).FindAllString(got.Text, -1)
	if d := cmp.Diff(rich, plainLinks); d != "" || len(rich) != 12 || rich[11] != m.Unsubscribe {
		t.Errorf("links of the HTML and of the text differ, or are not 12 with that to unsubscribe last:\n%s", d)
	}
	for i, link := range rich {
		u, err := url.Parse(link)
		if err != nil {
			t.Fatal(err)
		}
		if i == 11 {
			if g, err := l.open(strings.TrimPrefix(u.Path, StopPath), stop); err != nil || g.respondent != s.Respondents[0].ID {
				t.Errorf("the link to unsubscribe opens %+v, %v", g, err)
			}
			continue
		}
		if g, err := l.open(strings.TrimPrefix(u.Path, VotePath), vote); err != nil || g.score != i || g.survey != s.ID || got.Links[i].Label != strconv.Itoa(i) {
			t.Errorf("the link of %d, %q, opens %+v, %v", i, got.Links[i].Label, g, err)
		}
	}
}

// TestHostileSurvey: whatever the CRM has for the seller's and the respondent's name,
// the mail goes to the respondent alone, and nothing in it comes alive.
func TestHostileSurvey(t *testing.T) {
	t.Parallel()
	twin, client := server(t)
	for i, text := range []string{
		"x\r\nBcc: evil@evil.example", "x\r\n\r\n<script>alert(1)</script>", "\r\n.\r\nMAIL FROM:<a@evil.example>", "=?utf-8?Q?=0D=0ABcc:_e@evil.example?=", `"><img src=https://evil.example/p.gif>`,
		"</title><a href=https://evil.example>0</a>", "{{.StopURL}}", "https://evil.example/x", "\u202egnp\u2066", "a\x00b\x1b[31m", "\xff\xfe", strings.Repeat("🦊", 500), strings.Repeat("x", 5000),
	} {
		s, l := sample("en")
		s.ID, s.Seller, s.Respondents[0].Name = "nps-"+strconv.Itoa(i), "Example "+text, text
		m, err := l.Mail(s, s.Respondents[0])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := post(t.Context(), client, m); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		all := twin.All("a@example.com")
		got := all[len(all)-1]
		if len(got.Damaged) > 0 || len(got.Alive) > 0 || strings.ContainsAny(got.Subject, "\r\n\x00\x1b\u202e") {
			t.Errorf("%q: damaged %v, alive %v, subject %q", text, got.Damaged, got.Alive, got.Subject)
		}
		if len(got.Header) != 12 || got.Header.Get("Bcc") != "" || len(got.Links) != 12 || slices.ContainsFunc(got.Links, func(to smtp.Link) bool { return !strings.HasPrefix(to.URL, l.Public+"/") }) {
			t.Errorf("%q: header %v, links %v", text, got.Header, got.Links)
		}
	}
	if got := twin.Mailboxes(); !slices.Equal(got, []string{"a@example.com"}) {
		t.Errorf("mail came for %v", got)
	}
}

// TestMailIsSeenOnce: whatever becomes of the first try, a second leaves one mail to be
// seen; the reminder is another.
func TestMailIsSeenOnce(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]smtp.Fault{
		"none, and sent again":     {Stage: smtp.Connect, After: 99, Drop: true},
		"too busy":                 {Stage: smtp.Connect, Code: 421},
		"greylisted":               {Stage: smtp.Recipient, Code: 451, Enhanced: [3]int{4, 7, 1}},
		"ended before it was kept": {Stage: smtp.Data, Drop: true},
		"ended after it was kept":  {Stage: smtp.Data, Drop: true, Keep: true},
		"taken for unwanted":       {Stage: smtp.Data, Code: 550, Enhanced: [3]int{5, 7, 26}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			twin, client := server(t)
			twin.Fail(fault)
			s, l := sample("en")
			first, err := l.Mail(s, s.Respondents[0])
			if err != nil {
				t.Fatal(err)
			}
			_, failed := post(t.Context(), client, first)
			if struck := fault.After == 0; struck != (failed != nil) {
				t.Fatalf("the first try: %v", failed)
			}
			if failed != nil && (strings.Contains(failed.Error(), "a@example.com") || strings.Contains(failed.Error(), "/survey/") || strings.Contains(failed.Error(), "Ada")) {
				t.Errorf("an error tells of the respondent: %v", failed)
			}
			same, err := l.Mail(s, s.Respondents[0])
			if err != nil {
				t.Fatal(err)
			}
			second, err := post(t.Context(), client, same)
			if err != nil {
				t.Fatal(err)
			}
			if seen := twin.Inbox("a@example.com"); len(seen) != 1 || seen[0].ID != second.ID {
				t.Errorf("%d mails are seen", len(seen))
			}
			s.Respondents[0].AskedAt = &s.Kickoff
			reminder, err := l.Mail(s, s.Respondents[0])
			if err != nil {
				t.Fatal(err)
			}
			if _, err := post(t.Context(), client, reminder); err != nil {
				t.Fatal(err)
			}
			if seen := twin.Inbox("a@example.com"); len(seen) != 2 || seen[1].Subject != reminder.Subject {
				t.Errorf("with the reminder %d mails are seen", len(seen))
			}
		})
	}
}
