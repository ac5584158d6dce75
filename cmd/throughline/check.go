package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"throughline/connect"
	"throughline/lifecycle"
	"throughline/won"
)

func newCheck(e env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Try every connection and permission, and list the deals that would have counted",
		Long: "Tries what each system of the configuration must allow, and prints what works, what is missing, and the scope or setting to\n" +
			"change. Then it lists the deals won in the last three months that the configuration lets count, and those that it does not,\n" +
			"with the reason. Nothing is written anywhere. The exit status is 1 where something needed is missing.\n\n" +
			"Secrets come from environment variables; each may also have _FILE behind its name, and name a file:\n" + secretsHelp(),
		Example: "  throughline check\n" +
			"  throughline check --config /etc/throughline.yaml --format json",
		Args: noArguments,
	}
	format := choose(cmd, "format", "f", "how it is written", "text", "json")
	setup := addSetupFlags(cmd, e)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := loadConfig(*setup.config)
		if err != nil {
			return err
		}
		ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		p := startProgress(e)
		defer p.stop()
		n := connectAll(ctx, c, setup.tools())
		defer n.close()
		r := checkAll(ctx, p, c, n, e.now())
		p.stop()
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("checking the connections: %w", err)
		}
		if format.value == "json" {
			err = writeJSON(e.stdout, r, "  ")
		} else {
			err = e.tell("%s", r)
		}
		if err != nil {
			return err
		}
		if n := r.missing(); n > 0 {
			return fmt.Errorf("%s missing", counted(n, "permission or setting is", "permissions or settings are"))
		}
		return nil
	}
	return cmd
}

func secretsHelp() string {
	var rows strings.Builder
	for _, s := range secrets {
		fmt.Fprintf(&rows, "  %s\t%s\n", s.name, s.doc)
	}
	return strings.TrimSuffix(aligned(rows.String()), "\n")
}

// A checkReport is what `throughline check` tells.
type checkReport struct {
	Permissions []checkedPermission `json:"permissions"`
	Since       time.Time           `json:"since"` // of the deals
	Deals       []checkedDeal       `json:"deals"`
	DealsError  string              `json:"deals_error,omitempty"` // why they could not be listed
}

type checkedPermission struct {
	System   string `json:"system"`
	Name     string `json:"name"`
	For      string `json:"for"`
	OK       bool   `json:"ok"`
	Optional bool   `json:"optional,omitempty"`
	Problem  string `json:"problem,omitempty"` // with what to change
}

type checkedDeal struct {
	ID       string  `json:"id"`
	Name     string  `json:"name"`
	Amount   float64 `json:"amount"`
	Type     string  `json:"type"`
	Won      string  `json:"won"` // day
	AE       string  `json:"ae"`
	CSM      string  `json:"csm"`
	Counts   bool    `json:"counts"`
	Excluded string  `json:"excluded,omitempty"` // why it does not count
}

// checkAll tries all connections, one after the other, and lists the deals.
func checkAll(ctx context.Context, p *progress, c *config, n *connections, now time.Time) checkReport {
	r := checkReport{Permissions: []checkedPermission{}, Since: now.AddDate(0, -3, 0).UTC(), Deals: []checkedDeal{}}
	for _, conn := range n.all {
		p.enter("Checking " + conn.name)
		if conn.err != nil {
			r.Permissions = append(r.Permissions, checkedPermission{System: conn.name, Name: "Set-up", For: "any call", Problem: conn.err.Error()})
			continue
		}
		for _, perm := range conn.check(ctx) {
			row := checkedPermission{System: conn.name, Name: perm.Name, For: perm.For, OK: perm.Err == nil, Optional: perm.Optional}
			if perm.Err != nil {
				row.Problem = problemOf(perm.Err)
			}
			r.Permissions = append(r.Permissions, row)
		}
	}
	if len(n.all) == 0 {
		r.Permissions = append(r.Permissions, checkedPermission{System: "Configuration", Name: "Systems", For: "anything", Problem: "it names no system: 'throughline init' asks which there are"})
	}
	if slices.ContainsFunc(crms, c.has) {
		p.enter("Checking what 'throughline serve' needs")
		r.Permissions = append(r.Permissions, c.checkPlay(ctx, n, now)...)
	}
	if crm := n.crm(); crm != nil {
		p.enter("Looking for won deals")
		var err error
		if r.Deals, err = wonDeals(ctx, crm.wins, c.Deals.filter(), r.Since, now); err != nil {
			r.DealsError = err.Error()
		}
	}
	return r
}

