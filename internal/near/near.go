// Package near finds the word that somebody meant who wrote another.
package near

import (
	"fmt"
	"strings"
)

// Distance is the number of characters to insert, delete or replace that turn a into b (Levenshtein).
func Distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range x {
		diagonal := row[0]
		row[0] = i + 1
		for j := range y {
			next := diagonal
			if x[i] != y[j] {
				next = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], next
		}
	}
	return row[len(y)]
}

// Word returns the first of the words that takes the fewest changes, "" if none takes at most so many.
func Word(word string, most int, words ...string) string {
	best := ""
	for _, w := range words {
		if d := Distance(word, w); d <= most {
			best, most = w, d-1
		}
	}
	return best
}

// Hint returns ` (did you mean "x"?)` with the word that is at most two changes away, whatever its case, and "" if none
// is.
func Hint(word string, words ...string) string {
	lower, best, least := strings.ToLower(word), "", 3
	for _, w := range words {
		if d := Distance(lower, strings.ToLower(w)); d < least && d < len(word) {
			best, least = w, d
		}
	}
	if best == "" {
		return ""
	}
	return Meant(best)
}

// Meant is the question whether somebody meant a word, as it stands behind a message.
func Meant(word string) string { return fmt.Sprintf(" (did you mean %q?)", word) }
