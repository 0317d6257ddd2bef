"""The programme's rules as pure functions, without a database."""
