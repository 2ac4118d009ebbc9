"""Section III-C and Figures 9 to 12, every classifier: `python -m experiments.section3`."""
