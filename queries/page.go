package queries

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Page is what a query is on the page of a value: a part of it, under a heading.
type Page struct{ Part, Heading string }

// PageParts are the parts of a page, in the order in which they are told. Of one part there may be several queries: a log type
// brings its own.
var PageParts = []string{"seen", "whose", "sums", "names", "addresses", "peers", "ports", "asked", "requests"}

// page takes the part, and its heading.
func (p *parser) page(value string) error {
	part, heading := word(value)
	if !slices.Contains(PageParts, part) {
		return fmt.Errorf("page: %q is no part of a page, want one of %s", part, strings.Join(PageParts, ", "))
	}
	if heading == "" {
		return fmt.Errorf("page: %s has no heading", part)
	}
	p.q.Page = Page{part, heading}
	return nil
}

// Subject is the parameter that takes the value of a page; nil when q is on none.
func (q *Query) Subject() *Param {
	if q.Page.Part == "" {
		return nil
	}
	return q.firstRequired()
}

// Pages are the queries on the page of a value of a kind, in the order in which they are told. There is no page where there are none.
func (s *Set) Pages(kind string) []*Query {
	var found []*Query
	for _, q := range s.All() {
		if p := q.Subject(); p != nil && p.Kind == kind {
			found = append(found, q)
		}
	}
	slices.SortStableFunc(found, func(a, b *Query) int {
		return cmp.Compare(slices.Index(PageParts, a.Page.Part), slices.Index(PageParts, b.Page.Part))
	})
	return found
}
