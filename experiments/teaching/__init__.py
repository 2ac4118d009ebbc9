"""Well-known teaching systems, as published and with a recipe of ours: a script each."""
