package hubspot

import (
	"net/http"
	"slices"
	"strings"
	"unicode"
)

// standardProperties are those that every account has, as far as they are of use
// here.
func standardProperties() map[string][]Property {
	out := map[string][]Property{}
	for kind, names := range map[string]string{
		"deals": "dealname dealstage:enumeration pipeline:enumeration amount:number deal_currency_code:enumeration closedate:datetime createdate:datetime " +
			"hubspot_owner_id:enumeration dealtype:enumeration description closed_won_reason hs_next_step hs_is_closed:bool hs_is_closed_won:bool " +
			"hs_lastmodifieddate:datetime hs_object_id:number hs_merged_object_ids num_notes:number notes_last_updated:datetime",
		"companies": "name domain website industry:enumeration numberofemployees:number country state city description about_us annualrevenue:number " +
			"hubspot_owner_id:enumeration hs_lastmodifieddate:datetime hs_object_id:number createdate:datetime",
		"contacts": "firstname lastname email jobtitle hs_buying_role:enumeration phone lastmodifieddate:datetime hs_object_id:number createdate:datetime",
		"notes":    "hs_note_body hs_timestamp:datetime hubspot_owner_id:enumeration hs_attachment_ids",
		"tasks":    "hs_task_subject hs_task_body hs_task_status:enumeration hs_task_priority:enumeration hs_task_type:enumeration hs_task_completion_date:datetime hs_timestamp:datetime hubspot_owner_id:enumeration hs_attachment_ids",
		"calls":    "hs_call_title hs_call_body hs_call_duration:number hs_timestamp:datetime hubspot_owner_id:enumeration hs_attachment_ids",
		"meetings": "hs_meeting_title hs_meeting_body hs_internal_meeting_notes hs_timestamp:datetime hubspot_owner_id:enumeration hs_attachment_ids",
		"emails": "hs_email_subject hs_email_text hs_email_html hs_email_direction:enumeration hs_email_headers hs_email_from_email hs_email_from_firstname " +
			"hs_email_from_lastname hs_email_to_email hs_email_cc_email hs_email_message_id hs_email_thread_id hs_timestamp:datetime hubspot_owner_id:enumeration hs_attachment_ids",
	} {
		for _, one := range strings.Fields(names) {
			name, kindOf, _ := strings.Cut(one, ":")
			if kindOf == "" {
				kindOf = "string"
			}
			p := Property{Name: name, Label: readable(name), Type: kindOf, FieldType: "text", Defined: true, Group: "information", Options: []Option{}}
			if name == "hubspot_owner_id" {
				p.Refers = "OWNER"
			}
			if name == "dealtype" {
				p.Options = []Option{{"New Business", "newbusiness"}, {"Existing Business", "existingbusiness"}}
			}
			p.Modification.ReadOnlyValue = readOnly[name]
			out[kind] = append(out[kind], p)
		}
	}
	return out
}

// readOnly are properties that the service sets itself.
var readOnly = map[string]bool{
	"hs_is_closed": true, "hs_is_closed_won": true, "hs_lastmodifieddate": true, "lastmodifieddate": true, "hs_object_id": true, "hs_merged_object_ids": true,
	"hs_task_completion_date": true, "hs_email_from_email": true, "hs_email_from_firstname": true, "hs_email_from_lastname": true, "hs_email_to_email": true, "hs_email_cc_email": true,
}

// readable is a property's name as its label: "NextStep" is "Next step".
func readable(name string) string {
	name = strings.TrimSuffix(strings.TrimPrefix(name, "hs_"), "__c")
	var b strings.Builder
	before := 'A'
	for _, r := range strings.ReplaceAll(name, "_", " ") {
		switch {
		case b.Len() == 0:
			b.WriteRune(unicode.ToUpper(r))
		case unicode.IsUpper(r) && unicode.IsLower(before):
			b.WriteString(" " + string(unicode.ToLower(r)))
		case before == ' ':
			b.WriteRune(unicode.ToLower(r))
		default:
			b.WriteRune(r)
		}
		before = r
	}
	return b.String()
}

