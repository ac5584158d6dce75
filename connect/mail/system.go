package mail

import (
	_ "embed" // the notes
	"fmt"
	"time"

	"throughline/connect"
)

//go:embed about.md
var notes string

// About says what this connector is.
var About = connect.About{
	System: Vendor,
	For:    "writing to people who are not written to in a chat",
	Writes: []string{
		"one mail to one person: a review asked for, a handoff published, a reminder",
		"the survey's one question to one of the customer's people, and one reminder of it",
	},
	Needs: []string{
		fmt.Sprintf("a server that sends mail for your company, by SMTP: its name, port and way of encryption (`%s`, as a rule port %d; `%s`, encrypted from the start, port %d; "+
			"`%s`, which is allowed only to a server on the same machine)", StartTLS, ports[StartTLS], TLS, ports[TLS], NoTLS),
		"a `from` address, which the server lets this account send from",
		"`username`, and its password as `SMTP_PASSWORD`, where the server asks for them",
		"with a provider of two-step sign-in, a password made for this one program; one that lets programs sign in by OAuth alone can't be used yet: send through your company's own relay",
	},
	Limits: []string{
		fmt.Sprintf("%d mails at once, then one in %s, for an account (`Limiter`); a mail waits at most %s for its turn, and then fails and says for how long",
			burst, connect.Plain(time.Duration(float64(time.Second)/perSecond)), connect.Plain(longestWait)),
		fmt.Sprintf("a mail may take %s, from connecting to the server's last answer (`Timeout`)", connect.Plain(DefaultTimeout)),
	},
	Calls: []connect.Calls{
		{For: "a message", Count: "one connection, with one sign-in, sender, recipient and message"},
		{For: "checking its settings", Count: "one connection, without a message"},
	},
	Facts: []connect.Fact{
		{
			What: "the commands, codes and what is final (RFC 5321); enhanced codes (RFC 2034, 3463); ports and encryption (RFC 8314); Auto-Submitted (RFC 3834); " +
				"encoded headers (RFC 2047)",
			Source: "confirmed by the standards; the stand-in is a server made by others, and is also driven by their client",
		},
		{What: "that mail programs show one of two mails with the same Message-ID", Source: "it differs: some drop the second, some show both", Unconfirmed: true},
		{What: "that `X-Auto-Response-Suppress` keeps Exchange from answering", Source: "the vendor's protocol documents, as the library cites them; not tried", Unconfirmed: true},
		{What: "providers' limits, in messages a minute and a day", Source: "they differ; the pace is `Limiter`", Unconfirmed: true},
		{
			What:        "which codes a provider answers with for a bad password or a forbidden sender",
			Source:      "the advice goes by the stage, then by the enhanced code",
			Unconfirmed: true,
		},
	},
	Notes: connect.Filled(notes, map[string]any{"said": mostSaid, "timeout": DefaultTimeout}),
}
