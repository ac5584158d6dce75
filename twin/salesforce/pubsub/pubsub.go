// Package pubsub is a stand-in for Salesforce's Pub/Sub API over real gRPC: it
// publishes a change event for every opportunity that is made or changed in the
// stand-in org it belongs to, keeps events for a while so that they can be replayed,
// delivers no more of them than were asked for, and keeps quiet subscriptions
// alive. It takes the org's tokens. On order it fails as the service fails: streams
// that end, events that come twice, late, in another order or never, GAP events,
// places in the stream that are no longer known.
package pubsub

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed" // the schema
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"sync"
	"time"

	"github.com/twmb/avro"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"throughline/internal/eventbus"
	"throughline/twin/salesforce"
)

// Topic is the one that is published to.
const Topic = "/data/OpportunityChangeEvent"

// tenant is the id of the stand-in org, as its tokens tell.
const tenant = "00D000000000001AAA"

//go:embed opportunity.avsc
var schemaJSON string

// Server is the stand-in. Its fields are set before its first use; [New] fills in
// what has a default.
type Server struct {
	eventbus.UnimplementedPubSubServer

	Now       func() time.Time
	Retention time.Duration // how long events are kept, 72 h
	Keepalive time.Duration // after which a quiet subscription is told so, 270 s
	Unasked   time.Duration // after which one that asks for no more is ended, 60 s
	Most      int           // events in one answer

	NoTopic     bool // Change Data Capture is not switched on
	NoSubscribe bool // the user may not subscribe

	org    *salesforce.Server
	schema *avro.Schema
	id     string // of the schema

	mu      sync.Mutex
	wake    chan struct{} // closed at a change of what is below
	known   map[string]salesforce.Record
	log     []Event // the last of all that were published
	gone    int     // how many were published before those
	held    []Event
	hold    bool
	faults  []fault
	drops   int // how often all streams were ended
	dropped fault
	open    int
	made    []Subscription
	reads   int // of the schema
	silent  bool
}

// An Event is one that was published.
type Event struct {
	Type    string // "UPDATE"
	IDs     []string
	Changed []string // "StageName", "Site__c.Latitude"
	At      time.Time
	payload []byte
	logged  time.Time
}

// A Subscription is one that was asked for, whether or not it was made.
type Subscription struct {
	Preset eventbus.ReplayPreset
	Replay []byte
	Asked  int // events that it was ready for at first
}

type fault struct {
	method string
	err    error
	code   string
}

// New is a stand-in for the changes of an org's opportunities from now on.
func New(org *salesforce.Server) *Server {
	sum := sha256.Sum256([]byte(schemaJSON))
	s := &Server{
		Now: time.Now, Retention: 72 * time.Hour, Keepalive: 270 * time.Second, Unasked: 60 * time.Second, Most: 100,
		org: org, schema: avro.MustParse(schemaJSON), id: hex.EncodeToString(sum[:12]), wake: make(chan struct{}), known: map[string]salesforce.Record{},
	}
	for _, rec := range org.All("Opportunity") {
		s.known[text(rec["Id"])] = rec
	}
	org.OnChange(func(object string, rec salesforce.Record) {
		if object == "Opportunity" {
			s.changed(rec)
		}
	})
	return s
}

// GRPC is a server that answers as the stand-in.
func (s *Server) GRPC(opts ...grpc.ServerOption) *grpc.Server {
	server := grpc.NewServer(opts...)
	eventbus.RegisterPubSubServer(server, s)
	return server
}

// GetTopic tells of the one topic there is.
func (s *Server) GetTopic(ctx context.Context, r *eventbus.TopicRequest) (*eventbus.TopicInfo, error) {
	if err := s.admit(ctx, "GetTopic", r.GetTopicName()); err != nil {
		return nil, err
	}
	return &eventbus.TopicInfo{TopicName: Topic, TenantGuid: tenant, CanSubscribe: !s.NoSubscribe, SchemaId: s.id}, nil
}

// GetSchema tells the schema of the events.
func (s *Server) GetSchema(ctx context.Context, r *eventbus.SchemaRequest) (*eventbus.SchemaInfo, error) {
	if err := s.admit(ctx, "GetSchema", Topic); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	if r.GetSchemaId() != s.id {
		return nil, fail(ctx, codes.NotFound, "schema.not.found")
	}
	return &eventbus.SchemaInfo{SchemaId: s.id, SchemaJson: schemaJSON}, nil
}

