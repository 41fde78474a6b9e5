package cases

import (
	_ "embed" // of FORMAT.md
	"errors"
	"regexp"
)

// FormatText is FORMAT.md, which says what is in a case to whoever does not have case53.
//
//go:embed FORMAT.md
var FormatText []byte

var digestSQL = regexp.MustCompile("(?s)\n## 12\\. .*?\n```sql\n(.*?)```\n")

// DigestSQL is the SQL of FORMAT.md that computes the digests.
func DigestSQL() ([]byte, error) {
	found := digestSQL.FindSubmatch(FormatText)
	if found == nil {
		return nil, errors.New("FORMAT.md has no SQL of the digests")
	}
	return found[1], nil
}
