package web

import (
	"fmt"
	"slices"
	"time"

	"throughline"
)

// A timeline is the picture of what was promised by when: the close, the kickoff,
// and the milestones by their dates. Lengths are units of the drawing.
type timeline struct {
	Width, Height int
	From, To, Y   int // the line
	Months        []timeTick
	Days          []timeTick // the days that the promises count to
	Marks         []timeMark
	Dots          []timeDot
	Milestones    []milestoneRow
	CountedFrom   string // "the kickoff"; empty where no day is known to count from
}

type timeTick struct {
	X     int
	Title string
}

// A timeMark is the close, the kickoff or today.
type timeMark struct {
	X, Top, TextX, TextY int
	Anchor               string // of its text, so that it stays within the drawing
	Title, Class         string
}

type timeDot struct{ X, Y, TextY, Number int }

// A milestoneRow is a milestone in the table beside the picture.
type milestoneRow struct {
	Number int // 0 of one that has no place on the line
	ID     string
	When   string
	Text   string
}

// Measures of the time line.
const (
	lineWidth  = 860
	lineMargin = 40
	lineTop    = 46 // above which the marks' names stand
	lineDot    = 26 // from one dot to the next above it
	lineDots   = 24 // nearer than this, two dots stand above each other
	lineText   = 44 // the months below
)

// newTimeline draws the milestones of a view; nil where there is none.
func newTimeline(h *throughline.Handoff, now time.Time) *timeline {
	t := &timeline{Width: lineWidth, From: lineMargin, To: lineWidth - lineMargin}
	closed, kickoff := dateOf(h.Deal.Close), dateOf(h.Deal.Kickoff)
	var days []time.Time
	for _, it := range h.Items {
		if it.Kind != throughline.KindMilestone {
			continue
		}
		day, when := milestoneDay(it, closed, kickoff)
		row := milestoneRow{ID: it.ID, When: when, Text: flat(it.Text)}
		t.Milestones = append(t.Milestones, row)
		days = append(days, day)
	}
	if len(t.Milestones) == 0 {
		return nil
	}
	t.order(days)
	known := slices.DeleteFunc(append([]time.Time{closed, kickoff}, days...), time.Time.IsZero)
	if len(known) == 0 {
		return t // a table alone
	}
	t.draw(known, days, closed, kickoff, now)
	return t
}

// order puts the milestones in order of their days, and numbers those that have one.
func (t *timeline) order(days []time.Time) {
	type both struct {
		milestoneRow
		day time.Time
	}
	all := make([]both, len(days))
	for i := range days {
		all[i] = both{t.Milestones[i], days[i]}
	}
	slices.SortStableFunc(all, func(a, b both) int {
		if a.day.IsZero() != b.day.IsZero() { // those without a day come last
			return -a.day.Compare(b.day)
		}
		return a.day.Compare(b.day)
	})
	for i, one := range all {
		t.Milestones[i], days[i] = one.milestoneRow, one.day
		if !one.day.IsZero() {
			t.Milestones[i].Number = i + 1
		}
	}
}

// milestoneDay is the day of a milestone, and how it is known; zero where nothing
// tells it.
func milestoneDay(it throughline.Item, closed, kickoff time.Time) (day time.Time, when string) {
	if due := dateOf(it.Due); !due.IsZero() {
		return due, "by " + dayOf(due)
	}
	if it.Day == 0 {
		return time.Time{}, "no day was said"
	}
	from, of := time.Time{}, ""
	switch it.From {
	case throughline.FromClose:
		from, of = closed, "the close"
	case throughline.FromKickoff:
		from, of = kickoff, "the kickoff"
	case throughline.FromGoLive:
		of = "go-live"
	}
	switch {
	case of == "":
		return time.Time{}, fmt.Sprintf("about day %d", it.Day)
	case from.IsZero():
		return time.Time{}, fmt.Sprintf("about day %d from %s", it.Day, of)
	}
	day = from.AddDate(0, 0, it.Day)
	return day, fmt.Sprintf("about %s, day %d from %s", dayOf(day), it.Day, of)
}

