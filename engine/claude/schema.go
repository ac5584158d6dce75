package claude

import "throughline"

// The schemas of the three kinds of answer. Structured outputs allow no bounds
// and no recursion, want every object closed, and at most 24 optional
// properties; lengths and ranges are therefore checked after decoding.

type object = map[string]any

func closed(required []string, properties object) object {
	return object{"type": "object", "additionalProperties": false, "required": required, "properties": properties}
}

func list(of any) object { return object{"type": "array", "items": of} }

func oneOf[T ~string](values ...T) object {
	names := make([]any, len(values))
	for i, v := range values {
		names[i] = string(v)
	}
	return object{"type": "string", "enum": names}
}

var (
	aString  = object{"type": "string"}
	anInt    = object{"type": "integer"}
	aQuote   = closed([]string{"ref", "text"}, object{"ref": aString, "text": aString})
	rolePart = oneOf(throughline.AsPromise, throughline.AsDoubt, throughline.AsCondition)
)

// itemsSchema is the same for every pass over the deal, so that all read one
// cache.
func itemsSchema() object {
	item := closed([]string{"kind", "text", "label", "quotes"}, object{
		"kind":       oneOf(throughline.Kinds...),
		"text":       aString,
		"label":      oneOf(throughline.LabelStated, throughline.LabelInferred),
		"quotes":     list(closed([]string{"ref", "text"}, object{"ref": aString, "text": aString, "as": rolePart})),
		"person":     aString,
		"why":        aString,
		"stance":     oneOf(throughline.StanceAlly, throughline.StanceNeutral, throughline.StanceBlocker),
		"vendor":     aString,
		"function":   aString,
		"day":        object{"type": "integer", "enum": []any{30, 60, 90}},
		"due":        aString,
		"from":       oneOf(throughline.FromClose, throughline.FromKickoff, throughline.FromGoLive, throughline.FromCalendar),
		"area":       oneOf(throughline.Areas...),
		"promise":    aString,
		"doubt":      aString,
		"condition":  aString,
		"next_step":  aString,
		"candidates": list(anInt),
		"earlier":    list(closed([]string{"text", "quotes"}, object{"text": aString, "quotes": list(aQuote)})),
	})
	return closed([]string{"items", "dismissed", "questions"}, object{
		"items":     list(item),
		"dismissed": list(closed([]string{"candidate", "reason"}, object{"candidate": anInt, "reason": aString})),
		"questions": list(closed([]string{"text"}, object{"text": aString})),
	})
}

func repairSchema() object {
	return closed([]string{"quotes"}, object{
		"quotes": list(closed([]string{"number", "ref", "text"}, object{"number": anInt, "ref": aString, "text": aString})),
	})
}

func reconcileSchema() object {
	return closed([]string{"merge", "replaced", "drop", "contradictions", "questions"}, object{
		"merge":    list(closed([]string{"keep", "drop", "reason"}, object{"keep": anInt, "drop": list(anInt), "reason": aString})),
		"replaced": list(closed([]string{"item", "by", "text"}, object{"item": anInt, "by": anInt, "text": aString})),
		"drop":     list(closed([]string{"item", "reason"}, object{"item": anInt, "reason": aString})),
		"contradictions": list(closed([]string{"text", "sides"}, object{
			"text": aString, "sides": list(closed([]string{"text", "quotes"}, object{"text": aString, "quotes": list(aQuote)})),
		})),
		"questions": list(closed([]string{"text", "item"}, object{"text": aString, "item": anInt})),
	})
}
