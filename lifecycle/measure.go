package lifecycle

import (
	"time"

	"throughline"
	"throughline/survey"
)

// Measured is what runs tell of the number and what stands beside it. Nobody of the
// seller's is in it. Runs that were made for past deals tell nothing.
func Measured(runs []Run) survey.Input {
	var in survey.Input
	for _, run := range runs {
		if run.Quiet || run.Stage == StageCancelled {
			continue
		}
		if !run.Published.IsZero() {
			in.Plays = append(in.Plays, survey.Play{
				Won: run.Won, Reviewed: !run.Reviewed.IsZero(), Kickoff: run.Kickoff, AcceptedBeforeKickoff: run.Ready, Held: !run.TookPlace().IsZero(),
				Points: run.Points, Covered: run.Covered, Checked: !run.Recorded.IsZero(), Asked: run.Asked,
			})
		}
		if run.Survey != nil {
			in.Surveys = append(in.Surveys, *run.Survey)
		}
		if began := run.TookPlace(); !began.IsZero() {
			in.FirstValues = append(in.FirstValues, survey.FirstValue{
				Deal: run.Deal.ID, Kickoff: began, Reached: firstMet(run), AcceptedBeforeKickoff: run.Ready, Adopted: true,
			})
		}
		for _, m := range run.Milestones {
			due, err := time.Parse(time.DateOnly, m.Promised)
			if err != nil || m.Withdrawn || m.Status == throughline.MilestoneDropped {
				continue
			}
			one := survey.Milestone{Deal: run.Deal.ID, Due: due, AcceptedBeforeKickoff: run.Ready, Adopted: true}
			if m.Met != nil {
				one.Met = *m.Met
			}
			in.Milestones = append(in.Milestones, one)
		}
	}
	return in
}

// firstMet is when the first of a run's milestones was met; zero while none is. It is
// the first thing of use that the customer was promised.
func firstMet(run Run) time.Time {
	var first time.Time
	for _, m := range run.Milestones {
		if m.Met != nil && (first.IsZero() || m.Met.Before(first)) {
			first = *m.Met
		}
	}
	return first
}
