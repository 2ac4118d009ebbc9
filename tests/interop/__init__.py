"""Other programs."""
