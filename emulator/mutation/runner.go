package mutation

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// A Verdict is what the tests made of a mutant.
type Verdict string

const (
	Caught     Verdict = "caught"
	Hung       Verdict = "hung" // which is caught, too
	Survived   Verdict = "survived"
	NotBuilt   Verdict = "not built" // the tests do not compile with it, so it is not counted
	Equivalent Verdict = "equivalent"
)

// Tests are the tests of one package, or those of them that match the regular expression Run and do not match Skip.
type Tests struct{ Package, Run, Skip string }

func (t Tests) String() string { return strings.TrimSpace(t.Package + " " + t.Run) }

// A Runner runs tests on mutants.
type Runner struct {
	dir    string        // a folder for overlays, test programs and what the tests leave
	root   string        // of the module
	least  time.Duration // that tests have, however quick they are without a mutant
	limits map[Tests]time.Duration
	dirs   map[string]string  // of packages whose tests are run
	broken map[Tests][]string // tests that fail without a mutant, which are not run
}

// NewRunner returns a runner for the module of the folder root, which keeps its files in dir.
func NewRunner(root, dir string) *Runner {
	return &Runner{root: root, dir: dir, least: leastLimit, limits: map[Tests]time.Duration{}, dirs: map[string]string{}, broken: map[Tests][]string{}}
}

// Limits of the time that tests may take, beyond which a mutant hangs: a multiple of what they take without one.
const (
	leastLimit = 10 * time.Second
	timesLimit = 4
)

// Baseline runs the tests without a mutant, to know that they pass and how long they take. It has to be called before Run, not beside it.
func (r *Runner) Baseline(ctx context.Context, tests Tests) (time.Duration, error) {
	if _, ok := r.limits[tests]; ok {
		return 0, nil
	}
	dir, err := os.MkdirTemp(r.dir, "b")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	folder, err := goCommand(ctx, r.root, "list", "-f", "{{.Dir}}", tests.Package)
	if err != nil {
		return 0, err
	}
	r.dirs[tests.Package] = strings.TrimSpace(string(folder))
	program, err := r.compile(ctx, dir, tests.Package, "")
	if err != nil {
		return 0, err
	}
	// Once to find those that fail, and again without them: a test that is skipped may have had others fail, and a loaded computer is slow.
	for range 3 {
		began := time.Now()
		out, err := r.play(ctx, dir, program, tests, 10*time.Minute)
		took := time.Since(began)
		if err == nil {
			r.limits[tests] = r.least + timesLimit*took
			return took, nil
		}
		found := failed.FindAllSubmatch(out, -1)
		if len(found) == 0 || ctx.Err() != nil {
			return 0, fmt.Errorf("%s fails without a mutant: %w\n%s", tests, err, tail(out))
		}
		for _, f := range found {
			r.broken[tests] = append(r.broken[tests], string(f[1]))
		}
	}
	return 0, fmt.Errorf("%s fails without a mutant, also without %s", tests, strings.Join(r.broken[tests], ", "))
}

// Broken returns the tests that have failed without a mutant. They are not run on mutants.
func (r *Runner) Broken(tests Tests) []string { return r.broken[tests] }

// Run returns what tests make of a mutant, one set after the other until it is caught, and by which test.
func (r *Runner) Run(ctx context.Context, p *Package, m Mutant, sets ...Tests) (Verdict, string, error) {
	dir, err := os.MkdirTemp(r.dir, "m")
	if err != nil {
		return "", "", err
	}
	defer os.RemoveAll(dir)
	overlay, err := Overlay(dir, filepath.Join(p.root, m.File), m.Source(p.sources[m.File]))
	if err != nil {
		return "", "", err
	}
	for _, tests := range sets {
		program, err := r.compile(ctx, dir, tests.Package, overlay)
		if ctx.Err() != nil {
			return "", "", ctx.Err()
		} else if err != nil {
			return NotBuilt, err.Error(), nil
		}
		out, err := r.play(ctx, dir, program, tests, r.limits[tests])
		switch {
		case ctx.Err() != nil:
			return "", "", ctx.Err()
		case errors.Is(err, context.DeadlineExceeded):
			return Hung, tests.String(), nil
		case err != nil:
			return Caught, failedTest(out, tests), nil
		}
	}
	return Survived, "", nil
}

// Overlay writes the changed text of a file into the folder dir, and returns the file that the go command's flag -overlay takes.
func Overlay(dir, file string, text []byte) (string, error) {
	changed := filepath.Join(dir, filepath.Base(file))
	if err := os.WriteFile(changed, text, 0o600); err != nil {
		return "", err
	}
	list, err := json.Marshal(map[string]map[string]string{"Replace": {file: changed}})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(dir, "overlay.json")
	return overlay, os.WriteFile(overlay, list, 0o600)
}

// compile builds the test program of a package, without vet, race detector and debugging information, which only take time here.
func (r *Runner) compile(ctx context.Context, dir, pkg, overlay string) (string, error) {
	program := filepath.Join(dir, "program.test")
	args := []string{"test", "-c", "-vet=off", "-ldflags=-w", "-o", program}
	if overlay != "" {
		args = append(args, "-overlay", overlay)
	}
	_, err := goCommand(ctx, r.root, append(args, pkg)...)
	return program, err
}

// memory is how much address space a mutant may take, in KiB: one that allocates in a loop must not take the computer's.
const memory = 8 << 20

// play runs a test program in the folder of its package, as the go command does. Its error is context.DeadlineExceeded after the limit.
func (r *Runner) play(ctx context.Context, dir, program string, tests Tests, limit time.Duration, env ...string) ([]byte, error) {
	temporary := filepath.Join(dir, "t")
	// Some tests go on as another user.
	if err := cmp.Or(os.Chmod(r.dir, 0o711), os.Chmod(dir, 0o711), os.MkdirAll(temporary, 0o755)); err != nil {
		return nil, err
	}
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	script := fmt.Sprintf(`ulimit -v %d; exec "$0" "$@"`, memory)
	cmd := exec.CommandContext(within, "sh", "-c", script, program, "-test.failfast", "-test.timeout=0", "-test.paniconexit0", "-test.run="+tests.Run, "-test.skip="+r.skip(tests))
	cmd.Dir = r.dirs[tests.Package]
	cmd.Env = append(os.Environ(), "TMPDIR="+temporary, "PWD="+cmd.Dir)
	cmd.Env = append(cmd.Env, env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = time.Second
	alone(cmd)
	err := cmd.Run()
	if err != nil && within.Err() != nil && ctx.Err() == nil {
		err = within.Err()
	}
	return out.Bytes(), err
}

// skip is the regular expression of the tests that are not run.
func (r *Runner) skip(tests Tests) string {
	var all []string
	if tests.Skip != "" {
		all = append(all, tests.Skip)
	}
	for _, name := range r.broken[tests] {
		all = append(all, "^"+name+"$")
	}
	return strings.Join(all, "|")
}

var failed = regexp.MustCompile(`(?m)^--- FAIL: (\S+)`)

// failedTest names the test that failed; a program that crashed names none.
func failedTest(out []byte, tests Tests) string {
	if found := failed.FindSubmatch(out); found != nil {
		return string(found[1])
	}
	return tests.String()
}

// tail is the end of what a program printed.
func tail(out []byte) []byte {
	const most = 2000
	if len(out) > most {
		out = out[len(out)-most:]
	}
	return out
}
