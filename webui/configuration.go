package webui

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"hilphone/db/audit"
	"hilphone/db/device"
	"hilphone/db/journal/event"
	"hilphone/db/sysconf"
	"hilphone/sip/line"
)

// CopyView is a copy of an earlier configuration.
type CopyView struct {
	ID     int64  `json:"id"`
	Made   Time   `json:"made"`
	Before string `json:"before" enum:"import,restore,reset" doc:"before what it was made"`
}

// errDry ends a change that was only tried.
var errDry = errors.New("nothing is stored")

// givenFile is a configuration file as it was sent.
type givenFile struct {
	data    []byte
	partial bool // it may lack its last line
}

func (f givenFile) parse() (*sysconf.File, error) {
	if f.partial {
		return sysconf.ParsePartial(f.data)
	}
	return sysconf.Parse(f.data)
}

// importFile reads a configuration file, stores what it says and gives it to the running lines, all of it or nothing. With dry it
// only answers what it would change. The page, REST and nothing else come here.
func (s *Server) importFile(ctx context.Context, who Visitor, f givenFile, dry bool) (ImportView, error) {
	if !who.May(Admin) {
		return ImportView{}, problem(http.StatusForbidden, "the configuration is imported by the admin only")
	}
	file, err := f.parse()
	if err != nil {
		return ImportView{}, fileProblem(err)
	}
	return s.changeAll(ctx, who, "import", 0, dry, func(old sysconf.Configuration) (sysconf.Configuration, sysconf.Report, error) {
		next, report, err := old.Merge(file, s.Lab != nil)
		if err == nil {
			err = next.CheckFiles(file, old, s.holdFile)
		}
		if err != nil {
			err = fileProblem(err)
		}
		return next, report, err
	})
}

// restoreCopy puts back what a copy holds, settings that came later included.
func (s *Server) restoreCopy(ctx context.Context, who Visitor, id int64, dry bool) (ImportView, error) {
	if !who.May(Admin) {
		return ImportView{}, problem(http.StatusForbidden, "the configuration is restored by the admin only")
	}
	kept, err := s.Whole.Copy(ctx, id)
	if err != nil {
		return ImportView{}, err
	}
	return s.changeAll(ctx, who, "restore", id, dry, func(old sysconf.Configuration) (sysconf.Configuration, sysconf.Report, error) {
		report := sysconf.Report{Format: sysconf.JSON, Changes: sysconf.Changes(old, kept)}
		if err := kept.CheckFiles(nil, old, s.holdFile); err != nil {
			return kept, report, fileProblem(err)
		}
		return kept, report, nil
	})
}

// changeAll carries a change of the configuration as a whole out: validated by its caller, stored in one transaction, applied. Copied is
// the copy that is restored.
func (s *Server) changeAll(ctx context.Context, who Visitor, before string, copied int64, dry bool,
	change func(sysconf.Configuration) (sysconf.Configuration, sysconf.Report, error)) (ImportView, error) {
	s.changing.Lock()
	defer s.changing.Unlock()
	defer s.Lines.DropFiles()
	var old, next sysconf.Configuration
	var report sysconf.Report
	try := func(was sysconf.Configuration) (_ sysconf.Configuration, err error) {
		old = was
		if next, report, err = change(was); err == nil && dry {
			err = errDry
		}
		return next, err
	}
	var err error
	if dry {
		if old, err = s.Whole.Configuration(ctx); err == nil {
			_, err = try(old)
		}
	} else {
		err = s.Whole.ChangeConfiguration(context.WithoutCancel(ctx), before, try)
	}
	if err != nil && !errors.Is(err, errDry) {
		return ImportView{}, err
	}
	view := ImportViewOf(report)
	if dry || len(report.Changes) == 0 {
		return view, nil
	}
	view.Applied = true
	s.applyAll(ctx, old, next, who.author())
	s.Journal.Record(0, "", event.Configuration{Action: before, Changes: len(report.Changes), Source: who.Source()})
	s.Log.Info("configuration changed", "by", before, "format", report.Format, "changes", len(report.Changes), "unknown", len(report.Unknown), "source", who.Source())
	action, data := audit.Import, map[string]any{"format": report.Format, "changes": len(report.Changes)}
	if before == "restore" {
		action, data = audit.Restore, map[string]any{"copy": copied, "changes": len(report.Changes)}
	}
	s.audits.record(ctx, who.author(), action, data)
	return view, nil
}

// applyAll gives the running phone what was just stored.
func (s *Server) applyAll(ctx context.Context, old, next sysconf.Configuration, by audit.Author) {
	for n := 1; n <= line.MaxLines; n++ {
		if changed := line.Changed(old.Lines[n], next.Lines[n]); len(changed) > 0 {
			s.applyLine(n, old.Lines[n], next.Lines[n], changed, by)
			s.audits.put(context.WithoutCancel(ctx), lineEntry(n, changed, by))
		}
	}
	if changed := device.Changed(old.Device, next.Device); len(changed) > 0 {
		s.Device.TakeDevice(next.Device)
		s.deviceChanged(ctx, changed, by)
	}
}

// Reload gives the running phone what another process has stored: `hilphone config import` beside it.
func (s *Server) Reload(ctx context.Context, running func() map[int]line.Settings) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	stored, err := s.Whole.Configuration(ctx)
	if err != nil {
		return fmt.Errorf("configuration in the store: %w", err)
	}
	s.applyAll(ctx, sysconf.Configuration{Lines: running(), Device: s.Device.Device()}, stored, command)
	return nil
}

// factoryReset takes the settings away and begins the phone anew.
func (s *Server) factoryReset(ctx context.Context, who Visitor, erase bool) error {
	if !who.May(Admin) {
		return problem(http.StatusForbidden, "the phone is reset by the admin only")
	}
	s.changing.Lock()
	defer s.changing.Unlock()
	if err := s.Whole.FactoryReset(context.WithoutCancel(ctx), erase); err != nil {
		return err
	}
	s.Journal.Record(0, "", event.Configuration{Action: "reset", Erase: erase, Source: who.Source()})
	s.Log.Info("factory reset", "erase", erase, "source", who.Source())
	s.audits.record(ctx, who.author(), audit.FactoryReset, map[string]any{"erase": erase}) // after what was erased
	s.System.Restart()
	return nil
}

// restart begins the phone anew.
func (s *Server) restart(ctx context.Context, who Visitor) error {
	if !who.May(Admin) {
		return problem(http.StatusForbidden, "the phone is restarted by the admin only")
	}
	s.Journal.Record(0, "", event.Restart{Source: who.Source()})
	s.Log.Info("restart asked for", "source", who.Source())
	s.audits.record(ctx, who.author(), audit.Restart, nil)
	s.System.Restart()
	return nil
}

// exported is the configuration as a file. Secrets, and action URLs as a whole, are for the admin alone.
func (s *Server) exported(ctx context.Context, who Visitor, format sysconf.Format, secrets bool) ([]byte, error) {
	if secrets && !who.May(Admin) {
		return nil, problem(http.StatusForbidden, "secrets are exported for the admin only")
	}
	c, err := s.Whole.Configuration(ctx)
	if err != nil {
		return nil, err
	}
	if !who.May(Admin) {
		return c.ExportOpen(format), nil
	}
	if secrets {
		s.Log.Info("configuration exported with secrets", "format", format, "source", who.Source())
		s.audits.record(ctx, who.author(), audit.ExportSecret, map[string]any{"format": format}) // before they leave
	}
	return c.Export(format, secrets), nil
}
