package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"throughline"
	"throughline/lifecycle"
)

// The last two steps of a review: what belongs to no item, and the end.
const (
	stepMore = "more"
	stepDone = "done"
)

// Words of a step's buttons beside the kinds of remark.
const (
	saySection = "section" // all of it is right
	goSkip     = "skip"    // to what comes after the section
	goBack     = "back"
	goAll      = "all" // to the form on one page
	goSteps    = "steps"
)

// stepText is the field in which the AE types.
const stepText = "text"

// A step is what the AE looks at in one go.
type step struct {
	Key      string // "section:1", "item:use_case-1", "question:q2", "more", "done"
	Section  bool   // all items of its group, to be called right at once
	Item     *reviewItem
	Question *reviewQuestion
	Said     bool // the AE said something of it
	Current  bool
}

// saidAt is when the AE said something of an item last; an answer has no time.
func (s *step) saidAt() (at time.Time) {
	if s.Item != nil {
		for _, r := range s.Item.Remarks {
			if r.Role == string(roleAE) && r.At.After(at) {
				at = r.At
			}
		}
	}
	return at
}

// A stepGroup is a part of the way, with a name.
type stepGroup struct {
	Title string
	Steps []*step
}

// Easy reports whether the group begins with a step for all of it, so that its items
// are looked at one by one only by who wants to.
func (g stepGroup) Easy() bool { return len(g.Steps) > 0 && g.Steps[0].Section }

// Items are the steps that are each about one.
func (g stepGroup) Items() (out []*step) {
	for _, s := range g.Steps {
		if s.Item != nil {
			out = append(out, s)
		}
	}
	return out
}

// Unsaid are the items of which the AE said nothing.
func (g stepGroup) Unsaid() (out []*step) {
	return slices.DeleteFunc(g.Items(), func(s *step) bool { return s.Said })
}

// A stepPage shows one step of a review, and the way.
type stepPage struct {
	*reviewForm
	Groups   []*stepGroup
	Group    *stepGroup
	Step     *step
	At, Of   int // the step's number, and how many there are; an easy group is one
	InGroup  int // the item's number in an easy group; 0 for others
	First    bool
	MovedOn  bool // the form that led here was of an earlier version
	Returned bool // the CSM asks for something
	Reviewed bool
	Told     told
}

// told is what the CSM will be told, as the end of the review says it.
type told struct {
	Items     []reviewItem // of which more was said than that they are right
	Answered  []reviewQuestion
	Right     []reviewItem
	Untouched []reviewItem
	Open      []reviewQuestion
}

// Nothing reports whether nothing was said at all.
func (t told) Nothing() bool { return len(t.Items)+len(t.Answered)+len(t.Right) == 0 }

// bestKnown is the group that comes first: what the AE can say best, and nobody
// else can.
const bestKnown = "Where your word matters most"

// steps is the way through a form: first what needs the AE most, then what remains
// of each section, the questions, and the end.
func (f *reviewForm) steps() []*stepGroup {
	first := &stepGroup{Title: bestKnown}
	groups := []*stepGroup{first}
	for i := range f.Sections {
		sec := &f.Sections[i]
		g := &stepGroup{Title: sec.Title}
		for j := range sec.Items {
			it := &sec.Items[j]
			s := &step{Key: "item:" + it.ID, Item: it, Said: saidByAE(it.Remarks)}
			if need(it.Item) < needNone {
				first.Steps = append(first.Steps, s)
			} else {
				g.Steps = append(g.Steps, s)
			}
		}
		if len(g.Steps) > 1 {
			s := &step{Key: fmt.Sprintf("section:%d", i+1), Section: true, Said: len(g.Unsaid()) == 0}
			g.Steps = slices.Insert(g.Steps, 0, s)
		}
		groups = append(groups, g)
	}
	slices.SortStableFunc(first.Steps, func(a, b *step) int { return need(a.Item.Item) - need(b.Item.Item) })
	questions := &stepGroup{Title: "Open questions"}
	for i := range f.Questions {
		q := &f.Questions[i]
		questions.Steps = append(questions.Steps, &step{Key: "question:" + q.ID, Question: q, Said: q.Answer != ""})
	}
	end := &stepGroup{Title: "To end with", Steps: []*step{{Key: stepMore, Said: saidByAE(f.Added)}, {Key: stepDone}}}
	groups = append(groups, questions, end)
	return slices.DeleteFunc(groups, func(g *stepGroup) bool { return len(g.Steps) == 0 })
}

