package hedge

import "testing"

// requiredSections are what the scan can't do without in any language.
var requiredSections = []string{
	"claim", "hedge", "condition", "defer", "routine", "doubt", "said", "correction", "answer", "chase",
	"scheduling", "smalltalk", "moment", "others", "past", "laugh", "dealtalk", "question", "number",
}

func TestLexiconsAreComplete(t *testing.T) {
	ls, err := languages()
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{"en", "fr", "es", "de"} {
		l := ls[code]
		if l == nil {
			t.Errorf("no lexicon for %s", code)
			continue
		}
		for _, s := range requiredSections {
			if _, ok := l.index[s]; !ok {
				t.Errorf("%s.txt has no [%s]", code, s)
			}
		}
		for s, c := range l.index {
			if c == noCue {
				t.Errorf("%s.txt: the scan reads no section [%s]", code, s)
			}
		}
	}
}
