package webui

import "strings"

// nearest is "; did you mean NAME?" with the one of the names that was most likely meant; empty if none is near.
func nearest(given string, names []string) string {
	plain := func(text string) string {
		return strings.ToLower(strings.NewReplacer("-", "", "_", "", " ", "").Replace(text))
	}
	best, least := "", 0
	for _, name := range names {
		d := distance(plain(given), plain(name))
		if d <= max(2, len(name)/3) && d < len(name) && (best == "" || d < least) {
			best, least = name, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}

// distance is the edit distance of two texts (Levenshtein), in octets. Of a text that is longer than any name it is its length.
func distance(a, b string) int {
	const longest = 64
	if len(a) > longest {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
