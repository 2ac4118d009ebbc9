"""Sections IV to VIII."""
