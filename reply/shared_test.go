package reply_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jhillyerd/enmime/v2"

	"throughline/reply"
)

// shared is where reference data stands beside a checkout, seen from this
// package; tests that use it skip where it is absent.
const shared = "../../shared/data/email_reply"

// squeeze puts white space aside.
func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

// records reads a JSON-lines file of the reference data into a slice of T.
func records[T any](t *testing.T, name string) []T {
	t.Helper()
	f, err := os.Open(filepath.Join(shared, name))
	if err != nil {
		t.Skipf("reference data is not beside this checkout: %v", err)
	}
	defer f.Close()
	var rs []T
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<24)
	for sc.Scan() {
		var r T
		if err := json.Unmarshal(sc.Bytes(), &r); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		rs = append(rs, r)
	}
	if err := sc.Err(); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return rs
}

type replyCase struct {
	ID           string
	Input        string
	Reply        *string  `json:"expected_reply"`
	MustMatch    []string `json:"reply_must_match"`
	MustNotMatch []string `json:"reply_must_not_match"`
}

// tally counts what a source's cases came to.
type tally struct{ right, all int }

func (c *tally) add(ok bool) {
	c.all++
	if ok {
		c.right++
	}
}

func (c *tally) share() float64 { return float64(c.right) / float64(c.all) }

// TestReferenceReplies strips quoted history from the reference mails. The two
// sources differ on signatures: talon's replies keep them, GitHub's do not.
func TestReferenceReplies(t *testing.T) {
	scores := map[string]*tally{"talon": {}, "github": {}}
	for _, c := range records[replyCase](t, "cases.jsonl") {
		source, _, _ := strings.Cut(c.ID, "/")
		p := reply.Split(c.Input)
		kept := p.Reply()
		if source == "github" {
			kept = p.Written()
		}
		ok := c.Reply == nil || squeeze(kept) == squeeze(*c.Reply)
		for _, m := range c.MustMatch {
			ok = ok && regexp.MustCompile("(?m)"+m).MatchString(kept)
		}
		for _, m := range c.MustNotMatch {
			ok = ok && !regexp.MustCompile("(?m)"+m).MatchString(kept)
		}
		scores[source].add(ok)
		if !ok {
			t.Logf("%s: got %q, want %v %v", c.ID, kept, deref(c.Reply), c.MustMatch)
		}
	}
	for source, s := range scores {
		t.Logf("%s: %d of %d", source, s.right, s.all)
		if s.share() < 0.95 {
			t.Errorf("%s: %d of %d right, want 95%%", source, s.right, s.all)
		}
	}
}

func deref(s *string) string {
	if s == nil {
		return "(any)"
	}
	return *s
}

func TestReferenceHTML(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(shared, "talon_html", "*.html"))
	if err != nil || len(names) == 0 {
		t.Skip("reference HTML mails are not beside this checkout")
	}
	var score tally
	for _, name := range names {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		p := reply.SplitHTML(string(source))
		ok := squeeze(p.Reply()) == "Hi. I am fine. Thanks, Alex"
		score.add(ok)
		if !ok {
			t.Logf("%s: got %q of %q", filepath.Base(name), p.Reply(), p.Text)
		}
	}
	t.Logf("HTML: %d of %d", score.right, score.all)
	if score.share() < 0.95 {
		t.Errorf("HTML: %d of %d right, want 95%%", score.right, score.all)
	}
}

// TestReferenceMails reads whole mails, their plain and their HTML parts.
func TestReferenceMails(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(shared, "talon_eml", "*.eml"))
	if err != nil || len(names) == 0 {
		t.Skip("reference mails are not beside this checkout")
	}
	want := regexp.MustCompile(`^(?:Hello|Allo! Follow up MIME!)( Sent from my iPhone| -- xxx Sent with Sparrow(?: \(http://www.sparrowmailapp.com/\?sig\))?)?$`)
	var score tally
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		e, err := enmime.ReadEnvelope(f)
		f.Close()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		parts := []reply.Parts{reply.Split(e.Text)}
		if e.HTML != "" {
			parts = append(parts, reply.SplitHTML(e.HTML))
		}
		for i, p := range parts {
			ok := want.MatchString(squeeze(p.Reply()))
			score.add(ok)
			if !ok {
				t.Logf("%s, part %d: got %q of %q", filepath.Base(name), i, p.Reply(), p.Text)
			}
		}
	}
	t.Logf("mails: %d of %d parts", score.right, score.all)
	if score.share() < 0.95 {
		t.Errorf("mails: %d of %d parts right, want 95%%", score.right, score.all)
	}
}

// signatureFloor is the share of the reference mails whose signature must be
// set apart from what was written.
const signatureFloor = 0.90

func TestReferenceSignatures(t *testing.T) {
	var bodies, both tally
	for _, c := range records[struct {
		ID        string
		Input     string
		Sender    string
		Body      string `json:"expected_body"`
		Signature string `json:"expected_signature"`
	}](t, "signature_cases.jsonl") {
		p := reply.SplitFrom(c.Input, c.Sender)
		body := squeeze(p.Written()) == squeeze(c.Body)
		bodies.add(body)
		both.add(body && squeeze(p.Signature()) == squeeze(c.Signature))
		if !body || squeeze(p.Signature()) != squeeze(c.Signature) {
			t.Logf("%s: got %q and %q, want signature %q", c.ID, p.Written(), p.Signature(), c.Signature)
		}
	}
	t.Logf("signatures: %d of %d, with the signature's very text %d", bodies.right, bodies.all, both.right)
	if bodies.share() < signatureFloor {
		t.Errorf("signatures: %d of %d right, want %.0f%%", bodies.right, bodies.all, 100*signatureFloor)
	}
}
