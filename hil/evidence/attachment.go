package evidence

import (
	"os"
	"path/filepath"
	"strings"
)

// attachments are the files of a run that a build server is given, with the names of their properties.
var attachments = []struct{ property, file string }{
	{"report", ReportFile}, {"capture", CaptureFile}, {"log", ConsoleFile}, {"events", EventsFile}, {"waves", WavesFile},
}

// attach tells where the files of a run are: as properties of the case, and in the output as lines [[ATTACHMENT|PATH]], which Jenkins and GitLab
// make links of. Of a run that was not played there are none.
func (c *junitCase) attach(dir string, r Run) {
	if r.Verdict == NotRun && r.Folder == "" {
		return
	}
	c.Files = &junitFiles{}
	for _, a := range attachments {
		path := buildPath(filepath.Join(dir, filepath.FromSlash(r.Folder), a.file))
		c.Files.Properties = append(c.Files.Properties, junitProperty{a.property, path})
		c.SystemOut += "[[ATTACHMENT|" + path + "]]\n"
	}
}

// buildPath is a path as the build server looks for it: from the folder of the project in GitLab CI, which uploads nothing else; absolute for others.
func buildPath(path string) string {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	if project := os.Getenv("CI_PROJECT_DIR"); os.Getenv("GITLAB_CI") != "" && project != "" {
		if relative, err := filepath.Rel(project, absolute); err == nil && relative != ".." && !strings.HasPrefix(relative, ".."+string(filepath.Separator)) {
			return filepath.ToSlash(relative)
		}
	}
	return absolute
}
