package lifecycle

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"throughline"
	"throughline/connect"
	"throughline/survey"
)

// Surveys are what asking the customer's people takes.
type Surveys struct {
	Links *survey.Links
	// Post sends a mail, once for each key.
	Post func(ctx context.Context, l connect.Letter) (connect.Copy, error)
	// Seller is the name that the question asks about; empty for the seller's in the
	// handoff.
	Seller   string
	Internal []string // the seller's domains, beside that in the handoff
	DoNotAsk []string // see [survey.Choice]
}

// openSurvey settles whom the survey asks once the kickoff is known to have been.
// Nobody is written to yet.
func (s *Service) openSurvey(ctx context.Context, run Run, _ Duty) (outcome, error) {
	made, left, err := s.SurveyOf(ctx, run)
	if err != nil {
		return outcome{}, err
	}
	now := s.Now()
	return outcome{apply: func(run *Run) []Move {
		run.Survey = made
		why := fmt.Sprintf("%d of the customer's people are asked; %d of who was there are not", len(made.Respondents), len(left))
		if len(made.Respondents) == 0 {
			why = "nobody can be asked: no address of the customer's people who were there is known, or all of them are not to be asked"
		}
		return []Move{{At: now, Who: us, What: "survey_opened", From: run.Stage, To: run.Stage, Why: why}}
	}}, nil
}

// SurveyOf is the survey of a run's kickoff as it would be opened now, and who of those
// that were there is not asked, with why.
func (s *Service) SurveyOf(ctx context.Context, run Run) (*throughline.Survey, []survey.LeftOut, error) {
	h, err := s.version(ctx, run, run.PublishedVersion)
	if err != nil {
		return nil, nil, err
	}
	began := run.TookPlace()
	made := &throughline.Survey{
		ID: run.ID, Deal: run.Deal.ID, Seller: cmp.Or(s.Surveys.Seller, h.Deal.Seller.Name), Language: h.Language, Kickoff: began, Closes: survey.Closes(began),
		AcceptedBeforeKickoff: run.Ready, Adopted: !run.Quiet,
	}
	var people []throughline.Person
	stopped := map[string]bool{}
	for _, a := range run.Attendees {
		people = append(people, throughline.Person{Name: a.Name, Email: a.Email, Side: throughline.SideCustomer})
		id := s.Surveys.Links.Respondent(a.Email)
		if stopped[id], err = s.Store.Stopped(ctx, id); err != nil {
			return nil, nil, fmt.Errorf("reading who unsubscribed: %w", err)
		}
	}
	choice := survey.Choice{
		Internal: append(slices.Clone(s.Surveys.Internal), h.Deal.Seller.Domain), DoNotAsk: s.Surveys.DoNotAsk,
		Stopped: func(id string) bool { return stopped[id] },
		Zone:    func(p throughline.Person) string { return zoneOf(run, p.Email) },
	}
	asked, left := s.Surveys.Links.Choose(people, choice)
	made.Respondents = asked
	return made, left, nil
}

// zoneOf is an attendee's time zone, where it is known.
func zoneOf(run Run, email string) string {
	for _, a := range run.Attendees {
		if strings.EqualFold(a.Email, email) {
			return a.Zone
		}
	}
	return ""
}

// ErrAsked says that somebody was asked already.
var ErrAsked = errors.New("the first mails are out: whom they went to can't be changed any more")

// ErrNoSurvey says that surveys are off.
var ErrNoSurvey = errors.New("surveys are off")

// ChooseRespondents settles who of the customer's is asked, until the first mail has
// gone.
func (s *Service) ChooseRespondents(ctx context.Context, id, who string, attendees []Person) error {
	if s.Surveys == nil {
		return ErrNoSurvey
	}
	run, err := s.Store.Run(ctx, id)
	if err != nil {
		return fmt.Errorf("run %s: %w", id, err)
	}
	run.Attendees, run.AttendeesBy = attendees, who
	var made *throughline.Survey
	if run.Survey != nil {
		if made, _, err = s.SurveyOf(ctx, run); err != nil {
			return err
		}
	}
	now := s.Now()
	return s.act(ctx, id, func(run *Run) ([]Move, error) {
		if run.Stage == StageClosed || run.Stage == StageCancelled {
			return nil, ErrTooLate
		}
		if run.Survey != nil && slices.ContainsFunc(run.Survey.Respondents, func(r throughline.Respondent) bool { return r.AskedAt != nil }) {
			return nil, ErrAsked
		}
		run.Attendees, run.AttendeesBy = attendees, who
		if run.Survey != nil && made != nil {
			run.Survey = made
		}
		return []Move{{At: now, Who: who, What: "respondents_chosen", From: run.Stage, To: run.Stage, Why: fmt.Sprintf("%d of the customer's people", len(attendees))}}, nil
	})
}

// ask writes to one respondent: the first mail, or the one reminder. Who answered or
// unsubscribed meanwhile is not written to.
func (s *Service) ask(ctx context.Context, run Run, d Duty) (outcome, error) {
	r, ok := respondent(run, d.For)
	if !ok || s.Surveys == nil || !s.Now().Before(run.Survey.Closes) {
		return outcome{}, nil
	}
	if answered, err := s.Store.Answered(ctx, run.Survey.ID, r.ID); answered || err != nil {
		return outcome{}, err
	}
	if stopped, err := s.Store.Stopped(ctx, r.ID); stopped || err != nil {
		return outcome{}, err
	}
	m, err := s.Surveys.Links.Mail(*run.Survey, r)
	if err != nil {
		return outcome{}, fmt.Errorf("writing the survey's mail: %w", err)
	}
	_, err = s.Surveys.Post(ctx, connect.Letter{Key: m.Key, To: m.To, Subject: m.Subject, Text: m.Text, HTML: m.HTML, Header: m.Header()})
	if err != nil {
		return outcome{}, err
	}
	now := s.Now()
	return outcome{apply: func(run *Run) []Move {
		if run.Survey == nil {
			return nil
		}
		changed := *run.Survey
		changed.Respondents = slices.Clone(changed.Respondents)
		for i := range changed.Respondents {
			if changed.Respondents[i].ID != r.ID {
				continue
			}
			if d.Name == DutyAsk {
				changed.Respondents[i].AskedAt = &now
			} else {
				changed.Respondents[i].RemindedAt = &now
			}
		}
		run.Survey = &changed
		return nil
	}}, nil
}

func respondent(run Run, id string) (throughline.Respondent, bool) {
	if run.Survey == nil {
		return throughline.Respondent{}, false
	}
	i := slices.IndexFunc(run.Survey.Respondents, func(r throughline.Respondent) bool { return r.ID == id })
	if i < 0 {
		return throughline.Respondent{}, false
	}
	return run.Survey.Respondents[i], true
}

// AskAt is when a respondent is asked.
func (r Rules) AskAt(s throughline.Survey, one throughline.Respondent) time.Time {
	return survey.AskAt(s, one, r.nextHours)
}

// nextHours are the hours of people of whom only the time zone is known.
func (r Rules) nextHours(t time.Time, zone string) time.Time {
	return r.Hours.Next(t, Person{Zone: zone})
}
