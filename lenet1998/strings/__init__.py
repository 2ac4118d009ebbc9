"""Sections IV to VIII: strings of characters, read as paths through graphs.

A recogniser, swept over the string (section VII) or shown its segments (section V), gives a graph whose arcs carry
classes and penalties. `compose` joins it with a grammar, `viterbi` finds the best path, and `losses` are those of
training on whole strings.
"""
