"""What is recorded, in the README and in docs/: ``python -m experiments.summary`` writes it."""
