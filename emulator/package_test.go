package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestPackageEnvironment: the file that the package installs for the service's environment names every variable the phone knows.
func TestPackageEnvironment(t *testing.T) {
	_, help, _ := command(t, "", "run", "--help")
	known := regexp.MustCompile(`HILPHONE_[A-Z_]+`).FindAllString(help, -1)
	var named []string
	for _, found := range regexp.MustCompile(`(?m)^#(HILPHONE_[A-Z_]+)=`).FindAllStringSubmatch(readAll(t, "package/environment"), -1) {
		named = append(named, found[1])
	}
	slices.Sort(known)
	slices.Sort(named)
	if !slices.Equal(known, named) {
		t.Errorf("package/environment has %s, the phone %s", strings.Join(named, " "), strings.Join(known, " "))
	}
}

// TestPackageService: the service feeds its watchdog, and has the rights that the phone needs and the shutdown time it takes.
func TestPackageService(t *testing.T) {
	unit := readAll(t, "package/hilphone.service")
	for _, want := range []string{"Type=notify", "WatchdogSec=30", "ExecStart=/usr/bin/hilphone run", "EnvironmentFile=-/etc/hilphone/environment", "StateDirectory=hilphone",
		"RestartPreventExitStatus=2", "Environment=GOTRACEBACK=crash", "CapabilityBoundingSet=", "AF_NETLINK"} {
		if !regexp.MustCompile(`(?m)(^| )` + regexp.QuoteMeta(want) + `( |$)`).MatchString(unit) {
			t.Errorf("package/hilphone.service has no %s", want)
		}
	}
}
