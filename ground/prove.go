package ground

import (
	"sort"
	"strings"
	"unicode/utf8"

	"throughline"
)

// Limits of a proof.
const (
	// shortWords is the number of words from which a quote may be proven without
	// saying where it stands; a shorter one would stand in too many places.
	shortWords = 3
	// hintWords is how many of a quote's rarest words vote for the nearest passage.
	hintWords = 6
	// hintPlaces is in how many places a word may stand and still vote.
	hintPlaces = 400
)

// An Index finds quotes in one deal. It is made once and may be used by many
// goroutines at a time.
type Index struct {
	deal     *throughline.Deal
	ids      map[string]int32
	tokens   []int32 // of every evidence passage, one after the other; 0 divides
	starts   []int32 // byte of the passage's text at which a token starts
	ends     []int32
	owner    []int32 // passage of a token
	passages []*throughline.Passage
	first    map[*throughline.Passage]int // position of a passage's first token
	places   [][]int32                    // by word id, where the word stands
}

// A Proof says where a quote stands.
type Proof struct {
	Match   throughline.Match
	Passage *throughline.Passage // nil when not proven
	Start   int                  // bytes of Passage.Text
	End     int
	Parts   []Span // of an elided quote, where each part stands
	Others  int    // further passages in which it stands too
	Moved   bool   // it stands, but not where the ref said
	Nearest *Hint  // the most similar passage, when not proven; may be nil
}

// Text is the source's own text of the proven range.
func (p Proof) Text() string {
	if p.Passage == nil {
		return ""
	}
	return p.Passage.Text[p.Start:p.End]
}

// A Hint is the passage that an unproven quote comes nearest to, for repair. It
// proves nothing.
type Hint struct {
	Passage *throughline.Passage
}

// NewIndex indexes every passage that may prove something.
func NewIndex(deal *throughline.Deal) *Index {
	ix := &Index{deal: deal, ids: map[string]int32{}, places: make([][]int32, 1), first: map[*throughline.Passage]int{}}
	for p := range deal.Passages {
		if p.Evidence() {
			ix.add(p)
		}
	}
	return ix
}

func (ix *Index) add(p *throughline.Passage) {
	ix.first[p] = len(ix.tokens)
	n := int32(len(ix.passages))
	ix.passages = append(ix.passages, p)
	for _, w := range words(p.Text) {
		id, ok := ix.ids[w.norm]
		if !ok {
			id = int32(len(ix.places))
			ix.ids[w.norm] = id
			ix.places = append(ix.places, nil)
		}
		ix.places[id] = append(ix.places[id], int32(len(ix.tokens)))
		ix.push(id, n, w.start, w.end)
	}
	ix.push(0, n, len(p.Text), len(p.Text))
}

func (ix *Index) push(id, owner int32, start, end int) {
	ix.tokens = append(ix.tokens, id)
	ix.owner = append(ix.owner, owner)
	ix.starts = append(ix.starts, int32(start))
	ix.ends = append(ix.ends, int32(end))
}

// Prove finds a quote. A ref says in which passage it is claimed to stand; a
// quote that stands elsewhere only is proven there, and the proof says so. An
// empty ref looks everywhere; then a quote of fewer than three words is proven
// only where it is the whole passage.
func (ix *Index) Prove(quote, ref string) Proof {
	ws := words(quote)
	if len(ws) == 0 {
		return Proof{Match: throughline.MatchNone}
	}
	if ids, ok := ix.lookup(ws); ok {
		if p, ok := ix.choose(ix.find(ids), len(ids), ref, len(ws) < shortWords); ok {
			ix.polish(&p, quote)
			return p
		}
	}
	if p, ok := ix.elided(quote, ref); ok {
		return p
	}
	return Proof{Match: throughline.MatchNone, Nearest: ix.nearest(ws)}
}

// lookup turns words into ids; false when the deal lacks one of them.
func (ix *Index) lookup(ws []word) ([]int32, bool) {
	ids := make([]int32, len(ws))
	for i, w := range ws {
		id, ok := ix.ids[w.norm]
		if !ok {
			return nil, false
		}
		ids[i] = id
	}
	return ids, true
}

// find lists the positions at which the words stand one after the other.
func (ix *Index) find(ids []int32) []int {
	rarest := 0
	for i, id := range ids {
		if len(ix.places[id]) < len(ix.places[ids[rarest]]) {
			rarest = i
		}
	}
	var at []int
	for _, pos := range ix.places[ids[rarest]] {
		start := int(pos) - rarest
		if start >= 0 && ix.stands(ids, start) {
			at = append(at, start)
		}
	}
	return at
}

func (ix *Index) stands(ids []int32, at int) bool {
	if at+len(ids) > len(ix.tokens) {
		return false
	}
	for i, id := range ids {
		if ix.tokens[at+i] != id {
			return false
		}
	}
	return true
}

// choose picks the place that a proof names: the ref's passage, else the
// earliest.
func (ix *Index) choose(at []int, n int, ref string, short bool) (Proof, bool) {
	best, found := -1, map[int32]bool{}
	for _, pos := range at {
		p := ix.passages[ix.owner[pos]]
		if short && p.Ref != ref && !ix.whole(pos, n) {
			continue
		}
		found[ix.owner[pos]] = true
		if best < 0 || p.Ref == ref && ix.passages[ix.owner[best]].Ref != ref {
			best = pos
		}
	}
	if best < 0 {
		return Proof{}, false
	}
	p := ix.passages[ix.owner[best]]
	return Proof{
		Match: throughline.MatchNormalised, Passage: p,
		Start: int(ix.starts[best]), End: int(ix.ends[best+n-1]),
		Others: len(found) - 1, Moved: ref != "" && p.Ref != ref,
	}, true
}

