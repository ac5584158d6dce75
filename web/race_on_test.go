//go:build race

package web_test

// raced tells whether the tests run under the race detector.
const raced = true
