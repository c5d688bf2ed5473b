// Package audit is the vocabulary of the audit history: who has logged in to the phone, and who has changed what on it. The store keeps
// it apart from the events, so that traffic does not displace it, and nothing but a factory reset that erases takes it away (SE-10).
package audit

import (
	"slices"
	"time"
)

// Action is what was done.
type Action string

// The actions.
const (
	Login        Action = "login"
	Logout       Action = "logout"
	LoginFailed  Action = "login_failed"
	LoginLocked  Action = "login_locked" // the last failure before further attempts are refused
	Password     Action = "password"
	TokenMade    Action = "token_made"
	TokenRevoked Action = "token_revoked"
	ExportSecret Action = "export_secrets"
	Settings     Action = "settings"
	Import       Action = "import"
	Restore      Action = "restore"
	FactoryReset Action = "factory_reset"
	Restart      Action = "restart"
)

// Group is a kind of actions. The history keeps each by itself, so that actions that strangers or scripts repeat displace no others.
type Group string

// The groups.
const (
	Logins   Group = "logins"
	Failures Group = "failures" // failed logins
	Access   Group = "access"   // passwords, tokens, secrets
	Changes  Group = "settings"
	Device   Group = "device" // files, resets and restarts
)

// Groups are all of them, in the order of the page, with how many entries of each are kept: the newest.
var Groups = []struct {
	Name    Group
	Kept    int
	Actions []Action
}{
	{Access, 2000, []Action{Password, TokenMade, TokenRevoked, ExportSecret}},
	{Changes, 5000, []Action{Settings}},
	{Device, 2000, []Action{Import, Restore, FactoryReset, Restart}},
	{Logins, 2000, []Action{Login, Logout}},
	{Failures, 1000, []Action{LoginFailed, LoginLocked}},
}

// GroupOf returns the group of an action and how many entries of it are kept.
func GroupOf(a Action) (Group, int) {
	for _, g := range Groups {
		if slices.Contains(g.Actions, a) {
			return g.Name, g.Kept
		}
	}
	return Device, 0 // no action
}

// Kind is what an author is.
type Kind string

// The kinds.
const (
	Account Kind = "account" // of the pages, or of remote control
	Token   Kind = "token"
	Command Kind = "command" // a user of the computer, by the command line
	Unknown Kind = "unknown" // somebody who has shown neither
)

// Author is who has done something.
type Author struct {
	Kind   Kind
	Name   string // of the account, of the token, of the user of the computer
	Source string // web, api or command
	From   string // address; empty of a command
}

// Entry is one line of the history. It holds no secret.
type Entry struct {
	ID     int64 // grows from entry to entry
	Time   time.Time
	Action Action
	Author
	Data map[string]any // what the action was done to, by name
}

// Query says which entries are wanted, the newest first.
type Query struct {
	Before int64   // only those with a smaller ID; 0: no bound
	Groups []Group // none: all
	Limit  int     // 0: the store's own limit
}
