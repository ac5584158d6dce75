package slack

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
	For:    "the deal channel; the handoff announced and answered there; messages to people",
	Reads: []string{
		"the deal channel: all its messages, with threads; who is in it, wrote or is mentioned",
	},
	Writes: []string{
		"where the configuration has handoffs published here, one message in the deal channel: a summary, the link, and the buttons Accept and Return; " +
			"a newer version changes it and says so in its thread",
		"direct messages to the deal's people",
	},
	Needs: []string{
		"an app of your own in the workspace (api.slack.com/apps), its bot token as `SLACK_BOT_TOKEN`",
		"for clicks on buttons, Socket Mode, which needs no address that Slack can reach (an app-level token with `connections:write`, as `SLACK_APP_TOKEN`); " +
			"or a request address that Slack reaches (the app's signing secret, as `SLACK_SIGNING_SECRET`)",
		"bot scopes `channels:read`, `channels:history`: finding a deal's channel, reading it, and finding our own messages before one is written",
		"bot scopes `groups:read`, `groups:history`: the same of private channels; not with `public_only`",
		"bot scope `channels:join`: only with `join`",
		"bot scopes `users:read`, `users:read.email`: who wrote, clicked, or is in the channel, and on whose side they are",
		"bot scope `chat:write`: writing",
		"bot scopes `im:write`, `im:history`: direct messages, and finding our own before one is written",
	},
	Limits: []string{
		"each method at the pace of the vendor's tier: 1, 20, 50 or 100 calls a minute and more, for an app in a workspace; `chat.postMessage` one a second",
		fmt.Sprintf("%s messages of a channel are read (`MaxMessages`)", connect.Plain(DefaultMaxMessages)),
		fmt.Sprintf("%s characters of text in a message, %d items of a handoff marked in it", connect.Plain(mostOfBlocks), mostMarked),
	},
	Calls: []connect.Calls{
		{
			For: "a deal's channel",
			Count: fmt.Sprintf("five: who we are, the list of channels (one for each 999, kept %s), the channel, who is in it, messages; one for each person (kept %s); "+
				"one more for each further 200 messages and for each thread. A channel named by id or address takes no list", connect.Plain(channelsHold), connect.Plain(usersHold)),
		},
		{
			For: "publishing a handoff",
			Count: "six, and one for each person of the channel; ten for a newer version, which is also told in the thread. One page of 200 messages is looked through for our own; " +
				"one call more for each further page",
		},
		{For: "a direct message", Count: "five"},
		{For: "checking its permissions", Count: "three"},
	},
	Facts: []connect.Fact{
		{
			What: "methods, their arguments, scopes, errors and tiers; 429 and Retry-After; signatures; Socket Mode; limits of blocks",
			Source: "confirmed by the vendor's documents; tests hold every exchange to descriptions of the methods (2026) and of the answers (2021), " +
				"and the vendor's own client drives the stand-in",
		},
		{
			What:        "the header that tells a token's scopes (`X-OAuth-Scopes`)",
			Source:      "seen in the vendor's and others' clients, not documented; where it is missing, `check` says so",
			Unconfirmed: true,
		},
		{
			What: "whether a bot token may read threads of channels",
			Source: "the vendor's pages contradict each other; where it is refused, a gap says which threads are missing, and a newer version changes the message " +
				"without a word in its thread",
			Unconfirmed: true,
		},
		{What: "how long after a write the history tells of it", Source: fmt.Sprintf("%s (`Settle`)", connect.Plain(DefaultSettle)), Unconfirmed: true},
		{What: "that about 13,200 characters of blocks are refused", Source: fmt.Sprintf("summaries stay below %s", connect.Plain(mostOfBlocks)), Unconfirmed: true},
		{What: "how large metadata may be", Source: fmt.Sprintf("at most %d items are marked, about 3,500 characters", mostMarked), Unconfirmed: true},
		{
			What:   "one request a minute and 15 messages a page for apps distributed outside the Marketplace",
			Source: "it does not hold of a company's own app; `Restricted` is for others",
		},
		{What: "whether that holds of such apps installed before May 2025", Unconfirmed: true},
		{What: "that plain text in blocks makes no links", Source: "not tried; links do not unfurl in any case", Unconfirmed: true},
		{What: "the form of a message's address", Source: `as "copy link" gives it`, Unconfirmed: true},
		{What: "file names of an export", Source: "as others' exports have them", Unconfirmed: true},
	},
	Notes: connect.Filled(notes, map[string]any{
		"handoff": eventHandoff, "update": eventUpdate, "message": eventMessage, "look_back": DefaultLookBack, "pages": DefaultLookBackPages,
		"settle": DefaultSettle, "answer": answerWithin, "signature": signatureHolds,
	}),
}