// Subscribe delivers events.
func (s *Server) Subscribe(stream grpc.BidiStreamingServer[eventbus.FetchRequest, eventbus.FetchResponse]) error {
	ctx := stream.Context()
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.made = append(s.made, Subscription{first.GetReplayPreset(), first.GetReplayId(), int(first.GetNumRequested())})
	drops := s.drops
	s.mu.Unlock()
	if err := s.admit(ctx, "Subscribe", first.GetTopicName()); err != nil {
		return err
	}
	if s.NoSubscribe {
		return fail(ctx, codes.PermissionDenied, "topic.subscribe.denied")
	}
	next, err := s.begin(ctx, first)
	if err != nil {
		return err
	}
	s.count(1)
	defer s.count(-1)
	asked := make(chan *eventbus.FetchRequest)
	go func() {
		defer close(asked)
		for {
			r, err := stream.Recv()
			if err != nil {
				return
			}
			select {
			case asked <- r:
			case <-ctx.Done():
				return
			}
		}
	}()
	pending := 0
	ask := func(r *eventbus.FetchRequest) error {
		if n := r.GetNumRequested(); n < 1 || n > 100 || r.GetTopicName() != "" && r.GetTopicName() != Topic {
			return fail(ctx, codes.InvalidArgument, "subscription.fetch.request.invalid")
		}
		pending += int(r.GetNumRequested())
		return nil
	}
	if err := ask(first); err != nil {
		return err
	}
	for {
		from, events, ended, wake := s.after(next, min(pending, s.Most), drops)
		next = from
		if ended != nil {
			return fail(ctx, status.Code(ended.err), ended.code)
		}
		if len(events) > 0 {
			answer := &eventbus.FetchResponse{RpcId: "rpc"}
			for _, e := range events {
				next++
				answer.Events = append(answer.Events, &eventbus.ConsumerEvent{Event: &eventbus.ProducerEvent{Id: replayID(next).String(), SchemaId: s.id, Payload: e.payload}, ReplayId: replayID(next)})
			}
			pending -= len(events)
			answer.PendingNumRequested, answer.LatestReplayId = int32(pending), replayID(next)
			if err := stream.Send(answer); err != nil {
				return err
			}
			continue
		}
		quiet := s.Keepalive
		if pending == 0 {
			quiet = s.Unasked
		}
		timer := time.NewTimer(quiet)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case r, ok := <-asked:
			timer.Stop()
			if !ok {
				return nil
			}
			if err := ask(r); err != nil {
				return err
			}
		case <-wake:
			timer.Stop()
		case <-timer.C:
			if pending == 0 {
				return fail(ctx, codes.DeadlineExceeded, "")
			}
			if s.quiet() {
				continue
			}
			if err := stream.Send(&eventbus.FetchResponse{LatestReplayId: replayID(next), PendingNumRequested: int32(pending), RpcId: "rpc"}); err != nil {
				return err
			}
		}
	}
}

// admit lets a call in that has a valid token and names the topic, unless it is to
// fail.
func (s *Server) admit(ctx context.Context, method, topic string) error {
	s.mu.Lock()
	for i, f := range s.faults {
		if f.method == method {
			s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
			s.mu.Unlock()
			return fail(ctx, status.Code(f.err), f.code)
		}
	}
	s.mu.Unlock()
	md, _ := metadata.FromIncomingContext(ctx)
	one := func(key string) string {
		if v := md.Get(key); len(v) == 1 {
			return v[0]
		}
		return ""
	}
	switch {
	case !s.org.Valid(one("accesstoken")), one("instanceurl") == "", one("tenantid") != tenant:
		return fail(ctx, codes.Unauthenticated, "service.auth.error")
	case topic != Topic, s.NoTopic:
		return fail(ctx, codes.NotFound, "topic.not.found")
	}
	return nil
}

// fail is an error with the service's own code in what follows it.
func fail(ctx context.Context, code codes.Code, own string) error {
	if own != "" {
		_ = grpc.SetTrailer(ctx, metadata.Pairs("error-code", "sfdc.platform.eventbus.grpc."+own)) // fails only outside a call
	}
	return status.Error(code, "as it was told to, with content that nobody may log: planted-content-77")
}

// begin is how many events lie before the first to be delivered.
func (s *Server) begin(ctx context.Context, r *eventbus.FetchRequest) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget()
	switch r.GetReplayPreset() {
	case eventbus.ReplayPreset_EARLIEST:
		return s.gone, nil
	case eventbus.ReplayPreset_CUSTOM:
		n, ok := position(r.GetReplayId())
		if !ok || n < s.gone || n > s.gone+len(s.log) {
			return 0, fail(ctx, codes.InvalidArgument, "subscription.fetch.replayid.corrupted")
		}
		return n, nil
	}
	return s.gone + len(s.log), nil
}

// forget lets go of events that are older than what is kept.
func (s *Server) forget() {
	for len(s.log) > 0 && s.Now().Sub(s.log[0].logged) > s.Retention {
		s.log, s.gone = s.log[1:], s.gone+1
	}
}

// after are up to so many events after a number of them, or after those that are
// no longer kept; or why the stream is to end; and what is closed when that changes.
func (s *Server) after(n, most, drops int) (from int, events []Event, ended *fault, wake <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.drops != drops {
		f := s.dropped
		return n, nil, &f, s.wake
	}
	n = max(n, s.gone)
	rest := s.log[n-s.gone:]
	return n, rest[:min(most, len(rest))], nil, s.wake
}

func (s *Server) quiet() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.silent
}

func (s *Server) count(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open += n
}

// A replay is an event's place: its number, and a sum that tells a broken one.
type replay []byte

func replayID(n int) replay {
	b := binary.BigEndian.AppendUint64(nil, uint64(n))
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
}

func (r replay) String() string { return hex.EncodeToString(r) }

func position(id []byte) (int, bool) {
	if len(id) != 12 {
		return 0, false
	}
	n := int(binary.BigEndian.Uint64(id))
	return n, bytes.Equal(replayID(n), id)
}
