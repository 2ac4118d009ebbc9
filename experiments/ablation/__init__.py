"""From 1998 to today, one part at a time, and back: `python -m experiments.ablation`."""
