package slack

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

// A socket is a connection of Socket Mode.
type socket struct {
	conn *websocket.Conn

	mu    sync.Mutex
	acked map[string]chan struct{} // by envelope id
}

// pingEvery is how often a connection is asked whether it is alive; clients give
// it up after 30 seconds without.
const pingEvery = 5 * time.Second

// serveSocket takes a connection for a ticket, which holds once.
func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request) {
	ticket := r.URL.Query().Get("ticket")
	s.mu.Lock()
	valid := s.tickets[ticket]
	delete(s.tickets, ticket)
	s.mu.Unlock()
	if !valid {
		http.Error(w, "no such ticket", http.StatusForbidden)
		return
	}
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true}) // the vendor's own clients name another origin
	if err != nil {
		return
	}
	defer conn.CloseNow() //nolint:errcheck // it is closed either way
	one := &socket{conn: conn, acked: map[string]chan struct{}{}}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	hello := Object{"type": "hello", "num_connections": 1, "connection_info": Object{"app_id": AppID}, "debug_info": Object{"host": "twin", "approximate_connection_time": 3600}}
	if wsjson.Write(ctx, conn, hello) != nil {
		return
	}
	s.mu.Lock()
	s.sockets = append(s.sockets, one)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.sockets = slices.DeleteFunc(s.sockets, func(other *socket) bool { return other == one })
	}()
	go one.ping(ctx)
	one.read(ctx)
}

func (o *socket) ping(ctx context.Context) {
	ticker := time.NewTicker(pingEvery)
	defer ticker.Stop()
	for {
		if o.conn.Ping(ctx) != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// read takes acknowledgements until the connection ends.
func (o *socket) read(ctx context.Context) {
	for {
		var ack struct {
			Envelope string `json:"envelope_id"`
		}
		if wsjson.Read(ctx, o.conn, &ack) != nil {
			return
		}
		o.mu.Lock()
		if waiting := o.acked[ack.Envelope]; waiting != nil {
			close(waiting)
			delete(o.acked, ack.Envelope)
		}
		o.mu.Unlock()
	}
}

// Connections is how many are open.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sockets)
}

// Disconnect ends all connections: with the vendor's notice, or without.
func (s *Server) Disconnect(ctx context.Context, notice bool) {
	s.mu.Lock()
	all := slices.Clone(s.sockets)
	s.mu.Unlock()
	for _, one := range all {
		if notice {
			_ = wsjson.Write(ctx, one.conn, Object{"type": "disconnect", "reason": "refresh_requested", "debug_info": Object{"host": "twin"}}) // it ends anyway
			_ = one.conn.Close(websocket.StatusGoingAway, "refresh_requested")
			continue
		}
		_ = one.conn.CloseNow()
	}
}

// push sends an interaction over a connection and waits until it is acknowledged.
func (s *Server) push(ctx context.Context, payload json.RawMessage) error {
	s.mu.Lock()
	envelope := "e-" + random()
	var one *socket
	if len(s.sockets) > 0 {
		one = s.sockets[len(s.sockets)-1]
	}
	s.mu.Unlock()
	if one == nil {
		return errors.New("the app is not connected")
	}
	done := make(chan struct{})
	one.mu.Lock()
	one.acked[envelope] = done
	one.mu.Unlock()
	// A write that is cancelled ends its connection, so this one is not.
	whole, cancel := context.WithTimeout(context.WithoutCancel(ctx), pingEvery)
	defer cancel()
	if err := wsjson.Write(whole, one.conn, Object{"envelope_id": envelope, "type": "interactive", "accepts_response_payload": true, "payload": payload}); err != nil {
		return err
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return errors.New("the app did not answer within 3 seconds")
	}
}
