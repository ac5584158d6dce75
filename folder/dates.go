package folder

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// How dates are written in file names, heads of transcripts and documents. A
// date of two numbers and a year is read only where its order is plain: the dot
// of German is day first, and a slash counts where one number is above twelve.
var (
	stampDate  = regexp.MustCompile(`(?:^|[^\d])(20\d\d)(\d\d)(\d\d)(?:[-_T ]?([01]\d|2[0-3])([0-5]\d)(?:([0-5]\d))?)?(?:Z|[^\d]|$)`)
	isoDate    = regexp.MustCompile(`(?:^|[^\d])(20\d\d)[-_./](\d\d?)[-_./](\d\d?)(?:[T _-]+(?:at )?([01]?\d|2[0-3])[:.\-_h ]([0-5]\d)(?:[:.\-_]([0-5]\d))?(?:\.\d+)?\s?(Z|[A-Z]{3,4}\b(?:[+-]\d\d?(?:[:_]?\d\d)?)?|[+-]\d\d:?\d\d)?)?(?:[^\d]|$)`)
	dottedDate = regexp.MustCompile(`(?:^|[^\d.])(\d\d?)\.\s?(\d\d?)\.\s?(20\d\d)(?:[^\d]|$)`)
	slashDate  = regexp.MustCompile(`(?:^|[^\d/])(\d\d?)/(\d\d?)/(20\d\d)(?:[^\d/]|$)`)
	dayMonth   = regexp.MustCompile(`(?:^|[^\d\pL])(\d\d?)(?:st|nd|rd|th|er|\.|º)?[\s-]+(?:of |de |di )?([\pL\pM]{3,12})\.?,?[\s-]+(?:de |del )?(20\d\d)(?:[^\d]|$)`)
	monthDay   = regexp.MustCompile(`(?:^|[^\d\pL])([\pL\pM]{3,12})\.?[\s-]+(\d\d?)(?:st|nd|rd|th)?,?[\s-]+(20\d\d)(?:[^\d]|$)`)
	clockAfter = regexp.MustCompile(`^[^\d\n]{0,12}?(\d\d?)[:h.](\d\d)(?::(\d\d))?\s?([AaPp]\.?[Mm]\b)?`)
)

// dateIn finds the first date that s states whole, day, month and year, with the
// time of day where it follows; times without a zone are taken as UTC.
func dateIn(s string) (time.Time, bool) {
	if m := isoDate.FindStringSubmatch(s); m != nil {
		if t, ok := dateOf(m[1], m[2], m[3], m[4], m[5], m[6]); ok {
			return t.Add(-zone(m[7])), true
		}
	}
	if m := stampDate.FindStringSubmatch(s); m != nil {
		if t, ok := dateOf(m[1], m[2], m[3], m[4], m[5], m[6]); ok {
			return t, true
		}
	}
	for _, form := range []struct {
		re               *regexp.Regexp
		day, month, year int
	}{{dayMonth, 1, 2, 3}, {monthDay, 2, 1, 3}, {dottedDate, 1, 2, 3}, {slashDate, 1, 2, 3}} {
		at := form.re.FindStringSubmatchIndex(s)
		if at == nil {
			continue
		}
		group := func(n int) string { return s[at[2*n]:at[2*n+1]] }
		day, month := group(form.day), group(form.month)
		if n, ok := monthNumbers[strings.ToLower(month)]; ok {
			month = strconv.Itoa(n)
		}
		if form.re == slashDate {
			if day, month = slashOrder(day, month); day == "" {
				continue
			}
		}
		hour, minute, second := clock(s[at[2*form.year+1]:])
		if t, ok := dateOf(group(form.year), month, day, hour, minute, second); ok {
			return t, true
		}
	}
	return time.Time{}, false
}

// Days without a year: "May 21", "21. Mai", "le 21 mai".
var (
	dayMonthOnly = regexp.MustCompile(`(?:^|[^\d\pL])(\d\d?)(?:st|nd|rd|th|er|\.|º)?\s+(?:of |de |di )?([\pL\pM]{3,12})\b`)
	monthDayOnly = regexp.MustCompile(`(?:^|[^\d\pL])([\pL\pM]{3,12})\.?\s+(\d\d?)(?:st|nd|rd|th)?(?:[^\d]|$)`)
)

