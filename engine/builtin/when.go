package builtin

import (
	"strconv"
	"strings"
	"time"

	"throughline"
	"throughline/lexicon"
)

// A moment is a time that a sentence names, worked out as far as it can be.
type moment struct {
	due         time.Time
	from        throughline.Anchor
	first, last int // tokens that name it
}

// date is the day it is due; empty where it counts from a go-live, whose day
// nothing read tells.
func (m moment) date() string {
	if m.from == throughline.FromGoLive {
		return ""
	}
	return m.due.Format(time.DateOnly)
}

// bucket is the 30, 60 or 90 into which a day after kickoff falls; 0 for one too
// far away. A week's grace: what is due on day 34 was promised for "the first
// month".
func bucket(days int) int {
	switch {
	case days < -3:
		return 0
	case days <= 35:
		return 30
	case days <= 65:
		return 60
	case days <= 110:
		return 90
	}
	return 0
}

// calendar knows the words for times in one language, and the deal's dates.
type calendar struct {
	lex     *lexicon.Lexicon
	words   *dateWords
	said    time.Time // when the sentence was said
	close   time.Time
	kickoff time.Time

	text   string // the sentence
	tokens []lexicon.Token
}

// moments lists the times that a line names. Spans without an anchor of their
// own count from kickoff, the day work begins.
func (c calendar) moments(text string, tokens []lexicon.Token) []moment {
	c.text, c.tokens = text, tokens
	var ms []moment
	for i := 0; i < len(tokens); {
		if m, ok := c.at(i); ok {
			ms = append(ms, m)
			i = m.last + 1
			continue
		}
		i++
	}
	return ms
}

// at reads the time that begins at token i.
func (c calendar) at(i int) (moment, bool) {
	for _, read := range []func(int) (moment, bool){
		c.date, c.dotted, c.slashed, c.feast, c.calendarWeek, c.plus, c.ordinalSpan, c.span, c.periodEnd,
	} {
		if m, ok := read(i); ok && !m.due.IsZero() {
			return m, true
		}
	}
	return moment{}, false
}

// word is the token at i; empty outside of the sentence.
func (c calendar) word(i int) string {
	if i < 0 || i >= len(c.tokens) {
		return ""
	}
	return c.tokens[i].Word
}

// between is what stands between token i and the next.
func (c calendar) between(i int) string {
	if i < 0 || i+1 >= len(c.tokens) {
		return ""
	}
	return c.text[c.tokens[i].End:c.tokens[i+1].Start]
}

// Words between a length and what it counts from: "six weeks, let's say, after
// the go-live".
const anchorWords = 7

// base is the day from which "week two" and "thirty days" count: the go-live or
// the signature where the sentence says that they count from it ("after the
// go-live"), else the kickoff. To be live in six weeks is no six weeks after
// going live.
func (c calendar) base(first, last int) (time.Time, throughline.Anchor) {
	for k := max(0, first-anchorWords); k < min(len(c.tokens), last+anchorWords); k++ {
		if k >= first && k <= last || !c.lex.InClass("after", c.tokens[k].Word) {
			continue
		}
		for n := k + 1; n <= k+3; n++ {
			switch {
			case n >= first && n <= last:
			case c.lex.InClass("golive", c.word(n)):
				return c.start(), throughline.FromGoLive
			case c.lex.InClass("signing", c.word(n)) && !c.close.IsZero():
				return c.close, throughline.FromClose
			}
		}
	}
	return c.start(), throughline.FromKickoff
}

// start is the kickoff, or a week after close where no kickoff is known.
func (c calendar) start() time.Time {
	if !c.kickoff.IsZero() {
		return c.kickoff
	}
	if !c.close.IsZero() {
		return c.close.AddDate(0, 0, 7)
	}
	return time.Time{}
}

// onDate is a moment that the calendar names.
func onDate(due time.Time, first, last int) (moment, bool) {
	return moment{due: due, from: throughline.FromCalendar, first: first, last: last}, true
}

