package hedge

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"throughline"
)

// A vector is one dialogue of testdata/vectors with what is expected of it.
type vector struct {
	name     string
	deal     *throughline.Deal
	expected []expectation
	not      []string
}

type expectation struct {
	signal         Signal
	promise, doubt string
}

func TestVectors(t *testing.T) {
	files, err := filepath.Glob("testdata/vectors/*.txt")
	if err != nil || len(files) < 4 {
		t.Fatalf("found %d files of vectors: %v", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lang := strings.TrimSuffix(filepath.Base(file), ".txt")
		for _, v := range vectors(t, lang, string(data)) {
			t.Run(lang+"/"+v.name, func(t *testing.T) { v.check(t) })
		}
	}
}

func (v vector) check(t *testing.T) {
	cs := Scan(v.deal)
	if problem := unsound(v.deal, cs); problem != "" {
		t.Error(problem)
	}
	for _, e := range v.expected {
		found := false
		for _, c := range cs {
			found = found || c.Signal == e.signal && strings.Contains(c.Promise.Text, e.promise) && strings.Contains(c.Doubt.Text, e.doubt)
		}
		if !found {
			t.Errorf("no candidate %s: %q / %q among %s", e.signal, e.promise, e.doubt, list(cs))
		}
	}
	for _, words := range v.not {
		for _, c := range cs {
			if strings.Contains(c.Promise.Text, words) || strings.Contains(c.Doubt.Text, words) {
				t.Errorf("%q became a candidate: %s", words, list([]Candidate{c}))
			}
		}
	}
}

// TestWhatIsNoEvidence is never a candidate's: quoted mail, and another tool's text.
func TestWhatIsNoEvidence(t *testing.T) {
	const text = "Two hundred thousand items in one import, that should be fine."
	for name, hide := range map[string]func(*throughline.Passage){
		"history":      func(p *throughline.Passage) { p.History = true },
		"not evidence": func(p *throughline.Passage) { p.Source.NotEvidence = "a summary by another tool" },
	} {
		st := newStage("en")
		st.source("email")
		st.say("AE", text)
		if len(Scan(st.deal)) != 1 {
			t.Fatal("the sentence is no candidate to begin with")
		}
		hide(st.deal.Sources[1].Passages[0])
		if cs := Scan(st.deal); len(cs) > 0 {
			t.Errorf("%s: %s", name, list(cs))
		}
	}
}

// TestNothingToScan is what a deal without words gives.
func TestNothingToScan(t *testing.T) {
	for _, deal := range []*throughline.Deal{nil, {}, {Sources: []*throughline.Source{{ID: "c1"}}}} {
		if cs := Scan(deal); len(cs) > 0 {
			t.Errorf("candidates from nothing: %s", list(cs))
		}
	}
}

func list(cs []Candidate) string {
	var b strings.Builder
	for _, c := range cs {
		fmt.Fprintf(&b, "\n  %s %.2f: %q / %q %q", c.Signal, c.Score, c.Promise.Text, c.Doubt.Text, c.Cues)
	}
	return b.String()
}

func vectors(t *testing.T, lang, data string) []vector {
	t.Helper()
	var vs []vector
	var st *stage
	for n, l := range strings.Split(data, "\n") {
		kind, rest, _ := strings.Cut(l, " ")
		switch {
		case l == "" || kind == "#":
		case kind == "==":
			vs = append(vs, vector{name: rest})
			st = newStage(lang)
			vs[len(vs)-1].deal = st.deal
			st.source("call")
		case st == nil:
			t.Fatalf("%s.txt:%d: before the first dialogue: %s", lang, n+1, l)
		case kind == "--":
			st.source(rest)
		case kind == "+":
			signal, words, _ := strings.Cut(rest, ": ")
			promise, doubt, _ := strings.Cut(words, " / ")
			v := &vs[len(vs)-1]
			v.expected = append(v.expected, expectation{Signal(signal), promise, doubt})
		case kind == "!":
			v := &vs[len(vs)-1]
			v.not = append(v.not, rest)
		default:
			if !st.say(strings.TrimSuffix(kind, ":"), rest) {
				t.Fatalf("%s.txt:%d: nobody says: %s", lang, n+1, l)
			}
		}
	}
	return vs
}

// A stage is a deal in the making, with one person in each part.
type stage struct {
	deal *throughline.Deal
	lang string
	cast map[string]*throughline.Person
	at   time.Time
}

// newStage begins a deal with an empty call, so that the words of the few turns
// that follow are rare in it, as they would be in a deal of real length.
func newStage(lang string) *stage {
	st := &stage{lang: lang, at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), cast: map[string]*throughline.Person{
		"AE": {ID: "p1", Name: "Ada Adler", Side: throughline.SideSeller, Role: "AE"},
		"SE": {ID: "p2", Name: "Sol Serra", Side: throughline.SideSeller, Role: "SE"},
		"CU": {ID: "p3", Name: "Cy Conte", Side: throughline.SideCustomer},
	}}
	st.deal = &throughline.Deal{ID: "stage", AE: st.cast["AE"], People: []*throughline.Person{st.cast["AE"], st.cast["SE"], st.cast["CU"]}}
	st.source("call")
	for range 200 {
		st.say("CU", "Mhm.")
	}
	return st
}

