package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"hilphone/db"
	"hilphone/hil/server"
	"hilphone/sip/line"
)

// badFiles are files that no setting may name, by the reason.
func badFiles(t *testing.T) map[string]string {
	t.Helper()
	dir := t.TempDir()
	fifo, text := filepath.Join(dir, "fifo"), filepath.Join(dir, "text")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(text, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"/dev/zero": "is a device, not a regular file", fifo: "is a FIFO, not a regular file", filepath.Join(dir, "missing"): "no such file",
		dir: "is a directory, not a regular file", text: "holds no certificate in PEM",
	}
}

// SE-02: with a file that cannot be used the phone starts, the line says why and serves by what needs no file, and SIGTERM ends the phone; a new
// setting is refused for the same reasons, and a file that is set takes effect.
func TestBadFileAtStart(t *testing.T) {
	t.Parallel()
	f := newFarEnd(t, server.Answering{})
	authority, err := server.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	good := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(good, authority.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	files := badFiles(t)
	for file, reason := range files {
		t.Run(reason, func(t *testing.T) {
			dir, token := f.folder(func(s *line.Settings) {
				swift(s)
				s.Transport, s.TLSCAFile = line.TLS, file
			})
			p := start(t, self(t), "run", "--data", dir, "--listen", "127.0.0.1:0")
			p.token = token
			fault := p.await(0, "fault", nil)
			if fault.Line != 1 || !strings.HasPrefix(fault.Data.Message, "tls_ca_file: ") || !strings.Contains(fault.Data.Message, file) || !strings.Contains(fault.Data.Message, reason) {
				t.Errorf("the fault is %+v", fault)
			}
			p.await(0, "attempt_end", func(e eventSeen) bool { return e.Data.Slot == "primary" && e.Data.Cause == "tls" })
			p.registered("backup")
			p.do("PATCH", "lines/1/sip", `{"failback_interval":601}`, nil)
			for other, why := range files {
				status, answer := p.ask("PATCH", "lines/1/sip", fmt.Sprintf(`{"tls_ca_file":%q}`, other))
				if status != 422 || !strings.Contains(string(answer), `"body.tls_ca_file"`) || !strings.Contains(string(answer), why) {
					t.Errorf("%s: %d %s", other, status, answer)
				}
			}
			p.do("PATCH", "lines/1/sip", fmt.Sprintf(`{"tls_ca_file":%q}`, good), nil)
			var set struct {
				File string `json:"tls_ca_file"`
			}
			if p.do("GET", "lines/1/sip", "", &set); set.File != good {
				t.Errorf("%q is set", set.File)
			}
			if used := peak(t, p); used > 256<<20 {
				t.Errorf("the phone needed %d MB", used>>20)
			}
			p.terminate()
		})
	}
}

// peak is the most resident memory that a process has had.
func peak(t *testing.T, p *process) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal("there is no procfs here: mount it at /proc")
	}
	kib := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(text)
	if kib == nil {
		t.Fatalf("no peak in %s", text)
	}
	n, err := strconv.Atoi(string(kib[1]))
	if err != nil {
		t.Fatal(err)
	}
	return n << 10
}

// SE-02: the command line refuses such a file by line and key, whether or not the phone runs, and changes nothing; a dry run too.
func TestBadFileImported(t *testing.T) {
	clean(t)
	dir := filepath.Join(t.TempDir(), "data")
	for file, reason := range badFiles(t) {
		config := "<<VOIP CONFIG FILE>>Version:2.0000000000\n<SIP CONFIG MODULE>\nSIP3 Display Name:x\nSIP3 X-tls_ca_file:" + file + "\n<<END OF FILE>>\n"
		for _, more := range [][]string{{"--dry-run"}, nil} {
			refused(t, exitUsage, config, append([]string{"config", "import", "--data", dir, "-"}, more...), "line 4, column 20: SIP3 X-tls_ca_file: ", file, reason, "nothing was changed")
		}
	}
	store, err := db.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if s, err := store.Line(t.Context(), 3); err != nil || s != line.Default() {
		t.Errorf("%+v %v", s, err)
	}
}

// SE-02: what flags name is a regular file too; a bad one is named with its flag, and nothing waits or takes all memory.
func TestBadFileInFlags(t *testing.T) {
	clean(t)
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	good := filepath.Join(dir, "good.pem")
	if err := os.WriteFile(good, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	scenario := filepath.Join(dir, "good.scenario")
	if err := os.WriteFile(scenario, []byte("scenario a\nhook off\nexpect hook off within 1s\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for file, reason := range badFiles(t) {
		if !strings.Contains(reason, "regular") {
			continue
		}
		for _, args := range [][]string{
			{"run", "--data", data, "--listen", "127.0.0.1:0", "--tls-cert", file, "--tls-key", good},
			{"run", "--data", data, "--listen", "127.0.0.1:0", "--tls-cert", good, "--tls-key", file},
			{"run", "--data", data, "--board", file},
			{"demo", "--listen", "127.0.0.1:0", "--board", file},
			{"board", "check", file},
			{"bench", "run", file},
			{"bench", "check", file},
			{"bench", "run", scenario, "--place", file},
			{"bench", "run", scenario, "--rig", file},
			{"bench", "rig", file},
			{"config", "import", "--data", data, file},
		} {
			refused(t, exitUsage, "", args, file, reason)
		}
	}
}

// SE-02: a FIFO in the place of the stored board does not keep the phone waiting: it says so and ends.
func TestBadStoredBoard(t *testing.T) {
	clean(t)
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, storedBoard), 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, exitFailed, "", []string{"demo", "--listen", "127.0.0.1:0", "--data", dir}, storedBoard, "is a FIFO, not a regular file")
}
