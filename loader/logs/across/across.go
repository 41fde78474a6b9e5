// Package across is what the log types say together: tables derived from several of them, and the views on those. A derived
// table of one type alone stands with the type. What is joined by the ten million, Go computes.
package across

import (
	_ "embed"

	"case53/cases"
)

// Schemas need the schemas of all log types before them, and each the one before it.
var Schemas = []cases.Schema{
	{SQL: addressesSQL}, {SQL: namesSQL},
	{SQL: sessionsSQL, Steps: map[string]cases.Step{"flow_session": buildSessions}, Computed: answersGo + connectionsGo + insideGo + joinGo},
	{SQL: connectionsSQL},
}

var (
	//go:embed addresses.sql
	addressesSQL string
	//go:embed names.sql
	namesSQL string
	//go:embed sessions.sql
	sessionsSQL string
	//go:embed connections.sql
	connectionsSQL string

	//go:embed answers.go
	answersGo string
	//go:embed connections.go
	connectionsGo string
	//go:embed inside.go
	insideGo string
	//go:embed join.go
	joinGo string
)
