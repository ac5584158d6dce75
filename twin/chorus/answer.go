package chorus

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"throughline/twin/answer"
)

// A filter is what a request for engagements asks for.
type filter struct {
	from, to time.Time // zero where not bounded
	kind     string
	ids      []string
	email    string
	after    *key // of the page before
}

// A key is where a page ends. Those who ask for the next one give it back as it is:
// "1591110020.0 20C7", a time and an id.
type key struct {
	started int64
	id      string
}

func (k key) String() string { return fmt.Sprintf("%d.0 %s", k.started, k.id) }

func parseKey(s string) (*key, bool) {
	at, id, ok := strings.Cut(s, ".0 ")
	started, err := strconv.ParseInt(at, 10, 64)
	return &key{started, id}, ok && err == nil
}

// parseFilter reads a query, or names the parameter that is wrong.
func parseFilter(q url.Values) (f filter, wrong string) {
	for name, to := range map[string]*time.Time{"min_date": &f.from, "max_date": &f.to} {
		if given := q.Get(name); given != "" {
			at, err := time.Parse(time.RFC3339, given)
			if err != nil {
				return f, name
			}
			*to = at
		}
	}
	if given := q.Get("continuation_key"); given != "" {
		var ok bool
		if f.after, ok = parseKey(given); !ok {
			return f, "continuation_key"
		}
	}
	f.kind = q.Get("engagement_type")
	if f.kind != "" && !slices.Contains([]string{"meeting", "dialer", "email", "content_viewed", "unrecorded_meeting"}, f.kind) {
		return f, "engagement_type"
	}
	if ids := q.Get("engagement_id"); ids != "" {
		f.ids = strings.Split(ids, ",")
	}
	f.email = q.Get("participants_email")
	return f, ""
}

func (f filter) means(c Call) bool {
	return (f.from.IsZero() || !c.Started.Before(f.from)) && (f.to.IsZero() || !c.Started.After(f.to)) &&
		(f.kind == "" || f.kind == c.kind()) && (f.ids == nil || slices.Contains(f.ids, c.ID)) &&
		(f.email == "" || slices.ContainsFunc(c.People, func(p Person) bool { return p.Email == f.email })) &&
		(f.after == nil || cmp.Or(cmp.Compare(c.Started.Unix(), f.after.started), strings.Compare(c.ID, f.after.id)) < 0)
}

// answerEngagements answers with a page. Every page that is not empty has a key, the
// last one too: who follows it finds an empty page.
func (s *Server) answerEngagements(w http.ResponseWriter, r *http.Request) {
	f, wrong := parseFilter(r.URL.Query())
	if wrong != "" {
		refuse(w, http.StatusBadRequest, wrong)
		return
	}
	page := []any{}
	var last key
	s.mu.Lock()
	for _, c := range s.calls {
		if len(page) == cmp.Or(s.PageSize, PageSize) {
			break
		}
		if s.told(c) && f.means(c) {
			page = append(page, s.engagement(c))
			last = key{c.Started.Unix(), c.ID}
		}
	}
	s.mu.Unlock()
	body := map[string]any{"engagements": page}
	if len(page) > 0 {
		body["continuation_key"] = last.String()
	}
	answer.Write(w, http.StatusOK, plainJSON, body)
}

func (c Call) kind() string { return cmp.Or(c.Kind, "meeting") }

func (c Call) url() string { return "https://chorus.ai/meeting/" + c.ID }

// engagement is a call as the list tells of it.
func (s *Server) engagement(c Call) map[string]any {
	status := s.status(c)
	people := []any{}
	for i, p := range c.People {
		one := map[string]any{"name": p.Name, "email": p.Email, "title": p.Title, "type": p.Type, "person_id": i + 1, "company_name": ""}
		if p.Type == "rep" {
			one["user_id"] = i + 100
		}
		people = append(people, one)
	}
	return map[string]any{
		"engagement_id": c.ID, "engagement_type": c.kind(), "account_id": c.Account, "account_name": "", "opportunity_id": c.Opportunity, "opportunity_name": "",
		"date_time": c.Started.Unix(), "duration": c.Duration, "subject": c.Title, "url": c.url(), "processing_state": status, "language": c.Language,
		"no_show": status == "no show", "user_id": 100, "user_email": "", "user_name": "", "participants": people, "tracker_matches": []any{},
	}
}

