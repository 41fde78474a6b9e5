// Package answers is the screens that answer by themselves: what the case holds, what it lacks, and where to begin.
package answers
