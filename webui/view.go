package webui

import (
	"encoding/json"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hilphone/sip/line"
)

// Time is an instant as REST shows it: RFC 3339 with microseconds, null for the zero Time.
type Time struct{ time.Time }

// At wraps an instant.
func At(t time.Time) Time { return Time{t} }

const timeFormat = "2006-01-02T15:04:05.000000Z07:00"

// MarshalJSON writes RFC 3339 with exactly six digits of a second, so that columns of times line up.
func (t Time) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	return json.Marshal(t.Format(timeFormat))
}

// Schema describes a Time in the OpenAPI document.
func (Time) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "date-time", Nullable: true}
}

// LineView is a line in the list of lines.
type LineView struct {
	Line        int        `json:"line" minimum:"1" maximum:"20"`
	Enabled     bool       `json:"enabled"`
	PhoneNumber string     `json:"phone_number"`
	DisplayName string     `json:"display_name"`
	Status      StatusView `json:"status"`
}

// StatusView is where a line stands: registered with which server, and what was last heard of each.
type StatusView struct {
	State        line.State      `json:"state" enum:"registered,unapplied,trying,timeout" doc:"the vendor's word for it"`
	Active       line.Slot       `json:"active" enum:"primary,backup,none" doc:"the server that serves the line"`
	Phase        line.Phase      `json:"phase" enum:"unregistered,try_primary,on_primary,try_backup,on_backup,all_failed"`
	LastResult   string          `json:"last_result" doc:"while the line is not registered: how the last REGISTER ended, such as 403 Forbidden or no_response; else empty" example:"403 Forbidden"`
	Reason       string          `json:"reason" doc:"while the line is not registered: why, in a sentence; else empty"`
	ReasonWord   string          `json:"reason_word" doc:"the same in a word, such as forbidden, credentials_rejected, no_response, tls, dns or socket; words are added" example:"forbidden"`
	Remedy       string          `json:"remedy" doc:"what to do about it"`
	RetryInS     *float64        `json:"retry_in_s" nullable:"true" doc:"seconds to the next attempt to register, null if none is due"`
	TCPPort      string          `json:"tcp_port" doc:"why no calls come in by TCP: the port cannot be opened; it is tried again. Empty: it is open, or not wanted"`
	Servers      ServersView     `json:"servers"`
	Failback     FailbackView    `json:"failback"`
	LastFailover *LastChangeView `json:"last_failover" doc:"the last change from the primary to the backup since the line was started or given other servers; null if there was none"`
	LastFailback *LastChangeView `json:"last_failback" doc:"the last change back from the backup to the primary"`
	Malformed    uint64          `json:"malformed" doc:"what came since the line was started and was no message that could be matched or answered"`
	Refused      uint64          `json:"refused" doc:"requests that were refused since the line was started because accept_from does not allow their source"`

	Why RegistrationReason `json:"-"`
}

// ServersView is what is known of the two servers of a line.
type ServersView struct {
	Primary ServerView `json:"primary"`
	Backup  ServerView `json:"backup"`
}

// ServerView is what is known of one server.
type ServerView struct {
	Address          string      `json:"address" doc:"host:port and transport, empty if not configured; behind an outbound proxy host:port alone" example:"127.0.0.2:5060 udp"`
	Proxy            string      `json:"proxy" doc:"outbound proxy by which alone the server is reached: host:port and transport, empty if there is none" example:""`
	Addresses        int         `json:"addresses" doc:"how many addresses its name has, or that of its outbound proxy; 0 while that is not known"`
	LastResult       string      `json:"last_result" doc:"the last answer to REGISTER or OPTIONS, empty if it was never asked" example:"200"`
	LastCause        line.Cause  `json:"last_cause" doc:"how the last REGISTER or OPTIONS ended, empty if there was none"`
	LastInCall       *ResultView `json:"last_in_call" doc:"how the last request of a call ended, which may be the answer of the other phone; null if there was none"`
	RegisteredUntil  Time        `json:"registered_until"`
	QuarantinedUntil Time        `json:"quarantined_until"`
	Reason           string      `json:"reason" doc:"why the server did not accept the last REGISTER, in a sentence; empty if it did or was not asked"`
	ReasonWord       string      `json:"reason_word" doc:"the same in a word" example:"forbidden"`
	Remedy           string      `json:"remedy" doc:"what to do about it"`

	Why RegistrationReason `json:"-"`
}

