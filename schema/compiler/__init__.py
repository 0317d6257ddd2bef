"""Compiles a validated operation to one SQL statement."""
