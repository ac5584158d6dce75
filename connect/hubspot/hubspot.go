// Package hubspot reads deals from HubSpot: one deal with all that belongs to it,
// as [Portal.Collect] does, and which deals were won, by polling ([Portal.Won]) and
// by webhooks ([Portal.Hook]). What was read is saved as the files that package
// folder reads. [Portal.Publish] writes a handoff as a note of the deal, with tasks
// for its milestones.
//
// Calls are few, because the account's other programs share its limits: ids come
// with the deal, and records are read a hundred at a time.
package hubspot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"throughline"
	"throughline/connect"
)

// Vendor is what people call the system.
const Vendor = "HubSpot"

// DefaultBase is the API's address.
const DefaultBase = "https://api.hubapi.com"

// DefaultVersion is the version of the API that is spoken where the configuration
// names none. It went general on 2026-09-08; one is supported for about 18 months.
const DefaultVersion = "2026-09"

// filesVersion is the version of the files API: the vendor's documents show none
// that is newer.
const filesVersion = "2026-03"

// Config says how to reach an account. Token must be set; the rest has defaults.
type Config struct {
	// Token is a Service Key, the static token of a project's app, or that of a
	// private app made while those could be.
	Token string
	// Base is the API's address, Version its dated version: "2026-09".
	Base, Version string
	// Portal is the account's id. Where it is set, webhooks of other accounts are
	// passed over; an app that is installed in one account needs none.
	Portal string

	// AEField and CSMField name the properties that hold the AE and the CSM as an
	// owner: one of the deal ("csm"), or of its company ("company.csm"). Where AEField
	// is empty, the AE is the deal's owner.
	AEField, CSMField string
	// KickoffField names the date or date and time property of the deal that holds
	// when the kickoff is ("kickoff"); empty where none does.
	KickoffField string

	// Seller is the company that sells, which no record of the deal names: what of
	// Name, Product and Domain is set goes into the deal's folder.
	Seller throughline.Company

	// Writing says how handoffs are published; nil where none are.
	Writing *Writing

	// MaxFile is the size in bytes up to which a file is read, default 32 MB;
	// MaxFiles how many are, default 50.
	MaxFile  int64
	MaxFiles int

	HTTP *http.Client
	// Limiter is the pace of all calls but searches, SearchLimiter that of searches.
	Limiter, SearchLimiter *connect.Limiter
	Budget                 *connect.Budget
	Log                    *slog.Logger
	Now                    func() time.Time
	Sleep                  func(context.Context, time.Duration) error
}

// Our own pace: together at most 100 calls in any 10 seconds, which is what a token
// has in the smallest edition, and 5 searches in any second, which is what an
// account has (developers.hubspot.com, usage guidelines; search the CRM).
const (
	perSecond, burst             = 9, 10
	searchPerSecond, searchBurst = 4, 1
)

// Size bounds where the configuration names none.
const (
	defaultMaxFile  = 32 << 20
	defaultMaxFiles = 50
)

// A Portal is a HubSpot account that deals are read from and handoffs published to.
// Many goroutines may use it.
type Portal struct {
	cfg      Config
	client   *connect.Client
	searcher *connect.Client

	known known // what changes seldom

	publishing sync.Mutex // one at a time: what is there is read before it is written
}

var versionForm = regexp.MustCompile(`^20\d\d-\d\d$`)

// New checks the configuration. It calls nobody.
func New(cfg Config) (*Portal, error) {
	cfg.Base, cfg.Version = cmp.Or(cfg.Base, DefaultBase), cmp.Or(cfg.Version, DefaultVersion)
	cfg.MaxFile, cfg.MaxFiles = cmp.Or(cfg.MaxFile, defaultMaxFile), cmp.Or(cfg.MaxFiles, defaultMaxFiles)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Token == "" {
		return nil, errors.New("hubspot: there is no token: that of a Service Key or of an app")
	}
	if !versionForm.MatchString(cfg.Version) {
		return nil, fmt.Errorf("hubspot: %q is no version of the API: one is a year and a month, such as %s", cfg.Version, DefaultVersion)
	}
	for _, field := range []string{cfg.AEField, cfg.CSMField, cfg.KickoffField} {
		if field != "" && !fieldForm.MatchString(field) || field == cfg.KickoffField && strings.Contains(field, ".") {
			return nil, fmt.Errorf("hubspot: %q is no property: name one of the deal, such as csm, or of its company, such as company.csm", field)
		}
	}
	if err := cfg.Writing.check(); err != nil {
		return nil, err
	}
	if cfg.Limiter == nil {
		cfg.Limiter = connect.SharedLimiter(Vendor, cfg.Base+" "+cfg.Token, perSecond, burst)
	}
	if cfg.SearchLimiter == nil {
		// The account's, which a token does not name: each has its own pace.
		cfg.SearchLimiter = connect.SharedLimiter(Vendor+" search", cfg.Base+" "+cfg.Token, searchPerSecond, searchBurst)
	}
	p := &Portal{cfg: cfg}
	p.client, p.searcher = p.newClient(cfg.Limiter), p.newClient(cfg.SearchLimiter)
	return p, nil
}

func (p *Portal) newClient(pace *connect.Limiter) *connect.Client {
	return &connect.Client{
		Vendor: Vendor, Base: p.cfg.Base, Auth: connect.Static(p.cfg.Token), HTTP: p.cfg.HTTP, Limiter: pace, Budget: p.cfg.Budget, Log: p.cfg.Log, Now: p.cfg.Now,
		Sleep: p.cfg.Sleep, Decode: decode,
	}
}

// fieldForm is what may name a property of a deal, or of its company.
var fieldForm = regexp.MustCompile(`^(?:company\.)?[a-z][a-z0-9_]*$`)

// recordID is what the id of a record looks like.
var recordID = regexp.MustCompile(`^[0-9]{1,20}$`)

// path is an address of an area of the API, in the version that is spoken.
func (p *Portal) path(area, rest string) string {
	return "/crm/" + area + "/" + p.cfg.Version + "/" + rest
}

func (p *Portal) sleep(ctx context.Context, d time.Duration) error {
	if p.cfg.Sleep != nil {
		return p.cfg.Sleep(ctx, d)
	}
	return connect.Sleep(ctx, d)
}
