// Package survey asks the customer's people of a kickoff one question a week after
// it, takes their answers, and works out what the handoff changed: the kickoff's
// NPS with and without one, and how sure that is.
//
// Nobody of the seller's is in what it counts, so that no figure can be broken down
// by an AE.
package survey

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	netmail "net/mail"
	"slices"
	"strings"
	"time"

	"throughline"
)

// When a survey asks.
const (
	AskAfterDays    = 7                   // from the kickoff, in days of the respondent's calendar
	RemindAfterDays = 5                   // from the first mail, to whoever has not answered
	OpenFor         = 30 * 24 * time.Hour // from the day of asking on, answers are taken
)

// Hours finds the first moment from t on at which somebody in a time zone (an IANA
// name, or empty when it is not known) may be written to.
type Hours func(t time.Time, zone string) time.Time

// AskAt is when a respondent is asked.
func AskAt(s throughline.Survey, r throughline.Respondent, hours Hours) time.Time {
	return hours(later(s.Kickoff, AskAfterDays, r.Zone), r.Zone)
}

// RemindAt is when a respondent is reminded, once. It is false where nobody may be:
// not asked yet, reminded before, or the survey would be closed.
func RemindAt(s throughline.Survey, r throughline.Respondent, hours Hours) (time.Time, bool) {
	if r.AskedAt == nil || r.RemindedAt != nil {
		return time.Time{}, false
	}
	at := hours(later(*r.AskedAt, RemindAfterDays, r.Zone), r.Zone)
	return at, at.Before(s.Closes)
}

// Closes is when a survey closes of which the kickoff was held at a moment.
func Closes(kickoff time.Time) time.Time {
	return kickoff.UTC().AddDate(0, 0, AskAfterDays).Add(OpenFor)
}

// later is the same time of day some days on, where the person is: a day may have
// 23 or 25 hours.
func later(t time.Time, days int, zone string) time.Time {
	if z, err := time.LoadLocation(zone); err == nil {
		t = t.In(z)
	}
	return t.AddDate(0, 0, days)
}

// A Choice says whom of a kickoff's attendees a survey may ask.
type Choice struct {
	Internal []string // the seller's domains; those below them are internal too
	// DoNotAsk are addresses, or whole domains as "@example.com", that are never asked.
	DoNotAsk []string
	// Only restricts the survey to these addresses of attendees; nil for all.
	Only []string
	// Stopped reports, by [throughline.Respondent.ID], who unsubscribed.
	Stopped func(id string) bool
	// Zone is the person's time zone, where it is known.
	Zone func(p throughline.Person) string
}

// A LeftOut is an attendee who is not asked.
type LeftOut struct {
	Person throughline.Person
	Why    string
}

// Choose picks the respondents: of the attendees those of the customer's side who
// have an address, each once, in order of their addresses. Addresses of free mail
// and of roles (info@) will do; those of the seller's company never will.
func (l *Links) Choose(attendees []throughline.Person, c Choice) (asked []throughline.Respondent, left []LeftOut) {
	seen := map[string]bool{}
	for _, p := range attendees {
		email, ok := address(p.Email)
		id := l.Respondent(email)
		if why := c.against(p, email, ok, id); why != "" {
			left = append(left, LeftOut{p, why})
			continue
		}
		if seen[id] {
			continue
		}
		seen[id] = true
		r := throughline.Respondent{ID: id, Name: p.Name, Email: email}
		if c.Zone != nil {
			r.Zone = c.Zone(p)
		}
		asked = append(asked, r)
	}
	slices.SortFunc(asked, func(a, b throughline.Respondent) int { return cmp.Compare(a.Email, b.Email) })
	return asked, left
}

// against is why a person is not asked; empty where nothing speaks against it.
func (c Choice) against(p throughline.Person, email string, ok bool, id string) string {
	switch {
	case p.Side == throughline.SideSeller:
		return "is of the seller's side"
	case p.Side != throughline.SideCustomer:
		return "it is not known whose side the person is on"
	case !ok:
		return "has no email address that could be written to"
	case under(email, c.Internal):
		return "has an address of the seller's company"
	case slices.ContainsFunc(c.DoNotAsk, func(entry string) bool { return matches(entry, email) }):
		return "is on the do-not-ask list"
	case c.Stopped != nil && c.Stopped(id):
		return "unsubscribed"
	case c.Only != nil && !slices.ContainsFunc(c.Only, func(s string) bool { return plain(s) == email }):
		return "was not chosen"
	}
	return ""
}

func plain(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// address is an address in the form in which it is compared; false where it is none
// that a mail could go to.
func address(s string) (string, bool) {
	s = plain(s)
	a, err := netmail.ParseAddress(s)
	if err != nil || a.Name != "" || a.Address != s || strings.ContainsAny(s, "\"<> \t\r\n") {
		return "", false
	}
	return s, true
}

// under reports whether an address is of one of the domains, or below one.
func under(email string, domains []string) bool {
	_, host, _ := strings.Cut(email, "@")
	return slices.ContainsFunc(domains, func(d string) bool {
		d = strings.Trim(plain(d), "@.")
		return d != "" && (host == d || strings.HasSuffix(host, "."+d))
	})
}

// matches reports whether an entry of the do-not-ask list is about the address.
func matches(entry, email string) bool {
	entry = plain(entry)
	if domain, whole := strings.CutPrefix(entry, "@"); whole {
		return under(email, []string{domain})
	}
	return entry == email
}

// Respondent is the id of an address: the same in every survey, and of no use to
// whoever does not hold the key.
func (l *Links) Respondent(email string) string {
	mac := hmac.New(sha256.New, l.Key)
	mac.Write([]byte("survey respondent|" + plain(email)))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}
