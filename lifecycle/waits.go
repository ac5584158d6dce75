package lifecycle

import "strings"

// A Wait is what a run waits for somebody to do.
type Wait string

// What a run may wait for.
const (
	WaitNone   Wait = ""
	WaitReview Wait = "review" // the AE to look at the draft, or to answer what it was returned for
	WaitAccept Wait = "accept" // the CSM to accept what is published
)

// Waits says what the run waits for, and for whom by their address: empty where the
// CRM names nobody. A handoff of which a newer version is out than the one that was
// accepted waits again; one whose kickoff has been waits no more.
func (run Run) Waits() (what Wait, who string) {
	switch {
	case run.Quiet || run.Stage == StageKickoff || run.Stage == StageClosed || run.Stage == StageCancelled:
		return WaitNone, ""
	case run.Stage == StageReturned, run.Version > 0 && run.Published.IsZero() && run.Reviewed.IsZero():
		return WaitReview, strings.ToLower(run.AE.Email)
	case !run.Published.IsZero() && run.AcceptedVersion < run.PublishedVersion:
		return WaitAccept, strings.ToLower(run.CSM.Email)
	}
	return WaitNone, ""
}
