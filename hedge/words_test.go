package hedge

import (
	"testing"

	"throughline"
	"throughline/ground"
	"throughline/lexicon"
)

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		lang, text, unit string
		value            float64
	}{
		{"en", "fifty thousand rows a second", "row", 50000},
		{"en", "50k rows", "row", 50000},
		{"en", "1,200,000 rows", "row", 1200000},
		{"en", "2.5 million records", "record", 2500000},
		{"en", "thirty-two percent", "percen", 32},
		{"en", "99.9% of them", "%", 99.9},
		{"en", "two hundred and", "", 200},
		{"fr", "douze mille lignes", "ligne", 12000},
		{"fr", "50 000 euros", "euro", 50000},
		{"es", "treinta mil pedidos", "pedido", 30000},
		{"de", "fünfzigtausend Zeilen", "zeilen", 50000},
		{"de", "12.000 Dateien", "dateie", 12000},
	} {
		lang := languageOf(c.lang)
		tokens := lexicon.Tokens(c.text)
		l := &line{t: &turn{}, span: ground.Span{End: len(c.text)}}
		v := newVocabulary(&throughline.Deal{})
		v.read(l, tokens, lang.Find(tokens), c.text, lang)
		if c.unit == "" {
			if len(l.amounts) > 0 {
				t.Errorf("%s: %q counts %v; want no unit", c.lang, c.text, l.amounts)
			}
			continue
		}
		if len(l.amounts) != 1 || l.amounts[0] != (amount{c.value, c.unit}) {
			t.Errorf("%s: %q is %v; want %v %s", c.lang, c.text, l.amounts, c.value, c.unit)
		}
	}
}

func TestStem(t *testing.T) {
	for _, c := range [][2]string{{"handwriting", "handwritten"}, {"ticket", "tickets"}, {"supported", "support"}, {"week", "weeks"}} {
		if stem(c[0]) != stem(c[1]) {
			t.Errorf("%s and %s are told apart: %s, %s", c[0], c[1], stem(c[0]), stem(c[1]))
		}
	}
	if stem("staging") == stem("station") {
		t.Error("staging and station are taken for one word")
	}
}