// ResultView is how a request ended.
type ResultView struct {
	Method line.Method `json:"method" example:"INVITE"`
	Result string      `json:"result" doc:"the code of the answer, or what there was in its place" example:"404"`
	Cause  line.Cause  `json:"cause" example:"response"`
}

// TransformSchema says which parts may be null.
func (ServerView) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return orNull(s, "last_in_call")
}

// FailbackView is how the way back to the primary stands.
type FailbackView struct {
	Enabled      bool          `json:"enabled"`
	State        line.Failback `json:"state" enum:"idle,waiting,probing"`
	NextProbeInS *float64      `json:"next_probe_in_s" nullable:"true" doc:"seconds to the next probe of the primary, null if none is due"`
}

// LastChangeView is the last failover or failback of a line.
type LastChangeView struct {
	Time      Time        `json:"time"`
	MonoUS    int64       `json:"mono_us"`
	From      line.Slot   `json:"from" enum:"primary,backup,none"`
	To        line.Slot   `json:"to" enum:"primary,backup,none"`
	Method    line.Method `json:"method" doc:"the SIP method that met the failure"`
	Trigger   string      `json:"trigger" doc:"boot, manual, refresh, invite, bye, cancel, probe or settings"`
	Cause     line.Cause  `json:"cause"`
	Reason    string      `json:"reason" doc:"why there was no answer, in a word as in the event; empty where the cause says as much" example:"port_unreachable"`
	ElapsedMS float64     `json:"elapsed_ms" doc:"from the trigger to the registration"`
}

// PhoneView is the phone as a person in front of it sees it.
type PhoneView struct {
	Hook    string            `json:"hook" enum:"on,off" doc:"off: the handset is lifted, or the loudspeaker is on, or both"`
	Handset string            `json:"handset" enum:"on,off" doc:"off: lifted; PUT /phone/hook moves it"`
	Speaker string            `json:"speaker" enum:"off,on" doc:"on: the loudspeaker keeps the line, or is on beside the handset; the keys speaker and release end that"`
	State   string            `json:"state" enum:"idle,dial_tone,dialling,calling,ringback,ringing,talking,held,busy_tone,failed"`
	Display []string          `json:"display" nullable:"false" doc:"the lines of the display"`
	Lamps   map[string]string `json:"lamps" doc:"by name: off, on, slow or fast"`
	Ringer  string            `json:"ringer" enum:"off,on"`
	Digits  string            `json:"digits" doc:"what was dialled so far"`
	Calls   []CallView        `json:"calls" nullable:"false"`
	Board   BoardView         `json:"board"`
}

// PressedView is the phone after keys were pressed.
type PressedView struct {
	PhoneView
	NoEffect []NoEffectView `json:"no_effect" nullable:"false" doc:"the keys that the phone could do nothing with; the event key of each has the reason too"`
}

// NoEffectView is a key that had no effect on the phone (UX-08).
type NoEffectView struct {
	Position int    `json:"position" minimum:"1" doc:"of the key among those that were pressed"`
	Key      string `json:"key" example:"mute"`
	Reason   string `json:"reason" example:"the key has no function in this phone"`
}

// BoardView is the hardware under the phone.
type BoardView struct {
	Kind   string   `json:"kind" example:"virtual"`
	Faults []string `json:"faults" nullable:"false"`
}

// IOView is an input or output of the board.
type IOView struct {
	Name      string   `json:"name" example:"hook"`
	Direction string   `json:"direction" enum:"input,output" doc:"input: what a hand moves; output: what the phone shows"`
	Level     int      `json:"level" minimum:"0" maximum:"1" doc:"1: lifted, pressed, lit, ringing"`
	Pins      []string `json:"pins" nullable:"false" doc:"the real pins that it hangs on: two for a key of a keypad, none for what has no hardware" example:"GPIO4"`
	Chip      string   `json:"chip" doc:"that has these pins, empty if there are none" example:"gpiochip0 (pinctrl-rp1)"`
}

