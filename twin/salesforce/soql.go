package salesforce

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A soqlError is why a query is refused.
type soqlError struct{ code, message string }

func (e *soqlError) Error() string { return e.code + ": " + e.message }

func malformed(format string, args ...any) error {
	return &soqlError{"MALFORMED_QUERY", fmt.Sprintf(format, args...)}
}

func noColumn(field, object string) error {
	return &soqlError{"INVALID_FIELD", fmt.Sprintf("\nSELECT %s\n       ^\nERROR at Row:1:Column:8\nNo such column '%s' on entity '%s'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.", field, field, object)}
}

// A query is a SOQL query: SELECT fields FROM object, WHERE, ORDER BY, LIMIT.
type query struct {
	fields []string
	object string
	where  condition // nil for all
	order  []ordering
	limit  int // -1 for all
}

type ordering struct {
	field string
	desc  bool
}

// A condition holds of a record or not.
type condition interface {
	// check refuses what the org would refuse.
	check(s *Server, object string) error
	holds(s *Server, object string, rec Record) bool
}

// run answers a query with its rows; all says whether deleted and archived ones
// are among them.
func (s *Server) run(text string, all bool) ([]any, error) {
	q, err := parse(text)
	if err != nil {
		return nil, err
	}
	if _, ok := s.fields[q.object]; !ok || s.Denied[q.object] {
		return nil, &soqlError{"INVALID_TYPE", fmt.Sprintf("sObject type '%s' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names.", q.object)}
	}
	if err := s.check(q); err != nil {
		return nil, err
	}
	var found []Record
	for _, rec := range s.tables[q.object] {
		id, _ := rec["Id"].(string)
		if !s.Denied[id] && (all || rec["IsDeleted"] != true && rec["IsArchived"] != true) && (q.where == nil || q.where.holds(s, q.object, rec)) {
			found = append(found, rec)
		}
	}
	slices.SortStableFunc(found, func(a, b Record) int {
		for _, o := range q.order {
			va, _ := s.lookup(q.object, o.field, a)
			vb, _ := s.lookup(q.object, o.field, b)
			if c := order(va, vb); c != 0 {
				if o.desc {
					return -c
				}
				return c
			}
		}
		return 0
	})
	if q.limit >= 0 && q.limit < len(found) {
		found = found[:q.limit]
	}
	rows := make([]any, len(found))
	for i, rec := range found {
		row := map[string]any{"attributes": attributes(q.object, rec)}
		for _, f := range q.fields {
			s.fill(row, q.object, f, rec)
		}
		rows[i] = row
	}
	return rows, nil
}

func (s *Server) check(q *query) error {
	for _, f := range q.fields {
		if _, err := s.resolve(q.object, f); err != nil {
			return err
		}
	}
	for _, o := range q.order {
		if _, err := s.resolve(q.object, o.field); err != nil {
			return err
		}
	}
	if q.where != nil {
		if err := q.where.check(s, q.object); err != nil {
			return err
		}
	}
	if q.object == "ContentDocumentLink" && !narrows(q.where) {
		return malformed("Implementation restriction: ContentDocumentLink requires a filter by a single Id on ContentDocumentId or LinkedEntityId using the equals operator or multiple Id's using the IN operator.")
	}
	return nil
}

// narrows reports whether a condition names the documents or the records linked.
func narrows(c condition) bool {
	switch c := c.(type) {
	case comparison:
		return (c.field == "ContentDocumentId" || c.field == "LinkedEntityId") && (c.op == "=" || c.op == "IN")
	case junction:
		return c.and && slices.ContainsFunc(c.parts, narrows)
	}
	return false
}

// resolve finds the field that a path ends in: "Amount", "Contact.Name".
func (s *Server) resolve(object, path string) (Field, error) {
	head, rest, dotted := strings.Cut(path, ".")
	if !dotted {
		f, ok := s.visibleField(object, path)
		if !ok {
			return f, noColumn(path, object)
		}
		return f, nil
	}
	for _, f := range s.visible(object) {
		if f.Reference != "" && strings.EqualFold(f.relation(), head) {
			if s.Denied[f.Reference] {
				break
			}
			return s.resolve(f.Reference, rest)
		}
	}
	return Field{}, &soqlError{"INVALID_FIELD", fmt.Sprintf("Didn't understand relationship '%s' in field path. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the appropriate names.", head)}
}

