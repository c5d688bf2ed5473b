package webui

import "time"

// What the web server promises, written by hand (SECURITY.md, PHONE.md 2.1 and 1.3): tests hold it against these values, not against the constants
// that it is made with.
const (
	wantAttempts    = 5 // SE-06
	wantWindow      = 15 * time.Minute
	wantIdle        = 15 * time.Minute // PHONE.md 1.3: logon timeout
	wantSession     = 12 * time.Hour
	wantSessions    = 256
	wantOnce        = time.Hour
	wantDevice      = 400 * 24 * time.Hour // RFC 6265bis 5.5
	wantPassword    = 8                    // SE-14
	wantMaxPassword = 256

	wantBody        = 64 << 10         // SE-03
	wantBodyTime    = 10 * time.Second // SE-03
	wantUploadTime  = 60 * time.Second
	wantLoginBody   = 4 << 10
	wantLevelBody   = 16
	wantFile        = 4 << 20 // of a configuration
	wantHeaderTime  = 5 * time.Second
	wantHeaderSize  = 64 << 10
	wantIdleTime    = 60 * time.Second // of a connection
	wantAnswerTime  = 90 * time.Second // for a client to read an answer
	wantStrangeTime = 20 * time.Second // for a stranger to read one
	wantShutdown    = 1500 * time.Millisecond

	wantConnections = 512 // SE-03
	wantNetwork     = 128
	wantRequests    = 384 // SE-12
	wantVisitor     = 64
	wantStreams     = 64
	wantMyStreams   = 16
	wantPolls       = 64
	wantMyPolls     = 16
	wantPlans       = 2

	wantHeartbeat  = 15 * time.Second
	wantStreamTime = 10 * time.Second
)
