// Package queries holds the saved queries: SQL files that say what they ask, what they need, what they take and what
// their answer cannot tell. The built-in ones are in sql, a folder a group. A file dropped into a folder of the user is a
// query; nothing has to be rebuilt.
//
// # How to write one
//
// Put a file into ~/.config/case53/queries or into the folder queries of a case. Its name, in lower case with
// hyphens, is the query's name: flows-of-address.sql. A folder around it is its group.
//
//	-- Flows that name one address, oldest first
//	--
//	-- Accepted and rejected alike, in both directions.
//	--
//	-- cannot: Traffic that flow logs never record: queries to the Amazon DNS
//	-- server, instance metadata, time sync and DHCP.
//	--
//	-- needs:  flow_by_addr
//	-- param:  ip       ip      required  the address
//	-- param:  capture  capture           only this capture; empty for all
//	-- column: peer     ip
//	-- pivot:  Flows of this address
//	SELECT start, peer, bytes, object_id, row_no
//	FROM flow_by_addr
//	WHERE addr_n = $ip_n::UHUGEINT AND of(capture, $capture)
//	ORDER BY start, object_id, row_no
//
// The comment at the top is the query's page in the manual. Its first line is the title; paragraphs of prose follow;
// a line that begins with a lower-case word and a colon is a field:
//
//	cannot: text              required; what the answer cannot tell. Runs on to the next empty comment line.
//	needs:  view, view        required; the views that the query reads. Where the case has no records of one it is not run
//	one-of: view, view        views of which one at least must have records; may be repeated, for a further group
//	uses:   view, view        views that it reads too, and does without: in a case without their records it runs all the same
//	steps:  file, file        shared WITH steps that the query begins with
//	param:  name kind text                a parameter that may be left out
//	param:  name kind required text       one that may not
//	param:  name kind = value text        one with a default; '…' around a value of several words
//	column: name kind         the kind of a column that the query makes up; the views' own columns have one already
//	pivot:  title             offers the query for a value of the kind of its first required parameter
//	page:   part heading      puts its rows on the page of such a value; part is one of PageParts
//	records: query            the saved query that has the records of a row: it takes the same value, and of the row
//	                          what its parameters have the names of
//
// Kinds of parameters: account, bool, capture, cidr, domain, hosted_zone, instance, int, interface, ip, minutes, name, number,
// text, time, vpc. A parameter is used as $name and is always bound, never pasted into the SQL. One that is
// left out and has no default is NULL, or the empty string where its kind is text (account, capture, domain, hosted_zone,
// instance, interface, name, text, vpc). Write $at::TIMESTAMP where DuckDB cannot tell the type.
//
// What most queries are narrowed to has a word in every case: of(capture, $capture) holds for the capture that was chosen,
// and for all where none was; within(start, $from, $to) for a moment in a window, either end of which may be left out;
// touches(start, "end", $from, $to) for a record that speaks about some of the window; around(start, $at, $minutes) for a
// moment not far from another. cases/schema.sql has more of them: lists of ports and domains, and what is AWS's own.
//
// An address is also bound as a number, where the SQL asks for it: $ip_n::UHUGEINT for a parameter named ip of kind ip;
// $net_first::UHUGEINT and $net_last::UHUGEINT, the first and the last address of the block, for one named net of kind cidr.
//
// Rows that are records should carry object_id and row_no: then the workbench can show the line they came from.
// To reach flows by address quickly, use flow_by_addr with addr_n = $ip_n::UHUGEINT or addr_n BETWEEN $cidr_first::UHUGEINT AND
// $cidr_last::UHUGEINT: that table is sorted. Rank ties by something, so that the same case gives the same answer.
//
// # On the page of a value
//
// Queries with a page: line are what package entities, and case53 entity, show of an address, a name, an interface …
// A part may be told by several queries, a log type each. Those of the part seen say per capture when the value was seen, in
// the columns log, what, capture, first_seen, last_seen, records and over_time: records by when they began, a count for every
// $every minutes (param: every minutes = 60).
//
// # Hunts and records that were left out
//
//	needs-all: view, view             views of which a hunt needs every record, as it speaks of what is not there, of how much there is in
//	                                  all, or of a rhythm. Where such records were narrowed before they came, it is not run
//
// # Hunts in threads
//
// A hunt may say what its findings tell of, so that package queries/threads can put them together with those of others:
//
//	phase:  home                      where in a story: one of Phases, or none; also by direction: in entry, out home
//	kind:   clock                     what sort of evidence; the same kind twice counts once
//	log:    flow                      the log types that it rests on
//	weight: own                       own carries a thread, support makes one stronger, context is told with it;
//	                                  own channel: through what it finds somebody can act while it lasts
//
// The direction is that of the finding: in (from outside to a host of ours), out, or inside. A hunt without these lines takes no part.
//
// # Shared steps
//
// What several queries begin with stands once, in a file of sql/steps: a comment that says what the steps give and
// what must come before them, then WITH and the steps, without a SELECT. The line
//
//	steps:  sides, sides-all, calls, callers-all, uses
//
// puts those of these files, in this order, in front of the query's own WITH list, or of its SELECT. A user's query may
// name the built-in ones. It must declare the parameters that they use, and need the views that they read; its text, as
// shown and run, is the whole. A step that nothing refers to is not run.
//
// # Rules
//
//   - Front matter is read strictly. A key, kind or default that is not understood is an error with file and line.
//   - Parameters declared and parameters used are the same.
//   - One statement per file, and it only reads.
//   - A user's file replaces the built-in query of the same name, and is marked as the user's. One in a case, which may be a
//     stranger's, replaces none.
//   - A broken file is reported in [Set.Problems] and hides no other.
//   - A value is refused, with what would be accepted, rather than guessed at.
//
// The package runs no SQL and knows no case: it gives text and arguments to whoever does.
package queries
