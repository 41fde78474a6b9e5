// Package cases is the case: a folder with the raw bytes of every source object, a log of what was done to it, and a
// DuckDB file built from the bytes.
//
//	incident.case/          0700
//	  case.duckdb           index built from raw/; can be rebuilt
//	  raw/ab/abcd…          source objects, byte for byte, named by SHA-256 (package raw)
//	  custody.jsonl         who did what, each line carrying the hash of the line before it (package custody)
//	  case.lock             held by the one process that writes
//	  tmp/                  DuckDB's spill files while a case is written
//
// The raw objects and the custody log are the evidence; the database is an index of them, and nothing DuckDB says
// about itself is taken as proof (its block checksums do not see swapped words).
//
// Here a case is looked at; package writer is the one room that changes one.
//
// Rules:
//   - A source object is atomic: its rows, its rejects, its counts and its line in store.object become visible
//     together or not at all. Objects become visible in the order they were planned, so that an interrupted load
//     that is continued ends with the same tables as one that was left alone.
//   - Looking never writes: Open is read-only, with no way to files, network or settings, and runs queries only, of
//     functions that only read (gate.go).
//   - Every object satisfies read = rows + headers + blank + outside + duplicate + unread + not kept + rejected.
//
// Tables are in the schema "store" (a log type's may be several, with a view there over them); what people query are the
// views in "main", with AWS's column names and addresses as text. COMMENT ON COLUMN says what a column is: its first word
// is the column's kind.
//
// FORMAT.md says what is in a case to whoever does not have case53; a test holds it to the tables and the log.
//
// The package refuses a case of a newer format, a case that another process is writing, a folder that holds anything else, and,
// as a case may be a stranger's, one whose database has more or other in its catalog than a new case's, or that has links in it.
package cases

import (
	"os"
	"slices"

	"case53/cases/internal/layout"
)

// FormatVersion is the version of the case folder's layout and of the tables in schema store.
const FormatVersion = layout.FormatVersion

// Errors of opening a case, for looking or for writing.
var (
	ErrLocked   = layout.ErrLocked
	ErrNoCase   = layout.ErrNoCase
	ErrNewer    = layout.ErrNewer
	ErrDamaged  = layout.ErrDamaged
	ErrForeign  = layout.ErrForeign
	ErrNotReady = layout.ErrNotReady
	ErrSealed   = layout.ErrSealed
)

// makers are the files that make a folder a case.
var makers = []string{layout.Database, layout.Custody}

// Makes says whether a file of this name makes its folder a case.
func Makes(name string) bool { return slices.Contains(makers, name) }

// Is says whether dir is a case, or what is left of one.
func Is(dir string) bool {
	for _, name := range makers {
		if _, err := os.Lstat(layout.Path(dir, name)); err == nil {
			return true
		}
	}
	return false
}

// Sealed says whether the case in dir has a seal; whether it holds, package verify says.
func Sealed(dir string) bool { return layout.Sealed(dir) }

// NameError says that something in a case's folder is neither the file nor the folder that a case has there. It is ErrForeign.
type NameError = layout.NameError

// CustodyFile is the custody log of a case in dir.
func CustodyFile(dir string) string { return layout.Path(dir, layout.Custody) }

// NotesFile is what the examiner keeps of a case in dir: package notes.
func NotesFile(dir string) string { return layout.Path(dir, layout.Notes) }

// DatabaseFile is the database of a case in dir, RawFolder the folder of its source objects.
func DatabaseFile(dir string) string { return layout.Path(dir, layout.Database) }
func RawFolder(dir string) string    { return layout.Path(dir, layout.Raw) }

// DerivedFile is the file with what is computed from the records, in the folder of a case.
const DerivedFile = layout.DerivedDatabase