// date reads "November 16th", "the sixteenth of November", "early November",
// "16. November", "le premier mars" and "by November", with a year or without.
func (c calendar) date(i int) (moment, bool) {
	// A day before its month is read when the month is come to.
	m := c.month(i)
	if m == 0 {
		return moment{}, false
	}
	day, first, last := 15, i, i
	if n, at := c.dayBefore(i - 1); n > 0 {
		day, first = n, at
	} else if n, at := c.dayAfter(i + 1); n > 0 {
		day, last = n, at
	} else {
		for j := max(0, i-4); j < i; j++ {
			switch {
			case c.lex.InClass("early", c.word(j)):
				day, first = 5, j
			case c.lex.InClass("late", c.word(j)):
				day, first = 28, j
			case c.lex.InClass("middle", c.word(j)):
				day, first = 15, j
			}
		}
	}
	year, at := c.year(last)
	return onDate(c.next(year, m, day), first, max(last, at))
}

// year is the year that stands behind token i ("November 16, 2026", "mars de
// 2027"); 0 where none does.
func (c calendar) year(i int) (year, last int) {
	for j := i + 1; j <= i+2; j++ {
		w := c.word(j)
		if n, err := strconv.Atoi(w); err == nil && len(w) == 4 && n >= 2000 && n < 2100 {
			return n, j
		}
		if !c.words.of[w] {
			break
		}
	}
	return 0, 0
}

// dayBefore reads a day that ends at token j, of a month behind it: "16.", "1er",
// "sixteenth of", "vingt et un", "treinta y uno de".
func (c calendar) dayBefore(j int) (day, first int) {
	for c.words.of[c.word(j)] {
		j--
	}
	w := c.word(j)
	if n := c.words.days[w]; n > 0 && n < 10 {
		if t := c.words.tens[c.word(j-1)]; t > 0 {
			return t + n, j - 1
		}
		if t := c.words.tens[c.word(j-2)]; t > 0 && c.words.and[c.word(j-1)] {
			return t + n, j - 2
		}
	}
	if n := dayNumber(w); n > 0 {
		return n, j
	}
	return c.words.days[w], j
}

// dayAfter reads a day behind its month, as English has it: "16th", "the
// sixteenth", "twenty eighth".
func (c calendar) dayAfter(j int) (day, last int) {
	if !c.words.monthFirst {
		return 0, 0
	}
	if c.word(j) == "the" {
		j++
	}
	w := c.word(j)
	if t, n := c.words.tens[w], c.words.days[c.word(j+1)]; t > 0 && n > 0 && n < 10 {
		return t + n, j + 1
	}
	if n := dayNumber(w); n > 0 {
		if c.unit(c.word(j+1)) > 0 {
			return 0, 0 // "in March two weeks", "by May 3 months"
		}
		return n, j
	}
	return c.words.days[w], j
}

// dayNumber reads 16, 16th, 1er and 1º; 0 for what is no day of a month.
func dayNumber(w string) int {
	end := 0
	for end < len(w) && w[end] >= '0' && w[end] <= '9' {
		end++
	}
	switch w[end:] {
	case "", "st", "nd", "rd", "th", "er", "o", "º":
	default:
		return 0
	}
	if n, err := strconv.Atoi(w[:end]); err == nil && n <= 31 {
		return n
	}
	return 0
}

// dotted reads "16.11." and "16.11.2026", which are one token each. Without a
// year it needs the second point or a word before it that stands before dates,
// and a language that does not write decimals so.
func (c calendar) dotted(i int) (moment, bool) {
	parts := strings.Split(c.word(i), ".")
	if len(parts) < 2 || len(parts) > 3 {
		return moment{}, false
	}
	day, month := dayNumber(parts[0]), dayNumber(parts[1])
	if day == 0 || month == 0 || month > 12 || strings.Contains(c.word(i), ",") {
		return moment{}, false
	}
	year := 0
	if len(parts) == 3 {
		if year = yearNumber(parts[2]); year == 0 {
			return moment{}, false
		}
	} else if !c.words.dotted || !strings.HasPrefix(c.text[c.tokens[i].End:], ".") && !c.words.before[c.word(i-1)] {
		return moment{}, false
	}
	return onDate(c.next(year, time.Month(month), day), i, i)
}

func yearNumber(w string) int {
	n, err := strconv.Atoi(w)
	switch {
	case err != nil:
	case len(w) == 4 && n >= 2000 && n < 2100:
		return n
	case len(w) == 2:
		return 2000 + n
	}
	return 0
}

