package eval

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A source is one thing that was said or written, in the pieces in which a quote
// stands: the turns of a call, the body and the subject of an email, the messages
// of a channel, the fields of the CRM, the whole of a document.
type source struct {
	name  string // calls/01, crm, …
	units []string
}

// written is a deal as its author wrote it.
type written struct {
	id      string
	people  map[string]bool // by name
	ids     map[string]bool // of people: the one word by which the other files name them
	sources []source
	faults  []error // each names its file and line
}

func (w *written) fault(format string, args ...any) {
	w.faults = append(w.faults, fmt.Errorf(format, args...))
}

// readWritten reads everything but the annotation.
func readWritten(dir fs.FS) (*written, error) {
	w := &written{people: map[string]bool{}, ids: map[string]bool{}}
	if err := w.readHead(dir); err != nil {
		return nil, err
	}
	for _, part := range []struct {
		pattern string
		units   func(file, text string) []string
	}{
		{"calls/*.txt", w.turns},
		{"emails/*.txt", w.mail},
		{"slack/*.txt", w.messages},
		{"crm.yaml", w.fields},
		{"docs/*.md", func(_, text string) []string { return []string{text} }},
	} {
		files, err := fs.Glob(dir, part.pattern)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			text, err := readText(dir, file)
			if err != nil {
				return nil, err
			}
			w.sources = append(w.sources, source{strings.TrimSuffix(file, path.Ext(file)), part.units(file, text)})
		}
	}
	return w, errors.Join(w.faults...)
}

// readText reads a file with its line ends as one newline each.
func readText(dir fs.FS, file string) (string, error) {
	data, err := fs.ReadFile(dir, file)
	return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(data)), err
}

// readHead reads deal.yaml.
func (w *written) readHead(dir fs.FS) error {
	data, err := fs.ReadFile(dir, "deal.yaml")
	if err != nil {
		return err
	}
	var head struct {
		ID     string
		People []struct{ ID, Name string }
	}
	if err := yaml.Unmarshal(data, &head); err != nil {
		return fmt.Errorf("deal.yaml: %w", err)
	}
	if head.ID == "" || head.ID != path.Base(head.ID) {
		return fmt.Errorf("deal.yaml: the id is one word, not %q", head.ID)
	}
	w.id = head.ID
	for _, p := range head.People {
		w.people[p.Name], w.ids[p.ID] = true, true
	}
	return nil
}

// turnLine is a turn of a call: [00:12:31] maria: Yes, we do.
var turnLine = regexp.MustCompile(`^\[(\d\d):(\d\d):(\d\d)\] ([a-z0-9_]+): (.*)$`)

// turns are the turns of a call, which has a head of "# key: value" lines.
func (w *written) turns(file, text string) []string {
	var said []string
	head := map[string]bool{}
	last := 0
	for n, line := range numbered(text) {
		if comment, ok := strings.CutPrefix(line, "# "); ok {
			key, _, _ := strings.Cut(comment, ":")
			head[strings.TrimSpace(key)] = true
			continue
		}
		m := turnLine.FindStringSubmatch(line)
		if m == nil {
			w.fault("%s, line %d: not a turn, [00:00:00] who: words", file, n)
			continue
		}
		at := seconds(m[1], m[2], m[3])
		if at < last {
			w.fault("%s, line %d: time goes back", file, n)
		}
		if !w.ids[m[4]] && !strings.HasPrefix(m[4], "unknown") {
			w.fault("%s, line %d: %q is nobody of deal.yaml; a speaker who is not known is called unknown", file, n, m[4])
		}
		last = at
		said = append(said, m[5])
	}
	for _, key := range []string{"title", "date", "attendees"} {
		if !head[key] {
			w.fault("%s: there is no line '# %s: …'", file, key)
		}
	}
	return said
}

