package connect

import (
	"bytes"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A LoggedEmail is an email as a CRM's record has it. All its texts may hold
// anything.
type LoggedEmail struct {
	From       mail.Address // without an address where only a name is known
	To, Cc     []mail.Address
	At         time.Time // zero where it isn't told
	Subject    string
	ID         string   // see [MessageID]
	References []string // ids of what came before in the thread
	InReplyTo  string   // id; empty where it isn't told
	Text       string
	HTML       string // read where there is no text
}

// EML writes the email as mail (RFC 5322), so that it is read as all mail is:
// threads, quoted history and signatures told apart, the same message from another
// export recognised by its Message-ID.
func (e LoggedEmail) EML() []byte {
	var b bytes.Buffer
	header := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\r\n", name, value)
		}
	}
	header("From", headerAddress(e.From))
	header("To", headerAddresses(e.To))
	header("Cc", headerAddresses(e.Cc))
	if !e.At.IsZero() {
		header("Date", e.At.Format(time.RFC1123Z))
	}
	header("Subject", mime.QEncoding.Encode("utf-8", oneLine(e.Subject)))
	header("Message-ID", e.ID)
	header("In-Reply-To", e.InReplyTo)
	header("References", strings.Join(e.References, " "))
	header("MIME-Version", "1.0")
	kind, body := "text/plain", e.Text
	if strings.TrimSpace(body) == "" {
		kind, body = "text/html", e.HTML
	}
	header("Content-Type", kind+`; charset="utf-8"`)
	header("Content-Transfer-Encoding", "quoted-printable")
	b.WriteString("\r\n")
	w := quotedprintable.NewWriter(&b)
	_, _ = w.Write([]byte(body)) // into memory, which can't fail
	_ = w.Close()
	return b.Bytes()
}

// MessageID is the id that a mail has in its own world, in angle brackets; where the
// record's native one can't be one, one made of the record's id and its system, such
// as "hubspot".
func MessageID(native, record, system string) string {
	id := strings.Trim(oneLine(native), "<> ")
	if id == "" || strings.ContainsAny(id, " <>") {
		id = PlainID(record) + "@" + system + ".invalid"
	}
	return "<" + id + ">"
}

var mailAddress = regexp.MustCompile(`[^\s<>"'()\[\],;:]+@[^\s<>"'()\[\],;:]+`)

// MailAddresses are the email addresses in a text, bare of names, as they stand.
func MailAddresses(text string) []string { return mailAddress.FindAllString(text, -1) }

// MailAddress is the first of a text's [MailAddresses]; empty where there is none.
func MailAddress(text string) string { return mailAddress.FindString(text) }

// AddAddress adds the first email address in a text in lower case, unless it is in
// the list or there is none.
func AddAddress(list []string, text string) []string {
	email := strings.ToLower(MailAddress(text))
	if email == "" || slices.Contains(list, email) {
		return list
	}
	return append(list, email)
}

func headerAddresses(list []mail.Address) string {
	var out []string
	for _, one := range list {
		if a := headerAddress(one); a != "" {
			out = append(out, a)
		}
	}
	return strings.Join(out, ", ")
}

// headerAddress is as much of who it is as a header may hold.
func headerAddress(who mail.Address) string {
	name, address := oneLine(who.Name), MailAddress(who.Address)
	if address == "" {
		return mime.QEncoding.Encode("utf-8", name)
	}
	return (&mail.Address{Name: name, Address: address}).String()
}
