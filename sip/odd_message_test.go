package sip_test

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tortureMessages are those of RFC 4475, which the SIP library carries.
func tortureMessages(tb testing.TB) map[string]string {
	tb.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/emiago/sipgo").Output()
	if err != nil {
		tb.Fatalf("finding the library's folder: %v", err)
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "sip", "testdata", "torture", "*", "*"))
	if err != nil || len(files) < 20 {
		tb.Fatalf("the library has %d torture messages: %v", len(files), err)
	}
	all := make(map[string]string)
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		all[filepath.Base(file)] = string(raw)
	}
	return all
}

// spelledHeads are header fields, and start lines, as peers spell them (WIRE 1): what RFC 3261 allows, and what it does not and is sent
// nevertheless.
var spelledHeads = []string{
	"Via: SIP / 2.0 / UDP 127.0.0.66 : 6000 ; branch = z9hG4bKstranger", "v:SIP/2.0/UDP 127.0.0.66:6000;BRANCH=z9hG4bKstranger;rport", "Via:\r\n SIP/2.0/UDP\r\n  127.0.0.66:6000\r\n\t;branch\r\n =z9hG4bKstranger",
	`Via: SIP/2.0/UDP 127.0.0.66:6000;x="a;branch=no,b";branch=z9hG4bKstranger`, "Via: SIP/2.0/UDP 127.0.0.66:6000;branch=z9hG4bKstranger , SIP/2.0/TCP second;branch=z9hG4bKb", "Via: SIP/2.0/UDP 127.0.0.66:6000",
	"Via: SIP/2.0/UDP 127.0.0.66:6000;branch=1", "Via: SIP/2.0/UDP pc.example.com;branch=z9hG4bKstranger;received=192.0.2.1", "Via: SIP/2.0/UDP [2001:db8::1]:5070;branch=z9hG4bKstranger",
	"f: \"A\" <sip:1002@127.0.0.66>;tag=f1", "FROM : \"A\"<sip:1002@127.0.0.66> ; tag = f1", "From: A <sip:1002@127.0.0.66>;TAG=f1", `From: "D \" J, x" <sip:1002@127.0.0.66>;x="a b;tag=no";tag=f1`, "From: <tel:+4912345;phone-context=x>;tag=f1",
	"From: sip:1002@127.0.0.66;tag=f1", "From:\r\n\t\"A\"\r\n\t<sip:1002@127.0.0.66>\r\n\t;tag=f1", "From: \"unclosed <sip:1002@127.0.0.66>;tag=f1", "From: <sip:1002@127.0.0.66",
	"t: <sip:1001@127.0.0.1>", "To: sip:1001@127.0.0.1", "To : <sip:1001@127.0.0.1>;user=phone;a=\"<;>\"", "To: <sip:1001@127.0.0.1>;tag=other",
	"i: stranger", "Call-ID :\r\n\tstranger", "Call-ID:", "CSeq: 1  METHOD", "cseq:1\tMETHOD", "CSeq: 0001 METHOD", "CSeq:\r\n 1\r\n METHOD", "CSeq: 2147483648 METHOD", "CSeq: 1 OTHER", "CSeq: METHOD",
	"m: <sip:1002@127.0.0.66:6000>", "Contact: sip:1002@127.0.0.66:6000;expires=60, sip:1002@127.0.0.66:6001;expires=60", "Contact: <sip:1003@192.0.2.10:5060transport=udp>", "Contact: *", "Contact: <sip:[::1]:5060>",
	"Record-Route: \"p, q\" <sip:127.0.0.66:6000;lr>;a=b", "Record-Route:\r\n <sip:127.0.0.66:6000>\r\n , <sip:proxy.example.com;lr;ftag=x>", "Record-Route: nonsense", "Route: <sip:127.0.0.1;lr>",
	"Max-Forwards: abc", "MAX-FORWARDS:0", "Max-Forwards: 4294967296", "Expires: 45abc", "Expires: 4294967296", "Content-Length:\r\n 0", "l : 0", "Content-Length: -1", "Content-Length: 99",
	"Require: foo", "Require: 100rel,\r\n timer", "Content-Type: text/plain", "Content-Encoding: gzip", "Event: nothing", "Supported:", "Subject: x\r\nthis line has no colon", ": no name", "X-Bell: \x07\x00\xff", "Authorization: Digest \"",
	"METHOD sip:1001@127.0.0.1:5070 sip/2.0", "METHOD sip:%31001@127.0.0.1:5070 SIP/2.0", "METHOD tel:1001 SIP/2.0", "METHOD <sip:1001@127.0.0.1:5070> SIP/2.0", "METHOD  sip:1001@127.0.0.1:5070  SIP/2.0 ", "METHOD sip:1001@127.0.0.1:5070 SIP/3.0",
}

