package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	"throughline"
	"throughline/lifecycle"
)

// mostDeals is how many deals are kept in memory as they were read: those that
// people look at in the same hour. The longest that was measured, with six hours of
// calls, takes about 2 MB.
const mostDeals = 16

// deals keeps what was read of the deals that people look at. What is no longer
// kept in the store is never shown from here.
type deals struct {
	once sync.Once
	kept *lru.Cache[string, *readDeal]
	one  singleflight.Group // many who ask for the same deal have it read once
}

// A readDeal is a deal as it was collected at a moment. Nobody changes it.
type readDeal struct {
	*throughline.Deal
	At     time.Time
	heads  map[string]sourceHead // of the sources, by id
	views  map[*throughline.Passage]passageView
	folded map[*throughline.Passage]string // for the search
}

// deal is what was last collected of a run's deal. It errs with
// [lifecycle.ErrNotFound] where nothing is kept of it, or nothing any more.
func (s *Server) deal(ctx context.Context, run string) (*readDeal, error) {
	at, err := s.Store.CollectedAt(ctx, run)
	if err != nil {
		return nil, err
	}
	s.deals.once.Do(func() { s.deals.kept, _ = lru.New[string, *readDeal](mostDeals) }) // errs of no size alone
	key := run + " " + strconv.FormatInt(at.UnixMicro(), 10)
	if d, ok := s.deals.kept.Get(key); ok {
		return d, nil
	}
	v, err, _ := s.deals.one.Do(key, func() (any, error) {
		// Who asked first may go; others wait for the same.
		deal, err := s.Service.Deal(context.WithoutCancel(ctx), run)
		if err != nil {
			return nil, err
		}
		d := &readDeal{Deal: deal, At: at, heads: map[string]sourceHead{}, views: map[*throughline.Passage]passageView{}, folded: map[*throughline.Passage]string{}}
		for _, src := range deal.Sources {
			d.heads[src.ID] = headOf(deal, src)
		}
		for p := range deal.Passages {
			d.views[p], d.folded[p] = viewOf(deal, p), folded(p.Text)
		}
		s.deals.kept.Add(key, d)
		return d, nil
	})
	if err != nil {
		return nil, err
	}
	return v.(*readDeal), nil
}

// A lost tells why the raw text of a deal is not shown.
type lost struct {
	Gone   bool      // for either reason
	Broken bool      // it is kept, and can't be read; else it is not kept
	Again  time.Time // when it is collected anew; zero where it is not
}

// rawText is what was last collected of a run's deal, or why it is not shown.
func (s *Server) rawText(r *http.Request, run lifecycle.Run) (*readDeal, lost, error) {
	d, err := s.deal(r.Context(), run.ID)
	switch {
	case errors.Is(err, lifecycle.ErrNotFound):
		return nil, lost{Gone: true}, nil
	case errors.Is(err, lifecycle.ErrUnreadable):
		s.complain(r, "what was collected can't be read", err)
		l := lost{Gone: true, Broken: true}
		if !run.Quiet && !ended(run) && run.Stage != lifecycle.StageKickoff {
			l.Again = run.NextCollection
		}
		return nil, l, nil
	}
	return d, lost{}, err
}

// folded is a text in small letters, each as long as it was, so that a place in one
// is the same place in the other.
func folded(text string) string {
	out := []byte(text)
	for i, r := range text {
		if small := unicode.ToLower(r); small != r && utf8.RuneLen(small) == utf8.RuneLen(r) {
			utf8.EncodeRune(out[i:], small)
		}
	}
	return string(out)
}
