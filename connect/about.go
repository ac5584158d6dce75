package connect

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// An About says what a connector is to those who choose, connect and run it:
// docs/connectors.md and 'throughline connectors' are made of nothing else. Texts
// are phrases or sentences in Markdown, without a line break.
type About struct {
	System string   `json:"system"`           // as people call it: "Gong"
	For    string   `json:"for"`              // what it is there for, in a few words: "recorded calls"
	Reads  []string `json:"reads,omitempty"`  // what of a deal it reads; empty where it only writes
	Writes []string `json:"writes,omitempty"` // what it writes; empty where it only reads
	// Needs are the credentials, scopes and settings, by the vendor's own names,
	// and where a person sets them.
	Needs  []string `json:"needs,omitempty"`
	Limits []string `json:"limits,omitempty"` // the vendor's limits and our own, and how they are kept
	Calls  []Calls  `json:"calls,omitempty"`
	Facts  []Fact   `json:"facts,omitempty"`
	// Notes are further paragraphs in Markdown, without headings above the third
	// level.
	Notes string `json:"notes,omitempty"`
}

// Calls say how many calls of a vendor's API something takes, with retries left
// out. Tests count them.
type Calls struct {
	For   string `json:"for"`   // "a deal"
	Count string `json:"count"` // "three, and one for each file"
}

// A Fact is something about a vendor's API that a connector rests on.
type Fact struct {
	What string `json:"what"`
	// Source is how it is known, or what is done where it is not.
	Source string `json:"source,omitempty"`
	// Unconfirmed says that no vendor's own text was found for it.
	Unconfirmed bool `json:"unconfirmed,omitempty"`
}

// Unconfirmed are the facts for which no vendor's own text was found.
func (a *About) Unconfirmed() []Fact {
	var out []Fact
	for _, f := range a.Facts {
		if f.Unconfirmed {
			out = append(out, f)
		}
	}
	return out
}

// Filled puts values into a text for people: where the text has {{name}}, it gets
// the value of that name, as [Plain] writes it. So a number that the code holds
// stands in a connector's notes as the code has it.
func Filled(text string, values map[string]any) string {
	pairs := make([]string, 0, 2*len(values))
	for name, value := range values {
		pairs = append(pairs, "{{"+name+"}}", Plain(value))
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// A Size is a number of bytes. It is written in those units of which it has a whole
// number: 32 MB are 32 times 1,048,576 bytes, and 400 KB are 400,000.
type Size int64

// Plain writes a value as people do: 20,000; 15 minutes; 32 MB. Days are counted
// from three days on, below that hours.
func Plain(value any) string {
	switch v := value.(type) {
	case time.Duration:
		return plainDuration(v)
	case Size:
		return plainSize(v)
	case int:
		return plainNumber(int64(v))
	}
	return fmt.Sprint(value)
}

func plainDuration(d time.Duration) string {
	const day = 24 * time.Hour
	counted := func(unit time.Duration, one string) string {
		n := int64(d / unit)
		if n == 1 {
			return "1 " + one
		}
		return plainNumber(n) + " " + one + "s"
	}
	switch {
	case d >= 3*day && d%day == 0:
		return counted(day, "day")
	case d >= time.Hour && d%time.Hour == 0:
		return counted(time.Hour, "hour")
	case d >= time.Minute && d%time.Minute == 0:
		return counted(time.Minute, "minute")
	case d%time.Second == 0:
		return counted(time.Second, "second")
	}
	return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + " seconds"
}

func plainSize(s Size) string {
	const kB, mB = 1000, 1 << 20
	switch {
	case s > 0 && s%mB == 0:
		return plainNumber(int64(s/mB)) + " MB"
	case s > 0 && s%kB == 0:
		return plainNumber(int64(s/kB)) + " KB"
	}
	return plainNumber(int64(s)) + " bytes"
}

// plainNumber has its thousands apart.
func plainNumber(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
