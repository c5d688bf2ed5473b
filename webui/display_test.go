package webui

import (
	"testing"
	"time"
)

func TestDisplayInTheLanguageOfThePage(t *testing.T) {
	for _, c := range []struct {
		state     string
		display   []string
		top, foot string
		server    string
	}{
		{"talking", []string{"1 1001 backup", "1002", "talking"}, "1 1001", "通話中", "予備"},
		{"talking", []string{"1 1001 primary", "1002", "talking"}, "1 1001 主用", "通話中", ""},
		{"idle", []string{"1 1001 Trying", "", "No such number (404), 1.2 s"}, "1 1001 試行中", "番号が存在しません (404), 1.2 s", ""},
		{"idle", []string{"1 1001 none", "", "No server answered, 39.5 s"}, "1 1001 サーバーなし", "全サーバー応答なし, 39.5 s", ""},
		{"idle", []string{"", "", "3 missed calls"}, "", "不在着信3件", ""},
		{"busy_tone", []string{"2 desk primary", "1002", "call ended"}, "2 desk 主用", "通話終了", ""},
		{"failed", []string{"1 1001 primary", "1002", "Gone fishing (499)"}, "1 1001 主用", "Gone fishing (499)", ""},
	} {
		d := newDisplay(japanese, PhoneView{State: c.state, Display: c.display}, time.Now())
		if d.Top != c.top || d.Foot != c.foot || d.Server != c.server {
			t.Errorf("%v: %+v", c.display, d)
		}
		if e := newDisplay(english, PhoneView{State: c.state, Display: c.display}, time.Now()); e.Foot != c.display[2] {
			t.Errorf("%v in English: %+v", c.display, e)
		}
	}
}
