package main

import (
	"case53/cases"
	"case53/loader/logs"
)

// schemas are the tables of every log type, and what is built across them.
func schemas() []cases.Schema {
	var out []cases.Schema
	for _, t := range logs.All() {
		out = append(out, t.Schema)
	}
	return append(out, logs.Across)
}
