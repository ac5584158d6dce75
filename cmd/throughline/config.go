package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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
	DataDir    string            `yaml:"data_dir" doc:"The directory in which Throughline keeps what it must remember, such as the index of Gong's calls." default:"throughline in the user's directory for data" example:"/var/lib/throughline"`
	Deals      dealsConfig       `yaml:"deals" doc:"Which won deals count. What is left out lets every deal through."`
	Salesforce *salesforceConfig `yaml:"salesforce" ask:"yes" doc:"The Salesforce org with the deals' records, by an External Client App."`
	Gong       *gongConfig       `yaml:"gong" doc:"The Gong company with the deals' calls, by an access key."`

	file string // where it was read
}

type sellerConfig struct {
	Company string `yaml:"company" ask:"yes" doc:"The company's name." example:"Example Corp"`
	Product string `yaml:"product" ask:"yes" doc:"What it sells, as customers call it." example:"Example Sync"`
	Domain  string `yaml:"domain" ask:"yes" doc:"The domain of its people's email addresses." example:"example.com"`
}

type dealsConfig struct {
	RecordTypes   []string  `yaml:"record_types" doc:"Record types of the opportunities that count, by developer name." example:"[New_Business]"`
	Types         []string  `yaml:"types" ask:"yes" doc:"Values of the field Type that count." example:"[New Customer, Expansion]"`
	PipelineField string    `yaml:"pipeline_field" doc:"The field that holds the pipeline, by API name." default:"ForecastCategoryName" example:"Pipeline__c"`
	Pipelines     []string  `yaml:"pipelines" doc:"Values of pipeline_field that count." example:"[Enterprise]"`
	MinAmount     float64   `yaml:"min_amount" ask:"yes" doc:"The least amount that counts, in the deal's own currency." example:"10000"`
	From          time.Time `yaml:"from" doc:"The day from which deals count: one won before it never starts anything." example:"2026-10-01"`
	AEField       string    `yaml:"ae_field" ask:"yes" doc:"The user field that names the AE, of the opportunity, or of its account as Account.FIELD." default:"the opportunity's owner" example:"AE__c"`
	CSMField      string    `yaml:"csm_field" ask:"yes" doc:"The user field that names the CSM, likewise. Without it no CSM is known from the record." example:"CSM__c"`
}

type salesforceConfig struct {
	Login    string `yaml:"login" ask:"yes" doc:"The address that issues tokens: https://test.salesforce.com for a sandbox; the org's My Domain where the app signs in with client credentials." default:"https://login.salesforce.com" example:"https://example.my.salesforce.com"`
	ClientID string `yaml:"client_id" ask:"yes" doc:"The consumer key of the External Client App." example:"CONSUMER_KEY"`
	Username string `yaml:"username" ask:"yes" doc:"With key_file (JWT bearer): the user to act for." example:"integration@example.com"`
	KeyFile  string `yaml:"key_file" ask:"yes" doc:"With username (JWT bearer): the file with the app's RSA key in PEM, readable for you alone. Without the two, the app signs in with client credentials." example:"salesforce.pem"`
	Audience string `yaml:"audience" doc:"The audience of the JWT, where login is a My Domain of a sandbox that is not recognised." default:"that of production, or of sandboxes where login is theirs" example:"https://test.salesforce.com"`
	Version  string `yaml:"version" doc:"The API version." default:"v68.0" example:"v68.0"`
}

type gongConfig struct {
	Base      string `yaml:"base" ask:"yes" doc:"The API's address, where Gong shows one of your own in Settings > API." default:"https://api.gong.io" example:"https://api.gong.io"`
	Workspace string `yaml:"workspace" doc:"The id of the only workspace to read." default:"all that the key may see" example:"\"1234567890\""`
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

// dataDir is the directory of data_dir, made where it is not there.
func (c *config) dataDir() (string, error) {
	dir := c.path(c.DataDir)
	if dir == "" {
		base, err := userDataDir()
		if err != nil {
			return "", fmt.Errorf("no place to keep data: %w; set data_dir in %s to a directory", err, c.file)
		}
		dir = filepath.Join(base, "throughline")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("making the directory for data: %w; set data_dir in %s to another", err, c.file)
	}
	return dir, nil
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
	return c, nil
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
