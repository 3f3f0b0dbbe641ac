# One word for each thing a newcomer, a developer or CI wants done. `make demo` and `make test` need Rust and nothing else.

CARGO ?= cargo

.PHONY: help demo picture quick test test-dashboard test-page test-replay test-archive fmt lint ci

help: ## What there is.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

# The debug build: it is there for the tests as well, and two files of records do not need link-time optimization.
demo: ## Learns a simulated month and ranks its last day, without Splunk.
	@$(CARGO) build --quiet
	@tests/demo target/debug/unseen

picture: ## Draws docs/pictures/demo.svg, the terminal in the README, from a run of the demo. Python 3.11.
	@$(CARGO) build --quiet
	@tests/demo target/debug/unseen | sed -n '/^[$$] unseen detect/,/cloudtrail before/p' | docs/pictures/terminal.py >docs/pictures/demo.svg

quick: ## What to run after each change: format, clippy, unit tests, what is rendered, the drawn architecture.
	@$(CARGO) fmt --check
	@$(CARGO) clippy --quiet --lib --bins -- --deny warnings
	@$(CARGO) test --quiet --lib
	@$(CARGO) test --quiet --test suite -- architecture:: renderings:: sessions::

test: ## All tests. UPDATE=1 rewrites what is rendered: sessions, searchbnf.conf, the README's options.
	$(CARGO) test --quiet

test-dashboard: ## The dashboard in a real browser, with Splunk's own framework. Installs that, and Chromium, if missing.
	@tests/dashboard/run

test-page: ## The page of `replay --report` in a real browser. Installs what test-dashboard does, if missing.
	@tests/replay_page/run

test-replay: ## replay against a slow one in Python, on random histories; HISTORIES=2000 for more.
	@$(CARGO) build --quiet
	@python3 -B tests/slow_replay/check.py $${CARGO_TARGET_DIR:-target}/debug/unseen $(HISTORIES)

test-archive: ## benches/archive.sql in Spark, against DuckDB and the files. Needs Java, installs 500 MB: not part of ci.
	@tests/archive/run

fmt: ## Formats the code.
	$(CARGO) fmt

lint: ## Format check, clippy, rustdoc, and the linters of the Python and JavaScript; warnings denied.
	$(CARGO) fmt --check
	$(CARGO) clippy --quiet --all-targets -- --deny warnings
	RUSTDOCFLAGS='--deny warnings' $(CARGO) doc --quiet --no-deps
	@tests/lint/run

ci: lint test test-replay inspect test-dashboard test-page ## What CI runs.

include tests/package/package.mk
include benches/bench.mk
include tests/trust.mk
include evaluate/evaluate.mk
