package mail_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	netmail "net/mail"
	"sync"
	"testing"
	"time"

	"throughline/connect"
	"throughline/connect/mail"
	twin "throughline/twin/smtp"
)

// The planted secrets: no error or log may hold one.
const (
	username = "throughline@seller.example"
	password = "password-planted"
)

const (
	person = "ann@seller.example"
	sender = "handoffs@seller.example"
)

var today = time.Date(2026, 6, 1, 12, 0, 0, 0, time.FixedZone("", 2*3600))

// A rig is a connector before its stand-in.
type rig struct {
	twin *twin.Server
	cfg  mail.Config
	log  *bytes.Buffer
}

// newRig serves a stand-in in the mode, as set, or as it comes where nil.
func newRig(t *testing.T, mode mail.TLSMode, server *twin.Server) *rig {
	t.Helper()
	if server == nil {
		server = &twin.Server{}
	}
	r := &rig{twin: server, log: &bytes.Buffer{}}
	now := func() time.Time { return today }
	server.Username, server.Password, server.Now = username, password, now
	server.NoStartTLS = server.NoStartTLS || mode == mail.NoTLS
	serve := server.Serve
	if mode == mail.TLS {
		serve = server.ServeTLS
	}
	port := listen(t, server, serve)
	authorities, err := server.Authorities()
	if err != nil {
		t.Fatal(err)
	}
	r.cfg = mail.Config{
		Host: "127.0.0.1", Port: port, TLS: mode, Username: username, Password: password,
		From: netmail.Address{Name: "Handoffs", Address: sender}, RootCAs: authorities,
		Limiter: connect.NewLimiter(1000, 1000), Now: now,
		Log: slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	return r
}

func listen(t *testing.T, server *twin.Server, serve func(net.Listener) error) (port int) {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- serve(l) }()
	t.Cleanup(func() {
		if err := errors.Join(server.Close(), <-ended); err != nil {
			t.Errorf("the stand-in: %v", err)
		}
	})
	return l.Addr().(*net.TCPAddr).Port
}

func (r *rig) client(t *testing.T) *mail.Client {
	t.Helper()
	c, err := mail.New(r.cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// message is one as the review of a draft is asked for.
func message() connect.Message {
	return connect.Message{
		Key: "review-0061.1", To: person, Subject: "Review the handoff of Harborline",
		Paragraphs: []string{"The draft is ready.", "It has three open questions.\nThey are marked."},
		Actions: []connect.Action{
			{Label: "Review the draft", URL: "https://throughline.example/r/1?t=a&b=c", Primary: true},
			{Label: "Accept", ID: "accept", Value: "0061"},
			{Label: "Ask for more time", URL: "https://throughline.example/r/1/later"},
		},
	}
}

// kept is what a store does, in memory.
type kept struct {
	mu   sync.Mutex
	keys map[string]time.Time
	fail error
}

func (k *kept) Known(_ context.Context, key string) (bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, known := k.keys[key]
	return known, k.fail
}

func (k *kept) Record(_ context.Context, key string, at time.Time) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.fail != nil {
		return k.fail
	}
	if k.keys == nil {
		k.keys = map[string]time.Time{}
	}
	k.keys[key] = at
	return nil
}
