package claude

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"throughline"
)

// A part is as much of the deal as goes into one request: all of it, unless it
// is larger than the model's window.
type part struct {
	pieces  []piece
	records []piece // the CRM's, which stand in every part
	size    int     // of the pieces, in tokens
	shown   string  // rendered for a request; empty until it is
	split   []int   // the parts it was split into, when it proved too large after all
}

// A piece is a source, or as many of its passages as fit.
type piece struct {
	source   *throughline.Source
	passages []*throughline.Passage
}

func (p piece) text() string { return element(p.source, p.passages) }

// halves splits a piece in two; a single passage can't be.
func (p piece) halves() (piece, piece) {
	n := len(p.passages) / 2
	return piece{p.source, p.passages[:n]}, piece{p.source, p.passages[n:]}
}

// partition puts the deal into parts of up to limit tokens, head aside. Sources
// stay whole where they fit; the CRM's records stand in every part.
func partition(deal *throughline.Deal, limit int) []part {
	var records, others []piece
	for _, s := range deal.Sources {
		switch {
		case s.NotEvidence != "":
		case s.Kind == throughline.SourceCRM:
			records = append(records, piece{s, s.Passages})
		default:
			others = append(others, piece{s, s.Passages})
		}
	}
	room := limit - size(records)
	if room < limit/4 {
		// Records of that size are no cast: they are split like everything else.
		others, records, room = append(others, records...), nil, limit
	}
	ps := []part{{records: records}}
	used := 0
	for len(others) > 0 {
		p := others[0]
		n := estimate(p.text())
		if n > room && len(p.passages) > 1 {
			a, b := p.halves()
			others = append([]piece{a, b}, others[1:]...)
			continue
		}
		if used > 0 && used+n > room {
			ps = append(ps, part{records: records})
			used = 0
		}
		last := &ps[len(ps)-1]
		last.pieces = append(last.pieces, p)
		used += n
		last.size = used
		others = others[1:]
	}
	return ps
}

func size(ps []piece) int {
	n := 0
	for _, p := range ps {
		n += estimate(p.text())
	}
	return n
}

// halves splits a part in two by its size; false when it can't be.
func (p part) halves() (a, b part, ok bool) {
	pieces := p.pieces
	if len(pieces) == 1 {
		if len(pieces[0].passages) < 2 {
			return a, b, false
		}
		x, y := pieces[0].halves()
		pieces = []piece{x, y}
	}
	if len(pieces) == 0 {
		return a, b, false
	}
	half, used, n := size(pieces)/2, 0, 0
	for n < len(pieces)-1 && (n == 0 || used < half) {
		used += estimate(pieces[n].text())
		n++
	}
	return part{pieces: pieces[:n], records: p.records}, part{pieces: pieces[n:], records: p.records}, true
}

// has reports whether a passage stands in the part.
func (p part) has(ref string) bool {
	for _, pc := range p.pieces {
		for _, q := range pc.passages {
			if q.Ref == ref {
				return true
			}
		}
	}
	return false
}

// text renders the part for a model, each passage on a line under its ref.
func (p part) text(deal *throughline.Deal, of int) string {
	var b strings.Builder
	if of > 1 {
		b.WriteString("This is a part of the deal; the others are read apart. Give what this part shows.\n\n")
	}
	b.WriteString(cast(deal))
	for _, pc := range p.pieces {
		b.WriteString(pc.text())
	}
	for _, pc := range p.records {
		b.WriteString(pc.text())
	}
	return b.String()
}

// cast is the deal's head: what was sold by whom to whom, and everybody's side.
func cast(d *throughline.Deal) string {
	var b strings.Builder
	b.WriteString("# The deal\n\n")
	line := func(label, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\n", label, escape(value))
		}
	}
	line("Deal", d.Name)
	line("Seller", named(d.Seller))
	line("Customer", named(d.Customer))
	if d.Amount != "" {
		line("Amount", strings.TrimSpace(d.Amount+" "+d.Currency))
	}
	line("Closed (signed)", day(d.Close))
	line("Kickoff", day(d.Kickoff))
	if d.AE != nil {
		line("AE", d.AE.Name)
	}
	if d.CSM != nil {
		line("CSM", d.CSM.Name)
	}
	for _, side := range []struct {
		side  throughline.Side
		title string
	}{{throughline.SideSeller, "The seller's people"}, {throughline.SideCustomer, "The customer's people"}, {throughline.SideUnknown, "People whose side is not known"}} {
		var rows []string
		for _, p := range d.People {
			if p.Side != side.side {
				continue
			}
			row := "- " + escape(p.Name)
			for _, extra := range []string{p.Title, p.Role, crmRole(p)} {
				if extra != "" {
					row += ", " + escape(extra)
				}
			}
			rows = append(rows, row)
		}
		if len(rows) > 0 {
			fmt.Fprintf(&b, "\n%s:\n%s\n", side.title, strings.Join(rows, "\n"))
		}
	}
	b.WriteString("\n# The sources\n\n")
	return b.String()
}

