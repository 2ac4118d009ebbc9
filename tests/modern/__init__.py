"""What came after 1998."""