// slashed reads 11/16, 16/11/2026 and 2026-11-16. The order is the month's where
// only one order makes a date, else the language's. Fractions and round-the-clock
// are none.
func (c calendar) slashed(i int) (moment, bool) {
	if y := yearNumber(c.word(i)); len(c.word(i)) == 4 && y > 0 && c.between(i) == "-" && c.between(i+1) == "-" {
		if m, d := dayNumber(c.word(i+1)), dayNumber(c.word(i+2)); m > 0 && m <= 12 && d > 0 {
			return onDate(c.next(y, time.Month(m), d), i, i+2)
		}
	}
	if c.between(i) != "/" {
		return moment{}, false
	}
	a, errA := strconv.Atoi(c.word(i))
	b, errB := strconv.Atoi(c.word(i + 1))
	if errA != nil || errB != nil || a < 1 || b < 1 || a > 31 || b > 31 || c.unit(c.word(i+2)) > 0 {
		return moment{}, false
	}
	year, last := 0, i+1
	if c.between(i+1) == "/" {
		if year = yearNumber(c.word(i + 2)); year == 0 {
			return moment{}, false
		}
		last++
	} else if a == 24 && b == 7 || a < b && b <= 5 && !c.words.before[c.word(i-1)] {
		return moment{}, false // 24/7, 2/3
	}
	if !c.words.monthFirst && b <= 12 || a > 12 && b <= 12 {
		a, b = b, a
	}
	if a > 12 {
		return moment{}, false
	}
	return onDate(c.next(year, time.Month(a), b), i, last)
}

// next is the day in the year named; without one, the first such day that is not
// well before the sentence was said.
func (c calendar) next(year int, m time.Month, day int) time.Time {
	if year > 0 {
		return time.Date(year, m, day, 0, 0, 0, 0, time.UTC)
	}
	ref := c.now()
	if ref.IsZero() {
		return time.Time{}
	}
	d := time.Date(ref.Year(), m, day, 0, 0, 0, 0, time.UTC)
	if d.Before(ref.AddDate(0, -2, 0)) {
		d = d.AddDate(1, 0, 0)
	}
	return d
}

// now is when the sentence was said, or the start where no source tells.
func (c calendar) now() time.Time {
	if c.said.IsZero() {
		return c.start()
	}
	return c.said
}

// month is the month that token i names; 0 for none. What may be a verb ("may",
// "march") must be written as a name.
func (c calendar) month(i int) time.Month {
	w := c.word(i)
	if !c.lex.InClass("month", w) || c.words.verbs[w] && !c.tokens[i].Capital {
		return 0
	}
	return months[w]
}

// feast reads a day that has a name.
func (c calendar) feast(i int) (moment, bool) {
	last := i
	f, ok := feasts[c.word(i)]
	if !ok {
		f, ok = feasts[c.word(i)+" "+c.word(i+1)]
		last = i + 1
	}
	if !ok {
		return moment{}, false
	}
	return onDate(c.next(0, f.month, f.day), i, last)
}

// calendarWeek reads "KW 47", "week 47" and "semaine 47": the Friday of that week
// of the year. Lower numbers behind a word for weeks count from the start.
func (c calendar) calendarWeek(i int) (moment, bool) {
	n, err := strconv.Atoi(c.word(i + 1))
	named := c.word(i) == "kw" || c.word(i) == "kalenderwoche"
	if err != nil || n < 1 || n > 53 || !named && (c.unit(c.word(i)) != 7 || n <= 17) {
		return moment{}, false
	}
	ref := c.now()
	if ref.IsZero() {
		return moment{}, false
	}
	friday := func(year int) time.Time {
		// The fourth of January is always in week 1 (ISO 8601).
		d := time.Date(year, 1, 4, 0, 0, 0, 0, time.UTC)
		return d.AddDate(0, 0, int(time.Friday)-(int(d.Weekday())+6)%7-1+7*(n-1))
	}
	due := friday(ref.Year())
	if due.Before(ref.AddDate(0, -2, 0)) {
		due = friday(ref.Year() + 1)
	}
	return onDate(due, i, i+1)
}

// plus reads "J+30" and "T+30", as project plans count days.
func (c calendar) plus(i int) (moment, bool) {
	switch c.word(i) {
	case "j", "d", "t":
	default:
		return moment{}, false
	}
	n := c.count(i + 1)
	if strings.TrimSpace(c.between(i)) != "+" || n == 0 {
		return moment{}, false
	}
	return c.spanOf(n, 1, i, i+1)
}

