// Package notes is what the examiner keeps of a case: marks, tags, comments and severities on rows and on values (an address, a name, an
// interface …), and named sets of addresses, blocks and names. They stand in notes.jsonl, beside the evidence and apart from it: looking
// never writes evidence, and a sealed case takes notes as any other.
//
// The file is text, a JSON object a line, append-only, each line with the SHA-256 of the line before it, as in the custody log. It was to be
// a DuckDB database; a plain file was taken because
//   - several processes keep notes at one time: a database is locked by whoever has it open for writing, for as long as the workbench stands
//     open; here the lock is held while one line is written;
//   - of a kill in the middle of a note, that note is lost and no other: a line without its end. Of a database's log nothing says what is gone;
//   - a stranger's database is a program (its file can make DuckDB crash or lie); a stranger's lines are read here, bounded, by rules that can
//     be tested;
//   - an edit of the file breaks the chain, where a database's checksums see no swapped words, and sha256sum shows it;
//   - undo, and who said what when, need every change kept: a log of changes is that, and a table is not;
//   - a stock duckdb reads it too: FROM read_json('notes.jsonl').
//
// Rules:
//   - A row is named by its object's SHA-256, URI and version and its number in it, never by a number that the database gave, so that a note
//     survives a rebuild. It keeps the text of its raw line and that line's SHA-256: whoever reads the note can tell later whether raw/ still
//     says the same ([Target.Held]).
//   - Every change is a line; undo and redo are lines too, and take back the changes of the same person only. Nothing is ever rewritten.
//   - A line that does not follow the one before, or says what no line may say, ends the reading: what stands before it is shown, the fault is
//     said ([Book.Fault]), and nothing is appended. A last line without its end is what a kill leaves: the next change cuts it off, and says so
//     in a line of its own.
//   - No link is followed, and there are bounds for a line, for the file and for every text: the file may be a stranger's.
package notes
