package lifecycle

import "time"

// Hours are when people may be written to: from a wall-clock hour to another, on
// certain days, where the person is.
type Hours struct {
	From, To int // hours of the day: 9, 17
	Days     []time.Weekday
	Zone     *time.Location // of people of whom no zone is known
}

// DefaultHours are Monday to Friday, nine to five.
func DefaultHours(zone *time.Location) Hours {
	return Hours{From: 9, To: 17, Days: []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}, Zone: zone}
}

// Next is the first moment from t on within the person's hours.
func (h Hours) Next(t time.Time, p Person) time.Time {
	local := t.In(h.zone(p))
	for days := range 15 { // two weeks hold every weekday twice
		opens, closes := h.day(local, days)
		switch {
		case !h.works(opens.Weekday()) || !local.Before(closes):
		case local.Before(opens):
			return opens
		default:
			return local
		}
	}
	return t
}

// Last is the last moment up to t within the person's hours: for what must be
// there before t.
func (h Hours) Last(t time.Time, p Person) time.Time {
	local := t.In(h.zone(p))
	for days := range 15 {
		opens, closes := h.day(local, -days)
		switch {
		case !h.works(opens.Weekday()) || local.Before(opens):
		case local.Before(closes):
			return local
		default:
			return closes.Add(-time.Minute)
		}
	}
	return t
}

// day is when the hours of a day begin and end, so many days from that of a
// moment. They are built from the calendar: a day may have 23 or 25 hours, and
// where summer time begins at midnight, it has no midnight.
func (h Hours) day(t time.Time, days int) (opens, closes time.Time) {
	y, m, d := t.Date()
	return time.Date(y, m, d+days, h.From, 0, 0, 0, t.Location()), time.Date(y, m, d+days, h.To, 0, 0, 0, t.Location())
}

func (h Hours) works(day time.Weekday) bool {
	for _, d := range h.Days {
		if d == day {
			return true
		}
	}
	return false
}

func (h Hours) zone(p Person) *time.Location {
	if p.Zone != "" {
		if zone, err := time.LoadLocation(p.Zone); err == nil {
			return zone
		}
	}
	if h.Zone != nil {
		return h.Zone
	}
	return time.UTC
}
