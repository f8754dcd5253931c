GO ?= go

.PHONY: help run try web test postgresql chromium browser race lint fuzz simulate broken crash failover bench soak build clean

help: ## show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

run: ## the main job: a whole checkout against a durable server, told as a story
	$(GO) run ./cmd/kvitto try

build: ## one static binary, bin/kvitto
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/kvitto ./cmd/kvitto

web: ## bundle web/ into the dist folders of widget and portal, which are committed
	$(GO) run ./internal/cmd/webbuild

test: lint postgresql chromium ## all tests
	$(GO) test -timeout 30m ./...

postgresql: ## the programs of PostgreSQL, installed as root on Debian if missing
	@.ci/postgresql

chromium: ## the browser of the tests, installed as root on Debian if missing
	@.ci/chromium

browser: chromium ## the tests in a browser; KVITTO_SCREENSHOTS=folder keeps pictures
	$(GO) test -count=1 -timeout 20m ./internal/browsertest ./internal/browser

race: postgresql chromium ## all tests with the race detector (needs a C compiler)
	$(GO) test -race -timeout 30m ./...

lint: ## gofmt and go vet
	@unformatted=$$(gofmt -l client cmd examples internal kvittotest); \
	if [ -n "$$unformatted" ]; then echo "not gofmt-ed: $$unformatted"; exit 1; fi
	$(GO) vet ./...

FUZZTIME ?= 60s
fuzz: ## every fuzz target for FUZZTIME (60s) each
	$(GO) run ./internal/cmd/fuzzall -time $(FUZZTIME)

SCHEDULES ?= 100000
SEED ?= 1
simulate: ## SCHEDULES (100000) simulated schedules from SEED (1) on
	$(GO) test -count=1 -v -timeout 0 -run Schedules ./internal/simulation -schedules=$(SCHEDULES) -seed=$(SEED)

broken: ## break rules of the server on purpose; the simulation must find each
	$(GO) test -count=1 -v -timeout 30m -run BrokenRule ./internal/simulation -broken

crash: ## kill -9 under load, KVITTO_CRASH_ROUNDS times (100)
	KVITTO_CRASH_ROUNDS=$${KVITTO_CRASH_ROUNDS:-100} $(GO) test -count=1 -v -timeout 30m -run SurviveKill ./internal/promises

failover: postgresql ## several processes on PostgreSQL: cut connections, kill -9, a promoted standby
	KVITTO_CRASH_ROUNDS=$${KVITTO_CRASH_ROUNDS:-60} $(GO) test -count=1 -v -timeout 30m -run 'SeveralProcesses|AreCut|KilledProcesses|Failover' ./internal/promises

BENCHFLAGS ?=
bench: build ## durable updates beside what they are compared with, one run
	$(GO) build -o bin/bench ./internal/cmd/bench
	bin/bench $(BENCHFLAGS)

MINUTES ?= 60
SOAKFLAGS ?=
soak: build postgresql ## MINUTES (60) of load with faults: memory, descriptors, counters
	$(GO) build -o bin/soak ./internal/cmd/soak
	bin/soak -minutes $(MINUTES) $(SOAKFLAGS)

clean: ## remove what was built
	rm -rf bin
