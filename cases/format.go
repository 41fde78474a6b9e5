package cases

import _ "embed" // of FORMAT.md

// FormatText is FORMAT.md, which says what is in a case to whoever does not have case53.
//
//go:embed FORMAT.md
var FormatText []byte
