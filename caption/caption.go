// Package caption reads the captions that meeting tools write: WebVTT, after
// the parsing algorithm of the W3C (https://www.w3.org/TR/webvtt1/#parsing), and
// SubRip (SRT), which has no standard.
//
// Both readers are our own. The kept library for captions, go-astisub, fails
// much of the platform tests for WebVTT; its SRT reader gives up the whole file
// at the first timing that it can't read, and panics on some input ("0:000-->").
// A transcript with one bad cue must still give all its other cues.
package caption

import (
	"strings"
	"time"
)

// The formats that are recognised.
const (
	WebVTT = "WebVTT"
	SRT    = "SRT"
)

// A Track is one caption file.
type Track struct {
	Format  string   // WebVTT or SRT
	Notes   []string // text of the header and of NOTE blocks, in order
	Regions []Region // WebVTT only
	Cues    []Cue    // in the order of the file
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
	Settings string // where the cue is shown, as the file writes it; see [Track.Layout]
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
func IsCaption(data []byte) bool {
	text, _ := decode(data)
	return isWebVTT(text) || isSRT(lines(text))
}

// Parse reads a caption file, which it recognises by its content. The track is
// nil when it is no caption file; the one problem then says so. Cues that can't
// be read are left out, each with a problem.
func Parse(data []byte) (*Track, []Problem) {
	text, problems := decode(data)
	switch ll := lines(text); {
	case isWebVTT(text):
		t, more := parseWebVTT(ll)
		return t, append(problems, more...)
	case isSRT(ll):
		t, more := parseSRT(ll)
		return t, append(problems, more...)
	}
	return nil, []Problem{{What: "neither WebVTT nor SRT"}}
}

// lines splits a text at CRLF, LF and CR alike.
func lines(text string) []string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.ReplaceAll(text, "\r", "\n")
	return strings.Split(text, "\n")
}

// excerpt is the beginning of a line, for a problem's wording.
func excerpt(line string) string {
	const most = 60
	line = strings.TrimSpace(line)
	if r := []rune(line); len(r) > most {
		return string(r[:most]) + "…"
	}
	return line
}
