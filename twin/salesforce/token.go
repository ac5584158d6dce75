package salesforce

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// longestAssertion is how far ahead a JWT may expire; the service asks for three
// minutes, and half a minute is for clocks.
const longestAssertion = 3*time.Minute + 30*time.Second

// token issues a token for a JWT or for an app's credentials.
func (s *Server) token(w http.ResponseWriter, r *http.Request, body []byte) {
	form, err := url.ParseQuery(string(body))
	if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		refuse(w, "invalid_request", "the request is not a form")
		return
	}
	switch form.Get("grant_type") {
	case "urn:ietf:params:oauth:grant-type:jwt-bearer":
		if code, why := s.verify(form.Get("assertion")); code != "" {
			refuse(w, code, why)
			return
		}
	case "client_credentials":
		id, secret := form.Get("client_id"), form.Get("client_secret")
		if u, p, ok := r.BasicAuth(); ok {
			id, secret = u, p
		}
		if id != s.ClientID || id == "" {
			refuse(w, "invalid_client_id", "client identifier invalid")
			return
		}
		if secret != s.ClientSecret || secret == "" {
			refuse(w, "invalid_client", "invalid client credentials")
			return
		}
	default:
		refuse(w, "unsupported_grant_type", "grant type not supported")
		return
	}
	s.issued++
	token := fmt.Sprintf("00D000000000001!AQ%032x", sha256.Sum256(fmt.Appendf(nil, "%s %d", s.ClientID, s.issued)))
	s.tokens[token] = s.Now().Add(s.TokenLife)
	host := "http://" + r.Host
	reply(w, map[string]any{
		"access_token": token, "instance_url": host, "id": host + "/id/" + OrgID + "/005000000000001AAA", "token_type": "Bearer", "scope": "api",
		"issued_at": fmt.Sprint(s.Now().UnixMilli()),
	})
}

func refuse(w http.ResponseWriter, code, why string) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(http.StatusBadRequest)
	write(w, map[string]string{"error": code, "error_description": why})
}

// verify says what is wrong with an assertion; nothing when it holds.
func (s *Server) verify(assertion string) (code, why string) {
	parts := strings.Split(assertion, ".")
	if len(parts) != 3 {
		return "invalid_grant", "invalid assertion"
	}
	var head struct {
		Alg string `json:"alg"`
	}
	var claims struct {
		Iss string `json:"iss"`
		Sub string `json:"sub"`
		Aud string `json:"aud"`
		Exp int64  `json:"exp"`
	}
	if !part(parts[0], &head) || !part(parts[1], &claims) || head.Alg != "RS256" {
		return "invalid_grant", "invalid assertion"
	}
	if claims.Iss != s.ClientID {
		return "invalid_client_id", "client identifier invalid"
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err != nil || s.Key == nil || rsa.VerifyPKCS1v15(s.Key, crypto.SHA256, sum[:], signature) != nil {
		return "invalid_grant", "invalid assertion"
	}
	switch left := time.Unix(claims.Exp, 0).Sub(s.Now()); {
	case claims.Aud != s.Audience:
		return "invalid_grant", "audience is invalid"
	case left <= 0, left > longestAssertion:
		return "invalid_grant", "expired authorization code"
	case claims.Sub != s.Username, s.Unapproved:
		return "invalid_grant", "user hasn't approved this consumer"
	}
	return "", ""
}

func part(s string, v any) bool {
	data, err := base64.RawURLEncoding.DecodeString(s)
	return err == nil && json.Unmarshal(data, v) == nil
}
