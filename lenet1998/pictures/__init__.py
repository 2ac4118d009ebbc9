"""Figures: error curves, and Figure 2's network with its activations, on paper, as a film and in a window.

Raises LeNetError where matplotlib refuses what the user's environment or matplotlibrc asks of it.
"""

import os

from lenet1998.errors import LeNetError, reason_of

try:
    import matplotlib  # noqa: F401
except ValueError as error:
    if str(error).startswith("Key backend"):
        raise LeNetError(f"matplotlib has no backend {os.environ.get('MPLBACKEND')!r}: unset MPLBACKEND") from error
    raise LeNetError(f"matplotlib cannot start ({reason_of(error)}): mend the matplotlibrc that it reads") from error
