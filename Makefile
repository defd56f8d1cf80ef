# Each target is one line in `make help`. Recipes are Go programs or one-liners.
.PHONY: help demo test check build bench fuzz sim model clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 8

demo: ## four real clients play a story over a 1200 bit/s line (KEEP=1: it stays up)
	@go run ./tools/demo $(if $(KEEP),-keep)

test: ## everything that can be tested on one machine; installs what it needs
	@go run ./tools/suite

check: ## formatting, vet and the house's rules, in seconds
	@go run ./tools/suite check

build: ## the three programs for amd64, arm64, arm v7 and arm v6, into out/
	@go run ./tools/build

bench: ## all benchmarks
	go test -run '^$$' -bench . -benchmem ./...

fuzz: ## every decoder for a minute (PKG=./codec: those of one package; TIME=10m)
	@go run ./tools/suite -pkg $(or $(PKG),./...) -time $(or $(TIME),1m) fuzz

sim: ## two hundred simulated worlds (SEED=88: one)
	go run ./tools/picketctl sim $(if $(SEED),-seed $(SEED),-seeds 1-200) -gateways 5 -hours 2 -faults all

model: ## the text model's tables from the corpus
	go run ./tools/model

clean: ## removes what was built
	rm -rf out
