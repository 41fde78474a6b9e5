package cwlogs

import (
	"slices"
	"time"

	"case53/cases"
	"case53/loader/source"
)

// span is the stretch of time [from, to), in ms since 1970.
type span struct{ from, to int64 }

func (sp span) start() time.Time        { return time.UnixMilli(sp.from).UTC() }
func (sp span) end() time.Time          { return time.UnixMilli(sp.to).UTC() }
func (sp span) duration() time.Duration { return time.Duration(sp.to-sp.from) * time.Millisecond }
func spanOf(s source.Slice) span        { return span{s.From.UnixMilli(), s.To.UnixMilli()} }
func (sp span) halves() (span, span) {
	m := sp.from + (sp.to-sp.from)/2
	return span{sp.from, m}, span{m, sp.to}
}
func (sp span) within(other span) bool   { return sp.from >= other.from && sp.to <= other.to }
func (sp span) overlaps(other span) bool { return sp.from < other.to && sp.to > other.from }

// work is a span to read, and what an earlier reading of it found.
type work struct {
	span
	before *source.Slice // nil: it is read for the first time
	again  bool          // it has been read in this pass over the window
}

// maxStep and minStep bound the length of a slice.
const maxStep, minStep = 6 * time.Hour, time.Second

// stretches hands out the spans of a window in their order. Spans that were read before are handed out as they were,
// so that both readings can be compared; between them, spans are made longer where there is little, and shorter where
// there is much.
type stretches struct {
	whole span
	at    int64
	step  time.Duration
	fixed []work // in order, without overlap; a span with to skip has been read
	skip  []span
}

// plan sets the spans of a window up.
func (s *Source) plan(w cases.Span) *stretches {
	from, to := w.From.Add(-PaddingBefore).UnixMilli(), w.To.Add(PaddingAfter+time.Millisecond-1).UnixMilli()
	// What lies ahead cannot be read; a clock that is a little slow must not hide the last minutes.
	if now := s.Now().Add(10 * time.Minute).UnixMilli(); to > now {
		to = max(from, now)
	}
	p := &stretches{whole: span{from, to}, at: from, step: s.Slice}
	for _, done := range s.skip {
		p.skip = append(p.skip, spanOf(done))
	}
	for _, e := range s.earlier {
		if sp := spanOf(e); sp.within(p.whole) && sp.from < sp.to {
			p.fixed = append(p.fixed, work{span: sp, before: &e})
		}
	}
	byStart := func(a, b work) int { return int(max(-1, min(1, a.from-b.from))) }
	slices.SortStableFunc(p.fixed, byStart)
	slices.SortFunc(p.skip, func(a, b span) int { return byStart(work{span: a}, work{span: b}) })
	return p
}

// next gives the next span to read; false when there is none.
func (p *stretches) next() (work, bool) {
	for p.at < p.whole.to {
		if sp, ok := p.covered(); ok {
			p.at = sp.to
			continue
		}
		end := min(p.at+p.step.Milliseconds(), p.whole.to)
		for _, sp := range p.skip {
			if sp.from > p.at {
				end = min(end, sp.from)
				break
			}
		}
		for len(p.fixed) > 0 && p.fixed[0].from < p.at {
			p.fixed = p.fixed[1:]
		}
		if len(p.fixed) > 0 {
			if f := p.fixed[0]; f.from == p.at && !p.anySkipped(f.span) {
				p.at = f.to
				return f, true
			}
			if p.fixed[0].from > p.at {
				end = min(end, p.fixed[0].from)
			}
		}
		sp := span{p.at, end}
		p.at = end
		return work{span: sp}, true
	}
	return work{}, false
}

// covered finds a span that is to be left out at this place.
func (p *stretches) covered() (span, bool) {
	for len(p.skip) > 0 && p.skip[0].to <= p.at {
		p.skip = p.skip[1:]
	}
	if len(p.skip) > 0 && p.skip[0].from <= p.at {
		return p.skip[0], true
	}
	return span{}, false
}

func (p *stretches) anySkipped(sp span) bool {
	return slices.ContainsFunc(p.skip, sp.overlaps)
}

// learn fits the length of the slices to come to what one of them came to.
func (p *stretches) learn(pages int, of time.Duration) {
	switch {
	case pages <= 2 && of >= p.step:
		p.step = min(2*p.step, maxStep)
	case pages > 25 && of <= p.step:
		p.step = max(p.step/2, minStep)
	}
}
