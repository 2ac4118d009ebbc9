"""What every experiment shares, once: options, runs and where they are kept, records, tables, pages, checks."""
