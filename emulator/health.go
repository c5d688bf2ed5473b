package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

// healthCommand asks a running phone whether it is well: for containers, and whatever else watches by a command.
type healthCommand struct {
	URL    string   `arg:"" optional:"" help:"Of the phone. Default: the first address of --listen, on this machine."`
	Listen []string `env:"HILPHONE_LISTEN" sep:"," placeholder:"ADDR:PORT" help:"As for run."`
}

// healthLimit is how long the phone has to answer.
const healthLimit = 3 * time.Second

func (c *healthCommand) Run(env environment) error {
	address := c.URL
	if address == "" {
		flags := runFlags{Listen: c.Listen}
		if err := flags.check(); err != nil {
			return err
		}
		address = healthURL(append(c.Listen, defaultListen)[0])
	} else if u, err := url.Parse(address); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return usage("URL: %q is not http://ADDR:PORT", address)
	}
	ctx, cancel := context.WithTimeout(env, healthLimit)
	defer cancel()
	return checkHealth(ctx, address, nil)
}

// healthURL is where a web server that listens at ADDR:PORT is reached from its own machine.
func healthURL(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "http://" + listen
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "localhost" // 127.0.0.1 or ::1, whichever answers
	}
	return "http://" + net.JoinHostPort(host, port)
}

// checkHealth returns nil when the phone there says that it is well. No proxy is asked. Trust is for HTTPS, nil: that of the system.
func checkHealth(ctx context.Context, address string, trust *tls.Config) error {
	target, err := url.JoinPath(address, "healthz")
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return err
	}
	response, err := (&http.Transport{DisableKeepAlives: true, TLSClientConfig: trust}).RoundTrip(request)
	if err != nil {
		return fmt.Errorf("%s does not answer: %w", target, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", target, response.Status)
	}
	return nil
}
