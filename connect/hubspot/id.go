package hubspot

import (
	"regexp"
	"strings"
)

// dealPage finds a deal's id in the address of its page: in the newer form
// /contacts/ACCOUNT/record/0-3/ID, and in the older /contacts/ACCOUNT/deal/ID.
var dealPage = regexp.MustCompile(`^https://[^/?#]+/contacts/[0-9]+/(?:record/` + dealType + `|deal)/([0-9]{1,20})(?:[/?#]|$)`)

// DealID is the id of a deal in what a person pasted: itself, or the address of its
// page; empty where there is none.
func DealID(pasted string) string {
	pasted = strings.TrimSpace(pasted)
	if recordID.MatchString(pasted) {
		return pasted
	}
	if found := dealPage.FindStringSubmatch(pasted); found != nil {
		return found[1]
	}
	return ""
}
