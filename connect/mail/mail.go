// Package mail sends messages to single people by SMTP. Each bears a Message-ID
// that is made of its key, the same for every try to send it, so that the one
// duplicate that a crash can cause is known for one. The mails say in a header, and
// messages in their last line too, that Throughline wrote them: package folder takes
// neither them nor quotes of them for evidence.
package mail

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	netmail "net/mail"
	"strconv"
	"strings"
	"time"

	"throughline/connect"
)

// Vendor is the name in messages.
const Vendor = "Mail"

// A TLSMode says how a connection is encrypted.
type TLSMode string

// The modes.
const (
	StartTLS TLSMode = "starttls" // begun in plain text, and encrypted before anything is told; port 587
	TLS      TLSMode = "tls"      // encrypted from the start; port 465
	NoTLS    TLSMode = "none"     // not at all, which only a server on this machine may be; port 25
)

// ports are the usual ones of the modes (RFC 8314, section 3; RFC 5321, 4.5.4.2).
var ports = map[TLSMode]int{StartTLS: 587, TLS: 465, NoTLS: 25}

// Config says which server sends, for whom and as whom. Host and From must be set;
// the rest has defaults.
type Config struct {
	Host string
	Port int // default: the usual one of the mode
	TLS  TLSMode

	// Username and Password sign in; both empty where the server asks for none.
	Username, Password string

	// From is who mails come from, and ReplyTo who answers go to, if somebody
	// else: an address, and a name to show.
	From, ReplyTo netmail.Address

	// HELO is the name by which this machine greets the server; default Domain.
	HELO string
	// Domain is the right side of Message-IDs; default: the domain of From.
	// Changing it makes other mails of those that are tried again.
	Domain string

	// RootCAs are the authorities that may vouch for the server; nil for those
	// that the machine trusts.
	RootCAs *x509.CertPool

	// Timeout bounds one message, from connecting to the server's last answer.
	// Default [DefaultTimeout].
	Timeout time.Duration
	// Limiter is the pace; by default one message in two seconds and ten at once,
	// shared by the process for a server and an account. Providers' limits differ.
	Limiter *connect.Limiter
	// Sent keeps which messages were sent, so that none is sent a second time after
	// a success. Without it, each call of Send sends.
	Sent Sent

	Log   *slog.Logger // default: nothing is logged
	Now   func() time.Time
	Sleep func(context.Context, time.Duration) error
}

// Sent keeps which messages were sent, by their keys.
type Sent interface {
	// Known reports whether the message was sent.
	Known(ctx context.Context, key string) (bool, error)
	// Record keeps that it was.
	Record(ctx context.Context, key string, at time.Time) error
}

// A Client sends mail through one server. Many goroutines may use it.
type Client struct {
	cfg   Config
	turns turns
}

// DefaultTimeout bounds one message: servers answer in seconds, and job runners do
// not wait the ten minutes that RFC 5321 (4.5.3.2.6) would have a client wait at
// most.
const DefaultTimeout = 2 * time.Minute

// The default pace. UNCONFIRMED for any provider.
const (
	perSecond = 0.5
	burst     = 10
)

// longestWait is for how long a message waits for its turn; beyond it, Send fails
// and says for how long.
const longestWait = 2 * time.Minute

// New checks the configuration. It calls nobody.
func New(cfg Config) (*Client, error) {
	if cfg.TLS == "" {
		cfg.TLS = StartTLS
	}
	port, known := ports[cfg.TLS]
	switch {
	case !known:
		return nil, fmt.Errorf("mail: tls is %q; it may be %s, %s or %s", cfg.TLS, StartTLS, TLS, NoTLS)
	case cfg.Host == "":
		return nil, errors.New("mail: host is not set: it is the name of the server that sends your mail, such as smtp.example.com")
	case cfg.TLS == NoTLS && !connect.Loopback(cfg.Host):
		return nil, errors.New("mail: tls may be none only where the server runs on this machine; set it to starttls or tls")
	case (cfg.Username == "") != (cfg.Password == ""):
		return nil, errors.New("mail: of username and password only one is set; set both, or neither where the server asks for none")
	case cfg.Port < 0 || cfg.Port > 65535:
		return nil, fmt.Errorf("mail: port %d can't be; the usual one for %s is %d", cfg.Port, cfg.TLS, port)
	}
	if cfg.Port == 0 {
		cfg.Port = port
	}
	if err := cfg.name(); err != nil {
		return nil, err
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultTimeout
	}
	if cfg.Limiter == nil {
		cfg.Limiter = connect.SharedLimiter(Vendor, net.JoinHostPort(cfg.Host, strconv.Itoa(cfg.Port))+" "+cfg.Username, perSecond, burst)
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Sleep == nil {
		cfg.Sleep = connect.Sleep
	}
	return &Client{cfg: cfg}, nil
}

// name checks the addresses and names that mails bear.
func (cfg *Config) name() error {
	var err error
	if cfg.From.Address, err = address(cfg.From.Address); err != nil {
		return fmt.Errorf("mail: from can't be used: %w", err)
	}
	cfg.From.Name = unencoded(cut(connect.Line(cfg.From.Name), mostName))
	if cfg.ReplyTo.Address != "" {
		if cfg.ReplyTo.Address, err = address(cfg.ReplyTo.Address); err != nil {
			return fmt.Errorf("mail: reply_to can't be used: %w", err)
		}
	}
	cfg.ReplyTo.Name = unencoded(cut(connect.Line(cfg.ReplyTo.Name), mostName))
	if cfg.Domain == "" {
		_, cfg.Domain, _ = strings.Cut(cfg.From.Address, "@")
	}
	if cfg.Domain, err = domain(cfg.Domain); err != nil {
		return fmt.Errorf("mail: domain can't be used: %w", err)
	}
	if cfg.HELO == "" {
		cfg.HELO = cfg.Domain
	}
	if cfg.HELO, err = domain(cfg.HELO); err != nil {
		return fmt.Errorf("mail: helo can't be used: %w", err)
	}
	return nil
}
