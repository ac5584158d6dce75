package pubsub

import (
	"bytes"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Order makes the next calls of a method ("Subscribe", "GetSchema", "GetTopic") fail,
// with the service's own code without its prefix.
func (s *Server) Order(method string, times int, code codes.Code, own string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range times {
		s.faults = append(s.faults, fault{method, status.Error(code, "ordered"), own})
	}
}

// Drop ends all streams with an error.
func (s *Server) Drop(code codes.Code, own string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drops++
	s.dropped = fault{err: status.Error(code, "ordered"), code: own}
	s.signal()
}

// Hush keeps keepalives back, so that streams seem dead; or no longer.
func (s *Server) Hush(silent bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.silent = silent
}

// Hold keeps events back from now on.
func (s *Server) Hold() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hold = true
}

// Release publishes what a function makes of the events that were held back: fewer,
// more, or in another order. With nil they come as they are.
func (s *Server) Release(pick func([]Event) []Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	held := s.held
	s.held, s.hold = nil, false
	if pick != nil {
		held = pick(slices.Clone(held))
	}
	for _, e := range held {
		s.publish(e)
	}
}

// Gap publishes an event without fields: "GAP_UPDATE", or "GAP_OVERFLOW" with the
// id "006*" or none.
func (s *Server) Gap(kind string, ids ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.publish(s.event(kind, ids, nil, nil, s.Now()))
}

// Garble publishes an event that does not fit its schema.
func (s *Server) Garble() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.publish(Event{payload: bytes.Repeat([]byte{0xff}, 9)})
}

// Repeat publishes the last events once more.
func (s *Server) Repeat(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range slices.Clone(s.log[max(0, len(s.log)-n):]) {
		s.publish(e)
	}
}

// Forget lets go of all events, as time does.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	// One more, so that the place after the last of them is not known either.
	s.gone += len(s.log) + 1
	s.log = nil
}

// Events are those that are kept.
func (s *Server) Events() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.log)
}

// Latest is the place after all events.
func (s *Server) Latest() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return replayID(s.gone + len(s.log))
}

// Subscriptions are those that were asked for so far.
func (s *Server) Subscriptions() []Subscription {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.made)
}

// Open is how many streams are open.
func (s *Server) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open
}

// SchemaReads is how often a schema was asked for.
func (s *Server) SchemaReads() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reads
}
