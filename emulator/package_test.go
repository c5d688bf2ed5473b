package main

import (
	"os"
	"regexp"
	"slices"
	"strconv"
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

// SE-16: the service is bounded in memory, tasks and files, and what it was found open to is closed.
func TestPackageLimits(t *testing.T) {
	unit := readAll(t, "package/hilphone.service")
	bytes := map[string]float64{"M": 1 << 20, "G": 1 << 30}
	for setting, least := range map[string]float64{"MemoryMax": 320 << 20, "TasksMax": 64, "LimitNOFILE": 1024} { // measured with 20 lines and the bench, with some room
		found := regexp.MustCompile(`(?m)^` + setting + `=(\d+)([MG]?)$`).FindStringSubmatch(unit)
		if found == nil {
			t.Errorf("package/hilphone.service has no %s", setting)
			continue
		}
		value, err := strconv.ParseFloat(found[1], 64)
		if factor := bytes[found[2]]; factor > 0 {
			value *= factor
		}
		if err != nil || value < least || value > 4*least {
			t.Errorf("%s is %s%s", setting, found[1], found[2])
		}
	}
	for _, want := range []string{"PrivateMounts=yes", "SystemCallFilter=~@privileged @resources", "Environment=GOMEMLIMIT=256MiB", "NoNewPrivileges=yes", "ProtectSystem=strict",
		"MemoryDenyWriteExecute=yes", "DevicePolicy=closed", "RestrictNamespaces=yes", "SystemCallArchitectures=native", "UMask=0077"} {
		if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(want) + `$`).MatchString(unit) {
			t.Errorf("package/hilphone.service has no %s", want)
		}
	}
}

// SE-16: the bases of the container are named by digest, and the compiler is of the version that the module asks for.
func TestContainerBases(t *testing.T) {
	text, err := os.ReadFile("../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	images := regexp.MustCompile(`(?m)^ARG ([A-Z]+)_IMAGE=(\S+)$`).FindAllStringSubmatch(string(text), -1)
	if len(images) != 2 {
		t.Fatalf("the bases are %q", images)
	}
	for _, image := range images {
		if !regexp.MustCompile(`^[a-z]+:[a-z0-9.-]*\d[a-z0-9.-]*@sha256:[0-9a-f]{64}$`).MatchString(image[2]) {
			t.Errorf("%s is not named by tag and digest: %s", image[1], image[2])
		}
	}
	for from := range strings.Lines(string(text)) {
		if strings.HasPrefix(from, "FROM ") && !strings.Contains(from, "$GO_IMAGE") && !strings.Contains(from, "$DEBIAN_IMAGE") {
			t.Errorf("another base: %s", from)
		}
	}
	module, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	asked := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(string(module))
	if asked == nil || !strings.HasPrefix(images[0][2], "golang:"+asked[1]+".") {
		t.Errorf("the compiler is %s, the module asks for %q", images[0][2], asked)
	}
}
