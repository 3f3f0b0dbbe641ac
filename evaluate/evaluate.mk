# How well the ranking does, on simulated organisations: all in about five minutes on two cores, the small world in seconds.
# Python 3.11 and an environment of its own below target/; nothing here ships.

# A fragment: the including Makefile names CARGO.
CARGO ?= cargo
# What ranks: the program, through its real pipe; or ENGINE=formula, its definition written in Python.
ENGINE ?= pipe
EVALUATE = target/evaluate/venv/bin/python -B evaluate/run.py --engine $(ENGINE)

.PHONY: evaluate evaluate-quick

evaluate: target/evaluate/ready ## Ranks simulated attacks in five worlds, ten seeds each, and renders docs/evaluation.md. EVALUATE_FLAGS=--render only draws.
	$(CARGO) build --quiet --release
	$(EVALUATE) $(EVALUATE_FLAGS)

evaluate-quick: target/evaluate/ready ## One small world: fails if the program and its definition disagree, or if attacks are missed.
	$(CARGO) build --quiet --release
	$(EVALUATE) --quick $(EVALUATE_FLAGS)

target/evaluate/ready: evaluate/requirements.txt
	@python3 -m venv target/evaluate/venv
	@target/evaluate/venv/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

ci: evaluate-quick
