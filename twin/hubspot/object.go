package hubspot

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// typeNumber is what the service numbers a type with.
var typeNumber = map[string]string{"contacts": "0-1", "companies": "0-2", "deals": "0-3", "notes": "0-46", "tasks": "0-27", "calls": "0-48", "meetings": "0-47", "emails": "0-49"}

// toDeal are the types of association from an activity to what it is of.
var toDeal = map[string]int{"notes": 214, "tasks": 216, "calls": 206, "meetings": 212, "emails": 210}

// Put adds an object, of which search knows at once, and returns its id: that of
// the record's "id", else a new one.
func (s *Server) Put(kind string, rec Record) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.add(kind, rec, s.Now())
	o.versions[0].from = time.Time{}
	return o.id
}

// add makes an object. What it has beyond the known properties becomes custom ones.
func (s *Server) add(kind string, rec Record, at time.Time) *object {
	rec = maps.Clone(rec)
	id := rec["id"]
	delete(rec, "id")
	if id == "" {
		s.made++
		id = strconv.FormatInt(s.made, 10)
	}
	o := &object{id: id, props: Record{}, history: map[string][]change{}, created: at, updated: at}
	if s.objects[kind] == nil {
		s.objects[kind] = map[string]*object{}
	}
	s.objects[kind][id] = o
	for _, name := range slices.Sorted(maps.Keys(rec)) {
		if s.property(kind, name) < 0 {
			s.define(kind, Property{Name: name})
		}
	}
	s.change(kind, o, rec, at, false)
	return o
}

// change sets properties, with what follows from them. Where told is set, webhooks
// hear of it.
func (s *Server) change(kind string, o *object, rec Record, at time.Time, told bool) {
	set := func(name, value string) {
		if old, had := o.props[name]; had && old == value {
			return
		}
		o.props[name] = value
		o.history[name] = append([]change{{value, at.UTC(), "CRM_UI"}}, o.history[name]...)
		if told {
			s.tell(kind, o.id, name, value, at)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(rec)) {
		set(name, rec[name])
	}
	if kind == "deals" {
		closed, won := s.stageOf(o.props["dealstage"])
		set("hs_is_closed", strconv.FormatBool(closed))
		set("hs_is_closed_won", strconv.FormatBool(won))
		if o.props["createdate"] == "" {
			o.props["createdate"] = stamp(o.created)
		}
	}
	if kind == "tasks" {
		// Until a task is completed, the property is seen to hold when it is due.
		switch done := o.props["hs_task_status"] == "COMPLETED"; {
		case !done:
			o.props["hs_task_completion_date"] = o.props["hs_timestamp"]
		case rec["hs_task_status"] != "":
			o.props["hs_task_completion_date"] = stamp(at)
		}
	}
	o.updated = at
	o.props["hs_object_id"] = o.id
	o.props[modified(kind)] = stamp(at)
	o.versions = append(o.versions, version{at, maps.Clone(o.props), o.archived})
}

// modified is the property that tells when an object was changed last.
func modified(kind string) string {
	if kind == "contacts" {
		return "lastmodifieddate"
	}
	return "hs_lastmodifieddate"
}

// stageOf says what a stage stands for.
func (s *Server) stageOf(id string) (closed, won bool) {
	for _, p := range s.pipelines {
		for _, st := range p.Stages {
			if st.ID == id {
				closed = st.Metadata["isClosed"] == "true"
				return closed, closed && st.Metadata["probability"] == "1.0"
			}
		}
	}
	return false, false
}

// Set changes an object at a moment, as a person does.
func (s *Server) Set(kind, id string, rec Record, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := s.objects[kind][id]; o != nil {
		s.change(kind, o, rec, at, true)
	}
}

// Move puts a deal into a stage.
func (s *Server) Move(deal, stage string, at time.Time) {
	s.Set("deals", deal, Record{"dealstage": stage}, at)
}

// Archive deletes an object, which can be brought back in the service.
func (s *Server) Archive(kind, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.archive(kind, id)
}

func (s *Server) archive(kind, id string) {
	if o := s.objects[kind][id]; o != nil {
		o.archived = true
		o.versions = append(o.versions, version{s.Now(), maps.Clone(o.props), true})
	}
}

// Merge merges a deal into another, by whose id it is known from then on, too.
func (s *Server) Merge(from, into string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	survivor, gone := s.objects["deals"][into], s.objects["deals"][from]
	gone.survivor, gone.archived = into, true
	gone.versions = append(gone.versions, version{s.Now(), maps.Clone(gone.props), true})
	s.change("deals", survivor, Record{"hs_merged_object_ids": from}, s.Now(), true)
}

// Get is an object's properties; nil where it is not there.
func (s *Server) Get(kind, id string) Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.objects[kind][id]
	if o == nil || o.archived {
		return nil
	}
	return maps.Clone(o.props)
}

