package builtin

import (
	"reflect"
	"strings"
	"testing"
)

func TestEveryLanguageHasEveryText(t *testing.T) {
	ls, err := lexicons()
	if err != nil {
		t.Fatal(err)
	}
	english := reflect.ValueOf(*textsOf["en"])
	for lang := range ls {
		if textsOf[lang] == nil || datesOf[lang] == nil {
			t.Errorf("no texts or no words for dates in %s", lang)
			continue
		}
		v := reflect.ValueOf(*textsOf[lang])
		for i := range v.NumField() {
			name, text := v.Type().Field(i).Name, v.Field(i).String()
			if text == "" {
				t.Errorf("%s: no text %s", lang, name)
			}
			for _, verb := range []string{"%s", "%d"} {
				if want := strings.Count(english.Field(i).String(), verb); strings.Count(text, verb) != want {
					t.Errorf("%s: %s has not %d %s: %q", lang, name, want, verb, text)
				}
			}
		}
	}
}

func TestPlain(t *testing.T) {
	ls, err := lexicons()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ lang, in, want string }{
		{"en", "So, um, you know, it  breaks.", "It breaks."},
		{"en", "So it breaks, well, often.", "So it breaks, well, often."},
		{"fr", "Alors, ben, on ressaisit tout.", "On ressaisit tout."},
		{"fr", "Bon alors, euh, écoutez, ça marche.", "Ça marche."},
		{"es", "Bueno, pues, a ver, lo copiamos a mano.", "Lo copiamos a mano."},
		{"de", "Na ja, also, ähm, das machen wir händisch.", "Das machen wir händisch."},
		{"de", "Also gut, ich bin dafür.", "Ich bin dafür."},
		{"en", "", ""},
		{"en", "So,", "So,"},
	} {
		if got := plain(c.in, ls[c.lang]); got != c.want {
			t.Errorf("%s: plain(%q) = %q, want %q", c.lang, c.in, got, c.want)
		}
	}
}
