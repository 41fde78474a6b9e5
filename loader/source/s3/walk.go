package s3

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strings"
	"time"

	"case53/cases"
	"case53/loader/source"
)

// Folders that say nothing are walked only so far: after that, asking for each costs more than listing what is in them.
const (
	maxUnknown = 64 // in one folder
	maxWalked  = 256
	maxDepth   = 5
)

// part is what is listed as one: all that lies below a folder, or only what lies in it directly.
type part struct {
	prefix string
	flat   bool
	span   cases.Span

	listed  bool
	objects int64
	bytes   int64
	sum     hash.Hash // of URIs, ETags and sizes
	reason  string    // why it is partial
	agreed  bool      // a second listing gave the same
	failed  map[string]error
}

func (p *part) add(e entry) {
	p.objects++
	p.bytes += max(e.size, 0)
	fmt.Fprintf(p.sum, "%s %s %d\n", e.uri, e.etag, e.size)
}

func (p *part) digest() string { return hex.EncodeToString(p.sum.Sum(nil)) }

func (p *part) slice(uri string) source.Slice {
	out := source.Slice{
		Source:  uri,
		From:    p.span.From,
		To:      p.span.To,
		State:   source.CompleteUnverified,
		Reason:  p.reason,
		Objects: p.objects,
		Records: -1,
		Bytes:   p.bytes,
		Digest:  p.digest(),
	}
	if p.reason == "" && !p.listed {
		out.Reason = "the listing did not come to its end"
	}
	if n := len(p.failed); out.Reason == "" && n > 0 {
		uris := make([]string, 0, n)
		for u := range p.failed {
			uris = append(uris, u)
		}
		first := slices.Min(uris)
		out.Reason = fmt.Sprintf("%d of its objects could not be read, the first %s: %s", n, first, firstLine(p.failed[first]))
	}
	switch {
	case out.Reason != "":
		out.State = source.Partial
	case p.agreed:
		out.State = source.Complete
	}
	return out
}

// node is a place in the order of URIs: an object, a folder to list, or a folder that could not be read.
type node struct {
	uri    string
	part   *part
	object *entry // nil: list the part
	err    error
}

// tree is what walking the folders gave.
type tree struct {
	parts []*part
	nodes []node
	years map[string]bool // folders that hold years, and whether these are written year=
}

// found is an object, or why there is none.
type found struct {
	uri    string
	object *object
	err    error
	last   bool // nothing else can be listed either
}

func (t *tree) part(prefix string, flat bool, span cases.Span) *part {
	p := &part{prefix: prefix, flat: flat, span: span, sum: sha256.New(), failed: map[string]error{}}
	t.parts = append(t.parts, p)
	return p
}

// leaf adds a folder that will be listed whole.
func (s *Source) leaf(t *tree, prefix string, w cases.Span) {
	span := w
	if k := parse(prefix, s.opt.Places); k.aws && k.date.depth >= 3 {
		span = cases.Span{From: k.date.from, To: k.date.to}
	}
	t.nodes = append(t.nodes, node{uri: s.uri(prefix), part: t.part(prefix, true, span)})
}

