package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"time"

	"github.com/spf13/cobra"

	"throughline"
)

// configName is the configuration's file, where nothing says otherwise.
const configName = "throughline.yaml"

// A config is what throughline.yaml says. Each field's doc is what people are
// told of it: by `throughline init`, which asks for those marked with ask, in the
// file that it writes, and in docs/configuration.md. Secrets have no place in it, see [secrets].
type config struct {
	Seller     sellerConfig      `yaml:"seller" doc:"Your own company. No record of a deal names it, so it tells the seller's people from the customer's."`
	Database   string            `yaml:"database" doc:"The file in which Throughline keeps what it must remember, such as the index of recorded calls. For PostgreSQL set DATABASE_URL instead." default:"throughline/throughline.db in the user's directory for data" example:"/var/lib/throughline/throughline.db"`
	Deals      dealsConfig       `yaml:"deals" doc:"Which won deals count. What is left out lets every deal through."`
	Salesforce *salesforceConfig `yaml:"salesforce" ask:"yes" doc:"The Salesforce org with the deals' records, by an External Client App."`
	HubSpot    *hubspotConfig    `yaml:"hubspot" ask:"yes" doc:"The HubSpot account with the deals' records, by a Service Key or an app of a project. Name either this or salesforce."`
	Gong       *gongConfig       `yaml:"gong" doc:"The Gong company with the deals' calls, by an access key."`
	Chorus     *chorusConfig     `yaml:"chorus" doc:"The Chorus account with the deals' calls, by an API token of a user who may see them."`
	Slack      *slackConfig      `yaml:"slack" doc:"The Slack workspace with the deal channels, by an app of your own. Only channels that are named here, on the record, or by a pattern are read."`
	Notion     *notionConfig     `yaml:"notion" doc:"The Notion workspace with deal-review pages that records link to, and where handoffs may be published."`
	Vitally    *vitallyConfig    `yaml:"vitally" doc:"The Vitally organisation where CSMs work, and where handoffs may be published, by an API key."`
	Totango    *totangoConfig    `yaml:"totango" doc:"The Totango organisation where handoffs may be published on the customer's account, by the API token of a global admin."`
	Catalyst   *catalystConfig   `yaml:"catalyst" doc:"The Catalyst organisation that mirrors the handoff's link from Salesforce. Nothing can be written to Catalyst; 'throughline serve' looks whether the link has arrived."`
	Mail       *mailConfig       `yaml:"mail" doc:"The mail server by which people are asked and reminded."`

	Play         playConfig         `yaml:"play" doc:"When things happen once a deal is won, and who is told. 'throughline serve' goes by it."`
	Engine       engineConfig       `yaml:"engine" doc:"What drafts the handoffs of 'throughline serve'. The builtin engine asks nobody; claude sends what was said and written to the model that is named here."`
	Serve        serveConfig        `yaml:"serve" doc:"Where 'throughline serve' answers browsers. The team's pages stand on this machine's own address, or behind your own TLS where the section signin is set; another address serves only the links that were sent, Slack's clicks, and what the CRM posts when a deal is changed."`
	SignIn       *signInConfig      `yaml:"signin" doc:"How the team signs in, by OpenID Connect, so that serve may answer more than this machine. Register the app with your provider with the one redirect URI <serve.team_url>/signin/callback. Without this section a one-time link signs in."`
	Survey       surveyConfig       `yaml:"survey" doc:"The one question that the customer's people of a kickoff are asked a week after it, by mail. It is on where there is a section mail and serve.public_url is an https address."`
	Retention    retentionConfig    `yaml:"retention" doc:"How long what was said and written is kept. Handoffs stay until they are erased with 'throughline forget'."`
	Destinations destinationsConfig `yaml:"destinations" doc:"Where handoffs are published, and for whom. Nothing is written to a system that is not named here. company shows the use case, the committee without stances, milestones and risks; team shows all, so name it only where nobody but the deal's team reads."`

	file string // where it was read
}

type sellerConfig struct {
	Company string `yaml:"company" ask:"yes" doc:"The company's name." example:"Example Corp"`
	Product string `yaml:"product" ask:"yes" doc:"What it sells, as customers call it." example:"Example Sync"`
	Domain  string `yaml:"domain" ask:"yes" doc:"The domain of its people's email addresses." example:"example.com"`
}

