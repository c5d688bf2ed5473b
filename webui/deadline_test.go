package webui

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// SE-03: how long the server waits for a body, from both sides: what comes a moment before that is taken, what does not come is answered 408 at that
// instant.
func TestTimeForABody(t *testing.T) {
	login := url.Values{"user": {"admin"}, "password": {"correct horse"}}.Encode()
	const levels, file = `{"state":"off"}`, `{"lines":{"2":{"phone_number":"1002"}}}`
	for _, c := range []struct {
		name, head, body string
		time             time.Duration
		want             int
	}{
		{"a login", "POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n", login, wantBodyTime, http.StatusSeeOther},
		{"REST", "PUT /api/v1/phone/hook HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer tok-admin\r\nContent-Type: application/json\r\n", levels, wantBodyTime, http.StatusOK},
		{"a file", "POST /api/v1/config/import HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer tok-admin\r\nContent-Type: application/json\r\n", file, wantUploadTime, http.StatusOK},
		{"a level", "PUT /api/v1/io/hook HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer tok-admin\r\n", "1", wantBodyTime, http.StatusNoContent},
	} {
		for late, want := range map[time.Duration]int{-time.Millisecond: c.want, time.Second: http.StatusRequestTimeout} {
			t.Run(fmt.Sprintf("%s %v", c.name, late), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					onWire(t, newServer(t, newHouse()), func(conn net.Conn) {
						began := time.Now()
						go func() {
							fmt.Fprintf(conn, "%sContent-Length: %d\r\n\r\n", c.head, len(c.body))
							time.Sleep(c.time + late)
							fmt.Fprint(conn, c.body) // fails where the server has ended it
						}()
						answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
						if err != nil {
							t.Fatal(err)
						}
						if took := time.Since(began); answer.StatusCode != want || took != min(c.time, c.time+late) {
							t.Errorf("%d after %v, want %d after %v", answer.StatusCode, took, want, min(c.time, c.time+late))
						}
						conn.Close()
						time.Sleep(2 * time.Second)
					})
				})
			})
		}
	}
}

// SE-03: how long the server waits for a request's header, and for the next request on a connection, from both sides.
func TestTimeForAHeader(t *testing.T) {
	const request = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
	for name, c := range map[string]struct {
		first bool   // whether there was a request before
		sent  string // at once
		time  time.Duration
	}{
		"nothing": {false, "", wantHeaderTime}, "half a header": {false, request[:30], wantHeaderTime}, "the next request": {true, "", wantIdleTime},
	} {
		for late, answered := range map[time.Duration]bool{-time.Millisecond: true, time.Millisecond: false} {
			t.Run(fmt.Sprint(name, " ", late), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					onWire(t, newServer(t, newHouse()), func(conn net.Conn) {
						r := bufio.NewReader(conn)
						if c.first {
							fmt.Fprint(conn, request)
							if err := readOK(r); err != nil {
								t.Fatal(err)
							}
						}
						fmt.Fprint(conn, c.sent)
						time.Sleep(c.time + late)
						_, err := fmt.Fprint(conn, request[len(c.sent):])
						if err == nil {
							err = readOK(r)
						}
						if (err == nil) != answered {
							t.Errorf("%v, want an answer: %v", err, answered)
						}
					})
				})
			})
		}
	}
}

func readOK(r *bufio.Reader) error {
	answer, err := http.ReadResponse(r, nil)
	if err != nil {
		return err
	}
	if text, err := io.ReadAll(answer.Body); err != nil || answer.StatusCode != http.StatusOK || string(text) != "ok" {
		return fmt.Errorf("%d %q %w", answer.StatusCode, text, err)
	}
	return nil
}

