"""The client library: protocol, wire and a local encrypted store. It never imports the server."""
