package web

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/klauspost/compress/gzhttp"

	"throughline/lifecycle"
)

// Times of the live page.
const (
	// beatEvery is how often a sign of life goes out where nothing is new: less than
	// what proxies take for a dead connection.
	beatEvery = 15 * time.Second
	// lookEvery is how often the store is asked, for what another process does.
	lookEvery = 5 * time.Second
	// settleFor is how long what is new is gathered before it is sent.
	settleFor = 250 * time.Millisecond
	// liveFor is how long one connection lasts: then the browser asks anew, and is
	// signed in or not.
	liveFor = 15 * time.Minute
	// writeFor is how long one message may take to be written.
	writeFor = 20 * time.Second
)

// A progressView says how far the making of a handoff is.
type progressView struct {
	frame
	Run       lifecycle.Run
	PublishAt time.Time
	Team      bool           // they see what was told of it, and not only where it stands
	Work      lifecycle.Work // of this process
	Known     bool           // there is such a work
	Waiting   []string       // what is still expected
	Failed    []lifecycle.Task
	Next      time.Time // when the deal is collected again, or drafted from
	Over      bool      // nothing more is to come here
}

// Busy reports whether this process is at it.
func (v progressView) Busy() bool { return v.Known && v.Work.Ended.IsZero() }

// progressPage says how far the making of a handoff is. With the script it is kept
// up to date by [Server.progressEvents].
func (s *Server) progressPage(w http.ResponseWriter, r *http.Request) error {
	v, _, err := s.progressView(r)
	if err != nil {
		return err
	}
	s.show(w, http.StatusOK, "progress.tmpl", v)
	return nil
}

// progressView is how far it is now, and what tells of more.
func (s *Server) progressView(r *http.Request) (progressView, <-chan struct{}, error) {
	v := progressView{frame: framed(r, "Progress", placeDeals)}
	run, err := s.Store.Run(r.Context(), r.PathValue("id"))
	if err != nil {
		return v, nil, err
	}
	may := s.access(r, run)
	v.Run, v.PublishAt, v.Team = may.shown(run), s.Service.Rules.PublishAt(run), may.Team()
	var changed <-chan struct{}
	if s.Service.Progress != nil {
		v.Work, changed, v.Known = s.Service.Progress.Of(run.ID)
	}
	if v.Team {
		v.Waiting = run.Waiting
	} else {
		v.Work.Steps, v.Work.USD = nil, 0
	}
	tasks, err := s.Store.Tasks(r.Context(), run.ID)
	if err != nil {
		return v, nil, err
	}
	for _, t := range tasks {
		if t.Name != lifecycle.DutyCollect && t.Name != lifecycle.DutyDraft {
			continue
		}
		switch {
		case t.State == lifecycle.TaskParked, t.State == lifecycle.TaskOpen && t.Error != "":
			if !v.Team {
				t.Error = ""
			}
			v.Failed = append(v.Failed, t)
		case t.State == lifecycle.TaskOpen && v.Next.IsZero():
			v.Next = t.Due
		}
	}
	v.Over = ended(run) || !v.Busy() && run.Version > 0 && !run.Stale
	return v, changed, nil
}

// progressEvents sends the page's changing part whenever it changes, as server-sent
// events, until there is a draft, the browser goes, or the process ends.
func (s *Server) progressEvents(w http.ResponseWriter, r *http.Request) error {
	v, changed, err := s.progressView(r)
	if err != nil {
		return err
	}
	live := &liveWriter{to: w, control: http.NewResponseController(w)}
	head := w.Header()
	head.Set("Content-Type", "text/event-stream; charset=utf-8")
	head.Set("X-Accel-Buffering", "no") // a proxy passes on what there is
	head.Set(gzhttp.HeaderNoCompression, "1")
	w.WriteHeader(http.StatusOK)

	beat, look, end := time.NewTicker(s.pace(beatEvery)), time.NewTicker(s.pace(lookEvery)), time.NewTimer(liveFor)
	defer beat.Stop()
	defer look.Stop()
	defer end.Stop()
	said := ""
	for {
		part, err := s.part("progress-body", v)
		if err != nil {
			return err
		}
		if part != said {
			said = part
			live.message(part)
		}
		if v.Over {
			live.event("done")
		}
		if live.err != nil || v.Over {
			return nil // who has gone needs no more
		}
		again := false
		for !again {
			select {
			case <-r.Context().Done():
				return nil
			case <-s.Ending:
				return nil // the browser asks again, perhaps another process
			case <-end.C:
				return nil
			case <-beat.C:
				live.beat()
				again = live.err != nil
			case <-look.C:
				again = true
			case <-changed:
				select {
				case <-r.Context().Done():
					return nil
				case <-time.After(s.pace(settleFor)):
				}
				again = true
			}
		}
		next, more, err := s.progressView(r)
		if err != nil {
			s.complain(r, "progress can't be read", err)
			return nil // what is on the page stays; the browser asks again
		}
		v, changed = next, more
	}
}

// pace is a time of the live page, which tests make shorter.
func (s *Server) pace(d time.Duration) time.Duration {
	if s.Pace > 0 {
		return max(time.Millisecond, time.Duration(float64(d)*s.Pace))
	}
	return d
}

// complain writes an error into the log, unless whoever asked has gone.
func (s *Server) complain(r *http.Request, what string, err error) {
	if s.Log != nil && r.Context().Err() == nil {
		s.Log.ErrorContext(r.Context(), what, "page", r.Pattern, "error", err)
	}
}

// part is a part of a page.
func (s *Server) part(name string, data any) (string, error) {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, data); err != nil {
		return "", fmt.Errorf("writing %s: %w", name, err)
	}
	return b.String(), nil
}

// A liveWriter writes server-sent events, each with time of its own to be written.
type liveWriter struct {
	to      io.Writer
	control *http.ResponseController
	err     error
}

func (l *liveWriter) write(text string) {
	if l.err != nil {
		return
	}
	// By the machine's clock, as the connection has it.
	if l.err = l.control.SetWriteDeadline(time.Now().Add(writeFor)); l.err != nil {
		return
	}
	if _, l.err = io.WriteString(l.to, text); l.err == nil {
		l.err = l.control.Flush()
	}
}

// message sends a text. Whatever ends a line ends the field, and so each line is a
// field of its own.
func (l *liveWriter) message(text string) {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	l.write("data: " + strings.ReplaceAll(text, "\n", "\ndata: ") + "\n\n")
}

func (l *liveWriter) event(name string) { l.write("event: " + name + "\ndata: \n\n") }

// beat is a comment, which browsers drop.
func (l *liveWriter) beat() { l.write(": still here\n\n") }
