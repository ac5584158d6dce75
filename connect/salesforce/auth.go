package salesforce

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"throughline/connect"
)

// assertionLife is how long our JWTs hold; Salesforce takes up to 3 minutes.
const assertionLife = 2 * time.Minute

// authOf is the way in which the configuration proves who asks.
func authOf(cfg Config) (granter, error) {
	var key *rsa.PrivateKey // nil for client credentials
	switch {
	case cfg.KeyFile != "" && cfg.Username != "":
		var err error
		if key, err = readKey(cfg.KeyFile); err != nil {
			return nil, err
		}
	case cfg.ClientSecret == "":
		return nil, errors.New("salesforce: the configuration names neither username and key_file (JWT bearer) nor client_secret (client credentials)")
	}
	token := &connect.Client{
		Vendor: vendor, Base: cfg.Login, HTTP: cfg.HTTP, Limiter: cfg.Limiter, Log: cfg.Log, Now: cfg.Now, Sleep: cfg.Sleep, Decode: decodeToken,
	}
	fetch := func(ctx context.Context) (connect.Grant, error) {
		body := url.Values{"grant_type": {"client_credentials"}, "client_id": {cfg.ClientID}, "client_secret": {cfg.ClientSecret}}
		if key != nil {
			assertion, err := sign(key, cfg.ClientID, cfg.Username, audience(cfg), cfg.Now().Add(assertionLife))
			if err != nil {
				return connect.Grant{}, err
			}
			body = url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {assertion}}
		}
		var answer struct {
			Token    string `json:"access_token"`
			Instance string `json:"instance_url"`
			Identity string `json:"id"` // an address that ends with the ids of org and user
		}
		// Asking twice gives two tokens, either of which will do.
		req := connect.Request{Op: "get an access token", Method: http.MethodPost, Path: "/services/oauth2/token", Body: body, Repeatable: true}
		if _, err := token.Do(ctx, req, &answer); err != nil {
			return connect.Grant{}, err
		}
		if answer.Token == "" || answer.Instance == "" {
			return connect.Grant{}, &connect.Error{Vendor: vendor, Op: req.Op, Message: "the answer holds no token or no instance_url", Advice: "check login in the configuration"}
		}
		return connect.Grant{Token: answer.Token, Base: answer.Instance, Tenant: orgID(answer.Identity)}, nil
	}
	return &secretBearer{Bearer: connect.Bearer{Fetch: fetch, Now: cfg.Now}, secret: cfg.ClientSecret}, nil
}

// A secretBearer has a secret beside its token.
type secretBearer struct {
	connect.Bearer
	secret string
}

// Secrets are the token in use and the app's secret.
func (b *secretBearer) Secrets() []string { return append(b.Bearer.Secrets(), b.secret) }

// audience is what a JWT must name as the one it is for.
func audience(cfg Config) string {
	switch {
	case cfg.Audience != "":
		return cfg.Audience
	case strings.Contains(cfg.Login, "test.salesforce.com"), strings.Contains(cfg.Login, ".sandbox."):
		return "https://test.salesforce.com"
	}
	return DefaultLogin
}

// readKey reads an RSA key from a PEM file. Errors never show what is in it.
func readKey(file string) (*rsa.PrivateKey, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("salesforce: reading key_file: %w", err)
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("salesforce: key_file %s holds no PEM block", file)
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("salesforce: key_file %s holds no private key that can be read (PKCS #1 or #8, not encrypted)", file)
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("salesforce: key_file %s holds a key that is not RSA, which Salesforce needs", file)
	}
	return key, nil
}

// sign makes a JWT (RFC 7519) signed with RS256 (RFC 7518, 3.3).
func sign(key *rsa.PrivateKey, issuer, subject, audience string, expires time.Time) (string, error) {
	claims, err := json.Marshal(map[string]any{"iss": issuer, "sub": subject, "aud": audience, "exp": expires.Unix()})
	if err != nil {
		return "", errors.New("salesforce: the JWT's claims can't be written as JSON")
	}
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256"}`)) + "." + base64.RawURLEncoding.EncodeToString(claims)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("salesforce: signing the JWT: %w", err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}
