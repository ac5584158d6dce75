# Throughline. `make test` and `make lint` set up what they need; nothing else has to
# be installed but Go and, for the page tests, a Debian that may install Chromium.

GOFUMPT_VERSION       := v0.12.0
GOLANGCI_LINT_VERSION := v2.15.0
FUZZTIME              := 5m

BIN           := $(CURDIR)/bin
GOFUMPT       := $(BIN)/gofumpt-$(GOFUMPT_VERSION)
GOLANGCI_LINT := $(BIN)/golangci-lint-$(GOLANGCI_LINT_VERSION)

.PHONY: build test lint soak bench pictures setup clean

build: ## the program, in bin/
	go build -o $(BIN)/throughline ./cmd/throughline

test: setup ## all tests, with the race detector
	go test -race -timeout 25m ./...
	go test -run '^(TestPlantedTextChangesNothing|TestModelThatObeysIsContained|TestAnyMix|TestWrittenConfigIsRead|TestDemoOnce|TestDemoTour|TestMCPWithTheInspector|TestHostile.*)$$' ./cmd/throughline ./engine/claude ./web # whole; the race detector sees parts of them, or none

lint: $(GOFUMPT) $(GOLANGCI_LINT) ## format, vet, linters
	@unformatted=$$($(GOFUMPT) -l $$(git ls-files --cached --others --exclude-standard '*.go')); \
	if [ -n "$$unformatted" ]; then echo "not formatted as gofumpt has it:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	$(GOLANGCI_LINT) run ./...

soak: setup ## kills, a year, a quarter's end, and every fuzz test for FUZZTIME
	scripts/soak $(FUZZTIME)

bench: ## all benchmarks
	go test -run '^$$' -bench . -benchmem ./...

pictures: setup build ## README's and docs' pictures: every page, of the demo's deal
	scripts/pictures $(BIN)/throughline docs/pictures

setup:
	@scripts/setup

clean:
	rm -rf $(BIN)

# Each tool is kept under its version, so that a new one is fetched when this file names it.
$(GOFUMPT):
	GOBIN=$(BIN) go install mvdan.cc/gofumpt@$(GOFUMPT_VERSION)
	mv $(BIN)/gofumpt $@

$(GOLANGCI_LINT):
	GOBIN=$(BIN) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)
	mv $(BIN)/golangci-lint $@
