package survey

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"throughline"
)

// A Group is what answers are divided by. There is no other: none by AE.
type Group string

// The groups. The handoff's two are of deals won after adoption only.
const (
	Everybody   Group = "all"
	WithHandoff Group = "accepted_before_kickoff"
	WithoutOne  Group = "not_accepted_before_kickoff"
	Before      Group = "before_adoption" // an imported baseline is here
	After       Group = "after_adoption"
)

// Groups lists the groups, in the order of figures.
var Groups = []Group{Everybody, WithHandoff, WithoutOne, Before, After}

// has reports whether a deal is of the group.
func (g Group) has(accepted, adopted bool) bool {
	switch g {
	case Everybody:
		return true
	case WithHandoff:
		return adopted && accepted
	case WithoutOne:
		return adopted && !accepted
	case Before:
		return !adopted
	case After:
		return adopted
	}
	return false
}

// Input is all that a report is made of.
type Input struct {
	Surveys  []throughline.Survey
	Answers  []throughline.Answer
	Baseline []throughline.Answer // see [ReadBaseline]

	FirstValues []FirstValue
	Milestones  []Milestone
	Plays       []Play
}

// A FirstValue is how long a customer waited for the first thing of use.
type FirstValue struct {
	Deal    string
	Kickoff time.Time
	Reached time.Time // zero while it was not

	AcceptedBeforeKickoff, Adopted bool
}

// A Milestone is one promise of the 30/60/90.
type Milestone struct {
	Deal string
	Due  time.Time // the day: met at any time of it is on time
	Met  time.Time // zero while it was not

	AcceptedBeforeKickoff, Adopted bool
}

// A Report is the number, and what stands beside it.
type Report struct {
	Schema      string    `json:"schema"`
	GeneratedAt time.Time `json:"generated_at"`

	NPS      []NPSPoint   `json:"nps"`      // of each group, whole and by month
	Quarters []Quarter    `json:"quarters"` // NPS by quarter, of which fewer stand on few answers
	Response []Response   `json:"response"` // whole and by month of the kickoff
	Handoff  Compared     `json:"handoff"`  // with a handoff accepted before the kickoff, over without
	Adoption Compared     `json:"adoption"` // after adoption, over before
	Value    []ValuePoint `json:"value"`    // time to first value
	OnTime   []OnTime     `json:"on_time"`  // milestones met on time
	Signs    []Signs      `json:"signs"`    // of adoption, whole and by month of the deals' closing
	Notes    []string     `json:"notes"`    // what to know when reading it
}

// Compared is a lift, and what it says in words.
type Compared struct {
	Lift
	Words string `json:"words"`
}

// sides name the two groups of a lift, as [Lift.Say] has them.
type sides struct{ with, without string }

var (
	handoffSides  = sides{"with a handoff accepted before the kickoff", "without one"}
	adoptionSides = sides{"after adoption", "before it"}
)

// Schema names the report's form in JSON.
const Schema = "throughline.survey/v1"

// Month is a calendar month in UTC, "2026-03"; empty for all time.
type Month string

// NPSPoint is the NPS of one group in one month of answers.
type NPSPoint struct {
	Month Month `json:"month,omitempty"`
	Group Group `json:"group"`
	Figure
}

// Quarter is the NPS of one group in one calendar quarter of answers.
type Quarter struct {
	Quarter Month `json:"quarter"` // in UTC, "2026-Q1"
	Group   Group `json:"group"`
	Figure
}

// Response is how many of those asked answered.
type Response struct {
	Month    Month    `json:"month,omitempty"`
	Asked    int      `json:"asked"`
	Answered int      `json:"answered"`
	Rate     *float64 `json:"rate"` // 0 to 1; nil where nobody was asked
}

// ValuePoint is the time to first value of one group's kickoffs of one month.
type ValuePoint struct {
	Month   Month `json:"month,omitempty"`
	Group   Group `json:"group"`
	Deals   int   `json:"deals"`
	Reached int   `json:"reached"` // so many of the deals have it
	// Median is in days from the kickoff. Deals that have no value yet count as
	// longer than any: nil where half of the deals or more are still to reach it.
	Median *float64 `json:"median_days"`
}

// OnTime is how many of one group's milestones of one month, which are due, were
// met when they were due.
type OnTime struct {
	Month Month    `json:"month,omitempty"`
	Group Group    `json:"group"`
	Due   int      `json:"due"`
	Met   int      `json:"met_on_time"`
	Rate  *float64 `json:"rate"` // 0 to 1; nil where none was due
}

