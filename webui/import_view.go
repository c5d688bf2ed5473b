package webui

import (
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"hilphone/db/sysconf"
)

// ImportView is what a configuration file, or a copy of an earlier configuration, changes. `hilphone config import --json` writes it, too.
type ImportView struct {
	Format  sysconf.Format      `json:"format" enum:"text,xml,json,legacy-text,legacy-xml" doc:"in which the file is"`
	Keys    int                 `json:"keys" doc:"how many keys the file has"`
	Applied bool                `json:"applied" doc:"false: nothing was stored, for it was asked for only what would be, or there is no difference"`
	Changes []SettingChangeView `json:"changes" nullable:"false"`
	Kept    []KeptView          `json:"kept" nullable:"false" doc:"keys of the file that this phone does not obey although they are not at the real phones' default; they are kept for the next export"`
	Unknown []UnknownView       `json:"unknown" nullable:"false" doc:"keys that no phone of this family is known to have; they are kept for the next export"`
	Refused []RefusedView       `json:"refused" nullable:"false" doc:"what is wrong with the file, so that nothing was changed; by REST the answer is 422 then, with the same as errors"`
	Notes   []NoteView          `json:"notes" nullable:"false"`
	rows    []sysconf.Row       // for the page
}

// SettingChangeView is one setting that changes.
type SettingChangeView struct {
	Line   int     `json:"line" doc:"0: of the device"`
	Name   string  `json:"name" doc:"as lines/{n}/sip has it; of the device as it is stored, such as ring_timeout or action_url_EVENT; of a key that this phone has no use for its path" example:"failback_interval"`
	Key    string  `json:"key" doc:"as the text file has it" example:"SIP1 Failback Interval"`
	Old    *string `json:"old" nullable:"true" doc:"as the files write it; null of a secret"`
	New    *string `json:"new" nullable:"true" doc:"as the files write it; null of a secret"`
	Secret bool    `json:"secret"`
	Set    bool    `json:"set" doc:"of a secret: it is set from now on"`
	Used   bool    `json:"used" doc:"false: this phone has no use for it and keeps it for the next export"`
}

// KeptView is a key that is kept without effect.
type KeptView struct {
	At      int     `json:"at" doc:"line of the file"`
	Line    int     `json:"line" doc:"0: of the device"`
	Key     string  `json:"key" doc:"as the text file has it" example:"SIP1 Backup Mode"`
	Path    string  `json:"path" example:"sip.line.1.BackupMode"`
	Value   *string `json:"value" nullable:"true" doc:"null of a secret"`
	Default *string `json:"default" nullable:"true" doc:"of the real phones; null of a secret"`
	Secret  bool    `json:"secret"`
}

// UnknownView is a key that no known phone has.
type UnknownView struct {
	At   int    `json:"at" doc:"line of the file"`
	Key  string `json:"key"`
	Line int    `json:"line" doc:"0: of the device"`
	Path string `json:"path" example:"dsskey.--SidekeyConfig1--.Fkey1Type"`
}

// RefusedView is something wrong in the file.
type RefusedView struct {
	At      int    `json:"at" doc:"line of the file; 0: of none"`
	Column  int    `json:"column" doc:"in characters; 0: of the whole line"`
	Key     string `json:"key" doc:"may be empty"`
	Path    string `json:"path" doc:"may be empty"`
	Message string `json:"message"`
}

// NoteView says how something in the file was understood.
type NoteView struct {
	At      int    `json:"at" doc:"line of the file; 0: of the file as a whole"`
	Key     string `json:"key" doc:"may be empty"`
	Message string `json:"message"`
}

// ImportViewOf is a report as REST and commands write it.
func ImportViewOf(r sysconf.Report) ImportView {
	v := ImportView{Format: r.Format, Keys: r.Keys, Changes: []SettingChangeView{}, Kept: []KeptView{}, Unknown: []UnknownView{}, Refused: []RefusedView{}, Notes: []NoteView{}, rows: r.Rows()}
	for _, c := range r.Changes {
		change := SettingChangeView{Line: c.Line, Name: c.Name, Key: c.Key, Secret: c.Secret, Set: c.Set, Used: c.Used}
		if !c.Secret {
			change.Old, change.New = &c.Old, &c.New
		}
		v.Changes = append(v.Changes, change)
	}
	for _, k := range r.Kept {
		kept := KeptView{At: k.At, Line: k.Line, Key: k.Key, Path: k.Path, Secret: k.Secret}
		if !k.Secret {
			kept.Value, kept.Default = &k.Value, &k.Default
		}
		v.Kept = append(v.Kept, kept)
	}
	for _, u := range r.Unknown {
		v.Unknown = append(v.Unknown, UnknownView(u))
	}
	for _, f := range r.Refused {
		v.Refused = append(v.Refused, RefusedView{f.At, f.Column, f.Key, f.Path, f.Message})
	}
	for _, n := range r.Notes {
		v.Notes = append(v.Notes, NoteView(n))
	}
	return v
}

// maxErrors bounds the faults of a file that an answer names.
const maxErrors = 1000

// refusedFile is the answer to a file with faults.
type refusedFile struct {
	*huma.ErrorModel
	rows []sysconf.Row // for the page
}

func (r refusedFile) Error() string { return r.Detail }
func (r refusedFile) Unwrap() error { return r.ErrorModel }

// fileProblem is the answer to a file with faults: each with its line and column, and the path of the setting where there is one.
func fileProblem(err error) error {
	p := problem(http.StatusUnprocessableEntity, "nothing was changed")
	faults := sysconf.Faults(err)
	for i, f := range faults {
		if i == maxErrors {
			p.Errors = append(p.Errors, fault("body", fmt.Sprintf("and %d more", len(faults)-i), nil))
			break
		}
		location := "body"
		if f.Path != "" {
			location += "." + f.Path
		}
		p.Errors = append(p.Errors, &huma.ErrorDetail{Location: location, Message: f.Error(), Value: f.Value})
	}
	return refusedFile{p, sysconf.Report{Refused: faults}.Rows()}
}
