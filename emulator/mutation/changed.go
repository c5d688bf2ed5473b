package mutation

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

// Lines are lines of files, by the name from the root of the module.
type Lines map[string][]span

type span struct{ first, last int }

// Has tells whether a line of a file is among them.
func (l Lines) Has(file string, line int) bool {
	for _, s := range l[file] {
		if s.first <= line && line <= s.last {
			return true
		}
	}
	return false
}

// Changed returns the lines that are not as they were in a revision of git, files that git does not know yet included.
func Changed(ctx context.Context, root, revision string) (Lines, error) {
	difference, err := git(ctx, root, "diff", "--unified=0", "--no-color", "--no-ext-diff", "--no-prefix", "--relative", revision, "--", "*.go")
	if err != nil {
		return nil, err
	}
	lines, err := readDiff(difference)
	if err != nil {
		return nil, err
	}
	others, err := git(ctx, root, "ls-files", "--others", "--exclude-standard", "--", "*.go")
	if err != nil {
		return nil, err
	}
	for name := range strings.Lines(others) {
		lines[strings.TrimSuffix(name, "\n")] = []span{{1, 1 << 30}}
	}
	return lines, nil
}

func git(ctx context.Context, root string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		var said string
		if e, ok := err.(*exec.ExitError); ok {
			said = strings.TrimSpace(string(e.Stderr))
		}
		return "", fmt.Errorf("git %s: %w: %s", args[0], err, said)
	}
	return string(out), nil
}

var hunk = regexp.MustCompile(`^@@ -\S+ \+(\d+)(?:,(\d+))? @@`)

// readDiff reads what git diff prints without context lines.
func readDiff(difference string) (Lines, error) {
	lines := Lines{}
	file := ""
	for line := range strings.Lines(difference) {
		if name, ok := strings.CutPrefix(line, "+++ "); ok {
			file = strings.TrimSpace(name)
			continue
		}
		found := hunk.FindStringSubmatch(line)
		if found == nil {
			continue
		}
		first, err := strconv.Atoi(found[1])
		if err != nil {
			return nil, fmt.Errorf("git diff: %w", err)
		}
		count := 1
		if found[2] != "" {
			if count, err = strconv.Atoi(found[2]); err != nil {
				return nil, fmt.Errorf("git diff: %w", err)
			}
		}
		if count > 0 {
			lines[file] = append(lines[file], span{first, first + count - 1})
		}
	}
	return lines, nil
}
