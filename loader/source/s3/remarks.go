package s3

import "fmt"

// Remarks says what the latest listing passed over.
func (s *Source) Remarks() []string {
	var out []string
	for _, skip := range s.Skipped() {
		out = append(out, fmt.Sprintf("%s: %d keys or folders were passed over: %s", s.URI(), skip.Count, skip.Reason))
	}
	return out
}