// conversationID is the id in the path of a conversation.
func conversationID(path string) (string, bool) {
	return strings.CutPrefix(path, RouteConversations+"/")
}

func (s *Server) answerConversation(w http.ResponseWriter, r *http.Request) {
	id, _ := conversationID(r.URL.Path)
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.calls, func(c Call) bool { return c.ID == id && s.told(c) })
	if i < 0 {
		refuse(w, http.StatusNotFound, "")
		return
	}
	attributes := s.conversation(s.calls[i])
	if fields := r.URL.Query().Get("fields"); fields != "" {
		var unknown string
		if attributes, unknown = only(attributes, strings.Split(fields, ",")); unknown != "" {
			refuse(w, http.StatusBadRequest, "fields")
			return
		}
	}
	answer.Write(w, http.StatusOK, jsonAPI, map[string]any{"data": map[string]any{"type": "recording", "id": id, "attributes": attributes}})
}

// only are the attributes that were asked for, of a recording some of its own; or a
// field that there is not.
func only(attributes map[string]any, fields []string) (map[string]any, string) {
	out := map[string]any{}
	for _, field := range fields {
		outer, inner, nested := strings.Cut(field, ".")
		value, ok := attributes[outer]
		if !ok {
			return nil, field
		}
		if !nested {
			out[outer] = value
			continue
		}
		all, _ := value.(map[string]any)
		one, ok := all[inner]
		if !ok {
			return nil, field
		}
		some, _ := out[outer].(map[string]any)
		if some == nil {
			some = map[string]any{}
		}
		some = maps.Clone(some)
		some[inner] = one
		out[outer] = some
	}
	return out, ""
}

// conversation is a call with all that the vendor's description asks for. Until it is
// done nothing was said.
func (s *Server) conversation(c Call) map[string]any {
	status := s.status(c)
	people := []any{}
	for i, p := range c.People {
		people = append(people, map[string]any{"name": p.Name, "email": orNull(p.Email), "title": orNull(p.Title), "type": p.Type, "person_id": i + 1})
	}
	utterances := []any{}
	if status == "done" {
		utterances = c.utterances()
	}
	return map[string]any{
		"name": c.Title, "status": status, "private": c.Private, "language": orNull(c.Language),
		"account":      map[string]any{"id": 1, "name": "", "ext_id": orNull(c.Account)},
		"deal":         map[string]any{"id": orNull(c.Opportunity)},
		"owner":        map[string]any{"email": "", "name": "", "person_id": 0, "user_id": 100},
		"participants": people,
		"summary":      "A summary that a model wrote.",
		"action_items": []any{"An action item that a model wrote."},
		"recording": map[string]any{
			"audio_only": false, "autojoin": true, "autojoin_reason": "", "unrecorded_reason": "", "end_reason": "", "has_meeting_summary": true, "recordable": true,
			"start_time": c.Started.UTC().Format(time.RFC3339), "duration": c.Duration,
			"schedule_start_time": c.Started.UTC().Format(time.RFC3339), "schedule_end_time": c.Started.Add(time.Hour).UTC().Format(time.RFC3339),
			"clusters": []any{}, "thumbnails": []any{}, "trackers": []any{}, "utterances": utterances,
		},
	}
}

func (c Call) utterances() []any {
	speakers := map[string]int{}
	out := []any{}
	for i, u := range c.Said {
		if _, ok := speakers[u.Speaker]; !ok {
			speakers[u.Speaker] = len(speakers)
		}
		at := time.Duration(u.At * float64(time.Second))
		out = append(out, map[string]any{
			"id": fmt.Sprintf("%s-%d", c.ID, i), "index": i, "date_time": c.Started.Add(at).UTC().Format(time.RFC3339), "engaging": false, "expired": false,
			"participant": speakers[u.Speaker], "speaker_id": speakers[u.Speaker], "speaker_name": orNull(u.Speaker), "speaker_type": orNull(u.Type),
			"snippet": u.Text, "snippet_time": u.At, "snippet_length": 1.0, "snippet_word_count": len(strings.Fields(u.Text)),
		})
	}
	return out
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}
