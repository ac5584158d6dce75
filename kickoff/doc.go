// Package kickoff is the agenda of the kickoff, and the check of its transcript
// against it.
//
// The agenda is made of a handoff, in two forms. The team's has a talking point
// for every item: what was said before the customer's people is to be said again
// and confirmed, with a question in neutral words where a promise needs something
// to be true; what was said apart, and every doubt, is to be known and never
// sought in the call. The customer's has what the customer's view of the handoff
// has, in the words that were used, and nothing else.
//
// The check of a transcript says which points were referred to, and which
// questions were asked that the customer had answered in the sale. It is a help to
// the CSM for this one customer. It scores and ranks nobody.
package kickoff
