package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"throughline"
	"throughline/collect"
	"throughline/connect"
	"throughline/engine/builtin"
	"throughline/engine/claude"
	"throughline/ground"
	"throughline/lifecycle"
	"throughline/store"
	pages "throughline/web"
	"throughline/won"
)

// A wired lifecycle is what carries handoffs from Closed Won to the CSM, wired from the
// configuration: by 'throughline serve', which runs it, and by the commands that
// work on what it keeps.
type wired struct {
	config      *config
	with        tools
	connections *connections
	db          *store.DB
	service     *lifecycle.Service
	crm         *connection // tells which deals were won, and what they are
	watch       *won.Watch
	links       *pages.Links
	feed        feed   // nil where the CRM has none, or it is not used
	noSurvey    string // why nobody is asked after the kickoff; empty where they are
}

// wire sets the lifecycle up. It calls none of the systems. The caller closes it,
// and the connections after.
func (n *connections) wire(ctx context.Context, c *config, with tools) (*wired, error) {
	if err := n.err(); err != nil {
		return nil, fmt.Errorf("%w\n'throughline check' tries every connection", err)
	}
	crm := n.crm()
	if crm == nil {
		return nil, errNoCRM
	}
	rules, err := c.rules(n)
	if err != nil {
		return nil, err
	}
	engine, err := c.engine(ctx, with)
	if err != nil {
		return nil, err
	}
	key, err := n.db.Secret(ctx, "review-links")
	if err != nil {
		return nil, err
	}
	p := &wired{config: c, with: with, connections: n, crm: crm, db: n.db, links: &pages.Links{Key: key, Public: c.Serve.PublicURL, Team: c.teamURL(), Now: with.env.now}}
	p.service = &lifecycle.Service{
		Rules: rules, Store: n.db, Engine: engine, Links: p.links, Now: with.env.now, Log: with.log, ParkAfter: c.Play.ParkAfter, Progress: &lifecycle.Progress{Now: with.env.now},
		Destinations: map[string]lifecycle.Destination{}, Messengers: map[string]lifecycle.Messenger{},
		Collector: &lifecycle.Gatherer{Hours: rules.Hours, Gather: func(ctx context.Context, id, dir string) (*collect.Result, error) {
			return collect.Deal(ctx, collect.Named[collect.CRM]{Name: crm.name, It: toldCRM{crm.crm, crm.name}}, told(n.systems()), id, dir, with.env.now())
		}},
	}
	for _, conn := range n.all {
		if conn.destination != "" {
			p.service.Destinations[conn.destination] = conn.publish
		}
		if slices.Contains(rules.Ways, conn.way) {
			p.service.Messengers[conn.way] = conn.messenger
		}
	}
	if err := p.after(ctx); err != nil {
		return nil, err
	}
	return p, p.listen(with)
}

// listen sets up what tells of wins.
func (w *wired) listen(with tools) error {
	w.watch = &won.Watch{
		CRM: w.crm.wins, Filter: w.config.Deals.filter(), Every: w.config.Play.PollEvery, Log: with.log, Now: with.env.now, Sleep: with.sleep,
		Ledger:  w.ledger(),
		Changed: func(ctx context.Context, win won.Win) error { return w.service.Changed(ctx, win.ID, win.Changed) },
	}
	if w.crm.listen == nil {
		return nil
	}
	feed, err := w.crm.listen(w.watch.Filter)
	if err != nil {
		return err
	}
	w.feed, w.watch.Feed = feed, feed
	return nil
}

func (w *wired) ledger() ledger {
	return ledger{w.db, w.service, w.crm.org, strings.ToLower(w.crm.name)}
}

// close ends what it opened.
func (w *wired) close() {
	if w.feed != nil {
		_ = w.feed.Close() // nothing is lost with it
	}
}

// A ledger begins runs for wins, and remembers in the same transaction that it
// did: both or neither.
type ledger struct {
	db      *store.DB
	service *lifecycle.Service
	org     string // the CRM's, by a name that stays the same
	source  string // which system tells of wins
}

