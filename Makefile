# Every target builds the environment it needs; all that has to be there is Python ≥ 3.10 and make.
PYTHON ?= python3
VENV := .venv
PIP_FLAGS := --quiet --disable-pip-version-check

.PHONY: demo test test-torch bench docs check format clean

demo: $(VENV)/.demo ## the lecture network, three ways, and its graph
	$(VENV)/bin/python examples/lecture.py

test: $(VENV)/.dev ## all tests; those against PyTorch are skipped where it is not installed
	$(VENV)/bin/python -m pytest -q

test-torch: $(VENV)-torch/.torch ## what is compared with PyTorch, in an environment that has it
	$(VENV)-torch/bin/python -c "import torch; print('PyTorch', torch.__version__)"
	$(VENV)-torch/bin/python -m pytest -q tests/torch tests/test_examples.py

bench: $(VENV)-bench/.bench ## our times and the peers', side by side, in one run; fills benchmarks/README.md
	$(VENV)-bench/bin/python benchmarks/run.py

docs: $(VENV)/.docs ## the documentation, in docs/_build/html
	$(VENV)/bin/python -m sphinx -W --keep-going -q -b html docs docs/_build/html
	$(VENV)/bin/python -m pytest -q tests/test_docs.py

check: $(VENV)/.dev ## style and types
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy

format: $(VENV)/.dev ## put everything into the house's style
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

clean: ## remove environments and everything built
	rm -rf $(VENV) $(VENV)-torch $(VENV)-bench docs/_build docs/reference/generated docs/why/generated .mypy_cache .pytest_cache .ruff_cache

$(VENV)/bin/python $(VENV)-torch/bin/python $(VENV)-bench/bin/python:
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 10) and 'chainrule needs Python 3.10 or newer')"
	$(PYTHON) -m venv $(patsubst %/bin/python,%,$@)

# One stamp per set of extras: `.venv/.dev` says that the environment holds them.
$(VENV)/.demo $(VENV)/.dev $(VENV)-bench/.bench: %: pyproject.toml
	$(MAKE) $(@D)/bin/python
	$(@D)/bin/python -m pip install $(PIP_FLAGS) -e '.[$(patsubst .%,%,$(@F))]'
	@touch $@

$(VENV)/.docs: pyproject.toml
	$(MAKE) $(@D)/bin/python
	$(@D)/bin/python -m pip install $(PIP_FLAGS) -e '.[dev,docs]'
	@touch $@

$(VENV)-torch/.torch: pyproject.toml
	$(MAKE) $(@D)/bin/python
	$(@D)/bin/python -m pip install $(PIP_FLAGS) -e '.[dev]' torch==2.13.0 expecttest
	@touch $@
