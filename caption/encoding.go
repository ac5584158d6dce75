package caption

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// decode makes text of the bytes of a file. WebVTT is UTF-8, and what is not is
// replaced, as its standard says. SRT has no encoding of its own: a byte order
// mark tells UTF-16, and what is no UTF-8 is taken for Windows-1252, in which
// older tools write it.
func decode(data []byte) (string, []Problem) {
	switch {
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}), bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		utf8Text, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Bytes(data)
		if err != nil {
			return "", []Problem{{What: "UTF-16 that can't be read: " + err.Error()}}
		}
		return string(utf8Text), nil
	case utf8.Valid(data):
		return strings.TrimPrefix(string(data), "\ufeff"), nil
	case isWebVTT(strings.TrimPrefix(string(data), "\ufeff")):
		text := strings.ToValidUTF8(strings.TrimPrefix(string(data), "\ufeff"), "\ufffd")
		return text, []Problem{{What: "bytes that are not UTF-8 were replaced by \ufffd"}}
	}
	text, err := charmap.Windows1252.NewDecoder().Bytes(data)
	if err != nil {
		return "", []Problem{{What: "neither UTF-8 nor Windows-1252: " + err.Error()}}
	}
	return string(text), []Problem{{What: "not UTF-8: read as Windows-1252"}}
}
