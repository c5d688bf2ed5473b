package db

import (
	"context"
	"errors"
	"testing"
	"time"
)

// TestAlive: a database whose writer does not come back is not alive; one that is closed is not either.
func TestAlive(t *testing.T) {
	d, err := Open(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	alive := func() error {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		return d.Alive(ctx)
	}
	if err := alive(); err != nil {
		t.Errorf("at rest: %v", err)
	}
	tx, err := d.write.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := alive(); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("with a writer that does not come back: %v", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := alive(); err != nil {
		t.Errorf("after it: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if alive() == nil {
		t.Error("a closed database is alive")
	}
}
