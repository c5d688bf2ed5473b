package event

// All is the table of all types, in the order in which they are listed.
var All = []Info{
	{Zero: Failover{}, Group: GroupFailover, Panel: true, Doc: "the active server changed because one was unavailable"},
	{Zero: Failback{}, Group: GroupFailover, Panel: true, Doc: "the primary is the active server again"},
	{Zero: FailbackTimer{}, Group: GroupFailover, Doc: "the next probe of the primary is due in that time"},
	{Zero: ProbeStart{}, Group: GroupFailover, Doc: "a probe of the primary begins"},
	{Zero: ProbeEnd{}, Group: GroupFailover, Panel: true, Doc: "a probe of the primary ends"},
	{Zero: AllFailed{}, Group: GroupFailover, Panel: true, Doc: "every server was tried for a request, and none could be reached"},

	{Zero: LineState{}, Group: GroupLine, Panel: true, Doc: "the state of a line, its active server or its phase changed"},
	{Zero: Registered{}, Group: GroupLine, Doc: "a server accepted a registration"},
	{Zero: RegisterRejected{}, Group: GroupLine, Panel: true, Doc: "a server that is reachable refused the registration"},
	{Zero: Quarantine{}, Group: GroupLine, Doc: "a server is not used for that time: it sent Retry-After"},
	{Zero: AddressChange{}, Group: GroupLine, Panel: true, Doc: "the local address of a line changed; it registers again"},

	{Zero: AttemptStart{}, Group: GroupAttempt, Doc: "a request is sent to a server for the first time"},
	{Zero: Send{}, Group: GroupAttempt, Doc: "a request is sent; k is 0 for the first time and counts the retransmissions"},
	{Zero: Response{}, Group: GroupAttempt, Doc: "a response to a request was received"},
	{Zero: ICMP{}, Group: GroupAttempt, Doc: "an ICMP error about a request was received"},
	{Zero: AttemptEnd{}, Group: GroupAttempt, Panel: true, Doc: "the attempt at a server ended; the front panel lists those that failed"},
	{Zero: LookupFailed{}, Group: GroupAttempt, Panel: true, Doc: "the name of a server could not be resolved"},
	{Zero: ConnectionLost{}, Group: GroupAttempt, Panel: true, Doc: "a connection to a server ended, and the phone did not mean it to"},
	{Zero: ChallengeRefused{}, Group: GroupAttempt, Doc: "a 401 or 407 was not answered with the password of the line"},
	{Zero: LateResponse{}, Group: GroupAttempt, Doc: "a response came after the attempt had ended"},
	{Zero: ByeLost{}, Group: GroupAttempt, Panel: true, Doc: "no server accepted the BYE of a call"},
	{Zero: Malformed{}, Group: GroupAttempt, Doc: "a message was received that cannot be read"},
	{Zero: Refused{}, Group: GroupAttempt, Doc: "a request was refused because of the address it came from"},
	{Zero: ICMPIgnored{}, Group: GroupAttempt, Doc: "an ICMP error was ignored because it quotes no request under way"},

	{Zero: Call{}, Group: GroupCall, Panel: true, Doc: "the state of a call changed"},
	{Zero: Hold{}, Group: GroupCall, Panel: true, Doc: "one side put the call on hold, or took it back"},
	{Zero: HoldFailed{}, Group: GroupCall, Panel: true, Doc: "the call could not be put on hold or taken back"},
	{Zero: Transfer{}, Group: GroupCall, Panel: true, Doc: "the progress of a transfer"},
	{Zero: Mute{}, Group: GroupCall, Doc: "the microphone was turned off or on"},
	{Zero: Media{}, Group: GroupCall, Panel: true, Doc: "RTP of a call stopped or began in one direction"},
	{Zero: DTMF{}, Group: GroupCall, Panel: true, Doc: "the other side pressed a key in a call"},

	{Zero: Phone{}, Group: GroupBoard, Doc: "the state of the phone changed"},
	{Zero: Hook{}, Group: GroupBoard, Panel: true, Doc: "the handset was lifted or replaced"},
	{Zero: Key{}, Group: GroupBoard, Doc: "a key went down or up"},
	{Zero: Lamp{}, Group: GroupBoard, Doc: "a lamp changed its pattern"},
	{Zero: Ringer{}, Group: GroupBoard, Doc: "the ringer began or stopped"},
	{Zero: Fault{}, Group: GroupBoard, Panel: true, Doc: "a part of the phone failed, or works again: then the message is empty"},

	{Zero: Settings{}, Group: GroupSettings, Panel: true, Doc: "settings were changed"},
	{Zero: Configuration{}, Group: GroupSettings, Panel: true, Doc: "a configuration was imported, restored or reset"},
	{Zero: Login{}, Group: GroupSettings, Panel: true, Doc: "somebody tried to log in at the pages"},
	{Zero: Lab{}, Group: GroupSettings, Panel: true, Doc: "a server of the embedded lab changed its behaviour"},
	{Zero: Lock{}, Group: GroupSettings, Panel: true, Doc: "a script took the phone for itself, or gave it back"},
	{Zero: ActionURL{}, Group: GroupSettings, Doc: "an action URL was called"},
	{Zero: Restart{}, Group: GroupSettings, Panel: true, Doc: "a restart of the phone was asked for"},

	{Zero: Dropped{}, Doc: "events are missing at this place: the reader was too slow, or they were not saved"},
}
