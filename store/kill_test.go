package store_test

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"

	"throughline/store"
	"throughline/store/storetest"
)

// victim is the variable that makes this test binary a process that is to be
// killed: it holds the address of the database.
const victim = "THROUGHLINE_TEST_VICTIM"

// TestKilledInMigration kills a process in the middle of its migrations, at the
// point where it holds the lock and has changed tables; the next start does all.
func TestKilledInMigration(t *testing.T) {
	if address := os.Getenv(victim); address != "" {
		err := store.HangInMigration(t.Context(), address, func() { _, _ = os.Stdout.WriteString("hanging\n") })
		t.Fatalf("it ended: %v", err)
	}
	storetest.Each(t, func(t *testing.T, address string) {
		cmd := exec.CommandContext(context.WithoutCancel(t.Context()), os.Args[0], "-test.run=^TestKilledInMigration$")
		cmd.Env = append(os.Environ(), victim+"="+address)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		said, err := bufio.NewReader(out).ReadString('\n')
		if strings.TrimSpace(said) != "hanging" {
			t.Errorf("the process says %q, %v", said, err)
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		_ = cmd.Wait() // killed
		db := storetest.Open(t, address)
		if err := db.Record(t.Context(), "key", noon); err != nil {
			t.Error(err)
		}
	})
}
