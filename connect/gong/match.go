package gong

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// An Opportunity is what calls are matched to.
type Opportunity struct {
	ID      string // of the CRM's record
	Account string // of the CRM's account record; empty when not known
	// Contacts are the email addresses of the customer's people on the deal.
	Contacts []string
	// From and To are when calls of the deal may have taken place: from some
	// time before the record was made until it closed.
	From, To time.Time
}

// How says by what a call was matched.
type How string

// A call that Gong ties to the opportunity is certainly the deal's; one that was
// only matched by who took part may be of another deal with the same people.
const (
	ByRecord      How = "record"
	ByParticipant How = "participant"
)

// A Match is a call of a deal.
type Match struct {
	Entry
	How How
}

// Match finds a deal's calls in the index, in order of time: those that Gong ties
// to the opportunity, and those of the window that it ties to no opportunity and
// to no other account, in which one of the deal's contacts took part. Private
// calls are among the first, so that it can be said that they were left out.
func (x *Index) Match(ctx context.Context, o Opportunity) ([]Match, error) {
	key := RecordKey(o.ID)
	named, err := x.Store.Naming(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("finding the opportunity's calls: %w", err)
	}
	var out []Match
	for _, e := range named {
		out = append(out, Match{Entry: e, How: ByRecord})
	}
	if len(o.Contacts) > 0 && o.To.After(o.From) {
		near, err := x.Store.Between(ctx, o.From, o.To)
		if err != nil {
			return nil, fmt.Errorf("finding calls by participants: %w", err)
		}
		for _, e := range near {
			if e.free(o.Account) && e.heldWith(o.Contacts) {
				out = append(out, Match{Entry: e, How: ByParticipant})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Match) int { return a.Started.Compare(b.Started) })
	return out, nil
}

// free reports whether the call is tied to no opportunity, and to no account but
// the deal's.
func (e Entry) free(account string) bool {
	accounts, same := 0, false
	for _, o := range e.Objects {
		switch o.Type {
		case "Opportunity":
			return false
		case "Account":
			accounts++
			same = same || RecordKey(o.ID) == RecordKey(account)
		}
	}
	return accounts == 0 || account == "" || same
}

// heldWith reports whether one of the addresses is of somebody outside who took
// part.
func (e Entry) heldWith(contacts []string) bool {
	return slices.ContainsFunc(e.Parties, func(p Party) bool {
		return p.External && p.Email != "" && slices.ContainsFunc(contacts, func(c string) bool {
			return strings.EqualFold(strings.TrimSpace(c), p.Email)
		})
	})
}

// RecordKey makes the ids of one record equal: Salesforce has them with 15
// characters, and with 3 more that repeat which of those are capitals.
func RecordKey(id string) string {
	const short, long = 15, 18
	if len(id) == long && strings.IndexFunc(id, notAlphanumeric) < 0 && suffix(id[:short]) == id[short:] {
		return id[:short]
	}
	return id
}

func notAlphanumeric(r rune) bool {
	return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
}

// suffix is the 3 characters that Salesforce appends to a 15-character id: one
// for each 5, whose bits are the capitals.
func suffix(id string) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
	var out []byte
	for part := range slices.Chunk([]byte(id), 5) {
		bits := 0
		for i, c := range part {
			if c >= 'A' && c <= 'Z' {
				bits |= 1 << i
			}
		}
		out = append(out, letters[bits])
	}
	return string(out)
}
