package folder

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"throughline"
)

// chorusReader reads Chorus conversations: one JSON:API document, or a list of
// them.
type chorusReader struct {
	conversations map[string]chorusConversation // by id
	order         []string
}

func newChorusReader() reader {
	return &chorusReader{conversations: map[string]chorusConversation{}}
}

type chorusConversation struct {
	file       string
	Type       string `json:"type"`
	ID         text   `json:"id"`
	Attributes struct {
		Name         string  `json:"name"`
		Subject      string  `json:"subject"`
		DateTime     text    `json:"date_time"`
		Duration     float64 `json:"duration"`
		Language     string  `json:"language"`
		Private      bool    `json:"private"`
		URL          string  `json:"url"`
		Participants []struct {
			Name  string `json:"name"`
			Email string `json:"email"`
			Type  string `json:"type"`
			Title string `json:"title"`
		} `json:"participants"`
		Recording struct {
			StartTime  text    `json:"start_time"`
			Duration   float64 `json:"duration"`
			Utterances []struct {
				Snippet     string  `json:"snippet"`
				Time        float64 `json:"snippet_time"` // seconds
				SpeakerName string  `json:"speaker_name"`
				SpeakerType string  `json:"speaker_type"`
			} `json:"utterances"`
		} `json:"recording"`
	} `json:"attributes"`
}

func (r *chorusReader) take(f *file, c *collector) bool {
	if !looksJSON(f.data) {
		return false
	}
	var body struct {
		Data json.RawMessage `json:"data"`
	}
	if decode(f, &body) != nil || body.Data == nil {
		return false
	}
	var list []json.RawMessage
	if json.Unmarshal(body.Data, &list) != nil {
		list = []json.RawMessage{body.Data}
	}
	took := false
	for i, raw := range list {
		var probe struct {
			Type       string `json:"type"`
			Attributes struct {
				Recording json.RawMessage `json:"recording"`
			} `json:"attributes"`
		}
		if json.Unmarshal(raw, &probe) != nil || probe.Type != "conversation" && probe.Attributes.Recording == nil {
			continue
		}
		took = true
		var v chorusConversation
		if err := json.Unmarshal(raw, &v); err != nil {
			c.problem(throughline.Problem{File: f.path, Record: fmt.Sprintf("data[%d]", i), What: fmt.Sprintf("not a Chorus conversation: %v", err)})
			continue
		}
		v.file = f.path
		id := string(v.ID)
		if id == "" { // each is its own
			id = fmt.Sprintf("%s#%d", f.path, i)
		}
		old, ok := r.conversations[id]
		if !ok {
			r.order = append(r.order, id)
		}
		// A list of conversations tells of each without what was said.
		if !ok || len(v.Attributes.Recording.Utterances) > len(old.Attributes.Recording.Utterances) {
			r.conversations[id] = v
		}
	}
	return took
}

func (r *chorusReader) done(c *collector) {
	for _, id := range r.order {
		v := r.conversations[id]
		if len(v.Attributes.Recording.Utterances) == 0 {
			c.problem(throughline.Problem{File: v.file, Record: string(v.ID), What: "conversation " + quoted(v.Attributes.Name) + " has no transcript"})
		}
		c.sources = append(c.sources, v.source(v.file))
	}
}

func (v chorusConversation) source(file string) *rawSource {
	a := v.Attributes
	s := &rawSource{
		kind: throughline.SourceCall, title: a.Name, nativeID: string(v.ID), file: file, url: a.URL,
		at: anytime(string(a.DateTime)), duration: max(0, span(a.Duration, time.Second)),
		language: iso639(a.Language), private: a.Private,
	}
	if s.title == "" {
		s.title = a.Subject
	}
	if s.at.IsZero() {
		s.at = anytime(string(a.Recording.StartTime))
	}
	for _, p := range a.Participants {
		s.members = append(s.members, mention{system: "chorus", name: p.Name, email: p.Email, title: p.Title, side: chorusSide(p.Type)})
	}
	for _, u := range a.Recording.Utterances {
		if strings.TrimSpace(u.Snippet) == "" {
			continue
		}
		p := rawPassage{text: strings.TrimSpace(u.Snippet), offset: span(u.Time, time.Second)}
		p.by = mention{system: "chorus", name: u.SpeakerName, side: chorusSide(u.SpeakerType)}
		if !s.at.IsZero() {
			p.at = s.at.Add(max(0, p.offset))
		}
		s.passages = append(s.passages, p)
	}
	return s
}

func chorusSide(kind string) throughline.Side {
	switch kind {
	case "rep":
		return throughline.SideSeller
	case "cust", "customer", "prospect":
		return throughline.SideCustomer
	}
	return throughline.SideUnknown
}
