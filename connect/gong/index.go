package gong

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// An Entry is what the index keeps of a call: enough to find a deal's calls.
type Entry struct {
	ID      string    `json:"id"`
	Started time.Time `json:"started"`
	Private bool      `json:"private,omitempty"`
	Objects []Object  `json:"objects,omitempty"`
	Parties []Party   `json:"parties,omitempty"` // none of a private call
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
	// Synced is up to which moment the index is complete, as far as Gong told
	// at the time; zero before the first sync.
	Synced(ctx context.Context) (time.Time, error)
	// SetSynced records it.
	SetSynced(ctx context.Context, until time.Time) error
}

// An Index knows all calls of a Gong workspace by date, CRM record and
// participant. It is synced once for all deals.
type Index struct {
	Client *Client
	Store  Store
	Now    func() time.Time // nil for the machine's clock

	// History is how far the first sync goes back. Default 400 days: a deal of
	// a year, and its start.
	History time.Duration
	// LookBack is how far every further sync goes back before the last one, for
	// calls that Gong tells of late and ties to records later. Gong has been
	// seen to be a day late. Default 48 hours.
	LookBack time.Duration
	// Every is the least time between two syncs: with the default of 15 minutes
	// at most 96 a day.
	Every time.Duration

	mu sync.Mutex
}

// Sync brings the index up to date, unless that was done less than Every ago. It
// takes a request for each hundred calls of the window, and at least one. When it
// fails on the way, what came is kept and the next sync begins where this one did.
func (x *Index) Sync(ctx context.Context) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	now := x.now()
	synced, err := x.Store.Synced(ctx)
	if err != nil {
		return fmt.Errorf("reading how far the index of Gong's calls goes: %w", err)
	}
	from := now.Add(-or(x.History, 400*24*time.Hour))
	if !synced.IsZero() {
		if age := now.Sub(synced); age >= 0 && age < or(x.Every, 15*time.Minute) {
			return nil
		}
		from = synced.Add(-or(x.LookBack, 48*time.Hour))
	}
	if err := x.read(ctx, from, now); err != nil {
		return err
	}
	if err := x.Store.SetSynced(ctx, now); err != nil {
		return fmt.Errorf("recording how far the index of Gong's calls goes: %w", err)
	}
	return nil
}

// Rescan reads a window again, whatever was synced: for calls that were tied to
// an opportunity long after they took place.
func (x *Index) Rescan(ctx context.Context, from, to time.Time) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.read(ctx, from, to)
}

// read puts the calls of a window into the store, page by page.
func (x *Index) read(ctx context.Context, from, to time.Time) error {
	const page = 100
	var batch []Entry
	put := func() error {
		if len(batch) == 0 {
			return nil
		}
		if err := x.Store.Put(ctx, batch); err != nil {
			return fmt.Errorf("keeping the index of Gong's calls: %w", err)
		}
		batch = nil
		return nil
	}
	for call, err := range x.Client.Calls(ctx, from, to) {
		if err != nil {
			if kept := put(); kept != nil {
				return kept
			}
			return err
		}
		if batch = append(batch, call.entry()); len(batch) == page {
			if err := put(); err != nil {
				return err
			}
		}
	}
	return put()
}

func (call Call) entry() Entry {
	e := Entry{ID: call.ID, Started: call.Started, Private: call.Private, Objects: call.Objects}
	if !call.Private {
		e.Parties = call.Parties
	}
	return e
}

func (x *Index) now() time.Time {
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
