package changes

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"throughline/connect"
	"throughline/connect/salesforce"
	"throughline/internal/eventbus"
	"throughline/won"
)

// A place is where in the stream of events a subscription begins.
type place struct {
	replay   []byte // after this event; with none, with what comes next
	earliest bool   // at the oldest event that is kept
}

func (p place) request(topic string, batch int) *eventbus.FetchRequest {
	r := &eventbus.FetchRequest{TopicName: topic, NumRequested: int32(batch), ReplayPreset: eventbus.ReplayPreset_LATEST}
	switch {
	case p.earliest:
		r.ReplayPreset = eventbus.ReplayPreset_EARLIEST
	case len(p.replay) > 0:
		r.ReplayPreset, r.ReplayId = eventbus.ReplayPreset_CUSTOM, p.replay
	}
	return r
}

// How long to wait before a subscription is tried again: twice as long each time
// that nothing was heard in between.
const (
	firstWait   = time.Second
	longestWait = 5 * time.Minute
)

// Listen subscribes, and hands over a notice for every answer, also for the empty
// ones that keep the subscription alive: they too bring the place further. A
// subscription that ends is begun again after what was handed over last, for ever:
// until the context ends, or the vendor says that it can't be without a change of
// the settings, in which case the error is a [*connect.Error] that names it.
//
// Where the vendor no longer knows the place (events are kept for 72 hours), the
// notice says that changes were missed, and listening goes on at the oldest event.
func (f *Feed) Listen(ctx context.Context, replay []byte, hear func(context.Context, won.Notice) error) error {
	at := place{replay: replay}
	wait, renewed := firstWait, false
	for {
		session, heard, err := f.subscribe(ctx, &at, hear)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if heard {
			wait, renewed = firstWait, false
		}
		failed := f.explain("subscribe to "+f.cfg.Topic, err)
		switch {
		case stale(failed) && len(at.replay) > 0:
			err := hear(ctx, won.Notice{Missed: true})
			if err == nil {
				at = place{earliest: true}
				continue
			}
			failed = f.explain("", &unheard{err})
		case refused(failed) && !renewed:
			renewed = true
			err := f.cfg.Org.Renew(ctx, session)
			if err == nil {
				continue
			}
			failed = f.explain("get an access token", err)
		}
		if !failed.Temporary {
			return failed
		}
		f.cfg.Log.WarnContext(ctx, "change events are not heard for now", "why", failed)
		if err := f.cfg.Sleep(ctx, max(wait, failed.RetryAfter)); err != nil {
			return err
		}
		wait, renewed = min(2*wait, longestWait), false
	}
}

var errSilent = errors.New("nothing was heard for too long")

// subscribe listens to one subscription until it ends, which it always does with an
// error. It moves the place on, and reports whether anything was heard.
func (f *Feed) subscribe(ctx context.Context, at *place, hear func(context.Context, won.Notice) error) (session salesforce.Session, heard bool, err error) {
	session, err = f.cfg.Org.Session(ctx)
	if err != nil {
		return session, false, err
	}
	// What is left open would go on counting as a subscription of ours.
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stream, err := f.client.Subscribe(signed(ctx, session))
	if err != nil {
		return session, false, coded(err, nil)
	}
	// That sending failed is told, with the reason, by the next Recv.
	_ = stream.Send(at.request(f.cfg.Topic, f.cfg.Batch))
	for {
		answer, err := f.next(stream, cancel)
		if err != nil {
			if errors.Is(context.Cause(ctx), errSilent) {
				err = errSilent
			}
			return session, heard, coded(err, stream.Trailer())
		}
		heard = true
		// More must be asked for within 60 seconds, which reading the records by REST
		// may take; so it is asked for first, and at most one batch waits meanwhile.
		if answer.GetPendingNumRequested() == 0 {
			_ = stream.Send(&eventbus.FetchRequest{TopicName: f.cfg.Topic, NumRequested: int32(f.cfg.Batch)})
		}
		notice, err := f.notice(ctx, session, answer)
		if err != nil {
			return session, heard, err
		}
		if err := hear(ctx, notice); err != nil {
			return session, heard, &unheard{err}
		}
		if len(notice.Replay) > 0 {
			*at = place{replay: notice.Replay}
		}
	}
}

// next waits for an answer, but not for ever: a connection may die without a sign.
func (f *Feed) next(stream grpc.BidiStreamingClient[eventbus.FetchRequest, eventbus.FetchResponse], cancel context.CancelCauseFunc) (*eventbus.FetchResponse, error) {
	timer := time.AfterFunc(f.cfg.Silence, func() { cancel(errSilent) })
	defer timer.Stop()
	answer, err := stream.Recv()
	if errors.Is(err, io.EOF) {
		err = errEnded
	}
	return answer, err
}

