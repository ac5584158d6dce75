package folder

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"throughline"
)

func TestMailReader(t *testing.T) { testOutlines(t, "mail", newMailReader) }

// readMail reads files one after another as one folder.
func readMail(files ...string) *collector {
	c, r := &collector{}, newMailReader()
	for i, data := range files {
		r.take(&file{path: fmt.Sprintf("%d.eml", i), data: []byte(data)}, c)
	}
	r.done(c)
	return c
}

// letter is a plain message.
func letter(from, date, id, body string) string {
	return fmt.Sprintf("From: %s\nTo: Ann Lee <ann@seller.example>, Bob Ray <bob@buyer.example>\nDate: %s\nSubject: Gates\nMessage-ID: <%s>\n\n%s", from, date, id, body)
}

// evidence is the text of all passages that may prove something, with who says
// it and where.
func evidence(c *collector) []string {
	var out []string
	for _, s := range c.sources {
		for _, p := range s.passages {
			if !p.history {
				out = append(out, fmt.Sprintf("%s %s: %s", s.nativeID, p.by.name, p.text))
			}
		}
	}
	return out
}

// TestNothingCountsTwice: what is quoted or forwarded counts where it was
// written; where that is not in the folder, once, as its writer's.
func TestNothingCountsTwice(t *testing.T) {
	const (
		question = "Could you have the west gate ready before the audit in June?"
		answer   = "Not before July, the readers are late."
	)
	first := letter("Bob Ray <bob@buyer.example>", "Mon, 4 May 2026 09:00:00 +0000", "1", question+"\n")
	second := letter("Ann Lee <ann@seller.example>", "Mon, 4 May 2026 10:00:00 +0000", "2",
		answer+"\n\nOn Mon, 4 May 2026 at 09:00, Bob Ray <bob@buyer.example> wrote:\n> "+question+"\n")
	third := letter("Bob Ray <bob@buyer.example>", "Mon, 4 May 2026 11:00:00 +0000", "3",
		"Then August.\n\nOn Mon, 4 May 2026 at 10:00, Ann Lee <ann@seller.example> wrote:\n> "+answer+
			"\n>\n> On Mon, 4 May 2026 at 09:00, Bob Ray <bob@buyer.example> wrote:\n>> Could you have the west gate ready\n>> before the audit in June?\n")
	forward := letter("Ann Lee <ann@seller.example>", "Mon, 4 May 2026 12:00:00 +0000", "4",
		"FYI see below\n\n---------- Forwarded message ---------\nFrom: Bob Ray <bob@buyer.example>\nDate: Mon, May 4, 2026 at 9:00 AM\nSubject: Gates\nTo: Ann Lee <ann@seller.example>\n\n"+question+"\n")
	nameless := letter("Ann Lee <ann@seller.example>", "Mon, 4 May 2026 12:00:00 +0000", "5", "No.\n\n> Does the north gate get a reader as well?\n")

	for _, c := range []struct {
		name  string
		files []string
		want  []string
	}{
		{"whole thread", []string{first, second, third, forward}, []string{
			"1 Bob Ray: " + question, "2 Ann Lee: " + answer, "3 Bob Ray: Then August.", "4 Ann Lee: FYI see below",
		}},
		{"thread backwards", []string{forward, third, second, first}, []string{
			"4 Ann Lee: FYI see below", "3 Bob Ray: Then August.", "2 Ann Lee: " + answer, "1 Bob Ray: " + question,
		}},
		{"only the last mail", []string{third}, []string{
			"3 Bob Ray: Then August.", "3 Ann Lee: " + answer, "3 Bob Ray: Could you have the west gate ready\nbefore the audit in June?",
		}},
		{"the beginning is missing", []string{second, third}, []string{
			"2 Ann Lee: " + answer, "2 Bob Ray: " + question, "3 Bob Ray: Then August.",
		}},
		{"forwarded only", []string{forward}, []string{"4 Ann Lee: FYI see below", "4 Bob Ray: " + question}},
		{"a quote by nobody", []string{nameless}, []string{"5 Ann Lee: No."}},
		{"the same file twice", []string{first, first}, []string{"1 Bob Ray: " + question}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, evidence(readMail(c.files...))); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

func TestCarriedTime(t *testing.T) {
	c := readMail(letter("Ann Lee <ann@seller.example>", "Mon, 4 May 2026 12:00:00 +0200", "1",
		"Yes.\n\nOn Mon, May 4, 2026 at 9:00 AM Bob Ray <bob@buyer.example> wrote:\n> Is the west gate in the offer that you sent us?\n"))
	for _, p := range c.sources[0].passages {
		if strings.HasPrefix(p.text, "Is the") {
			if got, want := p.at.Format("15:04"), "07:00"; got != want {
				t.Errorf("the quoted message is of %s UTC, want %s: no zone is told but that of the mail that quotes", got, want)
			}
			return
		}
	}
	t.Error("the quoted message makes no passage")
}

func TestMessageLinks(t *testing.T) {
	c := readMail("From: a@b.example\nDate: Mon, 4 May 2026 12:00:00 +0200\nMessage-ID: <2@b>\nReferences: <0@b>\n <1@b>\n\nYes.\n")
	p := c.sources[0].passages[0]
	if p.key != "2@b" || p.replyTo != "1@b" || p.offset != -1 || p.url != "" {
		t.Errorf("got key %q, reply to %q, offset %d, URL %q", p.key, p.replyTo, p.offset, p.url)
	}
}

func TestUnwrapMail(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"short lines stay", "a b\nc d", "a b\nc d"},
		{"wrapped", strings.Repeat("word ", 13) + "end\nof the line", strings.Repeat("word ", 13) + "end of the line"},
		{"list points stay", strings.Repeat("word ", 13) + "end\n- of the list, which goes on", strings.Repeat("word ", 13) + "end\n- of the list, which goes on"},
		{"long lines stay", strings.Repeat("word ", 30) + "end\nof the line", strings.Repeat("word ", 30) + "end\nof the line"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := unwrapMail(strings.Split(c.in, "\n"), wrapWidth(c.in)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestPartsTooDeep(t *testing.T) {
	var b strings.Builder
	b.WriteString("From: a@b.example\nDate: Mon, 4 May 2026 12:00:00 +0000\n")
	for i := range 2000 {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
	}
	c := readMail(b.String())
	if len(c.sources) != 1 || len(c.problems) != 1 || !strings.Contains(c.problems[0].What, "deep") {
		t.Errorf("got %d sources and problems %v, want the mail listed and a problem", len(c.sources), c.problems)
	}
}

// TestMailboxRoundTrip: messages that are put in a mailbox come out again.
func TestMailboxRoundTrip(t *testing.T) {
	body := rapid.SliceOf(rapid.SampledFrom([]string{"a line", "", "From here on", "From: no header", ">From the quote", "> quoted", "--", "Von"}))
	rapid.Check(t, func(t *rapid.T) {
		bodies := rapid.SliceOfN(body, 1, 5).Draw(t, "bodies")
		var box strings.Builder
		var want []string
		for i, lines := range bodies {
			m := letter("Bob Ray <bob@buyer.example>", "Mon, 4 May 2026 09:00:00 +0000", fmt.Sprint(i), strings.Join(append(lines, "", "end"), "\n")) + "\n\n"
			want = append(want, m)
			box.WriteString("From bob@buyer.example Mon May  4 09:00:00 2026\n")
			for l := range strings.Lines(m) {
				if quotable := strings.TrimLeft(l, ">"); strings.HasPrefix(quotable, "From ") && len(quotable) == len(l) {
					box.WriteByte('>')
				}
				box.WriteString(l)
			}
		}
		var got []string
		for _, e := range splitMailbox([]byte(box.String())) {
			got = append(got, string(e.data))
		}
		if len(got) != len(want) {
			t.Fatalf("%d messages came out of the mailbox, %d went in:\n%s", len(got), len(want), box.String())
		}
		for i := range want {
			// A ">" amid quoted lines can't be told from a quote's, so quotes are left aside.
			if strings.ReplaceAll(got[i], ">", "") != strings.ReplaceAll(want[i], ">", "") {
				t.Fatalf("message %d: -want +got:\n%s", i, cmp.Diff(want[i], got[i]))
			}
		}
	})
}

// checkMail reports what is wrong with what was read, whatever it was.
func checkMail(t *testing.T, c *collector) {
	t.Helper()
	for _, s := range c.sources {
		for _, p := range s.passages {
			if strings.TrimSpace(p.text) == "" || !utf8.ValidString(p.text) || p.offset != -1 {
				t.Errorf("passage %q, offset %d", p.text, p.offset)
			}
		}
		for _, m := range s.members {
			if m.none() || !utf8.ValidString(m.name) || !utf8.ValidString(m.email) {
				t.Errorf("member %+v", m)
			}
		}
	}
	for _, p := range c.problems {
		if p.File == "" || p.What == "" {
			t.Errorf("problem %+v", p)
		}
	}
}

func addMails(f *testing.F) {
	names, err := filepath.Glob("testdata/mail/*")
	if err != nil || len(names) == 0 {
		f.Fatalf("no mails in testdata: %v", err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, ".want") {
			continue
		}
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
}

func FuzzMail(f *testing.F) {
	addMails(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		checkMail(t, readMail(string(data), "From: a@b\nSubject: c\n\n"+string(data)))
	})
}

func FuzzMbox(f *testing.F) {
	addMails(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		line, total := 0, 0
		for _, e := range splitMailbox(data) {
			if e.line <= line && line > 0 || e.line > bytes.Count(data, []byte("\n"))+1 {
				t.Errorf("a message on line %d, the one before it on line %d of %d", e.line, line, bytes.Count(data, []byte("\n")))
			}
			line, total = e.line, total+len(e.data)
		}
		if total > len(data) {
			t.Errorf("%d bytes of messages in %d bytes of mailbox", total, len(data))
		}
		checkMail(t, readMail("From bob@buyer.example Tue May  5 08:30:00 2026\nFrom: a@b\nDate: x\n\n"+string(data)))
	})
}

// TestForwardedIsInternal: a mail between the seller's people stays internal
// though it carries what the customer wrote.
func TestForwardedIsInternal(t *testing.T) {
	forwarded, err := os.ReadFile("testdata/mail/forwarded.eml")
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{
		"deal.json":     {Data: []byte(`{"seller":{"company":"Seller","domain":"seller.example"},"customer":{"company":"Buyer","domain":"buyer.example"}}`)},
		"forwarded.eml": {Data: forwarded},
	}
	d, err := ReadFS(t.Context(), files)
	if err != nil {
		t.Fatal(err)
	}
	s := d.Sources[0]
	if !s.Internal {
		t.Errorf("the mail is not internal: people %v", s.People)
	}
	for _, p := range s.Passages {
		if strings.HasPrefix(p.Text, "We can't") && (p.Side() != throughline.SideCustomer || p.HeardBy(throughline.SideCustomer) != 1 || !p.Evidence()) {
			t.Errorf("the forwarded words are by %q of the %q side, heard by %d of the customer's, evidence %v", p.Name, p.Side(), p.HeardBy(throughline.SideCustomer), p.Evidence())
		}
	}
}
