"""How the world reaches us: HTTP, the command line, settings."""
