package smtp_test

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	twin "throughline/twin/smtp"
)

// The client of these tests is another than connect/mail's: that of the library
// whose server the stand-in is made of.

func serve(t *testing.T, s *twin.Server) (address string, encrypted *tls.Config) {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	t.Cleanup(func() {
		if err := errors.Join(s.Close(), <-ended); err != nil {
			t.Error(err)
		}
	})
	authorities, err := s.Authorities()
	if err != nil {
		t.Fatal(err)
	}
	return l.Addr().String(), &tls.Config{RootCAs: authorities, ServerName: "localhost", MinVersion: tls.VersionTLS12}
}

func dial(t *testing.T, address string, encrypted *tls.Config) *smtp.Client {
	t.Helper()
	c, err := smtp.DialStartTLS(address, encrypted)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() }) // it may have ended
	return c
}

const eml = "Message-ID: <1@example.com>\r\nFrom: =?utf-8?q?Zo=C3=AB?= <zoe@example.com>\r\nSubject: =?utf-8?q?Caf=C3=A9?=\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" +
	"<p>Hello <a href=\"https://example.com/a\">there</a><img src=\"https://example.com/p.gif\"><a href=\"javascript:x\">x</a></p>\r\n"

func TestMailbox(t *testing.T) {
	s := &twin.Server{Username: "zoe", Password: "secret"}
	address, encrypted := serve(t, s)
	c := dial(t, address, encrypted)
	if err := c.Mail("zoe@example.com", nil); err == nil || !strings.Contains(err.Error(), "Authentication required") {
		t.Errorf("without signing in: %v", err)
	}
	if err := c.Auth(sasl.NewPlainClient("", "zoe", "wrong")); err == nil {
		t.Error("any password is taken")
	}
	if err := c.Auth(sasl.NewLoginClient("zoe", "secret")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := c.SendMail("zoe@example.com", []string{"Ann@example.com"}, strings.NewReader(eml)); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := c.SendMail("zoe@example.com", []string{"ann@example.com"}, strings.NewReader("Subject: no id\r\n\r\nHello\r\n")); err != nil {
			t.Fatal(err)
		}
	}
	if all, seen := s.All("ann@example.com"), s.Inbox("ANN@example.com"); len(all) != 4 || len(seen) != 3 {
		t.Errorf("%d came, %d are seen", len(all), len(seen))
	}
	m := s.Inbox("ann@example.com")[0]
	if m.ID != "1@example.com" || m.Subject != "Café" || !strings.Contains(m.From, "Zoë") || m.Envelope != "zoe@example.com" {
		t.Errorf("got %+v", m)
	}
	if len(m.Links) != 2 || m.Links[0] != (twin.Link{Label: "there", URL: "https://example.com/a"}) || len(m.Alive) != 3 {
		t.Errorf("links %v, alive %q", m.Links, m.Alive)
	}
}

func TestRefusals(t *testing.T) {
	s := &twin.Server{Senders: []string{"zoe@example.com"}, Recipients: []string{"ann@example.com"}, MostBytes: 100}
	address, encrypted := serve(t, s)
	c := dial(t, address, encrypted)
	for _, r := range []struct {
		from, to, body string
		code           int
	}{
		{"bob@example.com", "ann@example.com", "Subject: x\r\n\r\n", 550},
		{"zoe@example.com", "bob@example.com", "Subject: x\r\n\r\n", 550},
		{"zoe@example.com", "ann@example.com", "Subject: x\r\n\r\n" + strings.Repeat("long ", 100), 552},
		{"zoe@example.com", "ann@example.com", "Subject: x\r\n\r\n", 0},
	} {
		err := c.SendMail(r.from, []string{r.to}, strings.NewReader(r.body))
		var e *smtp.SMTPError
		if r.code == 0 && err != nil || r.code != 0 && (!errors.As(err, &e) || e.Code != r.code) {
			t.Errorf("from %s to %s: %v, want %d", r.from, r.to, err, r.code)
		}
		if err := c.Reset(); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(s.All("ann@example.com")); n != 1 || len(s.Mailboxes()) != 1 {
		t.Errorf("%d messages in %v", n, s.Mailboxes())
	}
}

// TestFaults: each does what it says, once, and where it says.
func TestFaults(t *testing.T) {
	send := func(c *smtp.Client) error {
		return c.SendMail("zoe@example.com", []string{"ann@example.com"}, strings.NewReader(eml))
	}
	for _, f := range []struct {
		fault twin.Fault
		code  int // 0 where the connection ends
		came  int
	}{
		{twin.Fault{Stage: twin.Sender, Code: 451, Enhanced: [3]int{4, 3, 0}}, 451, 0},
		{twin.Fault{Stage: twin.Recipient, Code: 550, Message: "no"}, 550, 0},
		{twin.Fault{Stage: twin.Recipient, Code: 421}, 421, 0},
		{twin.Fault{Stage: twin.Recipient, Drop: true}, 0, 0},
		{twin.Fault{Stage: twin.Data, Code: 552}, 552, 0},
		{twin.Fault{Stage: twin.Data, Drop: true}, 0, 0},
		{twin.Fault{Stage: twin.Data, Drop: true, Keep: true}, 0, 1},
	} {
		s := &twin.Server{}
		address, encrypted := serve(t, s)
		s.Fail(f.fault)
		c := dial(t, address, encrypted)
		err := send(c)
		var e *smtp.SMTPError
		if told := errors.As(err, &e); err == nil || told != (f.code != 0) || told && e.Code != f.code {
			t.Errorf("%+v: %v", f.fault, err)
		}
		if n := len(s.All("ann@example.com")); n != f.came {
			t.Errorf("%+v: %d messages came", f.fault, n)
		}
		ended := c.Noop() != nil
		if want := f.fault.Drop || f.fault.Code == 421; ended != want {
			t.Errorf("%+v: the connection has ended: %v", f.fault, ended)
		}
		if err := send(dial(t, address, encrypted)); err != nil {
			t.Errorf("%+v strikes again: %v", f.fault, err)
		}
	}
}

func TestPage(t *testing.T) {
	s := &twin.Server{}
	address, encrypted := serve(t, s)
	if err := dial(t, address, encrypted).SendMail("zoe@example.com", []string{"ann@example.com"}, strings.NewReader(strings.ReplaceAll(eml, "Hello", "&lt;script&gt;"))); err != nil {
		t.Fatal(err)
	}
	page := httptest.NewServer(s)
	defer page.Close()
	for path, wants := range map[string][]string{
		"/":                         {`<a href="?mailbox=ann%40example.com">ann@example.com</a>`},
		"/?mailbox=ann@example.com": {"<h2>Café</h2>", `<a href="https://example.com/a" rel="noreferrer">there</a>`, "&lt;script&gt;", "#ZgotmplZ"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, page.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := page.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var body strings.Builder
		if err := errors.Join(resp.Write(&body), resp.Body.Close()); err != nil {
			t.Fatal(err)
		}
		for _, want := range wants {
			if !strings.Contains(body.String(), want) {
				t.Errorf("%s does not show %s:\n%s", path, want, body.String())
			}
		}
		if strings.Contains(body.String(), "<script>") || strings.Contains(body.String(), `href="javascript:`) || !strings.Contains(body.String(), "Content-Security-Policy: default-src 'none'") {
			t.Errorf("%s: %s", path, body.String())
		}
	}
}
