# What makes the project trustworthy and takes longer, or needs more tools, than `make test`. docs/testing.md says what each found.
#
# Tools come from crates.io: cargo install --locked cargo-fuzz cargo-deny cargo-machete cargo-cyclonedx cargo-llvm-cov cargo-mutants
# (coverage also needs `rustup component add llvm-tools`).

# A fragment: the including Makefile names CARGO.
CARGO ?= cargo
FUZZ_SECONDS ?= 20
FUZZ_TARGETS ?= $(basename $(notdir $(wildcard fuzz/fuzz_targets/*.rs)))
DENY ?= licenses bans sources

.PHONY: fuzz deny sbom coverage mutants soak strace

# libFuzzer's flags are unstable: RUSTC_BOOTSTRAP lets the stable toolchain take them. No sanitizer: the crate forbids unsafe code.
fuzz: export RUSTC_BOOTSTRAP = 1
fuzz: ## Each target of fuzz/ for FUZZ_SECONDS; what it finds is in fuzz/artifacts.
	@set -e; for target in $(FUZZ_TARGETS); do mkdir -p fuzz/found/$$target; \
	$(CARGO) fuzz run --sanitizer none --release $$target fuzz/found/$$target fuzz/corpus/$$target -- \
	-max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=512 -malloc_limit_mb=256 -timeout=5 -max_len=8192 -print_final_stats=1; done

deny: ## Licences, bans and origins of every dependency, and unused ones; DENY=advisories asks RustSec, over the network.
	$(CARGO) deny --exclude-dev check $(DENY)
	$(CARGO) machete

# Each run has a serial number, a time and a folder of its own; they are taken out, so that the same commit gives the same bytes.
sbom: ## What the binary is made of, in CycloneDX, beside the package.
	@mkdir -p dist
	@$(CARGO) cyclonedx --quiet --format json --spec-version 1.5 --target x86_64-unknown-linux-musl --no-build-deps --override-filename unseen.cdx
	@python3 -B -c 'import json, os; bom = json.loads(open("unseen.cdx.json").read().replace("path+file://" + os.getcwd(), "unseen")); \
	bom.pop("serialNumber", 0); bom["metadata"].pop("timestamp", 0); json.dump(bom, open("dist/unseen.cdx.json", "w"), indent=1, sort_keys=True)'
	@rm unseen.cdx.json
	@echo dist/unseen.cdx.json

# An instrumented binary writes a file when it ends, so tests/pure.rs fails here, rightly; where a test clears the environment that
# file lies in the working folder, and counts for nothing. Counting branches is an unstable flag, too.
coverage: export RUSTC_BOOTSTRAP = 1
coverage: ## Which lines and branches the tests reach.
	$(CARGO) llvm-cov --branch --summary-only --ignore-run-fail --failure-mode all --ignore-filename-regex '(^|/)tests/'
	@rm -f default_*.profraw

# Two rounds: most mutants fall to the unit tests, which build soonest, and only what is left waits for the binary and its tests.
MUTATED ?= src/baseline/**/*.rs src/keys/*.rs src/time/modifier.rs
MUTANTS = $(CARGO) mutants --timeout 60 $(foreach file,$(MUTATED),--file '$(file)')
mutants: export CARGO_PROFILE_DEV_DEBUG = 0
mutants: ## Whether the tests notice changed rules; MUTATED takes other files.
	$(MUTANTS) -- --lib || \
	{ [ $$? -le 3 ] && $(MUTANTS) --iterate -- --test suite -- specification:: golden:: sessions::; }

soak: export SOAK ?= 5000
soak: export HORDE ?= 1000000
soak: ## A learner killed SOAK times, a million new roles.
	$(CARGO) test --release --test suite -- --nocapture killed_at_any_moment horde

strace: ## Installs strace where it is missing and root asks.
	@command -v strace >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get install -y -qq strace; } || echo 'strace is missing: some tests will not run' >&2

# CI must not pass because the tests that need strace were left out.
ci: export CI ?= 1
ci: strace
