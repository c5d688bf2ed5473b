package webui

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// One request to the vendor's XML service has 256 items at most and waits 10 s at most, from both sides.
func TestLimitsOfTheXMLService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, s := remote(t, false)
		for n, want := range map[int]int{256: http.StatusOK, 257: http.StatusBadRequest} {
			get := `<FanvilConfiguration cmd="get">` + strings.Repeat("<Item>sip.line.1.RegisterPort</Item>", n) + `</FanvilConfiguration>`
			if code, body := script(s, "POST /xmlService", get); code != want || want == http.StatusOK && strings.Count(body, "sip.line.1.RegisterPort=5060") != n {
				t.Errorf("%d items: %d %.200s", n, code, body)
			}
			lamps := `<FanvilIPPhoneExecute>` + strings.Repeat(`<ExecuteItem URI="Led:POWER=off/"/>`, n) + `</FanvilIPPhoneExecute>`
			if code, body := script(s, "POST /xmlService", lamps); code != want {
				t.Errorf("%d things to do: %d %.200s", n, code, body)
			}
		}
		for delays, want := range map[string]int{"10": http.StatusOK, "11": http.StatusUnprocessableEntity, "4 6": http.StatusOK, "4 7": http.StatusUnprocessableEntity, "0": http.StatusOK} {
			items, total := "", time.Duration(0)
			for d := range strings.FieldsSeq(delays) {
				items += `<ExecuteItem URI="Delay:` + d + `/"/>`
				seconds, _ := time.ParseDuration(d + "s")
				total += seconds
			}
			if want != http.StatusOK {
				total = 0
			}
			began := time.Now()
			if code, body := script(s, "POST /xmlService", `<FanvilIPPhoneExecute>`+items+`</FanvilIPPhoneExecute>`); code != want || time.Since(began) != total {
				t.Errorf("waiting for %s s: %d %.200s after %v", delays, code, body, time.Since(began))
			}
		}
	})
}
