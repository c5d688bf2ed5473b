package vcd

import (
	"errors"
	"fmt"
	"maps"
	"slices"
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

// BE-05: a dump has wires of one bit alone; words have a wire each.
func TestDump(t *testing.T) {
	var out strings.Builder
	d, err := Start(&out, Header{Date: time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC), Version: "phone 1", Comment: "two\n lines $end"},
		[]Variable{{Scope: "board", Name: "hook"}, {Scope: "call", Name: "state", Words: []string{"idle", "dial tone"}}, {Scope: "board", Name: "key *"}, {Name: "7", Words: []string{"a"}}},
		1000, []Value{Bit(true), Word("idle"), Bit(false)})
	if err != nil {
		t.Fatal(err)
	}
	must(t, d.Change(1000, 2, Bit(true)))
	must(t, d.Change(1010, 0, Bit(true))) // is so already
	must(t, d.Change(1020, 1, Word("dial tone")))
	must(t, d.Change(1020, 3, Word("b")))
	must(t, d.Change(1021, 0, Unknown))
	must(t, d.Change(1022, 3, Word("c"))) // no wire is at another level
	must(t, d.Change(1023, 1, Word("talking")))
	must(t, d.End(2000))
	const want = `$date 2025-03-01T12:00:00Z $end
$version phone 1 $end
$comment two lines _end $end
$timescale 1 us $end
$scope module board $end
$var wire 1 ! hook $end
$var wire 1 ' key_star $end
$upscope $end
$scope module call $end
$var wire 1 % state_idle $end
$var wire 1 & state_dial_tone $end
$upscope $end
$var wire 1 ( _7_a $end
$enddefinitions $end
#1000
$dumpvars
1!
1%
0&
0'
x(
$end
1'
#1020
0%
1&
0(
#1021
x!
#1023
0&
#2000
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

// BE-05: more words than maxWires are a number in binary, which a comment explains.
func TestManyWords(t *testing.T) {
	var words []string
	for i := range maxWires + 1 {
		words = append(words, fmt.Sprintf("w%d $end", i))
	}
	text := dump(t, []Variable{{Name: "display", Words: words}}, []Value{Word(words[4])}, func(d *Dump) {
		must(t, d.Change(6, 0, Word(words[16])))
		must(t, d.Change(7, 0, Word("another")))
		must(t, d.End(8))
	})
	names, at, values := read(t, text)
	if got, want := strings.Join(names, " "), "display_bit0 display_bit1 display_bit2 display_bit3 display_bit4"; got != want {
		t.Errorf("wires %s, want %s", got, want)
	}
	if !strings.Contains(text, `$comment display_bit0 to display_bit4: 1 "w0 _end" 2 "w1 _end"`) {
		t.Errorf("no word is explained in\n%s", text)
	}
	level := map[string]string{}
	for i, want := range []int{5, 17, 0, 0} { // at 5, 6, 7, 8 us
		maps.Copy(level, values[i])
		number := 0
		for digit, name := range names {
			if level[name] == "1" {
				number |= 1 << digit
			}
		}
		if number != want || at[i] != int64(5+i) {
			t.Errorf("%d at %d us, want %d", number, at[i], want)
		}
	}
}

// BE-05: up to 16 words have a wire each.
func TestSixteenWords(t *testing.T) {
	var words, want []string
	for i := range 16 {
		words, want = append(words, fmt.Sprint("w", i)), append(want, fmt.Sprint("display_w", i))
	}
	text := dump(t, []Variable{{Name: "display", Words: words}}, []Value{Word("w3")}, func(d *Dump) { must(t, d.End(8)) })
	if names, _, values := read(t, text); !slices.Equal(names, want) || values[0]["display_w3"] != "1" || values[0]["display_w4"] != "0" || strings.Contains(text, "$comment") {
		t.Errorf("wires %q in\n%s", names, text)
	}
}

func TestRefused(t *testing.T) {
	var out strings.Builder
	for _, v := range []struct {
		vars  []Variable
		at    int64
		first []Value
	}{
		{[]Variable{{Name: "a"}}, 0, []Value{Word("on")}},
		{[]Variable{{Name: "a", Words: []string{"on"}}}, 0, []Value{Bit(true)}},
		{[]Variable{{Name: "a"}}, -1, nil},
	} {
		if _, err := Start(&out, Header{}, v.vars, v.at, v.first); err == nil || out.Len() > 0 {
			t.Errorf("%+v: %v, wrote %q", v, err, out.String())
		}
	}
	vars := []Variable{{Name: "w"}, {Name: "t", Words: []string{"on", "off"}}}
	before := dump(t, vars, nil, func(d *Dump) { must(t, d.End(6)) })
	after := dump(t, vars, nil, func(d *Dump) {
		for _, c := range []struct {
			at       int64
			variable int
			to       Value
			want     error
		}{
			{4, 0, Bit(true), ErrBackwards}, {6, 2, Bit(true), ErrVariable}, {6, -1, Bit(true), ErrVariable},
			{6, 0, Word(""), ErrKind}, {6, 1, Bit(false), ErrKind},
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

func TestNamesDiffer(t *testing.T) {
	vars := []Variable{{Name: "a b"}, {Name: "a_b"}, {Name: "a-b"}, {Scope: "s", Name: "a b"}, {Name: ""}, {Name: "*"}, {Name: "ラ"}, {Name: "a_b_2"}, {Name: "a", Words: []string{"b", "c", "c"}}}
	var got []string
	for _, of := range wires(vars) {
		for _, w := range of {
			got = append(got, w.name)
		}
	}
	if got, want := strings.Join(got, " "), "a_b a_b_2 a_b_3 a_b _ star __2 a_b_2_2 a_b_4 a_c a_c_2"; got != want {
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

// TestShortIdentifiers: the first 52 have one character, the next 52 times 52 have two, the least significant first.
func TestShortIdentifiers(t *testing.T) {
	if len(letters) != 52 {
		t.Fatalf("%d letters", len(letters))
	}
	for i, want := range map[int]string{0: "!", 1: "%", 50: "v", 51: "y", 52: "!!", 53: "%!", 103: "y!", 104: "!%", 52 + 52*52 - 1: "yy", 52 + 52*52: "!!!"} {
		if got := identifier(i); got != want {
			t.Errorf("identifier %d is %q, want %q", i, got, want)
		}
	}
}

// TestNameCharacters: letters, digits and _ stay, at both ends of their ranges; what stands beside them in ASCII becomes _.
func TestNameCharacters(t *testing.T) {
	for name, want := range map[string]string{"azAZ_09": "azAZ_09", "a/:@[`{": "a______", "9a": "_9a", "0": "_0", "a9": "a9", "": "_", "key #*": "key_poundstar", "_": "_", "é": "_"} {
		if got := Name(name); got != want {
			t.Errorf("%q is named %q, want %q", name, got, want)
		}
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
			if len(f) != 6 || f[1] != "wire" || f[2] != "1" || byID[f[3]] != "" {
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
		default:
			if byID[line[1:]] == "" || !strings.Contains("01x", line[:1]) {
				t.Fatalf("change %q", line)
			}
			values[len(values)-1][byID[line[1:]]] = line[:1]
		}
	}
	return names, at, values
}

