package webui

import (
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"hilphone/sip/line"
)

func TestInformation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, newHouse())
		began := time.Now()
		time.Sleep(90 * time.Second)
		s.Journal.Event("hook", 0, "", nil)
		var v struct {
			Model     string
			Started   time.Time
			UptimeS   float64 `json:"uptime_s"`
			LastEvent int64   `json:"last_event"`
			Memory    int64   `json:"memory_bytes"`
		}
		if err := json.Unmarshal(rest(s, "GET /system/information", "").Body.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		if v.Model != "hilphone" || v.UptimeS != 90 || !v.Started.Equal(began) || v.LastEvent != 1 || v.Memory <= 0 {
			t.Errorf("%+v", v)
		}
	})
}

func TestListLines(t *testing.T) {
	s := newServer(t, newHouse())
	setUp(t, s)
	var lines []struct {
		Line   int
		Number string `json:"phone_number"`
		Status struct{ State, Active string }
	}
	if err := json.Unmarshal(rest(s, "GET /lines", "").Body.Bytes(), &lines); err != nil {
		t.Fatal(err)
	}
	if len(lines) != line.MaxLines || lines[0].Line != 1 || lines[0].Number != "1001" || lines[0].Status.Active != "backup" || lines[19].Line != 20 || lines[19].Status.State != "unapplied" {
		t.Errorf("%+v", lines)
	}
}

// Times have six digits of a second whatever they are, and null stands for never.
func TestTime(t *testing.T) {
	for _, test := range []struct {
		at   Time
		want string
	}{
		{At(time.Date(2026, 3, 12, 10, 58, 25, 400000000, time.UTC)), `"2026-03-12T10:58:25.400000Z"`},
		{At(time.Date(2026, 3, 12, 10, 58, 25, 999999999, time.FixedZone("", 9*3600))), `"2026-03-12T10:58:25.999999+09:00"`},
		{Time{}, `null`},
	} {
		if got, err := json.Marshal(test.at); err != nil || string(got) != test.want {
			t.Errorf("%s, %v, want %s", got, err, test.want)
		}
	}
}
