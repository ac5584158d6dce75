package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"throughline"
)

func inspected(t *testing.T, dir string) inspection {
	t.Helper()
	var in inspection
	if err := json.Unmarshal([]byte(succeed(t, "", "inspect", dir, "--format", "json")), &in); err != nil {
		t.Fatal(err)
	}
	return in
}

func TestInspectDemo(t *testing.T) {
	in := inspected(t, demoDir)
	kinds := map[throughline.SourceKind]int{}
	for _, s := range in.Sources {
		kinds[s.Kind]++
		if s.Words == 0 || s.At == nil || len(s.People) == 0 && s.Kind != throughline.SourceDocument {
			t.Errorf("source %s has %d words, date %v, people %v", s.ID, s.Words, s.At, s.People)
		}
	}
	for kind, want := range map[throughline.SourceKind]int{
		throughline.SourceCall: 5, throughline.SourceEmail: 8, throughline.SourceChat: 1, throughline.SourceCRM: 1, throughline.SourceDocument: 1,
	} {
		if kinds[kind] != want {
			t.Errorf("%d sources of kind %s, want %d", kinds[kind], kind, want)
		}
	}
	sides := map[throughline.Side]int{}
	for _, p := range in.Deal.People {
		sides[p.Side]++
	}
	if sides[throughline.SideSeller] != 6 || sides[throughline.SideCustomer] != 7 || sides[throughline.SideUnknown] != 0 {
		t.Errorf("people by side: %v", sides)
	}
	if in.Deal.AE == nil || in.Deal.AE.Name != "Caleb Whitmore" || in.Deal.CSM == nil || in.Deal.CSM.Name != "Tess Okafor" {
		t.Errorf("AE %v, CSM %v", in.Deal.AE, in.Deal.CSM)
	}
	if len(in.Gaps) != 0 || len(in.Problems) != 0 {
		t.Errorf("gaps %v, problems %v", in.Gaps, in.Problems)
	}
}

func TestInspectText(t *testing.T) {
	out := succeed(t, "", "inspect", demoDir)
	for _, want := range []string{
		"Harborline Logistics - Northbeam Sync", "Caleb Whitmore", "2026-09-28", "2026-10-06",
		"of the seller", "of the customer", "Marisol Vega, Director of Data & Analytics", "[internal]",
		"How sides and dates were worked out", "Missing", "Nothing that a handoff needs.", "All files were read.",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("inspect does not say %q:\n%s", want, out)
		}
	}
}

const smallCall = `Ann Example  00:04
We can have you live in four weeks, I think.

Bo Sample  00:12
Today we do it all in spreadsheets, and it takes two days a month.

Ann Example  00:31
And who puts them together?

Bo Sample  00:35
I do, mostly. Sometimes the controller has to help.

Ann Example  00:47
Then we start with the controller's export.

Bo Sample  00:52
Yes, that would be good.
`

