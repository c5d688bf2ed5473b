# The phone needs Go and a C compiler; what the rig tests need besides, `make deps` installs on Debian.
#
#   make run     the phone with an embedded lab; prints its address (ARGS="--listen 127.0.0.1:9000" for more flags)
#   make test    lint, tests, pins, and the rig tests against real servers and a real browser, about 20 minutes
#   make pins    the board and the whole phone on GPIO pins of an emulated computer, about two minutes
#   make bench   the figures
#   make soak    attacks by strangers for minutes (SOAK=5m)
#   make build   ./hilphone
#   make deb     Debian packages for amd64, arm64 and armhf, in dist (DIST=elsewhere)
#   make build-amd64, build-arm64, build-armhf  the programs in them, the same bytes from the same files
#   make container  the Dockerfile, built and run by buildah from a base of debootstrap's; takes root
#   make lint    gofmt, vet, staticcheck
#   make fuzz    every fuzz target for a moment (FUZZTIME=10s)
#   make mutate  changes the code at one place after the other and prints the changes that no test notices (PACKAGES=./sip/line N=20 SEED=2)
#   make screenshots  the pictures of the README, by a browser
#   make deps    what the rig tests need, by apt-get; takes root or sudo

SHELL := /bin/bash
FUZZTIME ?= 10s
SOAK ?= 5m
SEED ?= 1
N ?= 20
JOBS ?= 2
MAX ?= 100
PACKAGES ?= ./...

# SQLite is C; without this Go would leave it out in silence where there is no compiler.
export CGO_ENABLED := 1
# Administrators' programs, for users whose PATH is without them.
export PATH := $(PATH):/usr/sbin:/sbin
# Go and the browser want a home to keep their caches in.
export HOME ?= $(CURDIR)/.home

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)

# Where packages and programs for other machines go.
DIST ?= dist
ARCHITECTURES := amd64 arm64 armhf
GO_amd64 := GOARCH=amd64 GOAMD64=v1 CC=x86_64-linux-gnu-gcc
GO_arm64 := GOARCH=arm64 GOARM64=v8.0 CC=aarch64-linux-gnu-gcc
GO_armhf := GOARCH=arm GOARM=7 CC=arm-linux-gnueabihf-gcc
REVISION := $(shell git rev-parse HEAD 2>/dev/null)
# Debian orders packages by it: the tag, or the number of commits where there is none.
PACKAGE_VERSION := $(shell describe=$$(git describe --tags --match 'v[0-9]*' --dirty=+dirty 2>/dev/null) \
  || describe=v0~$$(git rev-list --count HEAD 2>/dev/null || echo 0)+$(VERSION); tr - + <<<"$${describe#v}")

# Folders with tests that carry the build tag rig.
RIG = $$(grep -rl --include='*_test.go' --exclude-dir='.?*' '^//go:build.*\brig\b' . | xargs -r -n 1 dirname | sort -u)
# All others.
REST = $$(comm -23 <(go list ./... | sort) <(go list -tags rig $(RIG) | sort))
# Tests with that tag make networks, so they run as root.
RIG_EXEC = $(if $(filter-out 0,$(shell id -u)),-exec 'sudo -E')

.PHONY: run build deb container packaged $(ARCHITECTURES:%=build-%) test plain pins bench soak lint fuzz mutate screenshots deps compiler

run: build
	./hilphone demo $(ARGS)

build: compiler
	go build -trimpath -ldflags '-X main.version=$(VERSION)' -o hilphone ./emulator

# Nothing of the place or the time of the build is in it: SQLite for another machine is compiled by Debian's cross compiler for it.
$(ARCHITECTURES:%=build-%): build-%:
	@command -v $(patsubst CC=%,%,$(filter CC=%,$(GO_$*))) >/dev/null || \
	  { echo 'make $@: there is no $(patsubst CC=%,%,$(filter CC=%,$(GO_$*))): run make deps' >&2; exit 1; }
	GOOS=linux $(GO_$*) go build -trimpath -buildvcs=false -buildmode=pie \
	  -ldflags '-s -w -buildid= -X main.version=$(VERSION) -X main.revision=$(REVISION)' -o '$(DIST)/hilphone-$*' ./emulator

