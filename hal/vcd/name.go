package vcd

import "strings"

// Name makes a name that every reader takes: letters, digits and _, a letter or _ first. * and # of a phone are star and pound.
func Name(s string) string {
	s = strings.NewReplacer("*", "star", "#", "pound").Replace(s)
	s = strings.Map(func(r rune) rune {
		if r == '_' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' {
			return r
		}
		return '_'
	}, s)
	if s == "" || s[0] >= '0' && s[0] <= '9' {
		s = "_" + s
	}
	return s
}

// scopes groups the variables by their scope, in the order in which the scopes appear.
func scopes(vars []Variable) (groups [][]int) {
	at := map[string]int{}
	for i, v := range vars {
		n, known := at[v.Scope]
		if !known {
			n = len(groups)
			at[v.Scope], groups = n, append(groups, nil)
		}
		groups[n] = append(groups[n], i)
	}
	return groups
}

// letters are those of the identifiers: none begins an instant, a value or a keyword, so that no reader takes an identifier for one of these.
const letters = "!%&'()*+,./:;<=>?@ACDEFGIJKMNOPQTVYacdefgijkmnopqtvy"

func identifier(i int) string {
	var id []byte
	for i++; i > 0; i = (i - 1) / len(letters) {
		id = append(id, letters[(i-1)%len(letters)])
	}
	return string(id)
}

// remark makes a text that ends where its $end is.
func remark(s string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(s, "$", "_")), " ")
}
