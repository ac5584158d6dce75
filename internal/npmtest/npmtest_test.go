package npmtest

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLockFitsTheManifest needs no npm: what package.json names is fixed in the
// lock at that very version.
func TestLockFitsTheManifest(t *testing.T) {
	var want struct {
		DevDependencies map[string]string `json:"devDependencies"`
	}
	if err := json.Unmarshal(manifest, &want); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Packages map[string]struct {
			Version         string            `json:"version"`
			Integrity       string            `json:"integrity"`
			Resolved        string            `json:"resolved"`
			DevDependencies map[string]string `json:"devDependencies"`
		} `json:"packages"`
	}
	if err := json.Unmarshal(lock, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.DevDependencies, got.Packages[""].DevDependencies); diff != "" {
		t.Errorf("the lock is not of this package.json: run npm install (-package.json +lock):\n%s", diff)
	}
	for name, version := range want.DevDependencies {
		if have := got.Packages["node_modules/"+name].Version; have != version {
			t.Errorf("%s is locked at %q, want %q, a version and no range", name, have, version)
		}
	}
	for name, p := range got.Packages {
		if name != "" && p.Integrity == "" {
			t.Errorf("%s is locked without the hash of what it is", name)
		}
		if p.Resolved != "" {
			t.Errorf("%s is locked to one registry's address, %s", name, p.Resolved)
		}
	}
}

func TestInstallBringsItsNode(t *testing.T) {
	node := Install(t)
	out, err := exec.CommandContext(t.Context(), node.Path, "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(out), "v22.") {
		t.Errorf("its version is %s, want 22", out)
	}
}
