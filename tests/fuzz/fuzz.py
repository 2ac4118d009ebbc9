"""Coverage-guided fuzzing of one reader with atheris, which the extra `test` brings on x86-64 Linux.

    python tests/fuzz/fuzz.py checkpoint -max_total_time=600 -rss_limit_mb=2048

All options after the reader's name are libFuzzer's. The corpus is kept in the directory that is named last, or else in
a temporary one. An input that is not read or refused as documented is written to the present directory and ends the
run; mend the reader, and keep the input, cut down, as tests/fuzz/regressions/READER-WHAT.

atheris 3.0 never frees what a comparison of arrays gives, so with csv memory grows by some 5 kB an input, whatever the
reader does: start it again every half minute, with the same corpus.
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from pathlib import Path

# The readers, and what they trust to find damage.
INSTRUMENTED = [
    "lenet1998.data",
    "lenet1998.running.checkpoint",
    "lenet1998.recipe",
    "lenet1998.recipe_rules",
    "gzip",
    "zipfile",
    "PIL.PngImagePlugin",
    "PIL.JpegImagePlugin",
]


def main() -> None:
    import atheris

    with atheris.instrument_imports(include=INSTRUMENTED):
        sys.path.insert(0, str(Path(__file__).parent.parent.parent))
        from PIL import JpegImagePlugin, PngImagePlugin  # noqa: F401 - else only imported by the first picture

        from tests.fuzz.readers import READERS

    reader = READERS[sys.argv[1]]
    named = [argument for argument in sys.argv[2:] if not argument.startswith("-")]
    corpus = Path(named[0] if named else tempfile.mkdtemp(prefix="lenet1998-corpus-"))
    for number, seed in enumerate(reader.seeds()):
        (corpus / f"seed{number}").write_bytes(seed)
    for kept in (Path(__file__).parent / "regressions").glob(f"{sys.argv[1]}-*"):
        (corpus / kept.name).write_bytes(kept.read_bytes())
    warnings.simplefilter("ignore")  # a warning is no answer; what counts is the error
    options = [argument for argument in sys.argv[2:] if argument.startswith("-")]
    atheris.Setup([sys.argv[0], *options, str(corpus)], lambda data: reader.takes(bytes(data)))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
