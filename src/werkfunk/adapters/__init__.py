"""What is outside: clock, files, maps, logs, push services, gateways. Each behind a small class."""
