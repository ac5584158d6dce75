package web

import (
	"cmp"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"throughline/survey"
)

// A numberView is the page of the number: what the customer's people say after their
// kickoffs, and what stands beside it. It names nobody and no deal, and what somebody
// wrote is in no report, so that whoever may sign in may see it.
type numberView struct {
	frame
	Off      bool   // no number is kept at all
	NoSurvey string // why nobody is asked at the moment; empty where people are
	Empty    bool   // nobody has answered anything
	Headline string // what a handoff changes, in words; empty where nobody has answered
	Facts    []fact
	Lifts    []liftShown
	Charts   []chart
	Signs    []fact // of adoption; none where nothing was published
	Adoption []chart
	Notes    []string
}

// A fact is a figure of all time, and what it stands on.
type fact struct{ Title, Shown, Of string }

// A liftShown is a comparison with its interval, drawn on a line.
type liftShown struct {
	ID, Title  string
	Words      string // empty where they stand above already
	Rows       []figureRow
	Difference string // empty where there is none
	Between    string // the interval's ends; empty where there are too few answers for one
	Picture    *intervalPicture
	Quarters   chart
}

type figureRow struct {
	Group    string
	NPS      string
	Withheld bool
	survey.Figure
}

// An intervalPicture is an interval on a line, in the picture's units.
type intervalPicture struct {
	From, Width, At, None int // None is where there is no difference
	Ticks                 []intervalTick
}

type intervalTick struct {
	X    int
	Text string
}

// A chart is some series over time: its table, which number.js draws where that runs.
type chart struct {
	ID, Title string
	About     string // what is counted, in a phrase
	Unit      string // points, share, days or count: how number.js scales it
	Groups    []string
	Rows      []chartRow // all time first, then the latest
}

// Drawn reports whether there is more to draw than a point.
func (c chart) Drawn() bool {
	n := 0
	for _, row := range c.Rows {
		if row.Short != "" && slices.ContainsFunc(row.Cells, func(one chartCell) bool { return one.Value != "" }) {
			n++
		}
	}
	return n > 1
}

type chartRow struct {
	At     time.Time // when it begins
	Months int       // how many it lasts; 0 for all time
	Name   string
	Short  string // of the name, on an axis; empty for all time
	Cells  []chartCell
}

// A chartCell is one figure, and what it stands on.
type chartCell struct {
	Shown string // as people read it; empty for none
	Value string // as a program does; empty for none
	Of    string // "12 answers"
}

// groupNames are the groups as people read them.
var groupNames = map[survey.Group]string{
	survey.Everybody: "All", survey.WithHandoff: "With a handoff accepted before the kickoff", survey.WithoutOne: "Without one",
	survey.Before: "Before adoption", survey.After: "After adoption",
}

// numberOf is the report for who asks: whole for the admins, who see every deal
// anyway; for others without what could point at one customer.
func (s *Server) numberOf(r *http.Request) (survey.Report, error) {
	if s.Number == nil {
		return survey.Report{}, problem{http.StatusNotFound, "No number is kept here, as the survey is off. An admin can switch it on; the page of the number says how."}
	}
	report, err := s.Number(r.Context())
	if err != nil {
		return survey.Report{}, fmt.Errorf("making the number: %w", err)
	}
	if !s.admin(r) {
		report = report.Coarse()
	}
	return report, nil
}

func (s *Server) numberPage(w http.ResponseWriter, r *http.Request) error {
	v := numberView{frame: framed(r, "The number", placeNumber), NoSurvey: s.NoSurvey, Off: s.Number == nil}
	if v.Off {
		s.show(w, http.StatusOK, "number.tmpl", v)
		return nil
	}
	report, err := s.numberOf(r)
	if err != nil {
		return err
	}
	v.Chart, v.Wide = true, true
	v.Empty = len(report.NPS) == 0
	v.Notes = report.Notes
	v.facts(report)
	v.lifts(report)
	v.Charts = []chart{
		chartOf("response", "Who answered", "share of those who were asked, by month of the kickoff", "share", report.Response, nil, func(p survey.Response) (survey.Month, survey.Group, chartCell) {
			return p.Month, survey.Everybody, responseCell(p)
		}),
		chartOf("value", "Time to first value", "days from the kickoff to the first milestone that was met, the middle of the deals, by month of the kickoff", "days", report.Value, handoffGroups, func(p survey.ValuePoint) (survey.Month, survey.Group, chartCell) {
			return p.Month, p.Group, valueCell(p)
		}),
		chartOf("on-time", "Milestones met on time", "share of those due, by the day that the customer was told, by month of that day", "share", report.OnTime, handoffGroups, func(p survey.OnTime) (survey.Month, survey.Group, chartCell) {
			return p.Month, p.Group, onTimeCell(p)
		}),
	}
	v.signs(report.Signs)
	s.show(w, http.StatusOK, "number.tmpl", v)
	return nil
}

