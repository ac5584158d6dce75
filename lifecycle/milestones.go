package lifecycle

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"throughline"
	"throughline/connect"
)

// A Milestone is one of the run's, with what was last seen of its task in each
// outside system.
type Milestone struct {
	throughline.Milestone
	Seen map[string]SeenTask `json:",omitempty"` // by destination
}

// A SeenTask is what a milestone's task looked like. What differs from it the next
// time is what somebody did there.
type SeenTask struct {
	Done  bool
	Due   string
	Owner string
	URL   string
	Told  time.Time // when it was last told what became of the milestone; zero for never
}

// takeMilestones brings the run's milestones in line with the handoff that is out.
// What people and systems made of them stays.
func (s *Service) takeMilestones(ctx context.Context, run Run, _ Duty) (outcome, error) {
	h, err := s.version(ctx, run, run.PublishedVersion)
	if err != nil {
		return outcome{}, err
	}
	promised := milestonesOf(h)
	return outcome{apply: func(run *Run) []Move {
		run.Milestones = mergedMilestones(run.Milestones, promised)
		return nil
	}}, nil
}

// milestonesOf are a handoff's milestones before anybody worked on them, but for
// what the AE said is no commitment. Two that stand on the same words have ids of
// their own.
func milestonesOf(h *throughline.Handoff) []throughline.Milestone {
	var out []throughline.Milestone
	for _, m := range connect.Milestones(h) {
		out = append(out, throughline.Milestone{
			ID: m.ID, Item: m.Item.ID, Day: m.Item.Day, Text: m.Text, Promised: m.Due, Due: m.Due, Status: throughline.MilestoneOpen,
		})
	}
	return out
}

// mergedMilestones are those that there are, with what the newest version says of
// each. A day that nobody changed follows the promise.
func mergedMilestones(there []Milestone, promised []throughline.Milestone) []Milestone {
	out := slices.Clone(there)
	for i := range out {
		out[i].Withdrawn = true
	}
	for _, p := range promised {
		i := slices.IndexFunc(out, func(m Milestone) bool { return m.ID == p.ID })
		if i < 0 {
			out = append(out, Milestone{Milestone: p})
			continue
		}
		m := &out[i]
		if m.Due == m.Promised {
			m.Due = p.Due
		}
		m.Item, m.Day, m.Text, m.Promised, m.Withdrawn = p.Item, p.Day, p.Text, p.Promised, false
	}
	slices.SortStableFunc(out, func(a, b Milestone) int { return strings.Compare(dueOrder(a), dueOrder(b)) })
	return out
}

// dueOrder sorts by the day, with those that have none at the end.
func dueOrder(m Milestone) string {
	if m.Due == "" {
		return "9999"
	}
	return m.Due
}

// A MilestoneEdit is what somebody says of a milestone. Fields that are nil stay.
type MilestoneEdit struct {
	Status   *throughline.MilestoneStatus
	Owner    *string // email address; empty for the CSM
	Due      *string // YYYY-MM-DD
	Evidence *string
	Link     *string
	Why      string // of a later day or none, or of a milestone that is dropped
}

// longestEvidence bounds what somebody says of a milestone, in characters.
const longestEvidence = 2000

// Errors of an edit, for the person who made it.
var (
	ErrNoMilestone = errors.New("the handoff has no such milestone any more")
	ErrNeedsWhy    = errors.New("say why in a sentence: the customer was told something else")
)

// SetMilestone takes what somebody says of a milestone.
func (s *Service) SetMilestone(ctx context.Context, id, milestone, who string, e MilestoneEdit) error {
	if err := e.check(); err != nil {
		return err
	}
	now := s.Now()
	return s.act(ctx, id, func(run *Run) ([]Move, error) {
		if run.Stage == StageCancelled {
			return nil, ErrTooLate
		}
		run.Milestones = slices.Clone(run.Milestones)
		i := slices.IndexFunc(run.Milestones, func(m Milestone) bool { return m.ID == milestone })
		if i < 0 {
			return nil, ErrNoMilestone
		}
		was := run.Milestones[i].Milestone
		done, err := e.apply(&run.Milestones[i].Milestone, now)
		if err != nil || len(done) == 0 {
			return nil, err
		}
		note(&run.Milestones[i].Milestone, now, who, strings.Join(done, "; "))
		return []Move{{At: now, Who: who, What: "milestone", From: run.Stage, To: run.Stage, Why: fmt.Sprintf("day %d, %s: %s", was.Day, milestone, strings.Join(done, "; "))}}, nil
	})
}

