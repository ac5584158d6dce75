package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"throughline"
	"throughline/collect"
	"throughline/connect"
	"throughline/connect/hubspot"
	"throughline/folder"
)

func newPull(e env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "pull --opportunity ID",
		Short: "Gather a deal from the connected systems into a folder",
		Long: "Reads what the systems of the configuration hold of one deal: the CRM's records, notes, mail and files first, then calls and\n" +
			"messages. It saves them in a folder that generate reads, and says what is missing and what may still come.\n\n" +
			"Pulled again, the folder holds what the systems hold then; files that you put there or changed stay. Only you can read it.",
		Example: "  throughline pull --opportunity 006Hs00001abcde\n" +
			"  throughline pull --opportunity https://example.lightning.force.com/lightning/r/Opportunity/006Hs00001abcdeIAA/view --save deals/acme",
		Args: noArguments,
	}
	opportunity := cmd.Flags().String("opportunity", "", "the deal's record in the CRM: its `ID`, or the address of its page")
	save := cmd.Flags().String("save", "", "the `DIR` to gather into; without it deal-ID in the current directory")
	setup := addSetupFlags(cmd, e)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		id, err := opportunityID(*opportunity)
		if err != nil {
			return err
		}
		ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		n, err := setup.connect(ctx)
		if err != nil {
			return err
		}
		defer n.close()
		if err := n.err(); err != nil {
			return fmt.Errorf("%w\n'throughline check' tries every connection", err)
		}
		crm := n.crm()
		if crm == nil {
			return errNoCRM
		}
		dir := *save
		if dir == "" {
			dir = "deal-" + id[:min(15, len(id))] // whether the id was given with its 3 letters of check or without
		}
		p := startProgress(e)
		defer p.stop()
		p.enter("Gathering the deal from " + strings.Join(n.names(), ", "))
		got, err := collect.Deal(ctx, collect.Named[collect.CRM]{Name: crm.name, It: crm.crm}, n.systems(), id, dir, e.now())
		if err != nil {
			return err
		}
		p.enter("Reading " + dir)
		deal, err := folder.Read(ctx, dir)
		if err != nil {
			return fmt.Errorf("what was gathered into %s: %w", dir, err)
		}
		p.stop()
		return e.tell("%s", pullReport{n, got, deal, dir})
	}
	return cmd
}

// setupFlags are those of every command that talks to the configured systems.
type setupFlags struct {
	env     env
	config  *string
	verbose *bool
}

func addSetupFlags(cmd *cobra.Command, e env) *setupFlags {
	return &setupFlags{e, addConfigFlag(cmd), cmd.Flags().BoolP("verbose", "v", false, "tell each request on standard error, without what was in it")}
}

// connect reads the configuration and sets its systems up.
func (f *setupFlags) connect(ctx context.Context) (*connections, error) {
	c, err := loadConfig(*f.config)
	if err != nil {
		return nil, err
	}
	return connectAll(ctx, c, f.tools()), nil
}

// opportunityID is the id of an opportunity in what a person pasted: itself, or
// the address of its page.
func opportunityID(s string) (string, error) {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return "", usageError{errors.New("name the deal with --opportunity: the id of its record in the CRM, or the address of its page")}
	case opportunityIs.MatchString(s):
		return s, nil
	}
	if id := hubspot.DealID(s); id != "" {
		return id, nil
	}
	if found := opportunityIn.FindStringSubmatch(s); found != nil {
		return found[1], nil
	}
	return "", usageError{errors.New("--opportunity holds no id of an opportunity: one has 15 or 18 letters and digits and begins with 006; it stands in the address of the deal's page")}
}

// An opportunity's id has 15 characters, or 18, and begins with 006.
var (
	opportunityIs = regexp.MustCompile(`^006(?:[A-Za-z0-9]{12}|[A-Za-z0-9]{15})$`)
	opportunityIn = regexp.MustCompile(`^https?://.*?[/=](006(?:[A-Za-z0-9]{15}|[A-Za-z0-9]{12}))(?:[/?&#].*)?$`)
)

