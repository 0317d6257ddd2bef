"""The programme's rules as pure functions; nothing here knows a database."""
