package pubsub_test

import (
	"context"
	"net"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"

	"throughline/internal/eventbus"
	"throughline/twin/salesforce"
	"throughline/twin/salesforce/pubsub"
)

// bench is a stand-in and a client of it whose calls are signed.
func bench(t *testing.T) (*salesforce.Server, *pubsub.Server, eventbus.PubSubClient, context.Context) {
	t.Helper()
	org := salesforce.New()
	org.ClientID, org.ClientSecret = "client", "secret"
	s := pubsub.New(org)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := s.GRPC()
	go func() { _ = server.Serve(listener) }() // it ends with Stop
	t.Cleanup(server.Stop)
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // nothing depends on it
	web := httptest.NewServer(org)
	t.Cleanup(web.Close)
	resp, err := web.Client().PostForm(web.URL+"/services/oauth2/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {"client"}, "client_secret": {"secret"}})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body := make([]byte, 4096)
	n, _ := resp.Body.Read(body)
	token := regexp.MustCompile(`"access_token":"([^"]+)"`).FindSubmatch(body[:n])
	if token == nil {
		t.Fatalf("no token: %s", body[:n])
	}
	ctx := metadata.AppendToOutgoingContext(t.Context(), "accesstoken", string(token[1]), "instanceurl", web.URL, "tenantid", "00D000000000001AAA")
	return org, s, eventbus.NewPubSubClient(conn), ctx
}

func subscribe(ctx context.Context, t *testing.T, c eventbus.PubSubClient, r *eventbus.FetchRequest) grpc.BidiStreamingClient[eventbus.FetchRequest, eventbus.FetchResponse] {
	t.Helper()
	stream, err := c.Subscribe(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(r); err != nil {
		t.Fatal(err)
	}
	return stream
}

// TestFlowControl: no more events come than were asked for.
func TestFlowControl(t *testing.T) {
	org, s, c, ctx := bench(t)
	s.Keepalive, s.Unasked = 5*time.Millisecond, time.Minute
	for range 5 {
		org.Put("Opportunity", salesforce.Record{"Name": "x"})
	}
	stream := subscribe(ctx, t, c, &eventbus.FetchRequest{TopicName: pubsub.Topic, ReplayPreset: eventbus.ReplayPreset_EARLIEST, NumRequested: 2})
	var got []int
	for range 3 {
		answer, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, len(answer.GetEvents()), int(answer.GetPendingNumRequested()))
		if len(got) < 6 {
			if err := stream.Send(&eventbus.FetchRequest{NumRequested: 2}); err != nil {
				t.Fatal(err)
			}
		}
	}
	answer, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	if len(answer.GetEvents()) != 0 || answer.GetPendingNumRequested() != 1 || !slices.Equal(got, []int{2, 0, 2, 0, 1, 1}) {
		t.Errorf("%v, then %v", got, answer)
	}
}

func TestRefuses(t *testing.T) {
	fine := func() *eventbus.FetchRequest { return &eventbus.FetchRequest{TopicName: pubsub.Topic, NumRequested: 1} }
	for name, tt := range map[string]struct {
		change func(*pubsub.Server, *eventbus.FetchRequest)
		ctx    func(context.Context) context.Context
		code   codes.Code
		own    string
	}{
		"too many": {func(_ *pubsub.Server, r *eventbus.FetchRequest) { r.NumRequested = 101 }, nil, codes.InvalidArgument, "subscription.fetch.request.invalid"},
		"none":     {func(_ *pubsub.Server, r *eventbus.FetchRequest) { r.NumRequested = 0 }, nil, codes.InvalidArgument, "subscription.fetch.request.invalid"},
		"topic":    {func(_ *pubsub.Server, r *eventbus.FetchRequest) { r.TopicName = "/data/XChangeEvent" }, nil, codes.NotFound, "topic.not.found"},
		"broken place": {func(_ *pubsub.Server, r *eventbus.FetchRequest) {
			r.ReplayPreset, r.ReplayId = eventbus.ReplayPreset_CUSTOM, []byte("x")
		}, nil, codes.InvalidArgument, "subscription.fetch.replayid.corrupted"},
		"old place": {func(s *pubsub.Server, r *eventbus.FetchRequest) {
			r.ReplayPreset, r.ReplayId = eventbus.ReplayPreset_CUSTOM, s.Latest()
			s.Gap("GAP_OVERFLOW")
			s.Now = func() time.Time { return time.Now().Add(73 * time.Hour) }
		}, nil, codes.InvalidArgument, "subscription.fetch.replayid.corrupted"},
		"asks for no more": {func(s *pubsub.Server, _ *eventbus.FetchRequest) {
			s.Unasked = time.Millisecond
			s.Hold()
			s.Release(nil)
			s.Gap("GAP_OVERFLOW")
		}, nil, codes.DeadlineExceeded, ""},
		"no token": {func(*pubsub.Server, *eventbus.FetchRequest) {}, func(ctx context.Context) context.Context { return metadata.NewOutgoingContext(ctx, nil) }, codes.Unauthenticated, "service.auth.error"},
	} {
		t.Run(name, func(t *testing.T) {
			_, s, c, ctx := bench(t)
			if tt.ctx != nil {
				ctx = tt.ctx(ctx)
			}
			r := fine()
			r.ReplayPreset = eventbus.ReplayPreset_EARLIEST
			tt.change(s, r)
			stream := subscribe(ctx, t, c, r)
			var err error
			for err == nil {
				_, err = stream.Recv()
			}
			own := strings.TrimPrefix(strings.Join(stream.Trailer().Get("error-code"), ","), "sfdc.platform.eventbus.grpc.")
			if status.Code(err) != tt.code || own != tt.own {
				t.Errorf("%v, %q", err, own)
			}
		})
	}
}

// TestGeneratedIsTheVendors compares the generated code with the vendor's protocol:
// the service's methods, and each message's fields with number and type.
func TestGeneratedIsTheVendors(t *testing.T) {
	text, err := os.ReadFile("../../../../shared/specs/salesforce/pubsub_api.proto")
	if err != nil {
		t.Skip("the vendor's protocol is not beside the project: ../shared/specs/salesforce/pubsub_api.proto")
	}
	source := regexp.MustCompile(`(?s)/\*.*?\*/|//[^\n]*`).ReplaceAllString(string(text), "")
	want := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?s)message (\w+) \{(.*?)\}`).FindAllStringSubmatch(source, -1) {
		for _, f := range regexp.MustCompile(`(repeated )?(\w+) (\w+) = (\d+);`).FindAllStringSubmatch(m[2], -1) {
			want[m[1]+": "+f[1]+f[2]+" "+f[3]+" = "+f[4]] = true
		}
	}
	for _, m := range regexp.MustCompile(`rpc (\w+) \((stream )?(\w+)\) returns \((stream )?(\w+)\)`).FindAllStringSubmatch(source, -1) {
		want["rpc "+m[1]+" "+m[2]+m[3]+" "+m[4]+m[5]] = true
	}
	if len(want) < 40 {
		t.Fatalf("only %d lines were understood", len(want))
	}
	got := map[string]bool{}
	file := eventbus.File_pubsub_api_proto
	for i := range file.Messages().Len() {
		m := file.Messages().Get(i)
		for j := range m.Fields().Len() {
			f := m.Fields().Get(j)
			kind := f.Kind().String()
			switch f.Kind() {
			case protoreflect.MessageKind:
				kind = string(f.Message().Name())
			case protoreflect.EnumKind:
				kind = string(f.Enum().Name())
			default:
			}
			got[string(m.Name())+": "+map[bool]string{true: "repeated "}[f.IsList()]+kind+" "+string(f.Name())+" = "+strconv.Itoa(int(f.Number()))] = true
		}
	}
	methods := file.Services().Get(0).Methods()
	for i := range methods.Len() {
		m := methods.Get(i)
		stream := map[bool]string{true: "stream "}
		got["rpc "+string(m.Name())+" "+stream[m.IsStreamingClient()]+string(m.Input().Name())+" "+stream[m.IsStreamingServer()]+string(m.Output().Name())] = true
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
