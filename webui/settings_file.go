package webui

import (
	"hilphone/db/journal/event"
	"hilphone/sip/line"
)

// adminOnly says that a setting is not for the role user.
const adminOnly = "is set by the administrator only"

// readFiles has the files read that the settings of a line are to name: those that are new to it, and those that are given again, so that what
// has changed in a file takes effect (SE-02). Again names the settings whose files have something else than before. An error is a
// *line.FieldError.
func (s *Server) readFiles(who Visitor, old, next line.Settings, given map[string]any) (again []string, err error) {
	for _, d := range line.Table {
		if !d.File {
			continue
		}
		name := d.Text(next)
		_, named := given[d.Name]
		changed := name != d.Text(old)
		switch {
		case changed && !who.May(Admin):
			return nil, &line.FieldError{Name: d.Name, Message: adminOnly, Value: name}
		case name == "" || !who.May(Admin) || !changed && !named:
			continue
		}
		differs, err := s.Lines.ReadFile(name)
		if err != nil {
			return nil, &line.FieldError{Name: d.Name, Message: err.Error(), Value: name}
		}
		if differs {
			again = append(again, d.Name)
		}
	}
	return again, nil
}

// holdFile has a file read that a setting is to name.
func (s *Server) holdFile(name string) error {
	_, err := s.Lines.ReadFile(name)
	return err
}

// fileReadAgain records that files have changed whose names have not.
func (s *Server) fileReadAgain(n int, settings []string, source string) {
	if len(settings) == 0 {
		return
	}
	s.Journal.Record(n, "", event.Settings{Line: &n, Changed: settings})
	s.Log.Info("files of settings read again", "line", n, "settings", settings, "source", source)
}

// filesOfForm has the files read again whose names a form of line n sends as they are stored, so that what has changed in them takes effect as by
// REST (UX-04). Again says whether one has something else than before. An error is a *line.FieldError: what was held of that file stays.
func (s *Server) filesOfForm(who Visitor, n int, stored line.Settings, values map[string]any) (again bool, err error) {
	if !who.May(Admin) {
		return false, nil
	}
	for _, d := range line.Table {
		name := d.Text(stored)
		if !d.File || name == "" || values[d.Name] != name {
			continue
		}
		differs, err := s.Lines.ReadFile(name)
		if err != nil {
			return again, &line.FieldError{Name: d.Name, Message: err.Error(), Value: name}
		}
		if differs {
			again = true
			s.fileReadAgain(n, []string{d.Name}, who.Source())
		}
	}
	return again, nil
}

// withoutFiles leaves out the names of files that are as they are stored: a form sends all fields, and a file that has gone since must not keep
// other settings from being changed. See filesOfForm.
func withoutFiles(stored line.Settings, values map[string]any) map[string]any {
	for _, d := range line.Table {
		if d.File && values[d.Name] == d.Text(stored) {
			delete(values, d.Name)
		}
	}
	return values
}
