package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"case53/cases"
	"case53/cases/safetext"
	"case53/cases/words"
	"case53/loader/places"
)

// addPlaceFlags gives load the files that say whose addresses are.
func addPlaceFlags(c *cobra.Command) {
	c.Flags().StringArray("mmdb", nil, "a MaxMind DB `FILE` (GeoLite2, GeoIP2, DB-IP, IPinfo): countries and AS of addresses; may be repeated")
	c.Flags().StringArray("ip-ranges", nil, "AWS's ip-ranges.json: services and regions of addresses; may be repeated")
}

// placeFiles opens the files of addPlaceFlags.
func placeFiles(c *cobra.Command) ([]*places.File, error) {
	var files []*places.File
	for _, kind := range []struct {
		flag string
		open func(string, []byte) (*places.File, error)
	}{{"mmdb", places.MMDB}, {"ip-ranges", places.Ranges}} {
		paths, _ := c.Flags().GetStringArray(kind.flag)
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			f, err := kind.open(path, text)
			if err != nil {
				return nil, err
			}
			files = append(files, f)
		}
	}
	return files, nil
}

// addPlaces puts the files into a case.
func addPlaces(ctx context.Context, w *cases.Writer, files []*places.File, stderr io.Writer) error {
	for _, f := range files {
		networks := func(yield func(cases.Network, error) bool) {
			for n, err := range f.Networks() {
				if !yield(cases.Network(n), err) {
					return
				}
			}
		}
		file := cases.NetworkFile{Kind: f.Kind, Name: strings.ToValidUTF8(f.Name, "\ufffd"), DatabaseType: f.DatabaseType, Built: f.Built}
		n, added, err := w.AddNetworks(ctx, file, f.Bytes, networks)
		if err != nil {
			return err
		}
		note := ""
		if !added {
			note = ", already there"
		}
		fmt.Fprintf(stderr, "%s: %s of %s, %s networks%s\n", safetext.Show(f.Name), safetext.Show(f.DatabaseType), f.Built.Format("2006-01-02"), words.Count(n), note)
	}
	return nil
}

// placed gives findings a note for each outside address of their subject, where the case has files that know it.
func (h *hunter) placed(ctx context.Context, findings []Finding) error {
	wanted := map[netip.Addr]string{}
	for _, f := range findings {
		for _, a := range f.Subject.outside() {
			wanted[a] = ""
		}
	}
	if err := h.placesOf(ctx, wanted); err != nil {
		return err
	}
	for i := range findings {
		for _, a := range findings[i].Subject.outside() {
			if note := wanted[a]; note != "" {
				findings[i].Places = append(findings[i].Places, a.String()+": "+note)
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
	hitOfFew     = `SELECT a.a, a.n, n.file_id, n.first_n FROM asked a JOIN (SELECT file_id, first_n, last_n FROM network WHERE current) n ON n.first_n <= a.n AND n.last_n >= a.n`
	hitOfMany    = `SELECT p.a, p.n, p.file_id, n.first_n FROM (SELECT a, n, file_id FROM asked CROSS JOIN network_file f WHERE f.current) p
		ASOF JOIN (SELECT file_id, first_n, last_n FROM network) n ON n.file_id = p.file_id AND p.n >= n.first_n WHERE p.n <= n.last_n`
)

// placesOf says of addresses whose they are, by the current file of each type.
func (h *hunter) placesOf(ctx context.Context, addresses map[netip.Addr]string) error {
	var texts []string
	for a := range addresses {
		texts = append(texts, a.String())
	}
	if len(texts) == 0 {
		return nil
	}
	slices.Sort(texts)
	there := false // a case of an older schema has no such view
	err := h.rows(ctx, "SELECT count(*) FROM duckdb_views() WHERE view_name = 'network_file'", nil, func(v []any) { there = v[0].(int64) > 0 })
	if err == nil && there {
		err = h.rows(ctx, "SELECT count(*) FROM network_file", nil, func(v []any) { there = v[0].(int64) > 0 })
	}
	if err != nil || !there {
		return err
	}
	hit := hitOfMany
	if len(texts) <= fewAddresses {
		hit = hitOfFew
	}
	sql := `WITH asked AS (SELECT a, ip(a) AS n FROM (SELECT unnest(string_split($addresses, ' ')) AS a)), hit AS MATERIALIZED (` + hit + `)
		SELECT h.a, n.asn, n.as_org, n.country, n.city, n.aws_service, n.aws_region, n.database_type, strftime(n.built_at, '%Y-%m-%d')
		FROM hit h JOIN network n ON n.file_id = h.file_id AND n.first_n = h.first_n ORDER BY h.n, n.built_at DESC, n.file_id DESC`
	type known struct {
		place
		sources []string
	}
	all := map[netip.Addr]*known{}
	err = h.rows(ctx, sql, map[string]any{"addresses": strings.Join(texts, " ")}, func(v []any) {
		text := func(i int) string { s, _ := v[i].(string); return s }
		a := netip.MustParseAddr(text(0))
		k := all[a]
		if k == nil {
			k = &known{}
			all[a] = k
		}
		if v[1] != nil {
			k.as = cmp.Or(k.as, strings.TrimSpace(fmt.Sprintf("AS%d %s", number(v[1]), text(2))))
		}
		if k.country == "" && text(3) != "" {
			k.country = strings.TrimSuffix(text(4)+" "+text(3), " ")
		}
		if text(5) != "" {
			k.aws = cmp.Or(k.aws, "AWS "+strings.TrimSpace(text(5)+" "+text(6)))
		}
		k.sources = append(k.sources, text(7)+" of "+text(8))
	})
	for a, k := range all {
		if note := k.String(); note != "" {
			addresses[a] = note + " (" + strings.Join(k.sources, ", ") + ")"
		}
	}
	return err
}

// place is whose an address is.
type place struct{ as, country, aws string }

func (p place) String() string {
	first := strings.Trim(p.as+", "+strings.TrimSpace(p.country), ", ")
	return strings.Trim(first+"; "+p.aws, "; ")
}

// rows runs a statement and gives its rows to row.
func (h *hunter) rows(ctx context.Context, sql string, args map[string]any, row func([]any)) error {
	rows, err := h.k.Query(ctx, sql, args)
	if err != nil {
		return err
	}
	for rows.Next() {
		row(rows.Values())
	}
	err = rows.Err()
	rows.Close()
	return errors.Join(err, ctx.Err())
}
