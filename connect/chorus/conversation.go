package chorus

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"throughline/connect"
)

// pathConversations holds what was said; an engagement's id follows.
const pathConversations = "/api/v1/conversations/"

// fields are what is asked for of a conversation. Summaries and action items, which a
// model of Chorus's writes, are no evidence, and not among them.
const fields = "name,status,private,language,participants,recording.start_time,recording.duration,recording.utterances"

// The states of a conversation that are told apart, by the vendor's names. Another one
// counts as one that is not done.
const (
	statusDone      = "done"
	statusNoShow    = "no show"
	statusLive      = "live"
	statusScheduled = "scheduled"
)

// A conversation is a call with what was said, as far as it is read.
type conversation struct {
	Name         string `json:"name"`
	Status       string `json:"status"`
	Private      bool   `json:"private"`
	Language     string `json:"language"`
	Participants []struct {
		Name  string `json:"name"`
		Email string `json:"email"`
		Type  string `json:"type"`
		Title string `json:"title"`
	} `json:"participants"`
	Recording struct {
		Start      string      `json:"start_time"`
		Duration   float64     `json:"duration"` // seconds
		Utterances []utterance `json:"utterances"`
	} `json:"recording"`
}

type utterance struct {
	Index       int     `json:"index"`
	Text        string  `json:"snippet"`
	At          float64 `json:"snippet_time"` // seconds from the beginning
	SpeakerName string  `json:"speaker_name"`
	SpeakerType string  `json:"speaker_type"` // rep, cust, customer or unknown; may be absent
}

// errUnreadable is an answer that is JSON, but not what Chorus describes.
var errUnreadable = errors.New("its form is not the one that Chorus describes")

// parseConversation reads an answer's document.
func parseConversation(raw []byte) (conversation, error) {
	var body struct {
		Data *struct {
			Attributes *conversation `json:"attributes"`
		} `json:"data"`
	}
	if json.Unmarshal(raw, &body) != nil || body.Data == nil || body.Data.Attributes == nil {
		return conversation{}, errUnreadable
	}
	c := *body.Data.Attributes
	slices.SortStableFunc(c.Recording.Utterances, func(a, b utterance) int { return cmp.Compare(a.Index, b.Index) })
	return c, nil
}

// heard reports whether something was said.
func (c conversation) heard() bool {
	return slices.ContainsFunc(c.Recording.Utterances, func(u utterance) bool { return strings.TrimSpace(u.Text) != "" })
}

// began is when the recording began; zero where Chorus does not tell.
func (c conversation) began() time.Time {
	at, err := time.Parse(time.RFC3339, c.Recording.Start)
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}

// conversation reads one, whole: transcripts have no pages.
func (c *Client) conversation(ctx context.Context, id string) (conversation, error) {
	var raw json.RawMessage
	_, err := c.api.Do(ctx, connect.Request{
		Op: "read what was said", Path: pathConversations + url.PathEscape(id) + "?" + encode(url.Values{"fields": {fields}}),
		Header: http.Header{"Accept": {"application/vnd.api+json"}},
	}, &raw)
	if err != nil {
		return conversation{}, err
	}
	return parseConversation(raw)
}