// An EditError says what of an edit can't be taken, for the person who made it.
type EditError struct{ What string }

func (e EditError) Error() string { return e.What }

func (e MilestoneEdit) check() error {
	switch {
	case e.Status != nil && !slices.Contains(throughline.MilestoneStatuses, *e.Status):
		return EditError{fmt.Sprintf("%q is no status of a milestone: name one of open, started, met, dropped", *e.Status)}
	case e.Owner != nil && *e.Owner != "" && !isAddress(*e.Owner):
		return EditError{"the owner is to be an email address"}
	case e.Evidence != nil && utf8.RuneCountInString(*e.Evidence) > longestEvidence:
		return EditError{fmt.Sprintf("what shows the delivery may have %d characters", longestEvidence)}
	}
	if e.Due != nil && *e.Due != "" {
		if _, err := time.Parse(time.DateOnly, *e.Due); err != nil {
			return EditError{"the day is to be written as 2026-11-05"}
		}
	}
	if e.Link != nil && *e.Link != "" {
		u, err := url.Parse(*e.Link)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
			return EditError{"the link is to begin with https:// or http://"}
		}
	}
	return nil
}

// apply changes the milestone, and says what was changed.
func (e MilestoneEdit) apply(m *throughline.Milestone, now time.Time) ([]string, error) {
	var done []string
	why := strings.TrimSpace(e.Why)
	if e.Due != nil && *e.Due != m.Due {
		if why == "" && (*e.Due == "" || *e.Due > m.Promised) {
			return nil, ErrNeedsWhy
		}
		done = append(done, fmt.Sprintf("due on %s instead of %s", orNone(*e.Due), orNone(m.Due)))
		m.Due = *e.Due
	}
	if e.Owner != nil && !strings.EqualFold(*e.Owner, m.Owner) {
		m.Owner = strings.ToLower(*e.Owner)
		done = append(done, "owned by "+cmp.Or(m.Owner, "the CSM"))
	}
	if e.Evidence != nil && strings.TrimSpace(*e.Evidence) != m.Evidence {
		m.Evidence = strings.TrimSpace(*e.Evidence)
		done = append(done, "what shows the delivery was noted")
	}
	if e.Link != nil && *e.Link != m.Link {
		m.Link = *e.Link
		done = append(done, "where it shows was noted")
	}
	if e.Status != nil && *e.Status != m.Status {
		if *e.Status == throughline.MilestoneDropped && why == "" {
			return nil, ErrNeedsWhy
		}
		setStatus(m, *e.Status, now)
		done = append(done, string(m.Status))
	}
	if len(done) > 0 && why != "" {
		done = append(done, why)
	}
	return done, nil
}

func setStatus(m *throughline.Milestone, to throughline.MilestoneStatus, at time.Time) {
	m.Status, m.Met = to, nil
	if to == throughline.MilestoneMet {
		m.Met = &at
	}
}

func note(m *throughline.Milestone, at time.Time, by, what string) {
	m.Changes = append(slices.Clone(m.Changes), throughline.MilestoneChange{At: at, By: by, What: what})
}

// changed is when something last became of the milestone.
func (m Milestone) changed() time.Time {
	if len(m.Changes) == 0 {
		return time.Time{}
	}
	return m.Changes[len(m.Changes)-1].At
}

// settled reports whether its tasks are to be completed.
func (m Milestone) settled() bool {
	return m.Status == throughline.MilestoneMet || m.Status == throughline.MilestoneDropped
}

// task is what its task is to say where it looks like seen; false where it says that.
func (m Milestone) task(seen SeenTask) (connect.TaskChange, bool) {
	c := connect.TaskChange{Milestone: m.ID}
	if m.settled() != seen.Done {
		c.State = connect.TaskStateOf(m.settled())
	}
	if !m.settled() && m.Due != "" && m.Due != seen.Due && (seen.Due != "" || m.Due != m.Promised) {
		c.Due = m.Due
	}
	return c, !m.Withdrawn && (c.State != "" || c.Due != "")
}

