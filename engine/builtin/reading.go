package builtin

import (
	"context"
	"embed"
	"io/fs"
	"math"
	"strings"
	"sync"
	"unicode"

	"throughline"
	"throughline/ground"
	"throughline/hedge"
	"throughline/lexicon"
)

//go:embed lexicon/*.txt
var lexiconFiles embed.FS

// lexicons are the phrase lists by ISO 639-1 language, parsed once.
var lexicons = sync.OnceValues(func() (map[string]*lexicon.Lexicon, error) {
	names, err := fs.Glob(lexiconFiles, "lexicon/*.txt")
	if err != nil {
		return nil, err
	}
	ls := map[string]*lexicon.Lexicon{}
	for _, name := range names {
		f, err := lexiconFiles.Open(name)
		if err != nil {
			return nil, err
		}
		l, err := lexicon.Parse(name, f)
		f.Close()
		if err != nil {
			return nil, err
		}
		lang := strings.TrimSuffix(strings.TrimPrefix(name, "lexicon/"), ".txt")
		ls[lang] = l
	}
	return ls, nil
})

// A reading is the deal as the rules see it: its sentences, with the cues that
// stand in them.
type reading struct {
	deal       *throughline.Deal
	lines      []*line
	of         map[*throughline.Passage][]*line
	lex        map[*throughline.Source]*lexicon.Lexicon
	counts     map[throughline.SourceKind]bool // of which kinds of source the words are counted
	seen       map[string]int                  // in how many passages a word stands
	known      map[string]bool                 // words that are names of the deal's people and companies
	small      map[string]bool                 // words that stand somewhere without a capital
	place      map[*throughline.Source]place
	total      int // passages read
	candidates []hedge.Candidate
	texts      *texts  // what the engine itself says, in the language of most of the deal
	size       float64 // thousands of words said or written by people
}

// A line is one sentence of a passage.
type line struct {
	p          *throughline.Passage
	start, end int // bytes of p.Text
	tokens     []lexicon.Token
	cues       map[string]float64 // by section of the lexicon, the weights of what was found
	hits       []lexicon.Hit
	words      []string // the words that say something of the matter
	question   bool
	lex        *lexicon.Lexicon // of the source's language
	dates      *dateWords       // of the same
}

func (l *line) text() string { return l.p.Text[l.start:l.end] }

// side is the speaker's.
func (l *line) side() throughline.Side { return l.p.Side() }

// read splits every evidence passage into lines and finds the cues in them.
func read(ctx context.Context, deal *throughline.Deal) (*reading, error) {
	ls, err := lexicons()
	if err != nil {
		return nil, err
	}
	rd := &reading{
		deal: deal, of: map[*throughline.Passage][]*line{}, lex: map[*throughline.Source]*lexicon.Lexicon{},
		seen: map[string]int{}, known: map[string]bool{}, small: map[string]bool{}, place: places(deal),
	}
	for _, p := range deal.People {
		for _, t := range lexicon.Tokens(p.Name) {
			rd.known[t.Word] = true
		}
	}
	for _, name := range []string{deal.Seller.Name, deal.Customer.Name} {
		for _, t := range lexicon.Tokens(name) {
			rd.known[t.Word] = true
		}
	}
	rd.counts = counted(deal)
	main := mainLanguage(deal, ls)
	rd.texts = textsOf[main]
	for _, s := range deal.Sources {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		lang := s.Language
		if ls[lang] == nil {
			lang = main
		}
		rd.lex[s] = ls[lang]
		for _, p := range s.Passages {
			if p.Evidence() {
				rd.split(p, ls[lang], datesOf[lang])
			}
		}
	}
	return rd, nil
}

// mainLanguage is of the languages that have a lexicon the one that most words of
// the deal are in; English where none is told.
func mainLanguage(deal *throughline.Deal, ls map[string]*lexicon.Lexicon) string {
	words, best := map[string]int{}, "en"
	for _, s := range deal.Sources {
		if ls[s.Language] != nil {
			words[s.Language] += s.Words()
		}
	}
	for lang, n := range words {
		if n > words[best] || n == words[best] && lang < best {
			best = lang
		}
	}
	return best
}

func (rd *reading) split(p *throughline.Passage, lex *lexicon.Lexicon, dates *dateWords) {
	counts := rd.counts[p.Source.Kind]
	inPassage := map[string]bool{}
	for _, span := range sentences(p.Text, lex) {
		l := &line{p: p, start: span.Start, end: span.End, cues: map[string]float64{}, lex: lex, dates: dates}
		l.tokens = lexicon.Tokens(l.text())
		if len(l.tokens) == 0 {
			continue
		}
		if !code(l.text()) {
			l.hits = lex.Find(l.tokens)
		}
		for _, h := range l.hits {
			l.cues[h.Section] += h.Weight
		}
		for _, t := range l.tokens {
			if counts && !t.Capital {
				rd.small[t.Word] = true
			}
			if len(t.Word) > 2 && !lex.InClass("stop", t.Word) {
				l.words = append(l.words, t.Word)
				inPassage[t.Word] = true
			}
		}
		l.question = strings.HasSuffix(strings.TrimSpace(l.text()), "?")
		rd.lines = append(rd.lines, l)
		rd.of[p] = append(rd.of[p], l)
		if counts && p.Side() != throughline.SideUnknown {
			rd.size += float64(len(l.tokens)) / 1000
		}
	}
	if !counts {
		return
	}
	rd.total++
	for w := range inPassage {
		rd.seen[w]++
	}
}

