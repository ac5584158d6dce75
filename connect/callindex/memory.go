package callindex

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"throughline/connect"
)

// Memory is a [Store] in memory, which a JSON file can hold between runs.
type Memory struct {
	file string // empty when nothing is written

	mu      sync.RWMutex
	entries map[string]Entry
	synced  time.Time
}

// NewMemory is an empty store that no file holds.
func NewMemory() *Memory { return &Memory{entries: map[string]Entry{}} }

type memoryFile struct {
	Synced  time.Time `json:"synced"`
	Entries []Entry   `json:"calls"`
}

// OpenMemory is the store of a file, which need not be there yet. The file is
// written when a sync ends, for its owner alone: it tells who spoke with whom.
func OpenMemory(file string) (*Memory, error) {
	m := NewMemory()
	m.file = file
	raw, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the index of calls: %w", err)
	}
	var held memoryFile
	if err := json.Unmarshal(raw, &held); err != nil {
		return nil, fmt.Errorf("the index of calls in %s can't be read; delete it, and it is built anew: %w", file, err)
	}
	m.synced = held.Synced
	for _, e := range held.Entries {
		m.entries[e.ID] = e
	}
	return m, nil
}

// Put adds entries.
func (m *Memory) Put(_ context.Context, entries []Entry) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range entries {
		m.entries[e.ID] = e
	}
	return nil
}

// Between are the entries of calls that started in the window.
func (m *Memory) Between(_ context.Context, from, to time.Time) ([]Entry, error) {
	return m.those(func(e Entry) bool { return !e.Started.Before(from) && !e.Started.After(to) }), nil
}

// Naming are the entries that name the record.
func (m *Memory) Naming(_ context.Context, key string) ([]Entry, error) {
	return m.those(func(e Entry) bool {
		return slices.ContainsFunc(e.Objects, func(o Object) bool { return RecordKey(o.ID) == key })
	}), nil
}

func (m *Memory) those(wanted func(Entry) bool) []Entry {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var out []Entry
	for _, e := range m.entries {
		if wanted(e) {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, byTime)
	return out
}

func byTime(a, b Entry) int {
	if c := a.Started.Compare(b.Started); c != 0 {
		return c
	}
	return strings.Compare(a.ID, b.ID)
}

// Synced is up to which moment the index is complete.
func (m *Memory) Synced(context.Context) (time.Time, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.synced, nil
}

// SetSynced records it, and writes the file.
func (m *Memory) SetSynced(_ context.Context, until time.Time) error {
	all := m.those(func(Entry) bool { return true })
	m.mu.Lock()
	defer m.mu.Unlock()
	m.synced = until
	if m.file == "" {
		return nil
	}
	raw, err := json.Marshal(memoryFile{Synced: until, Entries: all})
	if err != nil {
		return err
	}
	return connect.WriteFile(m.file, raw)
}
