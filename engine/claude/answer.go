package claude

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"throughline"
)

// Bounds of what is taken of an answer, whatever the model returns.
const (
	maxAnswer     = 4 << 20 // bytes
	maxDraftItems = 600
	maxDraftQuote = 12 // an item
	maxQuoteBytes = 2000
	maxTextBytes  = 2000
)

// An Answer is what a model gave back for a request.
type Answer struct {
	Text  string // the JSON object, with whatever the model put around it
	Stop  string // the stop reason as the API words it; empty when not known
	Model string
	Usage Tokens
}

// Tokens are what one answer is billed by.
type Tokens struct {
	Input        int64 // uncached
	CacheWrite5m int64
	CacheWrite1h int64
	CacheRead    int64
	Output       int64
	Batch        bool // billed at the batch price
}

func (t Tokens) add(o Tokens) Tokens {
	return Tokens{
		Input: t.Input + o.Input, CacheWrite5m: t.CacheWrite5m + o.CacheWrite5m, CacheWrite1h: t.CacheWrite1h + o.CacheWrite1h,
		CacheRead: t.CacheRead + o.CacheRead, Output: t.Output + o.Output, Batch: t.Batch,
	}
}

// message is the body of the API's response, as far as it is read.
type message struct {
	Type    string `json:"type"`
	Model   string `json:"model"`
	Content []struct {
		Type  string          `json:"type"`
		Text  string          `json:"text"`
		Input json.RawMessage `json:"input"`
	} `json:"content"`
	StopReason string `json:"stop_reason"`
	Usage      struct {
		Input      int64 `json:"input_tokens"`
		Output     int64 `json:"output_tokens"`
		CacheWrite int64 `json:"cache_creation_input_tokens"`
		CacheRead  int64 `json:"cache_read_input_tokens"`
		Creation   struct {
			FiveMinutes int64 `json:"ephemeral_5m_input_tokens"`
			OneHour     int64 `json:"ephemeral_1h_input_tokens"`
		} `json:"cache_creation"`
	} `json:"usage"`
}

