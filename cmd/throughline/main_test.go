package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// demoDir is the demo's deal as it stands in the repository.
const demoDir = "demo/harborline"

// noon is when every command of the tests runs.
var noon = time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)

// A result is what became of one command line.
type result struct {
	status         int
	stdout, stderr string
}

func throughlineRun(t testing.TB, stdin string, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	e := env{stdin: strings.NewReader(stdin), stdout: &out, stderr: &errs, now: func() time.Time { return noon }}
	status := run(t.Context(), e, args)
	return result{status, out.String(), errs.String()}
}

// succeed runs a command line that must end with 0 and say nothing on the side.
func succeed(t testing.TB, stdin string, args ...string) string {
	t.Helper()
	r := throughlineRun(t, stdin, args...)
	if r.status != exitDone {
		t.Fatalf("throughline %s: exit status %d, want 0; it said: %s", strings.Join(args, " "), r.status, r.stderr)
	}
	if r.stderr != "" && !strings.HasSuffix(r.stderr, "…\n") { // progress of a slow machine may stand there
		t.Errorf("throughline %s: unasked on standard error: %s", strings.Join(args, " "), r.stderr)
	}
	return r.stdout
}

func TestUsageErrors(t *testing.T) {
	for _, c := range []struct {
		args string
		want string // in what it says
	}{
		{"genrate x", `there is no command "genrate"; did you mean generate?`},
		{"generate", "name the folder"},
		{"generate a b", "name one folder, not 2 (a, b)"},
		{"generate x --format pdf", "it must be one of: markdown, html, json"},
		{"generate x --audience everyone", "it must be one of: team, company, customer"},
		{"generate x --engine oracle", "it must be one of: builtin"},
		{"generate x --colour", "unknown flag: --colour"},
		{"generate x -o", "needs an argument"},
		{"inspect", "name the folder"},
		{"inspect x --format html", "it must be one of: text, json"},
		{"prove", "name the folder"},
		{"prove a b", "name one folder"},
		{"hedges", "name the folder"},
		{"hedges x --format yaml", "it must be one of: text, json"},
		{"demo now", `"now" is one word too many`},
		{"demo -o x.html", "-o goes with --once"},
	} {
		t.Run(c.args, func(t *testing.T) {
			r := throughlineRun(t, "", strings.Fields(c.args)...)
			if r.status != exitUsage {
				t.Errorf("exit status %d, want %d", r.status, exitUsage)
			}
			if r.stdout != "" {
				t.Errorf("on standard output: %s", r.stdout)
			}
			if !strings.HasPrefix(r.stderr, "throughline: ") || !strings.Contains(r.stderr, c.want) || !strings.Contains(r.stderr, "--help") {
				t.Errorf("it says %q, want %q and where to find help", r.stderr, c.want)
			}
		})
	}
}

func TestFailures(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "notes.bin")
	if err := os.WriteFile(text, []byte("neither a folder nor a .zip"), 0o600); err != nil {
		t.Fatal(err)
	}
	empty := t.TempDir()
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"nothing there", []string{"generate", filepath.Join(dir, "gone")}, "there is nothing at"},
		{"nothing there to inspect", []string{"inspect", filepath.Join(dir, "gone")}, "there is nothing at"},
		{"nothing there to prove in", []string{"prove", filepath.Join(dir, "gone")}, "there is nothing at"},
		{"nothing there to scan", []string{"hedges", filepath.Join(dir, "gone")}, "there is nothing at"},
		{"empty folder", []string{"generate", empty}, "holds no files that could be read"},
		{"formats are named where to find", []string{"generate", empty}, "throughline generate --help"},
		{"no .zip", []string{"generate", text}, "neither a directory nor a .zip"},
		{"output is a directory", []string{"generate", demoDir, "-o", dir}, "is a directory: name a file in it"},
		{"output in no directory", []string{"generate", demoDir, "-o", filepath.Join(dir, "no", "x.md")}, "there is no directory"},
		{"demo into a directory", []string{"demo", "--once", "-o", dir}, "is a directory: name a file in it"},
		{"address taken by nobody", []string{"demo", "--addr", "127.0.0.1:none"}, "--addr 127.0.0.1:0 takes a free port"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := throughlineRun(t, "", c.args...)
			if r.status != exitFailed {
				t.Errorf("exit status %d, want %d", r.status, exitFailed)
			}
			if r.stdout != "" {
				t.Errorf("on standard output: %s", r.stdout)
			}
			if !strings.HasPrefix(r.stderr, "throughline: ") || !strings.Contains(r.stderr, c.want) {
				t.Errorf("it says %q, want %q", r.stderr, c.want)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	for _, args := range []string{"", "--help", "help"} {
		out := succeed(t, "", strings.Fields(args)...)
		for _, command := range []string{"generate", "inspect", "prove", "hedges", "demo", "init", "check", "pull", "twin"} {
			if !strings.Contains(out, "\n  "+command+" ") {
				t.Errorf("throughline %s does not list %s:\n%s", args, command, out)
			}
		}
	}
	if out := succeed(t, "", "generate", "--help"); !strings.Contains(out, ".mbox") || !strings.Contains(out, "--audience") {
		t.Errorf("generate --help lacks the formats or the flags:\n%s", out)
	}
	if out := succeed(t, "", "--version"); !strings.HasPrefix(out, "throughline version ") {
		t.Errorf("--version says %q", out)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errs bytes.Buffer
	status := run(ctx, env{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, now: time.Now}, []string{"generate", demoDir})
	if status != exitFailed || out.Len() > 0 || !strings.Contains(errs.String(), "context canceled") {
		t.Errorf("a cancelled command ended with %d, wrote %d bytes and said %q", status, out.Len(), errs.String())
	}
}

// brokenPipe is a standard output that nobody reads any more.
type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestStandardOutputGone(t *testing.T) {
	for _, args := range []string{"generate", "inspect", "hedges", "prove"} {
		var errs bytes.Buffer
		e := env{stdin: strings.NewReader(`{"quote":"x"}`), stdout: brokenPipe{}, stderr: &errs, now: time.Now}
		if status := run(t.Context(), e, []string{args, demoDir}); status != exitFailed || !strings.Contains(errs.String(), "writing") {
			t.Errorf("%s: exit status %d, said %q", args, status, errs.String())
		}
	}
}
