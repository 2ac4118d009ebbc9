"""Readers of data and images."""
