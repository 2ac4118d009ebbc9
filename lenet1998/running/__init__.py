"""A run in a directory: resumable, one writer at a time, many at once, with a record of where its numbers come from."""
