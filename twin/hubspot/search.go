package hubspot

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// What a search may ask for.
const (
	mostResults  = 10_000
	mostPage     = 200
	mostSearch   = 3000 // characters of the request
	mostGroups   = 5
	mostInGroup  = 6
	mostFiltered = 18
)

type searchRequest struct {
	Groups []struct {
		Filters []filter `json:"filters"`
	} `json:"filterGroups"`
	Sorts      []json.RawMessage `json:"sorts"`
	Properties []string          `json:"properties"`
	Limit      int               `json:"limit"`
	After      json.RawMessage   `json:"after"`
}

type filter struct {
	Property string   `json:"propertyName"`
	Operator string   `json:"operator"`
	Value    string   `json:"value"`
	High     string   `json:"highValue"`
	Values   []string `json:"values"`
}

// search answers from an index that lags.
func (s *Server) search(w http.ResponseWriter, r *request, kind string) {
	var q searchRequest
	if len(r.body) > mostSearch || json.Unmarshal(r.body, &q) != nil {
		invalid(w, "The search is not JSON of at most %d characters", mostSearch)
		return
	}
	if q.Limit == 0 {
		q.Limit = 10
	}
	after, err := strconv.Atoi(strings.Trim(cmp.Or(string(q.After), "0"), `"`))
	if err != nil {
		after = 0
	}
	filters := 0
	for _, g := range q.Groups {
		filters += len(g.Filters)
		if len(g.Filters) > mostInGroup {
			invalid(w, "A group holds at most %d filters", mostInGroup)
			return
		}
		for _, f := range g.Filters {
			if s.property(kind, f.Property) < 0 {
				invalid(w, "There was a problem with the request: no property %s", f.Property)
				return
			}
		}
	}
	if q.Limit > mostPage || len(q.Groups) > mostGroups || filters > mostFiltered || after+q.Limit > mostResults {
		invalid(w, "The search asks for more than it may")
		return
	}
	type hit struct {
		o     *object
		props Record
	}
	var hits []hit
	for _, o := range s.objects[kind] {
		if props := s.indexed(o); props != nil && q.matches(props) {
			hits = append(hits, hit{o, props})
		}
	}
	by, descending := q.sort()
	slices.SortFunc(hits, func(a, b hit) int {
		c := compare(a.props[by], b.props[by])
		if descending {
			c = -c
		}
		return cmp.Or(c, compareIDs(a.o.id, b.o.id))
	})
	after = min(after, len(hits))
	end := min(after+q.Limit, len(hits))
	results := []any{}
	for _, h := range hits[after:end] {
		results = append(results, s.shown(kind, h.o, h.props, q.Properties, nil))
	}
	out := map[string]any{"total": len(hits), "results": results}
	if end < len(hits) {
		out["paging"] = map[string]any{"next": map[string]any{"after": strconv.Itoa(end)}}
	}
	reply(w, http.StatusOK, out)
}

// indexed is what search knows of an object; nil where it knows none.
func (s *Server) indexed(o *object) Record {
	until := s.Now().Add(-s.SearchLag)
	for _, v := range slices.Backward(o.versions) {
		if v.from.After(until) {
			continue
		}
		if v.archived {
			return nil
		}
		return v.props
	}
	return nil
}

// sort is what a search sorts by.
func (q *searchRequest) sort() (by string, descending bool) {
	if len(q.Sorts) == 0 {
		return "hs_object_id", false
	}
	var as struct {
		Property  string `json:"propertyName"`
		Direction string `json:"direction"`
	}
	if json.Unmarshal(q.Sorts[0], &as) == nil {
		return as.Property, as.Direction == "DESCENDING"
	}
	by = strings.Trim(string(q.Sorts[0]), `"`)
	return strings.TrimPrefix(by, "-"), strings.HasPrefix(by, "-")
}

// matches reports whether one of the groups lets a record through.
func (q *searchRequest) matches(props Record) bool {
	for _, g := range q.Groups {
		if !slices.ContainsFunc(g.Filters, func(f filter) bool { return !f.lets(props[f.Property]) }) {
			return true
		}
	}
	return len(q.Groups) == 0
}

func (f filter) lets(value string) bool {
	if f.Operator == "NOT_HAS_PROPERTY" || f.Operator == "HAS_PROPERTY" {
		return (value != "") == (f.Operator == "HAS_PROPERTY")
	}
	if value == "" {
		return f.Operator == "NEQ" || f.Operator == "NOT_IN"
	}
	c := compare(value, f.Value)
	switch f.Operator {
	case "EQ":
		return c == 0
	case "NEQ":
		return c != 0
	case "GT":
		return c > 0
	case "GTE":
		return c >= 0
	case "LT":
		return c < 0
	case "LTE":
		return c <= 0
	case "BETWEEN":
		return c >= 0 && compare(value, f.High) <= 0
	case "IN":
		return slices.Contains(f.Values, value)
	case "NOT_IN":
		return !slices.Contains(f.Values, value)
	}
	return false
}

// compare compares numbers as numbers, times as times, and else as text.
func compare(a, b string) int {
	x, err := strconv.ParseFloat(a, 64)
	y, err2 := strconv.ParseFloat(b, 64)
	if err == nil && err2 == nil {
		return cmp.Compare(x, y)
	}
	if s, t := moment(a), moment(b); !s.IsZero() && !t.IsZero() {
		return s.Compare(t)
	}
	return strings.Compare(strings.ToLower(a), strings.ToLower(b))
}
