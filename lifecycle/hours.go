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
	for range 15 { // two weeks hold every weekday twice
		opens, closes := h.day(local)
		if h.works(local.Weekday()) && local.Before(closes) {
			if local.Before(opens) {
				return opens
			}
			return local
		}
		local = midnight(local, 1)
	}
	return t
}

// Last is the last moment up to t within the person's hours: for what must be
// there before t.
func (h Hours) Last(t time.Time, p Person) time.Time {
	local := t.In(h.zone(p))
	for range 15 {
		opens, closes := h.day(local)
		if h.works(local.Weekday()) && !local.Before(opens) {
			if local.Before(closes) {
				return local
			}
			return closes.Add(-time.Minute)
		}
		local = midnight(local, 0).Add(-time.Minute)
	}
	return t
}

// day is when the hours of a moment's day begin and end. Wall-clock hours are
// built anew for each day, since a day may have 23 or 25 hours.
func (h Hours) day(t time.Time) (opens, closes time.Time) {
	y, m, d := t.Date()
	return time.Date(y, m, d, h.From, 0, 0, 0, t.Location()), time.Date(y, m, d, h.To, 0, 0, 0, t.Location())
}

func midnight(t time.Time, days int) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d+days, 0, 0, 0, 0, t.Location())
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
