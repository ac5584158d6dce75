package salesforce

import (
	"context"
	"regexp"
	"strings"

	"throughline/connect"
	"throughline/won"
)

// About tells about opportunities by id, with one call for each 200 of them. The
// gaps say which fields are hidden.
func (o *Org) About(ctx context.Context, f won.Filter, ids []string) (map[string]won.About, []connect.Gap, error) {
	out := map[string]won.About{}
	ae, csm := "Owner.Name", relation(o.cfg.CSMField)
	if o.cfg.AEField != "" {
		ae = relation(o.cfg.AEField)
	}
	pipeline := pipelineField(f)
	w := wish{name: "about", object: "Opportunity", fields: []string{"Id"}}
	for _, field := range []string{ae, csm, "RecordType.DeveloperName", pipeline} {
		if apiPath.MatchString(field) {
			w.fields = append(w.fields, field)
		}
	}
	var gaps []Gap
	for len(ids) > 0 {
		n := min(len(ids), historyBatch)
		w.rest = "WHERE Id IN " + quotes(ids[:n])
		ids = ids[n:]
		got, refused := answers{}, map[string]*connect.Error{}
		raw, err := o.alone(ctx, w)
		if err != nil {
			refused[w.name] = asError(err, w.op())
		} else {
			got[w.name] = raw
		}
		rows, g := o.records(ctx, w, got, refused)
		gaps = append(gaps, g...)
		for _, r := range rows {
			out[r.text("Id")] = won.About{AE: r.along(ae), CSM: r.along(csm), RecordType: r.along("RecordType.DeveloperName"), Pipeline: r.along(pipeline)}
		}
	}
	return out, plainGaps(gaps), ctx.Err()
}

// apiPath is what may stand for a field, of a record or of what it refers to.
var apiPath = regexp.MustCompile(`^[A-Za-z]\w*(?:\.[A-Za-z]\w*){0,2}$`)

// relation is the field of a user's name behind the lookup field that holds the
// user: of "CSM__c" "CSM__r.Name"; empty for no field.
func relation(lookup string) string {
	if lookup == "" {
		return ""
	}
	lookup = strings.TrimPrefix(lookup, "Opportunity.")
	if name, ok := strings.CutSuffix(lookup, "__c"); ok {
		return name + "__r.Name"
	}
	return strings.TrimSuffix(lookup, "Id") + ".Name"
}

// along is the text that a dotted name leads to.
func (r Record) along(path string) string {
	parts := strings.Split(path, ".")
	for _, name := range parts[:len(parts)-1] {
		r = r.inner(name)
	}
	return r.text(parts[len(parts)-1])
}
