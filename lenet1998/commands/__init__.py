"""The commands of `lenet1998`, a module each; `main` has their names and helps, and imports the one that is called.

A module has `options`, which adds its options to a parser, and `run`, which does what they ask for.
"""
