package folder

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"throughline"
)

// Bounds on what is read, so that a broken or hostile folder can't exhaust the
// machine.
const (
	maxFile  = 64 << 20  // bytes of one file
	maxTotal = 512 << 20 // bytes of all files
	maxFiles = 20_000
)

// Read reads a deal from a directory, or from a .zip of one. It errs when there
// is nothing at all to read; everything else that goes wrong stands in
// Deal.Problems.
func Read(ctx context.Context, name string) (*throughline.Deal, error) {
	st, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("reading deal: %w", err)
	}
	if st.IsDir() {
		return ReadFS(ctx, os.DirFS(name))
	}
	z, err := zip.OpenReader(name)
	if err != nil {
		return nil, fmt.Errorf("reading deal %s: it is neither a directory nor a .zip of one: %w", name, err)
	}
	defer z.Close()
	return ReadFS(ctx, &z.Reader)
}

// ReadZip reads a deal from a .zip that is in memory.
func ReadZip(ctx context.Context, data []byte) (*throughline.Deal, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("unpacking deal: %w", err)
	}
	return ReadFS(ctx, z)
}

// ReadFS reads a deal from a file system.
func ReadFS(ctx context.Context, fsys fs.FS) (*throughline.Deal, error) {
	c := &collector{}
	files, err := list(fsys, c)
	if err != nil {
		return nil, fmt.Errorf("reading deal: %w", err)
	}
	if err := c.read(ctx, fsys, files); err != nil {
		return nil, fmt.Errorf("reading deal: %w", err)
	}
	if len(c.sources) == 0 {
		if len(c.problems) > 0 {
			return nil, fmt.Errorf("reading deal: no source could be read; first problem: %s: %s", c.problems[0].File, c.problems[0].What)
		}
		return nil, errors.New("reading deal: the folder holds no files that could be read")
	}
	return c.deal(), nil
}

// read offers each of the files to the readers of the formats. It errs when ctx
// ends.
func (c *collector) read(ctx context.Context, fsys fs.FS, files []string) error {
	readers := []reader{
		newCollectedReader(), newDealReader(), newGongReader(), newChorusReader(), newSlackReader(), newSalesforceReader(), newHubSpotReader(),
		newMailReader(), newCaptionReader(), newTranscriptReader(), newDocumentReader(),
	}
	var total int64
	for _, name := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		f, err := load(fsys, name, maxTotal-total)
		if err != nil {
			c.problem(throughline.Problem{File: name, What: err.Error()})
			continue
		}
		total += int64(len(f.data))
		if !slices.ContainsFunc(readers, func(r reader) bool { return r.take(f, c) }) {
			c.problem(throughline.Problem{File: name, What: "not a format that is read"})
		}
	}
	for _, r := range readers {
		r.done(c)
	}
	return nil
}

// list names the files of the folder in order, without what systems leave lying
// about.
func list(fsys fs.FS, c *collector) ([]string, error) {
	var names []string
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			c.problem(throughline.Problem{File: name, What: err.Error()})
			if name == "." {
				return err
			}
			return nil
		}
		base := path.Base(name)
		hidden := name != "." && (strings.HasPrefix(base, ".") || base == "__MACOSX" || base == "Thumbs.db" || base == "desktop.ini")
		if d.IsDir() {
			if hidden {
				return fs.SkipDir
			}
			return nil
		}
		if hidden {
			return nil
		}
		if len(names) == maxFiles {
			c.problem(throughline.Problem{File: name, What: fmt.Sprintf("left out with all that follow it: more than %d files", maxFiles)})
			return fs.SkipAll
		}
		names = append(names, name)
		return nil
	})
	slices.Sort(names)
	return names, err
}

func load(fsys fs.FS, name string, room int64) (*file, error) {
	r, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("could not be opened: %w", err)
	}
	defer r.Close()
	limit := min(int64(maxFile), room)
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("could not be read to its end: %w", err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("too large: files of up to %d MB, %d MB in all, are read", maxFile>>20, maxTotal>>20)
	}
	if len(strings.TrimSpace(string(data[:min(len(data), 4096)]))) == 0 {
		return nil, errors.New("empty")
	}
	return &file{path: name, data: data}, nil
}
