package folder

import (
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline/connect"
	"throughline/connect/mail"
	twin "throughline/twin/smtp"
)

// ownMail is a mail as connect/mail sends it, from somebody whose name tells
// nothing, taken from the mailbox where it arrived.
func ownMail(t *testing.T) twin.Message {
	t.Helper()
	now := func() time.Time { return time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC) }
	server := &twin.Server{NoStartTLS: true, Now: now}
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	c, err := mail.New(mail.Config{
		Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, TLS: mail.NoTLS, Now: now,
		From: netmail.Address{Name: "Deal desk", Address: "desk@seller.example"},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Send(t.Context(), connect.Message{
		Key: "review", To: "ann@seller.example", Subject: "Review the handoff",
		Paragraphs: []string{"The badge readers must work at the north gate before the audit in June.", "Is that still so?"},
		Actions:    []connect.Action{{Label: "Review the draft", URL: "https://throughline.example/r/1"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(server.Close(), <-ended); err != nil {
		t.Fatal(err)
	}
	return server.All("ann@seller.example")[0]
}

func TestOwnMailIsNoEvidence(t *testing.T) {
	own := ownMail(t)
	text := strings.ReplaceAll(own.Text, "\r\n", "\n")
	quoted := "> " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n> ")
	const head = "On Mon, May 4, 2026 at 9:00 AM Deal desk <desk@seller.example> wrote:\n"
	const forward = "---------- Forwarded message ---------\nFrom: Deal desk <desk@seller.example>\nDate: Mon, May 4, 2026 at 9:00 AM\nSubject: Review the handoff\nTo: Ann Lee <ann@seller.example>\n\n"
	attached := fmt.Sprintf("From: Ann Lee <ann@seller.example>\nDate: Mon, 4 May 2026 12:00:00 +0000\nMessage-ID: <a1@seller.example>\nSubject: FYI\nMIME-Version: 1.0\n"+
		"Content-Type: multipart/mixed; boundary=outer\n\n--outer\nContent-Type: text/plain\n\nSee what came.\n--outer\nContent-Type: message/rfc822\n\n%s\n--outer--\n", own.Raw)
	const date = "Mon, 4 May 2026 12:00:00 +0000"
	for _, c := range []struct {
		name string
		file string
		want []string
	}{
		{"as it is", string(own.Raw), nil},
		{"answered", letter("Ann Lee <ann@seller.example>", date, "2", "Yes, it is.\n\n"+head+quoted+"\n"), []string{"2 Ann Lee: Yes, it is."}},
		{"answer answered", letter("Bob Ray <bob@buyer.example>", date, "3", "Good.\n\nOn Mon, May 4, 2026 at 11:00 AM Ann Lee <ann@seller.example> wrote:\n> Yes, it is at our gate.\n>\n> "+
			strings.ReplaceAll(head+quoted, "\n", "\n> ")+"\n"), []string{"3 Bob Ray: Good.", "3 Ann Lee: Yes, it is at our gate."}},
		{"forwarded", letter("Ann Lee <ann@seller.example>", date, "4", "FYI see below\n\n"+forward+text), []string{"4 Ann Lee: FYI see below"}},
		{"attached", attached, []string{"a1@seller.example Ann Lee: See what came."}},
		{"not ours", letter("Ann Lee <ann@seller.example>", date, "5", "FYI see below\n\n"+forward+strings.ReplaceAll(text, ownNotice, "Sent by the desk.")), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			read := readMail(c.file)
			read.sources = slices.DeleteFunc(read.sources, func(s *rawSource) bool { return s.notEvidence != "" })
			got := evidence(read)
			if c.name == "not ours" {
				if len(got) < 3 {
					t.Errorf("without our notice a forwarded mail is evidence, and here is %q", got)
				}
				return
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

// TestOwnMailIsKnown: what is looked for is what is written.
func TestOwnMailIsKnown(t *testing.T) {
	if mail.Header != ownHeader || mail.Notice != ownNotice {
		t.Errorf("mails bear %q and end with %q, and are known by %q and %q", mail.Header, mail.Notice, ownHeader, ownNotice)
	}
	read := readMail(string(ownMail(t).Raw))
	if len(read.sources) != 1 || read.sources[0].notEvidence != ownPostReason || len(read.sources[0].passages) == 0 {
		t.Errorf("it is read as %+v", read.sources)
	}
}
