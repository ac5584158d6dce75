package slack

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// signatureHolds is how old a signed request may be, or how far ahead
// (docs.slack.dev/authentication/verifying-requests-from-slack).
const signatureHolds = 5 * time.Minute

var signedAt = regexp.MustCompile(`^[0-9]{1,12}$`)

// verify checks that Slack sent a request. slack-go's SecretsVerifier does the
// same by the machine's clock alone; a test holds this one to it.
func verify(h http.Header, body []byte, secret string, now time.Time) error {
	stamp := h.Get("X-Slack-Request-Timestamp")
	if !signedAt.MatchString(stamp) {
		return errors.New("no time")
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return errors.New("no time")
	}
	if now.Sub(time.Unix(seconds, 0)).Abs() > signatureHolds {
		return errors.New("too old, or this machine's clock is wrong")
	}
	given, ok := strings.CutPrefix(h.Get("X-Slack-Signature"), "v0=")
	sum, err := hex.DecodeString(given)
	if !ok || err != nil {
		return errors.New("no signature")
	}
	if !hmac.Equal(sum, sign(secret, stamp, body)) {
		return errors.New("the signature does not fit: check the signing secret")
	}
	return nil
}

// sign is the signature of a request's body sent at a moment, in seconds since
// 1970, as Slack makes it.
func sign(secret, stamp string, body []byte) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + stamp + ":"))
	mac.Write(body)
	return mac.Sum(nil)
}
