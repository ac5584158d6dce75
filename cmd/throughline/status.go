package main

import (
	"context"
	"errors"
	"fmt"
	netmail "net/mail"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"throughline/lifecycle"
	"throughline/store"
)

// kept opens what the lifecycle keeps, for a command that works on it beside a
// process that serves, or without one. The caller closes the connections.
func (f *setupFlags) kept(ctx context.Context) (*config, *connections, error) {
	c, err := loadConfig(*f.config)
	if err != nil {
		return nil, nil, err
	}
	n := connectAll(ctx, c, f.tools())
	if n.db != nil {
		return c, n, nil
	}
	for _, conn := range n.all {
		if conn.name == databaseName && conn.err != nil {
			return nil, nil, conn.err
		}
	}
	return nil, nil, errors.New("the configuration names no system, and so nothing is kept: 'throughline init' asks which there are")
}

func newStatus(e env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Say which handoffs need somebody, and what for",
		Long: "Lists what waits for a person: tasks that kept failing, with the reason; drafts that their AE has not reviewed; handoffs\n" +
			"that were returned, or that their CSM has not accepted; deals without a CSM.",
		Args: noArguments,
	}
	format := choose(cmd, "format", "f", "how it is written", "text", "json")
	setup := addSetupFlags(cmd, e)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, n, err := setup.kept(cmd.Context())
		if err != nil {
			return err
		}
		defer n.close()
		rules, err := c.rules(n)
		if err != nil {
			return err
		}
		s, err := statusOf(cmd.Context(), n.db, rules, e.now())
		if err != nil {
			return err
		}
		if format.value == "json" {
			return writeJSON(e.stdout, s, "  ")
		}
		return e.tell("%s", s)
	}
	return cmd
}

// A status is what `throughline status` tells.
type status struct {
	Runs    map[lifecycle.Stage]int     `json:"runs"`
	Tasks   map[lifecycle.TaskState]int `json:"tasks"`
	Next    time.Time                   `json:"next_due,omitzero"`
	Parked  []parkedTask                `json:"parked"`
	Waiting []waitingRun                `json:"waiting"`
}

type parkedTask struct {
	Run   string `json:"run"`
	Deal  string `json:"deal"`
	Task  string `json:"task"`
	Tries int    `json:"tries"`
	Error string `json:"error"`
}

type waitingRun struct {
	Run   string    `json:"run"`
	Deal  string    `json:"deal"`
	Stage string    `json:"stage"`
	For   string    `json:"for"` // whom, and what
	Until time.Time `json:"until,omitzero"`
}

func statusOf(ctx context.Context, db *store.DB, rules lifecycle.Rules, _ time.Time) (status, error) {
	s := status{Parked: []parkedTask{}, Waiting: []waitingRun{}}
	var err error
	if s.Runs, s.Tasks, err = db.Counts(ctx); err != nil {
		return s, err
	}
	if s.Next, err = db.Next(ctx); err != nil {
		return s, err
	}
	runs, err := db.Running(ctx)
	if err != nil {
		return s, err
	}
	parked, err := db.Parked(ctx)
	if err != nil {
		return s, err
	}
	for _, t := range parked {
		run, err := db.Run(ctx, t.Run)
		if err != nil {
			return s, err
		}
		s.Parked = append(s.Parked, parkedTask{Run: t.Run, Deal: run.Deal.Name, Task: t.Key(), Tries: t.Tries, Error: t.Error})
	}
	for _, run := range runs {
		if run.Quiet {
			continue
		}
		for _, what := range waitsFor(run, rules) {
			w := waitingRun{Run: run.ID, Deal: run.Deal.Name, Stage: string(run.Stage), For: what}
			if run.Published.IsZero() {
				w.Until = rules.PublishAt(run)
			} else {
				w.Until = run.Kickoff
			}
			s.Waiting = append(s.Waiting, w)
		}
	}
	return s, nil
}

// waitsFor says whom a run waits for, and what they may do.
func waitsFor(run lifecycle.Run, rules lifecycle.Rules) []string {
	var out []string
	if run.Version > 0 && run.AE.Email == "" && run.Published.IsZero() {
		out = append(out, "an AE: the CRM names none, so nobody can review the draft")
	}
	switch {
	case run.Stage == lifecycle.StageReturned:
		out = append(out, "the AE, "+known(run.AE.Email)+": it was returned ("+strings.ReplaceAll(string(run.ReturnReason), "_", " ")+")")
	case !run.Published.IsZero() && run.Accepted.IsZero():
		who := run.CSM.Email
		if who == "" {
			who = rules.Owner.Email
		}
		out = append(out, "the CSM, "+known(who)+": to accept it")
	case run.Version > 0 && run.Published.IsZero() && run.Reviewed.IsZero() && run.AE.Email != "":
		out = append(out, "the AE, "+run.AE.Email+": to review the draft")
	}
	if run.CSM.Email == "" && run.Accepted.IsZero() && run.Version > 0 {
		out = append(out, "a CSM: the CRM names none")
	}
	return out
}

