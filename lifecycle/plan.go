package lifecycle

import (
	"slices"
	"strings"
	"time"

	"throughline/survey"
)

// Rules are the choices of the people who run the play.
type Rules struct {
	// PublishAfter is how long after Closed Won the handoff goes out.
	PublishAfter time.Duration
	// ReviewTime is how long before that the AE has the draft at the latest,
	// whatever is still expected.
	ReviewTime time.Duration
	// KickoffLead is how long before an early kickoff the handoff goes out.
	KickoffLead time.Duration
	// CollectEvery is how long to wait for calls that are still being
	// transcribed, before looking again; and how long at the least lies between two
	// looks at a deal whose record keeps changing.
	CollectEvery time.Duration
	// LookEvery is how often the deal is looked at for what came late. Where the CRM
	// tells of a change, it is looked at before.
	LookEvery time.Duration
	// GatherFor is how long after somebody saved a step of a review of what is out
	// already more is waited for, before it goes out again.
	GatherFor time.Duration
	// RemindAE are the reminders to review, from the draft on.
	RemindAE []time.Duration
	// RemindCSM are the reminders to accept, from the publication on.
	RemindCSM []time.Duration
	// BeforeKickoff are the reminders before the kickoff of a handoff that is
	// not accepted.
	BeforeKickoff []time.Duration
	// CloseAfter is how long after the kickoff the run ends; where no kickoff is
	// known, how long after the publication.
	CloseAfter time.Duration
	// AskHeld are when the CSM is asked whether a kickoff was held that nothing says so
	// of, from its time on.
	AskHeld []time.Duration
	// ListenAfter is how long after its beginning a kickoff's recording is first looked
	// for, ListenEvery how often from then on, and ListenTimes how many times in all: 0
	// where no recorder is connected.
	ListenAfter, ListenEvery time.Duration
	ListenTimes              int
	// BeforeDue are how many days before a milestone is due its owner is reminded, and
	// AfterDue how many days after it, once, where it is not met.
	BeforeDue []int
	AfterDue  int
	// FollowEvery is how often the milestones' tasks are read back.
	FollowEvery time.Duration
	// Surveys says that the customer's people are asked a week after the kickoff.
	Surveys bool
	Hours   Hours
	// Owner gets what would go to a CSM while none is assigned.
	Owner Person
	// Destinations are where the handoff is published.
	Destinations []string
	// Marked are those of the destinations that show what became of it, Agendas those
	// that show the kickoff's agenda, and Follow those that tell what became of the
	// milestones' tasks.
	Marked, Agendas, Follow []string
	// Ways are how people are written to: "mail", "chat".
	Ways []string
}

// DefaultRules are those of the play as it is described: published 24 hours
// after Closed Won, accepted before the kickoff.
func DefaultRules() Rules {
	const day = 24 * time.Hour
	return Rules{
		PublishAfter: day, ReviewTime: 4 * time.Hour, KickoffLead: 2 * time.Hour, CollectEvery: 30 * time.Minute, LookEvery: 12 * time.Hour, GatherFor: 2 * time.Minute,
		RemindAE:      []time.Duration{4 * time.Hour, 16 * time.Hour},
		RemindCSM:     []time.Duration{day, 3 * day, 5 * day},
		BeforeKickoff: []time.Duration{day, 2 * time.Hour},
		CloseAfter:    90 * day,
		AskHeld:       []time.Duration{day, 5 * day},
		ListenAfter:   2 * time.Hour, ListenEvery: 12 * time.Hour,
		BeforeDue: []int{7, 1}, AfterDue: 1, FollowEvery: 12 * time.Hour,
		Hours: DefaultHours(time.UTC),
		Ways:  []string{WayMail},
	}
}

// WayMail and WayChat are the ways to a person. A mail waits in its inbox, a direct
// message disturbs: only the second waits for the person's hours.
const (
	WayMail = "mail"
	WayChat = "chat"
)

