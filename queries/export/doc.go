// Package export writes rows in the forms that other tools take.
//
// Rules:
//   - A form is one file and one word in [Formats].
//   - What goes into a file is exact; what goes to a terminal passes safetext. JSON is the same JSON in both, with what could
//     steer a terminal written as \\uXXXX.
//   - Every row is written or the error says that it was not.
package export