// ReadAnswer reads what stands in a file of answers: the body of an API
// response, or the bare JSON object that was asked for, also with a model's
// words or a code fence around it.
func ReadAnswer(data []byte) (Answer, error) {
	if len(data) > maxAnswer {
		return Answer{}, fmt.Errorf("answer of %d bytes: more than %d are not read", len(data), maxAnswer)
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	var m message
	if json.Unmarshal(data, &m) == nil && m.Content != nil {
		return m.answer(), nil
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return Answer{}, errors.New("the answer is empty")
	}
	return Answer{Text: string(data)}, nil
}

func (m message) answer() Answer {
	a := Answer{Stop: m.StopReason, Model: m.Model}
	var text strings.Builder
	for _, c := range m.Content {
		switch c.Type {
		case "text":
			text.WriteString(c.Text)
		case "tool_use":
			if a.Text == "" {
				a.Text = string(c.Input)
			}
		}
	}
	if a.Text == "" {
		a.Text = text.String()
	}
	u := m.Usage
	a.Usage = Tokens{Input: u.Input, CacheRead: u.CacheRead, Output: u.Output, CacheWrite5m: u.Creation.FiveMinutes, CacheWrite1h: u.Creation.OneHour}
	if rest := u.CacheWrite - u.Creation.FiveMinutes - u.Creation.OneHour; rest > 0 {
		a.Usage.CacheWrite5m += rest
	}
	return a
}

// The decoded answers.
type (
	claimQuote struct {
		Ref  string `json:"ref"`
		Text string `json:"text"`
		As   string `json:"as"`
	}
	claimEarlier struct {
		Text   string       `json:"text"`
		Quotes []claimQuote `json:"quotes"`
	}
	claimItem struct {
		Kind       string         `json:"kind"`
		Text       string         `json:"text"`
		Label      string         `json:"label"`
		Quotes     []claimQuote   `json:"quotes"`
		Person     string         `json:"person"`
		Why        string         `json:"why"`
		Stance     string         `json:"stance"`
		Vendor     string         `json:"vendor"`
		Function   string         `json:"function"`
		Day        number         `json:"day"`
		Due        string         `json:"due"`
		From       string         `json:"from"`
		Area       string         `json:"area"`
		Promise    string         `json:"promise"`
		Doubt      string         `json:"doubt"`
		Condition  string         `json:"condition"`
		NextStep   string         `json:"next_step"`
		Candidates []number       `json:"candidates"`
		Earlier    []claimEarlier `json:"earlier"`
	}
	claimDismissal struct {
		Candidate number `json:"candidate"`
		Reason    string `json:"reason"`
	}
	claimQuestion struct {
		Text string `json:"text"`
		Item number `json:"item"`
	}
	itemsAnswer struct {
		Items     []claimItem
		Dismissed []claimDismissal
		Questions []claimQuestion
	}
	repairAnswer struct {
		Quotes []struct {
			Number number `json:"number"`
			Ref    string `json:"ref"`
			Text   string `json:"text"`
		} `json:"quotes"`
	}
	reconcileAnswer struct {
		Merge []struct {
			Keep   number   `json:"keep"`
			Drop   []number `json:"drop"`
			Reason string   `json:"reason"`
		} `json:"merge"`
		Replaced []struct {
			Item number `json:"item"`
			By   number `json:"by"`
			Text string `json:"text"`
		} `json:"replaced"`
		Drop []struct {
			Item   number `json:"item"`
			Reason string `json:"reason"`
		} `json:"drop"`
		Contradictions []struct {
			Text  string         `json:"text"`
			Sides []claimEarlier `json:"sides"`
		} `json:"contradictions"`
		Questions []claimQuestion `json:"questions"`
	}
)

// number is an integer however a model writes it: 3, 3.0, "3", "i3".
type number int

func (n *number) UnmarshalJSON(b []byte) error {
	s := strings.TrimLeft(strings.Trim(string(b), `"`), "#i ")
	v := 0
	for i := 0; i < len(s) && i < 7 && s[i] >= '0' && s[i] <= '9'; i++ {
		v = v*10 + int(s[i]-'0')
	}
	*n = number(v)
	return nil
}

// decodeItems reads the answer of a pass. Of one that breaks off, the items that
// are whole are taken, and broken says so; an error means that there is nothing.
func decodeItems(text string) (out itemsAnswer, broken bool, err error) {
	text = objectIn(text)
	if text == "" {
		return out, true, errors.New("there is no JSON object in the answer")
	}
	var raw struct {
		Items     []json.RawMessage `json:"items"`
		Dismissed []json.RawMessage `json:"dismissed"`
		Questions []json.RawMessage `json:"questions"`
	}
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		broken = true
		raw.Items = wholeElements(text, `"items"`)
		raw.Dismissed = wholeElements(text, `"dismissed"`)
		raw.Questions = wholeElements(text, `"questions"`)
		if len(raw.Items)+len(raw.Dismissed)+len(raw.Questions) == 0 {
			return out, true, fmt.Errorf("the answer is not the JSON that was asked for: %w", err)
		}
	}
	for i, r := range raw.Items {
		if i == maxDraftItems {
			broken = true
			break
		}
		var it claimItem
		if json.Unmarshal(r, &it) != nil {
			broken = true
			continue
		}
		out.Items = append(out.Items, it)
	}
	for _, r := range raw.Dismissed[:min(len(raw.Dismissed), 10_000)] {
		var d claimDismissal
		if json.Unmarshal(r, &d) == nil {
			out.Dismissed = append(out.Dismissed, d)
		}
	}
	for _, r := range raw.Questions[:min(len(raw.Questions), 50)] {
		var q claimQuestion
		if json.Unmarshal(r, &q) == nil {
			out.Questions = append(out.Questions, q)
		}
	}
	return out, broken, nil
}

