package web

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"throughline"
	"throughline/lifecycle"
	"throughline/render"
)

// A sourceHead is a source as a list shows it.
type sourceHead struct {
	ID, Title   string
	Kind        throughline.SourceKind
	Path        string // its page
	Href        string // opens it in its system
	File        string
	At          time.Time
	Minutes     int
	Words       int
	Passages    int
	Cited       int // quotes of the handoff that stand in it
	People      []speakerView
	Internal    bool // nobody of the customer's was party to it
	Shared      bool // a channel that the customer's company is in
	Private     bool
	NotEvidence string
}

// A speakerView is somebody who took part.
type speakerView struct{ Name, Title, Side string }

func headOf(d *throughline.Deal, s *throughline.Source) sourceHead {
	h := sourceHead{
		ID: s.ID, Title: cmp.Or(flat(s.Title), kindWord(s.Kind)), Kind: s.Kind, File: flat(s.File), At: s.At, Minutes: int(s.Duration.Round(time.Minute).Minutes()),
		Words: s.Words(), Passages: len(s.Passages), Internal: s.Internal, Shared: s.Shared, Private: s.Private, NotEvidence: flat(s.NotEvidence),
	}
	h.Href, _ = render.Link(s.URL)
	for _, p := range s.People {
		h.People = append(h.People, speakerView{cmp.Or(flat(p.Name), flat(p.Email)), flat(p.Title), sideName(d, p.Side)})
	}
	return h
}

// kindWords are the kinds of source: one of them, and several.
var kindWords = map[throughline.SourceKind][2]string{
	throughline.SourceCall: {"Call", "Calls"}, throughline.SourceEmail: {"Email", "Emails"}, throughline.SourceChat: {"Chat", "Chats"},
	throughline.SourceCRM: {"CRM record", "CRM records"}, throughline.SourceDocument: {"Document", "Documents"},
}

func kindWord(k throughline.SourceKind) string { return cmp.Or(kindWords[k][0], flat(string(k))) }

// Word is what the source is.
func (h sourceHead) Word() string { return kindWord(h.Kind) }

// A sourcesView is all that was read of a deal.
type sourcesView struct {
	frame
	Tabs tabs
	Run  lifecycle.Run
	lost
	At       time.Time // when it was collected
	Groups   []sourceGroup
	Words    int
	Minutes  int
	Problems []string // what could not be read, and why
	Notes    []string
	Kept     []citation // the quotes that remain where the raw text does not

	Asked string // what is searched for
	Short bool   // it is too short to be
	Found int
	Hits  []sourceHits
}

type sourceGroup struct {
	Title   string
	Sources []sourceHead
}

// sourceHits are the passages of a source in which what was searched for stands.
type sourceHits struct {
	Source   sourceHead
	Passages []passageView
}

func (s *Server) sourcesPage(w http.ResponseWriter, r *http.Request, run lifecycle.Run) error {
	v := sourcesView{frame: framed(r, "Sources", placeDeals), Tabs: s.tabs(r, run, tabSources), Run: run, Asked: flat(r.URL.Query().Get("q"))}
	h, err := s.drafted(r, run)
	if err != nil {
		return err
	}
	d, why, err := s.rawText(r, run)
	if err != nil {
		return err
	}
	if v.lost = why; v.Gone {
		v.gone(h)
	} else {
		v.fill(d, h)
		v.search(d)
	}
	if err := s.noteRead(r, run, person(r), lifecycle.Reading{Audience: throughline.AudienceTeam, Of: "the sources"}); err != nil {
		return err
	}
	s.show(w, http.StatusOK, "sources.tmpl", v)
	return nil
}

// drafted is the newest version as the team sees it; an empty one before the first.
func (s *Server) drafted(r *http.Request, run lifecycle.Run) (*throughline.Handoff, error) {
	if run.Version == 0 {
		return &throughline.Handoff{}, nil
	}
	return s.teamView(r, run)
}

// gone fills the page from the handoff alone.
func (v *sourcesView) gone(h *throughline.Handoff) {
	for _, n := range h.Sources {
		head := sourceHead{
			ID: n.ID, Title: cmp.Or(flat(n.Title), kindWord(n.Kind)), Kind: n.Kind, Path: runPath(v.Run.ID) + "/sources/" + url.PathEscape(n.ID),
			Minutes: n.Minutes, Words: n.Words, Passages: n.Passages, Cited: n.Cited, Internal: n.Internal, NotEvidence: flat(n.NotEvidence),
		}
		head.Href, _ = render.Link(n.URL)
		if n.At != nil {
			head.At = *n.At
		}
		for _, name := range n.People {
			head.People = append(head.People, speakerView{Name: flat(name)})
		}
		v.add(head)
	}
	for _, p := range h.Problems {
		v.Problems = append(v.Problems, problemLine(p))
	}
}

func (v *sourcesView) fill(d *readDeal, h *throughline.Handoff) {
	v.At = d.At
	cited := map[string]int{}
	for _, c := range citations(h) {
		if p := standing(d.Deal, c.Evidence); p != nil {
			cited[p.Source.ID]++
		}
	}
	for _, src := range d.Sources {
		head := d.heads[src.ID]
		head.Cited, head.Path = cited[src.ID], runPath(v.Run.ID)+"/sources/"+url.PathEscape(src.ID)
		v.add(head)
	}
	for _, p := range d.Problems {
		v.Problems = append(v.Problems, problemLine(p))
	}
	for _, n := range d.Notes {
		v.Notes = append(v.Notes, flat(n))
	}
}

