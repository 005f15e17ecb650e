# edgescope: `make run` shows the whole product, `make test` proves it, `make help` lists the rest.

GO       ?= go
NPM      ?= npm
BIN      := bin
LINT     := $(BIN)/golangci-lint
LINT_AT  := v2.10.1
FUZZTIME ?= 20s
# The packages of load scripts that a test runs.
NPM_TESTED := scenarios/processor/node/testdata/npm
NPM_CI   := $(NPM) ci --ignore-scripts --no-audit --no-fund --loglevel=error

.DEFAULT_GOAL := build

.PHONY: build
build: assets ## Build the three programs and the demo into bin/
	$(GO) build -o $(BIN)/ ./cmd/... ./e2e/demo

.PHONY: run
run: build wasm-bench/node_modules ## Start collector, dashboard, three regions and a load test; Ctrl-C stops all
	@exec $(BIN)/demo --bin $(BIN)

.PHONY: test
test: assets wasm-bench/node_modules $(NPM_TESTED)/node_modules ## Run every test: with the race detector, then the programs end to end
	$(GO) test -race -timeout 20m $$($(GO) list ./... | grep -v -e /e2e -e /internal/wasmkernel)
	$(GO) test -p 1 -timeout 20m ./internal/wasmkernel ./e2e/...

.PHONY: e2e
e2e: assets wasm-bench/node_modules ## Run the end-to-end tests alone, telling each step
	$(GO) test -count=1 -v -timeout 20m ./e2e/...

.PHONY: e2e-clients
e2e-clients: wasm-bench/node_modules e2e/clients/js/node_modules ## Run clients that others wrote (SDKs, Deno, Bun, workerd, telemetrygen) against the collector
	cd e2e/clients && $(GO) vet -mod=mod ./... && $(GO) test -count=1 -v -timeout 15m -parallel 10 ./... # mod: its go.mod follows ours

.PHONY: overload
overload: ## Attack a collector with the full amounts: memory, latency and what was acknowledged (3 minutes)
	EDGESCOPE_OVERLOAD=full $(GO) test -count=1 -v -timeout 20m -run TestOverload ./e2e

.PHONY: damage
damage: ## Damage a data directory in every way, and start, ask and write each time (20 minutes)
	EDGESCOPE_DAMAGE=full $(GO) test -count=1 -timeout 90m -run TestADamagedDirectory ./e2e

.PHONY: check
check: generate-check $(LINT) ## Check that generated files are up to date, the format, the linters and vet
	@test -z "$$($(GO) tool gofumpt -l $(GO_FILES))" || { echo 'not gofumpt-ed:'; $(GO) tool gofumpt -l $(GO_FILES); exit 1; }
	$(GO) vet ./...
	$(LINT) run ./...

.PHONY: generate
generate: ## Generate the Go of the templ components and the dashboards for Grafana
	$(GO) tool templ generate -path web -lazy=false
	$(GO) run ./deploy/grafana

.PHONY: generate-check
generate-check: generate
	@git diff --exit-code -- '*_templ.go' deploy/grafana/dashboards || { echo 'generated files were stale: commit them'; exit 1; }

.PHONY: wasm
wasm: wasm-bench/node_modules ## Build the WASM kernels again and compare them with the committed ones
	$(NPM) run --silent wasm --prefix wasm-bench
	cd wasm-bench/wasm && sha256sum -c SHA256SUMS

.PHONY: bench
bench: ## Run the benchmarks
	$(GO) test -run '^$$' -bench . -benchmem ./...

.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME (20s)
	@$(GO) list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.Dir}} {{.ImportPath}}{{end}}' ./... | while read -r dir pkg; do \
	  grep -hoE '^func (Fuzz[A-Za-z0-9_]+)' "$$dir"/*_test.go 2>/dev/null | awk '{print $$2}' | while read -r target; do \
	    echo "fuzz $$pkg $$target"; $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) "$$pkg" || exit 1; \
	  done || exit 1; \
	done

DASHBOARD ?= http://127.0.0.1:4321

.PHONY: screenshots
screenshots: web/node_modules ## Take the README's pictures of a running demo (needs chromium; CHROMIUM names another)
	@mkdir -p docs/images
	node web/browser/picture.mjs '$(DASHBOARD)/?range=15m' docs/images/overview-dark.png dark
	node web/browser/picture.mjs '$(DASHBOARD)/?range=15m' docs/images/overview-light.png light

.PHONY: pages
pages: assets ## Serve the dashboard over made numbers, to be looked at
	$(GO) run ./internal/showpages

.PHONY: assets
assets: web/dist/manifest.json ## Bundle the dashboard's scripts and styles

web/dist/manifest.json: web/node_modules $(wildcard web/assets/*) $(wildcard internal/assets/*.go)
	$(GO) run ./internal/assets

web/node_modules: web/package-lock.json
	$(NPM_CI) --prefix web
	@touch $@

wasm-bench/node_modules: wasm-bench/package-lock.json
	$(NPM_CI) --prefix wasm-bench
	@touch $@

$(NPM_TESTED)/node_modules: $(NPM_TESTED)/package-lock.json
	$(NPM_CI) --prefix $(NPM_TESTED)
	@touch $@

e2e/clients/js/node_modules: e2e/clients/js/package-lock.json
	$(NPM_CI) --prefix e2e/clients/js
	@touch $@

$(LINT):
	GOBIN=$(CURDIR)/$(BIN) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_AT)

GO_FILES = $(filter-out %_templ.go,$(shell git ls-files '*.go'))

.PHONY: clean
clean: ## Remove what was built
	rm -rf $(BIN) web/node_modules wasm-bench/node_modules e2e/clients/js/node_modules $(NPM_TESTED)/node_modules
	find web/dist -mindepth 1 ! -name .gitkeep -delete

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
