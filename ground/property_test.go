package ground

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"throughline"
)

// said generates the words of a passage, with marks between them as people write
// and transcribers hear. No word but those of spare is ever missing from it.
var said = rapid.Custom(func(t *rapid.T) string {
	var b strings.Builder
	for i, n := 0, rapid.IntRange(4, 40).Draw(t, "words"); i < n; i++ {
		if i > 0 {
			b.WriteString(rapid.SampledFrom([]string{" ", " ", " ", " ", ", ", ". ", "? ", " — ", "; ", "\n", "… ", " (", ") ", ": “", "” ", "-", "–"}).Draw(t, "gap"))
		}
		b.WriteString(rapid.SampledFrom(vocabulary).Draw(t, "word"))
	}
	b.WriteString(rapid.SampledFrom([]string{"", ".", "!", "?", "…", ".”"}).Draw(t, "end"))
	return b.String()
})

var vocabulary = strings.Fields(`we you they it can can't cannot will would we'll well not never no by before after
	four 4 5 1.5 15 1,000 1000 99.9% $1,200 €5 200ms 3–4 +5% weeks rows Ann Bob May June deliver support integration
	data café cafe Straße l'intégration peut-être größer mañana the the the a of to and I don't OK S3 R&D C++ 10:30 24/7 漢字 👍`)

// spare are words that no passage holds.
var spare = strings.Fields(`zebra might 17 16% Siobhan without €6 niemals jamás`)

// saidDeal is a deal of a few passages in one call.
func saidDeal(t *rapid.T) *throughline.Deal {
	deal := &throughline.Deal{}
	for _, text := range rapid.SliceOfN(said, 1, 5).Draw(t, "passages") {
		add(deal, "c1", "Ann", text)
	}
	return deal
}

// saidWords picks some words of a passage, from one that begins where the source
// writes one and up to one that ends so; at least enough to be proven anywhere.
func saidWords(t *rapid.T, p *throughline.Passage) []word {
	ws := words(p.Text)
	var starts, ends []int
	for i := range ws {
		if !ws[i].joined {
			starts = append(starts, i)
		}
		if i+1 == len(ws) || !ws[i+1].joined {
			ends = append(ends, i+1)
		}
	}
	from := rapid.SampledFrom(starts).Draw(t, "from")
	ends = slices.DeleteFunc(ends, func(end int) bool { return end <= from })
	to := rapid.SampledFrom(ends).Draw(t, "to")
	if to-from < shortWords {
		t.Skip("too short to be proven anywhere")
	}
	return ws[from:to]
}

func TestEveryRangeOfWordsIsProvenExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		deal := saidDeal(t)
		ix := NewIndex(deal)
		passage := rapid.SampledFrom(deal.Sources[0].Passages).Draw(t, "passage")
		ws := saidWords(t, passage)
		quote := passage.Text[ws[0].start:ws[len(ws)-1].end]

		p := ix.Prove(quote, "")
		if p.Match != throughline.MatchExact || p.Text() != quote {
			t.Fatalf("%q is %s in %v, shown as %q", quote, p.Match, p.Passage, p.Text())
		}
		p = ix.Prove(quote, passage.Ref)
		if p.Match != throughline.MatchExact || p.Passage != passage || p.Text() != quote || p.Moved {
			t.Fatalf("%q, claimed of %s, is %s, shown as %q, moved %t", quote, passage.Ref, p.Match, p.Text(), p.Moved)
		}
		if p.Text() != passage.Text[p.Start:p.End] {
			t.Fatalf("shown is %q, which is not the passage's own text", p.Text())
		}
	})
}

func TestWhatIsSetAsideChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		deal := saidDeal(t)
		passage := rapid.SampledFrom(deal.Sources[0].Passages).Draw(t, "passage")
		ws := saidWords(t, passage)
		quote := disguise(t, passage.Text, ws)
		p := NewIndex(deal).Prove(quote, passage.Ref)
		if p.Match == throughline.MatchNone || p.Passage != passage {
			t.Fatalf("%q is not proven by %q", quote, passage.Text)
		}
		if shown := p.Text(); p.Match == throughline.MatchNormalised && !slices.Equal(norms(words(shown)), norms(ws)) {
			t.Fatalf("%q is proven, but shown is %q", quote, shown)
		}
	})
}

