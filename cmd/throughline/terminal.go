package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode"
)

// printable is a text from a deal as one line that a terminal can be given:
// white space of any kind becomes a space, and what could command the terminal or
// reorder the line becomes a mark that shows something stood there.
func printable(s string) string {
	return strings.Join(strings.Fields(strings.Map(harmless, s)), " ")
}

// printableLines is the same for a text of several lines.
func printableLines(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' {
			return r
		}
		return harmless(r)
	}, s)
}

func harmless(r rune) rune {
	switch {
	case unicode.IsSpace(r):
		return ' '
	case unicode.IsControl(r), reorders(r):
		return unicode.ReplacementChar
	}
	return r
}

// reorders reports the characters that override the direction of the text
// around them (Unicode annex 9), and the invisible tags of block E0000.
func reorders(r rune) bool {
	return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || r >= 0xE0000 && r <= 0xE007F
}

// shorten cuts a text to at most n runes, at a word where one ends near.
func shorten(s string, n int) string {
	rs := []rune(s)
	if len(rs) <= n {
		return s
	}
	cut := string(rs[:n-1])
	if i := strings.LastIndexByte(cut, ' '); i > len(cut)/2 {
		cut = cut[:i]
	}
	return cut + "…"
}

// writeJSON writes a value as JSON and ends the line. The control characters
// that JSON lets stand as they are, DEL and those of the second set, are escaped:
// the output may be looked at on a terminal.
func writeJSON(w io.Writer, v any, indent string) error {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	if _, err := w.Write(escapeControls(out.Bytes())); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	return nil
}

func escapeControls(doc []byte) []byte {
	if !bytes.ContainsFunc(doc, lateControl) {
		return doc
	}
	var out bytes.Buffer
	for _, r := range string(doc) {
		if lateControl(r) {
			fmt.Fprintf(&out, `\u%04x`, r)
			continue
		}
		out.WriteRune(r)
	}
	return out.Bytes()
}

func lateControl(r rune) bool { return r >= 0x7F && r <= 0x9F }

// aligned is a table, in whose lines tabs part the columns, with its columns in
// line.
func aligned(rows string) string {
	var out strings.Builder
	table := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	_, _ = io.WriteString(table, rows) // neither errs on a strings.Builder
	_ = table.Flush()
	return out.String()
}
