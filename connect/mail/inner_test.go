package mail

import (
	"bytes"
	"flag"
	netmail "net/mail"
	"net/textproto"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/jhillyerd/enmime/v2"

	"throughline/connect"
)

var update = flag.Bool("update", false, "write testdata anew")

func newClient(t testing.TB) *Client {
	t.Helper()
	c, err := New(Config{
		Host: "smtp.seller.example", Username: "throughline@seller.example", Password: "password-planted",
		From: netmail.Address{Name: "Handoffs", Address: "handoffs@seller.example"}, Limiter: connect.NewLimiter(1, 1),
		Now: func() time.Time { return time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestLook holds what a mail shows to testdata/review.html and .txt.
func TestLook(t *testing.T) {
	p, err := pageOf(connect.Message{
		Subject: "Review the handoff of Harborline", Paragraphs: []string{"The draft is ready.", "It has three open questions.\n<They are marked.>"},
		Actions: []connect.Action{
			{Label: "Review the draft", URL: "https://throughline.example/r/1?t=a&b=c", Primary: true},
			{Label: "Accept", ID: "accept"},
			{URL: "https://throughline.example/r/1/later"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	rich, err := p.html()
	if err != nil {
		t.Fatal(err)
	}
	for file, got := range map[string]string{"testdata/review.html": rich, "testdata/review.txt": p.text()} {
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), got); d != "" {
			t.Errorf("%s: -want +got:\n%s", file, d)
		}
	}
}

func TestSplitStatus(t *testing.T) {
	for said, want := range map[string][2]string{
		"5.1.1 user unknown":                     {"5.1.1", "user unknown"},
		"5.7.26 This mail\n5.7.26 is unwanted":   {"5.7.26", "This mail\nis unwanted"},
		"user unknown":                           {"", "user unknown"},
		"version 5.1.1 of the server":            {"", "version 5.1.1 of the server"},
		"4.2.2":                                  {"4.2.2", ""},
		"5.1.1.1 is no code":                     {"", "5.1.1.1 is no code"},
		"":                                       {"", ""},
		"Requested action not taken\n5.2.2 full": {"5.2.2", "Requested action not taken\nfull"},
	} {
		code, words := splitStatus(said)
		if got := [2]string{code, words}; got != want {
			t.Errorf("%q: got %q, want %q", said, got, want)
		}
	}
}

func TestRepeats(t *testing.T) {
	const words = "Review the handoff of Harborline\nThe draft is ready."
	for said, want := range map[string]bool{
		"blocked: the handoff of harborline": true,
		`rejected "the draft is ready"`:      true,
		"user unknown":                       false,
		"the draft":                          false,
		"":                                   false,
	} {
		if got := repeats(said, words); got != want {
			t.Errorf("%q: got %v", said, got)
		}
	}
	if repeats("anything at all that a server says", "") {
		t.Error("where nothing was sent nothing is repeated")
	}
}

func FuzzAddress(f *testing.F) {
	for _, s := range []string{"ann@example.com", "ann+tag@bücher.example", `"a b"@example.com`, "a@b>", "a@example.com\r\nBcc: b@example.com", "Ann <a@example.com>", "a@[::1]", "@", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := address(s)
		if err != nil {
			if got != "" || len(s) > 25 && strings.Contains(err.Error(), s) {
				t.Errorf("%q: %q, %v", s, got, err)
			}
			return
		}
		parsed, err := netmail.ParseAddress(got)
		if err != nil || parsed.Address != got || strings.ContainsAny(got, "\r\n <>,;:\"\\()") || len(got) > mostAddress || strings.Count(got, "@") != 1 {
			t.Errorf("%q is taken as %q", s, got)
		}
		if again, err := address(got); err != nil || again != got {
			t.Errorf("%q is first taken as %q, then as %q: %v", s, got, again, err)
		}
	})
}

func FuzzReply(f *testing.F) {
	f.Add(550, "5.1.1 <ann@example.com> unknown", "Review the handoff")
	f.Add(421, "\u202e4.7.0 password-planted", "")
	f.Add(999, strings.Repeat("x", 5000), "x")
	c := newClient(f)
	f.Fuzz(func(t *testing.T, code int, said, words string) {
		for _, op := range []string{opGreet, opSignIn, opFrom, opTo, opAnswer} {
			e := c.failure(t.Context(), op, &textproto.Error{Code: code, Msg: said}, words)
			shown := e.Error()
			if e.Advice == "" || strings.Contains(shown, "password-planted") || strings.ContainsAny(shown, "\r\n\x00\u202e") || utf8.RuneCountInString(e.Message) > mostSaid {
				t.Errorf("%d %q at %s is told as %q", code, said, op, shown)
			}
			if anAddress.MatchString(e.Message) {
				t.Errorf("an address stands in %q", shown)
			}
		}
	})
}

// FuzzCompose: what is written is a mail with our header, whatever it says.
func FuzzCompose(f *testing.F) {
	f.Add("Review", "The draft is ready.\nBoth.", "Open")
	f.Add("x\r\nBcc: a@b.example", "--boundary\r\n\r\n.", "<b>")
	f.Add("=?utf-8?q?=0D=0A?=", "\x00\xff\u2028", "\u202e")
	c := newClient(f)
	f.Fuzz(func(t *testing.T, subject, paragraph, label string) {
		l, err := c.compose(connect.Message{Key: "k", To: "ann@example.com", Subject: subject, Paragraphs: []string{paragraph}, Actions: []connect.Action{{Label: label, URL: "https://throughline.example/"}}})
		if err != nil {
			t.Fatal(err)
		}
		var raw bytes.Buffer
		if _, err := l.mail.WriteTo(&raw); err != nil {
			t.Fatal(err)
		}
		got, err := enmime.NewParser(enmime.DisableCharacterDetection(true)).ReadEnvelope(&raw)
		if err != nil || len(got.Errors) > 0 {
			t.Fatalf("%q, %q, %q: %v, %v", subject, paragraph, label, err, got)
		}
		if n := len(got.Root.Header); n != 10 || got.GetHeader("To") != "<ann@example.com>" || got.GetHeader("Bcc") != "" {
			t.Errorf("the header has %d fields: %v", n, got.Root.Header)
		}
		if !strings.HasSuffix(strings.TrimSpace(got.Text), Notice) || strings.Count(got.HTML, "<a ") != 2 {
			t.Errorf("text %q, HTML %q", got.Text, got.HTML)
		}
		if again := strings.ReplaceAll(got.Text, "\r\n", "\n"); again != l.text() {
			t.Errorf("-want +got:\n%s", cmp.Diff(l.text(), again))
		}
	})
}

func TestFolded(t *testing.T) {
	ten := "123456789 "
	for value, want := range map[string]string{
		"a": "a",
		"<https://" + strings.Repeat("x", 300) + ">, b": "<https://" + strings.Repeat("x", 300) + ">,\r\n b",
		strings.Repeat(ten, 15) + "a":                   strings.Repeat(ten, 5) + "123456789\r\n " + strings.Repeat(ten, 6) + "123456789\r\n " + ten + "123456789 a",
	} {
		if got := folded("List-Unsubscribe", value); got != want {
			t.Errorf("%s: got\n%q, want\n%q", value, got, want)
		}
	}
}

// FuzzPrepare: a letter's header has the field that was set, or nothing is written.
func FuzzPrepare(f *testing.F) {
	f.Add("List-Unsubscribe", "<https://handoff.example.com/survey/stop/a>", "One question")
	f.Add("X-A: 1\r\nBcc", "a@b.example", "x\r\nBcc: a@b.example")
	f.Add("x-a", "=?utf-8?q?=0D=0A?=", "\xff")
	f.Add("List-Help", strings.Repeat("a ", 900)+"b", "")
	c := newClient(f)
	f.Fuzz(func(t *testing.T, name, value, subject string) {
		l, err := c.prepare(connect.Letter{Key: "k", To: "ann@example.com", Subject: subject, Text: "a\n", HTML: "<p>a</p>", Header: map[string]string{name: value}})
		if err != nil {
			if len(value) > 25 && strings.Contains(err.Error(), value) {
				t.Errorf("%v repeats what it refuses", err)
			}
			return
		}
		var raw bytes.Buffer
		if _, err := l.mail.WriteTo(&raw); err != nil {
			t.Fatal(err)
		}
		got, err := enmime.NewParser(enmime.DisableCharacterDetection(true)).ReadEnvelope(&raw)
		if err != nil || len(got.Errors) > 0 {
			t.Fatalf("%q: %q, %q: %v, %v", name, value, subject, err, got)
		}
		if len(got.Root.Header) != 11 || got.GetHeader(name) != value || strings.TrimSpace(got.Text) != "a" {
			t.Errorf("%q: %q came as %q among %v", name, value, got.GetHeader(name), got.Root.Header)
		}
	})
}

// text is the plain part of a letter.
func (l *letter) text() string {
	_, text, _ := strings.Cut(l.words, "\n")
	return text
}
