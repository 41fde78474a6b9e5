// Package across is what the log types say together: tables derived from several of them, and the views on those. A derived
// table of one type alone stands with the type.
package across

import (
	_ "embed"

	"case53/cases"
)

// Schema needs the schemas of all log types before it.
var Schema = cases.Schema{SQL: acrossSQL}

//go:embed across.sql
var acrossSQL string
