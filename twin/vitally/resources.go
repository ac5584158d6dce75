package vitally

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// pageSize is how many records a page has at most, and where nothing is said.
const pageSize = 100

// list answers a page of the records that the request means: those that are not
// archived, unless it asks for those that are, the newest first.
func (s *Server) list(r *http.Request, all []*record) (any, *refusal) {
	q := r.URL.Query()
	limit := pageSize
	if text := q.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return nil, bad("limit must be a positive number")
		}
		limit = min(n, pageSize)
	}
	place := func(r *record) int { return r.updated }
	switch q.Get("sortBy") {
	case "", "updatedAt":
	case "createdAt":
		place = func(r *record) int { return r.created }
	default:
		return nil, bad("sortBy must be createdAt or updatedAt")
	}
	before := s.turn + 1
	if text := q.Get("from"); text != "" {
		raw, err := base64.RawURLEncoding.DecodeString(text)
		n, err2 := strconv.Atoi(string(raw))
		if err != nil || err2 != nil {
			return nil, bad("from is not a cursor")
		}
		before = n
	}
	var page []*record
	for _, rec := range all {
		if place(rec) < before && rec.archivedAt.IsZero() == (q.Get("archived") != "true") {
			page = append(page, rec)
		}
	}
	slices.SortFunc(page, func(a, b *record) int { return cmp.Compare(place(b), place(a)) })
	next := any(nil)
	if len(page) > limit {
		page = page[:limit]
		next = base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(place(page[limit-1]))))
	}
	results := []map[string]any{}
	for _, rec := range page {
		results = append(results, rec.json())
	}
	return map[string]any{"results": results, "next": next}, nil
}

func (s *Server) listAccounts(r *http.Request) (any, *refusal)   { return s.list(r, s.accounts) }
func (s *Server) listCategories(r *http.Request) (any, *refusal) { return s.list(r, s.categories) }
func (s *Server) listAdmins(r *http.Request) (any, *refusal)     { return s.list(r, s.admins) }
func (s *Server) listNotes(r *http.Request) (any, *refusal)      { return s.list(r, s.notes) }
func (s *Server) listTasks(r *http.Request) (any, *refusal)      { return s.list(r, s.tasks) }

func (s *Server) getAccount(r *http.Request) (any, *refusal) {
	a := find(s.accounts, r.PathValue("id"))
	if a == nil {
		return nil, notFound()
	}
	return a.json(), nil
}

func (s *Server) listAccountNotes(r *http.Request) (any, *refusal) { return s.listOf(r, s.notes) }
func (s *Server) listAccountTasks(r *http.Request) (any, *refusal) { return s.listOf(r, s.tasks) }

// listOf lists what belongs to an account, which is named by the vendor's own id.
func (s *Server) listOf(r *http.Request, all []*record) (any, *refusal) {
	a := find(s.accounts, r.PathValue("id"))
	if a == nil || a.id != r.PathValue("id") {
		return nil, notFound()
	}
	return s.list(r, slices.DeleteFunc(slices.Clone(all), func(rec *record) bool { return rec.fields["accountId"] != a.id }))
}

// byID is a note or task by the vendor's own id: an externalId is taken in its
// place only with the source of an integration, which our own records have none of.
func byID(in []*record, r *http.Request) (*record, *refusal) {
	rec := find(in, r.PathValue("id"))
	if rec == nil || rec.id != r.PathValue("id") {
		return nil, notFound()
	}
	return rec, nil
}

func (s *Server) getNote(r *http.Request) (any, *refusal) {
	n, refused := byID(s.notes, r)
	if refused != nil {
		return nil, refused
	}
	return n.json(), nil
}

// body is a request's, as an object.
func body(r *http.Request) (map[string]any, *refusal) {
	var out map[string]any
	if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 1<<20)).Decode(&out); err != nil || out == nil {
		return nil, bad("the body must be a JSON object")
	}
	return out, nil
}

func (s *Server) createNote(r *http.Request) (any, *refusal) {
	in, refused := body(r)
	if refused != nil {
		return nil, refused
	}
	external := text(in, "externalId")
	switch {
	case text(in, "note") == "":
		return nil, bad("note is required")
	case text(in, "noteDate") == "":
		return nil, bad("noteDate is required")
	case find(s.notes, external) != nil:
		return nil, bad("a note with the externalId %s exists", external)
	}
	fields := map[string]any{"subject": nil, "categoryId": nil, "tags": []any{}, "source": nil}
	if refused := s.set(fields, in, "note", "noteDate", "subject", "categoryId", "accountId", "tags"); refused != nil {
		return nil, refused
	}
	if fields["accountId"] == nil {
		return nil, bad("accountId is required")
	}
	return s.add(&s.notes, external, fields).json(), nil
}

