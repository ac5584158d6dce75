package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"throughline/survey"
)

func newBaseline(e env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "baseline FILE.csv",
		Short: "Import kickoff NPS answers of the time before",
		Long: "Reads answers that customers gave before Throughline came into use, for the comparison on the page of the number. The file is\n" +
			"CSV with a head: date and score, and where they are known deal and comment. They take the place of those that were imported\n" +
			"before, so that the same file twice counts once. Rows that can't be read are named and left out.",
		Example: "  throughline baseline kickoff-nps-2025.csv",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{errors.New("name one file with a head that has date and score")}
			}
			return nil
		},
	}
	setup := addSetupFlags(cmd, e)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := loadConfig(*setup.config)
		if err != nil {
			return err
		}
		ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		f, err := os.Open(args[0])
		if err != nil {
			return fmt.Errorf("reading the baseline: %w", err)
		}
		defer f.Close()
		answers, problems, err := survey.ReadBaseline(args[0], f)
		if err != nil {
			return err
		}
		n := &connections{}
		defer n.close()
		if conn := n.open(ctx, c, setup.tools()); conn.err != nil {
			return conn.err
		}
		if err := n.db.SetBaseline(ctx, answers); err != nil {
			return err
		}
		for _, p := range problems {
			if err := e.tell("left out: %s\n", printable(problemLine(p))); err != nil {
				return err
			}
		}
		return e.tell("The baseline has %s now; %s left out.\n", counted(len(answers), "answer", "answers"), counted(len(problems), "row was", "rows were"))
	}
	return cmd
}
