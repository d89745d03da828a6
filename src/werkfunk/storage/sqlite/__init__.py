"""The embedded store: SQLite with SQLCipher, one writer thread, one reader thread."""
