package claude

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"
	"golang.org/x/sync/errgroup"

	"throughline"
	"throughline/ground"
)

// A Journal keeps answers that were paid for, so that a run that is interrupted
// goes on without paying again.
type Journal interface {
	// Get gives what was kept under a key; nil when there is nothing.
	Get(key string) ([]byte, error)
	Put(key string, value []byte) error
}

// Engine has a model draft handoffs over the Messages API. Client, Sleep and
// Journal must be set.
type Engine struct {
	Client anthropic.Client
	Config Config
	// Batch asks by message batches, at half the price and with the patience
	// that they need.
	Batch    bool
	Journal  Journal
	Budget   Budget
	Withhold Withhold
	Now      func() time.Time
	// Sleep waits, or gives ctx's error when that ends first.
	Sleep func(ctx context.Context, d time.Duration) error
	// Progress is told what is going on, in a few words; nil to tell nobody.
	Progress func(string)
}

// Draft reads a deal with the model. The error is the API's or ctx's, or a
// [BudgetError] before anything is spent beyond it.
func (e *Engine) Draft(ctx context.Context, deal *throughline.Deal) (*throughline.Draft, error) {
	if err := e.Withhold.check(deal); err != nil {
		return nil, err
	}
	shown, kept := e.Withhold.From(deal)
	cfg := e.Config
	cfg.Kept = append(slices.Clone(cfg.Kept), kept...)
	if e.Batch && cfg.CacheTTL == "" {
		cfg.CacheTTL = "1h"
	}
	e.capabilities(ctx, &cfg)
	run, err := Start(shown, ground.NewIndex(shown), cfg)
	if err != nil {
		return nil, err
	}
	s := &session{Engine: e, asked: &run.Asking, what: "this handoff"}
	if err := s.answerAll(ctx); err != nil {
		return nil, fmt.Errorf("drafting deal %s with %s: %w", deal.ID, run.cfg.Model, err)
	}
	return run.Draft()
}

// capabilities asks what the model can do, where the program doesn't know it. A
// server that doesn't tell leaves what the program assumes.
func (e *Engine) capabilities(ctx context.Context, cfg *Config) {
	id := cfg.Model
	if id == "" {
		id = DefaultModel()
	}
	if m, known := LookUp(id); cfg.Structured != "" || known && m.Structured {
		return
	}
	info, err := e.Client.Models.Get(ctx, id, anthropic.ModelGetParams{}, option.WithMaxRetries(1))
	if err != nil {
		return
	}
	if info.Capabilities.StructuredOutputs.Supported {
		cfg.Structured = "schema"
	}
	if cfg.Window == 0 && info.MaxInputTokens > 0 {
		cfg.Window = int(info.MaxInputTokens)
	}
}

// A session is what is asked for one purpose, being answered.
type session struct {
	*Engine
	asked *Asking
	what  string // what it is for, as a limit on it is spoken of
	mu    sync.Mutex
	// spent is what it has cost, also in a run that was interrupted.
	spent float64
	// lost is what was billed for answers that broke off.
	lost []Tokens
}

func (s *session) say(format string, args ...any) {
	if s.Progress != nil {
		s.Progress(fmt.Sprintf(format, args...))
	}
}

// answerAll answers round after round until nothing is left to ask.
func (s *session) answerAll(ctx context.Context) error {
	if !s.asked.costKnown && s.Budget.limited() {
		s.say("The price of %s is not known: the limits on what is spent can't be held", s.asked.cfg.Model)
	}
	for len(s.asked.Open()) > 0 {
		if err := s.round(ctx); err != nil {
			return err
		}
	}
	return nil
}

// parallel is how many requests are open at a time, once the cache is written.
const parallel = 4