// apart reports whether milestones say something else than their tasks in a system, as
// far as those are known, and since when: not from before the tasks were last looked at.
func apart(run Run, to string) (since time.Time, is bool) {
	f := run.Followed[to]
	for _, m := range run.Milestones {
		seen, known := m.Seen[to]
		if !known {
			seen = SeenTask{Due: m.Promised}
		}
		if _, differs := m.task(seen); !differs || !known && f.Times > 0 || m.changed().Before(f.At) {
			continue
		}
		if at := m.changed(); !is || at.Before(since) {
			since, is = at, true
		}
	}
	return since, is
}

// orNone is a day, or that there is none.
func orNone(day string) string { return cmp.Or(day, "no day") }

// follow looks at what became of the milestones' tasks in one system, and then has them
// say what became of the milestones elsewhere.
func (s *Service) follow(ctx context.Context, run Run, d Duty) (outcome, error) {
	now := s.Now()
	next := func(run *Run) {
		follows := map[string]Followed{}
		for to, f := range run.Followed {
			follows[to] = f
		}
		follows[d.For] = Followed{Times: d.N, At: now}
		run.Followed = follows
	}
	to, ok := s.Destinations[d.For]
	if !ok || to.Follow == nil {
		return outcome{apply: func(run *Run) []Move { next(run); return nil }}, nil
	}
	p, err := s.publication(ctx, run, run.PublishedVersion, to.Audience)
	if err != nil {
		return outcome{}, err
	}
	tasks, err := to.Follow(ctx, p)
	if err != nil {
		return outcome{}, err
	}
	_, changes := followAll(&run, d.For, tasks, now)
	if len(changes) > 0 {
		if err := to.SetTasks(ctx, p, changes); err != nil {
			return outcome{}, err
		}
	}
	return outcome{apply: func(run *Run) []Move {
		next(run)
		moves, _ := followAll(run, d.For, tasks, now)
		for _, c := range changes {
			told(run, d.For, c, now)
		}
		return moves
	}}, nil
}

// followAll takes over what became of the tasks in a system, and says what they are to
// be told.
func followAll(run *Run, in string, tasks []connect.Followed, now time.Time) (moves []Move, changes []connect.TaskChange) {
	run.Milestones = slices.Clone(run.Milestones)
	for i := range run.Milestones {
		m := &run.Milestones[i]
		n := slices.IndexFunc(tasks, func(t connect.Followed) bool { return t.Milestone == m.ID })
		if n < 0 { // people deleted it, or it was never made
			m.Seen = maps.Clone(m.Seen)
			delete(m.Seen, in)
			continue
		}
		if done := followed(m, in, tasks[n], now); len(done) > 0 {
			note(&m.Milestone, now, in, strings.Join(done, "; "))
			moves = append(moves, Move{At: now, Who: us, What: "milestone", From: run.Stage, To: run.Stage, Why: fmt.Sprintf("day %d, %s: %s in %s", m.Day, m.ID, strings.Join(done, "; "), in)})
		}
		if c, differs := m.task(m.Seen[in]); differs {
			changes = append(changes, c)
		}
	}
	return moves, changes
}

// told notes that a task says what it was told, so that this is not taken for something
// that somebody did there.
func told(run *Run, in string, c connect.TaskChange, now time.Time) {
	i := slices.IndexFunc(run.Milestones, func(m Milestone) bool { return m.ID == c.Milestone })
	if i < 0 {
		return
	}
	seen := run.Milestones[i].Seen[in]
	seen.Told = now
	if c.State != "" {
		seen.Done = c.State == connect.TaskDone
	}
	if c.Due != "" {
		seen.Due = c.Due
	}
	run.Milestones[i].Seen = maps.Clone(run.Milestones[i].Seen)
	run.Milestones[i].Seen[in] = seen
}

