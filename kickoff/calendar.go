package kickoff

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"throughline"
	"throughline/render"
)

// A Meeting is when the kickoff is.
type Meeting struct {
	// Key tells the meeting from all others, and stays: what is sent again under
	// it takes the place of what was sent before. It is not shown.
	Key string
	// Start and End are when it is; without a start it is the whole day of the
	// handoff's kickoff date, and without an end it is an hour.
	Start, End time.Time
	Stamp      time.Time // when the entry is made
}

// usualLength is how long a kickoff is taken to be where nobody says.
const usualLength = time.Hour

// Calendar writes the kickoff as an iCalendar file (RFC 5545) with the agenda, as
// the audience may have it, as its description. It errs where it is not known when
// the kickoff is.
func Calendar(w io.Writer, h *throughline.Handoff, a throughline.Audience, m Meeting) error {
	title, blocks, err := Blocks(h, a)
	if err != nil {
		return err
	}
	if m.Key == "" || m.Stamp.IsZero() {
		return errors.New("making the kickoff's calendar entry: it needs a key of its own and the time at which it is made")
	}
	var text strings.Builder
	if err := render.WriteText(&text, title, blocks); err != nil {
		return err
	}
	summary, _, _ := strings.Cut(text.String(), "\n")
	cal := ics.NewCalendar()
	cal.SetMethod(ics.MethodPublish)
	cal.SetProductId("-//Throughline//Kickoff//EN")
	e := cal.AddEvent(uid(m.Key))
	if err := m.times(e, h.Deal.Kickoff); err != nil {
		return err
	}
	e.SetDtStampTime(m.Stamp)
	e.SetSequence(max(0, h.Version)) // a newer version takes the older one's place
	e.SetSummary(summary)
	e.SetDescription(strings.TrimSpace(strings.TrimPrefix(text.String(), summary)))
	if err := cal.SerializeTo(w, ics.WithNewLineWindows); err != nil {
		return fmt.Errorf("writing the kickoff's calendar entry: %w", err)
	}
	return nil
}

// times says when the meeting is, in UTC.
func (m Meeting) times(e *ics.VEvent, kickoff string) error {
	if m.Start.IsZero() {
		day, err := time.Parse(time.DateOnly, kickoff)
		if err != nil {
			return errors.New("making the kickoff's calendar entry: the handoff has no kickoff date; say when it is, or add \"kickoff_date\" to the deal.json")
		}
		e.SetAllDayStartAt(day)
		e.SetAllDayEndAt(day.AddDate(0, 0, 1)) // the first day that is not of it
		return nil
	}
	end := m.End
	if end.IsZero() {
		end = m.Start.Add(usualLength)
	}
	if !end.After(m.Start) {
		return fmt.Errorf("making the kickoff's calendar entry: it would end at %s, before it begins at %s", end.Format(time.RFC3339), m.Start.Format(time.RFC3339))
	}
	e.SetStartAt(m.Start)
	e.SetEndAt(end)
	return nil
}

// uid is an id that tells nothing of the key: it goes to the customer, too.
func uid(key string) string {
	sum := sha256.Sum256([]byte("kickoff " + key))
	return hex.EncodeToString(sum[:16]) + "@throughline"
}
