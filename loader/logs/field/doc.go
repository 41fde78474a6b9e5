// Package field is what the decoders of several log types need: addresses, DNS names, times, text that is not UTF-8, and JSON
// read strictly, each with the columns that it is stored in.
//
// Rules:
//   - What cannot be read is said to be so; nothing is guessed, padded or normalised beyond what a column's comment says.
//   - Nothing here allocates for a record that is as it mostly is.
//
// The package refuses addresses with zones, times without a date or an offset, and JSON objects that have a name twice.
package field
