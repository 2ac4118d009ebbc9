"""``python -m lenet1998`` is the command `lenet1998`."""

import sys

from lenet1998.commands.main import main

sys.exit(main())
