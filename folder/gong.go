package folder

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"throughline"
)

// gongReader reads the response bodies of Gong's calls/extensive and
// calls/transcript, in any number of files and either order. Gong's own AI
// content (brief, outline, key points) is passed over: it is no evidence.
type gongReader struct {
	calls       []gongCall
	transcripts map[string]gongTranscript
	files       map[string]string // call id to the file its transcript stands in
	order       []string
	total       int    // how many calls there are, as a page says that is not the last
	more        string // that page
}

func newGongReader() reader {
	return &gongReader{transcripts: map[string]gongTranscript{}, files: map[string]string{}}
}

type gongCall struct {
	Meta struct {
		ID        text   `json:"id"`
		URL       string `json:"url"`
		Title     string `json:"title"`
		Started   string `json:"started"`
		Scheduled string `json:"scheduled"`
		Duration  float64
		Language  string `json:"language"`
		IsPrivate bool   `json:"isPrivate"`
	} `json:"metaData"`
	Parties []struct {
		ID          text     `json:"id"`
		Email       string   `json:"emailAddress"`
		Name        string   `json:"name"`
		Title       string   `json:"title"`
		UserID      text     `json:"userId"`
		SpeakerID   text     `json:"speakerId"`
		Affiliation string   `json:"affiliation"`
		Methods     []string `json:"methods"`
	} `json:"parties"`
	file string
}

type gongTranscript struct {
	CallID     text `json:"callId"`
	Transcript []struct {
		SpeakerID text `json:"speakerId"`
		Sentences []struct {
			Start float64 `json:"start"` // milliseconds
			End   float64 `json:"end"`
			Text  string  `json:"text"`
		} `json:"sentences"`
	} `json:"transcript"`
}

func (g *gongReader) take(f *file, c *collector) bool {
	if !looksJSON(f.data) {
		return false
	}
	var body struct {
		Calls       []json.RawMessage `json:"calls"`
		Transcripts []json.RawMessage `json:"callTranscripts"`
		Records     struct {
			Total  text `json:"totalRecords"`
			Cursor text `json:"cursor"`
		} `json:"records"`
	}
	if err := decode(f, &body); err != nil || body.Calls == nil && body.Transcripts == nil {
		return g.broken(f, c, err)
	}
	if n, err := strconv.Atoi(string(body.Records.Total)); err == nil && body.Records.Cursor != "" && body.Calls != nil && n > g.total {
		g.total, g.more = n, f.path
	}
	for i, raw := range body.Calls {
		var call gongCall
		if err := json.Unmarshal(raw, &call); err != nil || call.Meta.ID == "" {
			c.problem(throughline.Problem{File: f.path, Record: fmt.Sprintf("calls[%d]", i), What: fmt.Sprintf("not a Gong call with an id: %v", err)})
			continue
		}
		call.file = f.path
		g.calls = append(g.calls, call)
	}
	for i, raw := range body.Transcripts {
		var t gongTranscript
		if err := json.Unmarshal(raw, &t); err != nil || t.CallID == "" {
			c.problem(throughline.Problem{File: f.path, Record: fmt.Sprintf("callTranscripts[%d]", i), What: fmt.Sprintf("not a Gong transcript with a call id: %v", err)})
			continue
		}
		g.hear(f, t)
	}
	return true
}

// hear keeps a transcript; of two of one call the longer one.
func (g *gongReader) hear(f *file, t gongTranscript) {
	id := string(t.CallID)
	old, ok := g.transcripts[id]
	if !ok {
		g.order = append(g.order, id)
	}
	if !ok || len(t.Transcript) > len(old.Transcript) {
		g.transcripts[id], g.files[id] = t, f.path
	}
}

// broken takes a file that begins as Gong's do but breaks off, and uses the
// records that are whole.
func (g *gongReader) broken(f *file, c *collector, err error) bool {
	head := string(f.data[:min(len(f.data), 4096)])
	key := ""
	for _, k := range []string{`"callTranscripts"`, `"calls"`} {
		if strings.Contains(head, k) && err != nil {
			key = k
			break
		}
	}
	if key == "" || !strings.Contains(head, `"metaData"`) && key == `"calls"` {
		return false
	}
	c.problem(jsonProblem(f, "the file breaks off; the records before that are used", err))
	for _, raw := range wholeRecords(f.data, key) {
		var call gongCall
		var t gongTranscript
		switch {
		case key == `"calls"` && json.Unmarshal(raw, &call) == nil && call.Meta.ID != "":
			call.file = f.path
			g.calls = append(g.calls, call)
		case key == `"callTranscripts"` && json.Unmarshal(raw, &t) == nil && t.CallID != "":
			g.hear(f, t)
		}
	}
	return true
}