// The names of duties.
const (
	DutyCollect   = "collect"    // gather the deal from the outside systems
	DutyDraft     = "draft"      // have the engine draft a version
	DutyAskReview = "ask_review" // give the AE the draft to review
	DutyRemindAE  = "remind_ae"
	DutyRelease   = "release" // the moment of publication
	DutyPublish   = "publish" // one destination, one version
	DutyMark      = "mark"    // show in a destination what became of it
	DutyTellCSM   = "tell_csm"
	DutyRemindCSM = "remind_csm"
	DutyTellAE    = "tell_ae" // of a return
	DutyKickoff   = "kickoff"
	DutyClose     = "close"
	DutyReopened  = "reopened" // tell people that the deal was reopened

	DutyAgenda          = "agenda"         // tell the CSM of the agenda
	DutyPublishAgenda   = "publish_agenda" // to one destination
	DutyListen          = "listen"         // look for the kickoff's recording
	DutyAskHeld         = "ask_held"       // ask the CSM whether it was held
	DutySurvey          = "survey"         // settle whom the survey asks
	DutyAsk             = "ask"            // ask one respondent
	DutyAskAgain        = "ask_again"
	DutyMilestones      = "milestones" // take them from the handoff that is out
	DutyRemindMilestone = "remind_milestone"
	DutyFollow          = "follow" // read back what became of their tasks in one system
)

// PublishAt is when the handoff goes out: so long after Closed Won, or before the
// kickoff where that is sooner.
func (r Rules) PublishAt(run Run) time.Time {
	at := run.Won.Add(r.PublishAfter)
	if early := run.Kickoff.Add(-r.KickoffLead); !run.Kickoff.IsZero() && run.Kickoff.After(run.Won) && early.Before(at) {
		return early
	}
	return at
}

// Plan tells the story of a handoff: what is to be done for the run, and when. It
// is asked anew after every change. What it says is done once, however often it
// says it; what it no longer says is not done.
func (r Rules) Plan(run Run) []Duty {
	var p plan
	switch run.Stage {
	case StageClosed:
		return nil
	case StageCancelled:
		r.reopened(&p, run)
		return p
	}
	r.collect(&p, run)
	r.draft(&p, run)
	if run.Quiet {
		return p
	}
	r.review(&p, run)
	r.publish(&p, run)
	r.mark(&p, run)
	r.handOver(&p, run)
	r.kickoff(&p, run)
	return p
}

type plan []Duty

func (p *plan) add(due time.Time, name, to string, n int) {
	*p = append(*p, Duty{Name: name, For: to, N: n, Due: due})
}

// collect gathers the deal: again and again while something is expected, and then
// from time to time until the kickoff, for what came late, for who is assigned,
// and for when the kickoff is.
func (r Rules) collect(p *plan, run Run) {
	if run.Collected.IsZero() || !run.Quiet && run.Stage != StageKickoff {
		p.add(run.NextCollection, DutyCollect, "", run.Collections+1)
	}
}

// draft makes the first version when all has settled, and a further one when the
// deal has more to tell.
func (r Rules) draft(p *plan, run Run) {
	switch {
	case run.Collected.IsZero():
	case run.Version == 0:
		p.add(run.Collected, DutyDraft, "", run.Drafts+1)
	case run.Stale:
		p.add(run.Drafted, DutyDraft, "", run.Drafts+1)
	}
}

// review asks the AE, and reminds kindly until it is published. A draft that came
// too late for that is still shown to the AE: what the AE adds goes out as well. A
// handoff that came back is asked about anew, and so is an AE who took the deal over.
func (r Rules) review(p *plan, run Run) {
	if run.Version == 0 || run.AE.Email == "" {
		return
	}
	round := run.Returns + 1
	since := run.FirstDrafted
	if run.Returns > 0 {
		since = run.Returned
	}
	if run.AEKnown.After(since) {
		since = run.AEKnown
	}
	if run.ReviewedRound >= round || !run.Accepted.IsZero() || run.Stage == StageKickoff || run.Returns > 0 && run.Stage != StageReturned {
		return
	}
	ask := DutyAskReview
	if run.Returns > 0 {
		ask = DutyTellAE
	}
	for _, way := range r.Ways {
		p.add(r.reach(way, since, run.AE), ask, way+":"+run.AE.Email, round)
	}
	for i, after := range r.RemindAE {
		due := r.Hours.Next(since.Add(after), run.AE)
		if run.Returns == 0 && (!run.Published.IsZero() || !due.Before(r.PublishAt(run))) {
			continue // too late to be of use
		}
		for _, way := range r.Ways {
			p.add(due, DutyRemindAE, way+":"+run.AE.Email, 10*round+i)
		}
	}
}

