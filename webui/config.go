package webui

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"hilphone/db/audit"
	"hilphone/db/journal"
	"hilphone/db/sysconf"
	"hilphone/sip/line"
)

// What the phone's rooms answer when something cannot be done. They are wrapped with the words for the user: the whole
// error text is the detail of the answer. A *line.FieldError in the chain becomes 422 with its field named; any other
// error becomes 500, is logged and not shown.
var (
	ErrNotFound = errors.New("not found")        // 404
	ErrConflict = errors.New("not possible now") // 409
)

// LineSettings keeps the settings of the lines.
type LineSettings interface {
	// Lines returns those of all lines, 1 to line.MaxLines.
	Lines(ctx context.Context) (map[int]line.Settings, error)
	// Line returns the stored settings of line n, the defaults where none are stored.
	Line(ctx context.Context, n int) (line.Settings, error)
	// SaveLine stores them, and the entry about it in the audit history, both or neither; when it returns nil they survive a power failure.
	SaveLine(ctx context.Context, n int, s line.Settings, e audit.Entry) error
}

// Lines are the running lines. None of the methods waits for a server.
type Lines interface {
	Status(n int) StatusView
	Apply(n int, old, new line.Settings) // cannot fail: what was validated can be run
	// ReadFile reads a file that a setting is to name and holds what it has for the lines; changed says that it is something else than before.
	ReadFile(name string) (changed bool, err error)
	// DropFiles releases the files that no line's settings name.
	DropFiles()
	Register(n int)
	Unregister(n int)
}

// Phone is the keys, the hook, the lamps and the display. Source is "web" for the pages and "api" for scripts.
type Phone interface {
	View() PhoneView
	// Hook lifts (off true) or replaces the handset and returns when the phone has seen it.
	Hook(ctx context.Context, source string, off bool) error
	// Keys presses the keys one after the other, each held for press with gap between them, and returns when the last one is up, with those
	// that had no effect on the phone.
	Keys(ctx context.Context, source string, keys []string, press, gap time.Duration) ([]NoEffectView, error)
	// Lamp shows a pattern (off, on, slow or fast) on a lamp until the phone has something else to show on it. ErrNotFound: no such lamp.
	Lamp(ctx context.Context, name, pattern string) error
}

// IO are the inputs and outputs of the phone's front: hook, keys, lamps, ringer.
type IO interface {
	IO() []IOView
	Level(name string) (int, error) // 0 or 1; ErrNotFound
	// SetLevel sets an input and returns when the phone has seen it: ErrNotFound, ErrConflict if it cannot be set.
	SetLevel(source, name string, level int) error
}

// Waves are the inputs and outputs over time.
type Waves interface {
	// VCD is a Value Change Dump of what is kept since the start, or since an instant in microseconds since start.
	VCD(since int64) ([]byte, error)
}

// Calls are the calls since the phone was started.
type Calls interface {
	Current() []CallView                   // those that have not ended, oldest first
	Find(id line.CallID) (CallView, error) // ErrNotFound
	Dial(ctx context.Context, n int, to string) (CallView, error)
	Act(ctx context.Context, id line.CallID, a CallAction) error // ErrNotFound, ErrConflict if its state does not allow it
}

// CallLog remembers calls that are over, across restarts.
type CallLog interface {
	// Log returns the newest calls first, limit of them at most, those with a key below before where that is not 0.
	Log(ctx context.Context, limit int, before int64) ([]CallView, error)
}

// History are the saved events and messages, over every start of the phone. It has those that the journal no longer holds, and may lag behind it.
type History interface {
	EventHistory(ctx context.Context, p journal.Past) ([]journal.Event, error)             // in the order asked for; it may answer fewer than the limit only at the end
	MessageHistory(ctx context.Context, q journal.MessageQuery) ([]journal.Message, error) // in the order asked for; it answers none only at the end
}

// CallAction is what a user or a script does to a call.
type CallAction struct {
	Do     CallVerb
	Code   int    // Reject: the SIP status, 0 for that of the settings
	Digits string // DTMF
	Muted  bool   // Mute
	To     string // Transfer: the number
}

// CallVerb names a CallAction.
type CallVerb string

// The actions on a call.
const (
	Answer   CallVerb = "answer"
	Reject   CallVerb = "reject"
	HangUp   CallVerb = "hang_up"
	DTMF     CallVerb = "dtmf"
	Mute     CallVerb = "mute"
	Hold     CallVerb = "hold"
	Resume   CallVerb = "resume"
	Transfer CallVerb = "transfer"
)

