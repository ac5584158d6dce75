package pubsub

import (
	"fmt"
	"math/big"
	"reflect"
	"time"

	"throughline/twin/salesforce"
)

// changed publishes what a record's change is.
func (s *Server) changed(rec salesforce.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := text(rec["Id"])
	old, known := s.known[id]
	s.known[id] = rec
	at := moment(rec["SystemModstamp"])
	if !known {
		s.add(s.event("CREATE", []string{id}, rec, nil, at))
		return
	}
	if changed := s.differing(old, rec); len(changed) > 0 {
		s.add(s.event("UPDATE", []string{id}, rec, changed, at))
	}
}

// add publishes an event, or holds it back.
func (s *Server) add(e Event) {
	if s.hold {
		s.held = append(s.held, e)
		return
	}
	s.publish(e)
}

func (s *Server) publish(e Event) {
	e.logged = s.Now()
	s.log = append(s.log, e)
	s.forget()
	s.signal()
}

func (s *Server) signal() {
	close(s.wake)
	s.wake = make(chan struct{})
}

// differing are the fields of the schema that differ, those of a compound field
// each by itself.
func (s *Server) differing(old, rec salesforce.Record) []string {
	var out []string
	for _, f := range s.schema.Root().Fields[1:] {
		before, inside := old[f.Name].(map[string]any)
		after, inside2 := rec[f.Name].(map[string]any)
		if !inside && !inside2 {
			if !reflect.DeepEqual(old[f.Name], rec[f.Name]) {
				out = append(out, f.Name)
			}
			continue
		}
		for _, inner := range f.Type.Branches[1].Fields {
			if !reflect.DeepEqual(before[inner.Name], after[inner.Name]) {
				out = append(out, f.Name+"."+inner.Name)
			}
		}
	}
	return out
}

// event makes an event: of a record that is made, with all its fields; of one that
// is changed, with those changed.
func (s *Server) event(kind string, ids []string, rec salesforce.Record, changed []string, at time.Time) Event {
	root := s.schema.Root()
	var whole big.Int
	nested := map[int]*big.Int{}
	fields := map[string]any{}
	for i, f := range root.Fields[1:] {
		fields[f.Name] = nil
		touched := kind == "CREATE"
		for _, name := range changed {
			if name == f.Name {
				touched = true
				whole.SetBit(&whole, i+1, 1)
			}
			for j, inner := range f.Type.Branches[1].Fields {
				if name == f.Name+"."+inner.Name {
					touched = true
					if nested[i+1] == nil {
						nested[i+1] = &big.Int{}
					}
					nested[i+1].SetBit(nested[i+1], j, 1)
				}
			}
		}
		if touched {
			fields[f.Name] = value(rec[f.Name], f.Type.Branches[1].Type)
		}
	}
	bitmaps := []any{}
	if whole.Sign() > 0 {
		bitmaps = append(bitmaps, hexadecimal(&whole))
	}
	for i := range root.Fields {
		if n := nested[i]; n != nil {
			bitmaps = append(bitmaps, fmt.Sprintf("%d-%s", i, hexadecimal(n)))
		}
	}
	names := []any{}
	for _, id := range ids {
		names = append(names, id)
	}
	fields["ChangeEventHeader"] = map[string]any{
		"entityName": "Opportunity", "recordIds": names, "changeType": kind, "changeOrigin": "", "transactionKey": "00000000-0000-0000-0000-000000000001",
		"sequenceNumber": 1, "commitTimestamp": at.UnixMilli(), "commitNumber": 1, "commitUser": "005000000000001AAA",
		"nulledFields": []any{}, "diffFields": []any{}, "changedFields": bitmaps,
	}
	payload, err := s.schema.Encode(fields)
	if err != nil {
		panic(err) // of our own making
	}
	return Event{Type: kind, IDs: ids, Changed: changed, At: at, payload: payload}
}

// hexadecimal is a bitmap with an even number of digits.
func hexadecimal(n *big.Int) string { return fmt.Sprintf("0x%X", n.Bytes()) }

// value is a field's value as the schema has it; nil where it does not fit.
func value(v any, kind string) any {
	switch kind {
	case "string":
		if t, ok := v.(string); ok {
			return t
		}
	case "boolean":
		if b, ok := v.(bool); ok {
			return b
		}
	case "double":
		switch n := v.(type) {
		case float64:
			return n
		case int:
			return float64(n)
		}
	case "long":
		if at := moment(v); !at.IsZero() {
			return at.UnixMilli()
		}
	default: // a compound field
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		return map[string]any{"Latitude": m["Latitude"], "Longitude": m["Longitude"]}
	}
	return nil
}

func text(v any) string {
	t, _ := v.(string)
	return t
}

// moment is a date or a time as records have it; zero where it is neither.
func moment(v any) time.Time {
	for _, form := range []string{"2006-01-02T15:04:05.000-0700", time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(form, text(v)); err == nil {
			return t
		}
	}
	return time.Time{}
}
