package reply

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// An Attribution is what the introduction of a quoted or forwarded message says
// of it. What it does not say is empty.
type Attribution struct {
	Name    string
	Email   string // lower case
	At      time.Time
	Subject string
}

// attributionBytes is how much of an introduction is read: what mail programs
// write is far shorter, and a hostile one may be a whole mail long.
const attributionBytes = 1000

// cut is the beginning of a text, n bytes at most, without half a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// Attribution reads the introduction of a block. A time that names no zone is
// taken to be in loc. A date that can be read in two ways (04/05/2026) is not
// guessed at.
func (p Parts) Attribution(b Block, loc *time.Location) Attribution {
	lines := scan(p.Text[b.Start:b.Head])
	for i := range lines {
		lines[i].text = strings.TrimLeft(cut(lines[i].text, attributionBytes), "> ")
	}
	if a, ok := headerAttribution(lines, loc); ok {
		return a
	}
	var words []string
	for _, l := range lines {
		words = append(words, strings.Fields(l.text)...)
	}
	s := cut(strings.Join(words, " "), attributionBytes)
	a := Attribution{At: moment(s, loc)}
	if names(s) {
		a.Name = author(s)
	}
	if e := address.FindString(s); e != "" {
		a.Email = strings.ToLower(e)
	}
	return a
}

// names reports whether an introduction names the writer, as "… wrote:" does and
// a caption ("Original Message", "Forwarded by …") does not.
func names(s string) bool {
	inner, _ := unrule(s)
	inner, _ = cutColon(inner)
	folded := fold(strings.Trim(inner, "*_ "))
	if beginsWithDate(folded) && address.MatchString(folded) {
		return true
	}
	return slices.ContainsFunc(phrases.wrote, func(in introduction) bool { return in.match(folded) })
}

// headerAttribution reads a message header ("From: …").
func headerAttribution(lines []line, loc *time.Location) (Attribution, bool) {
	var a Attribution
	found := false
	for i, l := range lines {
		value := fieldValue(l.text)
		switch fieldOf(l.text) {
		case fieldFrom:
			if value == "" && i+1 < len(lines) && fieldOf(lines[i+1].text) == 0 {
				value = lines[i+1].text
			}
			if a.Name == "" && a.Email == "" {
				a.Name, a.Email = mailbox(value)
				found = true
			}
		case fieldSent:
			if a.At.IsZero() {
				a.At = moment(value, loc)
			}
		case fieldSubject:
			if a.Subject == "" {
				a.Subject = value
			}
		}
	}
	return a, found
}

func fieldValue(s string) string {
	i := strings.IndexAny(s, ":：")
	if i < 0 {
		return ""
	}
	_, n := utf8.DecodeRuneInString(s[i:])
	return strings.Trim(s[i+n:], "*_ \t\u00a0")
}

var mailto = regexp.MustCompile(`(?i)[<\[]?\s*mailto:`)

// mailbox divides "Lee, Ann [mailto:ann@example.com]" into name and address.
func mailbox(s string) (name, email string) {
	if e := address.FindString(mailto.ReplaceAllString(s, "<")); e != "" {
		email = strings.ToLower(e)
	}
	name = address.ReplaceAllString(mailto.ReplaceAllString(s, "<"), "")
	if i := strings.IndexAny(name, "<[("); i >= 0 {
		name = name[:i]
	}
	return inOrder(strings.Trim(name, " \"'*,;")), email
}

// inOrder turns "Lee, Ann" into "Ann Lee".
func inOrder(name string) string {
	last, first, ok := strings.Cut(name, ",")
	first = strings.TrimSpace(first)
	if !ok || first == "" || strings.Contains(first, ",") || len(strings.Fields(last)) > 2 || len(strings.Fields(first)) > 2 {
		return name
	}
	return first + " " + strings.TrimSpace(last)
}

// author is the name in an introduction ("On …, Ann Lee <…> wrote:"): what is
// left when the form's own words, the address and the date are taken away.
func author(s string) string {
	inner, _ := unrule(address.ReplaceAllString(mailto.ReplaceAllString(s, "<"), " "))
	inner, _ = cutColon(inner)
	words := unbracketed(inner)
	var run, best []string
	dated := true // the word before was no part of a name
	own := formWords(inner)
	for i, w := range words {
		bare := strings.Trim(w, ",;:\"'*.")
		folded := fold(bare)
		switch {
		case bare == "", own[i], strings.ContainsAny(bare, "0123456789"), zones[folded],
			dated && calendar(folded), dated && isFiller(bare, folded):
			dated, run = !strings.HasSuffix(w, ",") || !strings.ContainsAny(w, "0123456789"), nil
			continue
		}
		dated = false
		if run = append(run, w); len(run) > len(best) {
			best = run
		}
	}
	return inOrder(strings.Trim(strings.Join(best, " "), " ,;:\"'*"))
}

// zones are the names of time zones that mail programs print.
var zones = map[string]bool{"gmt": true, "utc": true, "cet": true, "cest": true, "est": true, "edt": true, "cst": true, "cdt": true, "pst": true, "pdt": true, "mst": true, "mdt": true, "bst": true}

// calendar reports whether a folded word is a month or a weekday.
func calendar(w string) bool {
	_, month := phrases.month[w]
	return month || len(w) > 2 && phrases.weekday[w]
}

