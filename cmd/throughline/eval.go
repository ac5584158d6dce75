package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"throughline"
	"throughline/engine/builtin"
	"throughline/engine/claude"
	"throughline/eval"
)

func newEval(e env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "eval DEAL…",
		Short: "Measure an engine on annotated deals",
		Long: "Makes the handoff of each annotated deal from the files in its native/ folder, and holds it against the deal's gold.json:\n" +
			"recall of what the handoff must have, recall, precision and F1, also by kind; traps quoted; superseded statements shown\n" +
			"as current; quotes that are not verbatim; tokens, money and time. docs/evaluation.md says what a deal is annotated\n" +
			"with, and what the figures mean.",
		Example: "  throughline eval deals/* --misses\n" +
			"  throughline eval deals/* --engine claude --keep before\n" +
			"  throughline eval deals/* --handoffs before --compare claude\n" +
			"  throughline eval deals/* --engine builtin --compare claude",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{errors.New("name the folders of the annotated deals")}
			}
			return nil
		},
	}
	v := evaluation{env: e, live: addLiveFlags(cmd)}
	name := choose(cmd, "engine", "", "what drafts the handoffs", builtin.Name, claude.Name)
	handoffs := cmd.Flags().String("handoffs", "", "score the handoffs in `DIR`, each as DEALID.json, and make none")
	compare := cmd.Flags().String("compare", "", "a second engine, or a directory as for --handoffs, to set beside the first: `ENGINE|DIR`")
	keep := cmd.Flags().String("keep", "", "write the handoffs that --engine made to `DIR`, each as DEALID.json")
	format := choose(cmd, "format", "f", "how it is written", "text", "json")
	misses := cmd.Flags().Bool("misses", false, "list for each deal what was missed, told in part or wrong")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *handoffs != "" && (cmd.Flags().Changed("engine") || *keep != "") {
			return usageError{errors.New("--handoffs scores handoffs that are there; --engine and --keep are for making them")}
		}
		if *v.live.dryRun && (name.value != claude.Name || *handoffs != "") {
			return usageError{errors.New("--dry-run is for --engine claude: nothing else is sent anywhere")}
		}
		v.progress = startProgress(e)
		defer v.progress.stop()
		first, err := v.maker(cmd.Context(), name.value, *handoffs)
		if err != nil {
			return err
		}
		var second *maker
		if *compare != "" {
			if second, err = v.compared(cmd.Context(), *compare); err != nil {
				return err
			}
		}
		if err := v.load(args); err != nil {
			return err
		}
		if *v.live.dryRun {
			return v.dryRun(cmd.Context())
		}
		runs := []eval.Run{v.run(cmd.Context(), first, *keep)}
		if second != nil {
			runs = append(runs, v.run(cmd.Context(), second, ""))
		}
		v.progress.stop()
		return errors.Join(v.print(runs, format.value, *misses), v.failures())
	}
	return cmd
}

// An evaluation is one run of the command.
type evaluation struct {
	env      env
	live     *liveFlags
	progress *progress
	deals    []*eval.Deal
	failed   int // deals that could not be loaded, and handoffs that could not be made or read
}

// A maker has the handoffs of annotated deals.
type maker struct {
	name    string
	handoff func(context.Context, *eval.Deal) (*throughline.Handoff, error)
	timed   bool // it makes them, rather than finding them made
}

// maker reads the handoffs in a directory, or where none is named has an engine
// make them.
func (v *evaluation) maker(ctx context.Context, engineName, dir string) (*maker, error) {
	if dir != "" {
		return found(dir)
	}
	if *v.live.dryRun {
		return nil, nil // nothing will be made
	}
	eng, err := v.live.named(ctx, v.env, v.progress, engineName)
	if err != nil {
		return nil, err
	}
	m := &maker{name: engineName, timed: true}
	m.handoff = func(ctx context.Context, d *eval.Deal) (*throughline.Handoff, error) {
		deal, err := v.native(ctx, d)
		if err != nil {
			return nil, err
		}
		h, err := handoff(ctx, v.progress, eng, deal, v.env.now())
		if err == nil && h.Engine.Model != "" {
			m.name = engineName + " " + h.Engine.Model
		}
		return h, err
	}
	return m, nil
}

// compared is what --compare names.
func (v *evaluation) compared(ctx context.Context, word string) (*maker, error) {
	if word == claude.Name || engines[word] != nil {
		return v.maker(ctx, word, "")
	}
	m, err := found(word)
	if err != nil {
		return nil, fmt.Errorf("--compare %s: it is neither an engine (%s, %s) nor a directory of handoffs", word, builtin.Name, claude.Name)
	}
	return m, nil
}

