package eval

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestPlain(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"We'd start in May.", "we d start in may"},
		{"  We’d \n start — in “MAY”  ", "we d start in may"},
		{"p99: 5M/day", "p99 5m day"},
		{"Ça coûte 3 000 €", "\xe7a co\xfbte 3 000"},
		{"le CŒUR", "le c\x9cur"},
		{"Straße", "stra e"},
		{"…", ""},
		{"", ""},
	} {
		if got := plain(c.in); got != c.want {
			t.Errorf("plain(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

// TestPlainOfPlain: what separates words and how they are written makes no
// difference, and each character is one byte.
func TestPlainOfPlain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOf(rapid.StringMatching(`[a-zA-Z0-9àéœÖñ]{1,8}`)).Draw(t, "words")
		gap := rapid.SampledFrom([]string{" ", "\n", ", ", " — ", "… "}).Draw(t, "gap")
		got := plain(strings.Join(words, gap))
		if want := plain(strings.ToUpper(strings.Join(words, " "))); got != want {
			t.Errorf("%q with %q between its words is %q, and with a space %q", words, gap, got, want)
		}
		if want := utf8.RuneCountInString(strings.Join(words, " ")); len(got) != want {
			t.Errorf("%q: %d bytes for %d characters", words, len(got), want)
		}
	})
}

func TestFind(t *testing.T) {
	call := newText(source{"calls/01", []string{"Yes. Yes, it is.", "…", "In May?", "Yes"}})
	type at struct{ Unit, Start, End int }
	for _, c := range []struct {
		quote string
		want  []at
	}{
		{"YES", []at{{0, 0, 3}, {0, 4, 7}, {3, 22, 25}}},
		{"in May yes", []at{{2, 15, 25}}}, // over the end of a turn
		{"it is in May", nil},             // but not over a turn without a word
		{"yes yes", []at{{0, 0, 7}}},
		{"June", nil},
		{"?!", nil},
	} {
		var got []at
		for _, p := range call.find(plain(c.quote)) {
			got = append(got, at{p.unit, p.start, p.end})
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", c.quote, diff)
		}
	}
}

func TestNear(t *testing.T) {
	call, slack := newText(source{name: "calls/01"}), newText(source{name: "slack/deal"})
	crm, doc := newText(source{name: "crm"}), newText(source{name: "docs/review"})
	for _, c := range []struct {
		name string
		a, b place
		want bool
	}{
		{"two turns on", place{call, 4, 0, 9}, place{call, 6, 900, 950}, true},
		{"three turns on, far", place{call, 4, 0, 9}, place{call, 7, 900, 950}, false},
		{"three turns on, short ones", place{call, 4, 0, 9}, place{call, 7, 60, 70}, true},
		{"two messages back", place{slack, 6, 900, 950}, place{slack, 4, 0, 9}, true},
		{"another source", place{call, 4, 0, 9}, place{slack, 4, 0, 9}, false},
		{"the same field", place{crm, 2, 0, 9}, place{crm, 2, 900, 950}, true},
		{"the next field", place{crm, 2, 0, 9}, place{crm, 3, 10, 20}, false},
		{"300 characters on", place{doc, 0, 0, 10}, place{doc, 0, 310, 320}, true},
		{"301 characters on", place{doc, 0, 0, 10}, place{doc, 0, 311, 320}, false},
		{"300 characters back", place{doc, 0, 310, 320}, place{doc, 0, 0, 10}, true},
	} {
		if got := c.a.near(c.b); got != c.want {
			t.Errorf("%s: near is %v", c.name, got)
		}
	}
}

func TestSamePerson(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"Rosa Delmar", "rosa delmar", true},
		{"Rosa", "Rosa Delmar", true},
		{"Delmar", "Rosa Delmar", true},
		{"Rosa Maria Delmar", "Rosa Delmar", true},
		{"Rosa Pike", "Rosa Delmar", false},
		{"Ivor", "Rosa Delmar", false},
		{"", "Rosa Delmar", false},
		{"", "", false},
	} {
		if got := samePerson(c.a, c.b); got != c.want {
			t.Errorf("samePerson(%q, %q) = %v", c.a, c.b, got)
		}
		if got := samePerson(c.b, c.a); got != c.want {
			t.Errorf("samePerson(%q, %q) = %v", c.b, c.a, got)
		}
	}
}