func (l ledger) Position(ctx context.Context) (won.Position, error) {
	w, err := l.db.Watched(ctx, l.org)
	return won.Position(w), err
}

func (l ledger) Advance(ctx context.Context, p won.Position) error {
	return l.db.SetWatched(ctx, l.org, store.Watched(p))
}

func (l ledger) Started(ctx context.Context, ids []string) ([]won.Event, error) {
	known, err := l.db.Starts(ctx, l.org, ids)
	out := make([]won.Event, len(known))
	for i, k := range known {
		out[i] = won.Event{Deal: k.Opportunity, At: k.WonAt, ID: k.Event, Won: true, Started: true}
	}
	return out, err
}

// Begin starts the run of a win. A win after another says that the deal was moved
// back in between, which ends what still runs of the earlier one.
func (l ledger) Begin(ctx context.Context, w won.Win, e won.Event) error {
	_, err := l.once(ctx, w, e, false)
	return err
}

// past starts the run of a deal that was won before, of which nobody is told;
// false where it has one.
func (l ledger) past(ctx context.Context, w won.Win) (made bool, err error) {
	known, err := l.db.RunsOf(ctx, w.ID)
	if err != nil || len(known) > 0 {
		return false, err
	}
	return l.once(ctx, w, w.Event(), true)
}

func (l ledger) once(ctx context.Context, w won.Win, e won.Event, quiet bool) (made bool, err error) {
	err = l.db.InTx(ctx, func(tx *store.Tx) error {
		s := *l.service
		s.Store = tx.Queries
		isNew, err := tx.AddStart(ctx, store.Start{Org: l.org, Opportunity: e.Deal, WonAt: e.At, Event: e.ID, Source: l.source, FirstSeen: s.Now()})
		if err != nil || !isNew {
			return err
		}
		if w.Again() {
			if err := s.Reopened(ctx, w.ID, w.WonAt.Add(-time.Second)); err != nil {
				return err
			}
		}
		_, made, err = s.Detected(ctx, recordOf(w), w.WonAt, w.Again(), quiet)
		return err
	})
	return made, err
}

// recordOf is what is known of a win before it is collected.
func recordOf(w won.Win) connect.Record {
	return connect.Record{ID: w.ID, Name: w.Name, Customer: w.Name, Account: w.Account, Closed: w.WonAt, CloseDate: w.CloseDate}
}

// reopened ends the runs of deals that do not stand as won any more.
func (w *wired) reopened(ctx context.Context) error {
	runs, err := w.db.Running(ctx)
	if err != nil {
		return err
	}
	var ids []string
	for _, run := range runs {
		if !run.Quiet {
			ids = append(ids, run.Deal.ID)
		}
	}
	slices.Sort(ids)
	asked := w.service.Now()
	open, err := w.crm.wins.NotWon(ctx, slices.Compact(ids))
	if err != nil {
		return err
	}
	for _, id := range open {
		if err := w.service.Reopened(ctx, id, asked); err != nil {
			return err
		}
	}
	return nil
}

// weekdays are the days as the configuration names them.
var weekdays = map[string]time.Weekday{
	"sun": time.Sunday, "mon": time.Monday, "tue": time.Tuesday, "wed": time.Wednesday, "thu": time.Thursday, "fri": time.Friday, "sat": time.Saturday,
}

