package slack

import (
	"cmp"
	"context"
	"fmt"

	slackapi "github.com/slack-go/slack"

	"throughline/connect"
)

// The forms that a click opens, by which [View.Form] names them, and their fields.
const (
	FormReturn = "throughline_return"
	FormNote   = "throughline_note"

	FieldReason = "reason" // a code of a reason
	FieldText   = "text"
)

// A Form is a window that asks somebody something, or, without fields, tells
// something.
type Form struct {
	ID     string // what it is for; comes back as [View.Form]
	About  string // what it is about, such as a handoff's key; comes back as [View.About]
	Title  string // cut after 24 characters
	Submit string // the button; default "Send"
	Text   string // stands before the fields
	Link   string // the address of a page that it leads to
	Fields []Field
}

// A Field is a text, or a choice where it has choices.
type Field struct {
	ID       string // comes back as a key of [View.Values]
	Label    string
	Hint     string
	Choices  []Choice
	Optional bool
}

// A Choice is one of a field's.
type Choice struct{ Code, Label string }

// ReturnForm asks why a handoff is returned: one of the reasons, and what is missing.
func ReturnForm(about string, reasons []Choice) Form {
	return Form{ID: FormReturn, About: about, Title: "Return the handoff", Submit: "Return", Fields: []Field{
		{ID: FieldReason, Label: "What is missing?", Choices: reasons},
		{ID: FieldText, Label: "In your words", Hint: "The AE reads this."},
	}}
}

// NoteForm asks for a note.
func NoteForm(about string) Form {
	return Form{ID: FormNote, About: about, Title: "Add a note", Submit: "Add", Fields: []Field{{ID: FieldText, Label: "Note"}}}
}

// NewerForm says that another version came out than the one that was accepted.
func NewerForm(version int, link string) Form {
	return Form{
		Title: "A newer version is out", Link: link,
		Text: fmt.Sprintf("Nothing was accepted: version %d has come out since. The message in the channel shows it, or will in a minute. Look at it, and accept it there.", version),
	}
}

// Open shows a form to whoever made the interaction with the trigger, which holds
// for 3 seconds after the click.
func (c *Client) Open(ctx context.Context, trigger string, f Form) error {
	const op = "open a window"
	if trigger == "" || len(f.About) > mostPrivate {
		return &connect.Error{Vendor: Vendor, Op: op, Message: "there is no click that it could answer, or it is about too much", Advice: "click again"}
	}
	view := slackapi.ModalViewRequest{
		Type: slackapi.VTModal, Title: plain(cmp.Or(connect.Line(f.Title), "Throughline"), mostTitle), Close: plain("Close", mostTitle), CallbackID: f.ID, PrivateMetadata: f.About,
	}
	if len(f.Fields) > 0 {
		view.Submit, view.Close = plain(cmp.Or(connect.Line(f.Submit), "Send"), mostTitle), plain("Cancel", mostTitle)
	}
	if text := connect.Line(f.Text); text != "" {
		view.Blocks.BlockSet = append(view.Blocks.BlockSet, section(text))
	}
	if to, ok := webAddress(f.Link); ok {
		view.Blocks.BlockSet = append(view.Blocks.BlockSet, slackapi.NewActionBlock("", linkButton(ActionOpen, "Open the handoff", to)))
	}
	for _, field := range f.Fields {
		view.Blocks.BlockSet = append(view.Blocks.BlockSet, field.block())
	}
	// A second try with the same trigger is refused, and opens nothing.
	return c.tell(ctx, op, "views.open", map[string]any{"trigger_id": trigger, "view": view}, false, nil)
}

// block is the field's input. Block and element have the field's id.
func (f Field) block() *slackapi.InputBlock {
	var input slackapi.BlockElement
	if len(f.Choices) > 0 {
		var options []*slackapi.OptionBlockObject
		for _, choice := range f.Choices[:min(len(f.Choices), mostOptions)] {
			options = append(options, slackapi.NewOptionBlockObject(connect.Cut(choice.Code, 150), plain(cmp.Or(connect.Line(choice.Label), choice.Code), mostButton), nil))
		}
		input = slackapi.NewOptionsSelectBlockElement(slackapi.OptTypeStatic, nil, f.ID, options...)
	} else {
		text := slackapi.NewPlainTextInputBlockElement(nil, f.ID)
		text.Multiline, text.MaxLength = true, mostInput
		input = text
	}
	block := slackapi.NewInputBlock(f.ID, plain(cmp.Or(connect.Line(f.Label), f.ID), 2000), nil, input)
	if hint := connect.Line(f.Hint); hint != "" {
		block.Hint = plain(hint, 2000)
	}
	block.Optional = f.Optional
	return block
}
