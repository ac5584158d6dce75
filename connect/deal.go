package connect

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A Record is what a CRM tells of a deal that is needed to find the rest of it in
// other systems. Texts are as the CRM has them: data, never to be trusted.
type Record struct {
	ID        string // of the deal's record: an opportunity's id
	Name      string
	Account   string // id of the customer's record; empty when not known
	Customer  string // the customer company's name
	Domains   []string
	Contacts  []string // email addresses of the customer's people on the deal
	Sellers   []string // email addresses of the seller's people on the deal
	AE, CSM   string   // email addresses; empty when not known
	Managers  []string // email addresses of the AE's and the CSM's managers, where the CRM has them
	Opened    time.Time
	Closed    time.Time         // when it was won, else its close date
	Links     []string          // web addresses that stand in the record's fields and notes
	Fields    map[string]string // the record's fields that hold text, by API name
	URL       string            // where a person opens the record
	CloseDate string            // "2026-09-28", as the record has it
	Kickoff   string            // "2026-10-06", or with its time by RFC 3339; empty when not known
	NotWon    bool              // the CRM says that it is open, moved back, or lost
}

// A Gap is something of a deal that could not be read from a system.
type Gap struct {
	System string `json:"system"` // as people call it: "Gong"
	What   string `json:"what"`   // what is missing, why, and what to do, in a sentence
	// Pending says that it is expected to be there later, as a transcript that
	// is still being made.
	Pending bool `json:"pending,omitempty"`
	// Optional says that many organisations have none of it, so that nobody need
	// be told.
	Optional bool `json:"optional,omitempty"`
}

var webAddress = regexp.MustCompile(`https?://[^\s<>"'\\^{|}` + "`" + `]+`)

// mostLinks bounds the addresses that a record tells.
const mostLinks = 200

// AddLinks adds the web addresses in a text, which may be HTML, to those of
// [Record.Links], each once.
func AddLinks(list []string, text string) []string {
	for _, a := range webAddress.FindAllString(html.UnescapeString(text), -1) {
		a = strings.TrimRight(a, ".,;:!?)]")
		if !slices.Contains(list, a) && len(list) < mostLinks {
			list = append(list, a)
		}
	}
	return list
}
