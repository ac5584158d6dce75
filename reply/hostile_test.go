package reply_test

import (
	"strings"
	"testing"
	"time"

	"throughline/reply"
)

// hostile are texts that make a rule look far ahead, or back, from each of
// their lines: n sets their length. Each was once slow out of all proportion.
var hostile = map[string]func(n int) string{
	"introductions":          func(n int) string { return strings.Repeat("On May 4, 2026 at 10:00 we\n", n) },
	"introductions, colons":  func(n int) string { return strings.Repeat("On May 4, 2026 at 10:00 we:\n", n) },
	"one long introduction":  func(n int) string { return strings.Repeat("On ", 10*n) + "10:00 wrote:" },
	"one long line":          func(n int) string { return strings.Repeat("a", 20*n) + ":" },
	"one line of capitals":   func(n int) string { return strings.Repeat("X y ", 10*n) + ":" },
	"header fields":          func(n int) string { return strings.Repeat("From: a\n\n\n", n) },
	"header fields, no gaps": func(n int) string { return strings.Repeat("From: a\nTo: b\n", n) },
	"one paragraph":          func(n int) string { return strings.Repeat("a line of words\n", n) },
	"quotes and lines":       func(n int) string { return strings.Repeat("> a\nb\n", n) },
	"names":                  func(n int) string { return strings.Repeat("Bob\n", n) },
	"names far apart":        func(n int) string { return strings.Repeat("Bob Ray\n\n\n\n", n) },
	"closings":               func(n int) string { return strings.Repeat("Best regards,\n", n) },
	"closings and names":     func(n int) string { return strings.Repeat("Best regards,\nBob\n", n) },
	"names and sentences":    func(n int) string { return strings.Repeat("Bob Ray\nYes, it is so, as we said. Is it?\n", n) },
	"delimiters":             func(n int) string { return strings.Repeat("--\n", n) },
	"rules":                  func(n int) string { return strings.Repeat("----------\n", n) + strings.Repeat("\n", n) + "a" },
	"rules and lines":        func(n int) string { return strings.Repeat("---------------------\na\n", n) },
	"blank lines":            func(n int) string { return strings.Repeat("\n", 10*n) + "a" },
	"points of a list":       func(n int) string { return strings.Repeat("- Bob\n\n", n) },
	"phones":                 func(n int) string { return strings.Repeat("Sent from my iPhone\n", n) },
	"quote marks":            func(n int) string { return strings.Repeat(">", 20*n) },
	"open links":             func(n int) string { return strings.Repeat("<\n", n) },
	"forwards":               func(n int) string { return strings.Repeat("Begin forwarded message:\n> a\n", n) },
}

// hostileHTML is the same for HTML.
var hostileHTML = map[string]func(n int) string{
	"tables in tables":     func(n int) string { return strings.Repeat("<table><tr><td>a<td>b", n) },
	"tables within bounds": func(n int) string { return strings.Repeat("<table><tr><td>a<td>", 100) + strings.Repeat("<p>a", n) },
	"cells of one row":     func(n int) string { return "<table><tr>" + strings.Repeat("<td>a", n) },
	"quotes in quotes":     func(n int) string { return strings.Repeat("<blockquote>a", n) },
	"quotes within bounds": func(n int) string { return strings.Repeat("<blockquote>a", 490) + strings.Repeat("<p>a", n) },
	"marks within bounds":  func(n int) string { return strings.Repeat("<div class=gmail_quote>a", 480) + strings.Repeat("<p>a", n) },
	"borders within bounds": func(n int) string {
		return strings.Repeat("<div style='border-top:1px'>", 480) + strings.Repeat("<p>a", n)
	},
	"hard spaces":         func(n int) string { return strings.Repeat("<b>&nbsp;</b>", n) },
	"quote marks, breaks": func(n int) string { return strings.Repeat("&gt;", n) + strings.Repeat("<br>", n) },
	"open formats":        func(n int) string { return strings.Repeat("<p><font><b><i>", n) },
}

// TestHostile goes through texts of some length, in which a rule that looked
// ahead without bound from each line would not come to an end.
func TestHostile(t *testing.T) {
	const n = 1500
	for name, text := range hostile {
		t.Run(name, func(t *testing.T) {
			p := reply.SplitFrom(text(n), "Bob Ray <bob@buyer.example>")
			checkBlocks(t, p)
			for _, b := range p.Blocks {
				p.Attribution(b, time.UTC)
			}
		})
	}
	for name, source := range hostileHTML {
		t.Run(name, func(t *testing.T) {
			p := reply.SplitHTML(source(n))
			checkBlocks(t, p)
			if len(p.Text) > 200*n {
				t.Errorf("the text is %d bytes long, that of %d bytes of HTML", len(p.Text), len(source(n)))
			}
		})
	}
}

// BenchmarkHostile: the speed in MB/s must be of one order for both lengths.
func BenchmarkHostile(b *testing.B) {
	for name, text := range hostile {
		for _, c := range []struct {
			size string
			n    int
		}{{"short", 2000}, {"long", 20_000}} {
			b.Run(name+"/"+c.size, func(b *testing.B) {
				s := text(c.n)
				b.SetBytes(int64(len(s)))
				for b.Loop() {
					reply.Split(s)
				}
			})
		}
	}
}
