//go:build !race

package claude

// raced tells whether the tests run under the race detector.
const raced = false
