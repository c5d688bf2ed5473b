package hil

import (
	"regexp"
	"slices"
	"strings"
)

// tokenVariable is the variable of the environment that holds the token of the phone.
const tokenVariable = "HILPHONE_TOKEN"

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// passedOn are the variables that the commands of a place get (SE-15): what any program needs, and what says where the phone is and how it was
// started. None of them is a secret.
var passedOn = []string{"PATH", "HOME", "LANG", "HILPHONE_PHONE", "HILPHONE_URL", "HILPHONE_DATA", "HILPHONE_LISTEN", "HILPHONE_HTTPS", "HILPHONE_TLS", "HILPHONE_TLS_CERT",
	"HILPHONE_TLS_KEY", "HILPHONE_NAME", "HILPHONE_BOARD", "HILPHONE_SIP", "HILPHONE_HEP", "HILPHONE_LOG_LEVEL", "HILPHONE_LOG_FORMAT"}

// commandEnvironment is what the commands of a place see of an environment: the variables of passedOn, and those that the place names.
func commandEnvironment(environment, named []string) []string {
	passed := []string{} // not nil, which would be the whole environment
	for _, variable := range environment {
		name, _, _ := strings.Cut(variable, "=")
		if name != tokenVariable && (slices.Contains(passedOn, name) || slices.Contains(named, name)) {
			passed = append(passed, variable)
		}
	}
	return passed
}
