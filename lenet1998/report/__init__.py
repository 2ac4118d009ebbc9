"""The page of all results, how rates are compared, and how to cite them."""
