package smtp

import (
	"fmt"
	"net"
	"sync/atomic"

	"github.com/emersion/go-smtp"
)

// A Stage is one of the way of a message, at which the server may fail.
type Stage string

// The stages, in order.
const (
	Connect   Stage = "connect"   // the greeting
	Hello     Stage = "hello"     // EHLO, and again after STARTTLS
	SignIn    Stage = "sign in"   // AUTH
	Sender    Stage = "sender"    // MAIL
	Recipient Stage = "recipient" // RCPT
	Data      Stage = "data"      // the message, when its last line is there
)

// A Fault makes the server fail.
type Fault struct {
	Stage Stage
	After int // how often the stage is reached well before
	Times int // how often it strikes; once when 0

	// What it does; the first of these that is set.
	Code int  // answers with the code, such as 451; at 421 the connection ends
	Drop bool // ends the connection without an answer
	Hang bool // does not answer

	Enhanced [3]int // of an answer; none is told when zero
	Message  string // of an answer

	// Keep takes the message all the same; of [Data] only.
	Keep bool
}

// Fail sets a fault to strike.
func (s *Server) Fail(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.Times = max(f.Times, 1)
	s.faults = append(s.faults, f)
}

// strike counts that a stage was reached, and returns the fault that strikes
// there, if one does.
func (s *Server) strike(at Stage) (Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.counts == nil {
		s.counts = map[Stage]int{}
	}
	s.counts[at]++
	for i := range s.faults {
		f := &s.faults[i]
		if f.Stage != at || f.Times == 0 {
			continue
		}
		if f.After > 0 {
			f.After--
			continue
		}
		f.Times--
		return *f, true
	}
	return Fault{}, false
}

func (f Fault) message() string {
	if f.Message != "" {
		return f.Message
	}
	return fmt.Sprintf("Ordered to fail with %d", f.Code)
}

// reach is an error where a fault strikes at the stage.
func (s *session) reach(at Stage) error {
	f, struck := s.server.strike(at)
	return s.suffer(f, struck)
}

// suffer does what the fault does, and returns the answer.
func (s *session) suffer(f Fault, struck bool) error {
	if !struck {
		return nil
	}
	wire := wireOf(s.conn.Conn())
	switch {
	case f.Code != 0:
		if f.Code == 421 && wire != nil {
			wire.last.Store(true)
		}
		answer := &smtp.SMTPError{Code: f.Code, EnhancedCode: f.Enhanced, Message: f.message()}
		if f.Enhanced == ([3]int{}) {
			answer.EnhancedCode = smtp.NoEnhancedCode
		}
		return answer
	case f.Drop:
		_ = s.conn.Conn().Close() // and what is answered goes nowhere
	case f.Hang:
		<-s.server.done
	}
	return smtp.ErrServerClosed // which nobody hears
}

// wires accepts connections, as far as no fault strikes them.
type wires struct {
	net.Listener
	server *Server
}

// Accept gives a connection that the server may speak on.
func (l *wires) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		f, struck := l.server.strike(Connect)
		switch {
		case !struck:
			return &wire{Conn: conn}, nil
		case f.Hang:
			go func() {
				<-l.server.done
				_ = conn.Close() // whoever waits has waited for nothing
			}()
			continue
		case f.Code != 0:
			_, _ = fmt.Fprintf(conn, "%d %s\r\n", f.Code, f.message()) // as far as it goes
		}
		_ = conn.Close() // it is to end
	}
}

// A wire is a connection that can be told to end with the next answer.
type wire struct {
	net.Conn
	last atomic.Bool
}

// Write sends an answer.
func (w *wire) Write(p []byte) (int, error) {
	last := w.last.Load()
	n, err := w.Conn.Write(p)
	if last {
		_ = w.Close() // it was the last
	}
	return n, err
}

// wireOf is what a connection, encrypted or not, goes over.
func wireOf(conn net.Conn) *wire {
	if under, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = under.NetConn()
	}
	w, _ := conn.(*wire)
	return w
}