func (st *stage) source(kind string) {
	st.at = st.at.AddDate(0, 0, 1)
	s := &throughline.Source{
		ID: fmt.Sprintf("x%d", len(st.deal.Sources)+1), Kind: throughline.SourceKind(kind), Language: st.lang, At: st.at,
		Internal: kind == "chat" || kind == "crm",
	}
	st.deal.Sources = append(st.deal.Sources, s)
}

func (st *stage) say(who, text string) bool {
	p := st.cast[who]
	if p == nil {
		return false
	}
	s := st.deal.Sources[len(st.deal.Sources)-1]
	s.Passages = append(s.Passages, &throughline.Passage{
		Ref: fmt.Sprintf("%s.%d", s.ID, len(s.Passages)+1), Source: s, Index: len(s.Passages),
		Text: text, Speaker: p, Name: p.Name, At: st.at, Offset: -1,
	})
	return true
}

// unsound says what is wrong with a list of candidates, whatever the deal; empty
// when nothing is.
func unsound(deal *throughline.Deal, cs []Candidate) string {
	for i, c := range cs {
		if c.Number != i+1 {
			return fmt.Sprintf("candidate %d has number %d", i+1, c.Number)
		}
		if c.Doubt.Ref == "" {
			return fmt.Sprintf("candidate %d has no doubt", c.Number)
		}
		for _, s := range []Span{c.Promise, c.Doubt} {
			if s == (Span{}) {
				continue
			}
			p := deal.Passage(s.Ref)
			switch {
			case p == nil:
				return fmt.Sprintf("candidate %d: no passage %q", c.Number, s.Ref)
			case !p.Evidence():
				return fmt.Sprintf("candidate %d stands on %s, which is no evidence", c.Number, s.Ref)
			case s.Start < 0 || s.End > len(p.Text) || s.Start >= s.End:
				return fmt.Sprintf("candidate %d: range %d-%d of the %d bytes of %s", c.Number, s.Start, s.End, len(p.Text), s.Ref)
			case p.Text[s.Start:s.End] != s.Text:
				return fmt.Sprintf("candidate %d: %q is not what stands in %s", c.Number, s.Text, s.Ref)
			case s.Start > 0 && !utf8.RuneStart(p.Text[s.Start]) || s.End < len(p.Text) && !utf8.RuneStart(p.Text[s.End]):
				return fmt.Sprintf("candidate %d divides a letter in %s", c.Number, s.Ref)
			}
		}
		if !(c.Score >= 0) {
			return fmt.Sprintf("candidate %d has score %v", c.Number, c.Score)
		}
	}
	return ""
}

// FuzzScan reads any text as a dialogue: a line is a turn, and the first letters
// of a line say who speaks and where.
func FuzzScan(f *testing.F) {
	f.Add("en", "AE: It takes fifty thousand rows a second, that should be fine.\n-- chat\nSE: not fifty thousand rows, more like 12k, untested")
	f.Add("de", "CU: Geht das?\nAE: Das muss ich klären, ich melde mich zurück.\n-- email\nCU: noch nichts bekommen")
	f.Add("fr", "AE: À condition que l’équipe… ça devrait aller\n\xff\xfe é\n-- crm\nAE: 1.000.000,5% ?")
	f.Add("", "AE: \u0301\u200b.\n! 12,000k m 5m 0b")
	f.Fuzz(func(t *testing.T, lang, text string) {
		st := newStage(lang)
		st.source("call")
		for _, l := range strings.Split(text, "\n") {
			who, rest, _ := strings.Cut(l, " ")
			switch {
			case who == "--" && len(st.deal.Sources) < 20:
				st.source(rest)
			case !st.say(strings.TrimSuffix(who, ":"), rest):
				st.say("SE", l)
			}
		}
		cs := Scan(st.deal)
		if problem := unsound(st.deal, cs); problem != "" {
			t.Error(problem)
		}
		if again := Scan(st.deal); !reflect.DeepEqual(cs, again) {
			t.Errorf("the same deal gave %v and then %v", cs, again)
		}
	})
}
