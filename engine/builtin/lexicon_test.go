package builtin_test

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"throughline/lexicon"
)

// hitWeight is what the cues of a sentence weigh at least where it is one for
// its section, and stay under where it is none: about the weight at which one
// cue tips the engine's rules.
const hitWeight = 1.2

var languages = []string{"en", "fr", "es", "de"}

func load(t *testing.T, lang string) *lexicon.Lexicon {
	t.Helper()
	name := filepath.Join("lexicon", lang+".txt")
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	l, err := lexicon.Parse(name, bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// headings lists the [headings] of a lexicon file, classes included, and phrases
// lists the phrases under each, as written.
func headings(t *testing.T, lang string) (heads []string, phrases map[string][]string) {
	t.Helper()
	name := filepath.Join("lexicon", lang+".txt")
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	phrases = map[string][]string{}
	head := ""
	for _, line := range strings.Split(string(b), "\n") {
		line, _, _ = strings.Cut(line, "#")
		line = strings.TrimSpace(line)
		switch {
		case line == "":
		case strings.HasPrefix(line, "["):
			head = line
			heads = append(heads, head)
		case !strings.HasPrefix(head, "[class "):
			phrase, _, _ := strings.Cut(line, " = ")
			phrases[head] = append(phrases[head], phrase)
		}
	}
	return heads, phrases
}

func TestEveryLanguageHasTheSectionsAndClassesOfEnglish(t *testing.T) {
	english, _ := headings(t, "en")
	for _, lang := range languages {
		l := load(t, lang)
		heads, phrases := headings(t, lang)
		for _, h := range english {
			if !slices.Contains(heads, h) {
				t.Errorf("%s.txt has no %s", lang, h)
			}
		}
		for _, h := range heads {
			if !slices.Contains(english, h) {
				t.Errorf("%s.txt has %s, which en.txt has not", lang, h)
			}
		}
		for _, section := range l.Sections() {
			if len(phrases["["+section+"]"]) == 0 {
				t.Errorf("%s.txt: section %s is empty", lang, section)
			}
		}
	}
}

// The calendar finds its words by these classes; a class that is empty or holds
// no such word makes it blind in that language.
func TestClassesOfTheCalendar(t *testing.T) {
	for lang, words := range map[string]map[string]string{
		"en": {"days": "days", "weeks": "week", "months": "month", "quarters": "quarter", "years": "year", "golive": "live", "signing": "signature", "early": "early", "late": "end", "middle": "mid", "month": "november", "weekday": "monday", "num": "two", "unit": "hours", "period": "morning", "stop": "the"},
		"fr": {"days": "jours", "weeks": "semaine", "months": "mois", "quarters": "trimestre", "years": "année", "golive": "lancement", "signing": "signature", "early": "début", "late": "fin", "middle": "mi", "month": "février", "weekday": "lundi", "num": "deux", "unit": "heures", "period": "matin", "stop": "c'est"},
		"es": {"days": "días", "weeks": "semana", "months": "mes", "quarters": "trimestre", "years": "año", "golive": "lanzamiento", "signing": "firma", "early": "principios", "late": "finales", "middle": "mediados", "month": "septiembre", "weekday": "miércoles", "num": "dos", "unit": "horas", "period": "mañana", "stop": "también"},
		"de": {"days": "tagen", "weeks": "woche", "months": "monaten", "quarters": "quartals", "years": "jahr", "golive": "livegang", "signing": "unterschrift", "early": "anfang", "late": "ende", "middle": "mitte", "month": "märz", "weekday": "dienstag", "num": "zwölf", "unit": "stunden", "period": "nacht", "stop": "für"},
	} {
		l := load(t, lang)
		for class, word := range words {
			for _, token := range lexicon.Tokens(word) {
				if len(token.Word) > 1 && !l.InClass(class, token.Word) {
					t.Errorf("%s.txt: %q is not in class %s", lang, word, class)
				}
			}
		}
	}
}

// A word in two classes of lengths would be as long as chance has it.
func TestLengthsAreDisjoint(t *testing.T) {
	lengths := []string{"days", "weeks", "months", "quarters", "years"}
	for _, lang := range languages {
		l := load(t, lang)
		b, err := os.ReadFile(filepath.Join("lexicon", lang+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		for _, token := range lexicon.Tokens(string(b)) {
			var in []string
			for _, class := range lengths {
				if l.InClass(class, token.Word) {
					in = append(in, class)
				}
			}
			if len(in) > 1 {
				t.Fatalf("%s.txt: %q is in %v", lang, token.Word, in)
			}
		}
	}
}

func TestNoPhraseTwiceInASection(t *testing.T) {
	for _, lang := range languages {
		_, phrases := headings(t, lang)
		for head, ps := range phrases {
			seen := map[string]string{}
			for _, p := range ps {
				key := folded(p)
				if was, ok := seen[key]; ok {
					t.Errorf("%s.txt %s: %q again, after %q", lang, head, p, was)
				}
				seen[key] = p
			}
		}
	}
}

// folded is a phrase as the lexicon compares it, its signs kept.
func folded(phrase string) string {
	var b strings.Builder
	last := 0
	for _, token := range lexicon.Tokens(phrase) {
		b.WriteString(phrase[last:token.Start])
		b.WriteString(token.Word)
		last = token.End
	}
	b.WriteString(phrase[last:])
	return b.String()
}

// The files in testdata/lexicon hold sentences by section, "+" before one that
// must hit it and "-" before one that must not.
func TestSentences(t *testing.T) {
	for _, lang := range []string{"fr", "es", "de"} {
		t.Run(lang, func(t *testing.T) {
			l := load(t, lang)
			f, err := os.Open(filepath.Join("testdata", "lexicon", lang+".txt"))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			section := ""
			sc := bufio.NewScanner(f)
			for n := 1; sc.Scan(); n++ {
				line := strings.TrimSpace(sc.Text())
				switch {
				case line == "", line[0] == '#':
				case line[0] == '[':
					section = strings.Trim(line, "[]")
					if !slices.Contains(l.Sections(), section) {
						t.Fatalf("line %d: no section %q", n, section)
					}
				case line[0] == '+':
					if w, hits := weigh(l, section, line[1:]); w < hitWeight {
						t.Errorf("line %d: %s weighs %.1f, want %.1f or more: %s %q", n, section, w, hitWeight, line, hits)
					}
				case line[0] == '-':
					if w, hits := weigh(l, section, line[1:]); w >= hitWeight {
						t.Errorf("line %d: %s weighs %.1f, want less than %.1f: %s %q", n, section, w, hitWeight, line, hits)
					}
				default:
					t.Fatalf("line %d: neither + nor -: %s", n, line)
				}
			}
			if err := sc.Err(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// weigh sums the weights of a section's cues in a sentence.
func weigh(l *lexicon.Lexicon, section, sentence string) (float64, []string) {
	sum := 0.0
	var phrases []string
	for _, h := range l.Find(lexicon.Tokens(sentence)) {
		if h.Section == section {
			sum += h.Weight
			phrases = append(phrases, h.Phrase)
		}
	}
	return sum, phrases
}