// reach is when a person may be written to in a way.
func (r Rules) reach(way string, from time.Time, who Person) time.Time {
	if way == WayChat {
		return r.Hours.Next(from, who)
	}
	return from
}

// publish releases the handoff at its time, and takes each version to each
// destination. One that is down holds nobody else back.
func (r Rules) publish(p *plan, run Run) {
	if run.Version == 0 {
		return
	}
	if run.Published.IsZero() {
		p.add(r.PublishAt(run), DutyRelease, "", 1)
		return
	}
	due := run.Published
	if run.GatherUntil.After(due) {
		due = run.GatherUntil
	}
	// A version goes out again when people said something of it.
	n := issue(run.PublishedVersion, run.Reissued)
	for _, to := range r.Destinations {
		p.add(due, DutyPublish, to, n)
	}
	if !run.TookPlace().IsZero() {
		return // the agenda is what it was in the call
	}
	for _, to := range r.Agendas {
		p.add(due, DutyPublishAgenda, to+kickoffStamp(run), n)
	}
}

// mostReissues bounds how often one version is told apart, and with it the size
// of the numbers.
const mostReissues = 1000

// issue numbers what goes out: the version, and how often people added to it.
func issue(version, reissued int) int { return version*mostReissues + min(reissued, mostReissues-1) }

// mark shows what became of it, where that is shown. Each return and acceptance
// has a number of its own.
func (r Rules) mark(p *plan, run Run) {
	for _, to := range r.Marked {
		switch {
		case !run.Accepted.IsZero():
			p.add(run.Accepted, DutyMark, to, 2*run.Returns+1+2*mostReissues*run.AcceptedVersion)
		case run.Stage == StageReturned:
			p.add(run.Returned, DutyMark, to, 2*run.Returns)
		}
	}
}

// handOver tells the CSM, whoever that is at the time, and reminds until the
// handoff is accepted, or the kickoff is there.
func (r Rules) handOver(p *plan, run Run) {
	csm := r.csm(run)
	if run.Published.IsZero() || csm.Email == "" || !run.Accepted.IsZero() && csm.Email == run.AcceptedFor {
		return
	}
	since, round := run.Published, run.Returns+1
	switch {
	case run.Returns == 0:
	case run.Answered.IsZero():
		round = run.Returns // it is with the AE, and a new CSM is told of it as it is
	default:
		since = run.Answered
	}
	for _, way := range r.Ways {
		p.add(r.reach(way, since, csm), DutyTellCSM, way+":"+csm.Email, round)
	}
	if run.Stage != StageReturned && run.Stage != StageKickoff && run.Accepted.IsZero() {
		r.remindCSM(p, run, csm, since)
	}
}

// remindCSM reminds on the days after the handoff came, and before the kickoff,
// which has reminders of its own wherever it is moved.
func (r Rules) remindCSM(p *plan, run Run, csm Person, since time.Time) {
	for i, after := range r.RemindCSM {
		due := r.Hours.Next(since.Add(after), csm)
		if !run.Kickoff.IsZero() && !due.Before(run.Kickoff) {
			continue
		}
		for _, way := range r.Ways {
			p.add(due, DutyRemindCSM, way, 100*run.Returns+i+1)
		}
	}
	if run.Kickoff.IsZero() {
		return
	}
	for i, before := range r.BeforeKickoff {
		due := r.Hours.Last(run.Kickoff.Add(-before), csm)
		if !due.After(since) {
			continue // it has only just come
		}
		for _, way := range r.Ways {
			p.add(due, DutyRemindCSM, way+kickoffStamp(run), i+1)
		}
	}
}

