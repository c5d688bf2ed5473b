package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// pseudoTerminal opens a terminal without a screen: what a program sees of it, and the other end.
func pseudoTerminal(t *testing.T) (terminal, other *os.File) {
	t.Helper()
	other, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.Close() })
	if err := unix.IoctlSetPointerInt(int(other.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(other.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { terminal.Close() })
	return terminal, other
}

// UX-18: the bare name at a terminal prints the usage.
func TestBareNameAtTerminal(t *testing.T) {
	clean(t)
	terminal, other := pseudoTerminal(t)
	var shown strings.Builder
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = io.Copy(&shown, other) // ends with EIO, as the last one who has the terminal open closes it
	}()
	code := execute(environment{t.Context(), terminal, terminal, io.Discard}, nil)
	if err := terminal.Close(); err != nil {
		t.Fatal(err)
	}
	<-read
	for _, part := range []string{"Usage: hilphone <command>", "hilphone run is the phone", "demo", "--version"} {
		if code != exitUsage || !strings.Contains(shown.String(), part) {
			t.Errorf("exit code %d, want %d and %q in %s", code, exitUsage, part, shown.String())
		}
	}
	if wantsUsage(environment{t.Context(), strings.NewReader(""), terminal, io.Discard}, nil) || wantsUsage(environment{t.Context(), terminal, terminal, io.Discard}, []string{"--data", "x"}) {
		t.Error("a unit, a container or a command line with flags gets the usage")
	}
}

// UX-18: --version, help, and what an unknown command is answered.
func TestCommandLineHelp(t *testing.T) {
	clean(t)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--version"}, "hilphone " + version}, {[]string{"help"}, "Usage: hilphone <command>"}, {[]string{"help", "token"}, "Usage: hilphone token"},
	} {
		if code, out, err := command(t, "", c.args...); code != 0 || err != "" || !strings.HasPrefix(out, c.want) {
			t.Errorf("%q: exit code %d, %q, %q", c.args, code, out, err)
		}
	}
	refused(t, exitUsage, "", []string{"tokne", "new", "x"}, "unknown command tokne", `"token"`, "run, demo, bench", "health")
	refused(t, exitUsage, "", []string{"xyzzy"}, "unknown command xyzzy", "run, demo, bench")
	refused(t, exitUsage, "", []string{"token", "nwe"}, `did you mean "new"`)
	refused(t, exitUsage, "", []string{"demo", "--lisen", "x"}, `did you mean "--listen"`)
}
