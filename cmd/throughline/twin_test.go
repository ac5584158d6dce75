package main

import (
	"bufio"
	"context"
	"io"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestTwin does what the command says to do in another terminal: it sets the
// variables that it prints, and checks and pulls with the configuration that it
// wrote.
func TestTwin(t *testing.T) {
	file := filepath.Join(t.TempDir(), "twin.yaml")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out, w := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, env{stdin: strings.NewReader(""), stdout: w, stderr: io.Discard, now: time.Now}, []string{"twin", "--write", file})
		_ = w.Close() // never errs
	}()
	lines := bufio.NewScanner(out)
	export := regexp.MustCompile(`^  export (\w+)=(\S+)$`)
	var pull []string
	for pull == nil && lines.Scan() {
		if m := export.FindStringSubmatch(lines.Text()); m != nil {
			t.Setenv(m[1], strings.Trim(m[2], "'"))
		}
		if before, _, ok := strings.Cut(lines.Text(), "\t#"); ok {
			pull = strings.Fields(before)[1:]
		}
	}
	if len(pull) == 0 {
		t.Fatalf("the stand-ins ended with %d", <-ended)
	}
	t.Setenv("DATABASE_URL", "sqlite:"+filepath.Join(t.TempDir(), "t.db"))
	t.Chdir(t.TempDir())
	if out := succeed(t, "", "check"); strings.Contains(out, "MISSING") || !regexp.MustCompile(`(?m)^ok +Mail`).MatchString(out) {
		t.Errorf("check says:\n%s", out)
	}
	if out := succeed(t, "", pull...); !strings.Contains(out, "Harborline Logistics") || !strings.Contains(out, "Next: throughline generate deal-006123970800895\n") {
		t.Errorf("pull says:\n%s", out)
	}
	if out := succeed(t, "", "generate", "deal-006123970800895"); !strings.Contains(out, "Tess Okafor") {
		t.Errorf("the handoff is %.300s", out)
	}
	cancel()
	if status := <-ended; status != exitDone {
		t.Errorf("it ended with %d", status)
	}
}

func TestTwinWithoutADeal(t *testing.T) {
	if r := throughlineRun(t, "", "twin", "--deal", t.TempDir()); r.status != exitFailed || !strings.Contains(r.stderr, "filling the stand-ins from") {
		t.Errorf("%+v", r)
	}
}
