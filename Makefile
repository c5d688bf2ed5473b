# The phone needs Go and a C compiler; what the rig tests need besides, `make deps` installs on Debian.
#
#   make run     the phone with an embedded lab; prints its address (ARGS="--listen 127.0.0.1:9000" for more flags)
#   make test    everything: lint, tests, and the rig tests against real servers and a real browser
#   make bench   the figures
#   make build   ./hilphone
#   make lint    gofmt, vet, staticcheck
#   make fuzz    every fuzz target for a moment (FUZZTIME=10s)
#   make screenshots  the pictures of the README, by a browser
#   make deps    what the rig tests need, by apt-get; takes root or sudo

SHELL := /bin/bash
FUZZTIME ?= 10s

# SQLite is C; without this Go would leave it out in silence where there is no compiler.
export CGO_ENABLED := 1
# Administrators' programs, for users whose PATH is without them.
export PATH := $(PATH):/usr/sbin:/sbin
# Go and the browser want a home to keep their caches in.
export HOME ?= $(CURDIR)/.home

VERSION = $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)

# Folders with tests that carry the build tag rig.
RIG = $$(grep -rl --include='*_test.go' --exclude-dir='.?*' '^//go:build.*\brig\b' . | xargs -r -n 1 dirname | sort -u)
# They make networks, so they run as root.
RIG_EXEC = $(if $(filter-out 0,$(shell id -u)),-exec 'sudo -E')

.PHONY: run build test bench lint fuzz screenshots deps compiler

run: build
	./hilphone demo $(ARGS)

build: compiler
	go build -trimpath -ldflags '-X main.version=$(VERSION)' -o hilphone ./emulator

test: compiler deps lint
	go test -race -shuffle=on -timeout 5m ./...
	go test -race -shuffle=on -timeout 8m -p 1 -tags rig $(RIG_EXEC) $(RIG)

bench: compiler deps
	go test -run '^$$' -bench . -benchmem -p 1 -tags rig $(RIG_EXEC) ./...

lint: compiler
	@unformatted=$$("$$(go env GOROOT)/bin/gofmt" -l .) && [ -z "$$unformatted" ] || { echo "gofmt would change:" $$unformatted >&2; exit 1; }
	go vet -tags rig ./...
	go tool staticcheck -tags rig ./...

fuzz: compiler
	@set -e; grep -rlE --include='*_test.go' --exclude-dir='.?*' '^func Fuzz' . | xargs -r -n 1 dirname | sort -u | while read -r folder; do \
	  for target in $$(grep -hoE '^func Fuzz\w+' $$folder/*_test.go | cut -c 6-); do \
	    echo "$$folder $$target"; \
	    go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) "$$folder"; \
	  done; \
	done

screenshots: compiler deps
	go test -count=1 -tags rig -run '^TestPictures$$' ./emulator -pictures '$(CURDIR)/doc'

deps:
	@.ci/deps

compiler:
	@command -v go >/dev/null || { echo 'hilphone is written in Go: install Go 1.26 or newer' >&2; exit 1; }
	@echo '#include <stdlib.h>' | $$(go env CC) -x c -fsyntax-only - 2>/dev/null || \
	  { echo 'hilphone needs a C compiler with the C library headers, for SQLite (Debian: apt-get install gcc libc6-dev)' >&2; exit 1; }