var (
	handoffGroups  = []survey.Group{survey.WithHandoff, survey.WithoutOne}
	adoptionGroups = []survey.Group{survey.After, survey.Before}
)

// facts are the figures of all time that stand above the rest.
func (v *numberView) facts(r survey.Report) {
	of := survey.Everybody
	if slices.ContainsFunc(r.NPS, func(p survey.NPSPoint) bool { return p.Group == survey.After }) {
		of = survey.After
	}
	add := func(title string, c chartCell) { v.Facts = append(v.Facts, fact{title, c.Shown, c.Of}) }
	for _, p := range r.NPS {
		if p.Month == "" && p.Group == of {
			c := npsCell(p.Figure)
			c.Of += " of " + counted(p.Deals, "deal", "deals")
			add("Kickoff NPS", c)
		}
	}
	for _, p := range r.Response {
		if p.Month == "" {
			add("Answered", responseCell(p))
		}
	}
	for _, p := range r.Value {
		if c := valueCell(p); p.Month == "" && p.Group == survey.Everybody {
			if c.Shown != "" {
				c.Shown += " days"
			}
			add("Time to first value", c)
		}
	}
	for _, p := range r.OnTime {
		if p.Month == "" && p.Group == survey.Everybody {
			add("Milestones on time", onTimeCell(p))
		}
	}
}

// lifts lays the two comparisons out. Their intervals are drawn on lines of one scale.
func (v *numberView) lifts(r survey.Report) {
	const about = "points from −100 to +100, by quarter of the answers"
	quarters := func(id, title string, groups []survey.Group) chart {
		return chartOf(id, title, about, "points", r.Quarters, groups, func(q survey.Quarter) (survey.Month, survey.Group, chartCell) {
			return q.Quarter, q.Group, npsCell(q.Figure)
		})
	}
	line := newIntervalLine(r.Handoff.Lift, r.Adoption.Lift)
	// What the first says is the page's headline.
	v.Lifts = []liftShown{
		line.show(liftShown{ID: "handoff", Title: "With a handoff, and without one", Quarters: quarters("nps-handoff", "With a handoff and without one, over time", handoffGroups)}, r.Handoff.Lift, handoffGroups),
		line.show(liftShown{ID: "adoption", Title: "After adoption, and before", Words: r.Adoption.Words, Quarters: quarters("nps-adoption", "After adoption and before, over time", adoptionGroups)}, r.Adoption.Lift, adoptionGroups),
	}
	if !v.Empty {
		v.Headline = r.Handoff.Words
	}
}

// signs lays the signs of adoption out: of all time, and by month.
func (v *numberView) signs(list []survey.Signs) {
	shares := chart{ID: "signs", Title: "Reviewed, accepted, covered", About: "shares, by month in which the deals were won", Unit: "share", Groups: []string{"Reviewed by the AE", "Accepted before the kickoff", "Talking points covered"}}
	again := chart{ID: "asked-again", Title: "Questions asked again", About: "that the customer had answered in the sale, for each kickoff whose recording was read", Unit: "count", Groups: []string{"Asked again, a kickoff"}}
	for _, s := range list {
		reviewed := cell(s.ReviewedRate, percent, fmt.Sprintf("%d of %s", s.Reviewed, counted(s.Published, "handoff", "handoffs")))
		accepted := cell(s.AcceptedRate, percent, fmt.Sprintf("%d of %s", s.Accepted, counted(s.Kickoffs, "kickoff", "kickoffs")))
		covered := cell(s.CoveredRate, percent, fmt.Sprintf("%d of %s", s.Covered, counted(s.Points, "point", "points")))
		asked := cell(s.AskedEach, tenths, fmt.Sprintf("%d in %s", s.Asked, counted(s.Checked, "kickoff", "kickoffs")))
		if s.Withheld {
			covered = chartCell{Shown: withheld, Of: "of " + counted(s.Held, "kickoff", "kickoffs")}
			if s.Checked > 0 {
				asked = chartCell{Shown: withheld, Of: "of " + counted(s.Checked, "kickoff", "kickoffs")}
			}
		}
		if s.Month == "" {
			v.Signs = []fact{
				{"Reviewed by the AE", reviewed.Shown, reviewed.Of},
				{"Accepted before the kickoff", accepted.Shown, accepted.Of},
				{"Talking points covered", covered.Shown, covered.Of},
				{"Asked again, a kickoff", asked.Shown, asked.Of},
			}
		}
		shares.add(s.Month, reviewed, accepted, covered)
		again.add(s.Month, asked)
	}
	shares.arrange()
	again.arrange()
	v.Adoption = []chart{shares, again}
}

