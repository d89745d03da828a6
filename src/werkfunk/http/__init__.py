"""The HTTP edge: parse, authorise, call one service, answer. No SQL, no rules."""