// found takes handoffs that lie in a directory.
func found(dir string) (*maker, error) {
	if st, err := os.Stat(dir); err != nil || !st.IsDir() {
		return nil, fmt.Errorf("%s is no directory of handoffs", dir)
	}
	return &maker{name: dir, handoff: func(_ context.Context, d *eval.Deal) (*throughline.Handoff, error) {
		name := filepath.Join(dir, d.ID+".json")
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		h, err := eval.ReadHandoff(f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return h, nil
	}}, nil
}

// named is an engine of the command line.
func (f *liveFlags) named(ctx context.Context, e env, p *progress, name string) (engine, error) {
	if name == claude.Name {
		return f.engine(ctx, e, p)
	}
	return engines[name], nil
}

// native reads the files of an annotated deal that an engine gets.
func (v *evaluation) native(ctx context.Context, d *eval.Deal) (*throughline.Deal, error) {
	if _, err := os.Stat(d.Native); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no %s: put the deal there as tools export it (calls, mail, chat, CRM records, deal.json), or score handoffs made elsewhere with --handoffs", d.Native)
	}
	return readDeal(ctx, v.progress, d.Native)
}

// load reads the annotated deals. What is wrong with one is said, and the rest is
// measured with.
func (v *evaluation) load(dirs []string) error {
	dirOf := map[string]string{}
	for _, dir := range dirs {
		v.progress.enter("Reading " + dir)
		d, err := eval.Load(dir)
		if err != nil {
			v.fail(dir, err)
			continue
		}
		if other, twice := dirOf[d.ID]; twice {
			return fmt.Errorf("the deals in %s and %s have the same id, %s: give one another id in its deal.yaml", other, dir, d.ID)
		}
		dirOf[d.ID] = dir
		for _, problem := range d.Problems {
			v.env.say("throughline: %s: %s\n", printable(dir), printable(problem))
		}
		v.deals = append(v.deals, d)
	}
	return nil
}

func (v *evaluation) fail(what string, err error) {
	v.failed++
	v.env.say("throughline: %s: %s\n", printable(what), printableLines(err.Error()))
}

// failures is the error that the command ends with when something failed.
func (v *evaluation) failures() error {
	if v.failed == 0 {
		return nil
	}
	return fmt.Errorf("deals or handoffs that could not be scored: %d; they are named above, and the figures are without them", v.failed)
}

// dryRun prints what would be sent for each deal.
func (v *evaluation) dryRun(ctx context.Context) error {
	for _, d := range v.deals {
		deal, err := v.native(ctx, d)
		if err != nil {
			v.fail(d.ID, err)
			continue
		}
		if err := v.env.tell("# %s\n\n", printable(d.ID)); err != nil {
			return err
		}
		if err := v.live.printDryRun(ctx, v.env, deal); err != nil {
			return err
		}
	}
	return v.failures()
}

// run scores the handoffs of all deals. With a directory to keep them in, they are
// written there as soon as they are made.
func (v *evaluation) run(ctx context.Context, m *maker, keep string) eval.Run {
	var results []eval.Result
	for _, d := range v.deals {
		r, err := v.score(ctx, m, d, keep)
		if err != nil {
			v.fail(d.ID+", "+m.name, err)
			continue
		}
		results = append(results, r)
	}
	return eval.NewRun(m.name, results)
}

func (v *evaluation) score(ctx context.Context, m *maker, d *eval.Deal, keep string) (eval.Result, error) {
	start := v.env.now()
	h, err := m.handoff(ctx, d)
	if err != nil {
		return eval.Result{}, err
	}
	end := v.env.now()
	if keep != "" {
		if err := keepHandoff(keep, d.ID, h); err != nil {
			return eval.Result{}, err
		}
	}
	v.progress.enter("Scoring " + d.ID)
	r := d.Score(h)
	if m.timed {
		r.Cost.Time = max(end.Sub(start), time.Nanosecond) // 0 says that it was not measured
	}
	return r, nil
}

// keepHandoff writes a handoff as JSON to a directory, which is made where it is
// not there yet.
func keepHandoff(dir, id string, h *throughline.Handoff) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("keeping the handoff: %w", err)
	}
	var doc bytes.Buffer
	if err := renderers["json"](&doc, h, throughline.AudienceTeam); err != nil {
		return err
	}
	if err := replaceFile(filepath.Join(dir, id+".json"), doc.Bytes()); err != nil {
		return fmt.Errorf("keeping the handoff: %w", err)
	}
	return nil
}

// print writes one run, or two beside each other; nothing where nothing could be
// scored.
func (v *evaluation) print(runs []eval.Run, format string, misses bool) error {
	c := eval.Comparison{First: runs[0]}
	if len(runs) > 1 {
		c = eval.Compare(runs[0], runs[1])
	}
	switch {
	case len(c.First.Results) == 0:
		return nil
	case format == "json" && len(runs) > 1:
		return writeJSON(v.env.stdout, c, "  ")
	case format == "json":
		return writeJSON(v.env.stdout, runs[0], "  ")
	}
	var out bytes.Buffer
	if len(runs) > 1 {
		if err := eval.WriteComparison(&out, c); err != nil {
			return err
		}
	}
	if len(runs) == 1 || misses {
		for i, run := range runs {
			if i > 0 || len(runs) > 1 {
				out.WriteByte('\n')
			}
			if err := eval.WriteRun(&out, run, misses); err != nil {
				return err
			}
		}
	}
	return v.env.tell("%s", out.Bytes())
}
