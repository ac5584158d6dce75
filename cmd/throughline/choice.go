package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// A choice is a flag that takes one of a few words.
type choice struct {
	value string
	of    []string
}

// choose adds such a flag to a command. The first word is the default.
func choose(cmd *cobra.Command, name, short, usage string, of ...string) *choice {
	c := &choice{value: of[0], of: of}
	cmd.Flags().VarP(c, name, short, usage+": "+strings.Join(of, ", "))
	_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(of, cobra.ShellCompDirectiveNoFileComp)) // errs for a name that is no flag
	return c
}

func (c *choice) String() string { return c.value }

func (c *choice) Type() string { return "word" }

func (c *choice) Set(word string) error {
	if !slices.Contains(c.of, word) {
		return fmt.Errorf("it must be one of: %s", strings.Join(c.of, ", "))
	}
	c.value = word
	return nil
}
