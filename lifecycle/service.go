package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"throughline"
	"throughline/connect"
	"throughline/kickoff"
)

// A Service carries runs forward. Its fields are set before its first use; then
// many goroutines, and several processes over one store, may use it.
type Service struct {
	Rules        Rules
	Store        Store
	Collector    Collector
	Engine       Engine
	Destinations map[string]Destination // by the names of the rules
	Messengers   map[string]Messenger   // by way
	Links        Links                  // nil where there are no pages to open
	Listener     Listener               // nil where no recorder is connected
	Surveys      *Surveys               // nil where nobody is asked
	Now          func() time.Time
	Log          *slog.Logger
	Progress     *Progress // nil where nobody looks
	// ParkAfter is how often a task is tried before it waits for a person.
	ParkAfter int
}

// A Collector gathers a deal from the outside systems.
type Collector interface {
	Collect(ctx context.Context, opportunity string) (*Collection, error)
}

// A Collection is what was gathered of a deal at a moment.
type Collection struct {
	Record  connect.Record
	AE, CSM Person
	Kickoff time.Time // as the CRM or the calendar has it; zero when neither does
	// Waiting says, in words, what is expected to come by itself: a transcript
	// that is still being made.
	Waiting []string
	// Archive is the deal's folder as a .zip, and Print tells two apart of which
	// one has more evidence.
	Archive []byte
	Print   string
}

// An Engine makes the handoff of a deal's folder, given as a .zip.
type Engine interface {
	Handoff(ctx context.Context, archive []byte, at time.Time) (*throughline.Handoff, error)
}

// A Destination is a place where handoffs are published.
type Destination struct {
	// Publisher publishes; the same key again changes what is there.
	Publisher
	Audience throughline.Audience
	// Mark publishes with what became of the handoff; nil where that isn't shown.
	Mark func(ctx context.Context, p connect.Publication, o Outcome) (connect.Copy, error)
	// Agenda publishes the agenda of the kickoff, as Publisher the handoff; nil where it
	// isn't shown.
	Agenda func(ctx context.Context, p connect.Publication) (connect.Copy, error)
	// Follow reads back what became of the milestones' tasks; nil where there are none.
	// SetTasks, which goes with it, completes, opens and moves those of them that are
	// named: none that says so already, and none that people deleted.
	Follow   func(ctx context.Context, p connect.Publication) ([]connect.Followed, error)
	SetTasks func(ctx context.Context, p connect.Publication, changes []connect.TaskChange) error
}

// A Publisher is a connector that publishes handoffs.
type Publisher interface {
	Publish(ctx context.Context, p connect.Publication) (connect.Copy, error)
}

// An Outcome is what the CSM said to a handoff.
type Outcome struct {
	Accepted bool // else returned
	By       string
	At       time.Time
	Version  int
}

// A Messenger writes to a person.
type Messenger interface {
	Send(ctx context.Context, m connect.Message) (connect.Copy, error)
}

// Links are the addresses of the pages that messages lead to.
type Links interface {
	Review(ctx context.Context, run Run) (string, error)
	Page(ctx context.Context, run Run) (string, error)
}

// A Store keeps runs, tasks, documents and the audit trail.
type Store interface {
	// Create adds a run with its first move and plan; false when it is there.
	Create(ctx context.Context, run Run, move Move, plan []Duty) (bool, error)
	Run(ctx context.Context, id string) (Run, error)
	RunsOf(ctx context.Context, opportunity string) ([]Run, error)
	Task(ctx context.Context, run, key string) (Task, error)
	// Change reads a run, has f change it, and writes what f says, all or
	// nothing, as if nobody else were there. f may be called more than once.
	Change(ctx context.Context, id string, f func(*Run) (Change, error)) error
	// Fail notes that a task failed: it is open again from a moment on, or parked.
	Fail(ctx context.Context, run, key string, state TaskState, notBefore time.Time, why string) error
	// PutOff has an open task wait until a moment, which counts as no try.
	PutOff(ctx context.Context, run, key string, until time.Time, why string) error
	// Due are open tasks that are due by a moment, the longest due first.
	Due(ctx context.Context, by time.Time, most int) ([]Task, error)
	Document(ctx context.Context, run string, version int) (*throughline.Handoff, error)
	// Words are what people said, in order.
	Words(ctx context.Context, run string) ([]Word, error)
	// Archive is the newest collection of a run, and its print.
	Archive(ctx context.Context, run string) (data []byte, mark string, err error)
	// Answered reports whether a respondent answered a survey, and Stopped whether
	// they are never to be asked again.
	Answered(ctx context.Context, survey, respondent string) (bool, error)
	Stopped(ctx context.Context, respondent string) (bool, error)
}

// A Change is what becomes of a run by one step.
type Change struct {
	At    time.Time // when it is made
	Moves []Move
	// Finished is the key of the task that the step carried out. Where it is open
	// no longer, the change is not made: somebody else made it.
	Finished string
	// Reopen are keys of parked tasks that are open again, as if never tried.
	Reopen   []string
	Words    []Word               // said by people
	Document *throughline.Handoff // by its version
	Archive  []byte
	Print    string
	Copy     *connect.Copy   // of Destination
	To       string          // the destination
	Check    *kickoff.Report // of the kickoff's recording
	Plan     []Duty          // tasks become these; open ones that it lacks are dropped
}

// ErrNotFound says that the store has no such run, task or document.
var ErrNotFound = errors.New("not found")

