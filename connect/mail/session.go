package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail/smtp"
)

// What is done with a server, for errors.
const (
	opConnect = "connect to the mail server"
	opGreet   = "greet the mail server"
	opEncrypt = "encrypt the connection"
	opSignIn  = "sign in"
	opFrom    = "name the sender"
	opTo      = "name the recipient"
	opWrite   = "hand over the message"
	opAnswer  = "have the message accepted"
)

// A session is one connection to the server. Its errors are those of the
// connection, or the server's answers.
type session struct {
	cfg    *Config
	conn   net.Conn
	client *smtp.Client
	stop   func() bool
}

// A step is one on the way to where mail may be handed over.
type step struct {
	op      string
	setting string // of the configuration, which it depends on
	serves  string // what for, in a person's words
	take    func(context.Context) error
}

// steps are those of the configured mode, in order.
func (s *session) steps() []step {
	connect := step{opConnect, "host", "reaching the mail server", s.connect}
	greet := step{opGreet, "port", "speaking with the mail server", s.greet}
	all := []step{connect}
	switch s.cfg.TLS {
	case TLS:
		all = append(all, step{opEncrypt, "tls", "an encrypted connection", s.handshake}, greet)
	case StartTLS:
		all = append(all, greet, step{opEncrypt, "tls", "an encrypted connection", s.startTLS})
	default:
		all = append(all, greet)
	}
	if s.cfg.Username != "" {
		all = append(all, step{opSignIn, "username", "signing in to the mail server", s.signIn})
	}
	return append(all, step{opFrom, "from", "sending as the configured address", s.from})
}

// connect opens the connection, which the end of the context breaks.
func (s *session) connect(ctx context.Context) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(s.cfg.Host, strconv.Itoa(s.cfg.Port)))
	if err != nil {
		return err
	}
	s.conn = &bounded{Conn: conn, left: mostRead}
	s.stop = context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	return nil
}

// mostRead bounds what a server may say while one mail is sent, in bytes. It takes
// some thousand.
const mostRead = 1 << 20

var errTooMuch = errors.New("the server says more than a mail server has to say")

// bounded is a connection on which so many bytes may still come.
type bounded struct {
	net.Conn
	left int
}

// Read reads what comes, up to the bound.
func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooMuch
	}
	n, err := b.Conn.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

func (s *session) tls() *tls.Config {
	return &tls.Config{ServerName: s.cfg.Host, RootCAs: s.cfg.RootCAs, Time: s.cfg.Now, MinVersion: tls.VersionTLS12}
}

func (s *session) handshake(ctx context.Context) error {
	conn := tls.Client(s.conn, s.tls())
	if err := conn.HandshakeContext(ctx); err != nil {
		return err
	}
	s.conn = conn
	return nil
}

func (s *session) greet(context.Context) error {
	client, err := smtp.NewClient(s.conn, s.cfg.Host)
	if err != nil {
		return err
	}
	// Addresses are ASCII here, and so nothing needs the extension.
	client.SkipSMTPUTF8(true)
	s.client = client
	return client.Hello(s.cfg.HELO)
}

var errNotOffered = errors.New("the server does not offer encryption (STARTTLS)")

func (s *session) startTLS(context.Context) error {
	if ok, _ := s.client.Extension("STARTTLS"); !ok {
		return errNotOffered
	}
	return s.client.StartTLS(s.tls())
}

// The ways to sign in, the preferred one first: on an encrypted connection none is
// safer than the plain one, which most servers know.
const (
	mechPlain = "PLAIN"
	mechLogin = "LOGIN"
	mechScram = "SCRAM-SHA-256"
	mechCram  = "CRAM-MD5"
)

var (
	errNoSignIn = errors.New("the server does not let anybody sign in")
	errNoMech   = errors.New("the server knows no way of signing in by password")
)

func (s *session) signIn(context.Context) error {
	ok, params := s.client.Extension("AUTH")
	if !ok {
		return errNoSignIn
	}
	offered := strings.Fields(strings.ToUpper(params))
	has := func(mech string) bool { return slices.Contains(offered, mech) }
	bare := s.cfg.TLS == NoTLS // which is allowed on this machine only
	switch {
	case has(mechPlain):
		return s.client.Auth(smtp.PlainAuth("", s.cfg.Username, s.cfg.Password, s.cfg.Host, bare))
	case has(mechLogin):
		return s.client.Auth(smtp.LoginAuth(s.cfg.Username, s.cfg.Password, s.cfg.Host, bare))
	case has(mechScram):
		return s.client.Auth(smtp.ScramSHA256Auth(s.cfg.Username, s.cfg.Password))
	case has(mechCram):
		return s.client.Auth(smtp.CRAMMD5Auth(s.cfg.Username, s.cfg.Password))
	}
	return errNoMech
}

func (s *session) from(context.Context) error {
	return s.client.Mail("<" + s.cfg.From.Address + ">")
}

// end takes leave, if the server is still listening, and closes the connection.
func (s *session) end() {
	if s.client != nil && s.client.HasConnection() {
		_ = s.client.Quit() // the message's fate is known
	}
	if s.stop != nil {
		s.stop()
	}
	if s.conn != nil {
		_ = s.conn.Close() // it may be closed already
	}
}
