package notes

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"case53/cases"
	"case53/cases/raw"
)

// Row is the kind of a target that is a record; other kinds are those of values: ip, name, interface …
const Row = "row"

// Target is what a note is about: a record, or a value wherever it occurs.
type Target struct {
	Kind  string `json:"kind"`
	Value string `json:"value,omitempty"` // "" of a row

	Object    string `json:"object,omitempty"` // SHA-256 of the object that holds the row
	URI       string `json:"uri,omitempty"`
	VersionID string `json:"version_id,omitempty"`
	RowNo     int64  `json:"row_no,omitempty"`
	LogType   string `json:"log_type,omitempty"`

	Line        string `json:"line,omitempty"`         // the raw line, as far as mostLine
	LineEscaped bool   `json:"line_escaped,omitempty"` // bytes of it that are not UTF-8 stand as \xNN, and backslashes are doubled
	LineSize    int64  `json:"line_size,omitempty"`    // bytes of the whole line
	LineSHA256  string `json:"line_sha256,omitempty"`  // of the whole line
}

// mostLine is how much of a raw line's text a note keeps; its hash is of all of it.
const mostLine = 8 << 10

// RowOf is a record as a target. A record whose line cannot be read is not kept: nobody could check it later.
func RowOf(r cases.Record) (Target, error) {
	if r.Err != nil {
		return Target{}, r.Err
	}
	t := Target{Kind: Row, Object: r.SHA256, URI: r.URI, VersionID: r.VersionID, RowNo: r.RowNo, LogType: r.LogType}
	t.LineSize, t.LineSHA256 = int64(len(r.Raw)), sumOf(r.Raw)
	t.Line, t.LineEscaped = lineText(r.Raw)
	return t, nil
}

// lineText is the beginning of a raw line as text.
func lineText(raw []byte) (text string, escaped bool) {
	head := raw
	if len(head) > mostLine {
		head = head[:mostLine]
		for i := 0; i < utf8.UTFMax-1 && len(head) > 0 && !utf8.RuneStart(raw[len(head)]); i++ {
			head = head[:len(head)-1]
		}
	}
	if utf8.Valid(head) {
		return string(head), false
	}
	var b strings.Builder
	for len(head) > 0 {
		r, n := utf8.DecodeRune(head)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, head[0])
		case r == '\\':
			b.WriteString(`\\`)
		default:
			b.Write(head[:n])
		}
		head = head[n:]
	}
	return b.String(), true
}

// ValueOf is a value as a target, spelled as logs may spell it in several ways.
func ValueOf(kind, value string) (Target, error) {
	t := Target{Kind: kind, Value: value}
	switch kind {
	case "ip":
		a, err := netip.ParseAddr(value)
		if err != nil || a.Zone() != "" {
			return t, fmt.Errorf("%q is no address", value)
		}
		t.Value = a.Unmap().String()
	case "cidr":
		p, err := netip.ParsePrefix(value)
		if err != nil {
			return t, fmt.Errorf("%q is no block of addresses", value)
		}
		t.Value = p.Masked().String()
	case "name", "domain", "rdata":
		t.Kind, t.Value = "name", strings.ToLower(value)
		if len(t.Value) > 1 {
			t.Value = strings.TrimSuffix(t.Value, ".")
		}
		if a, err := netip.ParseAddr(value); err == nil && kind == "rdata" {
			t.Kind, t.Value = "ip", a.Unmap().String()
		}
	}
	return t, t.check()
}

// ValueAny is a value whose kind is told by its form.
func ValueAny(value string) (Target, error) { return ValueOf(KindOf(value), value) }

// KindOf is the kind of a value by its form alone: an address, a block of them, a path, an interface, an instance, a VPC, a hosted
// zone, else a name.
func KindOf(value string) string {
	if _, err := netip.ParseAddr(value); err == nil {
		return "ip"
	}
	if _, err := netip.ParsePrefix(value); err == nil {
		return "cidr"
	}
	if strings.HasPrefix(value, "/") {
		return "url_path"
	}
	if m := idForm.FindStringSubmatch(value); m != nil {
		return idKinds[m[1]]
	}
	if zoneForm.MatchString(value) {
		return "hosted_zone"
	}
	return "name"
}

