// Package skill carries the Agent Skill ae-to-cs-handoff, with which Claude makes
// a handoff on somebody's own desk, under the same proof as the program's engines,
// and installs it.
//
// Its references are copies of the prompts of engine/claude; a test holds them
// equal. The form is that of the Agent Skills specification, agentskills.io.
package skill

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

//go:generate sh -c "cp ../engine/claude/prompts/*.md ae-to-cs-handoff/references/"

// Name is the skill's name, and that of its folder.
const Name = "ae-to-cs-handoff"

//go:embed ae-to-cs-handoff
var files embed.FS

// Files is the skill's folder: SKILL.md and references.
func Files() fs.FS {
	sub, err := fs.Sub(files, Name)
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return sub
}

// record is the file that tells a later install what this one wrote, in the form
// of sha256sum. A file that differs from it was changed by somebody.
const record = ".installed.sha256"

// An Installation says what an install did, by the files' names.
type Installation struct {
	Dir     string   // the skill's folder
	Written []string // new or brought up to date
	Removed []string // of an earlier version, and in this one no more
	Kept    []string // as they should be already
}

// A ChangedError says which files somebody changed since they were installed.
type ChangedError struct {
	Dir   string
	Files []string
}

func (e *ChangedError) Error() string {
	return fmt.Sprintf("in %s these files are not as they were installed: %s", e.Dir, strings.Join(e.Files, ", "))
}

// Install writes the skill into the folder of that name in dir, which is made
// where it is missing. What stands there as an earlier install left it is brought
// up to date; where somebody changed a file nothing is written and the error is a
// [*ChangedError], unless force is set. Files that no install wrote are left
// alone.
func Install(dir string, force bool) (Installation, error) {
	in := Installation{Dir: filepath.Join(dir, Name)}
	want, err := contents(Files())
	if err != nil {
		return in, err
	}
	before, err := readRecord(in.Dir)
	if err != nil {
		return in, err
	}
	if err := in.plan(want, before, force); err != nil {
		return in, err
	}
	for _, name := range in.Written {
		if err := writeFile(filepath.Join(in.Dir, filepath.FromSlash(name)), want[name]); err != nil {
			return in, err
		}
	}
	for _, name := range in.Removed {
		if err := os.Remove(filepath.Join(in.Dir, filepath.FromSlash(name))); err != nil {
			return in, fmt.Errorf("removing a file of an earlier version: %w", err)
		}
	}
	return in, writeFile(filepath.Join(in.Dir, record), recordOf(want))
}

// plan sorts the files into those to write, to remove and to keep.
func (in *Installation) plan(want map[string][]byte, before map[string]string, force bool) error {
	var changed []string
	for _, name := range slices.Sorted(maps.Keys(want)) {
		have, err := os.ReadFile(filepath.Join(in.Dir, filepath.FromSlash(name)))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			in.Written = append(in.Written, name)
		case err != nil:
			return fmt.Errorf("reading what is installed: %w", err)
		case sum(have) == sum(want[name]):
			in.Kept = append(in.Kept, name)
		case force || sum(have) == before[name]:
			in.Written = append(in.Written, name)
		default:
			changed = append(changed, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if want[name] != nil || !filepath.IsLocal(filepath.FromSlash(name)) {
			continue
		}
		have, err := os.ReadFile(filepath.Join(in.Dir, filepath.FromSlash(name)))
		if err == nil && sum(have) == before[name] {
			in.Removed = append(in.Removed, name)
		}
	}
	if len(changed) > 0 {
		in.Written, in.Removed = nil, nil
		return &ChangedError{Dir: in.Dir, Files: changed}
	}
	return nil
}

func contents(dir fs.FS) (map[string][]byte, error) {
	found := map[string][]byte{}
	err := fs.WalkDir(dir, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		found[name], err = fs.ReadFile(dir, name)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the skill in the program: %w", err)
	}
	return found, nil
}

func sum(data []byte) string {
	h := sha256.Sum256(data)
	return hex.EncodeToString(h[:])
}

func recordOf(files map[string][]byte) []byte {
	var out strings.Builder
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(&out, "%s  %s\n", sum(files[name]), name)
	}
	return []byte(out.String())
}

// readRecord tells what an earlier install wrote; nothing where there was none.
func readRecord(dir string) (map[string]string, error) {
	data, err := os.ReadFile(filepath.Join(dir, record))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading what is installed: %w", err)
	}
	before := map[string]string{}
	for line := range strings.Lines(string(data)) {
		if hash, name, ok := strings.Cut(strings.TrimSpace(line), "  "); ok {
			before[name] = hash
		}
	}
	return before, nil
}

// writeFile writes a file that everybody may read, and makes its folder.
func writeFile(name string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return fmt.Errorf("installing the skill: %w", err)
	}
	if err := os.WriteFile(name, data, 0o644); err != nil {
		return fmt.Errorf("installing the skill: %w", err)
	}
	return nil
}
