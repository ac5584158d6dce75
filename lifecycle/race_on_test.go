//go:build race

package lifecycle_test

// raceEnabled says whether the race detector is on.
const raceEnabled = true
