package records

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
)

// glued is lines that run together: Firehose's message extraction writes messages one behind the other, and aws logs --query
// 'events[].message' --output text with tabs between them. JSON objects tell where they end; of text this is known for
//
//   - flow logs whose lines begin with the version and end with the status, in any order between: the status and the next
//     line's version are then one word ("OK2");
//   - Route 53 zone logs: "1.0" and a time begin a line, and the word before it is "-" or a network.
//
// It is certain only where every line has as many words as the first. Where lines run together and it is not,
// [ErrRunTogether] says so.
type glued struct {
	glue  glue
	words int
}

// glue tells the end of a line and the beginning of the next in one word: how much of it is the end.
type glue struct {
	word, next, last *regexp.Regexp // the word, the one behind it, and the last of a line
}

var glues = []glue{
	{regexp.MustCompile(`^(OK|NODATA|SKIPDATA)\t?(?:[2-9]|1\d)$`), regexp.MustCompile(`^\S`), regexp.MustCompile(`^(OK|NODATA|SKIPDATA)$`)},
	{regexp.MustCompile(`^(-|[0-9a-fA-F.:]+/\d{1,3})\t?1\.0$`), regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d`), regexp.MustCompile(`^(-|\S+/\d+)$`)},
}

// gluedEnd is where a line ends that may run into the next.
type gluedEnd uint8

const (
	noEnd   gluedEnd = iota // not in these bytes
	atGlue                  // in a word
	atBreak                 // at a line's end
)

// end gives the index behind the first line in b, and how many words it has.
func (g *glue) end(b []byte) (end, words int, how gluedEnd) {
	for i := 0; ; {
		size := bytes.IndexByte(b[i:], ' ')
		word := b[i:]
		if size >= 0 {
			word = word[:size]
		}
		words++
		if n := bytes.IndexByte(word, '\n'); n >= 0 {
			return i + n, words, atBreak
		}
		if size < 0 {
			return len(b), words, noEnd
		}
		if m := g.word.FindSubmatchIndex(word); m != nil {
			next, _, whole := bytes.Cut(b[i+size+1:], []byte(" "))
			if !whole {
				return len(b), words, noEnd
			}
			if g.next.Match(next) {
				return i + m[3], words, atGlue
			}
		}
		i += size + 1
	}
}

// gluedForm tells lines that run together by the first of them.
func gluedForm(sample []byte, whole bool) (form, error) {
	line, _, ended := bytes.Cut(sample, []byte("\n"))
	line = bytes.TrimRight(line, "\r")
	for _, g := range glues {
		if words := g.certain(line, ended || whole); words > 0 {
			return &glued{g, words}, nil
		}
	}
	if !ended && runTogether(line) {
		return nil, ErrRunTogether
	}
	return nil, nil
}

// certain gives the number of words in every line of those that run together here; 0 where it is not certain that they do.
func (g *glue) certain(b []byte, whole bool) int {
	const least = 5
	first, lines := 0, 0
	version, _, _ := bytes.Cut(b, []byte(" "))
	for {
		end, words, how := g.end(b)
		if how != atGlue {
			last := b[bytes.LastIndexByte(b, ' ')+1:]
			if whole && (words != first || !g.last.Match(last)) || lines == 0 {
				return 0
			}
			return first
		}
		b = bytes.TrimPrefix(b[end:], []byte("\t"))
		if lines++; lines == 1 {
			first = words
		}
		if words != first || words < least || !bytes.HasPrefix(b, append(bytes.Clone(version), ' ')) {
			return 0
		}
	}
}

var (
	statusGlued = regexp.MustCompile(`(^| )(OK|NODATA|SKIPDATA)[^\s]+ `)
	statusOrAct = regexp.MustCompile(`(^|\s)(ACCEPT|REJECT|NODATA|SKIPDATA)(\s|$)`)
	anInterface = regexp.MustCompile(`(^|\s)eni-[0-9a-f]{8,17}(\s|$)`)
)

// runTogether says whether a text without a line's end is more than one line of a flow log: no line has two verdicts, none names
// more than two interfaces, and nothing stands behind a status in its word.
func runTogether(b []byte) bool {
	b = b[:min(len(b), 64<<10)]
	return anInterface.Match(b) && (statusGlued.Match(b) || len(statusOrAct.FindAll(b, 3)) > 2 || len(anInterface.FindAll(b, 4)) > 3)
}

func (*glued) String() string { return "run-together" }

func (g *glued) next(s *stream, r *Reader) (bool, error) {
	for {
		b := s.bytes()
		switch end, words, how := g.glue.end(b); {
		case how == atGlue:
			s.pos += end
			if opens(s.bytes(), '\t') {
				s.pos++
			}
			return g.give(s, r, b[:end], words), nil
		case how == atBreak && !blank(b[:end]):
			s.pos += end + 1
			return g.give(s, r, bytes.TrimSuffix(b[:end], []byte("\r")), words), nil
		case how == atBreak, len(b) > r.opt.MaxRecord:
			return s.line(r)
		case s.more():
		case s.err == io.EOF && !blank(b):
			s.pos = s.end
			return g.give(s, r, bytes.TrimSuffix(b, []byte("\r")), words), nil
		default:
			return s.line(r)
		}
	}
}

func (g *glued) give(s *stream, r *Reader, line []byte, words int) bool {
	s.note(r, g.String())
	if words != g.words {
		r.broken(line, fmt.Errorf("%d words where other lines have %d: records run together without line ends", words, g.words))
		return true
	}
	return s.message(r, line, s.facts(r))
}
