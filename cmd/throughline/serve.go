package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"throughline/lifecycle/jobs"
	"throughline/store"
	pages "throughline/web"
)

func newServe(e env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Carry every won deal's handoff to its CSM, with nobody pushing",
		Long: "Watches the CRM for won deals. Each is collected and drafted, given to its AE to review, published when its time has come,\n" +
			"and brought to its CSM, who is reminded until it is accepted. What must be remembered is in the database of the\n" +
			"configuration: serve may be stopped at any time, and goes on where it was. Its tables are brought up to date at the start.\n\n" +
			"The team's pages are on this machine's own address; a one-time link that signs a browser in is printed at the start\n" +
			"('throughline signin' makes another). /healthz, /readyz and /metrics are there too. One process serves a file; several may\n" +
			"share a PostgreSQL database. SIGTERM ends it once the work in hand is done. What was said in a deal is in no log.",
		Example: "  throughline serve\n" +
			"  throughline serve --config /etc/throughline.yaml --log json",
		Args: noArguments,
	}
	format := choose(cmd, "log", "", "how the log is written, on standard error", "text", "json")
	setup := addSetupFlags(cmd, e)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := loadConfig(*setup.config)
		if err != nil {
			return err
		}
		ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		return serve(ctx, c, tools{env: e, log: serveLog(e, format.value, *setup.verbose)})
	}
	return cmd
}

// serveLog is the log of a process that serves.
func serveLog(e env, format string, verbose bool) *slog.Logger {
	options := &slog.HandlerOptions{Level: slog.LevelInfo}
	if verbose {
		options.Level = slog.LevelDebug
	}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(e.stderr, options))
	}
	return slog.New(slog.NewTextHandler(e.stderr, options))
}

// grace is how long the work in hand may take once the process is told to end.
const grace = 30 * time.Second

// serve runs the play until the context ends.
func serve(ctx context.Context, c *config, with tools) error {
	if err := c.checkServe(); err != nil {
		return err
	}
	n := connectAll(ctx, c, with)
	defer n.close()
	w, err := n.wire(ctx, c, with)
	if err != nil {
		return err
	}
	defer w.close()
	release, err := w.db.Serve(ctx)
	if errors.Is(err, store.ErrServed) {
		return fmt.Errorf("%w; end that 'throughline serve' first. Several can only share a PostgreSQL database: set DATABASE_URL", err)
	}
	if err != nil {
		return err
	}
	defer release() //nolint:errcheck // the lock ends with the process at the latest
	all, err := w.parts(ctx)
	if err != nil {
		return err
	}
	if err := w.tellWhere(ctx); err != nil {
		return err
	}
	with.log.InfoContext(ctx, "serving", "version", version(), "database", string(w.db.Dialect), "team", c.listen(), "public", c.Serve.PublicListen)
	err = together(ctx, all)
	with.log.InfoContext(ctx, "ended")
	return err
}

// checkServe says what is wrong with the addresses to serve on.
func (c *config) checkServe() error {
	s := c.Serve
	var errs []error
	if err := c.reachable(); err != nil {
		errs = append(errs, err)
	}
	if s.PublicListen != "" && s.PublicURL == "" {
		errs = append(errs, errors.New("serve.public_listen is set in the configuration, but not serve.public_url: without it no link leads there"))
	}
	for _, one := range []struct{ key, address string }{{"public_url", s.PublicURL}, {"team_url", s.TeamURL}} {
		if one.address != "" && !isOrigin(one.address) {
			errs = append(errs, fmt.Errorf("serve.%s in the configuration is to be https:// (or http://) and a host, without a path, query or fragment: the pages have paths of their own", one.key))
		}
	}
	return errors.Join(errs...)
}

// isOrigin reports whether an address is a scheme and a host, perhaps with a port, and
// nothing else.
func isOrigin(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && u.User == nil && strings.Trim(u.Path, "/") == "" && !strings.ContainsAny(address, "?#")
}

// An activity is something that goes on until its context ends.
type activity func(ctx context.Context) error

// together runs parts until the context ends, or one of them fails, which ends the
// others. It returns when all have ended.
func together(ctx context.Context, all []activity) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var running sync.WaitGroup
	var failed error
	var once sync.Once
	for _, one := range all {
		running.Go(func() {
			if err := one(ctx); err != nil && ctx.Err() == nil {
				once.Do(func() { failed = err })
				cancel(err)
			}
		})
	}
	running.Wait()
	return failed
}

