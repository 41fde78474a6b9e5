package main

import (
	"runtime/debug"

	"case53/cases/duck"
)

// version is what --version prints.
func version() string {
	text := "devel"
	if info, ok := debug.ReadBuildInfo(); ok {
		if v := info.Main.Version; v != "" && v != "(devel)" {
			text = v
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				text += " " + s.Value[:min(12, len(s.Value))]
			}
		}
		text += ", " + info.GoVersion
	}
	return text + ", DuckDB " + duck.Version()
}