// rules are what the configuration says of time and people.
func (c *config) rules(n *connections) (lifecycle.Rules, error) {
	p, r := c.Play, lifecycle.DefaultRules()
	var errs []error
	for from, to := range map[*time.Duration]*time.Duration{
		&p.PublishAfter: &r.PublishAfter, &p.ReviewTime: &r.ReviewTime, &p.KickoffLead: &r.KickoffLead, &p.CollectEvery: &r.CollectEvery, &p.LookEvery: &r.LookEvery,
	} {
		*to = cmp.Or(*from, *to)
	}
	for from, to := range map[*[]time.Duration]*[]time.Duration{&p.RemindAE: &r.RemindAE, &p.RemindCSM: &r.RemindCSM, &p.BeforeKickoff: &r.BeforeKickoff} {
		if *from != nil {
			*to = *from
		}
	}
	zone, err := time.LoadLocation(cmp.Or(p.TimeZone, "UTC"))
	if err != nil {
		errs = append(errs, errors.New("play.time_zone in the configuration is no time zone: name one such as Europe/Berlin"))
	}
	r.Hours = lifecycle.DefaultHours(zone)
	r.Hours.From, r.Hours.To = cmp.Or(p.HoursFrom, r.Hours.From), cmp.Or(p.HoursTo, r.Hours.To)
	if r.Hours.From >= r.Hours.To || r.Hours.To > 24 {
		errs = append(errs, errors.New("play.hours_from and hours_to in the configuration are no hours of a day: the first comes before the second, up to 24"))
	}
	if len(p.Days) > 0 {
		r.Hours.Days = nil
	}
	for _, name := range p.Days {
		day, ok := weekdays[strings.ToLower(name)]
		if !ok {
			errs = append(errs, errors.New("play.days in the configuration are names of days: mon, tue, wed, thu, fri, sat, sun"))
			break
		}
		r.Hours.Days = append(r.Hours.Days, day)
	}
	if r.Owner, err = c.owner(); err != nil {
		errs = append(errs, err)
	}
	r.Ways, r.Destinations = c.ways(), nil
	for _, conn := range n.all {
		if conn.destination != "" {
			r.Destinations = append(r.Destinations, conn.destination)
		}
		if conn.destination != "" && conn.publish.Mark != nil {
			r.Marked = append(r.Marked, conn.destination)
		}
		if conn.destination != "" && conn.publish.Agenda != nil {
			r.Agendas = append(r.Agendas, conn.destination)
		}
	}
	for _, way := range c.Play.Ways {
		if _, ok := wayNames[way]; !ok || !c.has(way) {
			errs = append(errs, errors.New("play.ways in the configuration are mail and slack, each with a section of that name"))
		}
	}
	return r, errors.Join(errs...)
}

// owner is who stands in for a CSM.
func (c *config) owner() (lifecycle.Person, error) {
	if c.Play.Owner == "" {
		return lifecycle.Person{}, nil
	}
	a, err := netmail.ParseAddress(c.Play.Owner)
	if err != nil {
		return lifecycle.Person{}, errors.New("play.owner in the configuration is no email address")
	}
	return lifecycle.Person{Name: a.Name, Email: strings.ToLower(a.Address)}, nil
}

// wayNames are lifecycle's names of the ways that the configuration names.
var wayNames = map[string]string{"mail": lifecycle.WayMail, "slack": lifecycle.WayChat}

// ways are how people are written to, by lifecycle's names.
func (c *config) ways() []string {
	var out []string
	for _, way := range c.Play.Ways {
		if c.has(way) && wayNames[way] != "" {
			out = append(out, wayNames[way])
		}
	}
	if len(c.Play.Ways) > 0 {
		return out
	}
	if c.Mail != nil {
		out = append(out, lifecycle.WayMail)
	}
	if c.Slack != nil && c.Destinations.Slack != "" {
		out = append(out, lifecycle.WayChat)
	}
	return out
}

// listen is the address of the team's pages.
func (c *config) listen() string { return cmp.Or(c.Serve.Listen, "127.0.0.1:8765") }

func (c *config) teamURL() string { return cmp.Or(c.Serve.TeamURL, "http://"+c.listen()) }

// engine drafts as the configuration has it.
func (c *config) engine(ctx context.Context, with tools) (lifecycle.Engine, error) {
	switch c.Engine.Name {
	case "", builtin.Name:
		return &lifecycle.Drafter{Draft: func(ctx context.Context, deal *throughline.Deal, at time.Time) (*throughline.Handoff, error) {
			return settled(ctx, builtin.Engine{}, deal, at)
		}}, nil
	case claude.Name:
		model, err := c.model(ctx, with)
		if err != nil {
			return nil, err
		}
		return &lifecycle.Drafter{Draft: func(ctx context.Context, deal *throughline.Deal, at time.Time) (*throughline.Handoff, error) {
			return settled(ctx, model, deal, at)
		}}, nil
	}
	return nil, fmt.Errorf("engine.name in the configuration is %s or %s", builtin.Name, claude.Name)
}

