package survey

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"throughline"
)

// Links makes and checks the addresses in a survey's mails. A link speaks for one
// survey, one respondent and one score, or for one respondent's wish not to be
// asked again. The same survey makes the same links, so that a mail sent again is
// the same mail.
type Links struct {
	Key    []byte // at least 16 random bytes, kept with the installation
	Public string // "https://handoff.example.com", https and without a path; http on 127.0.0.1 alone
}

// StopFor is how long after a survey closed its unsubscribe links still work. The
// law wants 30 days from sending at least (CAN-SPAM, 15 U.S.C. 7704(a)(3)(A)(ii));
// people clean up old mail.
const StopFor = 180 * 24 * time.Hour

// Paths below the public address.
const (
	VotePath = "/survey/"
	StopPath = "/survey/stop/"
)

// longestLink bounds what is looked at as a link.
const longestLink = 1024

// What a link is for.
type purpose string

const (
	vote purpose = "vote"
	stop purpose = "stop"
)

// A grant is what a link speaks for.
type grant struct {
	purpose    purpose
	until      time.Time
	respondent string
	score      int    // of a vote
	survey     string // its id
}

// errNotOurs is of a link that we did not make, or that was changed on its way.
var errNotOurs = errors.New("the link is not one of ours")

// Check says what keeps the links from working; nil when they will.
func (l *Links) Check() error {
	if len(l.Key) < 16 {
		return fmt.Errorf("making survey links: the key has %d bytes; it needs at least 16", len(l.Key))
	}
	u, err := url.Parse(l.Public)
	if err != nil || u.Scheme != "https" && !onThisMachine(u) || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("making survey links: public_url has to be an https address without a path, such as https://handoff.example.com; without one no survey is sent")
	}
	return nil
}

// onThisMachine reports whether an address is one that no mail leads to from
// elsewhere, as when the program is tried out.
func onThisMachine(u *url.URL) bool {
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Scheme == "http" && err == nil && ip.IsLoopback()
}

// Vote is the link of one score, good until the survey closes.
func (l *Links) Vote(s throughline.Survey, r throughline.Respondent, score int) (string, error) {
	if score < throughline.LowestScore || score > throughline.HighestScore {
		return "", fmt.Errorf("making a survey link: %d is no score; there are %d to %d", score, throughline.LowestScore, throughline.HighestScore)
	}
	return l.make(VotePath, grant{vote, s.Closes, r.ID, score, s.ID})
}

// Stop is the unsubscribe link, for a mail's foot and its List-Unsubscribe header.
func (l *Links) Stop(s throughline.Survey, r throughline.Respondent) (string, error) {
	return l.make(StopPath, grant{stop, s.Closes.Add(StopFor), r.ID, 0, s.ID})
}

func (l *Links) make(path string, g grant) (string, error) {
	if err := l.Check(); err != nil {
		return "", err
	}
	if id, err := hex.DecodeString(g.respondent); err != nil || len(id) != 16 {
		return "", errors.New("making a survey link: the respondent has no id of Links.Respondent")
	}
	if g.survey == "" || len(g.survey) > 200 {
		return "", errors.New("making a survey link: the survey's id has to have 1 to 200 bytes")
	}
	return url.JoinPath(l.Public, path, l.seal(g))
}

// seal is a link's last part: what it speaks for, and the proof that we made it.
func (l *Links) seal(g grant) string {
	said := strings.Join([]string{string(g.purpose), strconv.FormatInt(g.until.Unix(), 10), g.respondent, strconv.Itoa(g.score), g.survey}, "|")
	return base64.RawURLEncoding.EncodeToString([]byte(said)) + "." + l.proof("survey link|"+said)
}

// form is the proof that a vote comes from the page that a link opened.
func (l *Links) form(link string) string { return l.proof("survey form|" + link) }

func (l *Links) proof(said string) string {
	mac := hmac.New(sha256.New, l.Key)
	mac.Write([]byte(said))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:18])
}

// open reads a link for a purpose; it errs with [errNotOurs] where we did not make
// it for that.
func (l *Links) open(link string, p purpose) (grant, error) {
	packed, proof, ok := strings.Cut(link, ".")
	// Line ends, which base64 passes over, would make other links that say the same.
	if !ok || len(link) > longestLink || len(l.Key) < 16 || strings.ContainsAny(link, "\r\n") {
		return grant{}, errNotOurs
	}
	said, err := base64.RawURLEncoding.Strict().DecodeString(packed)
	if err != nil || !hmac.Equal([]byte(proof), []byte(l.proof("survey link|"+string(said)))) {
		return grant{}, errNotOurs
	}
	parts := strings.SplitN(string(said), "|", 5)
	if len(parts) != 5 || parts[0] != string(p) {
		return grant{}, errNotOurs
	}
	until, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return grant{}, errNotOurs
	}
	score, err := strconv.Atoi(parts[3])
	if err != nil || score < throughline.LowestScore || score > throughline.HighestScore {
		return grant{}, errNotOurs
	}
	return grant{p, time.Unix(until, 0), parts[2], score, parts[4]}, nil
}
