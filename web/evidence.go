package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"throughline"
	"throughline/lifecycle"
	"throughline/render"
)

// around is how many passages stand before and after the one that a quote is of:
// enough to tell what was answered, and what was said to it.
const around = 3

// A citation is a quote of the handoff, and what stands on it.
type citation struct {
	throughline.Evidence
	About string // the id of an item or of a contradiction
	Text  string // what that says, in one line
}

// citations are all quotes of a handoff, in its order.
func citations(h *throughline.Handoff) []citation {
	var out []citation
	add := func(about, text string, evs []throughline.Evidence) {
		for _, e := range evs {
			out = append(out, citation{e, about, flat(text)})
		}
	}
	for _, it := range h.Items {
		text := it.Text
		if it.Kind.AboutPerson() {
			text = it.Person
		}
		add(it.ID, text, it.Evidence)
		for _, was := range it.Superseded {
			add(it.ID, text, was.Evidence)
		}
	}
	for _, c := range h.Contradictions {
		for _, side := range c.Sides {
			add(c.ID, c.Text, side.Evidence)
		}
	}
	return out
}

// standing is the passage that a quote stands in, of what was collected last: the
// one that the handoff names, or, where the deal has grown since and its sources are
// numbered anew, the one that has the same words by the same speaker. It is nil
// where no passage has them.
func standing(d *throughline.Deal, e throughline.Evidence) *throughline.Passage {
	if p := d.Passage(e.Ref); p != nil && strings.Contains(p.Text, e.Quote) {
		return p
	}
	var found *throughline.Passage
	for p := range d.Passages {
		if e.Quote == "" || !strings.Contains(p.Text, e.Quote) {
			continue
		}
		if speaker(p) == e.Speaker && p.Evidence() {
			return p
		}
		if found == nil {
			found = p
		}
	}
	return found
}

func speaker(p *throughline.Passage) string {
	if p.Speaker != nil {
		return p.Speaker.Name
	}
	return p.Name
}

// A passageView is a passage as a page shows it.
type passageView struct {
	Ref     string
	Label   string // a field's, a heading
	Speaker string
	Side    string // the company that the speaker is of, as far as it is known
	Seller  bool
	At      time.Time
	Clock   string // the moment of the recording
	Href    string // opens the recording, or the message
	Parts   []segment
	History bool   // repeats what stands elsewhere
	Reply   bool   // to a message before
	Here    bool   // is the one that was asked for
	Cited   []link // what stands on it
}

// A segment is a part of a passage's text, marked or not.
type segment struct {
	Text   string
	Marked bool
}

// A link leads to a place of ours.
type link struct{ Path, Text string }

// A span is a part of a text, from a byte up to another.
type span struct{ from, to int }

// view is a passage with parts of it marked.
func (d *readDeal) view(p *throughline.Passage, marks []span) passageView {
	v := d.views[p]
	if len(marks) > 0 {
		v.Parts = segments(p.Text, marks)
	}
	return v
}

// viewOf is a passage with nothing marked.
func viewOf(d *throughline.Deal, p *throughline.Passage) passageView {
	v := passageView{
		Ref: p.Ref, Label: flat(p.Label), Speaker: flat(speaker(p)), Side: sideName(d, p.Side()), Seller: p.Side() == throughline.SideSeller,
		At: p.At, Parts: segments(p.Text, nil), History: p.History, Reply: p.Thread != "" && p.Thread != p.Ref,
	}
	if p.Offset >= 0 && p.Source.Kind == throughline.SourceCall {
		v.Clock = clockOf(p.Offset)
	}
	v.Href, _ = render.Link(p.URL)
	return v
}

// segments cuts a text where marks begin and end; marks that touch are one.
func segments(text string, marks []span) []segment {
	slices.SortFunc(marks, func(a, b span) int { return a.from - b.from })
	var out []segment
	add := func(from, to int, marked bool) {
		if said := shape(text[from:to]); said != "" {
			out = append(out, segment{said, marked})
		}
	}
	done := 0
	for i := 0; i < len(marks); {
		m := marks[i]
		for i++; i < len(marks) && marks[i].from <= m.to; i++ {
			m.to = max(m.to, marks[i].to)
		}
		add(done, m.from, false)
		add(m.from, m.to, true)
		done = m.to
	}
	add(done, len(text), false)
	return out
}

