package caption

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// asciiSpace is what WebVTT takes for white space; a vertical tab is not.
const asciiSpace = " \t\n\f\r"

// A timing is a line "start --> end", with what follows it.
type timing struct {
	start, end time.Duration
	rest       string
}

// strictTiming is "collect WebVTT cue timings and settings".
func strictTiming(line string) (timing, bool) {
	var t timing
	var ok bool
	line = strings.TrimLeft(line, asciiSpace)
	if t.start, line, ok = timestamp(line); !ok {
		return timing{}, false
	}
	line = strings.TrimLeft(line, asciiSpace)
	if line, ok = strings.CutPrefix(line, "-->"); !ok {
		return timing{}, false
	}
	line = strings.TrimLeft(line, asciiSpace)
	if t.end, line, ok = timestamp(line); !ok {
		return timing{}, false
	}
	t.rest = strings.Trim(line, asciiSpace)
	return t, true
}

// timestamp is "collect a WebVTT timestamp": [hours:]mm:ss.ttt. It also returns
// what follows.
func timestamp(s string) (time.Duration, string, bool) {
	first, s := digits(s)
	if first == "" {
		return 0, s, false
	}
	hours, minutes := "0", first
	long := len(first) != 2 || number(first) > 59
	s, ok := strings.CutPrefix(s, ":")
	seconds, s := digits(s)
	if !ok || len(seconds) != 2 {
		return 0, s, false
	}
	if long || strings.HasPrefix(s, ":") {
		hours, minutes = first, seconds
		s, ok = strings.CutPrefix(s, ":")
		if seconds, s = digits(s); !ok || len(seconds) != 2 {
			return 0, s, false
		}
	}
	s, ok = strings.CutPrefix(s, ".")
	millis, s := digits(s)
	if !ok || len(millis) != 3 || number(minutes) > 59 || number(seconds) > 59 {
		return 0, s, false
	}
	return clock(hours, minutes, seconds, millis), s, true
}

// digits splits off the leading ASCII digits.
func digits(s string) (string, string) {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return s[:n], s[n:]
}

// mostHours bounds a timestamp, so that a duration can hold it; no recording
// comes near it.
const mostHours = 1_000_000

func number(digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil || n > mostHours {
		return mostHours
	}
	return n
}

func clock(hours, minutes, seconds, millis string) time.Duration {
	return time.Duration(number(hours))*time.Hour + time.Duration(number(minutes))*time.Minute +
		time.Duration(number(seconds))*time.Second + time.Duration(number(millis))*time.Millisecond
}

// A looseStamp is a timestamp as SRT files have it in practice: a comma or a
// point before the fraction, fewer digits, no fraction, no hours.
const looseStamp = `(?:(\d{1,6}):)?(\d{1,2}):(\d{1,2})(?:[.,:](\d{1,6}))?`

var looseLine = regexp.MustCompile(`^\s*` + looseStamp + `\s*-->\s*` + looseStamp + `(?:\s+(.*))?$`)

// looseTiming reads the timing lines of SRT.
func looseTiming(line string) (timing, bool) {
	m := looseLine.FindStringSubmatch(line)
	if m == nil {
		return timing{}, false
	}
	if number(m[2]) > 59 || number(m[3]) > 59 || number(m[6]) > 59 || number(m[7]) > 59 {
		return timing{}, false
	}
	return timing{start: looseClock(m[1:5]), end: looseClock(m[5:9]), rest: strings.TrimSpace(m[9])}, true
}

func looseClock(parts []string) time.Duration {
	hours := parts[0]
	if hours == "" {
		hours = "0"
	}
	fraction := (parts[3] + "000")[:3] // ",5" is half a second
	return clock(hours, parts[1], parts[2], fraction)
}
