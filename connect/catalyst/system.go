package catalyst

import (
	_ "embed" // the notes
	"fmt"

	"throughline/connect"
)

//go:embed about.md
var notes string

// About says what this connector is.
var About = connect.About{
	System: Vendor,
	For:    "whether the handoff's link, written to a Salesforce field, has been mirrored where the CSM works",
	Reads:  []string{"the customer's account and its attributes, to look for the link; nothing of it is kept"},
	Needs: []string{
		"an API key of an admin (Catalyst: Settings > API Keys), as `CATALYST_API_KEY`; it ends with that admin's account",
		"how the key is sent and where paths begin, where it is not as the defaults have it (`header`, `scheme`, `path_prefix`): Catalyst's own description of its API, behind its help article, says it",
		"Salesforce as the CRM, with `fields.link` set, and that field mirrored in Catalyst",
	},
	Limits: []string{
		fmt.Sprintf("100 calls a minute and customer; we make %d at once and then %d a minute", burst, int(60*perSecond)),
		fmt.Sprintf("%d accounts in a call, %s in all", perPage, connect.Plain(perPage*mostPages)),
	},
	Calls: []connect.Calls{
		{For: "looking for a link", Count: fmt.Sprintf("two where the account changed lately and is among the first %[1]d; one more for each further %[1]d accounts", perPage)},
		{For: "checking the key", Count: "one"},
	},
	Facts: []connect.Fact{
		{What: "the address, 100 calls a minute and customer, `limit`, `offset` and the filters by time", Source: "the vendor's help article (Catalyst API v1)"},
		{What: "that an account has `id`, `external_id` (Salesforce's id) and `attributes` with `label` and `value` under `data`", Source: "the vendor's help article"},
		{What: "that the list of accounts has `external_id`, and not only a single account's answer", Source: "the article can be read either way; where it has none, that is an error that says so", Unconfirmed: true},
		{What: "how the key is sent", Source: fmt.Sprintf("`%s: %s KEY`, unless `header` and `scheme` say otherwise", DefaultHeader, DefaultScheme), Unconfirmed: true},
		{What: "where paths begin", Source: "at the address itself, as the article writes them, unless `path_prefix` says otherwise", Unconfirmed: true},
		{What: "the zone of times in filters", Source: "a day is allowed for it", Unconfirmed: true},
		{What: "how soon a field of Salesforce is mirrored", Source: fmt.Sprintf("it is waited for until %s after the draft", connect.Plain(DefaultWait)), Unconfirmed: true},
		{What: "whether anything can be written", Source: "the article speaks of viewing only; nothing is written", Unconfirmed: true},
	},
	Notes: connect.Filled(notes, map[string]any{"again": again, "wait": DefaultWait, "per_page": perPage}),
}
