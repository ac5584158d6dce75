package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"throughline"
	"throughline/connect/mail"
	catalysttwin "throughline/twin/catalyst"
	chorustwin "throughline/twin/chorus"
	gongtwin "throughline/twin/gong"
	hubspottwin "throughline/twin/hubspot"
	notiontwin "throughline/twin/notion"
	salesforcetwin "throughline/twin/salesforce"
	slacktwin "throughline/twin/slack"
	smtptwin "throughline/twin/smtp"
	totangotwin "throughline/twin/totango"
	vitallytwin "throughline/twin/vitally"
)

func newTwin(e env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "twin",
		Short: "Run stand-ins for the outside systems on this machine, for development",
		Long: "Runs stand-ins for the outside systems on this machine, filled from deal folders, until Ctrl-C. They answer over real HTTP as\n" +
			"the vendors do, with paging, limits and tokens that expire, so that check, pull and generate can be tried in another terminal\n" +
			"with no account. It prints a configuration that fits, and the environment variables to set; their values are no real secrets.\n\n" +
			"Without --deal the stand-ins hold the invented deal that the program carries with it.",
		Example: "  throughline twin --write twin.yaml\n" +
			"  throughline twin --deal exports/acme --deal exports/globex --write twin.yaml",
		Args: noArguments,
	}
	deals := cmd.Flags().StringArray("deal", nil, "a deal's `DIR`, with what Salesforce, Gong and the others hold of it; repeat it for more")
	write := cmd.Flags().String("write", "", "write the configuration to this `FILE`, instead of printing it")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		t, err := newTwins(*deals, e.now)
		if err != nil {
			return err
		}
		return t.run(ctx, e, *write)
	}
	return cmd
}

// twins are the stand-ins of one run.
type twins struct {
	salesforce  *salesforcetwin.Server
	hubspot     *hubspottwin.Server
	withHubSpot bool // the deals are HubSpot's, and not Salesforce's
	gong        *gongtwin.Server
	chorus      *chorustwin.Server
	slack       *slacktwin.Server
	notion      *notiontwin.Server
	vitally     *vitallytwin.Server
	totango     *totangotwin.Server
	catalyst    *catalysttwin.Server
	mail        *smtptwin.Server
	deals       []twinDeal
	seller      sellerConfig // of the first deal that tells it
}

// A twinDeal is a deal that the stand-ins hold.
type twinDeal struct {
	opportunity, from string
	channels          []string // of Slack, by name
}

// twinSecret is what stands for each secret: for the stand-ins it is one, and
// for nobody else.
func twinSecret(name string) string {
	return "twin-" + strings.ToLower(strings.ReplaceAll(name, "_", "-"))
}

