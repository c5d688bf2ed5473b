package actionurl

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hilphone/db/device"
	"hilphone/db/journal"
	"hilphone/db/journal/event"
)

// answers is a network whose servers answer at once or, where hold is set, when it is closed.
type answers struct {
	status []int // of one request after the other, the last for all after; 0: there is no answer
	hold   chan struct{}
	asked  []string        // the addresses
	at     []time.Duration // since the first request
	first  time.Time
}

func (a *answers) RoundTrip(r *http.Request) (*http.Response, error) {
	if len(a.asked) == 0 {
		a.first = time.Now()
	}
	a.asked, a.at = append(a.asked, r.URL.String()), append(a.at, time.Since(a.first))
	if a.hold != nil {
		select {
		case <-a.hold:
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	status := a.status[0]
	if len(a.status) > 1 {
		a.status = a.status[1:]
	}
	if status == 0 {
		return nil, errors.New("nothing came")
	}
	return &http.Response{StatusCode: status, Body: http.NoBody, Request: r}, nil
}

// inBubble runs a sender on such a network, in a bubble. End ends it and returns its log; when it does not end all it has begun, the bubble fails.
func inBubble(t *testing.T, network *answers, urls device.ActionURLs) (j *journal.Journal, end func() string) {
	j = journal.New(journal.Config{})
	var log strings.Builder
	s := New(Config{Journal: j, URLs: func() device.ActionURLs { return urls }, Describe: func(int) map[string]string { return nil }, Log: slog.New(slog.NewTextHandler(&log, nil))})
	s.client.Transport = network
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- s.Run(ctx) }()
	synctest.Wait()
	return j, func() string {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		synctest.Wait()
		return log.String()
	}
}

// called returns the events of action URLs that were called or not.
func called(j *journal.Journal) (all []event.ActionURL) {
	for _, e := range j.Events(journal.Query{Types: []string{"action_url"}}) {
		all = append(all, e.Data.(event.ActionURL))
	}
	return all
}

// SE-13: an address that is not answered is called three times, after a second and after three more, and that is in the log; an answer is not.
func TestSenderWaits(t *testing.T) {
	for _, c := range []struct {
		status []int
		at     []time.Duration
		want   event.ActionURL
		log    string
	}{
		{[]int{0}, []time.Duration{0, time.Second, 4 * time.Second}, event.ActionURL{Event: "failback", URL: "http://192.0.2.1", Tries: 3, Elapsed: 4000, Error: "nothing came"}, "event=failback err=\"nothing came\""},
		{[]int{0, 200}, []time.Duration{0, time.Second}, event.ActionURL{Event: "failback", URL: "http://192.0.2.1", Status: 200, Tries: 2, Elapsed: 1000}, ""},
		{[]int{500, 599, 499}, []time.Duration{0, time.Second, 4 * time.Second}, event.ActionURL{Event: "failback", URL: "http://192.0.2.1", Status: 499, Tries: 3, Elapsed: 4000}, ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			network := &answers{status: c.status}
			j, end := inBubble(t, network, device.ActionURLs{"failback": "http://192.0.2.1/x"})
			j.Event("failback", 1, "", data{"to": "primary"})
			time.Sleep(time.Minute)
			log := end()
			if got := called(j); len(got) != 1 || got[0] != c.want || !slices.Equal(network.at, c.at) {
				t.Errorf("%v: %+v at %v, want %+v at %v", c.status, got, network.at, c.want, c.at)
			}
			if !strings.Contains(log, c.log) || c.log == "" && log != "" {
				t.Errorf("%v: the log is %q, want %q", c.status, log, c.log)
			}
		})
	}
}

// When the phone ends, an address that waits to be called again is left with what its call came to, and one that is being called is given up.
func TestSenderEnds(t *testing.T) {
	for _, c := range []struct {
		hold chan struct{}
		want event.ActionURL
	}{
		{nil, event.ActionURL{Event: "failback", URL: "http://192.0.2.1", Status: 503, Tries: 1}},
		{make(chan struct{}), event.ActionURL{Event: "failback", URL: "http://192.0.2.1", Tries: 1, Elapsed: 500, Error: "the phone is ending"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			if c.hold != nil {
				c.hold = make(chan struct{}) // of this bubble
			}
			network := &answers{status: []int{503}, hold: c.hold}
			j, end := inBubble(t, network, device.ActionURLs{"failback": "http://192.0.2.1/x"})
			j.Event("failback", 1, "", data{"to": "primary"})
			time.Sleep(500 * time.Millisecond)
			end()
			if got := called(j); len(got) != 1 || got[0] != c.want || len(network.asked) != 1 {
				t.Errorf("%+v, %d calls, want %+v", got, len(network.asked), c.want)
			}
		})
	}
}

// The addresses of one server are called one after the other, in the order of the events.
func TestSenderKeepsTheOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &answers{status: []int{200}, hold: make(chan struct{})}
		j, end := inBubble(t, network, device.ActionURLs{"failover": "http://192.0.2.1/over?l=$line", "failback": "http://192.0.2.1/back?l=$line"})
		j.Event("failover", 1, "", data{"to": "backup"})
		j.Event("failover", 2, "", data{"to": "backup"})
		j.Event("failback", 2, "", data{"to": "primary"})
		j.Event("failback", 1, "", data{"to": "primary"})
		synctest.Wait()
		if len(network.asked) != 1 {
			t.Errorf("%q are called at once", network.asked)
		}
		close(network.hold)
		synctest.Wait()
		end()
		want := []string{"http://192.0.2.1/over?l=1", "http://192.0.2.1/over?l=2", "http://192.0.2.1/back?l=2", "http://192.0.2.1/back?l=1"}
		if !slices.Equal(network.asked, want) || len(called(j)) != 4 {
			t.Errorf("called are %q, want %q", network.asked, want)
		}
	})
}
