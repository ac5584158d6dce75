// Package npmtest gives tests the tools from npm that package.json names, at the
// versions that package-lock.json fixes, and the Node that they need. Nothing of
// it is in the program.
package npmtest

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

var (
	//go:embed package.json
	manifest []byte
	//go:embed package-lock.json
	lock []byte
)

// Node is the path of the Node that package.json names, and Modules the
// directory of what was installed with it.
type Node struct {
	Path    string
	Modules string
}

// Command runs a script of an installed package.
func (n Node) Command(ctx context.Context, script string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, n.Path, append([]string{filepath.Join(n.Modules, filepath.FromSlash(script))}, args...)...)
	// A tool that starts Node itself shall find this one.
	cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(n.Path)+string(os.PathListSeparator)+os.Getenv("PATH"))
	return cmd
}

// Install gives what is installed, and installs it first into the user's cache
// where it is not there yet. The test is skipped where npm is missing or can't
// install.
func Install(t testing.TB) Node {
	t.Helper()
	npm, err := exec.LookPath("npm")
	if err != nil {
		t.Skipf("npm is not installed, so there are no tools from it: %v", err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Skipf("there is no place to keep tools from npm: %v", err)
	}
	dir := filepath.Join(cache, "throughline", "npmtest-"+version())
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		if err := install(t.Context(), npm, dir); err != nil {
			t.Skipf("npm can't install its tools here: %v", err)
		}
	}
	modules := filepath.Join(dir, "node_modules")
	return Node{Path: filepath.Join(modules, "node", "bin", "node"), Modules: modules}
}

// version names what is installed by the files that say what that is.
func version() string {
	h := sha256.New()
	h.Write(manifest)
	h.Write(lock)
	return hex.EncodeToString(h.Sum(nil))[:12]
}

// install installs into another directory first, so that dir is whole where it
// is there, also when several tests install at a time.
func install(ctx context.Context, npm, dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	temp, err := os.MkdirTemp(filepath.Dir(dir), "installing-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(temp) }() // in vain once it is renamed
	for name, data := range map[string][]byte{"package.json": manifest, "package-lock.json": lock} {
		if err := os.WriteFile(filepath.Join(temp, name), data, 0o600); err != nil {
			return err
		}
	}
	// npm's package node brings its binary by a script.
	cmd := exec.CommandContext(ctx, npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts=false")
	cmd.Dir = temp
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci: %w\n%s", err, out)
	}
	node := filepath.Join(temp, "node_modules", "node", "bin", "node")
	if out, err := exec.CommandContext(ctx, node, "--version").CombinedOutput(); err != nil {
		return fmt.Errorf("the Node that npm installed does not run: %w\n%s", err, out)
	}
	if err := os.Rename(temp, dir); err != nil {
		if _, there := os.Stat(dir); there == nil {
			return nil // another test was faster
		}
		return err
	}
	return nil
}
