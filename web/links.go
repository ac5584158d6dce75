package web

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"throughline/lifecycle"
)

// Links makes and checks the addresses that messages lead to. A review link
// speaks for one run, one address and one purpose, until it expires. The same
// run and day make the same link, so that sending a message again makes no
// second one.
type Links struct {
	Key    []byte // 32 random bytes, kept with the installation
	Public string // "https://handoff.example.com"; empty where nothing is public
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
	return url.JoinPath(l.Public, "review", l.seal(run.ID, run.AE.Email, until))
}

func (l *Links) term() time.Duration {
	if l.For > 0 {
		return l.For
	}
	return DefaultFor
}

// seal is a link's last part: what it speaks for, and the proof that we made it.
func (l *Links) seal(run, email string, until time.Time) string {
	said := run + "|" + email + "|" + strconv.FormatInt(until.Unix(), 10)
	return base64.RawURLEncoding.EncodeToString([]byte(said)) + "." + l.proof(said)
}

func (l *Links) proof(said string) string {
	mac := hmac.New(sha256.New, l.Key)
	mac.Write([]byte("review|" + said))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:18])
}

// A grant is what a link speaks for.
type grant struct {
	run, email string
	until      time.Time
}

// open reads a link; it errs where we did not make it, and where it has expired
// gives what it was for.
func (l *Links) open(link string) (g grant, expired bool, err error) {
	packed, proof, ok := strings.Cut(link, ".")
	said, err := base64.RawURLEncoding.DecodeString(packed)
	if !ok || err != nil || !hmac.Equal([]byte(proof), []byte(l.proof(string(said)))) {
		return grant{}, false, fmt.Errorf("the link is not one of ours")
	}
	parts := strings.Split(string(said), "|")
	if len(parts) != 3 {
		return grant{}, false, fmt.Errorf("the link is not one of ours")
	}
	seconds, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil {
		return grant{}, false, fmt.Errorf("the link is not one of ours")
	}
	g = grant{run: parts[0], email: parts[1], until: time.Unix(seconds, 0)}
	return g, !l.Now().Before(g.until), nil
}
