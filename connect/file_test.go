package connect_test

import (
	"os"
	"path/filepath"
	"testing"

	"throughline/connect"
)

// TestWriteFile: a file is its owner's alone, whatever stood in its place, and
// nothing else is left beside it, also where it can't be written.
func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a.json")
	if err := os.WriteFile(file, []byte("something longer of earlier"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := connect.WriteFile(file, []byte("new")); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(file)
	if err != nil || string(raw) != "new" {
		t.Errorf("it holds %q, %v", raw, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %v, %v", info.Mode(), err)
	}
	if err := os.Mkdir(filepath.Join(dir, "taken"), 0o700); err != nil {
		t.Fatal(err)
	}
	if connect.WriteFile(filepath.Join(dir, "taken"), nil) == nil || connect.WriteFile(filepath.Join(dir, "none", "a"), nil) == nil {
		t.Error("what can't be written was")
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("%d things stand there, want 2: %v", len(entries), err)
	}
}
