package render

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"throughline"
)

// labels are the words that the documents themselves say, in one language.
// A second language is a second value of this type.
type labels struct {
	Lang string // of the labels, for the page

	CustomerTitle, CustomerLead string // both of the product

	Customer, Product, Amount, Closed, Kickoff, AE, CSM, State string
	NotKnown, NotAssigned, NotScheduled                        string
	Reviewed, ReviewedOn, NotReviewed                          string
	Version                                                    string

	Thin, OpeningHead, OpeningNote, OpeningNone   string
	Opening, OpeningOurs, OpeningUses, OpeningEnd string
	And                                           string // between the last two of a list

	Glance, GlanceMore               string
	WhoIsWho, Contents               string
	SideCustomer, SideSeller, NoSide string

	None, NoneFor                                         string
	Why, Promise, Doubt, Condition, Next                  string
	DueBy, Earlier, Inferred, AskAE, Internal             string
	DayHead, NoDayHead                                    string
	MoreQuotes, MoreQuote, Unsaid                         string
	Contradictions, ContradictionsLead, Questions, Answer string
	About                                                 string
	Remarks, RemarksLead                                  string

	LeftOut, LeftOutShort, LeftOutLead, LeftOutSummary, LeftOutQuote string

	Hedges, HedgesNone, HedgesCount, HedgesSummary string

	Read, ReadLead, Source, When, Length, People, Cited, Minutes, Words     string
	NotEvidence                                                             string
	Problems, ProblemsLead, Line, ByteOffset, Record                        string
	Notes, Engine, NoLimits, Usage                                          string
	Requests, TokensIn, TokensStored, TokensCached, TokensOut, Cost, Passes string
	Prices, KeptFromModel                                                   string
	CustomerEmpty                                                           string

	Ref, SourceOf, OtherItems, Staff string

	Months       [12]string
	KindNames    map[throughline.Kind]string    // of one item
	CustomerKind map[throughline.Kind]string    // as a heading
	Sections     map[throughline.Section]string // what a section is for, in a sentence
	Stances      map[throughline.Stance]string
	Shapes       map[throughline.Stance]string
	Areas        map[throughline.Area]string
	Anchors      map[throughline.Anchor]string
	SourceKinds  map[throughline.SourceKind]string
	Statuses     map[throughline.Status]string
	As           map[throughline.QuoteRole]string
	RemarkKinds  map[throughline.RemarkKind]string
}

