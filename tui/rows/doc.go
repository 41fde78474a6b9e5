// Package rows is the screens that show rows: a result and its filters, a record with its raw line, pivots, saved queries and
// their forms, and SQL by hand.
//
// A value that is put into a question is bound, never pasted. A result is read as far as somebody looks.
package rows