// counted are the kinds of source whose words are counted, to tell which are rare
// and how much was said. Where there are calls, calls alone: a mail, which anybody
// may have sent, then changes nothing of what is found elsewhere.
func counted(deal *throughline.Deal) map[throughline.SourceKind]bool {
	for _, s := range deal.Sources {
		if s.Kind == throughline.SourceCall && len(s.Passages) > 0 {
			return map[throughline.SourceKind]bool{throughline.SourceCall: true}
		}
	}
	return map[throughline.SourceKind]bool{
		throughline.SourceEmail: true, throughline.SourceChat: true, throughline.SourceCRM: true, throughline.SourceDocument: true,
	}
}

// code reports whether a sentence is rather a line of a program, a table or an
// address than something somebody says.
func code(text string) bool {
	marks, letters := 0, 0
	for _, r := range text {
		switch {
		case strings.ContainsRune("{}[]()=;<>|\\_#$^~`", r):
			marks++
		case unicode.IsLetter(r):
			letters++
		}
	}
	return marks >= 3 && marks*12 > letters
}

// sentences divides a text, and keeps together a date whose point looks like a
// sentence's: "am 16. November".
func sentences(text string, lex *lexicon.Lexicon) []ground.Span {
	var out []ground.Span
	for _, s := range ground.Sentences(text) {
		if n := len(out); n > 0 && endsInDay(text[out[n-1].Start:out[n-1].End]) && beginsWithMonth(text[s.Start:s.End], lex) {
			out[n-1].End = s.End
			continue
		}
		out = append(out, s)
	}
	return out
}

func endsInDay(s string) bool {
	s, ok := strings.CutSuffix(s, ".")
	if !ok {
		return false
	}
	digits := len(s) - len(strings.TrimRight(s, "0123456789"))
	return digits == 1 || digits == 2
}

func beginsWithMonth(s string, lex *lexicon.Lexicon) bool {
	word, _, _ := strings.Cut(s, " ")
	ts := lexicon.Tokens(word)
	return len(ts) == 1 && lex.InClass("month", ts[0].Word)
}

// rarity weighs a word by how few passages it stands in: 0 for one that stands
// everywhere, about 8 for one that stands once in a long deal.
func (rd *reading) rarity(word string) float64 {
	n := rd.seen[word]
	if n == 0 {
		return 0
	}
	return math.Log(float64(rd.total+1) / float64(n))
}

// alike measures how much two lines speak of the same thing: the rarity of the
// words they share, of which names of people count for little.
func (rd *reading) alike(a, b *line) float64 {
	sum := 0.0
	for _, w := range a.words {
		if rd.known[w] || rd.seen[w] < 2 {
			continue
		}
		for _, v := range b.words {
			if v == w || len(w) > 5 && len(v) > 5 && v[:5] == w[:5] {
				sum += rd.rarity(w)
				break
			}
		}
	}
	return sum
}

// near yields the lines of the passages up to n turns around a line's passage,
// in the same source; negative offsets stand before it.
func (rd *reading) near(l *line, from, to int) []*line {
	var ls []*line
	ps := l.p.Source.Passages
	for i := max(0, l.p.Index+from); i <= min(len(ps)-1, l.p.Index+to); i++ {
		ls = append(ls, rd.of[ps[i]]...)
	}
	return ls
}

// spoken reports whether the line is talk in a call.
func (l *line) spoken() bool { return l.p.Source.Kind == throughline.SourceCall }

// aside weighs how much a line is beside the matter: small talk, jokes,
// scheduling, hypotheticals, other people's stories.
func (l *line) aside() float64 {
	c := l.cues
	return c["aside"] + c["joke"] + c["scheduling"] + c["hypothetical"] + c["elsewhere"] + c["past"]
}

// concrete weighs numbers, amounts and capitalised names in a line: a specific
// statement has some.
func (rd *reading) concrete(l *line) float64 {
	v := 0.0
	for i, t := range l.tokens {
		switch {
		case l.lex.InClass("num", t.Word) && t.Word != "one":
			v += 0.5
		case l.lex.InClass("month", t.Word), l.lex.InClass("weekday", t.Word):
			v += 0.4
		case t.Capital && i > 0 && len(t.Word) > 2 && !rd.known[t.Word]:
			v += 0.3
		}
	}
	return min(v, 1.5)
}

// topical weighs whether the line uses words that the deal keeps coming back to.
func (rd *reading) topical(l *line) float64 {
	v := 0.0
	for _, w := range l.words {
		if n := rd.seen[w]; n >= 3 && !rd.known[w] {
			v += 0.3
		}
	}
	return min(v, 1.2)
}
