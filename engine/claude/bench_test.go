package claude

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"throughline"
	"throughline/folder"
	"throughline/ground"
)

// sharedDeal reads the largest of the sample deals, which stand beside the module
// and not in it.
func sharedDeal(b *testing.B) *throughline.Deal {
	b.Helper()
	dir := filepath.Join("..", "..", "..", "shared", "bench", "deals", "atlas", "native")
	if _, err := os.Stat(dir); err != nil {
		b.Skipf("the sample deals are not here: %v", err)
	}
	d, err := folder.Read(b.Context(), dir)
	if err != nil {
		b.Fatal(err)
	}
	return d
}

// BenchmarkOverhead is what the engine itself takes of a whole draft of the
// largest sample deal, model and network aside: planning, writing the requests,
// decoding the answers, proving, reconciling.
func BenchmarkOverhead(b *testing.B) {
	d := sharedDeal(b)
	for _, passes := range []Passes{Single, Focused} {
		b.Run(string(passes), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r, err := Start(d, ground.NewIndex(d), Config{Passes: passes})
				if err != nil {
					b.Fatal(err)
				}
				for len(r.Open()) > 0 {
					q := r.Open()[0]
					q.key()
					text := goodItems
					switch q.stage {
					case repairing:
						text = `{"quotes":[]}`
					case reconciling:
						text = nothingToReconcile
					}
					if err := r.Answer(q.ID, Answer{Text: text}); err != nil {
						b.Fatal(err)
					}
				}
				draft, err := r.Draft()
				if err != nil {
					b.Fatal(err)
				}
				ground.Settle(d, r.ix, draft, time.Time{})
			}
		})
	}
}
