// Package salesforce reads deals from Salesforce: one opportunity with all that
// belongs to it, as [Org.Collect] does, and which opportunities were won, as
// [Org.Won] does by polling. What was read is saved as the files that package
// folder reads. [Org.Publish] attaches a handoff to opportunity and account.
//
// A deal takes three API calls, whatever its size, plus one for each further
// page, for each file, and for each note made in Lightning: requests are bundled
// into composite ones, which count as one call
// (developer.salesforce.com, "Send Multiple Requests Using Composite").
package salesforce

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"throughline"
	"throughline/connect"
)

// How many files of a deal are read, and up to which size in bytes, where the
// configuration says nothing else.
const (
	DefaultMaxFile  = 32 << 20
	DefaultMaxFiles = 50
)

// DefaultVersion is the API version spoken where the configuration names none.
const DefaultVersion = "v68.0"

// DefaultLogin is where production orgs issue tokens; sandboxes do at
// https://test.salesforce.com, and every org at its own My Domain.
const DefaultLogin = "https://login.salesforce.com"

// Config says how to reach an org. Login, ClientID and either ClientSecret or
// Username with KeyFile must be set; the rest has defaults.
type Config struct {
	// Login is the address that issues tokens. Client credentials need the
	// org's My Domain here.
	Login string
	// ClientID is the consumer key of the External Client App.
	ClientID string
	// ClientSecret is set for the client credentials flow.
	ClientSecret string
	// Username and KeyFile are set for the JWT bearer flow: whom to act for, and
	// the file with the app's RSA key in PEM.
	Username, KeyFile string
	// Audience of the JWT; by default that of production, or of sandboxes when
	// Login is theirs. It differs from a My Domain login.
	Audience string
	Version  string // "v68.0"

	// AEField and CSMField name the lookup fields that hold the AE and the CSM:
	// a field of the opportunity ("CSM__c"), or of its account ("Account.CSM__c").
	// Where AEField is empty, the AE is the owner.
	AEField, CSMField string
	// KickoffField names the date or date and time field of the opportunity that
	// holds when the kickoff is ("Kickoff__c"); empty where none does.
	KickoffField string

	// Seller is the company that sells, which no record of the deal names: what of
	// Name, Product and Domain is set goes into the deal's folder.
	Seller throughline.Company

	// Writing says how handoffs are published; nil where none are.
	Writing *Writing

	// MaxFile is the size in bytes up to which a file is read, by default
	// [DefaultMaxFile]; MaxFiles how many are, by default [DefaultMaxFiles].
	MaxFile  int64
	MaxFiles int

	HTTP    *http.Client
	Limiter *connect.Limiter
	Budget  *connect.Budget
	Log     *slog.Logger
	Now     func() time.Time
	Sleep   func(context.Context, time.Duration) error
}

// Our own pace. Salesforce has no limit by the second, but one of 25 requests
// that take 20 seconds or more at the same time.
const perSecond, burst = 10, 10

// An Org is a Salesforce org that deals are read from and handoffs published to.
// Many goroutines may use it.
type Org struct {
	cfg    Config
	client *connect.Client
	auth   granter // the client's

	mu    sync.Mutex
	usage Usage

	publishing sync.Mutex // one at a time: what is there is read before it is written
}

// Usage is how many API calls the org has had in the last 24 hours, by everybody,
// and how many it may have. It is zero before the first call.
type Usage struct{ Used, Most int }

// New checks the configuration. It reads the key file, but calls nobody.
func New(cfg Config) (*Org, error) {
	if cfg.Login == "" {
		cfg.Login = DefaultLogin
	}
	if cfg.Version == "" {
		cfg.Version = DefaultVersion
	}
	if cfg.MaxFile == 0 {
		cfg.MaxFile = DefaultMaxFile
	}
	if cfg.MaxFiles == 0 {
		cfg.MaxFiles = DefaultMaxFiles
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.ClientID == "" {
		return nil, errors.New("salesforce: the configuration names no client_id (the consumer key of the External Client App)")
	}
	if cfg.Limiter == nil {
		cfg.Limiter = connect.SharedLimiter("Salesforce", cfg.Login+" "+cfg.ClientID, perSecond, burst)
	}
	if err := cfg.Writing.check(); err != nil {
		return nil, err
	}
	auth, err := authOf(cfg)
	if err != nil {
		return nil, err
	}
	o := &Org{cfg: cfg, auth: auth}
	o.client = &connect.Client{
		Vendor: vendor, Auth: auth, HTTP: cfg.HTTP, Limiter: cfg.Limiter, Budget: cfg.Budget, Log: cfg.Log, Now: cfg.Now, Sleep: cfg.Sleep, Decode: decode,
	}
	return o, nil
}

const vendor = "Salesforce"

// Usage is what the last answer told.
func (o *Org) Usage() Usage {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.usage
}

// do makes one API call, and notes what its answer tells of the quota.
func (o *Org) do(ctx context.Context, req connect.Request, out any) error {
	resp, err := o.client.Do(ctx, req, out)
	if err != nil {
		return err
	}
	o.count(resp.Header)
	return nil
}

// count reads "api-usage=18/5000".
func (o *Org) count(h http.Header) {
	for _, part := range strings.Split(h.Get("Sforce-Limit-Info"), ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		used, most, _ := strings.Cut(value, "/")
		u, err := strconv.Atoi(used)
		m, err2 := strconv.Atoi(most)
		if name == "api-usage" && err == nil && err2 == nil {
			o.mu.Lock()
			o.usage = Usage{u, m}
			o.mu.Unlock()
		}
	}
}

// path is an address of the API, below its version.
func (o *Org) path(rest string) string { return "/services/data/" + o.cfg.Version + "/" + rest }
