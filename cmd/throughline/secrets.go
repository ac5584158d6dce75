package main

import (
	"fmt"
	"os"
	"strings"
)

// A secretVar is an environment variable that holds a secret. The variable of the
// same name with _FILE behind it names a file that does.
type secretVar struct {
	name    string
	section string // of the configuration that it goes with
	doc     string
}

// secrets are all of them.
var secrets = []secretVar{
	{"HUBSPOT_TOKEN", "hubspot", "the Service Key, or the static token of an app in a HubSpot project"},
	{"HUBSPOT_CLIENT_SECRET", "hubspot", "the client secret of that app, where webhooks tell of won deals"},
	{"SALESFORCE_CLIENT_SECRET", "salesforce", "the External Client App's consumer secret; not needed where key_file is set"},
	{"SALESFORCE_OUTBOUND_SECRET", "salesforce", "where outbound messages tell of won deals: the last part of the address that they are sent to, 24 to 128 letters, digits, hyphens and underscores"},
	{"GONG_ACCESS_KEY", "gong", "the access key, from Gong's Settings > API"},
	{"GONG_ACCESS_KEY_SECRET", "gong", "its secret"},
	{"CHORUS_API_TOKEN", "chorus", "the API token, from Chorus's Personal Settings"},
	{"SLACK_BOT_TOKEN", "slack", "the app's bot token, from OAuth & Permissions in its settings"},
	{"SLACK_APP_TOKEN", "slack", "the app-level token with connections:write, for clicks by Socket Mode; needed where handoffs are published to Slack"},
	{"SLACK_SIGNING_SECRET", "slack", "instead of it, where Slack can reach this machine by HTTP"},
	{"NOTION_TOKEN", "notion", "the connection's access token, from Notion's Settings > Connections"},
	{"VITALLY_API_KEY", "vitally", "the API key, the Secret Token of Vitally's Settings > Integrations > Vitally REST API"},
	{"TOTANGO_TOKEN", "totango", "the API token of a global admin, from Totango's profile > Integrations"},
	{"CATALYST_API_KEY", "catalyst", "the API key, from Catalyst's Settings > API Keys"},
	{"SMTP_PASSWORD", "mail", "the password of mail.username"},
	{"SIGNIN_CLIENT_SECRET", "signin", "the secret of the app with which the team signs in, from your provider"},
	{"DATABASE_URL", "database", "the address of a PostgreSQL database, postgres://USER:PASSWORD@HOST/NAME, that several machines share; without it a file is used"},
}

// secretsOf are those of a section.
func secretsOf(section string) []secretVar {
	var out []secretVar
	for _, s := range secrets {
		if s.section == section {
			out = append(out, s)
		}
	}
	return out
}

// secretAdvice names the variables in which a secret that stands at a key of the
// configuration belongs.
func secretAdvice(path string) string {
	section, _, _ := strings.Cut(path, ".")
	var names []string
	for _, s := range secretsOf(section) {
		names = append(names, s.name)
	}
	if names == nil {
		return "the environment variable for it ('throughline check --help' lists them)"
	}
	return "the environment variable " + strings.Join(names, " or ") + " (or the same with _FILE, to name a file)"
}

// lookSecret is the value of an environment variable, or what stands in the file
// that the variable with _FILE behind its name names; empty where neither is set.
func lookSecret(name string) (string, error) {
	if v := os.Getenv(name); v != "" {
		return v, nil
	}
	file := os.Getenv(name + "_FILE")
	if file == "" {
		return "", nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("reading the file that %s_FILE names: %w", name, err)
	}
	value := strings.TrimSpace(string(data))
	if value == "" {
		return "", fmt.Errorf("the file that %s_FILE names is empty", name)
	}
	return value, nil
}

// secret is lookSecret where one that can't be had is as none.
func secret(name string) string {
	v, _ := lookSecret(name)
	return v
}
