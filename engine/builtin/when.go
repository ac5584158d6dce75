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
	said    time.Time // when the sentence was said
	close   time.Time
	kickoff time.Time
}

// moments lists the times that a line names. Spans without an anchor of their
// own count from kickoff, the day work begins.
func (c calendar) moments(ts []lexicon.Token) []moment {
	var ms []moment
	for i := 0; i < len(ts); {
		if m, ok := c.at(ts, i); ok {
			ms = append(ms, m)
			i = m.last + 1
			continue
		}
		i++
	}
	return ms
}

func (c calendar) at(ts []lexicon.Token, i int) (moment, bool) {
	for _, read := range []func([]lexicon.Token, int) (moment, bool){c.date, c.feast, c.ordinalSpan, c.span, c.quarterEnd} {
		if m, ok := read(ts, i); ok && !m.due.IsZero() {
			return m, true
		}
	}
	return moment{}, false
}

// base is the day from which "week two" and "thirty days" count.
func (c calendar) base(ts []lexicon.Token, i, j int) (time.Time, throughline.Anchor) {
	for k := max(0, i-4); k < min(len(ts), j+6); k++ {
		switch {
		case c.lex.InClass("golive", ts[k].Word):
			return c.start(), throughline.FromGoLive
		case c.lex.InClass("signing", ts[k].Word) && !c.close.IsZero():
			return c.close, throughline.FromClose
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

// date reads "November 16th", "the sixteenth of November", "early November",
// "16. November", "11/16" and "by November".
func (c calendar) date(ts []lexicon.Token, i int) (moment, bool) {
	m := c.month(ts[i].Word)
	if m == 0 {
		return c.slashed(ts, i)
	}
	first, last, day := i, i, 0
	if i+1 < len(ts) {
		j := i + 1
		if ts[j].Word == "the" && j+1 < len(ts) {
			j++
		}
		if n := c.dayNumber(ts, j); n > 0 {
			day, last = n, j
			if c.tens(ts, j) {
				last = j + 1
			}
		}
	}
	if day == 0 && i > 0 {
		j := i - 1
		for j > 0 && (ts[j].Word == "of" || ts[j].Word == "de" || ts[j].Word == "der") {
			j--
		}
		if n := c.dayNumber(ts, j); n > 0 {
			day, first = n, j
			if j > 0 && c.tens(ts, j-1) {
				day, first = c.dayNumber(ts, j-1), j-1
			}
		}
	}
	if day == 0 {
		day = 15
		for j := max(0, i-4); j < i; j++ {
			switch {
			case c.lex.InClass("early", ts[j].Word):
				day, first = 5, j
			case c.lex.InClass("late", ts[j].Word):
				day, first = 28, j
			case c.lex.InClass("middle", ts[j].Word):
				day, first = 15, j
			}
		}
	}
	return moment{due: c.next(m, day), from: throughline.FromCalendar, first: first, last: last}, true
}

// tens reports whether the words at j are "twenty eighth" or "thirty first",
// which transcripts write as two.
func (c calendar) tens(ts []lexicon.Token, j int) bool {
	if j < 0 || j+1 >= len(ts) || (ts[j].Word != "twenty" && ts[j].Word != "thirty") {
		return false
	}
	n := ordinals[ts[j+1].Word]
	return n > 0 && n < 10
}

func (c calendar) dayNumber(ts []lexicon.Token, j int) int {
	if j < 0 || j >= len(ts) {
		return 0
	}
	w := ts[j].Word
	if c.tens(ts, j) {
		if w == "twenty" {
			return 20 + ordinals[ts[j+1].Word]
		}
		return 30 + ordinals[ts[j+1].Word]
	}
	for _, suffix := range []string{"st", "nd", "rd", "th", "er", "o"} {
		w = strings.TrimSuffix(w, suffix)
	}
	if n, err := strconv.Atoi(w); err == nil && n >= 1 && n <= 31 {
		return n
	}
	if n := ordinals[ts[j].Word]; n > 0 && c.lex.InClass("num", "one") {
		return n
	}
	return 0
}

// slashed reads 11/16 and 16.11. as the tokens 11 and 16; the order is the
// month's where only one order makes a date, else the country's by language.
func (c calendar) slashed(ts []lexicon.Token, i int) (moment, bool) {
	if i+1 >= len(ts) || ts[i+1].Start != ts[i].End+1 || len(ts[i].Word) > 2 || len(ts[i+1].Word) > 2 {
		return moment{}, false
	}
	a, errA := strconv.Atoi(ts[i].Word)
	b, errB := strconv.Atoi(ts[i+1].Word)
	if errA != nil || errB != nil || a < 1 || b < 1 || a > 31 || b > 31 {
		return moment{}, false
	}
	monthFirst := c.lex.InClass("month", "january")
	if !monthFirst && b <= 12 || a > 12 && b <= 12 {
		a, b = b, a
	}
	if a > 12 {
		return moment{}, false
	}
	return moment{due: c.next(time.Month(a), b), from: throughline.FromCalendar, first: i, last: i + 1}, true
}

// next is the first such day that is not well before the sentence was said.
func (c calendar) next(m time.Month, day int) time.Time {
	ref := c.said
	if ref.IsZero() {
		ref = c.start()
	}
	if ref.IsZero() {
		return time.Time{}
	}
	d := time.Date(ref.Year(), m, day, 0, 0, 0, 0, time.UTC)
	if d.Before(ref.AddDate(0, -2, 0)) {
		d = d.AddDate(1, 0, 0)
	}
	return d
}

// month is the month a word names, from the order of the class's words.
func (c calendar) month(w string) time.Month {
	if !c.lex.InClass("month", w) {
		return 0
	}
	return months[w]
}

// feast reads a day that has a name.
func (c calendar) feast(ts []lexicon.Token, i int) (moment, bool) {
	word := ts[i].Word
	last := i
	f, ok := feasts[word]
	if !ok && i+1 < len(ts) {
		f, ok = feasts[word+" "+ts[i+1].Word]
		last = i + 1
	}
	if !ok {
		return moment{}, false
	}
	return moment{due: c.next(f.month, f.day), from: throughline.FromCalendar, first: i, last: last}, true
}

// ordinalSpan reads "week two", "day 30", "the first month", "first thirty days",
// "second week".
func (c calendar) ordinalSpan(ts []lexicon.Token, i int) (moment, bool) {
	if unit := c.unit(ts[i].Word); unit > 0 && i+1 < len(ts) {
		if n := c.count(ts, i+1); n > 0 && n <= 120 {
			at, from := c.base(ts, i, i+1)
			return moment{due: after(at, n*unit), from: from, first: i, last: i + 1}, true
		}
	}
	n := c.ordinal(ts[i].Word)
	if n == 0 || i+1 >= len(ts) {
		return moment{}, false
	}
	if unit := c.unit(ts[i+1].Word); unit > 0 {
		if unit >= 90 && n == 1 {
			at, from := c.base(ts, i, i+1)
			return moment{due: after(at, 90), from: from, first: i, last: i + 1}, true
		}
		at, from := c.base(ts, i, i+1)
		return moment{due: after(at, n*unit), from: from, first: i, last: i + 1}, true
	}
	if n == 1 && i+2 < len(ts) {
		if k, unit := c.count(ts, i+1), c.unit(ts[i+2].Word); k > 0 && unit > 0 {
			at, from := c.base(ts, i, i+2)
			return moment{due: after(at, k*unit), from: from, first: i, last: i + 2}, true
		}
	}
	return moment{}, false
}

// span reads "six weeks", "ninety days", "two months".
func (c calendar) span(ts []lexicon.Token, i int) (moment, bool) {
	n := c.count(ts, i)
	if n == 0 || i+1 >= len(ts) {
		return moment{}, false
	}
	unit := c.unit(ts[i+1].Word)
	if unit == 0 || unit < 7 && n < 14 {
		return moment{}, false
	}
	at, from := c.base(ts, i, i+1)
	return moment{due: after(at, n*unit), from: from, first: i, last: i + 1}, true
}

// quarterEnd reads "end of the quarter", "end of Q3", "end of the year" and
// "end of the month".
func (c calendar) quarterEnd(ts []lexicon.Token, i int) (moment, bool) {
	if !c.lex.InClass("late", ts[i].Word) {
		return moment{}, false
	}
	ref := c.start()
	if ref.IsZero() {
		return moment{}, false
	}
	for j := i + 1; j < min(len(ts), i+4); j++ {
		w := ts[j].Word
		switch {
		case len(w) == 2 && (w[0] == 'q' || w[0] == 't') && w[1] >= '1' && w[1] <= '4':
			return moment{due: c.next(time.Month(3*int(w[1]-'0')), 30), from: throughline.FromCalendar, first: i, last: j}, true
		case c.unit(w) == 91:
			q := (int(ref.Month())-1)/3 + 1
			return moment{due: time.Date(ref.Year(), time.Month(3*q+1), 0, 0, 0, 0, 0, time.UTC), from: throughline.FromCalendar, first: i, last: j}, true
		case c.unit(w) == 365:
			return moment{due: time.Date(ref.Year(), 12, 31, 0, 0, 0, 0, time.UTC), from: throughline.FromCalendar, first: i, last: j}, true
		}
	}
	return moment{}, false
}

func after(at time.Time, days int) time.Time {
	if at.IsZero() {
		return at
	}
	return at.AddDate(0, 0, days)
}

func (c calendar) unit(w string) int {
	for class, days := range map[string]int{"days": 1, "weeks": 7, "months": 30, "quarters": 91, "years": 365} {
		if c.lex.InClass(class, w) {
			return days
		}
	}
	return 0
}

func (c calendar) count(ts []lexicon.Token, i int) int {
	if i >= len(ts) {
		return 0
	}
	if n, err := strconv.Atoi(ts[i].Word); err == nil && n > 0 && n < 400 {
		return n
	}
	return counts[ts[i].Word]
}

func (c calendar) ordinal(w string) int {
	n := ordinals[w]
	if n > 12 {
		return 0
	}
	return n
}

type monthDay struct {
	month time.Month
	day   int
}

// feasts are days that business talk dates things by. Movable ones stand on
// their usual day.
var feasts = map[string]monthDay{
	"halloween": {10, 31}, "thanksgiving": {11, 26}, "christmas": {12, 25}, "xmas": {12, 25},
	"new years": {12, 31}, "new year": {12, 31}, "labor day": {9, 7}, "memorial day": {5, 25},
	"easter": {4, 5}, "noel": {12, 25}, "weihnachten": {12, 24}, "navidad": {12, 25},
	"ostern": {4, 5}, "paques": {4, 5}, "pascua": {4, 5}, "toussaint": {11, 1}, "silvester": {12, 31},
	"jahresende": {12, 31}, "jahreswechsel": {12, 31}, "nochevieja": {12, 31},
}

var months = map[string]time.Month{}

var ordinals = map[string]int{}

var counts = map[string]int{}

func init() {
	fill := func(m map[string]int, words string) {
		for i, alternatives := range strings.Fields(words) {
			for _, w := range strings.Split(alternatives, "|") {
				if w != "-" {
					m[w] = i + 1
				}
			}
		}
	}
	names := map[string]int{}
	fill(names, "january|jan|janvier|janv|januar|janner|enero|ene february|feb|fevrier|fevr|februar|febrero march|mar|mars|marz|marzo april|apr|avril|avr|abril|abr "+
		"may|mai|mayo june|jun|juin|juni|junio july|jul|juillet|juli|julio august|aug|aout|agosto|ago "+
		"september|sep|sept|septembre|septiembre|setiembre october|oct|octobre|oktober|okt|octubre november|nov|novembre|noviembre december|dec|decembre|dezember|dez|diciembre|dic")
	for w, n := range names {
		months[w] = time.Month(n)
	}
	fill(ordinals, "first|premier|premiere|premiers|premieres|erste|ersten|erster|erstes|primer|primera|primeros|primeras second|deuxieme|zweite|zweiten|zweiter|segundo|segunda third|troisieme|dritte|dritten|dritter|tercer|tercera "+
		"fourth|quatrieme|vierte|vierten|cuarto|cuarta fifth|cinquieme|funfte|funften|quinto|quinta sixth|sixieme|sechste|sechsten|sexto|sexta seventh eighth ninth tenth eleventh twelfth "+
		"thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth - - - - - - - - - thirtieth")
	fill(counts, "one|un|une|ein|eine|einem|einen|einer|uno|una two|deux|zwei|dos three|trois|drei|tres four|quatre|vier|cuatro five|cinq|funf|cinco six|sechs|seis seven|sept|sieben|siete "+
		"eight|huit|acht|ocho nine|neuf|neun|nueve ten|dix|zehn|diez eleven|onze|elf|once twelve|douze|zwolf|doce thirteen|treize|dreizehn|trece fourteen|quatorze|vierzehn|catorce "+
		"fifteen|quinze|funfzehn|quince sixteen|seize|sechzehn|dieciseis - eighteen - twenty|vingt|zwanzig|veinte")
	for w, n := range map[string]int{
		"thirty": 30, "trente": 30, "dreissig": 30, "treinta": 30, "forty": 40, "fortyfive": 45, "sixty": 60, "soixante": 60,
		"sechzig": 60, "sesenta": 60, "ninety": 90, "neunzig": 90, "noventa": 90, "hundred": 100,
		"couple": 2, "quinzaine": 15, "quincena": 15,
	} {
		counts[w] = n
	}
}
