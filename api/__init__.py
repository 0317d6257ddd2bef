"""The entry points: HTTP, the command line and the settings."""
