package survey

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"throughline"
)

// A Mail asks one respondent, ready to be sent.
type Mail struct {
	// Key is the same for every try to send the mail, and another one for the
	// reminder.
	Key     string
	To      string // email address
	Subject string // one line
	Text    string // plain, with lines that end in \n
	HTML    string // needs nothing from elsewhere: no image, no style sheet, no script

	// Unsubscribe is the address for List-Unsubscribe, and what a mail client posts
	// there (RFC 8058): see [Mail.Header]. A DKIM signature has to cover both.
	Unsubscribe string
}

// OneClick is the value of List-Unsubscribe-Post, and the body that mail clients
// post (RFC 8058, sections 3.1 and 3.2).
const OneClick = "List-Unsubscribe=One-Click"

// Header is what the mail says in its head beside the usual.
func (m Mail) Header() map[string]string {
	return map[string]string{
		"List-Unsubscribe":      "<" + m.Unsubscribe + ">",
		"List-Unsubscribe-Post": OneClick,
	}
}

// Mail writes the mail to a respondent: the first, or the reminder where the first
// was sent.
func (l *Links) Mail(s throughline.Survey, r throughline.Respondent) (Mail, error) {
	to, ok := address(r.Email)
	if !ok {
		return Mail{}, errors.New("writing a survey's mail: the respondent's address can't be written to; correct it in the CRM")
	}
	if seller(s) == "" {
		return Mail{}, errors.New("writing a survey's mail: the survey does not say which company it asks about")
	}
	p, err := l.letter(s, r)
	if err != nil {
		return Mail{}, err
	}
	var html bytes.Buffer
	if err := mailTemplate.Execute(&html, p); err != nil {
		return Mail{}, fmt.Errorf("writing a survey's mail as HTML: %w", err)
	}
	return Mail{Key: p.key(s, r), To: to, Subject: p.Subject, Text: p.text(), HTML: html.String(), Unsubscribe: p.StopURL}, nil
}

// A letter is what the mail says.
type letter struct {
	words
	Subject, Greeting, Intro, Asked string
	Rows                            [][]button
	StopURL                         string
	Reminder                        bool
}

// A button is one score.
type button struct {
	Score int
	URL   string
}

// perRow is how many scores stand side by side: on a screen 320 px wide, the
// narrowest there is (WCAG 2.2, 1.4.10), each is 44 px wide then, which is what a
// finger needs (2.5.5).
const perRow = 6

func (l *Links) letter(s throughline.Survey, r throughline.Respondent) (letter, error) {
	w := in(s.Language)
	p := letter{words: w, Subject: fmt.Sprintf(w.Subject, seller(s)), Greeting: w.HelloAll, Intro: fmt.Sprintf(w.Kickoff, w.date(local(s.Kickoff, r.Zone))), Asked: w.question(s)}
	if p.Reminder = r.AskedAt != nil; p.Reminder {
		p.Subject = fmt.Sprintf(w.Again, seller(s))
	}
	if name := line(r.Name, mostName); name != "" {
		p.Greeting = fmt.Sprintf(w.Hello, name)
	}
	for score := throughline.LowestScore; score <= throughline.HighestScore; score++ {
		to, err := l.Vote(s, r, score)
		if err != nil {
			return letter{}, err
		}
		if score%perRow == 0 {
			p.Rows = append(p.Rows, nil)
		}
		last := &p.Rows[len(p.Rows)-1]
		*last = append(*last, button{score, to})
	}
	var err error
	p.StopURL, err = l.Stop(s, r)
	return p, err
}

func local(t time.Time, zone string) time.Time {
	if z, err := time.LoadLocation(zone); err == nil {
		return t.In(z)
	}
	return t
}

// key tells the mails of a survey apart, in the form that package connect
// wants of a message's key, whatever the survey's id.
func (p letter) key(s throughline.Survey, r throughline.Respondent) string {
	what := "survey"
	if p.Reminder {
		what = "survey-reminder"
	}
	sum := sha256.Sum256([]byte(s.ID + "|" + r.ID))
	return what + "-" + hex.EncodeToString(sum[:16])
}

// text is the mail as plain text.
func (p letter) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n%s\n%s\n\n%s\n%s\n\n%s\n\n", p.Greeting, p.Intro, p.Asked, p.Low, p.High, p.How)
	for _, row := range p.Rows {
		for _, v := range row {
			fmt.Fprintf(&b, "%d: %s\n", v.Score, v.URL)
		}
	}
	fmt.Fprintf(&b, "\n%s", p.ChangedLater)
	if p.Reminder {
		fmt.Fprintf(&b, " %s", p.Once)
	}
	fmt.Fprintf(&b, "\n\n%s\n%s: %s\n", p.Foot, p.Stop, p.StopURL)
	return b.String()
}

//go:embed mail.html.tmpl
var mailHTML string

var mailTemplate = template.Must(template.New("mail").Parse(mailHTML))

// The longest names, in characters.
const (
	mostName   = 80
	mostSeller = 80
)

func seller(s throughline.Survey) string { return line(s.Seller, mostSeller) }

// line makes one line of a text from elsewhere: what can't be seen is dropped, and
// what could turn the reading direction around too.
func line(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == utf8.RuneError:
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > most {
		s = strings.TrimSpace(string(runes[:most-1])) + "…"
	}
	return s
}
