package main

import (
	"context"
	"os"
	"os/user"
	"strconv"

	"hilphone/db"
	"hilphone/db/audit"
)

// recordCommand puts what a command did into the audit history, by the name of the user of the computer (SE-10). A command that is
// interrupted when it is done is recorded.
func recordCommand(ctx context.Context, store *db.DB, action audit.Action, data map[string]any) error {
	author := audit.Author{Kind: audit.Command, Name: userName(), Source: "command"}
	return store.RecordAudit(context.WithoutCancel(ctx), audit.Entry{Action: action, Author: author, Data: data})
}

// userName is the name of the user that runs this process, and of the one who has become root by sudo.
func userName() string {
	name := "uid " + strconv.Itoa(os.Getuid())
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if by := os.Getenv("SUDO_USER"); by != "" && os.Getuid() == 0 {
		name = by + " as " + name
	}
	return name
}
