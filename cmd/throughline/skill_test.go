package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"throughline/skill"
)

func TestSkillInstall(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "skills")
	if out := succeed(t, "", "skill", "install", "--to", dir); !strings.Contains(out, filepath.Join(dir, skill.Name)) {
		t.Errorf("it says %q, want where the skill is", out)
	}
	if out := succeed(t, "", "skill", "install", "--to", dir); !strings.Contains(out, "0 files written") {
		t.Errorf("the second time it says %q, want that nothing was written", out)
	}
	file := filepath.Join(dir, skill.Name, "SKILL.md")
	if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := throughlineRun(t, "", "skill", "install", "--to", dir)
	if r.status != exitFailed || !strings.Contains(r.stderr, "SKILL.md") || !strings.Contains(r.stderr, "--force") {
		t.Errorf("exit status %d, it said %q; want that SKILL.md was changed, and --force", r.status, r.stderr)
	}
	if out := succeed(t, "", "skill", "install", "--to", dir, "--force"); !strings.Contains(out, "1 files written") {
		t.Errorf("by force it says %q, want that one was written", out)
	}
}

func TestSkillInstallGoesToTheHomeDirectory(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	succeed(t, "", "skill", "install")
	if _, err := os.Stat(filepath.Join(home, ".claude", "skills", skill.Name, "SKILL.md")); err != nil {
		t.Error(err)
	}
}

// TestSkillNamesWhatThereIs: every command that the skill tells Claude to run is
// one, and so is every tool.
func TestSkillNamesWhatThereIs(t *testing.T) {
	text, err := os.ReadFile("../../skill/ae-to-cs-handoff/SKILL.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"inspect", "read", "hedges", "prove", "submit", "mcp"} {
		if !strings.Contains(string(text), "throughline "+command) {
			t.Errorf("SKILL.md does not name throughline %s", command)
		}
		succeed(t, "", command, "--help")
	}
	for _, tool := range toolNames {
		if !strings.Contains(string(text), "`"+tool+"`") {
			t.Errorf("SKILL.md does not name the tool %s", tool)
		}
	}
}