// A header of 64 KiB is read, one that is longer by what net/http allows beyond that is refused with 431.
func TestSizeOfAHeader(t *testing.T) {
	for size, want := range map[int]int{wantHeaderSize: http.StatusOK, wantHeaderSize + 4096 + 1: http.StatusRequestHeaderFieldsTooLarge} {
		synctest.Test(t, func(t *testing.T) {
			onWire(t, newServer(t, newHouse()), func(conn net.Conn) {
				const begin, end = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ", "\r\n\r\n"
				go fmt.Fprint(conn, begin+strings.Repeat("x", size-len(begin)-len(end))+end)
				answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err != nil {
					t.Fatal(err)
				}
				if answer.StatusCode != want {
					t.Errorf("a header of %d bytes: %d, want %d", size, answer.StatusCode, want)
				}
				conn.Close()
				time.Sleep(time.Second)
			})
		})
	}
}

// SE-03: an answer that is not read in time is given up: of a stranger's request after 20 s, of a visitor's after 90 s. Until then it waits.
func TestTimeToReadAnAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		request string
		time    time.Duration
	}{
		"a stranger's": {"GET /docs HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", wantStrangeTime},
		"a visitor's":  {"GET /api/v1/lines HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer tok-read\r\n\r\n", wantAnswerTime},
	} {
		for late, whole := range map[time.Duration]bool{-time.Millisecond: true, time.Millisecond: false} {
			t.Run(fmt.Sprint(name, " ", late), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					onWire(t, newServer(t, newHouse()), func(conn net.Conn) {
						fmt.Fprint(conn, c.request)
						time.Sleep(c.time + late)
						answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
						if err == nil {
							_, err = io.ReadAll(answer.Body)
						}
						if (err == nil) != whole {
							t.Errorf("%v, want the whole answer: %v", err, whole)
						}
					})
				})
			})
		}
	}
}

// The phone ends within its time: what takes 1.5 s at most is answered, what takes longer is given up then.
func TestTimeToShutDown(t *testing.T) {
	for takes, answered := range map[time.Duration]bool{1400 * time.Millisecond: true, 1600 * time.Millisecond: false} {
		synctest.Test(t, func(t *testing.T) {
			h := newHouse()
			h.checks = takes // of the password, whatever ends meanwhile
			s := newServer(t, h)
			p := &pipes{accept: make(chan net.Conn), closed: make(chan struct{})}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ran := make(chan error, 1)
			go func() { ran <- s.Run(ctx, []net.Listener{p}) }()
			conn := p.dial("192.0.2.1")
			form := url.Values{"user": {"admin"}, "password": {"correct horse"}}.Encode()
			fmt.Fprintf(conn, "POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", len(form), form)
			synctest.Wait()
			began := time.Now()
			cancel()
			answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if (err == nil && answer.StatusCode == http.StatusSeeOther) != answered || err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("a request that takes %v: %v, %v", takes, answer, err)
			}
			if err := <-ran; err != nil {
				t.Errorf("Run: %v", err)
			}
			if took := time.Since(began); took > wantShutdown+100*time.Millisecond || !answered && took < wantShutdown {
				t.Errorf("a request that takes %v: it ended after %v", takes, took)
			}
			conn.Close()
			time.Sleep(time.Second)
		})
	}
}

// A stream says every 15 s that it lives, not before; one whose reader takes nothing is ended 10 s after that, not before.
func TestTimesOfAStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, newHouse())
		onWire(t, s, func(conn net.Conn) {
			if err := sendHead(conn, "GET "+base+"/events/stream", 0); err != nil {
				t.Fatal(err)
			}
			r := bufio.NewReader(conn)
			answer, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Fatal(err)
			}
			body, began := bufio.NewReader(answer.Body), time.Now()
			for beat := 0; beat < 3; {
				text, err := body.ReadString('\n')
				if err != nil {
					t.Fatal(err)
				}
				if text != ":\n" {
					continue
				}
				beat++
				if at := time.Since(began); at != time.Duration(beat)*wantHeartbeat {
					t.Errorf("sign of life %d after %v", beat, at)
				}
			}
			time.Sleep(wantHeartbeat + wantStreamTime - time.Millisecond)
			synctest.Wait()
			if s.streams.Held() != 1 {
				t.Error("the stream has ended before its time")
			}
			time.Sleep(2 * time.Millisecond)
			synctest.Wait()
			if s.streams.Held() != 0 {
				t.Error("the stream that is not read is still there")
			}
		})
	})
}
