package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/spf13/cobra"

	"throughline"
	"throughline/connect"
	"throughline/engine/claude"
)

// liveFlags are the flags of everything that asks a model over the network.
type liveFlags struct {
	*modelFlags
	provider *choice
	batch    *bool
	dryRun   *bool
	once     *float64 // what one handoff, or one check of a kickoff, may cost
	month    *float64
}

// addLiveFlags adds the flags of what drafts.
func addLiveFlags(cmd *cobra.Command) *liveFlags {
	return live(cmd, addModelFlags(cmd), "this handoff")
}

// live adds the flags of whatever asks over the network, for what is named.
func live(cmd *cobra.Command, flags *modelFlags, what string) *liveFlags {
	return &liveFlags{
		modelFlags: flags,
		provider:   choose(cmd, "provider", "", "where the model runs", claude.Providers...),
		batch:      cmd.Flags().Bool("batch", false, "ask by message batches: half the price, up to some hours"),
		dryRun:     cmd.Flags().Bool("dry-run", false, "send nothing; print what would be sent, and what it would cost"),
		once:       cmd.Flags().Float64("max-usd", 10, "stop before "+what+" costs more `USD`; 0 for no limit"),
		month:      cmd.Flags().Float64("max-usd-month", 0, "stop before everything asked this month costs more `USD`; 0 for no limit"),
	}
}

// engine makes the engine of the flags.
func (f *liveFlags) engine(ctx context.Context, e env, p *progress) (*claude.Engine, error) {
	r, err := f.run()
	if err != nil {
		return nil, err
	}
	if *f.batch && f.provider.value != "anthropic" {
		return nil, usageError{fmt.Errorf("--batch needs the provider anthropic: %s has no message batches", f.provider.value)}
	}
	rule, err := f.withhold.rule()
	if err != nil {
		return nil, err
	}
	client, err := f.client(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := cacheDir()
	if err != nil {
		return nil, err
	}
	answers := answerDir(filepath.Join(dir, "answers"))
	answers.clean(e.now())
	return &claude.Engine{
		Client: client, Config: r.config(), Batch: *f.batch, Journal: answers,
		Budget:   claude.Budget{Handoff: *f.once, Month: *f.month, Ledger: ledgerDir(filepath.Join(dir, "spent"))},
		Withhold: rule, Now: e.now, Sleep: connect.Sleep, Progress: p.enter,
	}, nil
}

// client connects to the provider of the flags.
func (f *liveFlags) client(ctx context.Context) (anthropic.Client, error) {
	return claude.NewClient(ctx, claude.Provider{
		Name: f.provider.value, Key: secret("ANTHROPIC_API_KEY"), BaseURL: os.Getenv("ANTHROPIC_BASE_URL"),
		Region: os.Getenv("CLOUD_ML_REGION"), Project: os.Getenv("ANTHROPIC_VERTEX_PROJECT_ID"),
	})
}

// cacheDir is where answers that were paid for are kept until the handoff is
// written, and what was spent: THROUGHLINE_CACHE, or the user's cache directory.
func cacheDir() (string, error) {
	if dir := os.Getenv("THROUGHLINE_CACHE"); dir != "" {
		return dir, nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no place to keep answers: %w; set THROUGHLINE_CACHE to a directory", err)
	}
	return filepath.Join(dir, "throughline"), nil
}

// An answerDir keeps answers as files, their owner's alone to read. An answer
// holds a customer's words: it is dropped when it is older than keptFor.
type answerDir string

// keptFor is how long answers are kept for a run to go on with.
const keptFor = 48 * time.Hour

func (d answerDir) Get(key string) ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(string(d), key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

func (d answerDir) Put(key string, value []byte) error {
	if err := os.MkdirAll(string(d), 0o700); err != nil {
		return err
	}
	return replaceFile(filepath.Join(string(d), key), value)
}

// clean drops what is too old.
func (d answerDir) clean(now time.Time) {
	entries, err := os.ReadDir(string(d))
	if err != nil {
		return // nothing is kept there
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && now.Sub(info.ModTime()) > keptFor {
			_ = os.Remove(filepath.Join(string(d), e.Name())) // it will be tried again
		}
	}
}

// A ledgerDir writes down what was spent, a line an answer, a file a month.
type ledgerDir string

func (d ledgerDir) file(at time.Time) string {
	return filepath.Join(string(d), at.UTC().Format("2006-01")+".jsonl")
}

type spending struct {
	At  time.Time `json:"at"`
	USD float64   `json:"usd"`
}

func (d ledgerDir) Add(at time.Time, usd float64) error {
	if err := os.MkdirAll(string(d), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(d.file(at), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	line, err := json.Marshal(spending{at.UTC(), usd})
	if err != nil {
		return errors.Join(err, f.Close())
	}
	// The line break before it parts it from a line that was not finished.
	_, err = f.Write(append(append([]byte{'\n'}, line...), '\n'))
	return errors.Join(err, f.Close())
}

func (d ledgerDir) Spent(at time.Time) (float64, error) {
	f, err := os.Open(d.file(at))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	sum := 0.0
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var s spending
		// A line that was being written when the machine stopped is no reason to
		// write no handoff until the month is over.
		if json.Unmarshal(lines.Bytes(), &s) == nil {
			sum += s.USD
		}
	}
	if err := lines.Err(); err != nil {
		return 0, fmt.Errorf("reading %s: %w", d.file(at), err)
	}
	return sum, nil
}

// printDryRun prints what would be sent to draft a deal's handoff, and what it would
// take.
func (f *liveFlags) printDryRun(ctx context.Context, e env, deal *throughline.Deal) error {
	r, err := f.run()
	if err != nil {
		return err
	}
	run, _, _, err := startRun(deal, r)
	if err != nil {
		return err
	}
	total, how, err := f.printAsked(ctx, e, &run.Asking)
	if err != nil {
		return err
	}
	return e.tell("Passes: %s.\nAbout $%.2f with the prices of %s, and a little for correcting quotes and comparing items. %s\n", run.Plan(), total, claude.PricesOf(), how)
}

// printAsked prints what is asked first, and what each request would take. With an
// API key the provider counts the tokens, for which the text goes there; else they
// are estimated, and nothing does. It gives the sum in USD, and how it was come by.
func (f *liveFlags) printAsked(ctx context.Context, e env, asked *claude.Asking) (total float64, how string, err error) {
	count := func(q claude.Request) (claude.Estimate, error) { return asked.Estimate(q), nil }
	how = "Tokens are estimated. Nothing was sent."
	if f.provider.value == "anthropic" && secret("ANTHROPIC_API_KEY") != "" {
		client, err := f.client(ctx)
		if err != nil {
			return 0, "", err
		}
		count, how = func(q claude.Request) (claude.Estimate, error) { return asked.Count(ctx, client, q) }, "Tokens of the input are counted by the provider, which was sent the text for that alone."
	}
	for _, q := range asked.Open() {
		est, err := count(q)
		if err != nil {
			return 0, "", err
		}
		if *f.batch {
			est.USD /= 2
		}
		total += est.USD
		t := est.Tokens
		if err := e.tell("### %s: about %d tokens in (%d of them written to the cache, %d read from it), %d out, $%.3f\n\n%s\n\n",
			q.ID, t.Input+t.CacheWrite5m+t.CacheWrite1h+t.CacheRead, t.CacheWrite5m+t.CacheWrite1h, t.CacheRead, t.Output, est.USD, printableLines(q.Text())); err != nil {
			return 0, "", err
		}
	}
	return total, how, nil
}
