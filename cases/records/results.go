package records

import (
	"bytes"
	"io"
)

// resultsForm is the output of aws logs get-query-results with --output text: a line for each field of each row, "RESULTS", the
// field's name and its value, with tabs between them. A row ends where a field comes again, and behind @ptr. A row without
// @message holds only what the query asked for, and is a record as it stands.
type resultsForm struct{}

var resultsLine = []byte("RESULTS\t")

// findResults finds the first field below the lines that say what the query was.
func findResults(lines [][]byte) form {
	for i, line := range lines {
		if bytes.HasPrefix(line, resultsLine) && bytes.Count(line, []byte("\t")) >= 2 {
			return resultsForm{}
		}
		if i > 0 || !bytes.HasSuffix(line, []byte("\tComplete")) && !bytes.HasPrefix(line, []byte("CWLI")) {
			break
		}
	}
	return nil
}

func (resultsForm) String() string { return "aws-output-text" }

func (f resultsForm) next(s *stream, r *Reader) (bool, error) {
	line, next, how := s.lineAt(r, 0)
	if how == lineNone || how == lineLong || how == lineLast && s.err != io.EOF || blank(line) {
		return s.line(r)
	}
	s.note(r, f.String())
	if !bytes.HasPrefix(line, resultsLine) {
		s.pos += next
		r.put(Control, line, s.facts(r))
		return true, nil
	}
	end, next := f.row(s, r)
	if s.err != nil && s.err != io.EOF && next == len(s.bytes()) {
		if s.failed() {
			return false, io.EOF
		}
		r.broken(s.bytes(), cutOff(s.err))
		s.pos = s.end
		return true, nil
	}
	row := s.bytes()[:end]
	s.pos += next
	return f.give(s, r, row), nil
}

// row finds the end of the row that begins here.
func (f resultsForm) row(s *stream, r *Reader) (end, next int) {
	seen := map[string]bool{}
	for from := 0; ; {
		line, after, how := s.lineAt(r, from)
		if how == lineNone || how == lineLong || after > r.opt.MaxRecord && from > 0 {
			return end, next
		}
		name, _, field := bytes.Cut(bytes.TrimPrefix(line, resultsLine), []byte("\t"))
		field = field && bytes.HasPrefix(line, resultsLine)
		if field && seen[string(name)] || bytes.HasPrefix(line, []byte("STATISTICS\t")) {
			return end, next
		}
		if field {
			seen[string(name)] = true
		}
		end, next = from+len(line), after
		if field && string(name) == "@ptr" || how == lineLast {
			return end, next
		}
		from = after
	}
}

// give gives what a row says. A value goes on over the lines that begin no field.
func (f resultsForm) give(s *stream, r *Reader, row []byte) bool {
	var h head
	var message []byte
	for rest := row[len(resultsLine):]; rest != nil; {
		cell, more, ok := bytes.Cut(rest, append([]byte("\n"), resultsLine...))
		name, value, _ := bytes.Cut(bytes.TrimSuffix(cell, []byte("\r")), []byte("\t"))
		if c := columnOf(name); c == colMessage {
			message = bytes.TrimSuffix(value, []byte("\n")) // many messages end with a line's end of their own
		} else {
			h.take(c, value)
		}
		if rest = more; !ok {
			break
		}
	}
	if message == nil {
		return s.message(r, row, s.facts(r))
	}
	return s.headedMessage(r, f.String(), message, &h)
}
