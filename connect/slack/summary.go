package slack

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	slackapi "github.com/slack-go/slack"

	"throughline"
	"throughline/connect"
)

// The actions of the buttons that the summary has. A click on one that opens a
// page is told too, and means nothing.
const (
	ActionAccept = "throughline_accept"
	ActionReturn = "throughline_return"
	ActionNote   = "throughline_note"
	ActionOpen   = "throughline_open"
)

// An Outcome is what a CSM made of a handoff.
type Outcome struct {
	Accepted bool // otherwise it was returned
	By       string
	At       time.Time
	Version  int // of the handoff; that of the publication when 0
}

// A content is a message without where it goes.
type content struct {
	text   string
	blocks []slackapi.Block
}

// digest tells contents apart.
func (c content) digest() string {
	raw, err := json.Marshal(struct {
		Text   string
		Blocks []slackapi.Block
	}{c.text, c.blocks})
	if err != nil {
		return "" // which no message bears, so that it is written again
	}
	return fingerprint(string(raw), 16)
}

func fingerprint(s string, digits int) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])[:digits]
}

// How much the summary shows of a kind of item.
const (
	mostItems = 6
	mostItem  = 240
)

// summary is what the deal channel is shown of a view of a handoff. It takes
// nothing but what the view has.
func summary(view *throughline.Handoff, key, link string, o *Outcome) content {
	customer := connect.Line(view.Deal.Customer.Name)
	if customer == "" {
		customer = connect.Line(view.Deal.Name)
	}
	blocks := []slackapi.Block{
		slackapi.NewHeaderBlock(plain("Handoff: "+customer, mostHeader)),
		small(connect.Cut(strings.Join(facts(view), " · "), 1000)),
	}
	left := mostOfBlocks - 2000
	if len(view.Thin) > 0 {
		thin := connect.Cut("There is little to go on: "+connect.Line(strings.Join(view.Thin, " ")), 600)
		blocks, left = append(blocks, section(thin)), left-connect.Length(thin)
	}
	more := 0
	for _, k := range throughline.Kinds {
		lines, unshown := itemLines(view, k, left)
		more += unshown
		if len(lines) == 0 {
			continue
		}
		body := strings.Join(lines, "\n")
		left -= connect.Length(body) + 50
		blocks = append(blocks, heading(k.Title()), section(body))
	}
	if more > 0 {
		blocks = append(blocks, small(fmt.Sprintf("%d more in the handoff itself.", more)))
	}
	if o != nil {
		blocks = append(blocks, small(o.line()))
	}
	blocks = append(blocks, buttons(buttonValue(key, view.Version), link, o)...)
	return content{text: fallback(fmt.Sprintf("Handoff for %s, version %d", connect.Cut(customer, 200), view.Version)), blocks: blocks}
}

// facts are the head of the summary.
func facts(view *throughline.Handoff) []string {
	out := []string{fmt.Sprintf("Version %d", view.Version)}
	if view.Review.State == throughline.Reviewed {
		out = append(out, "reviewed by the AE")
	} else {
		out = append(out, "not reviewed by the AE")
	}
	for _, p := range []struct {
		role string
		who  *throughline.PersonNote
	}{{"AE", view.Deal.AE}, {"CSM", view.Deal.CSM}} {
		if p.who != nil && p.who.Name != "" {
			out = append(out, p.role+" "+connect.Cut(connect.Line(p.who.Name), 100))
		}
	}
	if view.Deal.Close != "" {
		out = append(out, "won "+view.Deal.Close)
	}
	if view.Deal.Kickoff != "" {
		out = append(out, "kickoff "+view.Deal.Kickoff)
	}
	return out
}

// itemLines are the lines of a kind's items within so many characters, and how
// many items are not among them.
func itemLines(view *throughline.Handoff, k throughline.Kind, left int) (lines []string, unshown int) {
	room := min(left, mostSection)
	for _, it := range view.Items {
		if it.Kind != k {
			continue
		}
		l := "• " + itemLine(it)
		if room -= connect.Length(l) + 1; room < 0 || len(lines) == mostItems {
			room = 0
			unshown++
			continue
		}
		lines = append(lines, l)
	}
	return lines, unshown
}