// chartOf lays points out by time and group, with a column for each of the groups that
// has one; nil stands for all in one.
func chartOf[P any](id, title, about, unit string, points []P, groups []survey.Group, of func(P) (survey.Month, survey.Group, chartCell)) chart {
	if groups == nil {
		groups = []survey.Group{survey.Everybody}
	}
	c := chart{ID: id, Title: title, About: about, Unit: unit}
	byTime, seen := map[survey.Month]map[survey.Group]chartCell{}, map[survey.Group]bool{}
	for _, p := range points {
		m, g, one := of(p)
		if !slices.Contains(groups, g) {
			continue
		}
		if byTime[m] == nil {
			byTime[m] = map[survey.Group]chartCell{}
		}
		byTime[m][g], seen[g] = one, true
	}
	groups = slices.DeleteFunc(slices.Clone(groups), func(g survey.Group) bool { return !seen[g] })
	for _, g := range groups {
		c.Groups = append(c.Groups, groupNames[g])
	}
	for m, cells := range byTime {
		row := make([]chartCell, len(groups))
		for i, g := range groups {
			row[i] = cells[g]
		}
		c.add(m, row...)
	}
	c.arrange()
	return c
}

func (c *chart) add(m survey.Month, cells ...chartCell) {
	row := chartRow{Name: "All time", Cells: cells}
	if m != "" {
		row = rowAt(m)
		row.Cells = cells
	}
	c.Rows = append(c.Rows, row)
}

// rowAt is the row of a month, as 2026-03, or of a quarter, as 2026-Q1.
func rowAt(m survey.Month) chartRow {
	year, q, is := strings.Cut(string(m), "-Q")
	n, err := strconv.Atoi(q)
	if is && err == nil {
		at, err := time.Parse("2006", year)
		if err == nil {
			return chartRow{At: at.AddDate(0, 3*(n-1), 0), Months: 3, Name: "Q" + q + " " + year, Short: "Q" + q + " " + at.Format("06")}
		}
	}
	at, err := time.Parse("2006-01", string(m))
	if err != nil {
		return chartRow{Name: string(m)}
	}
	return chartRow{At: at, Months: 1, Name: at.Format("Jan 2006"), Short: at.Format("Jan 06")}
}

// longestGap bounds how many rows without a figure are shown as that: a date that is
// years off makes no table of thousands of rows.
const longestGap = 24

// arrange puts all time first, and then the latest; between them, what has no figure
// gets an empty row, so that no line is drawn across it.
func (c *chart) arrange() {
	slices.SortFunc(c.Rows, func(a, b chartRow) int {
		if a.Months == 0 || b.Months == 0 {
			return cmp.Compare(min(a.Months, 1), min(b.Months, 1))
		}
		return b.At.Compare(a.At)
	})
	var out []chartRow
	for i, row := range c.Rows {
		if i > 0 && c.Rows[i-1].Months > 0 {
			out = append(out, gap(c.Rows[i-1], row)...)
		}
		out = append(out, row)
	}
	c.Rows = out
}

