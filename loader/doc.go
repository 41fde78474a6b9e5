// Package loader is the one pipeline: it lists the objects of its sources, stores each one's bytes in the case,
// decodes them from there, and makes them part of the case.
//
//	list → fetch (several at a time) → plan (in order) → decode (one worker per core) → commit (in order)
//
// Rules:
//   - Raw first: what is decoded was read back from the raw store, never from the source.
//   - Every record read is counted once: row, header, blank, outside the window, duplicate, or a reject kept word
//     for word with its reason. Nothing is dropped, and a damaged object says what is wrong with it.
//   - Objects become part of the case in the order they were listed. A load that is killed has loaded the first n of
//     them; started again, it goes on with the rest and ends in the same tables.
//   - The same object twice (same bytes, same place) is skipped. The same bytes from another place are recorded as an
//     object whose records are all duplicates. CloudWatch events are told apart by log group, eventId and message.
//
// The package refuses to guess: an object whose type or field order is not certain fails, and says what to pass.
package loader