func dateOf(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return time.Time{}
	}
	return t
}

func dayOf(t time.Time) string { return t.UTC().Format("2 Jan 2006") }

// draw places everything on the line, which reaches from the first day that is
// known to the last.
func (t *timeline) draw(known, days []time.Time, closed, kickoff, now time.Time) {
	first, last := slices.MinFunc(known, time.Time.Compare), slices.MaxFunc(known, time.Time.Compare)
	counted := kickoff
	t.CountedFrom = "the kickoff"
	if counted.IsZero() {
		counted, t.CountedFrom = closed, "the close"
	}
	if counted.IsZero() {
		t.CountedFrom = ""
	} else if end := counted.AddDate(0, 0, 90); end.After(last) {
		last = end
	}
	if !last.After(first) {
		last = first.AddDate(0, 0, 1)
	}
	span := last.Sub(first)
	x := func(day time.Time) int {
		return t.From + int(float64(t.To-t.From)*float64(day.Sub(first))/float64(span))
	}

	height := t.dots(days, x)
	t.Y = lineTop + height
	for i := range t.Dots {
		t.Dots[i].Y = t.Y - t.Dots[i].Y
		t.Dots[i].TextY = t.Dots[i].Y + 4
	}
	t.Height = t.Y + lineText + 18
	t.months(first, last, x)
	if !counted.IsZero() {
		for _, n := range []int{30, 60, 90} {
			if day := counted.AddDate(0, 0, n); !day.After(last) {
				t.Days = append(t.Days, timeTick{x(day), fmt.Sprintf("day %d", n)})
			}
		}
	}
	t.mark(x, closed, "Closed", "close", 14)
	t.mark(x, kickoff, "Kickoff", "kickoff", 30)
	today := now.UTC().Truncate(24 * time.Hour)
	if !today.Before(first) && !today.After(last) {
		t.mark(x, today, "Today", "today", 46)
	}
}

// dots place the milestones above the line, those that are near each other one
// above another, and say how high they reach.
func (t *timeline) dots(days []time.Time, x func(time.Time) int) int {
	height := lineDot
	for i, day := range days {
		if day.IsZero() {
			continue
		}
		dot := timeDot{X: x(day), Y: 0, Number: i + 1}
		for slices.ContainsFunc(t.Dots, func(o timeDot) bool { return o.Y == dot.Y && dot.X-o.X < lineDots && o.X-dot.X < lineDots }) {
			dot.Y += lineDot
		}
		height = max(height, dot.Y+lineDot)
		t.Dots = append(t.Dots, dot)
	}
	return height
}

// mostMonths is how many months are named on the line; of a longer one, every
// second or third.
const mostMonths = 9

func (t *timeline) months(first, last time.Time, x func(time.Time) int) {
	step := 1 + (int(last.Sub(first).Hours()/24/30) / mostMonths)
	for m := time.Date(first.Year(), first.Month()+1, 1, 0, 0, 0, 0, time.UTC); !m.After(last) && len(t.Months) < mostMonths*2; m = m.AddDate(0, step, 0) {
		title := m.Format("Jan")
		if m.Month() <= time.Month(step) || len(t.Months) == 0 {
			title = m.Format("Jan 2006")
		}
		t.Months = append(t.Months, timeTick{x(m), title})
	}
}

func (t *timeline) mark(x func(time.Time) int, day time.Time, title, class string, textY int) {
	if day.IsZero() {
		return
	}
	m := timeMark{X: x(day), Top: textY + 4, TextX: x(day) + 4, TextY: textY, Anchor: "start", Title: title + ", " + dayOf(day), Class: class}
	if m.X > lineWidth-170 {
		m.TextX, m.Anchor = m.X-4, "end"
	}
	t.Marks = append(t.Marks, m)
}