// CallView is one call.
type CallView struct {
	Key            int64          `json:"key,omitempty" doc:"in the call log alone, for before: grows from call to call over every start of the phone"`
	ID             line.CallID    `json:"id"`
	Line           int            `json:"line"`
	Direction      line.Direction `json:"direction" enum:"outgoing,incoming"`
	Remote         string         `json:"remote" doc:"the number called or calling"`
	RemoteName     string         `json:"remote_name" doc:"the display name that the other side gave, empty if none; at most 128 characters"`
	DigitsReceived string         `json:"digits_received" doc:"the DTMF digits that the other side sent, by RFC 4733 or SIP INFO, the newest 128"`
	State          line.CallState `json:"state" enum:"calling,ringback,ringing,talking,held,ended"`
	Server         line.Slot      `json:"server" enum:"primary,backup,none" doc:"the server through which the call is or is being set up"`
	Started        Time           `json:"started"`
	Answered       Time           `json:"answered"`
	Ended          Time           `json:"ended"`
	End            *EndView       `json:"end" doc:"why it is over, null until then"`
	SIPCallID      string         `json:"sip_call_id"`
	Media          *MediaView     `json:"media" doc:"the sound, null before there is any"`
}

// EndView says who ended a call and why.
type EndView struct {
	By        string     `json:"by" enum:"user,peer,server,phone"`
	Cause     line.Cause `json:"cause"`
	Code      int        `json:"code" doc:"SIP status, 0 if none was received"`
	Reason    string     `json:"reason"`
	ElapsedMS float64    `json:"elapsed_ms" doc:"from the user's action until the end was known"`
}

// MediaView is the sound of a call.
type MediaView struct {
	Codec           string `json:"codec" example:"PCMU"`
	Remote          string `json:"remote" doc:"address to which the sound goes"`
	PacketsSent     int64  `json:"packets_sent"`
	PacketsReceived int64  `json:"packets_received"`
	Muted           bool   `json:"muted"`
}

// TokenView is an API token without its secret.
type TokenView struct {
	Name    string `json:"name"`
	Scope   Scope  `json:"scope" enum:"read,control,admin"`
	Created Time   `json:"created"`
	Used    Time   `json:"used" doc:"when it was last used, null if never"`
}

// AccountView is an account of the web pages.
type AccountView struct {
	Account         string `json:"account"`
	Role            Role   `json:"role" enum:"admin,user"`
	PasswordSet     bool   `json:"password_set"`
	PasswordChanged Time   `json:"password_changed" doc:"when it was set; null if it is not"`
}

// InformationView is the page System > Information.
type InformationView struct {
	Model           string        `json:"model" example:"hilphone"`
	HardwareVersion string        `json:"hardware_version" example:"Raspberry Pi 4 Model B Rev 1.5" doc:"the computer the phone is made of"`
	SoftwareVersion string        `json:"software_version"`
	Commit          string        `json:"commit"`
	Started         Time          `json:"started"`
	UptimeS         float64       `json:"uptime_s"`
	Time            Time          `json:"time"`
	MonoUS          int64         `json:"mono_us" doc:"microseconds since start, the clock of all events and messages"`
	SIP             []string      `json:"sip" nullable:"false" doc:"local SIP addresses" example:"127.0.0.1:5060 udp"`
	Network         []NetworkView `json:"network" nullable:"false" doc:"the interfaces of these addresses"`
	Listen          []string      `json:"listen" nullable:"false" doc:"addresses of this web server"`
	MemoryBytes     int64         `json:"memory_bytes" doc:"memory taken from the system"`
	ResidentBytes   int64         `json:"resident_bytes" doc:"what of it is in RAM; 0 where the system does not tell"`
	TotalBytes      int64         `json:"total_bytes" doc:"RAM of the computer; 0 where the system does not tell"`
	Board           BoardView     `json:"board"`
	LastEvent       int64         `json:"last_event" doc:"the newest seq of the history"`
}

// NetworkView is an interface of the computer at which the phone speaks SIP.
type NetworkView struct {
	Interface  string `json:"interface" example:"eth0"`
	MAC        string `json:"mac" example:"dc:a6:32:00:5e:13" doc:"empty if it has none"`
	IP         string `json:"ip" example:"192.0.2.61"`
	SubnetMask string `json:"subnet_mask" example:"255.255.255.0" doc:"of IPv6 the length of the prefix"`
	Gateway    string `json:"default_gateway" example:"192.0.2.1" doc:"empty if there is none"`
}

// TransformSchema says which parts may be null.
func (StatusView) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return orNull(s, "last_failover", "last_failback")
}

// TransformSchema says which parts may be null.
func (CallView) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return orNull(s, "end", "media")
}

// orNull lets the properties, which refer to other schemas, be null.
func orNull(s *huma.Schema, names ...string) *huma.Schema {
	for _, name := range names {
		p := s.Properties[name]
		s.Properties[name] = &huma.Schema{Description: p.Description, AnyOf: []*huma.Schema{{Ref: p.Ref}, {Type: "null"}}}
	}
	return s
}