// spelled are whole requests of a stranger's, each with one of spelledHeads.
func spelled() []string {
	var all []string
	for _, head := range spelledHeads {
		for _, method := range []string{"OPTIONS", "INVITE"} {
			head := strings.ReplaceAll(head, "METHOD", method)
			raw := asked(method, "z9hG4bKstranger", longName(head)) // in the place of its field
			all = append(all, strings.Replace(raw, longName(head), head, 1))
		}
	}
	return all
}

// longName puts the customary name before the colon of a header field.
func longName(head string) string {
	name, rest, _ := strings.Cut(head, ":")
	for short, long := range map[string]string{"v": "Via", "f": "From", "t": "To", "i": "Call-ID", "m": "Contact", "l": "Content-Length", "cseq": "CSeq", "from": "From", "max-forwards": "Max-Forwards"} {
		if strings.EqualFold(strings.TrimSpace(name), short) {
			return long + ":" + rest
		}
	}
	return head
}

// live are messages of every kind that a line reads, from a stranger: of no dialog and no transaction of the line's.
func live() []string {
	sdp := strings.Join(answerSDP, "\r\n") + "\r\n"
	with := func(m, contentType, body string) string {
		return strings.Replace(m, "Content-Length: 0\r\n\r\n", fmt.Sprintf("Content-Type: %s\r\nContent-Length: %d\r\n\r\n%s", contentType, len(body), body), 1)
	}
	var all []string
	for _, method := range []string{"INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "INFO", "NOTIFY", "UPDATE", "REFER", "MESSAGE", "SUBSCRIBE", "REGISTER", "PRACK"} {
		all = append(all, asked(method, "z9hG4bKstranger"), asked(method, "z9hG4bKstranger", "To: <sip:1001@127.0.0.1>;tag=unknown"))
	}
	parts := "--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b\r\nContent-Type: application/sdp\r\n\r\n" + sdp + "--b--\r\n"
	invite := asked("INVITE", "z9hG4bKstranger", "Record-Route: <sip:127.0.0.66:6000;lr>\r\nRecord-Route: <sip:proxy.example.com;lr;ftag=1>", "Via: SIP/2.0/UDP 127.0.0.66:6000;branch=z9hG4bKstranger;rport\r\nVia: SIP/2.0/TCP proxy.example.com;branch=z9hG4bK2")
	all = append(all, with(invite, "application/sdp", sdp), with(invite, "multipart/mixed;boundary=b", parts), with(invite, "text/plain", "hello"),
		with(asked("NOTIFY", "z9hG4bKstranger", "Event: message-summary", "Subscription-State: active"), "application/simple-message-summary", "Messages-Waiting: yes\r\nVoice-Message: 2/8 (0/2)\r\n"),
		asked("NOTIFY", "z9hG4bKstranger", "Event: check-sync"))
	for _, code := range []string{"100 Trying", "180 Ringing", "200 OK", "302 Moved", "401 Unauthorized", "407 Proxy Authentication Required", "486 Busy Here", "503 Service Unavailable"} {
		for _, method := range []string{"REGISTER", "INVITE", "BYE"} {
			all = append(all, message("SIP/2.0 "+code, "Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bKstranger;rport=5070", "From: <sip:1001@127.0.0.2>;tag=a", "To: <sip:1002@127.0.0.2>;tag=b", "Call-ID: stranger", "CSeq: 1 "+method,
				"Contact: <sip:1001@127.0.0.1:5070>;expires=3600", `WWW-Authenticate: Digest realm="r", nonce="n", qop="auth"`, "Retry-After: 5", "Content-Length: 0"))
		}
	}
	return all
}