// Accounts are the people who may use the pages.
type Accounts interface {
	// Check returns the role of the account if the password is right. A wrong password or an unknown account is ok false.
	Check(ctx context.Context, account, password string) (role Role, ok bool, err error)
	// Accounts returns all accounts, at every request of a session: a password that was changed, by whomever, ends it.
	Accounts(ctx context.Context) ([]AccountView, error)
	SetPassword(ctx context.Context, account, password string) error // ErrNotFound
	// KnownDevice reports whether RememberDevice was called for the account and the client, over every start of the phone. Device is any
	// text; the newest some of each account are kept.
	KnownDevice(ctx context.Context, account, device string) (bool, error)
	RememberDevice(ctx context.Context, account, device string) error
}

// Tokens are the keys of scripts. A lookup happens at every request and is answered from memory.
type Tokens interface {
	NewToken(ctx context.Context, name string, scope Scope) (secret string, err error) // ErrConflict if the name is taken
	Tokens(ctx context.Context) ([]TokenView, error)
	RevokeToken(ctx context.Context, name string) error                // ErrNotFound
	LookupToken(ctx context.Context, secret string) (TokenView, error) // ErrNotFound
}

// LabMessages are what the servers and the other phones of a lab said to each other. The phone itself sees none of it.
type LabMessages interface {
	// Beside returns them in the order of the times: from one until another.
	Beside(from, until time.Time) []SeenMessage
}

// SeenMessage is a SIP message between a server of the lab and another phone of it.
type SeenMessage struct {
	Time     time.Time
	From, To string // line.Primary, line.Backup or "peer"
	Peer     string // ADDRESS:PORT of the other phone
	CallID   string
	Method   string // of the request, also of a response to it
	Start    string // request or status line
}

// System is the program as a whole.
type System interface {
	Information() InformationView // model, versions, SIP addresses; the web server knows the rest itself
	Ready() error                 // nil when the lines run
	CallsEnded() map[CallEnd]int64
	Restart() // ends the phone as SIGTERM does and begins it anew; it returns before that
}

// Configurations keep the configuration as a whole.
type Configurations interface {
	Configuration(ctx context.Context) (sysconf.Configuration, error)
	// ChangeConfiguration replaces it by what change makes of it, in one transaction in which nobody else writes; an error of change is
	// returned as it is, and nothing was changed. Before, one of the words of a CopyView, is why; a copy of what was there is kept, but not where it is empty.
	ChangeConfiguration(ctx context.Context, before string, change func(sysconf.Configuration) (sysconf.Configuration, error)) error
	Copies(ctx context.Context) ([]CopyView, error)                    // newest first
	Copy(ctx context.Context, id int64) (sysconf.Configuration, error) // ErrNotFound
	FactoryReset(ctx context.Context, erase bool) error                // stored; the phone does not have it before its next start
	TimeZone(ctx context.Context) (string, error)                      // as IANA calls it; empty: that of the computer
	SetTimeZone(ctx context.Context, name string) error
}

// CallEnd is what calls that are over are counted by.
type CallEnd struct {
	Direction line.Direction
	Server    line.Slot
	Answered  bool
}

// Config is what the web server is made of. Everything but Lab and Names is needed.
type Config struct {
	Journal  *journal.Journal
	History  History
	Settings LineSettings
	Lines    Lines
	Phone    Phone
	IO       IO
	Waves    Waves
	Board    Board
	Calls    Calls
	CallLog  CallLog
	Accounts Accounts
	Tokens   Tokens
	System   System
	Audit    Audit
	Device   Device
	Whole    Configurations
	Lab      Lab      // nil without an embedded lab
	Names    []string // host names under which browsers may ask for the phone, beside IP addresses and localhost
	Zone     string   // the time zone that is set, as IANA calls it; empty: the computer's
	Version  string   // of the program, in the OpenAPI document
	Log      *slog.Logger
}

func (c Config) check() error {
	switch {
	case c.Journal == nil || c.History == nil:
		return errors.New("webui: no journal")
	case c.Settings == nil || c.Lines == nil:
		return errors.New("webui: no lines")
	case c.IO == nil || c.Waves == nil || c.Board == nil:
		return errors.New("webui: no inputs and outputs")
	case c.Phone == nil || c.Calls == nil || c.CallLog == nil:
		return errors.New("webui: no phone")
	case c.Accounts == nil || c.Tokens == nil:
		return errors.New("webui: no accounts")
	case c.Device == nil:
		return errors.New("webui: no settings of the phone")
	case c.Whole == nil || c.Audit == nil:
		return errors.New("webui: no configuration")
	case c.System == nil || c.Log == nil:
		return errors.New("webui: no system")
	}
	return nil
}
