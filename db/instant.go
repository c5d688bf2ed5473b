package db

import (
	"database/sql"
	"time"
)

// instant is how a time is stored: microseconds of UTC, NULL where it is zero.
func instant(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

// stored is the time that was stored.
func stored(v sql.NullInt64) time.Time {
	if !v.Valid {
		return time.Time{}
	}
	return time.UnixMicro(v.Int64).UTC()
}
