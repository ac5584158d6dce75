package main

import (
	"strings"
	"testing"
)

// TestHealth: the command tells a process that serves from none.
func TestHealth(t *testing.T) {
	b := playBed(t)
	if r := b.run(t, "health"); r.status != exitFailed || !strings.Contains(r.stderr, "nobody serves") {
		t.Errorf("nobody serves: %+v", r)
	}
	s := b.serve(t)
	if r := b.run(t, "health"); r.status != exitDone || r.stdout != "ready\n" {
		t.Errorf("it serves: %+v", r)
	}
	if err := s.stop(); err != nil {
		t.Error(err)
	}
	if r := b.run(t, "health"); r.status != exitFailed {
		t.Errorf("it ended: %+v", r)
	}
}