// itemLine is an item in one line.
func itemLine(it throughline.Item) string {
	var before string
	switch {
	case it.Due != "":
		before = "By " + it.Due + ": "
	case it.Day != 0:
		before = fmt.Sprintf("By day %d: ", it.Day)
	case it.Area != "":
		before = strings.ReplaceAll(string(it.Area), "_", " ") + ": "
	}
	return connect.Cut(before+connect.Line(it.Text), mostItem)
}

func (o *Outcome) line() string {
	by := connect.Cut(connect.Line(o.By), 100)
	if by == "" {
		by = "the CSM"
	}
	if o.Accepted {
		return fmt.Sprintf("Version %d was accepted by %s on %s.", o.Version, by, o.At.UTC().Format("2 January 2006"))
	}
	return fmt.Sprintf("Version %d was returned by %s on %s, with what is missing.", o.Version, by, o.At.UTC().Format("2 January 2006"))
}

// buttonValue is what the buttons beside a version hold, see [Interaction].
func buttonValue(key string, version int) string { return fmt.Sprintf("%s@%d", key, version) }

// ofButton reads it. Of a value that names no version the version is 0.
func ofButton(value string) (key string, version int) {
	key, digits, _ := strings.Cut(value, "@")
	version, err := strconv.Atoi(digits)
	if err != nil || version < 0 {
		return key, 0
	}
	return key, version
}

// buttons are those that still make sense.
func buttons(value, link string, o *Outcome) []slackapi.Block {
	var all []slackapi.BlockElement
	if to, ok := webAddress(link); ok {
		all = append(all, linkButton(ActionOpen, "Open the handoff", to))
	}
	if o == nil {
		all = append(all, button(ActionAccept, "Accept", value, true), button(ActionReturn, "Return", value, false), button(ActionNote, "Add a note", value, false))
	}
	if len(all) == 0 {
		return nil
	}
	return []slackapi.Block{slackapi.NewActionBlock("", all...)}
}

// mostMarked bounds the items that a message's metadata can tell apart, whose
// size the vendor limits without saying how.
const mostMarked = 150

// itemMarks tell a view's items apart in few characters: "pain-1=0a1b2c3d;…".
func itemMarks(view *throughline.Handoff) string {
	var out []string
	for _, it := range view.Items[:min(len(view.Items), mostMarked)] {
		out = append(out, it.ID+"="+fingerprint(itemLine(it)+"\x00"+it.Text, 8))
	}
	return strings.Join(out, ";")
}

// update says in the thread what a version changed, of what the channel is shown.
func update(view *throughline.Handoff, before marker) content {
	was := map[string]string{}
	for pair := range strings.SplitSeq(before.Items, ";") {
		if id, mark, ok := strings.Cut(pair, "="); ok {
			was[id] = mark
		}
	}
	var added, changed []throughline.Item
	for _, it := range view.Items[:min(len(view.Items), mostMarked)] {
		mark, ok := was[it.ID]
		delete(was, it.ID)
		switch {
		case !ok:
			added = append(added, it)
		case mark != fingerprint(itemLine(it)+"\x00"+it.Text, 8):
			changed = append(changed, it)
		}
	}
	head := fmt.Sprintf("Version %d replaces version %d.", view.Version, before.Version)
	blocks := []slackapi.Block{section(head)}
	for _, part := range []struct {
		title string
		items []throughline.Item
	}{{"New", added}, {"Changed", changed}} {
		if body := listed(part.items); body != "" {
			blocks = append(blocks, heading(part.title), section(body))
		}
	}
	if n := len(was); n > 0 {
		blocks = append(blocks, small(fmt.Sprintf("No longer there: %d.", n)))
	}
	if len(blocks) == 1 {
		blocks = append(blocks, small("Nothing changed in what this channel shows of it."))
	}
	return content{text: head, blocks: blocks}
}

func listed(items []throughline.Item) string {
	const most = 10
	var lines []string
	for _, it := range items[:min(len(items), most)] {
		lines = append(lines, "• "+it.Kind.Title()+": "+itemLine(it))
	}
	if n := len(items) - most; n > 0 {
		lines = append(lines, fmt.Sprintf("• and %d more", n))
	}
	return strings.Join(slices.Clip(lines), "\n")
}
