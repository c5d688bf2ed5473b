package db

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hilphone/sip/line"
)

func lines(t *testing.T, d *DB) map[int]line.Settings {
	t.Helper()
	m, err := d.Lines(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestLinesBeginAtTheirDefaults(t *testing.T) {
	m := lines(t, mustOpen(t, t.TempDir()))
	want := map[int]line.Settings{}
	for n := 1; n <= 20; n++ {
		want[n] = line.Default()
	}
	if !maps.Equal(m, want) {
		t.Errorf("a new phone has %v", m)
	}
}

func TestEverySettingIsStored(t *testing.T) {
	dir := t.TempDir()
	d := mustOpen(t, dir)
	want := line.Default()
	want.PhoneNumber = "5" // an activated line needs one
	for _, def := range line.Table {
		before := want
		texts := []string{"1", "0", "host.example.test", "3", "6??", "40", "4000", "5001", "servers,192.0.2.7", "ちょ \"'\\ü"}
		for _, o := range def.Choices {
			texts = append(texts, o.File)
		}
		for _, text := range texts {
			if err := def.SetText(&want, text); err == nil && want != before && want.Validate() == nil {
				break
			}
			want = before
		}
		if want == before {
			t.Fatalf("no other value for %s", def.Name)
		}
	}
	if err := d.PutLine(t.Context(), 20, want); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	m := lines(t, mustOpen(t, dir))
	if m[20] != want || m[1] != line.Default() {
		t.Errorf("line 20\n got %+v\nwant %+v", m[20], want)
	}
}

func TestPutLineRefusesWhatCannotRun(t *testing.T) {
	d := mustOpen(t, t.TempDir())
	bad := line.Default()
	bad.RegisterPort, bad.T1, bad.AuthPassword = 0, 0, "secret\x00"
	err := d.PutLine(t.Context(), 1, bad)
	names := []string{}
	for _, f := range line.FieldErrors(err) {
		names = append(names, f.Name)
	}
	if slices.Sort(names); fmt.Sprint(names) != "[auth_password register_port t1_ms]" || strings.Contains(err.Error(), "secret") {
		t.Errorf("faults %v in %v", names, err)
	}
	for _, n := range []int{0, -1, 21} {
		var f *line.FieldError
		if err := d.PutLine(t.Context(), n, line.Default()); !errors.As(err, &f) || f.Name != "line" {
			t.Errorf("line %d: %v", n, err)
		}
	}
	if m := lines(t, d); m[1] != line.Default() {
		t.Errorf("a refused write has changed %+v", m[1])
	}
}

func TestEqualSettingsWriteNothing(t *testing.T) {
	d := mustOpen(t, t.TempDir())
	changes := func() (n int) {
		if err := d.write.QueryRow("SELECT total_changes()").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	put := func(s line.Settings, want int) {
		t.Helper()
		before := changes()
		if err := d.PutLine(t.Context(), 1, s); err != nil {
			t.Fatal(err)
		}
		if n := changes() - before; n != want {
			t.Errorf("%d rows written, want %d", n, want)
		}
	}
	s := line.Default()
	put(s, len(line.Table))
	put(s, 0)
	s.PhoneNumber, s.BackupAddr = "1001", "192.0.2.2"
	put(s, 2)
	put(s, 0)
}

func TestUnknownSettingsSurvive(t *testing.T) {
	d := mustOpen(t, t.TempDir())
	if _, err := d.write.Exec("INSERT INTO line_setting VALUES (1, 'of_a_later_program', 'x')"); err != nil {
		t.Fatal(err)
	}
	s := line.Default()
	s.PhoneNumber = "1001"
	if err := d.PutLine(t.Context(), 1, s); err != nil {
		t.Fatal(err)
	}
	var value string
	if err := d.read.QueryRow("SELECT value FROM line_setting WHERE name = 'of_a_later_program'").Scan(&value); err != nil || value != "x" {
		t.Errorf("it is %q now, %v", value, err)
	}
	if lines(t, d)[1] != s {
		t.Error("it disturbs the others")
	}
}

func TestStrangeRowsDoNotStopThePhone(t *testing.T) {
	for _, c := range []struct {
		name string
		rows map[string]string
		want func(*line.Settings)
	}{
		{"out of range", map[string]string{"register_port": "99999", "phone_number": "1001"}, func(s *line.Settings) { s.PhoneNumber = "1001" }},
		{"activated without a number", map[string]string{"enabled": "1", "register_addr": "192.0.2.1"}, func(s *line.Settings) { s.RegisterAddr = "192.0.2.1" }},
		{"T2 below T1", map[string]string{"enabled": "1", "phone_number": "1001", "t1_ms": "600", "t2_ms": "500"},
			func(s *line.Settings) { s.PhoneNumber, s.T1 = "1001", 600 }},
		{"T1 above the default of T2", map[string]string{"phone_number": "1001", "t1_ms": "9000", "t2_ms": "8000"}, func(*line.Settings) {}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := mustOpen(t, t.TempDir())
			for name, value := range c.rows {
				if _, err := d.write.Exec("INSERT INTO line_setting VALUES (3, ?, ?)", name, value); err != nil {
					t.Fatal(err)
				}
			}
			want := line.Default()
			c.want(&want)
			if got := lines(t, d)[3]; got != want {
				t.Errorf("got %+v\nwant %+v", got, want)
			}
		})
	}
}

func FuzzStoredSetting(f *testing.F) {
	for _, def := range line.Table {
		f.Add(def.Name, def.Default)
	}
	f.Add("t2_ms", "10")
	f.Add("enabled", "1")
	f.Add("register_failover_codes", "4??")
	d, err := Open(f.TempDir(), nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { d.Close() })
	f.Fuzz(func(t *testing.T, name, value string) {
		if _, err := d.write.Exec("INSERT OR REPLACE INTO line_setting VALUES (1, ?, ?)", name, value); err != nil {
			t.Fatal(err)
		}
		s := lines(t, d)[1]
		if err := s.Validate(); err != nil {
			t.Errorf("%q = %q gives settings that cannot run: %v", name, value, err)
		}
		if err := d.PutLine(t.Context(), 1, s); err != nil {
			t.Errorf("%q = %q cannot be stored again: %v", name, value, err)
		}
	})
}

// BenchmarkPutLine measures one acknowledged change of one line, alone and while the event history is written without a pause.
func BenchmarkPutLine(b *testing.B) {
	for _, history := range []bool{false, true} {
		b.Run(fmt.Sprint("history=", history), func(b *testing.B) {
			d := mustOpen(b, b.TempDir())
			ctx, cancel := context.WithCancel(b.Context())
			var writer sync.WaitGroup
			if history {
				writer.Go(func() {
					for from := int64(1); ctx.Err() == nil; from += 100 {
						if err := d.SaveEvents(ctx, batch(from, 100)); err != nil && ctx.Err() == nil {
							b.Error(err)
							return
						}
					}
				})
			}
			var took []time.Duration
			for i := 0; b.Loop(); i++ {
				begin := time.Now()
				if err := d.PutLine(b.Context(), 1, numbered(i)); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(begin))
			}
			cancel()
			writer.Wait()
			slices.Sort(took)
			for _, p := range []int{50, 99} {
				b.ReportMetric(float64(took[(len(took)-1)*p/100].Microseconds())/1000, fmt.Sprintf("p%d-ms", p))
			}
		})
	}
}
