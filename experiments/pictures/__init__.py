"""How `read` and `predict` do on pictures as people take them, and what they learn from such pictures."""