// odd makes odd messages: the corpus as it is and mutants of it, the same ones for the same seed. None knows a dialog or a branch of the line.
type odd struct {
	rng    *rand.Rand
	corpus []string
	made   int
}

// newOdd gives strangers the address at.
func newOdd(tb testing.TB, seed uint64, at string) *odd {
	o := &odd{rng: rand.New(rand.NewPCG(seed, 1))}
	torture := tortureMessages(tb)
	for _, all := range []map[string]string{hostile, torture} {
		for _, name := range slices.Sorted(maps.Keys(all)) {
			o.corpus = append(o.corpus, all[name])
		}
	}
	o.corpus = append(append(o.corpus, spelled()...), live()...)
	for i, m := range o.corpus {
		o.corpus[i] = strings.ReplaceAll(m, "127.0.0.66:6000", at)
	}
	return o
}

// next is the next odd message: first the corpus, then one message in sixteen as it is, and the others changed in up to four ways.
func (o *odd) next() []byte {
	o.made++
	m := o.corpus[o.rng.IntN(len(o.corpus))]
	if o.made <= len(o.corpus) {
		m = o.corpus[o.made-1]
	}
	if len(m) > 10000 && o.made > len(o.corpus) && o.rng.IntN(8) > 0 {
		m = m[:1000] // fewer of the long ones
	}
	if o.rng.IntN(8) > 0 { // a transaction and a dialog by itself
		m = strings.ReplaceAll(m, "stranger", fmt.Sprintf("stranger%d", o.made))
	}
	b := []byte(m)
	if o.made <= len(o.corpus) || o.rng.IntN(16) == 0 {
		return b
	}
	for range 1 + o.rng.IntN(4) {
		b = mutations[o.rng.IntN(len(mutations))](o, b)
	}
	return b
}

var mutations = []func(o *odd, b []byte) []byte{
	(*odd).flip, (*odd).cut, (*odd).remove, (*odd).double, (*odd).insert, (*odd).lengthen, (*odd).swapLines, (*odd).doubleLine, (*odd).removeLine, (*odd).otherLine, (*odd).number, (*odd).space, (*odd).letters, (*odd).separator,
}

// span is a random part of b, most often a short one.
func (o *odd) span(b []byte) (from, to int) {
	from = o.rng.IntN(len(b) + 1)
	return from, min(len(b), from+1<<o.rng.IntN(10))
}

func (o *odd) flip(b []byte) []byte {
	for range 1 + o.rng.IntN(4) {
		if len(b) > 0 {
			b[o.rng.IntN(len(b))] ^= 1 << o.rng.IntN(8)
		}
	}
	return b
}

func (o *odd) cut(b []byte) []byte { return b[:o.rng.IntN(len(b)+1)] }

func (o *odd) remove(b []byte) []byte {
	from, to := o.span(b)
	return slices.Delete(b, from, to)
}

func (o *odd) double(b []byte) []byte {
	from, to := o.span(b)
	return slices.Insert(b, from, bytes.Clone(b[from:to])...)
}

var inserted = []string{"\r\n", "\r\n\r\n", "\x00", "\xff\xfe", "\"", "<", ">", ";", ",", ":", "@", "%", "\r\n ", "é", "Content-Length: 5\r\n", "SIP/2.0", "SIP/2.0 200 OK\r\n"}

func (o *odd) insert(b []byte) []byte {
	return slices.Insert(b, o.rng.IntN(len(b)+1), []byte(inserted[o.rng.IntN(len(inserted))])...)
}

