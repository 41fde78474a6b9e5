package loader

import (
	"errors"
	"time"
)

// Zone reads a time zone: its name in the tz database, or its hours from UTC.
func Zone(name string) (*time.Location, error) {
	if at, err := time.Parse("-07:00", name); err == nil {
		_, offset := at.Zone()
		return time.FixedZone(name, offset), nil
	}
	if name == "Local" { // another machine's, when the case is loaded again
		return nil, errors.New("the zone of this machine has a name of its own")
	}
	return time.LoadLocation(name)
}
