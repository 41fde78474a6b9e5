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
// Rules:
//   - A source object is atomic: its rows, its rejects, its counts and its line in store.object become visible
//     together or not at all. Objects become visible in the order they were planned, so that an interrupted load
//     that is continued ends with the same tables as one that was left alone.
//   - Looking never writes: Open is read-only, with no way to files, network or settings, and runs queries only, of
//     functions that only read (gate.go).
//   - Every object satisfies read = rows + headers + blank + outside + duplicate + rejected.
//
// Tables are in the schema "store" (a log type's may be several, with a view there over them); what people query are the
// views in "main", with AWS's column names and addresses as text. COMMENT ON COLUMN says what a column is: its first word
// is the column's kind.
//
// The package refuses a case of a newer format, a case that another process is writing, and a folder that holds
// anything else.
package cases

import "errors"

// FormatVersion is the version of the case folder's layout and of the tables in schema store. A case of a newer
// version is refused; there are no older ones. Version 1 may change until the first release.
const FormatVersion = 1

// Names in a case's folder.
const (
	fileDatabase = "case.duckdb"
	fileCustody  = "custody.jsonl"
	fileLock     = "case.lock"
	dirRaw       = "raw"
	dirTemp      = "tmp"
)

var (
	// ErrLocked says that another process is using the case in a way that excludes this one.
	ErrLocked = errors.New("case is in use")
	// ErrNoCase says that the folder is not a case.
	ErrNoCase = errors.New("not a case")
	// ErrNewer says that the case was made by a newer version of case53.
	ErrNewer = errors.New("case of a newer format")
	// ErrDamaged says that the database no longer holds what the custody log says was loaded.
	ErrDamaged = errors.New("case damaged")
	// ErrStale says that the last load did not finish what it derives from the records.
	ErrStale = errors.New("the last load was interrupted")
)
