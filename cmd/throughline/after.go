package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"throughline"
	"throughline/collect"
	"throughline/connect"
	"throughline/folder"
	"throughline/kickoff"
	"throughline/lifecycle"
	"throughline/survey"
)

// What follows the kickoff: its recording, the survey, and the number.

// A recorder looks for a kickoff's recording among the deal's calls.
type recorder struct {
	systems []collect.Named[collect.System] // that record calls
	engine  kickoff.Engine
}

var _ lifecycle.Listener = (*recorder)(nil)

// nearKickoff is how far from the kickoff's time its call may begin: meetings are
// moved within a day without anybody telling the CRM.
const nearKickoff = 12 * time.Hour

// Hear reads the call that began nearest to the kickoff against its agenda.
func (r *recorder) Hear(ctx context.Context, run lifecycle.Run, h *throughline.Handoff, archive []byte) (*lifecycle.Hearing, error) {
	dir, err := os.MkdirTemp("", "throughline-kickoff-")
	if err != nil {
		return nil, fmt.Errorf("making room for the kickoff's recording: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // what can't be removed lies in the system's place for what is temporary
	deal, err := folder.ReadZip(ctx, archive)
	if err != nil {
		return nil, fmt.Errorf("reading the deal: %w", err)
	}
	record := run.Deal
	record.Closed = run.Kickoff.Add(nearKickoff) // calls are looked for until a deal closed
	for i, s := range r.systems {
		calls := filepath.Join(dir, fmt.Sprint(i))
		if _, err := s.It.Collect(ctx, &record, calls); err != nil {
			return nil, err
		}
		if _, err := os.Stat(calls); errors.Is(err, os.ErrNotExist) {
			continue // it has none of the deal's
		}
		call, _, err := folder.ReadCallAt(ctx, calls, deal, run.Kickoff, nearKickoff)
		if err != nil {
			return nil, err
		}
		if call == nil {
			continue
		}
		report, err := kickoff.Check(ctx, r.engine, kickoff.Agenda(h, throughline.AudienceTeam), call, deal)
		if err != nil {
			return nil, err
		}
		return &lifecycle.Hearing{Began: call.At, Attendees: attendees(call), Report: report}, nil
	}
	return nil, nil
}

// attendees are those of the customer's people in a call whose address is known.
func attendees(call *throughline.Source) []lifecycle.Person {
	out := []lifecycle.Person{}
	for _, p := range call.People {
		if p.Side == throughline.SideCustomer && p.Email != "" {
			out = append(out, lifecycle.Person{Name: p.Name, Email: strings.ToLower(p.Email)})
		}
	}
	return out
}

// recorders are the systems that record calls.
func (n *connections) recorders() []collect.Named[collect.System] {
	var out []collect.Named[collect.System]
	for _, c := range n.all {
		if c.records {
			out = append(out, collect.Named[collect.System]{Name: c.name, It: c.system})
		}
	}
	return out
}

type surveyConfig struct {
	Off      bool     `yaml:"off" doc:"Whether nobody is asked." default:"false, where there is a section mail and serve.public_url is an https address" example:"true"`
	Seller   string   `yaml:"seller" doc:"The name that the question asks about." default:"seller.company" example:"Example Corp"`
	DoNotAsk []string `yaml:"do_not_ask" doc:"Addresses that are never asked, or whole domains as \"@example.com\"." example:"[\"@example.org\", \"ceo@example.com\"]"`
}

// surveyLinks make the addresses in a survey's mails.
func (c *config) surveyLinks(key []byte) *survey.Links {
	return &survey.Links{Key: key, Public: c.Serve.PublicURL}
}

// noSurvey is why nobody is asked; empty where they are.
func (c *config) noSurvey(n *connections) string {
	switch {
	case c.Survey.Off:
		return "survey.off is set in the configuration"
	case n.post() == nil:
		return "there is no section mail in the configuration to ask by"
	case c.Serve.PublicURL == "" || c.Serve.PublicListen == "":
		return "the customer's people can't reach this machine: set serve.public_url to an https address, and serve.public_listen"
	}
	if err := c.surveyLinks(make([]byte, 16)).Check(); err != nil {
		return err.Error()
	}
	return ""
}

// post sends letters; nil where no mail server is connected.
func (n *connections) post() func(context.Context, connect.Letter) (connect.Copy, error) {
	for _, c := range n.all {
		if c.post != nil {
			return c.post
		}
	}
	return nil
}

// surveyKey is the name of the secret that survey links are made with.
const surveyKey = "survey-links"

// after sets up what follows the kickoff.
func (w *wired) after(ctx context.Context) error {
	s, n, c := w.service, w.connections, w.config
	engine, err := c.kickoffEngine(ctx, w.with)
	if err != nil {
		return err
	}
	if systems := n.recorders(); len(systems) > 0 {
		s.Listener = &recorder{systems: systems, engine: engine}
		s.Rules.ListenTimes = listenTimes
	}
	for name, to := range s.Destinations {
		if to.Follow != nil {
			s.Rules.Follow = append(s.Rules.Follow, name)
		}
	}
	slices.Sort(s.Rules.Follow)
	if w.noSurvey = c.noSurvey(n); w.noSurvey != "" {
		return nil
	}
	key, err := w.db.Secret(ctx, surveyKey)
	if err != nil {
		return err
	}
	s.Rules.Surveys = true
	s.Surveys = &lifecycle.Surveys{Links: c.surveyLinks(key), Post: n.post(), Seller: cmp.Or(c.Survey.Seller, c.Seller.Company), Internal: nonEmpty(c.Seller.Domain), DoNotAsk: c.Survey.DoNotAsk}
	return nil
}

// listenTimes is how often a kickoff's recording is looked for: for a week.
const listenTimes = 14

// surveyPages are what the customer's people see; nil where nobody is asked.
func (w *wired) surveyPages() *survey.Pages {
	if w.service.Surveys == nil {
		return nil
	}
	return &survey.Pages{Links: w.service.Surveys.Links, Store: w.db, Now: w.service.Now, Log: w.with.log}
}

// mostRuns bounds how many runs the number is made of, the latest won first.
const mostRuns = 20_000

// number is the report as of now. The same answers make the same interval.
func (w *wired) number(ctx context.Context) (survey.Report, error) {
	runs, err := w.db.Runs(ctx, mostRuns)
	if err != nil {
		return survey.Report{}, err
	}
	in := lifecycle.Measured(runs)
	if in.Answers, err = w.db.Answers(ctx); err != nil {
		return survey.Report{}, err
	}
	if in.Baseline, err = w.db.Baseline(ctx); err != nil {
		return survey.Report{}, err
	}
	return survey.Make(in, w.service.Now(), rand.New(rand.NewPCG(1, 1))), nil
}
