package mail_test

import (
	"context"
	"errors"
	"fmt"
	netmail "net/mail"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline/connect"
	"throughline/connect/mail"
	twin "throughline/twin/smtp"
)

var modes = []mail.TLSMode{mail.StartTLS, mail.TLS, mail.NoTLS}

func TestSend(t *testing.T) {
	for _, mode := range modes {
		t.Run(string(mode), func(t *testing.T) {
			r := newRig(t, mode, nil)
			r.cfg.ReplyTo = netmail.Address{Name: "Zoë Example", Address: "zoe@seller.example"}
			copied, err := r.client(t).Send(t.Context(), message())
			if err != nil {
				t.Fatal(err)
			}
			all := r.twin.All(person)
			if len(all) != 1 || len(all[0].Damaged) > 0 || len(all[0].Alive) > 0 {
				t.Fatalf("there came %+v", all)
			}
			got := all[0]
			if !copied.Made || copied.ID != got.ID || !strings.HasSuffix(copied.ID, "@seller.example") {
				t.Errorf("the copy is %+v of a mail with the id %s", copied, got.ID)
			}
			header := map[string]string{}
			for _, name := range []string{"From", "To", "Reply-To", "Subject", "Date", "Auto-Submitted", "X-Auto-Response-Suppress", "X-Throughline", "Mime-Version", "User-Agent", "X-Mailer"} {
				header[name] = got.Header.Get(name)
			}
			want := map[string]string{
				"From": `"Handoffs" <handoffs@seller.example>`, "To": "<ann@seller.example>", "Reply-To": "=?utf-8?q?Zo=C3=AB_Example?= <zoe@seller.example>",
				"Subject": "Review the handoff of Harborline", "Date": "Mon, 01 Jun 2026 12:00:00 +0200",
				"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All", "X-Throughline": "message", "Mime-Version": "1.0", "User-Agent": "", "X-Mailer": "",
			}
			if d := cmp.Diff(want, header); d != "" {
				t.Errorf("header, -want +got:\n%s", d)
			}
			text := "The draft is ready.\n\nIt has three open questions.\nThey are marked.\n\nReview the draft:\nhttps://throughline.example/r/1?t=a&b=c\n\n" +
				"Ask for more time:\nhttps://throughline.example/r/1/later\n\nSent by Throughline, not by a person.\n"
			if d := cmp.Diff(text, strings.ReplaceAll(got.Text, "\r\n", "\n")); d != "" {
				t.Errorf("text, -want +got:\n%s", d)
			}
			var links []twin.Link
			for _, to := range []twin.Link{{Label: "Review the draft", URL: "https://throughline.example/r/1?t=a&b=c"}, {Label: "Ask for more time", URL: "https://throughline.example/r/1/later"}} {
				links = append(links, to, twin.Link{Label: to.URL, URL: to.URL})
			}
			if d := cmp.Diff(links, got.Links); d != "" {
				t.Errorf("links, -want +got:\n%s", d)
			}
			// A message takes one connection, and each command once.
			hellos := 1
			if mode == mail.StartTLS {
				hellos = 2
			}
			calls := map[twin.Stage]int{twin.Connect: 1, twin.Hello: hellos, twin.SignIn: 1, twin.Sender: 1, twin.Recipient: 1, twin.Data: 1}
			if d := cmp.Diff(calls, r.twin.Counts()); d != "" {
				t.Errorf("commands, -want +got:\n%s", d)
			}
		})
	}
}

