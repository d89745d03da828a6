"""The WebSocket edge: frames in, one service call, frames out. No SQL, no rules."""