type dealsConfig struct {
	RecordTypes   []string  `yaml:"record_types" doc:"Record types of the opportunities that count, by developer name. HubSpot has none." example:"[New_Business]"`
	Types         []string  `yaml:"types" ask:"yes" doc:"Values of the field Type that count; in HubSpot of the property dealtype, or their labels." example:"[New Customer, Expansion]"`
	PipelineField string    `yaml:"pipeline_field" doc:"The field that holds the pipeline, by API name. HubSpot has pipelines of its own." default:"ForecastCategoryName" example:"Pipeline__c"`
	Pipelines     []string  `yaml:"pipelines" doc:"Values of pipeline_field that count; in HubSpot the names or ids of pipelines." example:"[Enterprise]"`
	MinAmount     float64   `yaml:"min_amount" ask:"yes" doc:"The least amount that counts, in the deal's own currency." example:"10000"`
	From          time.Time `yaml:"from" doc:"The day from which deals count: one won before it never starts anything." example:"2026-10-01"`
	AEField       string    `yaml:"ae_field" ask:"yes" doc:"The user field that names the AE, of the opportunity, or of its account as Account.FIELD; in HubSpot a property of the deal, or of its company as company.PROPERTY." default:"the deal's owner" example:"AE__c"`
	CSMField      string    `yaml:"csm_field" ask:"yes" doc:"The user field that names the CSM, likewise. Without it no CSM is known from the record." example:"CSM__c"`
	KickoffField  string    `yaml:"kickoff_field" doc:"The date, or date and time, field of the deal that says when the kickoff is. Without it the kickoff is set by hand." example:"Kickoff__c"`
}

type salesforceConfig struct {
	Login    string `yaml:"login" ask:"yes" doc:"The address that issues tokens: https://test.salesforce.com for a sandbox; the org's My Domain where the app signs in with client credentials." default:"https://login.salesforce.com" example:"https://example.my.salesforce.com"`
	ClientID string `yaml:"client_id" ask:"yes" doc:"The consumer key of the External Client App." example:"CONSUMER_KEY"`
	Username string `yaml:"username" ask:"yes" doc:"With key_file (JWT bearer): the user to act for." example:"integration@example.com"`
	KeyFile  string `yaml:"key_file" ask:"yes" doc:"With username (JWT bearer): the file with the app's RSA key in PEM, readable for you alone. Without the two, the app signs in with client credentials." example:"salesforce.pem"`
	Audience string `yaml:"audience" doc:"The audience of the JWT, where login is a My Domain of a sandbox that is not recognised." default:"that of production, or of sandboxes where login is theirs" example:"https://test.salesforce.com"`
	Version  string `yaml:"version" doc:"The API version." default:"v68.0" example:"v68.0"`

	Format         string `yaml:"format" doc:"The format of a published handoff's file: html, or markdown for orgs that take no HTML files." default:"html" example:"markdown"`
	ChangeEvents   bool   `yaml:"change_events" doc:"Whether won deals are heard of in seconds, by change events, and not only by asking. It needs Change Data Capture of Opportunity." default:"false" example:"true"`
	ChangeEndpoint string `yaml:"change_endpoint" doc:"The host and port of the Pub/Sub API." default:"api.pubsub.salesforce.com:7443" example:"api.deu.pubsub.salesforce.com:7443"`
	ChangeTopic    string `yaml:"change_topic" doc:"The channel of the change events." default:"/data/OpportunityChangeEvent" example:"/data/Deals__chn"`

	OrganizationID string `yaml:"organization_id" doc:"The org's id, from Setup > Company Information: outbound messages are taken from no other. Needed where SALESFORCE_OUTBOUND_SECRET is set." example:"00D000000000001AAA"` //nolint:misspell // a key in the vendor's words

	Note   bool             `yaml:"note" doc:"Whether a published handoff is also a note of the opportunity." default:"false" example:"true"`
	Tasks  bool             `yaml:"tasks" doc:"Whether each milestone of a published handoff is also a task of the opportunity, owned by the CSM." default:"false" example:"true"`
	Fields salesforceFields `yaml:"fields" doc:"Custom fields of the opportunity that are set when a handoff is published, by API name."`
}

type salesforceFields struct {
	Link      string `yaml:"link" doc:"The field for the address of the handoff." example:"Handoff_Link__c"`
	Status    string `yaml:"status" doc:"The field for its status." example:"Handoff_Status__c"`
	Version   string `yaml:"version" doc:"The field for its version." example:"Handoff_Version__c"`
	Published string `yaml:"published_at" doc:"The field for when it was published." example:"Handoff_Published__c"`
	Summary   string `yaml:"summary" doc:"The field for the use cases in one line." example:"Handoff_Summary__c"`
}

