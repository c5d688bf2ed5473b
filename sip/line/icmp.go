package line

import "hilphone/sip/netfault"

// icmp ends the attempt that an ICMP error is about (FO-05).
func (m *Machine) icmp(e ICMP) {
	tx := m.txs[e.Tx]
	if !tx.live() || !m.settings.ICMPFailover || !unreachable(e, m.settings.ICMPAdminProhibited) {
		return
	}
	if tx.Method == INVITE && tx.state == proceeding {
		return // it crossed the answer that proves the server alive (FO-04)
	}
	m.end(tx, outcome{cause: CauseICMP, fault: netfault.OfICMP(e.Type, e.Code)})
}

// unreachable says which ICMP messages end an attempt (FO-05; RFC 3261 18.4).
func unreachable(e ICMP, adminProhibited bool) bool {
	const destinationUnreachable, parameterProblem = 3, 12
	switch {
	case e.Type == parameterProblem:
		return true
	case e.Type != destinationUnreachable, e.Code == 4: // fragmentation needed says nothing about the server
		return false
	case e.Code == 9, e.Code == 10, e.Code == 13:
		return adminProhibited
	}
	return e.Code <= 12
}
