"""The paper's experiments, one script a figure or question: compute, record in results/*.json, plot."""

import sys

from lenet1998.errors import LeNetError

try:
    import lenet1998.pictures  # noqa: F401
except LeNetError as error:  # said here, for each experiment imports matplotlib before it could say so itself
    if sys.argv[0] != "-m":
        raise
    print(error, file=sys.stderr)
    raise SystemExit(error.exit_code) from None
