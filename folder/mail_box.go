package folder

import (
	"bytes"
	"regexp"
	"strings"
	"time"
)

// A mailboxEntry is one message of a mailbox.
type mailboxEntry struct {
	data   []byte
	line   int       // of its first line, within the mailbox
	posted time.Time // as the line above it says, in UTC; zero where it does not
}

// dividing is the line above each message of a mailbox: "From ", an address and
// a date as C's asctime writes it (RFC 4155, appendix A), a zone perhaps.
var dividing = regexp.MustCompile(`^From \S.*?((?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? .*\d{1,2}:\d{2}.*)$`)

// splitMailbox divides a mailbox into its messages; nil where the data is none.
// The lines that divide are told from sentences that begin with "From" by what
// stands around them: a blank line above, the header of a message below.
func splitMailbox(data []byte) []mailboxEntry {
	divided := bytes.HasPrefix(data, []byte("From "))
	if !divided && (!bytes.Contains(data, []byte("\nFrom ")) || !looksMail(data)) {
		return nil
	}
	var entries []mailboxEntry
	open := mailboxEntry{line: 1}
	start, blank := 0, true
	for at, n := 0, 1; at < len(data); n++ {
		next := lineEnd(data, at)
		line := data[at:next]
		if blank && bytes.HasPrefix(line, []byte("From ")) {
			if posted, ok := divides(line, data[next:]); ok {
				if at > 0 {
					entries = append(entries, open.closed(data[start:at]))
				}
				open, start, divided = mailboxEntry{line: n + 1, posted: posted}, next, true
			}
		}
		blank = len(bytes.TrimSpace(line)) == 0
		at = next
	}
	if !divided || start == 0 && len(entries) == 0 {
		return nil
	}
	return append(entries, open.closed(data[start:]))
}

func (e mailboxEntry) closed(data []byte) mailboxEntry {
	e.data = unquoteFrom(data)
	return e
}

// lineEnd is the byte after the line that begins at a byte.
func lineEnd(data []byte, at int) int {
	if i := bytes.IndexByte(data[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(data)
}

// divides reports whether a line that begins with "From " divides messages, and
// the date it tells.
func divides(line, below []byte) (posted time.Time, ok bool) {
	fields := mailFields(below)
	if m := dividing.FindSubmatch(bytes.TrimSpace(line)); m != nil {
		return asctime(string(m[1])), fields.any
	}
	return time.Time{}, fields.mail()
}

func asctime(s string) time.Time {
	s = strings.Join(strings.Fields(s), " ")
	for _, layout := range []string{
		"Mon Jan 2 15:04:05 2006", "Mon Jan 2 15:04:05 -0700 2006", "Mon Jan 2 15:04:05 2006 -0700", "Mon Jan 2 15:04 2006",
		time.RFC1123Z, "Mon, 2 Jan 2006 15:04:05 -0700",
	} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

var quotedFrom = regexp.MustCompile(`(?m)^>+From `)

// unquoteFrom takes off the ">" that a mailbox puts before lines that begin with
// "From ". The mboxrd form puts one more before each, mboxo before those without;
// which it is can't be told, and to take one off is right or makes a quote less
// deep. Amid quoted lines it stays: there it is the quote's.
func unquoteFrom(data []byte) []byte {
	if !quotedFrom.Match(data) {
		return data
	}
	var out []byte
	quotedAbove := false
	for at := 0; at < len(data); {
		next := lineEnd(data, at)
		line := data[at:next]
		from := quotedFrom.Match(line)
		quotes := bytes.HasPrefix(line, []byte(">"))
		if from && (bytes.HasPrefix(line, []byte(">>")) || !quotedAbove && !bytes.HasPrefix(data[next:], []byte(">"))) {
			line, quotes = line[1:], false
		}
		out = append(out, line...)
		quotedAbove = quotes
		at = next
	}
	return out
}

// headerLines is how many lines of a header are looked at to recognise it.
const headerLines = 400

var (
	fieldLine = regexp.MustCompile(`^([!-9;-~]+)[ \t]*:`)
	// mailOnly are fields that only mail bears; mailOften stand in memos too.
	mailOnly  = wordSet([]string{"from", "message-id", "mime-version", "received", "return-path", "delivered-to"})
	mailOften = wordSet([]string{"to", "subject", "date", "cc"})
)

// fieldsFound is what the lines at the top of some data are.
type fieldsFound struct {
	any         bool // the first is a header field
	only, often int
}

// mail reports whether they are a mail's header: From, To, Subject, Date,
// Message-ID, MIME-Version, two at least, and one that a memo lacks.
func (f fieldsFound) mail() bool { return f.only > 0 && f.only+f.often >= 2 }

func mailFields(data []byte) fieldsFound {
	var f fieldsFound
	seen := map[string]bool{}
	for at, n := 0, 0; at < len(data) && n < headerLines; n++ {
		next := lineEnd(data, at)
		line := data[at:next]
		at = next
		if line[0] == ' ' || line[0] == '\t' {
			if n == 0 || len(bytes.TrimSpace(line)) == 0 {
				break
			}
			continue
		}
		m := fieldLine.FindSubmatch(line[:min(len(line), 200)])
		if m == nil {
			break
		}
		f.any = true
		name := strings.ToLower(string(m[1]))
		switch {
		case seen[name]:
		case mailOnly[name]:
			f.only++
		case mailOften[name]:
			f.often++
		}
		seen[name] = true
	}
	return f
}

// looksMail reports whether data begins with a mail's header.
func looksMail(data []byte) bool { return mailFields(data).mail() }

var lengthLine = regexp.MustCompile(`^\d+[ \t]*\r?\n`)

// withoutLength takes off the number of bytes with which Apple Mail begins a
// message, and the property list behind it.
func withoutLength(data []byte) []byte {
	loc := lengthLine.FindIndex(data[:min(len(data), 40)])
	if loc == nil {
		return data
	}
	length := 0
	for _, d := range bytes.TrimSpace(data[:loc[1]]) {
		if length = 10*length + int(d-'0'); length > len(data) {
			break
		}
	}
	rest := data[loc[1]:]
	return rest[:min(length, len(rest))]
}