// FuzzDump writes a dump of anything and reads it again.
func FuzzDump(f *testing.F) {
	f.Add("board", "key *", "talk ing\\", uint8(5), int64(7))
	f.Add("", "$end", "\n#9\n", uint8(0), int64(0))
	f.Add("s s", "0", "ラ\xff", uint8(200), int64(1)<<60)
	f.Fuzz(func(t *testing.T, scope, name, text string, n uint8, wait int64) {
		if wait < 0 {
			wait = -(wait + 1)
		}
		end := 5 + wait&(1<<62-1)
		words := []string{text}
		for i := range int(n) {
			words = append(words, fmt.Sprint(text, i))
		}
		vars := []Variable{{Scope: scope, Name: name}, {Scope: scope, Name: name, Words: words}, {Name: name, Words: words[:1]}}
		out := dump(t, vars, []Value{Bit(n&1 == 1), Word(words[0])}, func(d *Dump) {
			must(t, d.Change(end, 1, Word(words[len(words)-1])))
			must(t, d.Change(end, 2, Word(text)))
			must(t, d.End(end))
		})
		names, at, values := read(t, out)
		last := values[len(values)-1]
		if at[0] != 5 || at[len(at)-1] != end || len(names) < 3 {
			t.Fatalf("names %q, instants %v", names, at)
		}
		if values[0][names[0]] != strconv.Itoa(int(n&1)) {
			t.Errorf("%s is %q", names[0], values[0][names[0]])
		}
		ones := 0
		for _, v := range last {
			if v == "1" {
				ones++
			}
		}
		if ones == 0 {
			t.Errorf("no wire tells of %q in\n%s", words[len(words)-1], out)
		}
	})
}
