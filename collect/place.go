package collect

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A place is where a folder is made anew, beside the one that it will replace.
// In it, each system has a directory of its own, so that none sees or disturbs
// another's files.
type place struct {
	dir     string // the folder
	staging string // hidden, beside it
	before  *State // how the folder was gathered before; nil where it was not
	was     bool   // the folder is there
}

// stale is how old a left-over staging directory is before it is removed: no
// gathering takes so long.
const stale = 24 * time.Hour

// open finds out what stands at dir, puts back what a crash has left, and makes
// room beside it for so many parts.
func open(dir string, parts int, now time.Time) (*place, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return nil, err
	}
	p := &place{dir: dir}
	if err := p.recover(now); err != nil {
		return nil, err
	}
	if to, err := filepath.EvalSymlinks(dir); err == nil {
		dir, p.dir = to, to // the link stays, and what it leads to is replaced
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	p.was = err == nil
	if p.before, err = Find(dir); err != nil {
		return nil, err
	}
	if p.before == nil && len(entries) > 0 {
		return nil, errors.New("it holds files already, and was not made by gathering a deal: name a new or an empty directory, and put files of your own into it afterwards")
	}
	if p.staging, err = os.MkdirTemp(filepath.Dir(dir), p.prefix()+"*"); err != nil {
		return nil, err
	}
	for n := range parts {
		if err := os.Mkdir(p.part(n), 0o700); err != nil {
			p.close()
			return nil, err
		}
	}
	return p, nil
}

// prefix begins the names of the folder's staging directories.
func (p *place) prefix() string { return "." + filepath.Base(p.dir) + ".collecting-" }

// recover ends what a crash has left: where it came between the two renames of
// [place.swap], the earlier folder is put back; what was staged is removed once
// nobody can be at work on it.
func (p *place) recover(now time.Time) error {
	entries, err := os.ReadDir(filepath.Dir(p.dir))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), p.prefix()) {
			continue
		}
		left := filepath.Join(filepath.Dir(p.dir), e.Name())
		info, err := e.Info()
		if err != nil {
			continue // another gathering has ended and taken it away
		}
		if _, err := os.Lstat(p.dir); errors.Is(err, fs.ErrNotExist) {
			if err := os.Rename(filepath.Join(left, oldPart), p.dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		if now.Sub(info.ModTime()) > stale {
			if err := os.RemoveAll(left); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *place) close() { _ = os.RemoveAll(p.staging) } // else the next gathering does

// The parts of a staging directory beside those of the systems.
const (
	newPart = "new"
	oldPart = "old"
)

// part is the directory of the CRM, 0, or of a system, by its number.
func (p *place) part(n int) string { return filepath.Join(p.staging, strconv.Itoa(n)) }

// assemble makes the folder of the parts, and of what people put into the
// earlier one, and puts it where that was. Where two have a file of one name,
// people's comes before the systems', and the CRM's before the others'.
func (p *place) assemble(s *State, names []string) error {
	into := filepath.Join(p.staging, newPart)
	if err := os.Mkdir(into, 0o700); err != nil {
		return err
	}
	if p.was {
		if err := p.keepPeoples(into); err != nil {
			return fmt.Errorf("keeping the files that are not a system's: %w", err)
		}
	}
	for n, name := range names {
		files, err := move(p.part(n), into)
		if err != nil {
			return fmt.Errorf("saving what %s gave: %w", name, err)
		}
		s.Systems = append(s.Systems, Read{Name: name, Files: files})
		for _, file := range files {
			if s.Sums[file], err = sum(filepath.Join(into, filepath.FromSlash(file))); err != nil {
				return fmt.Errorf("saving what %s gave: %w", name, err)
			}
		}
	}
	raw, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(into, File), append(raw, '\n'), 0o600); err != nil {
		return err
	}
	return p.swap(into)
}

// swap puts the new folder in the place of the earlier one.
func (p *place) swap(into string) error {
	if !p.was {
		return os.Rename(into, p.dir)
	}
	old := filepath.Join(p.staging, oldPart)
	if err := os.Rename(p.dir, old); err != nil {
		return err
	}
	if err := os.Rename(into, p.dir); err != nil {
		return errors.Join(err, os.Rename(old, p.dir))
	}
	return nil
}

// keepPeoples copies those files of the earlier folder that no system gave, or
// that people have changed since.
func (p *place) keepPeoples(into string) error {
	return eachFile(p.dir, func(name string) error {
		if name == File || p.before != nil && p.before.gave(p.dir, name) {
			return nil
		}
		return copyFile(filepath.Join(p.dir, filepath.FromSlash(name)), filepath.Join(into, filepath.FromSlash(name)))
	})
}

// eachFile calls f with the files below a directory, as paths with slashes, in
// order. A directory that is not there holds none.
func eachFile(dir string, f func(name string) error) error {
	return fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case name == "." && errors.Is(err, fs.ErrNotExist):
			return fs.SkipAll
		case err != nil || d.IsDir():
			return err
		}
		return f(name)
	})
}

// move moves the files below one directory into another, but for those that are
// there already, and tells which it moved.
func move(from, into string) ([]string, error) {
	moved := []string{}
	err := eachFile(from, func(name string) error {
		to := filepath.Join(into, filepath.FromSlash(name))
		if _, err := os.Lstat(to); err == nil || name == File {
			return nil
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return err
		}
		moved = append(moved, name)
		return os.Rename(filepath.Join(from, filepath.FromSlash(name)), to)
	})
	slices.Sort(moved)
	return moved, err
}

// copyFile copies a file, for its owner alone; of a link, the link, which leads
// to the same from the folder that comes after.
func copyFile(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	info, err := os.Lstat(from)
	if err != nil {
		return err
	}
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return os.Symlink(target, to)
	case !info.Mode().IsRegular():
		return nil // a pipe or a device is no file of a deal
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o600)
}
