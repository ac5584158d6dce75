// Package claude is the engine that has Claude read the whole deal and propose
// the handoff's items, which package ground then proves.
//
// The making of a draft is a [Run]: rounds of requests and their answers. The
// first round asks for the sections, in one pass or in one pass a section over
// one cached prefix; the second gives back the quotes that stand nowhere; the
// last looks at all items together. A Run does no I/O, so the same code serves
// live calls, batches, and files that a person carries to a model by hand.
//
// Whatever a model answers is a claim: it is decoded within bounds, numbers and
// names that don't exist are dropped, and nothing of it reaches a reader before
// it is settled.
//
// The prompts are the files under prompts. They are written to be read by people
// who don't program, and they are the references of the Agent Skill as well.
package claude
