package folder

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"throughline"
)

// callID is the id of a call that is read beside a deal: none of a deal's own
// sources has it.
const callID = "k1"

// ReadCall reads one call that was held after the deal was read, such as its
// kickoff: a transcript or captions in any format that is read, a directory or a
// .zip that holds one call. Its people are the deal's where their names or
// addresses say so, and its refs are k1.1, k1.2 and so on; it is not made a part
// of the deal. Problems are what of it could not be read. It errs when there is no
// call, or more than one.
func ReadCall(ctx context.Context, name string, deal *throughline.Deal) (*throughline.Source, []throughline.Problem, error) {
	calls, problems, err := readCalls(ctx, name, deal)
	switch {
	case err != nil:
		return nil, problems, fmt.Errorf("reading the call %s: %w", name, err)
	case len(calls) > 1:
		return nil, problems, fmt.Errorf("reading the call %s: it holds more than one (%s, %s); name the file of the one that is meant", name, calls[0].File, calls[1].File)
	case len(calls) == 0:
		reason := "export its transcript as WebVTT, SRT, text with the speakers' names, or as Gong and Chorus return it"
		if len(problems) > 0 {
			reason = problems[0].What
		}
		return nil, problems, fmt.Errorf("reading the call %s: there is no call in it: %s", name, reason)
	}
	joinDeal(calls[0], deal)
	return calls[0], problems, nil
}

// ReadCallAt is [ReadCall] of the one of several calls that began nearest to a moment:
// nil where none with a transcript began within so long of it.
func ReadCallAt(ctx context.Context, name string, deal *throughline.Deal, at time.Time, within time.Duration) (*throughline.Source, []throughline.Problem, error) {
	calls, problems, err := readCalls(ctx, name, deal)
	if err != nil {
		return nil, problems, fmt.Errorf("reading the calls in %s: %w", name, err)
	}
	var nearest *throughline.Source
	far := func(s *throughline.Source) time.Duration { return s.At.Sub(at).Abs() }
	for _, s := range calls {
		if !s.At.IsZero() && far(s) <= within && (nearest == nil || far(s) < far(nearest)) {
			nearest = s
		}
	}
	if nearest != nil {
		joinDeal(nearest, deal)
	}
	return nearest, problems, nil
}

// readCalls are the calls of which something was said.
func readCalls(ctx context.Context, name string, deal *throughline.Deal) ([]*throughline.Source, []throughline.Problem, error) {
	c := newCallCollector(deal)
	if err := c.readCall(ctx, name); err != nil {
		return nil, c.problems, err
	}
	var calls []*throughline.Source
	for _, s := range c.deal().Sources {
		if s.Kind == throughline.SourceCall && len(s.Passages) > 0 {
			calls = append(calls, s)
		}
	}
	return calls, c.problems, nil
}

// newCallCollector knows the deal's people already.
func newCallCollector(deal *throughline.Deal) *collector {
	c := &collector{stated: facts{seller: deal.Seller, customer: deal.Customer}}
	for _, p := range deal.People {
		m := mention{system: "deal.json", name: p.Name, email: p.Email, title: p.Title, side: p.Side, role: p.Role, crmRole: p.CRMRole}
		c.mentions = append(c.mentions, m)
	}
	return c
}

func (c *collector) readCall(ctx context.Context, name string) error {
	st, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("there is no such file")
	case err != nil:
		return err
	case st.IsDir():
		return c.readFolder(ctx, os.DirFS(name))
	case strings.EqualFold(filepath.Ext(name), ".zip"):
		z, err := zip.OpenReader(name)
		if err != nil {
			return err
		}
		defer z.Close()
		return c.readFolder(ctx, &z.Reader)
	}
	return c.read(ctx, os.DirFS(filepath.Dir(name)), []string{filepath.Base(name)})
}

func (c *collector) readFolder(ctx context.Context, fsys fs.FS) error {
	files, err := list(fsys, c)
	if err != nil {
		return err
	}
	return c.read(ctx, fsys, files)
}

// joinDeal gives the call an id of its own and puts the deal's people for those
// of the call that are the same.
func joinDeal(call *throughline.Source, deal *throughline.Deal) {
	same := map[*throughline.Person]*throughline.Person{}
	of := func(p *throughline.Person) *throughline.Person {
		if p == nil {
			return nil
		}
		if same[p] == nil {
			same[p] = dealPersonOf(p, deal)
		}
		return same[p]
	}
	call.ID = callID
	for i, p := range call.People {
		call.People[i] = of(p)
	}
	for i, p := range call.Passages {
		p.Ref = fmt.Sprintf("%s.%d", callID, i+1)
		p.Speaker = of(p.Speaker)
		for j, h := range p.Heard {
			p.Heard[j] = of(h)
		}
	}
}

// dealPersonOf is the deal's person that one of the call's is; a person of nobody
// else stays who they are.
func dealPersonOf(p *throughline.Person, deal *throughline.Deal) *throughline.Person {
	for _, q := range deal.People {
		if p.Email != "" && strings.EqualFold(p.Email, q.Email) {
			return q
		}
	}
	if q := deal.Person(p.Name); q != nil {
		return q
	}
	return p
}
