package folder

import (
	"bytes"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	encoding "golang.org/x/text/encoding/unicode"
)

// fileText is a file's content as text: UTF-8, UTF-16 with a byte order mark,
// or, failing these, Windows-1252, in which older tools write. note says where
// it was guessed; ok is false for what is no text at all.
func fileText(data []byte) (text, note string, ok bool) {
	switch {
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}), bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		decoded, err := encoding.UTF16(encoding.LittleEndian, encoding.UseBOM).NewDecoder().Bytes(data)
		if err != nil {
			return "", "", false
		}
		text = string(decoded)
	case utf8.Valid(data):
		text = strings.TrimPrefix(string(data), "\ufeff")
	default:
		decoded, err := charmap.Windows1252.NewDecoder().Bytes(data)
		if err != nil {
			return "", "", false
		}
		text, note = string(decoded), "not UTF-8: read as Windows-1252"
	}
	if !printable(text) {
		return "", "", false
	}
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\x00", "", "\u2028", "\n", "\u2029", "\n", "\v", "\n", "\f", "\n").Replace(text)
	return text, note, true
}

// printable reports whether nearly all of a text is what people write: a file of
// some other format has control characters all through.
func printable(text string) bool {
	odd, all := 0, 0
	for _, r := range text {
		all++
		if r == utf8.RuneError || unicode.IsControl(r) && !strings.ContainsRune("\n\r\t\f\v", r) {
			odd++
		}
		if all == 1<<16 {
			break
		}
	}
	return all > 0 && odd*100 <= all
}

// looksHTML reports whether a text is a web page, or a part of one.
func looksHTML(text string) bool {
	head := text[:min(len(text), 4096)]
	if htmlStart.MatchString(head) {
		return true
	}
	return strings.HasPrefix(strings.TrimSpace(head), "<") && len(htmlTag.FindAllStringIndex(head, 3)) == 3
}

var (
	htmlStart = regexp.MustCompile(`(?i)^\s*(?:<\?xml[^>]*>\s*)?(?:<!--[^>]*-->\s*)*<(?:!doctype\s+html|html|head|body)\b`)
	htmlTag   = regexp.MustCompile(`(?i)</?(?:p|div|span|table|tr|td|th|ul|ol|li|h[1-6]|br|b|i|strong|em|a|section|article|meta|style|title)\b[^>]*>`)
)

// oneLine collapses the white space of a text.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
