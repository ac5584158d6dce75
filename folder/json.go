package folder

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"throughline"
)

// looksJSON reports whether a file's content may be JSON.
func looksJSON(data []byte) bool {
	d := bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\ufeff")), " \t\r\n")
	return len(d) > 0 && (d[0] == '{' || d[0] == '[')
}

// decode reads JSON into v. Where the file breaks off, what was whole before
// stays in v only if v's decoder took it; the problem names the byte.
func decode(f *file, v any) error {
	return json.Unmarshal(bytes.TrimPrefix(f.data, []byte("\ufeff")), v)
}

// wholeRecords are the elements of the array named key, up to where it breaks.
func wholeRecords(data []byte, key string) []json.RawMessage {
	_, after, found := bytes.Cut(data, []byte(strings.TrimSuffix(key, "[")))
	open := bytes.IndexByte(after, '[')
	if !found || open < 0 {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(after[open:]))
	if _, err := dec.Token(); err != nil {
		return nil
	}
	var out []json.RawMessage
	for dec.More() {
		var raw json.RawMessage
		if dec.Decode(&raw) != nil {
			break
		}
		out = append(out, raw)
	}
	return out
}

// jsonProblem words an error of decode with the place it tells.
func jsonProblem(f *file, what string, err error) throughline.Problem {
	p := throughline.Problem{File: f.path, What: fmt.Sprintf("%s: %v", what, err)}
	var syntax *json.SyntaxError
	var typed *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		p.Offset, p.Line = syntax.Offset, lineAt(f.data, syntax.Offset)
	case errors.As(err, &typed):
		p.Offset, p.Line = typed.Offset, lineAt(f.data, typed.Offset)
	}
	return p
}

func lineAt(data []byte, offset int64) int {
	return 1 + bytes.Count(data[:min(int(offset), len(data))], []byte("\n"))
}

// text is a JSON value as text, whatever its type: a string, a number, a bool.
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err == nil {
		*t = text(s)
		return nil
	}
	if s := string(b); s != "null" && (len(s) == 0 || s[0] != '{' && s[0] != '[') {
		*t = text(s)
	}
	return nil
}

// maxCall is longer than any recording: an offset beyond it is none.
const maxCall = 72 * time.Hour

// span is a length of time within a recording of so many units; -1 where the
// number can't be one.
func span(n float64, unit time.Duration) time.Duration {
	if !(n >= 0 && n <= float64(maxCall/unit)) {
		return -1
	}
	return time.Duration(n * float64(unit))
}

// anytime reads the ways in which systems write times; zero when none fits.
func anytime(s string) time.Time {
	s = strings.TrimSpace(s)
	for _, layout := range []string{
		time.RFC3339Nano, "2006-01-02T15:04:05.000-0700", "2006-01-02T15:04:05-0700", "2006-01-02T15:04:05",
		"2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly, "02.01.2006", "2006/01/02", "January 2, 2006", "2 January 2006", "Jan 2, 2006",
	} {
		if t, err := time.Parse(layout, s); err == nil && t.Year() < 9999 { // beyond it, JSON has no times
			return t.UTC()
		}
	}
	return time.Time{}
}