func (s status) String() string {
	var out strings.Builder
	total := 0
	var stages []string
	for _, stage := range stageOrder {
		if n := s.Runs[stage]; n > 0 {
			total += n
			stages = append(stages, fmt.Sprintf("%d %s", n, strings.ReplaceAll(string(stage), "_", " ")))
		}
	}
	if total == 0 {
		return "No deal was won yet since this was set up.\n"
	}
	fmt.Fprintf(&out, "%s: %s.\n", counted(total, "run", "runs"), strings.Join(stages, ", "))
	if !s.Next.IsZero() {
		fmt.Fprintf(&out, "The next task is due %s.\n", minute(s.Next))
	}
	if len(s.Parked) > 0 {
		fmt.Fprintf(&out, "\nKept failing ('throughline retry RUN TASK' tries again)\n")
		for _, t := range s.Parked {
			fmt.Fprintf(&out, "  %s  %s  %s, tried %s\n      %s\n", t.Run, shorten(printable(t.Deal), 60), t.Task, counted(t.Tries, "time", "times"), printable(t.Error))
		}
	}
	if len(s.Waiting) > 0 {
		out.WriteString("\nWaiting for somebody\n")
		var rows strings.Builder
		for _, w := range s.Waiting {
			fmt.Fprintf(&rows, "  %s\t%s\t%s\t%s\n", w.Run, shorten(printable(w.Deal), 60), printable(w.For), until(w.Until))
		}
		out.WriteString(aligned(rows.String()))
	}
	if len(s.Parked)+len(s.Waiting) == 0 {
		out.WriteString("Nothing waits for anybody.\n")
	}
	return out.String()
}

// stageOrder is how far a run is.
var stageOrder = []lifecycle.Stage{
	lifecycle.StageDetected, lifecycle.StageCollecting, lifecycle.StageDrafted, lifecycle.StageInReview, lifecycle.StagePublished, lifecycle.StageReturned,
	lifecycle.StageAccepted, lifecycle.StageKickoff, lifecycle.StageClosed, lifecycle.StageCancelled,
}

// minute is a moment for a table; "-" for none.
func minute(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}

func until(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return "until " + minute(t)
}

func newRuns(e env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "runs [RUN]",
		Short: "List the handoffs of won deals, or tell one's whole story",
		Long: "Lists the runs, the latest won first: one for each time that a deal was won. With a RUN's id, or that of its opportunity, it\n" +
			"tells who did what when and why, where copies stand, and which tasks are open.",
		Example: "  throughline runs\n" +
			"  throughline runs 006Hs00001abcdeIAA",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usageError{fmt.Errorf("name one run, not %d", len(args))}
			}
			return nil
		},
	}
	most := cmd.Flags().Int("most", 50, "list at most this many `RUNS`")
	setup := addSetupFlags(cmd, e)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, n, err := setup.kept(cmd.Context())
		if err != nil {
			return err
		}
		defer n.close()
		rules, err := c.rules(n)
		if err != nil {
			return err
		}
		if len(args) == 0 {
			return listRuns(cmd.Context(), e, n.db, rules, *most)
		}
		runs, err := findRuns(cmd.Context(), n.db, args[0])
		if err != nil {
			return err
		}
		for _, run := range runs {
			if err := tellRun(cmd.Context(), e, n.db, rules, run); err != nil {
				return err
			}
		}
		return nil
	}
	return cmd
}

// findRuns are the run of an id, or those of an opportunity.
func findRuns(ctx context.Context, db *store.DB, id string) ([]lifecycle.Run, error) {
	run, err := db.Run(ctx, id)
	if err == nil {
		return []lifecycle.Run{run}, nil
	}
	if !errors.Is(err, lifecycle.ErrNotFound) {
		return nil, err
	}
	runs, err := db.RunsOf(ctx, id)
	if err == nil && len(runs) == 0 {
		err = fmt.Errorf("there is no run %s, and none of an opportunity with that id; 'throughline runs' lists them", printable(id))
	}
	return runs, err
}

func listRuns(ctx context.Context, e env, db *store.DB, rules lifecycle.Rules, most int) error {
	runs, err := db.Runs(ctx, most)
	if err != nil {
		return err
	}
	var rows strings.Builder
	for _, run := range runs {
		out := "published " + minute(run.Published)
		switch {
		case run.Quiet:
			out = "made of a past deal"
		case run.Published.IsZero() && run.Cancelled.IsZero():
			out = "goes out " + minute(rules.PublishAt(run))
		case run.Published.IsZero():
			out = "not published"
		}
		fmt.Fprintf(&rows, "%s\t%s\t%s\twon %s\t%s\tAE %s\tCSM %s\n", run.ID, shorten(printable(run.Deal.Name), 60), strings.ReplaceAll(string(run.Stage), "_", " "), minute(run.Won), out,
			known(run.AE.Email), known(run.CSM.Email))
	}
	return e.tell("%s", aligned(rows.String()))
}

