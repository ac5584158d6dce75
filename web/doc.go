// Package web is what people open in a browser: the handoffs and where they
// stand, for the team; the review of a draft, for the AE, by a link that needs no
// account.
//
// There are two handlers. [Server.Team] is for who has signed in, by OpenID Connect
// or a one-time link, and shows each what they may see of a deal. [Server.Public]
// answers only the links that were sent, and may stand on a public address.
//
// Opening an address changes nothing: whatever changes something is a form, sent
// from a page of ours.
package web
