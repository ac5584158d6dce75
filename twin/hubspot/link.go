package hubspot

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// Associate ties two objects, both ways, with a label where one is given. That of a
// deal's primary company is "Primary".
func (s *Server) Associate(kind, id, toKind, to, label string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tie(kind, id, toKind, to, label, numberOf[kind+" "+toKind])
}

// primary is the label of the association with a deal's primary company.
const primary = "Primary"

// numberOf are the types of association that the service numbers itself.
var numberOf = map[string]int{
	"deals contacts": 3, "contacts deals": 4, "deals companies": 341, "companies deals": 342, "notes deals": 214, "tasks deals": 216, "calls deals": 206, "meetings deals": 212,
	"emails deals": 210, "deals notes": 213, "deals tasks": 215, "deals calls": 205, "deals meetings": 211, "deals emails": 209,
}

// tie ties two objects. A label comes beside the association without one.
func (s *Server) tie(kind, id, toKind, to, label string, number int) {
	for _, l := range []struct {
		link
		number int
	}{{link{kind, id, toKind, to}, number}, {link{toKind, to, kind, id}, numberOf[toKind+" "+kind]}} {
		types := s.links[l.link]
		if len(types) == 0 {
			types = append(types, linkType{"HUBSPOT_DEFINED", l.number, nil})
		}
		if label != "" {
			category, number := "USER_DEFINED", 100+len(label)
			if label == primary {
				category, number = "HUBSPOT_DEFINED", 5
			}
			types = append(types, linkType{category, number, &label})
		}
		s.links[l.link] = types
	}
}

// linked are the objects of a type that an object is tied to, in order.
func (s *Server) linked(kind, id, toKind string) []string {
	var out []string
	for l := range s.links {
		if l.fromType == kind && l.from == id && l.toType == toKind && s.find(toKind, l.to) != nil {
			out = append(out, l.to)
		}
	}
	slices.SortFunc(out, compareIDs)
	return out
}

// details is an association with its types.
func (s *Server) details(kind, id, toKind, to string) map[string]any {
	number, err := strconv.ParseInt(to, 10, 64)
	out := map[string]any{"toObjectId": number, "associationTypes": s.links[link{kind, id, toKind, to}]}
	if err != nil {
		out["toObjectId"] = to
	}
	return out
}

// associated lists an object's associations of a type.
func (s *Server) associated(w http.ResponseWriter, r *request, kind, id, toKind string) {
	if s.find(kind, id) == nil || typeNumber[toKind] == "" {
		notFound(w, "resource not found")
		return
	}
	var all []any
	for _, to := range s.linked(kind, id, toKind) {
		all = append(all, s.details(kind, id, toKind, to))
	}
	s.page(w, r, all, s.AssociationPage, 500)
}

func (s *Server) serveAssociations(w http.ResponseWriter, r *request) {
	if r.Method != http.MethodPost || len(r.rest) != 4 || r.rest[2] != "batch" || r.rest[3] != "read" || typeNumber[r.rest[0]] == "" || typeNumber[r.rest[1]] == "" {
		notFound(w, "resource not found")
		return
	}
	var in struct {
		Inputs []struct {
			ID    string `json:"id"`
			After string `json:"after"`
		} `json:"inputs"`
	}
	if json.Unmarshal(r.body, &in) != nil || len(in.Inputs) > 1000 {
		invalid(w, "A batch holds at most 1000 inputs")
		return
	}
	var results []any
	var missing []string
	for _, one := range in.Inputs {
		if row := s.fromOne(r, one.ID, one.After); row != nil {
			results = append(results, row)
		} else {
			missing = append(missing, one.ID)
		}
	}
	out := map[string]any{"status": "COMPLETE", "results": append([]any{}, results...), "startedAt": stamp(s.Now()), "completedAt": stamp(s.Now())}
	status := http.StatusOK
	if len(missing) > 0 {
		status = http.StatusMultiStatus
		out["numErrors"] = len(missing)
		out["errors"] = []any{map[string]any{"status": "error", "category": "OBJECT_NOT_FOUND", "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND", "message": fmt.Sprintf("No %s is associated with %s", r.rest[1], r.rest[0]), "context": map[string]any{"fromObjectId": missing}}}
	}
	reply(w, status, out)
}

// fromOne is what one object is tied to; nil where there is nothing.
func (s *Server) fromOne(r *request, id, after string) map[string]any {
	from, toKind := r.rest[0], r.rest[1]
	ids := s.linked(from, id, toKind)
	start, err := strconv.Atoi(after)
	if err != nil {
		start = 0
	}
	ids = ids[min(start, len(ids)):]
	if len(ids) == 0 {
		return nil
	}
	n := min(len(ids), s.AssociationPage)
	var to []any
	for _, one := range ids[:n] {
		if r.version == "v3" {
			to = append(to, map[string]any{"id": one, "type": numberOf[from+" "+toKind]})
			continue
		}
		to = append(to, s.details(from, id, toKind, one))
	}
	row := map[string]any{"from": map[string]any{"id": id}, "to": to}
	if n < len(ids) {
		row["paging"] = map[string]any{"next": map[string]any{"after": strconv.Itoa(start + n)}}
	}
	return row
}

// Linked are the ids of the objects of a type that an object is tied to.
func (s *Server) Linked(kind, id, toKind string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.linked(kind, id, toKind)
}
