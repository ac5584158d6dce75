package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"throughline/store"
	pages "throughline/web"
)

func newToken(e env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "token",
		Short: "Make, list and revoke the tokens that programs use the API with",
		Long: "The API stands under /api/v1 beside the team's pages; /api/openapi.yaml describes it. A token's role says what it may do:\n" +
			"company reads what the whole company sees of every deal; team reads all of every deal; operator also has parked tasks tried\n" +
			"again. What a token reads and does stands in the audit trail under its name.",
		Args: oneOfTheCommands,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newTokenCreate(e), newTokenList(e), newTokenRevoke(e))
	return cmd
}

// oneName wants the name of a token.
func oneName(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usageError{errors.New("name the token, as one word or in quotation marks")}
	}
	return nil
}

const (
	// tokenDays is how long a token is good unless its maker says otherwise: long enough
	// that nobody is woken by it, and short enough that one that leaked comes to its end.
	tokenDays = 365
	// mostTokenDays is beyond any use that a token is made for.
	mostTokenDays = 3650
)

// longestName bounds a token's name, in characters: it stands in the audit trail.
const longestName = 60

func newTokenCreate(e env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "create NAME",
		Short:   "Make a token and print it, once",
		Long:    "Makes a token and prints it. Only its hash is kept: whoever loses it makes another, and revokes this one. It is good for a year,\nunless --days says otherwise.",
		Example: "  throughline token create warehouse --role company\n  throughline token create trial --role team --days 7",
		Args:    oneName,
	}
	role := choose(cmd, "role", "", "what the token may do", "company", "team", "operator")
	days := cmd.Flags().Int("days", tokenDays, "for how many `DAYS` it is good; 0 for until it is revoked")
	setup := addSetupFlags(cmd, e)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		name := strings.TrimSpace(args[0])
		if name == "" || printable(name) != name || utf8.RuneCountInString(name) > longestName {
			return usageError{fmt.Errorf("the name of a token is a line of text of up to %d characters", longestName)}
		}
		if *days < 0 || *days > mostTokenDays {
			return usageError{fmt.Errorf("--days is a number from 1 to %d, or 0 for a token that is good until it is revoked", mostTokenDays)}
		}
		c, n, err := setup.kept(cmd.Context())
		if err != nil {
			return err
		}
		defer n.close()
		token, hash := pages.NewToken()
		kept := store.Token{Name: name, Scopes: pages.TokenRoles[role.value], MadeBy: c.me(), Made: e.now()}
		if *days > 0 {
			kept.Ends = kept.Made.AddDate(0, 0, *days)
		}
		err = n.db.AddToken(cmd.Context(), hash, kept)
		if errors.Is(err, store.ErrTokenName) {
			return fmt.Errorf("there is a token %s already: choose another name, or revoke that one with: throughline token revoke %s", name, name)
		}
		if err != nil {
			return err
		}
		e.say("Keep it where secrets are kept: it is not shown again. Send it as: Authorization: Bearer TOKEN\n")
		if !kept.Ends.IsZero() {
			e.say("It is good until %s.\n", minute(kept.Ends))
		}
		return e.tell("%s\n", token)
	}
	return cmd
}

func newTokenList(e env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the tokens, what they may do, and when they were last used",
		Args:  noArguments,
	}
	format := choose(cmd, "format", "f", "how it is written", "text", "json")
	setup := addSetupFlags(cmd, e)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		_, n, err := setup.kept(cmd.Context())
		if err != nil {
			return err
		}
		defer n.close()
		tokens, err := n.db.Tokens(cmd.Context())
		if err != nil {
			return err
		}
		if format.value == "json" {
			out := []listedToken{}
			for _, t := range tokens {
				out = append(out, listedToken{t.Name, roleOf(t), t.Scopes, t.MadeBy, t.Made, t.Used, t.Ends})
			}
			return writeJSON(e.stdout, out, "  ")
		}
		if len(tokens) == 0 {
			return e.tell("There is no token. 'throughline token create NAME' makes one.\n")
		}
		var rows strings.Builder
		for _, t := range tokens {
			fmt.Fprintf(&rows, "%s\t%s\tmade %s by %s\tused %s\t%s\n", printable(t.Name), roleOf(t), minute(t.Made), cmp.Or(printable(t.MadeBy), "-"), minute(t.Used), ending(t, e.now()))
		}
		return e.tell("%s", aligned(rows.String()))
	}
	return cmd
}

// A listedToken is a token as `throughline token list` tells of it.
type listedToken struct {
	Name   string    `json:"name"`
	Role   string    `json:"role"`
	Scopes []string  `json:"scopes"`
	MadeBy string    `json:"made_by"`
	Made   time.Time `json:"made"`
	Used   time.Time `json:"used,omitzero"` // to the hour
	Ends   time.Time `json:"ends,omitzero"` // left out where it is good until it is revoked
}

// ending says until when a token is good.
func ending(t store.Token, now time.Time) string {
	switch {
	case t.Ends.IsZero():
		return "good until it is revoked"
	case t.Ended(now):
		return "ended " + minute(t.Ends)
	}
	return "good until " + minute(t.Ends)
}

// roleOf is the role that gives a token its scopes; the scopes where none does.
func roleOf(t store.Token) string {
	for _, role := range slices.Sorted(maps.Keys(pages.TokenRoles)) {
		if slices.Equal(pages.TokenRoles[role], t.Scopes) {
			return role
		}
	}
	return strings.Join(t.Scopes, " ")
}

func newTokenRevoke(e env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "revoke NAME",
		Short: "End a token: it is good for nothing from then on",
		Args:  oneName,
	}
	setup := addSetupFlags(cmd, e)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		_, n, err := setup.kept(cmd.Context())
		if err != nil {
			return err
		}
		defer n.close()
		was, err := n.db.RevokeToken(cmd.Context(), strings.TrimSpace(args[0]))
		if err != nil {
			return err
		}
		if !was {
			return fmt.Errorf("there is no token %s; 'throughline token list' lists them", printable(args[0]))
		}
		return e.tell("The token %s is revoked.\n", printable(args[0]))
	}
	return cmd
}
