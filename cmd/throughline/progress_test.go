package main

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"
)

func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		p := startProgress(env{stderr: &out})
		said := func(want string) {
			t.Helper()
			synctest.Wait()
			p.mu.Lock() // under which it speaks
			defer p.mu.Unlock()
			if got := out.String(); got != want {
				t.Errorf("said %q, want %q", got, want)
			}
			out.Reset()
		}
		p.enter("Reading")
		time.Sleep(quiet - time.Millisecond)
		said("")
		time.Sleep(time.Millisecond)
		said("Reading …\n")
		p.enter("Drafting")
		said("Drafting …\n")
		p.stop()
		p.enter("Nobody waits any more")
		time.Sleep(10 * quiet)
		said("")
	})
}

func TestProgressOfQuickWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		p := startProgress(env{stderr: &out})
		p.enter("Reading")
		time.Sleep(quiet / 2)
		p.stop()
		time.Sleep(10 * quiet)
		synctest.Wait()
		if out.Len() > 0 {
			t.Errorf("work of half a second said %q", out.String())
		}
	})
}
