"""The experiments, in miniature."""
