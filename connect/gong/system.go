package gong

import (
	_ "embed" // the notes
	"fmt"
	"time"

	"throughline/connect"
	"throughline/connect/callindex"
)

//go:embed about.md
var notes string

// About says what this connector is.
var About = connect.About{
	System: Vendor,
	For:    "what was said on recorded calls",
	Reads: []string{
		"the deal's recorded calls, without private ones: when, who took part, on which CRM records",
		"their transcripts",
	},
	Needs: []string{
		"an access key and its secret (Gong: Settings > API, by a technical administrator), as `GONG_ACCESS_KEY` and `GONG_ACCESS_KEY_SECRET`",
		fmt.Sprintf("or, for programs that use the package, an OAuth app that an administrator approved, with the scopes `%s` and `%s`", ScopeCalls, ScopeTranscripts),
		"where Gong shows an address of your own under Settings > API, that address: another one is answered with a redirect. OAuth tokens bring their address",
		"the database, for the index of calls",
	},
	Limits: []string{
		fmt.Sprintf("%d calls a second and %s a day, the company's, whatever the credential. Where the configured address is the company's own (`https://us-….api.gong.io`), "+
			"all credentials with it share one pace; `%s` tells no company, so there each credential has its own: let nothing else of the company's use another one at the same time, "+
			"or set the company's address", perSecond, connect.Plain(perDay), DefaultBase),
		fmt.Sprintf("%d call ids in a request (`IDsPerRequest`), %d records in a page of an answer", DefaultIDsPerRequest, recordsPerPage),
		fmt.Sprintf("the index of calls is synced at most once in %s", connect.Plain(callindex.DefaultEvery)),
	},
	Calls: []connect.Calls{
		{
			For: "keeping the index of calls",
			Count: fmt.Sprintf("one for each %d calls of the window, at least one; at most %d syncs a day",
				recordsPerPage, 24*time.Hour/callindex.DefaultEvery),
		},
		{For: "a deal, with the index up to date", Count: fmt.Sprintf("two for up to %d calls (the calls, then what was said), none for a deal without calls", DefaultIDsPerRequest)},
		{For: "an OAuth token", Count: "one a day"},
		{For: "checking its permissions", Count: "two"},
	},
	Facts: []connect.Fact{
		{
			What: fmt.Sprintf(`base address, key and OAuth; %d calls a second and %s a day; %d records a page; 404 for "no calls found"; times of transcripts in milliseconds`,
				perSecond, connect.Plain(perDay), recordsPerPage),
			Source: "confirmed by the vendor's documents",
		},
		{What: "fields and forms of both requests and their answers", Source: "confirmed: tests hold every exchange with the stand-in to the vendor's OpenAPI file"},
		{
			What:        "wrong addresses answer with a redirect; private calls are returned; calls and transcripts come late; imported calls may lack parties",
			Source:      "seen by others' programs, not stated by the vendor",
			Unconfirmed: true,
		},
		{What: "how many call ids a request may hold", Source: fmt.Sprintf("others send 20 to 100; we send %d (`IDsPerRequest`)", DefaultIDsPerRequest), Unconfirmed: true},
		{What: "whether OAuth's token address takes its parameters as a form, as we send them, or in the query", Unconfirmed: true},
		{
			What:        "whether a refresh token can be used again when the answer to its first use was lost",
			Source:      "the call is repeated, since nothing else could be tried",
			Unconfirmed: true,
		},
		{What: "that a missing scope is answered with 403", Source: "the advice for 403 names the scope and the list of allowed addresses", Unconfirmed: true},
		{What: "that transcripts may be asked for by call id without dates", Source: "the OpenAPI file requires no dates; nothing else was found on it", Unconfirmed: true},
	},
	Notes: connect.Filled(notes, map[string]any{
		"history": callindex.DefaultHistory, "look_back": callindex.DefaultLookBack, "wait": DefaultWait,
		"before": callindex.DefaultBefore, "after": callindex.DefaultAfter,
	}),
}
