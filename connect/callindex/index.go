// Package callindex finds a deal's calls among all calls of a company. Systems that
// record calls can be asked for those of a window of time, but not for those of a
// deal. An [Index] therefore keeps of each call when it was, which records of the CRM
// it is tied to and who took part; it is synced once for all deals, and a deal's
// calls are found in it. What was said is never in it.
package callindex

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"time"

	"throughline/connect"
)

// An Entry is what the index keeps of a call: enough to find a deal's calls.
type Entry struct {
	ID      string    `json:"id"`
	Started time.Time `json:"started"`
	Private bool      `json:"private,omitempty"`
	Objects []Object  `json:"objects,omitempty"`
	Parties []Party   `json:"parties,omitempty"` // none of a private call
}

// The types of [Object] by which calls are matched.
const (
	Opportunity = "Opportunity"
	Account     = "Account"
)

// An Object is a record of the CRM that a call is tied to.
type Object struct {
	System string `json:"system,omitempty"` // Salesforce, HubSpot, …, where the recorder tells
	Type   string `json:"type"`             // Opportunity, Account, or another of the recorder's
	ID     string `json:"id"`
}

// A Party is somebody who took part or was invited.
type Party struct {
	Email    string `json:"email,omitempty"` // lower case
	External bool   `json:"external,omitempty"`
}

// A Store keeps the index. It is used by many goroutines at once.
type Store interface {
	// Put adds entries, each in place of one with its id.
	Put(ctx context.Context, entries []Entry) error
	// Between are the entries of calls that started in the window, ends
	// included, in order of time.
	Between(ctx context.Context, from, to time.Time) ([]Entry, error)
	// Naming are the entries that name the CRM's record, in order of time. The
	// id is a key as [RecordKey] makes it.
	Naming(ctx context.Context, key string) ([]Entry, error)
	// Synced is up to which moment the index is complete, as far as the recorder
	// told at the time; zero before the first sync.
	Synced(ctx context.Context) (time.Time, error)
	// SetSynced records it.
	SetSynced(ctx context.Context, until time.Time) error
}

// A Recorder is a client of a system that records calls.
type Recorder interface {
	// System is the recorder as people call it: "Gong".
	System() string
	// Entries yields the calls that started from the one moment until the other;
	// whether that one is still among them does not matter. An error is the last
	// element.
	Entries(ctx context.Context, from, to time.Time) iter.Seq2[Entry, error]
}

// What the zero fields of an [Index] stand for.
const (
	DefaultHistory  = 400 * 24 * time.Hour
	DefaultLookBack = 48 * time.Hour
	DefaultEvery    = 15 * time.Minute
)

// An Index knows all calls of a recorder by date, CRM record and participant. It is
// synced once for all deals.
type Index[R Recorder] struct {
	Client R
	Store  Store
	Now    func() time.Time // nil for the machine's clock

	// History is how far the first sync goes back. Default 400 days: a deal of
	// a year, and its start.
	History time.Duration
	// LookBack is how far every further sync goes back before the last one, for
	// calls that the recorder tells of late and ties to records later. Gong has
	// been seen to be a day late. Default 48 hours.
	LookBack time.Duration
	// Every is the least time between two syncs: with the default of 15 minutes
	// at most 96 a day.
	Every time.Duration
	// ByAccount says that a call counts as a deal's also where it is tied to the
	// deal's account alone, and took place within the deal's time.
	ByAccount bool

	mu sync.Mutex
}

// Sync brings the index up to date, unless that was done less than Every ago. When
// it fails on the way, what came is kept and the next sync begins where this one did.
func (x *Index[R]) Sync(ctx context.Context) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	now := x.Clock()
	synced, err := x.Store.Synced(ctx)
	if err != nil {
		return fmt.Errorf("reading how far the index of %s's calls goes: %w", x.Client.System(), err)
	}
	from := now.Add(-or(x.History, DefaultHistory))
	if !synced.IsZero() {
		if age := now.Sub(synced); age >= 0 && age < or(x.Every, DefaultEvery) {
			return nil
		}
		from = synced.Add(-or(x.LookBack, DefaultLookBack))
	}
	if err := x.read(ctx, from, now); err != nil {
		return err
	}
	if err := x.Store.SetSynced(ctx, now); err != nil {
		return fmt.Errorf("recording how far the index of %s's calls goes: %w", x.Client.System(), err)
	}
	return nil
}

// Rescan reads a window again, whatever was synced: for calls that were tied to
// an opportunity long after they took place.
func (x *Index[R]) Rescan(ctx context.Context, from, to time.Time) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.read(ctx, from, to)
}

// Find brings the index up to date and finds the deal's calls in it. Where it can't
// be brought up to date, what an earlier sync found is gone on with, and a gap says so.
func (x *Index[R]) Find(ctx context.Context, d Deal) ([]Match, []connect.Gap, error) {
	var gaps []connect.Gap
	if err := x.Sync(ctx); err != nil {
		until, known := x.Store.Synced(ctx)
		if ctx.Err() != nil || known != nil || until.IsZero() {
			return nil, nil, err
		}
		gaps = append(gaps, connect.Gap{
			System: x.Client.System(), Pending: true,
			What: fmt.Sprintf("the list of calls could not be brought up to date, so that calls after %s may be missing: %v", until.UTC().Format(time.DateOnly), err),
		})
	}
	matches, err := x.Match(ctx, d)
	return matches, gaps, err
}

// read puts the calls of a window into the store, a hundred at a time.
func (x *Index[R]) read(ctx context.Context, from, to time.Time) error {
	const most = 100
	var batch []Entry
	put := func() error {
		if len(batch) == 0 {
			return nil
		}
		if err := x.Store.Put(ctx, batch); err != nil {
			return fmt.Errorf("keeping the index of %s's calls: %w", x.Client.System(), err)
		}
		batch = nil
		return nil
	}
	for entry, err := range x.Client.Entries(ctx, from, to) {
		if err != nil {
			if kept := put(); kept != nil {
				return kept
			}
			return err
		}
		if entry.Private {
			entry.Parties = nil
		}
		if batch = append(batch, entry); len(batch) == most {
			if err := put(); err != nil {
				return err
			}
		}
	}
	return put()
}

// Clock is what time it is for the index.
func (x *Index[R]) Clock() time.Time {
	if x.Now != nil {
		return x.Now()
	}
	return time.Now()
}

func or(d, def time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return def
}
