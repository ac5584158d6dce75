package reply

import (
	"bufio"
	"embed"
	"fmt"
	"io/fs"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

//go:embed phrases/*.txt
var phraseFiles embed.FS

// A phraseBook is what the data files hold, of all languages together: mails
// mix languages, and a phrase of one seldom means anything in another. All
// phrases are folded.
type phraseBook struct {
	wrote      []introduction
	starters   map[string]bool // first words of introductions, folded
	fields     map[string]field
	original   map[string]bool
	forwarded  map[string]bool
	mobile     []string
	device     map[string]bool
	excuse     []string
	closing    map[string]bool
	and        []string
	contact    map[string]bool
	postscript []string
	disclaimer []string
	// confidential are phrases of legal footers that people use in earnest too:
	// they count beside another one, or beside one of thisMail.
	confidential []string
	thisMail     []string
	banner       []string
	month        map[string]time.Month
	weekday      map[string]bool
	filler       map[string]bool
}

// An introduction is the form of the line above a quote: pieces that stand in
// this order with something in between. openStart and openEnd tell that the
// something stands also before the first and after the last piece.
type introduction struct {
	pieces             []string
	openStart, openEnd bool
}

// field is what a line of a mail header names.
type field int

const (
	fieldFrom field = iota + 1
	fieldSent
	fieldTo
	fieldCc
	fieldSubject
	fieldOther
)

var phrases = mustPhrases(phraseFiles)

// mustPhrases reads the embedded files, which the tests have read before.
func mustPhrases(files fs.FS) *phraseBook {
	b, err := readPhrases(files)
	if err != nil {
		panic(err)
	}
	return b
}

func readPhrases(files fs.FS) (*phraseBook, error) {
	b := &phraseBook{
		starters:  map[string]bool{},
		fields:    map[string]field{},
		original:  map[string]bool{},
		forwarded: map[string]bool{},
		device:    map[string]bool{},
		closing:   map[string]bool{},
		contact:   map[string]bool{},
		month:     map[string]time.Month{},
		weekday:   map[string]bool{},
		filler:    map[string]bool{},
	}
	names, err := fs.Glob(files, "phrases/*.txt")
	if err != nil {
		return nil, fmt.Errorf("listing phrase files: %w", err)
	}
	for _, name := range names {
		if err := b.readFile(files, name); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func (b *phraseBook) readFile(files fs.FS, name string) error {
	f, err := files.Open(name)
	if err != nil {
		return fmt.Errorf("opening phrase file: %w", err)
	}
	defer f.Close()
	section, inSection := "", 0
	sc := bufio.NewScanner(f)
	for n := 1; sc.Scan(); n++ {
		text := strings.TrimSpace(sc.Text())
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		if head, ok := strings.CutPrefix(text, "["); ok {
			section, inSection = strings.TrimSuffix(head, "]"), 0
			continue
		}
		inSection++
		if err := b.add(section, inSection, text); err != nil {
			return fmt.Errorf("%s:%d: %w", name, n, err)
		}
	}
	if err := sc.Err(); err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	return nil
}

// add takes the nth entry of a section.
func (b *phraseBook) add(section string, n int, text string) error {
	s := fold(text)
	switch section {
	case "wrote":
		return b.addIntroduction(s)
	case "from":
		b.addField(s, fieldFrom)
	case "sent":
		b.addField(s, fieldSent)
	case "to":
		b.addField(s, fieldTo)
	case "cc":
		b.addField(s, fieldCc)
	case "subject":
		b.addField(s, fieldSubject)
	case "field":
		b.addField(s, fieldOther)
	case "original":
		b.original[s] = true
	case "forwarded":
		b.forwarded[s] = true
	case "mobile":
		b.mobile = append(b.mobile, s)
	case "device":
		b.device[s] = true
	case "excuse":
		b.excuse = append(b.excuse, s)
	case "closing":
		b.closing[s] = true
	case "and":
		b.and = append(b.and, s)
	case "contact":
		b.contact[s] = true
	case "postscript":
		b.postscript = append(b.postscript, s)
	case "disclaimer":
		b.disclaimer = append(b.disclaimer, s)
	case "confidential":
		b.confidential = append(b.confidential, s)
	case "this mail":
		b.thisMail = append(b.thisMail, s)
	case "banner":
		b.banner = append(b.banner, s)
	case "month":
		if n > 12 {
			return fmt.Errorf("a thirteenth month: %s", text)
		}
		for _, w := range strings.Fields(s) {
			b.month[w] = time.Month(n)
		}
	case "weekday":
		for _, w := range strings.Fields(s) {
			b.weekday[w] = true
		}
	case "filler":
		b.filler[s] = true
	default:
		return fmt.Errorf("no section is called %q", section)
	}
	return nil
}

// addField keeps the first meaning of a name that has two: the files agree on
// all that decide anything (French and Spanish "De" is who, Italian "A" to whom).
func (b *phraseBook) addField(s string, f field) {
	if _, ok := b.fields[s]; !ok {
		b.fields[s] = f
	}
}

func (b *phraseBook) addIntroduction(s string) error {
	in := introduction{openStart: strings.HasPrefix(s, "…"), openEnd: strings.HasSuffix(s, "…")}
	for _, p := range strings.Split(s, "…") {
		if p = strings.TrimSpace(p); p != "" {
			in.pieces = append(in.pieces, p)
		}
	}
	if len(in.pieces) == 0 {
		return fmt.Errorf("an introduction without words: %s", s)
	}
	b.wrote = append(b.wrote, in)
	if !in.openStart {
		first, _, _ := strings.Cut(in.pieces[0], " ")
		b.starters[first] = true
	}
	return nil
}

// match reports whether a folded text has the introduction's form. It must
// begin and end with the form's pieces, or, where the form is open, hold
// something there.
func (in introduction) match(s string) bool {
	rest := s
	for i, p := range in.pieces {
		last := i == len(in.pieces)-1
		switch {
		case i == 0 && !in.openStart:
			if !strings.HasPrefix(rest, p) || !boundary(rest[len(p):], true) {
				return false
			}
			rest = rest[len(p):]
		case last && !in.openEnd:
			before, ok := strings.CutSuffix(rest, p)
			return ok && before != "" && boundary(before, false)
		default:
			at := wordIndex(rest, p)
			if at <= 0 {
				return false
			}
			rest = rest[at+len(p):]
		}
	}
	return !in.openEnd || strings.TrimSpace(rest) != ""
}

// wordIndex is where the phrase stands in s as words of their own, or -1.
func wordIndex(s, phrase string) int {
	for from := 0; ; {
		i := strings.Index(s[from:], phrase)
		if i < 0 {
			return -1
		}
		i += from
		if boundary(s[:i], false) && boundary(s[i+len(phrase):], true) {
			return i
		}
		from = i + 1
	}
}

// boundary reports whether a word may begin (or end) at this side of s.
func boundary(s string, atStart bool) bool {
	if s == "" {
		return true
	}
	r, _ := utf8.DecodeLastRuneInString(s)
	if atStart {
		r, _ = utf8.DecodeRuneInString(s)
	}
	return !unicode.IsLetter(r) && !unicode.IsDigit(r)
}

// containsAny reports whether one of the phrases stands in the folded text.
func containsAny(s string, phrases []string) bool {
	for _, p := range phrases {
		if strings.Contains(s, p) {
			return true
		}
	}
	return false
}
