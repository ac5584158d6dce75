package builtin

import (
	"throughline"
)

// gaps turns what was not found into questions to the AE.
func gaps(rd *reading, d *throughline.Draft) {
	has := map[throughline.Kind]bool{}
	days := map[int]bool{}
	for _, it := range d.Items {
		has[it.Kind] = true
		days[it.Day] = true
	}
	ask := func(k throughline.Kind, text string) {
		d.Questions = append(d.Questions, throughline.Question{Kind: k, Text: text})
	}
	for _, q := range []struct {
		kind throughline.Kind
		text string
	}{
		{throughline.KindChampion, "Who drove the purchase on the customer's side, and why did they buy?"},
		{throughline.KindPain, "What problem made the customer act now? Nothing read says it in the customer's words."},
		{throughline.KindUseCase, "Which specific uses were agreed? None was found that names what, for whom and how often."},
		{throughline.KindWorkaround, "How does the customer do this today?"},
		{throughline.KindStretch, "Was anything promised that needs something to be true first?"},
		{throughline.KindAdjacentVendor, "Does a team at the customer use another vendor's product next to ours? None was found."},
		{throughline.KindRisk, "What could hold the implementation up? No risk was raised in what was read."},
	} {
		if !has[q.kind] {
			ask(q.kind, q.text)
		}
	}
	for _, day := range []int{30, 60, 90} {
		if !days[day] {
			ask(throughline.KindMilestone, map[int]string{
				30: "What was the customer told they would see in the first 30 days?",
				60: "What was the customer told they would see by about day 60?",
				90: "What was the customer told they would see by about day 90?",
			}[day])
		}
	}
	for _, it := range d.Items {
		if it.Kind == throughline.KindCommittee && it.Label == throughline.LabelInferred && it.Stance == throughline.StanceNeutral {
			ask(throughline.KindCommittee, "Where did "+it.Person+" land? Nothing read says it.")
		}
	}
	if rd.deal.Kickoff.IsZero() {
		ask("", "When is the kickoff?")
	}
	if rd.deal.CSM == nil {
		ask("", "Who is the CSM?")
	}
}
