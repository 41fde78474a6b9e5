package field

import "bytes"

// Share is how many of the records that are not blank fit, in percent; 0 only for none of them.
func Share(sample [][]byte, fits func(rec []byte) bool) int {
	fit, all := 0, 0
	for _, rec := range sample {
		if len(bytes.TrimSpace(rec)) == 0 {
			continue
		}
		all++
		if fits(rec) {
			fit++
		}
	}
	if fit == 0 {
		return 0
	}
	return max(1, 100*fit/all)
}

// First is the first record that is not blank; nil for none.
func First(sample [][]byte) []byte {
	for _, rec := range sample {
		if len(bytes.TrimSpace(rec)) > 0 {
			return rec
		}
	}
	return nil
}
