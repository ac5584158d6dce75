package chorus

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"throughline/connect"
)

// folder is where calls stand in a deal's folder.
const folder = "chorus"

// ours are the names of files that [save] gives.
var ours = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z_-]{0,127}\.json$`)

// unknownSpeaker stands where Chorus does not tell who speaks.
const unknownSpeaker = "Unknown speaker"

// A saved conversation has the form of an export: what Chorus answers, with the time,
// length and address that its list of engagements tells.
type (
	saved struct {
		Data savedData `json:"data"`
	}
	savedData struct {
		Type       string          `json:"type"`
		ID         string          `json:"id"`
		Attributes savedAttributes `json:"attributes"`
	}
	savedAttributes struct {
		Name         string             `json:"name"`
		At           *time.Time         `json:"date_time,omitempty"`
		Duration     float64            `json:"duration,omitempty"`
		Language     string             `json:"language,omitempty"`
		URL          string             `json:"url,omitempty"`
		Participants []savedParticipant `json:"participants"`
		Recording    savedRecording     `json:"recording"`
	}
	savedParticipant struct {
		Name  string `json:"name"`
		Email string `json:"email,omitempty"`
		Type  string `json:"type"`
		Title string `json:"title,omitempty"`
	}
	savedRecording struct {
		Start      *time.Time       `json:"start_time,omitempty"`
		Duration   float64          `json:"duration,omitempty"`
		Utterances []savedUtterance `json:"utterances"`
	}
	savedUtterance struct {
		Text        string  `json:"snippet"`
		At          float64 `json:"snippet_time"`
		SpeakerName string  `json:"speaker_name"`
		SpeakerType string  `json:"speaker_type,omitempty"`
	}
)

// save writes a file for each call, for its owner alone, and removes those that an
// earlier save left.
func save(dir string, calls []call) error {
	into := filepath.Join(dir, folder)
	if err := removeEarlier(into); err != nil {
		return fmt.Errorf("removing Chorus's earlier calls: %w", err)
	}
	if err := os.MkdirAll(into, 0o700); err != nil {
		return fmt.Errorf("saving Chorus's calls: %w", err)
	}
	for _, c := range calls {
		raw, err := json.MarshalIndent(c.saved(), "", " ")
		if err != nil {
			return fmt.Errorf("saving a call of Chorus's: %w", err)
		}
		if err := connect.WriteFile(filepath.Join(into, fileName(c.listed.ID)), append(raw, '\n')); err != nil {
			return fmt.Errorf("saving a call of Chorus's: %w", err)
		}
	}
	return nil
}

func removeEarlier(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		if err == nil && e.Type().IsRegular() && ours.MatchString(e.Name()) {
			err = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
	return err
}

// fileName is a name for a call: its id, unless a file system could take that for
// something else.
func fileName(id string) string {
	if name := id + ".json"; ours.MatchString(name) {
		return name
	}
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:16]) + ".json"
}

func (c call) saved() saved {
	a := savedAttributes{
		Name: c.title(), At: orNone(cmp.Or(c.spoken.began(), c.listed.started())), Duration: c.spoken.Recording.Duration, Language: c.spoken.Language,
		Participants: []savedParticipant{},
		Recording:    savedRecording{Start: orNone(c.spoken.began()), Duration: c.spoken.Recording.Duration, Utterances: []savedUtterance{}},
	}
	if strings.HasPrefix(c.listed.URL, "https://") {
		a.URL = c.listed.URL
	}
	for _, p := range c.spoken.Participants {
		a.Participants = append(a.Participants, savedParticipant(p))
	}
	for _, u := range c.spoken.Recording.Utterances {
		a.Recording.Utterances = append(a.Recording.Utterances, savedUtterance{
			Text: u.Text, At: u.At, SpeakerName: cmp.Or(u.SpeakerName, unknownSpeaker), SpeakerType: u.SpeakerType,
		})
	}
	return saved{savedData{Type: "conversation", ID: c.listed.ID, Attributes: a}}
}

// orNone is the time, if there is one.
func orNone(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
