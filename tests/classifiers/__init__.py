"""Section III-C."""
