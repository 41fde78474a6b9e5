// Package findings runs hunts and ranks what they find: which hunts can run, what is on the user's lists, how much of a
// finding's time is covered, whose its outside addresses are, and which records it rests on.
//
// Rules:
//   - A hunt whose log the case lacks is not run, and says so; one that finds nothing says how many rows it looked at.
//   - A finding never stands without the coverage of the time it speaks about.
//   - Nothing is left out without being counted: what a list allows, and what comes after the best.
//   - The same case gives the same findings in the same order.
//
// The package refuses lists that it cannot read to the last line, and rows that are no findings.
package findings