// lookup is the value at a path, and the field that it is of.
func (s *Server) lookup(object, path string, rec Record) (any, Field) {
	head, rest, dotted := strings.Cut(path, ".")
	if !dotted {
		f, _ := s.visibleField(object, path)
		return s.value(object, f, rec), f
	}
	for _, f := range s.visible(object) {
		if f.Reference != "" && strings.EqualFold(f.relation(), head) {
			id, _ := rec[f.Name].(string)
			if to := s.find(f.Reference, id); to != nil {
				return s.lookup(f.Reference, rest, to)
			}
		}
	}
	return nil, Field{}
}

// fill puts the value at a path into a row, within the rows of relationships.
func (s *Server) fill(row map[string]any, object, path string, rec Record) {
	head, rest, dotted := strings.Cut(path, ".")
	if !dotted {
		f, _ := s.visibleField(object, path)
		row[f.Name] = s.value(object, f, rec)
		return
	}
	for _, f := range s.visible(object) {
		if f.Reference == "" || !strings.EqualFold(f.relation(), head) {
			continue
		}
		id, _ := rec[f.Name].(string)
		to := s.find(f.Reference, id)
		if to == nil {
			row[f.relation()] = nil
			return
		}
		inner, _ := row[f.relation()].(map[string]any)
		if inner == nil {
			inner = map[string]any{"attributes": attributes(f.Reference, to)}
			row[f.relation()] = inner
		}
		s.fill(inner, f.Reference, rest, to)
	}
}

// order compares two values; an absent one comes first.
func order(a, b any) int {
	if a == nil || b == nil {
		return cmp.Compare(rank(a), rank(b))
	}
	if x, y := moment(a), moment(b); !x.IsZero() && !y.IsZero() {
		return x.Compare(y)
	}
	if x, ok := number(a); ok {
		if y, ok := number(b); ok {
			return cmp.Compare(x, y)
		}
	}
	return strings.Compare(strings.ToLower(fmt.Sprint(a)), strings.ToLower(fmt.Sprint(b)))
}

func rank(v any) int {
	if v == nil {
		return 0
	}
	return 1
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case int:
		return float64(v), true
	}
	return 0, false
}

func moment(v any) time.Time {
	s, ok := v.(string)
	if !ok {
		return time.Time{}
	}
	for _, layout := range []string{"2006-01-02T15:04:05.000-0700", time.RFC3339Nano, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t
		}
	}
	return time.Time{}
}

// A comparison is one field against one value, or a list of them.
type comparison struct {
	field  string
	op     string // = != < <= > >= LIKE, IN, NOT IN
	values []literal
}

// A literal is a value in a query. Kind is string, number, boolean, date,
// datetime or null.
type literal struct {
	kind string
	v    any
}

// kinds says which literals a field of a type compares with.
func kinds(fieldType string) []string {
	switch fieldType {
	case "boolean":
		return []string{"boolean"}
	case "date":
		return []string{"date"}
	case "datetime":
		return []string{"datetime"}
	case "double", "currency", "int", "percent":
		return []string{"number"}
	}
	return []string{"string"}
}

func (c comparison) check(s *Server, object string) error {
	f, err := s.resolve(object, c.field)
	if err != nil {
		return err
	}
	if f.Type == "textarea" || f.Type == "base64" || f.Type == "anyType" {
		return &soqlError{"INVALID_FIELD", fmt.Sprintf("field '%s' can not be filtered in a query call", c.field)}
	}
	for _, v := range c.values {
		if v.kind != "null" && !slices.Contains(kinds(f.Type), v.kind) {
			return &soqlError{"INVALID_FIELD", fmt.Sprintf("value of filter criterion for field '%s' must be of type %s and should not be enclosed in quotes", c.field, f.Type)}
		}
	}
	return nil
}

