package main

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"throughline"
	"throughline/lifecycle"
	"throughline/survey"
	smtptwin "throughline/twin/smtp"
)

// What follows the kickoff in the demo: its recording, the customer's answer, and the
// number.

//go:embed demo/kickoff
var kickoffFiles embed.FS

// meet is the kickoff: once its time has come it has been recorded.
func (p *play) meet(ctx context.Context) error {
	run, detected, err := p.run(ctx)
	if err != nil || !detected || p.met || run.Stage != lifecycle.StageKickoff || p.clock.now().Before(demoKickoff) {
		return err
	}
	p.met = true
	return p.record()
}

// record has Gong hold the recording of the kickoff.
func (p *play) record() error {
	for _, name := range []string{"calls.json", "transcripts.json"} {
		raw, err := kickoffFiles.ReadFile("demo/kickoff/" + name)
		if err != nil {
			return fmt.Errorf("finding the demo's kickoff in the program: %w", err)
		}
		var body struct {
			Calls       []map[string]any `json:"calls"`
			Transcripts []map[string]any `json:"callTranscripts"`
		}
		if err := json.Unmarshal(raw, &body); err != nil {
			return fmt.Errorf("reading the demo's kickoff: %w", err)
		}
		for _, c := range body.Calls {
			p.twins.gong.AddCall(c)
		}
		for _, t := range body.Transcripts {
			p.twins.gong.AddTranscript(t)
		}
	}
	return nil
}

// before imports what customers of the demo's company answered in the year before:
// invented, as the deal is.
func (p *play) before(ctx context.Context) error {
	raw, err := kickoffFiles.ReadFile("demo/kickoff/baseline.csv")
	if err != nil {
		return fmt.Errorf("finding the demo's baseline in the program: %w", err)
	}
	answers, _, err := survey.ReadBaseline("baseline.csv", bytes.NewReader(raw))
	if err != nil {
		return err
	}
	return p.db.SetBaseline(ctx, answers)
}

// customer is the one of the customer's people whose mailbox is shown: the first who
// was asked; empty before.
func customer(run lifecycle.Run) (name, address string) {
	if run.Survey == nil {
		return "", ""
	}
	for _, r := range run.Survey.Respondents {
		if r.AskedAt != nil {
			return r.Name, r.Email
		}
	}
	return "", ""
}

// votes are the links of the scores in the newest survey mail of a mailbox, from 0 to
// 10.
func (p *play) votes(address string) []smtptwin.Link {
	inbox := p.twins.mail.Inbox(address)
	if len(inbox) == 0 {
		return nil
	}
	var out []smtptwin.Link
	for _, l := range inbox[len(inbox)-1].Links {
		if strings.Contains(l.URL, survey.VotePath) && !strings.Contains(l.URL, survey.StopPath) && l.Label != l.URL {
			out = append(out, l)
		}
	}
	return out
}

// answered is when somebody of the customer's first answered; zero before.
func (p *play) answered(ctx context.Context, run lifecycle.Run) (time.Time, error) {
	answers, err := p.db.AnswersTo(ctx, run.ID)
	if err != nil || len(answers) == 0 {
		return time.Time{}, err
	}
	return answers[0].At, nil
}

// formToken is the proof in the survey's page that a form comes from it.
var formToken = regexp.MustCompile(`name="form" value="([^"]+)"`)

// vote opens a score's link and sends the page's form, as a person would.
func vote(ctx context.Context, link, score, comment string) error {
	page, err := open(ctx, http.MethodGet, link, nil)
	if err != nil {
		return err
	}
	token := formToken.FindStringSubmatch(page)
	if token == nil {
		return errors.New("the survey's page has no form")
	}
	_, err = open(ctx, http.MethodPost, link, url.Values{"form": {token[1]}, "score": {score}, "comment": {comment}})
	return err
}

func open(ctx context.Context, method, at string, form url.Values) (string, error) {
	req, err := http.NewRequestWithContext(ctx, method, at, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("the survey's page answered %s", resp.Status)
	}
	return string(body), err
}

// A stop is a moment at which time stands by itself, once, for who watches.
type stop struct {
	name string
	due  func(run lifecycle.Run) bool
	why  string
}

// stops are where somebody has something to look at or to do.
var stops = []stop{
	{"published", func(run lifecycle.Run) bool { return !run.Published.IsZero() }, "It is the CSM’s turn. Accept the handoff in the deal channel, or let time run on and see the reminders."},
	{"held", func(run lifecycle.Run) bool { return run.Survey != nil }, "The kickoff has been. Open its page: its recording was held against the agenda. In a week the customer is asked."},
	{"asked", asked, "It is the customer’s turn: choose a score in their mailbox."},
}

// asked reports whether everybody was asked who is to be.
func asked(run lifecycle.Run) bool {
	return run.Survey != nil && len(run.Survey.Respondents) > 0 &&
		!slices.ContainsFunc(run.Survey.Respondents, func(r throughline.Respondent) bool { return r.AskedAt == nil })
}

// playOn is what follows the publication without anybody watching: the CSM accepts,
// the kickoff is held, and one of the customer's people answers.
func (p *play) playOn(ctx context.Context, say func(string, ...any) error, told int, run lifecycle.Run) error {
	if err := p.service.AcceptVersion(ctx, run.ID, run.CSM.Email, run.PublishedVersion); err != nil {
		return err
	}
	for !asked(run) {
		if err := p.jump(ctx); err != nil {
			return err
		}
		var err error
		if run, _, err = p.run(ctx); err != nil {
			return err
		}
		if told, err = p.tell(ctx, say, told, run); err != nil {
			return err
		}
		if err := p.parked(ctx, run); err != nil {
			return err
		}
		if run.Stage == lifecycle.StageClosed {
			return errors.New("the demo did not go on: nobody was asked after the kickoff")
		}
	}
	name, address := customer(run)
	links := p.votes(address)
	if len(links) != 11 {
		return fmt.Errorf("the demo did not go on: the survey's mail has %d scores", len(links))
	}
	const score, comment = "9", "You started where we had left off with Caleb."
	if err := vote(ctx, links[9].URL, score, comment); err != nil {
		return err
	}
	if err := say("%s  answered: %s gives a %s: “%s”\n", clockTime(p.clock.now()), name, score, comment); err != nil {
		return err
	}
	r, err := p.number(ctx)
	if err != nil {
		return err
	}
	return say("\nThe number: %s\n", r.Adoption.Words)
}

// tell says what moved since the last time.
func (p *play) tell(ctx context.Context, say func(string, ...any) error, told int, run lifecycle.Run) (int, error) {
	moves, err := p.db.Moves(ctx, run.ID)
	if err != nil {
		return told, err
	}
	for _, m := range moves[told:] {
		if err := say("%s  %s: %s\n", clockTime(m.At), plainWords(m.What), m.Why); err != nil {
			return told, err
		}
	}
	return len(moves), nil
}
