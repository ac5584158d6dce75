package folder

import (
	"path"
	"regexp"
	"strings"
	"time"

	"throughline"
	"throughline/caption"
)

// captionReader reads the captions that meeting tools write: WebVTT and SRT,
// with speakers as <v Name> or as "Name: text".
type captionReader struct{}

func newCaptionReader() reader { return captionReader{} }

func (captionReader) take(f *file, c *collector) bool {
	if !caption.IsCaption(f.data) {
		return false
	}
	track, problems := caption.Parse(f.data)
	for _, p := range problems {
		c.problem(throughline.Problem{File: f.path, Line: p.Line, What: p.What})
	}
	if track == nil {
		return true
	}
	pieces := cuePieces(track)
	if len(pieces) == 0 {
		c.problem(throughline.Problem{File: f.path, What: "captions in which nothing is said"})
		return true
	}
	notes := strings.Join(track.Notes, "\n")
	s := &rawSource{
		kind: throughline.SourceCall, title: captionTitle(f.path, notes), file: f.path, at: captionDate(f.path, notes),
		duration: lastMoment(pieces), members: speakers("captions", pieces), language: noteLanguage(notes),
	}
	s.passages = turnPassages("captions", s.at, pieces)
	c.sources = append(c.sources, s)
	return true
}

func (captionReader) done(*collector) {}

// cuePieces are the cues of a track with their speakers.
func cuePieces(track *caption.Track) []piece {
	var pieces []piece
	for _, cue := range track.Cues {
		spans := cue.Spans
		if len(spans) == 0 {
			spans = []caption.Span{{Voice: cue.Voice, Text: cue.Text}}
		}
		for _, span := range spans {
			for line := range strings.SplitSeq(span.Text, "\n") {
				if line = strings.TrimSpace(line); line != "" {
					pieces = append(pieces, piece{speaker: span.Voice, text: line, start: cue.Start, end: cue.End})
				}
			}
		}
	}
	return nameSpeakers(pieces)
}

// namedLine is a line that may begin with its speaker: "Name: text", ">> Name:
// text", "[Name]: text".
var namedLine = regexp.MustCompile(`^(?:>+\s*)?\[?([^:\[\]<>]{1,60}?)\]?\s?:\s+(\S.*)$`)

// dashedLine is a line that begins with another, unnamed, speaker.
var dashedLine = regexp.MustCompile(`^(?:>>+|[-–—]\s)\s*(\S.*)$`)

// nameSpeakers takes the names out of lines that begin with one. In a file
// where each line of a speaker names them, a line without a name is unknown;
// elsewhere it goes on with the speaker before.
func nameSpeakers(pieces []piece) []piece {
	known := prefixNames(pieces)
	everyLine := namesEveryLine(pieces, known)
	current := ""
	out := make([]piece, 0, len(pieces))
	for _, p := range pieces {
		if p.speaker != "" {
			out, current = append(out, p), ""
			continue
		}
		name, text, ok := cutSpeaker(p.text, known)
		switch m := dashedLine.FindStringSubmatch(p.text); {
		case ok:
			current, p.text = name, text
		case m != nil:
			current, p.text, p.fresh = "", m[1], true
		case everyLine:
			current = ""
		}
		p.speaker = current
		out = append(out, p)
	}
	return out
}

// cutSpeaker takes a known name off the start of a line.
func cutSpeaker(line string, known map[string]bool) (name, text string, ok bool) {
	m := namedLine.FindStringSubmatch(line)
	if m == nil || !known[strings.TrimSpace(m[1])] {
		return "", line, false
	}
	return strings.TrimSpace(m[1]), m[2], true
}

// prefixNames are what stands before a colon at the start of lines and is a
// speaker: it looks like a name, and either it comes back or most lines begin
// with one.
func prefixNames(pieces []piece) map[string]bool {
	counts := map[string]int{}
	lines, prefixed := 0, 0
	for _, p := range pieces {
		if p.speaker != "" {
			continue
		}
		lines++
		if m := namedLine.FindStringSubmatch(p.text); m != nil && maySpeak(m[1]) {
			counts[strings.TrimSpace(m[1])]++
			prefixed++
		}
	}
	most := prefixed*2 > lines
	known := map[string]bool{}
	for name, n := range counts {
		if capitalised := looksLikeName(cleanName(name)) || genericSpeaker(name) || address.MatchString(name); capitalised && (most || n >= 2) || most && n >= 3 {
			known[name] = true
		}
	}
	return known
}

// maySpeak reports whether a label before a colon could be a speaker's.
func maySpeak(label string) bool {
	label = strings.TrimSpace(label)
	if genericSpeaker(label) || address.MatchString(label) {
		return true
	}
	name := cleanName(label)
	if isLabel(name) {
		return false
	}
	return looksLikeName(name) || len(strings.Fields(name)) <= 6 && !strings.ContainsAny(name, ".?!,;")
}

