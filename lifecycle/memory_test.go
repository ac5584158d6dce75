package lifecycle_test

import (
	"context"
	"slices"
	"sync"
	"time"

	"throughline"
	"throughline/connect"
	"throughline/lifecycle"
	"throughline/render"
)

// memory is a store that keeps nothing beyond the test: the plainest form of what
// a store does, and what the databases are compared with.
type memory struct {
	mu        sync.Mutex
	runs      map[string]lifecycle.Run
	tasks     map[string]lifecycle.Task // by run and key
	moves     map[string][]lifecycle.Move
	documents map[string][]*throughline.Handoff
	archives  map[string][]byte
	prints    map[string]string
	copies    map[string]connect.Copy
	words     map[string][]lifecycle.Word
}

func newMemory() *memory {
	return &memory{
		runs: map[string]lifecycle.Run{}, tasks: map[string]lifecycle.Task{}, moves: map[string][]lifecycle.Move{},
		documents: map[string][]*throughline.Handoff{}, archives: map[string][]byte{}, prints: map[string]string{}, copies: map[string]connect.Copy{},
		words: map[string][]lifecycle.Word{},
	}
}

func (m *memory) Create(_ context.Context, run lifecycle.Run, move lifecycle.Move, plan []lifecycle.Duty) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, there := m.runs[run.ID]; there {
		return false, nil
	}
	m.runs[run.ID] = run
	m.moves[run.ID] = []lifecycle.Move{move}
	m.replan(run.ID, plan)
	return true, nil
}

func (m *memory) replan(run string, plan []lifecycle.Duty) {
	planned := map[string]bool{}
	for _, d := range plan {
		at := run + " " + d.Key()
		planned[at] = true
		t, there := m.tasks[at]
		switch {
		case !there:
			t = lifecycle.Task{Run: run, Duty: d, State: lifecycle.TaskOpen}
		case t.State == lifecycle.TaskDropped:
			t.State, t.Due = lifecycle.TaskOpen, d.Due
		case t.State == lifecycle.TaskOpen:
			t.Due = d.Due
		}
		m.tasks[at] = t
	}
	for at, t := range m.tasks {
		if t.Run == run && !planned[at] && (t.State == lifecycle.TaskOpen || t.State == lifecycle.TaskParked) {
			t.State = lifecycle.TaskDropped
			m.tasks[at] = t
		}
	}
}

func (m *memory) Run(_ context.Context, id string) (lifecycle.Run, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	run, there := m.runs[id]
	if !there {
		return run, lifecycle.ErrNotFound
	}
	return run, nil
}

func (m *memory) RunsOf(_ context.Context, opportunity string) ([]lifecycle.Run, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []lifecycle.Run
	for _, run := range m.runs {
		if run.Deal.ID == opportunity {
			out = append(out, run)
		}
	}
	slices.SortFunc(out, func(a, b lifecycle.Run) int { return a.Won.Compare(b.Won) })
	return out, nil
}

func (m *memory) Task(_ context.Context, run, key string) (lifecycle.Task, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, there := m.tasks[run+" "+key]
	if !there {
		return t, lifecycle.ErrNotFound
	}
	return t, nil
}

func (m *memory) Change(_ context.Context, id string, f func(*lifecycle.Run) (lifecycle.Change, error)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	run, there := m.runs[id]
	if !there {
		return lifecycle.ErrNotFound
	}
	c, err := f(&run)
	if err != nil {
		return err
	}
	for _, key := range c.Reopen {
		if _, there := m.tasks[id+" "+key]; !there {
			return lifecycle.ErrNotFound
		}
	}
	if c.Finished != "" {
		t, there := m.tasks[id+" "+c.Finished]
		if !there {
			return lifecycle.ErrNotFound
		}
		if t.State != lifecycle.TaskOpen {
			return nil
		}
		t.State, t.Done, t.Error = lifecycle.TaskDone, c.At, ""
		m.tasks[id+" "+c.Finished] = t
	}
	for _, key := range c.Reopen {
		if t := m.tasks[id+" "+key]; t.State == lifecycle.TaskParked {
			t.State, t.Tries, t.NotBefore, t.Error = lifecycle.TaskOpen, 0, time.Time{}, ""
			m.tasks[id+" "+key] = t
		}
	}
	m.runs[id] = run
	m.moves[id] = append(m.moves[id], c.Moves...)
	m.words[id] = append(m.words[id], c.Words...)
	if c.Document != nil {
		m.documents[id] = append(m.documents[id], c.Document)
	}
	if c.Archive != nil {
		m.archives[id], m.prints[id] = c.Archive, c.Print
	}
	if c.Copy != nil {
		m.copies[id+" "+c.To] = *c.Copy
	}
	m.replan(id, c.Plan)
	return nil
}

func (m *memory) Fail(_ context.Context, run, key string, state lifecycle.TaskState, notBefore time.Time, why string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, there := m.tasks[run+" "+key]
	if !there {
		return lifecycle.ErrNotFound
	}
	if t.State != lifecycle.TaskOpen {
		return nil
	}
	t.State, t.NotBefore, t.Error = state, notBefore, why
	t.Tries++
	m.tasks[run+" "+key] = t
	return nil
}

func (m *memory) PutOff(_ context.Context, run, key string, until time.Time, why string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, there := m.tasks[run+" "+key]
	if !there {
		return lifecycle.ErrNotFound
	}
	if t.State == lifecycle.TaskOpen {
		t.NotBefore, t.Error = until, why
		m.tasks[run+" "+key] = t
	}
	return nil
}

func (m *memory) Due(_ context.Context, by time.Time, most int) ([]lifecycle.Task, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []lifecycle.Task
	for _, t := range m.tasks {
		if t.State == lifecycle.TaskOpen && !t.Due.After(by) && !t.NotBefore.After(by) {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b lifecycle.Task) int {
		if c := a.Due.Compare(b.Due); c != 0 {
			return c
		}
		return cmpKeys(a, b)
	})
	return out[:min(len(out), most)], nil
}

func cmpKeys(a, b lifecycle.Task) int {
	if a.Run+a.Key() < b.Run+b.Key() {
		return -1
	}
	return 1
}

func (m *memory) Document(_ context.Context, run string, version int) (*throughline.Handoff, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, h := range m.documents[run] {
		if h.Version == version {
			return render.For(h, throughline.AudienceTeam), nil
		}
	}
	return nil, lifecycle.ErrNotFound
}

func (m *memory) Words(_ context.Context, run string) ([]lifecycle.Word, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.words[run]), nil
}

func (m *memory) Archive(_ context.Context, run string) ([]byte, string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	data, there := m.archives[run]
	if !there {
		return nil, "", lifecycle.ErrNotFound
	}
	return data, m.prints[run], nil
}

// Moves are the run's audit trail, in order.
func (m *memory) Moves(_ context.Context, run string) ([]lifecycle.Move, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.moves[run]), nil
}

// Next is when the first open task is due; zero when there is none.
func (m *memory) Next(context.Context) (time.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var first time.Time
	for _, t := range m.tasks {
		if t.State != lifecycle.TaskOpen {
			continue
		}
		due := t.Due
		if t.NotBefore.After(due) {
			due = t.NotBefore
		}
		if first.IsZero() || due.Before(first) {
			first = due
		}
	}
	return first, nil
}

// Nobody answers, and nobody unsubscribes.
func (m *memory) Answered(context.Context, string, string) (bool, error) { return false, nil }
func (m *memory) Stopped(context.Context, string) (bool, error)          { return false, nil }