// lengthen repeats an octet or a separator, most often a few times, sometimes until a datagram is full.
func (o *odd) lengthen(b []byte) []byte {
	what := []string{"x", ";a=b", ",<sip:x@127.0.0.66>", "9", " ", "\r\n a", "%41", "\r\nVia: SIP/2.0/UDP x"}[o.rng.IntN(8)]
	n := 1 << o.rng.IntN(10)
	if o.rng.IntN(100) == 0 {
		n = 60000 / len(what)
	}
	return slices.Insert(b, o.rng.IntN(len(b)+1), bytes.Repeat([]byte(what), n)...)
}

// lines are those of the message, each with its end.
func (o *odd) lines(b []byte) (lines [][]byte, i, k int) {
	lines = bytes.SplitAfter(b, []byte("\n"))
	return lines, o.rng.IntN(len(lines)), o.rng.IntN(len(lines))
}

func (o *odd) swapLines(b []byte) []byte {
	lines, i, k := o.lines(b)
	lines[i], lines[k] = lines[k], lines[i]
	return bytes.Join(lines, nil)
}

func (o *odd) doubleLine(b []byte) []byte {
	lines, i, k := o.lines(b)
	return bytes.Join(slices.Insert(lines, k, lines[i]), nil)
}

func (o *odd) removeLine(b []byte) []byte {
	lines, i, _ := o.lines(b)
	return bytes.Join(slices.Delete(lines, i, i+1), nil)
}

// otherLine takes a line of another message.
func (o *odd) otherLine(b []byte) []byte {
	lines, i, _ := o.lines(b)
	other := strings.SplitAfter(o.corpus[o.rng.IntN(len(o.corpus))], "\n")
	lines[i] = []byte(other[o.rng.IntN(len(other))])
	return bytes.Join(lines, nil)
}

var numbers = []string{"-1", "0", "00", "65536", "2147483647", "2147483648", "4294967295", "4294967296", "99999999999999999999", "1e9", "0x10", "abc", ""}

// number replaces a number.
func (o *odd) number(b []byte) []byte {
	from := o.rng.IntN(len(b) + 1)
	for from < len(b) && (b[from] < '0' || b[from] > '9') {
		from++
	}
	to := from
	for to < len(b) && b[to] >= '0' && b[to] <= '9' {
		to++
	}
	return slices.Replace(b, from, to, []byte(numbers[o.rng.IntN(len(numbers))])...)
}

// space puts white space round a separator, or folds the line there.
func (o *odd) space(b []byte) []byte {
	at := o.rng.IntN(len(b) + 1)
	if i := bytes.IndexAny(b[at:], ";=:,/<>@ "); i >= 0 {
		at += i
	}
	return slices.Insert(b, at, []byte([]string{" ", "\t", "  ", "\r\n ", "\r\n\t"}[o.rng.IntN(5)])...)
}

// letters changes the case of a part.
func (o *odd) letters(b []byte) []byte {
	from, to := o.span(b)
	change := bytes.ToUpper
	if o.rng.IntN(2) == 0 {
		change = bytes.ToLower
	}
	return slices.Replace(b, from, to, change(b[from:to])...)
}

// separator replaces a separator by another one.
func (o *odd) separator(b []byte) []byte {
	const separators = ";=:,/<>@ \"\r\n"
	at := o.rng.IntN(len(b) + 1)
	if i := bytes.IndexAny(b[at:], separators); i >= 0 {
		b[at+i] = separators[o.rng.IntN(len(separators))]
	}
	return b
}

// The same seed makes the same messages, so that one that does harm is found again; they differ from each other.
func TestOddMessagesAreReproducible(t *testing.T) {
	a, b, seen := newOdd(t, 1, "127.0.0.66:6000"), newOdd(t, 1, "127.0.0.66:6000"), map[string]bool{}
	const many = 20000
	longest := 0
	for range many {
		m := a.next()
		if !bytes.Equal(m, b.next()) {
			t.Fatal("two generators of one seed differ")
		}
		seen[string(m)] = true
		longest = max(longest, len(m))
	}
	if len(seen) < many*3/4 || longest < 50000 {
		t.Errorf("%d different messages of %d, the longest of %d octets", len(seen), many, longest)
	}
}
