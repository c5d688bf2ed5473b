package event

// Phone is the data of "phone".
type Phone struct {
	State  string `json:"state" doc:"idle, dial_tone, dialling, calling, ringback, ringing, talking, held, busy_tone or failed"`
	Reason string `json:"reason,omitempty"`
}

// Hook is the data of "hook".
type Hook struct {
	State  string `json:"state" doc:"off: lifted, or on"`
	Source string `json:"source" doc:"board, web or api"`
	Test   bool   `json:"test,omitempty" doc:"in the test of the board; the phone does not act on it"`
}

// Key is the data of "key".
type Key struct {
	Key    string `json:"key"`
	State  string `json:"state" doc:"down or up"`
	Source string `json:"source" doc:"board, web or api"`
	Test   bool   `json:"test,omitempty"`

	NoEffect string `json:"no_effect,omitempty" doc:"why the key had no effect"`
}

// Lamp is the data of "lamp".
type Lamp struct {
	Name    string `json:"name"`
	Pattern string `json:"pattern" doc:"off, on, slow or fast"`
	Test    bool   `json:"test,omitempty"`
}

// Ringer is the data of "ringer".
type Ringer struct {
	State string `json:"state" doc:"on or off"`
	Test  bool   `json:"test,omitempty"`
}

// Fault is the data of "fault".
type Fault struct {
	Device  string `json:"device"`
	Message string `json:"message" doc:"empty: the fault is over"`
}

// Settings is the data of "settings".
type Settings struct {
	Line    *int     `json:"line" doc:"null: of the whole phone"`
	Changed []string `json:"changed" doc:"names of the settings"`
	By      string   `json:"by,omitempty" doc:"account or token"`
	Source  string   `json:"source,omitempty"`
}

// Configuration is the data of "configuration".
type Configuration struct {
	Action  string `json:"action" doc:"import, restore or reset"`
	Changes int    `json:"changes,omitempty" doc:"settings that were changed"`
	Erase   bool   `json:"erase,omitempty" doc:"a reset that erases history and accounts too"`
	Source  string `json:"source"`
}

// Login is the data of "login".
type Login struct {
	Result  string `json:"result" doc:"ok, wrong or locked"`
	From    string `json:"from"`
	Account string `json:"account,omitempty"`
}

// Lab is the data of "lab".
type Lab struct {
	Server    string `json:"server" doc:"primary or backup"`
	Behaviour string `json:"behaviour"`
}

// Lock is the data of "lock".
type Lock struct {
	State  string `json:"state" doc:"taken, released, broken or expired"`
	Owner  string `json:"owner"`
	Source string `json:"source"`
}

// ActionURL is the data of "action_url".
type ActionURL struct {
	Event   string `json:"event" doc:"name of the action"`
	URL     string `json:"url" doc:"without its secrets"`
	Status  int    `json:"status" doc:"0: no response was received"`
	Tries   int    `json:"tries"`
	Elapsed int64  `json:"elapsed_ms"`
	Error   string `json:"error,omitempty"`
	Test    bool   `json:"test,omitempty" doc:"asked for by a user"`
}

// Restart is the data of "restart".
type Restart struct {
	Source string `json:"source"`
}

// Dropped is the data of "dropped".
type Dropped struct {
	Count int64 `json:"count" doc:"of any type and line"`
}

func (Phone) EventType() string         { return "phone" }
func (Hook) EventType() string          { return "hook" }
func (Key) EventType() string           { return "key" }
func (Lamp) EventType() string          { return "lamp" }
func (Ringer) EventType() string        { return "ringer" }
func (Fault) EventType() string         { return "fault" }
func (Settings) EventType() string      { return "settings" }
func (Configuration) EventType() string { return "configuration" }
func (Login) EventType() string         { return "login" }
func (Lab) EventType() string           { return "lab" }
func (Lock) EventType() string          { return "lock" }
func (ActionURL) EventType() string     { return "action_url" }
func (Restart) EventType() string       { return "restart" }
func (Dropped) EventType() string       { return "dropped" }
