package web

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"

	"throughline/survey"
)

// A numberView is the page of the number: what the customer's people say after their
// kickoffs, and what stands beside it. It holds nothing of a deal and names nobody, so
// that whoever may sign in may see it; what somebody wrote stands on their deal's page
// alone.
type numberView struct {
	frame
	Report   survey.Report
	NoSurvey string
	Empty    bool // nobody has answered anything
	Lifts    []liftShown
	NPS      chart
	Response chart
	Value    chart
	OnTime   chart
	All      *survey.Signs // of adoption, of all time; nil where nothing was published
	Signs    chart
}

// A liftShown is a comparison with its interval, drawn on a line.
type liftShown struct {
	Title          string
	Words          string
	Rows           []figureRow
	Drawn          bool
	Low, High, At  int // on a line of 600, whose middle is no difference
	From, To, Lift string
}

type figureRow struct {
	Group                                           string
	NPS                                             string
	Deals, Answers, Promoters, Passives, Detractors int
}

// A chart is some series over months: its table, which is drawn by number.js where
// that runs.
type chart struct {
	ID, Title, Unit string
	Note            string
	Groups          []string
	Months          []chartMonth
}

type chartMonth struct {
	Month string // empty for all of them
	Cells []chartCell
}

// A chartCell is one figure, and what it stands on.
type chartCell struct {
	Shown string // as people read it; empty for none
	Value string // as a program does
	Of    string // "of 12 answers"
}

// groupNames are the groups as people read them.
var groupNames = map[survey.Group]string{
	survey.Everybody: "All", survey.WithHandoff: "Handoff accepted before the kickoff", survey.WithoutOne: "Not accepted before", survey.Before: "Before adoption", survey.After: "After adoption",
}

func (s *Server) report(r *http.Request) (survey.Report, error) {
	if s.Number == nil {
		return survey.Report{}, problem{http.StatusNotFound, "No number is kept here."}
	}
	return s.Number(r.Context())
}

func (s *Server) numberPage(w http.ResponseWriter, r *http.Request) error {
	rep, err := s.report(r)
	if err != nil {
		return err
	}
	v := numberView{frame: framed(r, "The number", placeNumber), Report: rep, NoSurvey: s.NoSurvey, Empty: len(rep.NPS) == 0}
	v.Chart = true
	v.Lifts = []liftShown{
		liftOf("With a handoff accepted before the kickoff, and without one", rep.Handoff, "With", "Without"),
		liftOf("After adoption, and before", rep.Adoption, "After", "Before"),
	}
	v.NPS = chartOf("nps", "Kickoff NPS by month", "points, from −100 to +100", rep.NPS, func(p survey.NPSPoint) (survey.Month, survey.Group, chartCell) {
		return p.Month, p.Group, cell(p.NPS, signedPoints, fmt.Sprintf("of %s", several(p.Answers, "answer", "answers")))
	})
	v.Response = chartOf("response", "Who was asked and answered", "% of those asked", rep.Response, func(p survey.Response) (survey.Month, survey.Group, chartCell) {
		return p.Month, survey.Everybody, cell(p.Rate, percent, fmt.Sprintf("%d of %d", p.Answered, p.Asked))
	})
	v.Value = chartOf("value", "Time to first value", "days from the kickoff to the first milestone that was met, the middle of the deals", rep.Value, func(p survey.ValuePoint) (survey.Month, survey.Group, chartCell) {
		return p.Month, p.Group, cell(p.Median, days, fmt.Sprintf("%d of %s reached it", p.Reached, several(p.Deals, "deal", "deals")))
	})
	v.OnTime = chartOf("on-time", "Milestones met on time", "% of those due, by the day that the customer was told", rep.OnTime, func(p survey.OnTime) (survey.Month, survey.Group, chartCell) {
		return p.Month, p.Group, cell(p.Rate, percent, fmt.Sprintf("%d of %d", p.Met, p.Due))
	})
	v.signs(rep.Signs)
	s.show(w, http.StatusOK, "number.tmpl", v)
	return nil
}

