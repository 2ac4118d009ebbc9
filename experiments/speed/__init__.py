"""Microseconds a pattern, beside a yardstick and other programs: `python -m experiments.speed`."""
