package db

import (
	"context"

	"hilphone/db/sysconf"
)

// promote has the keys that an earlier program kept, and that this one obeys, obeyed: they are taken over as if they were imported now. A failure
// leaves them as they are.
func (d *DB) promote(ctx context.Context) {
	var any bool
	err := d.read.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM foreign_setting)").Scan(&any)
	if err == nil && any {
		err = d.ChangeConfiguration(ctx, "", func(old sysconf.Configuration) (sysconf.Configuration, error) { return old.Promoted(), nil })
	}
	if err != nil {
		d.log.Warn("keys that an earlier program kept are not taken over", "err", err)
	}
}