// followed takes over what somebody did to the task since it was last seen, and says
// what. A later change wins, wherever it was made.
func followed(m *Milestone, in string, t connect.Followed, now time.Time) []string {
	was, known := m.Seen[in]
	if !known {
		was = SeenTask{Due: m.Promised, Owner: t.Owner}
	}
	if !t.At.IsZero() && t.At.Before(was.Told) {
		return nil // it is as it was before it was told: some systems tell late
	}
	seen := map[string]SeenTask{in: {Done: t.Done, Due: t.Due, Owner: t.Owner, URL: t.URL, Told: was.Told}}
	for k, v := range m.Seen {
		if k != in {
			seen[k] = v
		}
	}
	m.Seen = seen
	var done []string
	switch {
	case t.Done && !was.Done && m.Pending():
		at := t.At
		if at.IsZero() || at.After(now) {
			at = now
		}
		setStatus(&m.Milestone, throughline.MilestoneMet, at)
		done = append(done, "met")
	case !t.Done && was.Done && m.settled():
		setStatus(&m.Milestone, throughline.MilestoneOpen, now)
		done = append(done, "open again")
	}
	ours := m.Due != was.Due && m.changed().After(t.At) && !t.At.IsZero() // moved here after it was there
	if t.Due != "" && t.Due != was.Due && t.Due != m.Due && !ours {
		done = append(done, fmt.Sprintf("due on %s instead of %s", t.Due, orNone(m.Due)))
		m.Due = t.Due
	}
	if owner := strings.ToLower(t.Owner); owner != "" && !strings.EqualFold(owner, was.Owner) && owner != m.Owner {
		m.Owner = owner
		done = append(done, "owned by "+owner)
	}
	return done
}

// remindMilestones writes to an owner of the milestones that are due on a day, or
// were.
func (s *Service) remindMilestones(ctx context.Context, run Run, d Duty) (outcome, error) {
	var of []Milestone
	for _, m := range run.Milestones {
		if m.Pending() && strings.HasSuffix(d.For, ":"+dueKey(m)) {
			of = append(of, m)
		}
	}
	if len(of) == 0 {
		return outcome{}, nil
	}
	actions, err := s.page(ctx, run, "Open the milestones")
	if err != nil {
		return outcome{}, err
	}
	for i := range actions {
		actions[i].URL += "/milestones"
	}
	h, err := s.version(ctx, run, run.PublishedVersion)
	if err != nil {
		return outcome{}, err
	}
	late := s.Now().UTC().Format(time.DateOnly) > of[0].Due
	message := connect.Message{Subject: fmt.Sprintf("Due on %s: what %s was promised", dayOf(of[0].Due), run.Deal.Customer), Actions: actions}
	message.Paragraphs = []string{fmt.Sprintf("On %s this is due. Note what shows the delivery, or agree another day with the customer before it comes.", dayOf(of[0].Due))}
	if late {
		message.Subject = fmt.Sprintf("Still open: what %s was promised for %s", run.Deal.Customer, dayOf(of[0].Due))
		message.Paragraphs = []string{fmt.Sprintf("This was due on %s, and is not marked as met. The customer heard the words below; tell them what day they can count on.", dayOf(of[0].Due))}
	}
	for _, m := range of {
		message.Paragraphs = append(message.Paragraphs, promiseLine(h, m))
	}
	return s.send(ctx, run, d, s.owner(run, of[0]), message)
}

// promiseLine is a milestone with what the customer heard.
func promiseLine(h *throughline.Handoff, m Milestone) string {
	text := m.Text
	for _, it := range h.Items {
		if it.ID != m.Item {
			continue
		}
		if said := it.Promises(); len(said) > 0 {
			text += " “" + said[0].Quote + "”"
			if said[0].Speaker != "" {
				text += " (" + said[0].Speaker + ")"
			}
		}
	}
	return text
}

func dayOf(day string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return t.Format("Monday, 2 January")
}

// owner is whose milestone it is.
func (s *Service) owner(run Run, m Milestone) Person { return s.Rules.ownerOf(run, m) }

func (r Rules) ownerOf(run Run, m Milestone) Person {
	csm := r.csm(run)
	switch {
	case m.Owner == "" || strings.EqualFold(m.Owner, csm.Email):
		return csm
	case strings.EqualFold(m.Owner, run.AE.Email):
		return run.AE
	}
	return Person{Email: m.Owner}
}

// dueKey is the same for milestones that one message is about: of one owner, due on
// one day. The address is in it by a digest.
func dueKey(m Milestone) string {
	sum := sha256.Sum256([]byte(strings.ToLower(m.Owner)))
	return m.Due + "-" + hex.EncodeToString(sum[:4])
}
