package smtp

import (
	"bytes"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"github.com/jhillyerd/enmime/v2"
	"golang.org/x/net/html"
)

// A Message is one in a mailbox, as a mail program shows it.
type Message struct {
	ID       string // its Message-ID, without brackets; empty where it has none
	Envelope string // whom the server was told it comes from
	From, To string // as shown; To is the mailbox's address
	Subject  string
	Date     time.Time
	Arrived  time.Time
	Text     string // of the plain part
	HTML     string
	Links    []Link // of the HTML
	// Alive is what of the HTML a mail program would fetch or run: images,
	// scripts, forms, style sheets from elsewhere.
	Alive []string

	Header  textproto.MIMEHeader // as it came, encoded words and all
	Damaged []string             // what a reader of mail finds wrong with it
	Raw     []byte
}

// A Link is one that a person can click.
type Link struct{ Label, URL string }

// parser believes what a message says it is written in.
var parser = enmime.NewParser(enmime.DisableCharacterDetection(true))

// parse takes a message apart.
func parse(raw []byte) Message {
	m := Message{Raw: raw}
	env, err := parser.ReadEnvelope(bytes.NewReader(raw))
	if err != nil {
		m.Damaged = []string{err.Error()}
		return m
	}
	for _, e := range env.Errors {
		m.Damaged = append(m.Damaged, e.Error())
	}
	m.ID = strings.Trim(env.GetHeader("Message-Id"), " <>")
	m.From, m.Subject = env.GetHeader("From"), env.GetHeader("Subject")
	m.Date, _ = env.Date()
	m.Text, m.HTML, m.Header = env.Text, env.HTML, env.Root.Header
	m.look()
	return m
}

// fetched are elements by which something comes from elsewhere, or runs.
var fetched = []string{"img", "script", "iframe", "frame", "object", "embed", "link", "form", "input", "button", "video", "audio", "source", "base", "svg", "math", "meta"}

// look finds in the HTML what can be clicked, and what does something by itself.
func (m *Message) look() {
	doc, err := html.Parse(strings.NewReader(m.HTML))
	if err != nil {
		m.Damaged = append(m.Damaged, err.Error())
		return
	}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if slices.Contains(fetched, n.Data) && (n.Data != "meta" || attribute(n, "http-equiv") != "") {
			m.Alive = append(m.Alive, "<"+n.Data+">")
		}
		for _, a := range n.Attr {
			value := strings.ToLower(a.Val)
			if strings.HasPrefix(a.Key, "on") || a.Key == "src" || a.Key == "background" || strings.Contains(value, "url(") || a.Key == "href" && !strings.HasPrefix(value, "http") {
				m.Alive = append(m.Alive, a.Key+"="+a.Val)
			}
		}
		if n.Data == "style" && strings.ContainsAny(textOf(n), "@\\") && (strings.Contains(textOf(n), "@import") || strings.Contains(textOf(n), "url(")) {
			m.Alive = append(m.Alive, textOf(n))
		}
		if to := attribute(n, "href"); n.Data == "a" && to != "" {
			m.Links = append(m.Links, Link{Label: textOf(n), URL: to})
		}
	}
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
