package main

import (
	"archive/zip"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"throughline"
	"throughline/engine/claude"
	"throughline/folder"
	"throughline/ground"
)

// A desk is what the MCP tools work on: the deals below one directory, the
// drafts that were submitted, and perhaps a directory to write handoffs into.
// [os.Root] keeps every access below the two, whatever a path or a link says.
type desk struct {
	env      env
	root     *os.Root
	dir      string   // the root's absolute name
	out      *os.Root // nil where nothing may be written
	withhold withholding
	mu       sync.Mutex
	read     []*onDesk // the deals read last, the latest first
	drafts   map[string]held
}

// onDesk is a deal that was read, less what is withheld.
type onDesk struct {
	name string // relative to the root, with slashes
	deal *throughline.Deal
	ix   *ground.Index
	kept []string // what is withheld, for the document
}

// lay puts a deal on the desk, less what is withheld: neither is it shown, nor
// does it prove anything.
func lay(deal *throughline.Deal, w withholding) (*onDesk, error) {
	shown, kept, err := w.from(deal)
	if err != nil {
		return nil, err
	}
	return &onDesk{deal: shown, ix: ground.NewIndex(shown), kept: kept}, nil
}

// settle makes the handoff of a draft that comes in pieces, and the report on
// it.
func (o *onDesk) settle(by throughline.Engine, pieces []claude.Piece, at time.Time) (*throughline.Handoff, submitReport, error) {
	s, err := claude.Submit(o.deal, o.ix, by, pieces...)
	if err != nil {
		return nil, submitReport{}, fmt.Errorf("reading the draft: %w", err)
	}
	s.Draft.Usage.Kept = o.kept
	h, refused := ground.Settle(o.deal, o.ix, s.Draft, at)
	return h, report(o.ix, s, h, refused), nil
}

// maxOnDesk is how many deals are kept in memory.
const maxOnDesk = 3

func openDesk(e env, root, out string, w withholding) (*desk, error) {
	if _, err := w.rule(); err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(root)
	if err != nil {
		return nil, fmt.Errorf("finding %s: %w", root, err)
	}
	d := &desk{env: e, dir: dir, withhold: w, drafts: map[string]held{}}
	if d.root, err = os.OpenRoot(dir); err != nil {
		return nil, fmt.Errorf("opening the directory with the deals: %w; name another with --root", err)
	}
	if out == "" {
		return d, nil
	}
	if d.out, err = os.OpenRoot(out); err != nil {
		d.close()
		return nil, fmt.Errorf("opening the directory for handoffs: %w; make it first, or name another with --out", err)
	}
	return d, nil
}

func (d *desk) close() {
	_ = d.root.Close() // only read
	if d.out != nil {
		_ = d.out.Close() // each file was synced when it was written
	}
}

// below is a name relative to the root, with slashes; an error for one that
// leads elsewhere.
func (d *desk) below(name string) (string, error) {
	local := filepath.FromSlash(name)
	if filepath.IsAbs(local) {
		rel, err := filepath.Rel(d.dir, local)
		if err != nil {
			return "", fmt.Errorf("%q is not below the server's root", name)
		}
		local = rel
	}
	if !filepath.IsLocal(local) {
		return "", fmt.Errorf("%q is not below the server's root: call list_deals for the names that are", name)
	}
	return path.Clean(filepath.ToSlash(local)), nil
}

// A dealEntry is something below the root that may be a deal.
type dealEntry struct {
	Deal  string `json:"deal" jsonschema:"its name, for the other tools"`
	Kind  string `json:"kind" jsonschema:"folder or zip"`
	Files int    `json:"files,omitempty" jsonschema:"files in the folder and below, counted up to 1000"`
}

// maxEntries bounds what is listed of one folder.
const maxEntries = 500

// entries lists the folders and zips in a folder; the folder itself where it has
// a deal.json, as it then is one deal.
func (d *desk) entries(dir string) ([]dealEntry, error) {
	if dir == "" {
		dir = "."
	}
	at, err := d.below(dir)
	if err != nil {
		return nil, err
	}
	fsys := d.root.FS()
	list, err := fs.ReadDir(fsys, at)
	if err != nil {
		return nil, d.explain(at, err)
	}
	if slices.ContainsFunc(list, func(f fs.DirEntry) bool { return strings.EqualFold(f.Name(), "deal.json") }) {
		return []dealEntry{{Deal: at, Kind: "folder", Files: countFiles(fsys, at)}}, nil
	}
	found := []dealEntry{}
	for _, f := range list {
		name := path.Join(at, f.Name())
		switch {
		case strings.HasPrefix(f.Name(), ".") || len(found) == maxEntries:
		case f.IsDir():
			found = append(found, dealEntry{Deal: name, Kind: "folder", Files: countFiles(fsys, name)})
		case strings.EqualFold(path.Ext(f.Name()), ".zip"):
			found = append(found, dealEntry{Deal: name, Kind: "zip"})
		}
	}
	return found, nil
}

func countFiles(fsys fs.FS, dir string) int {
	n := 0
	_ = fs.WalkDir(fsys, dir, func(_ string, f fs.DirEntry, err error) error { // what can't be counted is told when the deal is read
		if err == nil && f.Type().IsRegular() {
			n++
		}
		if n == 1000 {
			return fs.SkipAll
		}
		return nil
	})
	return n
}