deb: $(ARCHITECTURES:%=build-%)
	@set -e; export SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct 2>/dev/null || echo 0); \
	printf '%s\n' $(ARCHITECTURES) | xargs -P 2 -I ARCH emulator/package/deb '$(DIST)/hilphone-ARCH' ARCH '$(PACKAGE_VERSION)' '$(DIST)'

container:
	emulator/package/container

# So that the packages' own test finds all compiled: SQLite takes its time, on one processor each.
packaged: deps
	@$(MAKE) --no-print-directory -j $(words $(ARCHITECTURES)) $(ARCHITECTURES:%=build-%) >/dev/null

# The guests' clocks count instructions, so that they do not mind what runs beside them: it is the tests of packages, which are in time bubbles.
# The rig tests have real clocks and are by themselves; most of them wait, hence more of them at once than there are processors.
test: compiler deps lint packaged
	$(MAKE) --no-print-directory -j 2 --output-sync=target plain pins
	go test -race -shuffle=on -timeout 15m -p 1 -parallel 6 -tags rig $(RIG_EXEC) $(RIG)

plain: compiler
	go test -race -shuffle=on -timeout 10m $(REST)

# Each boot has a limit of its own besides. The guest's programs are built inside, unseen by go's cache of results. What the guest says is shown: a boot that had to be made once more says so there.
pins: compiler deps
	go test -v -count=1 -timeout 6m -p 1 -tags pins -run '^(TestOnPins|TestGuest.*)$$' ./hil/gpiovm ./hal/rpi ./emulator

bench: compiler deps
	go test -run '^$$' -bench . -benchmem -timeout 15m -p 1 -tags rig,pins $(RIG_EXEC) ./...

soak: compiler deps
	go test -count=1 -timeout 1h -run '^TestAttack' -v ./emulator -soak $(SOAK)

lint: compiler
	@unformatted=$$("$$(go env GOROOT)/bin/gofmt" -l .) && [ -z "$$unformatted" ] || { echo "gofmt would change:" $$unformatted >&2; exit 1; }
	go vet -tags rig,gpiosim,pins ./...
	go tool staticcheck -tags rig,gpiosim,pins ./...

fuzz: compiler
	@set -e; grep -rlE --include='*_test.go' --exclude-dir='.?*' '^func Fuzz' . | xargs -r -n 1 dirname | sort -u | while read -r folder; do \
	  for target in $$(grep -hoE '^func Fuzz\w+' $$folder/*_test.go | cut -c 6-); do \
	    echo "$$folder $$target"; \
	    go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1s "$$folder"; \
	  done; \
	done

# N mutants of each package, the same for the same SEED, 0 for all; with SINCE=main only in lines that differ from that revision. MAX is how many per cent may survive; V=1 prints all.
mutate: compiler
	@go run ./emulator/mutation/mutate -seed $(SEED) -n $(N) -jobs $(JOBS) -since '$(SINCE)' -max $(MAX) $(if $(V),-v) $(PACKAGES)

screenshots: compiler deps
	go test -count=1 -tags rig -run '^TestPictures$$' ./emulator -pictures '$(CURDIR)/doc'

deps:
	@.ci/deps

compiler:
	@command -v go >/dev/null || { echo 'hilphone is written in Go: install Go 1.26 or newer' >&2; exit 1; }
	@echo '#include <stdlib.h>' | $$(go env CC) -x c -fsyntax-only - 2>/dev/null || \
	  { echo 'hilphone needs a C compiler with the C library headers, for SQLite (Debian: apt-get install gcc libc6-dev)' >&2; exit 1; }
