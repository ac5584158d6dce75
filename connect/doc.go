// Package connect is the one way in which Throughline talks to outside systems
// over HTTP. A connector (connect/gong, connect/salesforce, …) describes its
// vendor in a [Client]: how to sign a request, how fast it may go, what the
// vendor's errors mean. The client does what is the same for all: it waits for
// its turn, renews what has expired, repeats only what may be repeated, bounds
// what it reads, counts its calls, and turns every failure into an [Error] that
// says what to do. Neither errors nor logs hold what was sent or received.
package connect
