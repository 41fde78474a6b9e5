package rows

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"case53/cases"
	"case53/tui/frame"
)

// question is a query with its arguments, before the investigator filters and sorts it.
type question struct {
	sql   string
	args  map[string]any
	apart bool              // it is not ours, and runs in a process of its own
	kinds map[string]string // kinds of columns that the query says itself
	order []string          // columns that no two rows have the same of: what the rows are in order of, read in steps; nil: as they come
	limit limit
	reach reach
}

// clause is a condition on the rows of a question. argMark stands for its argument in sql.
type clause struct {
	sql   string
	arg   any
	shown string // for the status line; may hold text of the evidence
	typed string // what is typed to have it; "" where it cannot be typed
	off   bool   // it is kept, and does not hold
	any   bool   // text that may be in any column
}

// on are the clauses that hold.
func on(clauses []clause) []clause {
	return slices.DeleteFunc(slices.Clone(clauses), func(c clause) bool { return c.off })
}

const argMark = "\x00"

// sorting is by one column.
type sorting struct {
	column string
	desc   bool
}

// compose is the question with filters and order around it. It changes nothing when there are none.
func (q question) compose(filters []clause, by []sorting) (string, map[string]any) {
	if len(by) == 0 && q.order != nil {
		sql, args := q.where(filters)
		return sql + "\nORDER BY " + q.keys(), args
	}
	if len(on(filters)) == 0 && len(by) == 0 {
		return q.sql, q.args
	}
	sql, args := q.where(filters)
	for i, key := range by {
		sql += map[bool]string{true: "\nORDER BY ", false: ", "}[i == 0] + quote(key.column)
		if key.desc {
			sql += " DESC"
		}
		sql += " NULLS LAST"
	}
	return sql, args
}

// asked is the question, with filters and order, as it is asked.
func (q question) asked(filters []clause, by []sorting) frame.Asked {
	sql, args := q.compose(filters, by)
	return frame.Asked{SQL: sql, Args: args, Apart: q.apart}
}

// reader is what the question is read with.
func (q question) reader(e *frame.Env) frame.Reader {
	if q.apart {
		return e.Reader.Apart()
	}
	return e.Reader
}

// where puts filters around a question: those that hold.
func (q question) where(filters []clause) (string, map[string]any) {
	args := maps.Clone(q.args)
	if args == nil {
		args = map[string]any{}
	}
	var conditions []string
	for i, f := range on(filters) {
		sql := f.sql
		if strings.Contains(sql, argMark) {
			name := freeName(args, i)
			args[name] = f.arg
			sql = strings.ReplaceAll(sql, argMark, "$"+name)
		}
		conditions = append(conditions, "("+sql+")")
	}
	var b strings.Builder
	b.WriteString("SELECT * FROM (\n" + frame.TrimSQL(q.sql) + "\n)") // the line ends first: the query may end in a comment
	if len(conditions) > 0 {
		b.WriteString("\nWHERE " + strings.Join(conditions, "\n  AND "))
	}
	return b.String(), args
}

// keys is the order of the rows as SQL writes it. What has no time comes last.
func (q question) keys() string {
	var keys []string
	for _, column := range q.order {
		keys = append(keys, quote(column))
	}
	keys[0] += " NULLS LAST"
	return strings.Join(keys, ", ")
}

// frequency asks how often each value of a column occurs.
func (q question) frequency(filters []clause, column string) question {
	sql, args := q.sql, q.args
	if len(on(filters)) > 0 {
		sql, args = q.where(filters)
	}
	c := quote(column)
	return question{args: args, apart: q.apart, kinds: q.kinds, limit: q.limit, reach: byItself, sql: fmt.Sprintf(
		"SELECT %s, count(*) AS records, round(100.0 * count(*) / sum(count(*)) OVER (), 2) AS percent\nFROM (\n%s\n)\nGROUP BY 1\nORDER BY records DESC, 1",
		c, frame.TrimSQL(sql))}
}

func freeName(args map[string]any, i int) string {
	for ; ; i++ {
		name := fmt.Sprintf("keep_%d", i+1)
		if _, used := args[name]; !used {
			return name
		}
	}
}

// quote makes a column name an identifier.
func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// field is a column of the result at hand, with what its values are.
type field struct {
	cases.Column
	number string // the column that holds its addresses as numbers, or ""
}

// fields joins columns with kinds, the question's own first, and finds the numbers of addresses.
func fields(cols []cases.Column, own map[string]string) []field {
	fs := make([]field, len(cols))
	for i, c := range cols {
		if k, ok := own[c.Name]; ok {
			c.Kind = k
		}
		fs[i] = field{Column: c}
		if slices.ContainsFunc(cols, func(o cases.Column) bool { return o.Name == c.Name+"_n" }) {
			fs[i].number = c.Name + "_n"
		}
	}
	return fs
}

// castable are the types whose values can be given as text and cast back without a change.
var castable = append([]string{"VARCHAR", "BOOLEAN", "DATE", "TIME", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS",
	"TIMESTAMP_NS", "UUID"}, frame.NumberTypes[:10]...)

// is is the condition that a column has this very value, or has not.
func (f field) is(c cases.Cell, keep bool) clause {
	op, sign := "IS NOT DISTINCT FROM", "="
	if !keep {
		op, sign = "IS DISTINCT FROM", "!="
	}
	column := quote(f.Name)
	if c.Null {
		return clause{sql: column + " " + op + " NULL", shown: f.Name + sign + "-"}
	}
	shown := f.Name + sign + c.Text
	if _, err := netip.ParseAddr(c.Text); err == nil && f.number != "" {
		return clause{sql: quote(f.number) + " " + op + " ip(" + argMark + ")", arg: c.Text, shown: shown}
	}
	switch {
	case f.Type == "FLOAT" || f.Type == "DOUBLE":
		return clause{sql: column + " " + op + " CAST(" + argMark + " AS " + f.Type + ")", arg: c.Text, shown: shown}
	case f.Type == "LIST" || f.Type == "STRUCT" || f.Type == "MAP" || f.Type == "ARRAY": // shown as JSON
		return clause{sql: "CAST(to_json(" + column + ") AS VARCHAR) " + op + " " + argMark, arg: c.Text, shown: shown}
	case f.Type == "BLOB":
		return clause{sql: column + " " + op + " encode(" + argMark + ")", arg: c.Text, shown: shown}
	case slices.Contains(castable, f.Type):
		return clause{sql: column + " " + op + " CAST(" + argMark + " AS " + f.Type + ")", arg: c.Text, shown: shown}
	}
	return clause{sql: "CAST(" + column + " AS VARCHAR) " + op + " " + argMark, arg: c.Text, shown: shown}
}

// valueKind is the kind of a value of a column of this kind.
func valueKind(kind, text string) string {
	if kind != "rdata" {
		return kind
	}
	if _, err := netip.ParseAddr(text); err == nil {
		return "ip"
	}
	return "name"
}