func TestSignIn(t *testing.T) {
	for _, c := range []struct {
		name  string
		mechs []string
		want  string // in the error; empty where it works
	}{
		{"plain", []string{"PLAIN"}, ""},
		{"login", []string{"LOGIN"}, ""},
		{"unknown first", []string{"XOAUTH2", "LOGIN"}, ""},
		{"only unknown", []string{"XOAUTH2"}, "no way of signing in by password"},
		{"not at all", []string{}, "does not let anybody sign in"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, mail.StartTLS, &twin.Server{Mechanisms: c.mechs})
			_, err := r.client(t).Send(t.Context(), message())
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// TestFaults: after each fault a second try leaves one message to be seen, and one
// that is final is told as such.
func TestFaults(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault twin.Fault
		code  string
		final bool
		said  string // in the first error
		kept  int    // copies after the second try; one when 0
	}{
		{name: "connection ended", fault: twin.Fault{Stage: twin.Connect, Drop: true}, said: "greet the mail server: the server ended the connection"},
		{name: "too busy", fault: twin.Fault{Stage: twin.Connect, Code: 421}, code: "421", said: "try again later"},
		{name: "barred", fault: twin.Fault{Stage: twin.Connect, Code: 554}, code: "554", final: true, said: "allow this machine's address"},
		{name: "hello: too busy", fault: twin.Fault{Stage: twin.Hello, Code: 421, Enhanced: [3]int{4, 3, 2}}, code: "421 4.3.2"},
		{name: "hello: ended", fault: twin.Fault{Stage: twin.Hello, Drop: true}, said: "the server ended the connection"},
		{name: "hello again: ended", fault: twin.Fault{Stage: twin.Hello, After: 1, Drop: true}, said: "encrypt the connection: the server ended the connection"},
		{name: "sign-in: later", fault: twin.Fault{Stage: twin.SignIn, Code: 454, Enhanced: [3]int{4, 7, 0}}, code: "454 4.7.0"},
		{name: "sign-in: refused", fault: twin.Fault{Stage: twin.SignIn, Code: 535, Enhanced: [3]int{5, 7, 8}}, code: "535 5.7.8", final: true, said: "check username and password"},
		{name: "sign-in: ended", fault: twin.Fault{Stage: twin.SignIn, Drop: true}, said: "sign in: the server ended the connection"},
		{name: "sender: later", fault: twin.Fault{Stage: twin.Sender, Code: 451, Enhanced: [3]int{4, 3, 0}}, code: "451 4.3.0"},
		{name: "sender: refused", fault: twin.Fault{Stage: twin.Sender, Code: 550, Enhanced: [3]int{5, 7, 60}}, code: "550 5.7.60", final: true, said: "let the account send as the configured from address"},
		{name: "sender: must sign in", fault: twin.Fault{Stage: twin.Sender, Code: 530, Enhanced: [3]int{5, 7, 0}}, code: "530 5.7.0", final: true},
		{name: "recipient: greylisted", fault: twin.Fault{Stage: twin.Recipient, Code: 451, Enhanced: [3]int{4, 7, 1}}, code: "451 4.7.1"},
		{name: "recipient: too busy", fault: twin.Fault{Stage: twin.Recipient, Code: 421}, code: "421"},
		{name: "recipient: unknown", fault: twin.Fault{Stage: twin.Recipient, Code: 550, Enhanced: [3]int{5, 1, 1}}, code: "550 5.1.1", final: true, said: "check the person's email address in the CRM"},
		{name: "recipient: unknown, no enhanced code", fault: twin.Fault{Stage: twin.Recipient, Code: 550}, code: "550", final: true, said: "check the person's email address in the CRM"},
		{name: "recipient: full", fault: twin.Fault{Stage: twin.Recipient, Code: 552, Enhanced: [3]int{5, 2, 2}}, code: "552 5.2.2", final: true, said: "takes no mail now"},
		{name: "recipient: not allowed", fault: twin.Fault{Stage: twin.Recipient, Code: 550, Enhanced: [3]int{5, 7, 1}}, code: "550 5.7.1", final: true, said: "which recipients it allows"},
		{name: "recipient: ended", fault: twin.Fault{Stage: twin.Recipient, Drop: true}, said: "name the recipient: the server ended the connection"},
		{name: "message: later", fault: twin.Fault{Stage: twin.Data, Code: 451, Enhanced: [3]int{4, 3, 0}}, code: "451 4.3.0"},
		{name: "message: too busy", fault: twin.Fault{Stage: twin.Data, Code: 421}, code: "421"},
		{name: "message: unwanted", fault: twin.Fault{Stage: twin.Data, Code: 550, Enhanced: [3]int{5, 7, 26}}, code: "550 5.7.26", final: true, said: "check SPF, DKIM and DMARC"},
		{name: "message: too large", fault: twin.Fault{Stage: twin.Data, Code: 552, Enhanced: [3]int{5, 3, 4}}, code: "552 5.3.4", final: true, said: "larger than"},
		{name: "message: ended, not taken", fault: twin.Fault{Stage: twin.Data, Drop: true}, said: "it keeps its Message-ID"},
		{name: "message: ended, taken", fault: twin.Fault{Stage: twin.Data, Drop: true, Keep: true}, said: "it keeps its Message-ID", kept: 2},
		{name: "message: taken, but answered with an error", fault: twin.Fault{Stage: twin.Data, Code: 451, Keep: true}, code: "451", kept: 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, mail.StartTLS, nil)
			r.cfg.Sent = &kept{}
			r.twin.Fail(c.fault)
			client := r.client(t)

			_, err := client.Send(t.Context(), message())
			var e *connect.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want a *connect.Error", err)
			}
			if e.Vendor != mail.Vendor || e.Op == "" || e.Code != c.code || e.Temporary == c.final || e.Advice == "" || !strings.Contains(e.Error()+e.Advice, c.said) {
				t.Errorf("got %+v", e)
			}
			second, err := client.Send(t.Context(), message())
			if err != nil || !second.Made {
				t.Fatalf("the second try: %+v, %v", second, err)
			}
			third, err := client.Send(t.Context(), message())
			if err != nil || third.Made || third.ID != second.ID {
				t.Errorf("the third: %+v, %v", third, err)
			}
			if all, seen := r.twin.All(person), r.twin.Inbox(person); len(all) != max(1, c.kept) || len(seen) != 1 || seen[0].ID != second.ID {
				t.Errorf("%d copies came, of which %d are seen", len(all), len(seen))
			}
		})
	}
}

