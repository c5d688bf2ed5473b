package sysconf

import (
	"regexp"
	"strings"

	"hilphone/db/secret"
)

// Placeholders of provisioning systems that are left in a value where the system did not fill its template in (IM-13). Only forms are listed that
// neither addresses, dial plans, format strings nor this family's own variables ($mac, {mac}, $id@$ip) have. Names have two characters at least.
var placeholders = []*regexp.Regexp{
	regexp.MustCompile(`\{\{[^{}]+\}\}`),        // {{x}}: Jinja, Mustache, Go
	regexp.MustCompile(`\{%.*?%\}`),             // {% if x %}: Jinja, Twig
	regexp.MustCompile(`\{\$[A-Za-z_][^{}]*\}`), // {$x}: Smarty
	regexp.MustCompile(`\{/?(?:if|else|elseif|foreach|foreachelse|include|assign)(?: [^{}]*)?\}`), // {if $x}: Smarty
	regexp.MustCompile(`[$#]\{[A-Za-z_][^{}]*\}`),                                                 // ${x}, #{x}: shell, Java, Ruby
	regexp.MustCompile(`<%.*?%>`),                                                                 // <%= x %>: ERB, ASP
	regexp.MustCompile(`<\?(?:php|=).*?\?>`),                                                      // <?php echo $x ?>
	regexp.MustCompile(`\[\[ *[A-Za-z_][A-Za-z0-9_.-]+ *\]\]`),                                    // [[x]]; not the class [[:alpha:]]
}

var (
	percents    = regexp.MustCompile(`%[A-Za-z_][A-Za-z0-9_.-]{2,}%`)     // %x%: Windows
	underscores = regexp.MustCompile(`__[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*__`) // __X__
	whole       = regexp.MustCompile(`^(?:%[A-Za-z_][A-Za-z0-9_.-]*%|__[A-Za-z][A-Za-z0-9_]*__|@[A-Z][A-Z0-9_]*@)$`)
)

// placeholder returns the first placeholder in a text; empty if there is none.
func placeholder(text string) string {
	if !strings.ContainsAny(text, "%{[<_@") {
		return ""
	}
	if bare := strings.TrimSpace(text); whole.MatchString(bare) {
		return bare
	}
	for _, p := range placeholders {
		if found := p.FindString(text); found != "" {
			return found
		}
	}
	for _, at := range percents.FindAllStringIndex(text, -1) {
		// "http://h/%C3%A4bc%20d" has octets in hexadecimal digits, "50%abc%" is a text.
		if !wordBefore(text, at[0]) && !isOctet(text[at[1]-1:]) {
			return text[at[0]:at[1]]
		}
	}
	for _, at := range underscores.FindAllStringIndex(text, -1) {
		if !wordBefore(text, at[0]) && !wordBefore(text, at[1]+1) {
			return text[at[0]:at[1]]
		}
	}
	return ""
}

// wordBefore tells whether the character before an offset is one of a word.
func wordBefore(text string, at int) bool {
	if at < 1 || at > len(text) {
		return false
	}
	c := text[at-1]
	return c == '_' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= 0x80
}

// isOctet tells whether a text begins with a percent-encoded octet (RFC 3986 2.1).
func isOctet(text string) bool {
	return len(text) >= 3 && text[0] == '%' && isHex(text[1]) && isHex(text[2])
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c >= 'A' && c <= 'F' || c >= 'a' && c <= 'f' }

// unfilled is the fault of an entry that has a placeholder in its value or key; empty if it has none. The value of a secret may have any
// characters, so only one that is a placeholder as a whole counts, and the fault does not show it.
func (e Entry) unfilled() string {
	const message = "looks like a template that was not filled in"
	if found := placeholder(e.Key + " " + e.Path); found != "" {
		return message + ": " + shorten(found)
	}
	found := placeholder(e.Value)
	switch {
	case found == "":
		return ""
	case !e.Secret() && placeholder(secret.Mask(e.Value)) == found:
		return message + ": " + shorten(found)
	case found == strings.TrimSpace(e.Value):
		return message
	}
	return ""
}

// hint is a message with what the text of a line suggests: a placeholder that is no XML or no KEY:VALUE.
func hint(message, row string) string {
	if found := placeholder(row); found != "" {
		return message + "; it looks like a template that was not filled in: " + shorten(found)
	}
	return message
}
