# `make run` and `make test` are all you need; each sets up .venv by itself.
# Without make (Windows): python tools/make.py run

PYTHON ?= python3

help:
	@echo "make run        open the app at http://127.0.0.1:8501 (PORT=8502 for another port)"
	@echo "make test       style, types, import rules, every test"
	@echo "make setup      only install what the two need, into .venv"
	@echo "make bench      the benchmarks"
	@echo "make problems   a table of the coding problems and their checks"

setup run test bench problems:
	@command -v "$(PYTHON)" >/dev/null 2>&1 || { echo "There is no $(PYTHON) here: install Python 3.11 or newer, or name it, as in: make $@ PYTHON=python3.12"; exit 1; }
	@exec "$(PYTHON)" tools/make.py $@

.PHONY: help setup run test bench problems
