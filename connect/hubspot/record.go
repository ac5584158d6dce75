package hubspot

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// A Record is an object as the API gives it: a deal, a contact, a note.
type Record struct {
	ID           string                  `json:"id"`
	Properties   map[string]*string      `json:"properties"`
	History      map[string][]change     `json:"propertiesWithHistory,omitempty"`
	Associations map[string]associations `json:"associations,omitempty"`
	Created      string                  `json:"createdAt,omitempty"`
	Updated      string                  `json:"updatedAt,omitempty"`
	Archived     bool                    `json:"archived"`
	URL          string                  `json:"url,omitempty"`
}

// A change is a value that a property had, from a moment on.
type change struct {
	Value     string `json:"value"`
	Timestamp string `json:"timestamp"`
}

// associations are ties to objects of one type.
type associations struct {
	Results []association `json:"results"`
	Paging  paging        `json:"paging,omitzero"`
}

// An association is a tie to an object. Beside a deal it has ID and Type, in a list
// of associations ToObject and Types.
type association struct {
	ID       string            `json:"id,omitempty"`
	Type     string            `json:"type,omitempty"`
	ToObject number            `json:"toObjectId,omitempty"`
	Types    []associationType `json:"associationTypes,omitempty"`
}

type associationType struct {
	Category string `json:"category"`
	Type     int    `json:"typeId"`
	Label    string `json:"label"`
}

type paging struct {
	Next struct {
		After string `json:"after,omitempty"`
	} `json:"next,omitzero"`
}

// A number is an id that the API gives as a number or as a string.
type number string

// UnmarshalJSON takes either.
func (n *number) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil {
		*n = number(text)
		return nil
	}
	var id json.Number
	if err := json.Unmarshal(data, &id); err != nil {
		return err
	}
	*n = number(id)
	return nil
}

// text is a property's value; empty where it has none.
func (r Record) text(name string) string {
	if v := r.Properties[name]; v != nil {
		return strings.TrimSpace(*v)
	}
	return ""
}

// when reads a time as the API gives it: ISO 8601, or milliseconds since 1970; zero
// where it is none.
func when(s string) time.Time {
	if ms, err := strconv.ParseInt(s, 10, 64); err == nil && len(s) >= 12 && len(s) <= 14 {
		return time.UnixMilli(ms).UTC()
	}
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil && t.Year() > 0 && t.Year() <= 9999 {
			return t.UTC()
		}
	}
	return time.Time{}
}

// day is the day of a moment as the API gives it, in UTC.
func day(s string) string {
	if at := when(s); !at.IsZero() {
		return at.Format(time.DateOnly)
	}
	return ""
}
