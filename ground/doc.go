// Package ground proves quotes. Given a deal and words that somebody claims were
// said in it, it finds where they stand, or refuses them.
//
// A quote is proven when its words stand, in order and without a gap, within one
// passage: exactly, or with case, white space, quotation marks, dashes and
// punctuation aside. No similarity score ever makes a proof: one changed word,
// number, name, negation or modal refuses, and a match never runs across two
// speakers. What is shown is the source's own text.
//
// On that stands the second half of the package: [Settle] turns an engine's
// draft into a handoff in which every item is proven by the right witnesses.
package ground
