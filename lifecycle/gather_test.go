package lifecycle

import (
	"testing"
	"time"
)

// TestKickoffOfTheRecord: what the CRM says goes before what stands among the sources,
// and a day begins with the hours of the place.
func TestKickoffOfTheRecord(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skipf("this machine has no time zones: %v", err)
	}
	g := &Gatherer{Hours: DefaultHours(berlin)}
	day := time.Date(2026, 10, 6, 0, 0, 0, 0, time.UTC)
	nine := time.Date(2026, 10, 6, 7, 0, 0, 0, time.UTC) // in Berlin
	for name, c := range map[string]struct {
		record string
		source time.Time
		want   time.Time
	}{
		"neither":             {"", time.Time{}, time.Time{}},
		"a day of the record": {"2026-10-06", time.Time{}, nine},
		"a moment":            {"2026-10-06T00:00:00Z", time.Time{}, day}, // five in the afternoon in Los Angeles
		"both":                {"2026-10-06", day.AddDate(0, 0, 3), nine},
		"a day of a source":   {"", day, nine},
		"a moment of one":     {"", day.Add(15 * time.Hour), day.Add(15 * time.Hour)},
		"no time at all":      {"soon", time.Time{}, time.Time{}},
	} {
		if got := g.kickoff(c.record, c.source); !got.Equal(c.want) {
			t.Errorf("%s: %s, not %s", name, got, c.want)
		}
	}
}
