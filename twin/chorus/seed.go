package chorus

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Seed takes the calls of a deal's folder: the conversations in its chorus/*.json,
// or, where it has none, the calls and transcripts that Gong gave, in its
// gong/*.json. They are tied to the CRM's records with the ids, which may be empty.
func (s *Server) Seed(dir, opportunity, account string) error {
	files, err := filepath.Glob(filepath.Join(dir, "chorus", "*.json"))
	if err != nil {
		return err
	}
	read := fromChorus
	if len(files) == 0 {
		read = fromGong
		if files, err = filepath.Glob(filepath.Join(dir, "gong", "*.json")); err != nil {
			return err
		}
	}
	if len(files) == 0 {
		return fmt.Errorf("%s has no chorus/*.json and no gong/*.json", dir)
	}
	bodies := make([]json.RawMessage, 0, len(files))
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if !json.Valid(raw) {
			return fmt.Errorf("%s is not JSON", file)
		}
		bodies = append(bodies, raw)
	}
	calls, err := read(bodies)
	if err != nil {
		return fmt.Errorf("reading the calls in %s: %w", dir, err)
	}
	for i := range calls {
		calls[i].Opportunity, calls[i].Account = opportunity, account
	}
	s.Add(calls...)
	return nil
}

// fromChorus are the calls of exported conversations, one in each body.
func fromChorus(bodies []json.RawMessage) ([]Call, error) {
	var out []Call
	for _, raw := range bodies {
		var body struct {
			Data struct {
				ID         string `json:"id"`
				Attributes struct {
					Name         string    `json:"name"`
					At           time.Time `json:"date_time"`
					Duration     float64   `json:"duration"`
					Language     string    `json:"language"`
					Participants []Person  `json:"participants"`
					Recording    struct {
						Utterances []struct {
							Text    string  `json:"snippet"`
							At      float64 `json:"snippet_time"`
							Speaker string  `json:"speaker_name"`
							Type    string  `json:"speaker_type"`
						} `json:"utterances"`
					} `json:"recording"`
				} `json:"attributes"`
			} `json:"data"`
		}
		if err := json.Unmarshal(raw, &body); err != nil {
			return nil, err
		}
		a := body.Data.Attributes
		c := Call{ID: body.Data.ID, Title: a.Name, Started: a.At, Duration: a.Duration, Language: a.Language, People: a.Participants}
		for _, u := range a.Recording.Utterances {
			c.Said = append(c.Said, Utterance(u))
		}
		out = append(out, c)
	}
	return out, nil
}

// fromGong are the calls of what Gong answered: calls in some bodies, transcripts in
// others. What somebody said in one go is one utterance.
func fromGong(bodies []json.RawMessage) ([]Call, error) {
	var out []Call
	speakers := map[string]Person{} // by call and speaker
	said := map[string][]Utterance{}
	var transcripts []gongTranscript
	for _, raw := range bodies {
		var body struct {
			Calls       []gongCall       `json:"calls"`
			Transcripts []gongTranscript `json:"callTranscripts"`
		}
		if err := json.Unmarshal(raw, &body); err != nil {
			return nil, err
		}
		transcripts = append(transcripts, body.Transcripts...)
		for _, g := range body.Calls {
			c := Call{ID: g.Meta.ID, Title: g.Meta.Title, Started: g.Meta.Started, Duration: g.Meta.Duration, Language: g.Meta.Language, Private: g.Meta.Private}
			for _, p := range g.Parties {
				person := Person{Name: p.Name, Email: p.Email, Title: p.Title, Type: "cust"}
				if p.Affiliation == "Internal" {
					person.Type = "rep"
				}
				c.People = append(c.People, person)
				speakers[g.Meta.ID+" "+p.Speaker] = person
			}
			out = append(out, c)
		}
	}
	for _, t := range transcripts {
		for _, m := range t.Transcript {
			var texts []string
			for _, sentence := range m.Sentences {
				texts = append(texts, sentence.Text)
			}
			if len(texts) > 0 {
				by := speakers[t.ID+" "+m.Speaker]
				said[t.ID] = append(said[t.ID], Utterance{Text: strings.Join(texts, " "), At: m.Sentences[0].Start / 1000, Speaker: by.Name, Type: by.Type})
			}
		}
	}
	for i, c := range out {
		out[i].Said = said[c.ID]
	}
	return out, nil
}

// What is read of Gong's answers.
type (
	gongCall struct {
		Meta struct {
			ID       string    `json:"id"`
			Title    string    `json:"title"`
			Started  time.Time `json:"started"`
			Duration float64   `json:"duration"`
			Language string    `json:"language"`
			Private  bool      `json:"isPrivate"`
		} `json:"metaData"`
		Parties []struct {
			Name        string `json:"name"`
			Email       string `json:"emailAddress"`
			Title       string `json:"title"`
			Speaker     string `json:"speakerId"`
			Affiliation string `json:"affiliation"`
		} `json:"parties"`
	}
	gongTranscript struct {
		ID         string `json:"callId"`
		Transcript []struct {
			Speaker   string `json:"speakerId"`
			Sentences []struct {
				Start float64 `json:"start"` // milliseconds
				Text  string  `json:"text"`
			} `json:"sentences"`
		} `json:"transcript"`
	}
)