// model is the claude engine of the configuration.
func (c *config) model(ctx context.Context, with tools) (*claude.Engine, error) {
	e := c.Engine
	provider := cmp.Or(e.Provider, "anthropic")
	if !slices.Contains(claude.Providers, provider) {
		return nil, fmt.Errorf("engine.provider in the configuration is one of %s", strings.Join(claude.Providers, ", "))
	}
	if !slices.Contains([]string{"", "low", "medium", "high", "xhigh", "max"}, e.Effort) {
		return nil, errors.New("engine.effort in the configuration is low, medium, high, xhigh or max")
	}
	withhold := claude.Withhold{Private: e.WithholdPrivate, People: e.WithholdPeople}
	for _, p := range e.WithholdPatterns {
		re, err := regexp.Compile(p)
		if err != nil {
			return nil, fmt.Errorf("engine.withhold_patterns in the configuration: %w", err)
		}
		withhold.Patterns = append(withhold.Patterns, re)
	}
	key, err := with.look("ANTHROPIC_API_KEY")
	if err == nil && key == "" && provider == "anthropic" && os.Getenv("ANTHROPIC_BASE_URL") == "" {
		_, err = with.need("ANTHROPIC_API_KEY")
	}
	if err != nil {
		return nil, err
	}
	client, err := claude.NewClient(ctx, claude.Provider{
		Name: provider, Key: key, BaseURL: os.Getenv("ANTHROPIC_BASE_URL"), Region: os.Getenv("CLOUD_ML_REGION"), Project: os.Getenv("ANTHROPIC_VERTEX_PROJECT_ID"),
	})
	if err != nil {
		return nil, err
	}
	dir, err := cacheDir()
	if err != nil {
		return nil, err
	}
	answers := answerDir(filepath.Join(dir, "answers"))
	answers.clean(with.env.now())
	run := runFile{Model: cmp.Or(e.Model, claude.DefaultModel()), Passes: claude.Auto, Effort: e.Effort}
	return &claude.Engine{
		Client: client, Config: run.config(), Journal: answers, Withhold: withhold, Now: with.env.now, Sleep: with.wait,
		Budget: claude.Budget{Handoff: cmp.Or(e.MaxUSD, 10), Month: e.MaxUSDMonth, Ledger: ledgerDir(filepath.Join(dir, "spent"))},
	}, nil
}

// settled drafts a deal's handoff and settles it, as [handoff] does for a person
// who waits for it.
func settled(ctx context.Context, eng engine, deal *throughline.Deal, at time.Time) (*throughline.Handoff, error) {
	eng, end := telling(ctx, eng, deal)
	draft, err := eng.Draft(ctx, deal)
	end()
	if err != nil {
		return nil, err
	}
	if e, ok := eng.(*claude.Engine); ok {
		deal, _ = e.Withhold.From(deal) // what the model did not see proves nothing
	}
	proven := lifecycle.Step(ctx, "Proving every quote")
	h, _ := ground.Settle(deal, ground.NewIndex(deal), draft, at)
	proven(settledNote(h))
	return h, nil
}

// withheldFrom is the engine with those of its rules that name somebody of the
// deal: rules that stand for all deals name people whom one of them lacks.
func withheldFrom(e *claude.Engine, deal *throughline.Deal) *claude.Engine {
	out := *e
	out.Withhold.People = slices.DeleteFunc(slices.Clone(e.Withhold.People), func(name string) bool {
		return len(claude.Withhold{People: []string{name}}.Unknown(deal)) > 0
	})
	return &out
}

// onThisMachine reports whether a host and port are those of a stand-in here.
func onThisMachine(endpoint string) bool {
	host, _, err := net.SplitHostPort(endpoint)
	return err == nil && connect.Loopback(host)
}
