package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"throughline"
	"throughline/engine/claude"
	"throughline/ground"
)

// A requestDir holds the requests of a run and the answers that somebody puts
// beside them: 01.request.json and, as one text to be pasted, 01.request.md;
// the answer goes into 01.response.json. What the run was begun with stands in
// run.json.
type requestDir string

// runFile is what a run was begun with: the answers fit no other.
type runFile struct {
	Program  string        `json:"program"`
	Prompts  string        `json:"prompts"` // version of the prompt files
	Model    string        `json:"model"`
	Passes   claude.Passes `json:"passes"`
	Effort   string        `json:"effort,omitempty"`
	Answers  string        `json:"answers,omitempty"` // schema, tool
	Window   int           `json:"window,omitempty"`
	Withhold withholding   `json:"withhold,omitzero"`
}

func (r runFile) config() claude.Config {
	return claude.Config{Model: r.Model, Passes: r.Passes, Effort: r.Effort, Structured: r.Answers, Window: r.Window}
}

func (d requestDir) path(number, what string) string {
	return filepath.Join(string(d), number+"."+what)
}

// begin makes the directory, empty but for what an equal run left there.
func (d requestDir) begin(r runFile) error {
	if err := os.MkdirAll(string(d), 0o700); err != nil {
		return fmt.Errorf("making %s: %w", d, err)
	}
	old, err := d.run()
	if err == nil && !old.equal(r) {
		return fmt.Errorf("%s holds the requests of another run (model %s, passes %s): name a fresh directory", d, old.Model, old.Passes)
	}
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("writing run.json: %w", err)
	}
	return replaceFile(filepath.Join(string(d), "run.json"), append(data, '\n'))
}

func (r runFile) equal(o runFile) bool {
	a, _ := json.Marshal(r)
	b, _ := json.Marshal(o)
	return bytes.Equal(a, b)
}

func (d requestDir) run() (runFile, error) {
	data, err := os.ReadFile(filepath.Join(string(d), "run.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return runFile{}, fmt.Errorf("%s holds no requests: 'throughline prompt DIR -o %s' writes them", d, d)
	}
	if err != nil {
		return runFile{}, fmt.Errorf("reading the requests: %w", err)
	}
	var r runFile
	if err := json.Unmarshal(data, &r); err != nil {
		return runFile{}, fmt.Errorf("reading %s: %w", filepath.Join(string(d), "run.json"), err)
	}
	return r, nil
}

func number(q claude.Request) string {
	n, _, _ := strings.Cut(q.ID, "-")
	return n
}

// write writes a request, as the API takes it and as a text.
func (d requestDir) write(q claude.Request) error {
	body, err := json.MarshalIndent(q.Params, "", "  ")
	if err != nil {
		return fmt.Errorf("writing request %s: %w", q.ID, err)
	}
	body = append(body, '\n')
	name := d.path(number(q), "request.json")
	if old, err := os.ReadFile(name); err == nil && !bytes.Equal(old, body) {
		return fmt.Errorf("%s is not the request that this run asks: the deal's files, or Throughline, have changed since it was written; begin again in a fresh directory", name)
	}
	if err := replaceFile(name, body); err != nil {
		return fmt.Errorf("writing request %s: %w", q.ID, err)
	}
	if err := replaceFile(d.path(number(q), "request.md"), []byte(q.Text())); err != nil {
		return fmt.Errorf("writing request %s: %w", q.ID, err)
	}
	return nil
}

// answer reads the answer to a request; false when there is none yet.
func (d requestDir) answer(q claude.Request) (claude.Answer, bool, error) {
	name := d.path(number(q), "response.json")
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return claude.Answer{}, false, nil
	}
	if err != nil {
		return claude.Answer{}, false, fmt.Errorf("reading an answer: %w", err)
	}
	a, err := claude.ReadAnswer(data)
	if err != nil {
		return claude.Answer{}, false, fmt.Errorf("%s: %w", name, err)
	}
	return a, true, nil
}

// carry takes a run as far as the answers go, and writes the requests that wait
// for one. It returns their files.
func (d requestDir) carry(run *claude.Run) (waiting []string, err error) {
	for len(run.Open()) > 0 {
		took := false
		for _, q := range run.Open() {
			if err := d.write(q); err != nil {
				return nil, err
			}
			a, ok, err := d.answer(q)
			if err != nil {
				return nil, err
			}
			if !ok {
				continue
			}
			if err := run.Answer(q.ID, a); err != nil {
				return nil, fmt.Errorf("%s: %w; put another answer there", d.path(number(q), "response.json"), err)
			}
			took = true
		}
		if !took {
			for _, q := range run.Open() {
				waiting = append(waiting, d.path(number(q), "request.json"))
			}
			return waiting, nil
		}
	}
	return nil, nil
}

// startRun begins a run of the model engine over a deal, less what is withheld.
func startRun(deal *throughline.Deal, r runFile) (*claude.Run, *ground.Index, *throughline.Deal, error) {
	shown, kept, err := r.Withhold.from(deal)
	if err != nil {
		return nil, nil, nil, err
	}
	ix := ground.NewIndex(shown)
	cfg := r.config()
	cfg.Kept = kept
	run, err := claude.Start(shown, ix, cfg)
	if err != nil {
		return nil, nil, nil, usageError{err}
	}
	return run, ix, shown, nil
}
