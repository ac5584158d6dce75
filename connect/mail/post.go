package mail

import (
	"context"
	"errors"
	"fmt"
	"net/textproto"
	"regexp"
	"strings"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"

	"throughline/connect"
)

// Post sends a letter as it stands: its text and its HTML are the caller's, who has
// to have escaped what is in them. It is sent once for its key, and its failures are
// told, as [Client.Send] has it.
//
// Of the letter's header only names that begin with "List-" or "X-" are taken, and
// none that every mail of ours bears; a value is one line of printable ASCII.
func (c *Client) Post(ctx context.Context, l connect.Letter) (connect.Copy, error) {
	written, err := c.prepare(l)
	if err != nil {
		return connect.Copy{}, err
	}
	return c.once(ctx, written)
}

// prepare checks a letter and makes it ready to be written.
func (c *Client) prepare(l connect.Letter) (*letter, error) {
	for name, part := range map[string]string{"text": l.Text, "HTML": l.HTML} {
		if strings.TrimSpace(part) == "" || !utf8.ValidString(part) {
			return nil, refused(fmt.Errorf("its %s is empty, or is not UTF-8", name), fault)
		}
	}
	written, err := c.write(l.Key, l.To, subjectOf(l.Subject), l.Text, l.HTML)
	if err != nil {
		return nil, err
	}
	borne := map[string]bool{}
	for name, value := range l.Header {
		known := textproto.CanonicalMIMEHeaderKey(name)
		if err := field(known, value); err != nil {
			return nil, refused(err, fault)
		}
		if borne[known] {
			return nil, refused(fmt.Errorf("its header has %s twice", known), fault)
		}
		borne[known] = true
		written.mail.SetGenHeaderPreformatted(gomail.Header(known), folded(known, value))
	}
	return written, nil
}

var (
	// fieldName is a name that a letter may set. Others are the mail's own, or would
	// have mail servers and programs do what nobody decided on: copies, receipts.
	fieldName = regexp.MustCompile(`^(?:List|X)(?:-[A-Za-z0-9]+)+$`)
	// fieldValue is words of printable ASCII with a space between them, which folding
	// leaves as they are.
	fieldValue = regexp.MustCompile(`^[!-~]+(?: [!-~]+)*$`)
	// encodedWord is what mail programs would show as something else (RFC 2047).
	encodedWord = regexp.MustCompile(`=\?.*\?=`)
)

// How long lines should be, and names and values may be, in bytes. Lines are folded at
// spaces only, and may have 998 bytes (RFC 5322, 2.1.1).
const (
	usualLine      = 78
	mostFieldName  = 60
	mostFieldValue = 4000
	mostFieldWord  = 900
)

// field checks one field of a letter's header. What is wrong is said without the
// value, and without a name that is none.
func field(name, value string) error {
	if !fieldName.MatchString(name) || len(name) > mostFieldName {
		return errors.New("its header has a name that a letter may not set: List-… and X-… may be")
	}
	if name == string(gomail.HeaderXAutoResponseSuppress) || name == Header {
		return fmt.Errorf("its header has %s, which every mail bears anyway", name)
	}
	if len(value) > mostFieldValue || !fieldValue.MatchString(value) || encodedWord.MatchString(value) {
		return fmt.Errorf("the value of %s in its header is not one line of printable ASCII of at most %d bytes", name, mostFieldValue)
	}
	for word := range strings.FieldsSeq(value) {
		if len(word) > mostFieldWord {
			return fmt.Errorf("the value of %s in its header has a word of more than %d bytes, which no line of a mail could hold", name, mostFieldWord)
		}
	}
	return nil
}

// folded is a field's value in lines. Its first word, as a rule an address, stays on
// the line of the name: mail servers are known to write a name alone on its line anew,
// after they signed it.
func folded(name, value string) string {
	var b strings.Builder
	long := len(name) + len(":")
	for i, word := range strings.Split(value, " ") {
		switch {
		case i == 0:
		case long+1+len(word) > usualLine:
			b.WriteString("\r\n ")
			long = 0
		default:
			b.WriteString(" ")
		}
		b.WriteString(word)
		long += 1 + len(word)
	}
	return b.String()
}
