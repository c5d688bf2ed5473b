package line

import (
	"testing"
	"time"
)

// BenchmarkStep measures what the line needs for one event; the wire and the clock are not in it.
func BenchmarkStep(b *testing.B) {
	b.Run("retransmission", func(b *testing.B) {
		m := New(1, testSettings(b, "t1_ms=10", "t2_ms=10", "backup_addr="))
		m.Step(0, Start{})
		b.ReportAllocs()
		for b.Loop() {
			tx := m.txs[1]
			tx.sent, tx.next = 1, 10*time.Millisecond // the first one again
			m.Step(10*time.Millisecond, Expired{Timer{Name: Retransmit, Tx: 1}})
		}
	})
	b.Run("response", func(b *testing.B) {
		m := New(1, testSettings(b))
		m.Step(0, Start{})
		m.Step(0, Response{Tx: 1, Code: 200})
		b.ReportAllocs()
		now := time.Duration(0)
		for b.Loop() {
			// A refresh: the timer, the answer, and the end of the transaction.
			now += time.Hour
			m.Step(now, Expired{Timer{Name: Refresh}})
			m.Step(now, Response{Tx: m.nextTx, Code: 200})
			m.Step(now, Expired{Timer{Name: Linger, Tx: m.nextTx}})
		}
	})
	b.Run("ignored response", func(b *testing.B) {
		m := New(1, testSettings(b))
		m.Step(0, Start{})
		b.ReportAllocs()
		for b.Loop() {
			m.Step(0, Response{Tx: 99, Code: 200})
		}
	})
	b.Run("dial", func(b *testing.B) {
		m := New(1, testSettings(b))
		m.Step(0, Start{})
		m.Step(0, Response{Tx: 1, Code: 200})
		b.ReportAllocs()
		for b.Loop() {
			// Dialled, given up before an answer, and forgotten: three steps.
			m.Step(0, Dial{"1", "1002"})
			m.Step(0, HangUp{"1"})
			m.Step(0, Expired{Timer{Name: Linger, Tx: m.nextTx}})
		}
	})
}

// BenchmarkAlarms measures a timer that is set, and moves, among twenty others.
func BenchmarkAlarms(b *testing.B) {
	var a Alarms[Timer]
	for i := range 20 {
		a.Set(Timer{Name: Linger, Tx: TxID(i)}, time.Duration(i)*time.Second)
	}
	b.ReportAllocs()
	for b.Loop() {
		a.Set(Timer{Name: GiveUp}, time.Second)
		a.Next()
	}
}
