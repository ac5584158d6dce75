package lifecycle

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"throughline/connect"
)

// askReview gives the AE the draft.
func (s *Service) askReview(ctx context.Context, run Run, d Duty) (outcome, error) {
	when := "It goes to the CSM on " + s.Rules.PublishAt(run).In(s.Rules.Hours.zone(run.AE)).Format("Monday, 2 January, 15:04 MST") + "."
	if !run.Published.IsZero() {
		when = "The CSM has it already; what you add is shown there at once."
	}
	link, err := s.reviewLink(ctx, run)
	if err != nil {
		return outcome{}, err
	}
	now := s.Now()
	out, err := s.send(ctx, run, d, run.AE, connect.Message{
		Subject: "Your handoff of " + run.Deal.Customer + " is drafted",
		Paragraphs: []string{
			fmt.Sprintf("%s closed, and a handoff for the CSM is drafted from the calls, mails and notes of the deal.", run.Deal.Name),
			"You know what was not written down. Five minutes are enough: confirm what stands there, add context the CSM needs to deliver, and answer the open questions.",
			when,
		},
		Actions: link,
	})
	if err != nil {
		return outcome{}, err
	}
	out.apply = func(run *Run) []Move {
		if run.Stage == StageDrafted {
			return enter(run, now, us, StageInReview, "the AE has it")
		}
		return nil
	}
	return out, nil
}

func (s *Service) remindAE(ctx context.Context, run Run, d Duty) (outcome, error) {
	link, err := s.reviewLink(ctx, run)
	if err != nil {
		return outcome{}, err
	}
	return s.send(ctx, run, d, run.AE, connect.Message{
		Subject:    "A few minutes for the handoff of " + run.Deal.Customer,
		Paragraphs: []string{"The draft is still open to your additions. Whatever you add is one question less that the customer hears twice."},
		Actions:    link,
	})
}

// tellAE asks the AE for what the CSM found to be missing.
func (s *Service) tellAE(ctx context.Context, run Run, d Duty) (outcome, error) {
	link, err := s.reviewLink(ctx, run)
	if err != nil {
		return outcome{}, err
	}
	paragraphs := []string{reasons[run.ReturnReason]}
	if run.ReturnNote != "" {
		paragraphs = append(paragraphs, run.ReturnNote)
	}
	return s.send(ctx, run, d, run.AE, connect.Message{
		Subject: "The CSM has a question on the handoff of " + run.Deal.Customer, Paragraphs: paragraphs, Actions: link,
	})
}

var reasons = map[Reason]string{
	ReasonMissingContext: "The CSM needs context that is not in the handoff yet.",
	ReasonUnclear:        "Something in the handoff is not clear enough for the CSM to act on.",
	ReasonIncorrect:      "Something in the handoff differs from what the CSM knows.",
	ReasonWrongCSM:       "Another CSM takes this account; please have the CRM name the right one.",
}

// tellCSM hands over. A CSM who is assigned later is told then, and whoever
// returned the handoff is told when it comes back.
func (s *Service) tellCSM(ctx context.Context, run Run, d Duty) (outcome, error) {
	page, err := s.page(ctx, run, "Read and accept it")
	if err != nil {
		return outcome{}, err
	}
	subject := "The handoff of " + run.Deal.Customer + " is there"
	if d.N > 1 && run.Stage != StageReturned {
		subject = "The handoff of " + run.Deal.Customer + " is back, with an answer"
	}
	return s.send(ctx, run, d, s.Rules.csm(run), connect.Message{
		Subject: subject,
		Paragraphs: []string{
			"What was discussed while the deal was made, with the customer's own words: the deal, the context you need to deliver, the people, what they expect by day 30, 60 and 90, and the risks.",
			s.kickoffLine(run),
		},
		Actions: page,
	})
}

