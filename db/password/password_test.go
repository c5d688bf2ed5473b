package password

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"slices"
	"strings"
	"testing"
)

func isCommon(t *testing.T, account, password string) bool {
	t.Helper()
	found, err := Common(account, password)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// SE-14: common passwords are refused in whatever case, and so are the names of the phone and its accounts.
func TestCommon(t *testing.T) {
	for _, p := range []string{"password", "Password", "PASSWORD", " password ", "ｐａｓｓｗｏｒｄ", "12345678", "password1", "Passw0rd", "P@ssw0rd", "qwertyuiop", "iloveyou", "1q2w3e4r", "administrator",
		"adminadmin", "admin1234", "Admin-2026!", "hilphone", "hilphone1", "HilPhone!!", "aaaaaaaa", "ああああああああ", "////////", "user12345", "phonephone"} {
		if !isCommon(t, "admin", p) {
			t.Errorf("%q may be set", p)
		}
	}
	for _, p := range []string{"correct horse", "battery staple", "long enough", "another one", "パスワードパスワ", "password\npassword1", "Xk3-vv0p-Qm", "my admin phone", "userland tools"} {
		if isCommon(t, "admin", p) {
			t.Errorf("%q may not be set", p)
		}
	}
	// Parts of entries, as of abracadabra and 1029384756, are none; nor are wide letters that are in no entry.
	for _, p := range []string{"abracadabr", "029384756", "absolutel", "ｘｋ３ｖｖ０ｐｑｍ"} {
		if isCommon(t, "admin", p) {
			t.Errorf("%q may not be set", p)
		}
	}
	if !isCommon(t, "(", "((((((((((1") || isCommon(t, "(", "correct horse") {
		t.Error("the name of an account is taken for a pattern")
	}
}

// SE-14: the list has 10 000 entries that a password can be, in order, and is small.
func TestList(t *testing.T) {
	z, err := gzip.NewReader(bytes.NewReader(common))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for lines := bufio.NewScanner(z); lines.Scan(); {
		all = append(all, lines.Text())
	}
	if len(all) != 10_000 || !slices.IsSorted(all) || len(slices.Compact(slices.Clone(all))) != len(all) || len(common) > 64<<10 {
		t.Errorf("%d entries in %d bytes", len(all), len(common))
	}
	for _, p := range all {
		if Short(p) || strings.ToLower(p) != p || strings.TrimSpace(p) != p {
			t.Errorf("%q is no entry", p)
		}
	}
	for _, i := range []int{0, 1, 5000, len(all) - 1} {
		if !isCommon(t, "", all[i]) {
			t.Errorf("%q is not found", all[i])
		}
	}
}

func TestShort(t *testing.T) {
	for p, want := range map[string]bool{"": true, "1234567": true, "12345678": false, "ふたもじ": true, "パスワードパスワ": false} {
		if Short(p) != want {
			t.Errorf("%q: %v", p, Short(p))
		}
	}
}

func BenchmarkCommon(b *testing.B) {
	for b.Loop() {
		if found, err := Common("admin", "correct horse"); found || err != nil {
			b.Fatal(found, err)
		}
	}
}

// SE-14: where the list cannot be read there is an error and no answer.
func TestBrokenList(t *testing.T) {
	whole := common
	t.Cleanup(func() { common = whole })
	for what, list := range map[string][]byte{"no list": nil, "another file": []byte("password\n12345678\n"), "half of the list": whole[:len(whole)/2]} {
		common = list
		if found, err := Common("admin", "correct horse"); found || err == nil || !strings.HasPrefix(err.Error(), "common passwords: ") {
			t.Errorf("%s: %v, %v", what, found, err)
		}
	}
}