func (g *gongReader) done(c *collector) {
	known := map[string]bool{}
	g.incomplete(c)
	for _, call := range g.calls {
		id := string(call.Meta.ID)
		if known[id] {
			continue
		}
		known[id] = true
		for _, other := range g.calls { // a list of calls doesn't tell who was in them
			if other.Meta.ID == call.Meta.ID && len(other.Parties) > len(call.Parties) {
				call = other
			}
		}
		t, ok := g.transcripts[id]
		if !ok {
			c.problem(throughline.Problem{File: call.file, Record: id, What: "call " + quoted(call.Meta.Title) + " has no transcript in the folder"})
		}
		c.sources = append(c.sources, call.source(t))
	}
	for _, id := range g.order {
		if known[id] {
			continue
		}
		c.problem(throughline.Problem{File: g.files[id], Record: id, What: "transcript of a call that the folder does not describe: its speakers are unknown"})
		call := gongCall{file: g.files[id]}
		call.Meta.ID, call.Meta.Title = text(id), "Call "+id
		c.sources = append(c.sources, call.source(g.transcripts[id]))
	}
}

// incomplete reports pages that are not in the folder.
func (g *gongReader) incomplete(c *collector) {
	ids := map[text]bool{}
	for _, call := range g.calls {
		ids[call.Meta.ID] = true
	}
	if g.total > len(ids) {
		c.problem(throughline.Problem{File: g.more, What: fmt.Sprintf("Gong found %d calls, and the folder describes %d of them: the pages that follow (records.cursor) are missing", g.total, len(ids))})
	}
}

func (call gongCall) source(t gongTranscript) *rawSource {
	id := string(call.Meta.ID)
	s := &rawSource{
		kind: throughline.SourceCall, title: call.Meta.Title, nativeID: id, file: call.file, url: call.Meta.URL,
		at: anytime(call.Meta.Started), duration: max(0, span(call.Meta.Duration, time.Second)),
		language: iso639(call.Meta.Language), private: call.Meta.IsPrivate,
	}
	if s.at.IsZero() {
		s.at = anytime(call.Meta.Scheduled)
	}
	speakers := map[text]mention{}
	for _, p := range call.Parties {
		m := mention{system: "gong", id: string(p.UserID), name: p.Name, email: p.Email, title: p.Title, side: affiliation(p.Affiliation)}
		if p.Name != "" || p.Email != "" {
			s.members = append(s.members, m)
		}
		if p.SpeakerID != "" {
			speakers[p.SpeakerID] = m
		}
	}
	for _, mono := range t.Transcript {
		p := rawPassage{by: speakers[mono.SpeakerID], offset: -1}
		var b strings.Builder
		for _, sen := range mono.Sentences {
			if strings.TrimSpace(sen.Text) == "" {
				continue
			}
			if b.Len() > 0 {
				b.WriteByte(' ')
			}
			if at := span(sen.Start, time.Millisecond); at >= 0 {
				if p.offset < 0 {
					p.offset = at
				}
				p.marks = append(p.marks, throughline.Mark{Byte: b.Len(), Offset: at})
			}
			b.WriteString(strings.TrimSpace(sen.Text))
		}
		if p.text = b.String(); p.text == "" {
			continue
		}
		if p.by.name == "" && p.by.email == "" {
			p.by.name = "Unknown speaker"
		}
		if !s.at.IsZero() {
			p.at = s.at.Add(max(0, p.offset))
		}
		p.url = gongMoment(s.url, p.offset)
		s.passages = append(s.passages, p)
	}
	return s
}

// gongMoment is the address of a call at a moment. Gong's own share links carry
// the second as "highlights"; that a plain start parameter works too is not
// stated by the vendor, so the link opens the call where it does not.
func gongMoment(url string, at time.Duration) string {
	if url == "" || at < 0 {
		return url
	}
	sep := "?"
	if strings.Contains(url, "?") {
		sep = "&"
	}
	return fmt.Sprintf("%s%sstart=%d", url, sep, int(at.Seconds()))
}

func affiliation(a string) throughline.Side {
	switch a {
	case "Internal":
		return throughline.SideSeller
	case "External":
		return throughline.SideCustomer
	}
	return throughline.SideUnknown
}

func quoted(s string) string { return "“" + s + "”" }
