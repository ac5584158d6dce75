package changes

import (
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/avro"
)

// recordID is an id of 15 or 18 characters.
var recordID = regexp.MustCompile(`^[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?$`)

// A header is what a change event says about itself (developer.salesforce.com,
// Change Data Capture, "ChangeEventHeader Fields").
type header struct {
	EntityName      string   `avro:"entityName"`
	RecordIDs       []string `avro:"recordIds"`
	ChangeType      string   `avro:"changeType"`      // CREATE, UPDATE, DELETE, UNDELETE, GAP_…
	CommitTimestamp int64    `avro:"commitTimestamp"` // milliseconds since 1970
	ChangedFields   []string `avro:"changedFields"`   // of an UPDATE, as bitmaps
}

// committed is when the change was made.
func (h header) committed() time.Time { return time.UnixMilli(h.CommitTimestamp) }

// A schema is how the events of an object are written.
type schema struct {
	avro   *avro.Schema // reads the header only
	fields []field
	err    error // why it can't be used; nil where it can
}

// A field is one of an event's, with those of the record that it holds, if it does.
type field struct {
	name  string
	inner []string
}

// parse reads a schema. What is wrong with it is told when it is used.
func parse(text string) *schema {
	parsed, err := avro.Parse(text)
	if err != nil {
		return &schema{err: errors.New("its schema can't be read")}
	}
	s := &schema{}
	for _, f := range parsed.Root().ExpandReferences().Fields {
		s.fields = append(s.fields, field{f.Name, innerNames(f.Type)})
	}
	if s.avro, err = headerOnly(parsed); err != nil {
		return &schema{err: errors.New("its schema is not that of a change event")}
	}
	return s
}

// headerOnly reads of an event what is in a [header], and passes over the rest.
func headerOnly(whole *avro.Schema) (*avro.Schema, error) {
	root := whole.Root()
	root.Fields = slices.DeleteFunc(root.Fields, func(f avro.SchemaField) bool { return f.Name != "ChangeEventHeader" })
	wanted := reflect.TypeFor[header]()
	for i := range root.Fields {
		inner := &root.Fields[i].Type
		inner.Fields = slices.DeleteFunc(inner.Fields, func(f avro.SchemaField) bool {
			for i := range wanted.NumField() {
				if wanted.Field(i).Tag.Get("avro") == f.Name {
					return false
				}
			}
			return true
		})
		if len(inner.Fields) != wanted.NumField() {
			return nil, errors.New("the header lacks a field")
		}
	}
	if len(root.Fields) == 0 {
		return nil, errors.New("no header")
	}
	reader, err := root.Schema()
	if err != nil {
		return nil, err
	}
	return avro.Resolve(whole, reader)
}

// innerNames are the fields of a compound field, which may be optional: a union
// with null, and with string where a plain value may stand for it.
func innerNames(node avro.SchemaNode) []string {
	for _, branch := range node.Branches {
		if branch.Type == "record" {
			node = branch
		}
	}
	var names []string
	for _, f := range node.Fields {
		names = append(names, f.Name)
	}
	return names
}

// header reads an event's header.
func (s *schema) header(payload []byte) (header, error) {
	if s.err != nil {
		return header{}, s.err
	}
	var event struct {
		Header header `avro:"ChangeEventHeader"`
	}
	rest, err := s.avro.Decode(payload, &event)
	if err != nil || len(rest) > 0 {
		return header{}, errors.New("it does not fit its schema") // the library's words may hold content
	}
	return event.Header, nil
}

// touches reports whether a change may be of one of the fields, or of one that is
// not told: a formula field, or one hidden from the user, is in no schema.
func (s *schema) touches(changed, fields []string) bool {
	names, err := s.names(changed)
	if err != nil || len(names) == 0 || len(fields) == 0 {
		return true
	}
	for _, want := range fields {
		if !slices.ContainsFunc(s.fields, func(f field) bool { return f.name == want }) {
			return true
		}
		if slices.ContainsFunc(names, func(name string) bool { return name == want || strings.HasPrefix(name, want+".") }) {
			return true
		}
	}
	return false
}

// names are the fields that bitmaps stand for: "0x0c", whose bit n from the right
// is the schema's field n, and "7-0x01", the same for the fields within field 7,
// which come as "Site__c.Latitude" (developer.salesforce.com, Pub/Sub API, "Event
// Deserialization Considerations").
func (s *schema) names(bitmaps []string) ([]string, error) {
	var out []string
	for _, b := range bitmaps {
		parent, digits, nested := strings.Cut(b, "-")
		if !nested {
			var own []string
			for _, f := range s.fields {
				own = append(own, f.name)
			}
			names, err := bitsOf(b, own)
			if err != nil {
				return nil, err
			}
			out = append(out, names...)
			continue
		}
		n, err := strconv.Atoi(parent)
		if err != nil || n < 0 || n >= len(s.fields) {
			return nil, errors.New("a bitmap is of a field that the schema lacks")
		}
		names, err := bitsOf(digits, s.fields[n].inner)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			out = append(out, s.fields[n].name+"."+name)
		}
	}
	return out, nil
}

// bitsOf are the names whose bits are set.
func bitsOf(bitmap string, names []string) ([]string, error) {
	digits, ok := strings.CutPrefix(bitmap, "0x")
	if len(digits)%2 == 1 {
		digits = "0" + digits
	}
	bits, err := hex.DecodeString(digits)
	if !ok || err != nil {
		return nil, errors.New("a bitmap is not in hexadecimal")
	}
	var out []string
	for i := range len(bits) * 8 {
		if bits[len(bits)-1-i/8]>>(i%8)&1 == 0 {
			continue
		}
		if i >= len(names) {
			return nil, fmt.Errorf("a bitmap names field %d of %d", i, len(names))
		}
		out = append(out, names[i])
	}
	return out, nil
}
