package main

import (
	"errors"
	"time"

	"github.com/spf13/cobra"
)

func newBackfill(e env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "backfill --since DATE",
		Short: "Make the handoffs of deals that were won before",
		Long: "Has a process that serves draft the handoffs of the deals won since a day, as the configuration's section deals has them.\n" +
			"They stand on the team's pages alone: nothing is published, and nobody is written to. Deals that have a run are left out.",
		Example: "  throughline backfill --since 2026-07-01",
		Args:    noArguments,
	}
	since := cmd.Flags().String("since", "", "the `DATE` from which, as 2026-07-01")
	setup := addSetupFlags(cmd, e)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		ctx := cmd.Context()
		from, err := time.Parse(time.DateOnly, *since)
		if err != nil {
			return usageError{errors.New("name the day with --since, such as --since 2026-07-01")}
		}
		c, err := loadConfig(*setup.config)
		if err != nil {
			return err
		}
		n := connectAll(ctx, c, setup.tools())
		defer n.close()
		w, err := n.wire(ctx, c, setup.tools())
		if err != nil {
			return err
		}
		defer w.close()
		p := startProgress(e)
		defer p.stop()
		p.enter("Looking for deals won since " + *since)
		filter := c.Deals.filter()
		filter.From = from
		wins, gaps, err := w.crm.wins.Won(ctx, filter, from, e.now())
		if err != nil {
			return err
		}
		p.stop()
		for _, g := range gaps {
			e.say("When deals were won is not known for certain: %s\n", printable(g.What))
		}
		made := 0
		for _, win := range wins {
			isNew, err := w.ledger().past(ctx, win)
			if err != nil {
				return err
			}
			if isNew {
				made++
			}
		}
		return e.tell("%s to draft, of %s won since %s. A process that serves drafts them ('throughline serve'); 'throughline runs' tells how far it is.\n",
			counted(made, "handoff", "handoffs"), counted(len(wins), "deal", "deals"), *since)
	}
	return cmd
}
