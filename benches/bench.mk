# Measuring. Nothing here is a test: no number makes it fail.

.PHONY: bench

bench: ## Measures the searches beside a yardstick and their peers. BENCH=--quick for a tenth of the rows, BENCH=--page to keep the tables.
	python3 benches/run.py $(BENCH)

.PHONY: bench-replay
bench-replay: ## Measures `unseen replay` over a year: half a million pairs, ten million events. RANKED=--ranked to rank them too.
	python3 -B benches/replay.py $(RANKED)
