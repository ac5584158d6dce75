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
	"throughline/render"
)

// A reviewForm is what the AE sees: the draft's items one by one, the questions,
// and room for more. A form that was sent and could not be saved is shown again
// with all that was typed.
type reviewForm struct {
	frame
	Run       lifecycle.Run
	PublishAt time.Time
	Ended     bool
	Version   int
	Sections  []reviewSection
	Questions []reviewQuestion
	Added     []throughline.Remark // said of the whole before
	More      field
	Done      bool
	Post      string // where the form on one page goes; the steps' lies below
	Saved     bool
	Problem   string
}

type reviewSection struct {
	Title string
	Items []reviewItem
}

type reviewItem struct {
	throughline.Item
	Say throughline.RemarkKind
	Own field
}

// Who is the person that the item is about, where its text does not begin with the
// name itself.
func (it reviewItem) Who() string {
	if strings.HasPrefix(it.Text, it.Person) {
		return ""
	}
	return it.Person
}

type reviewQuestion struct {
	throughline.Question
	Own field
}

// A field is where a person types: what they typed, and what is to be mended.
type field struct {
	Text    string
	Problem string
}

// The names of a form's fields, and of those of an item or a question.
const (
	sayField    = "say:"
	textField   = "text:"
	answerField = "answer:"
	moreField   = "more"
)

// blank is the form of a version, with nothing typed yet.
func (s *Server) blank(r *http.Request, run lifecycle.Run, version int, post string) (*reviewForm, error) {
	if run.Version == 0 {
		return nil, problem{http.StatusNotFound, "There is no draft yet. You will be written to when there is."}
	}
	of := run
	of.Version = version
	h, err := s.Service.Current(r.Context(), of)
	if err != nil {
		return nil, err
	}
	h = render.For(h, throughline.AudienceTeam)
	f := &reviewForm{
		frame: framed(r, "Review", placeDeals), Run: run, PublishAt: s.Service.Rules.PublishAt(run), Ended: ended(run), Version: version,
		Added: h.Remarks, Done: true, Post: post,
	}
	for _, n := range throughline.Sections {
		sec := reviewSection{Title: n.Title()}
		for _, it := range h.Items {
			if it.Kind.Section() == n {
				sec.Items = append(sec.Items, reviewItem{Item: it})
			}
		}
		if len(sec.Items) > 0 {
			f.Sections = append(f.Sections, sec)
		}
	}
	for _, q := range h.Questions {
		f.Questions = append(f.Questions, reviewQuestion{Question: q, Own: field{Text: q.Answer}})
	}
	return f, nil
}

// fill puts what was sent into the form, and says whether all of it can be kept.
func (f *reviewForm) fill(sent url.Values) (fits bool) {
	f.Done = sent.Get("done") != ""
	f.More.Text = sent.Get(moreField)
	fields := []*field{&f.More}
	for i := range f.Questions {
		q := &f.Questions[i]
		q.Own.Text = sent.Get(answerField + q.ID)
		fields = append(fields, &q.Own)
	}
	for i := range f.Sections {
		for j := range f.Sections[i].Items {
			it := &f.Sections[i].Items[j]
			it.Say, it.Own = throughline.RemarkKind(sent.Get(sayField+it.ID)), field{Text: sent.Get(textField + it.ID)}
			switch {
			case it.Say != "" && !slices.Contains(throughline.RemarkKinds, it.Say):
				it.Own.Problem = "Please choose one of the four."
			case it.Own.Text == "":
				it.Own.Problem = wanting[it.Say]
			}
			fields = append(fields, &it.Own)
		}
	}
	wrong := 0
	for _, own := range fields {
		if said := tooLong(own.Text); said != "" {
			own.Problem = said
		}
		if own.Problem != "" {
			wrong++
		}
	}
	if wrong > 0 {
		f.Problem = fmt.Sprintf("Nothing is saved yet. What you wrote is still here; %d of the fields below say what is missing.", wrong)
		if wrong == 1 {
			f.Problem = "Nothing is saved yet. What you wrote is still here; one field below says what is missing."
		}
	}
	return wrong == 0
}

// wanting is what to say of a choice that needs words and has none.
var wanting = map[throughline.RemarkKind]string{
	throughline.RemarkCorrected:     "Write how it should read, or choose another.",
	throughline.RemarkNotCommitment: "Write why it is no commitment, or choose another.",
	throughline.RemarkAdded:         "Write what to add, or choose another.",
}

// remarks are what a filled form says: a word on each item that has one, an answer
// to each question that has one, and what was added.
func (f *reviewForm) remarks() []lifecycle.ReviewRemark {
	var out []lifecycle.ReviewRemark
	for _, sec := range f.Sections {
		for _, it := range sec.Items {
			if it.Say == "" && it.Own.Text == "" {
				continue
			}
			kind := it.Say
			if kind == "" {
				kind = throughline.RemarkAdded // words alone are an addition
			}
			out = append(out, lifecycle.ReviewRemark{Kind: kind, Item: it.ID, Text: it.Own.Text})
		}
	}
	for _, q := range f.Questions {
		if q.Own.Text != "" {
			out = append(out, lifecycle.ReviewRemark{Kind: throughline.RemarkAdded, Question: q.ID, Text: q.Own.Text})
		}
	}
	if f.More.Text != "" {
		out = append(out, lifecycle.ReviewRemark{Kind: throughline.RemarkAdded, Text: f.More.Text})
	}
	return out
}

// showForm shows the review on one page.
func (s *Server) showForm(w http.ResponseWriter, r *http.Request, run lifecycle.Run, as reviewer) error {
	f, err := s.blank(r, run, run.Version, as.Path)
	if err != nil {
		return err
	}
	f.Saved = r.URL.Query().Has("saved")
	s.show(w, http.StatusOK, "review.tmpl", f)
	return nil
}

// takeForm keeps what the form on one page sent, or shows the form again.
func (s *Server) takeForm(w http.ResponseWriter, r *http.Request, run lifecycle.Run, as reviewer) error {
	f, err := s.blank(r, run, versionOf(r.PostForm, run), as.Path)
	if err != nil {
		return err
	}
	if !f.fill(r.PostForm) {
		s.show(w, http.StatusUnprocessableEntity, "review.tmpl", f)
		return nil
	}
	onward := r.PostForm.Get("go") == goSteps
	err = s.Service.Review(r.Context(), run.ID, lifecycle.Review{
		Version: f.Version, By: as.By, Role: string(roleAE), Remarks: f.remarks(), Done: f.Done && !onward,
	})
	if errors.Is(err, lifecycle.ErrTooLate) {
		f.Ended, f.Problem = true, "This could not be saved: the run of this handoff has ended. What you wrote is still here, to be copied."
		s.show(w, http.StatusConflict, "review.tmpl", f)
		return nil
	}
	if err != nil {
		return err
	}
	to := as.Path + "/all?saved"
	if onward {
		to = as.Path
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// versionOf is the version that a form says it is of; the newest where it says none
// that there is.
func versionOf(sent url.Values, run lifecycle.Run) int {
	version, err := strconv.Atoi(sent.Get("version"))
	if err != nil || version < 1 || version > run.Version {
		return run.Version
	}
	return version
}

// written are the texts that a form sent, to be given back where it can't be
// taken.
func written(sent url.Values) []string {
	var out []string
	for name, values := range sent {
		if name != moreField && name != stepText && !strings.HasPrefix(name, textField) && !strings.HasPrefix(name, answerField) {
			continue
		}
		for _, v := range values {
			if v != "" {
				out = append(out, v)
			}
		}
	}
	return out
}
