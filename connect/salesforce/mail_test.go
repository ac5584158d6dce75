package salesforce_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"throughline"
	"throughline/folder"
	twin "throughline/twin/salesforce"
)

// addMail puts the folder's mails into the org, as its EmailMessage holds them:
// addresses without names, the body as text.
func addMail(t *testing.T, s *twin.Server, dir, opportunity string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "emails", "*.eml"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no mails: %v", err)
	}
	known := map[string]string{} // Message-ID to record
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		msg, err := mail.ReadMessage(bytes.NewReader(data))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		text := msg.Body
		switch msg.Header.Get("Content-Transfer-Encoding") {
		case "quoted-printable":
			text = quotedprintable.NewReader(text)
		case "base64":
			text = base64.NewDecoder(base64.StdEncoding, text)
		}
		body, err := io.ReadAll(text)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		subject, err := new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
		if err != nil {
			t.Fatal(err)
		}
		list := func(header string) string {
			var out []string
			people, err := msg.Header.AddressList(header)
			if err != nil {
				return ""
			}
			for _, a := range people {
				out = append(out, a.Address)
			}
			return strings.Join(out, "; ")
		}
		from, err := msg.Header.AddressList("From")
		if err != nil {
			t.Fatal(err)
		}
		at, err := msg.Header.Date()
		if err != nil {
			t.Fatal(err)
		}
		rec := twin.Record{
			"RelatedToId": opportunity, "Subject": subject, "TextBody": string(body), "FromName": from[0].Name, "FromAddress": from[0].Address,
			"ToAddress": list("To"), "CcAddress": list("Cc"), "MessageDate": at.UTC().Format("2006-01-02T15:04:05.000+0000"), "MessageIdentifier": msg.Header.Get("Message-ID"),
		}
		if before := known[msg.Header.Get("In-Reply-To")]; before != "" {
			rec["ReplyToEmailMessageId"] = before
		}
		known[msg.Header.Get("Message-ID")] = s.Put("EmailMessage", rec)
	}
}

// TestMailAgrees: mail read out of the org gives the same passages, by the same
// people, as the mail itself.
func TestMailAgrees(t *testing.T) {
	for name, dir := range map[string]string{
		"demo":  "../../cmd/throughline/demo/harborline",
		"atlas": "../../../shared/bench/deals/atlas/native",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := os.Stat(filepath.Join(dir, "emails")); err != nil {
				t.Skipf("no deal with mail at %s", dir)
			}
			own := t.TempDir()
			for _, part := range []string{"salesforce", "emails"} {
				if err := os.CopyFS(filepath.Join(own, part), os.DirFS(filepath.Join(dir, part))); err != nil {
					t.Fatal(err)
				}
			}
			want, err := folder.Read(t.Context(), own)
			if err != nil {
				t.Fatal(err)
			}
			b := newBench(t)
			ids, err := b.twin.Load(os.DirFS(dir))
			if err != nil || len(ids) != 1 {
				t.Fatalf("seeding: %v, %v", ids, err)
			}
			addMail(t, b.twin, dir, ids[0])
			_, got := saved(t, b.read(t, ids[0]))
			if calls := b.twin.APICalls(); calls != 3 {
				t.Errorf("%d API calls, want 3", calls)
			}
			if diff := cmp.Diff(mailOf(want), mailOf(got)); diff != "" {
				t.Errorf("mail (-), pulled (+):\n%s", diff)
			}
		})
	}
}

// mailOf is what a deal's mail says, a line each.
func mailOf(d *throughline.Deal) []string {
	var out []string
	for p := range d.Passages {
		if p.Source.Kind != throughline.SourceEmail {
			continue
		}
		line := []string{p.Ref, p.Source.NativeID, p.Source.Title, p.Source.At.String(), p.Name, string(p.Side()), p.Thread, p.Text}
		if p.History {
			line = append(line, "history")
		}
		for _, h := range p.Heard {
			line = append(line, h.Name)
		}
		out = append(out, strings.Join(line, " | "))
	}
	return out
}
