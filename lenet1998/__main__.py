"""``python -m lenet1998`` is the command `lenet1998`."""

import sys

from lenet1998.cli import main

sys.exit(main())
