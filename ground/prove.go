package ground

import (
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"throughline"
)

// Limits of a proof.
const (
	// shortWords is the number of words from which a quote is proven wherever it
	// stands; a shorter one would stand in too many places.
	shortWords = 3
	// hintWords is how many of a quote's rarest words vote for the nearest passage.
	hintWords = 6
	// hintPlaces is in how many places a word may stand and still vote.
	hintPlaces = 400
	// commonPlaces is in how many places a word may stand and still be a part of
	// an elided quote by itself.
	commonPlaces = 20
)

// An Index finds quotes in one deal. It is made once and may be used by many
// goroutines at a time.
type Index struct {
	ids      map[string]int32
	tokens   []int32 // of every evidence passage, one after the other; 0 divides
	starts   []int32 // byte of the passage's text at which a token starts
	ends     []int32
	owner    []int32 // passage of a token
	joined   []bool  // the token is a piece of one word with the token before it
	passages []*throughline.Passage
	places   [][]int32 // by word id, where the word stands
	turning  []bool    // by word id, whether it turns the meaning of its clause
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
	ix := &Index{ids: map[string]int32{}, places: make([][]int32, 1), turning: make([]bool, 1)}
	for p := range deal.Passages {
		if p.Evidence() {
			ix.add(p)
		}
	}
	return ix
}

func (ix *Index) add(p *throughline.Passage) {
	n := int32(len(ix.passages))
	ix.passages = append(ix.passages, p)
	for _, w := range words(p.Text) {
		id, ok := ix.ids[w.norm]
		if !ok {
			id = int32(len(ix.places))
			ix.ids[w.norm] = id
			ix.places = append(ix.places, nil)
			ix.turning = append(ix.turning, turns(w.norm))
		}
		ix.places[id] = append(ix.places[id], int32(len(ix.tokens)))
		ix.push(id, n, w)
	}
	ix.push(0, n, word{start: len(p.Text), end: len(p.Text)})
}

func (ix *Index) push(id, owner int32, w word) {
	ix.tokens = append(ix.tokens, id)
	ix.owner = append(ix.owner, owner)
	ix.starts = append(ix.starts, int32(w.start))
	ix.ends = append(ix.ends, int32(w.end))
	ix.joined = append(ix.joined, w.joined)
}

