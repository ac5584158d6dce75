package caption

import (
	"fmt"
	"strings"
	"time"
)

const signature = "WEBVTT"

// isWebVTT reports whether the text begins with the signature of WebVTT.
func isWebVTT(text string) bool {
	rest, ok := strings.CutPrefix(text, signature)
	return ok && (rest == "" || strings.ContainsRune(" \t\n\r", rune(rest[0])))
}

// parseWebVTT reads a WebVTT file, whose first line is its signature.
func parseWebVTT(ll []string) (*Track, []Problem) {
	p := &vttParser{lines: ll, timing: strictTiming}
	p.file()
	if len(p.cues) == 0 && p.unreadable > 0 {
		// Tools that write "00:01,5" or leave the fraction out do so all through
		// a file. Read so only where the standard finds no cue at all and most
		// timings can be read so; else the file is broken, and not loose.
		loose := &vttParser{lines: ll, timing: looseTiming}
		if loose.file(); len(loose.cues) > loose.unreadable {
			loose.problem(0, "the timings are not those of WebVTT; they were read as the nearest that they can be")
			p = loose
		}
	}
	t := &Track{Format: WebVTT, Notes: p.notes, Regions: p.regions}
	for _, c := range p.cues {
		t.Cues = append(t.Cues, c.cue(vttTags))
	}
	return t, p.problems
}

// A rawCue is a cue before its text is read.
type rawCue struct {
	id         string
	start, end time.Duration
	settings   string
	text       string // the lines, joined by "\n"
	line       int
}

func (r rawCue) cue(tags tagSet) Cue {
	c := Cue{ID: r.id, Start: r.start, End: r.end, Settings: r.settings, Line: r.line}
	spans := readText(r.text, tags)
	texts := make([]string, len(spans))
	for i, s := range spans {
		texts[i] = s.Text
		if c.Voice == "" {
			c.Voice = s.Voice
		}
	}
	c.Text = strings.Join(texts, "\n")
	if len(spans) > 1 {
		c.Spans = spans
	}
	return c
}

// A vttParser follows "WebVTT parser algorithm" of the standard, line by line:
// next is the standard's position.
type vttParser struct {
	lines  []string
	next   int
	timing func(line string) (timing, bool)

	cues       []rawCue
	regions    []Region
	notes      []string
	problems   []Problem
	unreadable int // timings that could not be read
}

func (p *vttParser) problem(line int, what string) {
	p.problems = append(p.problems, Problem{Line: line, What: what})
}

func (p *vttParser) file() {
	for i, line := range p.lines {
		p.lines[i] = strings.ReplaceAll(line, "\x00", "\ufffd")
	}
	header := strings.TrimPrefix(p.lines[0], signature)
	p.next = 1
	if p.next < len(p.lines) && p.lines[p.next] != "" {
		header += "\n" + p.block(true).text
	}
	if header = strings.TrimSpace(header); header != "" {
		p.notes = append(p.notes, header)
	}
	for p.next < len(p.lines) {
		if p.lines[p.next] == "" {
			p.next++
			continue
		}
		p.keep(p.block(false))
	}
}

// keep files a block under what it turned out to be.
func (p *vttParser) keep(b block) {
	switch {
	case b.cue != nil:
		p.cues = append(p.cues, *b.cue)
	case b.badTiming != 0:
		p.unreadable++
		p.problem(b.badTiming, fmt.Sprintf("a cue's timing can't be read, the cue is left out: %q", excerpt(p.lines[b.badTiming-1])))
	case b.style:
	case b.region:
		p.regions = append(p.regions, parseRegion(b.text))
	case isNote(b.text):
		p.notes = append(p.notes, strings.TrimSpace(strings.TrimPrefix(b.text, "NOTE")))
	case b.text != "" && !strings.HasPrefix(b.text, "STYLE") && !strings.HasPrefix(b.text, "Region:"):
		p.problem(b.line, fmt.Sprintf("text without a timing is left out: %q", excerpt(b.text)))
	}
}

// isNote reports whether a block is a comment.
func isNote(text string) bool {
	rest, ok := strings.CutPrefix(text, "NOTE")
	return ok && (rest == "" || rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\n')
}

// A block is what stands between blank lines.
type block struct {
	line      int // its first line, from 1
	cue       *rawCue
	style     bool
	region    bool
	badTiming int    // line of a timing that could not be read; 0 for none
	text      string // of a block that is no cue
}

// block is "collect a WebVTT block".
func (p *vttParser) block(inHeader bool) block {
	var (
		b         = block{line: p.next + 1}
		buffer    []string
		lineCount int
		seenArrow bool
		previous  = p.next
	)
	for p.next < len(p.lines) {
		line := p.lines[p.next]
		lineCount++
		p.next++
		if strings.Contains(line, "-->") {
			if inHeader || lineCount > 2 || lineCount == 2 && seenArrow {
				p.next = previous
				break
			}
			seenArrow = true
			previous = p.next
			t, ok := p.timing(line)
			if !ok {
				b.badTiming = p.next
				continue
			}
			b.cue = &rawCue{id: strings.Join(buffer, "\n"), start: t.start, end: t.end, settings: t.rest, line: p.next}
			b.badTiming = 0
			buffer = nil
			continue
		}
		if line == "" {
			break
		}
		if !inHeader && lineCount == 2 && len(p.cues) == 0 && b.cue == nil && len(buffer) == 1 {
			switch {
			case isBlockHead(buffer[0], "STYLE"):
				b.style, buffer = true, nil
			case isBlockHead(buffer[0], "REGION"):
				b.region, buffer = true, nil
			}
		}
		buffer = append(buffer, line)
		previous = p.next
	}
	b.text = strings.Join(buffer, "\n")
	if b.cue != nil {
		b.cue.text = b.text
	}
	return b
}

// isBlockHead reports whether a line is the keyword and white space only.
func isBlockHead(line, keyword string) bool {
	rest, ok := strings.CutPrefix(line, keyword)
	return ok && strings.Trim(rest, asciiSpace) == ""
}
