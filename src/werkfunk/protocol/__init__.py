"""The sealed-conversation protocol (docs/protocol.md), sans-I/O: it never reads a clock, a file, a socket or a random source."""
