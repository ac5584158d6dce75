package mail

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"html/template"
	netmail "net/mail"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"throughline/connect"
)

// Header says of a mail that Throughline wrote it; its value is "message".
const Header = "X-Throughline"

// Notice is the last line of every mail. By it package folder knows the mail
// again where an answer quotes it.
const Notice = "Sent by Throughline, not by a person."

// A letter is a mail, checked and ready to be written.
type letter struct {
	key    string // of every try to send it
	to, id string
	words  string // all that it says, for errors to be held against
	mail   *gomail.Msg
}

// A page is what a letter shows.
type page struct {
	Subject    string
	Paragraphs [][]string // each by its lines
	Actions    []link
	Notice     string
}

// A link is an action of which a person sees the address.
type link struct {
	Label, URL string
	Primary    bool
}

// fault is the advice where only Throughline can have made what is wrong.
const fault = "this is a fault in Throughline; please report it"

// compose checks a message and makes a letter of it.
func (c *Client) compose(m connect.Message) (*letter, error) {
	p, err := pageOf(m)
	if err != nil {
		return nil, refused(err, "check the address of Throughline's own pages in the configuration")
	}
	rich, err := p.html()
	if err != nil {
		return nil, refused(err, fault)
	}
	return c.write(m.Key, m.To, p.Subject, p.text(), rich)
}

// write checks for whom a mail is and under which key, and makes a letter of what it
// says.
func (c *Client) write(key, to, subject, text, rich string) (*letter, error) {
	if connect.CheckKey(key) != "" {
		return nil, refused(errors.New("it has no usable key"), fault)
	}
	to, err := address(to)
	if err != nil {
		return nil, refused(err, "check the person's email address in the CRM")
	}
	l := &letter{key: key, to: to, id: c.messageID(key), words: subject + "\n" + text, mail: gomail.NewMsg(gomail.WithNoDefaultUserAgent())}
	l.mail.FromMailAddress(&c.cfg.From)
	l.mail.ToMailAddress(&netmail.Address{Address: to})
	if c.cfg.ReplyTo.Address != "" {
		l.mail.ReplyToMailAddress(&c.cfg.ReplyTo)
	}
	l.mail.Subject(unencoded(subject))
	l.mail.SetDateWithValue(c.cfg.Now())
	l.mail.SetMessageIDWithValue(l.id)
	l.mail.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834, section 5
	l.mail.SetGenHeader(gomail.HeaderXAutoResponseSuppress, "All")
	l.mail.SetGenHeader(Header, "message")
	l.mail.SetBodyString(gomail.TypeTextPlain, text)
	l.mail.AddAlternativeString(gomail.TypeTextHTML, rich)
	return l, nil
}

func refused(err error, advice string) *connect.Error {
	return &connect.Error{Vendor: Vendor, Op: "write the message", Err: err, Advice: advice}
}

// messageID is the same for every try to send a message, and tells nothing of it.
func (c *Client) messageID(key string) string {
	sum := sha256.Sum256([]byte("throughline message\x00" + key))
	return hex.EncodeToString(sum[:12]) + "@" + c.cfg.Domain
}

// pageOf is what a message shows: no action that opens no page, for a mail's
// buttons can do nothing else.
func pageOf(m connect.Message) (page, error) {
	p := page{Subject: subjectOf(m.Subject), Notice: Notice}
	for _, s := range m.Paragraphs {
		if ls := lines(s); len(ls) > 0 {
			p.Paragraphs = append(p.Paragraphs, ls)
		}
	}
	for _, a := range m.Actions {
		if a.URL == "" {
			continue
		}
		to, ok := connect.WebAddress(a.URL)
		if !ok {
			return page{}, errors.New("the address that one of its buttons opens is no web address")
		}
		l := link{Label: connect.Line(a.Label), URL: to, Primary: a.Primary}
		if l.Label == "" {
			l.Label = "Open"
		}
		p.Actions = append(p.Actions, l)
	}
	return p, nil
}

// subjectOf is a subject as a mail bears it.
func subjectOf(s string) string {
	if s = cut(connect.Line(s), mostSubject); s != "" {
		return s
	}
	return "(no subject)"
}

// text is the page as plain text.
func (p page) text() string {
	var blocks []string
	for _, ls := range p.Paragraphs {
		blocks = append(blocks, strings.Join(ls, "\n"))
	}
	for _, a := range p.Actions {
		blocks = append(blocks, a.Label+":\n"+a.URL)
	}
	return strings.Join(append(blocks, p.Notice), "\n\n") + "\n"
}

//go:embed message.html.tmpl
var messageHTML string

var messageTemplate = template.Must(template.New("message").Parse(messageHTML))

// html is the page as HTML that needs nothing from elsewhere: no image, no style
// sheet, no script.
func (p page) html() (string, error) {
	var b bytes.Buffer
	if err := messageTemplate.Execute(&b, p); err != nil {
		return "", errors.New("it can't be written as HTML")
	}
	return b.String(), nil
}
