package web

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"throughline/lifecycle"
)

// Links makes and checks the addresses that messages lead to. A review link
// speaks for one run, one AE and one purpose, until it expires. The same run and
// day make the same link, so that sending a message again makes no second one.
type Links struct {
	Key    []byte // 32 random bytes, kept with the installation
	Public string // "https://handoff.example.com", without a path; empty where nothing is public
	Team   string // "http://localhost:8765"
	For    time.Duration
	Now    func() time.Time
}

var _ lifecycle.Links = (*Links)(nil)

// DefaultFor is how long a review link is good for.
const DefaultFor = 14 * 24 * time.Hour

// Page is the address of a handoff's page.
func (l *Links) Page(_ context.Context, run lifecycle.Run) (string, error) {
	return url.JoinPath(l.Team, "runs", run.ID)
}

// Review is the AE's link. Without a public address it leads to the team's page.
func (l *Links) Review(_ context.Context, run lifecycle.Run) (string, error) {
	if l.Public == "" {
		return url.JoinPath(l.Team, "runs", run.ID, "review")
	}
	// The day's end, so that a message sent twice holds the same link.
	until := l.Now().Add(l.term()).UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
	return url.JoinPath(l.Public, "review", l.seal(run, until, ""))
}

// fresh is a link of its own, whatever links there are: it can be tied to another
// browser.
func (l *Links) fresh(run lifecycle.Run) (string, error) {
	return url.JoinPath(l.Public, "review", l.seal(run, l.Now().Add(l.term()), random()))
}

func (l *Links) term() time.Duration {
	if l.For > 0 {
		return l.For
	}
	return DefaultFor
}

// seal is a link's last part: what it speaks for, and the proof that we made it.
// The AE is in it by a print, since addresses of pages are kept in many places.
func (l *Links) seal(run lifecycle.Run, until time.Time, one string) string {
	said := strings.Join([]string{strconv.FormatInt(until.Unix(), 10), l.person(run), one, run.ID}, "|")
	return base64.RawURLEncoding.EncodeToString([]byte(said)) + "." + l.proof("review|"+said)
}

// person tells the AEs of a run apart.
func (l *Links) person(run lifecycle.Run) string {
	return l.proof("ae|" + strings.ToLower(run.AE.Email))[:12]
}

func (l *Links) proof(said string) string {
	mac := hmac.New(sha256.New, l.Key)
	mac.Write([]byte(said))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:18])
}

// A grant is what a link speaks for.
type grant struct {
	run    string
	person string // see [Links.person]
	until  time.Time
}

var errNotOurs = errors.New("the link is not one of ours")

// open reads a link; it errs where we did not make it.
func (l *Links) open(link string) (grant, error) {
	packed, proof, ok := strings.Cut(link, ".")
	said, err := base64.RawURLEncoding.Strict().DecodeString(packed)
	// The decoder passes over line ends, and a link has one spelling.
	if !ok || err != nil || strings.ContainsAny(packed, "\r\n") || !hmac.Equal([]byte(proof), []byte(l.proof("review|"+string(said)))) {
		return grant{}, errNotOurs
	}
	parts := strings.SplitN(string(said), "|", 4)
	if len(parts) != 4 {
		return grant{}, errNotOurs
	}
	seconds, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil {
		return grant{}, errNotOurs
	}
	return grant{run: parts[3], person: parts[1], until: time.Unix(seconds, 0)}, nil
}