func tellRun(ctx context.Context, e env, db *store.DB, rules lifecycle.Rules, run lifecycle.Run) error {
	moves, err := db.Moves(ctx, run.ID)
	if err != nil {
		return err
	}
	tasks, err := db.Tasks(ctx, run.ID)
	if err != nil {
		return err
	}
	copies, err := db.Copies(ctx, run.ID)
	if err != nil {
		return err
	}
	var out, rows strings.Builder
	fmt.Fprintf(&out, "%s  %s\n  %s; AE %s, CSM %s; won %s, goes out %s, kickoff %s\n", run.ID, printable(run.Deal.Name), strings.ReplaceAll(string(run.Stage), "_", " "),
		known(run.AE.Email), known(run.CSM.Email), minute(run.Won), minute(rules.PublishAt(run)), minute(run.Kickoff))
	for _, m := range moves {
		fmt.Fprintf(&rows, "  %s\t%s\t%s\t%s\n", minute(m.At), printable(m.Who), strings.ReplaceAll(m.What, "_", " "), printable(m.Why))
	}
	out.WriteString("\n" + aligned(rows.String()))
	if len(copies) > 0 {
		out.WriteString("\nCopies\n")
	}
	for _, c := range copies {
		fmt.Fprintf(&out, "  %s, version %d: %s\n", c.Destination, c.Version, known(c.URL))
	}
	rows.Reset()
	for _, t := range tasks {
		if t.State == lifecycle.TaskOpen || t.State == lifecycle.TaskParked {
			fmt.Fprintf(&rows, "  %s\t%s\tdue %s\t%s\n", t.State, t.Key(), minute(t.Due), printable(t.Error))
		}
	}
	if rows.Len() > 0 {
		out.WriteString("\nTasks\n" + aligned(rows.String()))
	}
	return e.tell("%s\n", out.String())
}

func newRetry(e env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "retry RUN TASK | --all",
		Short: "Try again what kept failing",
		Long: "Has a task that kept failing tried again at once, by a process that serves. 'throughline status' lists them, with their\n" +
			"reasons. --all takes all of them.",
		Example: "  throughline retry 006Hs00001abcdeIAA-1790596800 publish/notion/1000\n" +
			"  throughline retry --all",
	}
	all := cmd.Flags().Bool("all", false, "all tasks of all runs")
	cmd.Args = func(_ *cobra.Command, args []string) error {
		if *all && len(args) > 0 || !*all && len(args) != 2 {
			return usageError{errors.New("name a run and its task, as 'throughline status' lists them, or --all")}
		}
		return nil
	}
	setup := addSetupFlags(cmd, e)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ctx := cmd.Context()
		c, n, err := setup.kept(ctx)
		if err != nil {
			return err
		}
		defer n.close()
		rules, err := c.rules(n)
		if err != nil {
			return err
		}
		parked, err := n.db.Parked(ctx)
		if err != nil {
			return err
		}
		service := &lifecycle.Service{Rules: rules, Store: n.db, Now: e.now}
		tried := 0
		for _, t := range parked {
			if !*all && (t.Run != args[0] || t.Key() != args[1]) {
				continue
			}
			if err := service.Retry(ctx, t.Run, t.Key(), c.me()); err != nil {
				return err
			}
			tried++
		}
		if tried == 0 && !*all {
			return fmt.Errorf("no task %s of run %s waits; 'throughline status' lists those that do", printable(args[1]), printable(args[0]))
		}
		return e.tell("%s tried again.\n", counted(tried, "task is", "tasks are"))
	}
	return cmd
}

func newSignIn(e env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "signin",
		Short: "Print a link that signs a browser in, once",
		Long:  "Prints an address of the team's pages that signs in the browser that opens it first. It holds for " + signInWords + ".",
		Args:  noArguments,
	}
	as := cmd.Flags().String("as", "", "whose `EMAIL` address stands with what is done there; that of serve.me or play.owner without it")
	setup := addSetupFlags(cmd, e)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, n, err := setup.kept(cmd.Context())
		if err != nil {
			return err
		}
		defer n.close()
		if c.byProvider() {
			return fmt.Errorf("the team signs in at %s with its provider: one-time links are for an installation whose serve.team_url is this machine's", c.teamURL())
		}
		if *as != "" {
			a, err := netmail.ParseAddress(*as)
			if err != nil {
				return usageError{errors.New("--as is an email address, such as someone@example.com")}
			}
			c.Serve.Me = a.Address
		}
		link, err := signInLink(cmd.Context(), n.db, c, e.now())
		if err != nil {
			return err
		}
		return e.tell("%s\n", link)
	}
	return cmd
}
