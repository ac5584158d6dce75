package ground

import (
	"strings"
	"testing"
	"unicode/utf8"

	"throughline"
)

func FuzzProve(f *testing.F) {
	for _, d := range readVectors(f, "testdata/prove.txt") {
		ps := d.deal.Sources[0].Passages
		for _, v := range d.vectors {
			f.Add(ps[0].Text, ps[len(ps)-1].Text, v.quote, v.ref)
		}
	}
	f.Add("a … a", "a a a", "a … a … a … a", "c1.2")
	f.Add("caf\xc3 \xa9 5\xe2\x80", "\u0301\ufe0f", "\xff", "")
	f.Fuzz(func(t *testing.T, one, two, quote, ref string) {
		deal := &throughline.Deal{}
		add(deal, "c1", "Ann", one)
		add(deal, "c1", "Bob", two)
		ix := NewIndex(deal)
		checkProof(t, deal, quote, ref, ix.Prove(quote, ref))
		for _, p := range deal.Sources[0].Passages {
			checkWords(t, p.Text)
			own := ix.Prove(p.Text, p.Ref)
			if len(words(p.Text)) > 0 && (own.Match != throughline.MatchExact || own.Passage != p) {
				t.Errorf("%q is %s in itself", p.Text, own.Match)
			}
		}
	})
}

// checkProof checks what holds of any proof.
func checkProof(t *testing.T, deal *throughline.Deal, quote, ref string, p Proof) {
	t.Helper()
	if p.Match == throughline.MatchNone {
		if p.Passage != nil {
			t.Errorf("%q is not proven, but in %s", quote, p.Passage.Ref)
		}
		return
	}
	text := p.Passage.Text
	if p.Start < 0 || p.End > len(text) || p.Start >= p.End {
		t.Fatalf("%q stands at %d to %d of %d bytes", quote, p.Start, p.End, len(text))
	}
	if utf8.ValidString(text) && !utf8.ValidString(p.Text()) {
		t.Errorf("%q is shown as %q, which cuts a character", quote, p.Text())
	}
	if p.Moved != (ref != "" && ref != p.Passage.Ref) {
		t.Errorf("%q, claimed of %q, stands in %s: moved is %t", quote, ref, p.Passage.Ref, p.Moved)
	}
	switch {
	case p.Match == throughline.MatchExact && p.Text() != strings.TrimSpace(quote):
		t.Errorf("%q is exact, but shown as %q", quote, p.Text())
	case len(p.Parts) == 0 && !stands(deal, quote):
		t.Errorf("%q is %s by %q, where it does not stand", quote, p.Match, text)
	case len(p.Parts) == 1:
		t.Errorf("%q has one part", quote)
	}
	for i, part := range p.Parts {
		if part.Start < p.Start || part.End > p.End || i > 0 && part.Start < p.Parts[i-1].End {
			t.Errorf("the parts %v of %q don't stand in order in %d to %d", p.Parts, quote, p.Start, p.End)
		}
	}
}

// checkWords checks that the words of a text stand in order, apart, and say
// something.
func checkWords(t *testing.T, text string) {
	t.Helper()
	at := 0
	for _, w := range words(text) {
		if w.start < at || w.end <= w.start || w.end > len(text) || w.norm == "" {
			t.Fatalf("word %+v of %q after byte %d", w, text, at)
		}
		at = w.end
	}
}

func FuzzSentences(f *testing.F) {
	for _, d := range readVectors(f, "testdata/prove.txt") {
		for p := range d.deal.Passages {
			f.Add(p.Text)
		}
	}
	for _, text := range []string{
		"", " \n\t", "...", "Hi. There", "Dr. Miller met J. Doe at 3.5 p.m. today. “Good.” (Fine!) No. 5?\n\nYes",
		"。。」x", "a.\xff b", "z.B. das. Und", "?\"”’')» A",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		checkSentences(t, text)
		if n := trimToWords(text, 0, len(text), 5); n < 0 || n > len(text) || len(words(text[:n])) > 5 {
			t.Errorf("%q cut to five words is %q", text, text[:n])
		}
	})
}
