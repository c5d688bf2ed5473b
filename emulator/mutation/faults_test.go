package mutation

// A fault is a fault that is planted in the program, and the test of a requirement that has to fail because of it.
type fault struct {
	requirement string
	tests       string // the package of the test, from the root of the module
	test        string // the test that cites the number; its subtests are behind a slash
	file        string // where the fault is planted
	right       string // a statement or an expression that is there exactly once
	wrong       string // what is there instead
}

// faults are of the requirements that weigh most: broken, each of them costs a registration, a call, a password, or what was dialled, and
// nothing else of the phone makes up for it. They are the budgets, the way to the backup and back, what fails over and what does not, and
// what strangers must not get. Of the tests that cite a number the one is named whose values are written by hand.
var faults = []fault{
	{"FO-01", "sip", "TestRegistration/n=1: FO-01", "sip/line/schedule.go", "sch.at(n+1)", "sch.at(n)"},
	{"FO-02", "sip", "TestRegistration/T18 all silent: FO-02 FO-50 FO-52", "sip/line/procedure.go", "len(p.rest) > 0 || p.target+1 < m.servers[p.slot].targets", "true"},
	{"FO-03", "sip", "TestRegistration/T20 backup is primary: FO-03 FO-61", "sip/line/server.go", "!s.sameServer()", "true"},
	{"FO-04", "sip", "TestInviteAnswers/T40 100 and then nothing: FO-04", "sip/line/transaction.go", "m.do(Stop{Timer{Name: GiveUp, Tx: tx.Tx}})", ""},
	{"FO-05", "sip", "TestICMPCodes", "sip/line/icmp.go", "e.Code == 4", "false"},
	{"FO-09", "sip", "TestHandshakeFails", "sip/flow.go", "&tls.Config{ServerName: k.name, MinVersion: tls.VersionTLS12}",
		"&tls.Config{ServerName: k.name, InsecureSkipVerify: true}"},
	{"FO-14", "sip", "TestRegistration/T09 403: FO-14 FO-52", "sip/line/registration.go", "o.code >= 300 && codes.Match(o.code)", "o.code >= 300"},
	{"FO-16", "sip", "TestRegistrationsAreApart", "sip/line/registration.go", "max(e/2, e-time.Minute)", "e-time.Second"},
	{"FO-18", "sip", "TestCancelTimesOut", "sip/line/ending.go", "m.startProcedure(triggerOf(CANCEL), CANCEL)", ""},
	{"FO-24", "sip", "TestInviteFailsOver", "sip/line/outgoing.go", "m.needBackup(waiter{call: c.ID, method: INVITE}, o.cause)", "m.callFailed(c, o)"},
	{"FO-25", "sip", "TestInviteFailsOver", "sip/line/outgoing.go", "Send{Method: INVITE, Slot: slot, CSeq: c.cseq, Call: c.ID, To: c.to}", "Send{Method: INVITE, Slot: slot, CSeq: c.cseq, Call: c.ID, To: c.to, Renew: c.resent}"},
	{"FO-26", "sip", "TestInvite503", "sip/line/transaction.go", "m.do(Ack{tx.Tx})", ""},
	{"FO-27", "sip", "TestLateAnswers/200: ACK and BYE", "sip/line/outgoing.go", "m.ghost(tx, r.Tag)", ""},
	{"FO-30", "sip", "TestHangUpBeforeAnAnswer", "sip/line/ending.go", "m.abort(c.invite)", "m.cancel(m.txs[c.invite], ofCancel)"},
	{"FO-32", "sip", "TestCallsShareTheRegister", "sip/line/waiting.go", "[]waiter{w}", "[]waiter{}"},
	{"FO-36", "sip", "TestByeFailsOver", "sip/line/ending.go", "m.needBackup(waiter{call: c.ID, method: BYE}, o.cause)", "m.byeLost(c, o.cause)"},
	{"FO-41", "sip", "TestByeAfterTheLineMoved/FO-41 from the primary to the backup", "sip/line/ending.go", "c.Server == Primary && m.active == Backup && m.phase == OnBackup", "false"},
	{"FO-45", "sip", "TestRetryAfter", "sip/line/registration.go", "m.servers[slot].quarantined = m.now + wait", ""},
	{"FO-52", "sip", "TestRegistration/T18 all silent: FO-02 FO-50 FO-52", "sip/line/procedure.go", "m.set(Timer{Name: Retry}, wait)", ""},
	{"FB-01", "sip", "TestProbes/FB-01 a refresh at the backup does not arm it again", "sip/line/procedure.go", "before == Backup && p.refresh", "false"},
	{"FB-03", "sip", "TestProbes/n says nothing of probes: FB-03", "sip/line/failback.go", "target+1 < m.servers[Primary].targets", "true"},
	{"FB-04", "sip", "TestProbeIsTheRegistration", "sip/line/registration.go", "sv.series, sv.holds, sv.until = tx.Series, true, m.now+time.Duration(e)*time.Second",
		"sv.holds, sv.until = true, m.now+time.Duration(e)*time.Second"},
	{"FB-05", "sip", "TestProbes/T61 silent: FB-03 FB-05", "sip/line/failback.go", "m.armProbe()", ""},
	{"WR-31", "sip", "TestRemoteSequence", "sip/incoming.go", "n < d.remoteSeq", "false"},
	{"WR-56", "sip", "TestSilenceEndsRegister", "sip/line/transaction.go", "m.provenSilent(tx)", ""},
	{"OP-01", "sip", "TestRegistrationByProxies", "sip/line/server.go", "Hop{v.Proxy.Addr, v.Proxy.Port, v.Transport}", "Hop{v.Addr, v.Port, v.Transport}"},
	{"SE-01", "sip", "TestDialogLeadsElsewhere", "sip/credentials.go", "t.account != nil && t.has(h)", "t.account != nil"},
	{"SE-04", "sip", "TestAcceptFrom", "sip/stranger.go", "l.settings.AcceptFrom.Match(r.from.Addr(), l.isServer(r.from.Addr()))", "true"},
	{"SE-06", "webui/limit", "TestAttempts", "webui/limit/attempts.go", "len(c.failed) >= MaxAttempts", "false"},
	{"IM-04", "db/secret", "TestRestore", "db/secret/mask.go", "known[i].label != m.label", "false"},
	{"BE-06", "hal/contact", "TestStalls", "hal/contact/replay.go", "!due.due.After(edge.edges[0].At)", "true"},
}
