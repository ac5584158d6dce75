package claude

import (
	_ "embed"
	"encoding/json"
	"strings"
)

//go:embed models.json
var modelsFile []byte

// A Model is what the program knows of one of the vendor's models. Prices are in
// USD per million tokens, as of [PricesOf].
type Model struct {
	ID         string  `json:"id"`
	Line       string  `json:"line"`       // haiku, sonnet, opus, fable
	Window     int     `json:"window"`     // tokens of input and output together
	MaxOutput  int     `json:"max_output"` // tokens
	MinCache   int     `json:"min_cache"`  // tokens; a shorter prefix is not cached
	Structured bool    `json:"structured"` // known to follow a JSON schema in output_config
	Input      float64 `json:"input"`
	Write5m    float64 `json:"write_5m"`
	Write1h    float64 `json:"write_1h"`
	Read       float64 `json:"read"`
	Output     float64 `json:"output"`
	// Over is the size of a request, in tokens, from which all of it is billed
	// at the Over prices; 0 when there is no such step.
	Over        int     `json:"over"`
	OverInput   float64 `json:"over_input"`
	OverWrite5m float64 `json:"over_write_5m"`
	OverWrite1h float64 `json:"over_write_1h"`
	OverRead    float64 `json:"over_read"`
	OverOutput  float64 `json:"over_output"`
}

var catalogue = func() (c struct {
	PricesOf string  `json:"prices_of"`
	Default  string  `json:"default"`
	Models   []Model `json:"models"`
},
) {
	if err := json.Unmarshal(modelsFile, &c); err != nil {
		panic("models.json: " + err.Error()) // embedded, and read by every test
	}
	return c
}()

// PricesOf is the date of the price list, YYYY-MM-DD.
func PricesOf() string { return catalogue.PricesOf }

// DefaultModel is the newest Opus of the price list.
func DefaultModel() string { return catalogue.Default }

// LookUp finds a model by its id; also by one with a provider's prefix or a date
// behind it, as Bedrock and Vertex name them. Of a model that it doesn't know it
// assumes the window of the default one, and no price.
func LookUp(id string) (Model, bool) {
	bare := id
	if i := strings.LastIndex(bare, "anthropic."); i >= 0 {
		bare = bare[i+len("anthropic."):]
	}
	best := Model{}
	for _, m := range catalogue.Models {
		if bare == m.ID || strings.HasPrefix(bare, m.ID+"-") || strings.HasPrefix(bare, m.ID+"@") {
			if len(m.ID) > len(best.ID) {
				best = m
			}
		}
	}
	if best.ID != "" {
		return best, true
	}
	for _, m := range catalogue.Models {
		if m.ID == catalogue.Default {
			return Model{ID: id, Window: 200_000, MaxOutput: 32_000, MinCache: m.MinCache}, false
		}
	}
	return Model{ID: id}, false
}

// cost is what the tokens of one answer cost, in USD.
func (m Model) cost(t Tokens) float64 {
	in, w5, w1, rd, out := m.Input, m.Write5m, m.Write1h, m.Read, m.Output
	if m.Over > 0 && t.Input+t.CacheWrite5m+t.CacheWrite1h+t.CacheRead > int64(m.Over) {
		in, w5, w1, rd, out = m.OverInput, m.OverWrite5m, m.OverWrite1h, m.OverRead, m.OverOutput
	}
	usd := (float64(t.Input)*in + float64(t.CacheWrite5m)*w5 + float64(t.CacheWrite1h)*w1 + float64(t.CacheRead)*rd + float64(t.Output)*out) / 1e6
	if t.Batch {
		usd /= 2
	}
	return usd
}
