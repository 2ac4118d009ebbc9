"""Fuzzing of all that reads files which others made: `readers` has what is read, `fuzz` says how to run it."""