// needNone is the need of an item that the AE need not look at.
const needNone = 3

// need is how much an item needs the AE; less is more.
func need(it throughline.Item) int {
	switch {
	case it.Kind == throughline.KindStretch:
		return 0
	case it.Label == throughline.LabelAskAE:
		return 1
	case it.Label == throughline.LabelInferred:
		return 2
	}
	return needNone
}

func saidByAE(remarks []throughline.Remark) bool {
	return slices.ContainsFunc(remarks, func(r throughline.Remark) bool { return r.Role == string(roleAE) })
}

// all are the steps of groups, one after the other.
func all(groups []*stepGroup) (out []*step) {
	for _, g := range groups {
		out = append(out, g.Steps...)
	}
	return out
}

func indexOf(steps []*step, key string) int {
	return slices.IndexFunc(steps, func(s *step) bool { return s.Key == key })
}

// walk is the page of a step of a form.
func (f *reviewForm) walk(key string) *stepPage {
	p := &stepPage{reviewForm: f, Groups: f.steps(), Returned: f.Run.Stage == lifecycle.StageReturned, Reviewed: reviewedBy(f.Run)}
	steps := all(p.Groups)
	at := max(indexOf(steps, key), 0)
	p.Step, p.First = steps[at], at == 0
	p.Step.Current = true
	for _, g := range p.Groups {
		for i, s := range g.Steps {
			if s.Key != stepDone && (i == 0 || !g.Easy()) {
				p.Of++
			}
			if s == p.Step {
				p.Group, p.At = g, p.Of
				if g.Easy() {
					p.InGroup = i
				}
			}
		}
	}
	p.Script = true
	if p.Step.Key == stepDone {
		p.Told = f.told(steps)
	}
	return p
}

// reviewedBy reports whether the AE is through with the run as it stands.
func reviewedBy(run lifecycle.Run) bool {
	return !run.Reviewed.IsZero() && run.ReviewedRound > run.Returns
}

func (f *reviewForm) told(steps []*step) (t told) {
	for _, s := range steps {
		switch {
		case s.Item != nil && !s.Said:
			t.Untouched = append(t.Untouched, *s.Item)
		case s.Item != nil && onlyRight(s.Item.Remarks):
			t.Right = append(t.Right, *s.Item)
		case s.Item != nil:
			t.Items = append(t.Items, *s.Item)
		case s.Question != nil && s.Said:
			t.Answered = append(t.Answered, *s.Question)
		case s.Question != nil:
			t.Open = append(t.Open, *s.Question)
		}
	}
	return t
}

// onlyRight reports whether all that was said is that it is right.
func onlyRight(remarks []throughline.Remark) bool {
	return !slices.ContainsFunc(remarks, func(r throughline.Remark) bool { return r.Kind != throughline.RemarkConfirmed || r.Text != "" })
}

// whereLeft is the step with which a review goes on: what the CSM asks for, the
// end of what is reviewed, where this browser was, or else what comes after what
// was said last.
func (f *reviewForm) whereLeft(r *http.Request) string {
	steps := all(f.steps())
	switch {
	case f.Run.Stage == lifecycle.StageReturned:
		return stepMore
	case reviewedBy(f.Run):
		return stepDone
	}
	if c, err := r.Cookie(placeCookie); err == nil {
		query, _ := url.QueryUnescape(c.Value) // of a value that is not ours nothing is found
		if version, key := stepIn(query); version == f.Version && indexOf(steps, key) >= 0 {
			return key
		}
	}
	last := -1
	for i, s := range steps {
		if s.Said && (last < 0 || !s.saidAt().Before(steps[last].saidAt())) {
			last = i
		}
	}
	for _, s := range steps[last+1:] {
		if !s.Said {
			return s.Key
		}
	}
	return stepDone
}

// showStep shows the step that an address names, or the one to go on with.
func (s *Server) showStep(w http.ResponseWriter, r *http.Request, run lifecycle.Run, as reviewer) error {
	f, err := s.blank(r, run, run.Version, as.Path)
	if err != nil {
		return err
	}
	version, key := stepIn(r.URL.RawQuery)
	movedOn := version != 0 && version != f.Version
	if movedOn || key == "" || indexOf(all(f.steps()), key) < 0 {
		key = f.whereLeft(r)
	}
	p := f.walk(key)
	p.MovedOn, p.Saved = movedOn, r.URL.Query().Has("saved")
	s.show(w, http.StatusOK, "steps.tmpl", p)
	return nil
}