// checkPlay says what 'throughline serve' would lack.
func (c *config) checkPlay(ctx context.Context, n *connections, now time.Time) []checkedPermission {
	var out []checkedPermission
	row := func(name, purpose string, optional bool, problem string) {
		out = append(out, checkedPermission{System: "Serve", Name: name, For: purpose, OK: problem == "", Optional: optional, Problem: problem})
	}
	said := func(err error) string {
		if err == nil {
			return ""
		}
		return err.Error()
	}
	unless := func(holds bool, problem string) string {
		if holds {
			return ""
		}
		return problem
	}
	_, err := c.rules(n)
	row("Rules and addresses", "when things happen, and where pages are", false, said(errors.Join(err, c.checkServe())))
	_, err = c.engine(ctx, tools{env: env{now: func() time.Time { return now }}})
	row("Engine", "drafting handoffs", false, said(err))
	row("Mail", "asking the AE", true, unless(slices.Contains(c.ways(), lifecycle.WayMail), "without it the AE can't be asked by mail: add a section mail"))
	row("Destinations", "publishing handoffs", true, unless(c.Destinations != destinationsConfig{}, "handoffs would stand on the team's pages alone: name a system under destinations"))
	row("Owner", "handoffs without a CSM", true, unless(c.Play.Owner != "", "a handoff whose CSM is not known yet reaches nobody: set play.owner"))
	row("Public address", "review links", true, unless(c.Serve.PublicURL != "" && c.Serve.PublicListen != "",
		"review links lead to the team's pages, which only this machine reaches: set serve.public_url and serve.public_listen"))
	if c.SignIn != nil {
		row("Sign-in", "the team's pages, by OpenID Connect", false, said(c.checkSignIn(ctx, tools{})))
	}
	row("Survey", "asking the customer a week after the kickoff", true, c.noSurvey(n))
	row("Proxy", "limits by address", true, unless(c.Serve.ClientHeader != "" || !byTLS(c.Serve.PublicURL) && !byTLS(c.Serve.TeamURL),
		"all who come by your proxy are counted as one address: set serve.client_header to the header in which it says who asks"))
	if crm := n.crm(); crm != nil && crm.hook != nil {
		row("What "+crm.name+" posts", "hearing of won deals in seconds", false, unless(c.Serve.PublicListen != "",
			"it is posted to an address that nothing serves: set serve.public_listen and serve.public_url"))
	}
	return out
}

// problemOf is an error in a table that names system and permission already.
func problemOf(err error) string {
	var known *connect.Error
	if errors.As(err, &known) {
		short := *known
		short.Vendor, short.Op = "", ""
		return strings.TrimPrefix(short.Error(), ": ")
	}
	return err.Error()
}

func (r checkReport) missing() int {
	n := 0
	for _, p := range r.Permissions {
		if !p.OK && !p.Optional {
			n++
		}
	}
	return n
}

// filter says which won deals count.
func (d dealsConfig) filter() won.Filter {
	return won.Filter{
		RecordTypes: d.RecordTypes, Types: d.Types, PipelineField: d.PipelineField, Pipelines: d.Pipelines, MinAmount: d.MinAmount, From: d.From,
	}
}