func TestEncryption(t *testing.T) {
	for _, c := range []struct {
		name   string
		mode   mail.TLSMode
		server *twin.Server
		change func(*mail.Config)
		want   string
	}{
		{"not offered", mail.StartTLS, &twin.Server{NoStartTLS: true}, func(*mail.Config) {}, "does not offer encryption"},
		{"by nobody known", mail.StartTLS, &twin.Server{}, func(cfg *mail.Config) { cfg.RootCAs = nil }, "nobody whom this machine trusts"},
		{"by nobody known, from the start", mail.TLS, &twin.Server{}, func(cfg *mail.Config) { cfg.RootCAs = nil }, "nobody whom this machine trusts"},
		{"another name", mail.StartTLS, &twin.Server{Names: []string{"mail.example.com"}}, func(*mail.Config) {}, "for another name"},
		{"expired", mail.TLS, &twin.Server{}, func(cfg *mail.Config) {
			cfg.Now = func() time.Time { return today.AddDate(30, 0, 0) }
		}, "not valid now"},
		{"not from the start", mail.StartTLS, &twin.Server{}, func(cfg *mail.Config) { cfg.TLS = mail.TLS }, "does not encrypt from the start"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, c.mode, c.server)
			c.change(&r.cfg)
			_, err := r.client(t).Send(t.Context(), message())
			var e *connect.Error
			if !errors.As(err, &e) || e.Temporary || e.Advice == "" || !strings.Contains(e.Error(), c.want) {
				t.Errorf("got %v, want %q, for good", err, c.want)
			}
			if n := r.twin.Counts(); n[twin.SignIn] > 0 || n[twin.Sender] > 0 {
				t.Errorf("the server was told more than hello: %v", n)
			}
		})
	}
}

