package vitally

import (
	"maps"
	"slices"
)

// A Note is one of an account's, as a person sees it.
type Note struct {
	ID, ExternalID string
	Account        string // the account's id
	Subject, HTML  string
	Date, Category string
	Tags           []string
	Archived       bool
}

// A Task is one of an account's, as a person sees it.
type Task struct {
	ID, ExternalID    string
	Account           string // the account's id
	Name, HTML        string
	Due, Completed    string
	Assigned          string // an admin's id
	Tags              []string
	Archived, Touched bool // Touched: changed since it was made
}

// Notes are all notes, archived ones too, in the order in which they were made.
func (s *Server) Notes() []Note {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Note
	for _, n := range s.notes {
		out = append(out, Note{
			ID: n.id, ExternalID: n.external, Account: text(n.fields, "accountId"), Subject: text(n.fields, "subject"), HTML: text(n.fields, "note"),
			Date: text(n.fields, "noteDate"), Category: text(n.fields, "categoryId"), Tags: n.tags(), Archived: !n.archivedAt.IsZero(),
		})
	}
	return out
}

// Tasks are all tasks, archived ones too, in the order in which they were made.
func (s *Server) Tasks() []Task {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Task
	for _, t := range s.tasks {
		out = append(out, Task{
			ID: t.id, ExternalID: t.external, Account: text(t.fields, "accountId"), Name: text(t.fields, "name"), HTML: text(t.fields, "description"),
			Due: text(t.fields, "dueDate"), Completed: text(t.fields, "completedAt"), Assigned: text(t.fields, "assignedToId"), Tags: t.tags(), Archived: !t.archivedAt.IsZero(), Touched: t.updated > t.created,
		})
	}
	return out
}

func (r *record) tags() []string {
	list, _ := r.fields["tags"].([]any)
	var out []string
	for _, one := range list {
		if tag, ok := one.(string); ok {
			out = append(out, tag)
		}
	}
	return out
}

// Edit changes fields of a note or task by its id, as a person does in Vitally.
func (s *Server) Edit(id string, fields map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range slices.Concat(s.notes, s.tasks) {
		if r.id == id {
			maps.Copy(r.fields, fields)
			s.touch(r)
		}
	}
}

// Archive archives a note or task by its id, as a person does in Vitally.
func (s *Server) Archive(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range slices.Concat(s.notes, s.tasks) {
		if r.id == id {
			r.archivedAt = s.now()
		}
	}
}