// walk goes through the folders that may hold records of w, and does not list those that are to be listed whole.
func (s *Source) walk(ctx context.Context, w cases.Span, skip func(string)) (*tree, error) {
	t := &tree{years: map[string]bool{}}
	if w.From.IsZero() && w.To.IsZero() && s.opt.Accounts == nil && s.opt.Regions == nil {
		s.leaf(t, s.opt.Prefix, w)
		return t, ctx.Err()
	}
	walked := 0
	frontier := []string{s.opt.Prefix}
	for depth := 0; len(frontier) > 0; depth++ {
		var next []string
		for f := range inOrder(ctx, frontier, func(prefix string) folder { return s.look(ctx, prefix) }) {
			if f.err != nil && (f.prefix == s.opt.Prefix || fatal(f.err)) {
				return nil, f.err
			}
			open, leaves := s.sift(ctx, w, f, skip)
			if len(open.unknown) > maxUnknown && len(open.known)+len(leaves) == 0 && f.err == nil {
				s.leaf(t, f.prefix, w)
				continue
			}
			if walked += len(open.unknown); depth >= maxDepth || walked > maxWalked {
				leaves = append(leaves, open.unknown...)
				open.unknown = nil
			}
			for root, hive := range open.years {
				t.years[root] = hive
			}
			next = append(append(next, open.known...), open.unknown...)
			for _, l := range leaves {
				s.leaf(t, l, w)
			}
			s.direct(t, w, f, skip)
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		frontier = next
	}
	s.absent(t, w)
	slices.SortStableFunc(t.nodes, func(a, b node) int { return strings.Compare(a.uri, b.uri) })
	return t, nil
}

// direct adds the objects that lie in a walked folder itself.
func (s *Source) direct(t *tree, w cases.Span, f folder, skip func(string)) {
	if len(f.entries) == 0 && f.err == nil {
		return
	}
	p := t.part(f.prefix, false, w)
	if p.listed = f.err == nil; !p.listed {
		p.reason = firstLine(f.err)
		t.nodes = append(t.nodes, node{uri: s.uri(f.prefix), part: p, err: f.err})
	}
	for _, e := range f.entries {
		if s.selected(e, w, skip) {
			p.add(e)
			t.nodes = append(t.nodes, node{uri: e.uri, part: p, object: &e})
		}
	}
}

// folder is what lies in a folder directly.
type folder struct {
	prefix   string
	entries  []entry
	children []string
	err      error
}

func (s *Source) look(ctx context.Context, prefix string) folder {
	f := folder{prefix: prefix}
	f.entries, f.children, f.err = s.list(ctx, place{prefix: prefix, delimiter: "/"})
	return f
}

// opened are the folders in a folder that are to be walked.
type opened struct {
	known, unknown []string
	years          map[string]bool
}

// sift says what to do with the folders in a folder: walk them, list them whole, or pass them over.
func (s *Source) sift(ctx context.Context, w cases.Span, f folder, skip func(string)) (o opened, leaves []string) {
	o.years = map[string]bool{}
	for _, child := range f.children {
		k := parse(child, s.opt.Places)
		if k.home != nil && k.date.depth > 0 {
			o.years[k.root] = k.date.hive
		}
		unasked := s.unasked(&k)
		switch {
		case k.foreignTo(s.opt.Prefix) != "":
			skip("folders with " + k.foreignTo(s.opt.Prefix))
		case unasked != "":
			skip(unasked)
		case k.home != nil && k.date.depth > 0 && !days(k.home, s.late(w)).meets(k.date.from, k.date.to):
			skip("folders of other days")
		case k.aws && k.service != "" && k.home == nil:
			leaves = append(leaves, child)
		case k.aws && k.date.depth >= 3:
			leaves = append(leaves, child)
		case k.aws:
			o.known = append(o.known, child)
		case k.date.depth == 0:
			o.unknown = append(o.unknown, child)
		// A stream may write its folders in a time zone of its own.
		case !stamps(firehose, s.late(w)).widen(14*time.Hour, 14*time.Hour).meets(k.date.from, k.date.to):
			if s.onlyFirehose(ctx, child) {
				skip("folders of Firehose deliveries of other hours")
			} else {
				leaves = append(leaves, child)
			}
		case k.date.depth >= 3:
			leaves = append(leaves, child)
		default:
			o.known = append(o.known, child)
		}
	}
	return o, leaves
}

// late is the window that an object's name must speak of to be listed.
func (s *Source) late(w cases.Span) cases.Span {
	if !w.To.IsZero() {
		w.To = w.To.Add(s.opt.Late)
	}
	return w
}

// onlyFirehose says whether the first thousand keys of a folder are all Firehose deliveries.
func (s *Source) onlyFirehose(ctx context.Context, prefix string) bool {
	entries, _, err := s.list(ctx, place{prefix: prefix, max: 1000})
	for _, e := range entries {
		if k := parse(e.key, s.opt.Places); k.kind != firehose || k.date.depth < 3 {
			return false
		}
	}
	return err == nil && len(entries) > 0
}

// unasked says that a key is of an account or a region that was not asked for.
func (s *Source) unasked(k *key) string {
	switch {
	case k.account != "" && s.opt.Accounts != nil && !slices.Contains(s.opt.Accounts, k.account):
		return "other accounts than were asked for"
	case k.region != "" && s.opt.Regions != nil && !slices.Contains(s.opt.Regions, k.region):
		return "other regions than were asked for"
	}
	return ""
}

// selected says whether an object is to be listed.
func (s *Source) selected(e entry, w cases.Span, skip func(string)) bool {
	k := parse(e.key, s.opt.Places)
	reason := k.never(e.key, s.opt.Prefix, e.size)
	if reason == "" {
		reason = s.unasked(&k)
	}
	if reason == "" && e.key != s.opt.Prefix && !k.mayHold(s.late(w)) {
		reason = "other times, by their names"
	}
	if reason != "" {
		skip(reason)
	}
	return reason == ""
}

// absent adds the days of w that have no folder where other days have one: nothing was delivered, and that was seen.
func (s *Source) absent(t *tree, w cases.Span) {
	if w.From.IsZero() || w.To.IsZero() {
		return
	}
	have := map[string]bool{}
	for _, p := range t.parts {
		have[p.prefix] = true
	}
	for root, hive := range t.years {
		layout := root + "2006/01/02/"
		for d := w.From.UTC().Truncate(day); d.Before(w.To); d = d.Add(day) {
			prefix := root + d.Format(layout[len(root):])
			if hive {
				prefix = root + d.Format("year=2006/month=01/day=02/")
			}
			if !have[prefix] && strings.HasPrefix(prefix, s.opt.Prefix) {
				t.part(prefix, true, cases.Span{From: d, To: d.Add(day)}).listed = true
			}
		}
	}
}

// expand gives what a node stands for.
func (s *Source) expand(ctx context.Context, w cases.Span, n node, skip func(string)) []found {
	switch {
	case n.err != nil:
		return []found{{uri: n.uri, err: n.err}}
	case n.object != nil:
		return []found{{uri: n.uri, object: &object{source: s, entry: *n.object, part: n.part}}}
	}
	entries, _, err := s.list(ctx, place{prefix: n.part.prefix})
	var out []found
	if err != nil {
		out = append(out, found{uri: n.uri, err: err, last: fatal(err) || n.part.prefix == s.opt.Prefix && len(entries) == 0})
	}
	s.mu.Lock()
	n.part.listed = err == nil
	if err != nil {
		n.part.reason = firstLine(err)
	}
	s.mu.Unlock()
	for _, e := range entries {
		if s.selected(e, w, skip) {
			s.mu.Lock()
			n.part.add(e)
			s.mu.Unlock()
			out = append(out, found{uri: e.uri, object: &object{source: s, entry: e, part: n.part}})
		}
	}
	return out
}

// recount lists everything again and compares.
func (s *Source) recount(ctx context.Context, w cases.Span, first *tree) error {
	if s.opt.ListOnce {
		return nil
	}
	ignore := func(string) {}
	second, err := s.walk(ctx, w, ignore)
	if err == nil {
		for range inOrder(ctx, second.nodes, func(n node) []found { return s.expand(ctx, w, n, ignore) }) {
		}
		err = ctx.Err()
	}
	if err != nil {
		return ctx.Err() // not ours to fail for: what was listed stays unverified
	}
	type id struct {
		prefix string
		flat   bool
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	again := map[id]*part{}
	for _, p := range second.parts {
		again[id{p.prefix, p.flat}] = p
	}
	for _, p := range first.parts {
		q := again[id{p.prefix, p.flat}]
		delete(again, id{p.prefix, p.flat})
		if q == nil { // its folder is gone
			q = &part{sum: sha256.New(), listed: true}
		}
		p.compare(q)
	}
	for _, q := range again {
		if q.objects > 0 {
			q.reason = fmt.Sprintf("%d objects came after it was listed: pull again", q.objects)
			q.objects, q.bytes, q.sum = 0, 0, sha256.New()
			s.parts = append(s.parts, q)
		}
	}
	return nil
}

// compare holds a listing against the second one.
func (p *part) compare(q *part) {
	if !p.listed || !q.listed || p.reason != "" {
		return
	}
	switch p.agreed = p.digest() == q.digest(); {
	case p.agreed:
	case q.objects > p.objects:
		p.reason = fmt.Sprintf("a second listing had %d objects more: pull again", q.objects-p.objects)
	case q.objects < p.objects:
		p.reason = fmt.Sprintf("a second listing had %d objects fewer", p.objects-q.objects)
	default:
		p.reason = "a second listing had other objects: pull again"
	}
}

func sortEntries(e []entry) {
	slices.SortFunc(e, func(a, b entry) int { return strings.Compare(a.uri, b.uri) })
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
