package reply_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"throughline/reply"
)

// letters stand for kinds in the test vectors: "W|" before a written line.
var letters = map[reply.Kind]string{
	reply.Written: "W", reply.Quoted: "Q", reply.Forwarded: "F", reply.Signature: "S", reply.Disclaimer: "D",
}

// A vector is a mail, each line of which begins with the letter of its kind and
// a bar. A first line "@Ann Lee <ann@example.com>" names the sender.
type vector struct {
	name, sender, text, want string
}

func readVector(t *testing.T, name string) vector {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	v := vector{name: filepath.Base(name), want: string(b)}
	if rest, ok := strings.CutPrefix(v.want, "@"); ok {
		v.sender, v.want, _ = strings.Cut(rest, "\n")
	}
	for l := range strings.Lines(v.want) {
		_, text, ok := strings.Cut(l, "|")
		if !ok {
			t.Fatalf("%s: a line without its kind: %s", name, l)
		}
		v.text += text
	}
	return v
}

func readVectors(t *testing.T, pattern string) []vector {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("no test vectors at %s: %v", pattern, err)
	}
	var vs []vector
	for _, n := range names {
		vs = append(vs, readVector(t, n))
	}
	return vs
}

// lettered writes the parts of a mail as a vector has them.
func lettered(p reply.Parts) string {
	var b strings.Builder
	at := 0
	for _, bl := range p.Blocks {
		for at < bl.End {
			end := len(p.Text)
			if i := strings.IndexByte(p.Text[at:], '\n'); i >= 0 {
				end = at + i + 1
			}
			b.WriteString(letters[bl.Kind] + "|" + p.Text[at:end])
			at = end
		}
	}
	return b.String()
}

func TestSplitVectors(t *testing.T) {
	for _, v := range readVectors(t, "testdata/mails/*.txt") {
		t.Run(v.name, func(t *testing.T) {
			for _, eol := range []string{"\n", "\r\n"} {
				p := reply.SplitFrom(strings.ReplaceAll(v.text, "\n", eol), v.sender)
				if d := cmp.Diff(v.want, strings.ReplaceAll(lettered(p), "\r\n", "\n")); d != "" {
					t.Errorf("lines ending in %q (-want +got):\n%s", eol, d)
				}
			}
		})
	}
}

