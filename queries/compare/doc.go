// Package compare compares two captures of a case, such as an incident and the replay of its snapshot, and says what they
// share in sentences of which each is a count, a time or a coverage.
//
// The right capture is the one that is asked about. Names, and addresses that were called without one, are matched at four
// levels; what a baseline has, AWS's own services and what is on an allow list is set apart and counted. What the right
// capture does not show is stated with the time that its logs cover, and with what such logs never show.
//
// The package refuses captures that it would have to choose between, and to say anything that a log of the case does not bear out.
package compare