func (s *Server) updateNote(r *http.Request) (any, *refusal) {
	n, refused := byID(s.notes, r)
	if refused != nil {
		return nil, refused
	}
	return s.update(r, n, "note", "noteDate", "subject", "categoryId", "tags")
}

func (s *Server) deleteNote(r *http.Request) (any, *refusal) { return s.archive(s.notes, r) }

func (s *Server) createTask(r *http.Request) (any, *refusal) {
	in, refused := body(r)
	if refused != nil {
		return nil, refused
	}
	external := text(in, "externalId")
	if text(in, "name") == "" {
		return nil, bad("name is required")
	}
	if t := find(s.tasks, external); t != nil {
		if !s.Upsert {
			return nil, bad("a task with the externalId %s exists", external)
		}
		if refused := s.set(t.fields, in, taskFields...); refused != nil {
			return nil, refused
		}
		s.touch(t)
		return t.json(), nil
	}
	fields := map[string]any{"description": nil, "dueDate": nil, "completedAt": nil, "assignedToId": nil, "tags": []any{}}
	if refused := s.set(fields, in, append([]string{"accountId"}, taskFields...)...); refused != nil {
		return nil, refused
	}
	if fields["accountId"] == nil {
		return nil, bad("accountId is required")
	}
	return s.add(&s.tasks, external, fields).json(), nil
}

var taskFields = []string{"name", "description", "dueDate", "completedAt", "assignedToId", "tags"}

func (s *Server) updateTask(r *http.Request) (any, *refusal) {
	t, refused := byID(s.tasks, r)
	if refused != nil {
		return nil, refused
	}
	return s.update(r, t, taskFields...)
}

func (s *Server) deleteTask(r *http.Request) (any, *refusal) { return s.archive(s.tasks, r) }

// update changes a record. Tags that are not sent again are lost, as the vendor
// warns; of the other fields those stay that are not sent.
func (s *Server) update(r *http.Request, rec *record, allowed ...string) (any, *refusal) {
	in, refused := body(r)
	if refused != nil {
		return nil, refused
	}
	if _, sent := in["tags"]; !sent {
		in["tags"] = []any{}
	}
	if refused := s.set(rec.fields, in, allowed...); refused != nil {
		return nil, refused
	}
	s.touch(rec)
	return rec.json(), nil
}

func (s *Server) archive(in []*record, r *http.Request) (any, *refusal) {
	rec, refused := byID(in, r)
	if refused != nil {
		return nil, refused
	}
	rec.archivedAt = s.now()
	return rec.json(), nil
}

// set takes over the fields that are allowed, in the forms that the API takes, or
// none of them.
func (s *Server) set(fields, in map[string]any, allowed ...string) *refusal {
	taken := map[string]any{}
	for _, name := range allowed {
		value, sent := in[name]
		if !sent {
			continue
		}
		var refused *refusal
		if taken[name], refused = s.taken(name, value); refused != nil {
			return refused
		}
	}
	maps.Copy(fields, taken)
	return nil
}

// taken is a value as it is kept.
func (s *Server) taken(name string, value any) (any, *refusal) {
	if value == nil && name != "name" && name != "note" && name != "noteDate" {
		return nil, nil
	}
	if name == "tags" {
		if _, ok := value.([]any); !ok {
			return nil, bad("tags must be an array")
		}
		return value, nil
	}
	said, ok := value.(string)
	if !ok {
		return nil, bad("%s must be a string", name)
	}
	switch name {
	case "note", "description":
		return subset(said), nil
	case "noteDate", "dueDate", "completedAt":
		_, err := time.Parse(time.DateOnly, said)
		_, err2 := time.Parse(time.RFC3339, said)
		if err != nil && err2 != nil {
			return nil, bad("%s must be a date", name)
		}
	case "accountId":
		if a := find(s.accounts, said); a == nil || a.id != said {
			return nil, bad("accountId is no account's")
		}
	case "categoryId":
		if find(s.categories, said) == nil {
			return nil, bad("categoryId is no category's")
		}
	case "assignedToId":
		if find(s.admins, said) == nil {
			return nil, bad("assignedToId is no admin's")
		}
	case "name":
		if strings.TrimSpace(said) == "" {
			return nil, bad("name is required")
		}
	}
	return said, nil
}

func text(in map[string]any, name string) string {
	s, _ := in[name].(string)
	return s
}
