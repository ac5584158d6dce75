package survey

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"throughline"
)

// A Store keeps surveys and answers.
type Store interface {
	// Survey finds a survey; false when there is none of that id.
	Survey(ctx context.Context, id string) (throughline.Survey, bool, error)
	// Answer keeps what [Settle] makes of the answer that is there and this one, in
	// one step that no other answer comes between, and returns what is kept.
	Answer(ctx context.Context, a throughline.Answer) (throughline.Answer, error)
	// Stop keeps that a respondent is never to be asked again. Twice is as once.
	Stop(ctx context.Context, respondent string, at time.Time) error
}

// ChangeFor is for how long after their first answer respondents may change it.
const ChangeFor = 24 * time.Hour

// Settle decides what counts of a respondent who answers again: within [ChangeFor]
// of the first answer the last score, and the last comment that was not empty;
// after that, what was there. The time of the first answer stays.
func Settle(there *throughline.Answer, again throughline.Answer) throughline.Answer {
	if there == nil {
		return again
	}
	if again.At.After(there.At.Add(ChangeFor)) {
		return *there
	}
	kept := *there
	kept.Score = again.Score
	if strings.TrimSpace(again.Comment) != "" {
		kept.Comment = again.Comment
	}
	return kept
}

// Memory is a [Store] that lasts as long as the process: for tests, and to try
// things out. Many goroutines may use it.
type Memory struct {
	mu      sync.Mutex
	surveys map[string]throughline.Survey
	answers map[[2]string]throughline.Answer // by survey and respondent
	stopped map[string]time.Time
}

var _ Store = (*Memory)(nil)

// NewMemory holds these surveys.
func NewMemory(surveys ...throughline.Survey) *Memory {
	m := &Memory{surveys: map[string]throughline.Survey{}, answers: map[[2]string]throughline.Answer{}, stopped: map[string]time.Time{}}
	for _, s := range surveys {
		m.surveys[s.ID] = s
	}
	return m
}

// Survey finds a survey.
func (m *Memory) Survey(_ context.Context, id string) (throughline.Survey, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.surveys[id]
	return s, ok, nil
}

// Answer keeps an answer, as [Settle] has it.
func (m *Memory) Answer(_ context.Context, a throughline.Answer) (throughline.Answer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := [2]string{a.Survey, a.Respondent}
	if there, ok := m.answers[key]; ok {
		a = Settle(&there, a)
	}
	m.answers[key] = a
	return a, nil
}

// Stop keeps that a respondent is never to be asked again.
func (m *Memory) Stop(_ context.Context, respondent string, at time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.stopped[respondent]; !ok {
		m.stopped[respondent] = at
	}
	return nil
}

// Stopped reports whether a respondent unsubscribed: see [Choice].
func (m *Memory) Stopped(respondent string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, ok := m.stopped[respondent]
	return ok
}

// Answers are all answers, in order of time.
func (m *Memory) Answers() []throughline.Answer {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := make([]throughline.Answer, 0, len(m.answers))
	for _, a := range m.answers {
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b throughline.Answer) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Survey, b.Survey), cmp.Compare(a.Respondent, b.Respondent))
	})
	return all
}
