"""What came after 1998: layers and optimisers of later years, for the same lists of layers and the same training."""