type playConfig struct {
	PublishAfter  time.Duration   `yaml:"publish_after" doc:"How long after Closed Won the handoff goes out, reviewed or not. An earlier kickoff brings it forward." default:"24h" example:"24h"`
	ReviewTime    time.Duration   `yaml:"review_time" doc:"How long before that the AE has the draft at the latest, whatever is still expected." default:"4h" example:"4h"`
	KickoffLead   time.Duration   `yaml:"kickoff_lead" doc:"How long before an early kickoff the handoff goes out." default:"2h" example:"2h"`
	CollectEvery  time.Duration   `yaml:"collect_every" doc:"How often a deal is collected while calls are still being transcribed." default:"30m" example:"30m"`
	LookEvery     time.Duration   `yaml:"look_every" doc:"How often a deal is looked at, until the kickoff, for what came late." default:"12h" example:"12h"`
	PollEvery     time.Duration   `yaml:"poll_every" doc:"How often the CRM is asked for deals that were won or reopened." default:"5m" example:"5m"`
	RemindAE      []time.Duration `yaml:"remind_ae" doc:"The reminders to review, from the draft on; an empty list for none." default:"[4h, 16h]" example:"[4h, 16h]"`
	RemindCSM     []time.Duration `yaml:"remind_csm" doc:"The reminders to accept, from the publication on; an empty list for none." default:"[24h, 72h, 120h]" example:"[24h, 72h]"`
	BeforeKickoff []time.Duration `yaml:"before_kickoff" doc:"The reminders before the kickoff, while the handoff is not accepted; an empty list for none." default:"[24h, 2h]" example:"[24h, 2h]"`
	HoursFrom     int             `yaml:"hours_from" doc:"The hour from which people are written to directly and reminded." default:"9" example:"8"`
	HoursTo       int             `yaml:"hours_to" doc:"The hour until which they are." default:"17" example:"18"`
	Days          []string        `yaml:"days" doc:"The days on which they are." default:"[mon, tue, wed, thu, fri]" example:"[mon, tue, wed, thu]"`
	TimeZone      string          `yaml:"time_zone" doc:"The time zone of people of whom no other is known, by its IANA name." default:"UTC" example:"Europe/Berlin"`
	Owner         string          `yaml:"owner" doc:"Who gets a handoff while no CSM is assigned: an email address." example:"cs-ops@example.com"`
	Ways          []string        `yaml:"ways" doc:"How people are written to: mail, slack, or both." default:"mail where it is configured, and slack where handoffs are published there" example:"[mail, slack]"`
	ParkAfter     int             `yaml:"park_after" doc:"How often something is tried before it waits for a person." default:"10" example:"10"`
}

type engineConfig struct {
	Name             string   `yaml:"name" doc:"builtin or claude." default:"builtin" example:"claude"`
	Model            string   `yaml:"model" doc:"The model's id, for claude." default:"the newest that the program knows" example:"claude-opus-5-5"`
	Provider         string   `yaml:"provider" doc:"Where the model runs: anthropic, bedrock or vertex." default:"anthropic" example:"bedrock"`
	Effort           string   `yaml:"effort" doc:"How much the model thinks: low, medium, high, xhigh or max." default:"its own" example:"high"`
	MaxUSD           float64  `yaml:"max_usd" doc:"A draft stops before it costs more." default:"10" example:"5"`
	MaxUSDMonth      float64  `yaml:"max_usd_month" doc:"Drafts stop before all of this month, on this machine, cost more." default:"no limit" example:"500"`
	WithholdPrivate  bool     `yaml:"withhold_private" doc:"Whether private calls and channels are kept from the model." default:"false" example:"true"`
	WithholdPeople   []string `yaml:"withhold_people" doc:"People, by name or address, of whom nothing is shown to the model." example:"[legal@example.com]"`
	WithholdPatterns []string `yaml:"withhold_patterns" doc:"Regular expressions; a passage that one matches is kept from the model." example:"[\"(?i)salary\"]"`
}