// parts are all that a serving process does.
func (w *wired) parts(ctx context.Context) ([]activity, error) {
	log := w.with.log
	runner, err := w.runner(ctx)
	if err != nil {
		return nil, err
	}
	every := w.config.Play.PollEvery
	if every == 0 {
		every = 5 * time.Minute
	}
	all := []activity{
		func(ctx context.Context) error { return runner.Run(ctx, grace) },
		w.watch.Run,
		w.again(every, "looking for reopened deals failed", w.reopened),
		w.again(24*time.Hour, "erasing what is past its time failed", w.retain),
	}
	provider, err := w.config.provider(w.with)
	if err != nil {
		return nil, err
	}
	site := &pages.Server{
		Service: w.service, Store: w.db, Links: w.links, Log: log, Admins: w.config.admins(), SignIn: provider, ClientHeader: w.config.Serve.ClientHeader,
		Checks: w.checked, Settings: w.settings, Number: w.number, NoSurvey: w.noSurvey, Ending: ctx.Done(),
	}
	if asked := w.surveyPages(); asked != nil {
		site.Survey = asked
	}
	team := http.NewServeMux()
	team.Handle("/", site.Team())
	w.health(team)
	if at := w.config.Serve.MetricsListen; at != "" {
		apart := http.NewServeMux()
		w.figures(apart)
		figuresPart, err := w.listener(ctx, at, apart)
		if err != nil {
			return nil, err
		}
		all = append(all, figuresPart)
	} else {
		w.figures(team)
	}
	teamPart, err := w.listener(ctx, w.config.listen(), team)
	if err != nil {
		return nil, err
	}
	all = append(all, teamPart)
	public := http.NewServeMux()
	public.Handle("/", site.Public())
	if w.connections.slack != nil {
		clicks := w.connections.slack.Interactions(w.click)
		if app, _ := w.with.look("SLACK_APP_TOKEN"); app != "" { // one that can't be had was told of when Slack was connected
			all = append(all, w.again(15*time.Minute, "Slack's clicks are not heard", clicks.Listen))
		} else {
			public.Handle("POST /slack/interactions", clicks)
		}
	}
	if w.crm.hook != nil {
		public.Handle(w.crm.hookPath, w.crm.hook(w.watch.Hear))
	}
	if at := w.config.Serve.PublicListen; at != "" {
		publicPart, err := w.listener(ctx, at, public)
		if err != nil {
			return nil, err
		}
		all = append(all, publicPart)
	}
	return all, nil
}

// runner carries out what is due.
func (w *wired) runner(ctx context.Context) (*jobs.Runner, error) {
	cfg := jobs.Config{Log: w.with.log, Tick: w.with.tick}
	if w.db.Pool != nil {
		return jobs.Postgres(ctx, w.db.Pool, w.service, cfg)
	}
	return jobs.SQLite(ctx, w.db.SQL, w.service, cfg)
}

// again does something at once and every so often. What fails is logged, and done
// the next time.
func (w *wired) again(every time.Duration, complaint string, do func(context.Context) error) activity {
	return func(ctx context.Context) error {
		for ctx.Err() == nil {
			if err := do(ctx); err != nil && ctx.Err() == nil {
				w.with.log.WarnContext(ctx, complaint, "why", err)
			}
			_ = w.with.wait(ctx, every) // the context's end is seen by the loop
		}
		return nil
	}
}

// listener serves pages on an address, from now on.
func (w *wired) listener(ctx context.Context, address string, h http.Handler) (activity, error) {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w; another program may have it: choose another address in the configuration's section serve", address, err)
	}
	srv := &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(w.with.log.Handler(), slog.LevelDebug), // what strangers send is no fault of ours
	}
	return func(ctx context.Context) error {
		ended := make(chan struct{})
		stop := context.AfterFunc(ctx, func() {
			defer close(ended)
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
			defer cancel()
			if srv.Shutdown(last) != nil {
				_ = srv.Close() // what still reads is cut off
			}
		})
		err := srv.Serve(ln)
		if !stop() {
			<-ended
			return nil
		}
		return fmt.Errorf("serving on %s: %w", address, err)
	}, nil
}

// retain erases what is past its time.
func (w *wired) retain(ctx context.Context) error {
	r := w.config.Retention
	now := w.service.Now()
	days := func(n, otherwise int) time.Time {
		if n == 0 {
			n = otherwise
		}
		return now.AddDate(0, 0, -n)
	}
	texts, err := w.db.ForgetArchives(ctx, days(r.RawTextDays, 30))
	if err != nil {
		return err
	}
	calls, err := w.db.DeleteCallsBefore(ctx, days(r.CallIndexDays, 730))
	if err != nil {
		return err
	}
	w.with.log.InfoContext(ctx, "erased what is past its time", "collections", texts, "calls", calls)
	return nil
}

// me is who acts on the team's pages.
func (c *config) me() string {
	if c.Serve.Me != "" {
		return c.Serve.Me
	}
	if owner, err := c.owner(); err == nil && owner.Email != "" {
		return owner.Email
	}
	return "team@localhost"
}

// signInWords is how long a sign-in link waits, in words.
const signInWords = "30 minutes"

// tellWhere says where the team's pages are, and how to sign in.
func (w *wired) tellWhere(ctx context.Context) error {
	if w.config.byProvider() {
		return w.with.env.tell("The team's pages: %s\nCtrl-C ends it.\n", w.config.teamURL())
	}
	link, err := w.signInLink(ctx)
	if err != nil {
		return err
	}
	return w.with.env.tell("The team's pages: %s (the link works once, for %s)\nCtrl-C ends it.\n", link, signInWords)
}

// signInLink is a fresh address that signs a browser in, once.
func (w *wired) signInLink(ctx context.Context) (string, error) {
	return signInLink(ctx, w.db, w.config, w.service.Now())
}

func signInLink(ctx context.Context, db *store.DB, c *config, now time.Time) (string, error) {
	return pages.SignInLink(ctx, db, c.teamURL(), c.me(), now)
}
