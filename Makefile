PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
STAMP = $(VENV)/.installed

.PHONY: reproduce test

# Train LeNet-5 and lay its error curves over Figure 5; a stopped run continues where it was.
reproduce: $(STAMP)
	$(BIN)/lenet1998 train --out reproduction --resume

# The suite with compiled kernels, then the kernels once more as plain Python, where NumPy checks every index.
test: $(STAMP)
	$(BIN)/python -m pytest
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest tests/test_numba_engine.py

$(STAMP): setup.cfg pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable ".[fast,test]"
	touch $@