// add puts a source where others of its kind are, in order of time.
func (v *sourcesView) add(head sourceHead) {
	v.Words += head.Words
	v.Minutes += head.Minutes
	title := cmp.Or(kindWords[head.Kind][1], "Other")
	i := slices.IndexFunc(v.Groups, func(g sourceGroup) bool { return g.Title == title })
	if i < 0 {
		i = len(v.Groups)
		v.Groups = append(v.Groups, sourceGroup{Title: title})
	}
	g := &v.Groups[i]
	at := len(g.Sources)
	for at > 0 && g.Sources[at-1].At.After(head.At) {
		at--
	}
	g.Sources = slices.Insert(g.Sources, at, head)
}

// Count is how many sources were read.
func (v sourcesView) Count() (n int) {
	for _, g := range v.Groups {
		n += len(g.Sources)
	}
	return n
}

// NoEvidence are the sources that prove nothing.
func (v sourcesView) NoEvidence() (out []sourceHead) {
	for _, g := range v.Groups {
		for _, s := range g.Sources {
			if s.NotEvidence != "" {
				out = append(out, s)
			}
		}
	}
	return out
}

// problemLine says in one line what could not be read, and where.
func problemLine(p throughline.Problem) string {
	at := flat(p.File)
	if p.Line > 0 {
		at += fmt.Sprintf(", line %d", p.Line)
	}
	if p.Record != "" {
		at += ", record " + flat(p.Record)
	}
	if at == "" {
		return flat(p.What)
	}
	return at + ": " + flat(p.What)
}

const (
	// mostHits is how many passages a search shows.
	mostHits = 100
	// shortestAsked and longestAsked bound what is searched for, in characters.
	shortestAsked, longestAsked = 2, 200
)

// search finds the passages that have every word of what was asked, or are said by
// somebody of that name.
func (v *sourcesView) search(d *readDeal) {
	if v.Asked == "" {
		return
	}
	if utf8.RuneCountInString(v.Asked) > longestAsked {
		v.Asked = string([]rune(v.Asked)[:longestAsked])
	}
	terms := strings.Fields(folded(v.Asked))
	if utf8.RuneCountInString(v.Asked) < shortestAsked {
		v.Short = true
		return
	}
	for _, g := range v.Groups {
		for _, head := range g.Sources {
			hits := sourceHits{Source: head}
			for _, p := range d.Source(head.ID).Passages {
				marks, ok := found(d.folded[p], folded(speaker(p)), terms)
				if !ok {
					continue
				}
				if v.Found++; v.Found <= mostHits {
					hits.Passages = append(hits.Passages, d.view(p, marks))
				}
			}
			if len(hits.Passages) > 0 {
				v.Hits = append(v.Hits, hits)
			}
		}
	}
}

// found are the places of the terms in a text. Each term stands in it, or in the
// speaker's name; one at least stands in the text.
func found(text, speaker string, terms []string) (marks []span, ok bool) {
	for _, term := range terms {
		n := len(marks)
		for from := 0; ; {
			i := strings.Index(text[from:], term)
			if i < 0 {
				break
			}
			marks = append(marks, span{from + i, from + i + len(term)})
			from += i + len(term)
		}
		if n == len(marks) && !strings.Contains(speaker, term) {
			return nil, false
		}
	}
	return marks, len(marks) > 0
}

// A sourceView is one source, as a transcript or a thread.
type sourceView struct {
	frame
	Tabs tabs
	lost
	Source   sourceHead
	Passages []passageView
	Kept     []citation // its quotes, where the raw text is not kept
	Back     string     // the handoff's page
	Next     *sourceHead
	Before   *sourceHead
}

func (s *Server) sourcePage(w http.ResponseWriter, r *http.Request, run lifecycle.Run) error {
	h, err := s.drafted(r, run)
	if err != nil {
		return err
	}
	id := r.PathValue("source")
	v := sourceView{frame: framed(r, "Source", placeDeals), Tabs: s.tabs(r, run, tabSources), Back: runPath(run.ID)}
	list := sourcesView{Run: run}
	d, why, err := s.rawText(r, run)
	if err != nil {
		return err
	}
	if v.lost = why; v.Gone {
		list.gone(h)
		for _, c := range citations(h) {
			if c.Source == id {
				v.Kept = append(v.Kept, c)
			}
		}
	} else {
		list.fill(d, h)
		if src := d.Source(id); src != nil {
			v.Passages = passages(d, h, src, run.ID)
		}
	}
	if !v.place(list, id) {
		return problem{http.StatusNotFound, "There is no such source. The deal may have been collected anew since: open it from the list of sources."}
	}
	if err := s.noteRead(r, run, person(r), lifecycle.Reading{Audience: throughline.AudienceTeam, Of: "source " + v.Source.ID}); err != nil {
		return err
	}
	v.Title = v.Source.Title
	s.show(w, http.StatusOK, "source.tmpl", v)
	return nil
}

// place finds the source in the list, with those beside it; false where it is not
// there.
func (v *sourceView) place(list sourcesView, id string) bool {
	var all []sourceHead
	for _, g := range list.Groups {
		all = append(all, g.Sources...)
	}
	i := slices.IndexFunc(all, func(h sourceHead) bool { return h.ID == id })
	if i < 0 {
		return false
	}
	v.Source = all[i]
	if i > 0 {
		v.Before = &all[i-1]
	}
	if i+1 < len(all) {
		v.Next = &all[i+1]
	}
	return true
}

// passages are those of a source, with the words that the handoff quotes marked.
func passages(d *readDeal, h *throughline.Handoff, src *throughline.Source, run string) []passageView {
	marks, cited := quoted(d.Deal, h, src.ID)
	out := make([]passageView, len(src.Passages))
	for i, p := range src.Passages {
		out[i] = d.view(p, marks[p])
		for _, c := range cited[p] {
			out[i].Cited = append(out[i].Cited, link{runPath(run) + "#" + url.PathEscape(c.About), c.Text})
		}
	}
	return out
}
