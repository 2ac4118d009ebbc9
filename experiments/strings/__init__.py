"""Strings of digits, sections V to VII."""