// whole reports whether n words from pos are all of their passage.
func (ix *Index) whole(pos, n int) bool {
	return (pos == 0 || ix.tokens[pos-1] == 0) && ix.tokens[pos+n] == 0
}

// polish sets the match to exact where the quote stands byte by byte, and takes
// the marks around the words in that belong to them.
func (ix *Index) polish(p *Proof, quote string) {
	q := strings.TrimSpace(quote)
	text := p.Passage.Text
	lead := strings.IndexFunc(q, func(r rune) bool { return isWord(r) || meaningful(r) || minus(r) })
	for lead >= 0 {
		if at := p.Start - lead; at >= 0 && strings.HasPrefix(text[at:], q) {
			p.Match, p.Start, p.End = throughline.MatchExact, at, at+len(q)
			return
		}
		next := strings.IndexFunc(q[lead+1:], func(r rune) bool { return isWord(r) || meaningful(r) })
		if next < 0 || lead > 8 {
			break
		}
		lead += 1 + next
	}
	p.Start, p.End = widen(text, p.Start, p.End)
}

// widen takes in the mark that closes a sentence and quotation marks that open
// or close with the words.
func widen(text string, start, end int) (int, int) {
	for end < len(text) {
		r, size := utf8.DecodeRuneInString(text[end:])
		if !strings.ContainsRune(".!?…)”\"'’", r) {
			break
		}
		end += size
	}
	for start > 0 {
		r, size := utf8.DecodeLastRuneInString(text[:start])
		if !strings.ContainsRune("“\"(¿¡", r) {
			break
		}
		start -= size
	}
	return start, end
}

// elided proves a quote with omissions ("we do … by May"): its parts must stand
// in order within one passage. Shown is all that stands from the first part to
// the last, so that nothing left out can turn the meaning.
func (ix *Index) elided(quote, ref string) (Proof, bool) {
	var parts [][]int32
	for _, part := range cutElisions(quote) {
		ws := words(part)
		if len(ws) == 0 {
			continue
		}
		ids, ok := ix.lookup(ws)
		if !ok {
			return Proof{}, false
		}
		parts = append(parts, ids)
	}
	if len(parts) < 2 {
		return Proof{}, false
	}
	for _, p := range parts {
		if len(p) < 2 && len(ix.places[p[0]]) > 20 {
			return Proof{}, false // a lone common word says nothing of where it stood
		}
	}
	var best Proof
	found := map[*throughline.Passage]bool{}
	for _, pos := range ix.find(parts[0]) {
		spans, ok := ix.follow(parts, pos)
		if !ok {
			continue
		}
		passage := ix.passages[ix.owner[pos]]
		found[passage] = true
		if best.Passage == nil || passage.Ref == ref && best.Passage.Ref != ref {
			start, end := widen(passage.Text, spans[0].Start, spans[len(spans)-1].End)
			best = Proof{Match: throughline.MatchNormalised, Passage: passage, Start: start, End: end, Parts: spans, Moved: ref != "" && passage.Ref != ref}
		}
	}
	best.Others = len(found) - 1
	return best, best.Passage != nil
}

func cutElisions(quote string) []string {
	for _, mark := range []string{"[...]", "[…]", "(...)", "(…)", "...", ". . ."} {
		quote = strings.ReplaceAll(quote, mark, "…")
	}
	return strings.Split(quote, "…")
}

// follow finds the parts after the first, each behind the one before it, within
// the passage.
func (ix *Index) follow(parts [][]int32, pos int) ([]Span, bool) {
	spans := make([]Span, 0, len(parts))
	owner := ix.owner[pos]
	for i, p := range parts {
		if i > 0 {
			for !ix.stands(p, pos) {
				pos++
				if pos >= len(ix.tokens) || ix.owner[pos] != owner {
					return nil, false
				}
			}
		}
		spans = append(spans, Span{int(ix.starts[pos]), int(ix.ends[pos+len(p)-1])})
		pos += len(p)
	}
	return spans, true
}

// nearest is the passage that shares most of the quote's rare words.
func (ix *Index) nearest(ws []word) *Hint {
	var ids []int32
	for _, w := range ws {
		if id, ok := ix.ids[w.norm]; ok && len(ix.places[id]) <= hintPlaces {
			ids = append(ids, id)
		}
	}
	sort.Slice(ids, func(i, j int) bool { return len(ix.places[ids[i]]) < len(ix.places[ids[j]]) })
	votes := map[int32]float64{}
	for _, id := range ids[:min(hintWords, len(ids))] {
		for _, pos := range ix.places[id] {
			votes[ix.owner[pos]] += 1 / float64(len(ix.places[id])+3)
		}
	}
	best, most := int32(-1), 0.0
	for p, v := range votes {
		if v > most || v == most && p < best {
			best, most = p, v
		}
	}
	if best < 0 {
		return nil
	}
	return &Hint{Passage: ix.passages[best]}
}

// trimToWords shortens a byte range of a text to at most n words, at the end of
// a sentence where one ends within it.
func trimToWords(text string, start, end, n int) int {
	seen, last := 0, start
	for _, w := range words(text[start:end]) {
		seen++
		if seen > n {
			break
		}
		last = start + w.end
	}
	if seen <= n {
		return end
	}
	sentence := 0
	for _, s := range Sentences(text[start:end]) {
		if start+s.End <= last {
			sentence = start + s.End
		}
	}
	if sentence > start+(last-start)/3 {
		return sentence
	}
	return last
}
