package phone_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"hilphone/emulator/phone"
	"hilphone/hal"
	"hilphone/hal/virtual"
)

// slowBoard is a board that breaks its promise: SetLamp waits.
type slowBoard struct {
	*virtual.Board
	wait chan struct{} // nil: does not wait
}

func (b *slowBoard) SetLamp(l hal.Lamp, p hal.Pattern) {
	if b.wait != nil {
		<-b.wait
	}
	b.Board.SetLamp(l, p)
}

// TestAlive: the phone answers while it goes round, does not while its board holds it up, and does again after that.
func TestAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		board := &slowBoard{Board: virtual.New()}
		b := &bench{t: t, board: board.Board, exchange: newExchange()}
		b.switchOn(board)
		alive := func() error {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			return b.Alive(ctx)
		}
		if err := alive(); err != nil {
			t.Errorf("at rest: %v", err)
		}
		board.wait = make(chan struct{})
		lifted := make(chan error, 1)
		go func() { _, err := b.Dial(t.Context(), 1, "1002"); lifted <- err }()
		synctest.Wait()
		if err := alive(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("held up by its board: %v", err)
		}
		close(board.wait)
		<-lifted
		if err := alive(); err != nil {
			t.Errorf("let go: %v", err)
		}
		b.switchOff()
		if err := alive(); !errors.Is(err, phone.ErrStopped) {
			t.Errorf("switched off: %v", err)
		}
	})
}
