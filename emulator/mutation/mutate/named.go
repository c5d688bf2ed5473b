package main

import "hilphone/emulator/mutation"

// named are tests of other packages that a mutant has to pass besides those of its package, by the package: those that test it in fact, and
// of them the quick ones. They are run only on what survives its own.
var named = map[string][]mutation.Tests{
	"hilphone/db/device":        {{Package: "hilphone/db"}},
	"hilphone/db/sysconf":       {{Package: "hilphone/db"}},
	"hilphone/sip/line":         {sip},
	"hilphone/sip/digest":       {sip},
	"hilphone/sip/media":        {sip},
	"hilphone/sip/wire":         {sip},
	"hilphone/sip/uas":          {sip},
	"hilphone/hal/contact":      {{Package: "hilphone/hal/board"}, {Package: "hilphone/hal/rpi"}},
	"hilphone/hil/behaviour":    {{Package: "hilphone/hil/server"}, {Package: "hilphone/hil/scenario"}},
	"hilphone/hil/scenario":     {{Package: "hilphone/hil"}},
	"hilphone/webui/limit":      {{Package: "hilphone/webui", Run: "LockOut|Login|Attempts|Strangers|Known|Guesses|Bounded|Shares|Places|HalfOpen|FirstRun"}},
	"hilphone/db/journal/event": {{Package: "hilphone/db/journal"}, sip, {Package: "hilphone/webui", Run: "Event"}, {Package: "hilphone/emulator", Run: "^TestEvent"}},
}

// own are the tests of packages of which not all are run on their mutants: those are left out that read the sources, which do not have the
// mutant in them, and those that take longest.
var own = map[string]mutation.Tests{
	"hilphone/emulator": {Package: "hilphone/emulator", Skip: "^(TestImports|TestForbidden|TestFile.*|TestSleeps.*|TestSkips.*|TestDoors|TestModes|Test(Read)?Requirements|TestReadme.*|" +
		"TestEveryEventIsRecorded|TestShippedScenarios|TestPairSuite|TestFailoverWalk|TestPeers|TestTraceOverKills)$"},
}

// sip are the tests of package sip, but for those that wait in real time.
var sip = mutation.Tests{Package: "hilphone/sip", Skip: "^(TestHalfSentConnections|TestServerThatEndsConnectionsAfterAnswers|TestSilentProbe)$"}
