package folder

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"throughline"
)

// unknownSpeaker is how a passage names somebody whom its source does not.
const unknownSpeaker = "Unknown speaker"

// A piece is what a transcript gives at a time: a cue, a line, a paragraph.
type piece struct {
	speaker    string        // as the source writes it; empty when it names nobody
	text       string        // white space collapsed, not empty
	start, end time.Duration // end may be before start where the source tells none; start is -1 without a time
	fresh      bool          // another voice than before, though neither is named
}

// Where a turn is cut. A pause of half a minute or more is most often a change
// of subject, or a recording that was stopped; two hundred words are as much as
// a reader takes in as one quote's surroundings.
const (
	longPause = 30 * time.Second
	longTurn  = 1200            // bytes
	slowWord  = time.Second / 2 // how long a word takes at most, where no end is told
)

// turnPassages makes passages of pieces: those that follow each other in one
// voice are joined by a space, with a mark for each.
func turnPassages(system string, at time.Time, pieces []piece) []rawPassage {
	var out []rawPassage
	var b strings.Builder
	for i, p := range pieces {
		if i > 0 && continues(pieces[i-1], p, b.String()) {
			b.WriteByte(' ')
		} else {
			if i > 0 {
				out[len(out)-1].text = b.String()
			}
			b.Reset()
			out = append(out, newTurn(system, at, p))
		}
		turn := &out[len(out)-1]
		if n := len(turn.marks); p.start >= 0 && (n == 0 || turn.marks[n-1].Offset != p.start) {
			turn.marks = append(turn.marks, throughline.Mark{Byte: b.Len(), Offset: p.start})
		}
		b.WriteString(p.text)
	}
	if len(out) > 0 {
		out[len(out)-1].text = b.String()
	}
	return out
}

func newTurn(system string, at time.Time, p piece) rawPassage {
	turn := rawPassage{by: speakerMention(system, p.speaker), offset: p.start, at: at}
	if p.start >= 0 && !at.IsZero() {
		turn.at = at.Add(p.start)
	}
	return turn
}

// continues reports whether next belongs to the turn that said holds so far and
// last ended.
func continues(last, next piece, said string) bool {
	if last.speaker != next.speaker || next.fresh {
		return false
	}
	ended := last.end
	if ended < last.start {
		ended = last.start + time.Duration(len(strings.Fields(last.text)))*slowWord
	}
	if last.start >= 0 && next.start >= 0 && next.start-ended > longPause {
		return false
	}
	return len(said) < longTurn || !endsSentence(said)
}

func endsSentence(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(strings.TrimRight(s, ` "'”’»)`))
	return strings.ContainsRune(".?!…。？！", r)
}

// speakers lists the people whom a transcript names, in the order in which they
// first speak.
func speakers(system string, pieces []piece) []mention {
	seen := map[string]bool{}
	var out []mention
	for _, p := range pieces {
		if seen[p.speaker] {
			continue
		}
		seen[p.speaker] = true
		if m := speakerMention(system, p.speaker); m.email != "" || !nobody(tidy(m).name) {
			out = append(out, m)
		}
	}
	return out
}

// lastMoment is when the last of the pieces ends; 0 when none has a time.
func lastMoment(pieces []piece) time.Duration {
	var last time.Duration
	for _, p := range pieces {
		last = max(last, p.start, p.end)
	}
	return last
}

// speakerMention is a speaker's label as a mention: the name without what tools
// and people add to it. A label that is no name stays as it is.
func speakerMention(system, label string) mention {
	label = strings.TrimSpace(label)
	if label == "" {
		label = unknownSpeaker
	}
	if genericSpeaker(label) && !nobody(label) {
		label = unknownSpeaker + " (" + label + ")"
		return mention{system: system, name: label}
	}
	m := mention{system: system, name: cleanName(label)}
	if at := strings.IndexByte(m.name, '@'); at > 0 && !strings.Contains(m.name, " ") && strings.Contains(m.name[at:], ".") {
		m.name, m.email = "", strings.ToLower(m.name)
	}
	return m
}

