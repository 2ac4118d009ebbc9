"""The article that is made of the records: ``python -m experiments.article`` writes it."""
