"""What travels: frames, HTTP bodies, the table of routes. Types only; it never does I/O."""