// Do carries out a task, unless that is done. It errs only where the store fails:
// what else fails is kept with the task, which is tried again later, or parked.
func (s *Service) Do(ctx context.Context, runID, key string) error {
	task, err := s.Store.Task(ctx, runID, key)
	if errors.Is(err, ErrNotFound) || err == nil && task.State != TaskOpen {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading task %s of %s: %w", key, runID, err)
	}
	run, err := s.Store.Run(ctx, runID)
	if err != nil {
		return fmt.Errorf("reading run %s: %w", runID, err)
	}
	now := s.Now()
	if effects[task.Name] == nil {
		return s.putOff(ctx, task, now.Add(unknownWait), fmt.Sprintf("this version of the program knows no duty %q: a newer one planned it, and is to carry it out", task.Name))
	}
	if until := s.Rules.putOff(run, task.Duty, now); until.After(now) {
		return s.putOff(ctx, task, until, "it waits for the person's business hours")
	}
	var out outcome
	if !s.Rules.pointless(run, task.Duty, now) {
		if out, err = s.effect(ctx, run, task.Duty); err != nil {
			if ending(ctx) {
				return ctx.Err() // the process is ending; the task is as it was
			}
			// What there is to note is noted even where the task used up its time.
			return s.fail(context.WithoutCancel(ctx), task, err)
		}
	}
	return s.Store.Change(ctx, runID, func(run *Run) (Change, error) {
		c := out.change
		if out.apply != nil {
			c.Moves = out.apply(run)
		}
		c.Finished, c.At = key, s.Now()
		c.Plan = s.Rules.Plan(*run)
		return c, nil
	})
}

// unknownWait is how long a process leaves a task to others that it can't carry
// out itself, as while a new version takes an old one's place.
const unknownWait = 5 * time.Minute

// ending reports whether the process is ending, and not only the time that a task
// may take.
func ending(ctx context.Context) bool {
	return ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded)
}

// effect carries a duty out. What panics has failed, and the rest goes on.
func (s *Service) effect(ctx context.Context, run Run, d Duty) (out outcome, err error) {
	defer func() {
		if v := recover(); v != nil {
			// The value may hold what the deal says, so only the places are logged.
			if s.Log != nil {
				s.Log.ErrorContext(ctx, "task panicked", "run", run.ID, "task", d.Name, "stack", string(debug.Stack()))
			}
			err = fmt.Errorf("the program failed at %s, which is a fault of its own: the log has the place; please report it", d.Name)
		}
	}()
	ctx = s.Progress.begin(ctx, run.ID, d.Name)
	defer s.Progress.end(ctx)
	return effects[d.Name](s, ctx, run, d)
}

// putOff has a task wait.
func (s *Service) putOff(ctx context.Context, t Task, until time.Time, why string) error {
	if err := s.Store.PutOff(ctx, t.Run, t.Key(), until, why); err != nil {
		return fmt.Errorf("putting off task %s of %s: %w", t.Key(), t.Run, err)
	}
	return nil
}

// An outcome is what carrying out a duty came to: how the run changes by it, and
// what is to be kept.
type outcome struct {
	apply  func(*Run) []Move
	change Change
}

// fail keeps why a task failed. It is tried again after a growing wait, or after
// as long as the vendor asks; after too many tries, or when trying again can't
// help, it waits for a person.
func (s *Service) fail(ctx context.Context, t Task, why error) error {
	now := s.Now()
	state, again := TaskOpen, now.Add(backoff(t.Tries))
	var known *connect.Error
	final := false
	if errors.As(why, &known) {
		final = !known.Temporary
		if known.RetryAfter > 0 {
			again = now.Add(known.RetryAfter)
		}
		if known.RetryAfter > 0 && known.Temporary && (known.Status == http.StatusTooManyRequests || known.Status == 0) {
			return s.putOff(ctx, t, again, why.Error()) // the vendor's pace, and nobody's fault
		}
	}
	// One that seems final gets a second try: a permission may have come a
	// moment later.
	if t.Tries+1 >= s.parkAfter() || final && t.Tries >= 1 {
		state = TaskParked
	}
	if s.Log != nil {
		s.Log.WarnContext(ctx, "task failed", "run", t.Run, "task", t.Name, "tries", t.Tries+1, "state", string(state))
	}
	if err := s.Store.Fail(ctx, t.Run, t.Key(), state, again, why.Error()); err != nil {
		return fmt.Errorf("keeping that task %s of %s failed: %w", t.Key(), t.Run, err)
	}
	return nil
}

func (s *Service) parkAfter() int {
	if s.ParkAfter > 0 {
		return s.ParkAfter
	}
	return 10
}

// backoff is one minute at first, and twice as long each time, up to two hours.
func backoff(tries int) time.Duration {
	const first, most = time.Minute, 2 * time.Hour
	return min(first<<min(tries, 10), most)
}

// RunDue carries out what is due by the clock, at most so many tasks, one after
// another, and says how many it found. It is what simulated time drives; a
// process that serves has River carry the tasks out side by side.
func (s *Service) RunDue(ctx context.Context, most int) (int, error) {
	tasks, err := s.Store.Due(ctx, s.Now(), most)
	if err != nil {
		return 0, fmt.Errorf("looking for what is due: %w", err)
	}
	for _, t := range tasks {
		if err := s.Do(ctx, t.Run, t.Key()); err != nil {
			return 0, err
		}
	}
	return len(tasks), nil
}
