package ground

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"throughline"
)

// BenchmarkProve proves 1,000 quotes a round: a third verbatim, a third in other
// case and punctuation, a third absent by one word. A round must take less than
// 50 ms on two cores.
func BenchmarkProve(b *testing.B) {
	for _, d := range benchDeals {
		b.Run(d.name, func(b *testing.B) {
			deal := d.deal(b)
			ix := NewIndex(deal)
			quotes := benchQuotes(deal)
			b.ReportAllocs()
			for b.Loop() {
				for _, q := range quotes {
					if p := ix.Prove(q.text, q.ref); (p.Match == throughline.MatchNone) != q.absent {
						b.Fatalf("%q is %s", q.text, p.Match)
					}
				}
			}
		})
	}
}

// BenchmarkNewIndex indexes a deal.
func BenchmarkNewIndex(b *testing.B) {
	for _, d := range benchDeals {
		b.Run(d.name, func(b *testing.B) {
			deal := d.deal(b)
			b.ReportAllocs()
			for b.Loop() {
				NewIndex(deal)
			}
		})
	}
}

var benchDeals = []struct {
	name string
	deal func(*testing.B) *throughline.Deal
}{
	{"generated", generatedDeal},
	{"atlas", atlasDeal},
}

// generatedDeal is a deal of 52,000 words, as many as six and a half hours of
// calls hold; a few words stand in it often and most of them seldom, as in speech.
func generatedDeal(b *testing.B) *throughline.Deal {
	b.Helper()
	rnd := rand.New(rand.NewPCG(1, 2))
	common := rand.NewZipf(rnd, 1.1, 3, 6000)
	deal := &throughline.Deal{}
	for n := 0; n < 52000; {
		var text strings.Builder
		for i, turn := 0, 3+rnd.IntN(60); i < turn; i++ {
			text.WriteString(benchWord(common.Uint64()))
			text.WriteString([]string{" ", " ", " ", " ", ", ", ". "}[rnd.IntN(6)])
			n++
		}
		add(deal, "c1", "Ann", strings.TrimSpace(text.String()))
	}
	return deal
}

// benchWord is a word for a number.
func benchWord(n uint64) string {
	syllables := []string{"ba", "ke", "lo", "mi", "tu", "ran", "sel", "dor", "vin", "pu"}
	word := syllables[n%10]
	for n /= 10; n > 0; n /= 10 {
		word += syllables[n%10]
	}
	return word
}

var turnLine = regexp.MustCompile(`^\[[\d :-]+\] (?:> )?(\w+): (.*)`)

// atlasDeal is the longest of the shared deals: every line of its calls and chats
// a passage, and every paragraph of its emails and documents.
func atlasDeal(b *testing.B) *throughline.Deal {
	b.Helper()
	root := needShared(b, "bench/deals/atlas")
	deal := &throughline.Deal{}
	for _, pattern := range []string{"calls/*.txt", "slack/*.txt", "emails/*.txt", "docs/*.md"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(files) == 0 {
			b.Fatalf("no files %s in %s: %v", pattern, root, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				b.Fatal(err)
			}
			for line := range strings.Lines(string(data)) {
				line = strings.TrimSpace(line)
				if m := turnLine.FindStringSubmatch(line); m != nil {
					add(deal, pattern[:1]+"1", m[1], m[2])
				} else if line != "" {
					add(deal, pattern[:1]+"1", "", line)
				}
			}
		}
	}
	return deal
}

type benchQuote struct {
	text, ref string
	absent    bool
}

// benchQuotes makes 1,000 quotes of a deal, in turn verbatim, written otherwise,
// and with one word changed; every other one with its ref.
func benchQuotes(deal *throughline.Deal) []benchQuote {
	rnd := rand.New(rand.NewPCG(3, 4))
	var ps []*throughline.Passage
	var all strings.Builder // that the deal says, as proofs compare it
	for p := range deal.Passages {
		ws := words(p.Text)
		all.WriteString(" " + strings.Join(norms(ws), " ") + " \n")
		if len(ws) >= 8 {
			ps = append(ps, p)
		}
	}
	var quotes []benchQuote
	for len(quotes) < 1000 {
		p := ps[rnd.IntN(len(ps))]
		ws := words(p.Text)
		n := min(len(ws), 8+rnd.IntN(25))
		for n < len(ws) && ws[n].joined {
			n++
		}
		q := benchQuote{text: p.Text[:ws[n-1].end]}
		if rnd.IntN(2) == 0 {
			q.ref = p.Ref
		}
		switch len(quotes) % 3 {
		case 1:
			q.text = "“" + strings.ToLower(strings.NewReplacer(" ", "  ", ".", "", "'", "’").Replace(q.text)) + "”"
		case 2:
			i := 3 + rnd.IntN(4)
			other := words(ps[rnd.IntN(len(ps))].Text)[i].norm
			q.text = p.Text[:ws[i].start] + other + p.Text[ws[i].end:ws[n-1].end]
			q.absent = true
		}
		// Without its points a number may be another one, and an altered quote may
		// have been said as well.
		said := strings.Contains(all.String(), " "+strings.Join(norms(words(q.text)), " ")+" ")
		if said != q.absent {
			quotes = append(quotes, q)
		}
	}
	return quotes
}
