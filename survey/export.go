package survey

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
)

// JSON writes the report as JSON.
func (r Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	if err := e.Encode(r); err != nil {
		return fmt.Errorf("writing the survey's figures as JSON: %w", err)
	}
	return nil
}

// csvHead are the columns of [Report.CSV]: which series, of which month or
// quarter (empty: of all) and group; the value in its unit; the limits of its 95% interval, of a lift;
// and how many it stands on: n of whole.
var csvHead = []string{"series", "month", "group", "value", "unit", "low", "high", "n", "whole", "deals"}

// CSV writes the report with one figure a row. Nothing that a person wrote is in
// it. An empty value is one that there is too little of to tell, or that is withheld: see
// [Report.Coarse].
func (r Report) CSV(w io.Writer) error {
	rows := [][]string{csvHead}
	for _, p := range r.NPS {
		rows = append(rows, []string{"nps", string(p.Month), string(p.Group), number(p.NPS), "points", "", "", strconv.Itoa(p.Answers), strconv.Itoa(p.Answers), strconv.Itoa(p.Deals)})
	}
	for _, p := range r.Quarters {
		rows = append(rows, []string{"nps_by_quarter", string(p.Quarter), string(p.Group), number(p.NPS), "points", "", "", strconv.Itoa(p.Answers), strconv.Itoa(p.Answers), strconv.Itoa(p.Deals)})
	}
	for _, p := range r.Response {
		rows = append(rows, []string{"response_rate", string(p.Month), string(Everybody), number(p.Rate), "share", "", "", strconv.Itoa(p.Answered), strconv.Itoa(p.Asked), ""})
	}
	rows = append(rows, liftRow("lift_handoff", r.Handoff.Lift), liftRow("lift_adoption", r.Adoption.Lift))
	for _, p := range r.Value {
		rows = append(rows, []string{"time_to_first_value", string(p.Month), string(p.Group), number(p.Median), "days", "", "", strconv.Itoa(p.Reached), strconv.Itoa(p.Deals), strconv.Itoa(p.Deals)})
	}
	for _, p := range r.OnTime {
		rows = append(rows, []string{"milestones_on_time", string(p.Month), string(p.Group), number(p.Rate), "share", "", "", strconv.Itoa(p.Met), strconv.Itoa(p.Due), ""})
	}
	for _, s := range r.Signs {
		sign := func(name string, value *float64, unit string, n, whole int) {
			stands := strconv.Itoa(n)
			if s.Withheld && value == nil {
				stands = ""
			}
			rows = append(rows, []string{name, string(s.Month), string(Everybody), number(value), unit, "", "", stands, strconv.Itoa(whole), ""})
		}
		sign("handoffs_reviewed", s.ReviewedRate, "share", s.Reviewed, s.Published)
		sign("accepted_before_kickoff", s.AcceptedRate, "share", s.Accepted, s.Kickoffs)
		sign("points_covered", s.CoveredRate, "share", s.Covered, s.Points)
		sign("asked_again", s.AskedEach, "a kickoff", s.Asked, s.Checked)
	}
	if err := csv.NewWriter(w).WriteAll(rows); err != nil {
		return fmt.Errorf("writing the survey's figures as CSV: %w", err)
	}
	return nil
}

func liftRow(name string, l Lift) []string {
	row := []string{name, "", "", number(l.Points), "points", "", "", strconv.Itoa(l.With.Answers + l.Without.Answers), strconv.Itoa(l.With.Answers + l.Without.Answers), strconv.Itoa(l.With.Deals + l.Without.Deals)}
	if l.Interval != nil {
		row[5], row[6] = number(&l.Interval.Low), number(&l.Interval.High)
	}
	return row
}

// number is a figure, exactly; empty where there is none.
func number(f *float64) string {
	if f == nil {
		return ""
	}
	return strconv.FormatFloat(*f, 'f', -1, 64)
}
