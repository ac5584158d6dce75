package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"throughline"
)

// A Word is what a person said of the handoff: the AE in review, the CSM before
// accepting. It is about an item, a question, or the whole, and holds for every
// version: what it is about is found again by what that says, since numbers may
// differ between versions.
type Word struct {
	Kind     throughline.RemarkKind
	Item     string // identity of the item; empty where it is about none
	Question string // text of the question that it answers; empty otherwise
	Text     string
	By, Role string
	At       time.Time
}

// LongestWord bounds what a person may write at once, in characters.
const LongestWord = 8000

// A Review is what somebody says of a version in one go.
type Review struct {
	Version int    // that they looked at
	By      string // name or email address
	Role    string // AE, CSM
	Remarks []ReviewRemark
	// Done says that the AE is through: the handoff counts as reviewed.
	Done bool
}

// A ReviewRemark is about the item or the question of an id, or, with neither,
// about the whole.
type ReviewRemark struct {
	Kind           throughline.RemarkKind
	Item, Question string
	Text           string
}

// Review takes what the AE or the CSM says. Saying the same again changes
// nothing; a later word on an item follows the earlier ones.
func (s *Service) Review(ctx context.Context, id string, r Review) error {
	h, err := s.Store.Document(ctx, id, r.Version)
	if err != nil {
		return fmt.Errorf("reading version %d of %s: %w", r.Version, id, err)
	}
	now := s.Now()
	var words []Word
	for _, m := range r.Remarks {
		if m.Kind == throughline.RemarkWording && r.Role != "CSM" {
			return errors.New("what the customer reads is worded by the CSM")
		}
		w, err := m.word(h)
		if err != nil {
			return err
		}
		w.By, w.Role, w.At = r.By, r.Role, now
		words = append(words, w)
	}
	for {
		err := s.keepReview(ctx, id, r, words, now)
		if !errors.Is(err, errSaidMeanwhile) {
			return err
		}
	}
}

// errSaidMeanwhile says that somebody said something between our reading what was
// said and our adding to it.
var errSaidMeanwhile = errors.New("something was said meanwhile")

// keepReview adds what was not said before. A form that is sent twice says it once.
func (s *Service) keepReview(ctx context.Context, id string, r Review, words []Word, now time.Time) error {
	before, err := s.Store.Words(ctx, id)
	if err != nil {
		return fmt.Errorf("reading what was said of %s: %w", id, err)
	}
	words = unsaid(before, words)
	return s.Store.Change(ctx, id, func(run *Run) (Change, error) {
		if run.Stage == StageClosed || run.Stage == StageCancelled {
			return Change{}, ErrTooLate
		}
		if run.Said != len(before) {
			return Change{}, errSaidMeanwhile
		}
		run.Said += len(words)
		c := Change{At: now, Words: words}
		if len(words) > 0 {
			c.Moves = append(c.Moves, Move{At: now, Who: r.By, What: "remarked", From: run.Stage, To: run.Stage, Why: fmt.Sprintf("on version %d: %d", r.Version, len(words))})
		}
		if r.Done && r.Role == "AE" && (len(words) > 0 || run.ReviewedRound <= run.Returns) {
			c.Moves = append(c.Moves, reviewed(run, r.By, now)...)
		}
		if len(c.Moves) > 0 && !run.Published.IsZero() {
			run.Reissued++ // what is out there is to show it
			run.GatherUntil = now
			if !r.Done {
				run.GatherUntil = now.Add(s.Rules.GatherFor)
			}
		}
		c.Plan = s.Rules.Plan(*run)
		return c, nil
	})
}

// unsaid are the words that say something new: not what the same person last said
// of the same item, nor the answer that a question has already, nor a second time
// what was added before.
func unsaid(before, words []Word) []Word {
	var out []Word
	said := slices.Clone(before)
	for _, w := range words {
		if !repeats(said, w) {
			out, said = append(out, w), append(said, w)
		}
	}
	return out
}

func repeats(said []Word, w Word) bool {
	for _, old := range slices.Backward(said) {
		if old.Item != w.Item || old.Question != w.Question {
			continue
		}
		switch {
		case w.Question != "":
			return old.Text == w.Text
		case old.By != w.By || old.Role != w.Role:
		case w.Kind == throughline.RemarkAdded:
			if old.Kind == w.Kind && old.Text == w.Text {
				return true
			}
		case old.Kind != throughline.RemarkAdded:
			return old.Kind == w.Kind && old.Text == w.Text
		}
	}
	return false
}

// reviewed notes that the AE is through. A handoff that had come back goes out
// again.
func reviewed(run *Run, who string, now time.Time) []Move {
	run.Reviewed, run.ReviewedBy, run.ReviewedRound = now, who, run.Returns+1
	if run.Stage == StageReturned {
		run.Answered = now
		return enter(run, now, who, StagePublished, "the AE answered what it was returned for")
	}
	return []Move{{At: now, Who: who, What: "reviewed", From: run.Stage, To: run.Stage, Why: fmt.Sprintf("version %d", run.Version)}}
}

// word checks a remark against the version that it is about.
func (m ReviewRemark) word(h *throughline.Handoff) (Word, error) {
	w := Word{Kind: m.Kind, Text: strings.TrimSpace(m.Text)}
	switch {
	case m.Kind != throughline.RemarkWording && !slices.Contains(throughline.RemarkKinds, m.Kind):
		return w, fmt.Errorf("%q is no kind of remark: name one of confirmed, corrected, not_commitment, added", m.Kind)
	case utf8.RuneCountInString(w.Text) > LongestWord:
		return w, fmt.Errorf("a remark may have %d characters, and this has %d: say the rest in a second one", LongestWord, utf8.RuneCountInString(w.Text))
	case w.Text == "" && m.Kind != throughline.RemarkConfirmed:
		return w, fmt.Errorf("a remark that is %s needs words", strings.ReplaceAll(string(m.Kind), "_", " "))
	case m.Item != "":
		i := slices.IndexFunc(h.Items, func(it throughline.Item) bool { return it.ID == m.Item })
		if i < 0 {
			return w, fmt.Errorf("version %d has no item %q", h.Version, m.Item)
		}
		w.Item = identity(h.Items[i])
	case m.Question != "":
		i := slices.IndexFunc(h.Questions, func(q throughline.Question) bool { return q.ID == m.Question })
		if i < 0 {
			return w, fmt.Errorf("version %d has no question %q", h.Version, m.Question)
		}
		w.Question = h.Questions[i].Text
	case m.Kind != throughline.RemarkAdded:
		return w, fmt.Errorf("a remark that is %s must name its item", strings.ReplaceAll(string(m.Kind), "_", " "))
	}
	return w, nil
}

// withWords puts what people said into a version. A word whose item or question
// the version lacks stands with the whole, so that nothing said is lost.
func withWords(h *throughline.Handoff, words []Word) {
	for _, w := range words {
		remark := throughline.Remark{Kind: w.Kind, Text: w.Text, By: w.By, Role: w.Role, At: w.At}
		if w.Item != "" {
			if i := slices.IndexFunc(h.Items, func(it throughline.Item) bool { return identity(it) == w.Item }); i >= 0 {
				h.Items[i].Remarks = append(h.Items[i].Remarks, remark)
				continue
			}
		}
		if w.Question != "" {
			if i := slices.IndexFunc(h.Questions, func(q throughline.Question) bool { return q.Text == w.Question }); i >= 0 {
				h.Questions[i].Answer = w.Text
				continue
			}
			remark.Text = w.Question + " " + w.Text
		}
		if remark.Text != "" {
			h.Remarks = append(h.Remarks, remark)
		}
	}
}
