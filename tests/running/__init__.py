"""A run in a directory."""