// putOff is when a duty may be carried out that is due now: something that
// disturbs a person, and was held up, waits for that person's hours again.
func (r Rules) putOff(run Run, d Duty, now time.Time) time.Time {
	way, whom, _ := strings.Cut(d.For, ":")
	var who Person
	switch d.Name {
	case DutyAskReview, DutyTellAE, DutyRemindAE:
		who = run.AE
	case DutyTellCSM, DutyRemindCSM, DutyAgenda, DutyAskHeld:
		who = r.csm(run)
	case DutyReopened:
		if who = run.AE; whom == "csm" {
			who = r.csm(run)
		}
	default:
		return now
	}
	if way == WayChat || d.Name == DutyRemindAE || d.Name == DutyRemindCSM {
		return r.Hours.Next(now, who)
	}
	return now
}

// pointless reports whether a reminder needs no sending any more: the kickoff is
// there, or a later one is due as well. Who was out of reach for days, or whose
// kickoff was moved close, is reminded once and not of everything that was missed.
func (r Rules) pointless(run Run, d Duty, now time.Time) bool {
	switch d.Name {
	case DutyAgenda, DutyRemindCSM:
		if !run.Kickoff.IsZero() && !now.Before(run.Kickoff) {
			return true
		}
	case DutyRemindAE, DutyAskHeld, DutyRemindMilestone:
	default:
		return false
	}
	way, _, _ := strings.Cut(d.For, ":")
	for _, other := range r.Plan(run) {
		also, _, _ := strings.Cut(other.For, ":")
		if d.Name == DutyRemindMilestone && other.For != d.For {
			continue // of another day, or another owner's
		}
		if other.Name != d.Name || also != way || other.Due.After(now) {
			continue
		}
		if other.Due.After(d.Due) || other.Due.Equal(d.Due) && other.Key() > d.Key() {
			return true
		}
	}
	return false
}

// csm is who gets the handoff: the one assigned, else the configured owner.
func (r Rules) csm(run Run) Person {
	if run.CSM.Email != "" {
		return run.CSM
	}
	return r.Owner
}

// kickoff brings the agenda, marks that the kickoff's time has come, and ends the run
// once nothing is left of it.
func (r Rules) kickoff(p *plan, run Run) {
	if run.Published.IsZero() {
		return
	}
	end := run.Published.Add(r.CloseAfter)
	if !run.Kickoff.IsZero() {
		end = run.Kickoff.Add(r.CloseAfter)
		if run.Stage != StageKickoff {
			p.add(run.Kickoff, DutyKickoff, stampOf(run.Kickoff), 1)
		}
	}
	r.bringAgenda(p, run)
	if run.Stage == StageKickoff {
		r.afterKickoff(p, run)
	}
	r.survey(p, run)
	r.milestones(p, run)
	for _, m := range run.Milestones {
		// Who owns it is reminded, and has two weeks from then.
		if due, ok := dueDay(m); ok && m.Pending() && due.Add(lastLook).After(end) {
			end = due.Add(lastLook)
		}
	}
	if run.Survey != nil && run.Survey.Closes.After(end) {
		end = run.Survey.Closes
	}
	p.add(end, DutyClose, "", 1)
}

// lastLook is how long after the last milestone is due a run ends at the earliest.
const lastLook = 14 * 24 * time.Hour

// stampOf tells apart what is done for a kickoff that is moved.
func stampOf(t time.Time) string { return t.UTC().Format("20060102T1504") }

// kickoffStamp tells the same after what a duty is for; nothing where no kickoff is
// known.
func kickoffStamp(run Run) string {
	if run.Kickoff.IsZero() {
		return ""
	}
	return ":kickoff-" + stampOf(run.Kickoff)
}

// bringAgenda tells the CSM of the agenda a day before the kickoff, once the handoff
// is accepted: before that the reminders to accept it say the same.
func (r Rules) bringAgenda(p *plan, run Run) {
	if run.Kickoff.IsZero() || run.Accepted.IsZero() || run.Stage == StageKickoff || r.csm(run).Email == "" {
		return
	}
	due := r.Hours.Last(run.Kickoff.Add(-24*time.Hour), r.csm(run))
	if due.Before(run.Accepted) {
		due = run.Accepted
	}
	for _, way := range r.Ways {
		p.add(r.reach(way, due, r.csm(run)), DutyAgenda, way+kickoffStamp(run), 1)
	}
}