func (c comparison) holds(s *Server, object string, rec Record) bool {
	v, f := s.lookup(object, c.field, rec)
	if f.Type == "boolean" && v == nil {
		v = false
	}
	equal := func(l literal) bool { return same(f, v, l) }
	switch c.op {
	case "=", "IN":
		return slices.ContainsFunc(c.values, equal)
	case "!=", "NOT IN":
		return !slices.ContainsFunc(c.values, equal)
	}
	if v == nil || c.values[0].v == nil {
		return false
	}
	if c.op == "LIKE" {
		return like(fmt.Sprint(v), fmt.Sprint(c.values[0].v))
	}
	d := order(v, c.values[0].v)
	switch c.op {
	case "<":
		return d < 0
	case "<=":
		return d <= 0
	case ">":
		return d > 0
	}
	return d >= 0
}

func same(f Field, v any, l literal) bool {
	if v == nil || l.v == nil {
		return v == nil && l.v == nil
	}
	if f.Type == "id" || f.Type == "reference" {
		return sameID(fmt.Sprint(v), fmt.Sprint(l.v))
	}
	return order(v, l.v) == 0
}

func like(v, pattern string) bool {
	p := regexp.QuoteMeta(pattern)
	p = strings.NewReplacer("%", ".*", "_", ".").Replace(p)
	ok, err := regexp.MatchString("(?is)^"+p+"$", v)
	return err == nil && ok
}

// A junction is conditions joined by AND or OR.
type junction struct {
	and   bool
	parts []condition
}

func (j junction) check(s *Server, object string) error {
	for _, p := range j.parts {
		if err := p.check(s, object); err != nil {
			return err
		}
	}
	return nil
}

func (j junction) holds(s *Server, object string, rec Record) bool {
	for _, p := range j.parts {
		if p.holds(s, object, rec) != j.and {
			return !j.and
		}
	}
	return j.and
}

type negation struct{ condition }

func (n negation) holds(s *Server, object string, rec Record) bool {
	return !n.condition.holds(s, object, rec)
}

// parser reads a query word by word.
type parser struct {
	words []string
	at    int
	depth int
}

var soqlWord = regexp.MustCompile(`^(?:\s+|'(?:[^'\\]|\\.)*'|[A-Za-z_][A-Za-z0-9_.]*|-?\d{4}-\d{2}-\d{2}(?:T[0-9:.]+(?:Z|[+-]\d{2}:?\d{2}))?|-?\d+(?:\.\d+)?|<=|>=|!=|[=<>(),])`)

func parse(text string) (*query, error) {
	p := &parser{}
	for rest := text; rest != ""; {
		w := soqlWord.FindString(rest)
		if w == "" {
			return nil, malformed("unexpected token: '%.20s'", rest)
		}
		rest = rest[len(w):]
		if strings.TrimSpace(w) != "" {
			p.words = append(p.words, w)
		}
	}
	q := &query{limit: -1}
	if err := p.head(q); err != nil {
		return nil, err
	}
	if p.is("WHERE") {
		c, err := p.junction()
		if err != nil {
			return nil, err
		}
		q.where = c
	}
	if err := p.tail(q); err != nil {
		return nil, err
	}
	if p.at < len(p.words) {
		return nil, malformed("unexpected token: '%s'", p.words[p.at])
	}
	return q, nil
}

func (p *parser) head(q *query) error {
	if !p.is("SELECT") {
		return malformed("unexpected token: '%s'", p.peek())
	}
	for {
		f, err := p.name()
		if err != nil {
			return err
		}
		q.fields = append(q.fields, f)
		if !p.is(",") {
			break
		}
	}
	if !p.is("FROM") {
		return malformed("expecting 'FROM', found '%s'", p.peek())
	}
	object, err := p.name()
	q.object = object
	return err
}

func (p *parser) tail(q *query) error {
	if p.is("ORDER") {
		if !p.is("BY") {
			return malformed("expecting 'BY', found '%s'", p.peek())
		}
		for {
			f, err := p.name()
			if err != nil {
				return err
			}
			o := ordering{field: f}
			if !p.is("ASC") {
				o.desc = p.is("DESC")
			}
			q.order = append(q.order, o)
			if !p.is(",") {
				break
			}
		}
	}
	if p.is("LIMIT") {
		n, err := strconv.Atoi(p.next())
		if err != nil || n < 0 {
			return malformed("LIMIT needs a number")
		}
		q.limit = n
	}
	return nil
}

