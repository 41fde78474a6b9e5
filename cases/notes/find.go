package notes

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"case53/cases"
)

// Place is where a kept row is in the case at hand, and what has become of it. ObjectID is 0 where the case has no such object.
type Place struct {
	ObjectID int64
	State    State
}

// Places finds kept rows in a case, and compares the raw line of each with what was kept of it. The key is [Target.Key].
func Places(ctx context.Context, k *cases.Case, all []Note) (map[string]Place, error) {
	wanted := map[string][]Target{}
	for _, n := range all {
		if n.Kind == Row {
			wanted[n.Object] = append(wanted[n.Object], n.Target)
		}
	}
	places := map[string]Place{}
	if len(wanted) == 0 {
		return places, nil
	}
	var records []*cases.Record
	var kept []Target
	err := k.Each(ctx, "SELECT object_id, sha256, uri, coalesce(version_id, '') FROM store.object", nil, func(v []any) error {
		for _, t := range wanted[v[1].(string)] {
			if t.URI == v[2] && t.VersionID == v[3] {
				records, kept = append(records, &cases.Record{ObjectID: v[0].(int64), RowNo: t.RowNo}), append(kept, t)
			}
		}
		return nil
	})
	if err == nil {
		err = k.ReadRecords(ctx, records)
	}
	if err != nil {
		return nil, err
	}
	for _, n := range all {
		if n.Kind == Row {
			places[n.Key()] = Place{State: Gone}
		}
	}
	for i, r := range records {
		places[kept[i].Key()] = Place{r.ObjectID, kept[i].Held(*r, nil)}
	}
	return places, nil
}

// Rows reads the records that texts name, OBJECT:ROW each: the number of an object, or the beginning of its SHA-256, and the number of a record in it.
func Rows(ctx context.Context, k *cases.Case, texts []string) ([]Target, error) {
	var records []*cases.Record
	for _, text := range texts {
		object, no, ok := strings.Cut(text, ":")
		row, err := strconv.ParseInt(no, 10, 64)
		if !ok || err != nil || row < 1 || row > math.MaxUint32 {
			return nil, fmt.Errorf("%q is no row\nhint: OBJECT:ROW, as the record's screen and the columns object_id and row_no have them: 12:345", text)
		}
		id, err := objectOf(ctx, k, object)
		if err != nil {
			return nil, err
		}
		records = append(records, &cases.Record{ObjectID: id, RowNo: row})
	}
	if err := k.ReadRecords(ctx, records); err != nil {
		return nil, err
	}
	var rows []Target
	for i, r := range records {
		t, err := RowOf(*r)
		if err != nil {
			return nil, fmt.Errorf("row %s: %w", texts[i], err)
		}
		rows = append(rows, t)
	}
	return rows, nil
}

// leastDigits is how much of a SHA-256 names an object; what is shorter is its number.
const leastDigits = 12

func objectOf(ctx context.Context, k *cases.Case, text string) (int64, error) {
	if id, err := strconv.ParseUint(text, 10, 32); err == nil && len(text) < leastDigits {
		return int64(id), nil
	}
	if len(text) < leastDigits || strings.Trim(text, "0123456789abcdef") != "" {
		return 0, fmt.Errorf("%.100q is no object: its number, or %d or more digits of its SHA-256", text, leastDigits)
	}
	var ids []int64
	err := k.Each(ctx, "SELECT object_id FROM store.object WHERE starts_with(sha256, $sha) ORDER BY ALL", map[string]any{"sha": text}, func(v []any) error {
		ids = append(ids, v[0].(int64))
		return nil
	})
	switch {
	case err != nil:
		return 0, err
	case len(ids) != 1:
		return 0, fmt.Errorf("%d objects of the case have a SHA-256 that begins with %s", len(ids), text)
	}
	return ids[0], nil
}

// Filter chooses notes. What is empty chooses all.
type Filter struct {
	Tags, Severities, By []string
	Marked               bool
	Targets              []Target
}

// Chosen are the notes that pass: with every tag, one of the severities, one of the persons, one of the targets.
func (f Filter) Chosen(all []Note) []Note {
	targets := map[string]bool{}
	for _, t := range f.Targets {
		targets[t.Key()] = true
	}
	return slices.DeleteFunc(all, func(n Note) bool {
		return f.Marked && !n.Marked ||
			slices.ContainsFunc(f.Tags, func(t string) bool { return !slices.Contains(n.Tags, t) }) ||
			len(f.Severities) > 0 && !slices.Contains(f.Severities, n.Severity) ||
			len(f.By) > 0 && !slices.ContainsFunc(f.By, func(by string) bool { return slices.Contains(n.By, by) }) ||
			len(f.Targets) > 0 && !targets[n.Key()]
	})
}

// Others are the persons, but for one, who kept something of what is given.
func Others(all []Note, sets []Set, but string) []string {
	var others ordered[string, string]
	add := func(by []string) {
		for _, who := range by {
			if who != but {
				others.add(who, who)
			}
		}
	}
	for _, n := range all {
		add(n.By)
	}
	for _, s := range sets {
		add(s.By)
	}
	return others.values()
}

// Values are those of a named set, @NAME, of the case in dir; of another text isSet is false.
func Values(ctx context.Context, dir, text string) (values []string, isSet bool, err error) {
	name, isSet := strings.CutPrefix(text, "@")
	if !isSet {
		return nil, false, nil
	}
	b, err := Open(ctx, dir, "")
	if err == nil {
		err = b.Fault()
	}
	if err != nil {
		return nil, true, err
	}
	set, ok := b.Set(name)
	if !ok {
		return nil, true, fmt.Errorf("the notes of %s have no set %s\nhint: case53 notes %s sets lists them; a file of that name is ./%s", dir, name, dir, text)
	}
	return set.Texts(), true, nil
}
