package lifecycle_test

import (
	"testing"
	"time"

	"throughline/lifecycle"
)

func TestHours(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skipf("this machine has no time zones: %v", err)
	}
	h := lifecycle.DefaultHours(berlin)
	for _, c := range []struct{ name, zone, at, next, last string }{
		{"within", "", "2026-03-02T10:30:00+01:00", "2026-03-02T10:30:00+01:00", "2026-03-02T10:30:00+01:00"},
		{"early", "", "2026-03-02T07:00:00+01:00", "2026-03-02T09:00:00+01:00", "2026-02-27T16:59:00+01:00"},
		{"late", "", "2026-03-02T17:00:00+01:00", "2026-03-03T09:00:00+01:00", "2026-03-02T16:59:00+01:00"},
		{"Friday evening", "", "2026-03-06T18:00:00+01:00", "2026-03-09T09:00:00+01:00", "2026-03-06T16:59:00+01:00"},
		{"over the change to summer time", "", "2026-03-27T18:00:00+01:00", "2026-03-30T09:00:00+02:00", "2026-03-27T16:59:00+01:00"},
		{"over the change to winter time", "", "2026-10-23T18:00:00+02:00", "2026-10-26T09:00:00+01:00", "2026-10-23T16:59:00+02:00"},
		{"a person elsewhere", "America/New_York", "2026-03-02T10:00:00+01:00", "2026-03-02T09:00:00-05:00", "2026-02-27T16:59:00-05:00"},
		{"over a change at midnight", "America/Santiago", "2026-09-04T18:00:00-04:00", "2026-09-07T09:00:00-03:00", "2026-09-04T16:59:00-04:00"},
		{"a zone that is none", "Mars/Olympus", "2026-03-02T10:30:00+01:00", "2026-03-02T10:30:00+01:00", "2026-03-02T10:30:00+01:00"},
	} {
		at, _ := time.Parse(time.RFC3339, c.at)
		p := lifecycle.Person{Zone: c.zone}
		if got := h.Next(at, p).Format(time.RFC3339); got != c.next {
			t.Errorf("%s: next is %s, not %s", c.name, got, c.next)
		}
		if got := h.Last(at, p).Format(time.RFC3339); got != c.last {
			t.Errorf("%s: last is %s, not %s", c.name, got, c.last)
		}
	}
}
