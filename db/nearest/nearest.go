// Package nearest finds the name that was most likely meant by one that is wrong, for the errors of everything that reads names: REST, the command
// line, scenarios, and the files of places, rigs and boards.
package nearest

import "strings"

// Hint is "; did you mean NAME?" with the one of the names that was most likely meant; empty if none is near.
func Hint(given string, names []string) string {
	best, ok := Name(given, names)
	if !ok {
		return ""
	}
	return "; did you mean " + best + "?"
}

// Name returns the one of the names that was most likely meant, and whether any is near enough: with few letters wrong, too many, missing or
// exchanged, or begun with what was given. Case, hyphens, underscores and spaces do not count.
func Name(given string, names []string) (best string, ok bool) {
	short, least := plain(given), 0
	for _, name := range names {
		long := plain(name)
		d := distance(short, long)
		if d <= max(2, len(name)/3) && 2*d < max(len(short), len(long)) && (best == "" || d < least) {
			best, least = name, d
		}
	}
	if best != "" || len(short) < 3 {
		return best, best != ""
	}
	for _, name := range names {
		if strings.HasPrefix(plain(name), short) && (best == "" || len(name) < len(best)) {
			best = name
		}
	}
	return best, best != ""
}

func plain(text string) string {
	return strings.ToLower(strings.NewReplacer("-", "", "_", "", " ", "").Replace(text))
}

// distance is the edit distance of two texts in octets, in which two neighbours that were exchanged count once (optimal string alignment). Of a
// text that is longer than any name it is its length.
func distance(a, b string) int {
	const longest = 64
	if len(a) > longest {
		return len(a)
	}
	before, row, next := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next[0] = i + 1
		for j := range len(b) {
			change := row[j]
			if a[i] != b[j] {
				change++
			}
			next[j+1] = min(change, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row, next = row, next, before
	}
	return row[len(b)]
}
