package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// An output is where a result goes: standard output, or a file that appears
// whole or not at all.
type output struct {
	stdout io.Writer
	name   string // of the file; empty or "-" for standard output
}

// check tells, before the work begins, whether the result can go there.
func (o output) check() error {
	if o.toStdout() {
		return nil
	}
	if st, err := os.Stat(o.name); err == nil && st.IsDir() {
		return fmt.Errorf("%s is a directory: name a file in it with -o", o.name)
	}
	if _, err := os.Stat(filepath.Dir(o.name)); err != nil {
		return fmt.Errorf("writing %s: there is no directory %s; make it first", o.name, filepath.Dir(o.name))
	}
	return nil
}

func (o output) toStdout() bool { return o.name == "" || o.name == "-" }

func (o output) write(doc []byte) error {
	if o.toStdout() {
		if _, err := o.stdout.Write(doc); err != nil {
			return fmt.Errorf("writing to standard output: %w", err)
		}
		return nil
	}
	if err := replaceFile(o.name, doc); err != nil {
		return fmt.Errorf("writing %s: %w", o.name, err)
	}
	return nil
}

// replaceFile writes a file under another name and then renames it, so that
// nobody reads half of it, and what stood there stays until it is whole. A new
// file is its owner's alone to read, as what it tells is confidential.
func replaceFile(name string, doc []byte) error {
	name, mode, err := target(name)
	if err != nil {
		return err
	}
	if mode&fs.ModeType != 0 { // a device or a pipe can't be replaced
		return os.WriteFile(name, doc, mode.Perm())
	}
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // in vain once it is renamed
	_, err = f.Write(doc)
	if err := errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

// target follows links to the file that is to be written, and tells its mode.
func target(name string) (string, fs.FileMode, error) {
	to, err := filepath.EvalSymlinks(name)
	if errors.Is(err, fs.ErrNotExist) {
		return name, 0o600, nil
	}
	if err != nil {
		return "", 0, err
	}
	st, err := os.Stat(to)
	if err != nil {
		return "", 0, err
	}
	return to, st.Mode(), nil
}
