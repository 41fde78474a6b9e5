package logs

import "testing"

func TestZoneVectors(t *testing.T) { testVectors(t, Zone, "zone.txtar") }
