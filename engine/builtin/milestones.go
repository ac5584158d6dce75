package builtin

import (
	"fmt"
	"sort"
	"time"

	"throughline"
)

// A promise is a line of the seller's side that names something and a time for
// it.
type promise struct {
	l     *line
	m     moment
	day   int
	score float64
}

// milestones finds what the seller said the customer would see by about day 30,
// 60 and 90. Of promises of the same thing the last one holds; earlier dates are
// shown as replaced.
func milestones(rd *reading, d *throughline.Draft) {
	var ps []promise
	for _, l := range rd.lines {
		ps = append(ps, rd.promised(l)...)
	}
	sort.SliceStable(ps, func(i, j int) bool { return ps[i].score > ps[j].score })
	type milestone struct {
		holds   promise
		others  []promise
		earlier []promise
	}
	var ms []*milestone
	limit := rd.about(2, 0.7)
next:
	for _, p := range ps {
		for _, m := range ms {
			beside := m.holds.l.p.Source == p.l.p.Source && abs(m.holds.l.p.Index-p.l.p.Index) <= 2
			same := rd.alike(m.holds.l, p.l) >= 10
			near := absDays(m.holds.m.due, p.m.due) <= 6
			switch {
			case near && (same || beside || m.holds.m.from == throughline.FromCalendar && p.m.from == throughline.FromCalendar && absDays(m.holds.m.due, p.m.due) == 0):
				m.others = append(m.others, p)
				continue next
			case same && spokenAt(p.l).Before(spokenAt(m.holds.l)):
				m.earlier = append(m.earlier, p)
				continue next
			case same && spokenAt(m.holds.l).Before(spokenAt(p.l)) && p.l.p.Source != m.holds.l.p.Source:
				m.earlier = append(m.earlier, m.holds)
				m.holds = p
				continue next
			case beside && m.holds.l != p.l:
				continue next
			}
		}
		if len(ms) < limit {
			ms = append(ms, &milestone{holds: p})
		}
	}
	sort.SliceStable(ms, func(i, j int) bool { return ms[i].holds.m.due.Before(ms[j].holds.m.due) })
	for _, m := range ms {
		f := spot{lines: []*line{m.holds.l}}
		for _, o := range m.others {
			f.add(o.l)
		}
		it := item(throughline.KindMilestone, f, throughline.Item{
			Day: m.holds.day, Due: m.holds.m.date(), From: m.holds.m.from, Text: said(m.holds.l),
		})
		for i, e := range m.earlier {
			if i == 2 {
				break
			}
			it.Earlier = append(it.Earlier, throughline.DraftEarlier{
				Text:   fmt.Sprintf(rd.texts.SaidBefore, e.m.due.Format(rd.texts.Date)),
				Quotes: []throughline.DraftQuote{{Ref: e.l.p.Ref, Text: e.l.text()}},
			})
		}
		d.Items = append(d.Items, it)
	}
}

// promised lists what a line promises for a time between kickoff and day 110.
func (rd *reading) promised(l *line) []promise {
	if l.side() != throughline.SideSeller || l.question || l.p.Source.Kind == throughline.SourceChat && l.p.Source.Internal || l.p.Source.Kind == throughline.SourceCRM {
		return nil
	}
	c := calendar{lex: l.lex, words: l.dates, said: spokenAt(l), close: rd.deal.Close, kickoff: rd.deal.Kickoff}
	base := c.start()
	if base.IsZero() {
		return nil
	}
	outcome := l.cues["outcome"]
	for _, n := range rd.near(l, 0, 0) {
		if n != l {
			outcome = max(outcome, 0.7*n.cues["outcome"])
		}
	}
	moments := c.moments(l.text(), l.tokens)
	if outcome < 1 && !l.bounded(moments) {
		return nil
	}
	var ps []promise
	for _, m := range moments {
		if len(ps) > 0 && l.conditional(m) {
			break // what has to be true by then is the customer's part
		}
		day := bucket(int(m.due.Sub(base).Hours() / 24))
		if day == 0 {
			continue
		}
		v := outcome + rd.concrete(l) + rd.topical(l) + 0.8*rd.late(l) - 1.3*l.aside() - 0.5*l.cues["risk:commercial"]
		if m.due.Sub(base).Hours() < 72 {
			v -= 1.5
		}
		if l.deadline(m) {
			v++
		}
		if v < 3 {
			continue
		}
		p := promise{l: l, m: m, day: day, score: v}
		if n := len(ps); n > 0 && absDays(ps[n-1].m.due, m.due) < apart {
			if v >= ps[n-1].score {
				ps[n-1] = p
			}
			continue
		}
		ps = append(ps, p)
	}
	return ps
}

// apart is how many days lie between two things that one sentence promises;
// nearer days are of one.
const apart = 14

// deadline reports whether a word before a moment sets it as the last day: "by
// November 16th".
func (l *line) deadline(m moment) bool {
	for i := max(0, m.first-3); i < m.first; i++ {
		if l.lex.InClass("deadline", l.tokens[i].Word) {
			return true
		}
	}
	return false
}

// bounded reports whether the line sets one of the moments as a last day.
func (l *line) bounded(ms []moment) bool {
	for _, m := range ms {
		if l.deadline(m) {
			return true
		}
	}
	return false
}

// conditional reports whether a condition begins before a moment.
func (l *line) conditional(m moment) bool {
	for _, t := range l.tokens[:m.first] {
		if l.lex.InClass("condition", t.Word) {
			return true
		}
	}
	return false
}

// spokenAt is when a line was said, as near as the source tells.
func spokenAt(l *line) time.Time {
	if !l.p.At.IsZero() {
		return l.p.At
	}
	return l.p.Source.At
}

func absDays(a, b time.Time) int {
	return abs(int(a.Sub(b).Hours() / 24))
}
