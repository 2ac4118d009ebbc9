"""What `lenet1998 export --format torch` writes: source that is read and never imported here, for it needs PyTorch."""