// afterKickoff looks for the recording, and asks the CSM whether the kickoff was held
// where nothing says so.
func (r Rules) afterKickoff(p *plan, run Run) {
	if run.Recorded.IsZero() && run.Listened < r.ListenTimes {
		p.add(run.Kickoff.Add(r.ListenAfter+time.Duration(run.Listened)*r.ListenEvery), DutyListen, stampOf(run.Kickoff), run.Listened+1)
	}
	csm := r.csm(run)
	if !run.TookPlace().IsZero() || csm.Email == "" {
		return
	}
	for i, after := range r.AskHeld {
		for _, way := range r.Ways {
			p.add(r.Hours.Next(run.Kickoff.Add(after), csm), DutyAskHeld, way+kickoffStamp(run), i+1)
		}
	}
}

// survey settles whom it asks when the kickoff is known to have been, asks them a week
// after it, and reminds once.
func (r Rules) survey(p *plan, run Run) {
	began := run.TookPlace()
	if !r.Surveys || began.IsZero() {
		return
	}
	if run.Survey == nil {
		p.add(began, DutySurvey, "", 1)
		return
	}
	for _, one := range run.Survey.Respondents {
		switch at, remind := survey.RemindAt(*run.Survey, one, r.nextHours); {
		case one.AskedAt == nil:
			p.add(r.AskAt(*run.Survey, one), DutyAsk, one.ID, 1)
		case remind:
			p.add(at, DutyAskAgain, one.ID, 1)
		}
	}
}

// milestones take the promises of the handoff that is out for work, remind those who
// own them, and read back what became of their tasks.
func (r Rules) milestones(p *plan, run Run) {
	at := "" // some days count from the kickoff
	if !run.Kickoff.IsZero() {
		at = stampOf(run.Kickoff)
	}
	p.add(run.Published, DutyMilestones, at, issue(run.PublishedVersion, run.Reissued))
	pending := false
	for _, m := range run.Milestones {
		if !m.Pending() {
			continue
		}
		pending = true
		due, ok := dueDay(m)
		who := r.ownerOf(run, m)
		if !ok || who.Email == "" {
			continue
		}
		for i, days := range append(slices.Clone(r.BeforeDue), -r.AfterDue) {
			at := r.Hours.Next(due.AddDate(0, 0, -days), who)
			if at.Before(run.Published) {
				continue
			}
			for _, way := range r.Ways {
				p.once(at, DutyRemindMilestone, way+":"+dueKey(m), i+1)
			}
		}
	}
	for _, to := range r.Follow {
		f := run.Followed[to]
		from := f.At
		if from.IsZero() {
			from = run.Published
		}
		switch at, apart := apart(run, to); {
		case apart: // the tasks are told at once
			p.add(at, DutyFollow, to, f.Times+1)
		case pending:
			p.add(from.Add(r.FollowEvery), DutyFollow, to, f.Times+1)
		}
	}
}

// once adds a duty unless it is there: one message may be about several milestones.
func (p *plan) once(due time.Time, name, to string, n int) {
	if !slices.ContainsFunc(*p, func(d Duty) bool { return d.Name == name && d.For == to && d.N == n }) {
		p.add(due, name, to, n)
	}
}

// dueDay is the day on which a milestone is due; false where none is known.
func dueDay(m Milestone) (time.Time, bool) {
	t, err := time.Parse(time.DateOnly, m.Due)
	return t, err == nil
}

// reopened tells the AE and the CSM, where they had been told of the handoff.
func (r Rules) reopened(p *plan, run Run) {
	if run.Quiet {
		return
	}
	for _, way := range r.Ways {
		if run.Version > 0 && run.AE.Email != "" {
			p.add(r.reach(way, run.Cancelled, run.AE), DutyReopened, way+":ae", 1)
		}
		if csm := r.csm(run); !run.Published.IsZero() && csm.Email != "" {
			p.add(r.reach(way, run.Cancelled, csm), DutyReopened, way+":csm", 1)
		}
	}
}