// TestNoAnswer: a server that says nothing is waited for so long and no longer.
func TestNoAnswer(t *testing.T) {
	for _, stage := range []twin.Stage{twin.Connect, twin.Hello, twin.SignIn, twin.Recipient, twin.Data} {
		t.Run(string(stage), func(t *testing.T) {
			r := newRig(t, mail.StartTLS, nil)
			r.twin.Fail(twin.Fault{Stage: stage, Hang: true, Times: 9})
			r.cfg.Timeout = 200 * time.Millisecond
			_, err := r.client(t).Send(t.Context(), message())
			var e *connect.Error
			if !errors.As(err, &e) || !e.Temporary || !strings.Contains(e.Error(), "did not answer in time (200ms)") {
				t.Errorf("got %v", err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if _, err := r.client(t).Send(ctx, message()); !errors.Is(err, context.Canceled) {
				t.Errorf("of a cancelled call: %v", err)
			}
		})
	}
}

func TestNobodyThere(t *testing.T) {
	r := newRig(t, mail.StartTLS, nil)
	if err := r.twin.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := r.client(t).Send(t.Context(), message())
	var e *connect.Error
	if !errors.As(err, &e) || !e.Temporary || !strings.Contains(e.Advice, "check host and port") || strings.Contains(e.Error(), "127.0.0.1") {
		t.Errorf("got %v", err)
	}
	r.cfg.Host = "nobody.invalid"
	if _, err = r.client(t).Send(t.Context(), message()); err == nil || !strings.Contains(err.Error(), "the server's name can't be found. Check host and port") {
		t.Errorf("got %v", err)
	}
}

// TestOnce: however many send a message at once, one mail is sent where that is
// recorded.
func TestOnce(t *testing.T) {
	r := newRig(t, mail.StartTLS, nil)
	r.cfg.Sent = &kept{}
	c := r.client(t)
	var all sync.WaitGroup
	var mu sync.Mutex
	made := 0
	for range 8 {
		all.Go(func() {
			copied, err := c.Send(t.Context(), message())
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if copied.Made {
				made++
			}
		})
	}
	all.Wait()
	if n := len(r.twin.All(person)); n != 1 || made != 1 {
		t.Errorf("%d mails were sent, and %d callers told so", n, made)
	}
}

// TestStoreFails: nothing is sent where it can't be told whether it was; what was
// sent is told as sent, though it can't be recorded.
func TestStoreFails(t *testing.T) {
	r := newRig(t, mail.StartTLS, nil)
	r.cfg.Sent = &kept{fail: errors.New("the database is gone")}
	_, err := r.client(t).Send(t.Context(), message())
	var e *connect.Error
	if !errors.As(err, &e) || !e.Temporary || len(r.twin.All(person)) != 0 {
		t.Errorf("got %v, and %d mails", err, len(r.twin.All(person)))
	}
	r.cfg.Sent = forgetful{}
	copied, err := r.client(t).Send(t.Context(), message())
	if err != nil || !copied.Made || !strings.Contains(r.log.String(), "could not be recorded") {
		t.Errorf("got %+v, %v, and the log %s", copied, err, r.log)
	}
}

// forgetful knows nothing and keeps nothing.
type forgetful struct{}

func (forgetful) Known(context.Context, string) (bool, error) { return false, nil }

func (forgetful) Record(context.Context, string, time.Time) error {
	return errors.New("the database is gone")
}

// TestMessageID: it is made of key and domain alone.
func TestMessageID(t *testing.T) {
	r := newRig(t, mail.StartTLS, nil)
	send := func(m connect.Message) string {
		t.Helper()
		copied, err := r.client(t).Send(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		return copied.ID
	}
	first := send(message())
	changed := message()
	changed.Subject, changed.Paragraphs = "Another subject", nil
	if again := send(changed); again != first {
		t.Errorf("the second try has the id %s, the first %s", again, first)
	}
	other := message()
	other.Key = "review-0061.2"
	if id := send(other); id == first {
		t.Error("two messages have one id")
	}
	r.cfg.Domain = "mail.Seller.example"
	if id := send(message()); id == first || !strings.HasSuffix(id, "@mail.seller.example") {
		t.Errorf("with another domain the id is %s", id)
	}
	if strings.Contains(first, "review") {
		t.Errorf("the id %s tells the key", first)
	}
}

func TestPace(t *testing.T) {
	r := newRig(t, mail.StartTLS, nil)
	now := today
	r.cfg.Now = func() time.Time { return now }
	var slept time.Duration
	r.cfg.Sleep = func(_ context.Context, d time.Duration) error { slept += d; now = now.Add(d); return nil }
	r.cfg.Limiter = connect.NewLimiter(0.5, 1)
	for range 3 {
		if _, err := r.client(t).Send(t.Context(), message()); err != nil {
			t.Fatal(err)
		}
	}
	if slept != 4*time.Second {
		t.Errorf("three mails at one in two seconds took %s", slept)
	}
	r.cfg.Limiter.Pause(now.Add(time.Hour))
	_, err := r.client(t).Send(t.Context(), message())
	var e *connect.Error
	if !errors.As(err, &e) || e.RetryAfter != time.Hour || !e.Temporary {
		t.Errorf("while paused: %v", err)
	}
}

// TestCheck: what is missing is named, and nothing else.
func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name   string
		mode   mail.TLSMode
		server *twin.Server
		change func(*mail.Config)
		rows   []string
		bad    string // the last of them, if it is missing
	}{
		{name: "all there", mode: mail.StartTLS, rows: []string{"host", "port", "tls", "username", "from"}},
		{name: "all there, from the start", mode: mail.TLS, rows: []string{"host", "tls", "port", "username", "from"}},
		{name: "all there, on the machine", mode: mail.NoTLS, rows: []string{"host", "port", "username", "from"}},
		{name: "no encryption", mode: mail.StartTLS, server: &twin.Server{NoStartTLS: true}, rows: []string{"host", "port"}, bad: "tls"},
		{name: "password", mode: mail.StartTLS, change: func(cfg *mail.Config) { cfg.Password = "another" }, rows: []string{"host", "port", "tls"}, bad: "username"},
		{name: "nobody signs in", mode: mail.StartTLS, change: func(cfg *mail.Config) { cfg.Username, cfg.Password = "", "" }, rows: []string{"host", "port", "tls"}, bad: "from"},
		{name: "sender", mode: mail.StartTLS, server: &twin.Server{Senders: []string{"other@seller.example"}}, rows: []string{"host", "port", "tls", "username"}, bad: "from"},
		{name: "port", mode: mail.StartTLS, change: func(cfg *mail.Config) { cfg.Port = 1 }, bad: "host"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, c.mode, c.server)
			if c.change != nil {
				c.change(&r.cfg)
			}
			want := c.rows
			if c.bad != "" {
				want = append(want, c.bad)
			}
			var got []string
			for _, p := range r.client(t).Check(t.Context()) {
				got = append(got, p.Name)
				var e *connect.Error
				if missing := p.Name == c.bad; missing != (p.Err != nil) || missing && (!errors.As(p.Err, &e) || e.Advice == "") || p.For == "" {
					t.Errorf("%s: %v", p.Name, p.Err)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("got rows %v, want %v", got, want)
			}
			if n := r.twin.Counts(); n[twin.Recipient] > 0 || n[twin.Data] > 0 {
				t.Errorf("checking went on to %v", n)
			}
		})
	}
}

