"""Alembic's migrations; SQL that is more than a table lives in db/sql."""
