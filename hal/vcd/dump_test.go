package vcd

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"
)

// dump writes what f does, from 5 us on.
func dump(t testing.TB, vars []Variable, initial []Value, f func(d *Dump)) string {
	t.Helper()
	var out strings.Builder
	d, err := Start(&out, Header{}, vars, 5, initial)
	if err != nil {
		t.Fatal(err)
	}
	f(d)
	return out.String()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

func TestDump(t *testing.T) {
	var out strings.Builder
	d, err := Start(&out, Header{Date: time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC), Version: "phone 1", Comment: "two\n lines $end"},
		[]Variable{{Scope: "board", Name: "hook"}, {Scope: "call", Name: "state", Kind: Text}, {Scope: "board", Name: "key *"}, {Name: "7", Kind: Vector, Width: 3}},
		1000, []Value{Bit(true), Words("idle"), Bit(false)})
	if err != nil {
		t.Fatal(err)
	}
	must(t, d.Change(1000, 2, Bit(true)))
	must(t, d.Change(1010, 0, Bit(true))) // is so already
	must(t, d.Change(1020, 1, Words("dial tone")))
	must(t, d.Change(1020, 3, Number(5)))
	must(t, d.Change(1021, 0, Unknown))
	must(t, d.End(2000))
	const want = `$date 2025-03-01T12:00:00Z $end
$version phone 1 $end
$comment two lines _end $end
$timescale 1 us $end
$scope module board $end
$var wire 1 ! hook $end
$var wire 1 & key_star $end
$upscope $end
$scope module call $end
$var string 1 % state $end
$upscope $end
$var wire 3 ' _7 $end
$enddefinitions $end
#1000
$dumpvars
1!
sidle %
0&
bx '
$end
1&
#1020
sdial\040tone %
b101 '
#1021
x!
#2000
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestRefused(t *testing.T) {
	var out strings.Builder
	for _, v := range []struct {
		vars  []Variable
		at    int64
		first []Value
	}{
		{[]Variable{{Name: "a", Kind: Vector}}, 0, nil},
		{[]Variable{{Name: "a", Kind: Vector, Width: 65}}, 0, nil},
		{[]Variable{{Name: "a", Kind: Kind(3)}}, 0, nil},
		{[]Variable{{Name: "a"}}, 0, []Value{Words("on")}},
		{[]Variable{{Name: "a"}}, -1, nil},
	} {
		if _, err := Start(&out, Header{}, v.vars, v.at, v.first); err == nil || out.Len() > 0 {
			t.Errorf("%+v: %v, wrote %q", v, err, out.String())
		}
	}
	vars := []Variable{{Name: "w"}, {Name: "v", Kind: Vector, Width: 2}, {Name: "t", Kind: Text}}
	before := dump(t, vars, nil, func(d *Dump) { must(t, d.End(6)) })
	after := dump(t, vars, nil, func(d *Dump) {
		for _, c := range []struct {
			at       int64
			variable int
			to       Value
			want     error
		}{
			{4, 0, Bit(true), ErrBackwards}, {6, 3, Bit(true), ErrVariable}, {6, -1, Bit(true), ErrVariable}, {6, 0, Number(2), ErrKind},
			{6, 0, Words(""), ErrKind}, {6, 1, Number(4), ErrKind}, {6, 2, Bit(false), ErrKind},
		} {
			if err := d.Change(c.at, c.variable, c.to); !errors.Is(err, c.want) {
				t.Errorf("%+v: %v", c, err)
			}
		}
		if err := d.End(4); !errors.Is(err, ErrBackwards) {
			t.Errorf("End before the start: %v", err)
		}
		must(t, d.End(6))
	})
	if after != before {
		t.Errorf("what was refused was written:\n%s", after)
	}
}

func TestNamesAreTheirOwn(t *testing.T) {
	vars := []Variable{{Name: "a b"}, {Name: "a_b"}, {Name: "a-b"}, {Scope: "s", Name: "a b"}, {Name: ""}, {Name: "*"}, {Name: "ラ"}, {Name: "a_b_2"}}
	if got, want := strings.Join(names(vars), " "), "a_b a_b_2 a_b_3 a_b _ star __2 a_b_2_2"; got != want {
		t.Errorf("names %s, want %s", got, want)
	}
}

func TestIdentifiersAreTheirOwn(t *testing.T) {
	seen := map[string]bool{}
	for i := range 10_000 {
		id := identifier(i)
		if seen[id] || len(id) > 3 || strings.ContainsAny(id[:1], "#$01xXzZbBrRsS") {
			t.Fatalf("identifier %d is %q", i, id)
		}
		seen[id] = true
	}
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no room") }

func TestWriterFails(t *testing.T) {
	if _, err := Start(full{}, Header{}, []Variable{{Name: "a"}}, 0, nil); err == nil {
		t.Error("a dump on a full disk has begun")
	}
}

// read reads a dump as the standard says, for what this package writes: the value of each variable at each instant.
func read(t testing.TB, text string) (names []string, at []int64, values []map[string]string) {
	t.Helper()
	declarations, changes, ok := strings.Cut(text, "$enddefinitions $end\n")
	if !ok {
		t.Fatalf("no end of the definitions: %q", text)
	}
	byID := map[string]string{}
	scope := ""
	for line := range strings.Lines(declarations) {
		f := strings.Fields(line)
		switch f[0] {
		case "$scope":
			scope = f[2] + "."
		case "$upscope":
			scope = ""
		case "$var":
			if len(f) != 6 || byID[f[3]] != "" {
				t.Fatalf("variable %q", line)
			}
			byID[f[3]] = scope + f[4]
			names = append(names, scope+f[4])
		}
	}
	for line := range strings.Lines(changes) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case line == "$dumpvars" || line == "$end":
		case line[0] == '#':
			n, err := strconv.ParseInt(line[1:], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			at, values = append(at, n), append(values, map[string]string{})
		case line[0] == 'b' || line[0] == 's':
			value, id, ok := strings.Cut(line[1:], " ")
			if !ok || byID[id] == "" {
				t.Fatalf("change %q", line)
			}
			values[len(values)-1][byID[id]] = value
		default:
			if byID[line[1:]] == "" {
				t.Fatalf("change %q", line)
			}
			values[len(values)-1][byID[line[1:]]] = line[:1]
		}
	}
	return names, at, values
}

// FuzzDump writes a dump of anything and reads it again.
func FuzzDump(f *testing.F) {
	f.Add("board", "key *", "talk ing\\", uint64(5), int64(7))
	f.Add("", "$end", "\n#9\n", uint64(0), int64(0))
	f.Add("s s", "0", "ラ", ^uint64(0), int64(1)<<60)
	f.Fuzz(func(t *testing.T, scope, name, text string, n uint64, wait int64) {
		if wait < 0 {
			wait = -(wait + 1)
		}
		end := 5 + wait&(1<<62-1)
		vars := []Variable{{Scope: scope, Name: name}, {Scope: scope, Name: name, Kind: Vector, Width: 64}, {Name: name, Kind: Text}}
		out := dump(t, vars, []Value{Bit(n&1 == 1)}, func(d *Dump) {
			must(t, d.Change(end, 1, Number(n)))
			must(t, d.Change(end, 2, Words(text)))
			must(t, d.End(end))
		})
		names, at, values := read(t, out)
		last := values[len(values)-1]
		if len(names) != 3 || at[0] != 5 || at[len(at)-1] != end {
			t.Fatalf("names %q, instants %v", names, at)
		}
		wire, vector, words := names[0], names[1], names[2]
		if got, err := strconv.ParseUint(last[vector], 2, 64); err != nil || got != n {
			t.Errorf("%s is %q, want %b", vector, last[vector], n)
		}
		if values[0][wire] != strconv.FormatUint(n&1, 10) {
			t.Errorf("%s is %q", wire, values[0][wire])
		}
		if got := unescape(t, last[words]); got != text {
			t.Errorf("%s is %q, want %q", words, got, text)
		}
	})
}

func unescape(t testing.TB, s string) string {
	t.Helper()
	var b strings.Builder
	for len(s) > 0 {
		if s[0] != '\\' {
			b.WriteByte(s[0])
			s = s[1:]
			continue
		}
		c, err := strconv.ParseUint(s[1:4], 8, 8)
		if err != nil {
			t.Fatal(err)
		}
		b.WriteByte(byte(c))
		s = s[4:]
	}
	return b.String()
}