func crmRole(p *throughline.Person) string {
	if p.CRMRole == "" {
		return ""
	}
	return "in the CRM: " + p.CRMRole
}

func named(c throughline.Company) string {
	s := c.Name
	if s == "" {
		s = c.Domain
	}
	var extra []string
	for _, e := range []string{c.Product, c.Industry, c.Region} {
		if e != "" && e != s {
			extra = append(extra, e)
		}
	}
	if c.Employees > 0 {
		extra = append(extra, fmt.Sprintf("%d employees", c.Employees))
	}
	if len(extra) > 0 {
		s += " (" + strings.Join(extra, ", ") + ")"
	}
	return s
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

// element renders a source with the passages given. What repeats other passages
// (quoted mail, signatures) is left out.
func element(s *throughline.Source, passages []*throughline.Passage) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<source id=%q kind=%q title=%q", s.ID, string(s.Kind), escape(s.Title))
	if !s.At.IsZero() {
		fmt.Fprintf(&b, " date=%q", day(s.At))
	}
	if s.Internal {
		b.WriteString(` internal="yes"`)
	}
	if s.Shared {
		b.WriteString(` shared_with_customer="yes"`)
	}
	if names := peopleNames(s); names != "" && s.Kind != throughline.SourceCRM && s.Kind != throughline.SourceDocument {
		fmt.Fprintf(&b, " people=%q", names)
	}
	b.WriteString(">\n")
	for _, p := range passages {
		if p.History {
			continue
		}
		b.WriteString(passageLine(p))
		b.WriteByte('\n')
	}
	b.WriteString("</source>\n\n")
	return b.String()
}

func peopleNames(s *throughline.Source) string {
	var names []string
	for _, p := range s.People {
		names = append(names, escape(p.Name))
	}
	return strings.Join(names, "; ")
}

// passageLine is one passage on its line: "c3.142 [0:12:31] Ann Lee (seller): …".
func passageLine(p *throughline.Passage) string {
	var b strings.Builder
	b.WriteString(p.Ref)
	switch p.Source.Kind {
	case throughline.SourceCall:
		if p.Offset >= 0 {
			fmt.Fprintf(&b, " [%s]", clock(p.Offset))
		}
	case throughline.SourceChat:
		if !p.At.IsZero() {
			b.WriteString(" [" + p.At.Format("2006-01-02 15:04") + "]")
		}
	case throughline.SourceCRM:
		if d := day(p.At); d != "" && !p.At.Equal(p.Source.At) {
			b.WriteString(" [" + d + "]")
		}
	}
	if p.Thread != "" && p.Source.Kind == throughline.SourceChat {
		b.WriteString(" (answers " + p.Thread + ")")
	}
	if p.Label != "" {
		b.WriteString(" [" + escape(p.Label) + "]")
	}
	if who := p.Name; who != "" || p.Speaker != nil {
		if p.Speaker != nil {
			who = p.Speaker.Name
		}
		side := string(p.Side())
		if side == "" {
			side = "unknown"
		}
		fmt.Fprintf(&b, " %s (%s)", escape(who), side)
	} else if p.Source.Kind == throughline.SourceCall {
		b.WriteString(" unknown speaker (unknown)")
	}
	b.WriteString(": ")
	b.WriteString(escape(p.Text))
	return b.String()
}

func clock(d time.Duration) string {
	s := int(d.Seconds())
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

// escape makes a text of the deal harmless as data: no tag can be opened or
// closed in it, a passage stays on its line, and what can't be seen is gone.
func escape(s string) string {
	if plain(s) {
		return strings.TrimSpace(s)
	}
	var b strings.Builder
	b.Grow(len(s))
	newline := false
	for _, r := range s {
		switch {
		case r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029':
			newline = true
			continue
		case unicode.IsSpace(r):
			r = ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != '\u200d':
			continue
		}
		if newline {
			b.WriteString(" | ")
			newline = false
		}
		switch r {
		case '<':
			b.WriteString("&lt;")
		case '>':
			b.WriteString("&gt;")
		case '&':
			b.WriteString("&amp;")
		default:
			b.WriteRune(r)
		}
	}
	return strings.TrimSpace(b.String())
}

// plain reports whether a text has nothing to escape, as most have.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '<' || c == '>' || c == '&' {
			return false
		}
	}
	return true
}

// charsPerToken is how many bytes one token holds, roughly: three for the newest
// models, whose tokenizer makes about 30% more tokens of a text than earlier
// ones did. It errs on the side of more tokens.
const charsPerToken = 3

// estimate is how many tokens a text makes, roughly.
func estimate(s string) int { return len(s)/charsPerToken + 1 }