func TestAttribution(t *testing.T) {
	at := time.Date(2026, 5, 4, 9, 12, 0, 0, time.UTC)
	for _, c := range []struct {
		name, intro string
		want        reply.Attribution
	}{
		{"gmail", "On Mon, May 4, 2026 at 9:12 AM Ann Lee <ann@seller.example> wrote:", reply.Attribution{Name: "Ann Lee", Email: "ann@seller.example", At: at}},
		{"afternoon", "On Mon, May 4, 2026 at 9:12 PM Ann Lee <Ann@Seller.example> wrote:", reply.Attribution{Name: "Ann Lee", Email: "ann@seller.example", At: at.Add(12 * time.Hour)}},
		{"apple, no address", "On 4 May 2026, at 09:12, Ann Lee wrote:", reply.Attribution{Name: "Ann Lee", At: at}},
		{"zone", "On Mon, 4 May 2026 at 09:12:00 -0400, Ann Lee wrote:", reply.Attribution{Name: "Ann Lee", At: at.Add(4 * time.Hour)}},
		{"two readings of a date", "On 04/05/2026 09:12 AM, Ann Lee wrote:", reply.Attribution{Name: "Ann Lee"}},
		{"one reading of a date", "On 04/19/2026 09:12 AM, Ann Lee wrote:", reply.Attribution{Name: "Ann Lee", At: at.AddDate(0, 0, -15)}},
		{"lotus", "Ann Lee/SELLER wrote on 05/04/2026 09:12:33 AM:", reply.Attribution{Name: "Ann Lee/SELLER"}},
		{"particle", "On 4 May 2026 at 09:12, Jan de Vries wrote:", reply.Attribution{Name: "Jan de Vries", At: at}},
		{"french", "Le lun. 4 mai 2026 à 09:12, Anne Petit <anne@vendeur.example> a écrit :", reply.Attribution{Name: "Anne Petit", Email: "anne@vendeur.example", At: at}},
		{"french, hour with h", "Le 4 mai 2026 à 9h12, Anne De Wit a écrit :", reply.Attribution{Name: "Anne De Wit", At: at}},
		{"german", "Am Mo., 4. Mai 2026 um 09:12 Uhr schrieb Anna Vogt <anna@anbieter.example>:", reply.Attribution{Name: "Anna Vogt", Email: "anna@anbieter.example", At: at}},
		{"german, numbers", "Am 04.05.26 um 09:12 schrieb Anna Vogt:", reply.Attribution{Name: "Anna Vogt", At: at}},
		{"spanish", "El lun, 4 may 2026 a las 9:12, Ana Ruiz (<ana@vendedor.example>) escribió:", reply.Attribution{Name: "Ana Ruiz", Email: "ana@vendedor.example", At: at}},
		{"italian", "Il giorno lun 4 mag 2026 alle ore 09:12 Anna Costa <anna@venditore.example> ha scritto:", reply.Attribution{Name: "Anna Costa", Email: "anna@venditore.example", At: at}},
		{"portuguese", "Em seg., 4 de mai. de 2026 às 09:12, Ana Sousa <ana@vendedor.example> escreveu:", reply.Attribution{Name: "Ana Sousa", Email: "ana@vendedor.example", At: at}},
		{"dutch", "Op ma 4 mei 2026 om 09:12 schreef Anna Bos <anna@verkoper.example>:", reply.Attribution{Name: "Anna Bos", Email: "anna@verkoper.example", At: at}},
		{"dutch, apple", "Op 4 mei 2026 om 09:12 heeft Anna Bos <anna@verkoper.example> het volgende geschreven:", reply.Attribution{Name: "Anna Bos", Email: "anna@verkoper.example", At: at}},
		{"polish", "pon., 4 maj 2026 o 09:12 Anna Lis <anna@sprzedawca.example> napisał(a):", reply.Attribution{Name: "Anna Lis", Email: "anna@sprzedawca.example", At: at}},
		{"polish, user", "W dniu 4 maja 2026 09:12 użytkownik Anna Lis <anna@sprzedawca.example> napisał:", reply.Attribution{Name: "Anna Lis", Email: "anna@sprzedawca.example", At: at}},
		{"header", "From: Lee, Ann [mailto:ann@seller.example]\nSent: Monday, May 4, 2026 9:12 AM\nTo: Bob Ray\nSubject: RE: Pilot", reply.Attribution{Name: "Ann Lee", Email: "ann@seller.example", At: at, Subject: "RE: Pilot"}},
		{"german header", "Von: Anna Vogt <anna@anbieter.example>\nGesendet: Montag, 4. Mai 2026 09:12\nAn: Uwe\nBetreff: AW: Termin", reply.Attribution{Name: "Anna Vogt", Email: "anna@anbieter.example", At: at, Subject: "AW: Termin"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := reply.Split("Yes.\n\n" + c.intro + "\n\n> Is it so?\n")
			if len(p.Blocks) != 2 || p.Blocks[1].Kind != reply.Quoted {
				t.Fatalf("got blocks %+v, want written and quoted", p.Blocks)
			}
			if d := cmp.Diff(c.want, p.Attribution(p.Blocks[1], time.UTC), cmp.Comparer(time.Time.Equal)); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

// TestCaptionNamesNobody: what only announces a message does not say by whom it is.
func TestCaptionNamesNobody(t *testing.T) {
	for _, caption := range []string{"-----Original Message-----", "---------- Forwarded by Ann Lee/SELLER on 05/04/2026 ----------", "Begin forwarded message:", "--- Ursprüngliche Nachricht ---"} {
		p := reply.Split("Yes.\n\n" + caption + "\nIs it so?\n")
		if len(p.Blocks) != 2 {
			t.Fatalf("%s: got blocks %+v, want two", caption, p.Blocks)
		}
		if a := p.Attribution(p.Blocks[1], time.UTC); a.Name != "" {
			t.Errorf("%s: got the name %q, want none", caption, a.Name)
		}
	}
}

func TestSplitHTMLVectors(t *testing.T) {
	for _, v := range readVectors(t, "testdata/html/*.txt") {
		t.Run(v.name, func(t *testing.T) {
			source, err := os.ReadFile("testdata/html/" + strings.TrimSuffix(v.name, ".txt") + ".html")
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(v.want, lettered(reply.SplitHTML(string(source)))); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

// checkBlocks reports what is wrong with the blocks of a text: they must be in
// order, touch and cover it.
func checkBlocks(t interface{ Fatalf(string, ...any) }, p reply.Parts) {
	at := 0
	for _, b := range p.Blocks {
		if b.Start != at || b.End <= b.Start || b.Head < b.Start || b.Head > b.End {
			t.Fatalf("block %+v of %q, where one from %d on was due", b, p.Text, at)
		}
		at = b.End
	}
	if at != len(p.Text) {
		t.Fatalf("blocks %+v of %q, which has %d bytes", p.Blocks, p.Text, len(p.Text))
	}
}

// fragments are lines that mean something to the rules, and some that don't.
var fragments = []string{
	"", "hello there", "> quoted", ">> twice", "On Mon, May 4, 2026 at 9:12 AM Ann Lee <ann@seller.example> wrote:",
	"Am 04.05.26 um 09:12 schrieb Anna Vogt:", "From: Ann Lee <ann@seller.example>", "Sent: Monday, May 4, 2026 9:12 AM", "To: Bob",
	"-- ", "--", "----------", "-----Original Message-----", "---------- Forwarded message ---------", "Best regards,", "Bob",
	"Sent from my iPhone", "This message is confidential information.", "CAUTION: external email", "P.S. one more", "<", "> wrote:", "\u00a0", "\xff\xfe",
}

func TestBlocksCoverTheText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOf(rapid.OneOf(rapid.SampledFrom(fragments), rapid.String())).Draw(t, "lines")
		eol := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "eol")
		text := strings.Join(lines, eol)
		sender := rapid.SampledFrom([]string{"", "Bob Ray <bob@buyer.example>"}).Draw(t, "sender")
		checkBlocks(t, reply.SplitFrom(text, sender))
		checkBlocks(t, reply.SplitHTMLFrom(strings.Join(lines, "<br>"), sender))
	})
}

// TestPlainTextIsWritten: text without any mark of a quote, a header or a
// signature is all the writer's.
func TestPlainTextIsWritten(t *testing.T) {
	word := rapid.SampledFrom([]string{"the", "dock", "is", "open", "we", "load", "at", "night", "on", "Friday", "with", "40", "people", "le", "quai", "ouvre", "der", "Hof"})
	sentence := rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(word, 5, 20).Draw(t, "words"), " ") + "."
	})
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(sentence, 1, 8).Draw(t, "sentences"), rapid.SampledFrom([]string{" ", "\n", "\n\n"}).Draw(t, "between"))
		if got := reply.Split(text).Written(); got != text {
			t.Fatalf("of %q only %q is written", text, got)
		}
	})
}

