// Package lifecycle carries a handoff from Closed Won to the CSM with nobody
// pushing: collect, draft, review by the AE, publish, acceptance, kickoff.
//
// One function tells the story: [Rules.Plan] says of a [Run], the play of one
// Closed Won, what is to be done and when. It is asked again after every change,
// and what it says is kept as rows, the tasks. Whoever finds a task due by the
// injected clock has [Service.Do] carry it out. A task may be carried out twice,
// by a crash or by two processes; its effect is there once, because every effect
// is found again by a key that never changes.
package lifecycle