// shape is a text as it is shown, its lines kept: without what prints nothing but
// changes how the rest is shown.
func shape(s string) string {
	return strings.Map(func(r rune) rune {
		overrides := r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || r >= 0xE0000 && r <= 0xE007F
		if r == unicode.ReplacementChar || overrides || unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
}

// flat is a text in one line, as it is shown.
func flat(s string) string { return line(shape(s)) }

// sideName is the company that speaks from a side, as far as it is named.
func sideName(d *throughline.Deal, side throughline.Side) string {
	name := ""
	switch side {
	case throughline.SideCustomer:
		if name = flat(d.Customer.Name); name == "" {
			name = "customer"
		}
	case throughline.SideSeller:
		if name = flat(d.Seller.Name); name == "" {
			name = "seller"
		}
	}
	return name
}

// clockOf shows a moment of a recording: 12:31, or 1:02:31 in the second hour.
func clockOf(d time.Duration) string {
	s := int(d.Seconds())
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

// quoted are the parts of each passage of a source that a handoff quotes, and the
// ids of what stands on them.
func quoted(d *throughline.Deal, h *throughline.Handoff, source string) (marks map[*throughline.Passage][]span, cited map[*throughline.Passage][]citation) {
	marks, cited = map[*throughline.Passage][]span{}, map[*throughline.Passage][]citation{}
	for _, c := range citations(h) {
		p := standing(d, c.Evidence)
		if p == nil || p.Source.ID != source {
			continue
		}
		from := strings.Index(p.Text, c.Quote)
		marks[p] = append(marks[p], span{from, from + len(c.Quote)})
		if !slices.ContainsFunc(cited[p], func(one citation) bool { return one.About == c.About }) {
			cited[p] = append(cited[p], c)
		}
	}
	return marks, cited
}

// sourcePath is the address of a source's page at a passage.
func sourcePath(run, ref string) string {
	source, _, _ := strings.Cut(ref, ".")
	return runPath(run) + "/sources/" + url.PathEscape(source) + "#" + ref
}

// besidePath is the address of what stands beside the handoff when a quote is
// pressed.
func besidePath(run, ref, about string) string {
	return runPath(run) + "/evidence/" + url.PathEscape(ref) + "?" + url.Values{"of": {about}}.Encode()
}

// A besideView is a quote's source beside the handoff: its passage, marked, with
// what was said around it.
type besideView struct {
	lost
	Source   sourceHead
	Passages []passageView
	Whole    string // the source's own page
	Href     string // the recording, at that second
	Clock    string
	Moved    bool // no passage of today has the words
	Quotes   []citation
}

// evidence shows a quote's source beside the handoff, or leads to the source's own
// page whoever opened the address by itself.
func (s *Server) evidence(w http.ResponseWriter, r *http.Request, run lifecycle.Run) error {
	if run.Version == 0 {
		return errNoPage
	}
	h, err := s.teamView(r, run)
	if err != nil {
		return err
	}
	ref, of := r.PathValue("ref"), r.URL.Query().Get("of")
	var said []citation
	for _, c := range citations(h) {
		if c.Ref == ref && (of == "" || c.About == of) {
			said = append(said, c)
		}
	}
	if len(said) == 0 {
		return problem{http.StatusNotFound, "No quote of this handoff stands there. A newer version may have come out: open the handoff again."}
	}
	source, _, _ := strings.Cut(ref, ".")
	if err := s.noteRead(r, run, person(r), lifecycle.Reading{Audience: throughline.AudienceTeam, Of: "source " + source}); err != nil {
		return err
	}
	d, why, err := s.rawText(r, run)
	if err != nil {
		return err
	}
	v := besideView{Quotes: said, lost: why}
	if !v.Gone {
		v.fill(d, run.ID, said)
	}
	if r.Header.Get("HX-Request") == "" {
		to := v.Whole
		if to == "" {
			to = sourcePath(run.ID, ref)
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
		return nil
	}
	s.show(w, http.StatusOK, "beside.tmpl", v)
	return nil
}

// fill shows the passage that the quotes stand in.
func (v *besideView) fill(d *readDeal, run string, said []citation) {
	p := standing(d.Deal, said[0].Evidence)
	if p == nil {
		v.Moved = true
		return
	}
	var marks []span
	for _, c := range said {
		if from := strings.Index(p.Text, c.Quote); from >= 0 && c.Quote != "" {
			marks = append(marks, span{from, from + len(c.Quote)})
		}
	}
	v.Source, v.Whole = d.heads[p.Source.ID], sourcePath(run, p.Ref)
	all := p.Source.Passages
	for _, near := range all[max(0, p.Index-around):min(len(all), p.Index+around+1)] {
		if near != p {
			v.Passages = append(v.Passages, d.view(near, nil))
			continue
		}
		here := d.view(p, marks)
		here.Here = true
		if at := marked(p, marks); at >= 0 && p.Source.Kind == throughline.SourceCall {
			here.Clock = clockOf(at)
		}
		v.Clock = here.Clock
		if v.Href, _ = render.Link(said[0].URL); v.Href == "" {
			v.Href = here.Href
		}
		v.Passages = append(v.Passages, here)
	}
	if root := d.Passage(p.Thread); root != nil && root.Source == p.Source && root.Index < p.Index-around {
		v.Passages = append([]passageView{d.view(root, nil)}, v.Passages...)
	}
}

// marked is the moment at which the first marked words were said; -1 where the
// source tells none.
func marked(p *throughline.Passage, marks []span) time.Duration {
	if len(marks) == 0 {
		return p.Offset
	}
	return p.OffsetAt(marks[0].from)
}

// teamView is the newest version as the team sees it. Only pages for the team call
// it.
func (s *Server) teamView(r *http.Request, run lifecycle.Run) (*throughline.Handoff, error) {
	h, err := s.Service.Current(r.Context(), run)
	if err != nil {
		return nil, err
	}
	return render.For(h, throughline.AudienceTeam), nil
}