// spanOf is n units from what the words i to j count from.
func (c calendar) spanOf(n, unit, i, j int) (moment, bool) {
	at, from := c.base(i, j)
	return moment{due: after(at, n*unit), from: from, first: i, last: j}, true
}

// ordinalSpan reads "week two", "day 30", "the first month", "second week",
// "first thirty days" and "trente premiers jours".
func (c calendar) ordinalSpan(i int) (moment, bool) {
	if unit := c.unit(c.word(i)); unit > 0 {
		if n := c.count(i + 1); n > 0 && n <= 120 && c.unit(c.word(i+2)) == 0 {
			return c.spanOf(n, unit, i, i+1)
		}
	}
	if n := c.count(i); n > 0 && c.words.ordinals[c.word(i+1)] == 1 {
		if unit := c.unit(c.word(i + 2)); unit > 0 {
			return c.spanOf(n, unit, i, i+2)
		}
	}
	n := c.words.ordinals[c.word(i)]
	if n == 0 || n > 12 {
		return moment{}, false
	}
	if unit := c.unit(c.word(i + 1)); unit > 0 {
		return c.spanOf(n, unit, i, i+1)
	}
	if k, unit := c.count(i+1), c.unit(c.word(i+2)); n == 1 && k > 0 && unit > 0 {
		return c.spanOf(k, unit, i, i+2)
	}
	return moment{}, false
}

// span reads "six weeks", "ninety days", "two months".
func (c calendar) span(i int) (moment, bool) {
	n, unit := c.count(i), c.unit(c.word(i+1))
	if n == 0 || unit == 0 || unit < 7 && n < 14 {
		return moment{}, false
	}
	return c.spanOf(n, unit, i, i+1)
}

// periodEnd reads "end of the quarter", "fin du mois", "Monatsende", "end of Q3"
// and "end of next year": the end of the period in which it was said, or of the
// one after.
func (c calendar) periodEnd(i int) (moment, bool) {
	ref := c.now()
	if ref.IsZero() {
		return moment{}, false
	}
	if unit := c.words.ends[c.word(i)]; unit > 0 {
		return onDate(endOf(ref, unit, c.words.next[c.word(i-1)]), i, i)
	}
	if !c.lex.InClass("late", c.word(i)) {
		return moment{}, false
	}
	for j := i + 1; j < i+4; j++ {
		w := c.word(j)
		switch {
		case c.words.ordinals[w] > 0:
			return moment{}, false // "end of the first month"
		case len(w) == 2 && (w[0] == 'q' || w[0] == 't') && w[1] >= '1' && w[1] <= '4':
			return onDate(c.next(0, time.Month(3*int(w[1]-'0')), 30), i, j)
		case c.unit(w) >= 30:
			if c.count(j+1) > 0 {
				return moment{}, false // "end of month two"
			}
			next := c.words.next[c.word(j-1)] || c.words.next[c.word(j+1)]
			return onDate(endOf(ref, c.unit(w), next), i, j)
		}
	}
	return moment{}, false
}

// endOf is the last day of the month, quarter or year of a day, or of the next.
func endOf(day time.Time, unit int, next bool) time.Time {
	months := 1 // of the period
	switch {
	case unit >= 365:
		months = 12
	case unit >= 90:
		months = 3
	}
	end := (int(day.Month())-1)/months*months + months
	if next {
		end += months
	}
	return time.Date(day.Year(), time.Month(end+1), 0, 0, 0, 0, 0, time.UTC)
}

func after(at time.Time, days int) time.Time {
	if at.IsZero() {
		return at
	}
	return at.AddDate(0, 0, days)
}

// lengths are the classes of words for lengths of time, with their days.
var lengths = []struct {
	class string
	days  int
}{{"days", 1}, {"weeks", 7}, {"months", 30}, {"quarters", 91}, {"years", 365}}

// unit is the length in days that a word stands for; 0 for none.
func (c calendar) unit(w string) int {
	if w == "" {
		return 0
	}
	for _, l := range lengths {
		if c.lex.InClass(l.class, w) {
			return l.days
		}
	}
	return 0
}

func (c calendar) count(i int) int {
	w := c.word(i)
	if n, err := strconv.Atoi(w); err == nil && n > 0 && n < 400 {
		return n
	}
	return c.words.counts[w]
}
