PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
STAMP = $(VENV)/.installed

.PHONY: reproduce test

# Train LeNet-5 and lay its error curves over Figure 5; a stopped run continues where it was.
reproduce: $(STAMP)
	$(BIN)/lenet1998 train --out reproduction --resume

# The suite with compiled kernels, then once more with kernels as plain Python, where NumPy checks every index. The second
# run leaves out what takes long and never reaches a kernel: data, images, and many runs at once, all on the NumPy engine.
WITHOUT_KERNELS = --ignore-glob='*/test_data_*' --ignore=tests/test_prepare.py --ignore=tests/test_synthetic.py \
	--ignore=tests/test_sweep.py

test: $(STAMP)
	$(BIN)/python -m pytest
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest $(WITHOUT_KERNELS)

$(STAMP): setup.cfg pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable ".[fast,test]"
	touch $@