// All are the objects of a type, in order of their ids.
func (s *Server) All(kind string) []Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Record
	for _, o := range s.ordered(kind) {
		rec := maps.Clone(o.props)
		rec["id"] = o.id
		out = append(out, rec)
	}
	return out
}

func (s *Server) ordered(kind string) []*object {
	var out []*object
	for _, o := range s.objects[kind] {
		if !o.archived {
			out = append(out, o)
		}
	}
	slices.SortFunc(out, func(a, b *object) int { return compareIDs(a.id, b.id) })
	return out
}

func compareIDs(a, b string) int {
	x, err := strconv.ParseInt(a, 10, 64)
	y, err2 := strconv.ParseInt(b, 10, 64)
	if err != nil || err2 != nil {
		return strings.Compare(a, b)
	}
	return int(min(max(x-y, -1), 1))
}

// find is the object with the id, or into which that was merged; nil where there
// is none.
func (s *Server) find(kind, id string) *object {
	o := s.objects[kind][id]
	if o != nil && o.survivor != "" {
		o = s.objects[kind][o.survivor]
	}
	if o == nil || o.archived {
		return nil
	}
	return o
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// shown is an object as an answer has it: with the properties asked for, of which
// those without a value are null.
func (s *Server) shown(kind string, o *object, props Record, names, withHistory []string) map[string]any {
	if len(names) == 0 {
		names = []string{"dealname", "dealstage", "pipeline", "amount", "closedate", "createdate", "firstname", "lastname", "email", "name", "domain"}
		names = slices.DeleteFunc(names, func(n string) bool { return s.property(kind, n) < 0 })
	}
	values := map[string]any{"hs_object_id": o.id, modified(kind): props[modified(kind)]}
	for _, name := range names {
		switch value, ok := props[name]; {
		case ok && value != "":
			values[name] = value
		case s.property(kind, name) >= 0:
			values[name] = nil
		}
	}
	out := map[string]any{
		"id": o.id, "properties": values, "createdAt": stamp(o.created), "updatedAt": stamp(o.updated), "archived": o.archived,
		"url": fmt.Sprintf("https://app.hubspot.com/contacts/%d/record/%s/%s", s.Portal, typeNumber[kind], o.id),
	}
	if len(withHistory) > 0 {
		history := map[string]any{}
		for _, name := range withHistory {
			history[name] = append([]change{}, o.history[name]...)
			values[name] = props[name]
		}
		out["propertiesWithHistory"] = history
	}
	return out
}

func (s *Server) serveObjects(w http.ResponseWriter, r *request) {
	if len(r.rest) == 0 || typeNumber[r.rest[0]] == "" {
		notFound(w, "Unable to infer object type from the path")
		return
	}
	kind, rest := r.rest[0], strings.Join(r.rest[1:], "/")
	switch method := r.Method; {
	case method == http.MethodGet && rest == "":
		s.list(w, r, kind)
	case method == http.MethodPost && rest == "":
		s.createOne(w, r, kind)
	case method == http.MethodPost && rest == "search":
		s.search(w, r, kind)
	case method == http.MethodPost && rest == "batch/read":
		s.batchRead(w, r, kind)
	case method == http.MethodPost && rest == "batch/create":
		s.batchCreate(w, r, kind)
	case method == http.MethodPost && rest == "batch/update":
		s.batchUpdate(w, r, kind)
	case method == http.MethodGet && len(r.rest) == 4 && r.rest[2] == "associations" && r.version != "2026-09":
		s.associated(w, r, kind, r.rest[1], r.rest[3])
	case len(r.rest) != 2:
		notFound(w, "resource not found")
	case method == http.MethodGet:
		s.getOne(w, r, kind, r.rest[1])
	case method == http.MethodPatch:
		s.updateOne(w, r, kind, r.rest[1])
	case method == http.MethodDelete:
		s.archive(kind, r.rest[1])
		w.WriteHeader(http.StatusNoContent)
	default:
		notFound(w, "resource not found")
	}
}

// listed are the values of a parameter that may be given repeatedly or with commas.
func listed(r *request, name string) []string {
	var out []string
	for _, value := range r.URL.Query()[name] {
		for _, one := range strings.Split(value, ",") {
			if one = strings.TrimSpace(one); one != "" {
				out = append(out, one)
			}
		}
	}
	return out
}

// page answers with a part of a list.
func (s *Server) page(w http.ResponseWriter, r *request, all []any, usual, most int) {
	limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil {
		limit = usual
	}
	after, err := strconv.Atoi(r.URL.Query().Get("after"))
	if err != nil {
		after = 0
	}
	if limit > most || limit < 1 || after < 0 {
		invalid(w, "limit must be at most %d", most)
		return
	}
	after = min(after, len(all))
	end := min(after+limit, len(all))
	out := map[string]any{"results": append([]any{}, all[after:end]...)}
	if end < len(all) {
		out["paging"] = map[string]any{"next": map[string]any{"after": strconv.Itoa(end), "link": "?after=" + strconv.Itoa(end)}}
	}
	reply(w, http.StatusOK, out)
}

func (s *Server) list(w http.ResponseWriter, r *request, kind string) {
	var all []any
	for _, o := range s.ordered(kind) {
		all = append(all, s.shown(kind, o, o.props, listed(r, "properties"), nil))
	}
	s.page(w, r, all, 10, 100)
}

func (s *Server) getOne(w http.ResponseWriter, r *request, kind, id string) {
	o := s.find(kind, id)
	if o == nil {
		notFound(w, "resource not found")
		return
	}
	out := s.shown(kind, o, o.props, listed(r, "properties"), listed(r, "propertiesWithHistory"))
	if to := listed(r, "associations"); len(to) > 0 {
		all := map[string]any{}
		for _, toKind := range to {
			if ids := s.linked(kind, o.id, toKind); len(ids) > 0 {
				all[toKind] = s.associations(kind, o.id, toKind, ids)
			}
		}
		if len(all) > 0 {
			out["associations"] = all
		}
	}
	reply(w, http.StatusOK, out)
}

// associations are those that stand beside an object: the first of them, a row for
// each type.
func (s *Server) associations(kind, id, toKind string, ids []string) map[string]any {
	n := min(len(ids), s.AssociationPage)
	results := []any{}
	for _, to := range ids[:n] {
		for _, t := range s.links[link{kind, id, toKind, to}] {
			name := one(kind) + "_to_" + one(toKind)
			if toKind == "companies" && t.Label == nil {
				name += "_unlabeled" // beside the one of the primary company
			}
			results = append(results, map[string]any{"id": to, "type": name})
		}
	}
	out := map[string]any{"results": results}
	if n < len(ids) {
		out["paging"] = map[string]any{"next": map[string]any{"after": strconv.Itoa(n), "link": "?after=" + strconv.Itoa(n)}}
	}
	return out
}

// one is a type in the singular.
func one(kind string) string {
	return strings.TrimSuffix(strings.Replace(kind, "companies", "companys", 1), "s")
}

// An input is an object to be made or changed.
type input struct {
	ID           string             `json:"id"`
	Properties   map[string]*string `json:"properties"`
	Associations []struct {
		To struct {
			ID string `json:"id"`
		} `json:"to"`
		Types []struct {
			Category string `json:"associationCategory"`
			Type     int    `json:"associationTypeId"`
		} `json:"types"`
	} `json:"associations"`
}

// record is what an input sets, or why it can't be.
func (s *Server) record(kind string, in input) (Record, string) {
	rec := Record{}
	for name, value := range in.Properties {
		i := s.property(kind, name)
		switch {
		case i < 0:
			return nil, fmt.Sprintf(`Property values were not valid: [{"isValid":false,"message":"Property \"%s\" does not exist","error":"PROPERTY_DOESNT_EXIST","name":"%s"}]`, name, name)
		case s.properties[kind][i].Modification.ReadOnlyValue:
			return nil, fmt.Sprintf(`Property values were not valid: [{"isValid":false,"message":"\"%s\" is a read only property; its value cannot be set.","error":"READ_ONLY_VALUE","name":"%s"}]`, name, name)
		case value == nil:
			rec[name] = ""
			continue
		case len([]rune(*value)) > 65_536:
			return nil, fmt.Sprintf(`Property values were not valid: [{"isValid":false,"message":"too long","error":"PROPERTY_VALUE_TOO_LONG","name":"%s"}]`, name)
		}
		rec[name] = *value
		if why := s.properties[kind][i].refuses(*value); why != "" {
			return nil, fmt.Sprintf(`Property values were not valid: [{"isValid":false,"message":"not valid","error":"%s","name":"%s"}]`, why, name)
		}
	}
	return rec, ""
}

// refuses is the code of why a value does not fit; empty where it does.
func (p Property) refuses(value string) string {
	switch p.Type {
	case "number":
		if _, err := strconv.ParseFloat(value, 64); value != "" && err != nil {
			return "INVALID_DOUBLE"
		}
	case "datetime", "date":
		if value != "" && moment(value).IsZero() {
			return "INVALID_DATE"
		}
	case "enumeration":
		if len(p.Options) > 0 && value != "" && !slices.ContainsFunc(p.Options, func(o Option) bool { return o.Value == value }) {
			return "INVALID_OPTION"
		}
	}
	return ""
}

// moment reads a time as the service takes it; zero where it is none.
func moment(value string) time.Time {
	if ms, err := strconv.ParseInt(value, 10, 64); err == nil {
		return time.UnixMilli(ms).UTC()
	}
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if t, err := time.Parse(layout, value); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// create makes an object of an input, or says why not.
func (s *Server) create(kind string, in input) (*object, string) {
	rec, why := s.record(kind, in)
	if why != "" {
		return nil, why
	}
	if toDeal[kind] != 0 && rec["hs_timestamp"] == "" {
		return nil, `Error creating ` + kind + `. Some required properties were not set: ["hs_timestamp"]`
	}
	to := map[string]string{}
	for _, a := range in.Associations {
		for _, t := range a.Types {
			if t.Type != toDeal[kind] || s.find("deals", a.To.ID) == nil {
				return nil, "One or more associations are not valid"
			}
			to[a.To.ID] = "deals"
		}
	}
	o := s.add(kind, rec, s.Now())
	for id, toKind := range to {
		s.tie(kind, o.id, toKind, id, "", toDeal[kind])
	}
	return o, ""
}

func (s *Server) createOne(w http.ResponseWriter, r *request, kind string) {
	var in input
	if json.Unmarshal(r.body, &in) != nil {
		invalid(w, "Invalid input JSON")
		return
	}
	o, why := s.create(kind, in)
	if why != "" {
		invalid(w, "%s", why)
		return
	}
	reply(w, http.StatusCreated, s.shown(kind, o, o.props, nil, nil))
}

func (s *Server) updateOne(w http.ResponseWriter, r *request, kind, id string) {
	o := s.find(kind, id)
	if o == nil {
		notFound(w, "resource not found")
		return
	}
	var in input
	if json.Unmarshal(r.body, &in) != nil {
		invalid(w, "Invalid input JSON")
		return
	}
	rec, why := s.record(kind, in)
	if why != "" {
		invalid(w, "%s", why)
		return
	}
	s.change(kind, o, rec, s.Now(), true)
	reply(w, http.StatusOK, s.shown(kind, o, o.props, nil, nil))
}

// mostInputs is how many objects a batch may hold.
const mostInputs = 100

// batchInputs reads a batch; false where it was refused.
func batchInputs(w http.ResponseWriter, r *request) ([]input, bool) {
	var in struct {
		Inputs []input `json:"inputs"`
	}
	if json.Unmarshal(r.body, &in) != nil {
		invalid(w, "Invalid input JSON")
		return nil, false
	}
	if len(in.Inputs) > mostInputs || len(in.Inputs) == 0 {
		invalid(w, "A batch holds 1 to %d inputs", mostInputs)
		return nil, false
	}
	return in.Inputs, true
}

// batch answers for a batch. Objects that are not there make it a 207.
func (s *Server) batch(w http.ResponseWriter, ok int, results []any, missing []string) {
	out := map[string]any{"status": "COMPLETE", "results": append([]any{}, results...), "startedAt": stamp(s.Now()), "completedAt": stamp(s.Now())}
	if len(missing) > 0 {
		ok = http.StatusMultiStatus
		out["numErrors"] = 1
		out["errors"] = []any{map[string]any{
			"status": "error", "category": "OBJECT_NOT_FOUND", "message": "Could not get some objects, they may be deleted or not exist. Check that ids are valid.", "context": map[string]any{"ids": missing},
		}}
	}
	reply(w, ok, out)
}

func (s *Server) batchRead(w http.ResponseWriter, r *request, kind string) {
	var in struct {
		Inputs      []input  `json:"inputs"`
		Properties  []string `json:"properties"`
		WithHistory []string `json:"propertiesWithHistory"`
	}
	if json.Unmarshal(r.body, &in) != nil {
		invalid(w, "Invalid input JSON")
		return
	}
	most := mostInputs
	if len(in.WithHistory) > 0 {
		most = 50
	}
	if len(in.Inputs) > most {
		invalid(w, "A batch holds at most %d inputs", most)
		return
	}
	var results []any
	var missing []string
	for _, one := range in.Inputs {
		o := s.find(kind, one.ID)
		if o == nil {
			missing = append(missing, one.ID)
			continue
		}
		results = append(results, s.shown(kind, o, o.props, in.Properties, in.WithHistory))
	}
	s.batch(w, http.StatusOK, results, missing)
}

// batchCreate makes all objects, or none where one can't be made.
func (s *Server) batchCreate(w http.ResponseWriter, r *request, kind string) {
	inputs, ok := batchInputs(w, r)
	if !ok {
		return
	}
	for _, in := range inputs {
		if _, why := s.record(kind, in); why != "" {
			invalid(w, "%s", why)
			return
		}
	}
	var results []any
	for _, in := range inputs {
		o, why := s.create(kind, in)
		if why != "" {
			invalid(w, "%s", why)
			return
		}
		results = append(results, s.shown(kind, o, o.props, nil, nil))
	}
	s.batch(w, http.StatusCreated, results, nil)
}

func (s *Server) batchUpdate(w http.ResponseWriter, r *request, kind string) {
	inputs, ok := batchInputs(w, r)
	if !ok {
		return
	}
	var results []any
	var missing []string
	for _, in := range inputs {
		o := s.find(kind, in.ID)
		rec, why := s.record(kind, in)
		switch {
		case why != "":
			invalid(w, "%s", why)
			return
		case o == nil:
			missing = append(missing, in.ID)
		default:
			s.change(kind, o, rec, s.Now(), true)
			results = append(results, s.shown(kind, o, o.props, nil, nil))
		}
	}
	s.batch(w, http.StatusOK, results, missing)
}

// Forget takes away what is known of a property's history.
func (s *Server) Forget(deal, property string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.objects["deals"][deal].history, property)
}
