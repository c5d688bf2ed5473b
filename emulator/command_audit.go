package main

import (
	"context"
	"os/user"

	"hilphone/db"
	"hilphone/db/audit"
)

// recordCommand puts what a command did into the audit history, by the name of the user of the computer (SE-10).
func recordCommand(ctx context.Context, store *db.DB, action audit.Action, data map[string]any) error {
	author := audit.Author{Kind: audit.Command, Source: "command"}
	if u, err := user.Current(); err == nil {
		author.Name = u.Username
	}
	return store.RecordAudit(ctx, audit.Entry{Action: action, Author: author, Data: data})
}
