package builtin

import (
	"fmt"

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
		{throughline.KindChampion, rd.texts.AskChampion},
		{throughline.KindPain, rd.texts.AskPain},
		{throughline.KindUseCase, rd.texts.AskUseCase},
		{throughline.KindWorkaround, rd.texts.AskWorkaround},
		{throughline.KindStretch, rd.texts.AskStretch},
		{throughline.KindAdjacentVendor, rd.texts.AskVendor},
		{throughline.KindRisk, rd.texts.AskRisk},
	} {
		if !has[q.kind] {
			ask(q.kind, q.text)
		}
	}
	for _, day := range []int{30, 60, 90} {
		if !days[day] {
			ask(throughline.KindMilestone, fmt.Sprintf(rd.texts.AskDay, day))
		}
	}
	for _, it := range d.Items {
		if it.Kind == throughline.KindCommittee && it.Label == throughline.LabelInferred && it.Stance == throughline.StanceNeutral {
			ask(throughline.KindCommittee, fmt.Sprintf(rd.texts.AskStance, it.Person))
		}
	}
	if rd.deal.Kickoff.IsZero() {
		ask("", rd.texts.AskKickoff)
	}
	if rd.deal.CSM == nil {
		ask("", rd.texts.AskCSM)
	}
}
