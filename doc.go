// Package throughline is the vocabulary of the AE-to-CSM handoff: a [Deal] as
// it was sold, the [Source]s it was sold in, the [Passage]s that can be cited,
// the [Person]s who spoke, and the [Handoff] that is made of them.
//
// The package imports nothing else of this module. Every other package adapts
// this vocabulary to one thing: folder to files on disk, ground to the proof of
// quotes, render to the pages a person reads. What the words mean is fixed by
// the five sections of the handoff, see [Kind].
package throughline
