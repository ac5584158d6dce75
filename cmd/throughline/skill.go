package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"throughline/skill"
)

func newSkill(e env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "skill",
		Short: "Give Claude the skill of writing the handoff on your own desk",
		Long: "The Agent Skill " + skill.Name + " has Claude write the handoff of a deal through this program: it reads the deal, writes\n" +
			"the items, and mends what is not proven.",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newSkillInstall(e))
	return cmd
}

func newSkillInstall(e env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "install",
		Short: "Put the skill where Claude finds it",
		Long: "Writes the skill's folder, " + skill.Name + ", into ~/.claude/skills or the directory given. Run again, it brings the\n" +
			"files up to date. Where somebody changed one since, nothing is written, unless --force is given.",
		Example: "  throughline skill install\n" +
			"  throughline skill install --to .claude/skills",
		Args: noArguments,
	}
	to := cmd.Flags().String("to", "", "the `DIR` that holds skills; ~/.claude/skills without it")
	force := cmd.Flags().Bool("force", false, "replace files that were changed since they were installed")
	cmd.RunE = func(*cobra.Command, []string) error {
		dir := *to
		if dir == "" {
			home, err := os.UserHomeDir()
			if err != nil {
				return fmt.Errorf("finding your home directory: %w; name the directory with --to", err)
			}
			dir = filepath.Join(home, ".claude", "skills")
		}
		in, err := skill.Install(dir, *force)
		var changed *skill.ChangedError
		if errors.As(err, &changed) {
			return fmt.Errorf("%w; nothing was written; keep what you changed elsewhere, and run this again with --force", err)
		}
		if err != nil {
			return err
		}
		return e.tell("The skill is in %s: %d files written, %d removed, %d as they should be already.\n", in.Dir, len(in.Written), len(in.Removed), len(in.Kept))
	}
	return cmd
}
