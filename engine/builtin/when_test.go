package builtin

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline/lexicon"
)

// The files in testdata/moments hold sentences, and behind "=>" the days that
// they name with what each counts from.
func TestMoments(t *testing.T) {
	ls, err := lexicons()
	if err != nil {
		t.Fatal(err)
	}
	day := func(d, m int) time.Time { return time.Date(2026, time.Month(m), d, 0, 0, 0, 0, time.UTC) }
	for lang, lex := range ls {
		f, err := os.Open(filepath.Join("testdata", "moments", lang+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		sc := bufio.NewScanner(f)
		for n := 1; sc.Scan(); n++ {
			text, want, ok := strings.Cut(sc.Text(), "=>")
			if !ok {
				continue
			}
			text = strings.TrimSpace(text)
			c := calendar{lex: lex, words: datesOf[lang], said: day(20, 9), close: day(28, 9), kickoff: day(5, 10)}
			var got []string
			for _, m := range c.moments(text, lexicon.Tokens(text)) {
				got = append(got, m.due.Format(time.DateOnly)+" "+string(m.from))
			}
			if d := cmp.Diff(strings.TrimSpace(want), strings.Join(got, ", ")); d != "" {
				t.Errorf("%s.txt:%d: %s %s", lang, n, text, d)
			}
		}
		if err := sc.Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// What counts from a go-live is due on no day that can be told.
func TestNoDayFromGoLive(t *testing.T) {
	m := moment{due: time.Date(2026, 11, 16, 0, 0, 0, 0, time.UTC), from: "go_live"}
	if got := m.date(); got != "" {
		t.Errorf("date of a moment counted from the go-live: %q, want none", got)
	}
	m.from = "kickoff"
	if got := m.date(); got != "2026-11-16" {
		t.Errorf("date of a moment counted from the kickoff: %q", got)
	}
}

func FuzzMoments(f *testing.F) {
	for _, s := range []string{"By the end of Q4, 16.11.2026, 1er mars, J+30, KW 53, treinta y uno de enero", "24/7 2026-02-31", "\xff ’ 9999.99."} {
		f.Add(s)
	}
	ls, err := lexicons()
	if err != nil {
		f.Fatal(err)
	}
	said := time.Date(2026, 9, 20, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, s string) {
		tokens := lexicon.Tokens(s)
		for lang, lex := range ls {
			last := -1
			for _, m := range (calendar{lex: lex, words: datesOf[lang], said: said, close: said}).moments(s, tokens) {
				if m.last <= last || m.last >= len(tokens) || m.due.IsZero() {
					t.Fatalf("%s: moment %+v out of order in %q", lang, m, s)
				}
				last = m.last
			}
		}
	})
}
