package source

import (
	"regexp"
	"time"
)

// Place is where a service writes logs of one type: below which folder of a bucket, and what a file's name says of its
// records' times.
type Place struct {
	Services []string       // its folder below AWSLogs/ACCOUNT/, and other names of it
	Region   bool           // a folder of the region follows
	Name     *regexp.Regexp // nil: a file's name says nothing of its times, its folder does
	Stamp    string         // layout of the time that is Name's group
	// Before and After are how long before a window's start and after its end a stamp may lie whose object holds records of
	// the window. Stamps are multiples of Step; 0: of nothing.
	Before, After, Step time.Duration
}