// names are those of the systems that hold something of deals.
func (n *connections) names() []string {
	var out []string
	for _, c := range n.all {
		if c.crm != nil || c.system != nil {
			out = append(out, c.name)
		}
	}
	return out
}

// A pullReport says what became of pulling a deal.
type pullReport struct {
	connections *connections
	got         *collect.Result
	deal        *throughline.Deal
	dir         string
}

func (r pullReport) String() string {
	var out strings.Builder
	rec := r.got.Record
	fmt.Fprintf(&out, "%s (%s)\n", printable(rec.Name), rec.ID)
	for _, f := range []struct{ label, value string }{{"Customer", rec.Customer}, {"AE", rec.AE}, {"CSM", rec.CSM}, {"Closes", rec.CloseDate}} {
		value := printable(f.value)
		if value == "" {
			value = "not known"
		}
		fmt.Fprintf(&out, "  %-10s%s\n", f.label, value)
	}
	out.WriteString("\n")
	var rows strings.Builder
	for _, s := range r.got.Systems {
		fmt.Fprintf(&rows, "  %s\t%s\t%s\n", s.Name, r.held(s), r.connections.requests(s.Name))
	}
	out.WriteString(aligned(rows.String()))
	r.gaps(&out, "Missing", func(g connect.Gap) bool { return !g.Pending && !g.Optional })
	r.gaps(&out, "May still come", func(g connect.Gap) bool { return g.Pending })
	fmt.Fprintf(&out, "\nSaved in %s. Next: throughline generate %s\n", r.dir, shellWord(r.dir))
	return out.String()
}

// sourceWords are the kinds of source, one and many.
var sourceWords = []struct {
	kind      throughline.SourceKind
	one, many string
}{
	{throughline.SourceCRM, "CRM record", "CRM records"},
	{throughline.SourceCall, "call", "calls"},
	{throughline.SourceEmail, "email", "emails"},
	{throughline.SourceChat, "chat channel", "chat channels"},
	{throughline.SourceDocument, "document", "documents"},
}

// held says how many sources of each kind came from a system.
func (r pullReport) held(s collect.Read) string {
	counts := map[throughline.SourceKind]int{}
	for _, source := range r.deal.Sources {
		// A chat channel's file is the folder of its days.
		if slices.ContainsFunc(s.Files, func(file string) bool { return file == source.File || strings.HasPrefix(file, source.File+"/") }) {
			counts[source.Kind]++
		}
	}
	var parts []string
	for _, w := range sourceWords {
		if n := counts[w.kind]; n > 0 {
			parts = append(parts, counted(n, w.one, w.many))
		}
	}
	if parts == nil {
		return "nothing of the deal"
	}
	return strings.Join(parts, ", ")
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// requests says how many requests a system was sent, and for what.
func (n *connections) requests(name string) string {
	for _, c := range n.all {
		if c.name != name {
			continue
		}
		var parts []string
		counts := c.budget.Counts()
		for _, op := range slices.Sorted(maps.Keys(counts)) {
			parts = append(parts, fmt.Sprintf("%s: %d", op, counts[op]))
		}
		if parts != nil {
			return counted(c.budget.Total(), "request", "requests") + " (" + strings.Join(parts, ", ") + ")"
		}
	}
	return "no request"
}

func (r pullReport) gaps(out *strings.Builder, title string, which func(connect.Gap) bool) {
	first := true
	for _, g := range r.got.Gaps {
		if !which(g) {
			continue
		}
		if first {
			fmt.Fprintf(out, "\n%s\n", title)
			first = false
		}
		fmt.Fprintf(out, "  - %s: %s\n", printable(g.System), printable(g.What))
	}
}

// shellWord is a name as a shell takes it for one word.
func shellWord(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:-]+$`)

// tools are what the flags give every connection.
func (f *setupFlags) tools() tools { return tools{env: f.env, log: f.logger()} }

// logger writes to standard error, where that is wanted.
func (f *setupFlags) logger() *slog.Logger {
	if !*f.verbose {
		return nil
	}
	return slog.New(slog.NewTextHandler(f.env.stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
}