type serveConfig struct {
	Listen        string   `yaml:"listen" doc:"The address of the team's pages, and of /healthz, /readyz and, unless metrics_listen is set, /metrics. One that other machines reach needs the section signin, and an https:// team_url." default:"127.0.0.1:8765" example:"127.0.0.1:9000"`
	TeamURL       string   `yaml:"team_url" doc:"How browsers reach the team's pages, if it is another address than listen: a scheme and a host, without a path." default:"http:// and listen" example:"http://localhost:8765"`
	PublicURL     string   `yaml:"public_url" doc:"How the world reaches the public address, through your own TLS: a scheme and a host, without a path. Without it review links lead to the team's pages." example:"https://handoff.example.com"`
	PublicListen  string   `yaml:"public_listen" doc:"The address that serves review links, Slack's clicks and the CRM's messages, and nothing else." default:"none" example:"127.0.0.1:8766"`
	MetricsListen string   `yaml:"metrics_listen" doc:"The address that serves /metrics and nothing else, for a Prometheus that is not to reach the team's pages. The figures name no deal and no person." default:"none: they are at listen" example:"127.0.0.1:9464"`
	Me            string   `yaml:"me" doc:"Who acts on the team's pages: an email address." default:"play.owner" example:"cs-ops@example.com"`
	Admins        []string `yaml:"admins" doc:"Who runs the installation, by email address: they see every deal whole." default:"serve.me, then play.owner" example:"[cs-ops@example.com]"`
	ClientHeader  string   `yaml:"client_header" doc:"The header in which your own proxy says whose address asks; its last entry counts. Set it only where every request comes by that proxy: without it all that comes by one is counted as one address." default:"none" example:"X-Forwarded-For"`
}

type retentionConfig struct {
	RawTextDays   int `yaml:"raw_text_days" doc:"Days after which what was collected of a deal is erased, once it is no longer collected. The handoff and its quotes stay." default:"30" example:"30"`
	CallIndexDays int `yaml:"call_index_days" doc:"Days after which the index forgets who took part in a call." default:"730" example:"730"`
}

type gongConfig struct {
	Base      string `yaml:"base" ask:"yes" doc:"The API's address, where Gong shows one of your own in Settings > API." default:"https://api.gong.io" example:"https://api.gong.io"`
	Workspace string `yaml:"workspace" doc:"The id of the only workspace to read." default:"all that the key may see" example:"\"1234567890\""`
}

type slackConfig struct {
	Base       string              `yaml:"base" doc:"The Web API's address." default:"https://slack.com/api" example:"https://slack.com/api"`
	Field      string              `yaml:"field" ask:"yes" doc:"The field of the opportunity that holds its channel's name, id or address, by API name." example:"Slack_Channel__c"`
	Patterns   []string            `yaml:"patterns" ask:"yes" doc:"Names that a deal's channel may have, tried in order, with {customer}, {deal}, {domain} or {id}." default:"[\"deal-{customer}\", \"deal-{domain}\"]" example:"[\"deal-{customer}\"]"`
	Also       []string            `yaml:"also" doc:"Likewise, of further channels that are read and never written to." example:"[\"presales-{customer}\"]"`
	Channels   map[string][]string `yaml:"channels" doc:"The channels of single deals, by the id of the opportunity; the first is the deal channel." example:"{006000000000001AAA: [deal-example]}"`
	PublicOnly bool                `yaml:"public_only" doc:"Whether private channels are left alone, so that no scope for them is needed." default:"false" example:"true"`
	Join       bool                `yaml:"join" doc:"Whether the app joins a deal's channel that is public and internal; otherwise somebody has to invite it." default:"false" example:"true"`
}

type notionConfig struct {
	Base       string `yaml:"base" doc:"The API's address." default:"https://api.notion.com" example:"https://api.notion.com"`
	DataSource string `yaml:"data_source" ask:"yes" doc:"The id of the data source in which each handoff is a page; in Notion: the database's settings, Manage data sources. Without it pages are only read." example:"0123456789abcdef0123456789abcdef"`
	Property   string `yaml:"property" doc:"The text property of the data source by which a handoff's page is found again." default:"External ID" example:"External ID"`
}

type mailConfig struct {
	Host     string `yaml:"host" ask:"yes" doc:"The SMTP server's name." example:"smtp.example.com"`
	Port     int    `yaml:"port" doc:"Its port." default:"587, or 465 where tls is tls" example:"587"`
	TLS      string `yaml:"tls" doc:"How the connection is encrypted: starttls, tls, or none for a server on this machine." default:"starttls" example:"starttls"`
	Username string `yaml:"username" ask:"yes" doc:"Who signs in; left out where the server asks nobody to." example:"throughline@example.com"`
	From     string `yaml:"from" ask:"yes" doc:"Who mails come from: an address, or a name with one." example:"Throughline <throughline@example.com>"`
	ReplyTo  string `yaml:"reply_to" doc:"Who answers go to, if it is somebody else." example:"cs-ops@example.com"`
}

// A destination is the audience that sees a handoff in a system; empty where
// none is written there.
type destination string

// destinations are those that a configuration can name. What the customer sees
// is sent by people.
var destinations = []throughline.Audience{throughline.AudienceCompany, throughline.AudienceTeam}

