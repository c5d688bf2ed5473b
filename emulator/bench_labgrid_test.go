package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// UX-19: where the installed labgrid has no HttpDigitalOutput the file is as with --power by itself, which is said; --no-power is stronger, and so is
// --power. Where no labgrid is installed, or it has the class, the file has it.
func TestLabgridInstalled(t *testing.T) {
	phone := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`[{"name":"hook","direction":"input"}]`))
	}))
	defer phone.Close()
	dir := t.TempDir()
	t.Setenv("PATH", dir+":/bin:/usr/bin")
	install := func(answer string) {
		python, exporter := filepath.Join(dir, "python3"), filepath.Join(dir, "labgrid-exporter")
		for file, text := range map[string]string{python: "#!/bin/sh\n" + answer + "\n", exporter: "#!" + python + "\n"} {
			if err := os.WriteFile(file, []byte(text), 0o700); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range []struct {
		answer, flag, class string
		said                bool
	}{
		{"echo False", "", "NetworkPowerPort", true}, {"echo False", "--no-power", "HttpDigitalOutput", false}, {"echo True", "", "HttpDigitalOutput", false},
		{"echo True", "--power", "NetworkPowerPort", false}, {"exit 1", "", "HttpDigitalOutput", false},
	} {
		install(c.answer)
		args := []string{"bench", "labgrid", "--phone", phone.URL}
		if c.flag != "" {
			args = append(args, c.flag)
		}
		code, out, said := command(t, "", args...)
		if code != 0 || !strings.Contains(out, "cls: "+c.class) || strings.Contains(said, "has no HttpDigitalOutput") != c.said {
			t.Errorf("%+v: %d %s %s", c, code, out, said)
		}
	}
}
