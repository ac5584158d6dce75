package hubspot_test

import (
	"testing"

	"throughline/connect/hubspot"
)

func TestDealID(t *testing.T) {
	for pasted, want := range map[string]string{
		"18530133366": "18530133366", "https://app.hubspot.com/contacts/4242/record/0-3/18530133366": "18530133366",
		"https://app-eu1.hubspot.com/contacts/4242/record/0-3/7/view/1": "7", "https://app.hubspot.com/contacts/4242/deal/7?x=1": "7",
		"https://app.hubspot.com/contacts/4242/record/0-1/7": "", "https://app.hubspot.com/contacts/4242/record/0-3/7x": "", "006000000000001AAA": "", "": "", "-1": "",
	} {
		if got := hubspot.DealID(" " + pasted + "\n"); got != want {
			t.Errorf("%q: %q, want %q", pasted, got, want)
		}
	}
}