// Make works out the report as of a moment. The same input and seed of random make
// the same report.
func Make(in Input, now time.Time, random *rand.Rand) Report {
	answers := slices.Concat(in.Answers, in.Baseline)
	r := Report{Schema: Schema, GeneratedAt: now, Response: responses(in.Surveys, in.Answers)}
	r.NPS = series(answers, func(a throughline.Answer) (Month, bool, bool) {
		return month(a.At), a.AcceptedBeforeKickoff, a.Adopted
	}, func(m Month, g Group, of []throughline.Answer) NPSPoint { return NPSPoint{m, g, NPS(of)} })
	r.Quarters = series(answers, func(a throughline.Answer) (Month, bool, bool) {
		return quarter(a.At), a.AcceptedBeforeKickoff, a.Adopted
	}, func(m Month, g Group, of []throughline.Answer) Quarter { return Quarter{m, g, NPS(of)} })
	r.Quarters = slices.DeleteFunc(r.Quarters, func(q Quarter) bool { return q.Quarter == "" }) // all time stands in NPS
	handoff := Compare(of(answers, WithHandoff), of(answers, WithoutOne), random)
	r.Handoff = Compared{handoff, handoff.Say(handoffSides.with, handoffSides.without)}
	adoption := Compare(of(answers, After), of(answers, Before), random)
	r.Adoption = Compared{adoption, adoption.Say(adoptionSides.with, adoptionSides.without)}
	r.Value = series(in.FirstValues, func(v FirstValue) (Month, bool, bool) {
		return month(v.Kickoff), v.AcceptedBeforeKickoff, v.Adopted
	}, value)
	due := slices.DeleteFunc(slices.Clone(in.Milestones), func(m Milestone) bool { return !m.over().Before(now) })
	r.OnTime = series(due, func(m Milestone) (Month, bool, bool) {
		return month(m.Due), m.AcceptedBeforeKickoff, m.Adopted
	}, onTime)
	r.Signs = signs(in.Plays, now)
	r.Notes = notes(in)
	return r
}

// notes are what a reader has to know that the figures do not show.
func notes(in Input) []string {
	list := []string{
		"The groups were not drawn by lot: deals may differ in more than the handoff, and the interval does not know of that.",
	}
	if len(in.Baseline) > 0 && !slices.ContainsFunc(in.Baseline, func(a throughline.Answer) bool { return !rowOfItsOwn(a) }) {
		list = append(list, "The baseline does not tell which answers are of the same deal, so each counts as a deal: the interval of before and after may be narrower than it should be.")
	}
	return list
}

func of(answers []throughline.Answer, g Group) []throughline.Answer {
	return slices.DeleteFunc(slices.Clone(answers), func(a throughline.Answer) bool { return !g.has(a.AcceptedBeforeKickoff, a.Adopted) })
}

func quarter(t time.Time) Month {
	t = t.UTC()
	return Month(fmt.Sprintf("%04d-Q%d", t.Year(), (t.Month()+2)/3))
}

func month(t time.Time) Month { return Month(t.UTC().Format("2006-01")) }

// series makes a point of each group, first of all months and then month by month.
// A group that has nothing in a month has no point there.
func series[T, P any](list []T, at func(T) (m Month, accepted, adopted bool), point func(Month, Group, []T) P) []P {
	var points []P
	for _, g := range Groups {
		byMonth := map[Month][]T{}
		for _, x := range list {
			if m, accepted, adopted := at(x); g.has(accepted, adopted) {
				byMonth[""] = append(byMonth[""], x)
				byMonth[m] = append(byMonth[m], x)
			}
		}
		for _, m := range sortedKeys(byMonth) {
			points = append(points, point(m, g, byMonth[m]))
		}
	}
	return points
}

func sortedKeys[V any](m map[Month]V) []Month {
	keys := make([]Month, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// responses counts, by month of the kickoff, those who were asked and of them those
// who answered.
func responses(surveys []throughline.Survey, answers []throughline.Answer) []Response {
	answered := map[[2]string]bool{}
	for _, a := range answers {
		answered[[2]string{a.Survey, a.Respondent}] = true
	}
	byMonth := map[Month]Response{}
	for _, s := range surveys {
		for _, r := range s.Respondents {
			if r.AskedAt == nil {
				continue
			}
			for _, m := range []Month{"", month(s.Kickoff)} {
				x := byMonth[m]
				x.Month = m
				x.Asked++
				if answered[[2]string{s.ID, r.ID}] {
					x.Answered++
				}
				byMonth[m] = x
			}
		}
	}
	var list []Response
	for _, m := range sortedKeys(byMonth) {
		x := byMonth[m]
		x.Rate = share(x.Answered, x.Asked)
		list = append(list, x)
	}
	return list
}

func share(part, whole int) *float64 {
	if whole == 0 {
		return nil
	}
	s := float64(part) / float64(whole)
	return &s
}

func value(m Month, g Group, list []FirstValue) ValuePoint {
	p := ValuePoint{Month: m, Group: g, Deals: len(list)}
	days := make([]float64, len(list))
	for i, v := range list {
		days[i] = math.Inf(1)
		if !v.Reached.IsZero() {
			days[i] = v.Reached.Sub(v.Kickoff).Hours() / 24
			p.Reached++
		}
	}
	slices.Sort(days)
	if middle := (days[(len(days)-1)/2] + days[len(days)/2]) / 2; !math.IsInf(middle, 1) {
		p.Median = &middle
	}
	return p
}

// over is when the milestone's day ends.
func (m Milestone) over() time.Time {
	y, month, d := m.Due.Date()
	return time.Date(y, month, d+1, 0, 0, 0, 0, m.Due.Location())
}

func onTime(m Month, g Group, list []Milestone) OnTime {
	p := OnTime{Month: m, Group: g, Due: len(list)}
	for _, x := range list {
		if !x.Met.IsZero() && x.Met.Before(x.over()) {
			p.Met++
		}
	}
	p.Rate = share(p.Met, p.Due)
	return p
}
