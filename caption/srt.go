package caption

import (
	"fmt"
	"strconv"
	"strings"
)

// isSRT reports whether the lines are those of an SRT file: the first thing in
// it is a cue, or, where its beginning is damaged, there are several timings
// and they make up a fair part of it.
func isSRT(ll []string) bool {
	const enough = 400
	var timings, filled, before int
	for _, line := range ll[:min(len(ll), enough)] {
		if strings.TrimSpace(line) == "" {
			continue
		}
		filled++
		if _, ok := looseTiming(line); ok {
			timings++
		}
		if timings == 0 {
			before++
		}
	}
	switch {
	case timings == 0:
		return false
	case before <= 1:
		return true
	}
	return timings >= 2 && timings*6 >= filled
}

// parseSRT reads an SRT file. A cue runs from its timing to the next; a blank
// line does not end it, as many tools leave blank lines within a cue.
func parseSRT(ll []string) (*Track, []Problem) {
	t := &Track{Format: SRT}
	var problems []Problem
	var current *rawCue // nil before the first cue, and in one that is left out
	var body []string
	flush := func() {
		if current != nil {
			current.text = strings.Trim(strings.Join(body, "\n"), asciiSpace)
			t.Cues = append(t.Cues, current.cue(srtTags))
		}
		current, body = nil, nil
	}
	lastID := ""
	for i, line := range ll {
		line = strings.ReplaceAll(line, "\x00", "\ufffd")
		tm, ok := looseTiming(line)
		broken := !ok && isBrokenTiming(ll, i)
		if !ok && !broken {
			body = append(body, line)
			continue
		}
		id, hasID := takeID(body, lastID)
		if hasID {
			body = body[:len(body)-1]
		}
		if current == nil && len(t.Cues) == 0 {
			if text := strings.TrimSpace(strings.Join(body, "\n")); text != "" && len(problems) == 0 {
				problems = append(problems, Problem{Line: 1, What: fmt.Sprintf("text before the first timing is left out: %q", excerpt(text))})
			}
		}
		flush()
		lastID = id
		if broken {
			problems = append(problems, Problem{Line: i + 1, What: fmt.Sprintf("a cue's timing can't be read, the cue is left out: %q", excerpt(line))})
			continue
		}
		current = &rawCue{id: id, start: tm.start, end: tm.end, settings: tm.rest, line: i + 1}
	}
	flush()
	return t, problems
}

// takeID finds the number of a cue in the line above its timing. The number
// stands after a blank line or follows the one before; any other number is the
// last line of what was said.
func takeID(body []string, lastID string) (string, bool) {
	if len(body) == 0 {
		return "", false
	}
	id := strings.TrimSpace(body[len(body)-1])
	n, err := strconv.Atoi(id)
	if err != nil || n < 0 {
		return "", false
	}
	if len(body) == 1 || strings.TrimSpace(body[len(body)-2]) == "" {
		return id, true
	}
	last, err := strconv.Atoi(lastID)
	return id, err == nil && n == last+1
}

// isBrokenTiming reports whether line i stands where a timing stands and looks
// like one, rather than like an arrow in something that was said.
func isBrokenTiming(ll []string, i int) bool {
	line := strings.TrimSpace(ll[i])
	if !strings.Contains(line, "-->") || line[0] < '0' || line[0] > '9' {
		return false
	}
	if i == 0 {
		return true
	}
	above := strings.TrimSpace(ll[i-1])
	_, err := strconv.Atoi(above)
	return above == "" || err == nil
}