// seconds of a time of which each part is two digits.
func seconds(hours, minutes, secs string) int {
	n := 0
	for _, part := range []string{hours, minutes, secs} {
		v, _ := strconv.Atoi(part) // two digits always are a number
		n = n*60 + v
	}
	return n
}

var mailHead = regexp.MustCompile(`^([\w-]+):\s*(.*)$`)

// mail is the body and the subject of an email: "Key: value" lines, a blank line,
// the body.
func (w *written) mail(file, text string) []string {
	top, body, _ := strings.Cut(text, "\n\n")
	head := map[string]string{}
	for n, line := range numbered(top) {
		m := mailHead.FindStringSubmatch(line)
		if m == nil {
			w.fault("%s, line %d: not a line 'Key: value' of the head", file, n)
			continue
		}
		head[m[1]] = m[2]
	}
	for _, key := range []string{"From", "To", "Date", "Subject"} {
		if _, ok := head[key]; !ok {
			w.fault("%s: there is no line '%s: …'", file, key)
		}
	}
	return []string{body, head["Subject"]}
}

// messageLine is a message of a channel: [2026-07-14 16:05] jlee: words, or
// "> jlee" for a reply in the thread above.
var messageLine = regexp.MustCompile(`^\[\d{4}-\d\d-\d\d \d\d:\d\d\] (?:> )?([a-z0-9_]+): (.*)$`)

// messages are the messages of a channel.
func (w *written) messages(file, text string) []string {
	var sent []string
	for n, line := range numbered(text) {
		if strings.HasPrefix(line, "# ") {
			continue
		}
		m := messageLine.FindStringSubmatch(line)
		if m == nil {
			w.fault("%s, line %d: not a message, [2026-01-31 12:00] who: words", file, n)
			continue
		}
		if !w.ids[m[1]] {
			w.fault("%s, line %d: %q is nobody of deal.yaml", file, n, m[1])
		}
		sent = append(sent, m[2])
	}
	return sent
}

// numbered yields the lines that are not blank, with their numbers from 1.
func numbered(text string) func(yield func(int, string) bool) {
	return func(yield func(int, string) bool) {
		n := 0
		for line := range strings.Lines(text) {
			n++
			line = strings.TrimSuffix(line, "\n")
			if strings.TrimSpace(line) != "" && !yield(n, line) {
				return
			}
		}
	}
}

// fields are the values of the CRM's record, in the order in which they stand.
func (w *written) fields(file, text string) []string {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		w.fault("%s: %w", file, err)
		return nil
	}
	return scalars(&doc, nil)
}

// scalars appends the values below a node. An alias stands for a value that was
// read where its anchor is; it is not followed, so that nothing grows without
// bound.
func scalars(n *yaml.Node, to []string) []string {
	switch n.Kind {
	case yaml.ScalarNode:
		if value, ok := fieldText(n); ok {
			to = append(to, value)
		}
	case yaml.MappingNode:
		for i := 1; i < len(n.Content); i += 2 {
			to = scalars(n.Content[i], to)
		}
	case yaml.DocumentNode, yaml.SequenceNode:
		for _, c := range n.Content {
			to = scalars(c, to)
		}
	}
	return to
}

// fieldText is a value as a CRM would show it; false for none. Plain words that
// mean yes or no are told as true and false, and numbers at their shortest with
// at least one decimal where they have a point.
func fieldText(n *yaml.Node) (string, bool) {
	switch n.ShortTag() {
	case "!!null":
		return "", false
	case "!!float":
		if v, err := strconv.ParseFloat(n.Value, 64); err == nil && strings.Contains(n.Value, ".") {
			return shortest(v), true
		}
	case "!!str", "!!bool":
		if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0 {
			switch strings.ToLower(n.Value) {
			case "yes", "true", "on":
				return "true", true
			case "no", "false", "off":
				return "false", true
			}
		}
	}
	return n.Value, true
}

func shortest(v float64) string {
	text := strconv.FormatFloat(v, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}