// TestQuotingHidesAnything: whatever stands behind quote marks is quoted.
func TestQuotingHidesAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOfN(rapid.SampledFrom(fragments[:20]), 1, 10).Draw(t, "lines")
		text := "Yes.\n\n> " + strings.Join(lines, "\n> ") + "\n"
		if got := reply.Split(text).Written(); got != "Yes." {
			t.Fatalf("of %q %q is written", text, got)
		}
	})
}

func TestKindString(t *testing.T) {
	seen := map[string]bool{}
	for k := range letters {
		if s := k.String(); s == "unknown" || seen[s] {
			t.Errorf("kind %d is called %q", k, s)
		}
		seen[k.String()] = true
	}
	if s := reply.Kind(99).String(); s != "unknown" {
		t.Errorf("no kind is called %q, want unknown", s)
	}
}

func TestUnquote(t *testing.T) {
	in := "> one\n>\n>> two\n > three\nfour\n"
	want := "one\n\n> two\nthree\nfour\n"
	if got := reply.Unquote(in); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestSharedLine: an introduction may begin in the middle of a line.
func TestSharedLine(t *testing.T) {
	p := reply.Split("Yes! On Wed, May 4, 2026 at 3:59 PM, ann@seller.example wrote:\n> Hi\n")
	if got := p.Written(); got != "Yes!" {
		t.Errorf("got %q, want %q", got, "Yes!")
	}
}

func FuzzSplit(f *testing.F) {
	for _, name := range vectorNames(f, "testdata/mails/*.txt") {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(strings.NewReplacer("W|", "", "Q|", "", "S|", "", "F|", "", "D|", "").Replace(string(b)), "Bob Ray <bob@buyer.example>")
	}
	f.Fuzz(func(t *testing.T, text, sender string) {
		p := reply.SplitFrom(text, sender)
		checkBlocks(t, p)
		for _, b := range p.Blocks {
			p.Attribution(b, time.UTC)
		}
	})
}

func FuzzSplitHTML(f *testing.F) {
	for _, name := range vectorNames(f, "testdata/html/*.html") {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b))
	}
	f.Add(strings.Repeat("<div>", 600) + "deep")
	f.Fuzz(func(t *testing.T, source string) { checkBlocks(t, reply.SplitHTML(source)) })
}

func vectorNames(f *testing.F, pattern string) []string {
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		f.Fatalf("no test vectors at %s: %v", pattern, err)
	}
	return names
}

func BenchmarkSplit(b *testing.B) {
	mail := "Thursday works.\n\nBest,\nBob\n\nOn Mon, May 4, 2026 at 9:12 AM Ann Lee <ann@seller.example> wrote:\n" + strings.Repeat("> a line of an earlier mail, as long as most of them are\n", 200)
	b.SetBytes(int64(len(mail)))
	for b.Loop() {
		reply.Split(mail)
	}
}
