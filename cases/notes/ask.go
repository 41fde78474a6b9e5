package notes

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"case53/cases"
)

// Ask is what somebody says in words: what it is about, and what is to be kept of it, or taken off. An error of its methods is one of these words.
type Ask struct {
	Values     map[string][]string // by kind
	Others     []string            // KIND=VALUE
	Tags       []string
	Severities []string
	Comment    string
	Mark       bool

	Take, Drop   bool // of a set: values are taken out; it goes itself
	Union, Minus []string
}

// Targets are the values that are named; rows are [Rows].
func (a Ask) Targets() ([]Target, error) {
	var all []Target
	add := func(kind, text string) error {
		t, err := ValueOf(kind, text)
		all = append(all, t)
		return err
	}
	for kind, texts := range a.Values {
		for _, text := range texts {
			if err := add(kind, text); err != nil {
				return nil, err
			}
		}
	}
	for _, text := range a.Others {
		kind, value, ok := strings.Cut(text, "=")
		if !ok {
			return nil, fmt.Errorf("%.80q is not KIND=VALUE", text)
		}
		if err := add(kind, value); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(all, func(a, b Target) int { return strings.Compare(a.Key(), b.Key()) })
	return all, nil
}

// Change is what is asked for, of these targets: to keep, or not to keep any more. Where nothing is said of them, it is the mark that is
// set, or all that goes.
func (a Ask) Change(keep bool, targets []Target) (Change, error) {
	if len(targets) == 0 {
		return Change{}, errors.New("nothing is named\nhint: --row OBJECT:ROW, --address, --name, --interface, --instance, --path or --value KIND=VALUE")
	}
	if len(a.Severities) > 1 {
		return Change{}, errors.New("more than one severity")
	}
	c, said := Change{Targets: targets}, len(a.Tags) > 0 || len(a.Severities) > 0 || a.Comment != ""
	if a.Mark || keep && !said {
		c.Mark = &keep
	}
	switch {
	case keep:
		c.Tag, c.Comment = a.Tags, a.Comment
		if len(a.Severities) > 0 {
			c.Severity = &a.Severities[0]
		}
	case !said && !a.Mark:
		c.Remove = true
	default:
		c.Untag = a.Tags
		if len(a.Severities) > 0 {
			c.Severity = new(string)
		}
		if a.Comment != "" {
			line, err := strconv.Atoi(a.Comment)
			if err != nil {
				return c, fmt.Errorf("--comment %.80q: a comment is taken off by its number, which case53 notes CASE list shows", a.Comment)
			}
			c.Uncomment = []int{line}
		}
	}
	return c, c.check()
}

// SetChange is what is asked for of a set.
func (a Ask) SetChange(b *Book, name string, values []string) (Change, error) {
	c := Change{Set: strings.TrimPrefix(name, "@"), Unmake: a.Drop}
	if len(a.Union)+len(a.Minus) > 0 {
		if len(values) > 0 || a.Take || a.Drop {
			return c, errors.New("--union and --minus stand alone: the set becomes what they come to")
		}
		return b.becomes(c.Set, a.Union, a.Minus)
	}
	for _, text := range values {
		t, err := ValueAny(text)
		if err != nil {
			return c, err
		}
		if a.Take {
			c.Take = append(c.Take, t)
		} else {
			c.Add = append(c.Add, t)
		}
	}
	if len(values) == 0 && !a.Drop {
		return c, fmt.Errorf("no values for the set %.80s\nhint: case53 notes CASE set NAME VALUE..., --union, --minus or --drop", c.Set)
	}
	return c, c.check()
}

// becomes is the change that makes a set the values of others without those of others again. Without any to take values from it is the
// set itself that loses them.
func (b *Book) becomes(name string, union, minus []string) (Change, error) {
	c := Change{Set: name}
	own, _ := b.Set(name)
	named := func(names []string) (sets []Set, err error) {
		for _, n := range names {
			s, ok := b.Set(strings.TrimPrefix(n, "@"))
			if !ok {
				return nil, fmt.Errorf("there is no set %.80q", n)
			}
			sets = append(sets, s)
		}
		return sets, nil
	}
	of, err := named(union)
	if err != nil {
		return c, err
	}
	without, err := named(minus)
	if err != nil {
		return c, err
	}
	c.From = strings.Join(union, " + ")
	if len(of) == 0 {
		of, c.From = []Set{own}, name
	}
	for _, n := range minus {
		c.From += " - " + n
	}
	now := Set{Values: Difference(Set{Values: Union(of...)}, without...)}
	c.Add, c.Take = Difference(now, own), Difference(own, now)
	if len(c.Add)+len(c.Take) == 0 {
		return c, fmt.Errorf("%s would not change the set %s", c.From, name)
	}
	return c, c.check()
}

// Listed are notes with what has become of their rows; a nil case is asked for nothing.
func Listed(ctx context.Context, k *cases.Case, all []Note) ([]Kept, error) {
	var places map[string]Place
	if k != nil {
		var err error
		if places, err = Places(ctx, k, all); err != nil {
			return nil, err
		}
	}
	listed := []Kept{}
	for _, n := range all {
		one := Kept{Note: n}
		if n.Kind == Row {
			one.State = Unchecked
			if p, ok := places[n.Key()]; ok {
				one.ObjectID, one.State = p.ObjectID, p.State
			}
		}
		listed = append(listed, one)
	}
	return listed, nil
}

// Kept is a note, and of a row where it is in the case and what has become of it.
type Kept struct {
	Note
	ObjectID int64 `json:"object_id,omitempty"`
	State    State `json:"state,omitempty"`
}
