package main

import (
	"bytes"
	"context"
	"os/exec"
	"strings"
	"time"

	"hilphone/db/limit"
)

// labgridTime bounds the question to the installed labgrid, which imports much.
const labgridTime = 20 * time.Second

// labgridPrograms are the commands of labgrid; the first line of each names the Python that has it.
var labgridPrograms = []string{"labgrid-exporter", "labgrid-client"}

// labgridLacks reports whether a labgrid is installed here that has not the class (UX-19). Where none is found, or it does not answer, it is false:
// the file may be for another computer.
func labgridLacks(ctx context.Context, class string) bool {
	python := labgridPython()
	if python == "" {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, labgridTime)
	defer cancel()
	answer, err := exec.CommandContext(ctx, python, "-c", "import labgrid.resource as r; print(hasattr(r, '"+class+"'))").Output()
	return err == nil && strings.TrimSpace(string(answer)) == "False"
}

// labgridPython is the Python of the installed labgrid: that of its commands, else the one of the computer; empty if there is none.
func labgridPython() string {
	for _, name := range labgridPrograms {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		text, err := limit.ReadFile(path, limit.FileSize)
		if err != nil {
			continue
		}
		first, _, _ := bytes.Cut(text, []byte("\n"))
		if words := strings.Fields(strings.TrimPrefix(string(first), "#!")); strings.HasPrefix(string(first), "#!/") && strings.Contains(words[0], "python") {
			return words[0]
		}
	}
	path, err := exec.LookPath("python3")
	if err != nil {
		return ""
	}
	return path
}
