# Every target is one line in `make help`. Recipes are one-liners or Go programs.
.PHONY: help test check clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 8

test: check ## everything that can be tested on one machine
	go test ./...

check: ## formatting and vet, in seconds
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "error: these files are not gofmt'ed"; exit 1; }
	go vet ./...

clean: ## what was built
	rm -rf out
