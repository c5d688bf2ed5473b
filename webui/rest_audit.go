package webui

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"hilphone/db/audit"
)

// AuditView is an entry of the audit history.
type AuditView struct {
	ID     int64           `json:"id" doc:"grows from entry to entry"`
	Time   Time            `json:"time"`
	Action audit.Action    `json:"action" doc:"login, logout, login_failed, login_locked, password, token_made, token_revoked, export_secrets, settings, import, restore, factory_reset or restart" example:"settings"`
	Group  audit.Group     `json:"group" enum:"access,settings,device,logins,failures" doc:"of each group the newest entries are kept"`
	By     AuditAuthorView `json:"by"`
	Data   map[string]any  `json:"data" doc:"what it was done to: account, token, scope, line, changed, format, changes, copy, erase"`
}

// AuditAuthorView is who has done something, and from where.
type AuditAuthorView struct {
	Kind   audit.Kind `json:"kind" enum:"account,token,command,unknown"`
	Name   string     `json:"name" doc:"of the account, of the token, or of the computer's user who gave the command; empty if it is not known" example:"admin"`
	Source string     `json:"source" enum:"web,api,command"`
	From   string     `json:"from" doc:"address; empty of a command" example:"192.0.2.7"`
}

type auditInput struct {
	Group  []audit.Group `query:"group" nullable:"false" enum:"access,settings,device,logins,failures" doc:"only entries of these groups"`
	Before int64         `query:"before" minimum:"0" doc:"only entries with a smaller id: page by page backwards; 0: no bound"`
	Limit  int           `query:"limit" minimum:"1" maximum:"1000" default:"200" doc:"at most so many of them"`
}

func (s *Server) registerAudit() {
	operate(s, Admin, huma.Operation{OperationID: "list-audit", Method: http.MethodGet, Path: "/system/audit", Tags: []string{"system"},
		Summary: "Who has logged in, and who has changed what, from where: the newest first",
		Description: "Kept over every start of the phone: the newest 2000 entries about access, 5000 about settings, 2000 about files and restarts, 2000 logins and 1000 failed ones. " +
			"Only a factory reset with erase takes them away."}, s.listAudit)
}

func (s *Server) listAudit(ctx context.Context, in *auditInput) (*struct {
	Body []AuditView `nullable:"false"`
}, error) {
	entries, err := s.Audit.AuditHistory(ctx, audit.Query{Before: in.Before, Groups: in.Group, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	views := make([]AuditView, len(entries))
	for i, e := range entries {
		group, _ := audit.GroupOf(e.Action)
		views[i] = AuditView{ID: e.ID, Time: At(e.Time), Action: e.Action, Group: group, By: AuditAuthorView{e.Kind, e.Name, e.Source, e.From}, Data: e.Data}
	}
	return &struct {
		Body []AuditView `nullable:"false"`
	}{views}, nil
}
