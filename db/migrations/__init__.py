"""Alembic's migrations; SQL other than tables is in db/sql."""
