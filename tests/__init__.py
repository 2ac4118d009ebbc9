"""The tests, laid out as the package is; `naive` and `networks` are what several of them share."""
