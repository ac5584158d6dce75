// Package changes hears of changed opportunities by Salesforce's Pub/Sub API, within
// seconds: it subscribes to the change events that Change Data Capture publishes,
// and tells which opportunities to read again.
//
// What an event says of a record's fields is not used. It holds only those that
// were changed, formula fields such as IsWon never, and sometimes (a GAP event) none;
// the record itself, read by REST, is what counts. See [won.Watch], whose
// feed this is.
package changes

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"regexp"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"throughline/connect"
	"throughline/connect/salesforce"
	"throughline/internal/eventbus"
)

// Where the API is (developer.salesforce.com, "Pub/Sub API Endpoints").
const (
	DefaultEndpoint = "api.pubsub.salesforce.com:7443"
	EUEndpoint      = "api.deu.pubsub.salesforce.com:7443" // for data that must stay in the EU
)

// DefaultTopic are the changes of opportunities. A custom channel that holds them,
// "/data/Deals__chn", does as well.
const DefaultTopic = "/data/OpportunityChangeEvent"

// DefaultSilence is longer than the vendor leaves between two messages: it sends
// something every 270 seconds at least.
const DefaultSilence = 300 * time.Second

// mostEvents is how many events may be asked for at a time (developer.salesforce.com,
// "Subscribe RPC Method").
const mostEvents = 100

// Config says what to subscribe to. Org must be set; the rest has defaults.
type Config struct {
	Org      *salesforce.Org // whose token is used
	Endpoint string          // host and port
	Topic    string

	// Fields are those whose change is worth reading an opportunity again, as
	// [salesforce.Fields] tells. Where it is empty, every change is.
	Fields []string

	// Batch is how many events are asked for at a time, 1 to 100, default 100.
	Batch int
	// Silence is how long a subscription may say nothing before it counts as dead,
	// default [DefaultSilence].
	Silence time.Duration

	// Plain leaves encryption out, which is allowed to an endpoint on the machine
	// itself only: a stand-in.
	Plain bool
	TLS   *tls.Config // nil for what the machine trusts

	Log   *slog.Logger
	Now   func() time.Time
	Sleep func(context.Context, time.Duration) error
}

// A Feed is a connection to the API. Many goroutines may use it.
type Feed struct {
	cfg    Config
	conn   *grpc.ClientConn
	client eventbus.PubSubClient

	mu      sync.Mutex
	schemas map[string]*schema // by the vendor's id
}

var topicForm = regexp.MustCompile(`^/data/[A-Za-z][A-Za-z0-9_]*$`)

// mostMessage is the size in bytes that an answer may have: a hundred events, few
// of which come near to the 1 MB that one may have.
const mostMessage = 32 << 20

// New checks the configuration. It calls nobody.
func New(cfg Config) (*Feed, error) {
	if cfg.Org == nil {
		return nil, errors.New("salesforce changes: no org is given")
	}
	if cfg.Endpoint == "" {
		cfg.Endpoint = DefaultEndpoint
	}
	if cfg.Topic == "" {
		cfg.Topic = DefaultTopic
	}
	if !topicForm.MatchString(cfg.Topic) {
		return nil, fmt.Errorf("salesforce changes: %q is no topic of change events; one is %s", cfg.Topic, DefaultTopic)
	}
	if cfg.Batch == 0 {
		cfg.Batch = mostEvents
	}
	if cfg.Batch < 1 || cfg.Batch > mostEvents {
		return nil, fmt.Errorf("salesforce changes: a batch is 1 to %d events, not %d", mostEvents, cfg.Batch)
	}
	if cfg.Silence == 0 {
		cfg.Silence = DefaultSilence
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Sleep == nil {
		cfg.Sleep = connect.Sleep
	}
	host, _, err := net.SplitHostPort(cfg.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("salesforce changes: the endpoint %q is not a host and a port, such as %s", cfg.Endpoint, DefaultEndpoint)
	}
	transport := credentials.NewTLS(cfg.TLS)
	if cfg.Plain {
		if !connect.Loopback(host) {
			return nil, fmt.Errorf("salesforce changes: %s is not on this machine, so that the token may only go there encrypted", cfg.Endpoint)
		}
		transport = insecure.NewCredentials()
	}
	conn, err := grpc.NewClient("dns:///"+cfg.Endpoint, grpc.WithTransportCredentials(transport), grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(mostMessage)), grpc.WithDisableServiceConfig())
	if err != nil {
		return nil, fmt.Errorf("salesforce changes: the endpoint %q can't be used: %w", cfg.Endpoint, err)
	}
	return &Feed{cfg: cfg, conn: conn, client: eventbus.NewPubSubClient(conn), schemas: map[string]*schema{}}, nil
}

// Close ends the connection, and with it all that listens.
func (f *Feed) Close() error { return f.conn.Close() }