func decodeObject(text string, v any) error {
	text = objectIn(text)
	if text == "" {
		return errors.New("there is no JSON object in the answer")
	}
	if err := json.Unmarshal([]byte(text), v); err != nil {
		return fmt.Errorf("the answer is not the JSON that was asked for: %w", err)
	}
	return nil
}

// objectIn is the JSON object within an answer that has words or a code fence
// around it: from the first brace to its end, or to the text's where it breaks
// off.
func objectIn(text string) string {
	if len(text) > maxAnswer {
		text = strings.ToValidUTF8(text[:maxAnswer], "")
	}
	start := strings.IndexByte(text, '{')
	if start < 0 {
		return ""
	}
	var raw json.RawMessage
	if json.NewDecoder(strings.NewReader(text[start:])).Decode(&raw) == nil {
		return string(raw)
	}
	return text[start:]
}

// wholeElements are the elements of the array named key that come whole.
func wholeElements(text, key string) []json.RawMessage {
	at := strings.Index(text, key)
	if at < 0 {
		return nil
	}
	open := strings.IndexByte(text[at:], '[')
	if open < 0 {
		return nil
	}
	dec := json.NewDecoder(strings.NewReader(text[at+open:]))
	if _, err := dec.Token(); err != nil {
		return nil
	}
	var out []json.RawMessage
	for dec.More() {
		var raw json.RawMessage
		if dec.Decode(&raw) != nil {
			break
		}
		out = append(out, raw)
	}
	return out
}

// draftItem makes an item of a claim. What a kind does not ask for is dropped
// when it is settled; here only sizes are bounded.
func (c claimItem) draftItem() throughline.DraftItem {
	it := throughline.DraftItem{Item: throughline.Item{
		Kind: throughline.Kind(bounded(c.Kind)), Text: bounded(c.Text), Label: throughline.Label(bounded(c.Label)),
		Person: bounded(c.Person), Why: bounded(c.Why), Stance: throughline.Stance(bounded(c.Stance)),
		Vendor: bounded(c.Vendor), Function: bounded(c.Function), Day: int(c.Day), Due: bounded(c.Due), From: throughline.Anchor(bounded(c.From)),
		Area: throughline.Area(bounded(c.Area)), Promise: bounded(c.Promise), Doubt: bounded(c.Doubt), Condition: bounded(c.Condition), NextStep: bounded(c.NextStep),
	}}
	it.Quotes = draftQuotes(c.Quotes)
	for _, e := range c.Earlier[:min(len(c.Earlier), 4)] {
		it.Earlier = append(it.Earlier, throughline.DraftEarlier{Text: bounded(e.Text), Quotes: draftQuotes(e.Quotes)})
	}
	return it
}

func draftQuotes(qs []claimQuote) []throughline.DraftQuote {
	var out []throughline.DraftQuote
	for _, q := range qs[:min(len(qs), maxDraftQuote)] {
		out = append(out, q.draft())
	}
	return out
}

// draft undoes the escaping that the deal was rendered with: a model copies what
// it was shown.
func (q claimQuote) draft() throughline.DraftQuote {
	as := throughline.QuoteRole(q.As)
	switch as {
	case throughline.AsPromise, throughline.AsDoubt, throughline.AsCondition:
	default:
		as = ""
	}
	return throughline.DraftQuote{Ref: strings.Trim(cut(q.Ref, 40), "[] "), Text: unescaped.Replace(cut(q.Text, maxQuoteBytes)), As: as}
}

// unescaped undoes what [escape] does, once, and nothing else: what looks like
// another entity stands so in the source.
var unescaped = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")

func bounded(s string) string { return unescaped.Replace(cut(s, maxTextBytes)) }

// cut shortens a text to n bytes at a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