// round answers what is open: the request that writes the cache first, the
// others side by side when it has ended.
func (s *session) round(ctx context.Context) error {
	var first, rest []Request
	for _, q := range s.asked.Open() {
		if q.First {
			first = append(first, q)
		} else {
			rest = append(rest, q)
		}
	}
	for _, group := range [][]Request{first, rest} {
		if len(group) == 0 {
			continue
		}
		if err := s.group(ctx, group); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) group(ctx context.Context, qs []Request) error {
	s.say("Asking %s: %s", s.asked.cfg.Model, names(qs))
	answers := make([]Answer, len(qs))
	var missing []int
	for i, q := range qs {
		a, ok, err := s.kept(q)
		if err != nil {
			return err
		}
		if ok {
			answers[i] = a
			s.spent += s.asked.model.cost(a.Usage)
		} else {
			missing = append(missing, i)
		}
	}
	if err := s.afford(qs, missing, s.Batch); err != nil {
		return err
	}
	if s.Batch && len(missing) > 0 {
		var err error
		if missing, err = s.batch(ctx, qs, missing, answers); err != nil {
			return err
		}
		// What the batch did not answer is asked at the full price.
		if err := s.afford(qs, missing, false); err != nil {
			return err
		}
	}
	// One that fails doesn't stop the others: what is on its way is paid for.
	var g errgroup.Group
	g.SetLimit(parallel)
	for _, i := range missing {
		g.Go(func() error {
			a, err := s.call(ctx, qs[i])
			if err != nil {
				return fmt.Errorf("request %s: %w", qs[i].ID, err)
			}
			answers[i] = a
			return s.keep(qs[i], a)
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	s.settleLost()
	for i, q := range qs {
		if err := s.give(ctx, q, answers[i]); err != nil {
			return err
		}
	}
	return nil
}

// give hands an answer over; one of no use is asked for once more.
func (s *session) give(ctx context.Context, q Request, a Answer) error {
	err := s.asked.Answer(q.ID, a)
	if err == nil {
		return nil
	}
	s.say("Asking once more: %v", err)
	if err := s.afford([]Request{q}, []int{0}, false); err != nil {
		return err
	}
	a, callErr := s.call(ctx, q)
	if callErr != nil {
		return fmt.Errorf("request %s, after %w: %w", q.ID, err, callErr)
	}
	if err := s.keep(q, a); err != nil {
		return err
	}
	s.settleLost()
	if s.asked.Answer(q.ID, a) != nil {
		// An answer without use costs its round, not the document.
		return s.asked.without(q.ID)
	}
	return nil
}

// settleLost gives the accounting what was billed for nothing.
func (s *session) settleLost() {
	for _, t := range s.lost {
		s.asked.bill(t)
	}
	s.lost = nil
}

func names(qs []Request) string {
	out := ""
	for i, q := range qs {
		if i > 0 {
			out += ", "
		}
		out += q.ID
	}
	return out
}

// key names a request by all that it says.
func (q Request) key() string {
	body, err := json.Marshal(q.Params)
	if err != nil {
		return q.ID
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

func (s *session) kept(q Request) (Answer, bool, error) {
	data, err := s.Journal.Get(q.key())
	if err != nil {
		return Answer{}, false, fmt.Errorf("looking for an answer that was paid for: %w", err)
	}
	if data == nil {
		return Answer{}, false, nil
	}
	var a Answer
	whole := json.Unmarshal(data, &a) == nil // else it is half written, and asked for again
	return a, whole, nil
}

// keep writes down what an answer cost and keeps it. One of no use is not kept:
// it would be found again in the place of a better one.
func (s *session) keep(q Request, a Answer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.charge(a.Usage); err != nil {
		return err
	}
	if q.unusable(a) != nil {
		return nil
	}
	data, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("keeping an answer: %w", err)
	}
	if err := s.Journal.Put(q.key(), data); err != nil {
		return fmt.Errorf("keeping an answer: %w", err)
	}
	return nil
}

// charge writes down what was billed; s.mu is held.
func (s *session) charge(t Tokens) error {
	usd := s.asked.model.cost(t)
	s.spent += usd
	if s.Budget.Ledger == nil || usd == 0 {
		return nil
	}
	if err := s.Budget.Ledger.Add(s.Now(), usd); err != nil {
		return fmt.Errorf("writing down what was spent: %w", err)
	}
	return nil
}

// Retries of one request beyond the SDK's own, for what fails after the answer
// has begun.
const (
	attempts   = 3
	firstPause = 5 * time.Second
	// callLimit ends an answer that never ends. A long answer takes minutes.
	callLimit = 25 * time.Minute
)

// call sends one request and reads its answer as it streams: a long answer
// outlives an idle connection.
func (s *session) call(ctx context.Context, q Request) (Answer, error) {
	pause := firstPause
	for n := 1; ; n++ {
		a, err := s.stream(ctx, q)
		if err == nil {
			return a, nil
		}
		if err := s.lose(a.Usage); err != nil {
			return Answer{}, err
		}
		if ctx.Err() != nil {
			return Answer{}, err
		}
		if n == attempts || !transient(err) {
			return Answer{}, err
		}
		s.say("Request %s failed (%v); trying again in %s", q.ID, err, pause)
		if err := s.Sleep(ctx, pause); err != nil {
			return Answer{}, err
		}
		pause *= 4
	}
}

// lose writes down what an answer that broke off was billed: its input, and what
// there was of its output.
func (s *session) lose(t Tokens) error {
	if t == (Tokens{}) {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost = append(s.lost, t)
	return s.charge(t)
}

// stream reads one answer. Of one that breaks off, the answer that comes with
// the error tells the usage as far as it was told.
func (s *session) stream(ctx context.Context, q Request) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	stream := s.Client.Messages.NewStreaming(ctx, q.Params)
	defer func() { _ = stream.Close() }() // nothing is written to it
	var m anthropic.Message
	size := 0
	for stream.Next() {
		ev := stream.Current()
		size += len(ev.RawJSON())
		if size > 2*maxAnswer {
			return begun(m), fmt.Errorf("the answer is larger than %d MB", 2*maxAnswer>>20)
		}
		if err := m.Accumulate(ev); err != nil {
			return begun(m), fmt.Errorf("reading the answer: %w", err)
		}
	}
	if err := stream.Err(); err != nil {
		return begun(m), err
	}
	if m.StopReason == "" {
		return begun(m), errBrokenOff
	}
	a, err := ReadAnswer([]byte(m.RawJSON()))
	if err != nil {
		return begun(m), err
	}
	return a, nil
}

// begun is the usage of an answer that broke off. What it tells of the output is
// what there was at the beginning.
func begun(m anthropic.Message) Answer {
	u := m.Usage
	t := Tokens{
		Input: u.InputTokens, CacheRead: u.CacheReadInputTokens, Output: u.OutputTokens,
		CacheWrite5m: u.CacheCreation.Ephemeral5mInputTokens, CacheWrite1h: u.CacheCreation.Ephemeral1hInputTokens,
	}
	if rest := u.CacheCreationInputTokens - t.CacheWrite5m - t.CacheWrite1h; rest > 0 {
		t.CacheWrite5m += rest
	}
	return Answer{Usage: t}
}

var errBrokenOff = errors.New("the connection ended before the answer did")

// statusOverloaded is how the API says that it has too much to do.
const statusOverloaded = 529

// transient reports whether an error may be gone in a while. The SDK has already
// tried again what failed before an answer began.
func transient(err error) bool {
	var api *anthropic.Error
	if errors.As(err, &api) {
		switch api.StatusCode {
		case http.StatusRequestTimeout, http.StatusConflict, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable,
			http.StatusGatewayTimeout, statusOverloaded:
			return true
		case http.StatusTooManyRequests:
			return !spendCap(api)
		case http.StatusOK: // an error event within the stream
			return true
		}
		return false
	}
	return !errors.Is(err, context.Canceled)
}

// spendCap reports whether a 429 says that the account's own limit is reached:
// that doesn't pass by waiting.
func spendCap(err *anthropic.Error) bool {
	var body struct {
		Error struct {
			Details struct {
				Code string `json:"error_code"`
			} `json:"details"`
		} `json:"error"`
	}
	return json.Unmarshal([]byte(err.RawJSON()), &body) == nil && body.Error.Details.Code == "enforced_spend_limit_reached"
}