func (s *Service) remindCSM(ctx context.Context, run Run, d Duty) (outcome, error) {
	page, err := s.page(ctx, run, "Read and accept it")
	if err != nil {
		return outcome{}, err
	}
	return s.send(ctx, run, d, s.Rules.csm(run), connect.Message{
		Subject: "Before the kickoff with " + run.Deal.Customer, Paragraphs: []string{"The handoff waits for you to accept it, or to return it with what is missing.", s.kickoffLine(run)}, Actions: page,
	})
}

// tellReopened tells somebody who had the handoff that it rests.
func (s *Service) tellReopened(ctx context.Context, run Run, d Duty) (outcome, error) {
	_, whom, _ := strings.Cut(d.For, ":")
	to := run.AE
	if whom == "csm" {
		to = s.Rules.csm(run)
	}
	return s.send(ctx, run, d, to, connect.Message{
		Subject:    "Reopened: " + run.Deal.Customer,
		Paragraphs: []string{"The deal was reopened in the CRM, so its handoff rests. When it is won again, there is a new one."},
	})
}

func (s *Service) kickoffLine(run Run) string {
	if run.Kickoff.IsZero() {
		return "No date of the kickoff is known yet."
	}
	return "The kickoff is on " + run.Kickoff.In(s.Rules.Hours.zone(s.Rules.csm(run))).Format("Monday, 2 January, 15:04 MST") + "."
}

// send writes to a person by the way of the duty. The key holds the run and the
// duty: however often it is sent, it is one message. A duty toward somebody whose
// place another took meanwhile has a duty of that one's in its stead.
func (s *Service) send(ctx context.Context, run Run, d Duty, to Person, m connect.Message) (outcome, error) {
	way, whom, _ := strings.Cut(d.For, ":")
	if isAddress(whom) && whom != to.Email {
		return outcome{}, nil
	}
	messenger, ok := s.Messengers[way]
	if !ok {
		return outcome{}, fmt.Errorf("no way %q to people is configured any more", way)
	}
	m.Key, m.To = messageKey(run, d), to.Email
	if _, err := messenger.Send(ctx, m); err != nil {
		return outcome{}, err
	}
	return outcome{}, nil
}

// isAddress tells a person's address in a duty from other things that tell duties
// apart.
func isAddress(whom string) bool { return strings.Contains(whom, "@") }

// longestKey is how long a message's key may be, see [connect.Message].
const longestKey = 64

// messageKey names a duty of a run with the letters that keys may have. A person's
// address is in it by a digest, since keys are kept here and travel with messages.
// Of a key that would be too long a digest stands for the end.
func messageKey(run Run, d Duty) string {
	if way, whom, _ := strings.Cut(d.For, ":"); isAddress(whom) {
		sum := sha256.Sum256([]byte(run.ID + " " + whom))
		d.For = way + "." + hex.EncodeToString(sum[:4])
	}
	key := run.ID + "." + strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '-', r == '_':
			return r
		}
		return '_'
	}, d.Key())
	if len(key) <= longestKey {
		return key
	}
	sum := sha256.Sum256([]byte(run.ID + "." + d.Key()))
	return key[:longestKey-17] + "." + hex.EncodeToString(sum[:8])
}

func (s *Service) reviewLink(ctx context.Context, run Run) ([]connect.Action, error) {
	if s.Links == nil {
		return nil, nil
	}
	url, err := s.Links.Review(ctx, run)
	if err != nil {
		return nil, fmt.Errorf("making the review's address: %w", err)
	}
	return []connect.Action{{Label: "Review the draft", URL: url, Primary: true}}, nil
}

func (s *Service) page(ctx context.Context, run Run, label string) ([]connect.Action, error) {
	if s.Links == nil {
		return nil, nil
	}
	url, err := s.Links.Page(ctx, run)
	if err != nil {
		return nil, fmt.Errorf("making the page's address: %w", err)
	}
	return []connect.Action{{Label: label, URL: url, Primary: true}}, nil
}
