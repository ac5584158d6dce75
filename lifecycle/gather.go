package lifecycle

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"throughline"
	"throughline/collect"
	"throughline/folder"
)

// A Gatherer is the [Collector] that gathers a deal by package collect and reads
// it by package folder.
type Gatherer struct {
	// Gather gathers the opportunity into a directory, as [collect.Deal].
	Gather func(ctx context.Context, opportunity, dir string) (*collect.Result, error)
	Hours  Hours  // a kickoff of which only the day is known begins with them
	Temp   string // where a deal lies while it is read; empty for the system's place
}

var _ Collector = (*Gatherer)(nil)

// Collect gathers the deal, and packs it for those who draft from it.
func (g *Gatherer) Collect(ctx context.Context, opportunity string) (*Collection, error) {
	dir, err := os.MkdirTemp(g.Temp, "throughline-deal-")
	if err != nil {
		return nil, fmt.Errorf("making room for the deal: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // what can't be removed lies in the system's place for what is temporary
	deal := filepath.Join(dir, "deal")
	got, err := g.Gather(ctx, opportunity, deal)
	if err != nil {
		return nil, err
	}
	archive, err := pack(deal)
	if err != nil {
		return nil, fmt.Errorf("packing the deal: %w", err)
	}
	reading := Step(ctx, "Reading what was collected")
	read, err := folder.Read(ctx, deal)
	if err != nil {
		return nil, fmt.Errorf("reading what was gathered: %w", err)
	}
	reading(lengthOf(read))
	c := &Collection{
		Record: *got.Record, Archive: archive, Print: printOf(read), Kickoff: g.kickoff(got.Record.Kickoff, read.Kickoff),
		AE: personOf(got.Record.AE, read.AE), CSM: personOf(got.Record.CSM, read.CSM),
	}
	for _, gap := range got.Gaps {
		if gap.Pending {
			c.Waiting = append(c.Waiting, gap.System+": "+gap.What)
		}
	}
	return c, nil
}

// personOf is whom the CRM names, by the name that the sources know; else whom
// the sources name.
func personOf(email string, p *throughline.Person) Person {
	var out Person
	if p != nil {
		out = Person{Name: p.Name, Email: p.Email}
	}
	if email = strings.ToLower(email); email != "" && email != out.Email {
		out = Person{Email: email}
	}
	return out
}

// kickoff is what the CRM says, else what stands among the sources. A day is given
// its hour.
func (g *Gatherer) kickoff(record string, at time.Time) time.Time {
	if exact, err := time.Parse(time.RFC3339, record); err == nil {
		return exact
	}
	if day, err := time.Parse(time.DateOnly, record); err == nil {
		at = day
	}
	if at.IsZero() || at.Hour() != 0 || at.Minute() != 0 || at.Second() != 0 {
		return at
	}
	y, m, d := at.Date()
	return time.Date(y, m, d, g.Hours.From, 0, 0, 0, g.Hours.zone(Person{}))
}

// fewWords is how long a new source must be to be worth another version, in
// words: a thank-you is not.
const fewWords = 25

// printOf tells two collections apart by what they have to prove things with:
// calls, documents and longer messages. Who is assigned and what a field says
// today makes no new version.
func printOf(d *throughline.Deal) string {
	h := sha256.New()
	for _, s := range d.Sources {
		if s.NotEvidence != "" || s.Kind == throughline.SourceCRM {
			continue
		}
		for _, p := range s.Passages {
			if p.History || s.Kind != throughline.SourceCall && s.Kind != throughline.SourceDocument && len(strings.Fields(p.Text)) < fewWords {
				continue
			}
			h.Write([]byte(string(s.Kind) + "\x00" + p.Name + "\x00" + p.Text + "\x00"))
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}

// pack is a directory as a .zip, the same for the same files.
func pack(dir string) ([]byte, error) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	root := os.DirFS(dir)
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		f, err := w.Create(name)
		if err != nil {
			return err
		}
		_, err = f.Write(data)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// A Drafter is the [Engine] that drafts from a deal's folder.
type Drafter struct {
	// Draft makes the handoff of a deal that was read.
	Draft func(ctx context.Context, deal *throughline.Deal, at time.Time) (*throughline.Handoff, error)
}

var _ Engine = (*Drafter)(nil)

// Handoff reads the deal and drafts it.
func (d *Drafter) Handoff(ctx context.Context, archive []byte, at time.Time) (*throughline.Handoff, error) {
	read := Step(ctx, "Reading what was collected")
	deal, err := folder.ReadZip(ctx, archive)
	if err != nil {
		return nil, fmt.Errorf("reading the deal: %w", err)
	}
	read(lengthOf(deal))
	return d.Draft(ctx, deal, at)
}

// lengthOf says how much a deal is to read.
func lengthOf(d *throughline.Deal) string {
	words := 0
	for _, s := range d.Sources {
		for _, p := range s.Passages {
			words += len(strings.Fields(p.Text))
		}
	}
	return fmt.Sprintf("%d sources, %d words", len(d.Sources), words)
}
