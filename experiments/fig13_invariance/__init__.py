"""Section III-E and Figure 13, invariance and noise: `python -m experiments.fig13_invariance`."""