// isFiller reports whether a word is one that stands around dates: "at", "PM",
// "Uhr". One with a capital may be a name ("De").
func isFiller(w, folded string) bool {
	r, _ := utf8.DecodeRuneInString(w)
	return phrases.filler[folded] && (!unicode.IsUpper(r) || w == strings.ToUpper(w) && utf8.RuneCountInString(w) > 1 || folded == "uhr")
}

// formWords marks the words of the text that belong to the form it is in.
func formWords(s string) map[int]bool {
	words := unbracketed(s)
	folded := make([]string, len(words))
	for i, w := range words {
		folded[i] = strings.Trim(fold(w), ",;:\"'*.")
	}
	own, whole := map[int]bool{}, fold(s)
	for _, in := range phrases.wrote {
		if !in.match(whole) {
			continue
		}
		at := 0
		for _, p := range in.pieces {
			ps := unbracketed(p)
			for i := at; i+len(ps) <= len(folded); i++ {
				if slices.Equal(folded[i:i+len(ps)], ps) {
					for k := range ps {
						own[i+k] = true
					}
					at = i + len(ps)
					break
				}
			}
		}
	}
	return own
}

// unbracketed is the words of a text, brackets left out.
func unbracketed(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("<>()[]", r) })
}

var (
	clock  = regexp.MustCompile(`(?i)\b(\d{1,2})\s?[:.h]\s?(\d{2})(?:[:.](\d{2}))?\s*([ap]\.?\s?m\b)?`)
	offset = regexp.MustCompile(`(?:GMT|UTC)?\s?([+-])(\d{2}):?(\d{2})\b`)
	triple = regexp.MustCompile(`\b(\d{1,4})\s?([./-])\s?(\d{1,2})\s?[./-]\s?(\d{1,4})\b`)
	pieces = regexp.MustCompile(`\d+|[^\d\s,.:;/\-()\[\]<>"]+`)
)

// moment reads the date and time that a text tells; zero unless the date is
// complete and can be read in one way only.
func moment(s string, loc *time.Location) time.Time {
	s = strings.Map(func(r rune) rune {
		if invisible(r) {
			return -1
		}
		return r
	}, s)
	year, month, day, rest := namedDate(s)
	if y, m, d, without, ok := numberedDate(s); ok {
		year, month, day, rest = y, m, d, without
	}
	if year == 0 || month < 1 || month > 12 || day < 1 || day > 31 {
		return time.Time{}
	}
	hour, minute, second := clockTime(rest)
	if m := offset.FindStringSubmatch(rest); m != nil {
		seconds := number(m[2])*3600 + number(m[3])*60
		if m[1] == "-" {
			seconds = -seconds
		}
		loc = time.FixedZone("", seconds)
	}
	t := time.Date(year, month, day, hour, minute, second, 0, loc)
	if t.Day() != day {
		return time.Time{}
	}
	return t
}

// numberedDate reads 2026-05-04, 04.05.2026 and 19/4/2026, and returns the text
// without it.
func numberedDate(s string) (year int, month time.Month, day int, rest string, ok bool) {
	loc := triple.FindStringSubmatchIndex(s)
	if loc == nil {
		return 0, 0, 0, s, false
	}
	m := triple.FindStringSubmatch(s)
	a, b, c := number(m[1]), number(m[3]), number(m[4])
	rest = s[:loc[0]] + " " + s[loc[1]:]
	if a > 31 {
		return a, time.Month(b), c, rest, true
	}
	if c < 100 {
		c += 2000
	}
	switch {
	case m[2] == "." || a > 12 || a == b:
		return c, time.Month(b), a, rest, true
	case b > 12:
		return c, time.Month(a), b, rest, true
	}
	return 0, 0, 0, s, false
}

// namedDate reads dates with the month's name, in whatever order.
func namedDate(s string) (year int, month time.Month, day int, rest string) {
	words := pieces.FindAllString(clock.ReplaceAllString(offset.ReplaceAllString(s, " "), " "), -1)
	for i, w := range words {
		m, ok := phrases.month[fold(w)]
		if !ok || month != 0 {
			continue
		}
		month = m
		for _, k := range []int{i - 1, i + 1, i - 2} { // "4 de mai." has a word between
			if k >= 0 && k < len(words) && day == 0 {
				if n := number(words[k]); n >= 1 && n <= 31 && len(words[k]) <= 2 {
					day = n
				}
			}
		}
	}
	for _, w := range words {
		if n := number(w); len(w) == 4 && n >= 1980 && n < 2100 {
			year = n
		}
	}
	return year, month, day, s
}

func clockTime(s string) (hour, minute, second int) {
	m := clock.FindStringSubmatch(s)
	if m == nil {
		return 0, 0, 0
	}
	hour, minute, second = number(m[1]), number(m[2]), number(m[3])
	if half := strings.ToLower(m[4]); half != "" {
		hour %= 12
		if half[0] == 'p' {
			hour += 12
		}
	}
	if hour > 23 || minute > 59 || second > 59 {
		return 0, 0, 0
	}
	return hour, minute, second
}

// number is the number that s is, 0 where it is none.
func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

// Unquote takes one level of quote marks off every line.
func Unquote(s string) string {
	var b strings.Builder
	for l := range strings.Lines(s) {
		if t, ok := strings.CutPrefix(strings.TrimLeft(l, " "), ">"); ok {
			l = strings.TrimPrefix(t, " ")
		}
		b.WriteString(l)
	}
	return b.String()
}
