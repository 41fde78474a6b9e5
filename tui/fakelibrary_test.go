package tui

import "case53/queries"

// fakeLibrary is a handful of saved queries.
type fakeLibrary struct{}

var fakeQueries = []*queries.Query{
	{
		ID:     "captures",
		Group:  "case",
		Title:  "Captures and their windows",
		Doc:    "One row per capture.",
		Cannot: "say what was never loaded.",
		Needs:  []string{"capture"},
		SQL:    "SELECT * FROM capture",
	},
	{
		ID:     "top-talkers",
		Group:  "flow",
		Title:  "Addresses by bytes",
		Doc:    "The most bytes first.",
		Cannot: "tell payload from overhead.",
		Needs:  []string{"flow"},
		SQL:    "SELECT srcaddr FROM flow",
	},
	{
		ID:     "flows-of-address",
		Group:  "flow",
		Title:  "Flows that name one address",
		Doc:    "Accepted and rejected alike, in both directions.",
		Cannot: "show traffic that flow logs never record.",
		Needs:  []string{"flow_by_addr"},
		Pivot:  "Flows of this address",
		SQL:    "SELECT * FROM flow_by_addr WHERE addr_n = ip($ip)",
		Params: []queries.Param{
			{Name: "ip", Kind: "ip", Required: true, Doc: "the address"},
			{Name: "capture", Kind: "capture", Doc: "only this capture; empty for all"},
			{Name: "rows", Kind: "int", Default: "1000", Doc: "at most this many"},
		},
	},
	{
		ID:     "names-of-address",
		Group:  "dns",
		Title:  "Names that resolved to an address",
		Doc:    "By first answer.",
		Cannot: "show cached answers.",
		Needs:  []string{"dns_answer"},
		Pivot:  "Names that resolved to this address",
		SQL:    "SELECT * FROM dns_answer WHERE rdata_n = ip($ip)",
		Params: []queries.Param{{Name: "ip", Kind: "ip", Required: true, Doc: "the address"}},
	},
	{
		ID:     "clients-of-name",
		Group:  "dns",
		Title:  "Who asked for a name",
		Doc:    "By client.",
		Cannot: "show cached answers.",
		Needs:  []string{"dns"},
		Pivot:  "Who asked for this name",
		SQL:    "SELECT * FROM dns WHERE name = $name",
		Params: []queries.Param{{Name: "name", Kind: "name", Required: true, Doc: "the name"}},
	},
	{
		ID:     "empty-answer",
		Group:  "dns",
		Title:  "A query without an answer",
		Doc:    "Nothing.",
		Cannot: "show what AWS never logged.",
		Needs:  []string{"dns"},
		SQL:    "SELECT * FROM empty",
	},
	{
		ID:     "timeline-at",
		Group:  "across",
		Title:  "All logs around a moment",
		Doc:    "In the order of time.",
		Cannot: "order what has the same time.",
		Needs:  []string{"flow"},
		Pivot:  "All logs around this moment",
		SQL:    "SELECT * FROM flow WHERE start BETWEEN $at AND $minutes",
		Params: []queries.Param{
			{Name: "at", Kind: "time", Required: true, Doc: "the moment"},
			{Name: "minutes", Kind: "minutes", Default: "5", Doc: "minutes before and after"},
		},
	},
	{
		ID:      "beacon",
		Group:   "hunts",
		Title:   "Who calls the same place on a clock",
		Doc:     "Calls, not records.",
		Cannot:  "see what is said.",
		Needs:   []string{"flow"},
		SQL:     "SELECT * FROM found LIMIT $top",
		Hunt:    &queries.Hunt{Method: "m"},
		Columns: map[string]string{"entropy": "number"},
		Params:  []queries.Param{{Name: "top", Kind: "int", Default: "2", Doc: "so many"}},
	},
	{
		ID:     "rare-things",
		Group:  "across",
		Title:  "What is rare in a time",
		Doc:    "Rare things.",
		Cannot: "tell why.",
		Needs:  []string{"flow"},
		SQL:    "SELECT * FROM rare WHERE within(start, $from, $to)",
		Params: []queries.Param{
			{Name: "from", Kind: "time", Doc: "only at or after this moment"},
			{Name: "to", Kind: "time", Doc: "only before this moment"},
		},
	},
	{
		ID:     "new-since",
		Group:  "across",
		Title:  "What is new since a moment",
		Doc:    "New things.",
		Cannot: "tell what was before the case.",
		Needs:  []string{"flow"},
		SQL:    "SELECT * FROM since WHERE start >= $since",
		Params: []queries.Param{{Name: "since", Kind: "time", Required: true, Doc: "the moment"}},
	},
	{ID: "waf-blocks", Group: "waf", Title: "Requests that WAF blocked", Doc: "x", Cannot: "y", Needs: []string{"waf"}, SQL: "SELECT 1"},
}

func (fakeLibrary) All() []*queries.Query { return fakeQueries }

// fakeOverTime counts for the timeline; it is not among All, as fakePages.
var fakeOverTime = &queries.Query{
	ID:      "records-over-time",
	Group:   "across",
	Title:   "How many records each log has",
	Doc:     "Piece by piece.",
	Cannot:  "tell quiet from not logged.",
	Needs:   []string{"minute"},
	SQL:     "SELECT $every FROM over_time WHERE within(minute, $from, $to)",
	Builtin: true,
	Params: []queries.Param{
		{Name: "from", Kind: "time", Doc: "from"}, {Name: "to", Kind: "time", Doc: "to"},
		{Name: "every", Kind: "minutes", Default: "60", Doc: "how long"},
	},
}

func (fakeLibrary) Get(id string) *queries.Query {
	for _, q := range append([]*queries.Query{fakeOverTime}, fakeQueries...) {
		if q.ID == id {
			return q
		}
	}
	return nil
}

// pagePart is a part of the fake page of an address.
func pagePart(id, part, heading, view, records string, columns map[string]string) *queries.Query {
	return &queries.Query{
		ID: id, Group: "flow", Title: heading, Doc: "A part.", Cannot: "tell all.", Needs: []string{view}, SQL: "SELECT $ip FROM page_" + part,
		Page: queries.Page{Part: part, Heading: heading}, Records: records, Columns: columns, Builtin: true,
		Params: []queries.Param{
			{Name: "ip", Kind: "ip", Required: true, Doc: "the address"},
			{Name: "from", Kind: "time", Doc: "from"}, {Name: "to", Kind: "time", Doc: "to"},
		},
	}
}

// fakePages are not among All: lists of queries are the same with and without them.
var fakePages = []*queries.Query{
	pagePart("address-in-flows", "seen", "When it was seen", "flow", "flows-of-address", nil),
	pagePart("address-in-waf", "seen", "When it was seen", "zone", "", nil),
	pagePart("names-of", "names", "Names that led to it", "dns_answer", "", map[string]string{"name": "name"}),
	pagePart("peers-of", "peers", "Who it talked to", "flow", "", map[string]string{"peer": "ip"}),
	pagePart("ports-of", "ports", "Ports that it served", "flow", "", nil),
}

func (fakeLibrary) Pages(kind string) []*queries.Query {
	if kind == "ip" {
		return fakePages
	}
	return nil
}

func (fakeLibrary) Pivots(kind string) (out []*queries.Query) {
	for _, q := range fakeQueries {
		if p := q.Entry(); p != nil && p.Kind == kind {
			out = append(out, q)
		}
	}
	return out
}
