package line

import "time"

// keepalive asks the active server with OPTIONS whether it is alive (FO-17). It is silent while a registration procedure runs.
type keepalive struct {
	tx       TxID // in flight
	failures int  // in a row
}

func (m *Machine) armKeepAlive() {
	m.keepalive.tx = 0
	if m.settings.OptionsKeepalive {
		m.set(Timer{Name: KeepAlive}, time.Duration(m.settings.UDPUpdateTTL)*time.Second)
	}
}

func (m *Machine) stopKeepAlive() {
	m.abort(m.keepalive.tx)
	m.keepalive = keepalive{}
	m.stop(KeepAlive)
}

func (m *Machine) keepAliveDue() {
	if m.active == None || m.procedure.running || m.down || !m.settings.OptionsKeepalive {
		return
	}
	tx := m.keepalive.tx
	m.armKeepAlive()
	if m.txs[tx].live() || m.servers[m.active].quarantined > m.now {
		m.keepalive.tx = tx
		return
	}
	m.keepalive.tx = m.attempt(Send{Method: OPTIONS, Slot: m.active, CSeq: 1}, ofKeepAlive, Budget(m.settings, OPTIONS)).Tx
}

// keepAliveEnded: every answer but a failover code shows a living server; enough failures in a row are the trigger (FO-12).
func (m *Machine) keepAliveEnded(tx *transaction, o outcome) {
	if tx.Tx != m.keepalive.tx {
		return
	}
	m.keepalive.tx = 0
	if o.cause == CauseLocal || o.cause == CauseAborted {
		return
	}
	if !m.unavailable(tx, o) {
		m.keepalive.failures = 0
		return
	}
	m.quarantine(tx, o)
	m.keepalive.failures++
	if m.keepalive.failures >= m.settings.OptionsFailCount {
		m.startProcedure(triggerOf(OPTIONS), OPTIONS)
	}
}