// newTwins makes the stand-ins and fills them with the deals of the folders, or
// with that of the demo.
func newTwins(dirs []string, now func() time.Time) (*twins, error) {
	t := &twins{
		salesforce: salesforcetwin.New(), hubspot: hubspottwin.New(), gong: &gongtwin.Server{Now: now}, chorus: &chorustwin.Server{Now: now}, slack: slacktwin.New(),
		notion: &notiontwin.Server{Now: now}, vitally: &vitallytwin.Server{Now: now}, totango: &totangotwin.Server{Now: now}, catalyst: &catalysttwin.Server{Now: now},
		mail: &smtptwin.Server{Now: now},
	}
	t.salesforce.Now, t.hubspot.Now, t.slack.Now = now, now, now
	t.know(twinSecret)
	t.mirror()
	if len(dirs) == 0 {
		dir, err := demoOnDisk()
		if err != nil {
			return nil, err
		}
		return t, errors.Join(t.load(dir, "the demo"), os.RemoveAll(dir))
	}
	for _, dir := range dirs {
		if err := t.load(dir, dir); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// know has the stand-ins know the secrets, by the names of their variables.
func (t *twins) know(secret func(name string) string) {
	t.salesforce.ClientID, t.salesforce.ClientSecret = twinClient, secret("SALESFORCE_CLIENT_SECRET")
	t.hubspot.Token, t.hubspot.Secret = secret("HUBSPOT_TOKEN"), secret("HUBSPOT_CLIENT_SECRET")
	t.gong.Key, t.gong.Secret = secret("GONG_ACCESS_KEY"), secret("GONG_ACCESS_KEY_SECRET")
	t.chorus.Token = secret("CHORUS_API_TOKEN")
	t.slack.Token, t.slack.AppToken = secret("SLACK_BOT_TOKEN"), secret("SLACK_APP_TOKEN")
	t.notion.Token = secret("NOTION_TOKEN")
	t.vitally.Key = secret("VITALLY_API_KEY")
	t.totango.Token = secret("TOTANGO_TOKEN")
	t.catalyst.Header, t.catalyst.Value = "Authorization", "Bearer "+secret("CATALYST_API_KEY")
}

// twinClient is the consumer key that the stand-in of Salesforce knows.
const twinClient = "throughline-twin"

// demoOnDisk is the demo's deal as a directory, to be removed by the caller.
func demoOnDisk() (string, error) {
	demo, err := demoFolder()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "throughline-demo-")
	if err != nil {
		return "", fmt.Errorf("unpacking the demo's deal: %w", err)
	}
	if err := os.CopyFS(dir, demo); err != nil {
		return "", errors.Join(fmt.Errorf("unpacking the demo's deal: %w", err), os.RemoveAll(dir))
	}
	return dir, nil
}

// twinLink is the field of opportunities in which the stand-in of Salesforce has the
// handoff's link, which that of Catalyst mirrors.
const twinLink = "Handoff_Link__c"

// mirror has Catalyst mirror the link from Salesforce.
func (t *twins) mirror() {
	t.salesforce.Define("Opportunity", salesforcetwin.Field{Name: twinLink, Type: "url", Label: "Handoff link"})
	t.catalyst.CRM = func(account string) map[string]string {
		for _, deal := range t.salesforce.All("Opportunity") {
			if link, _ := deal[twinLink].(string); deal["AccountId"] == account && link != "" {
				return map[string]string{"Handoff link": link}
			}
		}
		return nil
	}
}

// load fills the stand-ins with what a folder holds for each. A deal begins with
// its opportunity; a system that it has nothing of stays without it.
func (t *twins) load(dir, name string) error {
	id, err := t.loadCRM(dir)
	if err != nil {
		return fmt.Errorf("filling the stand-ins from %s: %w", name, err)
	}
	before := t.slack.Channels()
	for _, part := range []struct {
		of   string
		seed func(string) error
	}{
		{"gong", t.gong.Seed},
		{"chorus", func(dir string) error { return t.chorus.Seed(dir, id, "") }},
		{"slack", func(dir string) error { return t.slack.Seed(os.DirFS(dir)) }},
	} {
		if _, err := os.Stat(filepath.Join(dir, part.of)); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := part.seed(dir); err != nil {
			return fmt.Errorf("filling the stand-ins from %s: %w", name, err)
		}
	}
	if err := t.addAccount(dir); err != nil {
		return fmt.Errorf("filling the stand-ins from %s: %w", name, err)
	}
	t.deals = append(t.deals, twinDeal{id, name, t.newChannels(before)})
	if t.seller == (sellerConfig{}) {
		t.seller = sellerOf(dir)
	}
	return nil
}

// newChannels are the names of channels that were not there before.
func (t *twins) newChannels(before map[string]string) []string {
	var out []string
	for name := range t.slack.Channels() {
		if _, was := before[name]; !was && !strings.HasPrefix(name, "@") {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// loadCRM fills the stand-in of the CRM that the folder's records are of. The
// stand-ins of one run have one CRM.
func (t *twins) loadCRM(dir string) (string, error) {
	if !isDir(filepath.Join(dir, "hubspot")) {
		if t.withHubSpot {
			return "", fmt.Errorf("%s holds no HubSpot records, and the deals before it do: name deals of one CRM", dir)
		}
		return t.salesforce.LoadDeal(os.DirFS(dir))
	}
	if len(t.deals) > 0 && !t.withHubSpot {
		return "", fmt.Errorf("%s holds HubSpot records, and the deals before it don't: name deals of one CRM", dir)
	}
	t.withHubSpot = true
	return t.hubspot.LoadDeal(os.DirFS(dir))
}

// addAccount has the customer's account in the systems where it lives on, by the
// CRM's id. A deal without one is in none of them.
func (t *twins) addAccount(dir string) error {
	var errs []error
	for _, from := range []struct {
		file string
		to   []func(string) error
	}{
		{"salesforce/account.json", []func(string) error{t.vitally.Seed, t.totango.Seed, t.catalyst.Seed}},
		{"hubspot/company.json", []func(string) error{t.vitally.Seed, t.totango.Seed}},
	} {
		if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(from.file))); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		for _, seed := range from.to {
			errs = append(errs, seed(dir))
		}
	}
	return errors.Join(errs...)
}

// sellerOf is who sells, as a folder's deal.json says.
func sellerOf(dir string) sellerConfig {
	var deal struct {
		Seller struct {
			Company, Product, Domain string
		}
	}
	raw, err := os.ReadFile(filepath.Join(dir, "deal.json"))
	if err != nil || json.Unmarshal(raw, &deal) != nil {
		return sellerConfig{} // a folder need not have one
	}
	return sellerConfig(deal.Seller)
}

// A standIn is one of them, and how a configuration finds it.
type standIn struct {
	name      string
	server    server
	configure func(c *config, address string)
}

// A server serves one listener until it is closed.
type server interface {
	Serve(ln net.Listener) error
	Close() error
}

// web serves a stand-in that speaks HTTP.
func web(h http.Handler) server {
	return &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute}
}

func (t *twins) standIns() []standIn {
	crm := standIn{"Salesforce", web(t.salesforce), func(c *config, address string) {
		c.Salesforce = &salesforceConfig{Login: "http://" + address, ClientID: twinClient, Fields: salesforceFields{Link: twinLink}}
		c.Deals.CSMField, c.Destinations.Salesforce = salesforcetwin.CSMField, destination(throughline.AudienceCompany)
	}}
	if t.withHubSpot {
		crm = standIn{"HubSpot", web(t.hubspot), func(c *config, address string) {
			c.HubSpot = &hubspotConfig{Base: "http://" + address, Tasks: true}
			c.Deals.CSMField, c.Destinations.HubSpot = hubspottwin.CSMProperty, destination(throughline.AudienceCompany)
		}}
	}
	return []standIn{
		crm,
		{"Gong", web(t.gong), func(c *config, address string) { c.Gong = &gongConfig{Base: "http://" + address} }},
		{"Chorus", web(t.chorus), func(c *config, address string) { c.Chorus = &chorusConfig{Base: "http://" + address} }},
		{"Slack", web(t.slack), func(c *config, address string) {
			c.Slack = &slackConfig{Base: "http://" + address + strings.TrimSuffix(slacktwin.Prefix, "/"), Channels: map[string][]string{}}
			for _, d := range t.deals {
				if len(d.channels) > 0 { // no rule makes their names of the deal's
					c.Slack.Channels[d.opportunity] = d.channels
				}
			}
		}},
		{"Notion", web(t.notion), func(c *config, address string) {
			c.Notion = &notionConfig{Base: "http://" + address, DataSource: notiontwin.DataSource}
		}},
		{"Vitally", web(t.vitally), func(c *config, address string) {
			c.Vitally = &vitallyConfig{Base: "http://" + address + "/resources", Tasks: true}
		}},
		{"Totango", web(t.totango), func(c *config, address string) {
			c.Totango = &totangoConfig{Base: "http://" + address, Flow: totangotwin.Flow, Type: totangotwin.Type, Tasks: true}
		}},
		{"Catalyst", web(t.catalyst), func(c *config, address string) {
			if !t.withHubSpot { // it mirrors Salesforce alone
				c.Catalyst = &catalystConfig{Base: "http://" + address}
			}
		}},
		{"Mail", t.mail, func(c *config, address string) {
			host, port, err := net.SplitHostPort(address)
			number, err2 := strconv.Atoi(port)
			if err == nil && err2 == nil { // a listener's address always has both
				c.Mail = &mailConfig{Host: host, Port: number, TLS: string(mail.NoTLS), From: "Throughline <throughline@" + cmp.Or(t.seller.Domain, "example.com") + ">"}
			}
		}},
	}
}

// twinSecrets are the secrets that the stand-ins ask for.
var twinSecrets = []string{"SALESFORCE_CLIENT_SECRET", "HUBSPOT_TOKEN", "GONG_ACCESS_KEY", "GONG_ACCESS_KEY_SECRET", "CHORUS_API_TOKEN", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "NOTION_TOKEN", "VITALLY_API_KEY", "TOTANGO_TOKEN", "CATALYST_API_KEY"}

// run serves the stand-ins until the context ends.
func (t *twins) run(ctx context.Context, e env, write string) error {
	company := destination(throughline.AudienceCompany)
	c := &config{file: write, Seller: t.seller, Destinations: destinationsConfig{Slack: company, Notion: company, Vitally: company, Totango: company}}
	all := t.standIns()
	failed := make(chan error, len(all))
	var serving sync.WaitGroup
	defer serving.Wait()
	for _, s := range all {
		ln, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return fmt.Errorf("serving the stand-in of %s: %w", s.name, err)
		}
		s.configure(c, ln.Addr().String())
		serving.Go(func() { failed <- s.server.Serve(ln) })
		defer func() { _ = s.server.Close() }() // what is in flight is of no account
	}
	if err := t.tell(e, c, write); err != nil {
		return err
	}
	select {
	case err := <-failed:
		return fmt.Errorf("serving the stand-ins: %w", err)
	case <-ctx.Done():
		return nil
	}
}

// tell says how to use the stand-ins.
func (t *twins) tell(e env, c *config, write string) error {
	text, err := c.write()
	if err != nil {
		return err
	}
	var out strings.Builder
	fmt.Fprintf(&out, "Stand-ins are running on this machine until Ctrl-C.")
	if write == "" {
		fmt.Fprintf(&out, " Put this into a file, %s:\n\n%s\n", configName, text)
		write = configName
	} else if err := writeConfig(c, write); err != nil {
		return err
	} else {
		fmt.Fprintf(&out, " The configuration is in %s.\n\n", write)
	}
	out.WriteString("In another terminal:\n\n")
	for _, name := range twinSecrets {
		fmt.Fprintf(&out, "  export %s=%s\n", name, twinSecret(name))
	}
	if abs, err := filepath.Abs(write); err == nil {
		write = abs
	}
	fmt.Fprintf(&out, "  export THROUGHLINE_CONFIG=%s\n  throughline check\n", shellWord(write))
	for _, d := range t.deals {
		fmt.Fprintf(&out, "  throughline pull --opportunity %s\t# %s\n", d.opportunity, d.from)
	}
	return e.tell("%s", out.String())
}
