"""Figures: error curves, and Figure 2's network with its activations, on paper, as a film and in a window."""
