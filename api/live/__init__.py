"""Live updates: event streams and WebSockets."""