func TestConfig(t *testing.T) {
	good := mail.Config{Host: "smtp.example.com", From: netmail.Address{Address: "a@example.com"}}
	if _, err := mail.New(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*mail.Config){
		"host is not set":             func(c *mail.Config) { c.Host = "" },
		"it may be starttls":          func(c *mail.Config) { c.TLS = "ssl" },
		"runs on this machine":        func(c *mail.Config) { c.TLS = mail.NoTLS },
		"only one is set":             func(c *mail.Config) { c.Username = "a" },
		"port 70000":                  func(c *mail.Config) { c.Port = 70000 },
		"from can't be used":          func(c *mail.Config) { c.From.Address = "a@example.com\r\nBcc: b@example.com" },
		"reply_to can't be used":      func(c *mail.Config) { c.ReplyTo.Address = "nobody" },
		"domain can't be used":        func(c *mail.Config) { c.Domain = "a b" },
		"helo can't be used":          func(c *mail.Config) { c.HELO = "a\r\nRCPT TO:<b@example.com>" },
		"there is no email address":   func(c *mail.Config) { c.From.Address = "" },
		"it is not one bare email":    func(c *mail.Config) { c.From.Address = "A <a@example.com>" },
		"it has no usable domain":     func(c *mail.Config) { c.From.Address = "a@[10.0.0.1]" },
		"letters than ASCII":          func(c *mail.Config) { c.From.Address = "zoë@example.com" },
		"longer than any can be":      func(c *mail.Config) { c.From.Address = strings.Repeat("a", 65) + "@example.com" },
		"a line break or a control":   func(c *mail.Config) { c.From.Address = "a@example.com\x00" },
		"of username and password":    func(c *mail.Config) { c.Password = "a" },
		"port -1 can't be; the usual": func(c *mail.Config) { c.Port = -1 },
	} {
		cfg := good
		change(&cfg)
		if _, err := mail.New(cfg); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want %q", err, name)
		}
	}
}