type destinationsConfig struct {
	Salesforce destination `yaml:"salesforce" ask:"yes" doc:"Who sees what is attached to opportunity and account: company or team." example:"company"`
	HubSpot    destination `yaml:"hubspot" ask:"yes" doc:"Who sees the note of the deal: company or team." example:"company"`
	Slack      destination `yaml:"slack" ask:"yes" doc:"Who sees what is posted in the deal channel: company or team. A channel shared with the customer's company is never posted to." example:"company"`
	Notion     destination `yaml:"notion" ask:"yes" doc:"Who sees the page in the data source: company or team." example:"company"`
	Vitally    destination `yaml:"vitally" ask:"yes" doc:"Who sees the note of the customer's account, and the tasks: company or team." example:"company"`
	Totango    destination `yaml:"totango" ask:"yes" doc:"Who sees the touchpoint on the customer's account: company or team." example:"company"`
}

// company is the seller as a deal has it.
func (c *config) company() throughline.Company {
	return throughline.Company{Name: c.Seller.Company, Product: c.Seller.Product, Domain: c.Seller.Domain}
}

// path is a file named in the configuration: beside it, unless it says more.
func (c *config) path(name string) string {
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(c.file), name)
}

// database is the address of the database: that of DATABASE_URL, else a file.
func (c *config) database(with tools) (string, error) {
	address, err := with.look("DATABASE_URL")
	if err != nil || address != "" {
		return address, err
	}
	file := c.path(c.Database)
	if file == "" {
		base, err := userDataDir()
		if err != nil {
			return "", fmt.Errorf("no place for the database: %w; set database in %s to a file", err, c.file)
		}
		file = filepath.Join(base, "throughline", "throughline.db")
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return "", fmt.Errorf("making the directory of the database: %w; set database in %s to another file", err, c.file)
	}
	return "sqlite:" + file, nil
}

// userDataDir is where programs of the user keep data (XDG Base Directory
// Specification 0.8); on systems with other customs, beside their settings.
func userDataDir() (string, error) {
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return dir, nil
	}
	if home, err := os.UserHomeDir(); err == nil {
		if local := filepath.Join(home, ".local", "share"); isDir(local) || isDir(filepath.Join(home, ".config")) {
			return local, nil
		}
	}
	return os.UserConfigDir()
}

func isDir(name string) bool {
	st, err := os.Stat(name)
	return err == nil && st.IsDir()
}

// addConfigFlag adds --config to a command.
func addConfigFlag(cmd *cobra.Command) *string {
	return cmd.Flags().String("config", "", "the configuration's `FILE`; without it $THROUGHLINE_CONFIG, ./"+configName+", or that in your directory for settings")
}

// loadConfig reads the configuration: of the flag's file, that of
// THROUGHLINE_CONFIG, the one in the current directory, or the user's.
func loadConfig(flag string) (*config, error) {
	file, err := findConfig(flag)
	if err != nil {
		return nil, err
	}
	raw, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no configuration at %s; 'throughline init' writes one", file)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	c, err := parseConfig(file, raw)
	if err != nil {
		return nil, err
	}
	if c.file, err = filepath.Abs(file); err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	return c, c.check(file)
}

// check says which destinations are named of systems that are not.
func (c *config) check(file string) error {
	var errs []error
	if c.Salesforce != nil && c.HubSpot != nil {
		errs = append(errs, fmt.Errorf("%s: there are sections salesforce and hubspot: deals come from one CRM, so leave one of them out", file))
	}
	d := reflect.ValueOf(c.Destinations)
	for i := range d.NumField() {
		if key := d.Type().Field(i).Tag.Get("yaml"); !d.Field(i).IsZero() && !c.has(key) {
			errs = append(errs, fmt.Errorf("%s: destinations.%s is set, but there is no section %s", file, key, key))
		}
	}
	return errors.Join(errs...)
}

// has reports whether there is a section of the name.
func (c *config) has(section string) bool {
	v, ok := fieldOf(reflect.ValueOf(c).Elem(), section)
	return ok && !v.IsZero()
}

func findConfig(flag string) (string, error) {
	for _, named := range []string{flag, os.Getenv("THROUGHLINE_CONFIG")} {
		if named != "" {
			return named, nil
		}
	}
	places := []string{configName}
	if dir, err := os.UserConfigDir(); err == nil {
		places = append(places, filepath.Join(dir, "throughline", configName))
	}
	for _, place := range places {
		if _, err := os.Stat(place); err == nil {
			return place, nil
		}
	}
	return "", fmt.Errorf("there is no configuration: neither %s. 'throughline init' writes one; --config or THROUGHLINE_CONFIG name another place", joinNor(places))
}

func joinNor(names []string) string {
	out := names[0]
	for _, n := range names[1:] {
		out += " nor " + n
	}
	return out
}