// gap are the rows between two, the latest first.
func gap(later, earlier chartRow) (out []chartRow) {
	for at := later.At.AddDate(0, -later.Months, 0); at.After(earlier.At); at = at.AddDate(0, -later.Months, 0) {
		if len(out) == longestGap {
			return nil
		}
		m := survey.Month(at.Format("2006-01"))
		if later.Months == 3 {
			m = survey.Month(fmt.Sprintf("%04d-Q%d", at.Year(), (at.Month()+2)/3))
		}
		row := rowAt(m)
		row.Cells = make([]chartCell, len(later.Cells))
		out = append(out, row)
	}
	return out
}

// An intervalLine is the line that intervals are drawn on, from low to high in points.
type intervalLine struct{ low, high, step float64 }

// The picture's units: its template knows them.
const (
	lineFrom, lineTo = 20, 320
)

// newIntervalLine finds the line that the intervals of lifts fit on, and no difference.
func newIntervalLine(lifts ...survey.Lift) intervalLine {
	low, high := -20.0, 20.0
	for _, l := range lifts {
		if l.Interval != nil {
			low, high = min(low, l.Interval.Low), max(high, l.Interval.High)
		}
	}
	step := 10.0
	for _, wider := range []float64{20, 50, 100} {
		if (high-low)/step > 6 {
			step = wider
		}
	}
	return intervalLine{step * math.Floor(low/step), step * math.Ceil(high/step), step}
}

func (i intervalLine) x(points float64) int {
	return lineFrom + int(math.Round((lineTo-lineFrom)*(points-i.low)/(i.high-i.low)))
}

// show fills in a lift's figures, and draws its interval where there is one.
func (i intervalLine) show(out liftShown, l survey.Lift, groups []survey.Group) liftShown {
	for n, f := range []survey.Figure{l.With, l.Without} {
		row := figureRow{Group: groupNames[groups[n]], NPS: "—", Withheld: f.Withheld, Figure: f}
		switch {
		case f.Withheld:
			row.NPS = withheld
		case f.NPS != nil:
			row.NPS = survey.Signed(*f.NPS)
		}
		out.Rows = append(out.Rows, row)
	}
	if l.Points == nil {
		return out
	}
	out.Difference = survey.Signed(*l.Points)
	if l.Interval == nil {
		return out
	}
	out.Between = survey.Signed(l.Interval.Low) + " to " + survey.Signed(l.Interval.High)
	p := &intervalPicture{From: i.x(l.Interval.Low), At: i.x(*l.Points), None: i.x(0)}
	p.Width = max(2, i.x(l.Interval.High)-p.From)
	for at := i.low; at <= i.high; at += i.step {
		p.Ticks = append(p.Ticks, intervalTick{i.x(at), survey.Signed(at)})
	}
	out.Picture = p
	return out
}

// withheld stands for a figure that is not shown to who asks.
const withheld = "withheld"

func npsCell(f survey.Figure) chartCell {
	of := counted(f.Answers, "answer", "answers")
	if f.Withheld {
		return chartCell{Shown: withheld, Of: of}
	}
	return cell(f.NPS, survey.Signed, of)
}

func responseCell(p survey.Response) chartCell {
	return cell(p.Rate, percent, fmt.Sprintf("%d of %d", p.Answered, p.Asked))
}

func valueCell(p survey.ValuePoint) chartCell {
	return cell(p.Median, func(v float64) string { return strconv.FormatFloat(v, 'f', 0, 64) }, fmt.Sprintf("%d of %s reached it", p.Reached, counted(p.Deals, "deal", "deals")))
}

func onTimeCell(p survey.OnTime) chartCell {
	return cell(p.Rate, percent, fmt.Sprintf("%d of %d", p.Met, p.Due))
}

func cell(v *float64, shown func(float64) string, of string) chartCell {
	if v == nil {
		return chartCell{Of: of}
	}
	return chartCell{Shown: shown(*v), Value: strconv.FormatFloat(*v, 'f', 3, 64), Of: of}
}

func percent(v float64) string { return strconv.Itoa(int(math.Round(100*v))) + "%" }
func tenths(v float64) string  { return strconv.FormatFloat(v, 'f', 1, 64) }

func (s *Server) numberCSV(w http.ResponseWriter, r *http.Request) error {
	report, err := s.numberOf(r)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="kickoff-nps.csv"`)
	return report.CSV(w)
}

func (s *Server) numberJSON(w http.ResponseWriter, r *http.Request) error {
	report, err := s.numberOf(r)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	return report.JSON(w)
}
