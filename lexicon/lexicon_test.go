package lexicon

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const sample = `
# made up for this test
[hedge]
should be fine
don't hold me to it = 2
assum* your (side|team)
by the end of … <month>
d'ici à la fin
<num> weeks
weeks away
(I'd|we'd) (have to|want to) check
not (at all|too)? sure
c'est possible
[other]
fine
[class month]
January février
[class num]
two three
`

func words(ts []Token) []string {
	var ws []string
	for _, t := range ts {
		ws = append(ws, t.Word)
	}
	return ws
}

func TestTokens(t *testing.T) {
	for _, c := range []struct {
		in   string
		want []string
	}{
		{"Don’t worry, we'll see", []string{"dont", "worry", "well", "see"}},
		{"L'équipe n'est pas d'accord", []string{"l", "equipe", "n", "est", "pas", "d", "accord"}},
		{"1,250.5 rows/s. Done", []string{"1,250.5", "rows", "s", "done"}},
		{"Straße Œuvre łódź", []string{"strasse", "oeuvre", "lodz"}},
		{"  — … ", nil},
		{"rock 'n' roll's", []string{"rock", "n", "rolls"}},
	} {
		if d := cmp.Diff(c.want, words(Tokens(c.in))); d != "" {
			t.Errorf("Tokens(%q): %s", c.in, d)
		}
	}
}

func TestFind(t *testing.T) {
	l, err := Parse("sample", strings.NewReader(sample))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		in   string
		want []string
	}{
		{"That should be fine.", []string{"hedge:should be fine", "other:fine"}},
		{"dont hold me to it", []string{"hedge:don't hold me to it"}},
		{"assuming your team can", []string{"hedge:assum* your (side|team)"}},
		{"assuming your cat can", nil},
		{"by the end of, say, late January? by the end of late FÉVRIER", []string{"hedge:by the end of … <month>", "hedge:by the end of … <month>"}},
		{"D’ici à la fin", []string{"hedge:d'ici à la fin"}},
		{"three weeks away", []string{"hedge:<num> weeks", "hedge:weeks away"}},
		{"12 weeks", []string{"hedge:<num> weeks"}},
		{"wed have to check", []string{"hedge:(I'd|we'd) (have to|want to) check"}},
		{"we'd like to check", nil},
		{"not sure, not at all sure, not too sure", []string{"hedge:not (at all|too)? sure", "hedge:not (at all|too)? sure", "hedge:not (at all|too)? sure"}},
		{"c’est possible, cest possible", []string{"hedge:c'est possible", "hedge:c'est possible"}},
	} {
		var got []string
		for _, h := range l.Find(Tokens(c.in)) {
			got = append(got, h.Section+":"+h.Phrase)
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("Find(%q): %s", c.in, d)
		}
	}
}

func TestParseErrorsNameTheLine(t *testing.T) {
	for in, want := range map[string]string{
		"\nfirst":        "x:2:",
		"[a\n":           "x:1:",
		"[a]\n… b":       "x:2:",
		"[a]\nb = heavy": "x:2:",
		"[a]\n(b|c":      "x:2:",
		"[a]\n<>":        "x:2:",
		"[a]\n(b)?":      "x:2:",
		"[a]\n(a b|c d|e f|g h|i j) (a b|c d|e f|g h|i j) (a b|c d|e f|g h|i j)": "x:2:",
	} {
		_, err := Parse("x", strings.NewReader(in))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("Parse(%q): %v, want it to begin with %s", in, err, want)
		}
	}
}

func FuzzTokens(f *testing.F) {
	f.Add("Don’t l'équipe 1,2.3 \xff ’")
	f.Fuzz(func(t *testing.T, s string) {
		end := 0
		for _, tok := range Tokens(s) {
			if tok.Start < end || tok.End <= tok.Start || tok.End > len(s) {
				t.Fatalf("token %+v out of order in %q", tok, s)
			}
			end = tok.End
		}
	})
}