func (p *parser) peek() string {
	if p.at < len(p.words) {
		return p.words[p.at]
	}
	return ""
}

func (p *parser) next() string {
	w := p.peek()
	p.at++
	return w
}

func (p *parser) is(word string) bool {
	if !strings.EqualFold(p.peek(), word) || p.peek() == "" {
		return false
	}
	p.at++
	return true
}

var soqlName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.]*$`)

func (p *parser) name() (string, error) {
	w := p.next()
	if !soqlName.MatchString(w) || slices.Contains([]string{"SELECT", "FROM", "WHERE", "AND", "OR", "NOT", "IN"}, strings.ToUpper(w)) {
		return "", malformed("unexpected token: '%s'", w)
	}
	return w, nil
}

// mostDepth bounds how deep conditions stand within each other.
const mostDepth = 20

// junction reads conditions joined by AND or by OR; both together need
// parentheses.
func (p *parser) junction() (condition, error) {
	if p.depth++; p.depth > mostDepth {
		return nil, malformed("conditions stand too deep")
	}
	defer func() { p.depth-- }()
	first, err := p.condition()
	if err != nil {
		return nil, err
	}
	parts, word := []condition{first}, ""
	for {
		w := strings.ToUpper(p.peek())
		if w != "AND" && w != "OR" {
			break
		}
		if word != "" && w != word {
			return nil, malformed("unexpected token: '%s': AND and OR need parentheses", w)
		}
		word = w
		p.at++
		c, err := p.condition()
		if err != nil {
			return nil, err
		}
		parts = append(parts, c)
	}
	if len(parts) == 1 {
		return first, nil
	}
	return junction{and: word == "AND", parts: parts}, nil
}

func (p *parser) condition() (condition, error) {
	if p.is("NOT") {
		c, err := p.condition()
		return negation{c}, err
	}
	if p.is("(") {
		c, err := p.junction()
		if err == nil && !p.is(")") {
			err = malformed("expecting a right parentheses, found '%s'", p.peek())
		}
		return c, err
	}
	return p.comparison()
}

func (p *parser) comparison() (condition, error) {
	field, err := p.name()
	if err != nil {
		return nil, err
	}
	c := comparison{field: field, op: strings.ToUpper(p.next())}
	switch c.op {
	case "NOT":
		if !p.is("IN") {
			return nil, malformed("expecting 'IN', found '%s'", p.peek())
		}
		c.op = "NOT IN"
	case "=", "!=", "<", "<=", ">", ">=", "LIKE", "IN":
	default:
		return nil, malformed("unexpected token: '%s'", c.op)
	}
	if !strings.HasSuffix(c.op, "IN") {
		v, err := p.literal()
		c.values = []literal{v}
		return c, err
	}
	if !p.is("(") {
		return nil, malformed("expecting '(', found '%s'", p.peek())
	}
	for {
		v, err := p.literal()
		if err != nil {
			return nil, err
		}
		c.values = append(c.values, v)
		if !p.is(",") {
			break
		}
	}
	if !p.is(")") {
		return nil, malformed("expecting ')', found '%s'", p.peek())
	}
	return c, nil
}

func (p *parser) literal() (literal, error) {
	w := p.next()
	switch lower := strings.ToLower(w); {
	case w == "":
		return literal{}, malformed("unexpected token: <EOF>")
	case w[0] == '\'':
		return literal{"string", unescape(w[1 : len(w)-1])}, nil
	case lower == "true", lower == "false":
		return literal{"boolean", lower == "true"}, nil
	case lower == "null":
		return literal{"null", nil}, nil
	}
	if t := moment(w); !t.IsZero() {
		kind := "datetime"
		if len(w) == len(time.DateOnly) {
			kind = "date"
		}
		return literal{kind, w}, nil
	}
	if n, err := strconv.ParseFloat(w, 64); err == nil {
		return literal{"number", n}, nil
	}
	return literal{}, malformed("unexpected token: '%s'", w)
}

// unescape takes the backslashes out of a string literal.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch s[i] {
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 't':
			b.WriteByte('\t')
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}
