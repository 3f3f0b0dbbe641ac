# `make bench`: the shipped searches beside a yardstick and their peers; `make bench BENCH=--quick` with a tenth of the rows.
# Writes its tables into docs/performance.md with BENCH=--page. The parts, each by itself: `cargo bench`.
.PHONY: bench
bench:
	python3 benches/run.py $(BENCH)