// address is a mail address, under which some tools list those who never set a
// name.
var address = regexp.MustCompile(`^[^\s@<>()]+@[^\s@<>()]+\.\pL{2,}$`)

// namesEveryLine reports whether a speaker is named anew on each of their lines,
// and not only where a turn begins.
func namesEveryLine(pieces []piece, known map[string]bool) bool {
	repeated, unnamed, last := 0, 0, ""
	for _, p := range pieces {
		name, _, ok := cutSpeaker(p.text, known)
		switch {
		case p.speaker != "":
		case !ok:
			unnamed++
		case name == last:
			repeated++
		}
		if ok {
			last = name
		}
	}
	return repeated > unnamed
}

var (
	noteTitle    = regexp.MustCompile(`(?im)^\s*(?:title|topic|meeting(?: title)?|titre|titel|título|thema|betreff|subject)\s*[:=]\s*"?([^"\n]+?)"?\s*$`)
	headerTitle  = regexp.MustCompile(`^\s*-\s+([^\n]+)`)
	noteLang     = regexp.MustCompile(`(?i)\blanguage\s*[:=]\s*"?([a-z]{2,3}(?:-[a-z]+)?)`)
	toolsSpeech  = regexp.MustCompile(`(?i)(?:^|[^\pL])(?:created|made|generated|produced|transcribed|exported) (?:by|with|from)\b`)
	fileLeftover = regexp.MustCompile(`(?i)[ _.-]*(?:meeting[ _-]saved[ _-]closed[ _-]caption|closed[ _-]captions?|saved[ _-]chat|(?:meeting[ _-])?recording|transcript(?:ion)?|captions?|subtitles?|untertitel|transkript|audio_only|gallery_\d+x\d+|\d{3,4}x\d{3,4}|\bcc\b)[ _.-]*(?:\(\d+\))?$`)
)

// captionTitle is a call's title: what the file says in its header or a NOTE,
// else its name.
func captionTitle(file, notes string) string {
	if m := noteTitle.FindStringSubmatch(notes); m != nil {
		return strings.TrimSpace(m[1])
	}
	if m := headerTitle.FindStringSubmatch(notes); m != nil && !toolsSpeech.MatchString(m[1]) {
		return strings.TrimSpace(m[1])
	}
	return fileTitle(file, "Call")
}

func captionDate(file, notes string) time.Time {
	if t, ok := dateIn(notes); ok {
		return t
	}
	return fileDate(file)
}

// noteLanguage is the language that a NOTE or the header states.
func noteLanguage(notes string) string {
	if m := noteLang.FindStringSubmatch(notes); m != nil {
		return iso639(m[1])
	}
	return ""
}

// fileDate is the date in a file's name, or in its folder's; zero when neither
// has one.
func fileDate(file string) time.Time {
	for _, name := range []string{path.Base(file), path.Base(path.Dir(file))} {
		if t, ok := dateIn(name); ok {
			return t
		}
	}
	return time.Time{}
}

// fileTitle makes a title of a file's name: without its ending, its date, and
// what recorders add. A name of nothing else gives way to its folder's, if that
// is dated as a recording's folder is, and else to what.
func fileTitle(file, what string) string {
	base := path.Base(file)
	if t := readableName(strings.TrimSuffix(base, path.Ext(base))); t != "" {
		return t
	}
	parent := path.Base(path.Dir(file))
	if _, dated := dateIn(parent); dated {
		if t := readableName(parent); t != "" {
			return t
		}
	}
	return what
}

func readableName(name string) string {
	name = cutDate(name)
	for {
		shorter := fileLeftover.ReplaceAllString(name, "")
		if shorter == name {
			break
		}
		name = shorter
	}
	name = strings.Join(strings.Fields(strings.ReplaceAll(name, "_", " ")), " ")
	if !strings.Contains(name, " ") && !meetCode.MatchString(name) {
		name = strings.ReplaceAll(name, "-", " ")
	}
	name = longNumber.ReplaceAllString(name, "")
	name = strings.Trim(emptyBrackets.ReplaceAllString(name, " "), " -–.,_")
	if name == "" {
		return ""
	}
	first := []rune(name)
	return strings.ToUpper(string(first[:1])) + string(first[1:])
}

// meetCode is how Google Meet names a meeting without a title.
var meetCode = regexp.MustCompile(`^[a-z]{3}-[a-z]{4}-[a-z]{3}$`)

// emptyBrackets are what a date leaves behind.
var emptyBrackets = regexp.MustCompile(`\s*[(\[]\s*[)\]]`)

// longNumber is a meeting's number at the end of a name.
var longNumber = regexp.MustCompile(`\s+\d{9,}$`)