// defaultPipeline is the one that an account begins with.
func defaultPipeline() Pipeline {
	p := Pipeline{ID: "default", Label: "Sales Pipeline"}
	for i, s := range []struct{ id, label, closed, probability string }{
		{"appointmentscheduled", "Appointment Scheduled", "false", "0.2"},
		{"qualifiedtobuy", "Qualified To Buy", "false", "0.4"},
		{"presentationscheduled", "Presentation Scheduled", "false", "0.6"},
		{"contractsent", "Contract Sent", "false", "0.9"},
		{"closedwon", "Closed Won", "true", "1.0"},
		{"closedlost", "Closed Lost", "true", "0.0"},
	} {
		p.Stages = append(p.Stages, Stage{ID: s.id, Label: s.label, Order: i, Metadata: map[string]string{"isClosed": s.closed, "probability": s.probability}})
	}
	return p
}

// Define adds a property to a type of object, or replaces it.
func (s *Server) Define(kind string, p Property) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.define(kind, p)
}

func (s *Server) define(kind string, p Property) {
	if p.Type == "" {
		p.Type = "string"
	}
	if p.Label == "" {
		p.Label = readable(p.Name)
	}
	if p.Options == nil {
		p.Options = []Option{}
	}
	if i := s.property(kind, p.Name); i >= 0 {
		s.properties[kind][i] = p
		return
	}
	s.properties[kind] = append(s.properties[kind], p)
}

// property is the place of a property in the list of its type; -1 where there is
// none.
func (s *Server) property(kind, name string) int {
	return slices.IndexFunc(s.properties[kind], func(p Property) bool { return p.Name == name })
}

// AddPipeline adds a pipeline.
func (s *Server) AddPipeline(p Pipeline) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pipelines = append(s.pipelines, p)
}

// AddOwner adds an owner.
func (s *Server) AddOwner(o Owner) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.owners = append(s.owners, o)
}

func (s *Server) serveProperties(w http.ResponseWriter, r *request) {
	if r.Method != http.MethodGet || len(r.rest) != 1 || s.properties[r.rest[0]] == nil {
		notFound(w, "no such object type")
		return
	}
	reply(w, http.StatusOK, map[string]any{"results": s.properties[r.rest[0]]})
}

func (s *Server) servePipelines(w http.ResponseWriter, r *request) {
	if r.Method != http.MethodGet || len(r.rest) != 1 || r.rest[0] != "deals" {
		notFound(w, "no such object type")
		return
	}
	reply(w, http.StatusOK, map[string]any{"results": s.pipelines})
}

// serveOwners answers with those who own records: the active ones, or those that
// were removed.
func (s *Server) serveOwners(w http.ResponseWriter, r *request) {
	q := r.URL.Query()
	rest := slices.DeleteFunc(slices.Clone(r.rest), func(s string) bool { return s == "" })
	if r.Method != http.MethodGet || len(rest) > 1 {
		notFound(w, "resource not found")
		return
	}
	archived := q.Get("archived") == "true"
	var found []any
	for _, o := range s.owners {
		of := q.Get("email") == "" || strings.EqualFold(q.Get("email"), o.Email)
		if len(rest) == 1 {
			of = o.ID == rest[0]
		}
		if of && o.Archived == archived {
			found = append(found, map[string]any{
				"id": o.ID, "email": o.Email, "firstName": o.FirstName, "lastName": o.LastName, "archived": o.Archived, "type": "PERSON",
				"userId": len(found) + 1, "createdAt": stamp(s.Now()), "updatedAt": stamp(s.Now()),
			})
		}
	}
	switch {
	case len(rest) == 1 && len(found) == 0:
		notFound(w, "no owner with this id")
	case len(rest) == 1:
		reply(w, http.StatusOK, found[0])
	default:
		s.page(w, r, found, 100, 500)
	}
}
