// Package reply sets what the writer of an email wrote apart from the rest of
// it: quoted and forwarded messages, signature, legal footer.
//
// [Split] takes plain text, [SplitHTML] takes HTML, which it first makes
// readable. Both return blocks in the order of the mail, so that answers
// written between quoted lines keep their place. Every byte of the text belongs
// to exactly one block.
//
// The rules know nothing of one mail program; what differs between languages
// (the line above a quote, the names of header fields, closings, the footers of
// phones) stands in the data files under phrases, one a language. Where a rule
// is in doubt whether words are the writer's own or somebody else's, it decides
// for somebody else's: a mail loses a line rather than putting it into the
// wrong mouth.
package reply
