package webui

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hilphone/sip/line"
)

func planOf(t *testing.T, s *Server, what, body string) line.Plan {
	t.Helper()
	w := rest(s, what, body)
	var p line.Plan
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%s %s: %d %s", what, body, w.Code, w.Body)
	}
	return p
}

func TestPlanOfWhatIsTyped(t *testing.T) {
	h, s := inhabited(t)
	if p := planOf(t, s, "GET /lines/1/plan", ""); *p.REGISTER.Failover != 7500 || *p.REGISTER.Told != 39500 || p.Probe.First != 1800000 {
		t.Errorf("the plan of the stored settings: %+v", p.REGISTER)
	}
	p := planOf(t, s, "POST /lines/1/plan", `{"signal_retry_counts":1,"failback_interval":60}`)
	if *p.REGISTER.Failover != 1500 || *p.REGISTER.Told != 33500 || p.Probe.First != 60000 {
		t.Errorf("the plan of other settings: %+v", p.REGISTER)
	}
	if p = planOf(t, s, "GET /lines/1/plan", ""); *p.REGISTER.Failover != 7500 || h.saves != 0 || len(h.applied) != 0 {
		t.Errorf("a plan changed something: %d saves, applied %v", h.saves, h.applied)
	}
	w := serve(s, request("tok-read", "POST "+base+"/lines/1/plan", `{"t2_ms":100}`))
	var refused struct {
		Errors []struct{ Location, Message string }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &refused); err != nil || w.Code != http.StatusUnprocessableEntity || len(refused.Errors) != 1 || refused.Errors[0].Location != "body.t2_ms" {
		t.Errorf("a fault between two settings: %d %s", w.Code, w.Body)
	}
}

// Plans cost a core's time: whoever asks while others' are being made waits for a second at most.
func TestPlansAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, s := inhabited(t)
		s.plans <- struct{}{}
		if w := rest(s, "GET /lines/1/plan", ""); w.Code != http.StatusOK {
			t.Errorf("beside one plan: %d", w.Code)
		}
		for range wantPlans - 1 {
			select {
			case s.plans <- struct{}{}:
			default:
				t.Fatal("there are fewer places")
			}
		}
		began := time.Now()
		w := rest(s, "GET /lines/1/plan", "")
		if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "1" || time.Since(began) != time.Second {
			t.Errorf("%d %v after %v", w.Code, w.Header(), time.Since(began))
		}
		if w := browse(s, RoleAdmin, english, "GET /line/sip", nil); w.Code != http.StatusOK {
			t.Errorf("the page without its plan: %d", w.Code)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if w := serve(s, request("tok-read", "GET "+base+"/lines/1/plan", "").WithContext(gone)); w.Code != http.StatusServiceUnavailable {
			t.Errorf("after the caller has gone: %d", w.Code)
		}
		var waiting sync.WaitGroup
		waiting.Go(func() { w = rest(s, "GET /lines/1/plan", "") })
		synctest.Wait()
		<-s.plans
		waiting.Wait()
		if w.Code != http.StatusOK {
			t.Errorf("when its turn came: %d %s", w.Code, w.Body)
		}
	})
}

func BenchmarkPlan(b *testing.B) {
	_, s := inhabited(b)
	for b.Loop() {
		if w := rest(s, "GET /lines/1/plan", ""); w.Code != http.StatusOK {
			b.Fatal(w.Body)
		}
	}
}