// cleanName leaves out what stands beside a name: "Ann Lee (Acme)", "Ann Lee |
// Acme", "Ann Lee - Acme", "Ann Lee [she/her]"; and turns "Lee, Ann" round.
func cleanName(label string) string {
	name := strings.Join(strings.Fields(label), " ")
	for _, sep := range []string{" (", " [", " | ", " - ", " – ", " — ", " / ", " @ ", " <", "|"} {
		if before, _, ok := strings.Cut(name, sep); ok && strings.TrimSpace(before) != "" {
			name = strings.TrimSpace(before)
		}
	}
	last, first, ok := strings.Cut(name, ", ")
	if ok && nameParticlesThen(last) && len(strings.Fields(first)) <= 2 && looksLikeName(first) && !degrees[strings.ToLower(strings.TrimRight(first, "."))] {
		return first + " " + last
	}
	return name
}

// degrees are what follows a comma without being a first name.
var degrees = map[string]bool{
	"phd": true, "ph.d": true, "md": true, "mba": true, "cpa": true, "jr": true, "sr": true, "esq": true, "pmp": true, "msc": true, "bsc": true,
	"inc": true, "ltd": true, "llc": true, "gmbh": true, "ag": true, "sa": true, "sas": true, "ii": true, "iii": true,
}

// nameParticlesThen reports whether s is one word, or particles and one word:
// what a family name looks like.
func nameParticlesThen(s string) bool {
	words := strings.Fields(s)
	for i, w := range words {
		if i < len(words)-1 && !nameParticles[strings.ToLower(w)] {
			return false
		}
	}
	return len(words) > 0 && startsUpper(words[len(words)-1])
}

// nameParticles stand within names in lower case.
var nameParticles = map[string]bool{
	"de": true, "da": true, "do": true, "dos": true, "das": true, "del": true, "della": true, "di": true, "du": true, "des": true,
	"la": true, "le": true, "van": true, "von": true, "vom": true, "zu": true, "zum": true, "zur": true, "der": true, "den": true,
	"ter": true, "ten": true, "te": true, "bin": true, "ibn": true, "al": true, "el": true, "af": true, "av": true, "y": true, "e": true,
}

// looksLikeName reports whether s could be what somebody is called: one to four
// words that begin with a capital, particles aside, and no sentence.
func looksLikeName(s string) bool {
	words := strings.Fields(s)
	if len(words) == 0 || len(words) > 6 || len(s) > 60 {
		return false
	}
	capitals := 0
	for _, w := range words {
		switch {
		case nameParticles[strings.ToLower(w)] && len(words) > 1:
		case !nameWord(w):
			return false
		default:
			capitals++
		}
	}
	return capitals >= 1 && capitals <= 4
}

// nameWord is a word of a name: "Øster", "O’Neill", "Anne-Marie", "J.", "3" (in
// "Speaker 3").
func nameWord(w string) bool {
	if isDigits(w) {
		return len(w) <= 2
	}
	if !startsUpper(w) {
		return false
	}
	for _, r := range w {
		if !unicode.IsLetter(r) && !unicode.IsMark(r) && !strings.ContainsRune("'’.-", r) {
			return false
		}
	}
	return true
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// startsUpper reports whether s begins with a capital, or with a letter of a
// script that has no capitals.
func startsUpper(s string) bool {
	s = strings.TrimPrefix(strings.TrimPrefix(s, "d'"), "d’")
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsLetter(r) && !unicode.IsLower(r)
}

// fullName reports whether s looks like a first and a family name.
func fullName(s string) bool {
	return len(strings.Fields(s)) >= 2 && looksLikeName(s) && !genericSpeaker(s) && !strings.ContainsAny(s, "0123456789")
}

// genericSpeaker reports whether a label stands for nobody in particular:
// "Unknown speaker", "Speaker 3", "Guest".
func genericSpeaker(label string) bool {
	label = strings.ToLower(strings.Trim(strings.Join(strings.Fields(label), " "), "[]()<>"))
	label = strings.TrimRight(label, " 0123456789#.-_")
	return genericLabels[label]
}
