package salesforce

import (
	"bytes"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"strings"
	"time"
)

// eml writes an EmailMessage as mail (RFC 5322), so that it is read as all mail
// is: threads, quoted history and signatures told apart, the same message from
// another export recognised by its Message-ID.
func (d *Deal) eml(e Record) []byte {
	var b bytes.Buffer
	header := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\r\n", name, value)
		}
	}
	header("From", address(e.text("FromName"), e.text("FromAddress")))
	header("To", d.addresses(e.text("ToAddress")))
	header("Cc", d.addresses(e.text("CcAddress")))
	for _, field := range []string{"MessageDate", "CreatedDate"} {
		if at := when(e.text(field)); !at.IsZero() {
			header("Date", at.Format(time.RFC1123Z))
			break
		}
	}
	header("Subject", mime.QEncoding.Encode("utf-8", oneLine(e.text("Subject"))))
	header("Message-ID", messageID(e))
	if id := e.text("ReplyToEmailMessageId"); id != "" {
		for _, other := range d.Emails {
			if other.text("Id") == id {
				header("In-Reply-To", messageID(other))
			}
		}
	}
	header("MIME-Version", "1.0")
	kind, body := "text/plain", e.text("TextBody")
	if strings.TrimSpace(body) == "" {
		kind, body = "text/html", e.text("HtmlBody")
	}
	header("Content-Type", kind+`; charset="utf-8"`)
	header("Content-Transfer-Encoding", "quoted-printable")
	b.WriteString("\r\n")
	w := quotedprintable.NewWriter(&b)
	_, _ = w.Write([]byte(body)) // into memory, which can't fail
	_ = w.Close()
	return b.Bytes()
}

// messageID is the id the mail has in its own world, else one made of the
// record's.
func messageID(e Record) string {
	id := strings.Trim(oneLine(e.text("MessageIdentifier")), "<> ")
	if id == "" || strings.ContainsAny(id, " <>") {
		id = plain(e.text("Id")) + "@salesforce.invalid"
	}
	return "<" + id + ">"
}

var mailAddress = regexp.MustCompile(`[^\s<>"'()\[\],;:]+@[^\s<>"'()\[\],;:]+`)

// addresses are those of a field that lists them with semicolons, under the
// names that the deal's people have.
func (d *Deal) addresses(list string) string {
	var out []string
	for _, a := range mailAddress.FindAllString(list, -1) {
		out = append(out, address(d.nameOf(a), a))
	}
	return strings.Join(out, ", ")
}

func (d *Deal) nameOf(email string) string {
	for _, people := range [][]Record{d.Contacts, d.Users} {
		for _, p := range people {
			if strings.EqualFold(p.text("Email"), email) {
				return p.text("Name")
			}
		}
	}
	return ""
}

func address(name, email string) string {
	email = mailAddress.FindString(email)
	if email == "" {
		return mime.QEncoding.Encode("utf-8", oneLine(name))
	}
	return (&mail.Address{Name: oneLine(name), Address: email}).String()
}

// oneLine keeps a value from ending its header.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// when reads a datetime of the REST API; zero where it is none.
func when(s string) time.Time {
	for _, layout := range []string{"2006-01-02T15:04:05.000-0700", time.RFC3339Nano} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}
