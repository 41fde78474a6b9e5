package findings

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"case53/cases"
)

// whose gives findings a note for each outside address of their subject, where the case has files that know it.
func (h *Hunter) whose(ctx context.Context, findings []Finding) error {
	var outside []netip.Addr
	for _, f := range findings {
		outside = append(outside, f.Subject.outside()...)
	}
	notes, err := Whose(ctx, h.Case, outside)
	if err != nil {
		return err
	}
	for i := range findings {
		for _, a := range findings[i].Subject.outside() {
			if note := notes[a]; note != "" {
				findings[i].Whose = append(findings[i].Whose, a.String()+": "+note)
			}
		}
	}
	return nil
}

// outside is the addresses of a subject that are on the internet.
func (s Subject) outside() []netip.Addr {
	var out []netip.Addr
	for _, text := range []string{s.Src, s.Dst, s.Client} {
		a, err := netip.ParseAddr(text)
		if err == nil && a.IsGlobalUnicast() && !a.IsPrivate() && !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	return out
}

// The networks that hold the addresses. Against the four million of a GeoLite2-City file, DuckDB's ASOF join takes seconds
// and its join by two inequalities less for a few addresses; for many the latter would compare nearly all with all.
const (
	fewAddresses = 64
	hitOfFew     = `SELECT a.a, a.n, n.file_id, n.first_n FROM asked a
		JOIN (SELECT file_id, first_n, last_n FROM network WHERE current) n ON n.first_n <= a.n AND n.last_n >= a.n`
	hitOfMany = `SELECT p.a, p.n, p.file_id, n.first_n FROM (SELECT a, n, file_id FROM asked CROSS JOIN network_file f WHERE f.current) p
		ASOF JOIN (SELECT file_id, first_n, last_n FROM network) n ON n.file_id = p.file_id AND p.n >= n.first_n WHERE p.n <= n.last_n`
)

// Whose says of addresses whose they are, by the current file of each type that was added to the case; of those that no file
// knows it says nothing.
func Whose(ctx context.Context, k *cases.Case, addresses []netip.Addr) (map[netip.Addr]string, error) {
	var texts []string
	for _, a := range addresses {
		texts = append(texts, a.String())
	}
	if len(texts) == 0 {
		return nil, nil
	}
	slices.Sort(texts)
	texts = slices.Compact(texts)
	there := false
	err := rowsOf(ctx, k, "SELECT count(*) FROM network_file", nil, func(v []any) { there = v[0].(int64) > 0 })
	if err != nil || !there {
		return nil, err
	}
	hit := hitOfMany
	if len(texts) <= fewAddresses {
		hit = hitOfFew
	}
	sql := `WITH asked AS (SELECT a, ip(a) AS n FROM (SELECT unnest(string_split($addresses, ' ')) AS a)), hit AS MATERIALIZED (` + hit + `)
		SELECT h.a, n.asn, n.as_org, n.country, n.city, n.aws_service, n.aws_region, n.database_type, strftime(n.built_at, '%Y-%m-%d')
		FROM hit h JOIN network n ON n.file_id = h.file_id AND n.first_n = h.first_n ORDER BY h.n, n.built_at DESC, n.file_id DESC`
	all := map[netip.Addr]*owner{}
	err = rowsOf(ctx, k, sql, map[string]any{"addresses": strings.Join(texts, " ")}, func(v []any) {
		text := func(i int) string { s, _ := v[i].(string); return s }
		a := netip.MustParseAddr(text(0))
		o := all[a]
		if o == nil {
			o = &owner{}
			all[a] = o
		}
		if v[1] != nil {
			o.as = cmp.Or(o.as, strings.TrimSpace(fmt.Sprintf("AS%d %s", Integer(v[1]), text(2))))
		}
		if o.country == "" && text(3) != "" {
			o.country = strings.TrimSuffix(text(4)+" "+text(3), " ")
		}
		if text(5) != "" {
			o.aws = cmp.Or(o.aws, "AWS "+strings.TrimSpace(text(5)+" "+text(6)))
		}
		o.sources = append(o.sources, text(7)+" of "+text(8))
	})
	notes := map[netip.Addr]string{}
	for a, o := range all {
		if note := o.String(); note != "" {
			notes[a] = note + " (" + strings.Join(o.sources, ", ") + ")"
		}
	}
	return notes, err
}

// owner is whose an address is, and which files say so.
type owner struct {
	as, country, aws string
	sources          []string
}

func (p *owner) String() string {
	first := strings.Trim(p.as+", "+strings.TrimSpace(p.country), ", ")
	return strings.Trim(first+"; "+p.aws, "; ")
}

// rows runs a statement and gives its rows to row.
func (h *Hunter) rows(ctx context.Context, sql string, args map[string]any, row func([]any)) error {
	return rowsOf(ctx, h.Case, sql, args, row)
}

func rowsOf(ctx context.Context, k *cases.Case, sql string, args map[string]any, row func([]any)) error {
	rows, err := k.Query(ctx, sql, args)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		row(rows.Values())
	}
	return errors.Join(rows.Err(), ctx.Err())
}