// open gives a deal, from memory where it was read before.
func (d *desk) open(ctx context.Context, name string) (*onDesk, error) {
	at, err := d.below(name)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	for _, o := range d.read {
		if o.name == at {
			d.mu.Unlock()
			return o, nil
		}
	}
	d.mu.Unlock()
	return d.reread(ctx, name)
}

// reread reads a deal's files anew.
func (d *desk) reread(ctx context.Context, name string) (*onDesk, error) {
	at, err := d.below(name)
	if err != nil {
		return nil, err
	}
	deal, err := d.readFiles(ctx, at)
	if err != nil {
		return nil, d.explain(at, err)
	}
	o, err := lay(deal, d.withhold)
	if err != nil {
		return nil, err
	}
	o.name = at
	d.mu.Lock()
	defer d.mu.Unlock()
	d.read = slices.DeleteFunc(d.read, func(old *onDesk) bool { return old.name == at })
	d.read = slices.Insert(d.read, 0, o)
	d.read = d.read[:min(len(d.read), maxOnDesk)]
	return o, nil
}

func (d *desk) readFiles(ctx context.Context, at string) (*throughline.Deal, error) {
	f, err := d.root.Open(filepath.FromSlash(at))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if st.IsDir() {
		sub, err := fs.Sub(d.root.FS(), at)
		if err != nil {
			return nil, err
		}
		return folder.ReadFS(ctx, sub)
	}
	if !st.Mode().IsRegular() {
		return nil, errors.New("it is neither a folder nor a .zip of one")
	}
	z, err := zip.NewReader(f, st.Size())
	if err != nil {
		return nil, fmt.Errorf("it is neither a folder nor a .zip of one: %w", err)
	}
	return folder.ReadFS(ctx, z)
}

// explain says what an error means for whoever asked, and what to do.
func (d *desk) explain(at string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is nothing called %q: call list_deals for the names", at)
	case strings.Contains(err.Error(), "escapes"): // os.Root has no error value for it
		return fmt.Errorf("%q leads out of the server's root, and is not read", at)
	}
	return fmt.Errorf("reading %q: %w", at, err)
}

// held is what was submitted for a deal: the whole, or its sections one by one.
type held struct {
	model string
	parts []part // by section
}

type part struct {
	section throughline.Section // 0 for the whole
	data    []byte
}

func (h held) pieces() []claude.Piece {
	var ps []claude.Piece
	for _, p := range h.parts {
		piece := claude.Piece{Name: "the draft", Data: p.data}
		if p.section != 0 {
			piece.Name, piece.Sections = fmt.Sprintf("section %d", p.section), []throughline.Section{p.section}
		}
		ps = append(ps, piece)
	}
	return ps
}

// with is what is held once a draft is added. A whole draft takes the place of
// everything; a section's, of that section's.
func (h held) with(s throughline.Section, model string, data []byte) (held, error) {
	if s != 0 && len(h.parts) > 0 && h.parts[0].section == 0 {
		return h, errors.New("this deal's draft was submitted as a whole: submit it as a whole again, without section")
	}
	parts := slices.DeleteFunc(slices.Clone(h.parts), func(p part) bool { return s == 0 || p.section == s })
	parts = append(parts, part{s, data})
	slices.SortFunc(parts, func(a, b part) int { return int(a.section - b.section) })
	if model == "" {
		model = h.model
	}
	return held{model: model, parts: parts}, nil
}

// maxDrafts is for how many deals drafts are held.
const maxDrafts = 20

// hold keeps a draft, if it is one.
func (d *desk) hold(deal string, s throughline.Section, model string, data []byte, good func(held) error) (held, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	h, err := d.drafts[deal].with(s, model, slices.Clone(data))
	if err != nil {
		return h, err
	}
	if _, ok := d.drafts[deal]; !ok && len(d.drafts) == maxDrafts {
		return h, fmt.Errorf("drafts are held of %d deals at most: start the server anew to begin with others", maxDrafts)
	}
	if err := good(h); err != nil {
		return h, err
	}
	d.drafts[deal] = h
	return h, nil
}

func (d *desk) holding(deal string) (held, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	h, ok := d.drafts[deal]
	return h, ok
}

// write writes a handoff into the directory for them, whole or not at all, for
// its owner alone to read.
func (d *desk) write(name string, doc []byte) (string, error) {
	if d.out == nil {
		return "", errors.New("this server writes no files: leave out file, or start it with --out")
	}
	if name == "." || !filepath.IsLocal(name) {
		return "", fmt.Errorf("%q is no name of a file in the directory for handoffs: give one such as acme.html", name)
	}
	temp := filepath.Join(filepath.Dir(name), "."+rand.Text())
	f, err := d.out.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", fmt.Errorf("writing %s: %w", name, err)
	}
	_, err = f.Write(doc)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", errors.Join(fmt.Errorf("writing %s: %w", name, err), d.out.Remove(temp))
	}
	if err := d.out.Rename(temp, name); err != nil {
		return "", errors.Join(fmt.Errorf("writing %s: %w", name, err), d.out.Remove(temp))
	}
	return filepath.Join(d.out.Name(), name), nil
}
