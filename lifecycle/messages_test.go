package lifecycle

import (
	"regexp"
	"strings"
	"testing"
)

// TestMessageKey holds keys to what the ways to people take, whatever address a
// CSM has, and tells duties apart.
func TestMessageKey(t *testing.T) {
	run := Run{ID: "006123970800895AAA-1790625900"}
	seen := map[string]Duty{}
	for _, d := range []Duty{
		{Name: DutyAskReview, For: "mail:al@seller.example", N: 1},
		{Name: DutyAskReview, For: "mail:bo@seller.example", N: 1},
		{Name: DutyTellCSM, For: "mail:cy@seller.example", N: 1},
		{Name: DutyTellCSM, For: "mail:somebody.with-a-long-name@customer-success.example.com", N: 1},
		{Name: DutyTellCSM, For: "mail:somebody.with-a-long-name@customer-success.example.com", N: 2},
		{Name: DutyTellCSM, For: "chat:somebody.with-a-long-name@customer-success.example.com", N: 1},
		{Name: DutyTellCSM, For: "mail:" + strings.Repeat("é", 100) + "@example.com", N: 1},
	} {
		key := messageKey(run, d)
		if !regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`).MatchString(key) {
			t.Errorf("%s: the key %q is not one that is taken", d.Key(), key)
		}
		if strings.Contains(key, "seller") || strings.Contains(key, "somebody") {
			t.Errorf("%s: the key %q holds an address", d.Key(), key)
		}
		if other, had := seen[key]; had {
			t.Errorf("%s and %s have one key %q", d.Key(), other.Key(), key)
		}
		seen[key] = d
	}
}
