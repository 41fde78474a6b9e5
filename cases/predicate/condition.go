package predicate

import (
	"fmt"
	"math/big"
	"net/netip"
	"slices"
	"strings"
)

// Table is a view with rows of records: object_id and row_no say of which. Columns are its kinds by column.
type Table struct {
	View    string
	Columns map[string]string
}

// Kinds of columns that a predicate looks at: an address, a name, an id of a request, a port, and what an answer holds, which is an
// address or a name.
const (
	kindAddress = "ip"
	kindName    = "name"
	kindRequest = "request"
	kindPort    = "port"
	kindAnswer  = "rdata"
)

// Condition is SQL that holds for a row r of the view records when the predicate selects it, by itself or by one of the rows that
// belong to it in a view of children (its View is "" where there are none). It is never NULL.
func (p Predicate) Condition(records, children Table) string {
	own := p.anywhere("r", records)
	if theirs := p.anywhere("c", children); len(theirs) > 0 {
		own = append(own, fmt.Sprintf(`EXISTS (FROM main."%s" c WHERE c.object_id = r.object_id AND c.row_no = r.row_no AND (%s))`,
			children.View, strings.Join(theirs, " OR ")))
	}
	selected := "coalesce(" + either(own) + ", false)"
	if len(p.Addresses)+len(p.Names)+len(p.Requests) == 0 {
		selected = "true"
	}
	if len(p.Ports) == 0 {
		return selected
	}
	_, ports := p.texts()
	var has []string
	for _, column := range of(records, kindPort) {
		has = append(has, fmt.Sprintf(`r."%s" IN (%s)`, column, strings.Join(ports, ", ")))
	}
	return selected + " AND coalesce(" + either(has) + ", false)"
}

func either(conditions []string) string {
	if len(conditions) == 0 {
		return "false"
	}
	return "(" + strings.Join(conditions, " OR ") + ")"
}

// of are the columns of a kind, in order.
func of(t Table, kind string) (columns []string) {
	for column, is := range t.Columns {
		if is == kind {
			columns = append(columns, column)
		}
	}
	slices.Sort(columns)
	return columns
}

// anywhere are the conditions of which one has to hold, of the rows of a view under a name; none where it has no such column. Each
// column is read once, however many values there are.
func (p Predicate) anywhere(row string, t Table) (conditions []string) {
	for _, kind := range []struct{ of, read, holds string }{
		{kindAddress, `TRY(ip(%s."%s"))`, p.hasAddress()}, {kindAnswer, `TRY(ip(%s."%s"))`, p.hasAddress()},
		{kindName, `lower(rtrim(%s."%s", '.'))`, p.hasName()}, {kindAnswer, `lower(rtrim(%s."%s", '.'))`, p.hasName()},
		{kindRequest, `%s."%s"`, p.hasRequest()},
	} {
		if kind.holds == "" {
			continue
		}
		for _, column := range of(t, kind.of) {
			conditions = append(conditions, fmt.Sprintf("(list_transform(["+kind.read+"], lambda v: %s))[1]", row, column, kind.holds))
		}
	}
	return conditions
}

// hasAddress says of the number v of an address whether it is one of p's; "" where p has none.
func (p Predicate) hasAddress() string {
	var single, any []string
	for _, block := range p.Addresses {
		if block.IsSingleIP() {
			single = append(single, numberOf(block.Addr()).String()+"::UHUGEINT")
			continue
		}
		any = append(any, fmt.Sprintf("v BETWEEN %s::UHUGEINT AND %s::UHUGEINT", numberOf(block.Addr()), numberOf(last(block))))
	}
	if single != nil {
		any = append(any, "v IN ("+strings.Join(single, ", ")+")")
	}
	return strings.Join(any, " OR ")
}

// hasName says of a name v, in lower case without a final dot, whether it is one of p's or under one.
func (p Predicate) hasName() string {
	if len(p.Names) == 0 {
		return ""
	}
	any := []string{"v IN ('" + strings.Join(p.Names, "', '") + "')"}
	for _, n := range p.Names {
		any = append(any, "ends_with(v, '."+n+"')")
	}
	return strings.Join(any, " OR ")
}

// hasRequest says of an id v whether it is one of p's.
func (p Predicate) hasRequest() string {
	if len(p.Requests) == 0 {
		return ""
	}
	return "v IN ('" + strings.Join(p.Requests, "', '") + "')"
}

// numberOf is the number that the case has for an address: that of its IPv4-mapped form, where it is IPv4.
func numberOf(a netip.Addr) *big.Int {
	bytes := a.As16()
	return new(big.Int).SetBytes(bytes[:])
}

// last is the last address of a block.
func last(block netip.Prefix) netip.Addr {
	bytes := block.Addr().AsSlice()
	for bit := block.Bits(); bit < 8*len(bytes); bit++ {
		bytes[bit/8] |= 1 << (7 - bit%8)
	}
	a, _ := netip.AddrFromSlice(bytes)
	return a
}
