package frame

import (
	"slices"
	"strings"

	"github.com/sahilm/fuzzy"
)

// Matches are the numbers of those of n things that fit what was typed, the best first: that whose first text it is, those whose begins
// with it, those whose texts hold it, text by text, then those whose first text only has its letters in order: in a sentence nearly all
// letters are found. All of them where nothing was typed.
func Matches(typed string, n int, texts ...func(i int) string) []int {
	typed = strings.ToLower(strings.TrimSpace(typed))
	var found []int
	add := func(i int) {
		if !slices.Contains(found, i) {
			found = append(found, i)
		}
	}
	for _, is := range []func(text, typed string) bool{strings.EqualFold, strings.HasPrefix} {
		for i := range n {
			if typed != "" && is(strings.ToLower(texts[0](i)), typed) {
				add(i)
			}
		}
	}
	for _, text := range texts {
		for i := range n {
			if strings.Contains(strings.ToLower(text(i)), typed) {
				add(i)
			}
		}
	}
	if typed == "" {
		return found
	}
	all := make([]string, n)
	for i := range n {
		all[i] = texts[0](i)
	}
	for _, m := range fuzzy.Find(typed, all) {
		add(m.Index)
	}
	return found
}