func TestRefused(t *testing.T) {
	r := newRig(t, mail.StartTLS, nil)
	for _, c := range []struct {
		want   string
		change func(*connect.Message)
	}{
		{"no usable key", func(m *connect.Message) { m.Key = "" }},
		{"no usable key", func(m *connect.Message) { m.Key = "a\r\nBcc: b@example.com" }},
		{"there is no email address", func(m *connect.Message) { m.To = " " }},
		{"not one bare email address", func(m *connect.Message) { m.To = "a@example.com, b@example.com" }},
		{"not one bare email address", func(m *connect.Message) { m.To = "Ann <a@example.com>" }},
		{"not one bare email address", func(m *connect.Message) { m.To = "a@example.com> SIZE=1" }},
		{"a line break", func(m *connect.Message) { m.To = "a@example.com\r\nRCPT TO:<b@example.com>" }},
		{"no web address", func(m *connect.Message) { m.Actions[0].URL = "javascript:alert(1)" }},
		{"no web address", func(m *connect.Message) { m.Actions[0].URL = "//example.com" }},
		{"no web address", func(m *connect.Message) { m.Actions[0].URL = "https://bank.example@evil.example/" }},
	} {
		m := message()
		c.change(&m)
		_, err := r.client(t).Send(t.Context(), m)
		var e *connect.Error
		if !errors.As(err, &e) || e.Temporary || e.Advice == "" || !strings.Contains(e.Error(), c.want) {
			t.Errorf("%+v: got %v, want %q", m, err, c.want)
		}
		if n := len(r.twin.Counts()); n > 0 {
			t.Fatalf("%+v: the server was called", m)
		}
	}
}

// TestForeignDomain: domains in other scripts go as the wire has them.
func TestForeignDomain(t *testing.T) {
	r := newRig(t, mail.StartTLS, nil)
	m := message()
	m.To = "ann@bücher.example"
	if _, err := r.client(t).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if got := r.twin.Mailboxes(); !slices.Equal(got, []string{"ann@xn--bcher-kva.example"}) {
		t.Errorf("mail came for %v", got)
	}
}

// TestSecrets: whatever a server says, neither errors nor logs hold the password,
// the address of a person, or what the mail says.
func TestSecrets(t *testing.T) {
	said := fmt.Sprintf("no %s %s AHRocm91Z2hsaW5lQHNlbGxlci5leGFtcGxlAHBhc3N3b3JkLXBsYW50ZWQ= for <%s>: see https://throughline.example/r/1?t=a"+
		" \u202e%s", password, "cGFzc3dvcmQtcGxhbnRlZA==", person, strings.Repeat("and so on ", 100))
	for _, stage := range []twin.Stage{twin.Connect, twin.SignIn, twin.Sender, twin.Recipient, twin.Data} {
		for _, words := range []string{said, "blocked: It has three open questions.", "blocked: Review the handoff of Harborline"} {
			r := newRig(t, mail.StartTLS, nil)
			r.twin.Fail(twin.Fault{Stage: stage, Code: 550, Enhanced: [3]int{5, 7, 1}, Message: words})
			_, err := r.client(t).Send(t.Context(), message())
			if err == nil {
				t.Fatalf("%s: no error", stage)
			}
			for _, place := range []string{err.Error(), r.log.String(), fmt.Sprintf("%+v", err)} {
				for _, secret := range []string{password, "cGFzc3dvcmQ", "cGxhbnRlZA", username, person, "throughline.example", "open questions", "Harborline", "\u202e"} {
					if strings.Contains(place, secret) {
						t.Errorf("%s: %q stands in %s", stage, secret, place)
					}
				}
				if len(place) > 1500 {
					t.Errorf("%s: an error of %d bytes", stage, len(place))
				}
			}
		}
	}
}

// TestEndlessServer: a server that talks on is not listened to for ever.
func TestEndlessServer(t *testing.T) {
	r := newRig(t, mail.StartTLS, nil)
	r.twin.Fail(twin.Fault{Stage: twin.Recipient, Code: 550, Message: strings.Repeat("and so on\n", 200_000)})
	_, err := r.client(t).Send(t.Context(), message())
	var e *connect.Error
	if !errors.As(err, &e) || !strings.Contains(e.Error(), "more than a mail server has to say") {
		t.Errorf("got %.500v", err)
	}
}

// TestWordsOfTheServer: what helps to put it right stays.
func TestWordsOfTheServer(t *testing.T) {
	r := newRig(t, mail.StartTLS, nil)
	r.twin.Fail(twin.Fault{Stage: twin.Recipient, Code: 550, Enhanced: [3]int{5, 1, 1}, Message: "<" + person + ">: the mailbox is unknown"})
	_, err := r.client(t).Send(t.Context(), message())
	const want = "Mail: name the recipient 550 5.1.1: <[address]>: the mailbox is unknown. Check the person's email address in the CRM"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}