// idForm is an id of AWS; idKinds are the kinds by how they begin. A name may begin so too, and has dots. A word in capitals that is
// shorter than the id of a hosted zone is a name.
var (
	idForm   = regexp.MustCompile(`^(eni|i|vpc)-[0-9A-Za-z]+$`)
	idKinds  = map[string]string{"eni": "interface", "i": "instance", "vpc": "vpc"}
	zoneForm = regexp.MustCompile(`^Z[0-9A-Z]{9,}$`)
)

// Key is what two targets that are the same have in common.
func (t Target) Key() string {
	if t.Kind != Row {
		return t.Kind + "\x00" + t.Value
	}
	return RowKey(t.Object, t.URI, t.VersionID, t.RowNo)
}

// RowKey is the key of a row.
func RowKey(object, uri, version string, row int64) string {
	return fmt.Sprintf("%s\x00%s\x00%s\x00%s\x00%d", Row, object, uri, version, row)
}

// String names the target for people; it may hold text of the evidence.
func (t Target) String() string {
	if t.Kind != Row {
		return t.Kind + " " + t.Value
	}
	return fmt.Sprintf("row %d of %.12s", t.RowNo, t.Object)
}

// State is what has become of the raw line of a kept row.
type State string

// States of a row.
const (
	Held      State = "held"      // the object's hash and the line's are as they were
	Altered   State = "altered"   // there is something else in its place
	Gone      State = "gone"      // the case has no such object, or no such line in it
	Unchecked State = "unchecked" // nobody has looked
)

// Held compares a kept row with its record as it is now, of which err says why it could not be read.
func (t Target) Held(r cases.Record, err error) State {
	if err == nil {
		err = r.Err
	}
	switch {
	case errors.Is(err, raw.ErrAltered):
		return Altered
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, fs.ErrPermission):
		return Unchecked
	case err != nil:
		return Gone
	case r.SHA256 != t.Object || r.RowNo != t.RowNo || sumOf(r.Raw) != t.LineSHA256:
		return Altered
	}
	return Held
}

func sumOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Bounds of texts.
const (
	mostText    = 8 << 10 // of a comment, a URI, a value
	mostName    = 64      // of a tag or a set
	MostTargets = 500     // of a change: what more are marked are marked in several
	mostTags    = 100     // of a change, and of comments that it takes off
)

var (
	sha256Form = regexp.MustCompile(`^[0-9a-f]{64}$`)
	kindForm   = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)
	nameForm   = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}._:/+-]*$`)
)

// check says what is wrong with a target, of one's own or of a file.
func (t Target) check() error {
	if !kindForm.MatchString(t.Kind) {
		return fmt.Errorf("%.40q is no kind of value", t.Kind)
	}
	if t.Kind != Row {
		if t.Value == "" || len(t.Value) > mostText || !utf8.ValidString(t.Value) {
			return fmt.Errorf("a value of kind %s has 1 to %d bytes of UTF-8", t.Kind, mostText)
		}
		return nil
	}
	if !sha256Form.MatchString(t.Object) || !sha256Form.MatchString(t.LineSHA256) || t.RowNo < 1 || t.LineSize < 0 ||
		len(t.URI) > mostText || len(t.VersionID) > mostText || len(t.LogType) > mostName || len(t.Line) > 4*mostLine || t.Value != "" {
		return errors.New("a row has the SHA-256 of its object and of its line, a URI and a number from 1")
	}
	return nil
}

// CheckName says whether text can be a tag, or the name of a set.
func CheckName(text string) error {
	if len(text) > mostName || !nameForm.MatchString(text) {
		return fmt.Errorf("%.80q is no tag or name: letters and digits, after the first also . _ : / + -, at most %d bytes", text, mostName)
	}
	return nil
}

// checkComment says whether text can be a comment: lines of text, nothing that steers a terminal.
func checkComment(text string) error {
	if len(text) > mostText || !utf8.ValidString(text) || strings.TrimSpace(text) == "" {
		return fmt.Errorf("a comment has 1 to %d bytes of UTF-8", mostText)
	}
	if i := strings.IndexFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }); i >= 0 {
		return fmt.Errorf("the comment holds a control character at byte %d", i)
	}
	return nil
}