// disguise writes words with other cases, spaces, quotation marks, dashes and
// punctuation than their text does.
func disguise(t *rapid.T, text string, ws []word) string {
	var b strings.Builder
	b.WriteString(rapid.SampledFrom([]string{"", " ", "“", "\"", "‘", "«", "- "}).Draw(t, "open"))
	for i, w := range ws {
		own := text[w.start:w.end]
		if i > 0 {
			switch gap := text[ws[i-1].end:w.start]; {
			case gap == "": // nothing can stand within a word
			case w.joined:
				b.WriteString(rapid.SampledFrom([]string{gap, "-", "–", "\u2011"}).Draw(t, "joint"))
			default:
				b.WriteString(rapid.SampledFrom([]string{gap, " ", "  ", "\n", "\u00a0", ", ", " - ", " – ", "—", "; ", "' '", " ’"}).Draw(t, "gap"))
			}
		}
		own = strings.ReplaceAll(own, "'", rapid.SampledFrom([]string{"'", "’"}).Draw(t, "apostrophe"))
		switch rapid.IntRange(0, 3).Draw(t, "case") {
		case 0:
			own = strings.ToLower(own)
		case 1:
			own = strings.Map(upper, own)
		}
		b.WriteString(own)
	}
	b.WriteString(rapid.SampledFrom([]string{"", ".", "?", "”", "\" ", ", ", "…"}).Draw(t, "close"))
	return b.String()
}

// upper is the capital of a letter that has one of its own.
func upper(r rune) rune {
	if u := unicode.ToUpper(r); unicode.ToLower(u) == r {
		return u
	}
	return r
}

func norms(ws []word) []string {
	ns := make([]string, len(ws))
	for i, w := range ws {
		ns[i] = w.norm
	}
	return ns
}

func TestOneChangedWordRefuses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		deal := saidDeal(t)
		passage := rapid.SampledFrom(deal.Sources[0].Passages).Draw(t, "passage")
		ws := saidWords(t, passage)
		i := rapid.IntRange(0, len(ws)-1).Draw(t, "which")
		other := rapid.SampledFrom(append(slices.Clone(vocabulary), spare...)).Draw(t, "other")
		text := passage.Text
		quote := text[ws[0].start:ws[i].start] + other + text[ws[i].end:ws[len(ws)-1].end]
		if rapid.Bool().Draw(t, "inserted") {
			quote = text[ws[0].start:ws[i].start] + other + " " + text[ws[i].start:ws[len(ws)-1].end]
		}
		if stands(deal, quote) {
			t.Skip("the altered quote was said, too")
		}
		for _, ref := range []string{"", passage.Ref} {
			if p := NewIndex(deal).Prove(quote, ref); p.Match != throughline.MatchNone && len(p.Parts) == 0 {
				t.Fatalf("%q is %s, shown as %q", quote, p.Match, p.Text())
			}
		}
	})
}

// stands reports, in a way that has nothing of an index, whether the words of a
// quote stand one after the other in a passage of the deal.
func stands(deal *throughline.Deal, quote string) bool {
	line := func(s string) string { return " " + strings.Join(norms(words(s)), " ") + " " }
	for p := range deal.Passages {
		if strings.Contains(line(p.Text), line(quote)) {
			return true
		}
	}
	return false
}

func TestNothingIsProvenAcrossPassages(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		deal := &throughline.Deal{}
		for _, text := range rapid.SliceOfN(said, 2, 4).Draw(t, "passages") {
			add(deal, "c1", "Ann", text)
		}
		ps := deal.Sources[0].Passages
		i := rapid.IntRange(1, len(ps)-1).Draw(t, "second")
		a, b := words(ps[i-1].Text), words(ps[i].Text)
		quote := ps[i-1].Text[a[max(0, len(a)-4)].start:] + rapid.SampledFrom([]string{" ", "\n", " … "}).Draw(t, "seam") + ps[i].Text[:b[min(3, len(b)-1)].end]
		p := NewIndex(deal).Prove(quote, ps[i].Ref)
		if p.Match == throughline.MatchNone {
			return
		}
		if len(p.Parts) == 0 && !stands(deal, quote) {
			t.Fatalf("%q is proven by %q", quote, p.Passage.Text)
		}
		for j, part := range p.Parts {
			if part.Start < p.Start || part.End > p.End || j > 0 && part.Start < p.Parts[j-1].End {
				t.Fatalf("the parts %v of %q don't stand in order in %d to %d", p.Parts, quote, p.Start, p.End)
			}
		}
	})
}

func TestSentencesCoverTheText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(said, rapid.String(), rapid.StringOf(rapid.RuneFrom([]rune("ab AB.!?…\n\"”')1。"))), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) })).Draw(t, "text")
		checkSentences(t, text)
	})
}

// checkSentences checks what holds of the sentences of any text: they stand in
// order, apart, without white space at their ends, and leave out nothing else.
func checkSentences(t interface{ Fatalf(string, ...any) }, text string) {
	at := 0
	for _, s := range Sentences(text) {
		if s.Start < at || s.End <= s.Start || s.End > len(text) {
			t.Fatalf("sentence %v of %q after byte %d", s, text, at)
		}
		if left := strings.TrimSpace(text[at:s.Start]); left != "" {
			t.Fatalf("%q of %q stands in no sentence", left, text)
		}
		if own := text[s.Start:s.End]; own != strings.TrimSpace(own) {
			t.Fatalf("sentence %q of %q has white space at an end", own, text)
		}
		at = s.End
	}
	if left := strings.TrimSpace(text[at:]); left != "" {
		t.Fatalf("%q of %q stands in no sentence", left, text)
	}
}
