package queries

import (
	"embed"
	"io/fs"
)

//go:embed sql/export
var mappings embed.FS

// Mappings is the folder of what a view's columns are called by other tools: a folder a tool, a file a view. They are no saved
// queries; package export says how they are read.
func Mappings() fs.FS {
	folder, err := fs.Sub(mappings, "sql/export")
	if err != nil {
		panic(err) // only a name that is no path
	}
	return folder
}
