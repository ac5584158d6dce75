package lifecycle

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"throughline"
)

// A Reader is a person who read the handoff, and when last. Who read it as two
// audiences see it is there twice.
type Reader struct {
	Who      string // an email address
	At       time.Time
	Audience throughline.Audience  `json:",omitempty"` // empty where it was not kept yet
	Version  int                   `json:",omitempty"`
	Sections []throughline.Section `json:",omitempty"` // those of the version that were looked at on their own, in order
	Also     []string              `json:",omitempty"` // what else was read on that day, see [Reading]
}

// A Reading is what a person read of a run.
type Reading struct {
	Audience throughline.Audience // whose view it was
	Section  throughline.Section  // 0 for the whole
	Of       string               // what it was, where it was not the handoff: "the review"
}

// Read notes that a person read something of a run: each view, and whatever else, once
// a day by UTC, and each section once a version. However often it is opened, the audit trail stays
// readable.
func (s *Service) Read(ctx context.Context, id, who string, of Reading) error {
	now := s.Now()
	run, err := s.Store.Run(ctx, id)
	if err != nil {
		return fmt.Errorf("run %s: %w", id, err)
	}
	if known(run, who, of, now) {
		return nil
	}
	return s.act(ctx, id, func(run *Run) ([]Move, error) {
		if known(*run, who, of, now) {
			return nil, nil
		}
		reader := Reader{Who: who, Audience: of.Audience, Version: run.Version}
		run.Readers = slices.Clone(run.Readers)
		if i := slices.IndexFunc(run.Readers, of.by(who)); i >= 0 {
			if run.Readers[i].Version == run.Version {
				reader = run.Readers[i]
			}
			run.Readers = slices.Delete(run.Readers, i, i+1)
		}
		if !sameDay(reader.At, now) {
			reader.Also = nil
		}
		reader.At = now
		if of.Of != "" && !slices.Contains(reader.Also, of.Of) {
			reader.Also = append(slices.Clone(reader.Also), of.Of)
		}
		if of.Section != 0 && !slices.Contains(reader.Sections, of.Section) {
			reader.Sections = append(slices.Clone(reader.Sections), of.Section)
			slices.Sort(reader.Sections)
		}
		run.Readers = append(run.Readers, reader)
		return []Move{{At: now, Who: who, What: "read", From: run.Stage, To: run.Stage, Why: of.words(run.Version)}}, nil
	})
}

// by tells whether a reader is a person who reads that view.
func (of Reading) by(who string) func(Reader) bool {
	return func(r Reader) bool { return r.Who == who && (r.Audience == of.Audience || r.Audience == "") }
}

// words are what was read, for the audit trail.
func (of Reading) words(version int) string {
	words := []string{fmt.Sprintf("version %d", version)}
	if of.Audience != "" {
		words = append(words, fmt.Sprintf("as the %s sees it", of.Audience))
	}
	if of.Section != 0 {
		words = append(words, fmt.Sprintf("section %d, %s", of.Section, of.Section.Title()))
	}
	if of.Of != "" {
		words = append(words, of.Of)
	}
	return strings.Join(words, "; ")
}

// known reports whether a reading is noted already.
func known(run Run, who string, of Reading, now time.Time) bool {
	i := slices.IndexFunc(run.Readers, of.by(who))
	if i < 0 {
		return false
	}
	r := run.Readers[i]
	switch {
	case of.Section != 0:
		return r.Version == run.Version && slices.Contains(r.Sections, of.Section)
	case !sameDay(r.At, now) || r.Version != run.Version && r.Version != 0:
		return false
	}
	return of.Of == "" || slices.Contains(r.Also, of.Of)
}

func sameDay(a, b time.Time) bool {
	return a.UTC().Format(time.DateOnly) == b.UTC().Format(time.DateOnly)
}
