package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"regexp"
	"strings"

	"throughline/connect"
)

// failure says why something could not be done with the server, and what to do.
// words are all that the message says: an answer that repeats them is not passed
// on.
func (c *Client) failure(ctx context.Context, op string, err error, words string) *connect.Error {
	e := &connect.Error{Vendor: Vendor, Op: op}
	var reply *textproto.Error
	switch {
	case errors.As(err, &reply):
		c.replied(e, reply, words)
	case errors.Is(context.Cause(ctx), errTimeout):
		e.Err, e.Temporary, e.Advice = fmt.Errorf("%w (%s)", errTimeout, c.cfg.Timeout), true, c.unreached(op)
	case ctx.Err() != nil:
		e.Err = ctx.Err()
	case c.encrypted(e, err):
	default:
		e.Err, e.Temporary, e.Advice = cause(err), true, c.unreached(op)
	}
	if op == opAnswer && reply == nil {
		e.Temporary = true
		e.Advice = "the server may have taken the message; try again: it keeps its Message-ID, by which a second copy is known for one"
	}
	return e
}

// cause is what went wrong with a connection, without the addresses that such
// errors hold.
func cause(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
		return errors.New("the server's name can't be found")
	case errors.Is(err, errTooMuch):
		return errTooMuch
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the server ended the connection")
	}
	var odd textproto.ProtocolError
	if errors.As(err, &odd) {
		return errors.New("what answers there is no mail server")
	}
	return err
}

// unreached is what to do where no answer came.
func (c *Client) unreached(op string) string {
	switch {
	case op == opConnect:
		return fmt.Sprintf("check host and port, and that this machine may reach port %d there; many networks bar it", c.cfg.Port)
	case op == opGreet && c.cfg.TLS != TLS:
		return "check the port; where the server encrypts from the start, as on port 465, set tls: tls"
	}
	return "try again later"
}

// encrypted explains errors of TLS and of signing in that are ours to see. It
// reports whether err is one.
func (c *Client) encrypted(e *connect.Error, err error) bool {
	var cert *tls.CertificateVerificationError
	var name x509.HostnameError
	var record tls.RecordHeaderError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &name):
		e.Err, e.Advice = errors.New("the server's certificate is for another name"), "set host to the name that the certificate is for"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		e.Err, e.Advice = errors.New("the server's certificate is not valid now"), "check this machine's clock, and have the server's certificate renewed"
	case errors.As(err, &cert):
		e.Err, e.Advice = errors.New("nobody whom this machine trusts vouches for the server's certificate"), "add the authority that made it to those that this machine trusts"
	case errors.As(err, &record):
		e.Err, e.Advice = errors.New("the server does not encrypt from the start on this port"), "set tls: starttls, or the port that encrypts from the start, as a rule 465"
	case errors.Is(err, errNotOffered):
		e.Err, e.Advice = errNotOffered, "set the port that offers it, as a rule 587, or tls: tls with port 465; nothing is sent unencrypted"
	case errors.Is(err, errNoSignIn):
		e.Err, e.Advice = errNoSignIn, "set the port for sending, as a rule 587, or take username and password out where the server asks for none"
	case errors.Is(err, errNoMech):
		e.Err, e.Advice = errNoMech, "ask the provider for an account that may sign in by password; signing in by OAuth is not built yet"
	default:
		return false
	}
	return true
}

// replied fills in what the server's answer tells. One that begins with 4 may be
// another one later, one that begins with 5 stays (RFC 5321, 4.2.1).
func (c *Client) replied(e *connect.Error, reply *textproto.Error, words string) {
	enhanced, said := splitStatus(strings.ToValidUTF8(reply.Msg[:min(len(reply.Msg), mostReply)], ""))
	e.Code = strings.TrimSpace(fmt.Sprintf("%d %s", reply.Code, enhanced))
	e.Message = c.cleaned(said, words)
	e.Temporary = reply.Code < 500
	e.Advice = c.advice(e.Op, reply.Code, enhanced)
}