// wonDeals are the deals won since a moment, newest first: those that count, and
// those that the filter leaves out, with the reason.
func wonDeals(ctx context.Context, crm won.CRM, f won.Filter, since, now time.Time) ([]checkedDeal, error) {
	counting, _, err := crm.Won(ctx, f, since, now)
	if err != nil {
		return []checkedDeal{}, err
	}
	all, _, err := crm.Won(ctx, won.Filter{}, since, now)
	if err != nil {
		return []checkedDeal{}, err
	}
	counts := map[string]bool{}
	for _, w := range counting {
		counts[w.ID] = true
	}
	all = slices.DeleteFunc(all, func(w won.Win) bool { return w.WonAt.Before(since) })
	ids := make([]string, len(all))
	for i, w := range all {
		ids[i] = w.ID
	}
	about, _, err := crm.About(ctx, f, ids)
	if err != nil {
		return []checkedDeal{}, err
	}
	out := []checkedDeal{}
	slices.SortStableFunc(all, func(a, b won.Win) int { return b.WonAt.Compare(a.WonAt) })
	for _, w := range all {
		d := checkedDeal{
			ID: w.ID, Name: w.Name, Amount: w.Amount, Type: w.Type, Won: w.WonAt.UTC().Format(time.DateOnly), AE: about[w.ID].AE, CSM: about[w.ID].CSM, Counts: counts[w.ID],
		}
		if !d.Counts {
			d.Excluded = excluded(f, w, about[w.ID])
		}
		out = append(out, d)
	}
	return out, nil
}

// excluded is why the filter leaves a deal out, by the keys of the configuration.
func excluded(f won.Filter, w won.Win, a won.About) string {
	var why []string
	out := func(lists []string, value, key, what string) {
		if len(lists) > 0 && !slices.Contains(lists, value) {
			if value == "" {
				value = "none"
			}
			why = append(why, fmt.Sprintf("%s %s is not in deals.%s", what, value, key))
		}
	}
	out(f.RecordTypes, a.RecordType, "record_types", "record type")
	out(f.Types, w.Type, "types", "type")
	out(f.Pipelines, a.Pipeline, "pipelines", "pipeline")
	if w.Amount < f.MinAmount {
		why = append(why, fmt.Sprintf("amount is below deals.min_amount, %.0f", f.MinAmount))
	}
	if w.WonAt.Before(f.From) {
		why = append(why, "it was won before deals.from, "+f.From.Format(time.DateOnly))
	}
	if why == nil {
		return "by the configuration's section deals"
	}
	return strings.Join(why, "; ")
}

func (r checkReport) String() string {
	var out, rows strings.Builder
	for _, p := range r.Permissions {
		state := "ok"
		switch {
		case !p.OK && p.Optional:
			state = "not there"
		case !p.OK:
			state = "MISSING"
		}
		fmt.Fprintf(&rows, "%s\t%s\t%s\t%s\n", state, p.System, printable(p.Name), printable(p.For))
	}
	out.WriteString(aligned(rows.String()))
	r.problems(&out, "\nTo change\n", false)
	r.problems(&out, "\nNot there, which is well where you have none of it\n", true)
	r.deals(&out)
	return out.String()
}

func (r checkReport) problems(out *strings.Builder, title string, optional bool) {
	for _, p := range r.Permissions {
		if p.OK || p.Optional != optional {
			continue
		}
		out.WriteString(title)
		title = ""
		fmt.Fprintf(out, "  - %s, %s: %s\n", p.System, printable(p.Name), printable(p.Problem))
	}
}

func (r checkReport) deals(out *strings.Builder) {
	since := r.Since.Format(time.DateOnly)
	if r.DealsError != "" {
		fmt.Fprintf(out, "\nThe deals won since %s could not be listed: %s\n", since, printable(r.DealsError))
		return
	}
	for _, part := range []struct {
		title  string
		counts bool
	}{{"Won since " + since + " and counting", true}, {"Won since " + since + " and left out", false}} {
		deals := slices.DeleteFunc(slices.Clone(r.Deals), func(d checkedDeal) bool { return d.Counts != part.counts })
		if len(deals) == 0 && !part.counts {
			continue
		}
		fmt.Fprintf(out, "\n%s: %d\n", part.title, len(deals))
		var rows strings.Builder
		for _, d := range deals {
			fmt.Fprintf(&rows, "  %s\t%s\t%s\t%.0f\t%s\tAE %s\tCSM %s\t%s\n", d.Won, d.ID, shorten(printable(d.Name), 60), d.Amount, known(d.Type), known(d.AE), known(d.CSM), printable(d.Excluded))
		}
		out.WriteString(aligned(rows.String()))
	}
}

// known is a text of the CRM's for a table, where it has one.
func known(s string) string {
	if s = printable(s); s == "" {
		return "-"
	}
	return s
}
