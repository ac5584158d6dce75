// Package smtp is a stand-in for a mail server and for the mailboxes behind it: it
// takes mail over real SMTP from who signs in, encrypted by a certificate of its
// own, and fails in the ways in which servers fail when it is told to. It shows a
// mailbox as a mail program does, with one message for each Message-ID.
package smtp

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// A Server is the stand-in. Its exported fields are set before it serves.
type Server struct {
	// Username and Password are asked for; nobody need sign in where both are empty.
	Username, Password string
	// Mechanisms are the ways to sign in: PLAIN and LOGIN when nil.
	Mechanisms []string
	// Senders are the addresses that mail may come from; any when empty.
	Senders []string
	// Recipients are the addresses that there are mailboxes for; any when empty.
	Recipients []string
	// MostBytes is the size of the largest message that is taken; 1 MiB when 0.
	MostBytes int64
	// NoStartTLS withholds encryption.
	NoStartTLS bool
	// Names are those that the certificate is for; the machine itself when empty.
	Names []string
	// Now is the clock of arrival and of the certificate; nil for the machine's.
	Now func() time.Time

	once        sync.Once
	certificate *certificate
	failed      error // to make the certificate
	done        chan struct{}

	mu        sync.Mutex
	closed    bool
	servers   []*smtp.Server
	listeners []net.Listener
	mailboxes map[string][]Message
	faults    []Fault
	counts    map[Stage]int
}

func (s *Server) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

// ready makes what serving needs.
func (s *Server) ready() error {
	s.once.Do(func() {
		s.done = make(chan struct{})
		s.certificate, s.failed = newCertificate(s.now(), s.Names)
	})
	return s.failed
}

// Authorities are those that vouch for the server's certificate.
func (s *Server) Authorities() (*x509.CertPool, error) {
	if err := s.ready(); err != nil {
		return nil, err
	}
	return s.certificate.authorities, nil
}

// Serve takes mail on a listener until Close, encrypted when the other side asks.
func (s *Server) Serve(l net.Listener) error {
	if err := s.ready(); err != nil {
		return err
	}
	return s.serve(&wires{Listener: l, server: s})
}

// ServeTLS takes mail on a listener until Close, encrypted from the start.
func (s *Server) ServeTLS(l net.Listener) error {
	if err := s.ready(); err != nil {
		return err
	}
	return s.serve(tls.NewListener(&wires{Listener: l, server: s}, s.certificate.config()))
}

func (s *Server) serve(l net.Listener) error {
	server := smtp.NewServer(smtp.BackendFunc(s.session))
	server.Domain = "twin"
	server.ErrorLog = log.New(io.Discard, "", 0)
	server.MaxMessageBytes = cmp.Or(s.MostBytes, 1<<20)
	// Without encryption it stands for a server on the machine itself.
	server.AllowInsecureAuth = s.NoStartTLS
	if !s.NoStartTLS {
		server.TLSConfig = s.certificate.config()
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return l.Close()
	}
	s.servers, s.listeners = append(s.servers, server), append(s.listeners, l)
	s.mu.Unlock()
	return server.Serve(l)
}

// Close ends all serving. What was taken stays to be looked at.
func (s *Server) Close() error {
	if err := s.ready(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	close(s.done)
	for _, server := range s.servers {
		_ = server.Close() // of what a server has begun with it closes all
	}
	for _, l := range s.listeners {
		_ = l.Close() // if its server had not begun
	}
	return nil
}

// Counts is how often each stage was reached.
func (s *Server) Counts() map[Stage]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.counts)
}

// A session is what goes on over one connection.
type session struct {
	server *Server
	conn   *smtp.Conn
	signed bool
	from   string
	to     []string
}

func (s *Server) session(c *smtp.Conn) (smtp.Session, error) {
	one := &session{server: s, conn: c}
	return one, one.reach(Hello)
}

func (s *session) guarded() bool { return s.server.Username != "" || s.server.Password != "" }

// AuthMechanisms are the ways to sign in.
func (s *session) AuthMechanisms() []string {
	switch {
	case !s.guarded():
		return nil
	case s.server.Mechanisms != nil:
		return s.server.Mechanisms
	}
	return []string{sasl.Plain, sasl.Login}
}

// Auth begins to sign in.
func (s *session) Auth(mech string) (sasl.Server, error) {
	if err := s.reach(SignIn); err != nil {
		return nil, err
	}
	if !slices.Contains(s.AuthMechanisms(), mech) {
		return nil, smtp.ErrAuthUnknownMechanism
	}
	switch mech {
	case sasl.Plain:
		return sasl.NewPlainServer(func(_, username, password string) error { return s.check(username, password) }), nil
	case sasl.Login:
		return &login{check: s.check}, nil
	}
	return nil, smtp.ErrAuthUnknownMechanism
}

func (s *session) check(username, password string) error {
	if username != s.server.Username || password != s.server.Password {
		return smtp.ErrAuthFailed
	}
	s.signed = true
	return nil
}

// login is the server's side of the old way to sign in that some providers have
// alone: it asks for the name, then for the password.
type login struct {
	check    func(username, password string) error
	asked    int
	username string
}

// Next takes an answer and asks on.
func (l *login) Next(response []byte) (challenge []byte, done bool, err error) {
	if l.asked == 0 && response == nil {
		l.asked = 1
		return []byte("Username:"), false, nil
	}
	if l.asked < 2 {
		l.asked, l.username = 2, string(response)
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(l.username, string(response))
}

// Mail names the sender.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if err := s.reach(Sender); err != nil {
		return err
	}
	if s.guarded() && !s.signed {
		return &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "Authentication required"}
	}
	if len(s.server.Senders) > 0 && !containsFold(s.server.Senders, from) {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 60}, Message: "Client does not have permissions to send as <" + from + ">"}
	}
	s.from = from
	return nil
}

// Rcpt names a recipient.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if err := s.reach(Recipient); err != nil {
		return err
	}
	if len(s.server.Recipients) > 0 && !containsFold(s.server.Recipients, to) {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "<" + to + ">: user unknown"}
	}
	s.to = append(s.to, to)
	return nil
}

// Data takes the message.
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	f, struck := s.server.strike(Data)
	if !struck || f.Keep {
		for _, to := range s.to {
			s.server.keep(s.from, to, raw)
		}
	}
	return s.suffer(f, struck)
}

// Reset forgets sender and recipients.
func (s *session) Reset() { s.from, s.to = "", nil }

// Logout has nothing to do.
func (s *session) Logout() error { return nil }

func (s *Server) keep(from, to string, raw []byte) {
	m := parse(raw)
	m.Envelope, m.To, m.Arrived = from, to, s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mailboxes == nil {
		s.mailboxes = map[string][]Message{}
	}
	name := strings.ToLower(to)
	s.mailboxes[name] = append(s.mailboxes[name], m)
}

// Mailboxes are the addresses that mail came for, in order.
func (s *Server) Mailboxes() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.mailboxes))
}

// All are the messages that came for an address, as they came.
func (s *Server) All(mailbox string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mailboxes[strings.ToLower(mailbox)])
}

// Inbox is what a person sees of a mailbox: of messages with one Message-ID the
// first. One that has none is shown whatever else there is.
func (s *Server) Inbox(mailbox string) []Message {
	seen := map[string]bool{}
	return slices.DeleteFunc(s.All(mailbox), func(m Message) bool {
		again := m.ID != "" && seen[m.ID]
		seen[m.ID] = true
		return again
	})
}

func containsFold(all []string, s string) bool {
	return slices.ContainsFunc(all, func(one string) bool { return strings.EqualFold(one, s) })
}