// signed adds to a call what proves who asks.
func signed(ctx context.Context, s salesforce.Session) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "accesstoken", s.Token, "instanceurl", s.Instance, "tenantid", s.OrgID)
}

// notice says where to look again after an answer. It errs where that can't be told
// for now.
func (f *Feed) notice(ctx context.Context, session salesforce.Session, answer *eventbus.FetchResponse) (won.Notice, error) {
	n := won.Notice{Replay: answer.GetLatestReplayId()}
	for _, e := range answer.GetEvents() {
		s, err := f.schema(ctx, session, e.GetEvent().GetSchemaId())
		if err != nil {
			return n, err
		}
		h, err := s.header(e.GetEvent().GetPayload())
		if err != nil {
			f.cfg.Log.WarnContext(ctx, "a change event can't be read; won opportunities are looked for by polling", "why", err)
			n.Missed = true
		} else {
			f.cfg.Log.DebugContext(ctx, "change event", slog.String("type", h.ChangeType), slog.Int("records", len(h.RecordIDs)), slog.Duration("after", f.cfg.Now().Sub(h.committed())))
			ids, missed := f.look(s, h)
			n.Deals, n.Missed = append(n.Deals, ids...), n.Missed || missed
		}
		if len(e.GetReplayId()) > 0 {
			n.Replay = e.GetReplayId()
		}
	}
	slices.Sort(n.Deals)
	n.Deals = slices.Compact(n.Deals)
	return n, nil
}

// look says which opportunities a change makes worth reading again, and whether it
// stands for changes that it does not name. When in doubt they are read.
func (f *Feed) look(s *schema, h header) (ids []string, missed bool) {
	switch {
	case h.EntityName != "Opportunity" && h.ChangeType != "GAP_OVERFLOW":
		return nil, false // of a channel with several objects
	case h.ChangeType == "DELETE", h.ChangeType == "GAP_DELETE":
		return nil, false
	case h.ChangeType == "GAP_OVERFLOW":
		return nil, true
	case h.ChangeType == "UPDATE" && !s.touches(h.ChangedFields, f.cfg.Fields):
		return nil, false
	}
	for _, id := range h.RecordIDs {
		if !recordID.MatchString(id) {
			return nil, true // such as "006*", for all there are
		}
	}
	return h.RecordIDs, len(h.RecordIDs) == 0
}

// schema is the schema with the id, which is asked for once.
func (f *Feed) schema(ctx context.Context, session salesforce.Session, id string) (*schema, error) {
	f.mu.Lock()
	s := f.schemas[id]
	f.mu.Unlock()
	if s != nil {
		return s, nil
	}
	ctx, cancel := context.WithTimeout(ctx, unaryWait)
	defer cancel()
	var trailer metadata.MD
	info, err := f.client.GetSchema(signed(ctx, session), &eventbus.SchemaRequest{SchemaId: id}, grpc.Trailer(&trailer))
	if err != nil {
		return nil, coded(err, trailer)
	}
	s = parse(info.GetSchemaJson())
	f.mu.Lock()
	defer f.mu.Unlock()
	f.schemas[id] = s
	return s, nil
}

// unaryWait is how long a call that has one answer may take.
const unaryWait = 30 * time.Second

// Check tries whether the topic may be subscribed to.
func (f *Feed) Check(ctx context.Context) []connect.Permission {
	topic := connect.Permission{Name: "Change Data Capture of Opportunity", For: "hearing of won deals within seconds, not only by polling"}
	info, err := f.topic(ctx)
	if err != nil {
		topic.Err = err
		return []connect.Permission{topic}
	}
	view := connect.Permission{Name: "View All on Opportunity", For: topic.For}
	if !info.GetCanSubscribe() {
		view.Err = &connect.Error{
			Vendor: vendor, Op: "look at " + f.cfg.Topic, Message: "the app's user may not subscribe to it",
			Advice: "give the app's user View All Records on Opportunity by a permission set (View All Data for a channel with tasks or events)",
		}
	}
	return []connect.Permission{topic, view}
}

func (f *Feed) topic(ctx context.Context) (*eventbus.TopicInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, unaryWait)
	defer cancel()
	for renewed := false; ; renewed = true {
		session, err := f.cfg.Org.Session(ctx)
		if err != nil {
			return nil, err
		}
		var trailer metadata.MD
		info, err := f.client.GetTopic(signed(ctx, session), &eventbus.TopicRequest{TopicName: f.cfg.Topic}, grpc.Trailer(&trailer))
		if err == nil {
			return info, nil
		}
		failed := f.explain("look at "+f.cfg.Topic, coded(err, trailer))
		if renewed || !refused(failed) {
			return nil, failed
		}
		if err := f.cfg.Org.Renew(ctx, session); err != nil {
			return nil, err
		}
	}
}
