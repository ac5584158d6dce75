package smtp

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"time"
)

// A certificate is the server's, and who vouches for it.
type certificate struct {
	own         tls.Certificate
	authorities *x509.CertPool
}

// lifetime is how long certificates hold.
const lifetime = 10 * 365 * 24 * time.Hour

// newCertificate makes an authority, and has it vouch for a server of the names;
// the machine itself without.
func newCertificate(now time.Time, names []string) (*certificate, error) {
	authorityKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Stand-in's authority"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(lifetime),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, authority, authority, authorityKey.Public(), authorityKey)
	if err != nil {
		return nil, fmt.Errorf("making an authority: %w", err)
	}
	if authority, err = x509.ParseCertificate(der); err != nil {
		return nil, fmt.Errorf("reading the authority: %w", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	if len(names) == 0 {
		names = []string{"localhost", "127.0.0.1", "::1"}
	}
	own := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "Stand-in for a mail server"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(lifetime),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			own.IPAddresses = append(own.IPAddresses, ip)
		} else {
			own.DNSNames = append(own.DNSNames, name)
		}
	}
	if der, err = x509.CreateCertificate(rand.Reader, own, authority, key.Public(), authorityKey); err != nil {
		return nil, fmt.Errorf("making a certificate: %w", err)
	}
	c := &certificate{own: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, authorities: x509.NewCertPool()}
	c.authorities.AddCert(authority)
	return c, nil
}

func (c *certificate) config() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{c.own}, MinVersion: tls.VersionTLS12}
}