// Prove finds a quote. A ref says in which passage it is claimed to stand; a
// quote that stands elsewhere only is proven there, and the proof says so. A
// quote of fewer than three words is proven only in the ref's passage, where it
// is a whole passage, or, without a ref, where it stands in one passage only.
func (ix *Index) Prove(quote, ref string) Proof {
	quote = strings.TrimSpace(quote)
	ws := words(quote)
	if len(ws) == 0 {
		return Proof{Match: throughline.MatchNone}
	}
	if ids, ok := ix.lookup(ws); ok {
		if at := ix.worthy(ix.find(ids), len(ids), ref); len(at) > 0 {
			return ix.choose(at, len(ids), claim{quote, ref, ws[0].start})
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

// stands reports whether the words stand at a position, none of them being a
// piece of a longer word there.
func (ix *Index) stands(ids []int32, at int) bool {
	if at+len(ids) >= len(ix.tokens) || ix.joined[at] || ix.joined[at+len(ids)] {
		return false
	}
	for i, id := range ids {
		if ix.tokens[at+i] != id {
			return false
		}
	}
	return true
}

// worthy leaves of the places of n words those that may prove them: all, unless
// the words are so few that they say little of where they were meant to stand.
func (ix *Index) worthy(at []int, n int, ref string) []int {
	if n >= shortWords || ref == "" && ix.onePassage(at) {
		return at
	}
	return slices.DeleteFunc(at, func(pos int) bool {
		return ix.refAt(pos) != ref && !ix.whole(pos, n)
	})
}

func (ix *Index) onePassage(at []int) bool {
	return len(at) > 0 && ix.owner[at[0]] == ix.owner[at[len(at)-1]]
}

// whole reports whether n words from pos are all of their passage.
func (ix *Index) whole(pos, n int) bool {
	return (pos == 0 || ix.tokens[pos-1] == 0) && ix.tokens[pos+n] == 0
}

func (ix *Index) refAt(pos int) string { return ix.passages[ix.owner[pos]].Ref }

// A claim is a quote, where it is said to stand, and the byte at which its
// first word begins.
type claim struct {
	quote, ref string
	first      int
}

// choose picks, of the places where the n words of a claim stand, the one that a
// proof names: the ref's passage before others, an exact match before one that is
// not, the earliest.
func (ix *Index) choose(at []int, n int, c claim) Proof {
	best, most, passages := -1, -1, 0
	for i, pos := range at {
		if i == 0 || ix.owner[pos] != ix.owner[at[i-1]] {
			passages++
		}
		worth := 0
		if c.ref != "" && ix.refAt(pos) == c.ref {
			worth += 2
		}
		if worth+1 > most && ix.exact(pos, c) {
			worth++
		}
		if worth > most {
			best, most = pos, worth
		}
	}
	p := Proof{
		Match: throughline.MatchNormalised, Passage: ix.passages[ix.owner[best]],
		Others: passages - 1, Moved: c.ref != "" && most < 2,
	}
	p.Start, p.End = int(ix.starts[best]), int(ix.ends[best+n-1])
	if most%2 == 1 {
		p.Match, p.Start = throughline.MatchExact, p.Start-c.first
		p.End = p.Start + len(c.quote)
		return p
	}
	p.Start, p.End = widen(p.Passage.Text, p.Start, p.End)
	return p
}

// exact reports whether the claim's quote, whose words are known to stand at
// pos, stands there byte by byte, its own marks included.
func (ix *Index) exact(pos int, c claim) bool {
	start := int(ix.starts[pos]) - c.first
	return start >= 0 && strings.HasPrefix(ix.passages[ix.owner[pos]].Text[start:], c.quote)
}

// widen takes in the mark that closes a sentence and quotation marks that open
// or close with the words.
func widen(text string, start, end int) (int, int) {
	for end < len(text) {
		r, size := utf8.DecodeRuneInString(text[end:])
		if !strings.ContainsRune(".!?…)”\"'’。！？」』", r) {
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

// elided proves a quote with omissions ("we deliver it … by May"): its parts must
// stand in order within one passage, and what is left out of a sentence may hold
// no word that turns its meaning. Shown is all that stands from the first part to
// the last, so that the reader sees what was left out.
func (ix *Index) elided(quote, ref string) (Proof, bool) {
	parts, ok := ix.parts(quote)
	if !ok {
		return Proof{}, false
	}
	var best Proof
	passages, tried := 0, int32(-1)
	for _, pos := range ix.find(parts[0]) {
		if ix.owner[pos] == tried {
			continue
		}
		tried = ix.owner[pos]
		spans := ix.follow(parts, pos)
		if spans == nil {
			continue
		}
		passages++
		passage := ix.passages[tried]
		if best.Passage == nil || passage.Ref == ref && best.Passage.Ref != ref {
			start, end := widen(passage.Text, spans[0].Start, spans[len(spans)-1].End)
			best = Proof{Match: throughline.MatchNormalised, Passage: passage, Start: start, End: end, Parts: spans, Moved: ref != "" && passage.Ref != ref}
		}
	}
	best.Others = passages - 1
	return best, best.Passage != nil
}

// parts are the words of an elided quote, part by part; false when they can't be
// proven: one part only, a word that the deal lacks, or a lone common word, which
// says nothing of where it stood.
func (ix *Index) parts(quote string) ([][]int32, bool) {
	pieces := cutElisions(quote)
	if len(pieces) < 2 {
		return nil, false
	}
	var parts [][]int32
	for _, part := range pieces {
		ws := words(part)
		if len(ws) == 0 {
			continue
		}
		ids, ok := ix.lookup(ws)
		if !ok || len(ids) == 1 && len(ix.places[ids[0]]) > commonPlaces {
			return nil, false
		}
		parts = append(parts, ids)
	}
	return parts, len(parts) > 1
}

func cutElisions(quote string) []string {
	for _, mark := range []string{"[...]", "[…]", "(...)", "(…)", "...", ". . ."} {
		quote = strings.ReplaceAll(quote, mark, "…")
	}
	return strings.Split(quote, "…")
}

// follow finds the parts of an elided quote one behind the other in the passage
// in which the first of them stands at pos; nil when they don't stand so. Of the
// places of a part, each goes on from the nearest place of the part before it.
func (ix *Index) follow(parts [][]int32, pos int) []Span {
	passage := ix.passages[ix.owner[pos]]
	sentences := Sentences(passage.Text)
	reached := []step{}
	for ; ix.tokens[pos] != 0; pos++ {
		if ix.stands(parts[0], pos) {
			reached = append(reached, step{at: pos, end: pos + len(parts[0]), from: -1})
		}
	}
	all := [][]step{reached}
	for _, part := range parts[1:] {
		reached = ix.reach(part, reached, sentences)
		all = append(all, reached)
	}
	if len(reached) == 0 {
		return nil
	}
	spans := make([]Span, len(parts))
	for i, from := len(parts)-1, 0; i >= 0; i-- {
		s := all[i][from]
		spans[i] = Span{int(ix.starts[s.at]), int(ix.ends[s.end-1])}
		from = s.from
	}
	return spans
}

// A step is a place of one part of an elided quote, from and up to a position,
// and which of the places of the part before it leads there.
type step struct{ at, end, from int }

// reach lists the places of a part that some place of the part before leads to.
func (ix *Index) reach(part []int32, before []step, sentences []Span) []step {
	var reached []step
	if len(before) == 0 {
		return nil
	}
	from := 0
	for pos := before[0].end; ix.tokens[pos] != 0; pos++ {
		for from+1 < len(before) && before[from+1].end <= pos {
			from++
		}
		if ix.stands(part, pos) && !ix.turned(before[from].end, pos, sentences) {
			reached = append(reached, step{at: pos, end: pos + len(part), from: from})
		}
	}
	return reached
}

// turned reports whether the words left out between two positions turn the
// meaning of a sentence that is quoted in part, or the last word before them turns
// that of the words left out. A sentence left out whole does not count.
func (ix *Index) turned(from, to int, sentences []Span) bool {
	if from == to {
		return false
	}
	first := sentenceAt(sentences, int(ix.starts[from-1]))
	last := sentenceAt(sentences, int(ix.starts[to]))
	for pos := from - 1; pos < to; pos++ {
		at := int(ix.starts[pos])
		if ix.turning[ix.tokens[pos]] && (at < first.End || at >= last.Start) && !ix.month(pos) {
			return true
		}
	}
	return false
}

// month reports whether the word at a position is May, which only its capital
// tells from the verb.
func (ix *Index) month(pos int) bool {
	return ix.passages[ix.owner[pos]].Text[ix.starts[pos]:ix.ends[pos]] == "May"
}

func sentenceAt(sentences []Span, pos int) Span {
	i := sort.Search(len(sentences), func(i int) bool { return sentences[i].End > pos })
	if i == len(sentences) {
		return Span{}
	}
	return sentences[i]
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
	ids = ids[:min(hintWords, len(ids))]
	room := 0
	for _, id := range ids {
		room += len(ix.places[id])
	}
	votes := make(map[int32]float64, room)
	for _, id := range ids {
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
	ws := words(text[start:end])
	if len(ws) <= n {
		return end
	}
	for n > 1 && ws[n].joined {
		n--
	}
	last := start + ws[n-1].end
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
