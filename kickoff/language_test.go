package kickoff

import (
	"slices"
	"testing"

	"throughline/lexicon"
)

// TestLexicons: every language has every section, and words that say nothing.
func TestLexicons(t *testing.T) {
	all, err := lexicons()
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range []string{"de", "en", "es", "fr"} {
		lex := all[lang]
		if lex == nil {
			t.Errorf("there is no lexicon for %s", lang)
			continue
		}
		for _, name := range cueNames {
			if !slices.Contains(lex.Sections(), name) {
				t.Errorf("%s has no section [%s]", lang, name)
			}
		}
		for _, name := range lex.Sections() {
			if !slices.Contains(cueNames, name) {
				t.Errorf("%s has a section [%s] that nothing reads", lang, name)
			}
		}
		for _, class := range []string{"stop", "talk", "month", "weekday"} {
			if len(lex.Class(class)) < 7 {
				t.Errorf("%s has %d words of class %s", lang, len(lex.Class(class)), class)
			}
		}
	}
}

func TestLexiconOf(t *testing.T) {
	all, err := lexicons()
	if err != nil {
		t.Fatal(err)
	}
	for code, want := range map[string]string{"de": "de", "fr-CA": "fr", "ES": "es", "": "en", "ja": "en"} {
		got, err := lexiconOf(code)
		if err != nil || got != all[want] {
			t.Errorf("of %q it is not the one of %s (%v)", code, want, err)
		}
	}
}

// TestCuesByLanguage finds each cue that the check goes by in each language.
func TestCuesByLanguage(t *testing.T) {
	all, err := lexicons()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ lang, text, cue string }{
		{"en", "Who owns the data load on your side, and from when?", cueOwner},
		{"en", "Could you share what you're looking to achieve?", cueGoals},
		{"en", "Has that changed?", cueConfirming},
		{"en", "Can you see my screen?", cueSmall},
		{"de", "Wer übernimmt das auf Ihrer Seite, und ab wann?", cueOwner},
		{"de", "Was möchten Sie damit erreichen?", cueGoals},
		{"de", "Hat sich daran etwas geändert?", cueConfirming},
		{"de", "Wie viele Standorte haben Sie?", cueHowMany},
		{"fr", "Qui s'en charge de votre côté, et à partir de quand ?", cueOwner},
		{"fr", "Quels sont vos objectifs ?", cueGoals},
		{"fr", "C'est toujours le cas ?", cueConfirming},
		{"fr", "Combien de sites avez-vous ?", cueHowMany},
		{"es", "¿Quién se encarga por su parte, y desde cuándo?", cueOwner},
		{"es", "¿Cuáles son sus objetivos?", cueGoals},
		{"es", "¿Sigue siendo así?", cueConfirming},
		{"es", "¿Cuántos centros tienen?", cueHowMany},
	} {
		if !slices.ContainsFunc(all[c.lang].Find(lexicon.Tokens(c.text)), func(h lexicon.Hit) bool { return h.Section == c.cue }) {
			t.Errorf("%q is not found to be of [%s]", c.text, c.cue)
		}
	}
}

func TestNumeral(t *testing.T) {
	lex, err := lexiconOf("en")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string][]term{
		"fifty thousand rows":              {"#50000", "row"},
		"50,000 rows":                      {"#50000", "row"},
		"50k rows":                         {"#50000", "row"},
		"six fifteen":                      {"#6", "#15"},
		"6:15":                             {"#6", "#15"},
		"forty-one tabs":                   {"#41", "tab"},
		"November sixteenth":               {"month nov", "#16"},
		"November 16th":                    {"month nov", "#16"},
		"two hundred and eighty thousand":  {"#280000"},
		"forty-eight hours":                {"#48", "hour"},
		"one thing, two of us, three gone": nil,
		"1.5 lakes":                        {"#1.5", "lake"},
		"9999999999999999999999999999999x": nil,
	} {
		r := &reader{}
		got := r.text(text, lex)
		if want == nil && len(got) > 1 || want != nil && !slices.Equal(got, want) {
			t.Errorf("%q has the terms %q, want %q", text, got, want)
		}
	}
}
