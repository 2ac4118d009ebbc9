"""The paper's experiments, one script a figure or question: compute, record in results/*.json, plot."""
