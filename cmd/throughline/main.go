// Command throughline turns what was said and written while a deal was sold into
// the handoff that its CSM needs. It reads a folder of exported files, or gathers
// one from the connected systems, proves every quote against them, and writes the
// document as Markdown, HTML or JSON.
//
// Results go to standard output, everything else to standard error. The exit
// status is 0 when all went well, 1 when something failed, and 2 when the command
// line could not be understood.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"throughline/connect"
)

// The exit statuses.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// An env is what a command knows of the world around it.
type env struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	now            func() time.Time
	// limiter keeps the pace of all vendors; nil where each has its own.
	limiter *connect.Limiter
}

// say writes to standard error. Where that can't be written to, there is nobody
// to be told of it.
func (e env) say(format string, args ...any) { _, _ = fmt.Fprintf(e.stderr, format, args...) }

// tell writes to standard output.
func (e env) tell(format string, args ...any) error {
	if _, err := fmt.Fprintf(e.stdout, format, args...); err != nil {
		return fmt.Errorf("writing to standard output: %w", err)
	}
	return nil
}

func main() {
	e := env{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, now: time.Now}
	os.Exit(run(context.Background(), e, os.Args[1:]))
}

// run carries out one command line, without the program's name, and gives the
// exit status.
func run(ctx context.Context, e env, args []string) int {
	e.stderr = &sharedWriter{to: e.stderr}
	root := newRoot(e)
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitDone
	}
	e.say("throughline: %s\n", printableLines(err.Error()))
	var usage usageError
	if errors.As(err, &usage) {
		e.say("Run '%s --help' to see how it is used.\n", cmd.CommandPath())
		return exitUsage
	}
	return exitFailed
}

// A sharedWriter is written to by several goroutines: what a command is at, and
// the log of what it does, go to one place.
type sharedWriter struct {
	mu sync.Mutex
	to io.Writer
}

func (w *sharedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to.Write(p)
}

// A usageError says what could not be understood of the command line.
type usageError struct{ error }

func (u usageError) Unwrap() error { return u.error }

func newRoot(e env) *cobra.Command {
	root := &cobra.Command{
		Use:   "throughline",
		Short: "What was promised in the sale, proven, for the CSM who delivers it",
		Long: "Throughline reads the exported files of a closed deal (calls, emails, chat, CRM records, documents)\n" +
			"and writes the handoff from the AE to the CSM. Every item stands on quotes found word by word in the files.\n" +
			"'pull' gathers those files from the systems that you connect. Nothing else leaves this machine unless you choose an\n" +
			"engine that asks a model.",
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		// Letters that a word may have wrong and still be taken for a command.
		SuggestionsMinimumDistance: 2,
		Args:                       oneOfTheCommands,
		RunE:                       func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(e.stdin)
	root.SetOut(e.stdout)
	root.SetErr(e.stderr)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(newGenerate(e), newInspect(e), newProve(e), newHedges(e), newPrompt(e), newAssemble(e), newRead(e), newSubmit(e), newSkill(e), newMCP(e), newEval(e), newDemo(e),
		newInit(e), newCheck(e), newConnectors(e), newPull(e), newTwin(e),
		newServe(e), newHealth(e), newStatus(e), newRuns(e), newRetry(e), newBackfill(e), newForget(e), newSignIn(e), newToken(e), newAgenda(e), newKickoffCheck(e), newBaseline(e))
	return root
}

// oneOfTheCommands refuses a first word that is no command, with the commands
// that it may have been meant for.
func oneOfTheCommands(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	text := fmt.Sprintf("there is no command %q", args[0])
	if near := root.SuggestionsFor(args[0]); len(near) > 0 {
		text += "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return usageError{errors.New(text)}
}

// oneDir wants exactly one argument: the deal's folder.
func oneDir(_ *cobra.Command, args []string) error {
	switch len(args) {
	case 0:
		return usageError{errors.New("name the folder that holds the deal's exports, or a .zip of it")}
	case 1:
		return nil
	}
	return usageError{fmt.Errorf("name one folder, not %d (%s); quote a name that has spaces in it", len(args), strings.Join(args, ", "))}
}

// noArguments wants none.
func noArguments(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("%q is one word too many", args[0])}
	}
	return nil
}

// version is what the build recorded of itself.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "unknown"
	}
	return info.Main.Version
}