// signs lays the signs of adoption out: by month, in columns of their own.
func (v *numberView) signs(list []survey.Signs) {
	v.Signs = chart{
		ID: "signs", Title: "By month in which the deals were won", Unit: "%",
		Groups: []string{"Reviewed by the AE", "Accepted before the kickoff", "Talking points covered", "Questions asked again, a kickoff"},
	}
	for i, s := range list {
		if s.Month == "" {
			v.All = &list[i]
		}
		v.Signs.Months = append(v.Signs.Months, chartMonth{string(s.Month), []chartCell{
			cell(s.ReviewedRate, percent, fmt.Sprintf("%d of %d", s.Reviewed, s.Published)),
			cell(s.AcceptedRate, percent, fmt.Sprintf("%d of %d", s.Accepted, s.Kickoffs)),
			cell(s.CoveredRate, percent, fmt.Sprintf("%d of %d", s.Covered, s.Points)),
			cell(s.AskedEach, tenths, fmt.Sprintf("%d in %s", s.Asked, several(s.Checked, "kickoff", "kickoffs"))),
		}})
	}
}

// chartOf lays points out by month and group. Groups without a point have no column.
func chartOf[P any](id, title, unit string, points []P, of func(P) (survey.Month, survey.Group, chartCell)) chart {
	c := chart{ID: id, Title: title, Unit: unit}
	var groups []survey.Group
	byMonth := map[survey.Month]map[survey.Group]chartCell{}
	for _, p := range points {
		m, g, one := of(p)
		if byMonth[m] == nil {
			byMonth[m] = map[survey.Group]chartCell{}
		}
		byMonth[m][g] = one
		if !slices.Contains(groups, g) {
			groups = append(groups, g)
		}
	}
	months := make([]survey.Month, 0, len(byMonth))
	for m := range byMonth {
		months = append(months, m)
	}
	slices.Sort(months)
	for _, g := range groups {
		c.Groups = append(c.Groups, groupNames[g])
	}
	for _, m := range months {
		row := chartMonth{Month: string(m)}
		for _, g := range groups {
			row.Cells = append(row.Cells, byMonth[m][g])
		}
		c.Months = append(c.Months, row)
	}
	return c
}

func liftOf(title string, c survey.Compared, with, without string) liftShown {
	out := liftShown{Title: title, Words: c.Words, Rows: []figureRow{rowOf(with, c.With), rowOf(without, c.Without)}}
	if c.Interval == nil || c.Points == nil {
		return out
	}
	// Differences go from -200 to +200: 1.5 of the line's units each.
	x := func(points float64) int { return 300 + int(math.Round(points*1.5)) }
	out.Drawn, out.Low, out.High, out.At = true, x(c.Interval.Low), x(c.Interval.High), x(*c.Points)
	out.From, out.To, out.Lift = signedPoints(c.Interval.Low), signedPoints(c.Interval.High), signedPoints(*c.Points)
	return out
}

// Width is how wide the interval is drawn.
func (l liftShown) Width() int { return max(2, l.High-l.Low) }

func rowOf(group string, f survey.Figure) figureRow {
	row := figureRow{Group: group, NPS: "—", Deals: f.Deals, Answers: f.Answers, Promoters: f.Promoters, Passives: f.Passives, Detractors: f.Detractors}
	if f.NPS != nil {
		row.NPS = signedPoints(*f.NPS)
	}
	return row
}

func cell(v *float64, shown func(float64) string, of string) chartCell {
	if v == nil {
		return chartCell{Of: of}
	}
	return chartCell{Shown: shown(*v), Value: strconv.FormatFloat(*v, 'f', 3, 64), Of: of}
}

// signedPoints are points with their sign.
func signedPoints(v float64) string {
	n := int(math.Round(v))
	switch {
	case n > 0:
		return "+" + strconv.Itoa(n)
	case n < 0:
		return "−" + strconv.Itoa(-n)
	}
	return "0"
}

func percent(v float64) string { return strconv.Itoa(int(math.Round(100*v))) + " %" }
func days(v float64) string    { return strconv.FormatFloat(v, 'f', 0, 64) }
func tenths(v float64) string  { return strconv.FormatFloat(v, 'f', 1, 64) }

func several(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + more
}

func (s *Server) numberCSV(w http.ResponseWriter, r *http.Request) error {
	rep, err := s.report(r)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="kickoff-nps.csv"`)
	return rep.CSV(w)
}

func (s *Server) numberJSON(w http.ResponseWriter, r *http.Request) error {
	rep, err := s.report(r)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	return rep.JSON(w)
}