var english = &labels{
	Lang: "en",

	CustomerTitle: "%s: what we discussed",
	CustomerLead:  "In the words of our conversations about %s. Please tell us what is missing or has changed.",

	Customer: "Customer", Product: "Product", Amount: "Amount", Closed: "Closed", Kickoff: "Kickoff",
	AE: "AE", CSM: "CSM", State: "Document",
	NotKnown: "not known", NotAssigned: "not yet assigned", NotScheduled: "no date known",
	Reviewed: "Reviewed by %s", ReviewedOn: "Reviewed by %s on %s", NotReviewed: "Not reviewed by the AE",
	Version: "%s, version %d",

	Thin:        "There is little to go on",
	OpeningHead: "Opening words for the kickoff",
	OpeningNote: "Named are the use cases that were discussed with at least two of the customer’s people.",
	OpeningNone: "No use case was found that at least two of the customer’s people heard, so none is named here. Ask before you name one.",
	Opening:     "I’ve reviewed everything you discussed with %s.",
	OpeningOurs: "I’ve reviewed everything you discussed with us.",
	OpeningUses: "Confirming the use cases were: %s.",
	OpeningEnd:  "Today let’s start where you left off.",
	And:         "and",

	Glance: "The deal at a glance", GlanceMore: "and %d more below",
	WhoIsWho: "Who is who", Contents: "On this page",
	SideCustomer: "Customer", SideSeller: "Seller", NoSide: "Side not known",

	None: "None found.", NoneFor: "None found: %s.",
	Why: "Why they bought", Promise: "Promise", Doubt: "Doubt", Condition: "What would make it true", Next: "Next step",
	DueBy: "by %s", Earlier: "Earlier", Inferred: "inferred", AskAE: "ask the AE", Internal: "internal",
	DayHead: "By day %d", NoDayHead: "Without a day",
	MoreQuotes: "%d more quotes", MoreQuote: "1 more quote", Unsaid: "speaker not known",

	Contradictions: "Contradictions", ContradictionsLead: "Statements that do not go together. Both sides are shown, and neither is taken.",
	Questions: "Open questions for the AE", Answer: "Answer", About: "about",
	Remarks: "Added by people", RemarksLead: "In their own words; no quote stands behind them.",

	LeftOut: "What was left out, and why", LeftOutShort: "Left out", LeftOutLead: "Proposed by the engine and not shown above.",
	LeftOutSummary: "%d left out", LeftOutQuote: "As the engine quoted it; these are not the source’s words",

	Hedges: "Hedged promises, accounted for", HedgesNone: "The scan found no hedged promise.",
	HedgesCount:   "The scan found %d: %d taken up above, %d not.",
	HedgesSummary: "The %d not taken up, and why",

	Read: "What was read", ReadLead: "Times are UTC. Cited counts the quotes in this document.",
	Source: "Source", When: "Date", Length: "Length", People: "People", Cited: "Cited", Minutes: "%d min", Words: "%s words",
	NotEvidence: "proves nothing here: %s",
	Problems:    "What could not be read", ProblemsLead: "The rest of each file was used.",
	Line: "line %d", ByteOffset: "byte %d", Record: "record %s",
	Notes: "How sides and dates were worked out", Engine: "What wrote this", NoLimits: "It says nothing of its limits.",
	Usage: "What it took", Requests: "requests", TokensIn: "tokens in", TokensStored: "tokens stored", TokensCached: "tokens from the store", TokensOut: "tokens out",
	Cost: "cost", Prices: "prices of", Passes: "passes", KeptFromModel: "Kept from the model",
	CustomerEmpty: "There is nothing yet that can be shown here.",

	SourceOf: "%s of %s", Ref: "Ref", OtherItems: "Other", Staff: "%s people",

	Months: [12]string{
		"January", "February", "March", "April", "May", "June",
		"July", "August", "September", "October", "November", "December",
	},
	KindNames: map[throughline.Kind]string{
		throughline.KindChampion: "champion", throughline.KindCommittee: "committee", throughline.KindPain: "pain",
		throughline.KindUseCase: "use case", throughline.KindWorkaround: "workaround", throughline.KindStretch: "promise",
		throughline.KindEnthusiast: "keener", throughline.KindReluctant: "reluctant", throughline.KindAdjacentVendor: "vendor",
		throughline.KindMilestone: "milestone", throughline.KindRisk: "risk",
	},
	CustomerKind: map[throughline.Kind]string{
		throughline.KindPain:       "What is hard today",
		throughline.KindUseCase:    "What you want to do",
		throughline.KindWorkaround: "How you do it today",
		throughline.KindMilestone:  "What should be there by when",
		throughline.KindRisk:       "What to watch",
	},
	Sections: map[throughline.Section]string{
		throughline.SectionContext:      "What was promised and holds under a condition, with what would make it true.",
		throughline.SectionPoliticalMap: "What people said apart from the group. It stays with the account team.",
		throughline.SectionMilestones:   "What the customer was told they would see, and when.",
	},
	RemarkKinds: map[throughline.RemarkKind]string{
		throughline.RemarkConfirmed: "Confirmed", throughline.RemarkCorrected: "Corrected", throughline.RemarkNotCommitment: "Not a commitment",
		throughline.RemarkAdded: "Added", throughline.RemarkWording: "Worded for the customer",
	},
	Stances: map[throughline.Stance]string{
		throughline.StanceAlly: "ally", throughline.StanceNeutral: "neutral", throughline.StanceBlocker: "blocker",
	},
	Shapes: map[throughline.Stance]string{
		throughline.StanceAlly: "▲", throughline.StanceNeutral: "●", throughline.StanceBlocker: "■",
	},
	Areas: map[throughline.Area]string{
		throughline.AreaTechnical: "Technical", throughline.AreaSecurity: "Security", throughline.AreaChangeManagement: "Change management",
		throughline.AreaLegal: "Legal", throughline.AreaResourcing: "Resourcing", throughline.AreaCommercial: "Commercial",
	},
	Anchors: map[throughline.Anchor]string{
		throughline.FromClose: "counted from the close", throughline.FromKickoff: "counted from the kickoff",
		throughline.FromGoLive: "counted from go-live", throughline.FromCalendar: "a date that was named",
	},
	SourceKinds: map[throughline.SourceKind]string{
		throughline.SourceCall: "Call", throughline.SourceEmail: "Email", throughline.SourceChat: "Chat",
		throughline.SourceCRM: "CRM record", throughline.SourceDocument: "Document",
	},
	Statuses: map[throughline.Status]string{
		throughline.StatusDraft: "Draft", throughline.StatusInReview: "In review", throughline.StatusPublished: "Published",
	},
	As: map[throughline.QuoteRole]string{
		throughline.AsPromise: "promise", throughline.AsDoubt: "doubt", throughline.AsCondition: "condition",
	},
}

func (l *labels) date(t time.Time) string {
	t = t.UTC()
	return fmt.Sprintf("%d %s %d", t.Day(), l.Months[t.Month()-1], t.Year())
}

// isoDate shows a YYYY-MM-DD; whatever is none is shown as it is.
func (l *labels) isoDate(s string) string {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return plain(s)
	}
	return l.date(t)
}

func (l *labels) kind(k throughline.Kind, a throughline.Audience) string {
	if a == throughline.AudienceCustomer {
		return l.CustomerKind[k]
	}
	return k.Title()
}

func (l *labels) sourceKind(k throughline.SourceKind) string {
	return first(l.SourceKinds[k], plain(string(k)))
}

func (l *labels) area(a throughline.Area) string { return first(l.Areas[a], plain(string(a))) }

// list is "a; b; and c": items may hold commas and an "and" of their own.
func (l *labels) list(items []string) string {
	n := len(items)
	if n < 2 {
		return strings.Join(items, "")
	}
	return strings.Join(items[:n-1], "; ") + "; " + l.And + " " + items[n-1]
}

// number groups the digits of a count by thousands.
func (l *labels) number(n int) string { return grouped(strconv.Itoa(n)) }

// money shows a decimal amount with its currency; an amount of another form is
// shown as it is.
func (l *labels) money(amount, currency string) string {
	amount = plain(amount)
	whole, cents, _ := strings.Cut(amount, ".")
	if strings.Trim(whole, "0123456789") != "" || strings.Trim(cents, "0123456789") != "" {
		return joined(" ", plain(currency), amount)
	}
	text := grouped(whole)
	if strings.Trim(cents, "0") != "" {
		text += "." + cents
	}
	return joined(" ", plain(currency), text)
}

func grouped(digits string) string {
	out := ""
	for len(digits) > 3 && digits[len(digits)-4] != '-' {
		out = "," + digits[len(digits)-3:] + out
		digits = digits[:len(digits)-3]
	}
	return digits + out
}

// clock shows a moment of a recording: 12:31, or 1:02:31 in the second hour.
func clock(ms int64) string {
	s := ms / 1000
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}
