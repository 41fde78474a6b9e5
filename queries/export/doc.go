// Package export writes rows in the forms that other tools take.
//
// A [Format] writes any rows as they are. A [Tool] is one whose own terms the rows are put into, by mappings that are data: files of
// queries/sql/export (see [Mapping]).
//
// Rules:
//   - A format is one file and one word in [Formats]; a tool is one file and one word in [Tools], and a view joins it by a file in
//     queries/sql/export.
//   - What goes into a file is exact; what goes to a terminal passes safetext. JSON is the same JSON in both, with what could
//     steer a terminal written as \\uXXXX.
//   - Every row is written or the error says that it was not. Of a tool: rows in are rows out and rows that it has no way to say,
//     each counted with the reason; they are counted apart from the export, and a difference is an error.
//   - Every record of a tool says which row of which object it is, and the object's SHA-256. What is NULL is not there.
//   - The same case and the same request give the same bytes: nothing here reads a clock, a host's name or a random number.
//   - The files of a tool are there whole or not at all, with a manifest that has their hashes.
package export
