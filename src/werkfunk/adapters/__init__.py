"""What is outside: clock, blobs, bus. Each behind a small class."""
