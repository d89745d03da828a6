"""Use cases; each owns its transaction. They never see a socket or a request."""