// status is an enhanced status code (RFC 3463), as RFC 2034 has it begin each
// line of an answer.
var status = regexp.MustCompile(`(?m)^[245]\.[0-9]{1,3}\.[0-9]{1,3}(?:[ \t]+|$)`)

// splitStatus divides an answer into its enhanced status code, empty where it has
// none, and its words.
func splitStatus(said string) (code, words string) {
	return strings.TrimSpace(status.FindString(said)), status.ReplaceAllString(said, "")
}

// advice says what to do about an answer.
func (c *Client) advice(op string, code int, enhanced string) string {
	class, _, _ := strings.Cut(strings.TrimPrefix(enhanced, "5."), ".") // of the enhanced code: 1 addresses, 2 mailboxes, 7 policy
	switch {
	case code < 500:
		return "the server asks to try again later; if this goes on, ask who runs it"
	case code == 530 || code == 538:
		if c.cfg.Username == "" {
			return "set username and password: the server sends only for who signs in"
		}
		return "ask who runs the server which encryption and way of signing in it wants"
	case op == opGreet:
		return "the server takes nothing from this machine: check host and port, and ask who runs it to allow this machine's address"
	case op == opEncrypt:
		return "ask who runs the server why it does not encrypt, or set another port"
	case op == opSignIn:
		return "check username and password; where the account signs in by two steps, make a password for this program, and look whether the provider lets the account send by SMTP"
	case op == opFrom:
		return "let the account send as the configured from address, or set from to the account's own address"
	case op == opTo && class == "2":
		return "the person's mailbox takes no mail now: let them know in another way"
	case op == opTo && class == "7":
		return "the server may not send to this person: ask who runs it which recipients it allows for the account"
	case op == opTo:
		return "check the person's email address in the CRM"
	case code == 552 || enhanced == "5.3.4":
		return "the message is larger than the server or the mailbox takes"
	}
	return "the server takes the message for unwanted: check SPF, DKIM and DMARC of the from address's domain, and ask who runs the server"
}

// How much of a server's answer is looked at, in bytes, and of its words stands in
// an error, in characters.
const (
	mostReply = 4096
	mostSaid  = 200
)

var (
	anAddress = regexp.MustCompile(`[^\s<>"'()\[\],;:=]+@[^\s<>"'()\[\],;:]+`)
	aLink     = regexp.MustCompile(`(?i)\b(?:https?|ftp)://\S+`)
)

// cleaned fits a server's words for a message: one line, short, without secrets,
// addresses and links, and nothing at all where they repeat what was sent.
func (c *Client) cleaned(said, words string) string {
	said = connect.Line(said)
	for _, secret := range c.secrets() {
		said = strings.ReplaceAll(said, secret, "[secret]")
	}
	if repeats(said, words) {
		return "the server's words repeat the message, and are left out"
	}
	said = aLink.ReplaceAllString(said, "[link]")
	said = anAddress.ReplaceAllString(said, "[address]")
	return cut(said, mostSaid)
}

// secrets are what no error may hold, in all forms in which it is sent.
func (c *Client) secrets() []string {
	if c.cfg.Password == "" {
		return nil
	}
	encoded := base64.StdEncoding.EncodeToString
	return []string{
		encoded([]byte("\x00" + c.cfg.Username + "\x00" + c.cfg.Password)),
		encoded([]byte(c.cfg.Password)), c.cfg.Password, encoded([]byte(c.cfg.Username)), c.cfg.Username,
	}
}

// echoed is how many words in a row make a server's words a repetition: fewer
// stand in both by chance.
const echoed = 3

// repeats reports whether a server's words repeat some of a message's.
func repeats(said, words string) bool {
	in := " " + strings.Join(strings.Fields(strings.ToLower(words)), " ") + " "
	told := strings.Fields(strings.ToLower(said))
	for i := 0; i+echoed <= len(told); i++ {
		if strings.Contains(in, " "+strings.Trim(strings.Join(told[i:i+echoed], " "), `"'()[]<>.,;:`)) {
			return true
		}
	}
	return false
}
