package connect_test

import (
	"testing"
	"time"

	"throughline/connect"
)

func TestPlain(t *testing.T) {
	for want, value := range map[string]any{
		"0":           0,
		"999":         999,
		"-999":        -999,
		"20,000":      20_000,
		"-1,234,567":  -1_234_567,
		"0 seconds":   time.Duration(0),
		"1 second":    time.Second,
		"5 hours":     5 * time.Hour,
		"2.5 seconds": 2500 * time.Millisecond,
		"90 seconds":  90 * time.Second,
		"15 minutes":  15 * time.Minute,
		"1 hour":      time.Hour,
		"48 hours":    48 * time.Hour,
		"3 days":      72 * time.Hour,
		"400 days":    400 * 24 * time.Hour,
		"73 hours":    73 * time.Hour,
		"32 MB":       connect.Size(32 << 20),
		"400 KB":      connect.Size(400_000),
		"1,001 bytes": connect.Size(1001),
		"0 bytes":     connect.Size(0),
		"0.5":         0.5,
		"v68.0":       "v68.0",
	} {
		if got := connect.Plain(value); got != want {
			t.Errorf("Plain(%#v) = %q; want %q", value, got, want)
		}
	}
}

func TestFilledPutsInWhatHasItsName(t *testing.T) {
	got := connect.Filled("up to {{most}} in {{wait}}; {customer} and {{other}} stay", map[string]any{"most": 1200, "wait": time.Minute})
	want := "up to 1,200 in 1 minute; {customer} and {{other}} stay"
	if got != want {
		t.Errorf("got %q; want %q", got, want)
	}
}

func TestUnconfirmed(t *testing.T) {
	a := connect.About{Facts: []connect.Fact{{What: "a"}, {What: "b", Unconfirmed: true}, {What: "c"}}}
	if got := a.Unconfirmed(); len(got) != 1 || got[0].What != "b" {
		t.Errorf("got %v; want b alone", got)
	}
}