// stepQuery is the address of a step of a version, and with the same words what the
// browser keeps of where it was.
func stepQuery(version int, key string) string {
	return url.Values{"v": {strconv.Itoa(version)}, "at": {key}}.Encode()
}

// stepIn reads what [stepQuery] made; an empty key where it did not.
func stepIn(query string) (version int, key string) {
	q, err := url.ParseQuery(query)
	if err != nil {
		return 0, ""
	}
	version, _ = strconv.Atoi(q.Get("v")) // 0 is of no version
	return version, clean(strings.ToValidUTF8(q.Get("at"), ""))
}

// placeCookie keeps which step of a review a browser was led to last.
const placeCookie = "throughline-review-at"

// placeFor is how long that is kept: as long as a link is good.
const placeFor = DefaultFor

// takeStep keeps what a step's form sent, and leads on. Whatever was typed is kept,
// by whichever button the AE leaves the step.
func (s *Server) takeStep(w http.ResponseWriter, r *http.Request, run lifecycle.Run, as reviewer) error {
	f, err := s.blank(r, run, versionOf(r.PostForm, run), as.Path)
	if err != nil {
		return err
	}
	groups := f.steps()
	steps := all(groups)
	at := indexOf(steps, r.PostForm.Get("at"))
	if at < 0 { // no form of ours says so, and what is typed belongs to no item
		at = indexOf(steps, stepMore)
	}
	now, say := steps[at], r.PostForm.Get("say")
	if !f.fill(sentOf(now, groups, say, r.PostForm.Get(stepText))) {
		return s.stepAgain(w, f, now.Key, http.StatusUnprocessableEntity)
	}
	review := lifecycle.Review{Version: f.Version, By: as.By, Role: string(roleAE), Remarks: f.remarks(), Done: now.Key == stepDone && say == stepDone}
	if len(review.Remarks) > 0 || review.Done {
		err = s.Service.Review(r.Context(), run.ID, review)
	}
	if errors.Is(err, lifecycle.ErrTooLate) {
		f.Ended, f.Problem = true, "This could not be saved: the run of this handoff has ended. What you wrote is still here, to be copied."
		return s.stepAgain(w, f, now.Key, http.StatusConflict)
	}
	if err != nil {
		return err
	}
	to := leadsTo(r.PostForm.Get("go"), say, at, groups)
	if to == goAll {
		http.Redirect(w, r, as.Path+"/all", http.StatusSeeOther)
		return nil
	}
	query := stepQuery(f.Version, to)
	if review.Done {
		query += "&saved"
	}
	http.SetCookie(w, &http.Cookie{
		Name: placeCookie, Value: url.QueryEscape(query), Path: as.Path, HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: strings.HasPrefix(as.Site, "https://"), MaxAge: int(placeFor.Seconds()),
	})
	http.Redirect(w, r, as.Path+"?"+query, http.StatusSeeOther)
	return nil
}

// stepAgain shows a step that could not be saved, with all that was typed.
func (s *Server) stepAgain(w http.ResponseWriter, f *reviewForm, key string, status int) error {
	s.show(w, status, "steps.tmpl", f.walk(key))
	return nil
}

// sentOf is what a step's form sent, as the form on one page would have sent it.
func sentOf(now *step, groups []*stepGroup, say, text string) url.Values {
	sent := url.Values{}
	switch {
	case now.Section && say == saySection:
		for _, g := range groups {
			if g.Steps[0] == now {
				for _, s := range g.Unsaid() {
					sent.Set(sayField+s.Item.ID, string(throughline.RemarkConfirmed))
				}
			}
		}
	case now.Item != nil:
		sent.Set(sayField+now.Item.ID, say)
		sent.Set(textField+now.Item.ID, text)
	case now.Question != nil:
		sent.Set(answerField+now.Question.ID, text)
	default:
		sent.Set(moreField, text)
	}
	return sent
}

// leadsTo is the step that a button leads to.
func leadsTo(button, say string, at int, groups []*stepGroup) string {
	steps := all(groups)
	switch {
	case button == goAll:
		return goAll
	case button == goBack:
		return steps[max(at-1, 0)].Key
	case indexOf(steps, button) >= 0:
		return button
	case say == saySection || button == goSkip:
		for _, g := range groups {
			if i := slices.Index(g.Steps, steps[at]); i >= 0 {
				at += len(g.Steps) - 1 - i
			}
		}
	}
	return steps[min(at+1, len(steps)-1)].Key
}