func writeFiles(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestInspectGaps(t *testing.T) {
	in := inspected(t, writeFiles(t, map[string]string{"call.txt": smallCall, "bad.json": `{"deal": `}))
	for _, want := range []string{
		"No AE is known.", "No CSM is known.", "It is not known who sells.", "It is not known who buys.",
		"The close date is not known", "The kickoff date is not known", "No email.", "No CRM record.", "No deal channel.",
		"The side is not known of: Ann Example, Bo Sample.",
	} {
		if !slices.ContainsFunc(in.Gaps, func(g gap) bool { return strings.HasPrefix(g.What, want) && g.Next != "" }) {
			t.Errorf("the gap %q is not told; told are %v", want, in.Gaps)
		}
	}
	if slices.ContainsFunc(in.Gaps, func(g gap) bool { return strings.HasPrefix(g.What, "No call") }) {
		t.Error("a call was read, and is said to be missing")
	}
	if !slices.ContainsFunc(in.Problems, func(p throughline.Problem) bool { return p.File == "bad.json" && p.What != "" }) {
		t.Errorf("the broken file is not named: %v", in.Problems)
	}
}

func TestInspectSidesFromDealJSON(t *testing.T) {
	in := inspected(t, writeFiles(t, map[string]string{
		"call.txt": smallCall,
		"deal.json": `{"seller": {"company": "Sells"}, "customer": {"company": "Buys"},
			"ae": {"name": "Ann Example"}, "contacts": [{"name": "Bo Sample"}]}`,
	}))
	want := map[string]throughline.Side{"Ann Example": throughline.SideSeller, "Bo Sample": throughline.SideCustomer}
	for _, p := range in.Deal.People {
		if p.Side != want[p.Name] {
			t.Errorf("%s is on side %q, want %q", p.Name, p.Side, want[p.Name])
		}
		delete(want, p.Name)
	}
	if len(want) > 0 {
		t.Errorf("not among the people: %v", want)
	}
}

// TestTerminalIsSafe plants what would command a terminal wherever text of a
// deal is printed.
func TestTerminalIsSafe(t *testing.T) {
	const evil = "\x1b]0;owned\x07\u202eevil\u009b31m"
	dir := writeFiles(t, map[string]string{
		"mail.eml": "From: Ann Example <ann@sells.example>\r\nTo: bo@buys.example\r\nDate: Mon, 4 May 2026 09:00:00 +0000\r\n" +
			"Subject: Plan " + evil + "\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nWe should be able to go live by June" + evil + ", I think, if your team has time for it.\r\n",
		"deal.json":               `{"name": "Deal \u001b[2J", "seller": {"company": "Sells", "domain": "sells.example"}, "customer": {"company": "Buys\u009b", "domain": "buys.example"}}`,
		"bro\x1b[2Jken.json":      `{"a": `,
		"odd\u202e\u009bname.bin": "\x00\x01\x02",
	})
	proof, err := json.Marshal(claim{Quote: "We should be able to go live by June"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ stdin, args string }{
		{"", "inspect"},
		{"", "inspect --format json"},
		{"", "hedges"},
		{"", "hedges --format json"},
		{string(proof) + "\n" + `{"quote": ` + evil, "prove"},
		{"", "generate"},
	} {
		command, rest, _ := strings.Cut(c.args, " ")
		r := throughlineRun(t, c.stdin, append([]string{command, dir}, strings.Fields(rest)...)...)
		out := r.stdout + r.stderr
		if len(r.stdout) < 50 {
			t.Errorf("%s printed next to nothing: %q %q", c.args, r.stdout, r.stderr)
		}
		if i := strings.IndexFunc(out, func(r rune) bool { return r != '\n' && unicode.IsControl(r) }); i >= 0 {
			t.Errorf("%s prints control characters: %q", c.args, out[i:min(len(out), i+40)])
		}
	}
	r := throughlineRun(t, "", "generate", "no\x1b[2Jwhere")
	if strings.Contains(r.stderr, "\x1b") {
		t.Errorf("an error prints control characters: %q", r.stderr)
	}
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                     "plain",
		"  two\n lines\t":           "two lines",
		"\x1b[31mred":               "\ufffd[31mred",
		"a\u202eb\u2066c\U000E0041": "a\ufffdb\ufffdc\ufffd",
		"c1 \u009b2J, DEL \x7f":     "c1 \ufffd2J, DEL \ufffd",
		"Ünïcödé 日本 👩‍💻":            "Ünïcödé 日本 👩‍💻",
		"bad \xff utf-8":            "bad \ufffd utf-8",
	} {
		if got := printable(in); got != want {
			t.Errorf("printable(%q) = %q, want %q", in, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "text")
		if got := printable(s); strings.ContainsFunc(got, func(r rune) bool { return unicode.IsControl(r) || reorders(r) }) {
			t.Fatalf("printable(%q) = %q", s, got)
		}
	})
}

// TestJSONKeepsTheText: what is escaped for the terminal is the same text to a
// program that reads it.
func TestJSONKeepsTheText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.String().Draw(t, "text")
		var out strings.Builder
		if err := writeJSON(&out, want, ""); err != nil {
			t.Fatal(err)
		}
		var got string
		if err := json.Unmarshal([]byte(out.String()), &got); err != nil || got != want {
			t.Fatalf("%q came back as %q, %v", want, got, err)
		}
		if strings.ContainsFunc(out.String(), lateControl) {
			t.Fatalf("%q is written with control characters: %q", want, out.String())
		}
	})
}
