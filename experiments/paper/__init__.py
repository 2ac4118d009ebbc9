"""The whole paper again by one command, and the record checked by another."""