// dayBefore finds a day without a year in s, and gives it the last year in which
// it is not after the limit.
func dayBefore(limit time.Time, s string) (time.Time, bool) {
	for _, form := range []struct {
		re         *regexp.Regexp
		day, month int
	}{{monthDayOnly, 2, 1}, {dayMonthOnly, 1, 2}} {
		m := form.re.FindStringSubmatch(s)
		if m == nil || monthNumbers[strings.ToLower(m[form.month])] == 0 {
			continue
		}
		month := strconv.Itoa(monthNumbers[strings.ToLower(m[form.month])])
		for _, year := range []int{limit.Year(), limit.Year() - 1} {
			if t, ok := dateOf(strconv.Itoa(year), month, m[form.day], "", "", ""); ok && !t.After(limit) {
				return t, true
			}
		}
	}
	return time.Time{}, false
}

// slashOrder tells day and month of "14/03" or "03/14" apart; empty when both
// readings stand, unless they are the same day.
func slashOrder(first, second string) (day, month string) {
	a, _ := strconv.Atoi(first)
	b, _ := strconv.Atoi(second)
	switch {
	case a > 12 || a == b:
		return first, second
	case b > 12:
		return second, first
	}
	return "", ""
}

// clock reads the time of day at the start of what follows a date.
func clock(s string) (hour, minute, second string) {
	m := clockAfter.FindStringSubmatch(s)
	if m == nil {
		return "", "", ""
	}
	h, _ := strconv.Atoi(m[1])
	switch half := strings.ToLower(m[4]); {
	case half == "" || h > 12:
	case half[0] == 'p' && h < 12:
		h += 12
	case half[0] == 'a' && h == 12:
		h = 0
	}
	return strconv.Itoa(h), m[2], m[3]
}

// dateOf makes a time of its parts; false when there is no such day.
func dateOf(year, month, day, hour, minute, second string) (time.Time, bool) {
	number := func(s string) int {
		n, err := strconv.Atoi(s)
		if s != "" && err != nil {
			return -1
		}
		return n
	}
	y, mo, d := number(year), number(month), number(day)
	h, mi, s := number(hour), number(minute), number(second)
	if h < 0 || h > 23 || mi < 0 || mi > 59 || s < 0 || s > 59 {
		h, mi, s = 0, 0, 0
	}
	t := time.Date(y, time.Month(mo), d, h, mi, s, 0, time.UTC)
	return t, mo >= 1 && mo <= 12 && d >= 1 && t.Day() == d
}

// zone is an offset from UTC such as "+02:00" or "GMT+1". The zones that only
// have a name count as UTC: several share each name.
func zone(s string) time.Duration {
	i := strings.IndexAny(s, "+-")
	if i < 0 {
		return 0
	}
	digits := strings.NewReplacer(":", "", "_", "").Replace(s[i+1:])
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	if len(digits) <= 2 {
		n *= 100
	}
	d := time.Duration(n/100)*time.Hour + time.Duration(n%100)*time.Minute
	if s[i] == '-' {
		return -d
	}
	return d
}

// cutDate is s without the dates and recorders' stamps that dateIn reads.
func cutDate(s string) string {
	s = zoomStamp.ReplaceAllString(s, " ")
	for _, re := range []*regexp.Regexp{isoDate, stampDate, dayMonth, monthDay, dottedDate, slashDate} {
		s = re.ReplaceAllStringFunc(s, func(date string) string {
			if _, ok := dateIn(date); !ok {
				return date
			}
			first, _ := utf8.DecodeRuneInString(date)
			last, _ := utf8.DecodeLastRuneInString(date)
			out := " "
			if !unicode.IsLetter(first) && !unicode.IsDigit(first) {
				out = string(first) + out
			}
			if !unicode.IsDigit(last) && !strings.HasSuffix(date, "Z") {
				out += string(last)
			}
			return out
		})
	}
	return strings.TrimSpace(s)
}

// zoomStamp is how Zoom begins the names of its recordings, in UTC.
var zoomStamp = regexp.MustCompile(`GMT20\d{6}-\d{6}`)
