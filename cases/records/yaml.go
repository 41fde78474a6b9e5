package records

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"

	"go.yaml.in/yaml/v3"
)

// yamlForm is the output of aws logs with --output yaml and yaml-stream: a list of events, of results, or of messages, under its
// key or, with a --query, alone. Element by element it is read by a YAML library; all between the lists are control records, a
// line each.
type yamlForm struct {
	key    string // of the list being read; "" for a list alone
	keys   int    // how deep keys are indented, the dash of a page included
	indent int    // of the list's dashes; -1 before the first
}

var (
	yamlKey     = regexp.MustCompile(`^((?:  |- )*)([A-Za-z]+):(?: |$)`)
	yamlElement = regexp.MustCompile(`^- (?:'|"|- |(?:eventId|ingestionTime|logStreamName|message|timestamp): )`)
	yamlLists   = map[string]bool{"events": true, "results": true, "": true}
)

// findYAML finds YAML by its first key, by the first key of its first element, or by an element that is quoted or folded: plain
// flow logs may begin with "- " too.
func findYAML(lines [][]byte) form {
	first := lines[0]
	if m := yamlKey.FindSubmatch(first); m != nil && (string(m[2]) == "events" || string(m[2]) == "queryLanguage" || string(m[2]) == "results") {
		return &yamlForm{key: "-", keys: len(m[1])}
	}
	if yamlElement.Match(first) {
		return &yamlForm{}
	}
	folded := false
	for _, line := range lines {
		switch {
		case bytes.HasPrefix(line, []byte("  ")):
			folded = true
		case !bytes.HasPrefix(line, []byte("- ")):
			return nil
		}
	}
	if folded && first[0] == '-' {
		return &yamlForm{}
	}
	return nil
}

func (*yamlForm) String() string { return "aws-output-yaml" }

func (f *yamlForm) next(s *stream, r *Reader) (bool, error) {
	line, next, how := s.lineAt(r, 0)
	if how == lineNone || how == lineLong || how == lineLast && s.err != io.EOF || blank(line) {
		return s.line(r)
	}
	if m := yamlKey.FindSubmatch(line); m != nil && f.key != "" && len(m[1]) <= f.keys {
		f.key, f.keys, f.indent = string(m[2]), len(m[1]), -1
		s.pos += next
		s.note(r, f.String())
		r.put(Control, line, s.facts(r))
		return true, nil
	}
	if !yamlLists[f.key] || !f.element(line) {
		s.pos += next
		s.note(r, f.String())
		r.put(Control, line, s.facts(r))
		return true, nil
	}
	return f.give(s, r)
}

// element says whether a line begins an element of the list.
func (f *yamlForm) element(line []byte) bool {
	blanks := len(line) - len(bytes.TrimLeft(line, " "))
	if !bytes.HasPrefix(line[blanks:], []byte("- ")) {
		return false
	}
	if f.indent < 0 && blanks >= f.keys {
		f.indent = blanks
	}
	return blanks == f.indent
}

// give gives the element that begins here: up to a line that is indented no deeper than its dash.
func (f *yamlForm) give(s *stream, r *Reader) (bool, error) {
	end := 0
	for {
		line, next, how := s.lineAt(r, end)
		if how == lineLong || next > r.opt.MaxRecord {
			s.skip(r, until{indent: f.indent})
			s.broken(r, tooLong(r.size, r.opt.MaxRecord))
			return true, nil
		}
		if how == lineNone || end > 0 && !blank(line) && len(line)-len(bytes.TrimLeft(line, " ")) <= f.indent {
			break
		}
		if end = next; how == lineLast {
			break
		}
	}
	if s.err != nil && s.err != io.EOF && end == len(s.bytes()) {
		if s.failed() {
			return false, io.EOF
		}
		r.broken(s.bytes(), cutOff(s.err))
		s.pos = s.end
		return true, nil
	}
	block := s.bytes()[:end]
	s.pos += end
	s.note(r, f.String())
	return f.event(s, r, block), nil
}

// event gives what one element says.
func (f *yamlForm) event(s *stream, r *Reader, block []byte) bool {
	var list []yaml.Node
	if err := yaml.Unmarshal(block, &list); err != nil {
		r.broken(block, fmt.Errorf("not YAML: %w", err))
		return true
	}
	if len(list) != 1 {
		r.broken(block, errors.New("not one element of a YAML list"))
		return true
	}
	node := &list[0]
	if node.Kind == yaml.ScalarNode {
		return s.message(r, []byte(node.Value), s.facts(r))
	}
	var h head
	var message *yaml.Node
	take := func(name, val *yaml.Node) {
		if val.Kind != yaml.ScalarNode {
			return
		}
		if c := columnOf([]byte(name.Value)); c == colMessage {
			message = val
		} else {
			h.take(c, []byte(val.Value))
		}
	}
	switch node.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			take(node.Content[i], node.Content[i+1])
		}
	case yaml.SequenceNode: // of a query: each a field and a value
		for _, cell := range node.Content {
			if c := cell.Content; cell.Kind == yaml.MappingNode && len(c) == 4 && c[0].Value == "field" && c[2].Value == "value" {
				take(c[1], c[3])
			}
		}
	}
	if message == nil {
		r.broken(block, errors.New("an event without a message"))
		return true
	}
	return s.headedMessage(r, f.String(), []byte(message.Value), &h)
}
