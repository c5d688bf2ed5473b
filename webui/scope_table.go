package webui

// DefaultScope is the scope of a new token where none is asked for: by the command, by REST and on the page (UX-06). A script that uses the phone
// needs no more.
const DefaultScope = Control

// ScopeText is what a scope permits, in a sentence.
type ScopeText struct {
	Scope   Scope
	Text    string
	Default bool // of a new token
}

// Scopes is the one table of what a token of each scope may do: the page System > API tokens, /docs, the help of `hilphone token new` and the
// README are made of it. Each scope includes those before it.
func Scopes() []ScopeText { return scopesIn(english) }

func scopesIn(l language) (all []ScopeText) {
	for _, s := range scopes {
		all = append(all, ScopeText{s, l.word("scope", string(s)), s == DefaultScope})
	}
	return all
}

// refusal says which scope is missing, and how to get it.
func (v Visitor) refusal(needed Scope) string {
	switch {
	case v.Account != "":
		return "this is for the account admin; you are logged in as " + v.Account
	case v.basic != "":
		return "this is for the account admin; the account is " + v.basic
	}
	return "this needs a token of scope " + string(needed) + "; the token " + v.Token + " has scope " + string(v.scope) +
		". Make one with hilphone token new NAME --scope " + string(needed) + ", or on the page System > API tokens"
}
